/*
 * The time inside a pause. There the clock of the C library is dear: after a collection its code, its table of calls
 * and the kernel's page behind it are out of the caches. Where the kernel itself takes the processor's counter for its
 * clock (and so vouches that it is steady, and the same on every core), the callbacks read the counter alone: a tick.
 * The recorder, outside the pause, makes nanoseconds of it. Elsewhere a tick is a nanosecond of CLOCK_MONOTONIC.
 */
#ifndef HEAPCAST_TICK_H
#define HEAPCAST_TICK_H

#include "clock.h"

#include <stdint.h>

/* Chooses, once, before any other call; until then a tick is a nanosecond. */
void tick_init(void);
/* What was chosen: 1 the processor's counter, 0 CLOCK_MONOTONIC. */
int tick_is_counter(void);

/* A tick; `is_counter` as tick_is_counter says, for the callbacks keep it beside their other data. */
static inline int64_t tick_now(int is_counter)
{
#if defined __x86_64__
    if (is_counter)
        return (int64_t)__builtin_ia32_rdtsc();
#elif defined __aarch64__
    if (is_counter) {
        int64_t count;
        __asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
        return count;
    }
#else
    (void)is_counter;
#endif
    return now_ns(CLOCK_MONOTONIC);
}

/* One moment on both clocks. */
struct tick_pair {
    int64_t tick, ns;
};

/* How ticks run against CLOCK_MONOTONIC. One thread's own. */
struct tick_scale {
    struct tick_pair oldest, middle,
        now; /* the rate is that from the oldest to now: 10 to 20 s, once it has run so long */
    double ns_per_tick;
};

void tick_scale_init(struct tick_scale *scale);
/* Now and then, best shortly after the ticks that are to be converted. */
void tick_scale_update(struct tick_scale *scale);
/* CLOCK_MONOTONIC at a tick, within a microsecond where the last update is less than a second away. */
int64_t tick_to_ns(const struct tick_scale *scale, int64_t tick);
/* Of a distance between two ticks. */
int64_t tick_length_ns(const struct tick_scale *scale, int64_t ticks);

#endif
