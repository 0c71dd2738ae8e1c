#include <heapcast/peer_rules.h>

#include "bytes.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* flink-kubernetes-operator (6e9caeb4): job.autoscaler.metrics.window, .memory.tuning.overhead. Both ends of the window
 * count, so there are 16 polls in it. */
#define OPERATOR_WINDOW_MS (15 * INT64_C(60000))
#define OPERATOR_OVERHEAD 0.2
enum { OPERATOR_POLLS = 16 };

/* vertical-pod-autoscaler 1.8.1, recommender defaults: one peak a day of 24 h from the first sample, whose weight
 * halves in a day; buckets from 10 MB on, each 5 % wider than the one before; the end of the percentile's bucket. */
#define VPA_INTERVAL_MS (24 * INT64_C(3600000))
#define VPA_PERCENTILE 0.9
#define VPA_MARGIN 1.15
#define VPA_FIRST_BUCKET_BYTES 1e7
#define VPA_BUCKET_GROWTH 1.05
enum { VPA_DAYS = 64 }; /* a peak of 64 days ago weighs 2^-64 */

/* Autopilot (Rzadca et al., EuroSys 2020), moving window: peaks of 5 minutes. Half-life, percentile and margins are
 * those of the paper as others tell them. The answer is the most of the last hour's. */
#define AUTOPILOT_WINDOW_MS (5 * INT64_C(60000))
#define AUTOPILOT_SPAN_MS (7 * 24 * INT64_C(3600000))
#define AUTOPILOT_DECAY 0.99879738164061562 /* 2^(-5 min / 48 h) */
#define AUTOPILOT_PERCENTILE 0.98
#define AUTOPILOT_MAX_MARGIN 1.10
#define AUTOPILOT_P98_MARGIN 1.15
enum { AUTOPILOT_WINDOWS = 2048, AUTOPILOT_BUCKETS = 200, AUTOPILOT_ANSWERS = 12 };

#define STATIC_MARGIN 1.2

#define GAP_MS (90 * VPA_INTERVAL_MS)

struct peak {
    int64_t time_ms;
    uint64_t bytes;
};

struct vpa {
    int64_t window_end_ms;       /* 0: no sample yet */
    uint64_t day;                /* of the window, counted from 1 */
    struct peak peaks[VPA_DAYS]; /* by day; the day in place of the time, 0: none */
};

struct autopilot {
    int64_t window; /* the running one, time / 5 min */
    bool begun;
    uint64_t peak_bytes; /* of the running one */
    uint64_t closed;     /* windows so far */
    struct peak peaks[AUTOPILOT_WINDOWS];
    double edges[AUTOPILOT_BUCKETS], weights[AUTOPILOT_BUCKETS];
    double max_answers[AUTOPILOT_ANSWERS], p98_answers[AUTOPILOT_ANSWERS];
};

struct hc_peer_rules {
    struct peak polls[OPERATOR_POLLS];
    uint64_t poll_count;
    struct vpa vpa;
    struct autopilot autopilot;
    uint64_t after_max_bytes;

    /* from collections to looks */
    bool watching; /* a collection of the running JVM was seen */
    int64_t last_ms, next_poll_ms;
    uint64_t last_after_bytes, after_bytes; /* of the last collection; the most since the last poll */
    double rise_bytes_per_ms;
    uint64_t committed_bytes;
};

static const char *const names[HC_PEERS] = {"operator", "vpa", "autopilot-max", "autopilot-p98", "static-max"};

const char *hc_peer_name(enum hc_peer peer)
{
    return names[peer];
}

int hc_peer_parse(const char *name, enum hc_peer *out)
{
    for (int i = 0; i < HC_PEERS; i++)
        if (strcmp(names[i], name) == 0) {
            *out = (enum hc_peer)i;
            return 1;
        }
    return 0;
}

enum hc_status hc_peer_rules_new(struct hc_peer_rules **out, struct hc_error *err)
{
    struct hc_peer_rules *rules = calloc(1, sizeof *rules);
    if (rules == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the rules to compare with (%zu bytes)", sizeof *rules);
    double edge = VPA_FIRST_BUCKET_BYTES;
    for (int i = 0; i < AUTOPILOT_BUCKETS; i++, edge *= VPA_BUCKET_GROWTH)
        rules->autopilot.edges[i] = edge;
    *out = rules;
    return HC_OK;
}

void hc_peer_rules_free(struct hc_peer_rules *rules)
{
    free(rules);
}

/* ---- the operator ---------------------------------------------------------------------------------------------- */

static uint64_t operator_number(const struct hc_peer_rules *rules)
{
    uint64_t n = rules->poll_count < OPERATOR_POLLS ? rules->poll_count : OPERATOR_POLLS, count = 0;
    double sum = 0;
    for (uint64_t i = rules->poll_count - n; i < rules->poll_count; i++) {
        const struct peak *poll = &rules->polls[i % OPERATOR_POLLS];
        if (poll->time_ms < rules->polls[(rules->poll_count - 1) % OPERATOR_POLLS].time_ms - OPERATOR_WINDOW_MS)
            continue;
        sum += (double)poll->bytes;
        count++;
    }
    return count > 0 ? hc_bytes(floor(sum / (double)count) * (1 + OPERATOR_OVERHEAD)) : 0;
}

/* ---- VPA ------------------------------------------------------------------------------------------------------- */

static void vpa_look(struct vpa *vpa, const struct hc_peer_look *look)
{
    if (vpa->window_end_ms == 0 || look->time_ms >= vpa->window_end_ms) {
        int64_t days = vpa->window_end_ms == 0 ? 1 : (look->time_ms - vpa->window_end_ms) / VPA_INTERVAL_MS + 1;
        vpa->window_end_ms = (vpa->window_end_ms == 0 ? look->time_ms : vpa->window_end_ms) + days * VPA_INTERVAL_MS;
        vpa->day += (uint64_t)days;
        vpa->peaks[vpa->day % VPA_DAYS] = (struct peak){(int64_t)vpa->day, look->after_bytes};
    }
    struct peak *peak = &vpa->peaks[vpa->day % VPA_DAYS];
    if (look->after_bytes > peak->bytes)
        peak->bytes = look->after_bytes;
}

/* Where bucket n begins: 10 MB x (1.05^n - 1) / 0.05. */
static double vpa_bucket_end(uint64_t bytes)
{
    double start = 0, width = VPA_FIRST_BUCKET_BYTES;
    while ((double)bytes >= start + width) {
        start += width;
        width *= VPA_BUCKET_GROWTH;
    }
    return start + width;
}

/* Whole days lie between the peaks, so the weights that the histogram holds are powers of two. */
static uint64_t vpa_number(const struct vpa *vpa)
{
    double total = 0, best = HUGE_VAL;
    for (int i = 0; i < VPA_DAYS; i++)
        if (vpa->peaks[i].time_ms > 0)
            total += ldexp(1.0, (int)(vpa->peaks[i].time_ms - (int64_t)vpa->day));
    if (total <= 0)
        return 0;
    for (int i = 0; i < VPA_DAYS; i++) {
        double end = vpa_bucket_end(vpa->peaks[i].bytes), below = 0;
        if (vpa->peaks[i].time_ms == 0 || end >= best)
            continue;
        for (int j = 0; j < VPA_DAYS; j++)
            if (vpa->peaks[j].time_ms > 0 && vpa_bucket_end(vpa->peaks[j].bytes) <= end)
                below += ldexp(1.0, (int)(vpa->peaks[j].time_ms - (int64_t)vpa->day));
        if (below >= VPA_PERCENTILE * total)
            best = end;
    }
    return hc_bytes(floor(best) * VPA_MARGIN);
}

/* ---- Autopilot ------------------------------------------------------------------------------------------------- */

static double autopilot_max(const struct autopilot *a, int64_t now_ms)
{
    uint64_t most = 0, n = a->closed < AUTOPILOT_WINDOWS ? a->closed : AUTOPILOT_WINDOWS;
    for (uint64_t i = 0; i < n; i++)
        if (a->peaks[i].time_ms >= now_ms - AUTOPILOT_SPAN_MS && a->peaks[i].bytes > most)
            most = a->peaks[i].bytes;
    return (double)most;
}

static double autopilot_p98(const struct autopilot *a)
{
    double total = 0, sum = 0;
    for (int i = 0; i < AUTOPILOT_BUCKETS; i++)
        total += a->weights[i];
    for (int i = 0; i < AUTOPILOT_BUCKETS; i++) {
        sum += a->weights[i];
        if (sum >= AUTOPILOT_PERCENTILE * total)
            return a->edges[i];
    }
    return a->edges[AUTOPILOT_BUCKETS - 1];
}

/* A window is over: its peak goes into the histogram, weighted by the load, as the paper has it. */
static void autopilot_close(struct autopilot *a, int64_t now_ms)
{
    int bucket = 0;
    while (bucket < AUTOPILOT_BUCKETS - 1 && a->edges[bucket] < (double)a->peak_bytes)
        bucket++;
    for (int i = 0; i < AUTOPILOT_BUCKETS; i++)
        a->weights[i] *= AUTOPILOT_DECAY;
    a->weights[bucket] += a->edges[bucket];
    a->peaks[a->closed % AUTOPILOT_WINDOWS] = (struct peak){now_ms, a->peak_bytes};
    a->closed++;
    a->max_answers[a->closed % AUTOPILOT_ANSWERS] = AUTOPILOT_MAX_MARGIN * autopilot_max(a, now_ms);
    a->p98_answers[a->closed % AUTOPILOT_ANSWERS] = AUTOPILOT_P98_MARGIN * autopilot_p98(a);
    a->peak_bytes = 0;
}

static void autopilot_look(struct autopilot *a, const struct hc_peer_look *look)
{
    int64_t window = look->time_ms / AUTOPILOT_WINDOW_MS;
    if (a->begun && window != a->window)
        autopilot_close(a, look->time_ms);
    a->begun = true;
    a->window = window;
    if (look->after_bytes > a->peak_bytes)
        a->peak_bytes = look->after_bytes;
}

static uint64_t last_hours_most(const double answers[AUTOPILOT_ANSWERS])
{
    double most = 0;
    for (int i = 0; i < AUTOPILOT_ANSWERS; i++)
        most = fmax(most, answers[i]);
    return hc_bytes(most);
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

void hc_peer_rules_look(struct hc_peer_rules *rules, const struct hc_peer_look *look)
{
    rules->polls[rules->poll_count++ % OPERATOR_POLLS] = (struct peak){look->time_ms, look->used_bytes};
    vpa_look(&rules->vpa, look);
    autopilot_look(&rules->autopilot, look);
    if (look->after_bytes > rules->after_max_bytes)
        rules->after_max_bytes = look->after_bytes;
}

/* The polls up to `until_ms`, that moment left out where a collection ends in it. Of a gap of months only the first and
 * the last ones: no rule remembers more than the most of the rest. */
static void poll_until(struct hc_peer_rules *rules, int64_t until_ms)
{
    int64_t begin_ms = rules->next_poll_ms;
    for (; rules->next_poll_ms < until_ms; rules->next_poll_ms += HC_PEER_POLL_MS) {
        double used =
            (double)rules->last_after_bytes + rules->rise_bytes_per_ms * (double)(rules->next_poll_ms - rules->last_ms);
        double most = (double)rules->committed_bytes;
        hc_peer_rules_look(rules, &(struct hc_peer_look){rules->next_poll_ms, hc_bytes(used < most ? used : most),
                                                         rules->after_bytes});
        rules->after_bytes = rules->last_after_bytes;
        if (rules->next_poll_ms == begin_ms && until_ms - begin_ms > GAP_MS)
            rules->next_poll_ms = (until_ms - GAP_MS) / HC_PEER_POLL_MS * HC_PEER_POLL_MS;
    }
}

static uint64_t used_before(const struct hc_peer_rules *rules, const struct hc_gc_sample *sample)
{
    if (sample->heap_used_before_bytes != HC_BYTES_UNKNOWN)
        return sample->heap_used_before_bytes;
    uint64_t allocated = sample->allocated_bytes != HC_BYTES_UNKNOWN ? sample->allocated_bytes : 0;
    return rules->last_after_bytes + allocated;
}

void hc_peer_rules_observe(struct hc_peer_rules *rules, const struct hc_gc_sample *sample)
{
    if (sample->kind == HC_GC_PAUSE)
        return;
    rules->committed_bytes = sample->heap_committed_bytes;
    if (!rules->watching) {
        rules->next_poll_ms = (sample->end_time_ms + HC_PEER_POLL_MS - 1) / HC_PEER_POLL_MS * HC_PEER_POLL_MS;
        rules->after_bytes = 0;
        rules->rise_bytes_per_ms = 0;
    } else if (sample->end_time_ms > rules->last_ms) {
        double rise = (double)used_before(rules, sample) - (double)rules->last_after_bytes;
        rules->rise_bytes_per_ms = (rise > 0 ? rise : 0) / (double)(sample->end_time_ms - rules->last_ms);
        poll_until(rules, sample->end_time_ms);
    }
    rules->watching = true;
    rules->last_ms = sample->end_time_ms;
    rules->last_after_bytes = sample->heap_used_after_bytes;
    if (sample->heap_used_after_bytes > rules->after_bytes)
        rules->after_bytes = sample->heap_used_after_bytes;
}

void hc_peer_rules_advance(struct hc_peer_rules *rules, int64_t now_ms)
{
    if (rules->watching)
        poll_until(rules, now_ms + 1);
}

void hc_peer_rules_restart(struct hc_peer_rules *rules)
{
    rules->watching = false;
}

uint64_t hc_peer_rules_number(const struct hc_peer_rules *rules, enum hc_peer peer)
{
    switch (peer) {
    case HC_PEER_OPERATOR:
        return operator_number(rules);
    case HC_PEER_VPA:
        return vpa_number(&rules->vpa);
    case HC_PEER_AUTOPILOT_MAX:
        return last_hours_most(rules->autopilot.max_answers);
    case HC_PEER_AUTOPILOT_P98:
        return last_hours_most(rules->autopilot.p98_answers);
    default:
        return hc_bytes(STATIC_MARGIN * (double)rules->after_max_bytes);
    }
}

uint64_t hc_peer_rules_heap(const struct hc_peer_rules *rules, enum hc_peer peer, const struct hc_peer_room *room)
{
    double number = (double)hc_peer_rules_number(rules, peer), heap = number;
    if (number > 0 && peer != HC_PEER_OPERATOR)
        heap = fmax(number / room->usable_ratio, number + (double)room->gc_headroom_bytes);
    return heap < (double)room->heap_in_force_bytes ? hc_bytes(heap) : room->heap_in_force_bytes;
}
