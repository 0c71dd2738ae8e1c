/* heapcast fetch: what only Flink knows, asked of its REST interface, as one record. */
#include "cluster_rest.h"
#include "command.h"
#include "options.h"

#include <heapcast/file.h>
#include <heapcast/flink_record.h>
#include <heapcast/memory_size.h>
#include <heapcast/network_need.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_REST = 256, OPT_RECOMMENDATIONS, OPT_TIMEOUT, OPT_CA, TIMEOUT_S = 30, TIMEOUT_MAX_S = 3600 };

static const struct hc_option options[] = {
    {OPT_REST, "rest", "URL", "the JobManager's REST interface, as http://jobmanager:8081"},
    {'o', "output", "FILE", "write the record to FILE, which is replaced as a whole or not at all"},
    {OPT_RECOMMENDATIONS, "recommendations", "DIR",
     "also fetch the recommendations in Flink's log directories, into DIR"},
    {OPT_TIMEOUT, "timeout", "SECONDS", "for all questions together; default 30"},
    {OPT_CA, "ca", "FILE", "certificates to trust with https, in PEM"},
    {0, NULL, NULL, NULL},
};
static const struct hc_usage usage = {
    "fetch",
    "",
    "Asks a running Flink for what only it knows: its TaskManagers with their plans and JVM limits, managed memory in\n"
    "reserve, network buffers in use, jobs and their graphs. 'heapcast resolve --flink FILE' sizes network and "
    "managed\n"
    "memory by that. Ask while the jobs run.",
    options,
    "  heapcast fetch --rest http://localhost:8081 -o flink.json\n"
    "  heapcast fetch --rest http://localhost:8081 --recommendations recommendations/ -o flink.json\n",
};

struct request {
    const char *url, *output, *recommendations, *ca_file;
    double timeout_s;
};

/* The network memory that the jobs can ask for, as a line for whoever looks. Nothing depends on it. */
static void tell(struct hc_rest *rest, const struct hc_flink_cluster *cluster)
{
    struct hc_flink_options *in_force = hc_flink_options_new();
    struct hc_flink_version version;
    struct hc_network_rule rule;
    struct hc_network_need need;
    char bytes[HC_MEMORY_SIZE_TEXT], operator_bytes[HC_MEMORY_SIZE_TEXT];
    fprintf(stderr, "heapcast: Flink %s: %zu TaskManager%s, %zu job%s\n", cluster->flink_version,
            cluster->taskmanager_count, cluster->taskmanager_count == 1 ? "" : "s", cluster->job_count,
            cluster->job_count == 1 ? "" : "s");
    if (in_force != NULL && hc_cluster_options(rest, in_force, NULL) == HC_OK &&
        hc_flink_version_parse(cluster->flink_version, &version, NULL) == HC_OK &&
        hc_network_rule_read(in_force, version, &rule, NULL) == HC_OK &&
        hc_network_need(cluster, &rule, 0, &need, NULL) == HC_OK)
        fprintf(stderr,
                "heapcast: network memory that the jobs can ask a TaskManager of %u slots for: %s (%llu buffers); the "
                "Kubernetes operator would say %s\n",
                need.slots, hc_memory_size_human(need.bytes, bytes), (unsigned long long)need.buffers,
                hc_memory_size_human(need.operator_bytes, operator_bytes));
    for (size_t i = 0; i < cluster->taskmanager_count; i++)
        if (cluster->taskmanagers[i].managed_used_bytes == HC_BYTES_UNKNOWN)
            fprintf(stderr, "heapcast: warning: TaskManager %s has told no metrics\n", cluster->taskmanagers[i].id);
    hc_flink_options_free(in_force);
}

static enum hc_status put(const struct hc_flink_cluster *cluster, const char *path, struct hc_error *err)
{
    char *text = NULL;
    enum hc_status status = hc_flink_record_print(cluster, &text, err);
    if (status == HC_OK && (path == NULL || strcmp(path, "-") == 0))
        fputs(text, stdout);
    else if (status == HC_OK)
        status = hc_file_replace(path, text, strlen(text), err);
    free(text);
    return status;
}

static enum hc_status fetch(const struct request *request, struct hc_error *err)
{
    struct hc_flink_cluster cluster = {0};
    struct hc_rest *rest = NULL;
    unsigned count = 0;
    enum hc_status status = hc_rest_open(request->url, request->timeout_s, request->ca_file, &rest, err);
    if (status != HC_OK)
        return status;
    status = hc_cluster_fetch(rest, &cluster, err);
    if (status == HC_OK && request->recommendations != NULL)
        status = hc_cluster_recommendations(rest, &cluster, request->recommendations, &count, err);
    if (status == HC_OK)
        status = put(&cluster, request->output, err);
    if (status == HC_OK) {
        tell(rest, &cluster);
        if (request->recommendations != NULL)
            fprintf(stderr, "heapcast: %u recommendation%s in %s\n", count, count == 1 ? "" : "s",
                    request->recommendations);
    }
    hc_flink_cluster_release(&cluster);
    hc_rest_close(rest);
    return status;
}

static int take_option(struct request *request, int id, const char *argument)
{
    char *end;
    switch (id) {
    case OPT_REST:
        request->url = argument;
        break;
    case 'o':
        request->output = argument;
        break;
    case OPT_RECOMMENDATIONS:
        request->recommendations = argument;
        break;
    case OPT_CA:
        request->ca_file = argument;
        break;
    default:
        request->timeout_s = strtod(argument, &end);
        if (end == argument || *end != '\0' || !(request->timeout_s > 0 && request->timeout_s <= TIMEOUT_MAX_S))
            return hc_usage_error(&usage, "--timeout is '%s'; right would be a number of seconds, at most %d", argument,
                                  TIMEOUT_MAX_S);
    }
    return HC_EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct request request = {.timeout_s = TIMEOUT_S};
    struct hc_error err = {.text = ""};
    int id, code;
    while ((id = hc_options_next(&usage, argc, argv)) > 0)
        if ((code = take_option(&request, id, hc_option_argument())) != HC_EXIT_DONE)
            return code;
    if (id != HC_OPTIONS_END)
        return hc_options_exit(id);
    if (hc_options_operand() < argc)
        return hc_usage_error(&usage, "'%s' is one operand too many", argv[hc_options_operand()]);
    if (request.url == NULL)
        return hc_usage_error(&usage, "--rest is missing; right would be the JobManager's URL, as http://HOST:8081");
    enum hc_status status = fetch(&request, &err);
    if (status == HC_EINVAL)
        return hc_usage_error(&usage, "--rest: %s", err.text);
    return status == HC_OK ? HC_EXIT_DONE : hc_complain(NULL, &err);
}

const struct hc_command hc_cmd_fetch = {"fetch", "what only Flink knows, from its REST interface", run};
