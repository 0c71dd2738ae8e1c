/* How a collector comes to sweep its old generation, which decides what its collections tell of the live set. */
#ifndef HC_PREDICTOR_SWEEPING_H
#define HC_PREDICTOR_SWEEPING_H

#include <heapcast/gc_sample.h>

/* The generations of Serial and Parallel as shares of the heap, with NewRatio and survivor sizes as they are by
 * default.
 */
#define HC_OLD_RATIO (2.0 / 3.0)
#define HC_EDEN_RATIO 0.26

/* Serial and Parallel: two generations of a fixed shape. Full collections alone sweep the old one, and a JVM may live
 * without any. */
static inline int hc_has_fixed_generations(enum hc_collector collector)
{
    return collector == HC_COLLECTOR_SERIAL || collector == HC_COLLECTOR_PARALLEL;
}

#endif
