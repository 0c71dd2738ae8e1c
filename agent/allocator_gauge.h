/*
 * What the process's own malloc holds: glibc, or jemalloc, which Flink's image preloads. All symbols are looked up at
 * run time: a libc that lacks one (mallinfo2 before glibc 2.33, any on musl) makes a figure unknown, not the agent
 * unloadable. Called by the recorder, never in a pause.
 */
#ifndef HEAPCAST_ALLOCATOR_GAUGE_H
#define HEAPCAST_ALLOCATOR_GAUGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum allocator_kind { ALLOCATOR_UNKNOWN, ALLOCATOR_JEMALLOC, ALLOCATOR_GLIBC, ALLOCATOR_GLIBC_XML };

/* The layout of glibc's struct mallinfo2, which an older glibc's header lacks. */
struct allocator_mallinfo {
    size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};

struct allocator_gauge {
    enum allocator_kind kind;
    int (*mallctl)(const char *name, void *old, size_t *old_size, void *new_value, size_t new_size);
    struct allocator_mallinfo (*mallinfo2)(void);
    int (*malloc_info)(int options, FILE *out);
};

struct allocator_use {
    uint64_t arenas_bytes; /* glibc: what the arenas have mapped, touched or not; HC_BYTES_UNKNOWN: of another kind */
    uint64_t held_bytes;   /* all that malloc has from the system: arenas and chunks mapped by themselves */
    uint64_t used_bytes;   /* of it, given out */
};

void allocator_gauge_init(struct allocator_gauge *gauge);
/* All HC_BYTES_UNKNOWN where the allocator does not tell. */
void allocator_gauge_read(const struct allocator_gauge *gauge, struct allocator_use *out);

/* The totals at the end of what malloc_info writes (its version 1, glibc 2.10 and later); 0 if this is none. */
int allocator_parse_info(const char *xml, struct allocator_use *out);

#endif
