/*
 * What heapcast says about one JVM: what it saw, the model's terms, the number, and why. A plain value without
 * pointers: copied, compared and printed freely. Unknown byte counts are HC_BYTES_UNKNOWN, unknown ratios and rates
 * NAN, unknown times 0; the JSON leaves all of them out.
 */
#ifndef HEAPCAST_RECOMMENDATION_H
#define HEAPCAST_RECOMMENDATION_H

#include <heapcast/gc_sample.h>
#include <stdint.h>

enum hc_verdict { HC_VERDICT_INSUFFICIENT_DATA = 0, HC_VERDICT_KEEP = 1, HC_VERDICT_SHRINK = 2, HC_VERDICT_GROW = 3 };

/* How well the live set is known, best first. */
enum hc_evidence {
    HC_EVIDENCE_NONE = 0,
    HC_EVIDENCE_EXACT = 1,      /* a full collection */
    HC_EVIDENCE_MARKING = 2,    /* a concurrent marking's own count */
    HC_EVIDENCE_ESTIMATE = 3,   /* a finished run of mixed collections, or garbage learned from clean points */
    HC_EVIDENCE_UPPER_BOUND = 4 /* young collections only: old garbage is still in it */
};

/* The term that decided the number. */
enum hc_term {
    HC_TERM_NONE = 0,
    HC_TERM_PERCENTILE = 1,    /* percentile of the live set, with its margin */
    HC_TERM_TREND = 2,         /* the rising line reaches beyond the percentile */
    HC_TERM_FLOOR = 3,         /* absolute floor: the live set plus a share of the heap in force */
    HC_TERM_GC_COST = 4,       /* a smaller heap would collect too often */
    HC_TERM_OUT_OF_MEMORY = 5, /* the heap in force was exhausted */
    HC_TERM_CAP = 6            /* limited to what was allowed */
};

enum hc_event_kind {
    HC_EVENT_OUT_OF_MEMORY_HEAP = 1,
    HC_EVENT_OUT_OF_MEMORY_METASPACE = 2,
    HC_EVENT_OUT_OF_MEMORY_THREADS = 3,
    HC_EVENT_OUT_OF_MEMORY_OTHER = 4,
    HC_EVENT_UNCLEAN_END = 5, /* the run before ended without a last word: kill -9, container OOM kill, crash */
    HC_EVENT_HEAP_NEARLY_EXHAUSTED = 6,  /* collections of the whole heap in vain, without an error */
    HC_EVENT_CONTAINER_OUT_OF_MEMORY = 7 /* the kernel killed a process of this container, maybe the run before */
};

struct hc_event {
    int64_t time_ms;
    enum hc_event_kind kind;
    uint32_t reserved; /* keep 0: the struct lies in the history file */
    char text[112];    /* what was seen, and what it did to the number */
};

/* One component outside the heap. */
struct hc_advice {
    uint64_t now_bytes, p99_bytes, max_bytes;
    uint64_t recommended_bytes;
};

#define HC_REASONS_MAX 16
#define HC_REASON_SIZE 256
#define HC_EVENTS_MAX 16

/* Histogram of the live set: logarithmic buckets, eight to a doubling from 1 MiB on; scheme name in the JSON. */
#define HC_HISTOGRAM_SCHEME "log2x8-1mib"
#define HC_HISTOGRAM_BUCKETS 168 /* bucket 0: below 1 MiB; bucket i: from 2^20 * 2^((i-1)/8) bytes */

/* How unlike the JVMs are that share a configuration. */
struct hc_skew {
    uint64_t min_bytes, median_bytes, max_bytes;
};

struct hc_recommendation {
    int64_t generated_at_ms;

    struct {
        int64_t from_ms, to_ms; /* first and last collection that still counts */
        uint64_t collections, restarts, samples_dropped;
    } window;

    struct {
        uint64_t live_now_bytes, live_p50_bytes, live_p95_bytes, live_p99_bytes, live_max_bytes;
        uint64_t live_lower_bytes, live_upper_bytes;
        enum hc_evidence evidence;
        double allocation_bytes_per_s, promotion_bytes_per_s;
        double gc_share_ratio; /* pauses over wall time */
        double pause_p50_ms, pause_p99_ms, pause_max_ms;
        struct {
            uint64_t probes;        /* looks over the whole heap that heapcast asked for, in this run of the JVM */
            double cpu_share_ratio; /* what they cost: CPU time over wall time, of one core */
            double pause_max_ms;    /* the longest pause that one added */
            int64_t last_at_ms;     /* the moment that the newest look describes, asked for or not */
            char state[128];        /* "on", "off", or why there is none (now); "": nothing could ask */
        } live_probe;
    } observed;

    struct {
        double percentile;         /* 0..1, of the residuals around the trend line */
        uint64_t percentile_bytes; /* the live set at that percentile, at the end of the horizon */
        double trend_slope_bytes_per_h;
        int trend_significant;
        double
            hours_to_full;   /* until the live set fills the heap in force, where it rises without levelling off; NAN */
        double margin_ratio; /* what the percentile is multiplied with */
        uint64_t floor_bytes;      /* added to the live set at least */
        uint64_t live_upper_bytes; /* the live set that must fit: percentile, trend, margin and floor together */
        double usable_ratio;       /* share of the heap that a live set may fill */
        double gc_work_bytes;      /* GC share times free heap, 99th percentile of the hours */
        double gc_copying_ratio;   /* share of time for copying what survives young collections: in no heap less */
        double gc_share_limit_ratio;
        uint64_t gc_headroom_bytes; /* free heap that keeps GC below its limit */
        double capacity_ratio;      /* share of the heap that can be in use at a time: Serial, Parallel and CMS keep a
                                       survivor space empty */
        uint64_t generations_bytes; /* Serial, Parallel: heap from which on not each collection is a full one, or full
                                       ones keep the limit; unknown before the first full collection */
        enum hc_term binding;
    } model;

    enum hc_verdict verdict;
    uint64_t current_heap_bytes;
    uint64_t heap_bytes;      /* HC_BYTES_UNKNOWN with insufficient data */
    uint64_t task_heap_bytes; /* Flink's share of it (heap less framework heap); unknown outside a TaskManager */
    uint64_t lower_bound_bytes, upper_bound_bytes;
    double confidence_ratio; /* 0..1: is the evidence enough */
    int64_t valid_until_ms;
    unsigned reason_count;
    char reasons[HC_REASONS_MAX][HC_REASON_SIZE]; /* sentences for people, most important first */

    struct {
        uint64_t rss_bytes, rss_peak_bytes;
        struct hc_advice metaspace, code_cache, direct, network, native, allocator_slack, threads, jvm_other, files;
        struct hc_advice overhead; /* all that is resident outside heap, direct buffers and metaspace (= Flink's JVM
                                      overhead, and managed memory where somebody uses it) */
        uint32_t thread_count, class_count;
        uint32_t managed_consumers; /* enum hc_managed_consumer, all that were ever seen */
        int managed_consumers_known;
        double unexplained_ratio; /* of rss_bytes, what no part accounts for; negative: they claim more than there is */
        uint64_t container_limit_bytes, container_usage_bytes;
        uint64_t container_held_bytes; /* of the usage: what can't be dropped */
    } off_heap;

    struct {
        uint64_t sum_p99_bytes, sum_max_bytes, recommended_bytes;
        uint64_t heap_live_bytes, heap_garbage_bytes; /* together the resident heap; garbage and what is free */
        uint64_t heap_untouched_bytes;                /* committed, yet in nobody's memory */
    } process;

    struct {
        uint64_t decisions, shortfalls; /* decisions 0: no back-test yet */
        double slack_ratio, extra_gc_share_ratio;
        int64_t from_ms, to_ms;
    } backtest;

    unsigned event_count;
    struct hc_event events[HC_EVENTS_MAX]; /* newest last */

    uint32_t histogram[HC_HISTOGRAM_BUCKETS]; /* collections whose live estimate fell into the bucket */

    /* Of several JVMs that share one configuration (fleet.h); members 0: of one JVM. */
    struct {
        uint64_t members, without_number;
        uint64_t current_total_bytes, recommended_total_bytes; /* heaps in force, and the recommended heap for each */
        char heap_of[128], metaspace_of[128], direct_of[128], overhead_of[128], sum_of[128]; /* who needs most of it */
        struct hc_skew heap, live, metaspace, direct, overhead; /* recommended heap, p99 of the live set, … */
    } fleet;
};

#endif
