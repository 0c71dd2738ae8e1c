/*
 * Sizes outside the heap, from looks at the process: metaspace, direct buffers and the rest.
 *
 * Metaspace is a hard limit in Flink (-XX:MaxMetaspaceSize), the rest is a budget of the container. Resident memory
 * that is neither heap nor direct nor metaspace is taken as one figure, the overhead: code cache, threads, GC
 * structures, native libraries, allocator slack and files. Its parts come with a later version; unknown stays unknown.
 */
#ifndef HC_PREDICTOR_OFF_HEAP_H
#define HC_PREDICTOR_OFF_HEAP_H

#include "series.h"

/*
 * Fills out->off_heap and out->process, for which it reads out->heap_bytes and out->current_heap_bytes.
 * `scratch` has room for HC_LOOK_HOUR_SLOTS.
 */
void hc_off_heap_predict(const struct hc_series *series, int64_t now_ms, double *scratch,
                         struct hc_recommendation *out);

#endif
