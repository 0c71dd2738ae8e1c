#include "predictor/track_record.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)
#define BEGIN_MS (INT64_C(1700000000000) / HC_HOUR_MS * HC_HOUR_MS)

/* A JVM that starts an hour before; the caller frees the block. */
static void *begin(struct hc_series *series)
{
    void *block = calloc(1, hc_series_size());
    assert_int_equal(hc_series_open(series, block, hc_series_size(), NULL), HC_OK);
    struct hc_epoch epoch = {.start_ms = BEGIN_MS - HC_HOUR_MS, .heap_max_bytes = 1000 * MIB};
    hc_series_start(series, &epoch);
    return block;
}

static void live_hour(struct hc_series *series, int64_t hour, uint64_t live_mib)
{
    struct hc_gc_sample sample = {.end_time_ms = BEGIN_MS + hour * HC_HOUR_MS + 1800000,
                                  .heap_used_after_bytes = live_mib * MIB,
                                  .heap_committed_bytes = 1000 * MIB,
                                  .heap_max_bytes = 1000 * MIB,
                                  .gc_time_us = 36000000, /* 1 % of the hour */
                                  .kind = HC_GC_FULL};
    hc_series_add(series, &sample);
}

static struct hc_recommendation judge(const struct hc_series *series, int64_t hour)
{
    struct hc_policy policy;
    struct hc_recommendation advice;
    hc_policy_init(&policy);
    hc_track_record_judge(series, &policy, BEGIN_MS + hour * HC_HOUR_MS, &advice);
    return advice;
}

static void test_each_forecast_is_judged_by_the_day_after(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = begin(&series);
    for (int64_t h = 0; h < 48; h++) {
        if (h == 0 || h == 10)
            hc_track_record_add(&series, BEGIN_MS + h * HC_HOUR_MS, 400 * MIB, 300 * MIB);
        hc_track_record_add(&series, BEGIN_MS + (h / 24 * 10) * HC_HOUR_MS + 1, 1, 1); /* the second of an hour */
        live_hour(&series, h, h == 30 ? 378 : 180);                                    /* 378 needs 420 */
    }
    assert_int_equal(judge(&series, 24).backtest.decisions, 0);
    struct hc_recommendation advice = judge(&series, 25);
    assert_int_equal(advice.backtest.decisions, 1);
    assert_int_equal(advice.backtest.shortfalls, 0);
    assert_true(fabs(advice.backtest.slack_ratio - 1.0) < 1e-9); /* 400 for 200 */
    /* 1 % at 820 free becomes 820 / 220 % at 220 free. */
    assert_true(fabs(advice.backtest.extra_gc_share_ratio - (0.01 * 820 / 220 - 0.01)) < 1e-4);
    advice = judge(&series, 40);
    assert_int_equal(advice.backtest.decisions, 2);
    assert_int_equal(advice.backtest.shortfalls, 1);
    assert_int_equal(advice.backtest.from_ms, BEGIN_MS);
    assert_int_equal(advice.backtest.to_ms, BEGIN_MS + 11 * HC_HOUR_MS);
    free(block);
}

/* All of it was live, so collections had next to no room: a twentieth of the heap counts. */
static void test_a_full_heap_cost_what_it_cost(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = begin(&series);
    hc_track_record_add(&series, BEGIN_MS, 2000 * MIB, 1000 * MIB);
    for (int64_t h = 0; h < 26; h++)
        live_hour(&series, h, 1000);
    double extra = judge(&series, 25).backtest.extra_gc_share_ratio;
    assert_true(fabs(extra - (0.01 * 50 / 1000 - 0.01)) < 1e-4);
    free(block);
}

static void test_a_day_without_collections_judges_nothing(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = calloc(1, hc_series_size());
    assert_int_equal(hc_series_open(&series, block, hc_series_size(), NULL), HC_OK);
    live_hour(&series, 0, 100);
    hc_track_record_add(&series, BEGIN_MS, 400 * MIB, 300 * MIB);
    live_hour(&series, 60, 100);
    assert_int_equal(judge(&series, 60).backtest.decisions, 0);
    assert_true(isnan(judge(&series, 60).backtest.slack_ratio));
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_forecast_is_judged_by_the_day_after),
        cmocka_unit_test(test_a_full_heap_cost_what_it_cost),
        cmocka_unit_test(test_a_day_without_collections_judges_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
