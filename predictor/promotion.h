/*
 * What young collections of Serial and Parallel promote, and in which heap the old generation has room for it.
 *
 * Both collect the whole heap instead of the young generation while the padded average of what was promoted (the
 * average and three times its mean deviation) is more than what is free in the old one. As nothing is promoted
 * meanwhile, that average stands still: a job that loaded its state in such a heap has a full collection each time eden
 * is full, for ever. Serial up to JDK 21 takes each of these for a collection that promoted nothing, so that the
 * average fades and the deviation alone is left; as measured on JDK 11, 17, 21 and 25. HotSpot:
 * PSScavenge::should_attempt_scavenge, TenuredGeneration::promotion_attempt_is_safe, AdaptivePaddedNoZeroDevAverage.
 *
 * What was promoted while a JVM's first bytes were allocated is kept, and the average that another eden would have come
 * to is worked out from it, collection by collection.
 */
#ifndef HC_PREDICTOR_PROMOTION_H
#define HC_PREDICTOR_PROMOTION_H

#include <heapcast/gc_sample.h>
#include <heapcast/predictor.h>

#include <stdint.h>

enum { HC_LOADING_POINTS = 32 };

/* HotSpot's padded average, in bytes. */
struct hc_padded_average {
    double average, deviation;
    uint64_t count;
};

/* A JVM's first collections, and the most that average and deviation were after them. */
struct hc_loading {
    struct {
        double allocated, promoted; /* bytes since the JVM's start */
    } point[HC_LOADING_POINTS];
    uint64_t points;
    double padded_after, deviation_after;
    double heap_bytes;
    double used_bytes; /* after the newest collection */
    double full_bytes; /* what the first full collection left; 0: there was none */
};

struct hc_promotion {
    struct hc_loading now,
        before; /* of the running JVM; of the newest before it that was seen as long, or loaded as much */
    struct hc_padded_average average;
    uint64_t is_restart; /* a JVM of the job was there before this one */
};

void hc_padded_average_add(struct hc_padded_average *average, double bytes);
double hc_padded_average_bytes(const struct hc_padded_average *average);

/* 0: a damaged one, that must not be used. */
int hc_promotion_is_sound(const struct hc_promotion *promotion);
/* A new JVM. */
void hc_promotion_restart(struct hc_promotion *promotion);
void hc_promotion_observe(struct hc_promotion *promotion, const struct hc_gc_sample *sample);

/*
 * The smallest heap from which on the old generation has room for `live_bytes` (of which full collections left
 * `left_bytes` in use, 0: not seen) and for what is expected to be promoted, as restarts of the job showed it: its
 * first JVM may fill its state slowly, and the next one loads it at once. Where none was seen loading so much: with
 * room for all of eden, or half of it where the average fades (which was enough in all loads of docs/closed-loop.md).
 * 0: nothing is live.
 */
double hc_promotion_roomy_heap(const struct hc_promotion *promotion, const struct hc_epoch *epoch, double live_bytes,
                               double left_bytes);

#endif
