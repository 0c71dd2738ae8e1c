/*
 * What a smaller heap costs in garbage collection.
 *
 * Each collection pays for what is live, and there is one collection each time the free room is used up. So the share
 * of time in collections is q / (capacity - live), with q = allocation rate x cost of one refill; capacity is the heap,
 * with Serial and Parallel less the survivor space that they keep empty. q is seen in the heap in force, as share x
 * (committed - live); no need to know the two factors apart. Measured for 1.1 to 3 times the live set the law holds
 * within a factor of two (docs/predictor.md).
 */
#ifndef HC_PREDICTOR_HEADROOM_H
#define HC_PREDICTOR_HEADROOM_H

#include "series.h"

#include <heapcast/policy.h>
#include <heapcast/recommendation.h>

#include <math.h>

/* Hours that count for GC cost, for what was observed and for what lies outside the heap: a week has all its days. */
enum { HC_WINDOW_HOURS = 168 };

struct hc_gc_cost {
    double work_bytes;      /* q: 99th percentile of the hours; 0 without any collection */
    double copying_ratio;   /* share of time that is no part of q: copying what survives young collections */
    double share_ratio;     /* of the whole window */
    double capacity_ratio;  /* of the heap, can be in use at a time; the running JVM's */
    double full_pause_ms;   /* a full collection's, where each is one; 0: none seen */
    double full_left_bytes; /* the most that one of the newest full collections left; 0: none seen */
    int64_t covered_ms;     /* time watched in the window */
};

/* The room that collections have. The live set can be close to what is committed for moments; the room is never taken
 * for less than a twentieth of the heap. */
static inline double hc_room(double capacity_bytes, double live_bytes, double heap_bytes)
{
    return fmax(capacity_bytes - live_bytes, 0.05 * heap_bytes);
}

/* The heap whose free part keeps the cost of collections below its limit, by the terms that `out->model` tells. */
static inline double hc_heap_for_gc_cost(const struct hc_policy *policy, const struct hc_recommendation *out)
{
    double live = policy->margin_ratio * (double)out->model.percentile_bytes;
    return (live + (double)out->model.gc_headroom_bytes) / out->model.capacity_ratio;
}

/* `scratch` has room for HC_RAW_SLOTS. */
void hc_headroom_gc_cost(const struct hc_series *series, int64_t now_ms, const struct hc_policy *policy,
                         double *scratch, struct hc_gc_cost *out);
/* 1: the running JVM's newest collections, and each whole hour of its last day, kept to that share of time, its start
 * left out. 0: they did not, or there are too few to tell. */
int hc_headroom_keeps(const struct hc_series *series, int64_t now_ms, double limit_ratio);

#endif
