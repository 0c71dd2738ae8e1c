/* heapcast export: the samples of a history, for spreadsheets, notebooks and the project's own tests. */
#include "command.h"
#include "options.h"
#include "sample_rows.h"

#include <heapcast/history.h>
#include <heapcast/predictor.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hc_option options[] = {
    {'f', "format", "csv|jsonl", "csv (default) or a JSON object a line"},
    {'v', "views", NULL, "the looks over the whole heap instead of the collections"},
    {0, NULL, NULL, NULL},
};
static const struct hc_usage usage = {
    "export",
    "FILE.hc",
    "Prints the collections that a history still holds, oldest first; or the looks over the whole heap. The agent may "
    "go on writing meanwhile.\n"
    "Bytes are bytes, times milliseconds since the epoch; what was unknown is left empty (csv) or out (jsonl).",
    options,
    "  heapcast export log/heapcast-tm-1.hc > samples.csv\n"
    "  heapcast export --views --format jsonl log/heapcast-tm-1.hc\n",
};

static void print_all(const struct hc_predictor *predictor, bool json, bool views)
{
    struct hc_row_printer row = {stdout, json ? HC_ROW_JSON : HC_ROW_CSV};
    if (!json && views)
        hc_view_header(stdout);
    else if (!json)
        hc_sample_header(stdout);
    if (views)
        hc_predictor_each_view(predictor, hc_view_row, &row);
    else
        hc_predictor_each_sample(predictor, hc_sample_row, &row);
}

static int print_history(const char *path, bool json, bool views)
{
    struct hc_error err;
    struct hc_policy policy;
    struct hc_history *history = NULL;
    struct hc_predictor *predictor = NULL;
    hc_policy_init(&policy);
    enum hc_status status = hc_history_read(path, hc_predictor_size(), HC_SERIES_VERSION, &history, &err);
    if (status == HC_OK)
        status = hc_predictor_new(hc_history_memory(history), hc_predictor_size(), &policy, &predictor, &err);
    if (status != HC_OK)
        hc_complain(path, &err);
    else
        print_all(predictor, json, views);
    hc_predictor_free(predictor);
    hc_history_close(history);
    return status == HC_OK ? HC_EXIT_DONE : HC_EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    bool json = false, views = false;
    int id;
    while ((id = hc_options_next(&usage, argc, argv)) > 0) {
        if (id == 'v')
            views = true;
        else if (strcmp(hc_option_argument(), "jsonl") == 0)
            json = true;
        else if (strcmp(hc_option_argument(), "csv") != 0)
            return hc_usage_error(&usage, "--format is csv or jsonl, not '%s'", hc_option_argument());
    }
    if (id != HC_OPTIONS_END)
        return hc_options_exit(id);
    if (hc_options_operand() + 1 != argc)
        return hc_usage_error(&usage, "name one history (heapcast-NAME.hc)");
    return print_history(argv[hc_options_operand()], json, views);
}

const struct hc_command hc_cmd_export = {"export", "the samples of a history as CSV or JSON lines", run};
