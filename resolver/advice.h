/* What each part of a TaskManager should be, and why: the recommendation read with Flink's eyes. */
#ifndef HC_ADVICE_H
#define HC_ADVICE_H

#include <heapcast/resolver.h>

struct hc_sizes {
    uint64_t heap_bytes, framework_heap_bytes; /* the JVM heap, and its framework part */
    uint64_t managed_bytes, framework_off_heap_bytes, metaspace_bytes;
    uint64_t overhead_bytes; /* at least so much; HC_BYTES_UNKNOWN: by the user's rule */
};

/*
 * Also writes the reasons of these parts and warnings about the measurement. `heap_bytes`: another heap than the
 * recommended one, HC_BYTES_UNKNOWN: the recommended. HC_EINVAL: the recommendation has a verdict but no heap.
 */
enum hc_status hc_advise(const struct hc_taskmanager_spec *before, const struct hc_flink_options *options,
                         const struct hc_recommendation *recommendation, const struct hc_subject *subject,
                         const struct hc_resolve_policy *policy, uint64_t heap_bytes, struct hc_sizes *out,
                         struct hc_resolution *resolution, struct hc_error *err);

/* The parts that both roles have; `now` is what the part has. The overhead: HC_BYTES_UNKNOWN where it goes by rule. */
uint64_t hc_advise_metaspace(uint64_t now, const struct hc_recommendation *recommendation,
                             struct hc_resolution *resolution);
uint64_t hc_advise_overhead(uint64_t now, uint64_t managed, const struct hc_recommendation *recommendation,
                            struct hc_resolution *resolution);

uint64_t hc_most_seen(const struct hc_advice *advice);
/* Network memory while was measured; HC_BYTES_UNKNOWN. */
uint64_t hc_network_measured(const struct hc_recommendation *recommendation, const struct hc_subject *subject);
/* Flink's own figures say how much network memory is needed. */
bool hc_network_is_measured(const struct hc_resolve_policy *policy);
/* Warnings about options that work against Flink's own sizes. */
void hc_warn_options(const struct hc_flink_options *options, struct hc_flink_target target,
                     const struct hc_subject *subject, struct hc_resolution *resolution);

__attribute__((format(printf, 2, 3))) void hc_warn(struct hc_resolution *resolution, const char *format, ...);
__attribute__((format(printf, 2, 3))) void hc_note(struct hc_resolution *resolution, const char *format, ...);

#endif
