/*
 * The live set out of G1's own marking: a parser for the text of one concurrent cycle, as the unified log prints it
 * with gc=info and gc+liveness=trace. Line by line, pure, no allocation.
 *
 * In its Remark pause G1 prints a row for each region and a sum ("Post-Marking"). What was allocated since marking
 * began counts as live there. It lies in eden, so
 *     live set at the Concurrent Start pause = the sum's live - what its EDEN rows use,
 * unless a young collection came in between: then its survivors have to come off, too (live_watch.h). Measured on JDK
 * 11, 17, 21 and 25: within 0.3 % (median) and 2.4 % (most) of a counted live set. Later tables of the same cycle hold
 * more that was allocated meanwhile.
 *
 * Several workers may print the rows (a heap of more than 384 regions) and add to the sum without care for each other:
 * the sum may lack what some rows say, most of all on machines with many cores. So the rows count. None of them is lost
 * if they cover what the heap has committed, and they must make no less than the sum.
 *
 * gc+liveness is a trace tag without any promise of form: what is not understood, or contradicts itself, is no value.
 */
#ifndef HEAPCAST_LIVENESS_TABLE_H
#define HEAPCAST_LIVENESS_TABLE_H

#include <stdint.h>

enum liveness_state {
    LIVENESS_WAITING = 0, /* no Concurrent Start yet */
    LIVENESS_MARKING = 1, /* the cycle has begun */
    LIVENESS_DONE = 2,    /* live_bytes holds */
    LIVENESS_ABORTED = 3, /* a full collection came in between */
    LIVENESS_STRANGE = 4  /* a table that this parser does not understand; `strange` says what */
};

struct liveness_table {
    enum liveness_state state;
    int64_t start_ns;     /* CLOCK_MONOTONIC: end of the Concurrent Start pause, the moment that is described */
    uint64_t used_bytes;  /* used after that pause; whole MiB */
    int asked;            /* 1: the cause of the start is a periodic or explicit collection */
    uint64_t live_bytes;  /* eden left out */
    int64_t later_ns;     /* the last young collection while it marked; 0: none */
    uint64_t later_bytes; /* used after it; whole MiB */
    uint64_t added_us, added_max_us; /* pauses that were there because somebody asked, and the Remark with its table */
    const char *strange;

    /* the parser's own */
    int in_table,
        next_live; /* next_live: the column counts this cycle's marking beside the one before (JDK 11 to 17) */
    uint64_t committed_bytes, region_bytes, rows, row_used_bytes, row_live_bytes, eden_bytes;
};

void liveness_table_init(struct liveness_table *table);

/* One line, without its newline; decorated with timenanos (and others, which are ignored). Returns the state. */
enum liveness_state liveness_table_line(struct liveness_table *table, const char *line);

#endif
