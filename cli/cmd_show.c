/* heapcast show: recommendations as a table, one line each; a single one in full. */
#include "command.h"
#include "options.h"
#include "recommendation_file.h"
#include "recommendation_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hc_option options[] = {
    {'l', "long", NULL, "every recommendation in full: observations, the model's terms, reasons"},
    {'t', "table", NULL, "a line each, also for a single file"},
    {0, NULL, NULL, NULL},
};
static const struct hc_usage usage = {
    "show",
    "PATH…",
    "Prints recommendations. PATH is a file that the agent wrote, '-', or a directory, which is searched for\n"
    "heapcast-*.json. One file is shown in full, several as a table.",
    options,
    "  heapcast show log/heapcast-tm-1.json\n  heapcast show /opt/flink/log\n",
};

enum layout { LAYOUT_TABLE, LAYOUT_LONG };

struct view {
    enum layout layout;
    unsigned shown, failed, without_number;
};

static int show_one(void *context, const char *path)
{
    struct view *view = context;
    struct hc_recommendation r;
    struct hc_subject s;
    struct hc_error err;
    if (hc_recommendation_load(path, &r, &s, &err) != HC_OK) {
        hc_complain(path, &err);
        view->failed++;
        return 0;
    }
    if (view->layout == LAYOUT_LONG) {
        if (view->shown > 0)
            putchar('\n');
        hc_recommendation_in_full(stdout, &r, &s);
    } else {
        if (view->shown == 0)
            hc_recommendation_heading(stdout);
        hc_recommendation_row(stdout, &r, &s);
    }
    view->shown++;
    view->without_number += r.verdict == HC_VERDICT_INSUFFICIENT_DATA;
    return 0;
}

static int count_one(void *context, const char *path)
{
    (void)path;
    ++*(unsigned *)context;
    return 0;
}

static int run(int argc, char **argv)
{
    struct view view = {LAYOUT_TABLE, 0, 0, 0};
    struct hc_error err;
    unsigned files = 0;
    int id, table = 0;
    while ((id = hc_options_next(&usage, argc, argv)) > 0) {
        if (id == 'l')
            view.layout = LAYOUT_LONG;
        else
            table = 1;
    }
    if (id != HC_OPTIONS_END)
        return hc_options_exit(id);
    if (hc_options_operand() == argc)
        return hc_usage_error(&usage, "which recommendation? Name a file or a directory");
    for (int i = hc_options_operand(); i < argc; i++)
        if (hc_recommendation_files(argv[i], count_one, &files, &err) != HC_OK)
            return hc_complain(argv[i], &err);
    if (files == 1 && !table)
        view.layout = LAYOUT_LONG;
    for (int i = hc_options_operand(); i < argc; i++)
        if (hc_recommendation_files(argv[i], show_one, &view, &err) != HC_OK)
            return hc_complain(argv[i], &err);
    if (view.failed > 0)
        return HC_EXIT_FAILED;
    return view.without_number == view.shown ? HC_EXIT_NODATA : HC_EXIT_DONE;
}

const struct hc_command hc_cmd_show = {"show", "recommendations as a table, or one in full", run};
