#include "gc_events.h"

#include "tick.h"

#include <string.h>

/* Start and Finish of one pause run on the same thread (measured on JDK 11 to 25), so this needs no synchronisation. */
static struct {
    _Alignas(64) struct ring *ring;
    int tick_is_counter;
    int counted; /* every pause moves a counter that is read here */
    int depth;   /* pairs can nest: a collection for metadata (cause "Metadata GC Threshold") marks itself and its pause
                  */
    int64_t start_tick;
    int64_t used_before, old_before, eden_capacity;
    int64_t young_invocations, full_invocations;
    int64_t phase_invocations;     /* at the Finish before: HotSpot counts a Remark or Cleanup just before its Start */
    struct perf_counters counters; /* a copy beside all else: after a collection each line of the cache counts */
} at_start;

/* What stands for a counter that this JVM does not have, so that a pause need not ask. */
static const int64_t no_count;
static const char no_cause[PERF_CAUSE_BYTES];

static void fill_in(struct perf_counters *c)
{
    const volatile int64_t **counts[] = {&c->eden_used,         &c->survivor0_used,     &c->survivor1_used,
                                         &c->old_used,          &c->eden_capacity,      &c->young_capacity,
                                         &c->old_capacity,      &c->survivor0_capacity, &c->survivor1_capacity,
                                         &c->young_invocations, &c->full_invocations,   &c->phase_invocations};
    if (!hc_keeps_a_survivor_space_empty(c->collector))
        c->survivor0_capacity = c->survivor1_capacity = &no_count;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        *counts[i] = *counts[i] != NULL ? *counts[i] : &no_count;
    c->cause = c->cause != NULL ? c->cause : no_cause;
    c->last_cause = c->last_cause != NULL ? c->last_cause : no_cause;
}

static int64_t used(const struct perf_counters *c)
{
    return *c->eden_used + *c->survivor0_used + *c->survivor1_used + *c->old_used;
}

/* The capacity of the survivor space that nothing was copied to. Parallel's two can differ in size. */
static int64_t empty_survivor(const struct perf_counters *c)
{
    return *c->survivor0_used == 0 ? *c->survivor0_capacity : *c->survivor1_capacity;
}

void gc_events_init(const struct perf_counters *counters, struct ring *ring)
{
    at_start.counters = *counters;
    fill_in(&at_start.counters);
    at_start.ring = ring;
    for (uint64_t i = 0; i < ring->slots; i++) /* what is the same in each record, and would be more code in a pause */
        ring->slot[i] = (struct gc_record){.source = HC_GC_SOURCE_COUNTERS};
    at_start.tick_is_counter = tick_is_counter();
    /* Shenandoah's move at other times */
    at_start.counted = counters->young_invocations != NULL && counters->collector != HC_COLLECTOR_SHENANDOAH;
    at_start.phase_invocations = *at_start.counters.phase_invocations;
}

void JNICALL gc_events_start(jvmtiEnv *jvmti)
{
    (void)jvmti;
    const struct perf_counters *c = &at_start.counters;
    if (at_start.depth++ > 0)
        return;
    at_start.used_before = used(c);
    at_start.old_before = *c->old_used;
    at_start.eden_capacity = *c->eden_capacity;
    at_start.young_invocations = *c->young_invocations;
    at_start.full_invocations = *c->full_invocations;
    at_start.start_tick = tick_now(at_start.tick_is_counter);
}

/* As wide as it may be, whatever its length: a loop would be more code to come by, in a pause. */
static void copy_cause(const struct perf_counters *c, struct gc_record *r)
{
    r->cause_cleared = memcmp(c->cause, "No GC", sizeof "No GC") == 0; /* Serial, Parallel and CMS before JDK 25 */
    memcpy(r->cause, r->cause_cleared ? c->last_cause : c->cause, RING_CAUSE);
    r->cause[RING_CAUSE - 1] = '\0';
}

void JNICALL gc_events_finish(jvmtiEnv *jvmti)
{
    (void)jvmti;
    const struct perf_counters *c = &at_start.counters;
    if (at_start.depth == 0 || --at_start.depth > 0) /* 0: events were switched on inside a pause (late attach) */
        return;
    int64_t end_tick = tick_now(at_start.tick_is_counter);
    uint32_t young = (uint32_t)(*c->young_invocations - at_start.young_invocations);
    uint32_t full = (uint32_t)(*c->full_invocations - at_start.full_invocations);
    uint32_t phases = (uint32_t)(*c->phase_invocations - at_start.phase_invocations);
    at_start.phase_invocations += phases;
    /* An operation that found nothing left to do: two threads ran out of metaspace, the first one's collection helped
     * both. Taken for a Remark it would put the count of a cycle's pauses out of step. */
    if (at_start.counted && young + full + phases == 0)
        return;
    struct gc_record *r = ring_reserve(at_start.ring);
    if (r == NULL)
        return;
    r->end_ns = end_tick; /* the recorder makes nanoseconds of both */
    r->pause_ns = end_tick - at_start.start_tick;
    r->used_before = at_start.used_before;
    r->used_after = used(c);
    r->old_before = at_start.old_before;
    r->old_after = *c->old_used;
    r->committed = *c->young_capacity - empty_survivor(c) + *c->old_capacity;
    r->eden_capacity = at_start.eden_capacity;
    r->young_count = young;
    r->full_count = full;
    r->phase_count = phases;
    r->phase_total = (uint32_t)at_start.phase_invocations;
    copy_cause(c, r);
    ring_commit(at_start.ring);
}
