/*
 * From the pause to the recorder: a ring of raw records for one producer and one consumer.
 *
 * The producer is whichever VM thread runs the GC callbacks; HotSpot runs them one after another inside safepoints or
 * on one GC thread, so there is a single producer at any time. It never waits: a full ring drops the newest record and
 * counts it. Memory order: the producer fills a slot and then releases `written`; the consumer acquires `written`,
 * copies, then releases `read`. No lock, no syscall, no wake-up: the consumer polls.
 */
#ifndef HEAPCAST_RING_H
#define HEAPCAST_RING_H

#include <stdatomic.h>
#include <stdint.h>

enum { RING_SLOTS = 1024, RING_CAUSE = 40 };

/* What the callbacks saw, before anything is worked out from it. Bytes; -1 where a counter is not there. */
struct gc_record {
    int64_t end_ns;   /* CLOCK_MONOTONIC, the clock of the GC log's timenanos */
    int64_t pause_ns; /* from the Start to the Finish callback */
    int64_t used_before, used_after;
    int64_t old_before, old_after;
    int64_t committed;
    int64_t eden_capacity;                         /* before the pause */
    uint32_t young_count, full_count, phase_count; /* how far the collectors' invocation counters moved */
    char cause[RING_CAUSE];
};

struct ring {
    /* on lines of their own: the two sides would otherwise invalidate each other's cache line at every step */
    _Alignas(64) _Atomic uint64_t written;
    _Alignas(64) _Atomic uint64_t read;
    _Alignas(64) _Atomic uint64_t dropped;
    struct gc_record slot[RING_SLOTS];
};

/* Touches every page once, so that no page fault is left for the pause. Before the producer begins. */
void ring_touch(struct ring *ring);
/* Producer side; wait-free. */
void ring_push(struct ring *ring, const struct gc_record *record);
/* Consumer side: 1 and *out, or 0 if empty. */
int ring_pop(struct ring *ring, struct gc_record *out);
/* Records that found the ring full, since the last call. */
uint64_t ring_take_dropped(struct ring *ring);

#endif
