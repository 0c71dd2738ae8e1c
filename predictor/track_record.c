#include "track_record.h"

#include "headroom.h"
#include "sweeping.h"

#include <math.h>

void hc_track_record_add(const struct hc_series *series, int64_t now_ms, uint64_t heap_bytes, uint64_t live_upper_bytes)
{
    struct hc_forecast forecast = {hc_hour_of(now_ms), heap_bytes, live_upper_bytes};
    if (hc_slots_get(&series->forecasts, (uint64_t)forecast.hour) == NULL)
        hc_slots_put(&series->forecasts, (uint64_t)forecast.hour, &forecast);
}

struct truth {
    double live_bytes;     /* the most that was live */
    double gc_share_ratio; /* that the recommended heap would have cost, by the law of headroom.h */
    double seen_gc_share_ratio;
    unsigned hours;
};

/* Of each hour that forecasts are judged by, looked up once: many forecasts share an hour. */
struct hour_truth {
    double live_bytes, gc_ms, work, covered_ms; /* covered_ms negative: nothing was seen */
    double capacity_ratio;
};

static struct hour_truth hour_truth(const struct hc_series *series, int64_t h)
{
    const struct hc_hour *hour = hc_series_hour(series, h);
    if (hour == NULL || hour->collections == 0)
        return (struct hour_truth){.covered_ms = -1};
    double live = (double)hc_series_live_max(series, hour);
    double room = hc_room((double)hour->committed_bytes, live, (double)hour->heap_max_bytes);
    double ms = (double)(hour->gc_us + hour->warm_gc_us) / 1000.0;
    double covered_ms = (double)(hour->covered_ms + hour->warm_covered_ms);
    double capacity =
        hc_capacity_ratio(series->now.epoch.collector, (double)hour->committed_bytes, (double)hour->heap_max_bytes);
    return (struct hour_truth){live, ms, ms * room, covered_ms, capacity};
}

/* What the hours after a forecast brought. The forecast's own hour is left out: part of it was known. */
static struct truth truth_after(const struct hour_truth *hours, const struct hc_forecast *forecast,
                                int64_t horizon_hours)
{
    struct truth truth = {0};
    double work = 0, gc_ms = 0, covered_ms = 0, capacity = 1;
    for (const struct hour_truth *hour = hours; hour < hours + horizon_hours; hour++) {
        if (hour->covered_ms < 0)
            continue;
        truth.hours++;
        if (hour->live_bytes > truth.live_bytes)
            truth.live_bytes = hour->live_bytes;
        work += hour->work;
        gc_ms += hour->gc_ms;
        covered_ms += hour->covered_ms;
        capacity = fmin(capacity, hour->capacity_ratio);
    }
    if (covered_ms > 0) {
        double heap = (double)forecast->heap_bytes, room = hc_room(capacity * heap, truth.live_bytes, heap);
        truth.seen_gc_share_ratio = gc_ms / covered_ms;
        truth.gc_share_ratio = fmin(1.0, work / covered_ms / room);
    }
    return truth;
}

void hc_track_record_judge(const struct hc_series *series, const struct hc_policy *policy, int64_t now_ms,
                           struct hc_recommendation *out)
{
    int64_t horizon_hours = policy->horizon_ms / HC_HOUR_MS > 0 ? policy->horizon_ms / HC_HOUR_MS : 1;
    int64_t last = hc_hour_of(now_ms) - horizon_hours - 1;
    double slack = 0, extra = 0;
    out->backtest.decisions = out->backtest.shortfalls = 0;
    out->backtest.slack_ratio = out->backtest.extra_gc_share_ratio = NAN;
    out->backtest.from_ms = out->backtest.to_ms = 0;
    int64_t first = last - HC_FORECAST_SLOTS + horizon_hours;
    struct hour_truth hours[HC_FORECAST_SLOTS + 1];
    for (int64_t h = first + 1; h <= last + horizon_hours; h++)
        hours[h - first - 1] = hour_truth(series, h);
    for (int64_t h = first; h <= last; h++) {
        const struct hc_forecast *forecast = h > 0 ? hc_slots_get(&series->forecasts, (uint64_t)h) : NULL;
        if (forecast == NULL)
            continue;
        struct truth truth = truth_after(hours + (h - first), forecast, horizon_hours);
        if (truth.hours == 0 || truth.live_bytes <= 0)
            continue;
        double need = truth.live_bytes / policy->usable_ratio;
        out->backtest.shortfalls += need > (double)forecast->heap_bytes;
        slack += (double)forecast->heap_bytes / need - 1.0;
        extra += truth.gc_share_ratio - truth.seen_gc_share_ratio;
        if (out->backtest.decisions++ == 0)
            out->backtest.from_ms = hc_hour_end_ms(h - 1);
        out->backtest.to_ms = hc_hour_end_ms(h);
    }
    if (out->backtest.decisions > 0) {
        out->backtest.slack_ratio = slack / (double)out->backtest.decisions;
        out->backtest.extra_gc_share_ratio = extra / (double)out->backtest.decisions;
    }
}
