#include "input_samples.h"

#include <heapcast/history.h>
#include <heapcast/jvm_version.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- GC logs -------------------------------------------------------------------------------------------------------
 */

struct from_log {
    const struct hc_samples_sink *sink;
    struct hc_samples_source *source;
    uint64_t heap_max_bytes; /* where the log does not tell it; 0: as the log has it */
};

static void log_start(void *context, const struct hc_gc_log_start *start)
{
    struct from_log *from = context;
    uint64_t max = start->heap_max_told || from->heap_max_bytes == 0 ? start->heap_max_bytes : from->heap_max_bytes;
    struct hc_epoch *epoch = &from->source->epoch;
    *epoch = (struct hc_epoch){.start_ms = start->start_ms,
                               .heap_max_bytes = max,
                               .collector = start->collector,
                               .java = hc_java_release(start->jvm_version),
                               .oom_kills = HC_BYTES_UNKNOWN};
    memcpy(from->source->jvm_version, start->jvm_version, sizeof from->source->jvm_version);
    from->source->heap_max_told = start->heap_max_told;
    if (from->sink->start != NULL)
        from->sink->start(from->sink->context, epoch);
}

static void log_sample(void *context, const struct hc_gc_sample *sample)
{
    struct from_log *from = context;
    struct hc_gc_sample changed = *sample;
    if (!from->source->heap_max_told && from->heap_max_bytes > changed.heap_max_bytes)
        changed.heap_max_bytes = from->heap_max_bytes;
    if (changed.heap_max_bytes > from->source->epoch.heap_max_bytes)
        from->source->epoch.heap_max_bytes = changed.heap_max_bytes;
    if (from->sink->sample != NULL)
        from->sink->sample(from->sink->context, &changed);
}

static void log_view(void *context, const struct hc_live_view *view)
{
    const struct from_log *from = context;
    if (from->sink->view != NULL)
        from->sink->view(from->sink->context, view);
}

/* ---- histories -----------------------------------------------------------------------------------------------------
 */

/* What a history holds, in the order of time: an epoch before what happened at the same millisecond. */
struct item {
    int64_t time_ms;
    enum { ITEM_START, ITEM_SAMPLE, ITEM_VIEW } kind;
    size_t number; /* in the order in which the history has them */
    union {
        struct hc_epoch epoch;
        struct hc_gc_sample sample;
        struct hc_live_view view;
    } as;
};

struct items {
    struct item *all;
    size_t count, room;
    int failed;
};

static struct item *add(struct items *items, int64_t time_ms, int kind)
{
    if (items->count == items->room) {
        size_t room = items->room == 0 ? 1024 : items->room * 2;
        struct item *all = realloc(items->all, room * sizeof *all);
        if (all == NULL) {
            items->failed = 1;
            return NULL;
        }
        items->all = all;
        items->room = room;
    }
    struct item *item = &items->all[items->count];
    item->time_ms = time_ms;
    item->kind = kind == 0 ? ITEM_START : kind == 1 ? ITEM_SAMPLE : ITEM_VIEW;
    item->number = items->count++;
    return item;
}

static void add_epoch(void *context, const struct hc_epoch *epoch)
{
    struct item *item = add(context, epoch->start_ms, ITEM_START);
    if (item != NULL)
        item->as.epoch = *epoch;
}

static void add_sample(void *context, const struct hc_gc_sample *sample)
{
    struct item *item = add(context, sample->end_time_ms, ITEM_SAMPLE);
    if (item != NULL)
        item->as.sample = *sample;
}

static void add_view(void *context, const struct hc_live_view *view)
{
    struct item *item = add(context, view->time_ms, ITEM_VIEW);
    if (item != NULL)
        item->as.view = *view;
}

static int by_time(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static void give(const struct items *items, const struct hc_samples_sink *sink, struct hc_samples_source *out)
{
    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = &items->all[i];
        if (item->kind == ITEM_START) {
            out->epoch = item->as.epoch;
            if (sink->start != NULL)
                sink->start(sink->context, &item->as.epoch);
        } else if (item->kind == ITEM_SAMPLE && sink->sample != NULL) {
            sink->sample(sink->context, &item->as.sample);
        } else if (item->kind == ITEM_VIEW && sink->view != NULL) {
            sink->view(sink->context, &item->as.view);
        }
    }
}

static enum hc_status read_history(const char *path, const struct hc_samples_sink *sink, struct hc_samples_source *out,
                                   struct hc_error *err)
{
    struct hc_policy policy;
    struct hc_history *history = NULL;
    struct hc_predictor *predictor = NULL;
    struct items items = {0};
    hc_policy_init(&policy);
    enum hc_status status = hc_history_read(path, hc_predictor_size(), HC_SERIES_VERSION, &history, err);
    if (status == HC_OK)
        status = hc_predictor_new(hc_history_memory(history), hc_predictor_size(), &policy, &predictor, err);
    if (status == HC_OK) {
        hc_predictor_each_epoch(predictor, add_epoch, &items);
        hc_predictor_each_sample(predictor, add_sample, &items);
        hc_predictor_each_view(predictor, add_view, &items);
        if (items.failed)
            status = hc_fail(err, HC_ENOMEM, 0, "no memory for the samples of %s", path);
    }
    if (status == HC_OK) {
        if (items.count > 1)
            qsort(items.all, items.count, sizeof items.all[0], by_time);
        give(&items, sink, out);
    }
    free(items.all);
    hc_predictor_free(predictor);
    hc_history_close(history);
    return status;
}

/* ---- either --------------------------------------------------------------------------------------------------------
 */

/* By its first bytes: the name is the user's. */
static int is_history(const char *path)
{
    static const char magic[] = "HEAPCAST";
    char head[sizeof magic - 1];
    struct stat seen;
    size_t length = strlen(path);
    if (length > 3 && strcmp(path + length - 3, ".hc") == 0)
        return 1;
    if (strcmp(path, "-") == 0 || stat(path, &seen) != 0 || !S_ISREG(seen.st_mode)) /* a pipe is read once */
        return 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    int found = fread(head, sizeof head, 1, file) == 1 && memcmp(head, magic, sizeof head) == 0;
    fclose(file);
    return found;
}

enum hc_status hc_input_samples(const char *const *paths, size_t count, uint64_t heap_max_bytes,
                                const struct hc_samples_sink *sink, struct hc_samples_source *out, struct hc_error *err)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < count; i++)
        if (is_history(paths[i])) {
            out->history = 1;
            if (count > 1)
                return hc_fail(err, HC_EUNSUPPORTED, 0, "%s is a history; give it alone", paths[i]);
            return read_history(paths[i], sink, out, err);
        }
    struct from_log from = {sink, out, heap_max_bytes};
    struct hc_gc_log_sink log = {&from, log_start, log_sample, log_view};
    enum hc_status status = hc_gc_log_read(paths, count, &log, &out->log, err);
    if (heap_max_bytes > 0)
        out->log.heap_max_told = 1; /* by the user */
    return status;
}

void hc_input_samples_tell(const char *name, const struct hc_samples_source *source)
{
    const struct hc_gc_log_stats *log = &source->log;
    if (source->history)
        return;
    fprintf(stderr,
            "heapcast: %s: lines: %" PRIu64 " of a collector, %" PRIu64 " others; collections: %" PRIu64
            ", skipped because they could not be read: %" PRIu64 "\n",
            name, log->gc_lines, log->other_lines, log->collections, log->broken);
    if (log->collections + log->pauses == 0)
        return;
    if (!log->wall_clock)
        fprintf(stderr, "heapcast: %s: the log has no dates; its first JVM counts as started on 2000-01-01\n", name);
    if (log->untimed > 0)
        fprintf(stderr,
                "heapcast: %s: %" PRIu64
                " lines have no time; add one to the log (-Xlog:gc*:file=gc.log:time,uptime,tags)\n",
                name, log->untimed);
    if (!log->heap_max_told)
        fprintf(stderr,
                "heapcast: %s: the maximum of the heap is not in the log; the most that was committed stands "
                "for it\n",
                name);
}
