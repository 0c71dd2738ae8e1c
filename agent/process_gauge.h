/* What the operating system tells of this process: /proc and cgroups. Called by the recorder, never in a pause. */
#ifndef HEAPCAST_PROCESS_GAUGE_H
#define HEAPCAST_PROCESS_GAUGE_H

#include "allocator_gauge.h"

#include <heapcast/memory_sample.h>

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Where the JVM keeps what is counted by its pages; 0: unknown, its residency is then not told. ZGC's heap is not found
 * by its addresses but by its memory file. */
struct process_places {
    uintptr_t heap_start;
    size_t heap_bytes;
    uintptr_t code_start; /* the code cache */
    size_t code_bytes;
};

/* /proc/self/status. HC_BYTES_UNKNOWN where a line is missing. */
struct process_status {
    uint64_t rss_bytes, peak_bytes, anonymous_bytes, file_bytes, shared_bytes, huge_bytes;
    uint32_t threads;
};

struct process_gauge {
    struct process_places places;
    struct allocator_gauge allocator;
    int heap_file;           /* ZGC's memory file, a descriptor of the JVM's; -1: there is none */
    uint64_t rss_peak_bytes; /* of all looks: with ZGC VmHWM counts pages up to three times */
    int (*give_up)(void);    /* 1: the JVM ends, don't go on; NULL: never */
    uint32_t seen;           /* enum hc_managed_consumer: who was seen once need not be looked for again */
    int descendants_known;
    unsigned looks; /* how many there were: the costly part is not done each time */
    char cgroup_limit[512], cgroup_usage[512], cgroup_stat[512]; /* files; "" where there is no memory controller */
};

/* Finds the cgroup files and the allocator. The places come from vm_structs. */
void process_gauge_init(struct process_gauge *gauge, const struct process_places *places);

/*
 * Fills what the operating system and the allocator tell: rss, threads, residency of heap, code cache, stacks and
 * files, malloc, container, consumers. jvm_mapped_bytes gets the private pages of files. What can't be read becomes
 * unknown. Some 1 ms of CPU at a heap of 0.5 GiB, 0.5 ms more for each further GiB.
 */
void process_gauge_read(struct process_gauge *gauge, struct hc_memory_sample *out);

/* The two texts that it reads, for tests with recorded ones. */
void process_status_parse(FILE *status, struct process_status *out);
/* memory.stat of a cgroup: anon + shmem (v2), total_rss + total_shmem (v1); HC_BYTES_UNKNOWN: neither. */
uint64_t process_cgroup_held(FILE *stat);

/* When this process started: wall clock in milliseconds; 0 where /proc does not tell. */
int64_t process_start_ms(void);

#endif
