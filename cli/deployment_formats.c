#include "deployment_formats.h"

#include <cJSON.h>
#include <heapcast/line.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIB_SHIFT = 20 };

/* Between single quotes a shell takes every character as it is, but for the quote itself. */
static void print_quoted(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
}

enum hc_status hc_env_print(const struct hc_resolution *resolution, char **out, struct hc_error *err)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    bool any = false;
    if (stream == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the output");
    for (unsigned i = 0; i < resolution->change_count; i++) {
        const struct hc_option_change *change = &resolution->changes[i];
        /* An older spelling that goes need not be taken out: Flink looks at the current one first. */
        if (change->removed)
            continue;
        fputs(any ? "\n" : "FLINK_PROPERTIES=\"${FLINK_PROPERTIES:-}\"'\n", stream);
        any = true;
        print_quoted(stream, change->key);
        fputs(": ", stream);
        print_quoted(stream, hc_option_change_value(change));
    }
    fputs(any ? "\n'\nexport FLINK_PROPERTIES\n" : "# nothing to change\n", stream);
    if (fclose(stream) != 0) {
        free(text);
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the output");
    }
    *out = text;
    return HC_OK;
}

static cJSON *k8s_patch(const struct hc_resolution *resolution)
{
    bool manager = resolution->role == HC_ROLE_JOBMANAGER;
    const char *process_size = manager ? "jobmanager.memory.process.size" : "taskmanager.memory.process.size";
    char memory[32];
    cJSON *root = cJSON_CreateObject();
    if (resolution->change_count == 0)
        return root;
    cJSON *spec = cJSON_AddObjectToObject(root, "spec");
    cJSON *resource =
        cJSON_AddObjectToObject(cJSON_AddObjectToObject(spec, manager ? "jobManager" : "taskManager"), "resource");
    cJSON *options = cJSON_AddObjectToObject(spec, "flinkConfiguration");
    /* The operator reads this as a Flink size before it tries Kubernetes' quantities: "m" are MiB, in every release. */
    snprintf(memory, sizeof memory, "%" PRIu64 "m",
             (manager ? resolution->manager_after.total_process_bytes : resolution->after.total_process_bytes) >>
                 MIB_SHIFT);
    cJSON_AddStringToObject(resource, "memory", memory);
    cJSON_AddStringToObject(options, process_size, memory);
    for (unsigned i = 0; i < resolution->change_count; i++) {
        const struct hc_option_change *change = &resolution->changes[i];
        if (strcmp(change->key, process_size) == 0)
            continue;
        if (change->removed)
            cJSON_AddNullToObject(options, change->key);
        else
            cJSON_AddStringToObject(options, change->key, hc_option_change_value(change));
    }
    return root;
}

enum hc_status hc_k8s_patch_print(const struct hc_resolution *resolution, char **out, struct hc_error *err)
{
    cJSON *root = k8s_patch(resolution);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return hc_line_end(text, "the output", out, err);
}
