#include "trend.h"

#include "histogram.h"

#include <math.h>

double hc_trend_slope(const double *values, unsigned n, double *scratch)
{
    if (n < 3)
        return 0;
    unsigned stride = (n + HC_TREND_POINTS - 1) / HC_TREND_POINTS;
    unsigned points = (n + stride - 1) / stride;
    const double *newest = values + n - 1;
    unsigned pairs = 0;
    for (unsigned i = 0; i < points; i++)
        for (unsigned j = i + 1; j < points; j++)
            scratch[pairs++] = (*(newest - i * stride) - *(newest - j * stride)) / (double)(j - i);
    return hc_values_percentile(scratch, pairs, 0.5) / stride;
}

int hc_trend_significant(const double *values, unsigned n, double slope, double *scratch)
{
    double rise = fabs(slope) * n;
    if (n < 12 || rise <= 0.02 * values[n - 1])
        return 0;
    for (unsigned i = 0; i < n; i++)
        scratch[i] = values[i] - slope * i;
    double centre = hc_values_percentile(scratch, n, 0.5);
    for (unsigned i = 0; i < n; i++)
        scratch[i] = fabs(scratch[i] - centre);
    return rise > 4 * 1.4826 * hc_values_percentile(scratch, n, 0.5);
}
