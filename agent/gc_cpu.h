/*
 * What the garbage collector's threads have cost: their CPU time, from /proc. A thread is known by the name that
 * HotSpot gives it; each is looked at once when it is new, so ten thousand other threads cost a directory listing.
 */
#ifndef HEAPCAST_GC_CPU_H
#define HEAPCAST_GC_CPU_H

#include <stdint.h>

enum { GC_CPU_THREADS_MAX = 256, GC_CPU_LOOK_MAX = 4096 };

struct gc_cpu {
    const char *task_dir; /* "/proc/self/task"; tests have their own */
    long newest;          /* thread ids up to this one have been looked at */
    unsigned count;
    struct gc_cpu_thread {
        long id;
        int concurrent; /* 1: works beside the program only (marking), never in the pauses of young collections */
    } thread[GC_CPU_THREADS_MAX];
};

/* Nanoseconds since the start of the threads. */
struct gc_cpu_time {
    int64_t concurrent_ns, other_ns;
};

void gc_cpu_init(struct gc_cpu *cpu, const char *task_dir);
/* 0: /proc does not tell. */
int gc_cpu_read(struct gc_cpu *cpu, struct gc_cpu_time *out);

#endif
