#include <heapcast/fleet.h>

#include "bytes.h"
#include "histogram.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB 1048576.0

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

/* NAN counts as nothing. */
static void real_at_least(double *value, double other)
{
    *value = fmax(*value, other);
}

static void count_at_least(uint32_t *count, uint32_t other)
{
    if (other > *count)
        *count = other;
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

/* ---- a fleet of one --------------------------------------------------------------------------------------------- */

static uint64_t part_of(const struct hc_recommendation *r, enum hc_fleet_part part)
{
    switch (part) {
    case HC_FLEET_HEAP:
        return heap_of(r);
    case HC_FLEET_METASPACE:
        return r->off_heap.metaspace.recommended_bytes;
    case HC_FLEET_DIRECT:
        return r->off_heap.direct.max_bytes;
    case HC_FLEET_OVERHEAD:
        return r->off_heap.overhead.recommended_bytes;
    default:
        return r->process.sum_max_bytes;
    }
}

static int64_t in_micros(double ratio, uint64_t decisions)
{
    double sum = ratio * 1e6 * (double)decisions;
    return isfinite(sum) && fabs(sum) < 4e15 ? (int64_t)llround(sum) : 0;
}

static void of_one(const struct hc_recommendation *r, const struct hc_subject *subject, struct hc_fleet *out)
{
    hc_fleet_init(out);
    out->worst = *r;
    out->subject = *subject;
    out->current_total_bytes = known(r->current_heap_bytes) ? r->current_heap_bytes : 0;
    if (r->verdict == HC_VERDICT_INSUFFICIENT_DATA) {
        out->ignored = 1;
        snprintf(out->ignored_name, sizeof out->ignored_name, "%s", subject->name);
        return;
    }
    out->count = 1;
    out->slack_micros = in_micros(r->backtest.slack_ratio, r->backtest.decisions);
    out->extra_micros = in_micros(r->backtest.extra_gc_share_ratio, r->backtest.decisions);
    for (int i = 0; i < HC_FLEET_PARTS; i++) {
        out->decided[i].bytes = part_of(r, (enum hc_fleet_part)i);
        if (known(out->decided[i].bytes))
            snprintf(out->decided[i].name, sizeof out->decided[i].name, "%s", subject->name);
    }
}

/* ---- two fleets ------------------------------------------------------------------------------------------------- */

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Which of two decides the heap: the larger one; of equals the first by name, host, start and process. */
static bool decides_heap(const struct hc_fleet *a, const struct hc_fleet *b)
{
    uint64_t x = a->decided[HC_FLEET_HEAP].bytes, y = b->decided[HC_FLEET_HEAP].bytes;
    if (x != y)
        return known(x) && (!known(y) || x > y);
    int order = strcmp(a->subject.name, b->subject.name);
    if (order == 0)
        order = strcmp(a->subject.host, b->subject.host);
    if (order == 0)
        order = compare_numbers(a->subject.started_at_ms, b->subject.started_at_ms);
    if (order == 0)
        order = compare_numbers(a->subject.pid, b->subject.pid);
    return order <= 0;
}

/* The least reliable; nothing known at all is less than an upper bound. */
static enum hc_evidence weakest(enum hc_evidence a, enum hc_evidence b)
{
    return a == HC_EVIDENCE_NONE || b == HC_EVIDENCE_NONE ? HC_EVIDENCE_NONE : a > b ? a : b;
}

/* 0 stands for unknown. */
static int64_t first_time(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static int64_t last_time(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static uint64_t percentile_of(const struct hc_recommendation *r, double percentile, uint64_t otherwise)
{
    uint64_t bytes = hc_bytes(hc_histogram_percentile(r->histogram, percentile));
    return bytes == 0 ? otherwise : bytes < r->observed.live_max_bytes ? bytes : r->observed.live_max_bytes;
}

static void join_live_set(struct hc_recommendation *r, const struct hc_recommendation *other)
{
    at_least(&r->observed.live_now_bytes, other->observed.live_now_bytes);
    at_least(&r->observed.live_p50_bytes, other->observed.live_p50_bytes);
    at_least(&r->observed.live_p95_bytes, other->observed.live_p95_bytes);
    at_least(&r->observed.live_p99_bytes, other->observed.live_p99_bytes);
    at_least(&r->observed.live_max_bytes, other->observed.live_max_bytes);
    at_least(&r->observed.live_lower_bytes, other->observed.live_lower_bytes);
    at_least(&r->observed.live_upper_bytes, other->observed.live_upper_bytes);
    r->observed.evidence = weakest(r->observed.evidence, other->observed.evidence);
    for (int i = 0; i < HC_HISTOGRAM_BUCKETS; i++) {
        uint32_t room = UINT32_MAX - r->histogram[i];
        r->histogram[i] += other->histogram[i] < room ? other->histogram[i] : room;
    }
    r->observed.live_p50_bytes = percentile_of(r, 0.50, r->observed.live_p50_bytes);
    r->observed.live_p95_bytes = percentile_of(r, 0.95, r->observed.live_p95_bytes);
    r->observed.live_p99_bytes = percentile_of(r, 0.99, r->observed.live_p99_bytes);
}

static void join_observed(struct hc_recommendation *r, const struct hc_recommendation *other)
{
    r->generated_at_ms = last_time(r->generated_at_ms, other->generated_at_ms);
    r->valid_until_ms = first_time(r->valid_until_ms, other->valid_until_ms);
    r->window.from_ms = first_time(r->window.from_ms, other->window.from_ms);
    r->window.to_ms = last_time(r->window.to_ms, other->window.to_ms);
    r->window.collections += other->window.collections;
    r->window.restarts += other->window.restarts;
    r->window.samples_dropped += other->window.samples_dropped;
    join_live_set(r, other);
    real_at_least(&r->observed.allocation_bytes_per_s, other->observed.allocation_bytes_per_s);
    real_at_least(&r->observed.promotion_bytes_per_s, other->observed.promotion_bytes_per_s);
    real_at_least(&r->observed.gc_share_ratio, other->observed.gc_share_ratio);
    real_at_least(&r->observed.pause_p50_ms, other->observed.pause_p50_ms);
    real_at_least(&r->observed.pause_p99_ms, other->observed.pause_p99_ms);
    real_at_least(&r->observed.pause_max_ms, other->observed.pause_max_ms);
}

static void join_bounds(struct hc_recommendation *r, const struct hc_recommendation *other)
{
    at_least(&r->lower_bound_bytes, other->lower_bound_bytes);
    at_least(&r->upper_bound_bytes, other->upper_bound_bytes);
    r->confidence_ratio = fmin(r->confidence_ratio, other->confidence_ratio);
}

static void join_off_heap(struct hc_recommendation *r, const struct hc_recommendation *other)
{
    at_least(&r->off_heap.rss_bytes, other->off_heap.rss_bytes);
    at_least(&r->off_heap.rss_peak_bytes, other->off_heap.rss_peak_bytes);
    advice_at_least(&r->off_heap.metaspace, &other->off_heap.metaspace);
    advice_at_least(&r->off_heap.code_cache, &other->off_heap.code_cache);
    advice_at_least(&r->off_heap.direct, &other->off_heap.direct);
    advice_at_least(&r->off_heap.network, &other->off_heap.network);
    advice_at_least(&r->off_heap.native, &other->off_heap.native);
    advice_at_least(&r->off_heap.allocator_slack, &other->off_heap.allocator_slack);
    advice_at_least(&r->off_heap.threads, &other->off_heap.threads);
    advice_at_least(&r->off_heap.jvm_other, &other->off_heap.jvm_other);
    advice_at_least(&r->off_heap.files, &other->off_heap.files);
    advice_at_least(&r->off_heap.overhead, &other->off_heap.overhead);
    count_at_least(&r->off_heap.thread_count, other->off_heap.thread_count);
    count_at_least(&r->off_heap.class_count, other->off_heap.class_count);
    r->off_heap.managed_consumers |= other->off_heap.managed_consumers;
    r->off_heap.managed_consumers_known &= other->off_heap.managed_consumers_known;
    real_at_least(&r->off_heap.unexplained_ratio, other->off_heap.unexplained_ratio);
    at_least(&r->off_heap.container_limit_bytes, other->off_heap.container_limit_bytes);
    at_least(&r->off_heap.container_usage_bytes, other->off_heap.container_usage_bytes);
    at_least(&r->off_heap.container_held_bytes, other->off_heap.container_held_bytes);
    at_least(&r->process.sum_max_bytes, other->process.sum_max_bytes);
    at_least(&r->process.sum_p99_bytes, other->process.sum_p99_bytes);
    at_least(&r->process.recommended_bytes, other->process.recommended_bytes);
    at_least(&r->process.heap_live_bytes, other->process.heap_live_bytes);
    at_least(&r->process.heap_garbage_bytes, other->process.heap_garbage_bytes);
    at_least(&r->process.heap_untouched_bytes, other->process.heap_untouched_bytes);
}

static void join_backtest(struct hc_recommendation *r, const struct hc_recommendation *other,
                          const struct hc_fleet *sum)
{
    r->backtest.decisions += other->backtest.decisions;
    r->backtest.shortfalls += other->backtest.shortfalls;
    r->backtest.from_ms = first_time(r->backtest.from_ms, other->backtest.from_ms);
    r->backtest.to_ms = last_time(r->backtest.to_ms, other->backtest.to_ms);
    if (r->backtest.decisions > 0) {
        r->backtest.slack_ratio = (double)sum->slack_micros / 1e6 / (double)r->backtest.decisions;
        r->backtest.extra_gc_share_ratio = (double)sum->extra_micros / 1e6 / (double)r->backtest.decisions;
    }
}

static int by_age(const void *a, const void *b)
{
    const struct hc_event *x = a, *y = b;
    int order = compare_numbers(x->time_ms, y->time_ms);
    if (order == 0)
        order = compare_numbers((int64_t)x->kind, (int64_t)y->kind);
    return order != 0 ? order : strcmp(x->text, y->text);
}

/* The newest of both. */
static void join_events(struct hc_recommendation *r, const struct hc_recommendation *other)
{
    struct hc_event all[2 * HC_EVENTS_MAX];
    unsigned n = 0;
    for (unsigned i = 0; i < r->event_count; i++)
        all[n++] = r->events[i];
    for (unsigned i = 0; i < other->event_count; i++)
        all[n++] = other->events[i];
    qsort(all, n, sizeof *all, by_age);
    r->event_count = n < HC_EVENTS_MAX ? n : HC_EVENTS_MAX;
    memcpy(r->events, all + (n - r->event_count), r->event_count * sizeof *all);
}

static void join_subject(struct hc_subject *s, const struct hc_subject *other)
{
    if (s->collector != other->collector)
        s->collector = HC_COLLECTOR_UNKNOWN;
    if (strcmp(s->jvm_version, other->jvm_version) != 0)
        s->jvm_version[0] = '\0';
}

static void join_decided(struct hc_fleet *fleet, const struct hc_fleet *other)
{
    for (int i = 0; i < HC_FLEET_PARTS; i++) {
        uint64_t bytes = fleet->decided[i].bytes, theirs = other->decided[i].bytes;
        if (known(theirs) && (!known(bytes) || theirs > bytes ||
                              (theirs == bytes && strcmp(other->decided[i].name, fleet->decided[i].name) < 0)))
            fleet->decided[i] = other->decided[i];
    }
}

static void join_ignored(struct hc_fleet *fleet, const struct hc_fleet *other)
{
    if (other->ignored > 0 && (fleet->ignored == 0 || strcmp(other->ignored_name, fleet->ignored_name) < 0))
        memcpy(fleet->ignored_name, other->ignored_name, sizeof fleet->ignored_name);
    fleet->ignored += other->ignored;
    fleet->current_total_bytes += other->current_total_bytes;
}

/* Heap, verdict, model and reasons are those of the one whose heap is largest. */
void hc_fleet_join(struct hc_fleet *fleet, const struct hc_fleet *other)
{
    bool ours = fleet->count + fleet->ignored > 0 && decides_heap(fleet, other);
    const struct hc_fleet *first = ours ? fleet : other, *second = ours ? other : fleet;
    if (other->count + other->ignored == 0)
        return;
    struct hc_fleet all = *first;
    join_ignored(&all, second);
    if (second->count > 0) { /* then the first has one as well: a known heap comes before an unknown one */
        all.count += second->count;
        all.slack_micros += second->slack_micros;
        all.extra_micros += second->extra_micros;
        join_observed(&all.worst, &second->worst);
        join_bounds(&all.worst, &second->worst);
        join_off_heap(&all.worst, &second->worst);
        join_backtest(&all.worst, &second->worst, &all);
        join_events(&all.worst, &second->worst);
        join_subject(&all.subject, &second->subject);
        join_decided(&all, second);
    }
    *fleet = all;
}

void hc_fleet_add(struct hc_fleet *fleet, const struct hc_recommendation *r, const struct hc_subject *subject)
{
    struct hc_fleet one;
    of_one(r, subject, &one);
    hc_fleet_join(fleet, &one);
}

const char *hc_fleet_part_name(enum hc_fleet_part part)
{
    static const char *const names[HC_FLEET_PARTS] = {"heap", "metaspace", "direct memory",
                                                      "memory outside heap, direct memory and metaspace",
                                                      "live set and all else at once"};
    return names[part];
}

/* ---- one recommendation ----------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Unknown ones are left out; reorders `values`. */
static struct hc_skew skew_of(uint64_t *values, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (known(values[i]))
            values[n++] = values[i];
    if (n == 0)
        return (struct hc_skew){HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN};
    qsort(values, n, sizeof *values, by_size);
    uint64_t low = values[(n - 1) / 2], high = values[n / 2];
    return (struct hc_skew){values[0], low + (high - low) / 2, values[n - 1]};
}

static uint64_t live_of(const struct hc_recommendation *r)
{
    return r->observed.live_p99_bytes;
}

static struct hc_skew part_skew(const struct hc_fleet_member *members, size_t count, enum hc_fleet_part part,
                                uint64_t *values)
{
    for (size_t i = 0; i < count; i++) {
        const struct hc_recommendation *r = members[i].recommendation;
        uint64_t bytes = part == HC_FLEET_SUM ? live_of(r) : part_of(r, part);
        values[i] = r->verdict != HC_VERDICT_INSUFFICIENT_DATA ? bytes : HC_BYTES_UNKNOWN;
    }
    return skew_of(values, count);
}

static void add_reason(struct hc_recommendation *out, unsigned at, const char *text)
{
    if (out->reason_count == HC_REASONS_MAX)
        out->reason_count--;
    memmove(out->reasons[at + 1], out->reasons[at], (out->reason_count - at) * sizeof out->reasons[0]);
    snprintf(out->reasons[at], sizeof out->reasons[at], "%s", text);
    out->reason_count++;
}

/* What a reader must know first: whom the number is for. */
static void tell_worst(const struct hc_fleet *fleet, struct hc_recommendation *out)
{
    const struct hc_skew *heap = &out->fleet.heap;
    char text[HC_REASON_SIZE];
    if (fleet->count == 0)
        snprintf(text, sizeof text, "none of %u has enough data", fleet->ignored);
    else
        snprintf(text, sizeof text,
                 "of %u, %.64s needs the largest heap, %.1f MiB; half of them would do with %.1f MiB", fleet->count,
                 out->fleet.heap_of, (double)heap->max_bytes / MIB, (double)heap->median_bytes / MIB);
    add_reason(out, 0, text);
}

/* The verdict compares with the heap of the one that decides. */
static void tell_unlike_heaps(const struct hc_fleet_member *members, size_t count, uint64_t *values,
                              struct hc_recommendation *out)
{
    char text[HC_REASON_SIZE];
    for (size_t i = 0; i < count; i++)
        values[i] = members[i].recommendation->current_heap_bytes;
    struct hc_skew heaps = skew_of(values, count);
    if (heaps.min_bytes == heaps.max_bytes)
        return;
    snprintf(text, sizeof text, "the heaps in force differ, %.1f to %.1f MiB: is this one configuration?",
             (double)heaps.min_bytes / MIB, (double)heaps.max_bytes / MIB);
    add_reason(out, 1, text);
}

static void name_worst(const struct hc_fleet *fleet, struct hc_recommendation *out)
{
    char *const names[HC_FLEET_PARTS] = {out->fleet.heap_of, out->fleet.metaspace_of, out->fleet.direct_of,
                                         out->fleet.overhead_of, out->fleet.sum_of};
    for (int i = 0; i < HC_FLEET_PARTS; i++)
        memcpy(names[i], fleet->decided[i].name, sizeof fleet->decided[i].name);
}

enum hc_status hc_fleet_merge(const struct hc_fleet_member *members, size_t count, const char *name,
                              struct hc_recommendation *out, struct hc_subject *out_subject, struct hc_error *err)
{
    struct hc_fleet fleet;
    if (count == 0)
        return hc_fail(err, HC_EINVAL, 0, "nothing to merge");
    uint64_t *values = calloc(count, sizeof *values);
    if (values == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for %zu members", count);
    hc_fleet_init(&fleet);
    for (size_t i = 0; i < count; i++)
        hc_fleet_add(&fleet, members[i].recommendation, members[i].subject);
    *out = fleet.worst;
    out->fleet.members = count;
    out->fleet.without_number = fleet.ignored;
    out->fleet.current_total_bytes = fleet.current_total_bytes;
    out->fleet.recommended_total_bytes =
        fleet.count > 0 ? fleet.decided[HC_FLEET_HEAP].bytes * count : HC_BYTES_UNKNOWN;
    name_worst(&fleet, out);
    out->fleet.heap = part_skew(members, count, HC_FLEET_HEAP, values);
    out->fleet.metaspace = part_skew(members, count, HC_FLEET_METASPACE, values);
    out->fleet.direct = part_skew(members, count, HC_FLEET_DIRECT, values);
    out->fleet.overhead = part_skew(members, count, HC_FLEET_OVERHEAD, values);
    out->fleet.live = part_skew(members, count, HC_FLEET_SUM, values);
    tell_worst(&fleet, out);
    tell_unlike_heaps(members, count, values, out);
    *out_subject = fleet.subject;
    snprintf(out_subject->name, sizeof out_subject->name, "%s", name);
    if (count > 1) {
        out_subject->host[0] = '\0';
        out_subject->pid = out_subject->started_at_ms = 0;
    }
    free(values);
    return HC_OK;
}
