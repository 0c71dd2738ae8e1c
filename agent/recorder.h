/*
 * The thread that does the work: drains the ring every 100 ms, reads the gauges, feeds the predictor, publishes. A
 * plain pthread with all signals blocked but those of a fault of its own, that never enters Java: it goes on while the
 * Java world stands still, so a JVM that thrashes in GC can still be heard.
 */
#ifndef HEAPCAST_RECORDER_H
#define HEAPCAST_RECORDER_H

#include "args.h"
#include "jvm_gauge.h"
#include "live_probe.h"
#include "metaspace_gauge.h"
#include "perf_counters.h"
#include "ring.h"
#include "sampler.h"

#include <heapcast/recommendation.h>
#include <heapcast/subject.h>

#include <stddef.h>
#include <stdint.h>

/* What the recorder works on; everything is borrowed for the life of the JVM. */
struct recorder_setup {
    const struct args *args;
    struct hc_subject *subject; /* the recorder may change the name where it is taken */
    const char *dir;
    struct ring *ring;   /* of pauses */
    struct ring *cycles; /* of what beans tell; NULL: none do */
    enum sampler_source source;
    uint64_t collections_before; /* of this JVM, before it was watched */
    const struct perf_counters *counters;
    struct jvm_gauge *jvm_gauge;   /* NULL: no Java thread */
    struct live_probe *live_probe; /* NULL: no Java thread, or none is wanted */
    struct live_watch *live_watch;
    unsigned processors;                     /* that the JVM may use */
    struct metaspace_gauge *metaspace_gauge; /* NULL: the counter is good */
    uintptr_t heap_start;
    size_t heap_bytes;
    uintptr_t code_start; /* the code cache */
    size_t code_bytes;
    const char *missing; /* why this JVM can't be measured, for the file; NULL: it can */
};

/* Starts the thread. 0, or -1 and one log line. */
int recorder_start(const struct recorder_setup *setup);

/* From any thread: an out-of-memory error, for the next round. Wait-free; beyond 16 in a round they are left out.
 */
void recorder_note_exhausted(enum hc_event_kind kind);

/*
 * Asks for the last round (drain, last word, publish) and waits for it, at most 300 ms: a slow disk must not hold the
 * JVM's exit.
 */
void recorder_stop(void);

#endif
