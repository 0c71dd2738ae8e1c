/* A subcommand of `heapcast`: what main.c dispatches to. One file cmd_NAME.c defines one of these. */
#ifndef HEAPCAST_COMMAND_H
#define HEAPCAST_COMMAND_H

#include <heapcast/error.h>

enum hc_exit { HC_EXIT_DONE = 0, HC_EXIT_FAILED = 1, HC_EXIT_USAGE = 2, HC_EXIT_NODATA = 3 };

struct hc_command {
    const char *name;
    const char *summary;               /* one line in `heapcast --help` */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns enum hc_exit */
};

extern const struct hc_command hc_cmd_show, hc_cmd_memory, hc_cmd_resolve, hc_cmd_explain, hc_cmd_predict,
    hc_cmd_replay, hc_cmd_export, hc_cmd_fetch, hc_cmd_backtest, hc_cmd_whatif, hc_cmd_merge;

/* Prints `heapcast: NAME:LINE: text` on stderr (name may be NULL, the line is left out when 0) and returns
 * HC_EXIT_FAILED, or HC_EXIT_NODATA for HC_ENODATA. */
int hc_complain(const char *name, const struct hc_error *err);

#endif
