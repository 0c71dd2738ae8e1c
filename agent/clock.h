/* Clocks. now_ns is a call of the vDSO, not of the system, and so the one that may be asked in a pause (tick.h). */
#ifndef HEAPCAST_CLOCK_H
#define HEAPCAST_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* CLOCK_MONOTONIC for distances, CLOCK_REALTIME for what is written down. */
static inline int64_t now_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Processor time of the calling thread. */
static inline int64_t own_cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

#endif
