#include "resolution.h"

#include "command.h"
#include "flink_facts.h"
#include "recommendation_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 100, REASON_INDENT = 6 };

void hc_resolve_request_init(struct hc_resolve_request *request)
{
    *request = (struct hc_resolve_request){0};
    hc_flink_input_init(&request->input);
}

static int later(const char *what)
{
    fprintf(stderr, "heapcast: %s comes with a later version of heapcast\n", what);
    return HC_EXIT_FAILED;
}

int hc_resolve_take_option(struct hc_resolve_request *request, const struct hc_usage *usage, int id,
                           const char *argument)
{
    struct hc_flink_input *input = &request->input;
    struct hc_error err;
    switch (id) {
    case HC_RESOLVE_RECOMMENDATION:
        request->recommendation = argument;
        return HC_EXIT_DONE;
    case HC_RESOLVE_CONFIG:
        request->config = argument;
        return HC_EXIT_DONE;
    case HC_RESOLVE_CONFIG_FORMAT:
        if (!hc_conf_format_parse(argument, &input->format))
            return hc_usage_error(usage, "--config-format is '%s'; right would be flink-conf.yaml or config.yaml",
                                  argument);
        return HC_EXIT_DONE;
    case HC_RESOLVE_VERSION:
        if (hc_flink_version_parse(argument, &input->target.version, &err) != HC_OK)
            return hc_usage_error(usage, "--flink-version: %s", err.text);
        return HC_EXIT_DONE;
    case HC_RESOLVE_DEPLOYMENT:
        if (!hc_deployment_parse(argument, &input->target.deployment))
            return hc_usage_error(usage, "--deployment is '%s'; right would be standalone or container", argument);
        return HC_EXIT_DONE;
    case HC_RESOLVE_NETWORK:
        request->policy.network = strcmp(argument, "keep") == 0 ? HC_NETWORK_KEEP : HC_NETWORK_RULE;
        if (request->policy.network == HC_NETWORK_RULE && strcmp(argument, "rule") != 0)
            return hc_usage_error(usage, "--network is '%s'; right would be rule or keep", argument);
        return HC_EXIT_DONE;
    case HC_RESOLVE_FLINK:
        request->flink = argument;
        return HC_EXIT_DONE;
    case HC_RESOLVE_ROLE:
        if (strcmp(argument, "jm") == 0 || strcmp(argument, "jobmanager") == 0)
            return later("a JobManager's configuration");
        if (strcmp(argument, "tm") != 0 && strcmp(argument, "taskmanager") != 0)
            return hc_usage_error(usage, "--role is '%s'; right would be tm", argument);
        return HC_EXIT_DONE;
    case HC_RESOLVE_MODEL:
        if (strcmp(argument, "unified") == 0)
            return later("the unified memory pool (--model unified)");
        if (strcmp(argument, "components") != 0)
            return hc_usage_error(usage, "--model is '%s'; right would be components", argument);
        return HC_EXIT_DONE;
    default:
        if (strchr(argument, '=') == NULL || *argument == '=')
            return hc_usage_error(usage, "-D '%s' is not an option; right would be key=value", argument);
        if (!hc_flink_input_override(input, argument))
            return hc_usage_error(usage, "more than %d -D options", HC_OVERRIDES_MAX);
        return HC_EXIT_DONE;
    }
}

static int check_role(const struct hc_subject *subject, const char *path)
{
    struct hc_error err;
    if (subject->role == HC_ROLE_TASKMANAGER)
        return HC_EXIT_DONE;
    if (subject->role == HC_ROLE_JOBMANAGER)
        hc_fail(&err, HC_EUNSUPPORTED, 0,
                "is of a JobManager, whose configuration comes with a later version of heapcast");
    else
        hc_fail(&err, HC_EUNSUPPORTED, 0, "is of a JVM that is no TaskManager; use its heap_bytes as -Xmx");
    return hc_complain(path, &err);
}

int hc_resolve(struct hc_resolve_request *request, const struct hc_usage *usage, struct hc_resolution *out)
{
    struct hc_recommendation recommendation;
    struct hc_subject subject;
    struct hc_flink_facts facts;
    struct hc_error err = {.text = ""};
    if (request->recommendation == NULL)
        return hc_usage_error(usage, "--recommendation is missing; right would be a file that the agent wrote");
    if (request->config == NULL && request->input.override_count == 0)
        return hc_usage_error(usage,
                              "--config is missing; right would be the TaskManager's config.yaml or flink-conf.yaml");
    if (request->flink != NULL && strcmp(request->flink, "-") == 0)
        return hc_usage_error(usage, "--flink takes a file");
    if (request->config != NULL && strcmp(request->config, "-") == 0 && strcmp(request->recommendation, "-") == 0)
        return hc_usage_error(usage, "--config and --recommendation cannot both be standard input");
    enum hc_status status = hc_recommendation_load(request->recommendation, &recommendation, &subject, &err);
    if (status != HC_OK)
        return hc_complain(request->recommendation, &err);
    if (check_role(&subject, request->recommendation) != HC_EXIT_DONE)
        return HC_EXIT_FAILED;
    status = hc_flink_input_load(&request->input, request->config, NULL, &err);
    int code = status == HC_EINVAL ? HC_EXIT_USAGE : HC_EXIT_FAILED;
    const char *about = hc_flink_input_name(&request->input);
    if (status == HC_OK) {
        hc_flink_input_warn(&request->input);
        if (request->flink != NULL) {
            status = hc_flink_facts_load(request->flink, &request->input, &facts, &err);
            request->policy.facts = &facts;
            about = status == HC_OK ? about : request->flink;
        }
    }
    if (status == HC_OK) {
        status = hc_resolve_taskmanager(request->input.options, request->input.target, &recommendation, &subject,
                                        &request->policy, out, &err);
        if (status == HC_OK)
            return HC_EXIT_DONE;
        request->policy.facts = NULL;
        code = status == HC_ENODATA ? HC_EXIT_NODATA : HC_EXIT_FAILED;
        if (status == HC_ENODATA || status == HC_EINVAL)
            about = request->recommendation;
    }
    hc_complain(about, &err);
    hc_flink_input_release(&request->input);
    return code;
}

void hc_resolve_release(struct hc_resolve_request *request, struct hc_resolution *resolution)
{
    hc_resolution_release(resolution);
    hc_flink_input_release(&request->input);
}

/* ---- table ------------------------------------------------------------------------------------------------------- */

static void print_size(FILE *out, uint64_t bytes)
{
    uint64_t tenths = (bytes / 1024 * 10 + 512) / 1024; /* of a MiB, free of the locale's comma */
    char text[24];
    snprintf(text, sizeof text, "(%" PRIu64 ")", bytes);
    fprintf(out, "%8" PRIu64 ".%" PRIu64 " MiB %-14s", tenths / 10, tenths % 10, text);
}

static void print_row(FILE *out, unsigned indent, const char *name, uint64_t before, uint64_t after)
{
    fprintf(out, "%*s%-*s", (int)indent, "", (int)(26 - indent), name);
    print_size(out, before);
    fputs("  ", out);
    print_size(out, after);
    char change[32] = "same";
    if (before != after && before == 0)
        snprintf(change, sizeof change, "new");
    else if (before != after) {
        double permille = ((double)after - (double)before) * 1000 / (double)before;
        long rounded = (long)(permille < 0 ? permille - 0.5 : permille + 0.5);
        snprintf(change, sizeof change, "%c%ld.%ld %%", rounded < 0 ? '-' : '+', labs(rounded) / 10,
                 labs(rounded) % 10);
    }
    fprintf(out, "%11s\n", change);
}

static void print_wrapped(FILE *out, const char *text)
{
    size_t column = 0;
    for (const char *p = text; *p != '\0';) {
        size_t word = strcspn(p, " ");
        if (column == 0 || column + 1 + word > WIDTH) {
            fprintf(out, "%s%*s", column > 0 ? "\n" : "", REASON_INDENT, "");
            column = REASON_INDENT;
        } else {
            fputc(' ', out);
            column++;
        }
        fwrite(p, 1, word, out);
        column += word;
        p += word + (p[word] == ' ');
    }
    fputc('\n', out);
}

static void print_component(FILE *out, const struct hc_resolution *r, unsigned indent, enum hc_component component,
                            bool reasons)
{
    const struct hc_component_change *change = &r->components[component];
    print_row(out, indent, hc_component_name(component), change->before_bytes, change->after_bytes);
    if (reasons)
        print_wrapped(out, change->reason);
}

static void print_changes(FILE *out, const struct hc_resolution *r)
{
    if (r->change_count == 0) {
        fputs("\nNothing to change.\n", out);
        return;
    }
    fputs("\nOptions to change:\n", out);
    for (unsigned i = 0; i < r->change_count; i++) {
        const struct hc_option_change *change = &r->changes[i];
        if (change->removed)
            fprintf(out, "  %s: %s  ->  taken out\n", change->key, change->old_value);
        else if (change->old_key != NULL)
            fprintf(out, "  %s: %s  (%s was %s)\n", change->key, change->new_value, change->old_key, change->old_value);
        else if (change->was_set)
            fprintf(out, "  %s: %s  (was %s)\n", change->key, change->new_value, change->old_value);
        else
            fprintf(out, "  %s: %s  (was not set)\n", change->key, change->new_value);
    }
}

char *hc_resolution_table(const struct hc_resolution *r, bool reasons)
{
    char *text = NULL, arguments[HC_JVM_ARGUMENTS_TEXT];
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return NULL;
    fprintf(out, "%-26s%14s%17s%14s%26s\n", "TaskManager", "before", "", "after", "change");
    print_row(out, 0, "Total Process Memory", r->before.total_process_bytes, r->after.total_process_bytes);
    print_row(out, 2, "Total Flink Memory", r->before.total_flink_bytes, r->after.total_flink_bytes);
    print_row(out, 4, "JVM Heap", r->before.jvm_heap_bytes, r->after.jvm_heap_bytes);
    for (int i = 0; i < HC_COMPONENTS; i++)
        print_component(out, r,
                        i == HC_COMPONENT_FRAMEWORK_HEAP || i == HC_COMPONENT_TASK_HEAP ? 6
                        : i == HC_COMPONENT_METASPACE || i == HC_COMPONENT_OVERHEAD     ? 2
                                                                                        : 4,
                        (enum hc_component)i, reasons);
    if (reasons) {
        fprintf(out, "\nJVM before: %s\n", hc_taskmanager_spec_jvm_arguments(&r->before, arguments));
        fprintf(out, "JVM after:  %s\n", hc_taskmanager_spec_jvm_arguments(&r->after, arguments));
    }
    print_changes(out, r);
    for (unsigned i = 0; i < r->warning_count && reasons; i++)
        fprintf(out, "%sWarning: %s\n", i == 0 ? "\n" : "", r->warnings[i]);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
