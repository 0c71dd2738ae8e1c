#include "tests/support/cmocka_test.h"

#include "agent/look.h"

#define GIB ((size_t)1 << 30)

static struct jvm_gauge java;
static struct perf_counters counters;
static struct look look;

static void begin(enum hc_role role, size_t heap_bytes)
{
    jvm_gauge_init(&java);
    const struct look_sources sources = {.counters = &counters, .jvm_gauge = &java, .role = role, .jdk = 17};
    look_init(&look, &sources, NULL);
    look.sources.places.heap_bytes = heap_bytes; /* start is unknown: its pages are not asked for */
}

static void large_heaps_are_looked_at_less_often(void **state)
{
    (void)state;
    begin(HC_ROLE_JVM, GIB);
    assert_int_equal(look_period_ms(&look, 10000, 1000000), 10000);
    assert_int_equal(look_period_ms(&look, 1000, 1000000), 2500);
    begin(HC_ROLE_JVM, GIB / 4);
    assert_int_equal(look_period_ms(&look, 1000, 1000000), LOOK_MS + 100); /* a look must be finished first */
    begin(HC_ROLE_JVM, 8 * GIB);
    assert_int_equal(look_period_ms(&look, 10000, 1000000), 20000);
    begin(HC_ROLE_JVM, 9 * GIB);
    assert_int_equal(look_period_ms(&look, 10000, 1000000), 60000);
    begin(HC_ROLE_JVM, 100 * GIB);
    assert_int_equal(look_period_ms(&look, 10000, 1000000), 250000);
    assert_int_equal(look_period_ms(&look, 3600000, 1000000), 3600000);
}

static void what_looks_cost_sets_their_distance(void **state)
{
    (void)state;
    begin(HC_ROLE_JVM, GIB);
    look.cost_us = 5000;
    assert_int_equal(look_period_ms(&look, 10000, 1000000), 10000);
    look.cost_us = 12000;
    assert_int_equal(look_period_ms(&look, 10000, 1000000), 19200);
    assert_int_equal(look_period_ms(&look, 60000, 1000000), 60000);
    assert_int_equal(look_period_ms(&look, 5000, 1000000), 5000); /* asked for more often than by default */
}

static void before_the_first_task_it_is_in_a_hurry(void **state)
{
    (void)state;
    begin(HC_ROLE_TASKMANAGER, GIB / 2);
    assert_int_equal(look_period_ms(&look, 10000, 1000), 10000); /* whether a task ran is not known */
    atomic_store(&java.task_known, 1);
    assert_int_equal(look_period_ms(&look, 10000, 1000), 2000);
    assert_int_equal(look_period_ms(&look, 10000, 400000), 10000);
    atomic_store(&java.task_seen, 1);
    assert_int_equal(look_period_ms(&look, 10000, 1000), 10000);
    begin(HC_ROLE_JOBMANAGER, GIB / 2);
    atomic_store(&java.task_known, 1);
    assert_int_equal(look_period_ms(&look, 10000, 1000), 10000);
}

static void direct_memory_is_the_larger_of_both_moments(void **state)
{
    (void)state;
    begin(HC_ROLE_JVM, 0);
    look_begin(&look, 4711);
    assert_true(look_is_open(&look));
    atomic_store(&java.direct_bytes, 1000);
    const struct hc_memory_sample *sample = look_finish(&look);
    assert_false(look_is_open(&look));
    assert_int_equal(sample->time_ms, 4711);
    assert_int_equal(sample->direct_bytes, 1000);
    look_begin(&look, 4712);
    atomic_store(&java.direct_bytes, 10);
    assert_int_equal(look_finish(&look)->direct_bytes, 1000);
}

static void a_counter_that_was_never_refreshed_tells_nothing(void **state)
{
    (void)state;
    static volatile int64_t capacity;
    counters.metaspace_capacity = &capacity;
    begin(HC_ROLE_JVM, 0);
    look_begin(&look, 1);
    assert_true(look_finish(&look)->metaspace_committed_bytes == HC_BYTES_UNKNOWN);
    capacity = 4096;
    look_begin(&look, 2);
    assert_int_equal(look_finish(&look)->metaspace_committed_bytes, 4096);
    struct metaspace_gauge bean;
    metaspace_gauge_init(&bean);
    look.sources.metaspace_gauge = &bean;
    look_begin(&look, 3);
    assert_true(look_finish(&look)->metaspace_committed_bytes == HC_BYTES_UNKNOWN);
    atomic_store(&bean.committed_bytes, 8192);
    look_begin(&look, 4);
    assert_int_equal(look_finish(&look)->metaspace_committed_bytes, 8192);
    counters.metaspace_capacity = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_heaps_are_looked_at_less_often),
        cmocka_unit_test(what_looks_cost_sets_their_distance),
        cmocka_unit_test(before_the_first_task_it_is_in_a_hurry),
        cmocka_unit_test(direct_memory_is_the_larger_of_both_moments),
        cmocka_unit_test(a_counter_that_was_never_refreshed_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
