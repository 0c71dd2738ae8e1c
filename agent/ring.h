/*
 * To the recorder: a ring of raw records for one producer and one consumer. There are two of them.
 *
 * Of the ring of pauses the producer is whichever VM thread runs the GC callbacks; HotSpot runs them one after another
 * inside safepoints or on one GC thread, so there is a single producer at any time. Of the ring of cycles it is the
 * Java thread (bean_gauge.h). The producer never waits: a full ring drops the newest record and
 * counts it. Memory order: the producer fills a slot and then releases `written`; the consumer acquires `written`,
 * copies, then releases `read`. No lock, no syscall, no wake-up: the consumer polls.
 */
#ifndef HEAPCAST_RING_H
#define HEAPCAST_RING_H

#include "perf_counters.h"

#include <heapcast/gc_sample.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { RING_CAUSE = PERF_CAUSE_BYTES };

/*
 * What a producer saw, before anything is worked out from it. Bytes; -1 where no counter or bean tells. In the ring of
 * pauses both times are still ticks (tick.h).
 */
struct gc_record {
    int64_t end_ns;   /* CLOCK_MONOTONIC, the clock of the GC log's timenanos */
    int64_t pause_ns; /* from the Start to the Finish callback; of a cycle, from its start to its end */
    int64_t used_before, used_after;
    int64_t old_before, old_after;
    int64_t committed;
    int64_t eden_capacity;                         /* before the pause */
    uint32_t young_count, full_count, phase_count; /* how far the collectors' invocation counters moved */
    uint32_t phase_total;                          /* G1, CMS: where phase_count's counter then stood */
    uint32_t missed;                               /* beans: collections since the record before that nobody saw */
    uint8_t kind;           /* enum hc_gc_kind as the bean's name tells; 0: a pause, its counters tell */
    uint8_t source;         /* enum hc_gc_source */
    uint8_t cause_cleared;  /* it was taken from the last cause: Serial, Parallel and CMS before JDK 25 */
    char cause[RING_CAUSE]; /* empty where no source tells */
};

struct ring {
    /* on lines of their own: the two sides would otherwise invalidate each other's cache line at every step */
    _Alignas(64) _Atomic uint64_t written;
    struct gc_record *slot; /* borrowed; on a line of the cache each */
    uint64_t slots;         /* a power of two */
    uint64_t read_seen;     /* the producer's own: `read` as it was when the ring last seemed full */
    _Alignas(64) _Atomic uint64_t read;
    _Alignas(64) _Atomic uint64_t dropped; /* ever */
    uint64_t dropped_taken;                /* the consumer's own */
};

_Static_assert(sizeof(struct gc_record) == 128, "two lines of the cache, for the pause");

/*
 * An empty ring over `slots` records, a power of two, that live as long as it. Every page of them is touched once, so
 * that no page fault is left for the pause.
 */
void ring_init(struct ring *ring, struct gc_record *slot, uint64_t slots);
/*
 * Producer side; wait-free. The next slot, to be filled where it lies (a copy would take twice the lines of the cache,
 * in a pause), or NULL if the ring is full. Left without ring_commit it is given out again.
 */
static inline struct gc_record *ring_reserve(struct ring *ring)
{
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    if (written - ring->read_seen == ring->slots) {
        ring->read_seen = atomic_load_explicit(&ring->read, memory_order_acquire);
        if (written - ring->read_seen == ring->slots) {
            atomic_fetch_add_explicit(&ring->dropped, 1, memory_order_relaxed);
            return NULL;
        }
    }
    return &ring->slot[written & (ring->slots - 1)];
}

static inline void ring_commit(struct ring *ring)
{
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
}
/* Both at once, for who has a record already. */
void ring_push(struct ring *ring, const struct gc_record *record);
/* Consumer side: 1 and *out, or 0 if empty. */
int ring_pop(struct ring *ring, struct gc_record *out);
/* How many records there ever were, dropped ones included: whether something happened. From any thread. */
uint64_t ring_count(const struct ring *ring);
/* Records that found the ring full, since the last call. */
uint64_t ring_take_dropped(struct ring *ring);

#endif
