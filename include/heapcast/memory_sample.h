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
    int64_t time_ms;         /* wall clock, milliseconds since the epoch */
    uint64_t rss_bytes;      /* VmRSS of /proc/self/status; a ZGC heap, which may be mapped three times, counts once */
    uint64_t rss_peak_bytes; /* VmHWM: the most that was ever resident at once (ZGC: that any look saw) */
    uint64_t heap_resident_bytes;  /* pages of the Java heap that are in memory (mincore over the reserved range) */
    uint64_t metaspace_used_bytes; /* sun.gc.metaspace.used, class space included; refreshed by the JVM at each GC */
    uint64_t metaspace_committed_bytes; /* sun.gc.metaspace.capacity */
    uint64_t direct_bytes;          /* java.nio.Bits.RESERVED_MEMORY: direct buffers, Flink's network pool included */
    uint64_t code_cache_bytes;      /* resident code cache */
    uint64_t file_bytes;            /* RssFile: pages that stand in a file too, and can be dropped */
    uint64_t stack_bytes;           /* resident stacks of all threads */
    uint64_t malloc_held_bytes;     /* resident memory that malloc has from the system, given out or not */
    uint64_t malloc_used_bytes;     /* of it, given out: direct buffers, the JVM's own, native code's */
    uint64_t jvm_malloc_bytes;      /* of that, the JVM's own: what it took before Flink's first task ran */
    uint64_t jvm_mapped_bytes;      /* the JVM's own beyond malloc: GC structures, data of its archive and libraries */
    uint64_t gc_structures_bytes;   /* of that, what grows with the heap (by the collector's own arithmetic) */
    uint64_t heap_committed_bytes;  /* capacity of the generations, both survivor spaces */
    uint64_t container_limit_bytes; /* cgroup v1 or v2 limit, or unknown where there is none */
    uint64_t container_usage_bytes; /* cgroup usage: page cache counts there too */
    uint64_t container_held_bytes;  /* of it, anonymous and shared memory: what can't be dropped */
    uint32_t threads;               /* threads of the process, 0 unknown */
    uint32_t classes;               /* loaded classes, 0 unknown */
    uint32_t consumers;             /* enum hc_managed_consumer */
    uint32_t consumers_known;       /* 1: the look for consumers succeeded, so an empty set means "none now" */
};

#endif
