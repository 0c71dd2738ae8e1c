#include "live_set.h"

#include "bytes.h"
#include "histogram.h"
#include "sweeping.h"

#include <math.h>
#include <string.h>

/* A block that spans more than this is slow enough for the hourly maxima to follow the load by themselves. */
#define FAST_BLOCK_MS (15 * 60000LL)
/* Of what a sweep showed so much is trusted, and of a clean point so much is not doubted. Of the time before the sweep
 * all is trusted that lies next to it, and so much less where the interval begins. */
#define RATE_TRUST 0.9
#define ANCHOR 0.9
#define TAPER 0.1
/* A JVM that has loaded its state and done nothing else shows no rate. */
#define LEAST_GARBAGE_SHARE 0.25
enum { NEWEST = 3, RATES_ENOUGH = 3 };
/* A sweep speaks for JVMs that had none, if before it the live set grew by no more than this share of what was
 * allocated. */
#define GROWN 0.2
/* HotSpot's MarkSweepAlwaysCompactCount, and MarkSweepDeadRatio as a share of the heap, of which the old generation is
 * two thirds, with a little for what has grown since. */
enum { COMPACTS_EACH = 4 };
#define MOST_WOOD (1.15 * 0.05 * 2.0 / 3.0)

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void hc_live_set_init(struct hc_live_set *set)
{
    memset(set, 0, sizeof *set);
    set->clean_ms = INT64_MIN;
    set->allocated_known = 1;
}

int hc_live_set_is_sound(const struct hc_live_set *set)
{
    return set->block_count <= HC_BLOCK && set->rate_count <= HC_RATES && set->cycle_count <= HC_CYCLES &&
           set->point_count <= HC_LIVE_POINTS && hc_witnesses_are_sound(&set->witnesses);
}

static void block_push(struct hc_live_set *set, const struct hc_gc_sample *sample)
{
    if (set->block_count == HC_BLOCK) {
        memmove(set->block, set->block + 1, (HC_BLOCK - 1) * sizeof set->block[0]);
        set->block_count--;
    }
    set->block[set->block_count++] =
        (struct hc_block_entry){sample->end_time_ms, sample->heap_used_after_bytes,
                                set->swept || sample->kind != HC_GC_YOUNG, set->allocated_bytes};
    set->swept = 0;
}

/* The newest entries that count: never more than half of what this JVM has lived, since the state of a job that has
 * just started is still filling up and the minimum would be that of its first seconds. */
static const struct hc_block_entry *block_start(const struct hc_live_set *set)
{
    uint32_t half = (set->collections + 1) / 2;
    uint32_t length = half < set->block_count ? half : set->block_count;
    return set->block + (set->block_count - (length > 0 ? length : 1));
}

/* The one with least in use from `from` on; the newest of equals. */
static const struct hc_block_entry *lowest(const struct hc_live_set *set, const struct hc_block_entry *from)
{
    const struct hc_block_entry *found = from;
    uint64_t least = from->used_bytes;
    for (const struct hc_block_entry *e = from; e < set->block + set->block_count; e++) {
        found = e->used_bytes <= least ? e : found;
        least = smaller(e->used_bytes, least);
    }
    return found;
}

/*
 * What was in use before a sweep, with garbage in it: the least of the newest three collections since the clean point,
 * of a few the newer half (survivors that are about to die are no garbage of the old generation). The clean point
 * itself, which says nothing of garbage, only where there is no other.
 */
static struct hc_block_entry before_sweep(const struct hc_live_set *set)
{
    static const struct hc_block_entry none;
    uint32_t clean = set->block_count > 0 && set->block[0].allocated_bytes <= 0;
    uint32_t n = set->block_count - clean;
    return n > 0   ? *lowest(set, set->block + clean + (n > 2 * NEWEST ? n - NEWEST : n / 2))
           : clean ? set->block[0]
                   : none;
}

/*
 * A young collection cannot free anything in the old generation. So what used-after loses from one young collection to
 * a later one was no old garbage: it was live when it was counted, or at least needed its room in a survivor space.
 * Without this, a load that comes and goes within one block (windows of a minute, a collection every five seconds)
 * would show only its troughs. Not for collectors that sweep while the program runs.
 */
static uint64_t block_swing(const struct hc_live_set *set, enum hc_collector collector)
{
    const struct hc_block_entry *e = block_start(set), *end = set->block + set->block_count;
    if ((collector != HC_COLLECTOR_G1 && collector != HC_COLLECTOR_SERIAL && collector != HC_COLLECTOR_PARALLEL) ||
        end[-1].end_time_ms - e->end_time_ms > FAST_BLOCK_MS)
        return 0;
    uint64_t peak = e->used_bytes, swing = 0;
    for (e++; e < end; e++) {
        peak = e->swept || e->used_bytes > peak ? e->used_bytes : peak;
        swing = peak - e->used_bytes > swing ? peak - e->used_bytes : swing;
    }
    return swing;
}

static void point_push(struct hc_live_set *set, const struct hc_gc_sample *sample, double allocated_bytes,
                       uint64_t upper_bytes, double most_garbage)
{
    struct hc_live_point *p = set->points;
    if (set->point_count >= HC_LIVE_POINTS) { /* half of them stay, each pair's higher one: what counts is peaks */
        for (uint32_t i = 0; i < HC_LIVE_POINTS / 2; i++)
            p[i] = p[2 * i + (p[2 * i].upper_bytes < p[2 * i + 1].upper_bytes)];
        set->point_count = HC_LIVE_POINTS / 2;
    }
    p[set->point_count++] = (struct hc_live_point){allocated_bytes, upper_bytes, most_garbage, sample->end_time_ms};
}

/* The rate is trusted more, the nearer to the sweep that showed it: then all of the garbage was there, and no more. */
static uint64_t settled_peak(const struct hc_live_set *set, double allocated, double anchor)
{
    double peak = 0;
    for (const struct hc_live_point *p = set->points; p < set->points + set->point_count; p++) {
        double at = allocated > 0 ? p->allocated_bytes / allocated : 0; /* 1: at the sweep */
        double rate = set->newest_rate / RATE_TRUST * (1 - TAPER * fmax(0, 1 - at));
        double garbage = fmin(rate * p->allocated_bytes, set->newest_garbage * fmax(1, at));
        peak = fmax(peak, hc_less_garbage((double)p->upper_bytes, garbage, anchor));
    }
    return hc_bytes(peak);
}

/* How much larger than at the clean point before, or at the JVM's start, the live set is. */
static double grown_to(const struct hc_live_set *set, uint64_t clean_bytes)
{
    return (double)clean_bytes - (set->clean_since_start ? (double)set->clean_bytes : 0);
}

/* Of what was allocated since the clean point before, or since the JVM's start: what the live set grew by is none. */
static double what_may_be_garbage(const struct hc_live_set *set, double allocated, uint64_t clean_bytes)
{
    return fmax(allocated - fmax(0, grown_to(set, clean_bytes)), LEAST_GARBAGE_SHARE * allocated);
}

/*
 * A sweep shows what was garbage at its time, and that came evenly with allocation: so the peak since the clean point
 * before is worked out anew. What has left the live set since then died of it, and did not come with allocation. At the
 * first sweep of a JVM the one before is its start, without any garbage.
 */
static void settle(struct hc_live_set *set, const struct hc_block_entry *before, uint64_t clean_bytes,
                   struct hc_live_told *out)
{
    int first = set->clean_ms == INT64_MIN;
    uint64_t most = set->clean_since_start && set->clean_bytes > clean_bytes ? set->clean_bytes : clean_bytes;
    double rate = first ? 0 : set->rate, garbage = 0;
    out->clean = 1;
    out->allocated_bytes = set->allocated_bytes;
    out->anchor_bytes = hc_bytes(ANCHOR * (double)most);
    out->more_garbage = 0;
    out->rate_known = set->allocated_known && before->allocated_bytes > 0;
    if (out->rate_known) {
        garbage = before->used_bytes > most ? (double)(before->used_bytes - most) : 0.0;
        out->more_garbage =
            RATE_TRUST * garbage / what_may_be_garbage(set, before->allocated_bytes, clean_bytes) - rate;
        rate += out->more_garbage;
    }
    set->newest_rate = set->allocated_known ? rate : 0;
    set->newest_garbage = garbage;
    out->garbage_rate = set->newest_rate;
    out->grew = GROWN * before->allocated_bytes < grown_to(set, clean_bytes);
    out->peak_bytes = settled_peak(set, before->allocated_bytes, (double)out->anchor_bytes);
}

/* What a sweep took away per byte allocated since the sweep before. Only 0.9 of the lower quartile is trusted later:
 * that much was garbage nearly every time. */
static void learn_rate(struct hc_live_set *set, const struct hc_block_entry *before, uint64_t clean_bytes)
{
    if (!set->clean_since_start || !set->allocated_known || before->allocated_bytes <= 0)
        return; /* until a JVM's first sweep its live set grew */
    if (set->rate_count == HC_RATES) {
        memmove(set->rates, set->rates + 1, (HC_RATES - 1) * sizeof set->rates[0]);
        set->rate_count--;
    }
    double garbage = before->used_bytes > clean_bytes ? (double)(before->used_bytes - clean_bytes) : 0.0;
    set->rates[set->rate_count++] = garbage / before->allocated_bytes;
    double sorted[HC_RATES];
    memcpy(sorted, set->rates, sizeof sorted);
    set->rate =
        set->rate_count >= RATES_ENOUGH ? RATE_TRUST * hc_values_percentile(sorted, set->rate_count, 0.25) : 0.0;
}

static void clean_point(struct hc_live_set *set, const struct hc_gc_sample *sample, enum hc_gc_kind kind,
                        uint64_t clean_bytes, const struct hc_block_entry *before, struct hc_live_told *out)
{
    settle(set, before, clean_bytes, out);
    learn_rate(set, before, clean_bytes);
    set->clean_bytes = clean_bytes;
    set->clean_since_start = 1;
    set->clean_lower_bytes = kind == HC_GC_FULL ? clean_bytes : 0;
    if (kind == HC_GC_MIXED) {
        /* G1 leaves alone up to G1HeapWastePercent (5 %) of the heap, and regions that are more than 85 % live. */
        double old =
            (double)(sample->old_used_after_bytes != HC_BYTES_UNKNOWN ? sample->old_used_after_bytes : clean_bytes);
        double waste = 0.05 * (double)sample->heap_max_bytes + 0.15 * old;
        set->clean_lower_bytes = (double)clean_bytes > waste ? clean_bytes - hc_bytes(waste) : 0;
    }
    set->clean_ms = sample->end_time_ms;
    set->clean_kind = kind;
    set->allocated_bytes = 0;
    set->allocated_known = 1;
    set->in_mixed_run = 0;
    set->block_count = set->point_count = 0;
    memset(&set->rise, 0, sizeof set->rise);
    block_push(set, sample);
}

/* What a full collection says of JVMs that had none; nothing, where the live set grew before it. */
static void bear_witness(struct hc_live_set *set, const struct hc_gc_sample *full, const struct hc_live_told *told)
{
    struct hc_witness witness = {full->end_time_ms, told->allocated_bytes, told->garbage_rate / RATE_TRUST,
                                 set->newest_garbage};
    if (told->rate_known && !told->grew)
        hc_witnesses_add(&set->witnesses, witness);
}

/*
 * A cycle of ZGC or Shenandoah ends with what was allocated while it ran; the least of four shows more of the truth,
 * and with minor cycles between them, which may be many, the least of three.
 */
static uint64_t cycle_minimum(struct hc_live_set *set, uint64_t used_bytes)
{
    uint32_t most = set->block_count > 1 ? HC_CYCLES - 2 : HC_CYCLES - 1;
    if (set->cycle_count > most) {
        memmove(set->cycles_bytes, set->cycles_bytes + set->cycle_count - most, most * sizeof set->cycles_bytes[0]);
        set->cycle_count = most;
    }
    set->cycles_bytes[set->cycle_count++] = used_bytes;
    uint64_t minimum = UINT64_MAX;
    for (uint32_t i = 0; i < set->cycle_count; i++)
        minimum = smaller(minimum, set->cycles_bytes[i]);
    return minimum;
}

/* Between clean points: the block's minimum less the garbage that grew with allocation, but at least 0.9 of what the
 * last clean point showed. */
static uint64_t between_clean_points(struct hc_live_set *set, const struct hc_gc_sample *sample,
                                     enum hc_collector collector)
{
    const struct hc_block_entry *least = lowest(set, block_start(set));
    uint64_t upper = least->used_bytes + block_swing(set, collector);
    double most = hc_has_fixed_generations(collector)
                      ? hc_unswept_most_garbage(&set->rise, least->allocated_bytes, (double)upper)
                      : 0;
    point_push(set, sample, least->allocated_bytes, upper, most);
    if (set->clean_ms == INT64_MIN || !set->allocated_known)
        return upper;
    return hc_bytes(
        hc_less_garbage((double)upper, set->rate * least->allocated_bytes, ANCHOR * (double)set->clean_bytes));
}

static uint64_t estimate(struct hc_live_set *set, const struct hc_gc_sample *sample, enum hc_collector collector,
                         struct hc_live_told *out)
{
    uint64_t used = sample->heap_used_after_bytes;
    struct hc_block_entry before = before_sweep(set);
    if (sample->kind == HC_GC_FULL || sample->kind == HC_GC_OLD) {
        uint64_t live = sample->kind == HC_GC_OLD && hc_collects_in_cycles(collector) ? cycle_minimum(set, used) : used;
        clean_point(set, sample, sample->kind, used, &before, out);
        set->block[0].used_bytes = live; /* minor cycles after it start from that, too */
        point_push(set, sample, 0, live, 0);
        return live;
    }
    if (sample->kind == HC_GC_MIXED) {
        if (!set->in_mixed_run)
            set->before_mixed = before;
        set->mixed_bytes = set->in_mixed_run ? smaller(set->mixed_bytes, used) : used;
        set->in_mixed_run = 1;
    } else if (set->in_mixed_run) {
        clean_point(set, sample, HC_GC_MIXED, set->mixed_bytes, &set->before_mixed, out);
        return between_clean_points(set, sample, collector);
    }
    block_push(set, sample);
    return between_clean_points(set, sample, collector);
}

/* What is beyond the most that it can have left is growth, and then nobody knows how much else is. */
static uint64_t wood_of(const struct hc_live_set *set, const struct hc_gc_sample *full)
{
    uint64_t used = full->heap_used_after_bytes, least = set->compacted_bytes;
    if (least == 0 || used <= least)
        return 0;
    return (double)(used - least) <= MOST_WOOD * (double)full->heap_max_bytes ? used - least : 0;
}

/* The collection as if no dead wood were left of the last full one. */
static struct hc_gc_sample without_wood(struct hc_live_set *set, const struct hc_gc_sample *sample,
                                        enum hc_collector collector)
{
    struct hc_gc_sample s = *sample;
    if (s.kind == HC_GC_FULL && collector == HC_COLLECTOR_SERIAL) {
        if (++set->fulls % COMPACTS_EACH == 0)
            set->compacted_bytes = s.heap_used_after_bytes;
        set->wood_bytes = wood_of(set, &s);
    }
    s.heap_used_after_bytes -= smaller(set->wood_bytes, s.heap_used_after_bytes);
    return s;
}

uint64_t hc_live_set_observe(struct hc_live_set *set, const struct hc_gc_sample *sample, enum hc_collector collector,
                             struct hc_live_told *out)
{
    struct hc_gc_sample clear = without_wood(set, sample, collector);
    memset(out, 0, sizeof *out);
    if (sample->allocated_bytes == HC_BYTES_UNKNOWN)
        set->allocated_known = 0;
    else
        set->allocated_bytes += (double)sample->allocated_bytes;
    set->collections++;
    set->used_bytes = sample->heap_used_after_bytes;
    set->live_bytes = estimate(set, &clear, collector, out);
    if (sample->kind == HC_GC_FULL && hc_has_fixed_generations(collector))
        bear_witness(set, sample, out);
    return set->live_bytes;
}

/* 1 in `closing`: as the hour is kept, which the next sweep settles; a rate that few sweeps showed takes off nothing.
 */
static uint64_t peak_since_sweep(const struct hc_live_set *set, int closing)
{
    int known = set->clean_ms != INT64_MIN && set->allocated_known;
    int few = !closing && set->rate_count < RATES_ENOUGH && set->clean_since_start && set->clean_kind == HC_GC_FULL;
    double newest = set->shown_rate > 0 ? fmin(set->newest_rate, set->shown_rate) : set->newest_rate;
    double rate = few ? RATE_TRUST * newest : set->rate;
    double most = few ? RATE_TRUST * fmax(set->newest_garbage, set->shown_garbage) : (double)INFINITY;
    double anchor = ANCHOR * (double)set->clean_bytes, peak = 0;
    for (const struct hc_live_point *p = set->points; p < set->points + set->point_count; p++) {
        double garbage = known ? fmin(rate * p->allocated_bytes, most) : 0;
        peak = fmax(peak, hc_less_garbage((double)p->upper_bytes, garbage, anchor));
    }
    return hc_bytes(peak);
}

uint64_t hc_live_set_peak(const struct hc_live_set *set)
{
    return peak_since_sweep(set, 0);
}

uint64_t hc_live_set_unswept_peak(const struct hc_live_set *set, const struct hc_unswept *unswept)
{
    return hc_unswept_peak(unswept, &set->witnesses, set->rate, ANCHOR * (double)set->clean_bytes);
}

uint64_t hc_live_set_end_hour(struct hc_live_set *set, enum hc_collector collector, struct hc_unswept *unswept)
{
    int is_unswept = hc_has_fixed_generations(collector) && !set->clean_since_start;
    uint64_t peak = is_unswept ? 0 : peak_since_sweep(set, 1);
    if (is_unswept)
        hc_unswept_keep(unswept, set->points, set->point_count);
    set->point_count = 0;
    return peak;
}

uint64_t hc_live_set_restart(struct hc_live_set *set, enum hc_collector was, struct hc_unswept *unswept)
{
    int is_unswept = hc_has_fixed_generations(was) && (!set->clean_since_start || set->newest_rate <= 0);
    uint64_t peak = is_unswept ? 0 : peak_since_sweep(set, 0);
    if (is_unswept)
        hc_unswept_keep(unswept, set->points, set->point_count);
    if (set->clean_since_start && set->newest_rate > 0) {
        set->shown_rate = set->shown_rate > 0 ? fmin(set->shown_rate, set->newest_rate) : set->newest_rate;
        set->shown_garbage = fmax(set->shown_garbage, set->newest_garbage);
    }
    memset(&set->rise, 0, sizeof set->rise);
    set->block_count = 0;
    set->point_count = 0;
    set->clean_since_start = 0;
    set->cycle_count = 0;
    set->collections = 0;
    set->fulls = set->compacted_bytes = set->wood_bytes = 0;
    set->in_mixed_run = 0;
    set->swept = 0;
    set->allocated_bytes = 0;
    set->allocated_known = 1;
    return peak;
}

void hc_live_set_observe_pause(struct hc_live_set *set)
{
    set->swept = 1;
}

int hc_live_set_swept(const struct hc_live_set *set)
{
    return set->clean_ms != INT64_MIN;
}

enum hc_evidence hc_live_set_evidence(const struct hc_live_set *set, int64_t now_ms, int64_t max_age_ms)
{
    if (set->used_bytes == 0)
        return HC_EVIDENCE_NONE;
    if (set->clean_ms == INT64_MIN || now_ms - set->clean_ms > max_age_ms)
        return HC_EVIDENCE_UPPER_BOUND;
    return set->clean_kind == HC_GC_FULL ? HC_EVIDENCE_EXACT : HC_EVIDENCE_ESTIMATE;
}
