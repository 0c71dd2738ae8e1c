/* The predictor's record of its own errors: what it recommended a horizon ago, judged by what came. */
#ifndef HC_PREDICTOR_TRACK_RECORD_H
#define HC_PREDICTOR_TRACK_RECORD_H

#include "series.h"

#include <heapcast/policy.h>

/* Remembers the first recommendation of an hour. */
void hc_track_record_add(const struct hc_series *series, int64_t now_ms, uint64_t heap_bytes,
                         uint64_t live_upper_bytes);
/* Fills out->backtest; decisions 0 until a recommendation is a horizon old. */
void hc_track_record_judge(const struct hc_series *series, const struct hc_policy *policy, int64_t now_ms,
                           struct hc_recommendation *out);

#endif
