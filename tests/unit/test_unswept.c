#include "tests/support/cmocka_test.h"

#include "predictor/unswept.h"

#define HOUR_MS 3600000LL

/* 100 live, and a tenth of the other thousand that was allocated as garbage: 200 were in use. */
static const struct hc_live_point point = {.allocated_bytes = 1100, .upper_bytes = 200, .time_ms = 10};

static void sweep(struct hc_witnesses *witnesses, int64_t time_ms, double allocated, double rate)
{
    hc_witnesses_add(witnesses, (struct hc_witness){time_ms, allocated, rate, rate * (allocated - 100)});
}

static uint64_t peak(const struct hc_witnesses *witnesses)
{
    struct hc_unswept unswept = {0};
    hc_unswept_keep(&unswept, &point, 1);
    return hc_unswept_peak(&unswept, witnesses, 50);
}

static void test_all_is_live_until_a_later_sweep_says_otherwise(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    sweep(&witnesses, 9, 1100, 0.1);
    assert_int_equal(peak(&witnesses), 200);
    sweep(&witnesses, 11, 1100, 0.1);
    assert_int_equal(peak(&witnesses), 100);
}

static void test_what_most_sweeps_showed_counts(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    sweep(&witnesses, 11, 1100, 0.05);
    sweep(&witnesses, 12, 1100, 0.1);
    assert_int_equal(peak(&witnesses), 152); /* of two the lower */
    sweep(&witnesses, 13, 1100, 0.4);
    assert_int_equal(peak(&witnesses), 100);
}

static void test_a_sweep_speaks_for_four_times_its_allocation_and_twice_its_garbage(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    sweep(&witnesses, 11, 274, 0.1);
    assert_int_equal(peak(&witnesses), 200);
    sweep(&witnesses, 12, 275, 0.1);
    assert_int_equal(peak(&witnesses), 165); /* 17.5 of garbage were seen */
}

static void test_nothing_is_settled_below_the_anchor(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    sweep(&witnesses, 11, 1100, 0.9);
    assert_int_equal(peak(&witnesses), 50);
}

static void test_a_heap_that_is_too_small_drives_no_witness_out(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    sweep(&witnesses, 11, 1100, 0.1);
    for (int i = 0; i < 1000; i++)
        sweep(&witnesses, 12 + i, 10, 0);
    assert_int_equal(peak(&witnesses), 100);
}

static void test_witnesses_are_forgotten_after_three_days(void **state)
{
    (void)state;
    struct hc_witnesses witnesses = {0};
    for (int i = 0; i < HC_WITNESSES; i++)
        sweep(&witnesses, 11 + i, 1100, 0.1);
    for (int i = 0; i < HC_WITNESSES; i++)
        sweep(&witnesses, 71 * HOUR_MS + i, 300, 0.2);
    assert_int_equal(peak(&witnesses), 100);
    for (int i = 0; i < HC_WITNESSES; i++)
        sweep(&witnesses, 73 * HOUR_MS + i, 300, 0.05);
    assert_int_equal(peak(&witnesses), 180); /* 10 of garbage were seen */
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
