#include "hindsight.h"

#include "headroom.h"

#include <math.h>
#include <stdlib.h>

#define HOUR_MS 3600000LL
/* Without a point for so long nobody knows how the live set came from one to the other. */
#define GAP_MS (6 * HOUR_MS)
/* 40 days of quarter hours; a longer past gets wider bins. */
enum { BINS_MAX = 3840 };
enum { VIEWS_LEAST = 5, FULL_LEAST = 5, MIXED_LEAST = 8, BLOCK = 15, SMOOTHED = 2 };

struct point {
    int64_t time_ms;
    double bytes;
};

/* ---- points where the live set is known ------------------------------------------------------------------------ */

static size_t full_points(const struct hc_past *past, struct point *out)
{
    size_t n = 0;
    for (size_t i = 0; i < past->sample_count; i++)
        if (past->samples[i].kind == HC_GC_FULL)
            out[n++] = (struct point){past->samples[i].end_time_ms, (double)past->samples[i].heap_used_after_bytes};
    return n;
}

static int by_time(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    return (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

static size_t view_points(const struct hc_past *past, struct point *out)
{
    size_t n = 0;
    for (size_t i = 0; i < past->view_count; i++)
        out[n++] = (struct point){past->views[i].time_ms, (double)past->views[i].live_bytes};
    n += full_points(past, out + n);
    qsort(out, n, sizeof *out, by_time);
    return n;
}

/* A run of mixed collections is over with the first that is none; its least is nearly clean. */
static size_t mixed_points(const struct hc_past *past, struct point *out)
{
    size_t n = 0;
    struct point least = {0, 0};
    int running = 0;
    for (size_t i = 0; i < past->sample_count; i++) {
        const struct hc_gc_sample *s = &past->samples[i];
        if (s->kind == HC_GC_PAUSE)
            continue;
        if (s->kind == HC_GC_MIXED && (!running || (double)s->heap_used_after_bytes < least.bytes))
            least = (struct point){s->end_time_ms, (double)s->heap_used_after_bytes};
        if (running && s->kind != HC_GC_MIXED)
            out[n++] = least;
        running = s->kind == HC_GC_MIXED;
    }
    return n;
}

static size_t block_points(const struct hc_past *past, struct point *out)
{
    size_t n = 0;
    unsigned in_block = 0;
    for (size_t i = 0; i < past->sample_count; i++) {
        const struct hc_gc_sample *s = &past->samples[i];
        if (s->kind == HC_GC_PAUSE)
            continue;
        if (in_block == 0 || (double)s->heap_used_after_bytes < out[n - 1].bytes) {
            n += in_block == 0;
            out[n - 1] = (struct point){s->end_time_ms, (double)s->heap_used_after_bytes};
        }
        in_block = (in_block + 1) % BLOCK;
    }
    return n;
}

/* Where the old generation is swept while the JVM runs, a full collection is an accident: few and far between, they say
 * nothing of the time between them. */
static int full_is_the_rule(const struct hc_past *past)
{
    enum hc_collector last =
        past->epoch_count > 0 ? past->epochs[past->epoch_count - 1].collector : HC_COLLECTOR_UNKNOWN;
    return last == HC_COLLECTOR_UNKNOWN || last == HC_COLLECTOR_SERIAL || last == HC_COLLECTOR_PARALLEL;
}

/* `out` has room for all samples and views. */
static size_t choose_points(const struct hc_past *past, struct point *out, enum hc_backtest_truth *truth)
{
    size_t n = past->view_count >= VIEWS_LEAST ? view_points(past, out) : 0;
    *truth = HC_TRUTH_VIEWS;
    if (n == 0) {
        *truth = HC_TRUTH_FULL;
        n = full_is_the_rule(past) ? full_points(past, out) : 0;
    }
    if (*truth == HC_TRUTH_FULL && n < FULL_LEAST) {
        *truth = HC_TRUTH_MIXED_ENDS;
        n = mixed_points(past, out);
    }
    if (*truth == HC_TRUTH_MIXED_ENDS && n < MIXED_LEAST) {
        *truth = HC_TRUTH_BLOCKS;
        n = block_points(past, out);
    }
    return n;
}

/* ---- bins ------------------------------------------------------------------------------------------------------ */

static size_t bin_at(const struct hc_hindsight *h, int64_t time_ms)
{
    int64_t bin = (time_ms - h->from_ms) / h->bin_ms;
    return bin < 0 ? 0 : (size_t)bin < h->count ? (size_t)bin : h->count - 1;
}

static int restarted_between(const struct hc_past *past, int64_t from_ms, int64_t to_ms)
{
    for (size_t i = 0; i < past->epoch_count; i++)
        if (past->epochs[i].start_ms > from_ms && past->epochs[i].start_ms <= to_ms)
            return 1;
    return 0;
}

static void raise(struct hc_hindsight *h, size_t bin, double bytes)
{
    h->bins[bin].live_bytes = fmax(h->bins[bin].live_bytes, bytes);
}

/* From one point to the next; a bin has the most of what lies in it, and a line has that at one of its ends. */
static void draw(struct hc_hindsight *h, const struct point *a, const struct point *b, int level)
{
    size_t first = bin_at(h, a->time_ms), last = bin_at(h, b->time_ms);
    for (size_t i = first; i <= last; i++) {
        int64_t begin = h->from_ms + (int64_t)i * h->bin_ms, end = begin + h->bin_ms;
        double from = begin > a->time_ms ? (double)(begin - a->time_ms) : 0;
        double to = (double)((end < b->time_ms ? end : b->time_ms) - a->time_ms),
               all = (double)(b->time_ms - a->time_ms);
        double slope = level || all <= 0 ? 0 : (b->bytes - a->bytes) / all;
        if (i == first || !level || i < last)
            raise(h, i, fmax(a->bytes + slope * from, a->bytes + slope * to));
    }
}

static void draw_all(struct hc_hindsight *h, const struct hc_past *past, const struct point *points, size_t n)
{
    const struct hc_gc_sample *begin = &past->samples[0], *end = &past->samples[past->sample_count - 1];
    /* Before the first point: what was in use after the first collection, if that is less. */
    struct point first = {begin->end_time_ms, fmin((double)begin->heap_used_after_bytes, points[0].bytes)};
    const struct point *last = &first;
    for (size_t i = 0; i < n; i++) {
        int level =
            points[i].time_ms - last->time_ms > GAP_MS || restarted_between(past, last->time_ms, points[i].time_ms);
        draw(h, last, &points[i], level);
        raise(h, bin_at(h, points[i].time_ms), points[i].bytes);
        last = &points[i];
    }
    draw(h, last, &(struct point){end->end_time_ms, last->bytes}, 1);
    raise(h, h->count - 1, last->bytes);
}

/* The room that collections had, and what they cost: a bin's own share of time, then smoothed with its neighbours,
 * since one full collection is a lump. */
static enum hc_status fill_work(struct hc_hindsight *h, const struct hc_past *past, struct hc_error *err)
{
    double *work = calloc(h->count, sizeof *work);
    if (work == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for %zu bins", h->count);
    for (size_t i = 0; i < past->sample_count; i++) {
        const struct hc_gc_sample *s = &past->samples[i];
        size_t bin = bin_at(h, s->end_time_ms);
        double heap_max = (double)s->heap_max_bytes;
        double room = hc_room((double)s->heap_committed_bytes, h->bins[bin].live_bytes, heap_max);
        work[bin] += (double)s->gc_time_us / 1000.0 * room;
        h->bins[bin].heap_max_bytes = heap_max;
    }
    for (size_t i = 0; i < h->count; i++) {
        double sum = 0, bins = 0;
        for (size_t j = i >= SMOOTHED ? i - SMOOTHED : 0; j < h->count && j <= i + SMOOTHED; j++, bins++) {
            sum += work[j];
        }
        h->bins[i].work_bytes = sum / (bins * (double)h->bin_ms);
        if (h->bins[i].heap_max_bytes <= 0 && i > 0)
            h->bins[i].heap_max_bytes = h->bins[i - 1].heap_max_bytes;
    }
    free(work);
    return HC_OK;
}

static void mark_exhaustion(struct hc_hindsight *h, const struct hc_past *past)
{
    for (size_t i = 0; i < past->event_count; i++) {
        const struct hc_event *e = &past->events[i];
        if ((e->kind == HC_EVENT_OUT_OF_MEMORY_HEAP || e->kind == HC_EVENT_HEAP_NEARLY_EXHAUSTED) &&
            e->time_ms >= h->from_ms && e->time_ms < h->from_ms + (int64_t)h->count * h->bin_ms)
            h->bins[bin_at(h, e->time_ms)].exhausted = 1;
    }
}

enum hc_status hc_hindsight_init(const struct hc_past *past, int64_t bin_ms, struct hc_hindsight *out,
                                 struct hc_error *err)
{
    if (past->sample_count == 0)
        return hc_fail(err, HC_ENODATA, 0, "there is no collection in it");
    int64_t from_ms = past->samples[0].end_time_ms, to_ms = past->samples[past->sample_count - 1].end_time_ms;
    struct hc_hindsight h = {.from_ms = from_ms, .bin_ms = bin_ms > 1 ? bin_ms : 1};
    if ((to_ms - from_ms) / h.bin_ms >= BINS_MAX)
        h.bin_ms = (to_ms - from_ms) / BINS_MAX + 1;
    h.count = (size_t)((to_ms - from_ms) / h.bin_ms) + 1;
    h.bins = calloc(h.count, sizeof *h.bins);
    struct point *points = calloc(past->sample_count + past->view_count, sizeof *points);
    enum hc_status status = HC_OK;
    if (h.bins == NULL || points == NULL) {
        status = hc_fail(err, HC_ENOMEM, 0, "no memory for %zu collections", past->sample_count);
        goto out;
    }
    h.points = choose_points(past, points, &h.truth);
    if (h.points == 0) {
        status = hc_fail(err, HC_ENODATA, 0, "no collection in it moved an object");
        goto out;
    }
    draw_all(&h, past, points, h.points);
    status = fill_work(&h, past, err);
    mark_exhaustion(&h, past);
out:
    free(points);
    if (status == HC_OK)
        *out = h;
    else
        free(h.bins);
    return status;
}

void hc_hindsight_release(struct hc_hindsight *hindsight)
{
    free(hindsight->bins);
    *hindsight = (struct hc_hindsight){0};
}
