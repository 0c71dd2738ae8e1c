#include "predictor/histogram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed = 1;

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The reference: sort, then interpolate between neighbours. */
static double sorted_percentile(const double *values, unsigned n, double percentile)
{
    double *sorted = malloc(n * sizeof *sorted);
    memcpy(sorted, values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, ascending);
    double rank = percentile * (n - 1);
    unsigned k = (unsigned)rank;
    double value = k + 1 < n ? sorted[k] + (sorted[k + 1] - sorted[k]) * (rank - k) : sorted[n - 1];
    free(sorted);
    return value;
}

static void test_percentile_of_values_equals_sorting(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        double values[200];
        unsigned n = 1 + (unsigned)(next() % 200), kinds = 1 + (unsigned)(next() % 50);
        for (unsigned i = 0; i < n; i++)
            values[i] = round % 3 == 0 ? (double)(next() % kinds) : (double)(next() % 1000000);
        double percentile = round % 5 == 0 ? (double)(next() % 2) : (double)(next() % 1000) / 999.0;
        double expected = sorted_percentile(values, n, percentile);
        assert_true(hc_values_percentile(values, n, percentile) == expected);
    }
}

static void test_buckets_hold_their_edges(void **state)
{
    (void)state;
    assert_int_equal(hc_histogram_bucket(0), 0);
    assert_int_equal(hc_histogram_bucket((1U << 20) - 1), 0);
    assert_int_equal(hc_histogram_bucket(1U << 20), 1);
    assert_int_equal(hc_histogram_bucket(2U << 20), 9);
    assert_int_equal(hc_histogram_bucket(UINT64_MAX), HC_HISTOGRAM_BUCKETS - 1);
    for (unsigned i = 1; i < HC_HISTOGRAM_BUCKETS; i++) {
        double edge = hc_histogram_edge(i);
        assert_true(fabs(edge / (1048576.0 * exp2((i - 1) / 8.0)) - 1) < 1e-15 * 8);
        assert_int_equal(hc_histogram_bucket((uint64_t)ceil(edge)), i);
        assert_int_equal(hc_histogram_bucket((uint64_t)ceil(edge) - 1), i - 1);
    }
}

static void test_histogram_percentile_is_within_a_bucket(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct hc_histogram histogram = {{0}};
        uint32_t sum[HC_HISTOGRAM_BUCKETS] = {0};
        double values[300];
        unsigned n = 1 + (unsigned)(next() % 300);
        for (unsigned i = 0; i < n; i++) {
            uint64_t bytes = (UINT64_C(1) << 20) + next() % (UINT64_C(1) << (21 + next() % 15));
            values[i] = (double)bytes;
            hc_histogram_add(&histogram, bytes);
        }
        hc_histogram_merge(sum, &histogram);
        for (double p = 0.05; p < 1; p += 0.05) {
            /* The value at rank ceil(p n) lies in the bucket that the answer comes from. */
            qsort(values, n, sizeof values[0], ascending);
            double truth = values[(unsigned)ceil(p * n) - 1], found = hc_histogram_percentile(sum, p);
            assert_true(found >= truth / 1.0906 && found <= truth * 1.0906);
        }
    }
}

static void test_merging_adds_and_counts_saturate(void **state)
{
    (void)state;
    struct hc_histogram histogram = {{0}};
    uint32_t sum[HC_HISTOGRAM_BUCKETS] = {0};
    for (unsigned i = 0; i < 70000; i++)
        hc_histogram_add(&histogram, 5U << 20);
    unsigned bucket = hc_histogram_bucket(5U << 20);
    assert_int_equal(histogram.count[bucket], UINT16_MAX);
    hc_histogram_merge(sum, &histogram);
    hc_histogram_merge(sum, &histogram);
    assert_int_equal(sum[bucket], 2 * UINT16_MAX);
    uint32_t empty[HC_HISTOGRAM_BUCKETS] = {0};
    assert_true(hc_histogram_percentile(empty, 0.5) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentile_of_values_equals_sorting),
        cmocka_unit_test(test_buckets_hold_their_edges),
        cmocka_unit_test(test_histogram_percentile_is_within_a_bucket),
        cmocka_unit_test(test_merging_adds_and_counts_saturate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
