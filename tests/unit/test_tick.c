/* Ticks against the clock that they stand for. */
#include "agent/clock.h"
#include "agent/tick.h"

#include "tests/support/cmocka_test.h"

#include <math.h>

static void nap_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* The scale after its first update; its rate. Without the processor's counter there is none to find. */
static double begin_counting(struct tick_scale *scale)
{
    tick_init();
    tick_scale_init(scale);
    if (!tick_is_counter())
        skip();
    nap_ms(20);
    tick_scale_update(scale);
    return scale->ns_per_tick;
}

static void until_it_is_chosen_a_tick_is_a_nanosecond(void **state)
{
    struct tick_scale scale;
    (void)state;
    assert_false(tick_is_counter());
    tick_scale_init(&scale);
    nap_ms(1);
    tick_scale_update(&scale);
    assert_int_equal(tick_to_ns(&scale, 123456789), 123456789);
    assert_int_equal(tick_length_ns(&scale, 987654321), 987654321);
}

/* Whichever was chosen: a moment is found between two reads of the clock around it, but for the scale's error. */
static void a_tick_is_put_on_the_clock(void **state)
{
    enum { ROUNDS = 20, SLACK_NS = 200000 };
    struct tick_scale scale;
    (void)state;
    tick_init();
    tick_scale_init(&scale);
    for (int i = 0; i < ROUNDS; i++) {
        nap_ms(5);
        int64_t before = now_ns(CLOCK_MONOTONIC), tick = tick_now(tick_is_counter()), after = now_ns(CLOCK_MONOTONIC);
        nap_ms(5);
        int64_t length = tick_now(tick_is_counter()) - tick, passed = now_ns(CLOCK_MONOTONIC) - before;
        tick_scale_update(&scale);
        assert_in_range(tick_to_ns(&scale, tick), before - SLACK_NS, after + SLACK_NS);
        assert_in_range(tick_length_ns(&scale, length), 5000000 - SLACK_NS, passed + SLACK_NS);
    }
}

/* What was long ago no longer counts. */
static void the_rate_is_that_of_the_last_seconds(void **state)
{
    const int64_t minute_ns = INT64_C(60000000000);
    struct tick_scale scale;
    (void)state;
    double rate = begin_counting(&scale);
    scale.oldest.ns -= minute_ns; /* ticks took far longer then */
    scale.middle.ns -= minute_ns;
    scale.middle.tick -= (int64_t)((double)minute_ns / rate); /* a minute of the rate of today */
    nap_ms(5);
    tick_scale_update(&scale);
    assert_true(scale.ns_per_tick > 2 * rate);
    scale.ns_per_tick = rate; /* or the next step would pass for a jump */
    nap_ms(5);
    tick_scale_update(&scale);
    assert_true(fabs(scale.ns_per_tick / rate - 1) < 0.01);
}

/* A virtual machine was moved, or restored: the counter is elsewhere, and may have another rate. */
static void after_a_jump_the_scale_begins_anew(void **state)
{
    struct tick_scale scale;
    (void)state;
    double rate = begin_counting(&scale);
    const int64_t jumps[] = {INT64_C(1) << 50, -(INT64_C(1) << 50)};
    for (int i = 0; i < 2; i++) {
        scale.now.tick += jumps[i], scale.middle.tick += jumps[i], scale.oldest.tick += jumps[i];
        nap_ms(5);
        tick_scale_update(&scale);
        int64_t before = now_ns(CLOCK_MONOTONIC), tick = tick_now(1), after = now_ns(CLOCK_MONOTONIC);
        nap_ms(5);
        tick_scale_update(&scale);
        assert_true(fabs(scale.ns_per_tick / rate - 1) < 0.01);
        assert_in_range(tick_to_ns(&scale, tick), before - 100000, after + 100000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(until_it_is_chosen_a_tick_is_a_nanosecond),
        cmocka_unit_test(a_tick_is_put_on_the_clock),
        cmocka_unit_test(the_rate_is_that_of_the_last_seconds),
        cmocka_unit_test(after_a_jump_the_scale_begins_anew),
    };
    return cmocka_run_group_tests_name("tick", tests, NULL, NULL);
}
