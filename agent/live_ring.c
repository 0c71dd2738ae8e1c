#include "live_ring.h"

void live_ring_push(struct live_ring *ring, const struct live_report *report)
{
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    if (written - atomic_load_explicit(&ring->read, memory_order_acquire) == LIVE_RING_SLOTS)
        return;
    ring->slot[written % LIVE_RING_SLOTS] = *report;
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
}

int live_ring_pop(struct live_ring *ring, struct live_report *out)
{
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    if (read == atomic_load_explicit(&ring->written, memory_order_acquire))
        return 0;
    *out = ring->slot[read % LIVE_RING_SLOTS];
    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
    return 1;
}
