/* A GC log is anybody's text: whatever is in it, what comes out is possible, and it is the same however it is cut. */
#ifndef HEAPCAST_TESTS_GC_LOG_CHECK_H
#define HEAPCAST_TESTS_GC_LOG_CHECK_H

#include "fuzz.h"

#include <heapcast/gc_log.h>

struct gc_log_seen {
    uint64_t starts, samples, pauses, gc_id;
};

static void check_start(void *context, const struct hc_gc_log_start *start)
{
    struct gc_log_seen *seen = context;
    CHECK(start->start_ms >= 0 && memchr(start->jvm_version, '\0', sizeof start->jvm_version) != NULL);
    CHECK(start->collector <= HC_COLLECTOR_EPSILON);
    seen->starts++;
    seen->gc_id = 0;
}

static void check_sample(void *context, const struct hc_gc_sample *s)
{
    struct gc_log_seen *seen = context;
    CHECK(seen->starts > 0 && s->gc_id > seen->gc_id);
    seen->gc_id = s->gc_id;
    seen->samples++;
    seen->pauses += s->kind == HC_GC_PAUSE;
    CHECK(s->kind >= HC_GC_YOUNG && s->kind <= HC_GC_PAUSE && s->end_time_ms >= 0);
    CHECK(s->heap_max_bytes > 0 && s->heap_used_after_bytes <= s->heap_max_bytes);
    CHECK(s->heap_committed_bytes <= s->heap_max_bytes && s->source == HC_GC_SOURCE_LOG);
    CHECK(memchr(s->cause, '\0', sizeof s->cause) != NULL && strpbrk(s->cause, "\",\\\n\r") == NULL);
}

static void check_view(void *context, const struct hc_live_view *view)
{
    (void)context;
    CHECK(view->live_bytes > 0 && view->live_bytes <= view->used_bytes);
}

__attribute__((unused)) static void check_gc_log(const uint8_t *data, size_t size)
{
    struct gc_log_seen seen = {0};
    struct hc_gc_log_sink sink = {&seen, check_start, check_sample, check_view};
    struct hc_gc_log_stats stats;
    char *text = malloc(size + (size == 0)); /* exactly so long: a step over the end is seen */
    CHECK(text != NULL);
    memcpy(text, data, size);
    CHECK(hc_gc_log_parse(text, size, &sink, &stats, NULL) == HC_OK);
    CHECK(stats.lines == stats.gc_lines + stats.other_lines && stats.starts == seen.starts);
    CHECK(stats.collections + stats.pauses == seen.samples && stats.pauses == seen.pauses);
    free(text);
}

#endif
