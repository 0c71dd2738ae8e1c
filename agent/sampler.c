#include "sampler.h"

#include <stdio.h>
#include <string.h>

void sampler_init(struct sampler *s, enum hc_collector collector, uint64_t heap_max_bytes)
{
    *s = (struct sampler){.collector = collector, .heap_max_bytes = heap_max_bytes, .used_after = -1};
}

/*
 * No counter says "mixed". Every mixed pause lies after a Cleanup and before the next Remark or full collection (229 of
 * 229 measured), and takes old regions away; a fall of the old generation outside that window is eager reclaim of
 * humongous objects.
 */
static enum hc_gc_kind kind_of(struct sampler *s, const struct gc_record *r)
{
    if (r->full_count > 0) { /* a pair of callbacks may cover a failed young collection and the full one after it */
        s->concurrent_pauses = 0;
        s->mixed_window = 0;
        return HC_GC_FULL;
    }
    if (r->young_count == 0 && s->collector == HC_COLLECTOR_G1) {
        /* Remark and Cleanup alternate, and share one counter */
        s->concurrent_pauses = s->concurrent_pauses == 1 ? 2 : 1;
        s->mixed_window = s->concurrent_pauses == 2;
        return HC_GC_PAUSE;
    }
    if (r->young_count == 0)
        return HC_GC_PAUSE;
    return s->mixed_window && r->old_after < r->old_before ? HC_GC_MIXED : HC_GC_YOUNG;
}

/*
 * G1 keeps eden's counter current, so before - after(previous) is exact. Serial and Parallel refresh it at the end of a
 * collection only; but they collect because eden is full, so an allocation failure means that eden was filled once.
 */
static uint64_t allocated(const struct sampler *s, const struct gc_record *r)
{
    if (s->collector == HC_COLLECTOR_G1)
        return s->used_after >= 0 && r->used_before >= s->used_after ? (uint64_t)(r->used_before - s->used_after)
                                                                     : HC_BYTES_UNKNOWN;
    return strcmp(r->cause, "Allocation Failure") == 0 && r->eden_capacity > 0 ? (uint64_t)r->eden_capacity
                                                                               : HC_BYTES_UNKNOWN;
}

void sampler_make(struct sampler *s, const struct gc_record *r, int64_t wall_minus_monotonic_ns,
                  struct hc_gc_sample *out)
{
    enum hc_gc_kind kind = kind_of(s, r);
    *out = (struct hc_gc_sample){
        .end_time_ms = (r->end_ns + wall_minus_monotonic_ns) / 1000000,
        .gc_id = ++s->gc_id,
        .pause_us = (uint64_t)(r->pause_ns > 0 ? r->pause_ns / 1000 : 0),
        .heap_used_before_bytes = s->collector == HC_COLLECTOR_G1 ? (uint64_t)r->used_before : HC_BYTES_UNKNOWN,
        .heap_used_after_bytes = (uint64_t)r->used_after,
        .old_used_after_bytes = (uint64_t)r->old_after,
        /* capacities carry a few bytes of padding, which are not memory */
        .heap_committed_bytes = (uint64_t)r->committed / 1024 * 1024,
        .heap_max_bytes = s->heap_max_bytes,
        .allocated_bytes = allocated(s, r),
        .promoted_bytes = kind == HC_GC_YOUNG && r->old_after >= r->old_before
                              ? (uint64_t)(r->old_after - r->old_before)
                              : HC_BYTES_UNKNOWN,
        .kind = kind,
    };
    out->gc_time_us = out->pause_us;
    /* Remark and Cleanup leave the cause of the pause before them in the counter. */
    snprintf(out->cause, sizeof out->cause, "%.*s", (int)sizeof out->cause - 1,
             kind == HC_GC_PAUSE ? "Concurrent Cycle" : r->cause);
    s->used_after = r->used_after;
}
