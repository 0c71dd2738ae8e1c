/* The recommendation in words, with its figures. */
#ifndef HC_PREDICTOR_REASONS_H
#define HC_PREDICTOR_REASONS_H

#include "exhaustion.h"
#include "filling.h"
#include "leak.h"

#include <heapcast/policy.h>
#include <heapcast/recommendation.h>

#include <stdint.h>

struct hc_reason_facts {
    int64_t covered_ms;                             /* time watched */
    int64_t since_start_ms;                         /* of the running JVM */
    uint64_t held_back_bytes;                       /* the number that hysteresis held back; 0 none */
    int short_history;                              /* fewer hours than a percentile needs */
    int swept;                                      /* a collection of the old generation was ever seen */
    struct hc_exhaustion exhaustion;                /* of the heap */
    const struct hc_event *container_out_of_memory; /* that still counts; NULL: none */
    struct hc_leak leak;                            /* outside the heap */
    struct hc_filling filling;                      /* of the heap */
};

/* Fills out->reasons, most important first. */
void hc_reasons_write(const struct hc_reason_facts *facts, const struct hc_policy *policy,
                      struct hc_recommendation *out);

/* 512 MiB, 9.5 MiB; 40 s, 2.4 min, 3.1 h, 5.0 d; with a decimal point in any locale. Return `out`. */
#define HC_REASON_WORD 32
char *hc_reason_bytes(double bytes, char out[HC_REASON_WORD]);
char *hc_reason_time(int64_t time_ms, char out[HC_REASON_WORD]);

#endif
