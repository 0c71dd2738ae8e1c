#include "tests/support/cmocka_test.h"

#include "predictor/unswept.h"

#include <string.h>

#define HOUR_MS 3600000LL

/* 100 live, and a tenth of what was allocated as garbage: 200 were in use. */
static const struct hc_live_point point = {
    .allocated_bytes = 1000, .upper_bytes = 200, .most_garbage = 1000, .time_ms = 10};

static void sweep(struct hc_witnesses *witnesses, int64_t time_ms, double allocated, double rate)
{
    hc_witnesses_add(witnesses, (struct hc_witness){time_ms, allocated, rate, rate * allocated});
}

static uint64_t peak(const struct hc_witnesses *witnesses)
{
    struct hc_unswept unswept = {0};
    hc_unswept_keep(&unswept, &point, 1);
    return hc_unswept_peak(&unswept, witnesses, 0, 50);
}

static void test_all_is_live_until_a_later_sweep_says_otherwise(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    sweep(&witnesses, 9, 1000, 0.1);
    assert_int_equal(peak(&witnesses), 200);
    sweep(&witnesses, 11, 1000, 0.1);
    assert_int_equal(peak(&witnesses), 100);
}

static void test_what_most_sweeps_showed_counts(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    sweep(&witnesses, 11, 1000, 0.05);
    sweep(&witnesses, 12, 1000, 0.1);
    assert_int_equal(peak(&witnesses), 150); /* of two the lower */
    sweep(&witnesses, 13, 1000, 0.4);
    assert_int_equal(peak(&witnesses), 100);
}

static void test_a_sweep_speaks_for_four_times_its_allocation_and_twice_its_garbage(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    sweep(&witnesses, 11, 249, 0.1);
    assert_int_equal(peak(&witnesses), 200);
    sweep(&witnesses, 12, 250, 0.1);
    assert_int_equal(peak(&witnesses), 150); /* 25 of garbage were seen */
}

static void test_nothing_is_settled_below_the_anchor(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    sweep(&witnesses, 11, 1000, 0.9);
    assert_int_equal(peak(&witnesses), 50);
}

static void test_a_heap_that_is_too_small_drives_no_witness_out(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    sweep(&witnesses, 11, 1000, 0.1);
    for (int i = 0; i < 1000; i++)
        sweep(&witnesses, 12 + i, 10, 0);
    assert_int_equal(peak(&witnesses), 100);
}

static void test_witnesses_are_forgotten_after_three_days(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    for (int i = 0; i < HC_WITNESSES; i++)
        sweep(&witnesses, 11 + i, 1000, 0.1);
    for (int i = 0; i < HC_WITNESSES; i++)
        sweep(&witnesses, 71 * HOUR_MS + i, 300, 0.2);
    assert_int_equal(peak(&witnesses), 100);
    for (int i = 0; i < HC_WITNESSES; i++)
        sweep(&witnesses, 73 * HOUR_MS + i, 300, 0.05);
    assert_int_equal(peak(&witnesses), 200); /* nor do they speak for what was so long ago */
}

static void test_without_a_witness_the_learned_rate_counts(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    struct hc_unswept unswept = {0};
    hc_unswept_keep(&unswept, &point, 1);
    assert_int_equal(hc_unswept_peak(&unswept, &witnesses, 0.1, 50), 100);
    sweep(&witnesses, 11, 1000, 0.05);
    assert_int_equal(hc_unswept_peak(&unswept, &witnesses, 0.1, 50), 150);
}

static void test_the_newest_witness_is_heard(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    for (int i = 0; i < HC_WITNESSES; i++)
        sweep(&witnesses, i, 5000, 0.1);
    sweep(&witnesses, 11, 1000, 0.1);
    assert_int_equal(peak(&witnesses), 100);
}

static void test_a_clock_that_was_ahead_leaves_no_witness(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    for (int i = 0; i < HC_WITNESSES; i++)
        sweep(&witnesses, 1000 * HOUR_MS, 9000, 0.4);
    assert_int_equal(peak(&witnesses), 200);
    for (int i = 0; i < HC_WITNESSES; i++)
        sweep(&witnesses, 11 + i, 1000, 0.1);
    assert_int_equal(peak(&witnesses), 100);
}

/* 1000 alive from the start, then a tenth as much garbage as another load of the job makes. */
static void test_no_more_is_garbage_than_what_is_in_use_rose_by(void **state)
{
    (void)state;
    struct hc_unswept_rise rise = {0};
    double most = 0;
    for (int i = 1; i <= 3000; i++)
        most = hc_unswept_most_garbage(&rise, 1000 + 50 * i, 1000 + 0.1 * i);
    assert_true(most >= 300 && most <= 360); /* 300, and a tenth of the 500 that were allocated by then */
    /* while it loads all of it may be live */
    memset(&rise, 0, sizeof rise);
    for (int i = 1; i <= 100; i++)
        assert_true(hc_unswept_most_garbage(&rise, 12 * i, 10 * i) == 0);
}

static void test_points_are_spread_over_the_hour(void **state)
{
    (void)state;
    struct hc_unswept unswept = {0};
    for (int i = 0; i < 3000; i++) {
        struct hc_live_point p = {.allocated_bytes = i, .upper_bytes = (uint64_t)(i == 1500 ? 9000 : i), .time_ms = i};
        hc_unswept_keep(&unswept, &p, 1);
    }
    unsigned late = 0, highest = 0;
    for (unsigned i = 0; i < unswept.count; i++) {
        late += unswept.point[i].time_ms >= 2900;
        highest += unswept.point[i].upper_bytes == 9000;
    }
    assert_int_equal(unswept.count, HC_UNSWEPT_POINTS);
    assert_true(highest == 1 && late < HC_UNSWEPT_POINTS / 2);
}

static void test_a_damaged_count_reads_nothing_beyond(void **state)
{
    (void)state;
    struct hc_unswept unswept = {.count = 1 << 24};
    struct hc_witnesses witnesses = {0};
    assert_false(hc_unswept_is_sound(&unswept));
    assert_int_equal(hc_unswept_peak(&unswept, &witnesses, 0, 0), 0);
    assert_int_equal(hc_unswept_settled(&unswept, 0.1, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_live_until_a_later_sweep_says_otherwise),
        cmocka_unit_test(test_what_most_sweeps_showed_counts),
        cmocka_unit_test(test_a_sweep_speaks_for_four_times_its_allocation_and_twice_its_garbage),
        cmocka_unit_test(test_nothing_is_settled_below_the_anchor),
        cmocka_unit_test(test_a_heap_that_is_too_small_drives_no_witness_out),
        cmocka_unit_test(test_witnesses_are_forgotten_after_three_days),
        cmocka_unit_test(test_without_a_witness_the_learned_rate_counts),
        cmocka_unit_test(test_the_newest_witness_is_heard),
        cmocka_unit_test(test_a_clock_that_was_ahead_leaves_no_witness),
        cmocka_unit_test(test_no_more_is_garbage_than_what_is_in_use_rose_by),
        cmocka_unit_test(test_points_are_spread_over_the_hour),
        cmocka_unit_test(test_a_damaged_count_reads_nothing_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
