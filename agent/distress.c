#include "distress.h"

#include <heapcast/gc_cause.h>

#include <stdio.h>
#include <string.h>

/*
 * In vain: the whole heap was collected and 85 % of it is still in use. HotSpot's own limit for giving up (98 % of the
 * time for less than 2 % of the heap, Parallel only) comes too late: a TaskManager that collects for half of the time
 * misses its heartbeats. A heap that merely fits tightly does not spend half of its time that way; three times and two
 * seconds keep a burst of start-up or of a large allocation out.
 */
enum {
    IN_VAIN_PERCENT = 85,
    LEAST_IN_VAIN = 2, /* after one before them */
    LEAST_SPAN_MS = 2000,
    SHARE_PERCENT = 50,
    MARK_GAP_MS = 250,
    SILENT_MS = 10 * 60 * 1000
};

/* While ZGC's cycles are caused by stalled allocations, somebody waits all the time, in no pause. */
static uint64_t cost_us(const struct distress *d, const struct hc_gc_sample *s)
{
    if (s->kind == HC_GC_OLD && strcmp(s->cause, "Allocation Stall") == 0 && d->last_whole_ms > 0 &&
        s->end_time_ms > d->last_whole_ms)
        return (uint64_t)(s->end_time_ms - d->last_whole_ms) * 1000;
    return s->gc_time_us > s->pause_us ? s->gc_time_us : s->pause_us; /* several pauses may stand in one sample */
}

/* Small heaps are collected a hundred times a second: marks lie apart, so that together they reach back some seconds.
 */
static void leave_mark(struct distress *d, int64_t end_ms)
{
    if (d->marks > 0 && end_ms - d->mark[d->marks - 1].end_ms < MARK_GAP_MS)
        return;
    if (d->marks == DISTRESS_MARKS)
        memmove(d->mark, d->mark + 1, --d->marks * sizeof d->mark[0]);
    d->mark[d->marks++] = (struct distress_mark){end_ms, d->paused_us, d->in_vain};
}

/* The newest mark since which half of the time went into collections; NULL: none. */
static const struct distress_mark *thrashing_since(const struct distress *d, int64_t now_ms, uint64_t *out_percent)
{
    for (unsigned i = d->marks; i-- > 0;) {
        const struct distress_mark *m = &d->mark[i];
        int64_t span_ms = now_ms - m->end_ms;
        if (span_ms < LEAST_SPAN_MS || d->in_vain - m->in_vain < LEAST_IN_VAIN)
            continue;
        *out_percent = (d->paused_us - m->paused_us) / 10 / (uint64_t)span_ms;
        if (*out_percent >= SHARE_PERCENT)
            return m;
    }
    return NULL;
}

static void forget(struct distress *d)
{
    d->in_vain = d->marks = 0;
    d->least_percent = 100;
}

int distress_observe(struct distress *d, const struct hc_gc_sample *s, struct hc_event *event)
{
    int whole = s->kind == HC_GC_FULL || s->kind == HC_GC_OLD;
    uint64_t share_percent;
    d->paused_us += cost_us(d, s);
    if (!whole || s->heap_max_bytes == 0 || s->heap_max_bytes == HC_BYTES_UNKNOWN ||
        s->heap_used_after_bytes == HC_BYTES_UNKNOWN || hc_gc_was_asked_for(s->cause))
        return 0;
    unsigned used_percent = (unsigned)((double)s->heap_used_after_bytes * 100 / (double)s->heap_max_bytes);
    if (used_percent < IN_VAIN_PERCENT || s->end_time_ms < d->last_whole_ms) /* or the clock was set back */
        forget(d);
    d->last_whole_ms = s->end_time_ms;
    if (used_percent < IN_VAIN_PERCENT)
        return 0;
    d->in_vain++;
    if (used_percent < d->least_percent || d->in_vain == 1)
        d->least_percent = used_percent;
    const struct distress_mark *since = thrashing_since(d, s->end_time_ms, &share_percent);
    leave_mark(d, s->end_time_ms);
    int silent = s->end_time_ms < d->silent_until_ms && d->silent_until_ms - s->end_time_ms <= SILENT_MS;
    if (since == NULL || silent)
        return 0;
    d->silent_until_ms = s->end_time_ms + SILENT_MS;
    *event = (struct hc_event){.time_ms = s->end_time_ms, .kind = HC_EVENT_HEAP_NEARLY_EXHAUSTED};
    snprintf(event->text, sizeof event->text,
             "%llu collections of the whole heap in %lld s left %u %% of it in use and took %llu %% of the time",
             (unsigned long long)(d->in_vain - since->in_vain),
             (long long)(s->end_time_ms - since->end_ms + 500) / 1000, d->least_percent,
             (unsigned long long)(share_percent < 100 ? share_percent : 100));
    return 1;
}
