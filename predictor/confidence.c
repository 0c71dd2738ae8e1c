#include "confidence.h"

#include <math.h>

/* A day has seen a job's daily load once; what is learned grows with the square root of the time before. */
#define FULL_TIME_MS (24.0 * 3600000.0)
/* As many collections give a 99th percentile something to stand on. */
#define FULL_COLLECTIONS 100.0
/* A JVM that has just started may still fill its state. */
#define SETTLED_MS (3600000.0)

static double saturate(double part)
{
    return part >= 1.0 ? 1.0 : sqrt(part > 0 ? part : 0.0);
}

double hc_confidence_ratio(const struct hc_confidence_facts *facts)
{
    static const double by_evidence[] = {[HC_EVIDENCE_NONE] = 0.0,
                                         [HC_EVIDENCE_EXACT] = 1.0,
                                         [HC_EVIDENCE_MARKING] = 1.0,
                                         [HC_EVIDENCE_ESTIMATE] = 0.9,
                                         [HC_EVIDENCE_UPPER_BOUND] = 0.6};
    double settled = (double)facts->since_restart_ms / SETTLED_MS;
    return saturate((double)facts->covered_ms / FULL_TIME_MS) *
           saturate((double)facts->collections / FULL_COLLECTIONS) * by_evidence[facts->evidence] *
           (0.75 + 0.25 * saturate(settled));
}
