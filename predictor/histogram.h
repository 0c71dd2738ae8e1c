/*
 * Weights over logarithmic buckets (the scheme of recommendation.h), and percentiles of histograms and of plain values.
 *
 * Eight buckets to a doubling keep a percentile within 4.5 % of the truth at any size, and two histograms of the same
 * scheme are merged by adding bucket by bucket: hours into a window, TaskManagers into a fleet.
 */
#ifndef HC_PREDICTOR_HISTOGRAM_H
#define HC_PREDICTOR_HISTOGRAM_H

#include <heapcast/recommendation.h>

#include <stdint.h>

/* An hour's histogram. A count stays at 65535 when it is full: 18 collections a second are a broken heap anyway. */
struct hc_histogram {
    uint16_t count[HC_HISTOGRAM_BUCKETS];
};

unsigned hc_histogram_bucket(uint64_t bytes);
/* Lower edge of a bucket; that of bucket 0 is 0. */
double hc_histogram_edge(unsigned bucket);
void hc_histogram_add(struct hc_histogram *histogram, uint64_t bytes);
void hc_histogram_merge(uint32_t sum[HC_HISTOGRAM_BUCKETS], const struct hc_histogram *histogram);
/* Percentile (0..1) of a merged histogram, linear within the bucket; 0 if it is empty. */
double hc_histogram_percentile(const uint32_t sum[HC_HISTOGRAM_BUCKETS], double percentile);

/* Percentile (0..1) of n >= 1 values, linear between neighbours; reorders them. */
double hc_values_percentile(double *values, unsigned n, double percentile);

#endif
