/*
 * How many network buffers the jobs of a cluster can ask a TaskManager for, by the rules with which Flink itself
 * announces the need of a task (org.apache.flink.runtime.shuffle.NettyShuffleUtils).
 */
#ifndef HEAPCAST_NETWORK_NEED_H
#define HEAPCAST_NETWORK_NEED_H

#include <heapcast/error.h>
#include <heapcast/flink_cluster.h>
#include <heapcast/flink_options.h>
#include <heapcast/flink_version.h>

/* The options that the need depends on. */
struct hc_network_rule {
    uint32_t buffers_per_channel, floating_buffers_per_gate;
    uint32_t sort_shuffle_min_parallelism, sort_shuffle_min_buffers;
    uint64_t segment_bytes;
};

struct hc_network_need {
    uint64_t buffers; /* of the TaskManager with the most slots, under the worst placement of all tasks */
    uint64_t bytes;
    uint64_t operator_bytes; /* by the rule of the Kubernetes operator's memory tuning, for comparison */
    uint32_t slots;          /* of that TaskManager */
};

/* HC_ECONFIG: an option cannot be read. */
enum hc_status hc_network_rule_read(const struct hc_flink_options *options, struct hc_flink_version version,
                                    struct hc_network_rule *out, struct hc_error *err);
/*
 * HC_ENODATA: no TaskManager or no job is in the record; HC_EPARSE: an edge comes from nowhere. `slots` other than 0
 * stands for what the TaskManagers have.
 */
enum hc_status hc_network_need(const struct hc_flink_cluster *cluster, const struct hc_network_rule *rule,
                               uint32_t slots, struct hc_network_need *out, struct hc_error *err);

#endif
