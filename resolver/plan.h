/* One plan: the configuration changed so that it gives a heap, and if asked for a container, of given size. */
#ifndef HC_PLAN_H
#define HC_PLAN_H

#include <heapcast/resolver.h>

struct hc_plan_ask {
    const struct hc_flink_options *current;
    struct hc_flink_target target;
    const struct hc_recommendation *recommendation;
    const struct hc_subject *subject;       /* may be NULL */
    const struct hc_resolve_policy *policy; /* its network memory; model and limits are the caller's */
    uint64_t heap_bytes;                    /* HC_BYTES_UNKNOWN: the recommended one */
    uint64_t container_bytes;               /* total process memory, the overhead being the rest; 0: as it comes out */
};

enum hc_status hc_plan_make(const struct hc_plan_ask *ask, struct hc_resolution *out, struct hc_error *err);

#endif
