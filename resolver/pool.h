/*
 * The unified pool. The JVM has no limit for heap, direct memory and metaspace together, so each limit is opened by the
 * slack of the container, and the container is the limit that counts. Flink's own plan stays valid beside it: the same
 * heap, and the container as total process memory.
 */
#ifndef HC_POOL_H
#define HC_POOL_H

#include "plan.h"

/* HC_ECONFIG as hc_resolve_taskmanager, and where the container is too small for the heap. */
enum hc_status hc_pool_resolve(const struct hc_plan_ask *ask, const struct hc_resolve_limits *limits,
                               struct hc_resolution *out, struct hc_error *err);

#endif
