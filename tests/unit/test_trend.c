#include "predictor/trend.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t seed = 7;

static double uniform(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The reference: the median of the slopes of all pairs, by sorting. */
static double all_pairs(const double *values, unsigned n)
{
    static double slopes[200 * 200];
    unsigned count = 0;
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = i + 1; j < n; j++)
            slopes[count++] = (values[j] - values[i]) / (double)(j - i);
    qsort(slopes, count, sizeof slopes[0], ascending);
    return count % 2 == 1 ? slopes[count / 2]
                          : slopes[count / 2 - 1] + (slopes[count / 2] - slopes[count / 2 - 1]) * 0.5;
}

static void test_slope_equals_all_pairs(void **state)
{
    (void)state;
    double values[HC_TREND_POINTS], scratch[HC_TREND_PAIRS];
    for (unsigned round = 0; round < 2000; round++) {
        unsigned n = 3 + (unsigned)(uniform() * (HC_TREND_POINTS - 2));
        for (unsigned i = 0; i < n; i++)
            values[i] = round % 4 == 0 ? floor(uniform() * 4) : uniform() * 1e9;
        assert_true(hc_trend_slope(values, n, scratch) == all_pairs(values, n));
    }
}

static void test_long_series_are_thinned_from_the_newest(void **state)
{
    (void)state;
    double values[200], thin[HC_TREND_POINTS], scratch[HC_TREND_PAIRS];
    for (unsigned round = 0; round < 500; round++) {
        unsigned n = HC_TREND_POINTS + 1 + (unsigned)(uniform() * (200 - HC_TREND_POINTS - 1));
        unsigned stride = (n + HC_TREND_POINTS - 1) / HC_TREND_POINTS, points = 0;
        for (unsigned i = 0; i < n; i++)
            values[i] = 5.0 * i + uniform() * 100;
        for (unsigned i = (n - 1) % stride; i < n; i += stride)
            thin[points++] = values[i];
        double slope = hc_trend_slope(values, n, scratch);
        assert_true(fabs(slope - all_pairs(thin, points) / stride) < 1e-9 * 5);
    }
}

static void test_a_quarter_of_outliers_does_not_move_it(void **state)
{
    (void)state;
    double values[40], scratch[HC_TREND_PAIRS];
    for (unsigned i = 0; i < 40; i++)
        values[i] = 1000 + 3.0 * i + (i % 4 == 0 ? 1e6 * uniform() : 0);
    assert_true(fabs(hc_trend_slope(values, 40, scratch) - 3.0) < 1.0);
}

static void test_significance(void **state)
{
    (void)state;
    double flat[72], rising[72], scratch[HC_TREND_PAIRS];
    for (unsigned i = 0; i < 72; i++) {
        flat[i] = 1000 + 300 * uniform();
        rising[i] = 1000 + 20.0 * i + 300 * uniform();
    }
    assert_false(hc_trend_significant(flat, 72, hc_trend_slope(flat, 72, scratch), scratch));
    assert_true(hc_trend_significant(rising, 72, hc_trend_slope(rising, 72, scratch), scratch));
    /* Less than half a day tells nothing about a day, however straight. */
    assert_false(hc_trend_significant(rising, 11, 20.0, scratch));
    assert_true(hc_trend_slope(rising, 2, scratch) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slope_equals_all_pairs),
        cmocka_unit_test(test_long_series_are_thinned_from_the_newest),
        cmocka_unit_test(test_a_quarter_of_outliers_does_not_move_it),
        cmocka_unit_test(test_significance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
