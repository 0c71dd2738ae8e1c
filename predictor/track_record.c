#include "track_record.h"

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

/* What the hours after a forecast brought. The forecast's own hour is left out: part of it was known. */
static struct truth truth_after(const struct hc_series *series, const struct hc_forecast *forecast,
                                int64_t horizon_hours)
{
    struct truth truth = {0};
    double work = 0, gc_ms = 0, covered_ms = 0;
    for (int64_t h = forecast->hour + 1; h <= forecast->hour + horizon_hours; h++) {
        const struct hc_hour *hour = hc_series_hour(series, h);
        if (hour == NULL || hour->collections == 0)
            continue;
        truth.hours++;
        if ((double)hour->live_max_bytes > truth.live_bytes)
            truth.live_bytes = (double)hour->live_max_bytes;
        double room = (double)hour->committed_bytes - (double)hour->live_max_bytes;
        double ms = (double)(hour->gc_us + hour->warm_gc_us) / 1000.0;
        work += room > 0 ? ms * room : 0;
        gc_ms += ms;
        covered_ms += (double)(hour->covered_ms + hour->warm_covered_ms);
    }
    if (covered_ms > 0) {
        double room = (double)forecast->heap_bytes - truth.live_bytes;
        double least = 0.05 * (double)forecast->heap_bytes;
        truth.seen_gc_share_ratio = gc_ms / covered_ms;
        truth.gc_share_ratio = fmin(1.0, work / covered_ms / (room > least ? room : least));
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
    for (int64_t h = last - HC_FORECAST_SLOTS + horizon_hours; h <= last; h++) {
        const struct hc_forecast *forecast = h > 0 ? hc_slots_get(&series->forecasts, (uint64_t)h) : NULL;
        if (forecast == NULL)
            continue;
        struct truth truth = truth_after(series, forecast, horizon_hours);
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
