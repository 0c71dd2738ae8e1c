/* How a collector comes to sweep its old generation, which decides what its collections tell of the live set. */
#ifndef HC_PREDICTOR_SWEEPING_H
#define HC_PREDICTOR_SWEEPING_H

#include <heapcast/gc_sample.h>

/* The generations of Serial and Parallel as shares of the heap, with NewRatio and survivor sizes as they are by
 * default.
 */
#define HC_OLD_RATIO (2.0 / 3.0)
#define HC_EDEN_RATIO 0.26

/* What of a heap can be in use at a time, where that has not been seen: all but a survivor space of their first size.
 */
#define HC_CAPACITY_RATIO 0.96

/* Serial and Parallel: two generations of a fixed shape. Full collections alone sweep the old one, and a JVM may live
 * without any. */
static inline int hc_has_fixed_generations(enum hc_collector collector)
{
    return collector == HC_COLLECTOR_SERIAL || collector == HC_COLLECTOR_PARALLEL;
}

/*
 * What of a heap can be in use at a time: all but the survivor space that is kept empty, which is no part of what is
 * called committed. Parallel makes it up to a third of the young generation, and that may be half of the heap. Where
 * less is committed the heap has not grown whole.
 */
static inline double hc_capacity_ratio(enum hc_collector collector, double committed_bytes, double heap_max_bytes)
{
    double ratio = committed_bytes / heap_max_bytes;
    if (!hc_keeps_a_survivor_space_empty(collector) || ratio > 1)
        return 1;
    return ratio >= 5.0 / 6.0 ? ratio : HC_CAPACITY_RATIO;
}

#endif
