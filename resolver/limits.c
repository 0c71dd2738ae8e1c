#include "limits.h"

#include "advice.h"
#include "derivation.h"

#include <heapcast/memory_size.h>

static uint64_t up(uint64_t bytes, uint64_t unit)
{
    uint64_t rest = bytes % unit;
    return rest == 0 || bytes > HC_SIZE_MAX - unit ? bytes : bytes - rest + unit;
}

static uint64_t scaled(uint64_t bytes, double factor)
{
    return factor <= 0 ? 0 : (uint64_t)((double)bytes * factor);
}

uint64_t hc_limits_container(const struct hc_resolve_limits *limits, uint64_t before, uint64_t wanted,
                             enum hc_limit *out_limit)
{
    uint64_t step = limits->step_bytes > HC_MIB ? up(limits->step_bytes, HC_MIB) : HC_MIB, size = up(wanted, step);
    *out_limit = size > up(wanted, HC_MIB) ? HC_LIMIT_STEP : HC_LIMIT_NONE;
    if (limits->min_gain_ratio > 0 && size < before && before - size < scaled(before, limits->min_gain_ratio)) {
        *out_limit = HC_LIMIT_GAIN;
        return before;
    }
    if (limits->max_change_ratio > 0) {
        uint64_t low = up(scaled(before, 1 - limits->max_change_ratio), step);
        uint64_t high = scaled(before, 1 + limits->max_change_ratio) / HC_MIB * HC_MIB;
        if (size < low || size > high) {
            size = size < low ? low : high;
            *out_limit = HC_LIMIT_CHANGE;
        }
    }
    if (size < limits->min_bytes) {
        size = up(limits->min_bytes, step);
        *out_limit = HC_LIMIT_MIN;
    }
    if (limits->max_bytes > 0 && size > limits->max_bytes) {
        size = limits->max_bytes / HC_MIB * HC_MIB;
        *out_limit = HC_LIMIT_MAX;
    }
    return size;
}

void hc_limits_note(struct hc_resolution *resolution, const struct hc_resolve_limits *limits, enum hc_limit limit,
                    uint64_t before, uint64_t wanted, uint64_t size)
{
    switch (limit) {
    case HC_LIMIT_MIN:
        hc_note(resolution, "--min bound: %s would do, the container gets %s and the heap the difference",
                HC_HUMAN(wanted), HC_HUMAN(size));
        break;
    case HC_LIMIT_MAX:
        hc_note(resolution, "--max bound: %s would be right, the container gets %s and the heap what that leaves",
                HC_HUMAN(wanted), HC_HUMAN(size));
        break;
    case HC_LIMIT_STEP:
        hc_note(resolution, "--step bound: from %s up to %s; the heap takes the difference", HC_HUMAN(wanted),
                HC_HUMAN(size));
        break;
    case HC_LIMIT_CHANGE:
        hc_note(resolution,
                "--max-change bound: from %s to %s now, towards %s; resolve again once the recommendation has seen it",
                HC_HUMAN(before), HC_HUMAN(size), HC_HUMAN(wanted));
        break;
    case HC_LIMIT_GAIN:
        hc_note(resolution, "--min-gain bound: %s instead of %s would save less than %u %%, so all stays as it is",
                HC_HUMAN(wanted), HC_HUMAN(before), (unsigned)(limits->min_gain_ratio * 100 + 0.5));
        break;
    case HC_LIMIT_NONE:
        break;
    }
}

enum hc_status hc_limits_check_heap(const struct hc_recommendation *recommendation, uint64_t need, uint64_t heap,
                                    uint64_t container, struct hc_resolution *resolution, struct hc_error *err)
{
    uint64_t least = recommendation->lower_bound_bytes;
    if (heap >= need)
        return HC_OK;
    if (least != HC_BYTES_UNKNOWN && heap < least)
        return hc_fail(err, HC_ECONFIG, 0,
                       "a container of %s leaves a heap of %s; the recommendation says %s, and no less than %s; right "
                       "would be a container larger by %s",
                       HC_HUMAN(container), HC_HUMAN(heap), HC_HUMAN(need), HC_HUMAN(least), HC_HUMAN(need - heap));
    hc_warn(resolution, "the limits leave a heap of %s; recommended is %s", HC_HUMAN(heap), HC_HUMAN(need));
    return HC_OK;
}

/* The largest heap whose container is not larger than `container`: the total grows with the heap. */
static enum hc_status largest_heap(struct hc_plan_ask *ask, uint64_t container, uint64_t *out, struct hc_error *err)
{
    uint64_t low = 0, high = container;
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        struct hc_resolution tried;
        ask->heap_bytes = middle;
        enum hc_status status = hc_plan_make(ask, &tried, err);
        if (status != HC_OK && status != HC_ECONFIG)
            return status;
        bool fits = status == HC_OK && tried.after.total_process_bytes <= container;
        if (status == HC_OK)
            hc_resolution_release(&tried);
        if (fits)
            low = middle;
        else
            high = middle - 1;
    }
    *out = low;
    return low > 0 ? HC_OK
                   : hc_fail(err, HC_ECONFIG, 0,
                             "a container of %s has no room for a heap beside the other parts; right would be more",
                             HC_HUMAN(container));
}

enum hc_status hc_limits_keep(const struct hc_flink_options *current, struct hc_resolution *resolution,
                              struct hc_error *err)
{
    struct hc_flink_options *same = hc_flink_options_copy(current);
    if (same == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for a configuration");
    hc_resolution_release(resolution);
    resolution->options = same;
    resolution->after = resolution->before;
    resolution->manager_after = resolution->manager_before;
    for (int i = 0; i < HC_COMPONENTS; i++) {
        struct hc_component_change *change = &resolution->components[i];
        change->after_bytes = change->before_bytes;
        if (change->reason[0] != '\0')
            snprintf(change->reason, sizeof change->reason, "stays: the whole gain is too small");
    }
    return HC_OK;
}

enum hc_status hc_limits_resolve(const struct hc_plan_ask *ask, const struct hc_resolve_limits *limits,
                                 struct hc_resolution *out, struct hc_error *err)
{
    struct hc_plan_ask changed = *ask;
    struct hc_resolution resolution;
    enum hc_limit limit;
    enum hc_status status = hc_plan_make(ask, &resolution, err);
    if (status != HC_OK)
        return status;
    uint64_t wanted = resolution.after.total_process_bytes, need = resolution.after.jvm_heap_bytes;
    uint64_t container = hc_limits_container(limits, resolution.before.total_process_bytes, wanted, &limit);
    if (limit == HC_LIMIT_NONE || container == wanted) {
        *out = resolution;
        return HC_OK;
    }
    if (limit == HC_LIMIT_GAIN) {
        status = hc_limits_keep(ask->current, &resolution, err);
        if (status != HC_OK) {
            hc_resolution_release(&resolution);
            return status;
        }
    } else {
        hc_resolution_release(&resolution);
        status = largest_heap(&changed, container, &changed.heap_bytes, err);
        if (status == HC_OK)
            status = hc_plan_make(&changed, &resolution, err);
        if (status != HC_OK)
            return status;
        status = hc_limits_check_heap(ask->recommendation, need, resolution.after.jvm_heap_bytes, container,
                                      &resolution, err);
        if (status != HC_OK) {
            hc_resolution_release(&resolution);
            return status;
        }
        snprintf(resolution.components[HC_COMPONENT_TASK_HEAP].reason,
                 sizeof resolution.components[HC_COMPONENT_TASK_HEAP].reason,
                 "the rest of the container, which a limit decided; recommended is a JVM heap of %s", HC_HUMAN(need));
    }
    hc_limits_note(&resolution, limits, limit, resolution.before.total_process_bytes, wanted, container);
    *out = resolution;
    return HC_OK;
}
