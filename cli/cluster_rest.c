#include "cluster_rest.h"

#include <heapcast/flink_record.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define METRICS_POLL_S 0.5
/* Beyond 2^52 a JSON number is not exact; Flink says 2^63-1 or -1 where there is no limit. */
#define EXACT_MAX 4503599627370496.0
enum { PATH_SIZE = 1024 };

static const cJSON *item_of(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static void copy_text(const cJSON *object, const char *key, char *out, size_t size)
{
    const cJSON *item = item_of(object, key);
    snprintf(out, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
}

static uint64_t bytes_of(double value)
{
    return value >= 0 && value <= EXACT_MAX ? (uint64_t)value : HC_BYTES_UNKNOWN;
}

static uint64_t bytes_at(const cJSON *object, const char *key)
{
    const cJSON *item = item_of(object, key);
    return cJSON_IsNumber(item) ? bytes_of(item->valuedouble) : HC_BYTES_UNKNOWN;
}

static uint32_t count_at(const cJSON *object, const char *key)
{
    const cJSON *item = item_of(object, key);
    return cJSON_IsNumber(item) && item->valuedouble > 0 && item->valuedouble <= INT32_MAX ? (uint32_t)item->valuedouble
                                                                                           : 0;
}

/* The list at `key` and room for as many elements; an absent list is an empty one. */
static enum hc_status list_at(const cJSON *object, const char *key, size_t size, const cJSON **out_list, void **out,
                              struct hc_error *err)
{
    *out_list = item_of(object, key);
    int count = cJSON_IsArray(*out_list) ? cJSON_GetArraySize(*out_list) : 0;
    *out = calloc((size_t)count + 1, size);
    return *out != NULL ? HC_OK : hc_fail(err, HC_ENOMEM, 0, "no memory for a cluster");
}

static enum hc_status not_flink(const struct hc_rest *rest, const char *path, struct hc_error *err)
{
    return hc_fail(err, HC_EPARSE, 0, "%s%s does not answer as Flink's REST interface does; is this the JobManager's?",
                   hc_rest_url(rest), path);
}

/* ---- TaskManagers ------------------------------------------------------------------------------------------------ */

static void read_plan(const cJSON *memory, struct hc_cluster_sizes *out)
{
    out->framework_heap_bytes = bytes_at(memory, "frameworkHeap");
    out->task_heap_bytes = bytes_at(memory, "taskHeap");
    out->framework_off_heap_bytes = bytes_at(memory, "frameworkOffHeap");
    out->task_off_heap_bytes = bytes_at(memory, "taskOffHeap");
    out->network_bytes = bytes_at(memory, "networkMemory");
    out->managed_bytes = bytes_at(memory, "managedMemory");
    out->metaspace_bytes = bytes_at(memory, "jvmMetaspace");
    out->overhead_bytes = bytes_at(memory, "jvmOverhead");
    out->total_flink_bytes = bytes_at(memory, "totalFlinkMemory");
    out->total_process_bytes = bytes_at(memory, "totalProcessMemory");
}

static enum hc_status read_jobs_of(struct hc_rest *rest, struct hc_cluster_taskmanager *tm, struct hc_error *err)
{
    char path[PATH_SIZE], segment[sizeof tm->id * 3];
    const cJSON *list, *slot;
    cJSON *root = NULL;
    void *jobs = NULL;
    snprintf(path, sizeof path, "/taskmanagers/%s", hc_rest_segment(tm->id, segment, sizeof segment));
    enum hc_status status = hc_rest_json(rest, path, &root, err);
    if (status != HC_OK)
        return status == HC_ENODATA ? HC_OK : status; /* it has gone since it was listed */
    status = list_at(root, "allocatedSlots", HC_FLINK_ID, &list, &jobs, err);
    tm->jobs = jobs;
    if (status == HC_OK)
        cJSON_ArrayForEach(slot, list) copy_text(slot, "jobId", tm->jobs[tm->job_count++], HC_FLINK_ID);
    cJSON_Delete(root);
    return status;
}

/* Metrics as Flink's REST interface spells them, and where they go. */
static const struct metric {
    const char *name;
    size_t offset;
} metrics[] = {
    {"Status.JVM.Memory.Heap.Max", offsetof(struct hc_cluster_taskmanager, heap_max_bytes)},
    {"Status.JVM.Memory.Metaspace.Max", offsetof(struct hc_cluster_taskmanager, metaspace_max_bytes)},
    {"Status.JVM.Memory.Direct.MemoryUsed", offsetof(struct hc_cluster_taskmanager, direct_used_bytes)},
    {"Status.Flink.Memory.Managed.Used", offsetof(struct hc_cluster_taskmanager, managed_used_bytes)},
    {"Status.Flink.Memory.Managed.Total", offsetof(struct hc_cluster_taskmanager, managed_total_bytes)},
    {"Status.Shuffle.Netty.UsedMemory", offsetof(struct hc_cluster_taskmanager, network_used_bytes)},
    {"Status.Shuffle.Netty.TotalMemory", offsetof(struct hc_cluster_taskmanager, network_total_bytes)},
};
enum { METRICS = sizeof metrics / sizeof metrics[0] };

static uint64_t *metric_of(struct hc_cluster_taskmanager *tm, size_t i)
{
    return (uint64_t *)(void *)((char *)tm + metrics[i].offset);
}

/* The CPU time that a TaskManager had used when Flink collected its metrics: the same again means the same collection.
 */
#define CPU_TIME "Status.JVM.CPU.Time"

static void take_metric(struct hc_cluster_taskmanager *tm, const char *name, const char *text, double *out_cpu_time)
{
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end != '\0')
        return;
    if (strcmp(name, CPU_TIME) == 0)
        *out_cpu_time = number;
    for (size_t i = 0; i < METRICS; i++)
        if (strcmp(name, metrics[i].name) == 0)
            *metric_of(tm, i) = bytes_of(number);
}

/* In place of a CPU time: Flink has no metrics of this TaskManager yet; it has gone since it was listed. */
static const double not_yet = -1, gone = -2;

static enum hc_status read_metrics(struct hc_rest *rest, struct hc_cluster_taskmanager *tm, double *out_cpu_time,
                                   struct hc_error *err)
{
    char path[PATH_SIZE], segment[sizeof tm->id * 3], names[512] = CPU_TIME;
    const cJSON *item;
    cJSON *root = NULL;
    for (size_t i = 0; i < METRICS; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), ",%s", metrics[i].name);
    snprintf(path, sizeof path, "/taskmanagers/%s/metrics?get=%s", hc_rest_segment(tm->id, segment, sizeof segment),
             names);
    enum hc_status status = hc_rest_json(rest, path, &root, err);
    *out_cpu_time = status == HC_ENODATA ? gone : not_yet;
    if (status != HC_OK)
        return status == HC_ENODATA ? HC_OK : status;
    cJSON_ArrayForEach(item, root)
    {
        const cJSON *id = item_of(item, "id"), *value = item_of(item, "value");
        if (cJSON_IsString(id) && cJSON_IsString(value))
            take_metric(tm, id->valuestring, value->valuestring, out_cpu_time);
    }
    cJSON_Delete(root);
    return HC_OK;
}

static void forget_metrics(struct hc_cluster_taskmanager *tm)
{
    for (size_t i = 0; i < METRICS; i++)
        *metric_of(tm, i) = HC_BYTES_UNKNOWN;
}

/*
 * Flink answers with what it collected last, be it hours ago, and collects anew behind the answer, at most every 10 s
 * (metrics.fetcher.update-interval, MetricFetcherImpl). So the first answer is empty or old; only one that differs from
 * it tells how things are. What has not come by then stays unknown: an old "nothing reserved" would be a wrong one.
 */
static enum hc_status read_all_metrics(struct hc_rest *rest, struct hc_flink_cluster *cluster, struct hc_error *err)
{
    double stop_at_s = hc_rest_left_s(rest) / 2, now;
    double *first = calloc(cluster->taskmanager_count, sizeof *first);
    enum hc_status status = first != NULL ? HC_OK : hc_fail(err, HC_ENOMEM, 0, "no memory for a cluster");
    for (size_t i = 0; i < cluster->taskmanager_count && status == HC_OK; i++)
        status = read_metrics(rest, &cluster->taskmanagers[i], &first[i], err);
    for (size_t i = 0; i < cluster->taskmanager_count && status == HC_OK; i++) {
        now = not_yet;
        for (bool again = first[i] != gone; again;) {
            hc_rest_wait(rest, METRICS_POLL_S);
            forget_metrics(&cluster->taskmanagers[i]);
            status = read_metrics(rest, &cluster->taskmanagers[i], &now, err);
            again = status == HC_OK && (now == not_yet || now == first[i]) && hc_rest_left_s(rest) > stop_at_s;
        }
        if (now < 0 || now == first[i])
            forget_metrics(&cluster->taskmanagers[i]);
    }
    free(first);
    return status;
}

static enum hc_status read_taskmanagers(struct hc_rest *rest, struct hc_flink_cluster *cluster, struct hc_error *err)
{
    const cJSON *list, *item;
    cJSON *root = NULL;
    void *array = NULL;
    enum hc_status status = hc_rest_json(rest, "/taskmanagers", &root, err);
    if (status == HC_OK && !cJSON_IsArray(item_of(root, "taskmanagers")))
        status = not_flink(rest, "/taskmanagers", err);
    if (status == HC_OK)
        status = list_at(root, "taskmanagers", sizeof *cluster->taskmanagers, &list, &array, err);
    cluster->taskmanagers = array;
    if (status == HC_OK)
        cJSON_ArrayForEach(item, list)
        {
            struct hc_cluster_taskmanager *tm = &cluster->taskmanagers[cluster->taskmanager_count++];
            copy_text(item, "id", tm->id, sizeof tm->id);
            tm->slots = count_at(item, "slotsNumber");
            tm->free_slots = count_at(item, "freeSlots");
            read_plan(item_of(item, "memoryConfiguration"), &tm->plan);
            forget_metrics(tm);
        }
    cJSON_Delete(root);
    if (status == HC_OK && cluster->taskmanager_count == 0)
        status = hc_fail(err, HC_ENODATA, 0,
                         "%s has no TaskManager registered; right would be to ask again when its job runs",
                         hc_rest_url(rest));
    for (size_t i = 0; i < cluster->taskmanager_count && status == HC_OK; i++)
        status = read_jobs_of(rest, &cluster->taskmanagers[i], err);
    return status;
}

/* ---- jobs -------------------------------------------------------------------------------------------------------- */

static bool has_ended(const char *state)
{
    static const char *const ended[] = {"FINISHED", "CANCELED", "FAILED", "SUSPENDED"};
    for (size_t i = 0; i < sizeof ended / sizeof ended[0]; i++)
        if (strcmp(state, ended[i]) == 0)
            return true;
    return false;
}

static enum hc_status read_inputs(const cJSON *node, struct hc_cluster_vertex *vertex, struct hc_error *err)
{
    const cJSON *list, *item;
    void *array = NULL;
    enum hc_status status = list_at(node, "inputs", sizeof *vertex->inputs, &list, &array, err);
    vertex->inputs = array;
    if (status != HC_OK)
        return status;
    cJSON_ArrayForEach(item, list)
    {
        struct hc_cluster_input *input = &vertex->inputs[vertex->input_count++];
        copy_text(item, "id", input->from, sizeof input->from);
        copy_text(item, "ship_strategy", input->ship_strategy, sizeof input->ship_strategy);
        copy_text(item, "exchange", input->exchange, sizeof input->exchange);
    }
    return HC_OK;
}

/* Parallelism from the vertices as they run, which the adaptive scheduler may have changed; edges from the plan. */
static enum hc_status read_graph(const cJSON *root, struct hc_cluster_job *job, struct hc_error *err)
{
    const cJSON *list, *item, *node, *plan = item_of(root, "plan");
    void *array = NULL;
    enum hc_status status = list_at(root, "vertices", sizeof *job->vertices, &list, &array, err);
    job->vertices = array;
    copy_text(root, "job-type", job->type, sizeof job->type);
    if (job->type[0] == '\0')
        copy_text(plan, "type", job->type, sizeof job->type);
    if (status != HC_OK)
        return status;
    cJSON_ArrayForEach(item, list)
    {
        struct hc_cluster_vertex *vertex = &job->vertices[job->vertex_count++];
        copy_text(item, "id", vertex->id, sizeof vertex->id);
        copy_text(item, "name", vertex->name, sizeof vertex->name);
        vertex->parallelism = count_at(item, "parallelism");
        vertex->running = count_at(item_of(item, "tasks"), "RUNNING");
        cJSON_ArrayForEach(node, item_of(plan, "nodes"))
        {
            const cJSON *id = item_of(node, "id");
            if (!cJSON_IsString(id) || strcmp(id->valuestring, vertex->id) != 0 || vertex->inputs != NULL)
                continue;
            status = read_inputs(node, vertex, err);
            if (status != HC_OK)
                return status;
        }
    }
    return HC_OK;
}

static enum hc_status read_job(struct hc_rest *rest, struct hc_cluster_job *job, struct hc_error *err)
{
    char path[PATH_SIZE], segment[sizeof job->id * 3];
    cJSON *root = NULL;
    snprintf(path, sizeof path, "/jobs/%s", hc_rest_segment(job->id, segment, sizeof segment));
    enum hc_status status = hc_rest_json(rest, path, &root, err);
    if (status != HC_OK)
        return status == HC_ENODATA ? HC_OK : status; /* it has ended since it was listed, or has no graph yet */
    status = read_graph(root, job, err);
    cJSON_Delete(root);
    return status;
}

static enum hc_status read_jobs(struct hc_rest *rest, struct hc_flink_cluster *cluster, struct hc_error *err)
{
    const cJSON *list, *item;
    cJSON *root = NULL;
    void *array = NULL;
    enum hc_status status = hc_rest_json(rest, "/jobs/overview", &root, err);
    if (status == HC_OK)
        status = list_at(root, "jobs", sizeof *cluster->jobs, &list, &array, err);
    cluster->jobs = array;
    if (status == HC_OK)
        cJSON_ArrayForEach(item, list)
        {
            struct hc_cluster_job *job = &cluster->jobs[cluster->job_count];
            copy_text(item, "jid", job->id, sizeof job->id);
            copy_text(item, "name", job->name, sizeof job->name);
            copy_text(item, "state", job->state, sizeof job->state);
            cluster->job_count += !has_ended(job->state);
        }
    cJSON_Delete(root);
    for (size_t i = 0; i < cluster->job_count && status == HC_OK; i++)
        status = read_job(rest, &cluster->jobs[i], err);
    return status;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static enum hc_status read_version(struct hc_rest *rest, struct hc_flink_cluster *cluster, struct hc_error *err)
{
    cJSON *root = NULL;
    enum hc_status status = hc_rest_json(rest, "/overview", &root, err);
    if (status != HC_OK)
        return status == HC_ENODATA ? not_flink(rest, "/overview", err) : status;
    copy_text(root, "flink-version", cluster->flink_version, sizeof cluster->flink_version);
    cJSON_Delete(root);
    return cluster->flink_version[0] != '\0' ? HC_OK : not_flink(rest, "/overview", err);
}

enum hc_status hc_cluster_fetch(struct hc_rest *rest, struct hc_flink_cluster *out, struct hc_error *err)
{
    struct hc_flink_cluster cluster = {0};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    cluster.generated_at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    snprintf(cluster.rest_url, sizeof cluster.rest_url, "%s", hc_rest_url(rest));
    enum hc_status status = read_version(rest, &cluster, err);
    if (status == HC_OK)
        status = read_taskmanagers(rest, &cluster, err);
    if (status == HC_OK)
        status = read_jobs(rest, &cluster, err);
    if (status == HC_OK) /* after the jobs: what they reserve is to be seen */
        status = read_all_metrics(rest, &cluster, err);
    if (status == HC_OK)
        *out = cluster;
    else
        hc_flink_cluster_release(&cluster);
    return status;
}

enum hc_status hc_cluster_options(struct hc_rest *rest, struct hc_flink_options *options, struct hc_error *err)
{
    const cJSON *item;
    cJSON *root = NULL;
    enum hc_status status = hc_rest_json(rest, "/jobmanager/config", &root, err);
    if (status == HC_OK)
        cJSON_ArrayForEach(item, root)
        {
            const cJSON *key = item_of(item, "key"), *value = item_of(item, "value");
            if (status == HC_OK && cJSON_IsString(key) && cJSON_IsString(value))
                status = hc_flink_options_set(options, key->valuestring, value->valuestring);
        }
    cJSON_Delete(root);
    return status;
}
