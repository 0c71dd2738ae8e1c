/*
 * Committed metaspace by the JVM's memory pool bean, where its performance counter is absent (-XX:-UsePerfData) or
 * stands still: ZGC, Shenandoah and Epsilon do not refresh it. A task of the Java thread.
 */
#ifndef HEAPCAST_METASPACE_GAUGE_H
#define HEAPCAST_METASPACE_GAUGE_H

#include <jni.h>
#include <stdatomic.h>
#include <stdint.h>

/* Some 50 us of CPU and a few hundred bytes of Java heap each time. */
enum { METASPACE_GAUGE_PERIOD_MS = 5000 };

struct metaspace_gauge {
    _Atomic int64_t committed_bytes; /* class space included; -1: not known (yet) */

    /* the Java thread's own */
    int tried;
    jobject pool; /* NULL: this JVM has no such bean (no java.management) */
    jmethodID get_usage, get_committed;
};

void metaspace_gauge_init(struct metaspace_gauge *gauge);
/* A turn (java_thread.h); `gauge` is a struct metaspace_gauge. None more where there is no bean. */
int metaspace_gauge_run(void *gauge, JNIEnv *jni);

#endif
