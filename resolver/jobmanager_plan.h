/* The JobManager's configuration for a recommended heap. */
#ifndef HC_JOBMANAGER_PLAN_H
#define HC_JOBMANAGER_PLAN_H

#include <heapcast/resolver.h>

enum hc_status hc_jobmanager_plan_make(const struct hc_flink_options *current, struct hc_flink_target target,
                                       const struct hc_recommendation *recommendation,
                                       const struct hc_resolve_policy *policy, struct hc_resolution *out,
                                       struct hc_error *err);

#endif
