/*
 * A leak in the heap: the live set of the running JVM that rises and does not level off, and the time until the heap in
 * force is full. No size helps for long then, so it is said apart from the number.
 *
 * Seen in the truest points that there are: looks over the whole heap, else what sweeps left; for a slow one the hours
 * of the last three days.
 */
#ifndef HC_PREDICTOR_FILLING_H
#define HC_PREDICTOR_FILLING_H

#include "series.h"

struct hc_filling {
    int found;
    double bytes_per_h;
    double hours;         /* for which it was seen to rise */
    double hours_to_full; /* from now on, at this rate */
};

/* `scratch` has room for HC_TREND_PAIRS. */
void hc_filling_find(const struct hc_series *series, int64_t now_ms, double *scratch, struct hc_filling *out);

#endif
