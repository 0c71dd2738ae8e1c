#include <heapcast/resolver.h>

#include "advice.h"
#include "derivation.h"
#include "draft.h"
#include "jobmanager_plan.h"
#include "limits.h"
#include "plan.h"
#include "pool.h"
#include "text.h"

#include <heapcast/memory_size.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* 512 buffers of 32 KiB: a job that is rescaled, or another one, finds room for its first channels. */
#define NETWORK_LEAST_BYTES (16 * HC_MIB)

/* The way in to Flink's arithmetic that a configuration takes (ProcessMemoryUtils tries them in this order). */
enum style { STYLE_FINE, STYLE_FLINK, STYLE_PROCESS };

/* A plan in the making: the options that will be, and the sizes that they must give. */
struct plan {
    struct hc_draft draft;
    struct hc_taskmanager_spec before, goal;
    struct hc_sizes sizes;
    const struct hc_resolve_policy *policy;
    uint64_t network_bytes;   /* what network memory must be, HC_BYTES_UNKNOWN: what follows by the user's rule */
    uint64_t container_bytes; /* the process must be exactly so large: the overhead is the rest; 0: it follows */
};

/* ---- solving ----------------------------------------------------------------------------------------------------- */

static bool read_network_rule(struct plan *p, struct hc_range *out)
{
    if (!hc_network_by_buffers(&p->draft.d))
        return hc_read_network_range(&p->draft.d, out);
    *out = (struct hc_range){0, 0, 0};
    if (!hc_read_buffers(&p->draft.d, &out->min))
        return false;
    out->max = out->min;
    return true;
}

static enum style style_of(const struct plan *p)
{
    if (hc_has(&p->draft.d, HC_KEY_TM_TASK_HEAP) && hc_has(&p->draft.d, HC_KEY_TM_MANAGED))
        return STYLE_FINE;
    return hc_has(&p->draft.d, HC_KEY_TM_FLINK) ? STYLE_FLINK : STYLE_PROCESS;
}

/* Network memory is what the given total leaves: the task heap is given too, and managed memory or a total. */
static bool network_is_rest(const struct plan *p, enum style style)
{
    return style == STYLE_FINE ? hc_has(&p->draft.d, HC_KEY_TM_FLINK) : hc_has(&p->draft.d, HC_KEY_TM_TASK_HEAP);
}

/* Total Flink memory around the parts that are not network memory. */
static bool solve_flink(struct plan *p, enum style style)
{
    struct hc_taskmanager_spec *goal = &p->goal;
    uint64_t rest =
        goal->jvm_heap_bytes + goal->framework_off_heap_bytes + goal->task_off_heap_bytes + goal->managed_bytes;
    struct hc_range rule;
    if (network_is_rest(p, style) || p->network_bytes != HC_BYTES_UNKNOWN) {
        goal->network_bytes = p->network_bytes != HC_BYTES_UNKNOWN ? p->network_bytes : p->before.network_bytes;
        goal->total_flink_bytes = rest + goal->network_bytes;
        return true;
    }
    if (!read_network_rule(p, &rule))
        return false;
    if (style == STYLE_FINE) {
        if (!hc_part_of_rest(&p->draft.d, rest, &rule, &goal->network_bytes))
            return false;
        goal->total_flink_bytes = rest + goal->network_bytes;
        return true;
    }
    if (!hc_draft_whole(&p->draft, rest, &rule, &goal->total_flink_bytes))
        return false;
    goal->network_bytes = goal->total_flink_bytes - rest;
    return true;
}

/* Managed memory by fraction would change with the total: its bytes are fixed unless the fraction still gives them. */
static bool fix_managed(struct plan *p, bool *out_fixed)
{
    struct hc_range range;
    uint64_t bytes;
    *out_fixed = false;
    if (!hc_has(&p->draft.d, HC_KEY_TM_MANAGED)) {
        if (!hc_read_range(&p->draft.d, HC_KEY_NONE, HC_KEY_NONE, HC_KEY_TM_MANAGED_FRACTION, &range) ||
            !hc_part_of_whole(&p->draft.d, p->goal.total_flink_bytes, &range, &bytes))
            return false;
        if (bytes == p->goal.managed_bytes)
            return true;
        *out_fixed = true;
    }
    return hc_draft_size(&p->draft, HC_KEY_TM_MANAGED, p->goal.managed_bytes);
}

/* What the user's rule gives before it is clipped; where network memory is the rest, the rest. */
static bool network_by_rule(struct plan *p, enum style style, const struct hc_range *range, uint64_t *out)
{
    struct hc_range open = {0, HC_SIZE_MAX, range->fraction};
    *out = p->goal.network_bytes;
    if (network_is_rest(p, style))
        return true;
    return style == STYLE_FINE
               ? hc_part_of_rest(&p->draft.d, p->goal.total_flink_bytes - p->goal.network_bytes, &open, out)
               : hc_part_of_whole(&p->draft.d, p->goal.total_flink_bytes, &open, out);
}

static bool pin_network(struct plan *p, enum style style)
{
    uint64_t want = p->network_bytes, by_rule;
    struct hc_range range;
    if (want == HC_BYTES_UNKNOWN)
        return true;
    if (hc_network_by_buffers(&p->draft.d)) {
        if (!read_network_rule(p, &range))
            return false;
        if (range.min == want)
            return true;
        return hc_draft_size(&p->draft, HC_KEY_TM_NETWORK_MIN, want) &&
               hc_draft_size(&p->draft, HC_KEY_TM_NETWORK_MAX, want);
    }
    if (!hc_read_network_range(&p->draft.d, &range) || !network_by_rule(p, style, &range, &by_rule))
        return false;
    if (network_is_rest(p, style) && (want < range.min || want > range.max))
        return hc_draft_size(&p->draft, want < range.min ? HC_KEY_TM_NETWORK_MIN : HC_KEY_TM_NETWORK_MAX, want);
    return hc_draft_pin(&p->draft, HC_KEY_TM_NETWORK_MIN, HC_KEY_TM_NETWORK_MAX, &range, by_rule, want);
}

static uint64_t whole_mebibytes(uint64_t bytes)
{
    return (bytes + HC_MIB - 1) / HC_MIB * HC_MIB;
}

/* The process is a whole number of MiB, or as large as asked for; the overhead, which is no limit but room, takes what
 * that adds. */
static bool round_process(struct plan *p, uint64_t inner, uint64_t overhead)
{
    if (p->container_bytes > 0) {
        if (inner > p->container_bytes) {
            hc_raise(&p->draft.d, "TOO_SMALL", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
                     "a process of %s has no room for the other parts", HC_HUMAN(p->container_bytes));
            return hc_mend(&p->draft.d, "right would be at least %" PRIu64 "b", whole_mebibytes(inner));
        }
        overhead = p->container_bytes - inner;
    }
    p->goal.total_process_bytes = whole_mebibytes(inner + overhead);
    p->goal.overhead_bytes = p->goal.total_process_bytes - inner;
    return true;
}

/* process.size alone: the overhead is a clipped fraction of it. */
static bool solve_from_process(struct plan *p, uint64_t inner)
{
    struct hc_range range;
    uint64_t process, by_rule, overhead = p->sizes.overhead_bytes;
    if (!hc_read_overhead_range(&p->draft.d, &range))
        return false;
    if (overhead == HC_BYTES_UNKNOWN && p->container_bytes == 0) {
        if (!hc_draft_whole(&p->draft, inner, &range, &process))
            return false;
        overhead = process - inner;
    }
    return round_process(p, inner, overhead) &&
           hc_draft_size(&p->draft, HC_KEY_TM_PROCESS, p->goal.total_process_bytes) &&
           hc_multiply(&p->draft.d, p->goal.total_process_bytes, range.fraction, &by_rule) &&
           hc_draft_overhead(&p->draft, &range, by_rule, p->goal.overhead_bytes);
}

/* Total Flink memory is given and process.size as well: the overhead is the rest and must lie in its range. */
static bool solve_rest(struct plan *p, uint64_t inner)
{
    struct hc_range range;
    uint64_t overhead =
        p->sizes.overhead_bytes == HC_BYTES_UNKNOWN ? p->before.overhead_bytes : p->sizes.overhead_bytes;
    return hc_read_overhead_range(&p->draft.d, &range) && round_process(p, inner, overhead) &&
           hc_draft_size(&p->draft, HC_KEY_TM_PROCESS, p->goal.total_process_bytes) &&
           (p->goal.overhead_bytes >= range.min ||
            hc_draft_size(&p->draft, HC_KEY_TM_OVERHEAD_MIN, p->goal.overhead_bytes)) &&
           (p->goal.overhead_bytes <= range.max ||
            hc_draft_size(&p->draft, HC_KEY_TM_OVERHEAD_MAX, p->goal.overhead_bytes));
}

/* Total Flink memory is given, process.size is not: the overhead follows its rule, or is pinned. */
static bool solve_outward(struct plan *p, uint64_t inner)
{
    struct hc_range range;
    uint64_t by_rule;
    if (!hc_read_overhead_range(&p->draft.d, &range) ||
        !hc_multiply(&p->draft.d, inner, range.fraction / (1 - range.fraction), &by_rule))
        return false;
    if (p->sizes.overhead_bytes != HC_BYTES_UNKNOWN || p->container_bytes > 0)
        return round_process(p, inner, p->sizes.overhead_bytes) &&
               hc_draft_overhead(&p->draft, &range, by_rule, p->goal.overhead_bytes);
    p->goal.overhead_bytes = hc_clip(by_rule, &range);
    return hc_add(&p->draft.d, inner, p->goal.overhead_bytes, &p->goal.total_process_bytes);
}

static bool set_parts(struct plan *p)
{
    const struct hc_taskmanager_spec *before = &p->before, *goal = &p->goal;
    return (goal->framework_heap_bytes == before->framework_heap_bytes ||
            hc_draft_size(&p->draft, HC_KEY_TM_FRAMEWORK_HEAP, goal->framework_heap_bytes)) &&
           (goal->framework_off_heap_bytes == before->framework_off_heap_bytes ||
            hc_draft_size(&p->draft, HC_KEY_TM_FRAMEWORK_OFF_HEAP, goal->framework_off_heap_bytes)) &&
           (goal->metaspace_bytes == before->metaspace_bytes ||
            hc_draft_size(&p->draft, HC_KEY_TM_METASPACE, goal->metaspace_bytes)) &&
           (!hc_has(&p->draft.d, HC_KEY_TM_TASK_HEAP) ||
            hc_draft_size(&p->draft, HC_KEY_TM_TASK_HEAP, goal->task_heap_bytes));
}

/* Nothing that was asked for differs from what is there: then no total is touched either, not even to round it. */
static bool nothing_to_do(const struct plan *p)
{
    const struct hc_taskmanager_spec *before = &p->before, *goal = &p->goal;
    uint64_t overhead = p->sizes.overhead_bytes;
    return (p->container_bytes == 0 || p->container_bytes == before->total_process_bytes) &&
           (!p->policy->container || (hc_flink_options_find(p->draft.current, HC_KEY_TM_PROCESS) != NULL &&
                                      before->total_process_bytes % HC_MIB == 0)) &&
           (p->network_bytes == HC_BYTES_UNKNOWN || p->network_bytes == before->network_bytes) &&
           goal->jvm_heap_bytes == before->jvm_heap_bytes &&
           goal->framework_heap_bytes == before->framework_heap_bytes && goal->managed_bytes == before->managed_bytes &&
           goal->framework_off_heap_bytes == before->framework_off_heap_bytes &&
           goal->metaspace_bytes == before->metaspace_bytes &&
           (overhead == HC_BYTES_UNKNOWN || overhead == before->overhead_bytes);
}

static bool solve(struct plan *p)
{
    bool fixed;
    if (!hc_map_old_heap(&p->draft.d) || !set_parts(p))
        return false;
    enum style style = style_of(p);
    if (!solve_flink(p, style) || !fix_managed(p, &fixed))
        return false;
    if (fixed && style_of(p) != style) { /* task.heap.size and now managed.size: that is fine-grained */
        style = style_of(p);
        if (!solve_flink(p, style))
            return false;
    }
    if (!pin_network(p, style) ||
        (hc_has(&p->draft.d, HC_KEY_TM_FLINK) && !hc_draft_size(&p->draft, HC_KEY_TM_FLINK, p->goal.total_flink_bytes)))
        return false;
    uint64_t inner = p->goal.total_flink_bytes + p->goal.metaspace_bytes;
    return style == STYLE_PROCESS                                           ? solve_from_process(p, inner)
           : hc_has(&p->draft.d, HC_KEY_TM_PROCESS) || p->policy->container ? solve_rest(p, inner)
                                                                            : solve_outward(p, inner);
}

/* ---- result ------------------------------------------------------------------------------------------------------ */

static void tell_network(struct plan *p)
{
    struct hc_component_change *network = &p->draft.out->components[HC_COMPONENT_NETWORK];
    char need[HC_MEMORY_SIZE_TEXT];
    if (hc_network_is_measured(p->policy))
        snprintf(
            network->reason, sizeof network->reason,
            "the jobs can ask a TaskManager for %s by Flink's own rules for channels and gates; a quarter more, at "
            "least 16 MiB and your own %s",
            hc_memory_size_human(p->policy->facts->network_need_bytes, need), hc_key_name(HC_KEY_TM_NETWORK_MIN));
    else if (network->after_bytes == network->before_bytes)
        snprintf(network->reason, sizeof network->reason, "stays as it is%s",
                 p->policy->network == HC_NETWORK_KEEP ? ", as asked for"
                                                       : "; how much a job needs depends on its channels");
    else
        snprintf(network->reason, sizeof network->reason,
                 "follows your own rule (network.fraction, min and max) with the total Flink memory");
}

static void tell_components(struct plan *p)
{
    const struct hc_taskmanager_spec *b = &p->before, *a = &p->goal;
    const uint64_t pairs[HC_COMPONENTS][2] = {
        [HC_COMPONENT_FRAMEWORK_HEAP] = {b->framework_heap_bytes, a->framework_heap_bytes},
        [HC_COMPONENT_TASK_HEAP] = {b->task_heap_bytes, a->task_heap_bytes},
        [HC_COMPONENT_MANAGED] = {b->managed_bytes, a->managed_bytes},
        [HC_COMPONENT_FRAMEWORK_OFF_HEAP] = {b->framework_off_heap_bytes, a->framework_off_heap_bytes},
        [HC_COMPONENT_TASK_OFF_HEAP] = {b->task_off_heap_bytes, a->task_off_heap_bytes},
        [HC_COMPONENT_NETWORK] = {b->network_bytes, a->network_bytes},
        [HC_COMPONENT_METASPACE] = {b->metaspace_bytes, a->metaspace_bytes},
        [HC_COMPONENT_OVERHEAD] = {b->overhead_bytes, a->overhead_bytes},
    };
    for (int i = 0; i < HC_COMPONENTS; i++) {
        p->draft.out->components[i].before_bytes = pairs[i][0];
        p->draft.out->components[i].after_bytes = pairs[i][1];
    }
    struct hc_component_change *overhead = &p->draft.out->components[HC_COMPONENT_OVERHEAD];
    tell_network(p);
    if (p->sizes.overhead_bytes == HC_BYTES_UNKNOWN)
        snprintf(overhead->reason, sizeof overhead->reason, "%s",
                 a->overhead_bytes == b->overhead_bytes
                     ? "stays: what is resident outside heap, direct memory and "
                       "metaspace is not known"
                     : "follows your own rule (jvm-overhead.fraction, min and max), and "
                       "fills the process up to whole MiB");
}

static void warn_network(struct plan *p)
{
    char before[HC_MEMORY_SIZE_TEXT], after[HC_MEMORY_SIZE_TEXT];
    if (p->goal.network_bytes < p->before.network_bytes && !hc_network_is_measured(p->policy))
        hc_warn(
            p->draft.out,
            "network memory goes from %s to %s by your own rule; for a job with many channels set %s, or resolve with "
            "--network keep",
            hc_memory_size_human(p->before.network_bytes, before), hc_memory_size_human(p->goal.network_bytes, after),
            hc_key_name(HC_KEY_TM_NETWORK_MIN));
}

/* Flink's own arithmetic on what will be written must give the plan, byte for byte. */
static enum hc_status verify(struct plan *p, struct hc_flink_target target, struct hc_error *err)
{
    struct hc_error why = {.text = ""};
    enum hc_status status = hc_taskmanager_spec_derive(p->draft.options, target, &p->draft.out->after, NULL, &why);
    if (status == HC_OK && hc_taskmanager_spec_equal(&p->draft.out->after, &p->goal))
        return HC_OK;
    if (status != HC_OK)
        return hc_fail(err, HC_ECONFIG, 0, "internal error: the resolved configuration would be refused: %.800s",
                       why.text);
    return hc_fail(err, HC_ECONFIG, 0,
                   "internal error: the resolved configuration gives a heap of %" PRIu64
                   " bytes in a process of %" PRIu64 ", planned were %" PRIu64 " in %" PRIu64,
                   p->draft.out->after.jvm_heap_bytes, p->draft.out->after.total_process_bytes, p->goal.jvm_heap_bytes,
                   p->goal.total_process_bytes);
}

/* Where the jobs' need is known, Flink's default minimum of 64 MiB has done its work; a minimum of the user's own
 * counts. */
static uint64_t network_least(struct plan *p, const struct hc_range *range)
{
    return hc_has(&p->draft.d, HC_KEY_TM_NETWORK_MIN) || range->min < NETWORK_LEAST_BYTES ? range->min
                                                                                          : NETWORK_LEAST_BYTES;
}

/* Unknown leaves it to the user's rule, also where its options cannot be read: solving then says why. */
static uint64_t network_wanted(struct plan *p)
{
    struct hc_range range = {0, 0, 0};
    uint64_t wanted;
    if (!hc_network_is_measured(p->policy))
        return p->policy->network == HC_NETWORK_KEEP ? p->before.network_bytes : HC_BYTES_UNKNOWN;
    wanted = whole_mebibytes(p->policy->facts->network_need_bytes + p->policy->facts->network_need_bytes / 4);
    if (!hc_network_by_buffers(&p->draft.d) && !hc_read_network_range(&p->draft.d, &range))
        return HC_BYTES_UNKNOWN;
    uint64_t least = network_least(p, &range);
    return wanted > least ? wanted : least;
}

static enum hc_status make(struct plan *p, struct hc_flink_target target, struct hc_error *err)
{
    if (!nothing_to_do(p) && !solve(p)) {
        if (p->draft.d.failure.depth == 0)
            return hc_fail(err, HC_ENOMEM, 0, "no memory for a configuration");
        return hc_fail(err, HC_ECONFIG, p->draft.d.line, "%.600s (%s)", p->draft.d.failure.chain[0].message,
                       p->draft.d.failure.mend);
    }
    tell_components(p);
    warn_network(p);
    return verify(p, target, err);
}

enum hc_status hc_plan_make(const struct hc_plan_ask *ask, struct hc_resolution *out, struct hc_error *err)
{
    struct plan p = {.draft.current = ask->current,
                     .policy = ask->policy,
                     .network_bytes = HC_BYTES_UNKNOWN,
                     .container_bytes = ask->container_bytes};
    enum hc_status status = hc_taskmanager_spec_derive(ask->current, ask->target, &p.before, NULL, err);
    if (status != HC_OK)
        return status;
    struct hc_resolution *resolution = calloc(1, sizeof *resolution);
    p.draft.options = hc_flink_options_copy(ask->current);
    p.draft.out = resolution;
    if (resolution == NULL || p.draft.options == NULL) {
        status = hc_fail(err, HC_ENOMEM, 0, "no memory for a configuration");
        goto out;
    }
    status = hc_advise(&p.before, ask->current, ask->recommendation, ask->subject, ask->policy, ask->heap_bytes,
                       &p.sizes, resolution, err);
    if (status != HC_OK)
        goto out;
    hc_derivation_init(&p.draft.d, p.draft.options, ask->target, &hc_taskmanager_keys);
    p.goal = p.before;
    p.goal.jvm_heap_bytes = p.sizes.heap_bytes;
    p.goal.framework_heap_bytes = p.sizes.framework_heap_bytes;
    p.goal.task_heap_bytes = p.sizes.heap_bytes - p.sizes.framework_heap_bytes;
    p.goal.framework_off_heap_bytes = p.sizes.framework_off_heap_bytes;
    p.goal.managed_bytes = p.sizes.managed_bytes;
    p.goal.metaspace_bytes = p.sizes.metaspace_bytes;
    p.network_bytes = network_wanted(&p);
    status = make(&p, ask->target, err);
    if (status != HC_OK)
        goto out;
    resolution->role = HC_ROLE_TASKMANAGER;
    resolution->before = p.before;
    resolution->options = p.draft.options;
    p.draft.options = NULL;
    *out = *resolution;
out:
    hc_flink_options_free(p.draft.options);
    free(resolution);
    return status;
}

enum hc_status hc_resolve_taskmanager(const struct hc_flink_options *current, struct hc_flink_target target,
                                      const struct hc_recommendation *recommendation, const struct hc_subject *subject,
                                      const struct hc_resolve_policy *policy, struct hc_resolution *out,
                                      struct hc_error *err)
{
    const struct hc_plan_ask ask = {.current = current,
                                    .target = target,
                                    .recommendation = recommendation,
                                    .subject = subject,
                                    .policy = policy,
                                    .heap_bytes = HC_BYTES_UNKNOWN};
    if (recommendation->verdict == HC_VERDICT_INSUFFICIENT_DATA)
        return hc_fail(err, HC_ENODATA, 0, "%s",
                       recommendation->reason_count > 0 ? recommendation->reasons[0]
                                                        : "too little data for a recommendation");
    enum hc_status status = policy->model == HC_MODEL_UNIFIED ? hc_pool_resolve(&ask, &policy->limits, out, err)
                                                              : hc_limits_resolve(&ask, &policy->limits, out, err);
    if (status == HC_OK)
        hc_warn_options(current, target, subject, out);
    return status;
}

enum hc_status hc_resolve_jobmanager(const struct hc_flink_options *current, struct hc_flink_target target,
                                     const struct hc_recommendation *recommendation,
                                     const struct hc_resolve_policy *policy, struct hc_resolution *out,
                                     struct hc_error *err)
{
    if (recommendation->verdict == HC_VERDICT_INSUFFICIENT_DATA)
        return hc_fail(err, HC_ENODATA, 0, "%s",
                       recommendation->reason_count > 0 ? recommendation->reasons[0]
                                                        : "too little data for a recommendation");
    return hc_jobmanager_plan_make(current, target, recommendation, policy, out, err);
}

void hc_resolution_release(struct hc_resolution *resolution)
{
    for (unsigned i = 0; i < resolution->change_count; i++)
        free(resolution->changes[i].new_text);
    resolution->change_count = 0;
    hc_flink_options_free(resolution->options);
    resolution->options = NULL;
}

const char *hc_option_change_value(const struct hc_option_change *change)
{
    return change->new_text != NULL ? change->new_text : change->new_value;
}

const char *hc_option_change_bytes(const struct hc_option_change *change, char *out)
{
    if (change->new_text != NULL)
        return change->new_text;
    snprintf(out, HC_OPTION_VALUE_TEXT, "%" PRIu64 "b", change->new_bytes);
    return out;
}

/* A value for a shell's command line: in single quotes where it holds more than a size. */
static void print_quoted(struct hc_text *text, const char *key, const char *value)
{
    hc_text_print(text, "'%s=", key);
    for (; *value != '\0'; value++)
        hc_text_print(text, *value == '\'' ? "'\\''" : "%c", *value);
    hc_text_print(text, "'");
}

enum hc_status hc_resolution_dynamic_options(const struct hc_resolution *resolution, char **out, struct hc_error *err)
{
    /* A removed option is an older spelling: Flink looks at the current one first, which is among the changes. */
    struct hc_text text = {0};
    hc_text_print(&text, "%s", "");
    for (unsigned i = 0; i < resolution->change_count; i++) {
        const struct hc_option_change *change = &resolution->changes[i];
        if (change->removed)
            continue;
        hc_text_print(&text, "%s-D ", text.length > 0 ? " " : "");
        if (change->new_text != NULL)
            print_quoted(&text, change->key, change->new_text);
        else
            hc_text_print(&text, "%s=%" PRIu64 "b", change->key, change->new_bytes);
    }
    if (text.failed) {
        free(text.data);
        return hc_fail(err, HC_ENOMEM, 0, "no memory for dynamic options");
    }
    *out = text.data;
    return HC_OK;
}
