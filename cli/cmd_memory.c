/* heapcast memory: what Flink derives from a configuration, or why it refuses. */
#include "command.h"
#include "flink_json.h"
#include "input_flink.h"
#include "memory_batch.h"
#include "options.h"

#include <heapcast/memory_size.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_ROLE = 256,
    OPT_VERSION,
    OPT_CONFIG,
    OPT_CONFIG_FORMAT,
    OPT_DEPLOYMENT,
    OPT_JSON,
    OPT_JVM,
    OPT_DYNAMIC,
    OPT_BATCH
};

static const struct hc_option options[] = {
    {OPT_ROLE, "role", "tm|jm", "TaskManager (default) or JobManager"},
    {OPT_VERSION, "flink-version", "V", "Flink 1.10 to 2.3, as 1.20.5; default " HC_FLINK_DEFAULT_VERSION},
    {OPT_CONFIG, "config", "FILE", "flink-conf.yaml, config.yaml, '-', or Flink's conf directory"},
    {OPT_CONFIG_FORMAT, "config-format", "F", "flink-conf.yaml or config.yaml, where the name does not tell"},
    {'D', "define", "KEY=VALUE", "an option on top of the file; again for more"},
    {OPT_DEPLOYMENT, "deployment", "WAY", "standalone (default) or container: what pre-2.0 heap keys mean"},
    {OPT_JSON, "json", NULL, "one JSON object"},
    {OPT_JVM, "jvm-args", NULL, "the JVM's memory arguments only"},
    {OPT_DYNAMIC, "dynamic", NULL, "the -D options that Flink hands to the process only"},
    {OPT_BATCH, "batch", NULL, "one JSON case a line from FILE or stdin, one answer a line"},
    {0, NULL, NULL, NULL},
};
static const struct hc_usage usage = {
    "memory",
    "[FILE]",
    "Prints the memory of a TaskManager or JobManager as Flink derives it from a configuration, to the byte, or the\n"
    "error with which Flink would refuse it and what would be right. FILE is for --batch only.\n"
    "Before Flink 2.0 the environment variable FLINK_TM_HEAP (FLINK_JM_HEAP) counts as it does for Flink's scripts.",
    options,
    "  heapcast memory -D taskmanager.memory.process.size=4g\n"
    "  heapcast memory --config conf/config.yaml --flink-version 2.0.2 --jvm-args\n",
};

enum output { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JVM, OUTPUT_DYNAMIC };

struct request {
    struct hc_flink_input input;
    const char *config;
    bool jobmanager, batch;
    enum output output;
};

static void row(unsigned indent, const char *name, uint64_t bytes)
{
    char human[HC_MEMORY_SIZE_TEXT];
    printf("%*s%-*s %s\n", (int)indent, "", (int)(34 - indent), name, hc_memory_size_human(bytes, human));
}

static void print_taskmanager(const struct hc_taskmanager_spec *spec)
{
    char arguments[HC_JVM_ARGUMENTS_TEXT];
    puts("Final TaskExecutor Memory configuration:");
    row(2, "Total Process Memory:", spec->total_process_bytes);
    row(4, "Total Flink Memory:", spec->total_flink_bytes);
    row(6, "Total JVM Heap Memory:", spec->jvm_heap_bytes);
    row(8, "Framework:", spec->framework_heap_bytes);
    row(8, "Task:", spec->task_heap_bytes);
    row(6, "Total Off-heap Memory:", spec->managed_bytes + spec->jvm_direct_bytes);
    row(8, "Managed:", spec->managed_bytes);
    row(8, "Total JVM Direct Memory:", spec->jvm_direct_bytes);
    row(10, "Framework:", spec->framework_off_heap_bytes);
    row(10, "Task:", spec->task_off_heap_bytes);
    row(10, "Network:", spec->network_bytes);
    row(4, "JVM Metaspace:", spec->metaspace_bytes);
    row(4, "JVM Overhead:", spec->overhead_bytes);
    printf("JVM arguments: %s\n", hc_taskmanager_spec_jvm_arguments(spec, arguments));
}

static void print_jobmanager(const struct hc_jobmanager_spec *spec)
{
    char arguments[HC_JVM_ARGUMENTS_TEXT];
    puts("Final Master Memory configuration:");
    row(2, "Total Process Memory:", spec->total_process_bytes);
    row(4, "Total Flink Memory:", spec->total_flink_bytes);
    row(6, "JVM Heap:", spec->jvm_heap_bytes);
    row(6, "Off-heap:", spec->off_heap_bytes);
    row(4, "JVM Metaspace:", spec->metaspace_bytes);
    row(4, "JVM Overhead:", spec->overhead_bytes);
    printf("JVM arguments: %s\n", hc_jobmanager_spec_jvm_arguments(spec, arguments));
}

static enum hc_status print_json(const struct request *request, struct hc_error *err)
{
    cJSON *object = cJSON_CreateObject();
    enum hc_status status =
        hc_json_add_derivation(object, request->jobmanager, request->input.options, request->input.target, err);
    char *text = status == HC_OK ? cJSON_Print(object) : NULL;
    if (text != NULL)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(object);
    return status;
}

static enum hc_status print_taskmanager_as(const struct request *request, struct hc_error *err)
{
    struct hc_taskmanager_spec spec;
    char arguments[HC_JVM_ARGUMENTS_TEXT], *dynamic;
    enum hc_status status = hc_taskmanager_spec_derive(request->input.options, request->input.target, &spec, NULL, err);
    if (status != HC_OK)
        return status;
    if (request->output == OUTPUT_TABLE) {
        print_taskmanager(&spec);
    } else if (request->output == OUTPUT_JVM) {
        puts(hc_taskmanager_spec_jvm_arguments(&spec, arguments));
    } else {
        status =
            hc_taskmanager_spec_dynamic_options(&spec, request->input.options, request->input.target, &dynamic, err);
        if (status == HC_OK) {
            puts(dynamic);
            free(dynamic);
        }
    }
    return status;
}

static enum hc_status print_jobmanager_as(const struct request *request, struct hc_error *err)
{
    struct hc_jobmanager_spec spec;
    char arguments[HC_JVM_ARGUMENTS_TEXT], *dynamic;
    enum hc_status status = hc_jobmanager_spec_derive(request->input.options, request->input.target, &spec, NULL, err);
    if (status != HC_OK)
        return status;
    if (request->output == OUTPUT_TABLE) {
        print_jobmanager(&spec);
    } else if (request->output == OUTPUT_JVM) {
        puts(hc_jobmanager_spec_jvm_arguments(&spec, arguments));
    } else {
        status = hc_jobmanager_spec_dynamic_options(&spec, request->input.target, &dynamic, err);
        if (status == HC_OK) {
            puts(dynamic);
            free(dynamic);
        }
    }
    return status;
}

static int answer(struct request *request)
{
    struct hc_error err = {.text = ""};
    hc_flink_input_environment(&request->input, request->jobmanager);
    enum hc_status status = hc_flink_input_load(&request->input, request->config, NULL, &err);
    if (status == HC_OK) {
        hc_flink_input_warn(&request->input);
        status = request->output == OUTPUT_JSON ? print_json(request, &err)
                 : request->jobmanager          ? print_jobmanager_as(request, &err)
                                                : print_taskmanager_as(request, &err);
    }
    int code = HC_EXIT_DONE;
    if (status != HC_OK) {
        hc_complain(hc_flink_input_name(&request->input), &err);
        code = status == HC_EINVAL ? HC_EXIT_USAGE : HC_EXIT_FAILED;
    }
    hc_flink_input_release(&request->input);
    return code;
}

static int batch(const struct request *request, const char *path)
{
    FILE *in = path == NULL || strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (in == NULL) {
        struct hc_error err;
        hc_fail(&err, HC_EIO, 0, "%s cannot be opened: %s", path, strerror(errno));
        return hc_complain(path, &err);
    }
    int code = hc_memory_batch(in, path == NULL ? "-" : path, request->input.target);
    if (in != stdin)
        fclose(in);
    return code;
}

/* HC_EXIT_DONE, or HC_EXIT_USAGE after a message. */
static int take_option(int id, const char *argument, struct request *request)
{
    struct hc_error err;
    switch (id) {
    case OPT_ROLE:
        request->jobmanager = strcmp(argument, "jm") == 0;
        if (!request->jobmanager && strcmp(argument, "tm") != 0)
            return hc_usage_error(&usage, "--role is '%s'; right would be tm or jm", argument);
        break;
    case OPT_VERSION:
        if (hc_flink_version_parse(argument, &request->input.target.version, &err) != HC_OK)
            return hc_usage_error(&usage, "--flink-version: %s", err.text);
        break;
    case OPT_CONFIG_FORMAT:
        if (!hc_conf_format_parse(argument, &request->input.format))
            return hc_usage_error(&usage, "--config-format is '%s'; right would be flink-conf.yaml or config.yaml",
                                  argument);
        break;
    case OPT_DEPLOYMENT:
        if (!hc_deployment_parse(argument, &request->input.target.deployment))
            return hc_usage_error(&usage, "--deployment is '%s'; right would be standalone or container", argument);
        break;
    case 'D':
        if (strchr(argument, '=') == NULL || *argument == '=')
            return hc_usage_error(&usage, "-D '%s' is not an option; right would be key=value", argument);
        if (!hc_flink_input_override(&request->input, argument))
            return hc_usage_error(&usage, "more than %d -D options", HC_OVERRIDES_MAX);
        break;
    case OPT_CONFIG:
        request->config = argument;
        break;
    case OPT_BATCH:
        request->batch = true;
        break;
    default:
        request->output = id == OPT_JSON ? OUTPUT_JSON : id == OPT_JVM ? OUTPUT_JVM : OUTPUT_DYNAMIC;
    }
    return HC_EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct request request = {.output = OUTPUT_TABLE};
    hc_flink_input_init(&request.input);
    int id;
    while ((id = hc_options_next(&usage, argc, argv)) > 0)
        if (take_option(id, hc_option_argument(), &request) != HC_EXIT_DONE)
            return HC_EXIT_USAGE;
    if (id != HC_OPTIONS_END)
        return hc_options_exit(id);
    int operands = argc - hc_options_operand();
    if (operands > (request.batch ? 1 : 0))
        return hc_usage_error(&usage, "'%s' is one operand too many; a configuration is given by --config",
                              argv[hc_options_operand() + (request.batch ? 1 : 0)]);
    if (request.batch)
        return batch(&request, operands > 0 ? argv[hc_options_operand()] : NULL);
    return answer(&request);
}

const struct hc_command hc_cmd_memory = {"memory", "what Flink derives from a configuration, or why it refuses", run};
