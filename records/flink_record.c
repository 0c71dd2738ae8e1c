#include <heapcast/flink_record.h>
#include <heapcast/line.h>

#include "utc_time.h"

#include <cJSON.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format_name[] = "heapcast.flink";
enum { FORMAT_VERSION = 1 };

/* Beyond 2^52 a JSON number would no longer be exact to the byte. Local clusters have such sizes: no limit. */
#define EXACT_MAX 4503599627370496.0

struct field {
    const char *object, *key;
    size_t offset;
};
#define TM_FIELD(object, key, member)                                                                                  \
    {                                                                                                                  \
        object, key, offsetof(struct hc_cluster_taskmanager, member)                                                   \
    }

static const struct field sizes[] = {
    TM_FIELD("plan", "framework_heap_bytes", plan.framework_heap_bytes),
    TM_FIELD("plan", "task_heap_bytes", plan.task_heap_bytes),
    TM_FIELD("plan", "framework_off_heap_bytes", plan.framework_off_heap_bytes),
    TM_FIELD("plan", "task_off_heap_bytes", plan.task_off_heap_bytes),
    TM_FIELD("plan", "network_bytes", plan.network_bytes),
    TM_FIELD("plan", "managed_bytes", plan.managed_bytes),
    TM_FIELD("plan", "metaspace_bytes", plan.metaspace_bytes),
    TM_FIELD("plan", "overhead_bytes", plan.overhead_bytes),
    TM_FIELD("plan", "total_flink_bytes", plan.total_flink_bytes),
    TM_FIELD("plan", "total_process_bytes", plan.total_process_bytes),
    TM_FIELD("jvm", "heap_max_bytes", heap_max_bytes),
    TM_FIELD("jvm", "metaspace_max_bytes", metaspace_max_bytes),
    TM_FIELD("jvm", "direct_used_bytes", direct_used_bytes),
    TM_FIELD("managed", "used_bytes", managed_used_bytes),
    TM_FIELD("managed", "total_bytes", managed_total_bytes),
    TM_FIELD("network", "used_bytes", network_used_bytes),
    TM_FIELD("network", "total_bytes", network_total_bytes),
};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void add_text(cJSON *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        cJSON_AddStringToObject(object, key, text);
}

static cJSON *print_taskmanager(const struct hc_cluster_taskmanager *tm)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "id", tm->id);
    cJSON_AddNumberToObject(object, "slots", tm->slots);
    cJSON_AddNumberToObject(object, "free_slots", tm->free_slots);
    for (size_t i = 0; i < SIZES; i++) {
        uint64_t bytes = *(const uint64_t *)(const void *)((const char *)tm + sizes[i].offset);
        if ((double)bytes > EXACT_MAX)
            continue;
        cJSON *part = cJSON_GetObjectItemCaseSensitive(object, sizes[i].object);
        cJSON_AddNumberToObject(part != NULL ? part : cJSON_AddObjectToObject(object, sizes[i].object), sizes[i].key,
                                (double)bytes);
    }
    cJSON *jobs = cJSON_AddArrayToObject(object, "jobs");
    for (size_t i = 0; i < tm->job_count; i++)
        cJSON_AddItemToArray(jobs, cJSON_CreateString(tm->jobs[i]));
    return object;
}

static cJSON *print_vertex(const struct hc_cluster_vertex *vertex)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "id", vertex->id);
    add_text(object, "name", vertex->name);
    cJSON_AddNumberToObject(object, "parallelism", vertex->parallelism);
    cJSON_AddNumberToObject(object, "running", vertex->running);
    cJSON *inputs = cJSON_AddArrayToObject(object, "inputs");
    for (size_t i = 0; i < vertex->input_count; i++) {
        cJSON *input = cJSON_CreateObject();
        cJSON_AddStringToObject(input, "from", vertex->inputs[i].from);
        cJSON_AddStringToObject(input, "ship_strategy", vertex->inputs[i].ship_strategy);
        add_text(input, "exchange", vertex->inputs[i].exchange);
        cJSON_AddItemToArray(inputs, input);
    }
    return object;
}

static cJSON *print_job(const struct hc_cluster_job *job)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "id", job->id);
    add_text(object, "name", job->name);
    cJSON_AddStringToObject(object, "state", job->state);
    add_text(object, "type", job->type);
    cJSON *vertices = cJSON_AddArrayToObject(object, "vertices");
    for (size_t i = 0; i < job->vertex_count; i++)
        cJSON_AddItemToArray(vertices, print_vertex(&job->vertices[i]));
    return object;
}

enum hc_status hc_flink_record_print(const struct hc_flink_cluster *cluster, char **out, struct hc_error *err)
{
    char time[UTC_TIME_SIZE];
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "format", format_name);
    cJSON_AddNumberToObject(root, "format_version", FORMAT_VERSION);
    cJSON_AddStringToObject(root, "generated_at", utc_time_print(cluster->generated_at_ms, time));
    add_text(root, "rest_url", cluster->rest_url);
    add_text(root, "flink_version", cluster->flink_version);
    cJSON *taskmanagers = cJSON_AddArrayToObject(root, "taskmanagers");
    for (size_t i = 0; i < cluster->taskmanager_count; i++)
        cJSON_AddItemToArray(taskmanagers, print_taskmanager(&cluster->taskmanagers[i]));
    cJSON *jobs = cJSON_AddArrayToObject(root, "jobs");
    for (size_t i = 0; i < cluster->job_count; i++)
        cJSON_AddItemToArray(jobs, print_job(&cluster->jobs[i]));
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return hc_line_end(text, "the record's text", out, err);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static const cJSON *item_of(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static enum hc_status wrong(const char *key, const char *what, struct hc_error *err)
{
    return hc_fail(err, HC_EPARSE, 0, "'%s' is missing or is not %s", key, what);
}

/* An absent text is "" unless it is needed; one that is too long is cut, except where it is an id. */
static enum hc_status read_text(const cJSON *object, const char *key, bool needed, char *out, size_t size,
                                struct hc_error *err)
{
    const cJSON *item = item_of(object, key);
    out[0] = '\0';
    if (item == NULL && !needed)
        return HC_OK;
    if (!cJSON_IsString(item) || (needed && (item->valuestring[0] == '\0' || strlen(item->valuestring) >= size)))
        return wrong(key, "a text that fits", err);
    snprintf(out, size, "%s", item->valuestring);
    return HC_OK;
}

static enum hc_status read_count(const cJSON *object, const char *key, uint32_t *out, struct hc_error *err)
{
    const cJSON *item = item_of(object, key);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= INT32_MAX) ||
        item->valuedouble != floor(item->valuedouble))
        return wrong(key, "a whole number from 0 to 2147483647", err);
    *out = (uint32_t)item->valuedouble;
    return HC_OK;
}

/* The array at `key`, and room for as many elements; *out is NULL where it has none. */
static enum hc_status read_array(const cJSON *object, const char *key, size_t size, const cJSON **out_list, void **out,
                                 struct hc_error *err)
{
    *out_list = item_of(object, key);
    if (!cJSON_IsArray(*out_list))
        return wrong(key, "a list", err);
    size_t count = (size_t)cJSON_GetArraySize(*out_list);
    *out = count == 0 ? NULL : calloc(count, size);
    return count > 0 && *out == NULL ? hc_fail(err, HC_ENOMEM, 0, "no memory for the record") : HC_OK;
}

static enum hc_status parse_taskmanager(const cJSON *object, struct hc_cluster_taskmanager *out, struct hc_error *err)
{
    const cJSON *list, *item;
    void *jobs = NULL;
    enum hc_status status = read_text(object, "id", true, out->id, sizeof out->id, err);
    if (status == HC_OK)
        status = read_count(object, "slots", &out->slots, err);
    if (status == HC_OK)
        status = read_count(object, "free_slots", &out->free_slots, err);
    for (size_t i = 0; i < SIZES && status == HC_OK; i++) {
        const cJSON *size = item_of(item_of(object, sizes[i].object), sizes[i].key);
        uint64_t *at = (uint64_t *)(void *)((char *)out + sizes[i].offset);
        *at = HC_BYTES_UNKNOWN;
        if (size == NULL)
            continue;
        if (!cJSON_IsNumber(size) || !(size->valuedouble >= 0 && size->valuedouble <= EXACT_MAX) ||
            size->valuedouble != floor(size->valuedouble))
            return wrong(sizes[i].key, "a number of bytes", err);
        *at = (uint64_t)size->valuedouble;
    }
    if (status == HC_OK)
        status = read_array(object, "jobs", HC_FLINK_ID, &list, &jobs, err);
    if (status != HC_OK)
        return status;
    out->jobs = jobs;
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item) || strlen(item->valuestring) >= HC_FLINK_ID)
            return wrong("jobs", "a list of job ids", err);
        snprintf(out->jobs[out->job_count++], HC_FLINK_ID, "%s", item->valuestring);
    }
    return HC_OK;
}

static enum hc_status parse_vertex(const cJSON *object, struct hc_cluster_vertex *out, struct hc_error *err)
{
    const cJSON *list = NULL, *item;
    void *inputs = NULL;
    enum hc_status status = read_text(object, "id", true, out->id, sizeof out->id, err);
    if (status == HC_OK)
        status = read_text(object, "name", false, out->name, sizeof out->name, err);
    if (status == HC_OK)
        status = read_count(object, "parallelism", &out->parallelism, err);
    if (status == HC_OK)
        status = read_count(object, "running", &out->running, err);
    if (status == HC_OK)
        status = read_array(object, "inputs", sizeof *out->inputs, &list, &inputs, err);
    out->inputs = inputs;
    cJSON_ArrayForEach(item, list)
    {
        struct hc_cluster_input *input = &out->inputs[out->input_count];
        if (status == HC_OK)
            status = read_text(item, "from", true, input->from, sizeof input->from, err);
        if (status == HC_OK)
            status = read_text(item, "ship_strategy", true, input->ship_strategy, sizeof input->ship_strategy, err);
        if (status == HC_OK)
            status = read_text(item, "exchange", false, input->exchange, sizeof input->exchange, err);
        if (status != HC_OK)
            return status;
        out->input_count++;
    }
    return status;
}

static enum hc_status parse_job(const cJSON *object, struct hc_cluster_job *out, struct hc_error *err)
{
    const cJSON *list = NULL, *item;
    void *vertices = NULL;
    enum hc_status status = read_text(object, "id", true, out->id, sizeof out->id, err);
    if (status == HC_OK)
        status = read_text(object, "name", false, out->name, sizeof out->name, err);
    if (status == HC_OK)
        status = read_text(object, "state", true, out->state, sizeof out->state, err);
    if (status == HC_OK)
        status = read_text(object, "type", false, out->type, sizeof out->type, err);
    if (status == HC_OK)
        status = read_array(object, "vertices", sizeof *out->vertices, &list, &vertices, err);
    out->vertices = vertices;
    if (status != HC_OK)
        return status;
    cJSON_ArrayForEach(item, list)
    {
        status = parse_vertex(item, &out->vertices[out->vertex_count++], err);
        if (status != HC_OK)
            return status;
    }
    return HC_OK;
}

static enum hc_status parse_root(const cJSON *root, struct hc_flink_cluster *out, struct hc_error *err)
{
    const cJSON *version = item_of(root, "format_version"), *name = item_of(root, "format"), *list, *item;
    char time[UTC_TIME_SIZE];
    void *array = NULL;
    if (!cJSON_IsString(name) || strcmp(name->valuestring, format_name) != 0)
        return hc_fail(err, HC_EPARSE, 0, "is not a \"%s\"; right would be what 'heapcast fetch' wrote", format_name);
    if (!cJSON_IsNumber(version) || version->valuedouble < 1)
        return wrong("format_version", "a number", err);
    if (version->valuedouble >= FORMAT_VERSION + 1)
        return hc_fail(err, HC_EUNSUPPORTED, 0, "format_version is %.0f; this heapcast reads up to %d",
                       version->valuedouble, FORMAT_VERSION);
    enum hc_status status = read_text(root, "generated_at", true, time, sizeof time, err);
    if (status == HC_OK && utc_time_parse(time, &out->generated_at_ms) != 0)
        status = wrong("generated_at", "a time in UTC", err);
    if (status == HC_OK)
        status = read_text(root, "rest_url", false, out->rest_url, sizeof out->rest_url, err);
    if (status == HC_OK)
        status = read_text(root, "flink_version", false, out->flink_version, sizeof out->flink_version, err);
    if (status == HC_OK)
        status = read_array(root, "taskmanagers", sizeof *out->taskmanagers, &list, &array, err);
    if (status != HC_OK)
        return status;
    out->taskmanagers = array;
    cJSON_ArrayForEach(item, list)
    {
        status = parse_taskmanager(item, &out->taskmanagers[out->taskmanager_count++], err);
        if (status != HC_OK)
            return status;
    }
    status = read_array(root, "jobs", sizeof *out->jobs, &list, &array, err);
    if (status != HC_OK)
        return status;
    out->jobs = array;
    cJSON_ArrayForEach(item, list)
    {
        status = parse_job(item, &out->jobs[out->job_count++], err);
        if (status != HC_OK)
            return status;
    }
    return HC_OK;
}

enum hc_status hc_flink_record_parse(const char *text, struct hc_flink_cluster *out, struct hc_error *err)
{
    struct hc_flink_cluster cluster = {0};
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithOpts(text, &end, true);
    if (root == NULL) {
        unsigned line = 1;
        for (const char *p = text; end != NULL && p < end; p++)
            line += *p == '\n';
        return hc_fail(err, HC_EPARSE, line, "is no JSON from here on");
    }
    enum hc_status status = parse_root(root, &cluster, err);
    cJSON_Delete(root);
    if (status == HC_OK)
        *out = cluster;
    else
        hc_flink_cluster_release(&cluster);
    return status;
}

void hc_flink_cluster_release(struct hc_flink_cluster *cluster)
{
    for (size_t i = 0; i < cluster->taskmanager_count; i++)
        free(cluster->taskmanagers[i].jobs);
    for (size_t i = 0; i < cluster->job_count; i++) {
        for (size_t j = 0; j < cluster->jobs[i].vertex_count; j++)
            free(cluster->jobs[i].vertices[j].inputs);
        free(cluster->jobs[i].vertices);
    }
    free(cluster->taskmanagers);
    free(cluster->jobs);
    *cluster = (struct hc_flink_cluster){0};
}
