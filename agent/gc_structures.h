/*
 * What a collector keeps beside the heap, by its own arithmetic: card tables, marking bitmaps, tables of block offsets.
 * The JVM maps them itself and tells nobody (only native memory tracking, which must be switched on at start).
 */
#ifndef HEAPCAST_GC_STRUCTURES_H
#define HEAPCAST_GC_STRUCTURES_H

#include <heapcast/gc_sample.h>

#include <stdint.h>

struct gc_structures_facts {
    enum hc_collector collector;
    int jdk;    /* major version, 0 unknown */
    int marked; /* the heap was marked at least once: until then bitmaps are not touched */
    uint64_t heap_committed_bytes;
    uint64_t heap_resident_bytes; /* or HC_BYTES_UNKNOWN */
};

/* Resident bytes; HC_BYTES_UNKNOWN for a collector of which nothing is known. */
uint64_t gc_structures_bytes(const struct gc_structures_facts *facts);

#endif
