/* What the operating system tells of this process: /proc and cgroups. Called by the recorder, never in a pause. */
#ifndef HEAPCAST_PROCESS_GAUGE_H
#define HEAPCAST_PROCESS_GAUGE_H

#include <heapcast/memory_sample.h>

#include <stddef.h>
#include <stdint.h>

struct process_gauge {
    uintptr_t heap_start; /* 0: unknown, heap residency is then not told */
    size_t heap_bytes;
    uint32_t seen; /* enum hc_managed_consumer: who was seen once need not be looked for again */
    int descendants_known;
    unsigned looks;                            /* how many there were: the costly part is not done each time */
    char cgroup_limit[512], cgroup_usage[512]; /* files; "" where there is no memory controller */
};

/* Finds the cgroup files. heap_start and heap_bytes come from vm_heap_range. */
void process_gauge_init(struct process_gauge *gauge, uintptr_t heap_start, size_t heap_bytes);

/* Fills rss, threads, heap residency, container and consumers of *out; what can't be read becomes unknown. */
void process_gauge_read(struct process_gauge *gauge, struct hc_memory_sample *out);

/* When this process started: wall clock in milliseconds; 0 where /proc does not tell. */
int64_t process_start_ms(void);

#endif
