/*
 * Views of the live set on their way from the Java thread to the recorder: one producer, one consumer, no lock. Views
 * come seconds apart; when the recorder does not run, the newest are dropped.
 */
#ifndef HEAPCAST_LIVE_RING_H
#define HEAPCAST_LIVE_RING_H

#include <heapcast/live_view.h>

#include <stdatomic.h>
#include <stdint.h>

enum { LIVE_RING_SLOTS = 16 };

/* A view, and what only the recorder can make more of: it knows to the byte what pauses left. */
struct live_report {
    struct hc_live_view view;
    int64_t known_ms;     /* wall clock: when the figures were there */
    int64_t later_ms;     /* G1: the last young collection while it marked; 0: there was none */
    uint64_t later_bytes; /* used after it; whole MiB */
};

/* The producer fills a slot, then releases `written`; the consumer acquires it, copies, then releases `read`. */
struct live_ring {
    _Atomic uint32_t written, read;
    struct live_report slot[LIVE_RING_SLOTS];
};

void live_ring_push(struct live_ring *ring, const struct live_report *report);
/* 1 and *out, or 0 if empty. */
int live_ring_pop(struct live_ring *ring, struct live_report *out);

#endif
