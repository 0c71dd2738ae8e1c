/*
 * The callbacks in the pause. They run on the VM thread or a GC thread while the Java world stands still: they read the
 * clock and mapped memory and push one record. No JNI, JVMTI, malloc, lock, file, log or wake-up.
 */
#ifndef HEAPCAST_GC_EVENTS_H
#define HEAPCAST_GC_EVENTS_H

#include "perf_counters.h"
#include "ring.h"

/*
 * Before events are enabled. Both are borrowed for the life of the JVM. `counted`: each pause of this JVM moves one of
 * the counters; otherwise (no counters at all, Shenandoah) a record says little more than how long the pause was.
 */
void gc_events_init(const struct perf_counters *counters, struct ring *ring, int counted);
void gc_events_start(void);
void gc_events_finish(void);

#endif
