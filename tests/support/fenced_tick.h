/* The processor's counter, read neither before what precedes it has ended nor after what follows has begun. */
#ifndef HEAPCAST_FENCED_TICK_H
#define HEAPCAST_FENCED_TICK_H

#include <stdint.h>

static inline uint64_t fenced_tick(void)
{
#if defined __x86_64__
    __builtin_ia32_lfence();
    uint64_t t = __builtin_ia32_rdtsc();
    __builtin_ia32_lfence();
    return t;
#else
    uint64_t t;
    __asm__ volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(t));
    return t;
#endif
}

#endif
