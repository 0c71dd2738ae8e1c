/* What the rest of this room may see of a predictor. */
#ifndef HC_PREDICTOR_INSIDE_H
#define HC_PREDICTOR_INSIDE_H

#include "series.h"

#include <heapcast/predictor.h>

/* Borrowed. */
const struct hc_series *hc_predictor_series(const struct hc_predictor *predictor);
const struct hc_policy *hc_predictor_policy(const struct hc_predictor *predictor);

#endif
