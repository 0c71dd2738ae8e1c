#include <heapcast/predictor.h>

#include "bytes.h"
#include "confidence.h"
#include "exhaustion.h"
#include "filling.h"
#include "headroom.h"
#include "histogram.h"
#include "leak.h"
#include "off_heap.h"
#include "predictor_inside.h"
#include "promotion.h"
#include "reasons.h"
#include "series.h"
#include "sweeping.h"
#include "track_record.h"
#include "trend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

/* Below so many hours there is no percentile: the maximum counts, with a wider margin. */
enum { LEAST_HOURS = 6 };
/* A job's load comes and goes with the day: until one was seen whole the margin is wider, less and less. */
enum { DAY_HOURS = 24 };
/* After so many looks over the whole heap two thirds of that margin: what is not known then is the future, and no
 * longer the past. */
enum { LOOKS_ENOUGH = 3 };
#define MARGIN_SHARE_SEEN (2.0 / 3.0)
/* Where the live set was seen exactly, a heap that is many times too large asks for no larger floor: this much. */
#define KNOWN_FLOOR_RATIO 0.30
#define KNOWN_FLOOR_BYTES (24.0 * (double)MIB)
/* The GC work of the worst hours, plus a tenth. */
#define GC_WORK_MARGIN 1.10
/* Against the heap in force, less than this is no reason to shrink: each change restarts a job. In the first day, when
 * it is the evidence that changes, a published number falls by less. */
#define WORTH_SHRINKING 0.95
#define EARLY_FALL 0.985
/* Against the heap in force, less than this is no reason to grow: the model's margins are wider. */
#define WORTH_GROWING 1.02
/* Nor is so little, where only the cost of collections asks for it and the heap in force keeps its limit. */
#define WORTH_GROWING_FOR_COST 1.10
/* HotSpot aligns -Xmx to 2 MiB (large pages), G1 to its regions of 1 to 32 MiB; small heaps have regions of 1 to 4 MiB.
 */
#define HEAP_STEP_BYTES (4 * MIB)
#define DAY_MS (24 * HC_HOUR_MS)
/* The same kind of event counts again after so long. */
#define EVENT_PAUSE_MS (10 * 60000LL)

struct hc_predictor {
    struct hc_series series;
    struct hc_policy policy;
    double hours[HC_HOUR_SLOTS];  /* hourly maxima of the live set, oldest first */
    double scratch[HC_RAW_SLOTS]; /* the largest user: pauses of the raw ring */
};

_Static_assert((int)HC_TREND_PAIRS <= (int)HC_RAW_SLOTS && 3 * (int)HC_WINDOW_HOURS <= (int)HC_RAW_SLOTS &&
                   (int)HC_TREND_PAIRS + (int)HC_LOOK_HOUR_SLOTS <= (int)HC_RAW_SLOTS,
               "scratch serves all");

/* ---- life cycle ------------------------------------------------------------------------------------------------ */

size_t hc_predictor_size(void)
{
    return hc_series_size();
}

enum hc_status hc_predictor_new(void *memory, size_t size, const struct hc_policy *policy, struct hc_predictor **out,
                                struct hc_error *err)
{
    struct hc_predictor *predictor = malloc(sizeof *predictor);
    if (predictor == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the predictor (%zu bytes)", sizeof *predictor);
    enum hc_status status = hc_series_open(&predictor->series, memory, size, err);
    if (status != HC_OK) {
        free(predictor);
        return status;
    }
    predictor->policy = *policy;
    predictor->series.unsettled = !policy->with_settling;
    predictor->series.unlearned = !policy->with_garbage_rate;
    *out = predictor;
    return HC_OK;
}

void hc_predictor_free(struct hc_predictor *predictor)
{
    free(predictor);
}

const struct hc_series *hc_predictor_series(const struct hc_predictor *predictor)
{
    return &predictor->series;
}

const struct hc_policy *hc_predictor_policy(const struct hc_predictor *predictor)
{
    return &predictor->policy;
}

static int has_grown(uint64_t was, uint64_t is)
{
    return was != HC_BYTES_UNKNOWN && is != HC_BYTES_UNKNOWN && is > was;
}

/* The newest collection of the whole heap among the run's last few, if it left hardly anything free. */
static const struct hc_gc_sample *last_in_vain(const struct hc_series *series)
{
    uint64_t newest = series->now.raw_sequence;
    for (uint64_t s = newest; s > 0 && newest - s < 16; s--) {
        const struct hc_raw *raw = hc_slots_get(&series->raw, s);
        if (raw == NULL || raw->epoch_sequence != series->now.epoch_sequence)
            return NULL;
        const struct hc_gc_sample *sample = &raw->sample;
        if (sample->kind == HC_GC_FULL || sample->kind == HC_GC_OLD)
            return (double)sample->heap_used_after_bytes < HC_FULL_HEAP_RATIO * (double)sample->heap_max_bytes ? NULL
                                                                                                               : sample;
    }
    return NULL;
}

/* -XX:+ExitOnOutOfMemoryError ends the JVM without an event and without a last word: what it did last tells. */
static void note_full_heap(struct hc_series *series)
{
    const struct hc_gc_sample *sample = last_in_vain(series);
    if (sample == NULL)
        return;
    struct hc_event event = {sample->end_time_ms, HC_EVENT_HEAP_NEARLY_EXHAUSTED, 0, ""};
    snprintf(event.text, sizeof event.text,
             "a collection of the whole heap left %.0f %% of it in use, and the run ended without a last word",
             100.0 * (double)sample->heap_used_after_bytes / (double)sample->heap_max_bytes);
    hc_series_add_event(series, &event);
}

/* A container that is made anew counts from 0 again and so can't tell; what the run had used when it was last seen may.
 */
static void note_unclean_end(struct hc_series *series, const struct hc_epoch *next)
{
    const struct hc_memory_sample *look = &series->now.look;
    struct hc_event event = {next->start_ms, HC_EVENT_UNCLEAN_END, 0,
                             "the run before ended without a last word (kill, container out of memory, crash)"};
    if (look->time_ms >= series->now.epoch.start_ms && look->container_limit_bytes != HC_BYTES_UNKNOWN &&
        look->container_limit_bytes >= MIB && look->container_usage_bytes != HC_BYTES_UNKNOWN)
        snprintf(event.text, sizeof event.text,
                 "the run before ended without a last word, last seen with %u %% of the container's memory in use",
                 (unsigned)(look->container_usage_bytes / (look->container_limit_bytes / 100)));
    note_full_heap(series);
    hc_series_add_event(series, &event);
    if (!has_grown(series->now.epoch.oom_kills, next->oom_kills))
        return;
    event.kind = HC_EVENT_CONTAINER_OUT_OF_MEMORY;
    snprintf(event.text, sizeof event.text, "the run before ended when the container ran out of memory (OOM killer)");
    hc_series_add_event(series, &event);
}

enum hc_status hc_predictor_start(struct hc_predictor *predictor, const struct hc_epoch *epoch)
{
    const struct hc_state *now = &predictor->series.now;
    if (epoch->start_ms < 0 || epoch->heap_max_bytes == 0)
        return HC_EINVAL;
    if (now->epoch_sequence > 0 && !now->epoch.clean_end)
        note_unclean_end(&predictor->series, epoch);
    struct hc_epoch begun = *epoch;
    begun.clean_end = 0;
    hc_series_start(&predictor->series, &begun);
    return HC_OK;
}

void hc_predictor_end(struct hc_predictor *predictor, int64_t now_ms)
{
    hc_series_end(&predictor->series, now_ms);
}

void hc_predictor_observe_oom_kills(struct hc_predictor *predictor, int64_t now_ms, uint64_t oom_kills)
{
    struct hc_series *series = &predictor->series;
    uint64_t was = series->now.epoch.oom_kills;
    if (oom_kills == was || oom_kills == HC_BYTES_UNKNOWN)
        return;
    hc_series_set_oom_kills(series, oom_kills);
    struct hc_event event = {now_ms, HC_EVENT_CONTAINER_OUT_OF_MEMORY, 0,
                             "the container ran out of memory; the kernel killed another process of it"};
    if (has_grown(was, oom_kills))
        (void)hc_predictor_observe_event(predictor, &event);
}

/* ---- observe --------------------------------------------------------------------------------------------------- */

static int sample_is_sound(const struct hc_gc_sample *sample)
{
    return sample->end_time_ms >= 0 && sample->heap_max_bytes > 0 && sample->heap_max_bytes != HC_BYTES_UNKNOWN &&
           sample->heap_committed_bytes != HC_BYTES_UNKNOWN &&
           sample->heap_used_after_bytes <= sample->heap_max_bytes && sample->kind >= HC_GC_YOUNG &&
           sample->kind <= HC_GC_PAUSE;
}

enum hc_status hc_predictor_observe(struct hc_predictor *predictor, const struct hc_gc_sample *sample)
{
    if (!sample_is_sound(sample)) {
        hc_predictor_count_dropped(predictor, 1);
        return HC_EINVAL;
    }
    hc_series_add(&predictor->series, sample);
    return HC_OK;
}

enum hc_status hc_predictor_observe_live(struct hc_predictor *predictor, const struct hc_live_view *view)
{
    if (view->time_ms < 0 || view->live_bytes > view->used_bytes || view->live_bytes == 0 ||
        view->live_bytes > predictor->series.now.heap_max_bytes)
        return HC_EINVAL;
    hc_series_add_view(&predictor->series, view);
    return HC_OK;
}

enum hc_status hc_predictor_observe_memory(struct hc_predictor *predictor, const struct hc_memory_sample *sample)
{
    if (sample->time_ms < 0)
        return HC_EINVAL;
    hc_series_add_look(&predictor->series, sample);
    return HC_OK;
}

enum hc_status hc_predictor_observe_event(struct hc_predictor *predictor, const struct hc_event *event)
{
    if (event->time_ms < 0 || memchr(event->text, '\0', sizeof event->text) == NULL)
        return HC_EINVAL;
    /* A storm of one kind is one event: sixteen of them would drive an exhausted heap out of the ring. */
    uint64_t newest = predictor->series.now.event_sequence;
    for (uint64_t s = newest; s > 0 && newest - s < HC_EVENTS_MAX; s--) {
        const struct hc_event *seen = hc_slots_get(&predictor->series.events, s);
        if (seen != NULL && seen->kind == event->kind && event->time_ms - seen->time_ms < EVENT_PAUSE_MS &&
            event->time_ms >= seen->time_ms)
            return HC_OK;
    }
    hc_series_add_event(&predictor->series, event);
    return HC_OK;
}

void hc_predictor_count_dropped(struct hc_predictor *predictor, uint64_t samples)
{
    if (samples == 0)
        return; /* asked ten times a second: an idle JVM must not dirty its history */
    predictor->series.now.dropped += samples;
    hc_series_checkpoint(&predictor->series);
}

/* ---- predict: what was seen ------------------------------------------------------------------------------------ */

static unsigned count_restarts(const struct hc_series *series, int64_t from_ms)
{
    unsigned restarts = 0;
    uint64_t newest = series->now.epoch_sequence;
    for (uint64_t s = newest; s > 1 && newest - s < HC_EPOCH_SLOTS; s--) {
        const struct hc_epoch *epoch = hc_slots_get(&series->epochs, s);
        restarts += epoch != NULL && epoch->start_ms > from_ms;
    }
    return restarts;
}

/* The most that was live in an hour; before the first sweep, the most that was used. */
static uint64_t hour_live_bytes(const struct hc_series *series, const struct hc_hour *hour)
{
    return hc_series_swept(series) ? hc_series_live_max(series, hour) : hour->used_after_max_bytes;
}

static void observe_window(const struct hc_series *series, int64_t now_ms, struct hc_recommendation *out)
{
    int64_t last = hc_hour_of(now_ms), allocated_ms = 0, promoted_ms = 0;
    uint64_t allocated = 0, promoted = 0, pause_max_us = 0;
    for (int64_t h = last - HC_WINDOW_HOURS + 1; h <= last; h++) {
        const struct hc_hour *hour = hc_series_hour(series, h);
        if (hour == NULL)
            continue;
        if (out->window.collections == 0 && hour->collections > 0)
            out->window.from_ms = hour->first_ms;
        out->window.collections += hour->collections;
        if (hour_live_bytes(series, hour) > out->observed.live_max_bytes)
            out->observed.live_max_bytes = hour_live_bytes(series, hour);
        if (hour->pause_max_us > pause_max_us)
            pause_max_us = hour->pause_max_us;
        allocated += hour->allocated_bytes;
        allocated_ms += hour->allocated_ms;
        promoted += hour->promoted_bytes;
        promoted_ms += hour->promoted_ms;
        hc_histogram_merge(out->histogram, &hour->live);
    }
    out->window.samples_dropped = series->now.dropped;
    out->observed.allocation_bytes_per_s = allocated_ms > 0 ? (double)allocated * 1000.0 / (double)allocated_ms : NAN;
    out->observed.promotion_bytes_per_s = promoted_ms > 0 ? (double)promoted * 1000.0 / (double)promoted_ms : NAN;
    out->observed.pause_max_ms = (double)pause_max_us / 1000.0;
    if (out->window.collections > 0) {
        out->window.to_ms = series->now.last_ms;
        out->window.restarts = count_restarts(series, out->window.from_ms);
    }
}

static uint64_t live_percentile(const struct hc_recommendation *seen, double percentile)
{
    uint64_t bytes = hc_bytes(hc_histogram_percentile(seen->histogram, percentile));
    return bytes < seen->observed.live_max_bytes ? bytes : seen->observed.live_max_bytes;
}

static void observe_live_set(const struct hc_series *series, int64_t now_ms, struct hc_recommendation *out)
{
    const struct hc_live_set *live = &series->now.live;
    const struct hc_live_views *views = &series->now.views;
    out->observed.evidence = hc_live_set_evidence(live, now_ms, DAY_MS);
    if (views->count > 0 && now_ms - views->view_ms <= DAY_MS && out->observed.evidence != HC_EVIDENCE_EXACT)
        out->observed.evidence = (enum hc_evidence)views->evidence;
    if (out->window.collections == 0) {
        out->observed.live_now_bytes = out->observed.live_p50_bytes = out->observed.live_p95_bytes = HC_BYTES_UNKNOWN;
        out->observed.live_p99_bytes = out->observed.live_max_bytes = HC_BYTES_UNKNOWN;
        out->observed.live_lower_bytes = out->observed.live_upper_bytes = HC_BYTES_UNKNOWN;
        return;
    }
    out->observed.live_now_bytes = hc_live_set_swept(live) ? live->live_bytes : live->used_bytes;
    if (views->count > 0)
        out->observed.live_now_bytes = hc_bytes(views->live);
    out->observed.live_p50_bytes = live_percentile(out, 0.50);
    out->observed.live_p95_bytes = live_percentile(out, 0.95);
    out->observed.live_p99_bytes = live_percentile(out, 0.99);
    out->observed.live_upper_bytes = live->used_bytes;
    out->observed.live_lower_bytes = HC_BYTES_UNKNOWN;
    if (views->count > 0) {
        out->observed.live_lower_bytes = hc_live_views_lower(views, live->used_bytes);
        out->observed.live_upper_bytes = hc_live_views_upper(views, live->used_bytes);
    } else if (live->clean_ms != INT64_MIN)
        out->observed.live_lower_bytes =
            live->clean_lower_bytes < live->used_bytes ? live->clean_lower_bytes : live->used_bytes;
}

/* Percentiles of the pauses that the raw ring still holds; the hours keep only their maxima. */
static void observe_pauses(struct hc_predictor *predictor, struct hc_recommendation *out)
{
    const struct hc_series *series = &predictor->series;
    unsigned n = 0;
    uint64_t newest = series->now.raw_sequence;
    for (uint64_t s = newest; s > 0 && newest - s < HC_RAW_SLOTS; s--) {
        const struct hc_raw *raw = hc_slots_get(&series->raw, s);
        if (raw != NULL && raw->sample.end_time_ms >= out->window.from_ms)
            predictor->scratch[n++] = (double)raw->sample.pause_us / 1000.0;
    }
    out->observed.pause_p50_ms = n > 0 ? hc_values_percentile(predictor->scratch, n, 0.50) : NAN;
    out->observed.pause_p99_ms = n > 0 ? hc_values_percentile(predictor->scratch, n, 0.99) : NAN;
    if (n == 0)
        out->observed.pause_max_ms = NAN;
}

static void copy_events(const struct hc_series *series, struct hc_recommendation *out)
{
    uint64_t newest = series->now.event_sequence;
    for (uint64_t s = newest >= HC_EVENTS_MAX ? newest - HC_EVENTS_MAX + 1 : 1; s <= newest; s++) {
        const struct hc_event *event = hc_slots_get(&series->events, s);
        if (event != NULL)
            out->events[out->event_count++] = *event;
    }
}

/* ---- predict: what will be needed ------------------------------------------------------------------------------ */

/* The newest hours' live maxima; an hour without collections has that of the hour before. */
static unsigned hourly_live(struct hc_predictor *predictor, int64_t now_ms)
{
    const struct hc_series *series = &predictor->series;
    int64_t last = hc_hour_of(now_ms - 1);
    if (last < series->now.hour.hour)
        last = series->now.hour.hour;
    unsigned n = 0;
    for (int64_t h = last - HC_HOUR_SLOTS + 1; h <= last; h++) {
        const struct hc_hour *hour = hc_series_hour(series, h);
        if (hour != NULL && hour->collections > 0)
            predictor->hours[n++] = (double)hour_live_bytes(series, hour);
        else if (n > 0) {
            predictor->hours[n] = predictor->hours[n - 1];
            n++;
        }
    }
    return n;
}

/* A heap may be exhausted before the first collection is seen (ZGC: a cycle's figures come after its end). */
static uint64_t live_max_or_0(const struct hc_recommendation *out)
{
    return out->observed.live_max_bytes != HC_BYTES_UNKNOWN ? out->observed.live_max_bytes : 0;
}

/* 1 below a quarter of a day of history, 0 from a whole one on. To say how the next minute will be, a minute must have
 * been seen, so a shorter horizon takes the day's place. */
static double first_hours(const struct hc_policy *policy, int64_t covered_ms)
{
    double whole = fmin((double)policy->horizon_ms, (double)DAY_MS);
    double unseen = 1.0 - (double)covered_ms / whole;
    return fmin(1.0, fmax(0.0, unseen * DAY_HOURS / (DAY_HOURS - LEAST_HOURS)));
}

/* Before the first sweep what counts as live holds all garbage too, which is margin enough. */
static double margin_of(const struct hc_predictor *predictor, int64_t covered_ms)
{
    const struct hc_policy *policy = &predictor->policy;
    if (!hc_series_swept(&predictor->series))
        return policy->margin_ratio;
    double seen = predictor->series.now.views.count >= LOOKS_ENOUGH ? MARGIN_SHARE_SEEN : 1.0;
    double more = (policy->first_hours_margin - 1.0) * seen * first_hours(policy, covered_ms);
    return policy->margin_ratio * (1.0 + more);
}

/*
 * The live set's percentile at the end of the horizon: a Theil-Sen line through the last three days, the percentile of
 * the residuals on top of it (never less than the newest hours' most), carried on to the horizon where it rises beyond
 * doubt. A falling line is no promise and a doubtful one costs memory for nothing, so then the percentile of the values
 * themselves counts.
 */
static void forecast_live_set(struct hc_predictor *predictor, unsigned hours, int64_t covered_ms,
                              struct hc_recommendation *out)
{
    const struct hc_policy *policy = &predictor->policy;
    unsigned n = hours < HC_TREND_HOURS ? hours : HC_TREND_HOURS;
    const double *values = predictor->hours + hours - n;
    double *scratch = predictor->scratch;
    out->model.margin_ratio = margin_of(predictor, covered_ms);
    out->model.percentile = policy->percentile;
    if (n < LEAST_HOURS) {
        out->model.percentile = 1.0;
        out->model.percentile_bytes = live_max_or_0(out);
        return;
    }
    double slope = hc_trend_slope(values, n, scratch);
    out->model.trend_slope_bytes_per_h = slope;
    out->model.trend_significant = hc_trend_significant(values, n, slope, scratch);
    double rise = policy->with_trend && out->model.trend_significant && slope > 0 ? slope : 0;
    for (unsigned i = 0; i < n; i++)
        scratch[i] = values[i] - rise * i;
    double horizon_hours = (double)policy->horizon_ms / (double)HC_HOUR_MS;
    /* A step is known with its first collection; a percentile would take it for an outlier. */
    double newest = values[n - 1] - rise * (n - 1);
    for (unsigned i = n - LEAST_HOURS; i < n; i++)
        newest = fmax(newest, values[i] - rise * i);
    double level = fmax(newest, hc_values_percentile(scratch, n, policy->percentile));
    out->model.percentile_bytes = hc_bytes(rise > 0 ? level + rise * (n + horizon_hours) : level);
}

static uint64_t whole_steps(double bytes)
{
    return hc_bytes(ceil(bytes / (double)HEAP_STEP_BYTES) * (double)HEAP_STEP_BYTES);
}

/*
 * Serial and Parallel collect the whole heap instead of the young generation while the old one has no room for what is
 * likely to be promoted (promotion.h). No larger heap tells of that. Either there is room, or eden is so large that
 * even full collections keep the limit.
 */
static double least_for_generations(const struct hc_policy *policy, const struct hc_series *series,
                                    const struct hc_gc_cost *cost, const struct hc_recommendation *seen)
{
    const struct hc_epoch *epoch = &series->now.epoch;
    if (!hc_has_fixed_generations(epoch->collector) || cost->full_pause_ms <= 0 || !policy->with_gc_cost)
        return 0;
    double by_room = hc_promotion_roomy_heap(&series->now.promotion, epoch, (double)seen->model.percentile_bytes,
                                             cost->full_left_bytes);
    double by_cost = GC_WORK_MARGIN * seen->observed.allocation_bytes_per_s * cost->full_pause_ms / 1000.0 /
                     (policy->gc_share_limit_ratio * HC_EDEN_RATIO);
    return fmin(by_room, by_cost); /* fmin: not the unknown one */
}

/* The heap that holds the live set and keeps the cost of collections below its limit; fills out->model. */
static uint64_t needed_heap(const struct hc_policy *policy, const struct hc_series *series, uint64_t least,
                            const struct hc_gc_cost *cost, struct hc_recommendation *out)
{
    double live = (double)out->model.percentile_bytes;
    double floor_bytes = policy->floor_ratio * (double)out->current_heap_bytes;
    if (out->observed.evidence == HC_EVIDENCE_MARKING || out->observed.evidence == HC_EVIDENCE_EXACT)
        floor_bytes = fmin(floor_bytes, KNOWN_FLOOR_RATIO * live + KNOWN_FLOOR_BYTES);
    double upper = out->model.margin_ratio * live + floor_bytes;
    /* What copying takes no heap gives back; where that is most of the limit, half of the limit is kept for the rest.
     */
    double limit = policy->gc_share_limit_ratio;
    double left = fmax(limit - cost->copying_ratio, limit / 2);
    double headroom = policy->with_gc_cost ? GC_WORK_MARGIN * cost->work_bytes / left : 0;
    /* The floor is room for a live set that doubles at no cost; for collections it is room already. And while history
     * is short its wide margin guards against exhaustion, not against a few collections more. */
    double hard = upper / policy->usable_ratio;
    double generations = least_for_generations(policy, series, cost, out);
    out->model.floor_bytes = hc_bytes(floor_bytes);
    out->model.live_upper_bytes = hc_bytes(upper);
    out->model.usable_ratio = policy->usable_ratio;
    out->model.gc_work_bytes = cost->work_bytes;
    out->model.gc_copying_ratio = cost->copying_ratio;
    out->model.gc_share_limit_ratio = policy->gc_share_limit_ratio;
    out->model.gc_headroom_bytes = hc_bytes(headroom);
    out->model.capacity_ratio = cost->capacity_ratio;
    out->model.generations_bytes = generations > 0 ? hc_bytes(generations) : HC_BYTES_UNKNOWN;
    double soft = fmax(hc_heap_for_gc_cost(policy, out), generations);
    if (soft > hard)
        out->model.binding = HC_TERM_GC_COST;
    else if (out->model.trend_significant && out->model.trend_slope_bytes_per_h > 0) /* see forecast_live_set */
        out->model.binding = HC_TERM_TREND;
    else
        out->model.binding = floor_bytes > (out->model.margin_ratio - 1.0) * live ? HC_TERM_FLOOR : HC_TERM_PERCENTILE;
    uint64_t heap = whole_steps(fmax(soft, hard));
    if (least > heap) {
        heap = (least + HEAP_STEP_BYTES - 1) / HEAP_STEP_BYTES * HEAP_STEP_BYTES;
        out->model.binding = HC_TERM_OUT_OF_MEMORY;
    }
    if (!policy->allow_growth && heap > out->current_heap_bytes) {
        heap = out->current_heap_bytes;
        out->model.binding = HC_TERM_CAP;
    }
    return heap;
}

/*
 * What to publish when `heap` is needed. Each change restarts a job, so a number stays while it is a little too small
 * for the margins, never for what was seen itself, and rises a little further than it must, for the next one to be
 * later. In the first day the evidence changes more than the job does, so there the number follows it.
 */
static uint64_t next_number(const struct hc_policy *policy, unsigned hours, uint64_t published, uint64_t heap,
                            const struct hc_recommendation *out)
{
    double now = (double)published, needed = (double)heap, current = (double)out->current_heap_bytes;
    int early = hours < DAY_HOURS;
    double seen = fmax((double)out->model.percentile_bytes, (double)live_max_or_0(out)) / policy->usable_ratio;
    int exhausted = out->model.binding == HC_TERM_OUT_OF_MEMORY;
    if (needed > now) {
        if (published == 0 || early || exhausted)
            return heap;
        if (needed <= (1.0 + policy->raise_band_ratio) * now && fmin(seen, needed) <= now)
            return published;
        double ahead = (1.0 + policy->raise_ahead_ratio) * needed;
        /* not because of what was not needed to a size that nobody asked for: growth stays within what is allowed */
        return whole_steps(policy->allow_growth || ahead <= current ? ahead : fmax(needed, current));
    }
    return needed < (early ? EARLY_FALL : 1.0 - policy->fall_band_ratio) * now ? heap : published;
}

/* How many times the heap in force is worth a restart to a larger one. */
static double worth_growing(const struct hc_predictor *predictor, int64_t now_ms, const struct hc_recommendation *out)
{
    const struct hc_policy *policy = &predictor->policy;
    double hard = (double)out->model.live_upper_bytes / policy->usable_ratio;
    int fits = out->model.binding == HC_TERM_GC_COST && hard <= (double)out->current_heap_bytes &&
               hc_headroom_keeps(&predictor->series, now_ms, policy->gc_share_limit_ratio);
    return fits ? WORTH_GROWING_FOR_COST : WORTH_GROWING;
}

/* Hysteresis, then the verdict against the heap in force. Returns the figure that was held back, 0 if none. */
static uint64_t publish(struct hc_predictor *predictor, int64_t now_ms, unsigned hours, uint64_t heap,
                        struct hc_recommendation *out)
{
    struct hc_series *series = &predictor->series;
    struct hc_state *now = &series->now;
    uint64_t next = next_number(&predictor->policy, hours, now->published_bytes, heap, out);
    uint64_t held_back = next == now->published_bytes && heap != next ? heap : 0;
    if (next != now->published_bytes) {
        now->published_bytes = next;
        hc_series_checkpoint(series);
    }
    double change = (double)now->published_bytes / (double)out->current_heap_bytes;
    out->heap_bytes = now->published_bytes;
    out->verdict = change < WORTH_SHRINKING                         ? HC_VERDICT_SHRINK
                   : change > worth_growing(predictor, now_ms, out) ? HC_VERDICT_GROW
                                                                    : HC_VERDICT_KEEP;
    if (out->verdict == HC_VERDICT_KEEP)
        out->heap_bytes = out->current_heap_bytes;
    return held_back;
}

/* Below the lower bound the live set that was seen does not fit; above the upper one memory is wasted for sure. The
 * upper bound comes down to the target as confidence grows. */
static void bounds(const struct hc_policy *policy, struct hc_recommendation *out)
{
    double lower = (double)live_max_or_0(out) / policy->usable_ratio;
    if (lower <= 0) /* nothing was seen but that the heap in force is too small */
        lower = (double)out->current_heap_bytes;
    double upper = (double)out->heap_bytes * (1.0 + 0.5 * (1.0 - out->confidence_ratio));
    out->lower_bound_bytes = hc_bytes(lower) < out->heap_bytes ? hc_bytes(lower) : out->heap_bytes;
    out->upper_bound_bytes = hc_bytes(upper);
}

static void without_number(struct hc_recommendation *out)
{
    out->verdict = HC_VERDICT_INSUFFICIENT_DATA;
    out->heap_bytes = out->lower_bound_bytes = out->upper_bound_bytes = HC_BYTES_UNKNOWN;
    out->model.percentile = out->model.trend_slope_bytes_per_h = out->model.margin_ratio = NAN;
    out->model.usable_ratio = out->model.gc_copying_ratio = out->model.gc_work_bytes = out->model.gc_share_limit_ratio =
        NAN;
    out->model.percentile_bytes = out->model.floor_bytes = HC_BYTES_UNKNOWN;
    out->model.live_upper_bytes = out->model.gc_headroom_bytes = out->model.generations_bytes = HC_BYTES_UNKNOWN;
    out->model.capacity_ratio = NAN;
}

enum hc_status hc_predictor_predict(struct hc_predictor *predictor, int64_t now_ms, struct hc_recommendation *out)
{
    struct hc_series *series = &predictor->series;
    const struct hc_policy *policy = &predictor->policy;
    memset(out, 0, sizeof *out);
    out->generated_at_ms = now_ms;
    out->valid_until_ms = now_ms + policy->horizon_ms;
    out->current_heap_bytes = series->now.heap_max_bytes > 0 ? series->now.heap_max_bytes : HC_BYTES_UNKNOWN;
    out->task_heap_bytes = HC_BYTES_UNKNOWN;

    struct hc_gc_cost cost;
    hc_headroom_gc_cost(series, now_ms, policy, predictor->scratch, &cost);
    observe_window(series, now_ms, out);
    observe_live_set(series, now_ms, out);
    observe_pauses(predictor, out);
    out->observed.gc_share_ratio = out->window.collections > 0 ? cost.share_ratio : NAN;
    copy_events(series, out);

    int64_t since_start_ms = now_ms > series->now.epoch.start_ms ? now_ms - series->now.epoch.start_ms : 0;
    out->confidence_ratio = hc_confidence_ratio(&(struct hc_confidence_facts){cost.covered_ms, out->window.collections,
                                                                              out->observed.evidence, since_start_ms});
    struct hc_reason_facts facts = {
        .covered_ms = cost.covered_ms, .since_start_ms = since_start_ms, .swept = hc_series_swept(series)};

    unsigned hours = hourly_live(predictor, now_ms);
    facts.exhaustion = hc_exhaustion_of_heap(series, now_ms);
    const struct hc_event *container = hc_exhaustion_newest(series, HC_EVENT_CONTAINER_OUT_OF_MEMORY);
    if (container != NULL && hc_exhaustion_least(series, container, MIB, now_ms) > 0)
        facts.container_out_of_memory = container;
    int enough = out->window.collections >= policy->warmup_collections && cost.covered_ms >= policy->warmup_ms &&
                 since_start_ms >= policy->restart_hold_ms;
    /* A heap that was exhausted at this size needs no more evidence that it is too small. */
    int too_small = out->current_heap_bytes < facts.exhaustion.least_bytes;
    if (out->current_heap_bytes == HC_BYTES_UNKNOWN || !(too_small || (enough && hours > 0))) {
        without_number(out);
    } else {
        forecast_live_set(predictor, hours, cost.covered_ms, out);
        uint64_t heap = needed_heap(policy, series, facts.exhaustion.least_bytes, &cost, out);
        facts.short_history = hours < LEAST_HOURS;
        facts.held_back_bytes = publish(predictor, now_ms, hours, heap, out);
        bounds(policy, out);
        hc_track_record_add(series, now_ms, out->heap_bytes, out->model.live_upper_bytes);
    }
    hc_track_record_judge(series, policy, now_ms, out);
    hc_off_heap_predict(series, now_ms, predictor->scratch, out);
    hc_leak_find(series, now_ms, predictor->scratch, &facts.leak);
    hc_filling_find(series, now_ms, predictor->scratch, &facts.filling);
    out->model.hours_to_full = facts.filling.found ? facts.filling.hours_to_full : NAN;
    hc_reasons_write(&facts, policy, out);
    return HC_OK;
}

int hc_predictor_each_change(struct hc_predictor *predictor, hc_change_fn *each, void *context)
{
    return hc_series_each_change(&predictor->series, each, context);
}

/* ---- walking --------------------------------------------------------------------------------------------------- */

void hc_predictor_each_sample(const struct hc_predictor *predictor, hc_gc_sample_fn *each, void *context)
{
    const struct hc_series *series = &predictor->series;
    uint64_t newest = series->now.raw_sequence;
    for (uint64_t s = newest >= HC_RAW_SLOTS ? newest - HC_RAW_SLOTS + 1 : 1; s <= newest; s++) {
        const struct hc_raw *raw = hc_slots_get(&series->raw, s);
        if (raw != NULL)
            each(context, &raw->sample);
    }
}

void hc_predictor_each_view(const struct hc_predictor *predictor, hc_live_view_fn *each, void *context)
{
    const struct hc_series *series = &predictor->series;
    uint64_t newest = series->now.view_sequence;
    for (uint64_t s = newest >= HC_VIEW_SLOTS ? newest - HC_VIEW_SLOTS + 1 : 1; s <= newest; s++) {
        const struct hc_live_view *view = hc_slots_get(&series->views, s);
        if (view != NULL)
            each(context, view);
    }
}

void hc_predictor_each_epoch(const struct hc_predictor *predictor, hc_epoch_fn *each, void *context)
{
    const struct hc_series *series = &predictor->series;
    uint64_t newest = series->now.epoch_sequence;
    for (uint64_t s = newest >= HC_EPOCH_SLOTS ? newest - HC_EPOCH_SLOTS + 1 : 1; s <= newest; s++) {
        const struct hc_epoch *epoch = hc_slots_get(&series->epochs, s);
        if (epoch != NULL)
            each(context, epoch);
    }
}
