/*
 * From raw records to samples: kind, allocation and promotion are worked out here, outside the pause, from one record
 * and the one before.
 *
 * Where the counters tell all (Serial, Parallel, G1, CMS), a pause is a sample. Elsewhere a sample is what the Java
 * thread saw of a collection (bean_gauge.h), and the pauses since the sample before are its stop-the-world time.
 */
#ifndef HEAPCAST_SAMPLER_H
#define HEAPCAST_SAMPLER_H

#include "pause_sum.h"
#include "ring.h"

#include <heapcast/gc_sample.h>

/* What the callbacks of this JVM can see. */
enum sampler_source {
    SAMPLER_PAUSES, /* each collection: Serial, Parallel, G1 */
    SAMPLER_BOTH,   /* CMS: stop-the-world collections; its concurrent cycles come from a bean */
    SAMPLER_CYCLES  /* how long it stood still, and no more: ZGC, Shenandoah, a JVM without counters */
};

struct sampler {
    enum hc_collector collector;
    enum sampler_source source;
    uint64_t heap_max_bytes;
    uint64_t gc_id;
    int64_t used_after; /* of the record before; -1: none yet */
    int64_t end_ns;     /* of the sample before */
    struct pause_sum pauses;

    /* G1's concurrent cycle */
    uint32_t phase_total;
    int phase_last;    /* the record before was a phase, too */
    int cleaned;       /* the newest phase was a Cleanup, or its cycle was aborted: the next one is a Remark */
    int since_cleanup; /* young collections since the newest Cleanup; -1: none, or the next marking has ended */
};

/* `seen`: collections of this JVM before the first record (late attach); gc_id goes on from there. */
void sampler_init(struct sampler *sampler, enum hc_collector collector, enum sampler_source source,
                  uint64_t heap_max_bytes, uint64_t seen);

/* Of a pause. `wall_minus_monotonic_ns` turns the record's clock into wall time. 1 and *out, or 0: it waits for the
 * collection that it belongs to. */
int sampler_make(struct sampler *sampler, const struct gc_record *record, int64_t wall_minus_monotonic_ns,
                 struct hc_gc_sample *out);
/* Of what a bean told about a collection, with all pauses up to its end. */
void sampler_make_cycle(struct sampler *sampler, const struct gc_record *record, int64_t wall_minus_monotonic_ns,
                        struct hc_gc_sample *out);
/* Pauses that nobody claimed for seconds (the Java thread gets no turn, a cycle takes long): 1 and a sample of kind
 * pause, so that their time is not lost; or 0. */
int sampler_make_overdue(struct sampler *sampler, int64_t now_ns, int64_t wall_minus_monotonic_ns,
                         struct hc_gc_sample *out);
/* G1: 1 between a Cleanup and the next Remark or full collection, where mixed collections are to be expected. */
int sampler_may_be_mixed(const struct sampler *sampler);
/* Records were lost between the ones before and the ones to come. */
void sampler_note_lost(struct sampler *sampler);

#endif
