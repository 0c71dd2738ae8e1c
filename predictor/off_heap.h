/*
 * Sizes outside the heap, from looks at the process: metaspace, direct buffers and the rest.
 *
 * Metaspace is a hard limit in Flink (-XX:MaxMetaspaceSize), the rest is a budget of the container. Resident memory
 * that is neither heap nor direct nor metaspace is Flink's JVM overhead; the ledger (ledger.h) tells its parts, and so
 * which margin each needs and what of it will shrink with the heap.
 */
#ifndef HC_PREDICTOR_OFF_HEAP_H
#define HC_PREDICTOR_OFF_HEAP_H

#include "series.h"

/*
 * Fills out->off_heap and out->process, for which it reads out->observed, the heap's sizes and the events.
 * `scratch` has room for HC_LOOK_HOUR_SLOTS.
 */
void hc_off_heap_predict(const struct hc_series *series, int64_t now_ms, double *scratch,
                         struct hc_recommendation *out);

#endif
