#include "tests/support/cmocka_test.h"

#include "agent/sampler.h"

#include <stdio.h>
#include <string.h>

#define MIB (INT64_C(1) << 20)

static struct sampler s;
static struct hc_gc_sample out;

static struct gc_record young(int64_t used_before, int64_t used_after, int64_t old_before, int64_t old_after)
{
    struct gc_record r = {.end_ns = 5000000000,
                          .pause_ns = 1234567,
                          .used_before = used_before * MIB,
                          .used_after = used_after * MIB,
                          .old_before = old_before * MIB,
                          .old_after = old_after * MIB,
                          .committed = 260 * MIB + 24,
                          .eden_capacity = 50 * MIB,
                          .young_count = 1};
    snprintf(r.cause, sizeof r.cause, "Allocation Failure");
    return r;
}

static struct gc_record pause(void)
{
    struct gc_record r = young(100, 100, 80, 80);
    r.young_count = 0;
    snprintf(r.cause, sizeof r.cause, "G1 Evacuation Pause");
    return r;
}

static struct gc_record full(void)
{
    struct gc_record r = young(200, 60, 150, 60);
    r.young_count = 0;
    r.full_count = 1;
    return r;
}

static enum hc_gc_kind make(struct gc_record r)
{
    sampler_make(&s, &r, INT64_C(1700000000000000000), &out);
    return out.kind;
}

static void g1(void)
{
    sampler_init(&s, HC_COLLECTOR_G1, 512 * (uint64_t)MIB);
}

static void every_figure_is_carried_over(void **state)
{
    (void)state;
    g1();
    assert_int_equal(make(young(150, 105, 100, 101)), HC_GC_YOUNG);
    assert_int_equal(out.end_time_ms, INT64_C(1700000005000));
    assert_int_equal(out.gc_id, 1);
    assert_int_equal(out.pause_us, 1234);
    assert_int_equal(out.gc_time_us, 1234);
    assert_int_equal(out.heap_used_before_bytes, 150 * MIB);
    assert_int_equal(out.heap_used_after_bytes, 105 * MIB);
    assert_int_equal(out.old_used_after_bytes, 101 * MIB);
    assert_int_equal(out.heap_committed_bytes, 260 * MIB); /* padding of the counters cut off */
    assert_int_equal(out.heap_max_bytes, 512 * MIB);
    assert_int_equal(out.promoted_bytes, MIB);
    assert_string_equal(out.cause, "Allocation Failure");
    make(young(150, 105, 100, 101));
    assert_int_equal(out.gc_id, 2);
}

static void g1_allocation_is_exact_from_the_second_pause_on(void **state)
{
    (void)state;
    g1();
    make(young(150, 105, 100, 101));
    assert_true(out.allocated_bytes == HC_BYTES_UNKNOWN);
    make(young(155, 106, 101, 102));
    assert_int_equal(out.allocated_bytes, 50 * MIB);
    make(young(90, 80, 70, 70)); /* less than was left: something was freed outside of pauses */
    assert_true(out.allocated_bytes == HC_BYTES_UNKNOWN);
}

static void serial_and_parallel_count_an_eden_per_allocation_failure(void **state)
{
    (void)state;
    const enum hc_collector both[] = {HC_COLLECTOR_SERIAL, HC_COLLECTOR_PARALLEL};
    for (int i = 0; i < 2; i++) {
        sampler_init(&s, both[i], 512 * (uint64_t)MIB);
        assert_int_equal(make(young(150, 105, 100, 101)), HC_GC_YOUNG);
        assert_int_equal(out.allocated_bytes, 50 * MIB);
        assert_true(out.heap_used_before_bytes == HC_BYTES_UNKNOWN); /* eden's counter is stale before a pause */
        struct gc_record r = full();
        snprintf(r.cause, sizeof r.cause, "System.gc()");
        assert_int_equal(make(r), HC_GC_FULL);
        assert_true(out.allocated_bytes == HC_BYTES_UNKNOWN);
        r = young(150, 105, 100, 101);
        r.eden_capacity = 0;
        make(r);
        assert_true(out.allocated_bytes == HC_BYTES_UNKNOWN);
    }
}

static void promotion_is_growth_of_old_in_a_young_pause_only(void **state)
{
    (void)state;
    g1();
    make(young(150, 105, 100, 100));
    assert_int_equal(out.promoted_bytes, 0);
    make(young(150, 95, 100, 90)); /* eager reclaim of humongous objects */
    assert_true(out.promoted_bytes == HC_BYTES_UNKNOWN);
    make(full());
    assert_true(out.promoted_bytes == HC_BYTES_UNKNOWN);
}

static void mixed_only_between_cleanup_and_remark(void **state)
{
    (void)state;
    g1();
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_YOUNG); /* falls, but no marking yet */
    assert_int_equal(make(pause()), HC_GC_PAUSE);                 /* Remark */
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_YOUNG);
    assert_int_equal(make(pause()), HC_GC_PAUSE);                   /* Cleanup */
    assert_int_equal(make(young(150, 105, 100, 101)), HC_GC_YOUNG); /* old grows: not mixed */
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_MIXED);
    assert_int_equal(make(young(150, 85, 90, 80)), HC_GC_MIXED);
    assert_int_equal(make(pause()), HC_GC_PAUSE); /* Remark of the next cycle */
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_YOUNG);
}

static void a_full_collection_ends_the_cycle(void **state)
{
    (void)state;
    g1();
    make(pause()); /* Remark */
    assert_int_equal(make(full()), HC_GC_FULL);
    make(pause()); /* Remark again, not the Cleanup of the cycle that was given up */
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_YOUNG);
    make(pause());
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_MIXED);
    make(full());
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_YOUNG);
}

static void one_pair_of_callbacks_may_hold_young_and_full(void **state)
{
    (void)state;
    g1();
    struct gc_record r = full();
    r.young_count = 1;
    assert_int_equal(make(r), HC_GC_FULL);
}

static void a_concurrent_pause_has_a_cause_of_its_own(void **state)
{
    (void)state;
    g1();
    make(pause());
    assert_string_equal(out.cause, "Concurrent Cycle");
}

static void odd_records_do_no_harm(void **state)
{
    (void)state;
    g1();
    struct gc_record r = young(150, 105, 100, 101);
    r.pause_ns = -5;
    memset(r.cause, 'c', sizeof r.cause - 1);
    r.cause[sizeof r.cause - 1] = '\0';
    make(r);
    assert_int_equal(out.pause_us, 0);
    assert_int_equal(strlen(out.cause), sizeof out.cause - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_figure_is_carried_over),
        cmocka_unit_test(g1_allocation_is_exact_from_the_second_pause_on),
        cmocka_unit_test(serial_and_parallel_count_an_eden_per_allocation_failure),
        cmocka_unit_test(promotion_is_growth_of_old_in_a_young_pause_only),
        cmocka_unit_test(mixed_only_between_cleanup_and_remark),
        cmocka_unit_test(a_full_collection_ends_the_cycle),
        cmocka_unit_test(one_pair_of_callbacks_may_hold_young_and_full),
        cmocka_unit_test(a_concurrent_pause_has_a_cause_of_its_own),
        cmocka_unit_test(odd_records_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
