#include "predictor/leak.h"

#include <math.h>
#include <stdlib.h>

#include "tests/support/cmocka_test.h"

#define MIB (UINT64_C(1) << 20)
#define BEGIN_MS (INT64_C(1700000000000) / HC_HOUR_MS * HC_HOUR_MS)

static double scratch[HC_RAW_SLOTS];
static struct hc_series series;

/* Native memory in MiB at a given time in hours since the JVM's start. */
typedef double curve(double hours);

static void *watch(double hours, curve *native, uint64_t limit)
{
    void *block = calloc(1, hc_series_size());
    assert_non_null(block);
    assert_int_equal(hc_series_open(&series, block, hc_series_size(), NULL), HC_OK);
    const struct hc_epoch epoch = {.start_ms = BEGIN_MS, .heap_max_bytes = 512 * MIB};
    hc_series_start(&series, &epoch);
    for (double h = 0.05; h < hours; h += 0.1) {
        uint64_t bytes = (uint64_t)(native(h) * (double)MIB);
        struct hc_memory_sample look = {.time_ms = BEGIN_MS + (int64_t)(h * (double)HC_HOUR_MS),
                                        .rss_bytes = 600 * MIB + bytes,
                                        .heap_resident_bytes = 300 * MIB,
                                        .metaspace_committed_bytes = 50 * MIB,
                                        .direct_bytes = 100 * MIB,
                                        .code_cache_bytes = 20 * MIB,
                                        .file_bytes = 30 * MIB,
                                        .stack_bytes = 5 * MIB,
                                        .malloc_held_bytes = 150 * MIB + bytes,
                                        .malloc_used_bytes = 130 * MIB + bytes,
                                        .jvm_malloc_bytes = 30 * MIB,
                                        .jvm_mapped_bytes = 20 * MIB,
                                        .container_limit_bytes = limit,
                                        .container_usage_bytes = 900 * MIB,
                                        .container_held_bytes = 600 * MIB + bytes};
        hc_series_add_look(&series, &look);
    }
    return block;
}

static struct hc_leak find(double hours, curve *native, uint64_t limit)
{
    struct hc_leak leak;
    void *block = watch(hours, native, limit);
    hc_leak_find(&series, BEGIN_MS + (int64_t)(hours * (double)HC_HOUR_MS), scratch, &leak);
    free(block);
    return leak;
}

static double noise(double hours)
{
    return 6 * sin(hours * 37) + 4 * sin(hours * 91);
}

static double steady(double hours)
{
    return 80 + noise(hours);
}

static double leaking(double hours)
{
    return 40 + 10 * hours + noise(hours);
}

static double slowly(double hours)
{
    return 200 + 0.5 * hours + noise(hours);
}

/* A block cache that fills: 400 MiB, half of it in three hours. */
static double filling(double hours)
{
    return 400 * (1 - exp2(-hours / 3)) + noise(hours);
}

static double step(double hours)
{
    return (hours < 9 ? 60 : 160) + noise(hours);
}

static double wave(double hours)
{
    return 100 + 50 * sin(hours * 6.2832 / 24) + noise(hours);
}

static void a_leak_is_named_with_its_rate_and_the_time_that_is_left(void **state)
{
    (void)state;
    struct hc_leak leak = find(12.2, leaking, 1200 * MIB);
    assert_int_equal(leak.found, 1);
    assert_int_equal(leak.part, HC_LEDGER_NATIVE);
    assert_true(fabs(leak.bytes_per_h / (double)MIB - 10) < 1);
    assert_true(leak.hours >= 10 && leak.hours <= 12);
    assert_true(fabs(leak.hours_to_limit - (1200 - 600 - 162) / 10.0) < 6);
    leak = find(12.2, leaking, HC_BYTES_UNKNOWN);
    assert_true(leak.found && isnan(leak.hours_to_limit));
}

static void it_takes_some_hours(void **state)
{
    (void)state;
    assert_int_equal(find(7.2, leaking, HC_BYTES_UNKNOWN).found, 0);
    assert_int_equal(find(9.2, leaking, HC_BYTES_UNKNOWN).found, 1);
    assert_int_equal(find(60, leaking, HC_BYTES_UNKNOWN).found, 1);
}

static void what_is_no_leak(void **state)
{
    (void)state;
    assert_int_equal(find(30, steady, HC_BYTES_UNKNOWN).found, 0);
    assert_int_equal(find(30, slowly, HC_BYTES_UNKNOWN).found, 0);
    assert_int_equal(find(30, step, HC_BYTES_UNKNOWN).found, 0);
    for (double hours = 7; hours < 40; hours += 1.5) {
        assert_int_equal(find(hours, filling, HC_BYTES_UNKNOWN).found, 0);
        assert_int_equal(find(hours + 12, wave, HC_BYTES_UNKNOWN).found, 0);
    }
}

static void a_restart_gives_back_what_was_lost(void **state)
{
    (void)state;
    struct hc_leak leak;
    void *block = watch(12.2, leaking, HC_BYTES_UNKNOWN);
    const struct hc_epoch epoch = {.start_ms = BEGIN_MS + 12 * HC_HOUR_MS, .heap_max_bytes = 512 * MIB};
    hc_series_start(&series, &epoch);
    hc_leak_find(&series, BEGIN_MS + 12 * HC_HOUR_MS + 700000, scratch, &leak);
    assert_int_equal(leak.found, 0);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leak_is_named_with_its_rate_and_the_time_that_is_left),
        cmocka_unit_test(it_takes_some_hours),
        cmocka_unit_test(what_is_no_leak),
        cmocka_unit_test(a_restart_gives_back_what_was_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
