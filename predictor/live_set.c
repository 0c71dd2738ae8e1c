#include "live_set.h"

#include "bytes.h"
#include "histogram.h"

#include <string.h>

/* A block that spans more than this is slow enough for the hourly maxima to follow the load by themselves. */
#define FAST_BLOCK_MS (15 * 60000LL)

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

void hc_live_set_restart(struct hc_live_set *set)
{
    set->block_count = 0;
    set->cycle_count = 0;
    set->collections = 0;
    set->in_mixed_run = 0;
    set->swept = 0;
    set->allocated_bytes = 0;
    set->allocated_known = 1;
}

static void block_push(struct hc_live_set *set, const struct hc_gc_sample *sample)
{
    if (set->block_count == HC_BLOCK) {
        memmove(set->block, set->block + 1, (HC_BLOCK - 1) * sizeof set->block[0]);
        set->block_count--;
    }
    set->block[set->block_count++] = (struct hc_block_entry){sample->end_time_ms, sample->heap_used_after_bytes,
                                                             set->swept || sample->kind != HC_GC_YOUNG};
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

static uint64_t block_minimum(const struct hc_live_set *set)
{
    uint64_t minimum = UINT64_MAX;
    for (const struct hc_block_entry *e = block_start(set); e < set->block + set->block_count; e++)
        minimum = smaller(minimum, e->used_bytes);
    return minimum;
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
        if (e->swept || e->used_bytes > peak)
            peak = e->used_bytes;
        else if (peak - e->used_bytes > swing)
            swing = peak - e->used_bytes;
    }
    return swing;
}

/* What a sweep took away per byte allocated since the sweep before. Only 0.9 of the lower quartile is trusted later:
 * that much was garbage nearly every time. */
static void learn_rate(struct hc_live_set *set, uint64_t before_bytes, uint64_t clean_bytes)
{
    if (set->clean_ms == INT64_MIN || !set->allocated_known || set->allocated_bytes <= 0)
        return;
    if (set->rate_count == HC_RATES) {
        memmove(set->rates, set->rates + 1, (HC_RATES - 1) * sizeof set->rates[0]);
        set->rate_count--;
    }
    double garbage = before_bytes > clean_bytes ? (double)(before_bytes - clean_bytes) : 0.0;
    set->rates[set->rate_count++] = garbage / set->allocated_bytes;
    double sorted[HC_RATES];
    memcpy(sorted, set->rates, sizeof sorted);
    set->rate = set->rate_count >= 3 ? 0.9 * hc_values_percentile(sorted, set->rate_count, 0.25) : 0.0;
}

static void clean_point(struct hc_live_set *set, const struct hc_gc_sample *sample, enum hc_gc_kind kind,
                        uint64_t clean_bytes, uint64_t before_bytes)
{
    learn_rate(set, before_bytes, clean_bytes);
    set->clean_bytes = clean_bytes;
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
    set->block_count = 0;
    block_push(set, sample);
}

/* A cycle of ZGC or Shenandoah ends with what was allocated while it ran; the least of four shows more of the truth. */
static uint64_t cycle_minimum(struct hc_live_set *set, uint64_t used_bytes)
{
    if (set->cycle_count == HC_CYCLES) {
        memmove(set->cycles_bytes, set->cycles_bytes + 1, (HC_CYCLES - 1) * sizeof set->cycles_bytes[0]);
        set->cycle_count--;
    }
    set->cycles_bytes[set->cycle_count++] = used_bytes;
    uint64_t minimum = UINT64_MAX;
    for (uint32_t i = 0; i < set->cycle_count; i++)
        minimum = smaller(minimum, set->cycles_bytes[i]);
    return minimum;
}

/* Between clean points: the block's minimum less the garbage that grew with allocation, but at least 0.9 of what the
 * last clean point showed. */
static uint64_t between_clean_points(const struct hc_live_set *set, enum hc_collector collector)
{
    uint64_t upper = block_minimum(set) + block_swing(set, collector);
    if (set->clean_ms == INT64_MIN || !set->allocated_known)
        return upper;
    double less_garbage = (double)upper - set->rate * set->allocated_bytes;
    double anchor = 0.9 * (double)set->clean_bytes;
    if ((double)upper < anchor)
        anchor = (double)upper;
    return hc_bytes(less_garbage > anchor ? less_garbage : anchor);
}

static uint64_t estimate(struct hc_live_set *set, const struct hc_gc_sample *sample, enum hc_collector collector,
                         int *out_clean)
{
    uint64_t used = sample->heap_used_after_bytes;
    uint64_t before = set->block_count > 0 ? block_minimum(set) : used;
    *out_clean = 1;
    if (sample->kind == HC_GC_FULL || sample->kind == HC_GC_OLD) {
        clean_point(set, sample, sample->kind, used, before);
        int concurrent = collector == HC_COLLECTOR_Z || collector == HC_COLLECTOR_SHENANDOAH;
        return sample->kind == HC_GC_OLD && concurrent ? cycle_minimum(set, used) : used;
    }
    if (sample->kind == HC_GC_MIXED) {
        if (!set->in_mixed_run)
            set->before_mixed_bytes = before;
        set->mixed_bytes = set->in_mixed_run ? smaller(set->mixed_bytes, used) : used;
        set->in_mixed_run = 1;
    } else if (set->in_mixed_run) {
        clean_point(set, sample, HC_GC_MIXED, set->mixed_bytes, set->before_mixed_bytes);
        return between_clean_points(set, collector);
    }
    *out_clean = 0;
    block_push(set, sample);
    return between_clean_points(set, collector);
}

uint64_t hc_live_set_observe(struct hc_live_set *set, const struct hc_gc_sample *sample, enum hc_collector collector,
                             int *out_clean)
{
    if (sample->allocated_bytes == HC_BYTES_UNKNOWN)
        set->allocated_known = 0;
    else
        set->allocated_bytes += (double)sample->allocated_bytes;
    set->collections++;
    set->used_bytes = sample->heap_used_after_bytes;
    set->live_bytes = estimate(set, sample, collector, out_clean);
    return set->live_bytes;
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
