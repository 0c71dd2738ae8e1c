/*
 * The callbacks in the pause. They run on the VM thread or a GC thread while the Java world stands still: they read a
 * counter of time (tick.h) and mapped memory and push one record. No JNI, JVMTI, malloc, lock, file, log or wake-up.
 */
#ifndef HEAPCAST_GC_EVENTS_H
#define HEAPCAST_GC_EVENTS_H

#include "perf_counters.h"
#include "ring.h"

#include <jvmti.h>

/* Before events are enabled. Both are borrowed for the life of the JVM; where it has no counters, all are NULL. */
void gc_events_init(const struct perf_counters *counters, struct ring *ring);
/* The two events, given to JVMTI as they are: a step between would be one more page of code to come by. */
void JNICALL gc_events_start(jvmtiEnv *jvmti);
void JNICALL gc_events_finish(jvmtiEnv *jvmti);

#endif
