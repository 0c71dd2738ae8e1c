#include "tests/support/cmocka_test.h"

#include <heapcast/dead_wood.h>

#define MIB (UINT64_C(1) << 20)

static uint64_t live;

static int take(struct hc_dead_wood *wood, enum hc_collector collector, unsigned java, const char *cause,
                uint64_t used_mib)
{
    return hc_dead_wood_take(wood, collector, java, cause, used_mib * MIB, 1000 * MIB, &live);
}

static void each_fourth_of_serial_leaves_none(void **state)
{
    (void)state;
    struct hc_dead_wood wood = {0};
    assert_true(take(&wood, HC_COLLECTOR_SERIAL, 17, "Allocation Failure", 140));
    assert_int_equal(live, 140 * MIB);
    assert_true(take(&wood, HC_COLLECTOR_SERIAL, 17, "Allocation Failure", 120));
    assert_true(take(&wood, HC_COLLECTOR_SERIAL, 17, "Allocation Failure", 150));
    assert_int_equal(live, 120 * MIB); /* the least of them */
    assert_false(take(&wood, HC_COLLECTOR_SERIAL, 17, "Allocation Failure", 130));
    assert_int_equal(live, 130 * MIB);
    assert_true(take(&wood, HC_COLLECTOR_SERIAL, 17, "Allocation Failure", 200));
    assert_int_equal(live, 150 * MIB); /* no more than 50 of 1000 can be dead */
}

static void parallel_from_22_on_unless_asked_for(void **state)
{
    (void)state;
    struct hc_dead_wood wood = {0};
    assert_false(take(&wood, HC_COLLECTOR_PARALLEL, 21, "Ergonomics", 100));
    assert_true(take(&wood, HC_COLLECTOR_PARALLEL, 25, "Ergonomics", 110));
    assert_int_equal(live, 100 * MIB);
    assert_false(take(&wood, HC_COLLECTOR_PARALLEL, 25, "System.gc()", 110));
    assert_false(take(&wood, HC_COLLECTOR_G1, 25, "G1 Compaction Pause", 110));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fourth_of_serial_leaves_none),
        cmocka_unit_test(parallel_from_22_on_unless_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
