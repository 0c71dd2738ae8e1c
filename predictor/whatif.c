#include <heapcast/whatif.h>

#include <heapcast/gc_cause.h>

#include "bytes.h"
#include "headroom.h"
#include "histogram.h"
#include "predictor_inside.h"
#include "promotion.h"
#include "sweeping.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Less tells nothing of a load. */
enum { LEAST_COLLECTIONS = 10, LEAST_MS = 10000 };
/* How far ahead the past is compared with what it was like before. */
enum { PAST_HOURS = 72, PAST_LEAST_HOURS = 24 };
/* Until a job has so many hours of its own, what other jobs did counts as well. */
#define OTHERS_HOURS 168.0
/* Half of a normal distribution's middle four fifths, in standard deviations. */
#define FOUR_FIFTHS 1.2816
/* What a collection of the whole heap takes for each byte alive where none was seen (as agent/live_probe.c). */
#define FULL_MS_PER_BYTE (60.0 / (100.0 * 1048576.0))
/* Error of the law; see law_factor. */
#define LAW_NEAR 1.3
#define LAW_FAR 0.25

/* ---- what the history shows ------------------------------------------------------------------------------------ */

static double room_now(const struct hc_whatif_hour *hour, double live)
{
    return hc_room(hour->committed_bytes, live, hour->heap_max_bytes);
}

/* What a look over the whole heap is off; what estimates were in the tests (docs/predictor.md, section 1); and where
 * nothing was ever swept the study saw live sets two to five times smaller than what is used. */
static double live_sure_ratio(enum hc_evidence evidence)
{
    return evidence == HC_EVIDENCE_EXACT || evidence == HC_EVIDENCE_MARKING ? 0.95
           : evidence == HC_EVIDENCE_ESTIMATE                               ? 0.75
                                                                            : 0.40;
}

/* Raw samples that a running load made, newest first: what a JVM did while it started (its first minute, of a younger
 * one the first half of its life) is left out. */
struct walk {
    const struct hc_series *series;
    uint64_t next;
    int64_t settled_ms; /* of the running JVM */
};

static struct walk walk_begin(const struct hc_series *series, int64_t now_ms)
{
    int64_t start_ms = series->now.epoch.start_ms, half_ms = (now_ms - start_ms) / 2;
    return (struct walk){series, series->now.raw_sequence, start_ms + (half_ms < HC_WARM_MS ? half_ms : HC_WARM_MS)};
}

static const struct hc_raw *walk_next(struct walk *walk)
{
    const struct hc_series *series = walk->series;
    while (walk->next > 0 && series->now.raw_sequence - walk->next < HC_RAW_SLOTS) {
        const struct hc_raw *raw = hc_slots_get(&series->raw, walk->next--);
        if (raw == NULL)
            continue;
        int64_t from_ms = walk->settled_ms;
        if (raw->epoch_sequence != series->now.epoch_sequence) {
            const struct hc_epoch *epoch = hc_slots_get(&series->epochs, raw->epoch_sequence);
            from_ms = epoch != NULL ? epoch->start_ms + HC_WARM_MS : INT64_MIN;
        }
        if (raw->sample.end_time_ms > from_ms)
            return raw;
    }
    return NULL;
}

/* The model tells copying as a share of time; here it is wanted as a share of what young collections took. */
static double copying_share_of_young(const struct hc_series *series, int64_t now_ms, const struct hc_gc_cost *cost)
{
    int64_t last = hc_hour_of(now_ms);
    double young_ms = 0, settled_ms = (double)cost->covered_ms;
    for (int64_t h = last - HC_WINDOW_HOURS + 1; h <= last; h++) {
        const struct hc_hour *hour = hc_series_hour(series, h);
        young_ms += hour != NULL ? (double)hour->young_gc_us / 1000.0 : 0;
        settled_ms -= hour != NULL ? (double)hour->warm_covered_ms : 0;
    }
    double share = young_ms > 0 ? cost->copying_ratio * settled_ms / young_ms : 0;
    return share < 1 ? share : 1;
}

/* Half of the hour's collections found less alive; the most may be known better, afterwards, than each of them. */
static void set_live(const struct hc_series *series, const struct hc_hour *hour, struct hc_whatif_hour *out)
{
    uint32_t sum[HC_HISTOGRAM_BUCKETS] = {0};
    hc_histogram_merge(sum, &hour->live);
    out->live_most_bytes = (double)hc_series_live_max(series, hour);
    out->live_typical_bytes = fmin(out->live_most_bytes, hc_histogram_percentile(sum, 0.5));
}

static void set_heap(const struct hc_series *series, uint64_t committed, uint64_t heap_max, struct hc_whatif_hour *out)
{
    out->committed_bytes = (double)committed;
    out->heap_max_bytes = (double)heap_max;
    out->capacity_ratio = hc_capacity_ratio(series->now.epoch.collector, out->committed_bytes, out->heap_max_bytes);
}

/* A JVM that has run for a minute or two: its own samples are the only hour. */
static void load_young(const struct hc_series *series, int64_t now_ms, double copying_of_young,
                       struct hc_whatif_load *out)
{
    struct walk walk = walk_begin(series, now_ms);
    struct hc_whatif_hour *hour = &out->hour[0];
    const struct hc_raw *raw;
    double ms = 0, copying_ms = 0, collections = 0, squares = 0;
    memset(hour, 0, sizeof *hour);
    while ((raw = walk_next(&walk)) != NULL && raw->epoch_sequence == series->now.epoch_sequence) {
        const struct hc_gc_sample *sample = &raw->sample;
        double pause = (double)sample->gc_time_us / 1000.0;
        ms += pause;
        squares += pause * pause;
        copying_ms += sample->kind == HC_GC_YOUNG ? copying_of_young * pause : 0;
        if (hour->heap_max_bytes <= 0 && sample->kind != HC_GC_PAUSE) /* which may not know what is committed */
            set_heap(series, sample->heap_committed_bytes, sample->heap_max_bytes, hour);
        collections += sample->kind != HC_GC_PAUSE;
    }
    if (collections < 1)
        return;
    set_live(series, &series->now.hour, hour);
    hour->weight_ms = (double)(now_ms - walk.settled_ms);
    hour->copying_ratio = copying_ms / hour->weight_ms;
    hour->work_ratio = (ms - copying_ms) / hour->weight_ms;
    hour->collections_per_h = collections * (double)HC_HOUR_MS / hour->weight_ms;
    out->chance_ratio = ms > 0 ? sqrt(squares) / ms : 0; /* of a sum of independent pauses, as many as chance has it */
    out->hours = 1;
}

static void load_hours(const struct hc_series *series, int64_t now_ms, double copying_of_young,
                       struct hc_whatif_load *out)
{
    int64_t last = hc_hour_of(now_ms);
    for (int64_t h = last - HC_WHATIF_HOURS + 1; h <= last; h++) {
        const struct hc_hour *hour = hc_series_hour(series, h);
        if (hour == NULL || hour->collections == 0 || hour->covered_ms < LEAST_MS)
            continue;
        struct hc_whatif_hour *to = &out->hour[out->hours++];
        to->weight_ms = (double)hour->covered_ms;
        set_live(series, hour, to);
        set_heap(series, hour->committed_bytes, hour->heap_max_bytes, to);
        double copying_ms = copying_of_young * (double)hour->young_gc_us / 1000.0;
        to->copying_ratio = copying_ms / to->weight_ms;
        to->work_ratio = ((double)hour->gc_us / 1000.0 - copying_ms) / to->weight_ms;
        to->collections_per_h =
            (double)hour->collections * (double)HC_HOUR_MS / (double)(hour->covered_ms + hour->warm_covered_ms);
    }
}

/* The live set's maximum in each hour that is known, from the first one on; an hour without collections has that of the
 * hour before. */
static unsigned live_hours(const struct hc_series *series, int64_t now_ms, double live[HC_HOUR_SLOTS])
{
    unsigned n = 0;
    int64_t last = hc_hour_of(now_ms);
    for (int64_t h = last - HC_HOUR_SLOTS + 1; h <= last; h++) {
        const struct hc_hour *hour = hc_series_hour(series, h);
        if (hour != NULL && hour->collections > 0)
            live[n++] =
                (double)(hc_series_swept(series) ? hc_series_live_max(series, hour) : hour->used_after_max_bytes);
        else if (n > 0) {
            live[n] = live[n - 1];
            n++;
        }
    }
    return n;
}

static double most_of(const double *values, unsigned from, unsigned to)
{
    double most = 0;
    for (unsigned i = from; i < to; i++)
        most = values[i] > most ? values[i] : most;
    return most;
}

static void load_growth(const double *live, unsigned n, struct hc_whatif_load *out)
{
    unsigned ahead = out->horizon_ms > HC_HOUR_MS ? (unsigned)(out->horizon_ms / HC_HOUR_MS) : 1;
    for (unsigned at = PAST_LEAST_HOURS; at + ahead <= n && out->growths < HC_WHATIF_GROWTHS; at++) {
        double before = most_of(live, at > PAST_HOURS ? at - PAST_HOURS : 0, at);
        if (before > 0)
            out->growth[out->growths++] = most_of(live, at, at + ahead) / before;
    }
    out->live_bytes = most_of(live, n > PAST_HOURS ? n - PAST_HOURS : 0, n);
}

/* Pauses of the load, young and full, and how often a full one came. */
static void load_pauses(const struct hc_series *series, int64_t now_ms, const struct hc_gc_cost *cost,
                        struct hc_whatif_load *out)
{
    double *young = malloc(HC_RAW_SLOTS * sizeof *young);
    struct walk walk = walk_begin(series, now_ms);
    const struct hc_raw *raw;
    unsigned n = 0, full = 0;
    double full_sum = 0, full_max = 0;
    unsigned fulls = 0;
    int64_t oldest_ms = now_ms;
    out->young_fixed_ms = out->young_p99_ms = out->young_max_ms = NAN;
    while ((raw = walk_next(&walk)) != NULL) {
        double pause = (double)raw->sample.pause_us / 1000.0;
        oldest_ms = raw->sample.end_time_ms;
        if (raw->sample.kind == HC_GC_FULL) {
            full_max = pause > full_max ? pause : full_max;
            full_sum += pause;
            fulls++;
            full += !hc_gc_was_asked_for(raw->sample.cause);
        } else if (young != NULL) {
            young[n++] = pause;
        }
    }
    if (n > 0) {
        out->young_fixed_ms = hc_values_percentile(young, n, 0.10);
        out->young_p99_ms = hc_values_percentile(young, n, 0.99);
        out->young_max_ms = hc_values_percentile(young, n, 1.0);
    }
    free(young);
    /* thousands of young collections may lie between two full ones; the ring of sweeps still has them */
    double before = cost->full_pause_ms > 0 ? cost->full_pause_ms : FULL_MS_PER_BYTE * out->live_bytes;
    out->full_pause_ms = fulls > 0 ? full_sum / fulls : before;
    out->full_pause_max_ms = fulls > 0 ? full_max : out->full_pause_ms;
    if (full > 0 && out->hours > 0 && now_ms > oldest_ms)
        out->full_work_bytes_per_h = full * (double)HC_HOUR_MS / (double)(now_ms - oldest_ms) *
                                     room_now(&out->hour[out->hours - 1], out->hour[out->hours - 1].live_typical_bytes);
}

enum hc_status hc_whatif_load(struct hc_predictor *predictor, int64_t now_ms, struct hc_whatif_load *out,
                              struct hc_error *err)
{
    const struct hc_series *series = hc_predictor_series(predictor);
    const struct hc_policy *policy = hc_predictor_policy(predictor);
    struct hc_recommendation advice;
    hc_predictor_predict(predictor, now_ms, &advice);
    struct hc_gc_cost cost;
    double *scratch = malloc(HC_RAW_SLOTS * sizeof *scratch);
    if (scratch == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for %d figures", HC_RAW_SLOTS);
    hc_headroom_gc_cost(series, now_ms, policy, scratch, &cost);
    if (advice.window.collections < LEAST_COLLECTIONS || cost.covered_ms < LEAST_MS ||
        advice.current_heap_bytes == HC_BYTES_UNKNOWN) {
        free(scratch);
        return hc_fail(err, HC_ENODATA, 0,
                       "%llu collections over %.0f s; %d over %d s are needed to tell what another heap would do",
                       (unsigned long long)advice.window.collections, (double)cost.covered_ms / 1000.0,
                       LEAST_COLLECTIONS, LEAST_MS / 1000);
    }
    memset(out, 0, sizeof *out);
    out->from_ms = advice.window.from_ms;
    out->to_ms = advice.window.to_ms;
    out->covered_ms = cost.covered_ms;
    out->horizon_ms = policy->horizon_ms;
    out->collections = advice.window.collections;
    out->collector = series->now.epoch.collector;
    out->heap_bytes = advice.current_heap_bytes;
    out->gc_share_limit_ratio = policy->gc_share_limit_ratio;
    out->usable_ratio = policy->usable_ratio;
    out->evidence = advice.observed.evidence;
    out->live_sure_ratio = live_sure_ratio(out->evidence);
    out->promoted_bytes_per_h = advice.observed.promotion_bytes_per_s * (double)HC_HOUR_MS / 1000.0;
    out->allocated_bytes_per_ms = advice.observed.allocation_bytes_per_s / 1000.0;
    double copying_of_young = copying_share_of_young(series, now_ms, &cost);
    load_hours(series, now_ms, copying_of_young, out);
    if (out->hours == 0)
        load_young(series, now_ms, copying_of_young, out);
    unsigned n = live_hours(series, now_ms, scratch);
    load_growth(scratch, n, out);
    if (advice.model.trend_significant && advice.model.percentile_bytes != HC_BYTES_UNKNOWN)
        out->live_bytes = fmax(out->live_bytes, (double)advice.model.percentile_bytes);
    out->roomy_bytes =
        hc_promotion_roomy_heap(&series->now.promotion, &series->now.epoch, out->live_bytes, cost.full_left_bytes);
    load_pauses(series, now_ms, &cost, out);
    free(scratch);
    return out->hours > 0
               ? HC_OK
               : hc_fail(err, HC_ENODATA, 0,
                         "no collection since the JVM has settled (its first minute, or half of a shorter life)");
}

/* ---- another heap ---------------------------------------------------------------------------------------------- */

/*
 * How far the law is off at four fifths of the heaps, measured on real JVMs (docs/whatif.md): a factor of LAW_NEAR
 * where the free room is what it was, and more the further away.
 */
static double law_factor(double room_ratio)
{
    double doublings = fabs(log2(room_ratio));
    return LAW_NEAR * (1.0 + LAW_FAR * (doublings < 3 ? doublings : 3));
}

/* How many times the room of the hour a heap would have had, with so much alive in both. */
static double room_ratio(const struct hc_whatif_hour *hour, double heap, double live)
{
    return hc_room(hour->capacity_ratio * heap, live, heap) / room_now(hour, live);
}

/* Time in collections as a share, with `factor` times the work. */
static double share_at(const struct hc_whatif_hour *hour, double heap, double live, double factor)
{
    double share = hour->copying_ratio + factor * hour->work_ratio / room_ratio(hour, heap, live);
    return share < 1 ? share : 1;
}

struct one {
    double lower, expected, upper;
};

/* The mean over all hours; and the tenth of them that are cheapest and dearest, with the law's own error. */
static struct hc_whatif_range range_of(const struct hc_whatif_load *load, double heap,
                                       struct one (*of)(const struct hc_whatif_load *, const struct hc_whatif_hour *,
                                                        double))
{
    double low[HC_WHATIF_HOURS], high[HC_WHATIF_HOURS], weight = 0, sum = 0;
    for (unsigned i = 0; i < load->hours; i++) {
        struct one one = of(load, &load->hour[i], heap);
        low[i] = one.lower;
        high[i] = one.upper;
        sum += load->hour[i].weight_ms * one.expected;
        weight += load->hour[i].weight_ms;
    }
    return (struct hc_whatif_range){hc_values_percentile(low, load->hours, 0.10), sum / weight,
                                    hc_values_percentile(high, load->hours, 0.90)};
}

/* In a smaller heap the less alive, the more room is left of what there was; in a larger one the other way round. */
static struct one share_of(const struct hc_whatif_load *load, const struct hc_whatif_hour *hour, double heap)
{
    double typical = hour->live_typical_bytes, least = load->live_sure_ratio * typical, most = hour->live_most_bytes;
    double factor = law_factor(room_ratio(hour, heap, typical)) * (1 + FOUR_FIFTHS * load->chance_ratio);
    double by_least = share_at(hour, heap, least, 1 / factor), by_most = share_at(hour, heap, most, 1 / factor);
    double over_least = share_at(hour, heap, least, factor), over_most = share_at(hour, heap, most, factor);
    return (struct one){fmin(by_least, by_most), share_at(hour, heap, typical, 1), fmax(over_least, over_most)};
}

static struct one collections_of(const struct hc_whatif_load *load, const struct hc_whatif_hour *hour, double heap)
{
    double typical = hour->live_typical_bytes, n = hour->collections_per_h,
           factor = 1 + FOUR_FIFTHS * load->chance_ratio;
    double by_least = n / room_ratio(hour, heap, load->live_sure_ratio * typical);
    double by_most = n / room_ratio(hour, heap, hour->live_most_bytes);
    return (struct one){fmin(by_least, by_most) / factor, n / room_ratio(hour, heap, typical),
                        fmax(by_least, by_most) * factor};
}

static double mean_room_ratio(const struct hc_whatif_load *load, double heap)
{
    double weight = 0, sum = 0;
    for (unsigned i = 0; i < load->hours; i++) {
        sum += load->hour[i].weight_ms * room_ratio(&load->hour[i], heap, load->hour[i].live_typical_bytes);
        weight += load->hour[i].weight_ms;
    }
    return sum / weight;
}

/*
 * How often so much more was live in the next 24 h than in the three days before: the traces of the score (40 jobs,
 * 11,000 hours), by their true live sets.
 */
static double others_growth(double ratio)
{
    static const struct {
        double ratio, share;
    } seen[] = {{0.5, 1.0},   {0.9, 0.78},  {1.0, 0.41},  {1.02, 0.31},  {1.05, 0.225}, {1.1, 0.152},
                {1.2, 0.087}, {1.3, 0.054}, {1.5, 0.028}, {2.0, 0.0125}, {3.0, 0.004},  {5.0, 0.0005}};
    enum { SEEN = sizeof seen / sizeof seen[0] };
    if (ratio <= seen[0].ratio)
        return seen[0].share;
    for (unsigned i = 1; i < SEEN; i++)
        if (ratio < seen[i].ratio)
            return seen[i - 1].share + (seen[i].share - seen[i - 1].share) * (ratio - seen[i - 1].ratio) /
                                           (seen[i].ratio - seen[i - 1].ratio);
    return seen[SEEN - 1].share;
}

static double exhaustion_risk(const struct hc_whatif_load *load, double heap)
{
    if (heap <= load->live_sure_ratio * load->live_bytes || load->live_bytes <= 0)
        return 1;
    double ratio = load->usable_ratio * heap / load->live_bytes;
    unsigned above = 0;
    for (unsigned i = 0; i < load->growths; i++)
        above += load->growth[i] > ratio;
    return (above + OTHERS_HOURS * others_growth(ratio)) / (load->growths + OTHERS_HOURS);
}

/*
 * Parallel collects the whole heap instead of the young generation while what that may promote does not fit into the
 * free old generation, and never looks again: a job that loaded its state in such a heap (promotion.h) stays so, with a
 * full collection each time eden is full. Serial can come to it. Measured, docs/whatif.md: it costs allocation x pause
 * / eden.
 */
static void raise_where_all_are_full(const struct hc_whatif_load *load, double heap, struct hc_whatif_range *share)
{
    double cost = load->allocated_bytes_per_ms * load->full_pause_ms / (HC_EDEN_RATIO * heap);
    if (!hc_has_fixed_generations(load->collector) || heap >= load->roomy_bytes || !(cost > 0))
        return;
    share->upper = fmin(1, fmax(share->upper, LAW_NEAR * cost));
}

static double full_collections(const struct hc_whatif_load *load, double heap, double room)
{
    if (!hc_has_fixed_generations(load->collector) || isnan(load->promoted_bytes_per_h))
        return load->full_work_bytes_per_h / room;
    return load->promoted_bytes_per_h / hc_room(HC_OLD_RATIO * heap, load->live_bytes, heap);
}

/* In a larger heap a young collection comes later and copies more: at most as much more as it comes later. */
static double young_pause(const struct hc_whatif_load *load, double pause_ms, double room_ratio)
{
    double more = room_ratio > 1 && pause_ms > load->young_fixed_ms ? room_ratio : 1;
    return load->young_fixed_ms + (pause_ms - load->young_fixed_ms) * more;
}

void hc_whatif_heap(const struct hc_whatif_load *load, uint64_t heap_bytes, struct hc_whatif *out)
{
    double heap = (double)heap_bytes, capacity = load->hours > 0 ? load->hour[load->hours - 1].capacity_ratio : 1;
    double room = hc_room(capacity * heap, load->live_bytes, heap), ratio = mean_room_ratio(load, heap);
    memset(out, 0, sizeof *out);
    out->heap_bytes = heap_bytes;
    out->gc_share_ratio = range_of(load, heap, share_of);
    out->collections_per_h = range_of(load, heap, collections_of);
    out->exhaustion_risk_ratio = exhaustion_risk(load, heap);
    out->verdict = heap < load->live_sure_ratio * load->live_bytes             ? HC_WHATIF_TOO_SMALL
                   : load->usable_ratio * heap < load->live_bytes              ? HC_WHATIF_RISKY
                   : out->gc_share_ratio.expected > load->gc_share_limit_ratio ? HC_WHATIF_COSTLY
                                                                               : HC_WHATIF_FITS;
    raise_where_all_are_full(load, heap, &out->gc_share_ratio);
    out->full_collections_per_h = full_collections(load, heap, room);
    int full_comes = out->verdict == HC_WHATIF_RISKY || out->verdict == HC_WHATIF_TOO_SMALL ||
                     out->full_collections_per_h * (double)load->horizon_ms / (double)HC_HOUR_MS > 0.5;
    out->pause_p99_ms = young_pause(load, load->young_p99_ms, ratio);
    out->pause_max_ms = young_pause(load, load->young_max_ms, ratio);
    if (full_comes)
        out->pause_max_ms =
            fmax(out->pause_max_ms, load->full_pause_max_ms); /* fmax: of NAN and a figure, the figure */
    if (out->full_collections_per_h > 0.01 * (out->collections_per_h.expected + out->full_collections_per_h))
        out->pause_p99_ms = fmax(out->pause_p99_ms, load->full_pause_max_ms);
}
