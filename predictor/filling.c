#include "filling.h"

#include "exhaustion.h"
#include "histogram.h"
#include "trend.h"

#include <math.h>

enum { POINTS = HC_TREND_POINTS, LEAST_POINTS = 8, MOST_HOURS = 72 };
/* As for leaks outside the heap (leak.c): what fills up slows down, a rise is far beyond the noise and no trifle. */
#define STILL_RISING 0.75
#define SPREADS 4.0
#define LEVEL_RATIO 0.05
/* A few points say nothing of what lies much further ahead than they reach back; nobody plans for more than a month. */
#define REACH 5.0
#define MOST_HOURS_AHEAD (30 * 24.0)

/* Oldest first. */
struct points {
    double hour[POINTS]; /* before now, negative */
    double bytes[POINTS];
    unsigned n;
};

/* Every stride-th point counting from the newest, so that POINTS of them span all. */
static void take(struct points *points, unsigned index_from_newest, unsigned total, double hour, double bytes)
{
    unsigned stride = (total + POINTS - 1) / POINTS;
    if (index_from_newest % stride != 0)
        return;
    unsigned at = (total + stride - 1) / stride - 1 - index_from_newest / stride;
    points->hour[at] = hour;
    points->bytes[at] = bytes;
    points->n++;
}

static double hours_before(int64_t time_ms, int64_t now_ms)
{
    return (double)(time_ms - now_ms) / (double)HC_HOUR_MS;
}

static unsigned each_view(const struct hc_series *series, int64_t now_ms, unsigned total, struct points *out)
{
    unsigned n = 0;
    uint64_t newest = series->now.view_sequence;
    for (uint64_t s = newest; s > 0 && newest - s < HC_VIEW_SLOTS; s--) {
        const struct hc_live_view *view = hc_slots_get(&series->views, s);
        if (view == NULL || view->time_ms < series->now.epoch.start_ms)
            continue;
        if (out != NULL)
            take(out, n, total, hours_before(view->time_ms, now_ms), (double)view->live_bytes);
        n++;
    }
    return n;
}

/* Whole-heap collections, and the last of each run of mixed ones. */
static unsigned each_sweep(const struct hc_series *series, int64_t now_ms, unsigned total, struct points *out)
{
    unsigned n = 0;
    uint64_t newest = series->now.raw_sequence;
    int after_mixed = 0;
    for (uint64_t s = newest; s > 0 && newest - s < HC_RAW_SLOTS; s--) {
        const struct hc_raw *raw = hc_slots_get(&series->raw, s);
        if (raw == NULL || raw->epoch_sequence != series->now.epoch_sequence)
            continue;
        enum hc_gc_kind kind = raw->sample.kind;
        if (kind == HC_GC_PAUSE)
            continue;
        int counts = kind == HC_GC_FULL || kind == HC_GC_OLD || (kind == HC_GC_MIXED && !after_mixed);
        after_mixed = kind == HC_GC_MIXED;
        if (!counts)
            continue;
        if (out != NULL)
            take(out, n, total, hours_before(raw->sample.end_time_ms, now_ms),
                 (double)raw->sample.heap_used_after_bytes);
        n++;
    }
    return n;
}

/* Theil-Sen through the points from `first` on; 0 where all are of one moment. */
static double slope(const struct points *points, unsigned first, double *scratch)
{
    unsigned pairs = 0;
    for (unsigned i = first; i < points->n; i++)
        for (unsigned j = i + 1; j < points->n; j++)
            if (points->hour[j] > points->hour[i])
                scratch[pairs++] = (points->bytes[j] - points->bytes[i]) / (points->hour[j] - points->hour[i]);
    return pairs > 0 ? hc_values_percentile(scratch, pairs, 0.5) : 0;
}

/* The line's value now, as the median of the points from `first` on sees it. */
static double level_now(const struct points *points, unsigned first, double rate, double *scratch)
{
    unsigned n = 0;
    for (unsigned i = first; i < points->n; i++)
        scratch[n++] = points->bytes[i] - rate * points->hour[i];
    return hc_values_percentile(scratch, n, 0.5);
}

static double spread(const struct points *points, double rate, double *scratch)
{
    double centre = level_now(points, 0, rate, scratch);
    for (unsigned i = 0; i < points->n; i++)
        scratch[i] = fabs(points->bytes[i] - rate * points->hour[i] - centre);
    return 1.4826 * hc_values_percentile(scratch, points->n, 0.5);
}

static int rises(const struct points *points, double heap_bytes, double most_hours, double *scratch,
                 struct hc_filling *out)
{
    unsigned half = points->n / 2;
    double hours = points->hour[points->n - 1] - points->hour[0];
    double whole = slope(points, 0, scratch), late = slope(points, half, scratch);
    double rise = whole * hours;
    if (whole <= 0 || late < STILL_RISING * whole || rise < LEVEL_RATIO * points->bytes[points->n - 1] ||
        rise < SPREADS * spread(points, whole, scratch))
        return 0;
    double rate = fmax(whole, late); /* it may have begun in the middle */
    double left = fmax(0, HC_FULL_HEAP_RATIO * heap_bytes - level_now(points, half, rate, scratch)) / rate;
    if (left > fmin(most_hours, MOST_HOURS_AHEAD))
        return 0;
    *out = (struct hc_filling){1, rate, hours, left};
    return 1;
}

typedef unsigned each_point(const struct hc_series *series, int64_t now_ms, unsigned total, struct points *out);

static int rises_by(each_point *each, const struct hc_series *series, int64_t now_ms, double *scratch,
                    struct hc_filling *out)
{
    struct points points = {.n = 0};
    unsigned total = each(series, now_ms, 0, NULL);
    if (total < LEAST_POINTS)
        return 0;
    (void)each(series, now_ms, total, &points);
    double reach = REACH * (points.hour[points.n - 1] - points.hour[0]);
    return rises(&points, (double)series->now.heap_max_bytes, reach, scratch, out);
}

/* Hours of this JVM that a sweep has settled: what is still open may be garbage. */
static unsigned each_hour(const struct hc_series *series, int64_t now_ms, unsigned total, struct points *out)
{
    unsigned n = 0;
    int64_t last = hc_hour_of(now_ms), first = hc_hour_of(series->now.epoch.start_ms) + 1;
    for (int64_t h = last; h >= first && h > last - MOST_HOURS; h--) {
        const struct hc_hour *hour = hc_series_hour(series, h);
        if (hour == NULL || hour->clean_points == 0)
            continue;
        if (out != NULL) {
            int64_t end_ms = hc_hour_end_ms(h);
            take(out, n, total, hours_before(end_ms < now_ms ? end_ms : now_ms, now_ms),
                 (double)hc_series_live_max(series, hour));
        }
        n++;
    }
    return n;
}

void hc_filling_find(const struct hc_series *series, int64_t now_ms, double *scratch, struct hc_filling *out)
{
    *out = (struct hc_filling){0, 0, 0, 0};
    if (series->now.heap_max_bytes == 0 || series->now.heap_max_bytes == HC_BYTES_UNKNOWN)
        return;
    if (!rises_by(each_view, series, now_ms, scratch, out) && !rises_by(each_sweep, series, now_ms, scratch, out))
        (void)rises_by(each_hour, series, now_ms, scratch, out);
}
