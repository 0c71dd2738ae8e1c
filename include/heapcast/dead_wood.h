/*
 * What a full collection leaves is the live set, but for dead wood: Serial (and Parallel from JDK 22 on) leave dead
 * objects where they are, up to a share of the capacity, in all full collections but each fourth (Serial) or those that
 * somebody asked for (Parallel): HotSpot's MarkSweepDeadRatio. Agent, GC logs and predictor read by the same rule,
 * which so lies here.
 */
#ifndef HEAPCAST_DEAD_WOOD_H
#define HEAPCAST_DEAD_WOOD_H

#include <heapcast/gc_sample.h>

#include <stdint.h>
#include <string.h>

#define HC_DEAD_WOOD_RATIO 0.05
enum { HC_DEAD_WOOD_FULLS = 4 };

/* One JVM's full collections. Zeros, and `fulls`, to begin with. */
struct hc_dead_wood {
    uint64_t fulls;                          /* since the JVM's start, seen or not */
    uint64_t used_bytes[HC_DEAD_WOOD_FULLS]; /* what the newest left */
    unsigned seen;
};

static inline int hc_leaves_dead_wood(const struct hc_dead_wood *w, enum hc_collector collector, unsigned java,
                                      const char *cause)
{
    if (collector == HC_COLLECTOR_SERIAL)
        return w->fulls % 4 != 0;
    return collector == HC_COLLECTOR_PARALLEL && java >= 22 && strcmp(cause, "Diagnostic Command") != 0 &&
           strcmp(cause, "System.gc()") != 0;
}

/*
 * A full collection left `used_bytes`. 1: there may be dead wood in it, and *out_live_bytes is the least that the last
 * four left, but not less than this one without the most dead wood that there can be. 0: *out_live_bytes is what is in
 * use. `java`: 17; 0 if not known.
 */
static inline int hc_dead_wood_take(struct hc_dead_wood *w, enum hc_collector collector, unsigned java,
                                    const char *cause, uint64_t used_bytes, uint64_t heap_max_bytes,
                                    uint64_t *out_live_bytes)
{
    uint64_t least = used_bytes;
    double floor = (double)used_bytes - HC_DEAD_WOOD_RATIO * (double)heap_max_bytes;
    w->fulls++;
    w->used_bytes[w->seen++ % HC_DEAD_WOOD_FULLS] = used_bytes;
    *out_live_bytes = used_bytes;
    if (!hc_leaves_dead_wood(w, collector, java, cause))
        return 0;
    for (unsigned i = 0; i < w->seen && i < HC_DEAD_WOOD_FULLS; i++)
        least = w->used_bytes[i] < least ? w->used_bytes[i] : least;
    *out_live_bytes = (double)least < floor ? (uint64_t)floor : least;
    return 1;
}

#endif
