/* What events of exhaustion ask of the next size: more than there was when it was too little, until that is disproved.
 */
#ifndef HC_PREDICTOR_EXHAUSTION_H
#define HC_PREDICTOR_EXHAUSTION_H

#include "series.h"

/* What an OutOfMemoryError leaves in use after the last collection, at least: then a heap is full. */
#define HC_FULL_HEAP_RATIO 0.95

/* The event that asks for most. */
struct hc_exhaustion {
    uint64_t least_bytes; /* what it asks for; 0: nothing */
    uint64_t had_bytes;   /* what there was */
    const struct hc_event *event;
};

/*
 * A fifth more than `had_bytes`, 100 MiB at least, for the first 24 hours that a JVM was watched after `event` without
 * another of its kind; that falls to nothing over the 48 hours after. Time in which no JVM ran proves nothing.
 */
uint64_t hc_exhaustion_least(const struct hc_series *series, const struct hc_event *event, uint64_t had_bytes,
                             int64_t now_ms);

/* Of the heap: OutOfMemoryError, or nearly exhausted. The heap it had is that of the run in which it happened. */
struct hc_exhaustion hc_exhaustion_of_heap(const struct hc_series *series, int64_t now_ms);

/* The newest event of this kind that the series still holds; NULL: none. */
const struct hc_event *hc_exhaustion_newest(const struct hc_series *series, enum hc_event_kind kind);

#endif
