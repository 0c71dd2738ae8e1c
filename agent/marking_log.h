/*
 * The live set out of the log of ZGC and Shenandoah: a parser for their cycles, line by line, pure, no allocation.
 *
 * ZGC (tags gc=info, gc+heap=info, gc+phases=info) prints at the end of each cycle a table whose line "Live:" is what
 * its marking counted at mark end; what was allocated meanwhile has a line of its own, so the count describes the mark
 * start. The generational ZGC (JDK 21 on request, 25) has a table for each generation of a major collection: the live
 * set is the old one's (O:) and that of the last young one (Y:) of the same collection. Before the first marking of the
 * old generation O: says 0 of a generation that is not empty: no value. Warm-up cycles were up to 24 % too low: none.
 *
 * Shenandoah (gc=info, gc+ergo=info) says at final mark how much garbage it will collect and how many percent of all
 * garbage that is: live = used then - garbage - what was allocated while it marked. A whole percent and whole MiB make
 * this an estimate (-1 to +19 % seen). Only cycles of the whole heap count in its generational mode.
 *
 * Neither text is promised by anybody: what is not understood is no value.
 */
#ifndef HEAPCAST_MARKING_LOG_H
#define HEAPCAST_MARKING_LOG_H

#include <stdint.h>

struct marking_log {
    /* of the newest finished marking; the functions below say when there is one */
    int64_t start_ns; /* CLOCK_MONOTONIC: the moment that is described */
    uint64_t live_bytes, used_bytes;
    uint64_t pause_us, pause_max_us; /* of the pauses of its cycle, up to where the figures are known */
    int asked;                       /* 1: its cause is an explicit collection */

    /* the parser's own: what is known of the cycle that runs */
    int64_t gc, mark_ns; /* mark_ns 0: the log was switched on after its marking began */
    uint64_t sum_us, max_us;
    int has_live, has_young, in_old; /* ZGC; in_old: inside the old generation's own table */
    uint64_t live, young_live, used_at_start;
    int cause_explicit, young_only, has_free, has_garbage; /* Shenandoah */
    uint64_t free_bytes, allocated, garbage;
};

void marking_log_init(struct marking_log *log);
/* One line without its newline. 1: a marking is complete and its figures stand in *log; else 0. */
int marking_log_z_line(struct marking_log *log, const char *line);
int marking_log_shenandoah_line(struct marking_log *log, const char *line);

#endif
