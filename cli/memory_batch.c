/* heapcast memory --batch: one JSON case a line in, one answer a line out. */
#include "memory_batch.h"

#include "command.h"
#include "flink_json.h"
#include "input_flink.h"

#include <heapcast/memory_size.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer_size(const char *text, cJSON *answer)
{
    struct hc_error err;
    uint64_t bytes;
    char plain[HC_MEMORY_SIZE_TEXT], human[HC_MEMORY_SIZE_TEXT];
    if (hc_memory_size_parse(text, &bytes, &err) == HC_OK) {
        cJSON_AddBoolToObject(answer, "ok", true);
        hc_json_add_bytes(answer, "bytes", bytes);
        cJSON_AddStringToObject(answer, "str", hc_memory_size_plain(bytes, plain));
        cJSON_AddStringToObject(answer, "human", hc_memory_size_human(bytes, human));
        return;
    }
    struct hc_flink_failure failure = {.code = "SIZE_TEXT", .key = "", .depth = 1};
    failure.chain[0].exception = strncmp(err.text, "text does not", 13) == 0 ? "java.lang.NumberFormatException"
                                                                             : "java.lang.IllegalArgumentException";
    snprintf(failure.chain[0].message, sizeof failure.chain[0].message, "%.700s", err.text);
    snprintf(failure.mend, sizeof failure.mend, "right would be a whole number and a unit, as 512m or 1g");
    hc_json_add_failure(answer, &failure);
}

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* The case's configuration: "conf" (key to text), or "file" and "text". */
static enum hc_status read_options(const cJSON *given, struct hc_flink_options *options,
                                   struct hc_flink_failure *failure, struct hc_error *err)
{
    const cJSON *conf = cJSON_GetObjectItemCaseSensitive(given, "conf"), *item;
    const char *file = text_of(given, "file"), *text = text_of(given, "text");
    enum hc_conf_format format = HC_CONF_AUTO;
    if (file != NULL && text != NULL) {
        if (!hc_conf_format_parse(file, &format))
            return hc_fail(err, HC_EINVAL, 0, "\"file\" is '%s'; right would be flink-conf.yaml or config.yaml", file);
        return hc_flink_input_parse(text, strlen(text), format, options, failure, err);
    }
    if (!cJSON_IsObject(conf))
        return hc_fail(err, HC_EINVAL, 0, "a case needs \"conf\" (an object), or \"file\" and \"text\"");
    cJSON_ArrayForEach(item, conf)
    {
        if (!cJSON_IsString(item))
            return hc_fail(err, HC_EINVAL, 0, "\"conf\": the value of '%s' is no text", item->string);
        if (hc_flink_options_set(options, item->string, item->valuestring) != HC_OK)
            return hc_fail(err, HC_ENOMEM, 0, "no memory for a configuration");
    }
    return HC_OK;
}

static enum hc_status answer_case(const cJSON *given, struct hc_flink_target target, cJSON *answer,
                                  struct hc_error *err)
{
    const char *role = text_of(given, "role"), *path = text_of(given, "path"), *in = text_of(given, "in");
    struct hc_flink_failure failure = {.depth = 0};
    target.old_heap = text_of(given, "env");
    if (role != NULL && strcmp(role, "size") == 0 && in != NULL) {
        answer_size(in, answer);
        return HC_OK;
    }
    if (role == NULL || (strcmp(role, "tm") != 0 && strcmp(role, "jm") != 0))
        return hc_fail(err, HC_EINVAL, 0, "\"role\" is missing or unknown; right would be tm, jm, or size with \"in\"");
    if (path != NULL && strcmp(path, "container") == 0)
        target.deployment = HC_DEPLOYMENT_CONTAINER;
    struct hc_flink_options *options = hc_flink_options_new();
    enum hc_status status = HC_ENOMEM;
    if (options != NULL)
        status = read_options(given, options, &failure, err);
    if (status == HC_EPARSE && failure.depth > 0)
        hc_json_add_failure(answer, &failure);
    else if (status == HC_OK)
        status = hc_json_add_derivation(answer, strcmp(role, "jm") == 0, options, target, err);
    hc_flink_options_free(options);
    return status == HC_EPARSE || status == HC_ECONFIG ? HC_OK : status;
}

static int answer_line(const char *line, unsigned number, const char *name, struct hc_flink_target target)
{
    struct hc_error err = {.text = "no memory"};
    cJSON *given = cJSON_Parse(line), *answer = cJSON_CreateObject();
    enum hc_status status = HC_EPARSE;
    if (given == NULL) {
        hc_fail(&err, HC_EPARSE, number, "not a JSON object; right would be one case a line");
    } else {
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(given, "id");
        if (id != NULL)
            cJSON_AddItemToObject(answer, "id", cJSON_Duplicate(id, true));
        status = answer_case(given, target, answer, &err);
        if (status == HC_EUNSUPPORTED) { /* a case that this version of Flink has no answer to */
            cJSON_AddBoolToObject(answer, "ok", false);
            cJSON_AddStringToObject(answer, "code", "UNSUPPORTED");
            cJSON_AddStringToObject(answer, "msg", err.text);
            status = HC_OK;
        }
    }
    char *text = status == HC_OK ? cJSON_PrintUnformatted(answer) : NULL;
    if (text != NULL)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(given);
    cJSON_Delete(answer);
    err.line = number;
    return status == HC_OK ? HC_EXIT_DONE : hc_complain(name, &err);
}

int hc_memory_batch(FILE *in, const char *name, struct hc_flink_target target)
{
    char *line = NULL;
    size_t room = 0;
    int code = HC_EXIT_DONE;
    unsigned number = 0;
    while (code == HC_EXIT_DONE && getline(&line, &room, in) > 0) {
        number++;
        if (line[strspn(line, " \t\r\n")] != '\0')
            code = answer_line(line, number, name, target);
    }
    free(line);
    return code;
}
