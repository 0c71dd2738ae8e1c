#include "jobmanager_plan.h"

#include "advice.h"
#include "draft.h"
#include "limits.h"

#include <heapcast/memory_size.h>
#include <inttypes.h>
#include <stdlib.h>

/* Netty and the RPC system take a few MiB; the rest is for libraries of a job's main method, which runs here. */
#define OFF_HEAP_LEAST_BYTES (64 * HC_MIB)

struct plan {
    struct hc_draft draft;
    struct hc_jobmanager_spec before, goal;
    uint64_t overhead_bytes; /* HC_BYTES_UNKNOWN: by the user's rule */
    bool container;          /* process.size is set whatever the style */
};

static uint64_t whole_mebibytes(uint64_t bytes)
{
    return (bytes + HC_MIB - 1) / HC_MIB * HC_MIB;
}

static void advise(struct plan *p, const struct hc_recommendation *recommendation, uint64_t heap)
{
    struct hc_resolution *out = p->draft.out;
    struct hc_component_change *parts = out->components;
    uint64_t direct = hc_most_seen(&recommendation->off_heap.direct), off_heap = p->before.off_heap_bytes;
    p->goal = p->before;
    p->goal.jvm_heap_bytes = heap;
    snprintf(parts[HC_COMPONENT_JM_HEAP].reason, sizeof parts[0].reason, "%s",
             recommendation->verdict == HC_VERDICT_KEEP ? "the recommendation keeps the heap"
                                                        : "the recommended JVM heap");
    p->goal.metaspace_bytes = hc_advise_metaspace(p->before.metaspace_bytes, recommendation, out);
    p->overhead_bytes = hc_advise_overhead(p->before.overhead_bytes, 0, recommendation, out);
    if (p->overhead_bytes == HC_BYTES_UNKNOWN)
        snprintf(parts[HC_COMPONENT_OVERHEAD].reason, sizeof parts[0].reason,
                 "by your own rule (jvm-overhead.fraction, min and max), and fills the process up to whole MiB");
    if (direct == HC_BYTES_UNKNOWN) {
        snprintf(parts[HC_COMPONENT_JM_OFF_HEAP].reason, sizeof parts[0].reason, "stays: its use is not known");
        return;
    }
    uint64_t wanted = whole_mebibytes(direct + direct / 2);
    wanted = wanted > OFF_HEAP_LEAST_BYTES ? wanted : OFF_HEAP_LEAST_BYTES;
    p->goal.off_heap_bytes = wanted < off_heap ? wanted : off_heap;
    snprintf(parts[HC_COMPONENT_JM_OFF_HEAP].reason, sizeof parts[0].reason,
             "%s%s of direct memory was used; half as much again, at least %s",
             wanted < off_heap ? "" : "stays: ", HC_HUMAN(direct), HC_HUMAN(OFF_HEAP_LEAST_BYTES));
}

static bool nothing_to_do(const struct plan *p)
{
    return (!p->container || (hc_flink_options_find(p->draft.current, HC_KEY_JM_PROCESS) != NULL &&
                              p->before.total_process_bytes % HC_MIB == 0)) &&
           p->goal.jvm_heap_bytes == p->before.jvm_heap_bytes && p->goal.off_heap_bytes == p->before.off_heap_bytes &&
           p->goal.metaspace_bytes == p->before.metaspace_bytes &&
           (p->overhead_bytes == HC_BYTES_UNKNOWN || p->overhead_bytes == p->before.overhead_bytes);
}

static void round_process(struct plan *p, uint64_t inner, uint64_t overhead)
{
    p->goal.total_process_bytes = whole_mebibytes(inner + overhead);
    p->goal.overhead_bytes = p->goal.total_process_bytes - inner;
}

/* process.size alone: heap and off-heap are what metaspace and overhead leave of it. */
static bool solve_from_process(struct plan *p, uint64_t inner, const struct hc_range *range)
{
    uint64_t process, by_rule, overhead = p->overhead_bytes;
    if (overhead == HC_BYTES_UNKNOWN) {
        if (!hc_draft_whole(&p->draft, inner, range, &process))
            return false;
        overhead = process - inner;
    }
    round_process(p, inner, overhead);
    return hc_draft_size(&p->draft, HC_KEY_JM_PROCESS, p->goal.total_process_bytes) &&
           hc_multiply(&p->draft.d, p->goal.total_process_bytes, range->fraction, &by_rule) &&
           hc_draft_overhead(&p->draft, range, by_rule, p->goal.overhead_bytes);
}

/* Heap or total Flink memory is given: the overhead is the rest of process.size, or follows its rule. */
static bool solve_outward(struct plan *p, uint64_t inner, const struct hc_range *range)
{
    uint64_t by_rule;
    if (p->container || hc_has(&p->draft.d, HC_KEY_JM_PROCESS)) {
        round_process(p, inner, p->overhead_bytes == HC_BYTES_UNKNOWN ? p->before.overhead_bytes : p->overhead_bytes);
        return hc_draft_size(&p->draft, HC_KEY_JM_PROCESS, p->goal.total_process_bytes) &&
               (p->goal.overhead_bytes >= range->min ||
                hc_draft_size(&p->draft, HC_KEY_JM_OVERHEAD_MIN, p->goal.overhead_bytes)) &&
               (p->goal.overhead_bytes <= range->max ||
                hc_draft_size(&p->draft, HC_KEY_JM_OVERHEAD_MAX, p->goal.overhead_bytes));
    }
    if (!hc_multiply(&p->draft.d, inner, range->fraction / (1 - range->fraction), &by_rule))
        return false;
    if (p->overhead_bytes != HC_BYTES_UNKNOWN) {
        round_process(p, inner, p->overhead_bytes);
        return hc_draft_overhead(&p->draft, range, by_rule, p->goal.overhead_bytes);
    }
    p->goal.overhead_bytes = hc_clip(by_rule, range);
    return hc_add(&p->draft.d, inner, p->goal.overhead_bytes, &p->goal.total_process_bytes);
}

static bool solve(struct plan *p)
{
    struct hc_draft *draft = &p->draft;
    struct hc_jobmanager_spec *goal = &p->goal;
    struct hc_range range;
    if (!hc_map_old_heap(&draft->d) || !hc_read_overhead_range(&draft->d, &range))
        return false;
    bool heap = hc_has(&draft->d, HC_KEY_JM_HEAP), flink = hc_has(&draft->d, HC_KEY_JM_FLINK);
    goal->total_flink_bytes = goal->jvm_heap_bytes + goal->off_heap_bytes;
    uint64_t inner = goal->total_flink_bytes + goal->metaspace_bytes;
    if ((goal->metaspace_bytes != p->before.metaspace_bytes &&
         !hc_draft_size(draft, HC_KEY_JM_METASPACE, goal->metaspace_bytes)) ||
        (goal->off_heap_bytes != p->before.off_heap_bytes &&
         !hc_draft_size(draft, HC_KEY_JM_OFF_HEAP, goal->off_heap_bytes)) ||
        (heap && !hc_draft_size(draft, HC_KEY_JM_HEAP, goal->jvm_heap_bytes)) ||
        (flink && !hc_draft_size(draft, HC_KEY_JM_FLINK, goal->total_flink_bytes)))
        return false;
    return heap || flink ? solve_outward(p, inner, &range) : solve_from_process(p, inner, &range);
}

static void tell_components(struct hc_resolution *out)
{
    const struct hc_jobmanager_spec *b = &out->manager_before, *a = &out->manager_after;
    struct hc_component_change *parts = out->components;
    parts[HC_COMPONENT_JM_HEAP].before_bytes = b->jvm_heap_bytes;
    parts[HC_COMPONENT_JM_HEAP].after_bytes = a->jvm_heap_bytes;
    parts[HC_COMPONENT_JM_OFF_HEAP].before_bytes = b->off_heap_bytes;
    parts[HC_COMPONENT_JM_OFF_HEAP].after_bytes = a->off_heap_bytes;
    parts[HC_COMPONENT_METASPACE].before_bytes = b->metaspace_bytes;
    parts[HC_COMPONENT_METASPACE].after_bytes = a->metaspace_bytes;
    parts[HC_COMPONENT_OVERHEAD].before_bytes = b->overhead_bytes;
    parts[HC_COMPONENT_OVERHEAD].after_bytes = a->overhead_bytes;
}

/* Flink's own arithmetic on what will be written must give the plan, byte for byte. */
static enum hc_status verify(struct plan *p, struct hc_flink_target target, struct hc_error *err)
{
    struct hc_error why = {.text = ""};
    struct hc_jobmanager_spec *after = &p->draft.out->manager_after;
    const struct hc_jobmanager_spec *goal = &p->goal;
    if (hc_jobmanager_spec_derive(p->draft.options, target, after, NULL, &why) != HC_OK)
        return hc_fail(err, HC_ECONFIG, 0, "internal error: the resolved configuration would be refused: %.800s",
                       why.text);
    if (!hc_jobmanager_spec_equal(after, goal))
        return hc_fail(err, HC_ECONFIG, 0,
                       "internal error: the resolved configuration gives a heap of %" PRIu64
                       " bytes in a process of %" PRIu64 ", planned were %" PRIu64 " in %" PRIu64,
                       after->jvm_heap_bytes, after->total_process_bytes, goal->jvm_heap_bytes,
                       goal->total_process_bytes);
    return HC_OK;
}

static enum hc_status make(const struct hc_flink_options *current, struct hc_flink_target target,
                           const struct hc_recommendation *recommendation, bool container, uint64_t heap,
                           struct hc_resolution *out, struct hc_error *err)
{
    struct hc_resolution resolution = {.role = HC_ROLE_JOBMANAGER};
    struct plan p = {.draft.current = current, .draft.out = &resolution, .container = container};
    enum hc_status status = hc_jobmanager_spec_derive(current, target, &p.before, NULL, err);
    if (status != HC_OK)
        return status;
    p.draft.options = hc_flink_options_copy(current);
    if (p.draft.options == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for a configuration");
    hc_derivation_init(&p.draft.d, p.draft.options, target, &hc_jobmanager_keys);
    advise(&p, recommendation, heap == HC_BYTES_UNKNOWN ? p.before.jvm_heap_bytes : heap);
    resolution.manager_before = p.before;
    if (!nothing_to_do(&p) && !solve(&p))
        status = p.draft.d.failure.depth == 0 ? hc_fail(err, HC_ENOMEM, 0, "no memory for a configuration")
                                              : hc_fail(err, HC_ECONFIG, p.draft.d.line, "%.600s (%s)",
                                                        p.draft.d.failure.chain[0].message, p.draft.d.failure.mend);
    if (status == HC_OK)
        status = verify(&p, target, err);
    resolution.options = p.draft.options;
    if (status != HC_OK) {
        hc_resolution_release(&resolution);
        return status;
    }
    tell_components(&resolution);
    *out = resolution;
    return HC_OK;
}

enum hc_status hc_jobmanager_plan_make(const struct hc_flink_options *current, struct hc_flink_target target,
                                       const struct hc_recommendation *recommendation,
                                       const struct hc_resolve_policy *policy, struct hc_resolution *out,
                                       struct hc_error *err)
{
    const struct hc_resolve_limits *limits = &policy->limits;
    bool keep = recommendation->verdict == HC_VERDICT_KEEP;
    uint64_t heap = keep ? HC_BYTES_UNKNOWN : recommendation->heap_bytes;
    struct hc_resolution resolution;
    enum hc_limit limit;
    if (!keep && (heap == HC_BYTES_UNKNOWN || heap == 0 || heap >= HC_SIZE_MAX / 1024))
        return hc_fail(err, HC_EINVAL, 0, "the recommendation has a verdict but no heap_bytes that a machine can have");
    enum hc_status status = make(current, target, recommendation, policy->container, heap, &resolution, err);
    if (status != HC_OK)
        return status;
    uint64_t before = resolution.manager_before.total_process_bytes;
    uint64_t wanted = resolution.manager_after.total_process_bytes, need = resolution.manager_after.jvm_heap_bytes;
    uint64_t container = hc_limits_container(limits, before, wanted, &limit);
    if (limit == HC_LIMIT_GAIN)
        status = hc_limits_keep(current, &resolution, err);
    /* The total grows with the heap, by a byte or a little more for a byte: from below it never passes the limit. */
    for (int round = 0; limit != HC_LIMIT_NONE && limit != HC_LIMIT_GAIN && round < 64; round++) {
        uint64_t total = resolution.manager_after.total_process_bytes, h = resolution.manager_after.jvm_heap_bytes;
        if (total == container || (total > container && total - container >= h))
            break;
        hc_resolution_release(&resolution);
        h = total < container ? h + (container - total) / 2 + 1 : h - (total - container);
        status = make(current, target, recommendation, policy->container, h, &resolution, err);
        if (status != HC_OK)
            return status;
    }
    if (status == HC_OK && limit == HC_LIMIT_MAX && resolution.manager_after.total_process_bytes > container)
        status = hc_fail(err, HC_ECONFIG, 0,
                         "a process of %s has no room for a heap beside the other parts; right would be a larger --max",
                         HC_HUMAN(container));
    if (status == HC_OK && limit != HC_LIMIT_GAIN)
        status = hc_limits_check_heap(recommendation, need, resolution.manager_after.jvm_heap_bytes, container,
                                      &resolution, err);
    if (status != HC_OK) {
        hc_resolution_release(&resolution);
        return status;
    }
    hc_limits_note(&resolution, limits, limit, before, wanted, container);
    *out = resolution;
    return HC_OK;
}
