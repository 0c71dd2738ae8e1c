/*
 * What the cycles of ZGC and Shenandoah cost beside their short pauses: CPU time of the collector's threads, taken from
 * the program. Told as time in which all processors would have done nothing else, so that it adds to pauses.
 */
#ifndef HEAPCAST_CYCLE_COST_H
#define HEAPCAST_CYCLE_COST_H

#include "gc_cpu.h"

#include <heapcast/gc_sample.h>

#include <stdint.h>

struct cycle_cost {
    struct gc_cpu cpu;
    int64_t counted_ns; /* CPU time that was told, or that was before */
    int64_t next_ms;    /* monotonic */
    unsigned processors;
    uint64_t paused_us; /* in pauses since it was told, in which the same threads work */
    int runs;           /* 0: another collector */
};

/* From here on it counts. `task_dir` as for gc_cpu_init; `processors`: that the JVM may use, 1 at least. */
void cycle_cost_init(struct cycle_cost *cost, enum hc_collector collector, const char *task_dir, unsigned processors);
/* After a cycle with pauses of so much: microseconds since it was told last, the pauses' own left out. Read from /proc
 * at most every other second; 0 meanwhile, and the next one tells it all. */
uint64_t cycle_cost_take_us(struct cycle_cost *cost, int64_t now_ms, uint64_t paused_us);

#endif
