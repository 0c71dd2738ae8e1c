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

/* The producer fills a slot, then releases `written`; the consumer acquires it, copies, then releases `read`. */
struct live_ring {
    _Atomic uint32_t written, read;
    struct hc_live_view slot[LIVE_RING_SLOTS];
};

void live_ring_push(struct live_ring *ring, const struct hc_live_view *view);
/* 1 and *out, or 0 if empty. */
int live_ring_pop(struct live_ring *ring, struct hc_live_view *out);

#endif
