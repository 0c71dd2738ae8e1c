/*
 * One look at the process outside the Java heap. Every figure is resident or reserved memory of the whole process in
 * bytes unless it says otherwise; HC_BYTES_UNKNOWN where this machine or JVM does not tell.
 */
#ifndef HEAPCAST_MEMORY_SAMPLE_H
#define HEAPCAST_MEMORY_SAMPLE_H

#include <heapcast/gc_sample.h>
#include <stdint.h>

/* Who in this process can take Flink's managed memory; a set of bits. None seen over a whole run: nobody can. */
enum hc_managed_consumer {
    HC_CONSUMER_ROCKSDB = 1, /* librocksdbjni is mapped */
    HC_CONSUMER_FORST = 2,   /* ForSt's JNI library is mapped (Flink 2.x) */
    HC_CONSUMER_PYTHON = 4,  /* a Python child process runs */
    HC_CONSUMER_OPERATOR = 8 /* Flink classes that allocate managed pages are loaded (sort, hash, window buffers) */
};

struct hc_memory_sample {
    int64_t time_ms;               /* wall clock, milliseconds since the epoch */
    uint64_t rss_bytes;            /* VmRSS of /proc/self/status */
    uint64_t rss_peak_bytes;       /* VmHWM: the most that was ever resident at once */
    uint64_t heap_resident_bytes;  /* pages of the Java heap that are in memory (mincore over the reserved range) */
    uint64_t metaspace_used_bytes; /* sun.gc.metaspace.used, class space included; refreshed by the JVM at each GC */
    uint64_t metaspace_committed_bytes; /* sun.gc.metaspace.capacity */
    uint64_t direct_bytes;          /* java.nio.Bits.RESERVED_MEMORY: direct buffers, Flink's network pool included */
    uint64_t code_cache_bytes;      /* committed code cache, or unknown */
    uint64_t container_limit_bytes; /* cgroup v1 or v2 limit, or unknown where there is none */
    uint64_t container_usage_bytes; /* cgroup usage: page cache counts there too */
    uint32_t threads;               /* threads of the process, 0 unknown */
    uint32_t classes;               /* loaded classes, 0 unknown */
    uint32_t consumers;             /* enum hc_managed_consumer */
    uint32_t consumers_known;       /* 1: the look for consumers succeeded, so an empty set means "none now" */
};

#endif
