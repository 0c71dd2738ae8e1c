#include "headroom.h"

#include <heapcast/gc_cause.h>

#include "histogram.h"
#include "sweeping.h"

/* A share is not measured over less than this. */
#define LEAST_COVERED_MS 10000.0
/* So many of the newest young pauses show what one costs at least; with fewer all of it counts as such. */
enum { YOUNG_PAUSES = 512, YOUNG_PAUSES_LEAST = 10 };
/* So many collections tell the cost of a JVM that has just started. */
enum { YOUNG_JVM_COLLECTIONS = 3 };
/* So many of the newest full collections show what one takes, those that left about as much as any. */
enum { FULL_PAUSES = 8 };
/* Serial: hardly anything died since the one before, or since the JVM's start, if it lies at most so many collections
 * back; and so many of them tell. */
enum { SOON = 4, SOON_ENOUGH = 2 };
/* Parallel: so many that were not the first of their JVM. */
enum { LATER_ENOUGH = 3 };
#define LEFT_MUCH 0.8
/* What Parallel's first full collection of a JVM would have taken as its second: 0.44 to 0.72 in 22 JVMs. */
#define FIRST_FULL_SHARE 0.7
#define LEAST_FIXED_SHARE 0.2
/* Young collections take no more of the time in collections. */
#define MOSTLY_FULL 0.1
enum { DAY_HOURS = 24 };

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

/* A part of the time watched. */
struct stretch {
    double us, young_us; /* in collections, without what is copying; in young ones */
    double ms;           /* watched */
    double committed_bytes, heap_bytes, live_bytes;
};

static double room_of(const struct stretch *s)
{
    return hc_room(s->committed_bytes, s->live_bytes, s->heap_bytes);
}

/*
 * q times the time of a stretch, in bytes and ms. Where nearly all time goes into full collections, as with Serial and
 * Parallel whose old generation has no room for what may be promoted, there is one each time eden is full, whatever is
 * live: the share goes with the whole heap. One in which it is the limit is enough, if the old generation holds what
 * lives.
 */
static double work_of(const struct hc_series *series, const struct stretch *s, double limit_ratio)
{
    double work = s->us / 1000.0 * room_of(s);
    if (!hc_has_fixed_generations(series->now.epoch.collector) || s->us <= 0 || s->young_us > MOSTLY_FULL * s->us)
        return work;
    double enough = fmax(s->us / 1000.0 / s->ms * s->heap_bytes / limit_ratio, s->live_bytes / HC_OLD_RATIO);
    double capacity = hc_capacity_ratio(series->now.epoch.collector, s->committed_bytes, s->heap_bytes);
    return fmin(work, limit_ratio * s->ms * (capacity * enough - s->live_bytes));
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

/* The running JVM's newest collections, those of its start left out. */
struct running {
    double us, young_us; /* time in them */
    double ms;           /* in so much time */
    unsigned count;
};

static struct running running_jvm(const struct hc_series *series, int64_t now_ms)
{
    const struct hc_state *now = &series->now;
    int64_t from_ms = settled_from_ms(series, now_ms);
    struct running r = {0, 0, 0, 0};
    for (uint64_t s = now->raw_sequence; s > 0; s--) {
        const struct hc_raw *raw = now->raw_sequence - s < HC_RAW_SLOTS ? hc_slots_get(&series->raw, s) : NULL;
        if (raw == NULL) { /* what came before is not known any more */
            const struct hc_raw *oldest = hc_slots_get(&series->raw, s + 1);
            from_ms = oldest != NULL ? oldest->sample.end_time_ms : now_ms;
            break;
        }
        if (raw->epoch_sequence != now->epoch_sequence || raw->sample.end_time_ms <= from_ms)
            break;
        r.us += (double)raw->sample.gc_time_us;
        r.young_us += raw->sample.kind == HC_GC_YOUNG ? (double)raw->sample.gc_time_us : 0;
        r.count++;
    }
    r.ms = fmax((double)(now_ms - from_ms), LEAST_COVERED_MS / 2);
    return r;
}

/* As the running JVM's newest collection had it; a pause that moves no object may not know. 0: there is none yet. */
static double committed_now(const struct hc_series *series)
{
    const struct hc_state *now = &series->now;
    for (uint64_t s = now->raw_sequence; s > 0 && now->raw_sequence - s < HC_RAW_SLOTS; s--) {
        const struct hc_raw *raw = hc_slots_get(&series->raw, s);
        if (raw == NULL || raw->epoch_sequence != now->epoch_sequence)
            break;
        if (raw->sample.kind != HC_GC_PAUSE && raw->sample.heap_committed_bytes > 0)
            return (double)raw->sample.heap_committed_bytes;
    }
    return 0;
}

int hc_headroom_keeps(const struct hc_series *series, int64_t now_ms, double limit_ratio)
{
    struct running r = running_jvm(series, now_ms);
    if (r.count < YOUNG_JVM_COLLECTIONS || r.us / 1000.0 > limit_ratio * r.ms)
        return 0;
    int64_t last = hc_hour_of(now_ms), start = hc_hour_of(series->now.epoch.start_ms);
    for (int64_t h = last - 1; h > start && h >= last - DAY_HOURS; h--) {
        const struct hc_hour *hour = hc_series_hour(series, h);
        if (hour != NULL && (double)hour->gc_us / 1000.0 > limit_ratio * (double)hour->covered_ms)
            return 0;
    }
    return 1;
}

/*
 * While there is hardly more than the first minutes of JVMs, the running one's second half: loading a state, and the
 * first touch of the heap's pages, can cost ten times what the load costs later. 0: too few collections to tell.
 */
static int young_jvm_cost(const struct hc_series *series, int64_t now_ms, double copying, double limit_ratio,
                          struct hc_gc_cost *out)
{
    struct running r = running_jvm(series, now_ms);
    double committed_bytes = committed_now(series);
    if (r.count < YOUNG_JVM_COLLECTIONS || committed_bytes <= 0)
        return 0;
    const struct stretch stretch = {.us = r.us - copying * r.young_us,
                                    .young_us = r.young_us,
                                    .ms = r.ms,
                                    .committed_bytes = committed_bytes,
                                    .heap_bytes = (double)series->now.heap_max_bytes,
                                    .live_bytes = (double)hc_series_live_max(series, &series->now.hour)};
    out->work_bytes = work_of(series, &stretch, limit_ratio) / r.ms;
    out->copying_ratio = copying * r.young_us / 1000.0 / r.ms;
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

/* The most that one of the newest left. */
static double most_left_by_fulls(const struct hc_series *series)
{
    uint64_t sequence = series->now.sweep_sequence + 1, most = 0;
    const struct hc_raw *full;
    for (unsigned n = 0; n <= FULL_PAUSES && (full = full_before(series, &sequence)) != NULL; n++)
        if (full->sample.heap_used_after_bytes > most)
            most = full->sample.heap_used_after_bytes;
    return (double)most;
}

static int came_soon(const struct hc_raw *full, const struct hc_raw *before)
{
    uint64_t id = full->sample.gc_id, since = before != NULL ? id - before->sample.gc_id : id;
    return id != HC_BYTES_UNKNOWN && since <= SOON && !hc_gc_was_asked_for(full->sample.cause);
}

struct full_pauses {
    double sum_ms;
    unsigned count;
};

static void add_pause(struct full_pauses *pauses, double ms)
{
    if (pauses->count == FULL_PAUSES)
        return;
    pauses->sum_ms += ms;
    pauses->count++;
}

/*
 * What a full collection takes where each collection is a full one: the mean of the newest that left about as much, for
 * one that left much less had less to do. Some tell better than others, and are asked first where there are enough:
 * Serial moves what lies above the first that died, so of its own those that came soon after another one; Parallel's
 * first in a JVM touches pages for the first time, so the later ones.
 */
static double full_pause_ms(const struct hc_series *series, double most_left_bytes)
{
    uint64_t sequence = series->now.sweep_sequence + 1;
    const struct hc_raw *full = full_before(series, &sequence);
    int parallel = series->now.epoch.collector == HC_COLLECTOR_PARALLEL;
    int serial = series->now.epoch.collector == HC_COLLECTOR_SERIAL;
    double least = LEFT_MUCH * most_left_bytes;
    struct full_pauses all = {0, 0}, better = {0, 0};
    while (full != NULL && (all.count < FULL_PAUSES || ((serial || parallel) && better.count < FULL_PAUSES))) {
        const struct hc_raw *before = full_before(series, &sequence);
        int first = before == NULL || before->epoch_sequence != full->epoch_sequence;
        double ms = (double)full->sample.pause_us / 1000.0;
        if ((double)full->sample.heap_used_after_bytes >= least) {
            add_pause(&all, first && parallel ? FIRST_FULL_SHARE * ms : ms);
            if ((serial && came_soon(full, first ? NULL : before)) || (parallel && !first))
                add_pause(&better, ms);
        }
        full = before;
    }
    const struct full_pauses *told = better.count >= (serial ? SOON_ENOUGH : LATER_ENOUGH) ? &better : &all;
    return told->count > 0 ? told->sum_ms / told->count : 0;
}

void hc_headroom_gc_cost(const struct hc_series *series, int64_t now_ms, const struct hc_policy *policy,
                         double *scratch, struct hc_gc_cost *out)
{
    double *covered_ms = scratch, *work = scratch + HC_WINDOW_HOURS, *smooth = scratch + 2 * HC_WINDOW_HOURS;
    const struct hc_hour *hours[HC_WINDOW_HOURS];
    int64_t last = hc_hour_of(now_ms), cold_ms = 0, warm_ms = 0, idle_ms = 0;
    uint64_t gc_us = 0, warm_gc_us = 0;
    unsigned n = 0;
    int may_copy =
        policy->with_copying && !hc_collects_in_cycles(series->now.epoch.collector); /* whose pauses copy nothing */
    double copying = may_copy ? 1.0 - fixed_share(series, now_ms, scratch) : 0, copying_us = 0;
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
    out->full_left_bytes = most_left_by_fulls(series);
    out->full_pause_ms = full_pause_ms(series, out->full_left_bytes);
    out->capacity_ratio =
        hc_capacity_ratio(series->now.epoch.collector, committed_now(series), (double)series->now.heap_max_bytes);
    if (n == 0 || (with_warm && young_jvm_cost(series, now_ms, copying, policy->gc_share_limit_ratio, out)))
        return;
    for (unsigned i = 0; i < n; i++) {
        double us = (double)hours[i]->gc_us + (with_warm ? (double)hours[i]->warm_gc_us : 0.0);
        double young_us = (double)hours[i]->young_gc_us + (with_warm ? (double)hours[i]->warm_young_gc_us : 0.0);
        copying_us += copying * young_us;
        covered_ms[i] = (double)(hours[i]->covered_ms + (with_warm ? hours[i]->warm_covered_ms : 0));
        if (hours[i]->hour == series->now.hour.hour)
            covered_ms[i] += (double)unseen;
        const struct stretch stretch = {.us = us - copying * young_us,
                                        .young_us = young_us,
                                        .ms = covered_ms[i] > LEAST_COVERED_MS ? covered_ms[i] : LEAST_COVERED_MS,
                                        .committed_bytes = (double)hours[i]->committed_bytes,
                                        .heap_bytes = (double)hours[i]->heap_max_bytes,
                                        .live_bytes = (double)hc_series_live_max(series, hours[i])};
        work[i] = work_of(series, &stretch, policy->gc_share_limit_ratio);
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
