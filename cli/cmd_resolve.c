/* heapcast resolve: a recommendation and the user's configuration become the right-sized configuration. */
#include "command.h"
#include "deployment_formats.h"
#include "flink_json.h"
#include "in_place.h"
#include "resolution.h"

#include <heapcast/config_yaml.h>
#include <heapcast/file.h>
#include <heapcast/flink_conf.h>
#include <heapcast/line.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_FORMAT = 256, OPT_IN_PLACE };
enum format {
    FORMAT_OWN,
    FORMAT_CONFIG_YAML,
    FORMAT_FLINK_CONF,
    FORMAT_DYNAMIC,
    FORMAT_ENV,
    FORMAT_K8S_PATCH,
    FORMAT_JSON,
    FORMAT_TABLE,
    FORMATS
};
static const char *const formats[FORMATS] = {"",     "config.yaml", "flink-conf.yaml", "dynamic", "env", "k8s-patch",
                                             "json", "table"};
#define FORMAT_NAMES "config.yaml, flink-conf.yaml, dynamic, env, k8s-patch, json"

static const struct hc_option options[] = {
    HC_RESOLVE_OPTIONS,
    {OPT_FORMAT, "format", "F", FORMAT_NAMES ", table; default: that of --config"},
    {OPT_IN_PLACE, "in-place", NULL, "edit the file of --config itself; what it held goes to FILE.bak-N"},
    {'o', "output", "FILE", "write to FILE, which is replaced as a whole or not at all"},
    {0, NULL, NULL, NULL},
};
static const struct hc_usage usage = {
    "resolve",
    "",
    "Turns a recommendation and the configuration in force into the right-sized configuration: the whole file with\n"
    "only memory options changed, or the changed options alone ('dynamic': -D options; 'env': FLINK_PROPERTIES of\n"
    "Flink's image; 'k8s-patch': a merge patch for a FlinkDeployment; 'json', 'table'). Flink's arithmetic on what is\n"
    "written gives exactly the recommended heap; this is checked before anything is written. With --model unified the\n"
    "container is the one number: JVM options in env.java.opts.taskmanager open heap, direct memory and metaspace so\n"
    "that they share what it has to spare.",
    options,
    "  heapcast resolve --recommendation log/heapcast-tm-1.json --config conf/config.yaml -o conf/config.yaml\n"
    "  heapcast resolve --recommendation r.json --config conf --flink-version 1.17.2 --format dynamic\n"
    "  heapcast resolve --recommendation r.json --config conf/config.yaml --in-place\n"
    "  heapcast resolve --recommendation r.json --config config.yaml --format k8s-patch -o patch.json\n"
    "  heapcast resolve --recommendation r.json --config conf --model unified --max 4g --step 256m\n",
};

/* ---- emitting ---------------------------------------------------------------------------------------------------- */

/* What will be read back must derive to the very plan, and texts must have come through as they are. */
static enum hc_status check_emitted(const struct hc_flink_options *emitted, struct hc_flink_target target,
                                    const struct hc_resolution *resolution, struct hc_error *err)
{
    struct hc_taskmanager_spec spec;
    struct hc_jobmanager_spec manager_spec;
    struct hc_error why = {.text = ""};
    bool manager = resolution->role == HC_ROLE_JOBMANAGER;
    enum hc_status status = manager ? hc_jobmanager_spec_derive(emitted, target, &manager_spec, NULL, &why)
                                    : hc_taskmanager_spec_derive(emitted, target, &spec, NULL, &why);
    if (status != HC_OK)
        return hc_fail(err, status, why.line, "internal error: what would be written is refused: %.800s", why.text);
    for (unsigned i = 0; i < resolution->change_count; i++) {
        const struct hc_option_change *change = &resolution->changes[i];
        const struct hc_flink_option *read = hc_flink_options_get(emitted, change->key);
        if (change->new_text != NULL && (read == NULL || strcmp(read->value, change->new_text) != 0))
            return hc_fail(err, HC_ECONFIG, 0,
                           "%s cannot be written to this file as it should be; right would be to "
                           "write it by hand, or --format config.yaml",
                           change->key);
    }
    if (manager ? !hc_jobmanager_spec_equal(&manager_spec, &resolution->manager_after)
                : !hc_taskmanager_spec_equal(&spec, &resolution->after))
        return hc_fail(err, HC_ECONFIG, 0, "internal error: what would be written gives other sizes than planned");
    return HC_OK;
}

static bool changes_key(const struct hc_resolution *resolution, const char *pair)
{
    size_t length = strcspn(pair, "=");
    for (unsigned i = 0; i < resolution->change_count; i++)
        if (!resolution->changes[i].removed && strlen(resolution->changes[i].key) == length &&
            memcmp(resolution->changes[i].key, pair, length) == 0)
            return true;
    return false;
}

/* The user's -D come on top of the file again when Flink starts: one that is to change would win over the file. */
static enum hc_status put_overrides(struct hc_flink_options *emitted, const struct hc_flink_input *input,
                                    const struct hc_resolution *resolution, struct hc_error *err)
{
    enum hc_status status = HC_OK;
    for (unsigned i = 0; i < input->override_count && status == HC_OK; i++) {
        if (changes_key(resolution, input->overrides[i]))
            return hc_fail(
                err, HC_EINVAL, 0,
                "-D %s wins over the file that would be written; right would be --format dynamic, or to leave "
                "the -D out",
                input->overrides[i]);
        status = hc_flink_options_set_pair(emitted, input->overrides[i], err);
    }
    return status;
}

/* Whether `emitted` is `given` but for the changes: what an edit may touch. */
static enum hc_status check_untouched(const struct hc_flink_options *emitted, const struct hc_resolution *resolution,
                                      const char *name, struct hc_error *err)
{
    const struct hc_flink_options *planned = resolution->options;
    for (size_t i = 0; i < hc_flink_options_count(planned); i++) {
        const struct hc_flink_option *want = hc_flink_options_at(planned, i);
        const struct hc_flink_option *got = hc_flink_options_get(emitted, want->key);
        if (got == NULL || strcmp(got->value, want->value) != 0)
            return hc_fail(err, HC_EUNSUPPORTED, want->line,
                           "this file cannot be edited: afterwards %s would be '%.80s' instead of '%.80s'; right would "
                           "be --format dynamic, or --format %s from a file of another kind",
                           want->key, got == NULL ? "unset" : got->value, want->value, name);
    }
    if (hc_flink_options_count(emitted) != hc_flink_options_count(planned))
        return hc_fail(err, HC_EUNSUPPORTED, 0,
                       "this file cannot be edited: afterwards it would set %zu options instead of %zu; right would be "
                       "--format dynamic",
                       hc_flink_options_count(emitted), hc_flink_options_count(planned));
    return HC_OK;
}

/* Old spellings are replaced where they stand; what else remains of them is taken out. */
static unsigned edits_of(const struct hc_resolution *resolution, struct hc_conf_edit *edits)
{
    for (unsigned i = 0; i < resolution->change_count; i++) {
        const struct hc_option_change *change = &resolution->changes[i];
        edits[i] = (struct hc_conf_edit){change->key, change->removed ? NULL : hc_option_change_value(change),
                                         change->old_key};
    }
    return resolution->change_count;
}

static enum hc_status emit_file(const struct hc_resolve_request *request, const struct hc_resolution *resolution,
                                enum hc_conf_format format, char **out, struct hc_error *err)
{
    const struct hc_flink_input *input = &request->input;
    struct hc_conf_edit edits[HC_OPTION_CHANGES_MAX];
    unsigned count = edits_of(resolution, edits);
    bool edit = input->text != NULL && input->format == format, flink_conf = format == HC_CONF_FLINK_CONF;
    char *text = NULL;
    enum hc_status status;
    if (edit)
        status = (flink_conf ? hc_flink_conf_edit : hc_config_yaml_edit)(input->text, input->length, edits, count,
                                                                         &text, err);
    else
        status = (flink_conf ? hc_flink_conf_print : hc_config_yaml_print)(resolution->options, &text, err);
    if (status != HC_OK)
        return status;
    struct hc_flink_options *emitted = hc_flink_options_new();
    status = emitted == NULL ? hc_fail(err, HC_ENOMEM, 0, "no memory for a configuration")
                             : hc_flink_input_parse(text, strlen(text), format, emitted, NULL, err);
    if (status == HC_OK)
        status = put_overrides(emitted, input, resolution, err);
    if (status == HC_OK && edit)
        status =
            check_untouched(emitted, resolution, formats[flink_conf ? FORMAT_FLINK_CONF : FORMAT_CONFIG_YAML], err);
    if (status == HC_OK)
        status = check_emitted(emitted, input->target, resolution, err);
    hc_flink_options_free(emitted);
    if (status == HC_OK)
        *out = text;
    else
        free(text);
    return status;
}

/* What comes on top of the configuration in force, wherever that stands: no older spelling is taken out. */
static enum hc_status check_on_top(const struct hc_resolve_request *request, const struct hc_resolution *resolution,
                                   struct hc_error *err)
{
    struct hc_flink_options *emitted = hc_flink_options_copy(request->input.options);
    enum hc_status status = emitted == NULL ? HC_ENOMEM : HC_OK;
    for (unsigned i = 0; i < resolution->change_count && status == HC_OK; i++)
        if (!resolution->changes[i].removed)
            status = hc_flink_options_set(emitted, resolution->changes[i].key,
                                          hc_option_change_value(&resolution->changes[i]));
    status = status == HC_OK ? check_emitted(emitted, request->input.target, resolution, err)
                             : hc_fail(err, status, 0, "no memory for a configuration");
    hc_flink_options_free(emitted);
    return status;
}

static enum hc_status emit_dynamic(const struct hc_resolution *resolution, char **out, struct hc_error *err)
{
    char *line;
    enum hc_status status = hc_resolution_dynamic_options(resolution, &line, err);
    return status == HC_OK ? hc_line_end(line, "the output", out, err) : status;
}

static cJSON *json_components(const struct hc_resolution *resolution)
{
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < HC_COMPONENTS; i++) {
        const struct hc_component_change *change = &resolution->components[i];
        if (change->reason[0] == '\0')
            continue;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", hc_component_name((enum hc_component)i));
        hc_json_add_bytes(item, "before_bytes", change->before_bytes);
        hc_json_add_bytes(item, "after_bytes", change->after_bytes);
        cJSON_AddStringToObject(item, "reason", change->reason);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *json_pool(const struct hc_pool *pool)
{
    cJSON *object = cJSON_CreateObject();
    hc_json_add_bytes(object, "container_bytes", pool->container_bytes);
    hc_json_add_bytes(object, "heap_need_bytes", pool->heap_need_bytes);
    hc_json_add_bytes(object, "outside_bytes", pool->outside_bytes);
    hc_json_add_bytes(object, "margin_bytes", pool->margin_bytes);
    hc_json_add_bytes(object, "slack_bytes", pool->slack_bytes);
    if (pool->sum_max_bytes != HC_BYTES_UNKNOWN)
        hc_json_add_bytes(object, "sum_max_bytes", pool->sum_max_bytes);
    if (pool->sum_p99_bytes != HC_BYTES_UNKNOWN)
        hc_json_add_bytes(object, "sum_p99_bytes", pool->sum_p99_bytes);
    hc_json_add_bytes(object, "heap_limit_bytes", pool->heap_limit_bytes);
    hc_json_add_bytes(object, "heap_initial_bytes", pool->heap_initial_bytes);
    hc_json_add_bytes(object, "direct_limit_bytes", pool->direct_limit_bytes);
    hc_json_add_bytes(object, "metaspace_limit_bytes", pool->metaspace_limit_bytes);
    cJSON_AddStringToObject(object, "balance", pool->statement);
    return object;
}

static enum hc_status emit_json(const struct hc_resolution *resolution, char **out, struct hc_error *err)
{
    char arguments[HC_JVM_ARGUMENTS_TEXT], text[HC_OPTION_VALUE_TEXT];
    cJSON *root = cJSON_CreateObject(), *changed = cJSON_CreateObject(), *removed = cJSON_CreateArray();
    cJSON *warnings = cJSON_CreateArray();
    cJSON_AddStringToObject(root, "format", "heapcast.resolution");
    cJSON_AddNumberToObject(root, "format_version", 1);
    cJSON_AddStringToObject(root, "role", resolution->role == HC_ROLE_JOBMANAGER ? "jobmanager" : "taskmanager");
    cJSON_AddStringToObject(root, "model", resolution->pool.used ? "unified" : "components");
    cJSON_AddItemToObject(root, "flink_options", changed);
    cJSON_AddItemToObject(root, "removed_options", removed);
    for (unsigned i = 0; i < resolution->change_count; i++) {
        const struct hc_option_change *change = &resolution->changes[i];
        if (change->removed)
            cJSON_AddItemToArray(removed, cJSON_CreateString(change->key));
        else
            cJSON_AddStringToObject(changed, change->key, hc_option_change_bytes(change, text));
    }
    if (resolution->role == HC_ROLE_JOBMANAGER) {
        const struct hc_jobmanager_spec *before = &resolution->manager_before, *after = &resolution->manager_after;
        cJSON_AddItemToObject(root, "before", hc_json_jobmanager(before));
        cJSON_AddItemToObject(root, "after", hc_json_jobmanager(after));
        cJSON_AddStringToObject(root, "jvm_before", hc_jobmanager_spec_jvm_arguments(before, arguments));
        cJSON_AddStringToObject(root, "jvm_after", hc_jobmanager_spec_jvm_arguments(after, arguments));
    } else {
        cJSON_AddItemToObject(root, "before", hc_json_taskmanager(&resolution->before));
        cJSON_AddItemToObject(root, "after", hc_json_taskmanager(&resolution->after));
        cJSON_AddStringToObject(root, "jvm_before", hc_taskmanager_spec_jvm_arguments(&resolution->before, arguments));
        cJSON_AddStringToObject(root, "jvm_after", hc_taskmanager_spec_jvm_arguments(&resolution->after, arguments));
    }
    if (resolution->pool.used)
        cJSON_AddItemToObject(root, "pool", json_pool(&resolution->pool));
    cJSON_AddItemToObject(root, "components", json_components(resolution));
    for (unsigned i = 0; i < resolution->warning_count; i++)
        cJSON_AddItemToArray(warnings, cJSON_CreateString(resolution->warnings[i]));
    cJSON_AddItemToObject(root, "warnings", warnings);
    cJSON *notes = cJSON_AddArrayToObject(root, "notes");
    for (unsigned i = 0; i < resolution->note_count; i++)
        cJSON_AddItemToArray(notes, cJSON_CreateString(resolution->notes[i]));
    char *printed = cJSON_Print(root);
    cJSON_Delete(root);
    return hc_line_end(printed, "the output", out, err);
}

static enum hc_status emit(const struct hc_resolve_request *request, const struct hc_resolution *resolution,
                           enum format format, char **out, struct hc_error *err)
{
    if (format == FORMAT_OWN)
        format = request->input.text == NULL                   ? FORMAT_DYNAMIC
                 : request->input.format == HC_CONF_FLINK_CONF ? FORMAT_FLINK_CONF
                                                               : FORMAT_CONFIG_YAML;
    if (format == FORMAT_DYNAMIC || format == FORMAT_ENV) {
        enum hc_status status = check_on_top(request, resolution, err);
        if (status != HC_OK)
            return status;
    }
    switch (format) {
    case FORMAT_CONFIG_YAML:
        return emit_file(request, resolution, HC_CONF_CONFIG_YAML, out, err);
    case FORMAT_FLINK_CONF:
        return emit_file(request, resolution, HC_CONF_FLINK_CONF, out, err);
    case FORMAT_DYNAMIC:
        return emit_dynamic(resolution, out, err);
    case FORMAT_ENV:
        return hc_env_print(resolution, out, err);
    case FORMAT_K8S_PATCH:
        return hc_k8s_patch_print(resolution, out, err);
    case FORMAT_JSON:
        return emit_json(resolution, out, err);
    default:
        *out = hc_resolution_table(resolution, false);
        return *out != NULL ? HC_OK : hc_fail(err, HC_ENOMEM, 0, "no memory for a table");
    }
}

/* A file that this version of Flink does not look at would change nothing. */
static void warn_format(const struct hc_resolve_request *request, const struct hc_resolution *resolution,
                        enum format format)
{
    if (format == FORMAT_DYNAMIC && resolution->pool.used)
        fputs("heapcast: warning: Flink's standalone scripts read env.java.opts.taskmanager from the file only; right "
              "would be a file there\n",
              stderr);
    struct hc_flink_version version = request->input.target.version;
    if (format == FORMAT_FLINK_CONF && hc_flink_version_from(version, 2, 0))
        fprintf(stderr,
                "heapcast: warning: Flink %u.%u does not read flink-conf.yaml; right would be --format config.yaml\n",
                version.major, version.minor);
    if (format == FORMAT_CONFIG_YAML && !hc_flink_version_from(version, 1, 19))
        fprintf(stderr,
                "heapcast: warning: Flink %u.%u does not read config.yaml; right would be --format flink-conf.yaml\n",
                version.major, version.minor);
}

static int write_out(const char *path, const char *text)
{
    struct hc_error err;
    if (path == NULL || strcmp(path, "-") == 0) {
        fputs(text, stdout);
        return HC_EXIT_DONE;
    }
    return hc_file_replace(path, text, strlen(text), &err) == HC_OK ? HC_EXIT_DONE : hc_complain(path, &err);
}

static bool format_parse(const char *name, enum format *out)
{
    for (int i = FORMAT_OWN + 1; i < FORMATS; i++)
        if (strcmp(name, formats[i]) == 0) {
            *out = (enum format)i;
            return true;
        }
    return false;
}

struct wanted {
    enum format format;
    const char *output;
    bool in_place;
};

/* HC_EXIT_DONE, or what to end with. */
static int take_option(struct hc_resolve_request *request, struct wanted *wanted, int id)
{
    switch (id) {
    case 'o':
        wanted->output = hc_option_argument();
        return HC_EXIT_DONE;
    case OPT_IN_PLACE:
        wanted->in_place = true;
        return HC_EXIT_DONE;
    case OPT_FORMAT:
        if (!format_parse(hc_option_argument(), &wanted->format))
            return hc_usage_error(&usage, "--format is '%s'; right would be " FORMAT_NAMES " or table",
                                  hc_option_argument());
        return HC_EXIT_DONE;
    default:
        return hc_resolve_take_option(request, &usage, id, hc_option_argument());
    }
}

static int check_in_place(const struct hc_resolve_request *request, const struct wanted *wanted)
{
    if (!wanted->in_place)
        return HC_EXIT_DONE;
    if (request->config == NULL || strcmp(request->config, "-") == 0)
        return hc_usage_error(&usage, "--in-place needs a file as --config");
    if (wanted->output != NULL || wanted->format != FORMAT_OWN)
        return hc_usage_error(&usage, "--in-place edits the file of --config; it takes neither -o nor --format");
    return HC_EXIT_DONE;
}

static enum hc_status put_in_place(const struct hc_resolve_request *request, const struct hc_resolution *resolution,
                                   struct hc_error *err)
{
    char *text = NULL;
    enum hc_status status = emit_file(request, resolution, request->input.format, &text, err);
    if (status == HC_OK)
        status = hc_in_place_write(&request->input, resolution, text, err);
    free(text);
    return status;
}

static int write_resolution(const struct hc_resolve_request *request, const struct hc_resolution *resolution,
                            const struct wanted *wanted)
{
    struct hc_error err = {.text = ""};
    char *text = NULL;
    int code;
    if (wanted->in_place)
        code = put_in_place(request, resolution, &err) == HC_OK
                   ? HC_EXIT_DONE
                   : hc_complain(hc_flink_input_name(&request->input), &err);
    else
        code = emit(request, resolution, wanted->format, &text, &err) == HC_OK
                   ? write_out(wanted->output, text)
                   : hc_complain(hc_flink_input_name(&request->input), &err);
    free(text);
    return code;
}

static int run(int argc, char **argv)
{
    struct hc_resolve_request request;
    struct hc_resolution resolution;
    struct wanted wanted = {.format = FORMAT_OWN};
    int id, code;
    hc_resolve_request_init(&request);
    while ((id = hc_options_next(&usage, argc, argv)) > 0)
        if ((code = take_option(&request, &wanted, id)) != HC_EXIT_DONE)
            return code;
    if (id != HC_OPTIONS_END)
        return hc_options_exit(id);
    if (hc_options_operand() < argc)
        return hc_usage_error(&usage, "'%s' is one operand too many", argv[hc_options_operand()]);
    if ((code = check_in_place(&request, &wanted)) != HC_EXIT_DONE)
        return code;
    request.policy.container = wanted.format == FORMAT_K8S_PATCH;
    code = hc_resolve(&request, &usage, &resolution);
    if (code != HC_EXIT_DONE)
        return code;
    warn_format(&request, &resolution, wanted.format);
    for (unsigned i = 0; i < resolution.note_count && wanted.format != FORMAT_JSON && wanted.format != FORMAT_TABLE;
         i++)
        fprintf(stderr, "heapcast: %s\n", resolution.notes[i]);
    for (unsigned i = 0; i < resolution.warning_count && wanted.format != FORMAT_JSON; i++)
        fprintf(stderr, "heapcast: warning: %s\n", resolution.warnings[i]);
    code = write_resolution(&request, &resolution, &wanted);
    hc_resolve_release(&request, &resolution);
    return code;
}

const struct hc_command hc_cmd_resolve = {"resolve", "the right-sized configuration from a recommendation", run};
