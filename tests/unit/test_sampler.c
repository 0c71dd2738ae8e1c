#include "tests/support/cmocka_test.h"

#include "agent/sampler.h"

#include <stdio.h>
#include <string.h>

#define MIB (INT64_C(1) << 20)

static struct sampler s;
static struct hc_gc_sample out;
static uint32_t phases; /* G1's counter of Remarks and Cleanups */

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
    r.phase_count = 1;
    r.phase_total = ++phases;
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
    assert_int_equal(sampler_make(&s, &r, INT64_C(1700000000000000000), &out), 1);
    return out.kind;
}

static void g1(void)
{
    sampler_init(&s, HC_COLLECTOR_G1, SAMPLER_PAUSES, 512 * (uint64_t)MIB, 0);
    phases = 0;
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
        sampler_init(&s, both[i], SAMPLER_PAUSES, 512 * (uint64_t)MIB, 0);
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

static void after_a_cleanup_one_young_then_mixed(void **state)
{
    (void)state;
    g1();
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_YOUNG); /* falls, but no marking yet */
    assert_int_equal(make(pause()), HC_GC_PAUSE);                 /* Remark */
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_YOUNG);
    assert_int_equal(make(pause()), HC_GC_PAUSE);                   /* Cleanup */
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_YOUNG);   /* "Prepare Mixed" */
    assert_int_equal(make(young(108, 105, 100, 101)), HC_GC_MIXED); /* what is promoted hides what is taken away */
    for (int i = 0; i < 7; i++)
        assert_int_equal(make(young(118, 105, 100, 101)), HC_GC_MIXED); /* eden was 13 of 260 MiB */
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_MIXED);       /* this one shows it */
    assert_int_equal(make(young(150, 105, 100, 101)), HC_GC_YOUNG);     /* eden is large again: they are over */
    assert_int_equal(make(young(118, 105, 100, 101)), HC_GC_YOUNG);
    assert_int_equal(make(pause()), HC_GC_PAUSE); /* Remark of the next cycle */
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_YOUNG);
}

/* In a small heap eden is always at its smallest; G1 spreads a cycle over eight collections as a rule. */
static void small_edens_alone_are_believed_eight_times(void **state)
{
    (void)state;
    g1();
    make(pause());
    make(pause());
    make(young(118, 105, 100, 101));
    for (int i = 0; i < 8; i++)
        assert_int_equal(make(young(118, 105, 100, 101)), HC_GC_MIXED);
    assert_int_equal(make(young(118, 105, 100, 101)), HC_GC_YOUNG);
}

static void a_full_collection_ends_the_cycle(void **state)
{
    (void)state;
    g1();
    make(pause()); /* Remark */
    assert_int_equal(make(full()), HC_GC_FULL);
    make(young(150, 105, 100, 101));
    make(pause()); /* Remark again, not the Cleanup of the cycle that was given up */
    make(young(150, 105, 100, 101));
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_YOUNG);
    make(pause());
    make(young(150, 105, 100, 101));
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_MIXED);
    make(full());
    make(young(150, 105, 100, 101));
    assert_int_equal(make(young(150, 95, 100, 90)), HC_GC_YOUNG);
}

/* Mixed ones in the second collection from here on? */
static int in_mixed_window(void)
{
    make(young(150, 105, 100, 101));
    return make(young(118, 105, 100, 101)) == HC_GC_MIXED;
}

static void a_lost_phase_is_seen_in_the_counter(void **state)
{
    (void)state;
    g1();
    make(pause()); /* Remark */
    make(young(150, 105, 100, 101));
    phases++; /* the record of its Cleanup was lost */
    sampler_note_lost(&s);
    assert_false(in_mixed_window()); /* that can't be known before the next one */
    make(pause());                   /* Remark */
    assert_false(in_mixed_window());
    make(pause()); /* Cleanup */
    assert_true(in_mixed_window());
}

/* Attached between Remark and Cleanup: the first phase seen is taken for a Remark until two follow each other. */
static void a_wrong_belief_about_phases_mends_itself(void **state)
{
    (void)state;
    g1();
    make(pause()); /* Cleanup */
    assert_false(in_mixed_window());
    make(pause()); /* Remark */
    make(pause()); /* Cleanup, for no cycle begins without a young collection */
    assert_true(in_mixed_window());
    make(pause()); /* Remark */
    assert_false(in_mixed_window());
    make(pause());
    assert_true(in_mixed_window());
    make(pause());
    sampler_note_lost(&s); /* now there may have been a young collection between */
    make(pause());
    make(pause());
    assert_true(in_mixed_window());
}

/* ---- collections that beans tell of ---- */

static struct gc_record stop(int64_t end_ms, int64_t duration_us, const char *cause)
{
    struct gc_record r = {.end_ns = end_ms * 1000000, .pause_ns = duration_us * 1000};
    snprintf(r.cause, sizeof r.cause, "%s", cause);
    return r;
}

static struct gc_record cycle(int64_t start_ms, int64_t end_ms, int64_t used_before, int64_t used_after)
{
    return (struct gc_record){.end_ns = end_ms * 1000000,
                              .pause_ns = (end_ms - start_ms) * 1000000,
                              .used_before = used_before * MIB,
                              .used_after = used_after * MIB,
                              .old_before = -1,
                              .old_after = -1,
                              .committed = 500 * MIB,
                              .kind = HC_GC_OLD,
                              .source = HC_GC_SOURCE_GC_INFO};
}

static void z(void)
{
    sampler_init(&s, HC_COLLECTOR_Z, SAMPLER_CYCLES, 512 * (uint64_t)MIB, 0);
}

static void wait_for_cycle(struct gc_record r)
{
    assert_int_equal(sampler_make(&s, &r, 0, &out), 0);
}

static void make_cycle(struct gc_record r)
{
    sampler_make_cycle(&s, &r, 0, &out);
}

static void a_cycle_has_the_pauses_that_began_in_it(void **state)
{
    (void)state;
    z();
    wait_for_cycle(stop(1001, 20, "Allocation Rate"));
    wait_for_cycle(stop(1050, 30, "Allocation Rate"));
    wait_for_cycle(stop(1051, 10, "Allocation Rate"));
    wait_for_cycle(stop(1200, 40, "Allocation Rate")); /* of the next one */
    make_cycle(cycle(1000, 1060, 300, 100));
    assert_int_equal(out.gc_time_us, 60);
    assert_int_equal(out.pause_us, 30);
    assert_int_equal(out.kind, HC_GC_OLD);
    assert_int_equal(out.source, HC_GC_SOURCE_GC_INFO);
    assert_int_equal(out.end_time_ms, 1060);
    assert_string_equal(out.cause, "Allocation Rate");
    assert_int_equal(out.heap_used_before_bytes, 300 * MIB);
    assert_int_equal(out.heap_used_after_bytes, 100 * MIB);
    assert_int_equal(out.heap_committed_bytes, 500 * MIB);
    assert_true(out.old_used_after_bytes == HC_BYTES_UNKNOWN);
    assert_true(out.allocated_bytes == HC_BYTES_UNKNOWN); /* the first one */
    make_cycle(cycle(1199, 1300, 310, 100));
    assert_int_equal(out.gc_time_us, 40);
    assert_int_equal(out.allocated_bytes, 210 * MIB);
    assert_int_equal(out.gc_id, 2);
}

/* System.gc() waits for the cycle that runs; its own then begins within the same millisecond. */
static void at_the_border_the_cause_tells_whose_pause_it_is(void **state)
{
    (void)state;
    z();
    wait_for_cycle(stop(1001, 20, "Allocation Rate"));
    wait_for_cycle(stop(1060, 30, "System.gc()"));
    make_cycle(cycle(1000, 1060, 300, 100));
    assert_string_equal(out.cause, "Allocation Rate");
    assert_int_equal(out.gc_time_us, 20);
    make_cycle(cycle(1060, 1100, 100, 90));
    assert_string_equal(out.cause, "System.gc()");
    assert_int_equal(out.gc_time_us, 30);
}

static void a_minor_cycle_inside_a_major_one_has_its_own_cause(void **state)
{
    struct gc_record minor = stop(1010, 5, "Allocation Rate"), young_cycle = cycle(1005, 1020, 200, 150);
    (void)state;
    z();
    minor.young_count = 1;
    young_cycle.kind = HC_GC_YOUNG;
    wait_for_cycle(stop(1001, 20, "Proactive"));
    wait_for_cycle(minor);
    make_cycle(young_cycle);
    assert_string_equal(out.cause, "Allocation Rate");
    make_cycle(cycle(1000, 1100, 300, 100));
    assert_string_equal(out.cause, "Proactive");
    assert_true(out.allocated_bytes == HC_BYTES_UNKNOWN); /* it began before the minor one ended */
}

static void missed_cycles_are_counted_and_their_pauses_kept(void **state)
{
    struct gc_record r = cycle(1400, 1500, 300, 100);
    (void)state;
    z();
    make_cycle(cycle(1000, 1100, 300, 100));
    for (int i = 0; i < 40; i++) /* more than wait one by one */
        wait_for_cycle(stop(1200 + i, 100, "Allocation Rate"));
    r.missed = 3;
    make_cycle(r);
    assert_int_equal(out.gc_id, 5);
    assert_int_equal(out.gc_time_us, 4000);
    assert_int_equal(out.pause_us, 100);
    assert_true(out.allocated_bytes == HC_BYTES_UNKNOWN);
}

static void pauses_that_nobody_claims_are_told_by_themselves(void **state)
{
    (void)state;
    z();
    assert_int_equal(sampler_make_overdue(&s, INT64_C(9000000000), 0, &out), 0);
    wait_for_cycle(stop(1000, 700, "Allocation Stall"));
    wait_for_cycle(stop(3000, 300, "Allocation Stall"));
    assert_int_equal(sampler_make_overdue(&s, INT64_C(5900000000), 0, &out), 0);
    assert_int_equal(sampler_make_overdue(&s, INT64_C(6100000000), 0, &out), 1);
    assert_int_equal(out.kind, HC_GC_PAUSE);
    assert_int_equal(out.gc_time_us, 1000);
    assert_int_equal(out.pause_us, 700);
    assert_int_equal(out.end_time_ms, 6100);
    assert_true(out.heap_used_after_bytes <= out.heap_max_bytes);
    assert_int_equal(sampler_make_overdue(&s, INT64_C(9000000000), 0, &out), 0);
}

static void cms_has_both(void **state)
{
    struct gc_record phase = stop(1000, 500, "CMS Initial Mark"), r = young(150, 105, 100, 101);
    (void)state;
    sampler_init(&s, HC_COLLECTOR_CMS, SAMPLER_BOTH, 512 * (uint64_t)MIB, 0);
    phase.phase_count = 1;
    wait_for_cycle(phase);
    assert_int_equal(make(r), HC_GC_YOUNG);
    assert_int_equal(out.gc_time_us, 1234);
    make_cycle(cycle(990, 1500, 300, 100));
    assert_int_equal(out.kind, HC_GC_OLD);
    assert_int_equal(out.gc_time_us, 500);
    assert_true(out.allocated_bytes == HC_BYTES_UNKNOWN); /* the young collections have told it */
}

static void counting_goes_on_from_what_was_before(void **state)
{
    (void)state;
    sampler_init(&s, HC_COLLECTOR_G1, SAMPLER_PAUSES, 512 * (uint64_t)MIB, 41);
    make(young(150, 105, 100, 101));
    assert_int_equal(out.gc_id, 42);
}

/* Parallel's policy: the full collection after a young one has a cause that is gone when the pause ends. */
static void a_cause_that_parallel_has_cleared(void **state)
{
    struct gc_record r = full();
    (void)state;
    sampler_init(&s, HC_COLLECTOR_PARALLEL, SAMPLER_PAUSES, 512 * (uint64_t)MIB, 0);
    r.cause_cleared = 1;
    make(r);
    assert_string_equal(out.cause, "Ergonomics");
    r.cause_cleared = 0; /* JDK 25 */
    make(r);
    assert_string_equal(out.cause, "Allocation Failure");
    r.cause_cleared = 1;
    snprintf(r.cause, sizeof r.cause, "System.gc()");
    make(r);
    assert_string_equal(out.cause, "System.gc()");
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
        cmocka_unit_test(after_a_cleanup_one_young_then_mixed),
        cmocka_unit_test(small_edens_alone_are_believed_eight_times),
        cmocka_unit_test(a_full_collection_ends_the_cycle),
        cmocka_unit_test(a_lost_phase_is_seen_in_the_counter),
        cmocka_unit_test(a_wrong_belief_about_phases_mends_itself),
        cmocka_unit_test(a_cycle_has_the_pauses_that_began_in_it),
        cmocka_unit_test(at_the_border_the_cause_tells_whose_pause_it_is),
        cmocka_unit_test(a_minor_cycle_inside_a_major_one_has_its_own_cause),
        cmocka_unit_test(missed_cycles_are_counted_and_their_pauses_kept),
        cmocka_unit_test(pauses_that_nobody_claims_are_told_by_themselves),
        cmocka_unit_test(cms_has_both),
        cmocka_unit_test(counting_goes_on_from_what_was_before),
        cmocka_unit_test(a_cause_that_parallel_has_cleared),
        cmocka_unit_test(one_pair_of_callbacks_may_hold_young_and_full),
        cmocka_unit_test(a_concurrent_pause_has_a_cause_of_its_own),
        cmocka_unit_test(odd_records_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
