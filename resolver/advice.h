/* What each part of a TaskManager should be, and why: the recommendation read with Flink's eyes. */
#ifndef HC_ADVICE_H
#define HC_ADVICE_H

#include <heapcast/resolver.h>

struct hc_sizes {
    uint64_t heap_bytes, framework_heap_bytes; /* the JVM heap, and its framework part */
    uint64_t managed_bytes, framework_off_heap_bytes, metaspace_bytes;
    uint64_t overhead_bytes; /* at least so much; HC_BYTES_UNKNOWN: by the user's rule */
};

/* Also writes the reasons of these parts and warnings about the measurement. HC_EINVAL: the recommendation has a
 * verdict but no heap. */
enum hc_status hc_advise(const struct hc_taskmanager_spec *before, const struct hc_flink_options *options,
                         const struct hc_recommendation *recommendation, const struct hc_subject *subject,
                         const struct hc_resolve_policy *policy, struct hc_sizes *out, struct hc_resolution *resolution,
                         struct hc_error *err);
/* Flink's own figures say how much network memory is needed. */
bool hc_network_is_measured(const struct hc_resolve_policy *policy);
/* Warnings about options that work against Flink's own sizes. */
void hc_warn_options(const struct hc_flink_options *options, struct hc_flink_target target,
                     struct hc_resolution *resolution);

__attribute__((format(printf, 2, 3))) void hc_warn(struct hc_resolution *resolution, const char *format, ...);

#endif
