/*
 * From raw records to samples: kind, allocation and promotion are worked out here, outside the pause, from one record
 * and the one before.
 */
#ifndef HEAPCAST_SAMPLER_H
#define HEAPCAST_SAMPLER_H

#include "ring.h"

#include <heapcast/gc_sample.h>

struct sampler {
    enum hc_collector collector;
    uint64_t heap_max_bytes;
    uint64_t gc_id;
    int64_t used_after;    /* of the record before; -1: none yet */
    int concurrent_pauses; /* G1: Remark was 1, Cleanup is 2 */
    int mixed_window;      /* G1: between Cleanup and the next Remark or full collection */
};

void sampler_init(struct sampler *sampler, enum hc_collector collector, uint64_t heap_max_bytes);

/* `wall_minus_monotonic_ns` turns the record's clock into wall time. */
void sampler_make(struct sampler *sampler, const struct gc_record *record, int64_t wall_minus_monotonic_ns,
                  struct hc_gc_sample *out);

#endif
