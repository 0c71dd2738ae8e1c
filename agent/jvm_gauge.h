/*
 * The gauges that only Java can tell: direct memory reserved, and whether Flink classes that take managed memory are
 * loaded. They run on a daemon Java thread of ours; plain values go to the recorder through atomics. Nobody ever waits
 * for this thread: it stands still at safepoints, and in a JVM that thrashes in GC it gets no turn for minutes.
 */
#ifndef HEAPCAST_JVM_GAUGE_H
#define HEAPCAST_JVM_GAUGE_H

#include <jvmti.h>
#include <stdatomic.h>
#include <stdint.h>

/* Some 30 us of CPU each time. */
enum { JVM_GAUGE_PERIOD_MS = 1000 };

/* Each value is independent and read relaxed: a mix of two readings does no harm. */
struct jvm_gauge {
    jvmtiEnv *jvmti;
    jrawMonitorID monitor;
    atomic_int stop;
    _Atomic int64_t direct_bytes; /* -1: not known (yet) */
    atomic_int operator_known;    /* 1: the look for Flink's operators worked at least once */
    atomic_int operator_seen;     /* 1: an operator that takes managed memory is loaded */
};

/* Starts the thread; on a Java thread, in the live phase. 0, or -1 where the JVM refuses (values then stay unknown). */
int jvm_gauge_start(struct jvm_gauge *gauge, jvmtiEnv *jvmti, JNIEnv *jni);
/* Tells it to end; does not wait. */
void jvm_gauge_stop(struct jvm_gauge *gauge);

#endif
