/*
 * Options of a subcommand as data, from which parsing and --help follow. Built on getopt_long.
 *
 *     static const struct hc_option options[] = { { 'o', "output", "FILE", "write to FILE" }, { 0 } };
 *     static const struct hc_usage usage = { "show", "PATH…", "Prints …", options, "  heapcast show log/\n" };
 *     while ((id = hc_options_next(&usage, argc, argv)) > 0) switch (id) { case 'o': output = hc_option_argument(); … }
 *     if (id != HC_OPTIONS_END) return hc_options_exit(id);
 *     // operands are argv[hc_options_operand()] … argv[argc - 1]
 */
#ifndef HEAPCAST_OPTIONS_H
#define HEAPCAST_OPTIONS_H

struct hc_option {
    int id;               /* a letter (then -x works too) or a number from 256 on; 0 ends the table */
    const char *name;     /* long name without dashes */
    const char *argument; /* name of its argument in the help, NULL: takes none */
    const char *help;
};

struct hc_usage {
    const char *command;
    const char *operands; /* "" if none */
    const char *about;    /* a paragraph, lines broken by hand */
    const struct hc_option *options;
    const char *examples; /* indented lines, may be NULL */
};

enum { HC_OPTIONS_END = 0, HC_OPTIONS_HELP = -1, HC_OPTIONS_BAD = -2 };

/* The id of the next option; HC_OPTIONS_END; HC_OPTIONS_HELP after printing help on stdout; HC_OPTIONS_BAD after a
 * message on stderr that suggests the nearest option. */
int hc_options_next(const struct hc_usage *usage, int argc, char **argv);
const char *hc_option_argument(void);
int hc_options_operand(void);
/* The exit code for HELP (0) and BAD (2). */
int hc_options_exit(int id);
/* Prints `heapcast COMMAND: text` and where to find help on stderr; returns HC_EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int hc_usage_error(const struct hc_usage *usage, const char *format, ...);

#endif
