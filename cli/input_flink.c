#include "input_flink.h"

#include <heapcast/config_yaml.h>
#include <heapcast/file.h>
#include <heapcast/flink_conf.h>
#include <heapcast/nearest.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONF_SIZE_MAX = 16 * 1024 * 1024 };

void hc_flink_input_init(struct hc_flink_input *input)
{
    *input = (struct hc_flink_input){0};
    (void)hc_flink_version_parse(HC_FLINK_DEFAULT_VERSION, &input->target.version, NULL);
}

bool hc_flink_input_override(struct hc_flink_input *input, const char *pair)
{
    if (input->override_count == HC_OVERRIDES_MAX)
        return false;
    input->overrides[input->override_count++] = pair;
    return true;
}

void hc_flink_input_environment(struct hc_flink_input *input, bool jobmanager)
{
    input->target.old_heap = getenv(jobmanager ? "FLINK_JM_HEAP" : "FLINK_TM_HEAP");
}

bool hc_conf_format_parse(const char *name, enum hc_conf_format *out)
{
    if (strcmp(name, "flink-conf.yaml") == 0)
        *out = HC_CONF_FLINK_CONF;
    else if (strcmp(name, "config.yaml") == 0)
        *out = HC_CONF_CONFIG_YAML;
    else
        return false;
    return true;
}

bool hc_deployment_parse(const char *name, enum hc_deployment *out)
{
    *out = strcmp(name, "container") == 0 ? HC_DEPLOYMENT_CONTAINER : HC_DEPLOYMENT_STANDALONE;
    return *out == HC_DEPLOYMENT_CONTAINER || strcmp(name, "standalone") == 0;
}

/* Before 1.19 Flink reads flink-conf.yaml only, from 2.0 config.yaml only; between, flink-conf.yaml wins where it is.
 */
static void choose_in_directory(struct hc_flink_input *input, const char *directory)
{
    snprintf(input->path, sizeof input->path, "%s/flink-conf.yaml", directory);
    bool from_2_0 = hc_flink_version_from(input->target.version, 2, 0);
    bool from_1_19 = hc_flink_version_from(input->target.version, 1, 19);
    if (from_2_0 || (from_1_19 && access(input->path, F_OK) != 0))
        snprintf(input->path, sizeof input->path, "%s/config.yaml", directory);
}

static enum hc_status tell_format(struct hc_flink_input *input, struct hc_error *err)
{
    const char *slash = strrchr(input->path, '/'), *name = slash == NULL ? input->path : slash + 1,
               *dot = strrchr(name, '.');
    if (input->format != HC_CONF_AUTO || hc_conf_format_parse(name, &input->format))
        return HC_OK;
    if (dot == NULL || (strcmp(dot, ".yaml") != 0 && strcmp(dot, ".yml") != 0))
        return hc_fail(err, HC_EINVAL, 0,
                       "the name does not tell whether this is a flink-conf.yaml or a config.yaml; right would be "
                       "--config-format");
    input->format = strncmp(name, "flink-conf", 10) == 0 ? HC_CONF_FLINK_CONF : HC_CONF_CONFIG_YAML;
    return HC_OK;
}

enum hc_status hc_flink_input_parse(const char *text, size_t length, enum hc_conf_format format,
                                    struct hc_flink_options *options, struct hc_flink_failure *failure,
                                    struct hc_error *err)
{
    return format == HC_CONF_FLINK_CONF ? hc_flink_conf_parse(text, length, options, err)
                                        : hc_config_yaml_parse(text, length, options, failure, err);
}

static enum hc_status load_file(struct hc_flink_input *input, const char *path, struct hc_flink_failure *failure,
                                struct hc_error *err)
{
    struct stat info;
    if (strcmp(path, "-") != 0 && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        choose_in_directory(input, path);
    else
        snprintf(input->path, sizeof input->path, "%s", path);
    enum hc_status status = tell_format(input, err);
    if (status == HC_OK)
        status = hc_file_read(input->path, CONF_SIZE_MAX, &input->text, &input->length, err);
    if (status == HC_OK)
        status = hc_flink_input_parse(input->text, input->length, input->format, input->options, failure, err);
    return status;
}

enum hc_status hc_flink_input_load(struct hc_flink_input *input, const char *path, struct hc_flink_failure *failure,
                                   struct hc_error *err)
{
    input->options = hc_flink_options_new();
    if (input->options == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for a configuration");
    enum hc_status status = path == NULL ? HC_OK : load_file(input, path, failure, err);
    for (unsigned i = 0; status == HC_OK && i < input->override_count; i++)
        status = hc_flink_options_set_pair(input->options, input->overrides[i], err);
    return status;
}

void hc_flink_input_warn(const struct hc_flink_input *input)
{
    size_t known;
    const char *const *names = hc_flink_options_memory_names(&known);
    for (size_t i = 0; i < hc_flink_options_count(input->options); i++) {
        const struct hc_flink_option *option = hc_flink_options_at(input->options, i);
        if (!hc_flink_options_unknown_memory(option->key))
            continue;
        const char *near = hc_nearest(option->key, names, known);
        if (option->line > 0)
            fprintf(stderr, "heapcast: %s:%u: warning: ", input->path, option->line);
        else
            fprintf(stderr, "heapcast: warning: ");
        fprintf(stderr, "Flink has no option '%s' and ignores it%s%s%s\n", option->key,
                near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
    }
}

const char *hc_flink_input_name(const struct hc_flink_input *input)
{
    return input->path[0] != '\0' ? input->path : NULL;
}

void hc_flink_input_release(struct hc_flink_input *input)
{
    hc_flink_options_free(input->options);
    free(input->text);
    input->options = NULL;
    input->text = NULL;
}
