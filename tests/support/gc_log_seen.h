/* What a GC log gives, gathered for a look at it. */
#ifndef HEAPCAST_TESTS_GC_LOG_SEEN_H
#define HEAPCAST_TESTS_GC_LOG_SEEN_H

#include <heapcast/gc_log.h>

#include <string.h>

enum { SEEN_MAX = 64 };

struct gc_log_seen {
    struct hc_gc_log_start starts[SEEN_MAX];
    struct hc_gc_sample samples[SEEN_MAX];
    struct hc_live_view views[SEEN_MAX];
    unsigned start_count, sample_count, view_count;
    struct hc_gc_log_stats stats;
};

static void seen_start(void *context, const struct hc_gc_log_start *start)
{
    struct gc_log_seen *seen = context;
    if (seen->start_count < SEEN_MAX)
        seen->starts[seen->start_count++] = *start;
}

static void seen_sample(void *context, const struct hc_gc_sample *sample)
{
    struct gc_log_seen *seen = context;
    if (seen->sample_count < SEEN_MAX)
        seen->samples[seen->sample_count++] = *sample;
}

static void seen_view(void *context, const struct hc_live_view *view)
{
    struct gc_log_seen *seen = context;
    if (seen->view_count < SEEN_MAX)
        seen->views[seen->view_count++] = *view;
}

/* The log is the text; what it gave is good until the next call. */
__attribute__((unused)) static const struct gc_log_seen *seen_in(const char *text)
{
    static struct gc_log_seen seen;
    memset(&seen, 0, sizeof seen);
    struct hc_gc_log_sink sink = {&seen, seen_start, seen_sample, seen_view};
    if (hc_gc_log_parse(text, strlen(text), &sink, &seen.stats, NULL) != HC_OK)
        seen.stats.lines = 0;
    return &seen;
}

__attribute__((unused)) static const struct gc_log_seen *seen_in_files(const char *const *paths, size_t count,
                                                                       enum hc_status *out_status, struct hc_error *err)
{
    static struct gc_log_seen seen;
    memset(&seen, 0, sizeof seen);
    struct hc_gc_log_sink sink = {&seen, seen_start, seen_sample, seen_view};
    *out_status = hc_gc_log_read(paths, count, &sink, &seen.stats, err);
    return &seen;
}

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)

/* Kind, MiB (or KiB) used before and after, microseconds of pause. */
#define assert_sample(s, a_kind, before, after, us)                                                                    \
    do {                                                                                                               \
        assert_int_equal((s).kind, a_kind);                                                                            \
        assert_int_equal((s).heap_used_before_bytes, before);                                                          \
        assert_int_equal((s).heap_used_after_bytes, after);                                                            \
        assert_int_equal((s).pause_us, us);                                                                            \
    } while (0)

#endif
