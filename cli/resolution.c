#include "resolution.h"

#include "command.h"
#include "flink_facts.h"
#include "recommendation_file.h"

#include <heapcast/fleet.h>
#include <heapcast/memory_size.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 100, REASON_INDENT = 6 };

void hc_resolve_request_init(struct hc_resolve_request *request)
{
    *request = (struct hc_resolve_request){0};
    hc_flink_input_init(&request->input);
}

/* "10" or "10 %" becomes 0.1. */
static bool percent_parse(const char *text, double *out)
{
    unsigned long value = 0, digits = 0;
    unsigned places = 0;
    bool point = false;
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
        point = point || *text == '.';
        if (*text == '.')
            continue;
        value = value * 10 + (unsigned long)(*text - '0');
        places += point;
        if (++digits > 9)
            return false;
    }
    text += *text == ' ';
    text += *text == '%';
    *out = (double)value / 100;
    for (; places > 0; places--)
        *out /= 10;
    return digits > 0 && *text == '\0' && *out <= 100;
}

static int take_size(const struct hc_usage *usage, const char *option, const char *text, uint64_t *out)
{
    struct hc_error err;
    if (hc_memory_size_parse(text, out, &err) == HC_OK && *out > 0)
        return HC_EXIT_DONE;
    return hc_usage_error(usage, "--%s is '%s'; right would be a size, as 512m or 4g", option, text);
}

static int take_percent(const struct hc_usage *usage, const char *option, const char *text, double *out)
{
    if (percent_parse(text, out))
        return HC_EXIT_DONE;
    return hc_usage_error(usage, "--%s is '%s'; right would be a percentage, as 20", option, text);
}

static int take_limit(struct hc_resolve_limits *limits, const struct hc_usage *usage, int id, const char *argument)
{
    switch (id) {
    case HC_RESOLVE_MIN:
        return take_size(usage, "min", argument, &limits->min_bytes);
    case HC_RESOLVE_MAX:
        return take_size(usage, "max", argument, &limits->max_bytes);
    case HC_RESOLVE_STEP:
        return take_size(usage, "step", argument, &limits->step_bytes);
    case HC_RESOLVE_MAX_CHANGE:
        return take_percent(usage, "max-change", argument, &limits->max_change_ratio);
    default:
        return take_percent(usage, "min-gain", argument, &limits->min_gain_ratio);
    }
}

int hc_resolve_take_option(struct hc_resolve_request *request, const struct hc_usage *usage, int id,
                           const char *argument)
{
    struct hc_flink_input *input = &request->input;
    struct hc_error err;
    switch (id) {
    case HC_RESOLVE_RECOMMENDATION:
        if (request->recommendation_count == HC_RECOMMENDATIONS_MAX)
            return hc_usage_error(usage, "more than %d recommendations", HC_RECOMMENDATIONS_MAX);
        request->recommendations[request->recommendation_count++] = argument;
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
            request->role = HC_ROLE_JOBMANAGER;
        else if (strcmp(argument, "tm") == 0 || strcmp(argument, "taskmanager") == 0)
            request->role = HC_ROLE_TASKMANAGER;
        else
            return hc_usage_error(usage, "--role is '%s'; right would be tm or jm", argument);
        return HC_EXIT_DONE;
    case HC_RESOLVE_MODEL:
        request->policy.model = strcmp(argument, "unified") == 0 ? HC_MODEL_UNIFIED : HC_MODEL_COMPONENTS;
        if (request->policy.model == HC_MODEL_COMPONENTS && strcmp(argument, "components") != 0)
            return hc_usage_error(usage, "--model is '%s'; right would be components or unified", argument);
        return HC_EXIT_DONE;
    case HC_RESOLVE_MIN:
    case HC_RESOLVE_MAX:
    case HC_RESOLVE_STEP:
    case HC_RESOLVE_MAX_CHANGE:
    case HC_RESOLVE_MIN_GAIN:
        return take_limit(&request->policy.limits, usage, id, argument);
    default:
        if (strchr(argument, '=') == NULL || *argument == '=')
            return hc_usage_error(usage, "-D '%s' is not an option; right would be key=value", argument);
        if (!hc_flink_input_override(input, argument))
            return hc_usage_error(usage, "more than %d -D options", HC_OVERRIDES_MAX);
        return HC_EXIT_DONE;
    }
}

/* The role that is resolved for is that of all recommendations. */
static int check_role(struct hc_resolve_request *request, const struct hc_subject *subject, const char *path)
{
    struct hc_error err;
    if (subject->role == HC_ROLE_JVM) {
        hc_fail(&err, HC_EUNSUPPORTED, 0, "is of a JVM that is no TaskManager; use its heap_bytes as -Xmx");
        return hc_complain(path, &err);
    }
    if (request->role == HC_ROLE_JVM)
        request->role = subject->role;
    if (request->role == subject->role)
        return HC_EXIT_DONE;
    hc_fail(&err, HC_EINVAL, 0, "is of a %s; right would be one of a %s",
            subject->role == HC_ROLE_JOBMANAGER ? "JobManager" : "TaskManager",
            request->role == HC_ROLE_JOBMANAGER ? "JobManager" : "TaskManager");
    return hc_complain(path, &err);
}

static int load_recommendations(struct hc_resolve_request *request, struct hc_fleet *fleet)
{
    struct hc_recommendation recommendation;
    struct hc_subject subject;
    struct hc_error err = {.text = ""};
    hc_fleet_init(fleet);
    for (unsigned i = 0; i < request->recommendation_count; i++) {
        const char *path = request->recommendations[i];
        if (hc_recommendation_load(path, &recommendation, &subject, &err) != HC_OK)
            return hc_complain(path, &err);
        if (check_role(request, &subject, path) != HC_EXIT_DONE)
            return HC_EXIT_FAILED;
        hc_fleet_add(fleet, &recommendation, &subject);
    }
    return HC_EXIT_DONE;
}

__attribute__((format(printf, 2, 3))) static void note(struct hc_resolution *out, const char *format, ...)
{
    va_list arguments;
    if (out->note_count == HC_NOTES_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(out->notes[out->note_count++], sizeof out->notes[0], format, arguments);
    va_end(arguments);
}

/* Who of several decided: "of 3 TaskManagers tm-2 decided heap, metaspace; tm-1 direct memory". */
static void note_fleet(const struct hc_fleet *fleet, struct hc_resolution *out)
{
    char text[280] = "";
    bool told[HC_FLEET_PARTS] = {false};
    size_t used = 0;
    if (fleet->count + fleet->ignored < 2)
        return;
    for (int i = 0; i < HC_FLEET_PARTS; i++) {
        if (told[i] || fleet->decided[i].bytes == HC_BYTES_UNKNOWN)
            continue;
        const char *name = fleet->decided[i].name, *between = " decided ";
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.64s", used > 0 ? "; " : "", name);
        for (int j = i; j < HC_FLEET_PARTS && used < sizeof text; j++)
            if (fleet->decided[j].bytes != HC_BYTES_UNKNOWN && strcmp(fleet->decided[j].name, name) == 0) {
                used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", between,
                                         hc_fleet_part_name((enum hc_fleet_part)j));
                between = ", ";
                told[j] = true;
            }
        if (used >= sizeof text)
            break;
    }
    note(out, "of %u TaskManagers %s", fleet->count, text);
    if (fleet->ignored > 0)
        note(out, "%u of %u left out, %.64s for one: too little data", fleet->ignored, fleet->count + fleet->ignored,
             fleet->ignored_name);
}

static bool from_stdin(const struct hc_resolve_request *request)
{
    for (unsigned i = 0; i < request->recommendation_count; i++)
        if (strcmp(request->recommendations[i], "-") == 0)
            return true;
    return false;
}

static int check_request(const struct hc_resolve_request *request, const struct hc_usage *usage)
{
    const struct hc_resolve_limits *limits = &request->policy.limits;
    if (request->recommendation_count == 0)
        return hc_usage_error(usage, "--recommendation is missing; right would be a file that the agent wrote");
    if (request->config == NULL && request->input.override_count == 0)
        return hc_usage_error(usage,
                              "--config is missing; right would be the TaskManager's config.yaml or flink-conf.yaml");
    if (request->flink != NULL && strcmp(request->flink, "-") == 0)
        return hc_usage_error(usage, "--flink takes a file");
    if (request->config != NULL && strcmp(request->config, "-") == 0 && from_stdin(request))
        return hc_usage_error(usage, "--config and --recommendation cannot both be standard input");
    if (limits->max_bytes > 0 && limits->max_bytes < limits->min_bytes)
        return hc_usage_error(usage, "--max is below --min");
    return HC_EXIT_DONE;
}

static enum hc_status resolve_role(const struct hc_resolve_request *request, const struct hc_fleet *fleet,
                                   struct hc_resolution *out, struct hc_error *err)
{
    const struct hc_flink_input *input = &request->input;
    if (request->role == HC_ROLE_TASKMANAGER)
        return hc_resolve_taskmanager(input->options, input->target, &fleet->worst, &fleet->subject, &request->policy,
                                      out, err);
    return hc_resolve_jobmanager(input->options, input->target, &fleet->worst, &request->policy, out, err);
}

int hc_resolve(struct hc_resolve_request *request, const struct hc_usage *usage, struct hc_resolution *out)
{
    struct hc_fleet fleet;
    struct hc_flink_facts facts;
    struct hc_error err = {.text = ""};
    int code = check_request(request, usage);
    if (code == HC_EXIT_DONE)
        code = load_recommendations(request, &fleet);
    if (code != HC_EXIT_DONE)
        return code;
    if (request->role == HC_ROLE_JOBMANAGER && request->policy.model == HC_MODEL_UNIFIED)
        return hc_usage_error(usage, "--model unified is for TaskManagers; right would be components");
    hc_flink_input_environment(&request->input, request->role == HC_ROLE_JOBMANAGER);
    enum hc_status status = hc_flink_input_load(&request->input, request->config, NULL, &err);
    code = status == HC_EINVAL ? HC_EXIT_USAGE : HC_EXIT_FAILED;
    const char *about = hc_flink_input_name(&request->input);
    if (status == HC_OK) {
        hc_flink_input_warn(&request->input);
        if (request->flink != NULL && request->role == HC_ROLE_TASKMANAGER) {
            status = hc_flink_facts_load(request->flink, &request->input, &facts, &err);
            request->policy.facts = &facts;
            about = status == HC_OK ? about : request->flink;
        }
    }
    if (status == HC_OK) {
        status = resolve_role(request, &fleet, out, &err);
        request->policy.facts = NULL;
        if (status == HC_OK) {
            note_fleet(&fleet, out);
            return HC_EXIT_DONE;
        }
        code = status == HC_ENODATA ? HC_EXIT_NODATA : HC_EXIT_FAILED;
        if (status == HC_ENODATA || status == HC_EINVAL)
            about = request->recommendations[0];
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
            fprintf(out, "  %s: %s  (%s was %s)\n", change->key, hc_option_change_value(change), change->old_key,
                    change->old_value);
        else if (change->was_set)
            fprintf(out, "  %s: %s  (was %s)\n", change->key, hc_option_change_value(change), change->old_value);
        else
            fprintf(out, "  %s: %s  (was not set)\n", change->key, hc_option_change_value(change));
    }
}

static void print_taskmanager(FILE *out, const struct hc_resolution *r, bool reasons)
{
    char arguments[HC_JVM_ARGUMENTS_TEXT];
    print_row(out, 0, "Total Process Memory", r->before.total_process_bytes, r->after.total_process_bytes);
    print_row(out, 2, "Total Flink Memory", r->before.total_flink_bytes, r->after.total_flink_bytes);
    print_row(out, 4, "JVM Heap", r->before.jvm_heap_bytes, r->after.jvm_heap_bytes);
    for (int i = 0; i <= HC_COMPONENT_OVERHEAD; i++)
        print_component(out, r,
                        i == HC_COMPONENT_FRAMEWORK_HEAP || i == HC_COMPONENT_TASK_HEAP ? 6
                        : i == HC_COMPONENT_METASPACE || i == HC_COMPONENT_OVERHEAD     ? 2
                                                                                        : 4,
                        (enum hc_component)i, reasons);
    if (!reasons)
        return;
    fprintf(out, "\nJVM before: %s\n", hc_taskmanager_spec_jvm_arguments(&r->before, arguments));
    fprintf(out, "JVM after:  %s%s\n", hc_taskmanager_spec_jvm_arguments(&r->after, arguments),
            r->pool.used ? ", and behind it the pool's own, which win" : "");
}

static void print_jobmanager(FILE *out, const struct hc_resolution *r, bool reasons)
{
    const struct hc_jobmanager_spec *before = &r->manager_before, *after = &r->manager_after;
    char arguments[HC_JVM_ARGUMENTS_TEXT];
    print_row(out, 0, "Total Process Memory", before->total_process_bytes, after->total_process_bytes);
    print_row(out, 2, "Total Flink Memory", before->total_flink_bytes, after->total_flink_bytes);
    print_component(out, r, 4, HC_COMPONENT_JM_HEAP, reasons);
    print_component(out, r, 4, HC_COMPONENT_JM_OFF_HEAP, reasons);
    print_component(out, r, 2, HC_COMPONENT_METASPACE, reasons);
    print_component(out, r, 2, HC_COMPONENT_OVERHEAD, reasons);
    if (!reasons)
        return;
    fprintf(out, "\nJVM before: %s\n", hc_jobmanager_spec_jvm_arguments(before, arguments));
    fprintf(out, "JVM after:  %s\n", hc_jobmanager_spec_jvm_arguments(after, arguments));
}

/* Limits that the JVM gets from the pool instead of Flink's plan above. */
static void print_pool(FILE *out, const struct hc_pool *pool)
{
    const struct {
        const char *name;
        uint64_t bytes;
    } rows[] = {{"Container", pool->container_bytes},
                {"Heap needed", pool->heap_need_bytes},
                {"Peak outside it", pool->outside_bytes},
                {"Margin", pool->margin_bytes},
                {"Slack that all share", pool->slack_bytes},
                {"Limit of heap", pool->heap_limit_bytes},
                {"Heap at start", pool->heap_initial_bytes},
                {"Limit of direct memory", pool->direct_limit_bytes},
                {"Limit of metaspace", pool->metaspace_limit_bytes}};
    fputs("\nUnified pool (the JVM's limits, which win over Flink's own):\n", out);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fprintf(out, "  %-24s%8" PRIu64 " MiB (%" PRIu64 ")\n", rows[i].name, (rows[i].bytes + (1 << 19)) >> 20,
                rows[i].bytes);
    }
}

char *hc_resolution_table(const struct hc_resolution *r, bool reasons)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return NULL;
    bool manager = r->role == HC_ROLE_JOBMANAGER;
    fprintf(out, "%-26s%14s%17s%14s%26s\n", manager ? "JobManager" : "TaskManager", "before", "", "after", "change");
    (manager ? print_jobmanager : print_taskmanager)(out, r, reasons);
    if (r->pool.used)
        print_pool(out, &r->pool);
    print_changes(out, r);
    for (unsigned i = 0; i < r->note_count; i++)
        fprintf(out, "%sNote: %s\n", i == 0 ? "\n" : "", r->notes[i]);
    for (unsigned i = 0; i < r->warning_count && reasons; i++)
        fprintf(out, "%sWarning: %s\n", i == 0 ? "\n" : "", r->warnings[i]);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
