#include <heapcast/network_need.h>

#include "flink_keys.h"
#include "java_number.h"

#include <heapcast/memory_size.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* FlinkAutoscaler's MemoryTuning takes these for given. */
enum { OPERATOR_PER_CHANNEL = 2, OPERATOR_FLOATING = 8, OPERATOR_SEGMENT_BYTES = 32 * 1024 };

static enum hc_status read_count(const struct hc_flink_options *options, const char *key, uint32_t otherwise,
                                 uint32_t *out, struct hc_error *err)
{
    const struct hc_flink_option *option = hc_flink_options_get(options, key);
    int32_t value;
    *out = otherwise;
    if (option == NULL)
        return HC_OK;
    if (hc_java_int_parse(option->value, &value, NULL) != HC_OK || value < 0)
        return hc_fail(err, HC_ECONFIG, option->line, "%s is '%s'; right would be a whole number", key, option->value);
    *out = (uint32_t)value;
    return HC_OK;
}

enum hc_status hc_network_rule_read(const struct hc_flink_options *options, struct hc_flink_version version,
                                    struct hc_network_rule *out, struct hc_error *err)
{
    /* Sort-shuffle for every blocking edge, and more buffers for it: from 1.15 (FLINK-25638, FLINK-25640). */
    bool from_1_15 = hc_flink_version_from(version, 1, 15);
    struct hc_network_rule rule = {2, 8, from_1_15 ? 1 : INT32_MAX, from_1_15 ? 512 : 64, 32 * 1024};
    const struct hc_flink_option *segment = hc_flink_options_find(options, HC_KEY_TM_SEGMENT);
    enum hc_status status = HC_OK;
    if (segment != NULL)
        status = hc_memory_size_parse(segment->value, &rule.segment_bytes, err);
    /* 2.0 has made constants of these (NettyShuffleEnvironmentConfiguration.fromConfiguration). */
    if (status == HC_OK && !hc_flink_version_from(version, 2, 0)) {
        status = read_count(options, "taskmanager.network.memory.buffers-per-channel", rule.buffers_per_channel,
                            &rule.buffers_per_channel, err);
        if (status == HC_OK)
            status = read_count(options, "taskmanager.network.memory.floating-buffers-per-gate",
                                rule.floating_buffers_per_gate, &rule.floating_buffers_per_gate, err);
        if (status == HC_OK)
            status = read_count(options, "taskmanager.network.sort-shuffle.min-parallelism",
                                rule.sort_shuffle_min_parallelism, &rule.sort_shuffle_min_parallelism, err);
    }
    if (status == HC_OK)
        status = read_count(options, "taskmanager.network.sort-shuffle.min-buffers", rule.sort_shuffle_min_buffers,
                            &rule.sort_shuffle_min_buffers, err);
    if (status == HC_OK)
        *out = rule;
    return status;
}

/* ---- one edge ---------------------------------------------------------------------------------------------------- */

/* A subtask of one side is connected with so many of the other: all, or its share (EdgeManagerBuildUtil). */
static uint64_t connections(const struct hc_cluster_input *input, uint64_t here, uint64_t there)
{
    bool pointwise =
        strcasecmp(input->ship_strategy, "FORWARD") == 0 || strcasecmp(input->ship_strategy, "RESCALE") == 0;
    return pointwise && here > 0 ? (there + here - 1) / here : there;
}

/* InputGateSpecUtils.createGateBuffersSpec: what a gate takes if it can have it. */
static uint64_t gate_buffers(const struct hc_network_rule *rule, uint64_t channels)
{
    return channels * rule->buffers_per_channel + rule->floating_buffers_per_gate;
}

/*
 * NettyShuffleUtils.getNumBuffersToAnnounceForResultPartition. A hybrid or unbounded partition takes what is there;
 * bounded pipelined ones are the measure for it.
 */
static uint64_t partition_buffers(const struct hc_network_rule *rule, const char *exchange, uint64_t subpartitions)
{
    uint64_t expected = subpartitions + 1;
    if (strncasecmp(exchange, "blocking", strlen("blocking")) == 0)
        return subpartitions >= rule->sort_shuffle_min_parallelism ? rule->sort_shuffle_min_buffers : expected;
    uint64_t most = subpartitions * rule->buffers_per_channel + rule->floating_buffers_per_gate;
    return most > expected ? most : expected;
}

/* MemoryTuning.calculateNetworkSegmentNumber */
static uint64_t operator_segments(const struct hc_cluster_input *input, uint64_t here, uint64_t there)
{
    return connections(input, here, there) * OPERATOR_PER_CHANNEL + OPERATOR_FLOATING;
}

/* ---- a job ------------------------------------------------------------------------------------------------------- */

struct demand {
    const struct hc_cluster_job *job;
    uint64_t *buffers; /* of one subtask, by vertex */
    uint32_t taken;    /* slots given to it so far */
};

static size_t vertex_of(const struct hc_cluster_job *job, const char *id)
{
    size_t i = 0;
    while (i < job->vertex_count && strcmp(job->vertices[i].id, id) != 0)
        i++;
    return i;
}

static enum hc_status measure(const struct hc_cluster_job *job, const struct hc_network_rule *rule, uint64_t *buffers,
                              uint64_t *operator_buffers, struct hc_error *err)
{
    for (size_t i = 0; i < job->vertex_count; i++)
        for (size_t j = 0; j < job->vertices[i].input_count; j++) {
            const struct hc_cluster_input *input = &job->vertices[i].inputs[j];
            size_t from = vertex_of(job, input->from);
            if (from == job->vertex_count)
                return hc_fail(err, HC_EPARSE, 0, "an input of vertex %s comes from %s, which job %s does not have",
                               job->vertices[i].id, input->from, job->id);
            uint64_t up = job->vertices[from].parallelism, down = job->vertices[i].parallelism;
            buffers[i] += gate_buffers(rule, connections(input, down, up));
            buffers[from] += partition_buffers(rule, input->exchange, connections(input, up, down));
            *operator_buffers += operator_segments(input, down, up) + operator_segments(input, up, down);
        }
    return HC_OK;
}

/* A slot holds at most one subtask of each vertex; the next slot of a job those vertices that have as many subtasks. */
static uint64_t next_slot(const struct demand *demand)
{
    uint64_t buffers = 0;
    for (size_t i = 0; i < demand->job->vertex_count; i++)
        if (demand->job->vertices[i].parallelism > demand->taken)
            buffers += demand->buffers[i];
    return buffers;
}

/* The slots with the most buffers, whatever the jobs: a slot of a job never needs more than the one before it. */
static uint64_t worst_slots(struct demand *demands, size_t count, uint32_t slots)
{
    uint64_t sum = 0;
    for (uint32_t slot = 0; slot < slots; slot++) {
        struct demand *worst = NULL;
        uint64_t most = 0;
        for (size_t i = 0; i < count; i++)
            if (next_slot(&demands[i]) > most) {
                most = next_slot(&demands[i]);
                worst = &demands[i];
            }
        if (worst == NULL)
            break;
        worst->taken++;
        sum += most;
    }
    return sum;
}

static uint32_t most_slots(const struct hc_flink_cluster *cluster)
{
    uint32_t most = 0;
    for (size_t i = 0; i < cluster->taskmanager_count; i++)
        if (cluster->taskmanagers[i].slots > most)
            most = cluster->taskmanagers[i].slots;
    return most;
}

static void release(struct demand *demands, size_t count)
{
    for (size_t i = 0; demands != NULL && i < count; i++)
        free(demands[i].buffers);
    free(demands);
}

enum hc_status hc_network_need(const struct hc_flink_cluster *cluster, const struct hc_network_rule *rule,
                               uint32_t slots, struct hc_network_need *out, struct hc_error *err)
{
    struct hc_network_need need = {.slots = slots != 0 ? slots : most_slots(cluster)};
    uint64_t operator_buffers = 0;
    if (need.slots == 0)
        return hc_fail(err, HC_ENODATA, 0, "has no TaskManager with a slot");
    if (cluster->job_count == 0)
        return hc_fail(err, HC_ENODATA, 0, "has no running job, so how much network memory is needed is not known");
    struct demand *demands = calloc(cluster->job_count, sizeof *demands);
    enum hc_status status = demands == NULL ? HC_ENOMEM : HC_OK;
    for (size_t i = 0; i < cluster->job_count && status == HC_OK; i++) {
        if (cluster->jobs[i].vertex_count == 0)
            status = hc_fail(err, HC_ENODATA, 0, "job %s has no graph yet", cluster->jobs[i].id);
        demands[i].job = &cluster->jobs[i];
        demands[i].buffers = calloc(cluster->jobs[i].vertex_count + 1, sizeof *demands[i].buffers);
        if (status == HC_OK)
            status = demands[i].buffers == NULL
                         ? HC_ENOMEM
                         : measure(demands[i].job, rule, demands[i].buffers, &operator_buffers, err);
    }
    if (status == HC_OK) {
        need.buffers = worst_slots(demands, cluster->job_count, need.slots);
        need.bytes = need.buffers * rule->segment_bytes;
        need.operator_bytes = operator_buffers * need.slots * OPERATOR_SEGMENT_BYTES;
        *out = need;
    }
    release(demands, cluster->job_count);
    return status == HC_ENOMEM ? hc_fail(err, status, 0, "no memory for a job graph") : status;
}
