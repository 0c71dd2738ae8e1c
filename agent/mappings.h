/*
 * What the list of mappings tells of this process (/proc/self/maps, with mincore and pagemap for what of them is in
 * memory): thread stacks, malloc's arenas, pages of files that became private, and who has mapped a state backend's
 * library. One pass costs some 200 us; smaps, which tells more, costs 10 ms and holds the process's memory lock for it.
 */
#ifndef HEAPCAST_MAPPINGS_H
#define HEAPCAST_MAPPINGS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Residency of a range of this process: bytes in memory. */
typedef uint64_t mappings_resident_fn(uintptr_t start, size_t bytes);

/* Ways to look at pages; tests that read a recorded list bring their own. */
struct mappings_pages {
    mappings_resident_fn *present; /* pages in memory (mincore) */
    mappings_resident_fn *private; /* pages of a private file mapping that were written to (pagemap) */
};

struct mappings {
    uint32_t consumers;      /* HC_CONSUMER_ROCKSDB and _FORST */
    uint32_t stacks;         /* thread stacks that were recognized */
    uint64_t stack_bytes;    /* resident, of these */
    uint64_t arena_bytes;    /* mapped as arenas of glibc's malloc, as far as they were recognized */
    uint64_t arena_resident; /* of these, in memory */
    uint64_t file_private;   /* written pages of private file mappings: CDS archive, data of libraries */
};

/* Reads a list of mappings. Nothing that lies in the heap's range is counted. */
void mappings_parse(FILE *maps, uintptr_t heap_start, size_t heap_bytes, const struct mappings_pages *pages,
                    struct mappings *out);

/* The same for this process; 0 where /proc does not tell. */
int mappings_read(uintptr_t heap_start, size_t heap_bytes, struct mappings *out);

/* Bytes of the range that are in memory, in steps of 32 MiB; what is not mapped is not in memory. */
uint64_t mappings_present(uintptr_t start, size_t bytes);

#endif
