#include "predictor/exhaustion.h"

#include "tests/support/cmocka_test.h"

#include <stdlib.h>

#define MIB (UINT64_C(1) << 20)
#define BEGIN_MS (INT64_C(1700000000000) / HC_HOUR_MS * HC_HOUR_MS)

static struct hc_series series;
static void *block;
static int64_t clock_ms;

static void start(unsigned heap_mib)
{
    struct hc_epoch epoch = {.start_ms = clock_ms, .heap_max_bytes = heap_mib * MIB};
    hc_series_start(&series, &epoch);
}

static int begin(void **state)
{
    (void)state;
    clock_ms = BEGIN_MS;
    block = calloc(1, hc_series_size());
    if (block == NULL || hc_series_open(&series, block, hc_series_size(), NULL) != HC_OK)
        return 1;
    start(1000);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(block);
    return 0;
}

static void run_hours(unsigned hours)
{
    for (unsigned i = 0; i < hours * 4; i++) {
        struct hc_gc_sample s = {.end_time_ms = clock_ms += HC_HOUR_MS / 4,
                                 .heap_used_after_bytes = 100 * MIB,
                                 .heap_committed_bytes = 1000 * MIB,
                                 .heap_max_bytes = 1000 * MIB,
                                 .allocated_bytes = HC_BYTES_UNKNOWN,
                                 .promoted_bytes = HC_BYTES_UNKNOWN,
                                 .kind = HC_GC_FULL};
        hc_series_add(&series, &s);
    }
}

static void add(enum hc_event_kind kind)
{
    struct hc_event event = {clock_ms, kind, 0, "seen"};
    hc_series_add_event(&series, &event);
}

static uint64_t least_mib(void)
{
    return hc_exhaustion_of_heap(&series, clock_ms).least_bytes / MIB;
}

static void a_fifth_and_100_mib_at_least(void **state)
{
    (void)state;
    assert_int_equal(least_mib(), 0);
    add(HC_EVENT_OUT_OF_MEMORY_METASPACE);
    add(HC_EVENT_UNCLEAN_END);
    assert_int_equal(least_mib(), 0);
    add(HC_EVENT_HEAP_NEARLY_EXHAUSTED);
    assert_int_equal(least_mib(), 1200);
    struct hc_event event = {clock_ms, HC_EVENT_OUT_OF_MEMORY_HEAP, 0, ""};
    assert_int_equal(hc_exhaustion_least(&series, &event, 200 * MIB, clock_ms), 300 * MIB);
}

/* A second error at the same size says nothing new; one after the raise does. */
static void the_same_heap_is_raised_once(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        add(i % 2 ? HC_EVENT_OUT_OF_MEMORY_HEAP : HC_EVENT_HEAP_NEARLY_EXHAUSTED);
        run_hours(1);
    }
    assert_int_equal(least_mib(), 1200);
    start(1200);
    assert_int_equal(least_mib(), 1200);
    clock_ms += 1000;
    add(HC_EVENT_OUT_OF_MEMORY_HEAP);
    assert_int_equal(least_mib(), 1440);
    assert_int_equal(hc_exhaustion_of_heap(&series, clock_ms).had_bytes, 1200 * MIB);
}

static void it_fades_while_a_jvm_is_watched_without_another(void **state)
{
    (void)state;
    run_hours(2);
    add(HC_EVENT_HEAP_NEARLY_EXHAUSTED);
    run_hours(23);
    assert_int_equal(least_mib(), 1200);
    run_hours(25); /* half of the 48 hours of fading */
    assert_in_range(least_mib(), 1095, 1105);
    run_hours(25);
    assert_int_equal(least_mib(), 0);
}

static void time_without_a_jvm_disproves_nothing(void **state)
{
    (void)state;
    run_hours(2);
    add(HC_EVENT_HEAP_NEARLY_EXHAUSTED);
    clock_ms += 14 * 24 * HC_HOUR_MS;
    start(1000);
    assert_int_equal(least_mib(), 1200);
    run_hours(20);
    assert_int_equal(least_mib(), 1200);
    run_hours(60);
    assert_int_equal(least_mib(), 0);
}

static void a_clock_that_was_set_back_disproves_nothing(void **state)
{
    (void)state;
    run_hours(2);
    add(HC_EVENT_OUT_OF_MEMORY_HEAP);
    clock_ms -= 5 * HC_HOUR_MS;
    assert_int_equal(least_mib(), 1200);
}

static void a_heap_of_unknown_size_asks_for_nothing(void **state)
{
    (void)state;
    struct hc_epoch epoch = {.start_ms = clock_ms += 1000, .heap_max_bytes = HC_BYTES_UNKNOWN};
    hc_series_start(&series, &epoch);
    add(HC_EVENT_OUT_OF_MEMORY_HEAP);
    assert_int_equal(least_mib(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_fifth_and_100_mib_at_least),
        TEST(the_same_heap_is_raised_once),
        TEST(it_fades_while_a_jvm_is_watched_without_another),
        TEST(time_without_a_jvm_disproves_nothing),
        TEST(a_clock_that_was_set_back_disproves_nothing),
        TEST(a_heap_of_unknown_size_asks_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
