/* heapcast export: the samples of a history, for spreadsheets, notebooks and the project's own tests. */
#include "command.h"
#include "options.h"

#include <heapcast/history.h>
#include <heapcast/predictor.h>

#include <inttypes.h>
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

/* A field of a row: a figure, which may be unknown, or where `text` is set a word. */
struct field {
    const char *name;
    uint64_t value;
    const char *text;
};
enum row { ROW_HEADER, ROW_CSV, ROW_JSON };

static void print_row(enum row row, const struct field *fields, size_t count)
{
    bool begun = false;
    for (size_t i = 0; i < count; i++) {
        const struct field *f = &fields[i];
        bool known = f->text != NULL || f->value != HC_BYTES_UNKNOWN;
        if (row == ROW_JSON && !known)
            continue;
        printf("%s", begun ? "," : row == ROW_JSON ? "{" : "");
        begun = true;
        if (row == ROW_JSON)
            printf(f->text != NULL ? "\"%s\":\"" : "\"%s\":", f->name);
        if (row == ROW_HEADER)
            printf("%s", f->name);
        else if (f->text != NULL)
            printf("%s%s", f->text, row == ROW_JSON ? "\"" : "");
        else if (known)
            printf("%" PRIu64, f->value);
    }
    puts(row == ROW_JSON ? "}" : "");
}

static const char *name_in(const char *const *names, size_t count, size_t value)
{
    return names[value < count ? value : 0];
}

static void print_sample(void *row, const struct hc_gc_sample *s)
{
    static const char *const kinds[] = {"unknown", "young", "mixed", "full", "old", "pause"};
    static const char *const sources[] = {"unknown", "counters", "gc_info", "collection_usage", "runtime", "log"};
    const struct field fields[] = {
        {"end_time_ms", (uint64_t)s->end_time_ms, NULL},
        {"gc_id", s->gc_id, NULL},
        {"pause_us", s->pause_us, NULL},
        {"heap_used_before_bytes", s->heap_used_before_bytes, NULL},
        {"heap_used_after_bytes", s->heap_used_after_bytes, NULL},
        {"old_used_after_bytes", s->old_used_after_bytes, NULL},
        {"heap_committed_bytes", s->heap_committed_bytes, NULL},
        {"heap_max_bytes", s->heap_max_bytes, NULL},
        {"allocated_bytes", s->allocated_bytes, NULL},
        {"promoted_bytes", s->promoted_bytes, NULL},
        {"gc_time_us", s->gc_time_us, NULL},
        {"kind", 0, name_in(kinds, sizeof kinds / sizeof kinds[0], (size_t)s->kind)},
        {"cause", 0, s->cause},
        {"source", 0, name_in(sources, sizeof sources / sizeof sources[0], s->source)},
    };
    print_row(*(const enum row *)row, fields, sizeof fields / sizeof fields[0]);
}

static void print_view(void *row, const struct hc_live_view *v)
{
    static const char *const sources[] = {"unknown", "g1_marking", "z_marking", "shenandoah_marking",
                                          "full_collection"};
    const struct field fields[] = {
        {"time_ms", (uint64_t)v->time_ms, NULL},
        {"live_bytes", v->live_bytes, NULL},
        {"used_bytes", v->used_bytes, NULL},
        {"cpu_us", v->cpu_us, NULL},
        {"pause_us", v->pause_us, NULL},
        {"asked", v->asked, NULL},
        {"source", 0, name_in(sources, sizeof sources / sizeof sources[0], (size_t)v->source)},
    };
    print_row(*(const enum row *)row, fields, sizeof fields / sizeof fields[0]);
}

static void print_all(const struct hc_predictor *predictor, bool json, bool views)
{
    enum row header = ROW_HEADER, row = json ? ROW_JSON : ROW_CSV;
    if (!json && views)
        print_view(&header, &(struct hc_live_view){0});
    else if (!json)
        print_sample(&header, &(struct hc_gc_sample){0});
    if (views)
        hc_predictor_each_view(predictor, print_view, &row);
    else
        hc_predictor_each_sample(predictor, print_sample, &row);
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
