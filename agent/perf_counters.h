/*
 * HotSpot's performance counters, read in process memory. In the Finish callback of a stop-the-world collection they
 * show the finished state, exactly (measured against the GC log; any reader outside the pause sees an eden that fills
 * again).
 */
#ifndef HEAPCAST_PERF_COUNTERS_H
#define HEAPCAST_PERF_COUNTERS_H

#include <heapcast/gc_sample.h>

#include <stddef.h>
#include <stdint.h>

/* HotSpot gives them twice this room. */
enum { PERF_CAUSE_BYTES = 40 };

/* Pointers into the JVM's counter memory, which it never moves or frees while it runs. NULL: the JVM has no such
 * counter. */
struct perf_counters {
    const volatile int64_t *eden_used, *survivor0_used, *survivor1_used, *old_used;
    const volatile int64_t *eden_capacity, *young_capacity, *old_capacity;
    const volatile int64_t *survivor0_capacity, *survivor1_capacity;
    const volatile int64_t *young_invocations, *full_invocations;
    const volatile int64_t *phase_invocations; /* G1: Remark and Cleanup pauses */
    const char *cause, *last_cause;            /* PERF_CAUSE_BYTES of each can be read */
    /* up to here they are read in the pause: close together, for each line of the cache counts there */
    const volatile int64_t *young_max, *old_max;
    const volatile int64_t *metaspace_used, *metaspace_capacity;
    const volatile int64_t *classes_loaded, *classes_unloaded, *shared_loaded, *shared_unloaded;
    const char *java_version; /* "17.0.15"; constant */
    enum hc_collector collector;
};

/*
 * Reads the directory of `memory` (vm_perf_memory, or a recorded image in tests). 1: all counters that a sample needs
 * are there; 0: not, *out then holds what was found.
 */
int perf_counters_find(const unsigned char *memory, struct perf_counters *out);

/* 0 for an absent counter. */
static inline int64_t perf_value(const volatile int64_t *counter)
{
    return counter != NULL ? *counter : 0;
}

#endif
