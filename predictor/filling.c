#include "filling.h"

#include "exhaustion.h"
#include "histogram.h"
#include "trend.h"

#include <math.h>
#include <string.h>

enum { POINTS = HC_TREND_POINTS, LEAST_POINTS = 8, MOST_HOURS = 72 };
/* As for leaks outside the heap (leak.c): what fills up slows down, a rise is far beyond the noise and no trifle. */
#define STILL_RISING 0.75
#define SPREADS 4.0
#define LEVEL_RATIO 0.05
/* A few points say nothing of what lies much further ahead than they reach back; nobody plans for more than a month. */
#define REACH 5.0
#define MOST_HOURS_AHEAD (30 * 24.0)

/* Taken newest first; of too many every second, every fourth, ... is kept, so that they always span all. */
struct points {
    double hour[2 * POINTS]; /* before now, negative */
    double bytes[2 * POINTS];
    unsigned n, taken, stride;
};

static void halve(struct points *points)
{
    points->n = (points->n + 1) / 2;
    points->stride *= 2;
    for (unsigned i = 0; i < points->n; i++) {
        points->hour[i] = points->hour[2 * i];
        points->bytes[i] = points->bytes[2 * i];
    }
}

static void take(struct points *points, double hour, double bytes)
{
    if (points->taken++ % points->stride != 0)
        return;
    points->hour[points->n] = hour;
    points->bytes[points->n++] = bytes;
    if (points->n == 2 * POINTS)
        halve(points);
}

/* Oldest first, and no more than POINTS. */
static void arrange(struct points *points)
{
    if (points->n > POINTS)
        halve(points);
    for (unsigned i = 0, j = points->n; i + 1 < j--; i++) {
        double hour = points->hour[i], bytes = points->bytes[i];
        points->hour[i] = points->hour[j];
        points->bytes[i] = points->bytes[j];
        points->hour[j] = hour;
        points->bytes[j] = bytes;
    }
}

static double hours_before(int64_t time_ms, int64_t now_ms)
{
    return (double)(time_ms - now_ms) / (double)HC_HOUR_MS;
}

static void each_view(const struct hc_series *series, int64_t now_ms, struct points *out)
{
    uint64_t newest = series->now.view_sequence;
    for (uint64_t s = newest; s > 0 && newest - s < HC_VIEW_SLOTS; s--) {
        const struct hc_live_view *view = hc_slots_get(&series->views, s);
        if (view != NULL && view->time_ms >= series->now.epoch.start_ms)
            take(out, hours_before(view->time_ms, now_ms), (double)view->live_bytes);
    }
}

/* Whole-heap collections, and the last of each run of mixed ones. */
static void each_sweep(const struct hc_series *series, int64_t now_ms, struct points *out)
{
    int cycles = hc_collects_in_cycles(series->now.epoch.collector);
    const struct hc_slots *ring = cycles ? &series->raw : &series->sweeps;
    uint64_t newest = cycles ? series->now.raw_sequence : series->now.sweep_sequence;
    for (uint64_t s = newest; s > 0 && newest - s < ring->count; s--) {
        const struct hc_raw *raw = hc_slots_get(ring, s);
        if (raw == NULL || raw->sample.kind == HC_GC_PAUSE)
            continue;
        if (raw->epoch_sequence != series->now.epoch_sequence)
            return;
        if (raw->sample.kind != HC_GC_YOUNG)
            take(out, hours_before(raw->sample.end_time_ms, now_ms), (double)raw->sample.heap_used_after_bytes);
    }
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

static double median(const double *values, unsigned n, double *scratch)
{
    memcpy(scratch, values, n * sizeof values[0]);
    return hc_values_percentile(scratch, n, 0.5);
}

/* Most live sets do not: told for a hundredth of what the line costs. */
static int may_rise(const struct points *points, double *scratch)
{
    unsigned third = points->n / 3;
    double first = median(points->bytes, third, scratch);
    double last = median(points->bytes + points->n - third, third, scratch);
    return last - first > LEVEL_RATIO / 2 * last;
}

static int rises(const struct points *points, double heap_bytes, double *scratch, struct hc_filling *out)
{
    unsigned half = points->n / 2;
    double hours = points->hour[points->n - 1] - points->hour[0];
    double whole = slope(points, 0, scratch), rise = whole * hours;
    if (whole <= 0 || rise < LEVEL_RATIO * points->bytes[points->n - 1] ||
        rise < SPREADS * spread(points, whole, scratch))
        return 0;
    double late = slope(points, half, scratch), rate = fmax(whole, late); /* it may have begun in the middle */
    double left = fmax(0, HC_FULL_HEAP_RATIO * heap_bytes - level_now(points, half, rate, scratch)) / rate;
    if (late < STILL_RISING * whole || left > fmin(REACH * hours, MOST_HOURS_AHEAD))
        return 0;
    *out = (struct hc_filling){1, rate, hours, left};
    return 1;
}

/* Hours of this JVM that a sweep has settled: what is still open may be garbage. */
static void each_hour(const struct hc_series *series, int64_t now_ms, struct points *out)
{
    int64_t last = hc_hour_of(now_ms), first = hc_hour_of(series->now.epoch.start_ms) + 1;
    for (int64_t h = last; h >= first && h > last - MOST_HOURS; h--) {
        const struct hc_hour *hour = hc_series_hour(series, h);
        if (hour == NULL || hour->clean_points == 0)
            continue;
        int64_t end_ms = hc_hour_end_ms(h);
        take(out, hours_before(end_ms < now_ms ? end_ms : now_ms, now_ms), (double)hc_series_live_max(series, hour));
    }
}

void hc_filling_find(const struct hc_series *series, int64_t now_ms, double *scratch, struct hc_filling *out)
{
    static void (*const sources[])(const struct hc_series *, int64_t, struct points *) = {each_view, each_sweep,
                                                                                          each_hour};
    *out = (struct hc_filling){0, 0, 0, 0};
    if (series->now.heap_max_bytes == 0 || series->now.heap_max_bytes == HC_BYTES_UNKNOWN)
        return;
    for (unsigned i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct points points = {.stride = 1};
        sources[i](series, now_ms, &points);
        arrange(&points);
        if (points.n >= LEAST_POINTS && may_rise(&points, scratch) &&
            rises(&points, (double)series->now.heap_max_bytes, scratch, out))
            return;
    }
}
