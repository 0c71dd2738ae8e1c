/*
 * What a recorded past was really like: the live set and the work of collecting, by bins of time. With hindsight the
 * points where the old generation was just swept are known before and after each moment, so a line between them is a
 * better estimate than any that could be made at the time.
 *
 * The live set: looks over the whole heap where there are enough, else full collections (Serial, Parallel), else ends
 * of runs of mixed collections, else the least of each block of 15 collections; a straight line from one point to the
 * next, level over gaps of more than 6 h and across the start of another JVM. The convention of the study that the
 * predictor was chosen by (docs/backtest.md).
 */
#ifndef HC_PREDICTOR_HINDSIGHT_H
#define HC_PREDICTOR_HINDSIGHT_H

#include <heapcast/backtest.h>

struct hc_hindsight_bin {
    double live_bytes;     /* the most in it */
    double work_bytes;     /* share of time in collections x free heap, smoothed over five bins */
    double heap_max_bytes; /* in force */
    int exhausted;         /* an OutOfMemoryError, or nearly */
};

struct hc_hindsight {
    int64_t from_ms, bin_ms; /* bin i: from_ms + i * bin_ms on */
    size_t count;
    struct hc_hindsight_bin *bins;
    enum hc_backtest_truth truth;
    size_t points;
};

/* `bin_ms` is what is wished; a very long past gets wider bins. Owned by the caller: hc_hindsight_release. */
enum hc_status hc_hindsight_init(const struct hc_past *past, int64_t bin_ms, struct hc_hindsight *out,
                                 struct hc_error *err);
void hc_hindsight_release(struct hc_hindsight *hindsight);

#endif
