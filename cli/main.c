/* `heapcast COMMAND …`: finds the command and hands over. */
#include "command.h"

#include <heapcast/nearest.h>
#include <heapcast/version.h>

#include <stdio.h>
#include <string.h>

static const struct hc_command *const commands[] = {&hc_cmd_show,     &hc_cmd_memory, &hc_cmd_resolve, &hc_cmd_explain,
                                                    &hc_cmd_predict,  &hc_cmd_replay, &hc_cmd_export,  &hc_cmd_fetch,
                                                    &hc_cmd_backtest, &hc_cmd_whatif, &hc_cmd_merge};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int help(FILE *out)
{
    fputs("Usage: heapcast COMMAND [OPTION]… [OPERAND]…\n\n"
          "Memory governance for Apache Flink: what the agent saw, what a heap needs, and the configuration for it.\n\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n'heapcast COMMAND --help' tells more. Exit code: 0 done, 1 failed, 2 usage, 3 too little data.\n", out);
    return HC_EXIT_DONE;
}

static int unknown(const char *given)
{
    const char *names[COMMANDS], *near;
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i]->name;
    near = hc_nearest(given, names, COMMANDS);
    fprintf(stderr, "heapcast: unknown command '%s'%s%s%s; 'heapcast --help' lists them\n", given,
            near != NULL ? ", did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
    return HC_EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return HC_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return help(stdout);
    if (strcmp(argv[1], "--version") == 0) {
        puts("heapcast " HC_VERSION);
        return HC_EXIT_DONE;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(argc - 1, argv + 1);
    return unknown(argv[1]);
}

/* A result that could not be written is no success. */
int main(int argc, char **argv)
{
    int code = run(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == HC_EXIT_DONE) {
        perror("heapcast: standard output");
        code = HC_EXIT_FAILED;
    }
    return code;
}
