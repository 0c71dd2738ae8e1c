#include "tests/support/cmocka_test.h"

#include "agent/probe_pace.h"

#include <string.h>

#define MIB (UINT64_C(1) << 20)
enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static struct probe_pace pace;

/* Makes every probe when it is due until the time is over; their number, and what they cost. */
static unsigned simulate(int64_t from_ms, int64_t until_ms, uint64_t cost_us, uint64_t (*live)(int64_t),
                         uint64_t *out_us)
{
    unsigned probes = 0;
    int64_t now = from_ms;
    *out_us = 0;
    while (probe_pace_due_ms(&pace) < until_ms && probes < 100000) {
        now = probe_pace_due_ms(&pace) > now ? probe_pace_due_ms(&pace) : now + 1;
        probe_pace_done(&pace, now, cost_us, live(now));
        *out_us += cost_us;
        probes++;
    }
    return probes;
}

static uint64_t steady(int64_t now)
{
    (void)now;
    return 150 * MIB;
}

static uint64_t restless(int64_t now)
{
    static int up;
    (void)now;
    up = !up;
    return (up ? 100 : 300) * MIB;
}

static void early_ones_come_within_the_warm_up(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 200; seed++) {
        uint64_t us;
        probe_pace_init(&pace, 0, 15 * MINUTE, 0, seed);
        int64_t first = probe_pace_due_ms(&pace);
        assert_true(first >= 3 * MINUTE && first <= 5 * MINUTE);
        assert_int_equal(simulate(0, 15 * MINUTE, 500000, steady, &us), 3); /* 1.5 of the 1.8 s that are there */
        probe_pace_init(&pace, 0, MINUTE, 0, seed);
        first = probe_pace_due_ms(&pace);
        assert_true(first >= 15 * SECOND && first <= 25 * SECOND);
        assert_in_range(simulate(0, MINUTE, 100000, steady, &us), 2, 4);
        probe_pace_init(&pace, 0, 0, 0, seed);
        assert_true(probe_pace_due_ms(&pace) <= 5 * SECOND);
    }
}

/* From a quarter of an hour on at most 0.2 % of a core, whatever a probe costs and however much they differ. */
static void the_budget_holds(void **state)
{
    (void)state;
    static const uint64_t costs_us[] = {1000, 50000, 150000, 600000, 2000000, 20000000, 60000000};
    for (size_t i = 0; i < sizeof costs_us / sizeof costs_us[0]; i++) {
        for (int64_t quarters = 1; quarters <= 96; quarters += 19) {
            uint64_t us;
            probe_pace_init(&pace, 0, 15 * MINUTE, 0, 7 + i);
            (void)simulate(0, quarters * 15 * MINUTE, costs_us[i], restless, &us);
            double budget = PROBE_SHARE_PPM / 1e6 * (double)quarters * 900e6;
            if (budget < (double)costs_us[i]) /* what the first one costs nobody knows before */
                budget = (double)costs_us[i];
            assert_true((double)us <= budget * 1.001);
        }
    }
}

static void a_dearer_probe_makes_the_next_one_wait(void **state)
{
    (void)state;
    probe_pace_init(&pace, 0, MINUTE, 0, 3);
    for (int i = 0; i < 3; i++)
        probe_pace_done(&pace, probe_pace_due_ms(&pace), 100000, 150 * MIB);
    int64_t now = probe_pace_due_ms(&pace);
    probe_pace_done(&pace, now, 10000000, 150 * MIB);
    /* its own ten seconds of CPU and as much for the next, at 2 ms a second */
    assert_true(probe_pace_due_ms(&pace) - now > 2 * 5000 * (int64_t)SECOND * 9 / 10);
}

static void where_they_agree_they_become_rare(void **state)
{
    (void)state;
    uint64_t us;
    probe_pace_init(&pace, 0, 15 * MINUTE, 0, 11);
    unsigned first_hour = simulate(0, HOUR, 100000, steady, &us);
    (void)simulate(HOUR, 20 * HOUR, 100000, steady, &us);
    unsigned last_hours = simulate(20 * HOUR, 24 * (int64_t)HOUR, 100000, steady, &us);
    assert_true(first_hour >= 5 && first_hour <= 10);
    assert_true(last_hours >= 6 && last_hours <= 11); /* half an hour, more or less */
}

static void where_they_differ_they_come_often(void **state)
{
    (void)state;
    uint64_t us;
    probe_pace_init(&pace, 0, 15 * MINUTE, 0, 11);
    unsigned often = simulate(0, HOUR, 100000, restless, &us);
    assert_true(often >= 40 && often <= 70);
    assert_true(pace.period_ms == PROBE_PERIOD_MIN_MS);
}

static void growth_brings_the_next_one_forward_but_not_beyond_the_budget(void **state)
{
    (void)state;
    uint64_t us;
    probe_pace_init(&pace, 0, 15 * MINUTE, 0, 5);
    (void)simulate(0, 5 * HOUR, 100000, steady, &us);
    int64_t last = pace.last_ms;
    probe_pace_grown(&pace, last + MINUTE);
    assert_int_equal(probe_pace_due_ms(&pace), last + MINUTE);
    probe_pace_done(&pace, last + MINUTE, 100000, 150 * MIB);
    probe_pace_grown(&pace, last + MINUTE + 1);
    assert_int_equal(probe_pace_due_ms(&pace), last + MINUTE + PROBE_GROWN_MS);
    /* no credit: it has to wait */
    probe_pace_init(&pace, 0, 15 * MINUTE, 0, 5);
    (void)simulate(0, 5 * HOUR, 5000000, restless, &us);
    int64_t now = pace.last_ms + 40 * SECOND;
    probe_pace_grown(&pace, now);
    assert_true(probe_pace_due_ms(&pace) > now + 10 * (int64_t)MINUTE);
}

static void a_natural_cycle_takes_its_place(void **state)
{
    (void)state;
    uint64_t us;
    probe_pace_init(&pace, 0, 15 * MINUTE, 0, 5);
    (void)simulate(0, 5 * HOUR, 100000, steady, &us);
    int64_t now = probe_pace_due_ms(&pace) - SECOND;
    uint64_t probes = pace.probes;
    probe_pace_seen(&pace, now, 150 * MIB);
    assert_true(probe_pace_due_ms(&pace) > now + 20 * MINUTE);
    assert_int_equal(pace.probes, probes);
}

static void failures_make_it_patient(void **state)
{
    (void)state;
    probe_pace_init(&pace, 0, MINUTE, 0, 5);
    int64_t now = 0, distance = 0;
    for (int i = 0; i < 8; i++) {
        now = probe_pace_due_ms(&pace);
        probe_pace_failed(&pace, now, 1000);
        distance = probe_pace_due_ms(&pace) - now;
        assert_true(distance >= 45 * SECOND && (i > 0 || distance <= 75 * SECOND));
    }
    assert_true(distance >= 24 * MINUTE);
}

static void the_users_period_is_kept(void **state)
{
    (void)state;
    uint64_t us;
    probe_pace_init(&pace, 10 * SECOND, 15 * MINUTE, 0, 5);
    assert_int_equal(probe_pace_due_ms(&pace), 10 * SECOND);
    assert_int_equal(simulate(0, 10 * MINUTE + 1, 5000000, restless, &us), 60);
    int64_t due = probe_pace_due_ms(&pace);
    probe_pace_grown(&pace, due - 9 * SECOND);
    probe_pace_seen(&pace, due - 9 * SECOND, MIB);
    assert_int_equal(probe_pace_due_ms(&pace), due);
}

static void the_phase_is_random(void **state)
{
    (void)state;
    probe_pace_init(&pace, 0, 15 * MINUTE, 0, 1);
    int64_t one = probe_pace_due_ms(&pace);
    probe_pace_init(&pace, 0, 15 * MINUTE, 0, 2);
    assert_true(probe_pace_due_ms(&pace) != one);
    probe_pace_init(&pace, 0, 15 * MINUTE, 0, 0); /* xorshift would stay at 0 */
    probe_pace_done(&pace, 1, 1, 1);
    assert_true(pace.random != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(early_ones_come_within_the_warm_up),
        cmocka_unit_test(the_budget_holds),
        cmocka_unit_test(a_dearer_probe_makes_the_next_one_wait),
        cmocka_unit_test(where_they_agree_they_become_rare),
        cmocka_unit_test(where_they_differ_they_come_often),
        cmocka_unit_test(growth_brings_the_next_one_forward_but_not_beyond_the_budget),
        cmocka_unit_test(a_natural_cycle_takes_its_place),
        cmocka_unit_test(failures_make_it_patient),
        cmocka_unit_test(the_users_period_is_kept),
        cmocka_unit_test(the_phase_is_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
