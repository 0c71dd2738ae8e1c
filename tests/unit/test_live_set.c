#include "predictor/live_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)

static int64_t clock_ms;
static struct hc_live_told told; /* by the newest collection */
static struct hc_unswept unswept;
static enum hc_collector collector = HC_COLLECTOR_G1;

static uint64_t see(struct hc_live_set *set, enum hc_gc_kind kind, uint64_t used_mib, uint64_t allocated_mib,
                    int64_t after_s)
{
    struct hc_gc_sample sample = {.end_time_ms = clock_ms += after_s * 1000,
                                  .heap_used_after_bytes = used_mib * MIB,
                                  .old_used_after_bytes = HC_BYTES_UNKNOWN,
                                  .heap_max_bytes = 1000 * MIB,
                                  .allocated_bytes =
                                      allocated_mib == UINT64_MAX ? HC_BYTES_UNKNOWN : allocated_mib * MIB,
                                  .kind = kind};
    return hc_live_set_observe(set, &sample, collector, &told) / MIB;
}

static void settle(struct hc_live_set *set, unsigned collections, uint64_t used_mib)
{
    for (unsigned i = 0; i < collections; i++)
        see(set, HC_GC_YOUNG, used_mib, 0, 600);
}

static void test_minimum_of_a_block_of_fifteen(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    see(&set, HC_GC_FULL, 400, 0, 600);
    settle(&set, 30, 400);
    assert_int_equal(see(&set, HC_GC_YOUNG, 300, 0, 600), 300);
    for (unsigned i = 0; i < 14; i++)
        assert_int_equal(see(&set, HC_GC_YOUNG, 400, 0, 600), 300);
    assert_int_equal(see(&set, HC_GC_YOUNG, 400, 0, 600), 400);
}

static void test_the_first_seconds_of_a_job_are_forgotten_early(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    see(&set, HC_GC_YOUNG, 20, 0, 5); /* while state is still filling */
    see(&set, HC_GC_YOUNG, 100, 0, 5);
    for (unsigned i = 2; i < 9; i++)
        see(&set, HC_GC_YOUNG, 200, 0, 5);
    assert_true(see(&set, HC_GC_YOUNG, 200, 0, 5) == 200); /* ten collections: the block has five */
}

static uint64_t see_serial(struct hc_live_set *set, enum hc_gc_kind kind, uint64_t used_mib)
{
    struct hc_gc_sample sample = {.end_time_ms = clock_ms += 1000,
                                  .heap_used_after_bytes = used_mib * MIB,
                                  .old_used_after_bytes = HC_BYTES_UNKNOWN,
                                  .heap_max_bytes = 264 * MIB,
                                  .allocated_bytes = 70 * MIB,
                                  .kind = kind};
    return hc_live_set_observe(set, &sample, HC_COLLECTOR_SERIAL, &told) / MIB;
}

/* As a JVM of 264 MiB with 121 MiB alive did it: each fourth full collection leaves no dead wood, the others 9 MiB. */
static void test_dead_wood_of_serial_is_no_live_set(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    see_serial(&set, HC_GC_YOUNG, 125);
    assert_int_equal(see_serial(&set, HC_GC_FULL, 130), 130); /* nobody can tell yet */
    see_serial(&set, HC_GC_FULL, 130);
    see_serial(&set, HC_GC_FULL, 130);
    assert_int_equal(see_serial(&set, HC_GC_FULL, 121), 121);
    for (unsigned i = 1; i <= 8; i++)
        see_serial(&set, HC_GC_YOUNG, 121 + 3 * i);
    assert_int_equal(see_serial(&set, HC_GC_FULL, 130), 121);
    assert_in_range(told.peak_bytes / MIB, 121, 124);
    assert_in_range(see_serial(&set, HC_GC_YOUNG, 133), 121, 124); /* the wood is still there */
    (void)hc_live_set_restart(&set, HC_COLLECTOR_SERIAL, &unswept);
    assert_int_equal(see_serial(&set, HC_GC_YOUNG, 100), 100); /* not in another JVM */
}

/* A JVM whose first sweep comes early says little; those before it had shown more garbage, and a lower rate. */
static void test_what_earlier_jvms_showed_holds(void **state)
{
    struct hc_live_set set;
    (void)state;
    hc_live_set_init(&set);
    for (unsigned jvm = 0; jvm < 2; jvm++) {
        unsigned collections = jvm == 0 ? 40 : 4;
        for (unsigned i = 1; i <= collections; i++)
            see_serial(&set, HC_GC_YOUNG, 100 + 2 * i);
        see_serial(&set, HC_GC_FULL, 100);
        if (jvm == 0)
            (void)hc_live_set_restart(&set, HC_COLLECTOR_SERIAL, &unswept);
    }
    for (unsigned i = 1; i <= 30; i++)
        see_serial(&set, HC_GC_YOUNG, 100 + 2 * i);
    assert_in_range(hc_live_set_peak(&set) / MIB, 100, 112);
    for (unsigned i = 1; i <= 80; i++) /* but no more than that */
        see_serial(&set, HC_GC_YOUNG, 160 + 2 * i);
    assert_in_range(hc_live_set_peak(&set) / MIB, 220, 260);
}

/* Nor does anything count as such before a compacting one, as a JVM's first small collections for metaspace. */
static void test_growth_is_no_dead_wood(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    see_serial(&set, HC_GC_FULL, 12);
    see_serial(&set, HC_GC_FULL, 20);
    assert_int_equal(see_serial(&set, HC_GC_FULL, 100), 100);
    assert_int_equal(see_serial(&set, HC_GC_FULL, 100), 100); /* compacts */
    assert_int_equal(see_serial(&set, HC_GC_FULL, 150), 150); /* 5 % of 176 MiB is less */
    assert_int_equal(see_serial(&set, HC_GC_YOUNG, 160), 150);
}

static void test_full_is_exact_and_starts_a_new_block(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    settle(&set, 20, 500);
    assert_int_equal(see(&set, HC_GC_FULL, 123, 0, 600), 123);
    assert_int_equal(hc_live_set_evidence(&set, clock_ms, 1000), HC_EVIDENCE_EXACT);
    assert_int_equal(hc_live_set_evidence(&set, clock_ms + 2000, 1000), HC_EVIDENCE_UPPER_BOUND);
    assert_int_equal(see(&set, HC_GC_YOUNG, 150, 0, 600), 123);
}

static void test_a_mixed_run_is_a_clean_point_when_it_ends(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    settle(&set, 20, 500);
    see(&set, HC_GC_MIXED, 300, 0, 600);
    see(&set, HC_GC_MIXED, 200, 0, 600);
    assert_int_equal(hc_live_set_evidence(&set, clock_ms, 1000), HC_EVIDENCE_UPPER_BOUND);
    assert_int_equal(see(&set, HC_GC_YOUNG, 210, 0, 600), 210);
    assert_int_equal(set.clean_bytes / MIB, 200);
    assert_int_equal(hc_live_set_evidence(&set, clock_ms, 1000), HC_EVIDENCE_ESTIMATE);
    /* 200 less 5 % of the heap and 15 % of what may be old. */
    assert_int_equal(set.clean_lower_bytes / MIB, 120);
}

/* Old garbage grows by 10 MiB for each 100 MiB allocated; three sweeps teach it, after that it is taken off. */
static void test_garbage_that_every_sweep_found_is_taken_off(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    uint64_t live = 0;
    for (unsigned sweep = 0; sweep < 6; sweep++) {
        see(&set, HC_GC_FULL, 200, 100, 600);
        for (unsigned i = 1; i <= 40; i++)
            live = see(&set, HC_GC_YOUNG, 200 + 10 * i, 100, 600);
    }
    /* Block of 15: upper bound 200 + 10 * 26 = 460; garbage by rate: 0.9 * 260/4100 * 4000. */
    assert_true(live < 240 && live >= 180);
    /* Where allocation can't be told, nothing is taken off. */
    assert_true(see(&set, HC_GC_YOUNG, 610, UINT64_MAX, 600) > 450);
}

static void test_never_below_nine_tenths_of_the_clean_point(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    for (unsigned sweep = 0; sweep < 5; sweep++) {
        for (unsigned i = 0; i < 20; i++)
            see(&set, HC_GC_YOUNG, 600, 10, 600);
        see(&set, HC_GC_FULL, 200, 10, 600);
    }
    assert_true(set.rate > 0);
    assert_int_equal(see(&set, HC_GC_YOUNG, 205, 10000, 600), 200); /* the clean point itself is the lowest still */
    for (unsigned i = 0; i < 14; i++)
        see(&set, HC_GC_YOUNG, 205, 10000, 600);
    assert_int_equal(see(&set, HC_GC_YOUNG, 205, 10000, 600), 180);
}

/* Windows of a minute, a collection every five seconds: 14 collections see full and empty windows alike. */
static void test_fast_waves_do_not_hide_in_the_block(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    uint64_t live = 0;
    see(&set, HC_GC_FULL, 100, 0, 5);
    for (unsigned i = 0; i < 120; i++) {
        live = see(&set, HC_GC_YOUNG, 100 + 25 * (i % 12), 50, 5);
        if (i > 30)
            assert_in_range(live, 375, 400);
    }
    /* A sweep of the old generation explains a fall by garbage: then the minimum counts. */
    hc_live_set_init(&set);
    see(&set, HC_GC_FULL, 100, 0, 5);
    for (unsigned i = 0; i < 30; i++)
        see(&set, HC_GC_YOUNG, 400, 50, 5);
    hc_live_set_observe_pause(&set);
    assert_int_equal(see(&set, HC_GC_YOUNG, 150, 50, 5), 150);
}

static void test_a_restart_begins_with_an_empty_old_generation(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    settle(&set, 40, 100);
    hc_live_set_restart(&set, HC_COLLECTOR_G1, &unswept);
    assert_int_equal(see(&set, HC_GC_YOUNG, 300, 0, 600), 300);
}

/* 120 live from the start, a third of what is allocated becomes garbage in the old generation; ends `more` after the
 * last sweep. */
static void live_120(struct hc_live_set *set, unsigned sweeps, unsigned more)
{
    see(set, HC_GC_YOUNG, 120, 120, 1); /* loads its state */
    for (unsigned sweep = 0; sweep < sweeps; sweep++) {
        for (unsigned i = 1; i <= 30; i++)
            see(set, HC_GC_YOUNG, 120 + 4 * i, 12, 1);
        see(set, HC_GC_FULL, 120, 0, 1);
    }
    for (unsigned i = 1; i <= more; i++)
        see(set, HC_GC_YOUNG, 120 + 4 * i, 12, 1);
}

static void test_a_restart_settles_what_came_after_the_last_sweep(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    live_120(&set, 1, 40);
    assert_true(see(&set, HC_GC_YOUNG, 284, 12, 1) >= 200);  /* one sweep is not enough for the running figure */
    assert_in_range(hc_live_set_peak(&set) / MIB, 120, 160); /* but for the hour's, by 0.9 of it */
    assert_in_range(hc_live_set_restart(&set, HC_COLLECTOR_SERIAL, &unswept) / MIB, 120, 150);
    assert_int_equal(hc_live_set_peak(&set), 0);
}

static uint64_t unswept_mib(const struct hc_live_set *set)
{
    return hc_live_set_unswept_peak(set, &unswept) / MIB;
}

static void test_what_no_sweep_settled_waits_for_the_next_jvm(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    unswept.count = 0;
    collector = HC_COLLECTOR_PARALLEL;
    live_120(&set, 0, 60);
    uint64_t unsettled = hc_live_set_peak(&set);
    assert_in_range(unsettled / MIB, 250, 360);
    assert_int_equal(hc_live_set_restart(&set, HC_COLLECTOR_SERIAL, &unswept), 0);
    assert_int_equal(hc_live_set_peak(&set), 0);
    assert_int_equal(unswept_mib(&set), unsettled / MIB); /* nothing is forgotten meanwhile */
    live_120(&set, 1, 0); /* a first sweep, before which the live set grew, says nothing */
    assert_int_equal(unswept_mib(&set), unsettled / MIB);
    live_120(&set, 1, 0);
    assert_in_range(unswept_mib(&set), 120, 200);
    /* G1 has looks of its own for that */
    collector = HC_COLLECTOR_G1;
    hc_live_set_init(&set);
    unswept.count = 0;
    live_120(&set, 0, 60);
    assert_int_equal(hc_live_set_restart(&set, HC_COLLECTOR_G1, &unswept), unsettled);
    assert_int_equal(unswept.count, 0);
}

static void test_an_hour_ends_before_the_first_sweep(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    unswept.count = 0;
    collector = HC_COLLECTOR_PARALLEL;
    live_120(&set, 0, 60);
    uint64_t unsettled = hc_live_set_peak(&set);
    assert_int_equal(hc_live_set_end_hour(&set, HC_COLLECTOR_PARALLEL, &unswept), 0);
    assert_int_equal(unswept_mib(&set), unsettled / MIB);
    (void)hc_live_set_restart(&set, HC_COLLECTOR_PARALLEL, &unswept);
    live_120(&set, 2, 0);
    collector = HC_COLLECTOR_G1;
    assert_in_range(unswept_mib(&set), 120, 200);
}

static void test_what_the_live_set_grew_by_is_no_garbage(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    live_120(&set, 1, 0);
    /* 0.9 of a third, less what a block's minimum lags behind; with the load counted it were 12 % */
    assert_in_range((uint64_t)(100 * told.more_garbage), 15, 30);
}

static void test_concurrent_cycles_carry_what_was_allocated_meanwhile(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    static const uint64_t used[] = {300, 220, 260, 290, 280, 270};
    static const uint64_t expected[] = {300, 220, 220, 220, 220, 260};
    for (unsigned i = 0; i < 6; i++) {
        struct hc_gc_sample sample = {.end_time_ms = i, .heap_used_after_bytes = used[i], .kind = HC_GC_OLD};
        assert_int_equal(hc_live_set_observe(&set, &sample, HC_COLLECTOR_Z, &told), expected[i]);
        assert_true(told.clean);
    }
}

static uint64_t see_cycle(struct hc_live_set *set, enum hc_gc_kind kind, uint64_t used)
{
    struct hc_gc_sample sample = {.end_time_ms = ++clock_ms, .heap_used_after_bytes = used, .kind = kind};
    return hc_live_set_observe(set, &sample, HC_COLLECTOR_Z, &told);
}

/* ZGC with generations: what the least of three major cycles has shown to be no part of the live set stays so. */
static void test_minor_cycles_start_from_the_least_of_three(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    see_cycle(&set, HC_GC_OLD, 220);
    assert_int_equal(see_cycle(&set, HC_GC_OLD, 260), 220);
    assert_int_equal(see_cycle(&set, HC_GC_YOUNG, 270), 220);
    assert_int_equal(see_cycle(&set, HC_GC_OLD, 250), 220);
    see_cycle(&set, HC_GC_YOUNG, 270);
    assert_int_equal(see_cycle(&set, HC_GC_OLD, 270), 250); /* 260, 250 and 270 */
    assert_int_equal(see_cycle(&set, HC_GC_YOUNG, 210), 210);
}

static void test_growth_between_major_cycles_is_seen_with_the_third(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    for (int major = 0; major < 9; major++) {
        uint64_t live = major < 5 ? 100 : 300, seen = see_cycle(&set, HC_GC_OLD, live);
        assert_int_equal(seen, major < 7 ? 100 : 300);
        for (int minor = 0; minor < 5; minor++) {
            uint64_t then = see_cycle(&set, HC_GC_YOUNG, live + 10);
            assert_true(then == seen || major < 2); /* a JVM's first collections are no block yet */
        }
    }
    assert_int_equal(hc_live_set_peak(&set), 300);
    for (int minor = 0; minor < HC_BLOCK; minor++) /* without another major one, after a block */
        see_cycle(&set, HC_GC_YOUNG, 400);
    assert_int_equal(see_cycle(&set, HC_GC_YOUNG, 400), 400);
}

/* A JVM whose old generation fills with garbage: all may be live until the first sweep, which settles it. */
static void test_a_sweep_settles_the_peak_before_it(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    for (unsigned i = 0; i < 100; i++) /* 200 live from the start, 4 MiB of garbage for each 100 allocated */
        see(&set, HC_GC_YOUNG, 200 + 4 * i, 100, 600);
    assert_false(told.clean);
    assert_int_equal(hc_live_set_peak(&set) / MIB, 200 + 4 * (99 - 14));
    see(&set, HC_GC_FULL, 200, 100, 600);
    assert_true(told.clean);
    /* 0.9 of what the sweep found is taken off */
    assert_in_range(told.peak_bytes / MIB, 200, 245);
    assert_int_equal(told.anchor_bytes / MIB, 180);
    assert_true(told.more_garbage > 0.025 && told.more_garbage < 0.04);
    assert_int_equal(hc_live_set_peak(&set) / MIB, 200);
}

/* What left the live set itself is no garbage that came with allocation: the peak before was live. */
static void test_a_live_set_that_fell_was_no_garbage(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    see(&set, HC_GC_FULL, 500, 100, 600);
    for (unsigned i = 0; i < 40; i++)
        see(&set, HC_GC_YOUNG, 500, 100, 600);
    see(&set, HC_GC_FULL, 100, 100, 600);
    assert_int_equal(told.peak_bytes / MIB, 500);
}

/* More points than are kept: the peaks among them stay. */
static void test_peaks_survive_thinning(void **state)
{
    (void)state;
    struct hc_live_set set;
    hc_live_set_init(&set);
    see(&set, HC_GC_FULL, 100, 0, 1);
    for (unsigned i = 0; i < 2000; i++)
        see(&set, HC_GC_YOUNG, i >= 700 && i < 720 ? 350 : 100, 0, 600);
    assert_int_equal(hc_live_set_peak(&set) / MIB, 350);
    assert_int_equal(hc_live_set_end_hour(&set, HC_COLLECTOR_G1, &unswept) / MIB, 350);
    assert_int_equal(hc_live_set_peak(&set), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_minimum_of_a_block_of_fifteen),
        cmocka_unit_test(test_minor_cycles_start_from_the_least_of_three),
        cmocka_unit_test(test_growth_between_major_cycles_is_seen_with_the_third),
        cmocka_unit_test(test_a_sweep_settles_the_peak_before_it),
        cmocka_unit_test(test_a_live_set_that_fell_was_no_garbage),
        cmocka_unit_test(test_peaks_survive_thinning),
        cmocka_unit_test(test_the_first_seconds_of_a_job_are_forgotten_early),
        cmocka_unit_test(test_full_is_exact_and_starts_a_new_block),
        cmocka_unit_test(test_dead_wood_of_serial_is_no_live_set),
        cmocka_unit_test(test_growth_is_no_dead_wood),
        cmocka_unit_test(test_what_earlier_jvms_showed_holds),
        cmocka_unit_test(test_a_mixed_run_is_a_clean_point_when_it_ends),
        cmocka_unit_test(test_garbage_that_every_sweep_found_is_taken_off),
        cmocka_unit_test(test_never_below_nine_tenths_of_the_clean_point),
        cmocka_unit_test(test_fast_waves_do_not_hide_in_the_block),
        cmocka_unit_test(test_a_restart_begins_with_an_empty_old_generation),
        cmocka_unit_test(test_a_restart_settles_what_came_after_the_last_sweep),
        cmocka_unit_test(test_what_no_sweep_settled_waits_for_the_next_jvm),
        cmocka_unit_test(test_an_hour_ends_before_the_first_sweep),
        cmocka_unit_test(test_what_the_live_set_grew_by_is_no_garbage),
        cmocka_unit_test(test_concurrent_cycles_carry_what_was_allocated_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
