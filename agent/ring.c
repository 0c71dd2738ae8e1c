#include "ring.h"

#include <stddef.h>
#include <string.h>

void ring_init(struct ring *ring, struct gc_record *slot, uint64_t slots)
{
    memset(ring, 0, sizeof *ring);
    ring->slot = slot;
    ring->slots = slots;
    for (uint64_t i = 0; i < slots; i++) {
        volatile char *end = &slot[i].cause[RING_CAUSE - 1];
        *end = '\0';
    }
}

void ring_push(struct ring *ring, const struct gc_record *record)
{
    struct gc_record *slot = ring_reserve(ring);
    if (slot == NULL)
        return;
    *slot = *record;
    ring_commit(ring);
}

int ring_pop(struct ring *ring, struct gc_record *out)
{
    uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    if (read == atomic_load_explicit(&ring->written, memory_order_acquire))
        return 0;
    *out = ring->slot[read & (ring->slots - 1)];
    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
    return 1;
}

uint64_t ring_count(const struct ring *ring)
{
    return atomic_load_explicit(&ring->written, memory_order_acquire) +
           atomic_load_explicit(&ring->dropped, memory_order_relaxed);
}

uint64_t ring_take_dropped(struct ring *ring)
{
    uint64_t dropped = atomic_load_explicit(&ring->dropped, memory_order_relaxed), taken = ring->dropped_taken;
    ring->dropped_taken = dropped;
    return dropped - taken;
}
