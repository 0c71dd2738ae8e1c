#include <heapcast/resolver.h>

#include "advice.h"
#include "derivation.h"
#include "text.h"

#include <heapcast/memory_size.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The way in to Flink's arithmetic that a configuration takes (ProcessMemoryUtils tries them in this order). */
enum style { STYLE_FINE, STYLE_FLINK, STYLE_PROCESS };

/* A plan in the making: the options that will be, and the sizes that they must give. */
struct plan {
    struct derivation d; /* reads the options that will be */
    struct hc_flink_options *options;
    const struct hc_flink_options *current;
    struct hc_taskmanager_spec before, goal;
    struct hc_sizes sizes;
    const struct hc_resolve_policy *policy;
    uint64_t network_bytes; /* what network memory must be, HC_BYTES_UNKNOWN: what follows by the user's rule */
    struct hc_resolution *out;
};

/* ---- options ----------------------------------------------------------------------------------------------------- */

static struct hc_option_change *change_of(struct hc_resolution *out, enum hc_key key)
{
    for (unsigned i = 0; i < out->change_count; i++)
        if (out->changes[i].key == hc_key_name(key))
            return &out->changes[i];
    struct hc_option_change *change = &out->changes[out->change_count++];
    *change = (struct hc_option_change){.key = hc_key_name(key)};
    return change;
}

static void change_was(struct hc_option_change *change, const struct hc_flink_option *old)
{
    change->was_set = old != NULL;
    if (old != NULL)
        snprintf(change->old_value, sizeof change->old_value, "%s", old->value);
}

/* An older spelling that stood beside or instead of `key` goes, so that one spelling remains. */
static void drop_spelling(struct plan *p, enum hc_key old, struct hc_option_change *change)
{
    const struct hc_flink_option *option =
        old == HC_KEY_NONE ? NULL : hc_flink_options_get(p->current, hc_key_name(old));
    if (option == NULL)
        return;
    if (!change->was_set) {
        change_was(change, option);
        change->old_key = hc_key_name(old);
    }
    struct hc_option_change *removed = change_of(p->out, old);
    removed->removed = true;
    change_was(removed, option);
    hc_flink_options_remove(p->options, hc_key_name(old));
}

/* The heap keys of old that stand for `key`, if they do. */
static void drop_old_heap(struct plan *p, enum hc_key key, struct hc_option_change *change)
{
    if (p->d.mapped != key)
        return;
    drop_spelling(p, HC_KEY_TM_OLD_HEAP, change);
    drop_spelling(p, HC_KEY_TM_OLD_HEAP_MB, change);
    p->d.mapped = HC_KEY_NONE;
}

/* Bytes with Flink's suffix, in MiB where they are whole: what people write. */
static void write_size(uint64_t bytes, char *out)
{
    if (bytes > 0 && bytes % HC_MIB == 0)
        snprintf(out, HC_OPTION_VALUE_TEXT, "%" PRIu64 "m", bytes / HC_MIB);
    else
        snprintf(out, HC_OPTION_VALUE_TEXT, "%" PRIu64 "b", bytes);
}

/* Sets an option unless it has that size already. */
static bool set_size(struct plan *p, enum hc_key key, uint64_t bytes)
{
    uint64_t now;
    if (hc_has(&p->d, key) && hc_read_size(&p->d, key, &now) && now == bytes)
        return true;
    struct hc_option_change *change = change_of(p->out, key);
    change_was(change, hc_flink_options_get(p->current, hc_key_name(key)));
    change->removed = false;
    change->new_bytes = bytes;
    write_size(bytes, change->new_value);
    bool set = hc_flink_options_set(p->options, change->key, change->new_value) == HC_OK;
    drop_spelling(p, hc_key_deprecated(key), change);
    drop_old_heap(p, key, change);
    return set;
}

/* ---- solving ----------------------------------------------------------------------------------------------------- */

/*
 * The smallest whole of which clip(fraction) leaves exactly `rest`. The part of a whole grows by 0 or 1 from one byte
 * to the next, so what it leaves takes every value and a bisection always ends on an equality.
 */
static bool solve_whole(struct plan *p, uint64_t rest, const struct hc_range *range, uint64_t *out)
{
    uint64_t low = rest, high = HC_SIZE_MAX, part;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (!hc_part_of_whole(&p->d, middle, range, &part))
            return false;
        if (part <= middle && middle - part >= rest)
            high = middle;
        else
            low = middle + 1;
    }
    if (!hc_part_of_whole(&p->d, low, range, &part) || part > low || low - part != rest) {
        hc_raise(&p->d, "LONG_OVERFLOW", HC_KEY_NONE, HC_ARITHMETIC_EXCEPTION, "long overflow");
        return hc_mend(&p->d, "a fraction of %.9g leaves no room for the heap; right would be a smaller one",
                       range->fraction);
    }
    *out = low;
    return true;
}

static bool read_network_rule(struct plan *p, struct hc_range *out)
{
    if (!hc_network_by_buffers(&p->d))
        return hc_read_network_range(&p->d, out);
    *out = (struct hc_range){0, 0, 0};
    if (!hc_read_buffers(&p->d, &out->min))
        return false;
    out->max = out->min;
    return true;
}

static enum style style_of(const struct plan *p)
{
    if (hc_has(&p->d, HC_KEY_TM_TASK_HEAP) && hc_has(&p->d, HC_KEY_TM_MANAGED))
        return STYLE_FINE;
    return hc_has(&p->d, HC_KEY_TM_FLINK) ? STYLE_FLINK : STYLE_PROCESS;
}

/* Network memory is what the given total leaves: the task heap is given too, and managed memory or a total. */
static bool network_is_rest(const struct plan *p, enum style style)
{
    return style == STYLE_FINE ? hc_has(&p->d, HC_KEY_TM_FLINK) : hc_has(&p->d, HC_KEY_TM_TASK_HEAP);
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
        if (!hc_part_of_rest(&p->d, rest, &rule, &goal->network_bytes))
            return false;
        goal->total_flink_bytes = rest + goal->network_bytes;
        return true;
    }
    if (!solve_whole(p, rest, &rule, &goal->total_flink_bytes))
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
    if (!hc_has(&p->d, HC_KEY_TM_MANAGED)) {
        if (!hc_read_range(&p->d, HC_KEY_NONE, HC_KEY_NONE, HC_KEY_TM_MANAGED_FRACTION, &range) ||
            !hc_part_of_whole(&p->d, p->goal.total_flink_bytes, &range, &bytes))
            return false;
        if (bytes == p->goal.managed_bytes)
            return true;
        *out_fixed = true;
    }
    return set_size(p, HC_KEY_TM_MANAGED, p->goal.managed_bytes);
}

/* What the user's rule gives before it is clipped; where network memory is the rest, the rest. */
static bool network_by_rule(struct plan *p, enum style style, const struct hc_range *range, uint64_t *out)
{
    struct hc_range open = {0, HC_SIZE_MAX, range->fraction};
    *out = p->goal.network_bytes;
    if (network_is_rest(p, style))
        return true;
    return style == STYLE_FINE ? hc_part_of_rest(&p->d, p->goal.total_flink_bytes - p->goal.network_bytes, &open, out)
                               : hc_part_of_whole(&p->d, p->goal.total_flink_bytes, &open, out);
}

/* Makes Flink's rule (by_rule: what the fraction alone gives) end at `want`, with as few options as that takes. */
static bool pin(struct plan *p, enum hc_key min, enum hc_key max, const struct hc_range *range, uint64_t by_rule,
                uint64_t want)
{
    if (hc_clip(by_rule, range) == want)
        return true;
    if (by_rule <= want && want <= range->max)
        return set_size(p, min, want);
    if (by_rule >= want && want >= range->min)
        return set_size(p, max, want);
    return set_size(p, min, want) && set_size(p, max, want);
}

static bool pin_overhead(struct plan *p, const struct hc_range *range, uint64_t by_rule, uint64_t want)
{
    return pin(p, HC_KEY_TM_OVERHEAD_MIN, HC_KEY_TM_OVERHEAD_MAX, range, by_rule, want);
}

static bool pin_network(struct plan *p, enum style style)
{
    uint64_t want = p->network_bytes, by_rule;
    struct hc_range range;
    if (want == HC_BYTES_UNKNOWN)
        return true;
    if (hc_network_by_buffers(&p->d)) {
        if (!read_network_rule(p, &range))
            return false;
        if (range.min == want)
            return true;
        return set_size(p, HC_KEY_TM_NETWORK_MIN, want) && set_size(p, HC_KEY_TM_NETWORK_MAX, want);
    }
    if (!hc_read_network_range(&p->d, &range) || !network_by_rule(p, style, &range, &by_rule))
        return false;
    if (network_is_rest(p, style) && (want < range.min || want > range.max))
        return set_size(p, want < range.min ? HC_KEY_TM_NETWORK_MIN : HC_KEY_TM_NETWORK_MAX, want);
    return pin(p, HC_KEY_TM_NETWORK_MIN, HC_KEY_TM_NETWORK_MAX, &range, by_rule, want);
}

static uint64_t whole_mebibytes(uint64_t bytes)
{
    return (bytes + HC_MIB - 1) / HC_MIB * HC_MIB;
}

/* The process is a whole number of MiB; the overhead, which is no limit but room, takes what that adds. */
static bool round_process(struct plan *p, uint64_t inner, uint64_t overhead)
{
    p->goal.total_process_bytes = whole_mebibytes(inner + overhead);
    p->goal.overhead_bytes = p->goal.total_process_bytes - inner;
    return true;
}

/* process.size alone: the overhead is a clipped fraction of it. */
static bool solve_from_process(struct plan *p, uint64_t inner)
{
    struct hc_range range;
    uint64_t process, by_rule, overhead = p->sizes.overhead_bytes;
    if (!hc_read_overhead_range(&p->d, &range))
        return false;
    if (overhead == HC_BYTES_UNKNOWN) {
        if (!solve_whole(p, inner, &range, &process))
            return false;
        overhead = process - inner;
    }
    return round_process(p, inner, overhead) && set_size(p, HC_KEY_TM_PROCESS, p->goal.total_process_bytes) &&
           hc_multiply(&p->d, p->goal.total_process_bytes, range.fraction, &by_rule) &&
           pin_overhead(p, &range, by_rule, p->goal.overhead_bytes);
}

/* Total Flink memory is given and process.size as well: the overhead is the rest and must lie in its range. */
static bool solve_rest(struct plan *p, uint64_t inner)
{
    struct hc_range range;
    uint64_t overhead =
        p->sizes.overhead_bytes == HC_BYTES_UNKNOWN ? p->before.overhead_bytes : p->sizes.overhead_bytes;
    return hc_read_overhead_range(&p->d, &range) && round_process(p, inner, overhead) &&
           set_size(p, HC_KEY_TM_PROCESS, p->goal.total_process_bytes) &&
           (p->goal.overhead_bytes >= range.min || set_size(p, HC_KEY_TM_OVERHEAD_MIN, p->goal.overhead_bytes)) &&
           (p->goal.overhead_bytes <= range.max || set_size(p, HC_KEY_TM_OVERHEAD_MAX, p->goal.overhead_bytes));
}

/* Total Flink memory is given, process.size is not: the overhead follows its rule, or is pinned. */
static bool solve_outward(struct plan *p, uint64_t inner)
{
    struct hc_range range;
    uint64_t by_rule;
    if (!hc_read_overhead_range(&p->d, &range) ||
        !hc_multiply(&p->d, inner, range.fraction / (1 - range.fraction), &by_rule))
        return false;
    if (p->sizes.overhead_bytes != HC_BYTES_UNKNOWN)
        return round_process(p, inner, p->sizes.overhead_bytes) &&
               pin_overhead(p, &range, by_rule, p->goal.overhead_bytes);
    p->goal.overhead_bytes = hc_clip(by_rule, &range);
    return hc_add(&p->d, inner, p->goal.overhead_bytes, &p->goal.total_process_bytes);
}

static bool set_parts(struct plan *p)
{
    const struct hc_taskmanager_spec *before = &p->before, *goal = &p->goal;
    return (goal->framework_heap_bytes == before->framework_heap_bytes ||
            set_size(p, HC_KEY_TM_FRAMEWORK_HEAP, goal->framework_heap_bytes)) &&
           (goal->framework_off_heap_bytes == before->framework_off_heap_bytes ||
            set_size(p, HC_KEY_TM_FRAMEWORK_OFF_HEAP, goal->framework_off_heap_bytes)) &&
           (goal->metaspace_bytes == before->metaspace_bytes ||
            set_size(p, HC_KEY_TM_METASPACE, goal->metaspace_bytes)) &&
           (!hc_has(&p->d, HC_KEY_TM_TASK_HEAP) || set_size(p, HC_KEY_TM_TASK_HEAP, goal->task_heap_bytes));
}

/* Nothing that was asked for differs from what is there: then no total is touched either, not even to round it. */
static bool nothing_to_do(const struct plan *p)
{
    const struct hc_taskmanager_spec *before = &p->before, *goal = &p->goal;
    uint64_t overhead = p->sizes.overhead_bytes;
    return (!p->policy->container || (hc_flink_options_find(p->current, HC_KEY_TM_PROCESS) != NULL &&
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
    if (!hc_map_old_heap(&p->d) || !set_parts(p))
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
        (hc_has(&p->d, HC_KEY_TM_FLINK) && !set_size(p, HC_KEY_TM_FLINK, p->goal.total_flink_bytes)))
        return false;
    uint64_t inner = p->goal.total_flink_bytes + p->goal.metaspace_bytes;
    return style == STYLE_PROCESS                                     ? solve_from_process(p, inner)
           : hc_has(&p->d, HC_KEY_TM_PROCESS) || p->policy->container ? solve_rest(p, inner)
                                                                      : solve_outward(p, inner);
}

/* ---- result ------------------------------------------------------------------------------------------------------ */

static void tell_network(struct plan *p)
{
    struct hc_component_change *network = &p->out->components[HC_COMPONENT_NETWORK];
    char need[HC_MEMORY_SIZE_TEXT];
    if (hc_network_is_measured(p->policy))
        snprintf(
            network->reason, sizeof network->reason,
            "the jobs can ask a TaskManager for %s by Flink's own rules for channels and gates; a quarter more, at "
            "least %s",
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
        p->out->components[i].before_bytes = pairs[i][0];
        p->out->components[i].after_bytes = pairs[i][1];
    }
    struct hc_component_change *overhead = &p->out->components[HC_COMPONENT_OVERHEAD];
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
            p->out,
            "network memory goes from %s to %s by your own rule; for a job with many channels set %s, or resolve with "
            "--network keep",
            hc_memory_size_human(p->before.network_bytes, before), hc_memory_size_human(p->goal.network_bytes, after),
            hc_key_name(HC_KEY_TM_NETWORK_MIN));
}

/* Flink's own arithmetic on what will be written must give the plan, byte for byte. */
static enum hc_status verify(struct plan *p, struct hc_flink_target target, struct hc_error *err)
{
    struct hc_error why = {.text = ""};
    enum hc_status status = hc_taskmanager_spec_derive(p->options, target, &p->out->after, NULL, &why);
    if (status == HC_OK && hc_taskmanager_spec_equal(&p->out->after, &p->goal))
        return HC_OK;
    if (status != HC_OK)
        return hc_fail(err, HC_ECONFIG, 0, "internal error: the resolved configuration would be refused: %.800s",
                       why.text);
    return hc_fail(err, HC_ECONFIG, 0,
                   "internal error: the resolved configuration gives a heap of %" PRIu64
                   " bytes in a process of %" PRIu64 ", planned were %" PRIu64 " in %" PRIu64,
                   p->out->after.jvm_heap_bytes, p->out->after.total_process_bytes, p->goal.jvm_heap_bytes,
                   p->goal.total_process_bytes);
}

/* Unknown leaves it to the user's rule, also where its options cannot be read: solving then says why. */
static uint64_t network_wanted(struct plan *p)
{
    struct hc_range range = {0, 0, 0};
    uint64_t wanted;
    if (!hc_network_is_measured(p->policy))
        return p->policy->network == HC_NETWORK_KEEP ? p->before.network_bytes : HC_BYTES_UNKNOWN;
    wanted = whole_mebibytes(p->policy->facts->network_need_bytes + p->policy->facts->network_need_bytes / 4);
    if (!hc_network_by_buffers(&p->d) && !hc_read_network_range(&p->d, &range))
        return HC_BYTES_UNKNOWN;
    return wanted > range.min ? wanted : range.min;
}

static enum hc_status make(struct plan *p, struct hc_flink_target target, struct hc_error *err)
{
    if (!nothing_to_do(p) && !solve(p)) {
        if (p->d.failure.depth == 0)
            return hc_fail(err, HC_ENOMEM, 0, "no memory for a configuration");
        return hc_fail(err, HC_ECONFIG, p->d.line, "%.600s (%s)", p->d.failure.chain[0].message, p->d.failure.mend);
    }
    tell_components(p);
    warn_network(p);
    return verify(p, target, err);
}

enum hc_status hc_resolve_taskmanager(const struct hc_flink_options *current, struct hc_flink_target target,
                                      const struct hc_recommendation *recommendation, const struct hc_subject *subject,
                                      const struct hc_resolve_policy *policy, struct hc_resolution *out,
                                      struct hc_error *err)
{
    struct plan p = {.current = current, .policy = policy, .network_bytes = HC_BYTES_UNKNOWN};
    if (recommendation->verdict == HC_VERDICT_INSUFFICIENT_DATA)
        return hc_fail(err, HC_ENODATA, 0, "%s",
                       recommendation->reason_count > 0 ? recommendation->reasons[0]
                                                        : "too little data for a recommendation");
    enum hc_status status = hc_taskmanager_spec_derive(current, target, &p.before, NULL, err);
    if (status != HC_OK)
        return status;
    struct hc_resolution *resolution = calloc(1, sizeof *resolution);
    p.options = hc_flink_options_copy(current);
    p.out = resolution;
    if (resolution == NULL || p.options == NULL) {
        status = hc_fail(err, HC_ENOMEM, 0, "no memory for a configuration");
        goto out;
    }
    status = hc_advise(&p.before, current, recommendation, subject, policy, &p.sizes, resolution, err);
    if (status != HC_OK)
        goto out;
    hc_derivation_init(&p.d, p.options, target, &hc_taskmanager_keys);
    p.goal = p.before;
    p.goal.jvm_heap_bytes = p.sizes.heap_bytes;
    p.goal.framework_heap_bytes = p.sizes.framework_heap_bytes;
    p.goal.task_heap_bytes = p.sizes.heap_bytes - p.sizes.framework_heap_bytes;
    p.goal.framework_off_heap_bytes = p.sizes.framework_off_heap_bytes;
    p.goal.managed_bytes = p.sizes.managed_bytes;
    p.goal.metaspace_bytes = p.sizes.metaspace_bytes;
    p.network_bytes = network_wanted(&p);
    status = make(&p, target, err);
    if (status != HC_OK)
        goto out;
    resolution->before = p.before;
    resolution->options = p.options;
    p.options = NULL;
    hc_warn_options(current, target, resolution);
    *out = *resolution;
out:
    hc_flink_options_free(p.options);
    free(resolution);
    return status;
}

void hc_resolution_release(struct hc_resolution *resolution)
{
    hc_flink_options_free(resolution->options);
    resolution->options = NULL;
}

enum hc_status hc_resolution_dynamic_options(const struct hc_resolution *resolution, char **out, struct hc_error *err)
{
    /* A removed option is an older spelling: Flink looks at the current one first, which is among the changes. */
    struct hc_text text = {0};
    hc_text_print(&text, "%s", "");
    for (unsigned i = 0; i < resolution->change_count; i++)
        if (!resolution->changes[i].removed)
            hc_text_print(&text, "%s-D %s=%" PRIu64 "b", text.length > 0 ? " " : "", resolution->changes[i].key,
                          resolution->changes[i].new_bytes);
    if (text.failed) {
        free(text.data);
        return hc_fail(err, HC_ENOMEM, 0, "no memory for dynamic options");
    }
    *out = text.data;
    return HC_OK;
}
