#include "flink_facts.h"

#include <heapcast/file.h>
#include <heapcast/flink_record.h>
#include <heapcast/network_need.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_SIZE_MAX = 64 * 1024 * 1024 };

/* Every task of every job runs: what they hold, they hold now. */
static bool all_run(const struct hc_flink_cluster *cluster)
{
    for (size_t i = 0; i < cluster->job_count; i++)
        for (size_t j = 0; j < cluster->jobs[i].vertex_count; j++)
            if (cluster->jobs[i].vertices[j].running < cluster->jobs[i].vertices[j].parallelism)
                return false;
    return cluster->job_count > 0;
}

static bool all_stream(const struct hc_flink_cluster *cluster)
{
    for (size_t i = 0; i < cluster->job_count; i++)
        if (strcmp(cluster->jobs[i].type, "STREAMING") != 0)
            return false;
    return true;
}

/* 0 means something only where every TaskManager said so while all jobs ran. */
static uint64_t managed_reserved(const struct hc_flink_cluster *cluster)
{
    uint64_t most = 0;
    bool all_known = cluster->taskmanager_count > 0;
    for (size_t i = 0; i < cluster->taskmanager_count; i++) {
        uint64_t used = cluster->taskmanagers[i].managed_used_bytes;
        all_known = all_known && used != HC_BYTES_UNKNOWN;
        if (used != HC_BYTES_UNKNOWN && used > most)
            most = used;
    }
    return most > 0 || (all_known && all_run(cluster)) ? most : HC_BYTES_UNKNOWN;
}

static enum hc_status network_need(const struct hc_flink_cluster *cluster, const struct hc_flink_input *input,
                                   const char *path, uint64_t *out, struct hc_error *err)
{
    struct hc_taskmanager_spec spec;
    struct hc_network_rule rule;
    struct hc_network_need need;
    struct hc_error why = {.text = ""};
    enum hc_status status = hc_network_rule_read(input->options, input->target.version, &rule, err);
    if (status != HC_OK)
        return status;
    /* A configuration that Flink refuses is told by the resolver. */
    uint32_t slots =
        hc_taskmanager_spec_derive(input->options, input->target, &spec, NULL, NULL) == HC_OK && spec.slots > 0
            ? (uint32_t)spec.slots
            : 0;
    *out = HC_BYTES_UNKNOWN;
    status = hc_network_need(cluster, &rule, slots, &need, &why);
    if (status == HC_OK)
        *out = need.bytes;
    else if (status == HC_ENODATA)
        fprintf(stderr, "heapcast: %s: warning: %s; network memory stays at your rule\n", path, why.text);
    else
        status = hc_fail(err, status, 0, "%s", why.text);
    return status == HC_ENODATA ? HC_OK : status;
}

enum hc_status hc_flink_facts_load(const char *path, const struct hc_flink_input *input, struct hc_flink_facts *out,
                                   struct hc_error *err)
{
    struct hc_flink_cluster cluster;
    struct hc_flink_facts facts;
    char *text = NULL;
    enum hc_status status = hc_file_read(path, RECORD_SIZE_MAX, &text, NULL, err);
    if (status == HC_OK)
        status = hc_flink_record_parse(text, &cluster, err);
    free(text);
    if (status != HC_OK)
        return status;
    facts.managed_reserved_bytes = managed_reserved(&cluster);
    facts.lasting = all_run(&cluster) && all_stream(&cluster);
    status = network_need(&cluster, input, path, &facts.network_need_bytes, err);
    hc_flink_cluster_release(&cluster);
    if (status == HC_OK)
        *out = facts;
    return status;
}
