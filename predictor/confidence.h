/* Is the evidence enough? A figure between 0 and 1 for people and for whoever applies recommendations by itself. */
#ifndef HC_PREDICTOR_CONFIDENCE_H
#define HC_PREDICTOR_CONFIDENCE_H

#include <heapcast/recommendation.h>

#include <stdint.h>

struct hc_confidence_facts {
    int64_t covered_ms; /* time watched */
    uint64_t collections;
    enum hc_evidence evidence; /* for the live set */
    int64_t since_restart_ms;
};

double hc_confidence_ratio(const struct hc_confidence_facts *facts);

#endif
