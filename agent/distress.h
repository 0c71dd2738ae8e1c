/*
 * Is the heap nearly exhausted? A JVM whose heap is too small rarely throws an OutOfMemoryError: it collects the whole
 * heap again and again, each time in vain, and its threads get no turn (a TaskManager then loses its heartbeat). That
 * is read from the collections themselves, in the recorder, which does get its turn.
 *
 * No clock, no I/O: the same samples give the same answer.
 */
#ifndef HEAPCAST_DISTRESS_H
#define HEAPCAST_DISTRESS_H

#include <heapcast/gc_sample.h>
#include <heapcast/recommendation.h>

#include <stdint.h>

enum { DISTRESS_MARKS = 16 };

struct distress {
    uint64_t paused_us;      /* of all samples so far */
    int64_t last_whole_ms;   /* end of the newest collection of the whole heap; 0: none */
    int64_t silent_until_ms; /* said already */
    uint64_t in_vain;        /* collections in vain since one that was not */
    unsigned least_percent;  /* the least of the heap that one of these left in use */
    /* Where some of them stood at their end, oldest first: the share of time since is told from these. */
    unsigned marks;
    struct distress_mark {
        int64_t end_ms;
        uint64_t paused_us, in_vain;
    } mark[DISTRESS_MARKS];
};

/*
 * Takes a sample. 1: from now on the heap counts as nearly exhausted, and *event says so (once in ten minutes); else 0.
 */
int distress_observe(struct distress *distress, const struct hc_gc_sample *sample, struct hc_event *event);

#endif
