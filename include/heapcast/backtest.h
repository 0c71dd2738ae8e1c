/*
 * How the predictor would have done on a recorded past: it walks forward through it, sees nothing later than the moment
 * of its decision, and is judged by what came. The predictor is the one that runs in the JVM, fed in the same order.
 *
 * A decision is judged as if it were in force for the horizon after it, up to the next start of a JVM, in which a new
 * one is made anyway. With L(t) the live set and q(t) the work of collecting (share of time = q / (heap - L)), both
 * known with hindsight, a heap H is at time t
 *     too small  where L / usable > H: an OutOfMemoryError, or a JVM that does nothing but collect
 *     too costly where L + q / gc_share > H
 * and the best heap in hindsight is the largest of these needs over the horizon. Needs end at the heap in force, and so
 * do answers: a past in this heap can't tell what a larger one would have brought.
 */
#ifndef HEAPCAST_BACKTEST_H
#define HEAPCAST_BACKTEST_H

#include <heapcast/error.h>
#include <heapcast/gc_sample.h>
#include <heapcast/live_view.h>
#include <heapcast/peer_rules.h>
#include <heapcast/policy.h>
#include <heapcast/predictor.h>
#include <stddef.h>
#include <stdint.h>

/* A recorded past; each list in the order of time, and borrowed. */
struct hc_past {
    const struct hc_epoch *epochs;
    const struct hc_gc_sample *samples;
    const struct hc_live_view *views;
    const struct hc_event *events;
    size_t epoch_count, sample_count, view_count, event_count;
};

struct hc_backtest_plan {
    struct hc_policy policy; /* its horizon is that of the judgement */
    int64_t every_ms;        /* between decisions */
    int64_t cold_ms;         /* decisions of the first so long are judged apart */
};

/* What the live set is taken for with hindsight, the best that the past has enough of. */
enum hc_backtest_truth {
    HC_TRUTH_VIEWS = 1,      /* looks over the whole heap and full collections, 5 at least */
    HC_TRUTH_FULL = 2,       /* full collections, 5 at least (Serial, Parallel) */
    HC_TRUTH_MIXED_ENDS = 3, /* the least of each run of mixed collections, 8 at least */
    HC_TRUTH_BLOCKS = 4      /* the least of each 15 collections */
};

/* Whose answers: ours, the heap in force, or HC_BACKTEST_PEERS + enum hc_peer. */
enum {
    HC_BACKTEST_OURS = 0,
    HC_BACKTEST_CONFIGURED = 1,
    HC_BACKTEST_PEERS = 2,
    HC_BACKTEST_RULES = HC_BACKTEST_PEERS + HC_PEERS
};

/* Shares 0..1; NAN: nothing to take a mean of. */
struct hc_backtest_figures {
    unsigned decisions, answers;         /* answers: those with a number; without one the heap in force is judged */
    unsigned shortfalls;                 /* decisions whose heap was too small at some time of their horizon */
    double violated_ratio;               /* share of time with a heap too small */
    double costly_ratio;                 /* share of time with a heap too small or too costly */
    double slack_ratio, slack_p95_ratio; /* heap / best in hindsight - 1: mean, 95th percentile */
    double extra_gc_share_ratio;         /* share of time in collections, beyond that of the heap in force */
    /* One running job that follows the answers: up when 5 % short; down when 10 % can be had and the last change was a
     * day (or a horizon, if that is less) ago; the heap in force for as long after an exhaustion. */
    unsigned changes, exhaustions;
    double changes_per_week;
    double saved_ratio;  /* memory against the heap in force */
    double memory_ratio; /* memory against hindsight */
    double cost_ratio; /* J: memory, 72 h of the heap in force for each exhaustion, half an hour of it for each change;
                          against hindsight */
    struct {
        unsigned decisions, shortfalls;
        double slack_ratio;
    } cold;
};

struct hc_backtest {
    int64_t from_ms, to_ms;               /* first and last collection */
    int64_t judged_from_ms, judged_to_ms; /* first and last decision, cold ones left out; 0: none */
    uint64_t collections, restarts, views;
    enum hc_backtest_truth truth;
    size_t truth_points;
    struct hc_backtest_figures rule[HC_BACKTEST_RULES];
};

/*
 * HC_ENODATA: the past is too short for a single decision with a number and the horizon after it. HC_EINVAL: the plan
 * contradicts itself. Takes time in proportion to samples + decisions.
 */
enum hc_status hc_backtest_run(const struct hc_past *past, const struct hc_backtest_plan *plan, struct hc_backtest *out,
                               struct hc_error *err);

#endif
