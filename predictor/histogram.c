#include "histogram.h"

/* 2^(k/8), written out: exp2() may differ in the last bit from one libm to the next. */
static const double steps[8] = {1.0,
                                1.0905077326652577,
                                1.189207115002721,
                                1.2968395546510096,
                                1.4142135623730951,
                                1.5422108254079407,
                                1.681792830507429,
                                1.8340080864093424};

double hc_histogram_edge(unsigned bucket)
{
    return bucket == 0 ? 0.0 : steps[(bucket - 1) % 8] * (double)(UINT64_C(1) << (20 + (bucket - 1) / 8));
}

unsigned hc_histogram_bucket(uint64_t bytes)
{
    if (bytes < UINT64_C(1) << 20)
        return 0;
    unsigned doubling = 43U - (unsigned)__builtin_clzll(bytes); /* floor(log2(bytes)) - 20 */
    unsigned bucket = 1 + 8 * doubling;
    if (bucket >= HC_HISTOGRAM_BUCKETS)
        return HC_HISTOGRAM_BUCKETS - 1;
    while ((bucket - 1) % 8 < 7 && bucket + 1 < HC_HISTOGRAM_BUCKETS && (double)bytes >= hc_histogram_edge(bucket + 1))
        bucket++;
    return bucket;
}

void hc_histogram_add(struct hc_histogram *histogram, uint64_t bytes)
{
    uint16_t *count = &histogram->count[hc_histogram_bucket(bytes)];
    if (*count < UINT16_MAX)
        (*count)++;
}

void hc_histogram_merge(uint32_t sum[HC_HISTOGRAM_BUCKETS], const struct hc_histogram *histogram)
{
    for (unsigned i = 0; i < HC_HISTOGRAM_BUCKETS; i++)
        sum[i] += histogram->count[i];
}

double hc_histogram_percentile(const uint32_t sum[HC_HISTOGRAM_BUCKETS], double percentile)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < HC_HISTOGRAM_BUCKETS; i++)
        total += sum[i];
    double rank = percentile * (double)total;
    double below = 0;
    for (unsigned i = 0; i < HC_HISTOGRAM_BUCKETS; i++) {
        if (sum[i] > 0 && below + sum[i] >= rank) {
            double low = hc_histogram_edge(i), high = hc_histogram_edge(i + 1);
            return low + (high - low) * (rank - below) / sum[i];
        }
        below += sum[i];
    }
    return 0;
}

/* Puts the k-th smallest at values[k], nothing larger before it (Hoare's selection, middle element as pivot). */
static void select_kth(double *values, unsigned n, unsigned k)
{
    unsigned left = 0, right = n - 1;
    while (left < right) {
        double pivot = values[left + (right - left) / 2];
        unsigned i = left, j = right;
        for (;;) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i >= j)
                break;
            double swap = values[i];
            values[i++] = values[j];
            values[j--] = swap;
        }
        /* Everything up to j is <= pivot, everything after it >= pivot; j < right, so the range shrinks. */
        if (k <= j)
            right = j;
        else
            left = j + 1;
    }
}

double hc_values_percentile(double *values, unsigned n, double percentile)
{
    double rank = percentile * (n - 1);
    unsigned k = (unsigned)rank;
    select_kth(values, n, k);
    double low = values[k];
    if (k + 1 >= n)
        return low;
    double high = values[k + 1];
    for (unsigned i = k + 2; i < n; i++)
        if (values[i] < high)
            high = values[i];
    return low + (high - low) * (rank - k);
}
