/* heapcast show: recommendations as a table, one line each; a single one in full. */
#include "command.h"
#include "options.h"
#include "recommendation_file.h"

#include <math.h>
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

static const char *const verdicts[] = {"insufficient data", "keep", "shrink", "grow"};
static const char *const evidences[] = {"unknown", "exact", "marking", "estimate", "upper bound"};
static const char *const terms[] = {"-",
                                    "the live set's percentile",
                                    "the live set's trend",
                                    "the absolute floor",
                                    "the cost of collecting",
                                    "an out-of-memory error",
                                    "the allowed maximum"};

static const char *mib(uint64_t bytes, char *out, size_t size)
{
    if (bytes == HC_BYTES_UNKNOWN)
        snprintf(out, size, "-");
    else
        snprintf(out, size, "%.1f", (double)bytes / 1048576.0);
    return out;
}
#define MIB(bytes) mib(bytes, (char[24]){0}, 24)

static const char *decimal(double value, char *out, size_t size)
{
    if (isnan(value))
        snprintf(out, size, "-");
    else
        snprintf(out, size, "%.1f", value);
    return out;
}
#define DECIMAL(value) decimal(value, (char[24]){0}, 24)
#define PERCENT(ratio) DECIMAL((ratio)*100)

static void print_row(const struct hc_recommendation *r, const struct hc_subject *s)
{
    if (r->heap_bytes == HC_BYTES_UNKNOWN || r->current_heap_bytes == HC_BYTES_UNKNOWN) {
        printf("%-32s %10s %10s %10s %7s  %-18s %s\n", s->name, MIB(r->current_heap_bytes),
               MIB(r->observed.live_p99_bytes), "-", "-", verdicts[r->verdict],
               r->reason_count > 0 ? r->reasons[0] : "");
        return;
    }
    double change = (double)r->heap_bytes / (double)r->current_heap_bytes - 1;
    printf("%-32s %10s %10s %10s %+6.1f%%  %-18s %s\n", s->name, MIB(r->current_heap_bytes),
           MIB(r->observed.live_p99_bytes), MIB(r->heap_bytes), change * 100, verdicts[r->verdict],
           PERCENT(r->confidence_ratio));
}

static void print_off_heap(const char *name, const struct hc_advice *a)
{
    if (a->now_bytes != HC_BYTES_UNKNOWN || a->max_bytes != HC_BYTES_UNKNOWN)
        printf("    %-22s %10s %10s %12s\n", name, MIB(a->now_bytes), MIB(a->max_bytes), MIB(a->recommended_bytes));
}

static void print_long(const struct hc_recommendation *r, const struct hc_subject *s)
{
    static const char *const roles[] = {"JVM", "TaskManager", "JobManager"};
    static const char *const collectors[] = {"an unknown collector", "Serial", "Parallel", "G1", "CMS", "ZGC",
                                             "Shenandoah",           "Epsilon"};
    printf("%s %s: JDK %s, %s, heap %s MiB\n", roles[s->role], s->name,
           s->jvm_version[0] != '\0' ? s->jvm_version : "?", collectors[s->collector], MIB(r->current_heap_bytes));
    printf("  verdict                %s", verdicts[r->verdict]);
    if (r->heap_bytes != HC_BYTES_UNKNOWN) {
        printf(", heap %s MiB", MIB(r->heap_bytes));
        if (r->task_heap_bytes != HC_BYTES_UNKNOWN)
            printf(" (task heap %s MiB)", MIB(r->task_heap_bytes));
        printf(", between %s and %s MiB, confidence %s %%", MIB(r->lower_bound_bytes), MIB(r->upper_bound_bytes),
               PERCENT(r->confidence_ratio));
    }
    printf("\n  live set, MiB          now %s, p50 %s, p95 %s, p99 %s, max %s (%s)\n", MIB(r->observed.live_now_bytes),
           MIB(r->observed.live_p50_bytes), MIB(r->observed.live_p95_bytes), MIB(r->observed.live_p99_bytes),
           MIB(r->observed.live_max_bytes), evidences[r->observed.evidence]);
    printf("  collections            %llu, restarts %llu, GC share %s %%, pauses p50 %s, p99 %s, max %s ms\n",
           (unsigned long long)r->window.collections, (unsigned long long)r->window.restarts,
           PERCENT(r->observed.gc_share_ratio), DECIMAL(r->observed.pause_p50_ms), DECIMAL(r->observed.pause_p99_ms),
           DECIMAL(r->observed.pause_max_ms));
    if (r->model.binding != HC_TERM_NONE)
        printf("  decided by             %s\n", terms[r->model.binding]);
    if (r->off_heap.rss_bytes != HC_BYTES_UNKNOWN) {
        printf("  outside the heap, MiB  %12s %10s %12s\n", "now", "max", "recommended");
        print_off_heap("metaspace", &r->off_heap.metaspace);
        print_off_heap("direct", &r->off_heap.direct);
        print_off_heap("everything else", &r->off_heap.overhead);
        print_off_heap("  code cache", &r->off_heap.code_cache);
        print_off_heap("  native", &r->off_heap.native);
        print_off_heap("  kept free by malloc", &r->off_heap.allocator_slack);
        print_off_heap("  thread stacks", &r->off_heap.threads);
        print_off_heap("  the JVM's own", &r->off_heap.jvm_other);
        print_off_heap("  mapped files", &r->off_heap.files);
        printf("    %-22s %10s %10s\n", "resident in all (RSS)", MIB(r->off_heap.rss_bytes),
               MIB(r->off_heap.rss_peak_bytes));
    }
    if (r->reason_count > 0)
        puts("  reasons");
    for (unsigned i = 0; i < r->reason_count; i++)
        printf("    - %s\n", r->reasons[i]);
    for (unsigned i = 0; i < r->event_count; i++)
        printf("  event                  %s\n", r->events[i].text);
}

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
        print_long(&r, &s);
    } else {
        if (view->shown == 0)
            printf("%-32s %10s %10s %10s %7s  %-18s %s\n", "NAME", "HEAP MiB", "LIVE p99", "RECOMMEND", "CHANGE",
                   "VERDICT", "CONFIDENCE %");
        print_row(&r, &s);
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
