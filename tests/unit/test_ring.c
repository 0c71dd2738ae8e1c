#include "tests/support/cmocka_test.h"

#include "agent/ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 128 };

static struct ring *ring_new(void)
{
    static _Alignas(64) struct gc_record slot[SLOTS];
    struct ring *ring = aligned_alloc(64, sizeof *ring);
    assert_non_null(ring);
    ring_init(ring, slot, SLOTS);
    return ring;
}

/* A record whose every field follows from its number, so that a torn one can be told. */
static struct gc_record record(int64_t n)
{
    struct gc_record r = {.end_ns = n,
                          .pause_ns = ~n,
                          .used_before = n * 3,
                          .used_after = n * 5,
                          .old_before = n * 7,
                          .old_after = n * 11,
                          .committed = n * 13,
                          .eden_capacity = n * 17,
                          .young_count = (uint32_t)n,
                          .full_count = (uint32_t)~n};
    snprintf(r.cause, sizeof r.cause, "%lld", (long long)n);
    return r;
}

static int is_record(const struct gc_record *r, int64_t n)
{
    struct gc_record want = record(n);
    return r->end_ns == n && r->pause_ns == want.pause_ns && r->used_before == want.used_before &&
           r->used_after == want.used_after && r->old_before == want.old_before && r->old_after == want.old_after &&
           r->committed == want.committed && r->eden_capacity == want.eden_capacity &&
           r->young_count == want.young_count && r->full_count == want.full_count && strcmp(r->cause, want.cause) == 0;
}

static void empty_ring_gives_nothing(void **state)
{
    (void)state;
    struct ring *ring = ring_new();
    struct gc_record out = record(42);
    assert_int_equal(ring_pop(ring, &out), 0);
    assert_true(is_record(&out, 42)); /* untouched */
    assert_int_equal(ring_take_dropped(ring), 0);
    free(ring);
}

static void order_is_kept_over_many_rounds(void **state)
{
    (void)state;
    struct ring *ring = ring_new();
    struct gc_record out;
    int64_t in = 0, next = 0;
    for (int round = 0; round < 5000; round++) {
        for (int i = 0; i < 1 + round % 7; i++) {
            struct gc_record r = record(in++);
            ring_push(ring, &r);
        }
        while (ring_pop(ring, &out))
            assert_true(is_record(&out, next++));
    }
    assert_int_equal(next, in);
    assert_int_equal(ring_take_dropped(ring), 0);
    free(ring);
}

static void full_ring_drops_the_newest_and_counts(void **state)
{
    (void)state;
    struct ring *ring = ring_new();
    struct gc_record out;
    for (int64_t i = 0; i < SLOTS + 5; i++) {
        struct gc_record r = record(i);
        ring_push(ring, &r);
    }
    assert_int_equal(ring_take_dropped(ring), 5);
    assert_int_equal(ring_take_dropped(ring), 0); /* taken is taken */
    assert_true(ring_pop(ring, &out) && is_record(&out, 0));
    struct gc_record late = record(777777);
    ring_push(ring, &late); /* there is room for one again */
    ring_push(ring, &late);
    assert_int_equal(ring_take_dropped(ring), 1);
    for (int64_t i = 1; i < SLOTS; i++)
        assert_true(ring_pop(ring, &out) && is_record(&out, i));
    assert_true(ring_pop(ring, &out) && is_record(&out, 777777));
    assert_int_equal(ring_pop(ring, &out), 0);
    free(ring);
}

static void a_slot_counts_once_it_is_committed(void **state)
{
    (void)state;
    struct ring *ring = ring_new();
    struct gc_record out, *slot = ring_reserve(ring);
    *slot = record(1);
    assert_int_equal(ring_pop(ring, &out), 0);
    assert_ptr_equal(ring_reserve(ring), slot); /* given out again: the one before was left */
    *slot = record(2);
    ring_commit(ring);
    assert_true(ring_pop(ring, &out) && is_record(&out, 2));
    assert_int_equal(ring_pop(ring, &out), 0);
    free(ring);
}

static void counters_may_run_past_any_width(void **state)
{
    (void)state;
    struct ring *ring = ring_new();
    struct gc_record out, r;
    atomic_store(&ring->written, UINT64_MAX - 2);
    atomic_store(&ring->read, UINT64_MAX - 2);
    for (int64_t i = 0; i < 10; i++) {
        r = record(i);
        ring_push(ring, &r);
    }
    for (int64_t i = 0; i < 10; i++)
        assert_true(ring_pop(ring, &out) && is_record(&out, i));
    assert_int_equal(ring_take_dropped(ring), 0);
    free(ring);
}

enum { PUSHES = 3000000 };

static atomic_int produced_all;

static void *produce(void *argument)
{
    struct ring *ring = argument;
    for (int64_t i = 0; i < PUSHES; i++) {
        struct gc_record r = {.end_ns = i, .pause_ns = ~i, .used_after = i * 5, .full_count = (uint32_t)~i};
        r.cause[0] = r.cause[RING_CAUSE - 1] = (char)i;
        ring_push(ring, &r);
    }
    atomic_store_explicit(&produced_all, 1, memory_order_release);
    return NULL;
}

static void two_threads_lose_nothing_uncounted(void **state)
{
    (void)state;
    struct ring *ring = ring_new();
    struct gc_record out;
    pthread_t producer;
    int64_t last = -1, received = 0, torn = 0, disordered = 0;
    atomic_store(&produced_all, 0);
    assert_int_equal(pthread_create(&producer, NULL, produce, ring), 0);
    for (;;) {
        int ended = atomic_load_explicit(&produced_all, memory_order_acquire);
        if (!ring_pop(ring, &out)) {
            if (ended)
                break;
            sched_yield();
            continue;
        }
        torn += out.pause_ns != ~out.end_ns || out.used_after != out.end_ns * 5 ||
                out.full_count != (uint32_t)~out.end_ns || out.cause[0] != (char)out.end_ns ||
                out.cause[RING_CAUSE - 1] != (char)out.end_ns;
        disordered += out.end_ns <= last;
        last = out.end_ns;
        received++;
    }
    pthread_join(producer, NULL);
    assert_int_equal(torn, 0);
    assert_int_equal(disordered, 0);
    assert_int_equal((uint64_t)received + ring_take_dropped(ring), PUSHES);
    assert_true(received >= SLOTS);
    free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_ring_gives_nothing),
        cmocka_unit_test(order_is_kept_over_many_rounds),
        cmocka_unit_test(full_ring_drops_the_newest_and_counts),
        cmocka_unit_test(a_slot_counts_once_it_is_committed),
        cmocka_unit_test(counters_may_run_past_any_width),
        cmocka_unit_test(two_threads_lose_nothing_uncounted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
