/*
 * The gauges that only Java can tell: direct memory reserved, and whether Flink classes that take managed memory are
 * loaded. A task of the Java thread; plain values go to the recorder through atomics.
 */
#ifndef HEAPCAST_JVM_GAUGE_H
#define HEAPCAST_JVM_GAUGE_H

#include <jni.h>
#include <stdatomic.h>
#include <stdint.h>

/* Some 30 us of CPU each time, of which a third is the wake-up. */
enum { JVM_GAUGE_PERIOD_MS = 1000 };

/* Each value is independent and read relaxed: a mix of two readings does no harm. */
struct jvm_gauge {
    _Atomic int64_t direct_bytes; /* -1: not known (yet) */
    atomic_int operator_known;    /* 1: the look for Flink's operators worked at least once */
    atomic_int operator_seen;     /* 1: an operator that takes managed memory is loaded */
    atomic_int task_known;        /* 1: the look for Flink's tasks worked at least once */
    atomic_int task_seen;         /* 1: the class of Flink's tasks is loaded: the first one runs, or is about to */

    /* the Java thread's own */
    int tried;
    unsigned turns;
    jobject reserved; /* java.nio.Bits.RESERVED_MEMORY, an AtomicLong (JDK 11 to 25) */
    jmethodID get;
    jobject loader; /* Flink's own classes come from the system class loader, whatever the user's loader is */
    jmethodID find_loaded;
};

void jvm_gauge_init(struct jvm_gauge *gauge);
/* A turn (java_thread.h); `gauge` is a struct jvm_gauge. */
int jvm_gauge_run(void *gauge, JNIEnv *jni);

#endif
