#include "sampler.h"

#include <stdio.h>
#include <string.h>

/* A pause that no collection claimed within this time is reported by itself. */
#define OVERDUE_NS (5 * INT64_C(1000000000))
/* A bean's clock counts whole milliseconds from a moment that is known to one. */
#define CLOCK_SLACK_NS (3 * INT64_C(1000000))
/* G1MixedGCCountTarget: G1 spreads the old regions of a cycle over so many collections. */
enum { MIXED_AT_MOST = 8 };
/* G1NewSizePercent is 5 % of the heap, rounded to regions, and humongous objects come beside. */
enum { SMALLEST_EDEN_PER_MILLE = 70 };

_Static_assert(sizeof(struct hc_gc_sample) == 128, "the sample lies in the history file");

void sampler_init(struct sampler *s, enum hc_collector collector, enum sampler_source source, uint64_t heap_max_bytes,
                  uint64_t seen)
{
    *s = (struct sampler){.collector = collector,
                          .source = source,
                          .heap_max_bytes = heap_max_bytes,
                          .gc_id = seen,
                          .used_after = -1,
                          .cleaned = 1,
                          .since_cleanup = -1};
}

int sampler_may_be_mixed(const struct sampler *s)
{
    return s->since_cleanup >= 0;
}

void sampler_note_lost(struct sampler *s)
{
    s->phase_last = 0;
    s->used_after = -1;
}

/*
 * G1: Remark and Cleanup alternate and share one counter. The counter's own value shows whether one was lost. And two
 * of them without a young collection between are Remark and Cleanup whatever was believed before, for a cycle begins
 * with a young collection: so a wrong belief (attached between the two) mends itself.
 */
static void take_phase(struct sampler *s, const struct gc_record *r)
{
    uint32_t steps = s->phase_total != 0 && r->phase_total > s->phase_total ? r->phase_total - s->phase_total : 1;
    s->cleaned = steps % 2 == 1 ? !s->cleaned : s->cleaned;
    if (s->phase_last && steps == 1)
        s->cleaned = 1;
    s->phase_total = r->phase_total;
    s->phase_last = 1;
    s->since_cleanup = s->cleaned ? 0 : -1;
}

/*
 * No counter says "mixed", and neither the old generation's use nor the number of its regions tells: what survives and
 * what is promoted hides what was taken away (on JDK 25 in 12 of 14). What holds is the order (229 of 229 measured):
 * after a Cleanup one more young collection, then the mixed ones in a row, before the next Remark or full collection.
 * And G1 keeps eden at its smallest while they last (G1NewSizePercent: 5 % of the heap), so that one follows on
 * another. The first collection that neither came so soon nor made the old generation smaller ends the row. In a heap
 * so small that eden is at its smallest anyway young ones pass for mixed; there is little garbage to mistake then.
 */
static enum hc_gc_kind kind_of_young(struct sampler *s, const struct gc_record *r)
{
    if (s->since_cleanup < 0)
        return HC_GC_YOUNG;
    s->since_cleanup++;
    if (s->since_cleanup == 1)
        return HC_GC_YOUNG;
    int64_t filled = s->used_after >= 0 ? r->used_before - s->used_after : INT64_MAX;
    int soon = s->since_cleanup <= 1 + MIXED_AT_MOST && filled <= r->committed / 1000 * SMALLEST_EDEN_PER_MILLE;
    if (soon || r->old_after < r->old_before)
        return HC_GC_MIXED;
    s->since_cleanup = -1;
    return HC_GC_YOUNG;
}

static enum hc_gc_kind kind_of(struct sampler *s, const struct gc_record *r)
{
    if (r->full_count == 0 && r->young_count == 0) {
        if (s->collector == HC_COLLECTOR_G1)
            take_phase(s, r);
        return HC_GC_PAUSE;
    }
    s->phase_last = 0;
    if (r->full_count > 0) { /* a pair of callbacks may cover a failed young collection and the full one after it */
        s->cleaned = 1;
        s->since_cleanup = -1;
        return HC_GC_FULL;
    }
    return kind_of_young(s, r);
}

/*
 * G1 keeps eden's counter current, so before - after(previous) is exact. Serial, Parallel and CMS refresh it at the end
 * of a collection only; but they collect because eden is full, so an allocation failure means that eden was filled
 * once.
 */
static uint64_t allocated(const struct sampler *s, const struct gc_record *r)
{
    if (s->collector == HC_COLLECTOR_G1)
        return s->used_after >= 0 && r->used_before >= s->used_after ? (uint64_t)(r->used_before - s->used_after)
                                                                     : HC_BYTES_UNKNOWN;
    return strcmp(r->cause, "Allocation Failure") == 0 && r->eden_capacity > 0 ? (uint64_t)r->eden_capacity
                                                                               : HC_BYTES_UNKNOWN;
}

static uint64_t known(int64_t bytes)
{
    return bytes >= 0 ? (uint64_t)bytes : HC_BYTES_UNKNOWN;
}

static uint64_t promoted(enum hc_gc_kind kind, const struct gc_record *r)
{
    return kind == HC_GC_YOUNG && r->old_before >= 0 && r->old_after >= r->old_before
               ? (uint64_t)(r->old_after - r->old_before)
               : HC_BYTES_UNKNOWN;
}

static uint64_t us(int64_t ns)
{
    return ns > 0 ? (uint64_t)(ns / 1000) : 0;
}

static void set_cause(struct hc_gc_sample *out, const char *cause)
{
    snprintf(out->cause, sizeof out->cause, "%.*s", (int)sizeof out->cause - 1, cause);
}

/*
 * Remark and Cleanup leave the cause of the pause before them in the counter. Before JDK 25 Parallel goes from a young
 * collection, done or given up, to a full one for a cause of its own that is gone at the end (PSScavenge::invoke).
 */
static const char *cause_of(const struct sampler *s, enum hc_gc_kind kind, const struct gc_record *r)
{
    if (kind == HC_GC_PAUSE)
        return "Concurrent Cycle";
    if (s->collector == HC_COLLECTOR_PARALLEL && kind == HC_GC_FULL && r->cause_cleared &&
        strcmp(r->cause, "Allocation Failure") == 0)
        return "Ergonomics";
    return r->cause;
}

int sampler_make(struct sampler *s, const struct gc_record *r, int64_t wall_minus_monotonic_ns,
                 struct hc_gc_sample *out)
{
    int stop_the_world = r->young_count + r->full_count > 0;
    if (s->source == SAMPLER_CYCLES || (s->source == SAMPLER_BOTH && !stop_the_world)) {
        pause_sum_add(&s->pauses, r);
        return 0;
    }
    enum hc_gc_kind kind = kind_of(s, r);
    *out = (struct hc_gc_sample){
        .end_time_ms = (r->end_ns + wall_minus_monotonic_ns) / 1000000,
        .gc_id = ++s->gc_id,
        .pause_us = us(r->pause_ns),
        .heap_used_before_bytes = s->collector == HC_COLLECTOR_G1 ? (uint64_t)r->used_before : HC_BYTES_UNKNOWN,
        .heap_used_after_bytes = (uint64_t)r->used_after,
        .old_used_after_bytes = (uint64_t)r->old_after,
        /* capacities carry a few bytes of padding, which are not memory */
        .heap_committed_bytes = (uint64_t)r->committed / 1024 * 1024,
        .heap_max_bytes = s->heap_max_bytes,
        .allocated_bytes = allocated(s, r),
        .promoted_bytes = promoted(kind, r),
        .kind = kind,
        .source = (uint8_t)r->source,
    };
    out->gc_time_us = out->pause_us;
    set_cause(out, cause_of(s, kind, r));
    s->used_after = r->used_after;
    return 1;
}

void sampler_make_cycle(struct sampler *s, const struct gc_record *r, int64_t wall_minus_monotonic_ns,
                        struct hc_gc_sample *out)
{
    struct pause_total pauses;
    pause_sum_take(&s->pauses, r->end_ns - r->pause_ns, r->end_ns, CLOCK_SLACK_NS,
                   s->collector == HC_COLLECTOR_Z && r->kind == HC_GC_YOUNG, &pauses);
    /* Nothing between may be unknown, and a minor cycle may run inside a major one. */
    int follows = s->source == SAMPLER_CYCLES && r->missed == 0 && s->used_after >= 0 &&
                  r->used_before >= s->used_after && r->end_ns - r->pause_ns + CLOCK_SLACK_NS >= s->end_ns;
    *out = (struct hc_gc_sample){
        .end_time_ms = (r->end_ns + wall_minus_monotonic_ns) / 1000000,
        .gc_id = s->gc_id += 1 + r->missed,
        .pause_us = us(pauses.longest_ns),
        .gc_time_us = us(pauses.sum_ns),
        .heap_used_before_bytes = known(r->used_before),
        .heap_used_after_bytes = (uint64_t)r->used_after,
        .old_used_after_bytes = known(r->old_after),
        .heap_committed_bytes = (uint64_t)r->committed,
        .heap_max_bytes = s->heap_max_bytes,
        .allocated_bytes = follows ? (uint64_t)(r->used_before - s->used_after) : HC_BYTES_UNKNOWN,
        .promoted_bytes = promoted(r->kind, r),
        .kind = r->kind,
        .source = (uint8_t)r->source,
    };
    set_cause(out, pauses.cause);
    s->used_after = r->used_after;
    s->end_ns = r->end_ns;
}

int sampler_make_overdue(struct sampler *s, int64_t now_ns, int64_t wall_minus_monotonic_ns, struct hc_gc_sample *out)
{
    struct pause_total pauses;
    if (pause_sum_oldest_ns(&s->pauses) > now_ns - OVERDUE_NS)
        return 0;
    pause_sum_take(&s->pauses, 0, now_ns, 0, 0, &pauses);
    *out = (struct hc_gc_sample){
        .end_time_ms = (now_ns + wall_minus_monotonic_ns) / 1000000,
        .gc_id = ++s->gc_id,
        .pause_us = us(pauses.longest_ns),
        .gc_time_us = us(pauses.sum_ns),
        .heap_used_before_bytes = HC_BYTES_UNKNOWN,
        /* of a pause nobody reads these; where nothing was seen yet, the most that can be */
        .heap_used_after_bytes = s->used_after >= 0 ? (uint64_t)s->used_after : s->heap_max_bytes,
        .old_used_after_bytes = HC_BYTES_UNKNOWN,
        .heap_committed_bytes = s->heap_max_bytes,
        .heap_max_bytes = s->heap_max_bytes,
        .allocated_bytes = HC_BYTES_UNKNOWN,
        .promoted_bytes = HC_BYTES_UNKNOWN,
        .kind = HC_GC_PAUSE,
    };
    set_cause(out, pauses.cause);
    return 1;
}
