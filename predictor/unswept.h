/*
 * JVMs that nothing swept. With Serial and Parallel one may live for hours, and end, without a full collection: then
 * nobody knows how much of what its young collections left was live. What they left is kept with its hour, and sweeps
 * that come later, mostly of other JVMs of the job, bear witness to how much garbage comes with allocation. So what was
 * live in such an hour is worked out anew whenever it is asked for.
 *
 * The job may have done something else by then. So no more is taken off than the JVM itself can have had: nothing is
 * freed in one that nothing sweeps, and what it had in use rose at least as fast as its garbage.
 */
#ifndef HC_PREDICTOR_UNSWEPT_H
#define HC_PREDICTOR_UNSWEPT_H

#include "live_points.h"

#include <stdint.h>

enum { HC_UNSWEPT_POINTS = 8, HC_WITNESSES = 5 };

/* How what is in use rises while a JVM runs that nothing has swept. Zeros to begin with. */
struct hc_unswept_rise {
    struct hc_unswept_mark {
        double allocated_bytes, used_bytes;
    } loaded, /* when half as much again was allocated as is in use: the state may be there */
        half, /* a quarter to a half of what is allocated by now */
        next; /* the next half */
};

/* An hour's collections of JVMs without a sweep. */
struct hc_unswept {
    struct hc_live_point point[HC_UNSWEPT_POINTS];
    uint32_t count;
    uint32_t reserved; /* 0: keeps the state a multiple of eight bytes */
};

/* A sweep. */
struct hc_witness {
    int64_t time_ms;
    double allocated_bytes; /* since the sweep before, or the JVM's start */
    double rate;            /* garbage per byte of that */
    double garbage_bytes;   /* seen to go */
};

/* The newest, and of three days those that came after the most allocation: there can be thousands in a heap that is too
 * small, each of which says little. Oldest first. */
struct hc_witnesses {
    struct hc_witness witness[HC_WITNESSES];
    uint32_t count;
    uint32_t reserved; /* 0, as above */
};

/* 0: damaged, must not be used. */
int hc_unswept_is_sound(const struct hc_unswept *unswept);
int hc_witnesses_are_sound(const struct hc_witnesses *witnesses);

/* The most of `used_bytes` that can be garbage once so much is allocated; takes that in. */
double hc_unswept_most_garbage(struct hc_unswept_rise *rise, double allocated_bytes, double used_bytes);
void hc_witnesses_add(struct hc_witnesses *witnesses, struct hc_witness witness);
/* Moves `count` collections of one JVM to an hour. */
void hc_unswept_keep(struct hc_unswept *unswept, const struct hc_live_point *points, uint32_t count);
/*
 * The most that was live in the hour, in bytes, as the sweeps since then show it, and by `rate` (0: not known) where
 * there was none; never below `anchor` but for what never reached it. 0: no such collection.
 */
uint64_t hc_unswept_peak(const struct hc_unswept *unswept, const struct hc_witnesses *witnesses, double rate,
                         double anchor);
/* The same by the rate that the JVM's own first sweep showed. */
uint64_t hc_unswept_settled(const struct hc_unswept *unswept, double rate, double anchor);

#endif
