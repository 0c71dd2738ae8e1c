/* The walk through a recorded past: what is fed when, and how answers are judged. */
#include <heapcast/backtest.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define BEGIN_MS INT64_C(946684800000)
enum { MAX = 12 * 24 * 12, PER_HOUR = 12 };

static struct hc_gc_sample samples[MAX];
static struct hc_epoch epochs[8];
static struct hc_event events[4];
static struct hc_past past;
static struct hc_backtest_plan plan;
static struct hc_backtest result;
static struct hc_error err;

static int set_up(void **state)
{
    (void)state;
    past = (struct hc_past){.samples = samples, .epochs = epochs, .events = events};
    memset(&plan, 0, sizeof plan);
    hc_policy_init(&plan.policy);
    plan.every_ms = HOUR_MS;
    plan.cold_ms = DAY_MS;
    return 0;
}

/* `days` of a collection in five minutes, each sixth a full one, in a heap of 1000 MiB. */
static void fill(int days, uint64_t (*live_mib)(int hour))
{
    past.sample_count = (size_t)(days * 24 * PER_HOUR);
    for (size_t i = 0; i < past.sample_count; i++) {
        uint64_t live = live_mib((int)i / PER_HOUR) * MIB;
        samples[i] = (struct hc_gc_sample){.end_time_ms = BEGIN_MS + (int64_t)i * 5 * MINUTE_MS,
                                           .gc_id = i + 1,
                                           .pause_us = 20000,
                                           .gc_time_us = 20000,
                                           .heap_used_before_bytes = 800 * MIB,
                                           .heap_used_after_bytes = i % 6 == 0 ? live : live + 40 * MIB,
                                           .old_used_after_bytes = HC_BYTES_UNKNOWN,
                                           .heap_committed_bytes = 1000 * MIB,
                                           .heap_max_bytes = 1000 * MIB,
                                           .allocated_bytes = 600 * MIB,
                                           .promoted_bytes = HC_BYTES_UNKNOWN,
                                           .kind = i % 6 == 0 ? HC_GC_FULL : HC_GC_YOUNG};
    }
}

static uint64_t flat(int hour)
{
    (void)hour;
    return 200;
}

static uint64_t step(int hour)
{
    return hour < 5 * 24 ? 100 : 700;
}

static void run(void)
{
    memset(&result, 0x5a, sizeof result);
    err.text[0] = '\0';
    if (hc_backtest_run(&past, &plan, &result, &err) != HC_OK)
        fail_msg("%s", err.text);
}

/* 200 MiB live: the best heap in hindsight is 222 MiB; nobody is short, and ours saves most of the 1000. */
static void test_flat(void **state)
{
    (void)state;
    fill(8, flat);
    run();
    const struct hc_backtest_figures *ours = &result.rule[HC_BACKTEST_OURS];
    const struct hc_backtest_figures *kept = &result.rule[HC_BACKTEST_CONFIGURED];
    assert_int_equal(result.truth, HC_TRUTH_FULL);
    assert_int_equal(result.collections, past.sample_count);
    assert_int_equal(ours->decisions, 6 * 24); /* of 8 days, the first is cold and the last is horizon */
    assert_int_equal(ours->answers, 6 * 24);
    assert_int_equal(ours->cold.decisions, 23);
    assert_int_equal(ours->shortfalls, 0);
    assert_true(ours->slack_ratio > 0 && ours->slack_ratio < 1);
    assert_true(ours->saved_ratio > 0.5);
    assert_in_range(ours->changes, 1, 2);
    assert_float_equal(kept->slack_ratio, 1000.0 / (200.0 / 0.9) - 1, 0.01);
    assert_float_equal(kept->saved_ratio, 0, 0);
    assert_float_equal(kept->extra_gc_share_ratio, 0, 0);
    assert_float_equal(kept->cost_ratio, 4.5, 0.01);
    assert_true(ours->extra_gc_share_ratio > 0);
    /* At each minute heap in use is 235 MiB, or 1/5, 2/5 … of the way up to 800: a mean of 446, which the operator
     * takes x 1.2 for what is needed. */
    assert_float_equal(result.rule[HC_BACKTEST_PEERS + HC_PEER_OPERATOR].slack_ratio, 1.41, 0.02);
}

/* Nobody sees a step coming: every decision of the day before it is short, no other one. */
static void test_step(void **state)
{
    (void)state;
    fill(10, step);
    run();
    const struct hc_backtest_figures *ours = &result.rule[HC_BACKTEST_OURS];
    assert_in_range(ours->shortfalls, 23, 25);
    assert_true(ours->violated_ratio > 0 && ours->violated_ratio < (double)ours->shortfalls / ours->decisions);
    assert_int_equal(ours->exhaustions, 1); /* the job that follows dies once, and gets its heap back */
    assert_int_equal(result.rule[HC_BACKTEST_CONFIGURED].shortfalls, 0);
    assert_int_equal(result.rule[HC_BACKTEST_CONFIGURED].exhaustions, 0);
}

/* What comes after a decision has no part in it: the answers before the step are those of a past without it. */
static void test_nothing_is_foreseen(void **state)
{
    (void)state;
    fill(10, step);
    past.sample_count = 5 * 24 * PER_HOUR + 1; /* the first collection of the step is the last one */
    run();
    struct hc_backtest before = result;
    for (size_t i = 5 * 24 * PER_HOUR; i < past.sample_count; i++)
        samples[i].heap_used_after_bytes = 100 * MIB;
    run();
    assert_float_equal(before.rule[HC_BACKTEST_OURS].saved_ratio, result.rule[HC_BACKTEST_OURS].saved_ratio, 0);
    assert_true(before.rule[HC_BACKTEST_OURS].shortfalls > result.rule[HC_BACKTEST_OURS].shortfalls);
    assert_int_equal(before.rule[HC_BACKTEST_OURS].changes, result.rule[HC_BACKTEST_OURS].changes);
}

/* A decision is not judged by what comes after the next start: with one just before the step nobody is short. */
static void test_judgement_ends_at_a_restart(void **state)
{
    (void)state;
    fill(10, step);
    epochs[0] = (struct hc_epoch){.start_ms = BEGIN_MS - DAY_MS, .heap_max_bytes = 1000 * MIB, .clean_end = 1};
    epochs[1] = (struct hc_epoch){
        .start_ms = BEGIN_MS + 5 * DAY_MS - 30 * MINUTE_MS, .heap_max_bytes = 1000 * MIB, .clean_end = 1};
    past.epoch_count = 2;
    run();
    assert_int_equal(result.restarts, 1);
    assert_in_range(result.rule[HC_BACKTEST_OURS].shortfalls, 0, 1);
}

/* An OutOfMemoryError: even the heap in force was too small, and so is every smaller one. */
static void test_out_of_memory(void **state)
{
    (void)state;
    fill(6, flat);
    events[0] = (struct hc_event){BEGIN_MS + 3 * DAY_MS + 10 * MINUTE_MS, HC_EVENT_OUT_OF_MEMORY_HEAP, 0, "heap space"};
    past.event_count = 1;
    run();
    assert_in_range(result.rule[HC_BACKTEST_CONFIGURED].shortfalls, 23, 25);
    assert_int_equal(result.rule[HC_BACKTEST_CONFIGURED].exhaustions, 1);
}

static void test_same_past_same_result(void **state)
{
    (void)state;
    fill(5, flat);
    run();
    struct hc_backtest first = result;
    run();
    assert_memory_equal(first.rule, result.rule, sizeof first.rule);
}

static void test_too_short(void **state)
{
    (void)state;
    assert_int_equal(hc_backtest_run(&past, &plan, &result, &err), HC_ENODATA);
    fill(1, flat);
    assert_int_equal(hc_backtest_run(&past, &plan, &result, &err), HC_ENODATA);
    assert_non_null(strstr(err.text, "spans 23.9 h"));
    plan.policy.horizon_ms = HOUR_MS / 2;
    assert_int_equal(hc_backtest_run(&past, &plan, &result, &err), HC_EINVAL);
    plan.policy.horizon_ms = 2 * HOUR_MS;
    plan.every_ms = 1;
    assert_int_equal(hc_backtest_run(&past, &plan, &result, &err), HC_EINVAL);
    plan.every_ms = HOUR_MS;
    run(); /* all decisions are cold ones */
    assert_int_equal(result.rule[HC_BACKTEST_OURS].decisions, 0);
    assert_true(isnan(result.rule[HC_BACKTEST_OURS].slack_ratio));
    assert_int_equal(result.rule[HC_BACKTEST_OURS].cold.decisions, 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_flat, set_up),
        cmocka_unit_test_setup(test_step, set_up),
        cmocka_unit_test_setup(test_nothing_is_foreseen, set_up),
        cmocka_unit_test_setup(test_judgement_ends_at_a_restart, set_up),
        cmocka_unit_test_setup(test_out_of_memory, set_up),
        cmocka_unit_test_setup(test_same_past_same_result, set_up),
        cmocka_unit_test_setup(test_too_short, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
