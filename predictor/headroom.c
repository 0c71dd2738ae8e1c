#include "headroom.h"

#include "histogram.h"

/* A share is not measured over less than this. */
#define LEAST_COVERED_MS 10000.0
/* Committed heap can be close to the live set for moments; the room is never taken for less than this share of the
 * heap. */
#define LEAST_ROOM_RATIO 0.05
/* So many of the newest young pauses show what one costs at least; with fewer all of it counts as such. */
enum { YOUNG_PAUSES = 512, YOUNG_PAUSES_LEAST = 10 };
/* So many collections tell the cost of a JVM that has just started. */
enum { YOUNG_JVM_COLLECTIONS = 3 };
/* So many of the newest full collections show what one takes, those that left about as much as any. */
enum { FULL_PAUSES = 8 };
#define LEFT_MUCH 0.8
/* What Parallel's first full collection of a JVM would have taken as its second: 0.44 to 0.72 in 22 JVMs. */
#define FIRST_FULL_SHARE 0.7
#define LEAST_FIXED_SHARE 0.2

/* What the running JVM did before counts as starting: its first minute, of a younger one the first half of its life. */
static int64_t settled_from_ms(const struct hc_series *series, int64_t now_ms)
{
    int64_t start_ms = series->now.epoch.start_ms, half_ms = (now_ms - start_ms) / 2;
    return start_ms + (half_ms < HC_WARM_MS ? half_ms : HC_WARM_MS);
}

/* Time the running JVM was watched since its last collection: all of it, and what of it lies in that collection's hour.
 */
static int64_t unseen_ms(const struct hc_series *series, int64_t now_ms)
{
    const struct hc_state *now = &series->now;
    if (now->epoch_sequence == 0 && now->hour.hour == 0)
        return 0;
    return now_ms > now->covered_until_ms && !now->epoch.clean_end ? now_ms - now->covered_until_ms : 0;
}

static int64_t unseen_in_hour_ms(const struct hc_series *series, int64_t now_ms)
{
    int64_t end_ms = hc_hour_end_ms(series->now.hour.hour);
    return unseen_ms(series, now_ms < end_ms ? now_ms : end_ms);
}

static double room_bytes(const struct hc_series *series, const struct hc_hour *hour)
{
    double room = (double)hour->committed_bytes - (double)hc_series_live_max(series, hour);
    double least = LEAST_ROOM_RATIO * (double)hour->heap_max_bytes;
    return room > least ? room : least;
}

/*
 * How much of a young collection's cost comes with each collection, whatever it copies: the cheapest tenth of the
 * pauses shows it. The rest is copying what survives, and for objects that stay that is the same work in any heap:
 * collections twice as often copy half as much each.
 */
static double fixed_share(const struct hc_series *series, int64_t now_ms, double *scratch)
{
    uint64_t newest = series->now.raw_sequence;
    unsigned n = 0;
    double sum = 0;
    for (uint64_t s = newest; s > 0 && newest - s < HC_RAW_SLOTS && n < YOUNG_PAUSES; s--) {
        const struct hc_raw *raw = hc_slots_get(&series->raw, s);
        if (raw == NULL || raw->sample.kind != HC_GC_YOUNG || raw->sample.pause_us == 0)
            continue;
        if (raw->epoch_sequence == series->now.epoch_sequence &&
            raw->sample.end_time_ms <= settled_from_ms(series, now_ms))
            break;
        scratch[n++] = (double)raw->sample.pause_us;
        sum += (double)raw->sample.pause_us;
    }
    double share = n >= YOUNG_PAUSES_LEAST ? hc_values_percentile(scratch, n, 0.10) / (sum / n) : 1.0;
    return share > LEAST_FIXED_SHARE ? share < 1 ? share : 1 : LEAST_FIXED_SHARE;
}

/*
 * While there is hardly more than the first minutes of JVMs, the running one's second half: loading a state, and the
 * first touch of the heap's pages, can cost ten times what the load costs later. 0: too few collections to tell.
 */
static int young_jvm_cost(const struct hc_series *series, int64_t now_ms, double copying, struct hc_gc_cost *out)
{
    int64_t from_ms = settled_from_ms(series, now_ms);
    double us = 0, young_us = 0, room = 0;
    unsigned n = 0;
    for (uint64_t s = series->now.raw_sequence; s > 0 && series->now.raw_sequence - s < HC_RAW_SLOTS; s--) {
        const struct hc_raw *raw = hc_slots_get(&series->raw, s);
        if (raw == NULL || raw->epoch_sequence != series->now.epoch_sequence || raw->sample.end_time_ms <= from_ms)
            break;
        us += (double)raw->sample.gc_time_us;
        young_us += raw->sample.kind == HC_GC_YOUNG ? (double)raw->sample.gc_time_us : 0;
        if (n++ == 0)
            room = (double)raw->sample.heap_committed_bytes - (double)hc_series_live_max(series, &series->now.hour);
    }
    if (n < YOUNG_JVM_COLLECTIONS)
        return 0;
    double least = LEAST_ROOM_RATIO * (double)series->now.heap_max_bytes;
    double ms = (double)(now_ms - from_ms) > LEAST_COVERED_MS / 2 ? (double)(now_ms - from_ms) : LEAST_COVERED_MS / 2;
    out->work_bytes = (us - copying * young_us) / 1000.0 / ms * (room > least ? room : least);
    out->copying_ratio = copying * young_us / 1000.0 / ms;
    return 1;
}

/* The full collection before this one in the ring of sweeps; NULL: there is none. */
static const struct hc_raw *full_before(const struct hc_series *series, uint64_t *sequence)
{
    while (*sequence > 1 && series->now.sweep_sequence - --*sequence < HC_SWEEP_SLOTS) {
        const struct hc_raw *raw = hc_slots_get(&series->sweeps, *sequence);
        if (raw != NULL && raw->sample.kind == HC_GC_FULL)
            return raw;
    }
    return NULL;
}

/*
 * What a full collection takes, by the newest of them that left about as much: one that left much less had less to do.
 * Parallel's first in a JVM touches pages for the first time and takes nearly twice as long as the next.
 */
static double full_pause_ms(const struct hc_series *series)
{
    uint64_t sequence = series->now.sweep_sequence + 1, most = 0;
    const struct hc_raw *full[FULL_PAUSES + 1];
    unsigned n = 0;
    while (n <= FULL_PAUSES && (full[n] = full_before(series, &sequence)) != NULL)
        n++;
    for (unsigned i = 0; i < n; i++)
        if (full[i]->sample.heap_used_after_bytes > most)
            most = full[i]->sample.heap_used_after_bytes;
    double us = 0;
    unsigned counted = 0;
    for (unsigned i = 0; i < n && i < FULL_PAUSES; i++) {
        int first = i + 1 == n || full[i + 1]->epoch_sequence != full[i]->epoch_sequence;
        if ((double)full[i]->sample.heap_used_after_bytes < LEFT_MUCH * (double)most)
            continue;
        us += (double)full[i]->sample.pause_us *
              (first && series->now.epoch.collector == HC_COLLECTOR_PARALLEL ? FIRST_FULL_SHARE : 1);
        counted++;
    }
    return counted > 0 ? us / 1000.0 / counted : 0;
}

void hc_headroom_gc_cost(const struct hc_series *series, int64_t now_ms, int with_copying, double *scratch,
                         struct hc_gc_cost *out)
{
    double *covered_ms = scratch, *work = scratch + HC_WINDOW_HOURS, *smooth = scratch + 2 * HC_WINDOW_HOURS;
    const struct hc_hour *hours[HC_WINDOW_HOURS];
    int64_t last = hc_hour_of(now_ms), cold_ms = 0, warm_ms = 0, idle_ms = 0;
    uint64_t gc_us = 0, warm_gc_us = 0;
    unsigned n = 0;
    double copying = with_copying ? 1.0 - fixed_share(series, now_ms, scratch) : 0, copying_us = 0;
    for (int64_t h = last - HC_WINDOW_HOURS + 1; h <= last; h++) {
        const struct hc_hour *hour = hc_series_hour(series, h);
        if (hour == NULL)
            continue;
        hours[n++] = hour;
        cold_ms += hour->covered_ms;
        warm_ms += hour->warm_covered_ms;
        idle_ms += hour->idle_ms;
        gc_us += hour->gc_us;
        warm_gc_us += hour->warm_gc_us;
    }
    /* The first minute of a JVM (class loading, first touch of the heap's pages) is unlike the rest: it counts only
     * while there is hardly anything else. */
    int64_t unseen = unseen_in_hour_ms(series, now_ms);
    int with_warm = cold_ms + unseen <= HC_WARM_MS;
    out->covered_ms = cold_ms + warm_ms + idle_ms + unseen_ms(series, now_ms);
    double all_us = (double)gc_us + (with_warm ? (double)warm_gc_us : 0.0);
    double all_ms = (double)(out->covered_ms - (with_warm ? 0 : warm_ms));
    out->share_ratio = n > 0 ? all_us / 1000.0 / (all_ms > LEAST_COVERED_MS ? all_ms : LEAST_COVERED_MS) : 0.0;
    out->work_bytes = out->copying_ratio = 0;
    out->full_pause_ms = full_pause_ms(series);
    if (n == 0 || (with_warm && young_jvm_cost(series, now_ms, copying, out)))
        return;
    for (unsigned i = 0; i < n; i++) {
        double us = (double)hours[i]->gc_us + (with_warm ? (double)hours[i]->warm_gc_us : 0.0);
        double young_us = (double)hours[i]->young_gc_us + (with_warm ? (double)hours[i]->warm_young_gc_us : 0.0);
        copying_us += copying * young_us;
        work[i] = (us - copying * young_us) / 1000.0 * room_bytes(series, hours[i]);
        covered_ms[i] = (double)(hours[i]->covered_ms + (with_warm ? hours[i]->warm_covered_ms : 0));
        if (hours[i]->hour == series->now.hour.hour)
            covered_ms[i] += (double)unseen;
    }
    out->copying_ratio = copying_us / 1000.0 / (all_ms > LEAST_COVERED_MS ? all_ms : LEAST_COVERED_MS);
    /* Three neighbours together: one full collection is a lump, and an hour that has just begun says little alone. */
    for (unsigned i = 0; i < n; i++) {
        double sum = 0, time = 0;
        for (unsigned j = i > 0 ? i - 1 : 0; j <= i + 1 && j < n; j++) {
            sum += work[j];
            time += covered_ms[j];
        }
        smooth[i] = sum / (time > LEAST_COVERED_MS ? time : LEAST_COVERED_MS);
    }
    out->work_bytes = hc_values_percentile(smooth, n, 0.99);
}
