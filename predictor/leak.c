#include "leak.h"

#include "histogram.h"
#include "trend.h"

#include <math.h>

#define MIB 1048576.0

/* A leak has at least so many whole hours behind it; state backends fill their caches and the JIT compiles in fewer. */
enum { LEAST_HOURS = 8, MOST_HOURS = 48 };
/* Less in a day is nobody's trouble. */
#define LEAST_BYTES_PER_H (1 * MIB)
/* Of the whole rise that the line promises, so much must really be there between the medians of both ends. */
#define REAL_RISE 0.5
/* The later half must rise at least so fast, compared with the whole: what fills up slows down. */
#define STILL_RISING 0.75
/* Rise over the window, in standard deviations around the line, and as a share of the level. */
#define SPREADS 4.0
#define LEVEL_RATIO 0.05

static unsigned hourly(const struct hc_series *series, int64_t now_ms, enum hc_ledger_part part, double *values)
{
    int64_t last = hc_hour_of(now_ms) - 1, first = hc_hour_of(series->now.epoch.start_ms) + 1;
    unsigned n = 0;
    if (first < last - MOST_HOURS + 1)
        first = last - MOST_HOURS + 1;
    for (int64_t h = first; h <= last; h++) {
        const struct hc_look_hour *hour = hc_series_look_hour(series, h);
        if (hour == NULL || hour->part_bytes[part] == HC_BYTES_UNKNOWN)
            n = 0; /* only what was watched without a gap */
        else
            values[n++] = (double)hour->part_bytes[part];
    }
    return n;
}

/* Spread around the line: 1.4826 MAD estimates a standard deviation. */
static double spread(const double *values, unsigned n, double slope, double *scratch)
{
    for (unsigned i = 0; i < n; i++)
        scratch[i] = values[i] - slope * i;
    double centre = hc_values_percentile(scratch, n, 0.5);
    for (unsigned i = 0; i < n; i++)
        scratch[i] = fabs(scratch[i] - centre);
    return 1.4826 * hc_values_percentile(scratch, n, 0.5);
}

/* Bytes an hour, 0 where it is none. */
static double leak_rate(const double *values, unsigned n, double *scratch)
{
    if (n < LEAST_HOURS)
        return 0;
    unsigned half = n / 2;
    double slope = hc_trend_slope(values, n, scratch), late = hc_trend_slope(values + half, n - half, scratch);
    double rise = slope * (n - 1), real = (values[n - 1] + values[n - 2] - values[0] - values[1]) / 2;
    if (slope < LEAST_BYTES_PER_H || rise < LEVEL_RATIO * values[n - 1] || real < REAL_RISE * rise ||
        late < STILL_RISING * slope || rise < SPREADS * spread(values, n, slope, scratch))
        return 0;
    return slope;
}

static double hours_to_limit(const struct hc_memory_sample *now, double bytes_per_h)
{
    uint64_t held = now->container_held_bytes != HC_BYTES_UNKNOWN ? now->container_held_bytes : now->rss_bytes;
    uint64_t room = hc_bytes_minus(now->container_limit_bytes, held);
    return room == HC_BYTES_UNKNOWN ? NAN : (double)room / bytes_per_h;
}

void hc_leak_find(const struct hc_series *series, int64_t now_ms, double *scratch, struct hc_leak *out)
{
    double *values = scratch + HC_TREND_PAIRS;
    *out = (struct hc_leak){.hours_to_limit = NAN};
    for (enum hc_ledger_part part = 0; part < HC_LEDGER_PARTS; part++) {
        unsigned n = hourly(series, now_ms, part, values);
        double rate = part == HC_LEDGER_FILES ? 0 : leak_rate(values, n, scratch); /* pages of files can be dropped */
        if (rate > out->bytes_per_h)
            *out = (struct hc_leak){1, part, rate, n, hours_to_limit(&series->now.look, rate)};
    }
}
