/* How a collector comes to sweep its old generation, which decides what its collections tell of the live set, and how
 * much of the heap its generations can hold. */
#ifndef HC_PREDICTOR_SWEEPING_H
#define HC_PREDICTOR_SWEEPING_H

#include <heapcast/gc_sample.h>

/* The generations of Serial and Parallel as shares of the heap, with NewRatio and survivor sizes as they are by
 * default.
 */
#define HC_OLD_RATIO (2.0 / 3.0)
#define HC_EDEN_RATIO 0.26

/* What of a heap can be in use at a time: all but a survivor space. Serial and CMS give it 1/30 of the heap, Parallel
 * 1/24 at first and as much as 1/9 later, with generations as they are by default. */
#define HC_CAPACITY_RATIO 0.96
#define HC_CAPACITY_LEAST 0.94
#define HC_CAPACITY_LEAST_PARALLEL 0.885

/* Serial and Parallel: two generations of a fixed shape. Full collections alone sweep the old one, and a JVM may live
 * without any. */
static inline int hc_has_fixed_generations(enum hc_collector collector)
{
    return collector == HC_COLLECTOR_SERIAL || collector == HC_COLLECTOR_PARALLEL;
}

/* What is called committed is without the survivor space that is kept empty. Where less is committed than that explains
 * the heap has not grown whole. */
static inline double hc_capacity_ratio(enum hc_collector collector, double committed_bytes, double heap_max_bytes)
{
    double ratio = committed_bytes / heap_max_bytes;
    double least = collector == HC_COLLECTOR_PARALLEL ? HC_CAPACITY_LEAST_PARALLEL : HC_CAPACITY_LEAST;
    if (!hc_keeps_a_survivor_space_empty(collector) || ratio > 1)
        return 1;
    return ratio >= least ? ratio : HC_CAPACITY_RATIO;
}

#endif
