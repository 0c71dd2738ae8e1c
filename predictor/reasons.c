#include "reasons.h"

#include "headroom.h"
#include "series.h"

#include <heapcast/memory_sample.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* Less of the heap is kept empty than anybody asks about. */
#define WORTH_SAYING 0.995

/* One decimal where the figure is small. The host may have set a locale with a decimal comma, so no %f. */
static char *number(double value, const char *unit, char out[HC_REASON_WORD])
{
    long long tenths = (long long)(value * 10.0 + 0.5);
    if (tenths >= 1000 || tenths % 10 == 0)
        snprintf(out, HC_REASON_WORD, "%lld %s", (tenths + 5) / 10, unit);
    else
        snprintf(out, HC_REASON_WORD, "%lld.%lld %s", tenths / 10, tenths % 10, unit);
    return out;
}

char *hc_reason_bytes(double bytes, char out[HC_REASON_WORD])
{
    return number(bytes / 1048576.0, "MiB", out);
}

char *hc_reason_time(int64_t time_ms, char out[HC_REASON_WORD])
{
    double seconds = (double)time_ms / 1000.0;
    if (seconds < 100)
        return number(floor(seconds), "s", out);
    if (seconds < 100 * 60)
        return number(seconds / 60, "min", out);
    return seconds < 72 * 3600 ? number(seconds / 3600, "h", out) : number(seconds / 86400, "d", out);
}

static char *percent(double ratio, char out[HC_REASON_WORD])
{
    return number(ratio * 100.0, "%", out);
}

__attribute__((format(printf, 2, 3))) static void say(struct hc_recommendation *out, const char *format, ...)
{
    if (out->reason_count == HC_REASONS_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out->reasons[out->reason_count++], HC_REASON_SIZE, format, arguments);
    va_end(arguments);
}

static void say_what_is_missing(const struct hc_reason_facts *facts, const struct hc_policy *policy,
                                struct hc_recommendation *out)
{
    char have[HC_REASON_WORD], want[HC_REASON_WORD];
    if (out->current_heap_bytes == HC_BYTES_UNKNOWN)
        say(out, "The size of the heap in force is not known.");
    if (facts->since_start_ms < policy->restart_hold_ms)
        say(out, "The JVM started %s ago; no number before %s, while its state may still be filling up.",
            hc_reason_time(facts->since_start_ms, have), hc_reason_time(policy->restart_hold_ms, want));
    if (out->window.collections < policy->warmup_collections || facts->covered_ms < policy->warmup_ms)
        say(out, "Too little evidence for a number: %llu of %u collections, %s of %s.",
            (unsigned long long)out->window.collections, policy->warmup_collections,
            hc_reason_time(facts->covered_ms, have), hc_reason_time(policy->warmup_ms, want));
}

static void say_verdict(const struct hc_reason_facts *facts, struct hc_recommendation *out)
{
    char a[HC_REASON_WORD], b[HC_REASON_WORD], c[HC_REASON_WORD];
    double current = (double)out->current_heap_bytes, heap = (double)out->heap_bytes;
    if (out->verdict == HC_VERDICT_KEEP)
        say(out, "The heap of %s in force fits.", hc_reason_bytes(current, a));
    else
        say(out, "A heap of %s is %s, %s %s than the %s in force.", hc_reason_bytes(heap, a),
            heap < current ? "enough" : "needed", percent(fabs(heap / current - 1.0), b),
            heap < current ? "less" : "more", hc_reason_bytes(current, c));
    if (facts->held_back_bytes > 0)
        say(out, "The newest figure, %s, is too near to the one published before to change it.",
            hc_reason_bytes((double)facts->held_back_bytes, a));
}

/* 0 where the clock was set back meanwhile. */
static int64_t age_ms(const struct hc_recommendation *out, const struct hc_event *event)
{
    return out->generated_at_ms > event->time_ms ? out->generated_at_ms - event->time_ms : 0;
}

static void say_exhaustion(const struct hc_reason_facts *facts, struct hc_recommendation *out)
{
    char a[HC_REASON_WORD], b[HC_REASON_WORD], c[HC_REASON_WORD];
    const struct hc_exhaustion *e = &facts->exhaustion;
    if (e->least_bytes == 0)
        return;
    int nearly = e->event->kind == HC_EVENT_HEAP_NEARLY_EXHAUSTED;
    say(out, "A heap of %s was %s %s ago%s%.*s: at least %s.", hc_reason_bytes((double)e->had_bytes, a),
        nearly ? "nearly exhausted" : "exhausted (OutOfMemoryError)", hc_reason_time(age_ms(out, e->event), b),
        nearly ? " - " : "", nearly ? (int)sizeof e->event->text : 0, e->event->text,
        hc_reason_bytes((double)e->least_bytes, c));
}

static void say_live_set(const struct hc_reason_facts *facts, const struct hc_policy *policy,
                         struct hc_recommendation *out)
{
    char a[HC_REASON_WORD], b[HC_REASON_WORD], c[HC_REASON_WORD], d[HC_REASON_WORD];
    if (facts->short_history)
        say(out,
            "The live set stayed below %s in %llu collections over %s; with less than 6 h of history its maximum "
            "counts%s.",
            hc_reason_bytes((double)out->observed.live_max_bytes, a), (unsigned long long)out->window.collections,
            hc_reason_time(facts->covered_ms, b),
            out->model.margin_ratio > policy->margin_ratio ? ", and a wider margin" : "");
    else
        say(out, "The live set stayed below %s in %s of the last three days' hours%s.",
            hc_reason_bytes((double)out->model.percentile_bytes, a), percent(out->model.percentile, b),
            out->model.trend_significant && out->model.trend_slope_bytes_per_h > 0
                ? ", its rise carried on to the horizon"
                : "");
    if (out->model.trend_significant)
        say(out, "It %s by %s an hour.", out->model.trend_slope_bytes_per_h > 0 ? "rises" : "falls",
            hc_reason_bytes(fabs(out->model.trend_slope_bytes_per_h), a));
    say(out, "With a margin of %s and %s more (room for a sudden rise) %s must fit; a live set may fill %s of a heap.",
        percent(out->model.margin_ratio - 1.0, a), hc_reason_bytes((double)out->model.floor_bytes, b),
        hc_reason_bytes((double)out->model.live_upper_bytes, c), percent(policy->usable_ratio, d));
}

static void say_gc_cost(const struct hc_policy *policy, struct hc_recommendation *out)
{
    char a[HC_REASON_WORD], b[HC_REASON_WORD], c[HC_REASON_WORD];
    double by_room = hc_heap_for_gc_cost(policy, out);
    int known = out->model.generations_bytes != HC_BYTES_UNKNOWN;
    int by_generations = known && (double)out->model.generations_bytes > by_room;
    const char *decided = out->model.binding == HC_TERM_GC_COST ? "; this decided" : "";
    say(out, "Collections take %s of the time; %s of free heap keep that below %s%s.",
        percent(out->observed.gc_share_ratio, a), hc_reason_bytes((double)out->model.gc_headroom_bytes, b),
        percent(out->model.gc_share_limit_ratio, c), by_generations ? "" : decided);
    if (out->model.capacity_ratio < WORTH_SAYING)
        say(out, "A survivor space that is kept empty takes %s of the heap.",
            percent(1 - out->model.capacity_ratio, a));
    if (by_generations)
        say(out, "Below %s each collection may be a full one, for want of room to promote to, and cost more%s.",
            hc_reason_bytes((double)out->model.generations_bytes, a), decided);
}

static void say_evidence(const struct hc_reason_facts *facts, struct hc_recommendation *out)
{
    char a[HC_REASON_WORD];
    if (out->model.binding == HC_TERM_CAP)
        say(out, "Limited to the heap in force.");
    if (out->observed.evidence == HC_EVIDENCE_UPPER_BOUND)
        say(out, "No collection of the old generation %s: %s, and the true live set may be much smaller.",
            facts->swept ? "in the last 24 h" : "was ever seen",
            facts->swept ? "the live set is an estimate from above" : "all that is used counts as live");
    if (out->window.samples_dropped > 0)
        say(out, "%llu samples were lost or contradicted themselves.", (unsigned long long)out->window.samples_dropped);
    if (out->window.restarts > 0)
        say(out, "The JVM was started %llu times in the window, the last time %s ago.",
            (unsigned long long)out->window.restarts, hc_reason_time(facts->since_start_ms, a));
}

static void say_filling(const struct hc_filling *filling, struct hc_recommendation *out)
{
    char a[HC_REASON_WORD], b[HC_REASON_WORD], c[HC_REASON_WORD];
    if (filling->found)
        say(out,
            "The live set has grown by %s an hour for %s without levelling off: a leak? At this rate the heap in force "
            "is full in %s.",
            hc_reason_bytes(filling->bytes_per_h, a), hc_reason_time((int64_t)(filling->hours * 3600000.0), b),
            hc_reason_time((int64_t)(filling->hours_to_full * 3600000.0), c));
}

static void say_container(const struct hc_reason_facts *facts, struct hc_recommendation *out)
{
    char a[HC_REASON_WORD];
    if (facts->container_out_of_memory != NULL)
        say(out,
            "The container ran out of memory, as was seen %s ago: overhead gets a fifth (100 MiB) more than it was.",
            hc_reason_time(age_ms(out, facts->container_out_of_memory), a));
}

static void say_leak(const struct hc_leak *leak, struct hc_recommendation *out)
{
    char a[HC_REASON_WORD], b[HC_REASON_WORD], c[HC_REASON_WORD];
    if (!leak->found)
        return;
    hc_reason_bytes(leak->bytes_per_h, a);
    hc_reason_time((int64_t)(leak->hours * 3600000.0), b);
    if (isnan(leak->hours_to_limit))
        say(out, "Outside the heap %s grew by %s an hour for %s without levelling off: a leak?",
            hc_ledger_words(leak->part), a, b);
    else
        say(out,
            "Outside the heap %s grew by %s an hour for %s without levelling off: a leak? At this rate the container "
            "is full in %s.",
            hc_ledger_words(leak->part), a, b, hc_reason_time((int64_t)(leak->hours_to_limit * 3600000.0), c));
}

/* More than what was seen asks for, so an OutOfMemoryError does (exhaustion.h). */
static int metaspace_was_exhausted(const struct hc_recommendation *out)
{
    int seen = 0;
    for (unsigned i = 0; i < out->event_count; i++)
        seen |= out->events[i].kind == HC_EVENT_OUT_OF_MEMORY_METASPACE;
    const struct hc_advice *metaspace = &out->off_heap.metaspace;
    uint64_t most = metaspace->max_bytes != HC_BYTES_UNKNOWN ? metaspace->max_bytes : 0;
    return seen && metaspace->recommended_bytes > most + most / 4 + 24 * 1048576;
}

static void say_metaspace(struct hc_recommendation *out)
{
    char a[HC_REASON_WORD], b[HC_REASON_WORD];
    const struct hc_advice *metaspace = &out->off_heap.metaspace;
    if (metaspace->recommended_bytes == HC_BYTES_UNKNOWN)
        return;
    hc_reason_bytes((double)metaspace->recommended_bytes, a);
    if (metaspace_was_exhausted(out))
        say(out,
            "Metaspace: %s; it was exhausted (OutOfMemoryError), so for the days after a fifth, 100 MiB at least, more "
            "than it had then.",
            a);
    else if (metaspace->max_bytes != HC_BYTES_UNKNOWN)
        say(out, "Metaspace: %s, a quarter (12 MiB at least) above the %s that were committed.", a,
            hc_reason_bytes((double)metaspace->max_bytes, b));
}

static void say_overhead(struct hc_recommendation *out)
{
    char a[HC_REASON_WORD], b[HC_REASON_WORD], c[HC_REASON_WORD], d[HC_REASON_WORD], e[HC_REASON_WORD];
    const struct hc_advice *overhead = &out->off_heap.overhead, *slack = &out->off_heap.allocator_slack;
    if (overhead->recommended_bytes == HC_BYTES_UNKNOWN)
        return;
    hc_reason_bytes((double)overhead->recommended_bytes, a);
    hc_reason_bytes((double)overhead->max_bytes, b);
    if (slack->max_bytes == HC_BYTES_UNKNOWN || out->off_heap.native.max_bytes == HC_BYTES_UNKNOWN ||
        out->off_heap.jvm_other.max_bytes == HC_BYTES_UNKNOWN)
        say(out, "Overhead: %s, from the %s that were resident outside heap, metaspace and direct buffers.", a, b);
    else
        say(out,
            "Overhead: %s, with a margin for each part; %s were resident outside heap, metaspace and direct buffers: "
            "at "
            "most %s the JVM's own, %s native, %s kept free by malloc.",
            a, b, hc_reason_bytes((double)out->off_heap.jvm_other.max_bytes, c),
            hc_reason_bytes((double)out->off_heap.native.max_bytes, d), hc_reason_bytes((double)slack->max_bytes, e));
}

/* Whoever has managed memory fills it: RocksDB's caches and write buffers are as large as they are allowed to be. */
static void say_consumers(struct hc_recommendation *out)
{
    uint32_t state_backends = HC_CONSUMER_ROCKSDB | HC_CONSUMER_FORST;
    if ((out->off_heap.managed_consumers & state_backends) != 0)
        say(out,
            "%s holds what managed memory it was given, not what it needs: no figure here is a reason to cut that.",
            (out->off_heap.managed_consumers & HC_CONSUMER_ROCKSDB) != 0 ? "RocksDB" : "ForSt");
    else if (out->off_heap.managed_consumers != 0)
        say(out, "Managed memory has a user; what it holds is no measure of what it needs.");
}

void hc_reasons_write(const struct hc_reason_facts *facts, const struct hc_policy *policy,
                      struct hc_recommendation *out)
{
    out->reason_count = 0;
    if (out->verdict == HC_VERDICT_INSUFFICIENT_DATA) {
        say_what_is_missing(facts, policy, out);
    } else {
        say_verdict(facts, out);
        say_exhaustion(facts, out);
        if (out->observed.live_max_bytes != HC_BYTES_UNKNOWN) {
            say_live_set(facts, policy, out);
            say_gc_cost(policy, out);
        }
    }
    say_filling(&facts->filling, out);
    say_evidence(facts, out);
    say_container(facts, out);
    say_leak(&facts->leak, out);
    say_metaspace(out);
    say_overhead(out);
    say_consumers(out);
}
