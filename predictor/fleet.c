#include <heapcast/fleet.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool known(uint64_t bytes)
{
    return bytes != HC_BYTES_UNKNOWN;
}

/* Unknown counts as nothing: what one tells is better than what none does. */
static void at_least(uint64_t *bytes, uint64_t other)
{
    if (known(other) && (!known(*bytes) || other > *bytes))
        *bytes = other;
}

static void advice_at_least(struct hc_advice *advice, const struct hc_advice *other)
{
    at_least(&advice->now_bytes, other->now_bytes);
    at_least(&advice->p99_bytes, other->p99_bytes);
    at_least(&advice->max_bytes, other->max_bytes);
    at_least(&advice->recommended_bytes, other->recommended_bytes);
}

/* What to keep is the heap that there is. */
static uint64_t heap_of(const struct hc_recommendation *r)
{
    return r->verdict == HC_VERDICT_KEEP && known(r->current_heap_bytes) ? r->current_heap_bytes : r->heap_bytes;
}

void hc_fleet_init(struct hc_fleet *fleet)
{
    *fleet = (struct hc_fleet){.worst.verdict = HC_VERDICT_INSUFFICIENT_DATA};
    for (int i = 0; i < HC_FLEET_PARTS; i++)
        fleet->decided[i].bytes = HC_BYTES_UNKNOWN;
}

static void decide(struct hc_fleet *fleet, const struct hc_recommendation *r, const struct hc_subject *subject)
{
    const uint64_t bytes[HC_FLEET_PARTS] = {
        [HC_FLEET_HEAP] = heap_of(r),
        [HC_FLEET_METASPACE] = r->off_heap.metaspace.recommended_bytes,
        [HC_FLEET_DIRECT] = r->off_heap.direct.max_bytes,
        [HC_FLEET_OVERHEAD] = r->off_heap.overhead.recommended_bytes,
        [HC_FLEET_SUM] = r->process.sum_max_bytes,
    };
    for (int i = 0; i < HC_FLEET_PARTS; i++)
        if (known(bytes[i]) && (!known(fleet->decided[i].bytes) || bytes[i] > fleet->decided[i].bytes)) {
            fleet->decided[i].bytes = bytes[i];
            snprintf(fleet->decided[i].name, sizeof fleet->decided[i].name, "%s", subject->name);
        }
}

/* Heap, model, reasons and trend are the one's whose heap is largest. */
static void take_heap(struct hc_recommendation *worst, const struct hc_recommendation *r)
{
    uint64_t least = worst->lower_bound_bytes, live_max = worst->observed.live_max_bytes;
    worst->verdict = r->verdict;
    worst->heap_bytes = r->heap_bytes;
    worst->task_heap_bytes = r->task_heap_bytes;
    worst->current_heap_bytes = r->current_heap_bytes;
    worst->upper_bound_bytes = r->upper_bound_bytes;
    worst->model = r->model;
    worst->observed = r->observed;
    worst->reason_count = r->reason_count;
    memcpy(worst->reasons, r->reasons, sizeof worst->reasons);
    worst->lower_bound_bytes = r->lower_bound_bytes;
    at_least(&worst->lower_bound_bytes, least);
    at_least(&worst->observed.live_max_bytes, live_max);
}

static void add_events(struct hc_recommendation *worst, const struct hc_recommendation *r)
{
    for (unsigned i = 0; i < r->event_count && worst->event_count < HC_EVENTS_MAX; i++)
        worst->events[worst->event_count++] = r->events[i];
}

void hc_fleet_add(struct hc_fleet *fleet, const struct hc_recommendation *r, const struct hc_subject *subject)
{
    struct hc_recommendation *worst = &fleet->worst;
    if (fleet->count == 0) {
        *worst = *r;
        fleet->subject = *subject;
    }
    if (r->verdict == HC_VERDICT_INSUFFICIENT_DATA) {
        fleet->ignored++;
        snprintf(fleet->ignored_name, sizeof fleet->ignored_name, "%s", subject->name);
        return;
    }
    fleet->count++;
    if (fleet->count > 1) {
        if (known(heap_of(r)) && (!known(heap_of(worst)) || heap_of(r) > heap_of(worst)))
            take_heap(worst, r);
        at_least(&worst->lower_bound_bytes, r->lower_bound_bytes);
        advice_at_least(&worst->off_heap.metaspace, &r->off_heap.metaspace);
        advice_at_least(&worst->off_heap.code_cache, &r->off_heap.code_cache);
        advice_at_least(&worst->off_heap.direct, &r->off_heap.direct);
        advice_at_least(&worst->off_heap.network, &r->off_heap.network);
        advice_at_least(&worst->off_heap.native, &r->off_heap.native);
        advice_at_least(&worst->off_heap.allocator_slack, &r->off_heap.allocator_slack);
        advice_at_least(&worst->off_heap.threads, &r->off_heap.threads);
        advice_at_least(&worst->off_heap.jvm_other, &r->off_heap.jvm_other);
        advice_at_least(&worst->off_heap.files, &r->off_heap.files);
        advice_at_least(&worst->off_heap.overhead, &r->off_heap.overhead);
        at_least(&worst->off_heap.rss_peak_bytes, r->off_heap.rss_peak_bytes);
        worst->off_heap.managed_consumers |= r->off_heap.managed_consumers;
        worst->off_heap.managed_consumers_known &= r->off_heap.managed_consumers_known;
        at_least(&worst->process.sum_max_bytes, r->process.sum_max_bytes);
        at_least(&worst->process.sum_p99_bytes, r->process.sum_p99_bytes);
        at_least(&worst->process.recommended_bytes, r->process.recommended_bytes);
        add_events(worst, r);
    }
    decide(fleet, r, subject);
}

const char *hc_fleet_part_name(enum hc_fleet_part part)
{
    static const char *const names[HC_FLEET_PARTS] = {"heap", "metaspace", "direct memory",
                                                      "memory outside heap, direct memory and metaspace",
                                                      "live set and all else at once"};
    return names[part];
}
