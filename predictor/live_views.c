#include "live_views.h"

#include "bytes.h"

#include <math.h>
#include <string.h>

/* The newest rate holds while the live set does what it did; where the one before was lower, that one does. */
#define RATE_TRUST 0.9
#define STEADY 0.1
/* A rate may fall. Less than this much of what the base showed is not believed before the next view says so. */
#define ANCHOR 0.9
/* What a view itself may be off: 2.4 % at most in 116 of them (docs/predictor.md). */
#define VIEW_ERROR 0.03
/* Regions that are not full count as full: some of thousands. */
#define ROUNDED_UP 0.01
/* Between two collections nearer than this share of what was allocated since the base lies nothing to measure. */
#define STEP 0.1
/* From the young collection with which a cycle starts, whose time a view bears, to its Remark: at most a minute. */
enum { SAME_CYCLE_MS = 60 * 1000, SAME_PAUSE_MS = 20 };
/* Before so many views their spread says nothing about what lies between them. */
enum { VIEWS_ENOUGH = 5 };

void hc_live_views_init(struct hc_live_views *v)
{
    memset(v, 0, sizeof *v);
    v->view_ms = v->mixed_ms = v->full_ms = v->run_end_ms = INT64_MIN;
    v->allocated_known = v->base_known = 1;
}

int hc_live_views_are_sound(const struct hc_live_views *v)
{
    return v->points <= HC_VIEW_POINTS && v->pauses <= HC_VIEW_PAUSES && v->recent_count <= HC_VIEW_RECENT &&
           (v->count == 0 || v->view_ms != INT64_MIN);
}

void hc_live_views_restart(struct hc_live_views *v)
{
    struct hc_live_views before = *v;
    hc_live_views_init(v);
    v->steady_rate = before.steady_rate;
    v->kept = before.kept;
}

/* What young collections kept of an allocated byte since the base, and between it and the base before. Steps too short
 * to tell are left out. */
static struct hc_kept kept_of(const struct hc_live_views *v)
{
    double before = 0, upper = v->live_at_base;
    struct hc_kept kept = {1, 0, 0};
    for (uint32_t i = 0; i < v->points; i++) {
        double step = v->point[i].allocated - before;
        if (step <= STEP * v->allocated)
            continue;
        double share = fmax(0, v->point[i].upper - upper) / step;
        kept = (struct hc_kept){fmin(kept.least, share), fmax(kept.most, share), 1};
        before = v->point[i].allocated;
        upper = v->point[i].upper;
    }
    return kept;
}

static struct hc_kept kept_lately(const struct hc_live_views *v)
{
    struct hc_kept kept = kept_of(v);
    if (v->kept.known)
        kept = (struct hc_kept){fmin(kept.least, v->kept.least), fmax(kept.most, v->kept.most), 1};
    return kept;
}

/* Since the newest point. */
static double allocated_since(const struct hc_live_views *v)
{
    return v->allocated_known ? v->allocated - (v->points > 0 ? v->point[v->points - 1].allocated : 0) : 0;
}

static void set_base(struct hc_live_views *v, double live, double garbage, int known)
{
    struct hc_kept kept = kept_of(v);
    v->kept = kept.known ? kept : v->kept;
    v->garbage = fmax(0, garbage);
    v->live = v->peak = v->upper = v->live_at_base = live;
    v->allocated = v->freed = v->vain = v->proven = v->run_end = 0;
    v->allocated_known = 1;
    v->base_known = known != 0;
    v->points = 0;
    v->in_mixed_run = 0;
}

/* ---- collections ------------------------------------------------------------------------------------------------- */

/* Half of the points, each pair's higher one: what counts is peaks. */
static void thin(struct hc_live_views *v)
{
    for (uint32_t i = 0; i < HC_VIEW_POINTS / 2; i++)
        v->point[i] = v->point[v->point[2 * i].upper >= v->point[2 * i + 1].upper ? 2 * i : 2 * i + 1];
    v->points = HC_VIEW_POINTS / 2;
}

/*
 * A young collection of G1 copies what survives into free regions. When more is kept than found room there, evacuation
 * failed: the rest lies where it was, in whole regions and with their garbage, and now counts as old. Of it no more
 * counts as live than could have been copied, nor than collections lately kept at most of as much that was allocated.
 * If more was, a full collection, the end of a mixed run or the next view tells; only what dies before these is missed.
 */
static double kept_in_vain(const struct hc_live_views *v, const struct hc_gc_sample *s, enum hc_collector collector,
                           double upper)
{
    if (collector != HC_COLLECTOR_G1 || s->heap_used_before_bytes == HC_BYTES_UNKNOWN ||
        s->promoted_bytes == HC_BYTES_UNKNOWN || s->old_used_after_bytes == HC_BYTES_UNKNOWN ||
        s->old_used_after_bytes > s->heap_used_after_bytes || s->heap_used_before_bytes > s->heap_max_bytes)
        return 0;
    double survivors = (double)(s->heap_used_after_bytes - s->old_used_after_bytes),
           room = (double)(s->heap_max_bytes - s->heap_used_before_bytes);
    double kept = (double)s->promoted_bytes + survivors;
    if (kept <= room + ROUNDED_UP * (double)s->heap_max_bytes)
        return 0;
    struct hc_kept lately = kept_lately(v);
    double live = lately.known && v->allocated_known ? fmin(room, lately.most * allocated_since(v)) : room;
    return fmax(0, fmin(upper - (v->upper + live), kept - live));
}

static void young(struct hc_live_views *v, const struct hc_gc_sample *sample, enum hc_collector collector)
{
    double used = (double)sample->heap_used_after_bytes;
    if (v->points == HC_VIEW_POINTS)
        thin(v);
    double upper = used - fmin(used, fmax(0, v->garbage - v->freed)), vain = kept_in_vain(v, sample, collector, upper);
    if (vain > 0) {
        v->garbage = fmax(v->garbage, v->freed) + vain;
        v->vain += vain;
        v->base_known = 0;
    }
    v->upper = upper - vain;
    v->point[v->points].allocated = v->allocated;
    v->point[v->points++].upper = v->upper;
    double less_garbage = v->upper - (v->allocated_known ? v->rate * (v->allocated - v->proven) : 0);
    v->live = fmax(less_garbage, fmin(v->upper, ANCHOR * v->live_at_base));
    v->peak = fmax(v->peak, v->live);
}

static void mixed(struct hc_live_views *v, const struct hc_gc_sample *sample)
{
    double used = (double)sample->heap_used_after_bytes;
    v->mixed_used = v->in_mixed_run ? fmin(v->mixed_used, used) : used;
    v->mixed_ms = sample->end_time_ms;
    v->in_mixed_run = 1;
    v->live = fmin(v->live, used);
}

/* The most that was live between base and view, garbage having grown evenly with allocation. */
static double peak_between(const struct hc_live_views *v, double rate)
{
    double peak = 0;
    for (uint32_t i = 0; i < v->points; i++)
        peak = fmax(peak, v->point[i].upper - rate * v->point[i].allocated);
    return peak;
}

/*
 * Less is left than passed for live, so that was garbage which came with allocation since the run before. What the rate
 * says of the rest still holds, but for what was kept in vain, or now: what a run can't take away may be live.
 */
static void prove(struct hc_live_views *v, double kept)
{
    double since = v->allocated_known ? v->allocated - v->run_end : 0;
    double rate = since > 0 ? RATE_TRUST * fmax(0, v->upper - fmax(v->mixed_used, v->live_at_base)) / since : 0;
    for (uint32_t i = 0; i < v->points; i++)
        v->point[i].upper -= rate * fmax(0, v->point[i].allocated - v->run_end);
    v->live = v->allocated_known && v->vain <= 0 ? fmin(v->live + kept, v->mixed_used) : v->mixed_used;
    v->peak = fmax(v->live, fmin(v->peak, peak_between(v, 0)));
    v->proven = v->allocated - (v->rate > 0 ? (v->mixed_used - v->live) / v->rate : 0);
    v->base_known = 0;
}

static double freed_since(const struct hc_live_views *v, int64_t time_ms)
{
    double freed = 0;
    for (uint32_t i = 0; i < v->pauses; i++)
        if (v->pause[i].end_time_ms > time_ms)
            freed += v->pause[i].freed;
    return fmin(freed, v->freed);
}

/* A run took old garbage away and kept some. What is used beyond that is the garbage it left. */
static void end_mixed_run(struct hc_live_views *v)
{
    struct hc_kept lately = kept_lately(v);
    double kept = lately.known ? lately.least * allocated_since(v) : 0;
    int proven = v->mixed_used < v->upper + v->vain;
    if (proven)
        prove(v, kept);
    v->upper = proven ? v->mixed_used : fmin(v->upper + v->vain + kept, v->mixed_used);
    v->vain = 0;
    v->garbage = v->mixed_used - v->upper;
    v->freed = freed_since(v, v->mixed_ms);
    v->run_end = v->allocated;
    v->in_mixed_run = 0;
}

/* A sweep of the whole heap shows what of the last use was garbage, and that came with allocation: the peak before it
 * is worked out anew. What was live at the base and is not any more died of the live set, and is no part of that. */
static double settled_peak(const struct hc_live_views *v, double left)
{
    double garbage = fmax(0, v->upper - fmax(left, v->live_at_base));
    if (!v->allocated_known || v->allocated <= 0)
        return v->peak;
    return fmin(v->peak, fmax(left, peak_between(v, RATE_TRUST * garbage / v->allocated)));
}

uint64_t hc_live_views_observe(struct hc_live_views *v, const struct hc_gc_sample *sample, enum hc_collector collector,
                               int *out_based, uint64_t *out_peak_bytes)
{
    double used = (double)sample->heap_used_after_bytes;
    int whole = sample->kind == HC_GC_FULL || (sample->kind == HC_GC_OLD && collector == HC_COLLECTOR_CMS);
    *out_peak_bytes = hc_bytes(whole ? settled_peak(v, used) : v->peak);
    *out_based = whole;
    if (whole) {
        set_base(v, used, 0, sample->kind == HC_GC_FULL);
        v->full_ms = sample->end_time_ms;
    }
    if (!whole && v->in_mixed_run && sample->kind != HC_GC_MIXED) {
        end_mixed_run(v);
        v->run_end_ms = sample->end_time_ms;
    }
    if (sample->allocated_bytes == HC_BYTES_UNKNOWN && v->count + v->points == 0 && v->live_at_base <= 0)
        v->allocated = used; /* the first collection that is seen of a JVM: so much at least */
    else if (sample->allocated_bytes == HC_BYTES_UNKNOWN)
        v->allocated_known = 0;
    else if (!whole)
        v->allocated += (double)sample->allocated_bytes;
    if (sample->kind == HC_GC_MIXED)
        mixed(v, sample);
    else if (!whole)
        young(v, sample, collector);
    return hc_bytes(v->live);
}

void hc_live_views_observe_pause(struct hc_live_views *v, const struct hc_gc_sample *pause)
{
    if (pause->allocated_bytes != HC_BYTES_UNKNOWN)
        v->allocated += (double)pause->allocated_bytes; /* the next collection counts from here */
    if (pause->heap_used_before_bytes == HC_BYTES_UNKNOWN)
        return;
    double freed = fmax(0, (double)pause->heap_used_before_bytes - (double)pause->heap_used_after_bytes);
    if (v->pauses == HC_VIEW_PAUSES) {
        memmove(v->pause, v->pause + 1, (HC_VIEW_PAUSES - 1) * sizeof v->pause[0]);
        v->pauses--;
    }
    v->pause[v->pauses].end_time_ms = pause->end_time_ms;
    v->pause[v->pauses].freed = freed;
    v->pause[v->pauses++].allocated = v->allocated;
    v->freed += freed;
}

/* ---- views ------------------------------------------------------------------------------------------------------- */

/* What died of the live set itself was no garbage that came with allocation. A live set that grew says little of the
 * garbage of one that has settled, so such a rate is not kept; but while it grows it is the one that holds. */
static void learn_rate(struct hc_live_views *v, double live, double grown, double allocated)
{
    double before = v->live_at_base, died = fmax(0, before - live), rate = fmax(0, grown - died) / allocated;
    int steady = fabs(live - before) <= STEADY * before;
    v->rate = RATE_TRUST * (steady && v->steady_rate > 0 ? fmin(rate, v->steady_rate) : rate);
    if (steady)
        v->steady_rate = rate;
}

/* Since the base, when the cycle of a view was at its Remark; 0 not known. */
static double allocated_at(const struct hc_live_views *v, int64_t time_ms)
{
    double allocated = 0;
    int64_t nearest = SAME_CYCLE_MS;
    for (uint32_t i = 0; i < v->pauses; i++) {
        int64_t distance = v->pause[i].end_time_ms - time_ms;
        if (distance >= 0 && distance < nearest) {
            nearest = distance;
            allocated = v->pause[i].allocated;
        }
    }
    return allocated;
}

static void remember(struct hc_live_views *v, const struct hc_live_view *view)
{
    if (v->recent_count == HC_VIEW_RECENT) {
        memmove(v->recent_bytes, v->recent_bytes + 1, (HC_VIEW_RECENT - 1) * sizeof v->recent_bytes[0]);
        v->recent_count--;
    }
    v->recent_bytes[v->recent_count++] = view->live_bytes;
    v->view_ms = view->time_ms;
    v->evidence = view->evidence;
    v->count++;
}

uint64_t hc_live_views_observe_view(struct hc_live_views *v, const struct hc_live_view *view, uint64_t used_now_bytes)
{
    /* A cycle of ZGC or Shenandoah frees at once what it found to be garbage: used-after of the cycles stays the
     * estimate (live_set.h), and a view is no more than a truer figure for its moment. */
    if (view->source == HC_LIVE_Z_MARKING || view->source == HC_LIVE_SHENANDOAH_MARKING)
        return view->live_bytes;
    if (v->full_ms > view->time_ms) { /* what the full collection left is newer, and exact */
        remember(v, view);
        return view->live_bytes;
    }
    int swept = v->mixed_ms > view->time_ms + SAME_PAUSE_MS;
    if (v->in_mixed_run && !swept)
        end_mixed_run(v);
    double live = (double)view->live_bytes, used_now = (double)used_now_bytes, peak = live;
    double used = view->used_bytes != HC_BYTES_UNKNOWN ? (double)view->used_bytes : used_now;
    double freed_after = freed_since(v, view->time_ms);
    double grown = fmax(0, used - live + v->freed - freed_after - v->garbage);
    /* a run of mixed collections may have begun before the view was told; what was then is still known while it goes on
     */
    double allocated = swept ? allocated_at(v, view->time_ms) : v->allocated;
    int same_run = v->run_end_ms <= view->time_ms + SAME_PAUSE_MS;
    if ((!swept || same_run) && v->allocated_known && allocated > 0) {
        peak = fmax(peak, peak_between(v, grown / allocated));
        if (v->base_known)
            learn_rate(v, live, grown, allocated);
    } else {
        peak = fmax(peak, v->peak);
    }
    remember(v, view);
    set_base(v, live, swept ? used_now - live : used - live - freed_after, !swept);
    return hc_bytes(peak);
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

uint64_t hc_live_views_peak(const struct hc_live_views *v)
{
    return v->count > 0 ? hc_bytes(v->peak) : 0;
}

uint64_t hc_live_views_upper(const struct hc_live_views *v, uint64_t used_bytes)
{
    int certain = v->base_known && !v->in_mixed_run && v->run_end <= 0; /* a run takes part of it, who knows how much */
    double used = (double)used_bytes, garbage = certain ? fmax(0, v->garbage - v->freed) : 0;
    return hc_bytes(fmin(used, used - garbage + VIEW_ERROR * v->live));
}

uint64_t hc_live_views_lower(const struct hc_live_views *v, uint64_t used_bytes)
{
    double least = (double)used_bytes, most = 0;
    if (v->recent_count == 0)
        return 0;
    for (uint32_t i = 0; i < v->recent_count; i++) {
        least = fmin(least, (double)v->recent_bytes[i]);
        most = fmax(most, (double)v->recent_bytes[i]);
    }
    /* a wave goes lower than the lowest view of it */
    double lower = (1 - VIEW_ERROR) * least - 0.5 * (most - least);
    return hc_bytes(v->recent_count >= VIEWS_ENOUGH ? lower : fmin(lower, 0.5 * least));
}
