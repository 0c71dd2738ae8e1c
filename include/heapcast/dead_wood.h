/*
 * What a full collection leaves is the live set, but for dead wood: Serial (and Parallel from JDK 22 on) leave dead
 * objects where they are, up to a share of the capacity, in all full collections but each fourth (Serial) or those that
 * somebody asked for (Parallel): HotSpot's MarkSweepDeadRatio. Agent and GC logs are read by the same rule.
 */
#ifndef HEAPCAST_DEAD_WOOD_H
#define HEAPCAST_DEAD_WOOD_H

#include <heapcast/gc_sample.h>

#include <stdint.h>

enum { HC_DEAD_WOOD_FULLS = 4 };

/* One JVM's full collections. Zeros, and `fulls`, to begin with. */
struct hc_dead_wood {
    uint64_t fulls;                          /* since the JVM's start, seen or not */
    uint64_t used_bytes[HC_DEAD_WOOD_FULLS]; /* what the newest left */
    unsigned seen;
};

/*
 * A full collection left `used_bytes`. 1: there may be dead wood in it, and *out_live_bytes is the least that the last
 * four left, but not less than this one without the most dead wood that there can be. 0: *out_live_bytes is what is in
 * use. `java`: 17; 0 if not known.
 */
int hc_dead_wood_take(struct hc_dead_wood *wood, enum hc_collector collector, unsigned java, const char *cause,
                      uint64_t used_bytes, uint64_t heap_max_bytes, uint64_t *out_live_bytes);

#endif
