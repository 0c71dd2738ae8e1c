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

/* A view, and what only the recorder can make of it: it knows to the byte what was used after the pause in question. */
struct live_report {
    struct hc_live_view view;
    uint64_t garbage_bytes; /* G1: dead at that moment, by the marking's count; HC_BYTES_UNKNOWN: not told */
    int64_t known_ms;       /* wall clock: when the figures were there */
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
