/* The callbacks in the pause, on counters of our own. */
#include "agent/gc_events.h"

#include "tests/support/cmocka_test.h"

#include <stdio.h>
#include <string.h>

static struct {
    int64_t eden, survivor, old, eden_capacity, young_capacity, old_capacity, survivor0_capacity, survivor1_capacity,
        young, full, phases;
    char cause[PERF_CAUSE_BYTES], last_cause[PERF_CAUSE_BYTES];
} jvm;

static struct perf_counters counters = {
    .eden_used = &jvm.eden,
    .survivor0_used = &jvm.survivor,
    .old_used = &jvm.old,
    .eden_capacity = &jvm.eden_capacity,
    .young_capacity = &jvm.young_capacity,
    .old_capacity = &jvm.old_capacity,
    .survivor0_capacity = &jvm.survivor0_capacity,
    .survivor1_capacity = &jvm.survivor1_capacity,
    .young_invocations = &jvm.young,
    .full_invocations = &jvm.full,
    .phase_invocations = &jvm.phases,
    .cause = jvm.cause,
    .last_cause = jvm.last_cause,
};

enum { SLOTS = 64 };
static struct ring ring;
static _Alignas(64) struct gc_record slot[SLOTS];

static int set_up(void **state)
{
    (void)state;
    memset(&jvm, 0, sizeof jvm);
    ring_init(&ring, slot, SLOTS);
    jvm.young_capacity = 1000;
    jvm.old_capacity = 3000;
    jvm.survivor0_capacity = 70;
    jvm.survivor1_capacity = 100; /* young_collection copies to the other one */
    snprintf(jvm.cause, sizeof jvm.cause, "Allocation Failure");
    gc_events_init(&counters, &ring);
    return 0;
}

static void young_collection(void)
{
    gc_events_start(NULL);
    jvm.eden = 0;
    jvm.survivor = 30;
    jvm.old += 20;
    jvm.young++;
    gc_events_finish(NULL);
}

static void a_pair_makes_a_record(void **state)
{
    struct gc_record r;
    (void)state;
    jvm.eden = 500;
    jvm.old = 100;
    jvm.eden_capacity = 512;
    young_collection();
    assert_true(ring_pop(&ring, &r));
    assert_int_equal(r.used_before, 600);
    assert_int_equal(r.used_after, 150);
    assert_int_equal(r.old_before, 100);
    assert_int_equal(r.old_after, 120);
    assert_int_equal(r.committed, 4000);
    assert_int_equal(r.eden_capacity, 512);
    assert_int_equal(r.young_count, 1);
    assert_int_equal(r.full_count, 0);
    assert_true(r.pause_ns >= 0);
    assert_string_equal(r.cause, "Allocation Failure");
    assert_false(ring_pop(&ring, &r));
}

/* "Metadata GC Threshold": HotSpot marks the operation and the pause inside it, one pair within the other. */
static void nested_pairs_are_one_collection(void **state)
{
    struct gc_record r;
    (void)state;
    jvm.eden = 500;
    gc_events_start(NULL);
    young_collection();
    gc_events_finish(NULL);
    assert_true(ring_pop(&ring, &r));
    assert_int_equal(r.used_before, 500);
    assert_int_equal(r.young_count, 1);
    assert_false(ring_pop(&ring, &r));
    young_collection();
    assert_true(ring_pop(&ring, &r));
}

static void young_and_full_in_one_pair(void **state)
{
    struct gc_record r;
    (void)state;
    gc_events_start(NULL);
    jvm.young++;
    jvm.full++;
    gc_events_finish(NULL);
    assert_true(ring_pop(&ring, &r));
    assert_int_equal(r.young_count, 1);
    assert_int_equal(r.full_count, 1);
}

/* HotSpot counts a Remark or Cleanup before it says Start. */
static void a_phase_is_told_from_an_operation_that_did_nothing(void **state)
{
    struct gc_record r;
    (void)state;
    jvm.phases++;
    gc_events_start(NULL);
    gc_events_finish(NULL);
    assert_true(ring_pop(&ring, &r));
    assert_int_equal(r.young_count, 0);
    assert_int_equal(r.phase_count, 1);
    gc_events_start(NULL); /* two threads ran out of metaspace, the first one's collection helped both */
    gc_events_finish(NULL);
    assert_false(ring_pop(&ring, &r));
    jvm.phases++;
    gc_events_start(NULL);
    gc_events_finish(NULL);
    assert_true(ring_pop(&ring, &r));
    assert_int_equal(r.phase_count, 1);
}

/* Events that were switched on inside a pause begin with a Finish. */
static void finish_without_start_is_left_out(void **state)
{
    struct gc_record r;
    (void)state;
    gc_events_finish(NULL);
    assert_false(ring_pop(&ring, &r));
    young_collection();
    assert_true(ring_pop(&ring, &r));
    assert_false(ring_pop(&ring, &r));
}

static void a_cleared_cause_is_the_last_one(void **state)
{
    struct gc_record r;
    (void)state;
    snprintf(jvm.cause, sizeof jvm.cause, "No GC");
    snprintf(jvm.last_cause, sizeof jvm.last_cause, "System.gc()");
    young_collection();
    assert_true(ring_pop(&ring, &r));
    assert_string_equal(r.cause, "System.gc()");
}

/* As the JVM's own figures have it. G1's survivors are part of one space. */
static void one_survivor_space_is_no_room(void **state)
{
    static const enum hc_collector less[] = {HC_COLLECTOR_SERIAL, HC_COLLECTOR_PARALLEL, HC_COLLECTOR_CMS};
    (void)state;
    for (size_t i = 0; i < sizeof less / sizeof less[0]; i++) {
        struct perf_counters of = counters;
        struct gc_record r;
        of.collector = less[i];
        gc_events_init(&of, &ring);
        young_collection();
        assert_true(ring_pop(&ring, &r));
        assert_int_equal(r.committed, 3900);
    }
}

static void a_full_ring_drops_and_counts(void **state)
{
    (void)state;
    for (int i = 0; i < SLOTS + 5; i++)
        young_collection();
    assert_int_equal(ring_take_dropped(&ring), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_pair_makes_a_record, set_up),
        cmocka_unit_test_setup(nested_pairs_are_one_collection, set_up),
        cmocka_unit_test_setup(young_and_full_in_one_pair, set_up),
        cmocka_unit_test_setup(a_phase_is_told_from_an_operation_that_did_nothing, set_up),
        cmocka_unit_test_setup(finish_without_start_is_left_out, set_up),
        cmocka_unit_test_setup(a_cleared_cause_is_the_last_one, set_up),
        cmocka_unit_test_setup(one_survivor_space_is_no_room, set_up),
        cmocka_unit_test_setup(a_full_ring_drops_and_counts, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
