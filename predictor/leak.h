/*
 * A leak outside the heap: a part of the ledger that grows for hours and does not level off. The heap has its own
 * trend; nothing else tells of what is lost outside it before the container's limit ends the process without a word.
 */
#ifndef HC_PREDICTOR_LEAK_H
#define HC_PREDICTOR_LEAK_H

#include "series.h"

struct hc_leak {
    int found;
    enum hc_ledger_part part; /* the one that grows fastest */
    double bytes_per_h;
    double hours;          /* for which it was watched */
    double hours_to_limit; /* until the container is full at this rate; NAN without a limit */
};

/* Looks at whole hours of the running JVM only: a restart gives back what was lost. `scratch` has room for
 * HC_TREND_PAIRS + HC_LOOK_HOUR_SLOTS. */
void hc_leak_find(const struct hc_series *series, int64_t now_ms, double *scratch, struct hc_leak *out);

#endif
