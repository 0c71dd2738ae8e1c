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

struct column {
    const char *name;
    uint64_t value;
};
enum { COLUMNS = 11 };

static const char *const kinds[] = {"unknown", "young", "mixed", "full", "old", "pause"};
static const char *const sources[] = {"unknown", "counters", "gc_info", "collection_usage", "runtime"};

static void columns_of(const struct hc_gc_sample *s, struct column out[COLUMNS])
{
    const struct column columns[COLUMNS] = {
        {"end_time_ms", (uint64_t)s->end_time_ms},
        {"gc_id", s->gc_id},
        {"pause_us", s->pause_us},
        {"heap_used_before_bytes", s->heap_used_before_bytes},
        {"heap_used_after_bytes", s->heap_used_after_bytes},
        {"old_used_after_bytes", s->old_used_after_bytes},
        {"heap_committed_bytes", s->heap_committed_bytes},
        {"heap_max_bytes", s->heap_max_bytes},
        {"allocated_bytes", s->allocated_bytes},
        {"promoted_bytes", s->promoted_bytes},
        {"gc_time_us", s->gc_time_us},
    };
    memcpy(out, columns, sizeof columns);
}

static const char *kind_of(const struct hc_gc_sample *s)
{
    return (size_t)s->kind < sizeof kinds / sizeof kinds[0] ? kinds[s->kind] : kinds[0];
}

static const char *source_of(const struct hc_gc_sample *s)
{
    return s->source < sizeof sources / sizeof sources[0] ? sources[s->source] : sources[0];
}

static void print_csv(void *context, const struct hc_gc_sample *s)
{
    struct column c[COLUMNS];
    (void)context;
    columns_of(s, c);
    for (int i = 0; i < COLUMNS; i++) {
        if (c[i].value != HC_BYTES_UNKNOWN)
            printf("%" PRIu64, c[i].value);
        putchar(',');
    }
    printf("%s,%s,%s\n", kind_of(s), s->cause, source_of(s));
}

static void print_json(void *context, const struct hc_gc_sample *s)
{
    struct column c[COLUMNS];
    (void)context;
    columns_of(s, c);
    putchar('{');
    for (int i = 0; i < COLUMNS; i++)
        if (c[i].value != HC_BYTES_UNKNOWN)
            printf("\"%s\":%" PRIu64 ",", c[i].name, c[i].value);
    printf("\"kind\":\"%s\",\"cause\":\"%s\",\"source\":\"%s\"}\n", kind_of(s), s->cause, source_of(s));
}

static void print_header(void)
{
    struct column c[COLUMNS];
    columns_of(&(struct hc_gc_sample){0}, c);
    for (int i = 0; i < COLUMNS; i++)
        printf("%s,", c[i].name);
    puts("kind,cause,source");
}

/* ---- looks over the whole heap ---- */

static const char *const view_sources[] = {"unknown", "g1_marking", "z_marking", "shenandoah_marking",
                                           "full_collection"};

enum { VIEW_COLUMNS = 6 };

static void view_columns(const struct hc_live_view *v, struct column out[VIEW_COLUMNS])
{
    const struct column columns[VIEW_COLUMNS] = {{"time_ms", (uint64_t)v->time_ms}, {"live_bytes", v->live_bytes},
                                                 {"used_bytes", v->used_bytes},     {"cpu_us", v->cpu_us},
                                                 {"pause_us", v->pause_us},         {"asked", v->asked}};
    memcpy(out, columns, sizeof columns);
}

static const char *view_source(const struct hc_live_view *v)
{
    return (size_t)v->source < sizeof view_sources / sizeof view_sources[0] ? view_sources[v->source] : view_sources[0];
}

static void print_view_csv(void *context, const struct hc_live_view *v)
{
    struct column c[VIEW_COLUMNS];
    (void)context;
    view_columns(v, c);
    for (int i = 0; i < VIEW_COLUMNS; i++) {
        if (c[i].value != HC_BYTES_UNKNOWN)
            printf("%" PRIu64, c[i].value);
        putchar(',');
    }
    printf("%s\n", view_source(v));
}

static void print_view_json(void *context, const struct hc_live_view *v)
{
    struct column c[VIEW_COLUMNS];
    (void)context;
    view_columns(v, c);
    putchar('{');
    for (int i = 0; i < VIEW_COLUMNS; i++)
        if (c[i].value != HC_BYTES_UNKNOWN)
            printf("\"%s\":%" PRIu64 ",", c[i].name, c[i].value);
    printf("\"source\":\"%s\"}\n", view_source(v));
}

static void print_views(const struct hc_predictor *predictor, bool json)
{
    if (!json)
        puts("time_ms,live_bytes,used_bytes,cpu_us,pause_us,asked,source");
    hc_predictor_each_view(predictor, json ? print_view_json : print_view_csv, NULL);
}

static void print_samples(const struct hc_predictor *predictor, bool json)
{
    if (!json)
        print_header();
    hc_predictor_each_sample(predictor, json ? print_json : print_csv, NULL);
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
    else if (views)
        print_views(predictor, json);
    else
        print_samples(predictor, json);
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
