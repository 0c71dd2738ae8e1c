#include "flink_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void hc_json_add_bytes(cJSON *object, const char *name, uint64_t bytes)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, bytes);
    cJSON_AddRawToObject(object, name, text);
}

cJSON *hc_json_taskmanager(const struct hc_taskmanager_spec *spec)
{
    cJSON *bytes = cJSON_CreateObject();
    hc_json_add_bytes(bytes, "framework_heap", spec->framework_heap_bytes);
    hc_json_add_bytes(bytes, "task_heap", spec->task_heap_bytes);
    hc_json_add_bytes(bytes, "framework_off_heap", spec->framework_off_heap_bytes);
    hc_json_add_bytes(bytes, "task_off_heap", spec->task_off_heap_bytes);
    hc_json_add_bytes(bytes, "network", spec->network_bytes);
    hc_json_add_bytes(bytes, "managed", spec->managed_bytes);
    hc_json_add_bytes(bytes, "metaspace", spec->metaspace_bytes);
    hc_json_add_bytes(bytes, "overhead", spec->overhead_bytes);
    hc_json_add_bytes(bytes, "total_flink", spec->total_flink_bytes);
    hc_json_add_bytes(bytes, "total_process", spec->total_process_bytes);
    hc_json_add_bytes(bytes, "jvm_heap", spec->jvm_heap_bytes);
    hc_json_add_bytes(bytes, "jvm_direct", spec->jvm_direct_bytes);
    return bytes;
}

cJSON *hc_json_jobmanager(const struct hc_jobmanager_spec *spec)
{
    cJSON *bytes = cJSON_CreateObject();
    hc_json_add_bytes(bytes, "jvm_heap", spec->jvm_heap_bytes);
    hc_json_add_bytes(bytes, "off_heap", spec->off_heap_bytes);
    hc_json_add_bytes(bytes, "metaspace", spec->metaspace_bytes);
    hc_json_add_bytes(bytes, "overhead", spec->overhead_bytes);
    hc_json_add_bytes(bytes, "total_flink", spec->total_flink_bytes);
    hc_json_add_bytes(bytes, "total_process", spec->total_process_bytes);
    return bytes;
}

/* Texts are cut to fit their buffers, which may be within a character; JSON has whole ones only. */
static cJSON *whole_text(const char *text)
{
    size_t length = strlen(text), last = length;
    while (last > 0 && length - last < 3 && ((unsigned char)text[last - 1] & 0xc0) == 0x80)
        last--;
    unsigned char lead = last > 0 ? (unsigned char)text[last - 1] : 0;
    size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (last > 0 && wanted > length - (last - 1))
        length = last - 1;
    char *whole = strndup(text, length);
    cJSON *out = cJSON_CreateString(whole != NULL ? whole : "");
    free(whole);
    return out;
}

void hc_json_add_failure(cJSON *object, const struct hc_flink_failure *failure)
{
    cJSON_AddBoolToObject(object, "ok", false);
    cJSON_AddStringToObject(object, "ex", failure->chain[0].exception);
    cJSON_AddItemToObject(object, "msg", whole_text(failure->chain[0].message));
    cJSON *causes = cJSON_AddArrayToObject(object, "causes");
    for (unsigned i = 1; i < failure->depth; i++) {
        cJSON *cause = cJSON_CreateArray();
        cJSON_AddItemToArray(cause, cJSON_CreateString(failure->chain[i].exception));
        cJSON_AddItemToArray(cause, whole_text(failure->chain[i].message));
        cJSON_AddItemToArray(causes, cause);
    }
    cJSON_AddStringToObject(object, "code", failure->code);
    if (failure->key[0] != '\0')
        cJSON_AddItemToObject(object, "key", whole_text(failure->key));
    cJSON_AddItemToObject(object, "mend", whole_text(failure->mend));
}

enum hc_status hc_json_add_derivation(cJSON *object, bool jobmanager, const struct hc_flink_options *options,
                                      struct hc_flink_target target, struct hc_error *err)
{
    struct hc_taskmanager_spec taskmanager;
    struct hc_jobmanager_spec manager;
    struct hc_flink_failure failure;
    char arguments[HC_JVM_ARGUMENTS_TEXT], *dynamic = NULL;
    enum hc_status status = jobmanager ? hc_jobmanager_spec_derive(options, target, &manager, &failure, err)
                                       : hc_taskmanager_spec_derive(options, target, &taskmanager, &failure, err);
    if (status == HC_ECONFIG)
        hc_json_add_failure(object, &failure);
    if (status != HC_OK)
        return status;
    status = jobmanager ? hc_jobmanager_spec_dynamic_options(&manager, target, &dynamic, err)
                        : hc_taskmanager_spec_dynamic_options(&taskmanager, options, target, &dynamic, err);
    if (status != HC_OK)
        return status;
    cJSON_AddBoolToObject(object, "ok", true);
    cJSON_AddItemToObject(object, "bytes",
                          jobmanager ? hc_json_jobmanager(&manager) : hc_json_taskmanager(&taskmanager));
    cJSON_AddStringToObject(object, "jvm",
                            jobmanager ? hc_jobmanager_spec_jvm_arguments(&manager, arguments)
                                       : hc_taskmanager_spec_jvm_arguments(&taskmanager, arguments));
    /* A JobManager of 1.11 is handed none. */
    if (!jobmanager || hc_flink_version_from(target.version, 1, 12))
        cJSON_AddStringToObject(object, "dyn", dynamic);
    free(dynamic);
    return HC_OK;
}
