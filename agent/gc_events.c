#include "gc_events.h"

#include "tick.h"

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

static int64_t used(const struct perf_counters *c)
{
    return perf_value(c->eden_used) + perf_value(c->survivor0_used) + perf_value(c->survivor1_used) +
           perf_value(c->old_used);
}

void gc_events_init(const struct perf_counters *counters, struct ring *ring)
{
    at_start.counters = *counters;
    at_start.ring = ring;
    at_start.tick_is_counter = tick_is_counter();
    /* Shenandoah's move at other times */
    at_start.counted = counters->young_invocations != NULL && counters->collector != HC_COLLECTOR_SHENANDOAH;
    at_start.phase_invocations = perf_value(counters->phase_invocations);
}

void JNICALL gc_events_start(jvmtiEnv *jvmti)
{
    (void)jvmti;
    const struct perf_counters *c = &at_start.counters;
    if (at_start.depth++ > 0)
        return;
    at_start.used_before = used(c);
    at_start.old_before = perf_value(c->old_used);
    at_start.eden_capacity = perf_value(c->eden_capacity);
    at_start.young_invocations = perf_value(c->young_invocations);
    at_start.full_invocations = perf_value(c->full_invocations);
    at_start.start_tick = tick_now(at_start.tick_is_counter);
}

/* Letter by letter: a constant to compare with would be one more page to come by, in a pause. */
static uint8_t is_no_gc(const volatile char *cause)
{
    return cause[0] == 'N' && cause[1] == 'o' && cause[2] == ' ' && cause[3] == 'G' && cause[4] == 'C' &&
           cause[5] == '\0';
}

static void copy_cause(const struct perf_counters *c, struct gc_record *r)
{
    size_t i = 0;
    r->cause_cleared = 0;
    if (c->cause != NULL && c->last_cause != NULL) {
        r->cause_cleared = is_no_gc(c->cause); /* Serial, Parallel and CMS before JDK 25 */
        const volatile char *from = r->cause_cleared ? c->last_cause : c->cause;
        for (; i < RING_CAUSE - 1 && from[i] != '\0'; i++)
            r->cause[i] = from[i];
    }
    r->cause[i] = '\0';
}

void JNICALL gc_events_finish(jvmtiEnv *jvmti)
{
    (void)jvmti;
    const struct perf_counters *c = &at_start.counters;
    if (at_start.depth == 0 || --at_start.depth > 0) /* 0: events were switched on inside a pause (late attach) */
        return;
    int64_t end_tick = tick_now(at_start.tick_is_counter);
    uint32_t young = (uint32_t)(perf_value(c->young_invocations) - at_start.young_invocations);
    uint32_t full = (uint32_t)(perf_value(c->full_invocations) - at_start.full_invocations);
    uint32_t phases = (uint32_t)(perf_value(c->phase_invocations) - at_start.phase_invocations);
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
    r->old_after = perf_value(c->old_used);
    r->committed = perf_value(c->young_capacity) + perf_value(c->old_capacity);
    r->eden_capacity = at_start.eden_capacity;
    r->young_count = young;
    r->full_count = full;
    r->phase_count = phases;
    r->phase_total = (uint32_t)at_start.phase_invocations;
    r->missed = 0;
    r->kind = 0;
    r->source = HC_GC_SOURCE_COUNTERS;
    copy_cause(c, r);
    ring_commit(at_start.ring);
}
