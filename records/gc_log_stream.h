/*
 * From collections as a log words them to samples: the clock, the starts of JVMs, and what follows from one collection
 * and the one before. Both parsers (gc_log_unified.h, gc_log_legacy.h) write here.
 */
#ifndef HEAPCAST_GC_LOG_STREAM_H
#define HEAPCAST_GC_LOG_STREAM_H

#include <heapcast/dead_wood.h>
#include <heapcast/gc_log.h>

/* What a line's decorations tell of its time; INT64_MIN: nothing. */
#define GC_TIME_NONE INT64_MIN
struct gc_log_time {
    int64_t wall_ms;   /* since the epoch */
    int64_t uptime_us; /* since the start of the JVM, or of the machine: only differences count */
};

/* A collection as its log tells of it. Bytes may be HC_BYTES_UNKNOWN. */
struct gc_log_collection {
    enum hc_gc_kind kind;
    const char *cause;
    size_t cause_length;
    uint64_t before_bytes, after_bytes, committed_bytes;
    uint64_t old_before_bytes, old_after_bytes;
    uint64_t pause_us;   /* the longest one */
    uint64_t gc_time_us; /* all that belong to it */
    int overlapped;      /* 1: another collection ran meanwhile, so what was allocated before it is not known */
    struct gc_log_time end;
};

struct gc_log_stream {
    const struct hc_gc_log_sink *sink;
    struct hc_gc_log_stats *stats;

    struct hc_gc_log_start start; /* the JVM that runs */
    int from_start;               /* the log begins with it */
    int begun;                    /* its start is known of, by a header or by a collection */
    int announced;                /* the sink has been told */
    int has_time;                 /* `last` holds a time of this JVM */
    struct gc_log_time last;
    int64_t last_ms;     /* time of the newest line in milliseconds since the epoch; of all JVMs */
    int64_t base_ms;     /* where there is no date: what uptime 0 stands for */
    uint64_t committed;  /* the newest known; HC_BYTES_UNKNOWN: none yet */
    uint64_t most;       /* committed so far, or used */
    uint64_t gc_id;      /* samples of this JVM */
    uint64_t used_after; /* of the sample before; HC_BYTES_UNKNOWN: none */
    uint64_t carried_us; /* pauses that belong to no sample so far */
    struct hc_dead_wood wood;
};

void gc_log_stream_init(struct gc_log_stream *stream, const struct hc_gc_log_sink *sink, struct hc_gc_log_stats *stats);
/* The next line is that of another JVM; its header, if any, follows. */
void gc_log_stream_restart(struct gc_log_stream *stream);
/* The time of a line that speaks of the running JVM. An uptime that goes back is a new JVM: returns 1 then, else 0. */
int gc_log_stream_time(struct gc_log_stream *stream, const struct gc_log_time *time);
void gc_log_stream_collector(struct gc_log_stream *stream, enum hc_collector collector);
void gc_log_stream_heap_max(struct gc_log_stream *stream, uint64_t bytes);
void gc_log_stream_version(struct gc_log_stream *stream, const char *text, size_t length);
/* Where the log tells it apart from a collection. */
void gc_log_stream_committed(struct gc_log_stream *stream, uint64_t bytes);
void gc_log_stream_collection(struct gc_log_stream *stream, const struct gc_log_collection *collection);
/* A pause without a sample of its own: its time goes to the next one. */
void gc_log_stream_pause(struct gc_log_stream *stream, uint64_t pause_us);
void gc_log_stream_view(struct gc_log_stream *stream, const struct gc_log_time *time, uint64_t live_bytes,
                        uint64_t used_bytes);
/* The end of the input: a JVM that never collected is told of, too. */
void gc_log_stream_end(struct gc_log_stream *stream);

#endif
