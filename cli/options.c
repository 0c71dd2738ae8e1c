#include "options.h"

#include "command.h"

#include <heapcast/nearest.h>

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { OPTIONS_MAX = 32, ID_HELP = 1000 };

static void print_help(const struct hc_usage *usage)
{
    printf("Usage: heapcast %s [OPTION]… %s\n\n%s\n\nOptions:\n", usage->command, usage->operands, usage->about);
    for (const struct hc_option *o = usage->options; o->id != 0; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%.1s%s--%s%s%s", o->id < 256 ? "-" : "   ",
                 o->id < 256 ? (char[]){(char)o->id, 0} : "", o->id < 256 ? ", " : " ", o->name,
                 o->argument != NULL ? " " : "", o->argument != NULL ? o->argument : "");
        printf("  %-34s %s\n", left, o->help);
    }
    printf("  %-34s %s\n", "-h, --help", "this text");
    if (usage->examples != NULL)
        printf("\nExamples:\n%s", usage->examples);
}

int hc_usage_error(const struct hc_usage *usage, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "heapcast %s: ", usage->command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry 'heapcast %s --help'.\n", usage->command);
    return HC_EXIT_USAGE;
}

/* getopt's '?': `optopt` is 0 after an unknown long name, which is `given`; else a letter, or the id of an option that
 * was given an argument and takes none. */
static int complain(const struct hc_usage *usage, const char *given)
{
    const char *names[OPTIONS_MAX + 1], *near;
    size_t count = 0;
    for (const struct hc_option *o = usage->options; o->id != 0 && count < OPTIONS_MAX; o++) {
        names[count++] = o->name;
        if (o->id == optopt) {
            hc_usage_error(usage, "option '--%s' takes no argument", o->name);
            return HC_OPTIONS_BAD;
        }
    }
    names[count++] = "help";
    if (optopt == ID_HELP)
        hc_usage_error(usage, "option '--help' takes no argument");
    else if (optopt != 0)
        hc_usage_error(usage, "unknown option '-%c'", optopt);
    else if ((near = hc_nearest(given + 2, names, count)) != NULL)
        hc_usage_error(usage, "unknown option '%s'; did you mean '--%s'?", given, near);
    else
        hc_usage_error(usage, "unknown option '%s'", given);
    return HC_OPTIONS_BAD;
}

int hc_options_next(const struct hc_usage *usage, int argc, char **argv)
{
    struct option longs[OPTIONS_MAX + 2] = {{0}};
    char shorts[2 * OPTIONS_MAX + 4] = ":h";
    size_t count = 0, used = 2;
    for (const struct hc_option *o = usage->options; o->id != 0 && count < OPTIONS_MAX; o++, count++) {
        longs[count] = (struct option){o->name, o->argument != NULL ? required_argument : no_argument, NULL, o->id};
        if (o->id < 256) {
            shorts[used++] = (char)o->id;
            if (o->argument != NULL)
                shorts[used++] = ':';
        }
    }
    shorts[used] = '\0';
    longs[count] = (struct option){"help", no_argument, NULL, ID_HELP};

    opterr = 0;
    const char *last = argv[argc - 1]; /* what lacks its argument is the last word; musl's optind then is one further */
    int id = getopt_long(argc, argv, shorts, longs, NULL);
    if (id == -1)
        return HC_OPTIONS_END;
    if (id == 'h' || id == ID_HELP) {
        print_help(usage);
        return HC_OPTIONS_HELP;
    }
    if (id == ':') {
        hc_usage_error(usage, "option '%s' needs an argument", last);
        return HC_OPTIONS_BAD;
    }
    if (id == '?')
        return complain(usage, argv[optind - 1]);
    return id;
}

const char *hc_option_argument(void)
{
    return optarg;
}

int hc_options_operand(void)
{
    return optind;
}

int hc_options_exit(int id)
{
    return id == HC_OPTIONS_HELP ? HC_EXIT_DONE : HC_EXIT_USAGE;
}
