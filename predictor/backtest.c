#include <heapcast/backtest.h>

#include "headroom.h"
#include "hindsight.h"
#include "histogram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As in the study and scripts/score.py: an exhausted job restores its state and catches up, a change is a restart. */
#define EXHAUSTION_PRICE_HOURS 72.0
#define CHANGE_PRICE_HOURS 0.5
#define WORTH_RAISING 1.05
#define WORTH_LOWERING 0.90
#define HOLD_MS (24 * INT64_C(3600000))
#define HOUR_MS 3600000.0
#define WEEK_MS (168 * HOUR_MS)
/* A truth is judged in so many steps of the horizon. */
enum { BINS_PER_HORIZON = 96 };
/* Two months with a decision each minute. */
enum { DECISIONS_MAX = 100000 };
/* A history may begin long after its JVM did: what was before it, nobody watched. */
#define UNSEEN_START_MS INT64_C(60000)
#define ROUNDING_BYTES 1.0
/* An empty heap is no measure for slack. */
#define LEAST_BEST_BYTES 1048576.0

struct decision {
    int64_t time_ms;
    size_t first, end;     /* bins of its judgement */
    double in_force, best; /* heaps, bytes */
    double heap[HC_BACKTEST_RULES];
    unsigned char answered[HC_BACKTEST_RULES];
    int cold;
};

struct walk {
    const struct hc_past *past;
    const struct hc_backtest_plan *plan;
    struct hc_hindsight hindsight;
    void *block;
    struct hc_predictor *predictor;
    struct hc_peer_rules *rules;
    size_t epoch, sample, view, event; /* the next ones to be fed */
    struct decision *decisions;
    size_t count;
    double *scratch;
};

/* ---- feeding ---------------------------------------------------------------------------------------------------- */

static enum hc_status start(struct walk *w, const struct hc_epoch *epoch, struct hc_error *err)
{
    hc_peer_rules_restart(w->rules);
    if (hc_predictor_start(w->predictor, epoch) != HC_OK)
        return hc_fail(err, HC_EINVAL, 0, "the start of a JVM contradicts itself (no heap, or a time before 1970)");
    return HC_OK;
}

/* The JVM that was running when the past begins. */
static enum hc_status start_first(struct walk *w, struct hc_error *err)
{
    const struct hc_past *past = w->past;
    int64_t begin_ms = past->samples[0].end_time_ms;
    struct hc_epoch first = {.start_ms = begin_ms, .heap_max_bytes = past->samples[0].heap_max_bytes};
    first.oom_kills = HC_BYTES_UNKNOWN;
    while (w->epoch < past->epoch_count && past->epochs[w->epoch].start_ms <= begin_ms)
        first = past->epochs[w->epoch++];
    if (first.start_ms < begin_ms - UNSEEN_START_MS)
        first.start_ms = begin_ms - UNSEEN_START_MS;
    return start(w, &first, err);
}

static int64_t next_time(int64_t time_ms, int there)
{
    return there ? time_ms : INT64_MAX;
}

/* Everything up to `now_ms`, in the order in which an agent would have seen it. */
static enum hc_status feed(struct walk *w, int64_t now_ms, struct hc_error *err)
{
    const struct hc_past *past = w->past;
    for (;;) {
        int64_t epoch_ms =
            next_time(w->epoch < past->epoch_count ? past->epochs[w->epoch].start_ms : 0, w->epoch < past->epoch_count);
        int64_t sample_ms = next_time(w->sample < past->sample_count ? past->samples[w->sample].end_time_ms : 0,
                                      w->sample < past->sample_count);
        int64_t view_ms =
            next_time(w->view < past->view_count ? past->views[w->view].time_ms : 0, w->view < past->view_count);
        int64_t event_ms =
            next_time(w->event < past->event_count ? past->events[w->event].time_ms : 0, w->event < past->event_count);
        if (epoch_ms > now_ms && sample_ms > now_ms && view_ms > now_ms && event_ms > now_ms)
            return HC_OK;
        if (epoch_ms <= sample_ms && epoch_ms <= view_ms && epoch_ms <= event_ms) {
            const struct hc_epoch *epoch = &past->epochs[w->epoch++];
            if (w->epoch >= 2 && past->epochs[w->epoch - 2].clean_end)
                hc_predictor_end(w->predictor, epoch->start_ms);
            enum hc_status status = start(w, epoch, err);
            if (status != HC_OK)
                return status;
        } else if (sample_ms <= view_ms && sample_ms <= event_ms) {
            const struct hc_gc_sample *sample = &past->samples[w->sample++];
            if (hc_predictor_observe(w->predictor, sample) == HC_OK)
                hc_peer_rules_observe(w->rules, sample);
        } else if (view_ms <= event_ms) {
            (void)hc_predictor_observe_live(w->predictor, &past->views[w->view++]);
        } else {
            /* an unclean end is found again at the start after it */
            const struct hc_event *event = &past->events[w->event++];
            if (event->kind != HC_EVENT_UNCLEAN_END)
                (void)hc_predictor_observe_event(w->predictor, event);
        }
    }
}

/* ---- deciding --------------------------------------------------------------------------------------------------- */

static size_t bin_of(const struct hc_hindsight *h, int64_t time_ms)
{
    size_t bin = (size_t)((time_ms - h->from_ms) / h->bin_ms);
    return bin < h->count ? bin : h->count - 1;
}

static double hard_need(const struct walk *w, size_t bin)
{
    const struct hc_hindsight_bin *b = &w->hindsight.bins[bin];
    double need = b->live_bytes / w->plan->policy.usable_ratio;
    return b->exhausted ? b->heap_max_bytes / w->plan->policy.usable_ratio : fmin(need, b->heap_max_bytes);
}

static double need(const struct walk *w, size_t bin)
{
    const struct hc_hindsight_bin *b = &w->hindsight.bins[bin];
    double soft = fmin(b->live_bytes + b->work_bytes / w->plan->policy.gc_share_limit_ratio, b->heap_max_bytes);
    return fmax(hard_need(w, bin), soft);
}

static void note_answer(struct decision *d, int rule, uint64_t heap_bytes)
{
    d->answered[rule] = heap_bytes > 0;
    d->heap[rule] = heap_bytes > 0 ? fmin((double)heap_bytes, d->in_force) : d->in_force;
}

static enum hc_status decide(struct walk *w, struct decision *d, struct hc_error *err)
{
    struct hc_recommendation advice;
    enum hc_status status = hc_predictor_predict(w->predictor, d->time_ms, &advice);
    if (status != HC_OK)
        return hc_fail(err, status, 0, "no recommendation could be made");
    int known = advice.verdict != HC_VERDICT_INSUFFICIENT_DATA;
    note_answer(d, HC_BACKTEST_CONFIGURED, (uint64_t)d->in_force);
    note_answer(d, HC_BACKTEST_OURS, known ? advice.heap_bytes : 0);
    struct hc_peer_room room = {w->plan->policy.usable_ratio, known ? advice.model.gc_headroom_bytes : 0,
                                (uint64_t)d->in_force};
    hc_peer_rules_advance(w->rules, d->time_ms);
    for (int peer = 0; peer < HC_PEERS; peer++)
        note_answer(d, HC_BACKTEST_PEERS + peer, hc_peer_rules_heap(w->rules, (enum hc_peer)peer, &room));
    return HC_OK;
}

/* The bins from now to the end of the horizon, or to the next start. */
static void set_window(const struct walk *w, struct decision *d)
{
    int64_t until_ms = d->time_ms + w->plan->policy.horizon_ms;
    for (size_t i = w->epoch; i < w->past->epoch_count && w->past->epochs[i].start_ms < until_ms; i++)
        if (w->past->epochs[i].start_ms > d->time_ms)
            until_ms = w->past->epochs[i].start_ms;
    d->first = bin_of(&w->hindsight, d->time_ms);
    d->end = bin_of(&w->hindsight, until_ms);
    if (d->end <= d->first)
        d->end = d->first + 1;
    d->in_force = w->hindsight.bins[d->first].heap_max_bytes;
    d->best = LEAST_BEST_BYTES;
    for (size_t i = d->first; i < d->end; i++)
        d->best = fmax(d->best, need(w, i));
}

static enum hc_status walk_forward(struct walk *w, struct hc_error *err)
{
    const struct hc_past *past = w->past;
    int64_t from_ms = past->samples[0].end_time_ms, to_ms = past->samples[past->sample_count - 1].end_time_ms;
    enum hc_status status = start_first(w, err);
    for (int64_t now_ms = from_ms + w->plan->every_ms; status == HC_OK && now_ms <= to_ms - w->plan->policy.horizon_ms;
         now_ms += w->plan->every_ms) {
        struct decision *d = &w->decisions[w->count];
        status = feed(w, now_ms, err);
        *d = (struct decision){.time_ms = now_ms, .cold = now_ms < from_ms + w->plan->cold_ms};
        set_window(w, d);
        if (status == HC_OK)
            status = decide(w, d, err);
        w->count += status == HC_OK;
    }
    return status;
}

static int answered(const struct walk *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->decisions[i].answered[HC_BACKTEST_OURS])
            return 1;
    return 0;
}

/* ---- judging ---------------------------------------------------------------------------------------------------- */

struct verdict {
    int short_of;
    double violated, costly, slack, extra;
};

/* The law of headroom.h. A survivor space that is kept empty is left out of both heaps that are compared. */
static double gc_share(const struct hc_hindsight_bin *bin, double heap)
{
    return fmin(1.0, bin->work_bytes / hc_room(heap, bin->live_bytes, heap));
}

static struct verdict judge_one(const struct walk *w, const struct decision *d, int rule)
{
    struct verdict v = {0};
    double heap = d->heap[rule], bins = (double)(d->end - d->first);
    for (size_t i = d->first; i < d->end; i++) {
        const struct hc_hindsight_bin *b = &w->hindsight.bins[i];
        v.violated += hard_need(w, i) > heap + ROUNDING_BYTES;
        v.costly += need(w, i) > heap * 1.0001 + ROUNDING_BYTES;
        v.extra += gc_share(b, heap) - gc_share(b, d->in_force);
    }
    v.short_of = v.violated > 0;
    v.violated /= bins;
    v.costly /= bins;
    v.extra /= bins;
    v.slack = heap / d->best - 1;
    return v;
}

/* One running job that follows the answers. */
static void apply(const struct walk *w, int rule, struct hc_backtest_figures *out)
{
    int64_t hold_ms = w->plan->policy.horizon_ms < HOLD_MS ? w->plan->policy.horizon_ms : HOLD_MS;
    int64_t changed_ms = INT64_MIN / 2, held_until_ms = INT64_MIN;
    double heap = 0, memory = 0, best = 0, in_force = 0, price = 0, hours = (double)w->plan->every_ms / HOUR_MS;
    for (size_t i = 0; i < w->count; i++) {
        const struct decision *d = &w->decisions[i];
        if (d->cold)
            continue;
        if (heap <= 0)
            heap = d->in_force;
        double wanted = d->heap[rule];
        if (d->time_ms >= held_until_ms &&
            (wanted > heap * WORTH_RAISING || (wanted < heap * WORTH_LOWERING && d->time_ms - changed_ms >= hold_ms))) {
            heap = wanted;
            changed_ms = d->time_ms;
            out->changes++;
            price += CHANGE_PRICE_HOURS * d->in_force;
        }
        memory += heap * hours;
        best += d->best * hours;
        in_force += d->in_force * hours;
        size_t end = bin_of(&w->hindsight, d->time_ms + w->plan->every_ms);
        for (size_t bin = d->first; bin == d->first || (bin < end && bin < d->end); bin++)
            if (hard_need(w, bin) > heap + ROUNDING_BYTES) {
                out->exhaustions++;
                price += EXHAUSTION_PRICE_HOURS * d->in_force;
                heap = d->in_force;
                held_until_ms = d->time_ms + hold_ms;
                changed_ms = d->time_ms;
                break;
            }
    }
    out->changes_per_week = (double)out->changes / ((double)out->decisions * (double)w->plan->every_ms / WEEK_MS);
    out->saved_ratio = 1 - memory / in_force;
    out->memory_ratio = memory / best;
    out->cost_ratio = (memory + price) / best;
}

static void judge(const struct walk *w, int rule, struct hc_backtest_figures *out)
{
    struct verdict sum = {0};
    double cold_slack = 0;
    *out = (struct hc_backtest_figures){0};
    for (size_t i = 0; i < w->count; i++) {
        const struct decision *d = &w->decisions[i];
        struct verdict v = judge_one(w, d, rule);
        if (d->cold) {
            out->cold.decisions++;
            out->cold.shortfalls += v.short_of != 0;
            cold_slack += v.slack;
            continue;
        }
        w->scratch[out->decisions++] = v.slack;
        out->answers += d->answered[rule];
        out->shortfalls += v.short_of != 0;
        sum.violated += v.violated;
        sum.costly += v.costly;
        sum.slack += v.slack;
        sum.extra += v.extra;
    }
    double n = out->decisions > 0 ? (double)out->decisions : (double)NAN;
    out->violated_ratio = sum.violated / n;
    out->costly_ratio = sum.costly / n;
    out->slack_ratio = sum.slack / n;
    out->extra_gc_share_ratio = sum.extra / n;
    out->slack_p95_ratio = out->decisions > 0 ? hc_values_percentile(w->scratch, out->decisions, 0.95) : NAN;
    out->cold.slack_ratio = out->cold.decisions > 0 ? cold_slack / out->cold.decisions : NAN;
    apply(w, rule, out);
}

static void report(const struct walk *w, struct hc_backtest *out)
{
    const struct hc_past *past = w->past;
    *out = (struct hc_backtest){.from_ms = past->samples[0].end_time_ms,
                                .to_ms = past->samples[past->sample_count - 1].end_time_ms,
                                .views = past->view_count,
                                .truth = w->hindsight.truth,
                                .truth_points = w->hindsight.points};
    for (size_t i = 0; i < past->sample_count; i++)
        out->collections += past->samples[i].kind != HC_GC_PAUSE;
    for (size_t i = 0; i < past->epoch_count; i++)
        out->restarts += past->epochs[i].start_ms > out->from_ms && past->epochs[i].start_ms <= out->to_ms;
    for (size_t i = 0; i < w->count; i++) {
        if (w->decisions[i].cold)
            continue;
        if (out->judged_from_ms == 0)
            out->judged_from_ms = w->decisions[i].time_ms;
        out->judged_to_ms = w->decisions[i].time_ms;
    }
    for (int rule = 0; rule < HC_BACKTEST_RULES; rule++)
        judge(w, rule, &out->rule[rule]);
}

/* ---- the door --------------------------------------------------------------------------------------------------- */

static enum hc_status check(const struct hc_past *past, const struct hc_backtest_plan *plan, size_t *out_most,
                            struct hc_error *err)
{
    if (plan->every_ms < 1 || plan->cold_ms < 0 || plan->policy.horizon_ms < plan->every_ms)
        return hc_fail(err, HC_EINVAL, 0, "the horizon must be as long as the time between decisions, or longer");
    if (past->sample_count == 0)
        return hc_fail(err, HC_ENODATA, 0, "there is no collection in it");
    for (size_t i = 0; i < past->sample_count; i++)
        if (past->samples[i].heap_max_bytes == 0)
            return hc_fail(err, HC_EINVAL, 0, "the heap's maximum is not known; --heap-max says it");
    int64_t span_ms = past->samples[past->sample_count - 1].end_time_ms - past->samples[0].end_time_ms;
    if (span_ms < plan->every_ms + plan->policy.horizon_ms)
        return hc_fail(err, HC_ENODATA, 0,
                       "spans %.1f h; a decision and a horizon of %.1f h after it do not fit into that",
                       (double)span_ms / HOUR_MS, (double)plan->policy.horizon_ms / HOUR_MS);
    *out_most = (size_t)((span_ms - plan->policy.horizon_ms) / plan->every_ms) + 1;
    if (*out_most > DECISIONS_MAX)
        return hc_fail(err, HC_EINVAL, 0, "that would be %zu decisions; %d at most", *out_most, DECISIONS_MAX);
    return HC_OK;
}

enum hc_status hc_backtest_run(const struct hc_past *past, const struct hc_backtest_plan *plan, struct hc_backtest *out,
                               struct hc_error *err)
{
    struct walk w = {.past = past, .plan = plan};
    struct hc_backtest_plan own = *plan;
    own.policy.allow_growth = 0;
    w.plan = &own;
    size_t most = 0;
    enum hc_status status = check(past, &own, &most, err);
    if (status != HC_OK)
        return status;
    w.block = calloc(1, hc_predictor_size());
    w.decisions = calloc(most, sizeof *w.decisions);
    w.scratch = calloc(most, sizeof *w.scratch);
    if (w.block == NULL || w.decisions == NULL || w.scratch == NULL)
        status = hc_fail(err, HC_ENOMEM, 0, "no memory for %zu decisions", most);
    if (status == HC_OK)
        status = hc_predictor_new(w.block, hc_predictor_size(), &own.policy, &w.predictor, err);
    if (status == HC_OK)
        status = hc_peer_rules_new(&w.rules, err);
    if (status == HC_OK)
        status = hc_hindsight_init(past, own.policy.horizon_ms / BINS_PER_HORIZON, &w.hindsight, err);
    if (status == HC_OK)
        status = walk_forward(&w, err);
    if (status == HC_OK && !answered(&w))
        status = hc_fail(err, HC_ENODATA, 0,
                         "the predictor has no number before %.4g min and %u collections, and then no horizon is left",
                         (double)own.policy.warmup_ms / 60000.0, own.policy.warmup_collections);
    if (status == HC_OK)
        report(&w, out);
    hc_hindsight_release(&w.hindsight);
    hc_peer_rules_free(w.rules);
    hc_predictor_free(w.predictor);
    free(w.scratch);
    free(w.decisions);
    free(w.block);
    return status;
}
