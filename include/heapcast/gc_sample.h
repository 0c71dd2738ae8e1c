/*
 * One collection of the Java heap, as one source saw it. A sample is made once, never changed, and only moves right:
 * agent, history, GC log and test traces all deliver this value, so a new source needs nothing but a reader.
 */
#ifndef HEAPCAST_GC_SAMPLE_H
#define HEAPCAST_GC_SAMPLE_H

#include <stdint.h>

/* A byte count that no source could tell. JSON leaves such a field out; it is never written as 0. */
#define HC_BYTES_UNKNOWN UINT64_MAX

enum hc_collector {
    HC_COLLECTOR_UNKNOWN = 0,
    HC_COLLECTOR_SERIAL = 1,
    HC_COLLECTOR_PARALLEL = 2,
    HC_COLLECTOR_G1 = 3,
    HC_COLLECTOR_CMS = 4,
    HC_COLLECTOR_Z = 5,
    HC_COLLECTOR_SHENANDOAH = 6,
    HC_COLLECTOR_EPSILON = 7
};

/* ZGC and Shenandoah: concurrent cycles do the work, and their pauses move nothing. */
static inline int hc_collects_in_cycles(enum hc_collector collector)
{
    return collector == HC_COLLECTOR_Z || collector == HC_COLLECTOR_SHENANDOAH;
}

/* Serial, Parallel and CMS: young collections copy from one survivor space to another, so one is always empty. */
static inline int hc_keeps_a_survivor_space_empty(enum hc_collector collector)
{
    return collector == HC_COLLECTOR_SERIAL || collector == HC_COLLECTOR_PARALLEL || collector == HC_COLLECTOR_CMS;
}

enum hc_gc_kind {
    HC_GC_YOUNG = 1, /* young generation only; the old generation keeps its garbage */
    HC_GC_MIXED = 2, /* G1: young and some old regions */
    HC_GC_FULL = 3,  /* stop-the-world collection of the whole heap */
    HC_GC_OLD = 4,   /* end of a concurrent whole-heap cycle (CMS, ZGC, Shenandoah) */
    HC_GC_PAUSE =
        5 /* a pause that moves no object (G1 Remark, Cleanup): costs time, tells nothing about the live set */
};

/* Where used-after comes from, the surest first. */
enum hc_gc_source {
    HC_GC_SOURCE_UNKNOWN = 0,  /* read from a trace or an older history */
    HC_GC_SOURCE_COUNTERS = 1, /* the JVM's counters, in the pause: exact */
    HC_GC_SOURCE_GC_INFO = 2,  /* the GC bean's own record of this collection: exact; collections may be missed */
    HC_GC_SOURCE_COLLECTION_USAGE = 3, /* the pools' use after the last collection; an old generation that was not
                                          collected is read some milliseconds late */
    HC_GC_SOURCE_RUNTIME = 4,          /* total - free, read up to 200 ms late: an upper bound; the kind is a guess */
    HC_GC_SOURCE_LOG = 5               /* the JVM's GC log: exact, but for what it rounds to (KiB or whole MiB) */
};

struct hc_gc_sample {
    int64_t end_time_ms; /* wall clock at the end of the pause, milliseconds since the epoch */
    uint64_t gc_id;      /* 1, 2, … in one JVM, by our count */
    uint64_t pause_us;   /* stop-the-world time, time to safepoint left out, as the JVM's GC log counts it; of a
                            concurrent cycle, or where pauses had no sample of their own: the longest one */
    uint64_t
        heap_used_before_bytes; /* or HC_BYTES_UNKNOWN (Serial, Parallel: eden's counter is stale before a pause) */
    uint64_t heap_used_after_bytes;
    uint64_t old_used_after_bytes; /* or HC_BYTES_UNKNOWN */
    uint64_t heap_committed_bytes; /* as Runtime.totalMemory() and GC logs have it: with Serial, Parallel and CMS less
                                      the survivor space that is kept empty */
    uint64_t heap_max_bytes;
    uint64_t allocated_bytes; /* since the sample before; HC_BYTES_UNKNOWN where it can't be told. Concurrent cycles: up
                                 to the cycle's start, so without what was allocated while it ran */
    uint64_t promoted_bytes;  /* growth of the old generation in a young pause (lower bound), or HC_BYTES_UNKNOWN */
    uint64_t gc_time_us;      /* stop-the-world time in all pauses since the sample before; of ZGC's and Shenandoah's
                                 cycles also what their threads took from the program: their CPU time over the number of
                                 processors, as the agent reads it from /proc (GC logs do not tell) */
    enum hc_gc_kind kind;
    char cause[35]; /* as HotSpot words it ("G1 Evacuation Pause"), NUL-terminated; empty where no source tells */
    uint8_t source; /* enum hc_gc_source, in a byte: the struct lies in the history file */
};

#endif
