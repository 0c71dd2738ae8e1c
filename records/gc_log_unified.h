/*
 * Unified logs (-Xlog:gc or gc*; JDK 9 and later), a line at a time.
 *
 * What is read are the lines that end a pause or a cycle, and of the details those that make them exact: what the
 * generations hold (KiB), regions (G1), capacity and live bytes (ZGC). Everything else is passed over by its first
 * character. Decorations may be any or none; a message is recognised by its words.
 *
 * A sample is what the agent makes of the same collection: each pause of Serial, Parallel, G1 and CMS (Initial Mark,
 * Remark and Cleanup as HC_GC_PAUSE), and the end of each sweep (CMS) or cycle (ZGC, Shenandoah), whose own pauses are
 * its stop-the-world time.
 */
#ifndef HEAPCAST_GC_LOG_UNIFIED_H
#define HEAPCAST_GC_LOG_UNIFIED_H

#include "gc_log_stream.h"
#include "gc_log_text.h"

/* Lines of so many collections may be mixed: a concurrent cycle and the young collections meanwhile. */
enum { UNIFIED_OPEN = 8 };

/* What the lines of one collection have told so far. */
struct unified_gc {
    uint64_t id_plus_1; /* 0: free */
    int begun;          /* its first line promised a last one with sizes */
    int young_told, old_told;
    struct gc_transition young, old, survivor_regions, old_regions, humongous_regions; /* regions: in numbers */
    uint64_t sum_us, longest_us; /* pauses without a sample of their own */
    uint64_t capacity_bytes, max_bytes;
    /* ZGC */
    int in_old_table, live_told, young_live_told;
    uint64_t live_bytes, young_live_bytes, used_at_mark_bytes;
    struct gc_log_time mark;
    /* Shenandoah */
    int sized, partial, whole;
    uint64_t before_bytes, after_bytes, free_at_mark_bytes;
    struct gc_log_time end;
};

struct gc_log_unified {
    struct gc_log_stream *stream;
    size_t message; /* where the message of the line before began */
    struct unified_gc open[UNIFIED_OPEN];
    uint64_t newest_id;
    int saw_id;
    uint64_t region_bytes;
    uint64_t full_id, full_pause_us, full_after_bytes; /* the newest full collection; id UINT64_MAX: none */
    uint64_t running;                                  /* Shenandoah: the cycle that waits for its last line, id + 1 */
    int explicit_cause;                                /* Shenandoah: of the next cycle */
    uint64_t cycles_ended;
    /* CMS: a sweep whose result is not known yet */
    int swept;
    struct gc_log_time sweep_end;
    uint64_t old_bytes, young_bytes; /* use of the generations after the newest collection */
    uint64_t remark_used_bytes, remark_old_bytes;
};

void gc_log_unified_init(struct gc_log_unified *log, struct gc_log_stream *stream);
/* One line without its newline. 1: it is one of a collector; 0: other output. */
int gc_log_unified_line(struct gc_log_unified *log, const char *line, const char *end);
/* The end of a stream: what waits for more is told now. */
void gc_log_unified_end(struct gc_log_unified *log);
/* 1: the line could be of no other kind of log. */
int gc_log_unified_is(const char *line, const char *end);
/* 1: its decorations tell a time. */
int gc_log_unified_time(const char *line, const char *end, struct gc_log_time *out);

#endif
