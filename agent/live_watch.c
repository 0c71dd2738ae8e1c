#include "live_watch.h"

#include <string.h>

enum {
    MIXED_MS = 30 * 1000, /* mixed collections come at once after a Cleanup, if at all */
    MIXED_PAUSES = 9,     /* G1MixedGCCountTarget (8) and the one that prepares them */
    SAME_PAUSE_MS = 500,  /* the log's time is a little after ours; much on a busy machine */
    ABOVE_PAUSES = 5      /* so many pauses in a row: a burst of middle-aged objects is no growth */
};

#define GROWN_RATIO 1.2

void live_watch_init(struct live_watch *w, enum hc_collector collector, int java, uint64_t heap_bytes, uint64_t fulls)
{
    memset(w, 0, sizeof *w);
    w->collector = collector;
    w->java = java;
    w->heap_bytes = heap_bytes;
    w->wood.fulls = fulls;
}

static void follow_mixed(struct live_watch *w, const struct hc_gc_sample *s, int window)
{
    if (window && !w->window) {
        w->young_in_window = 0;
        atomic_store_explicit(&w->mixed_until_ms, s->end_time_ms + MIXED_MS, memory_order_relaxed);
    }
    if (window && (s->kind == HC_GC_YOUNG || s->kind == HC_GC_MIXED))
        w->young_in_window++;
    if (!window || w->young_in_window >= MIXED_PAUSES)
        atomic_store_explicit(&w->mixed_until_ms, 0, memory_order_relaxed);
    w->window = window;
}

/* Used-after less the garbage known at the last view never was below the truth by more than 2 % in 97 of 100 pauses, as
 * long as no mixed collection came: what it is above the last view by is growth. */
static void follow_growth(struct live_watch *w, const struct hc_gc_sample *s)
{
    if (w->live_bytes == 0 || (s->kind != HC_GC_YOUNG && s->kind != HC_GC_MIXED))
        return;
    double upper = (double)s->heap_used_after_bytes - (double)w->garbage_bytes;
    w->above = upper > GROWN_RATIO * (double)w->live_bytes ? w->above + 1 : 0;
    if (w->above == ABOVE_PAUSES)
        atomic_store_explicit(&w->grown, 1, memory_order_relaxed);
}

static void take_full(struct live_watch *w, const struct hc_gc_sample *s, struct hc_live_view *out)
{
    uint64_t used = s->heap_used_after_bytes, live;
    int wood = hc_dead_wood_take(&w->wood, w->collector, (unsigned)w->java, s->cause, used, w->heap_bytes, &live);
    *out = (struct hc_live_view){
        .time_ms = s->end_time_ms,
        .live_bytes = live,
        .used_bytes = used,
        .source = HC_LIVE_FULL_COLLECTION,
        .evidence = wood ? HC_EVIDENCE_ESTIMATE : HC_EVIDENCE_EXACT,
    };
    atomic_store_explicit(&w->full_ms, s->end_time_ms, memory_order_relaxed);
    atomic_store_explicit(&w->full_old_bytes, s->old_used_after_bytes, memory_order_relaxed);
}

static void note(struct live_watch *w, const struct hc_live_view *view)
{
    w->live_bytes = view->live_bytes;
    w->garbage_bytes = view->used_bytes != HC_BYTES_UNKNOWN && view->used_bytes > view->live_bytes
                           ? view->used_bytes - view->live_bytes
                           : 0;
    w->above = 0;
    atomic_store_explicit(&w->grown, 0, memory_order_relaxed);
}

int live_watch_sample(struct live_watch *w, const struct hc_gc_sample *s, int mixed_window, struct hc_live_view *out)
{
    atomic_fetch_add_explicit(&w->pause_us, s->gc_time_us, memory_order_relaxed);
    follow_mixed(w, s, mixed_window);
    if (s->kind == HC_GC_PAUSE || s->heap_used_after_bytes == HC_BYTES_UNKNOWN)
        return 0;
    atomic_store_explicit(&w->used_bytes, s->heap_used_after_bytes, memory_order_relaxed);
    if (s->old_used_after_bytes != HC_BYTES_UNKNOWN)
        atomic_store_explicit(&w->old_bytes, s->old_used_after_bytes, memory_order_relaxed);
    if (s->kind == HC_GC_FULL) {
        take_full(w, s, out);
        note(w, out);
        return out->live_bytes < out->used_bytes;
    }
    if (s->kind == HC_GC_YOUNG || s->kind == HC_GC_MIXED) {
        unsigned slot = w->seen_count++ % LIVE_WATCH_SEEN;
        w->seen[slot].end_ms = s->end_time_ms;
        w->seen[slot].used_bytes = s->heap_used_after_bytes;
    }
    follow_growth(w, s);
    return 0;
}

/* The young collection that left as many MiB as the log says, nearest to that time. */
static uint64_t used_at(const struct live_watch *w, int64_t time_ms, uint64_t logged_bytes)
{
    uint64_t used = HC_BYTES_UNKNOWN;
    int64_t nearest = SAME_PAUSE_MS + 1;
    unsigned known = w->seen_count < LIVE_WATCH_SEEN ? w->seen_count : LIVE_WATCH_SEEN;
    for (unsigned i = 0; i < known; i++) {
        int64_t distance = w->seen[i].end_ms > time_ms ? w->seen[i].end_ms - time_ms : time_ms - w->seen[i].end_ms;
        if (distance < nearest && w->seen[i].used_bytes >> 20 == logged_bytes >> 20) {
            nearest = distance;
            used = w->seen[i].used_bytes;
        }
    }
    return used;
}

/* As our own callback saw it, else as the log says. */
static uint64_t known_used(const struct live_watch *w, int64_t time_ms, uint64_t logged_bytes)
{
    uint64_t used = used_at(w, time_ms, logged_bytes);
    return used != HC_BYTES_UNKNOWN ? used : logged_bytes;
}

void live_watch_view(struct live_watch *w, const struct live_report *report, struct hc_live_view *out)
{
    struct hc_live_view v = report->view;
    if (v.source == HC_LIVE_G1_MARKING) {
        v.used_bytes = known_used(w, v.time_ms, v.used_bytes);
        uint64_t later = report->later_ms != 0 ? known_used(w, report->later_ms, report->later_bytes) : 0;
        if (later > v.used_bytes && later - v.used_bytes < v.live_bytes)
            v.live_bytes -= later - v.used_bytes;
    }
    if (v.used_bytes < v.live_bytes) /* whole MiB, cut */
        v.used_bytes = v.live_bytes;
    note(w, &v);
    *out = v;
}
