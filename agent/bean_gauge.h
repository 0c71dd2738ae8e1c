/*
 * What the platform's GC beans know of each collection, for collectors whose work ends outside a pause (ZGC,
 * Shenandoah, CMS) and for JVMs without performance counters. A task of the Java thread: it sees a pause within 400 ms,
 * from then on looks at the beans' counts four times for each collection that is to be expected (every 50 to 400 ms),
 * and asks for more only where a count has moved.
 *
 * The first of these that this JVM has:
 *   GcInfo of com.sun.management    the bean's own record of its last collection: use before and after it, exact
 *   getCollectionUsage              use after the last collection, by pool (no module jdk.management)
 *   Runtime.totalMemory - free      where use falls, the lowest value (no module java.management)
 */
#ifndef HEAPCAST_BEAN_GAUGE_H
#define HEAPCAST_BEAN_GAUGE_H

#include "ring.h"

#include <heapcast/gc_sample.h>

#include <jni.h>
#include <stdatomic.h>
#include <stdint.h>

enum { BEAN_GAUGE_BEANS = 8, BEAN_GAUGE_POOLS = 8, BEAN_GAUGE_CYCLES = 64 };

struct bean_gauge {
    /* set before the Java thread begins */
    enum hc_collector collector;
    int generations;           /* ZGC, Shenandoah: with generations */
    const struct ring *pauses; /* to see that there was one */
    const struct perf_counters *counters;

    struct ring cycles; /* to the recorder */
    _Alignas(64) struct gc_record cycle[BEAN_GAUGE_CYCLES];
    atomic_int source; /* enum hc_gc_source in use; 0: not yet known */

    /* the Java thread's own */
    int tried;
    uint64_t pauses_seen;
    int64_t pause_seen_ns;
    int awaited;       /* there were pauses; the record of their collection is still to come */
    int64_t looked_ns; /* the turn before */
    int64_t zero_ns;   /* CLOCK_MONOTONIC at the beans' zero */
    int64_t ended_ns;  /* the last collection's end */
    int64_t gap_ns;    /* between the ends of two, as lately; 0 at first */
    int hurry;         /* turns that come sooner */
    int64_t full_invocations;
    struct gc_bean {
        jobject object;
        enum hc_gc_kind kind;
        int64_t count;
    } beans[BEAN_GAUGE_BEANS];
    size_t bean_count;
    struct heap_pool {
        jobject object, name;
        int old;
    } pools[BEAN_GAUGE_POOLS];
    size_t pool_count;
    struct bean_methods {
        jmethodID get_count, get_info;                       /* of a GC bean */
        jmethodID get_start, get_end, get_before, get_after; /* of GcInfo */
        jmethodID get;                                       /* of Map */
        jmethodID get_usage, get_collection_usage;           /* of a pool */
        jmethodID get_used, get_committed;                   /* of MemoryUsage */
        jmethodID total_memory, free_memory;                 /* of Runtime */
    } call;
    jobject runtime;
    int64_t runtime_used, runtime_low; /* the look before; the lowest since use began to fall, -1: it does not fall */
    int runtime_turns;
};

/* `collector` with `generations` as the JVM's flags say. The pointers are borrowed for the life of the JVM. */
void bean_gauge_init(struct bean_gauge *gauge, enum hc_collector collector, int generations, const struct ring *pauses,
                     const struct perf_counters *counters);
/* A turn (java_thread.h); `gauge` is a struct bean_gauge. */
int bean_gauge_run(void *gauge, JNIEnv *jni);

/* What a bean of this name counts; 0: nothing that is a collection of the heap. */
enum hc_gc_kind bean_gauge_kind(const char *name, int generations);

#endif
