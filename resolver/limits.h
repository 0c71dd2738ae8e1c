/* How large the container may be: a pipeline's limits, and the plan that keeps to them. */
#ifndef HC_LIMITS_H
#define HC_LIMITS_H

#include "plan.h"

/* Which limit decided; NONE: the size is what was wanted. */
enum hc_limit { HC_LIMIT_NONE, HC_LIMIT_MIN, HC_LIMIT_MAX, HC_LIMIT_STEP, HC_LIMIT_CHANGE, HC_LIMIT_GAIN };

/* The size in whole MiB that the limits allow nearest to `wanted`, larger rather than smaller. */
uint64_t hc_limits_container(const struct hc_resolve_limits *limits, uint64_t before, uint64_t wanted,
                             enum hc_limit *out_limit);
/* A note about the limit that bound. */
void hc_limits_note(struct hc_resolution *resolution, const struct hc_resolve_limits *limits, enum hc_limit limit,
                    uint64_t before, uint64_t wanted, uint64_t size);
/* All stays as it is, and says so. */
enum hc_status hc_limits_keep(const struct hc_flink_options *current, struct hc_resolution *resolution,
                              struct hc_error *err);
/* HC_ECONFIG: `heap` is less than the least that the recommendation allows. Warns where it is less than recommended. */
enum hc_status hc_limits_check_heap(const struct hc_recommendation *recommendation, uint64_t need, uint64_t heap,
                                    uint64_t container, struct hc_resolution *resolution, struct hc_error *err);
/* The components model within the limits. */
enum hc_status hc_limits_resolve(const struct hc_plan_ask *ask, const struct hc_resolve_limits *limits,
                                 struct hc_resolution *out, struct hc_error *err);

#endif
