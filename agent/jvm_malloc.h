/*
 * How much of what malloc gave out is the JVM's own: symbols, method data, remembered sets, compiler arenas. Nobody
 * counts it (native memory tracking does, but must be switched on at start). In a TaskManager all that was given out
 * before Flink's first task ran, direct buffers left out, is the JVM's; later it grows with the classes that are
 * loaded. What is given out beyond that is native code's: a state backend's, a library's behind JNI.
 */
#ifndef HEAPCAST_JVM_MALLOC_H
#define HEAPCAST_JVM_MALLOC_H

#include <stdint.h>

enum jvm_malloc_job { JVM_MALLOC_JOB_UNKNOWN, JVM_MALLOC_NO_JOB_YET, JVM_MALLOC_JOB_RAN };

struct jvm_malloc_facts {
    uint64_t used_bytes, direct_bytes; /* HC_BYTES_UNKNOWN: not known */
    uint32_t classes;                  /* 0: not known */
    enum jvm_malloc_job job;
};

/* All 0: nothing seen yet. */
struct jvm_malloc {
    uint64_t base_bytes; /* without what classes take; the least of several looks, for the JIT's arenas come and go */
    int known;
};

/* The JVM's own share at this look, at most what is given out beside direct buffers; HC_BYTES_UNKNOWN: not known. */
uint64_t jvm_malloc_look(struct jvm_malloc *own, const struct jvm_malloc_facts *facts);

#endif
