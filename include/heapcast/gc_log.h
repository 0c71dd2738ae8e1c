/*
 * GC logs that a JVM wrote by itself, as a source of samples: unified logs (JDK 9 and later: Serial, Parallel, CMS, G1,
 * ZGC, Shenandoah, Epsilon; any decorations) and those of JDK 8 (PrintGC, PrintGCDetails), plain or gzip.
 *
 * The log may share its stream with other output. A line that is none of a collector is passed over; one that begins
 * like a collection and can't be read to its end is counted (`broken`) and dropped. Nothing in a log is fatal.
 *
 * What a sample says is what the agent's samples say (gc_sample.h), with these differences: sizes are as coarse as the
 * log has them (whole MiB in most unified lines); used-before is always known; allocated_bytes follows from two lines
 * one after another. Where the log does not tell the maximum of the heap, it is the most that was committed so far.
 */
#ifndef HEAPCAST_GC_LOG_H
#define HEAPCAST_GC_LOG_H

#include <heapcast/error.h>
#include <heapcast/gc_sample.h>
#include <heapcast/live_view.h>
#include <stddef.h>
#include <stdint.h>

/* The start of a JVM: a header, or an uptime or count of collections that went back. */
struct hc_gc_log_start {
    int64_t start_ms;
    uint64_t
        heap_max_bytes; /* as the log tells it; else the committed heap at the first collection, or 0: not even that */
    int heap_max_told;  /* 1: heap_max_bytes is the JVM's own limit */
    enum hc_collector collector;
    char jvm_version[64]; /* empty: not told */
};

/* In the order of time. Functions may be NULL. A start comes before the first sample of its JVM. */
struct hc_gc_log_sink {
    void *context;
    void (*start)(void *context, const struct hc_gc_log_start *start);
    void (*sample)(void *context, const struct hc_gc_sample *sample);
    /* What ZGC's marking counted; what a full collection left that leaves dead objects in place (Serial). */
    void (*view)(void *context, const struct hc_live_view *view);
};

enum hc_gc_log_format { HC_GC_LOG_UNKNOWN = 0, HC_GC_LOG_UNIFIED = 1, HC_GC_LOG_LEGACY = 2 };

struct hc_gc_log_stats {
    uint64_t bytes;               /* uncompressed */
    uint64_t lines;               /* all */
    uint64_t gc_lines;            /* of a collector */
    uint64_t other_lines;         /* other output */
    uint64_t broken;              /* collections that were begun and could not be read */
    uint64_t collections;         /* samples that moved objects, or ended a cycle */
    uint64_t pauses;              /* samples of kind pause */
    uint64_t starts;              /* JVMs */
    uint64_t untimed;             /* samples of lines without a clock: their times are guesses */
    int64_t first_ms, last_ms;    /* of the samples; 0: none */
    int wall_clock;               /* 0: no date in the log; times count from 2000-01-01, where the first JVM started */
    int heap_max_told;            /* 0: of some JVM the maximum of the heap is not in the log */
    enum hc_gc_log_format format; /* of the newest file that has one */
};

/*
 * Reads the logs one after the other: in the order of their dates where all have one, the parts of a rotated log
 * (NAME.0, NAME.1, NAME) in the order of their uptimes or of their last writing, others as given (gc_log_order.h). "-"
 * is standard input. *out is filled also where a later file could not be read. HC_EIO: a file can't be read;
 * HC_EUNSUPPORTED: gzip without zlib at hand; HC_EPARSE: a gzip file that is damaged. A text without any collection is
 * no error.
 */
enum hc_status hc_gc_log_read(const char *const *paths, size_t count, const struct hc_gc_log_sink *sink,
                              struct hc_gc_log_stats *out, struct hc_error *err);
/* The same for text in memory. */
enum hc_status hc_gc_log_parse(const char *text, size_t length, const struct hc_gc_log_sink *sink,
                               struct hc_gc_log_stats *out, struct hc_error *err);

#endif
