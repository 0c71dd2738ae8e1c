/*
 * The live set behind each collection's used-after.
 *
 * Used-after of a young collection holds the live set plus garbage in the old generation, which grows until a mixed,
 * old or full collection takes it away. So the estimate starts from the minimum of a block of recent collections (an
 * upper bound), anchored at clean points where the old generation was just swept, less the garbage that every recent
 * sweep found per allocated byte. Study and figures: docs/predictor.md.
 *
 * Serial's full collections leave dead objects where they are, up to 5 % of the old generation, but for each fourth,
 * which compacts (heapcast/dead_wood.h). This dead wood is in use until the next one and never live: once a compacting
 * one has shown what is live, all is read without.
 *
 * A sweep also tells afterwards how much garbage there was on the way to it: what passed for live is settled then, for
 * the running hour here, for the hours before by the series.
 */
#ifndef HC_PREDICTOR_LIVE_SET_H
#define HC_PREDICTOR_LIVE_SET_H

#include "live_points.h"
#include "unswept.h"

#include <heapcast/gc_sample.h>
#include <heapcast/recommendation.h>

#include <stdint.h>

enum { HC_BLOCK = 15, HC_RATES = 12, HC_CYCLES = 4, HC_LIVE_POINTS = 24 };

struct hc_block_entry {
    int64_t end_time_ms;
    uint64_t used_bytes;
    uint64_t swept;         /* the old generation may have been swept between the entry before and this one */
    double allocated_bytes; /* since the last clean point; 0: that one itself */
};

/* What one collection told. */
struct hc_live_told {
    int clean;              /* 1: a clean point, and the rest is filled */
    uint64_t peak_bytes;    /* the most that was live since the clean point before, in the running hour */
    double allocated_bytes; /* since the clean point before */
    double more_garbage;    /* per allocated byte, than was taken off meanwhile; negative: less */
    uint64_t anchor_bytes;  /* nothing is settled below this */
    double garbage_rate;    /* per allocated byte, as far as it is trusted */
    int rate_known;         /* 0: what was allocated is not known, so there is no rate */
    int grew;               /* 1: the live set grew by much of what was allocated */
};

struct hc_live_set {
    struct hc_block_entry block[HC_BLOCK];       /* since the last clean point, oldest first */
    struct hc_live_point points[HC_LIVE_POINTS]; /* since the last clean point, in the running hour */
    struct hc_witnesses witnesses;               /* sweeps that speak for hours without any */
    struct hc_unswept_rise rise;                 /* since the last clean point, or the JVM's start */
    double rates[HC_RATES];                      /* garbage bytes per allocated byte, between clean points */
    uint64_t cycles_bytes[HC_CYCLES];            /* used after the last concurrent cycles */
    uint64_t live_bytes;                         /* the newest estimate; 0 before the first collection */
    uint64_t used_bytes;                         /* the newest used-after */
    uint64_t clean_bytes, clean_lower_bytes;
    int64_t clean_ms; /* INT64_MIN: no clean point yet */
    uint64_t mixed_bytes;
    struct hc_block_entry before_mixed;
    double allocated_bytes; /* since the last clean point */
    double rate;            /* garbage per allocated byte that every recent sweep found at least; 0 unknown */
    double newest_rate;     /* what the newest sweep found, as far as it is trusted; 0 unknown */
    double newest_garbage;  /* the bytes that it showed */
    double shown_rate;      /* by the last sweeps of the JVMs before: the lowest, and the most bytes; 0 none */
    double shown_garbage;
    uint64_t fulls, compacted_bytes; /* Serial, this JVM: full collections; what the newest compacting one left, or 0 */
    uint64_t wood_bytes;             /* what the newest full collection left of dead wood */
    uint32_t block_count, rate_count, cycle_count, point_count;
    uint32_t clean_since_start; /* 1: this JVM has had a clean point */
    uint32_t collections;       /* since the JVM's start */
    uint32_t allocated_known, in_mixed_run, swept;
    uint32_t clean_kind; /* enum hc_gc_kind of the last clean point */
};

void hc_live_set_init(struct hc_live_set *set);
/* 0: a damaged one, that must not be used. */
int hc_live_set_is_sound(const struct hc_live_set *set);
/*
 * A new JVM: its old generation is empty; what was learned about garbage rates stays. Returns the most that was live in
 * the running hour since the JVM before had its last clean point. If it never had one, or that showed no garbage (the
 * live set grew), nobody knows yet, and Serial and Parallel may go on for long without: then 0 is returned, and what it
 * left is kept in `unswept`. `was`: the collector of the JVM before.
 */
uint64_t hc_live_set_restart(struct hc_live_set *set, enum hc_collector was, struct hc_unswept *unswept);
/* Takes in a collection and returns the live estimate in bytes. */
uint64_t hc_live_set_observe(struct hc_live_set *set, const struct hc_gc_sample *sample, enum hc_collector collector,
                             struct hc_live_told *out);
/*
 * The most that was live in the running hour since the last clean point, 0 without a collection. A rate that fewer than
 * three sweeps showed takes off no more than the garbage that was really seen.
 */
uint64_t hc_live_set_peak(const struct hc_live_set *set);
/* The running hour is over. Returns the most that was live since the last clean point, for the next sweep to settle;
 * or 0, and what a JVM left that nothing has swept is kept in `unswept`. */
uint64_t hc_live_set_end_hour(struct hc_live_set *set, enum hc_collector collector, struct hc_unswept *unswept);
/* The most that was live in an hour of JVMs without a sweep. */
uint64_t hc_live_set_unswept_peak(const struct hc_live_set *set, const struct hc_unswept *unswept);
/* A pause that moves no object (G1 Remark, Cleanup) may still free whole regions of the old generation. */
void hc_live_set_observe_pause(struct hc_live_set *set);
/* 1 once anything swept the old generation. Before that an estimate is no more than a guess: all that is used may be
 * live, and a job that fills its state looks just like one that leaves garbage behind. */
int hc_live_set_swept(const struct hc_live_set *set);

/* How well the live set is known, when a clean point of the last `max_age_ms` counts. */
enum hc_evidence hc_live_set_evidence(const struct hc_live_set *set, int64_t now_ms, int64_t max_age_ms);

#endif
