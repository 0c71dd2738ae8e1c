/* The live set and the work of collecting, known afterwards. */
#include "predictor/hindsight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)
#define MINUTE_MS INT64_C(60000)
#define BEGIN_MS INT64_C(946684800000)
enum { MAX = 2000 };

static struct hc_gc_sample samples[MAX];
static struct hc_live_view views[16];
static struct hc_epoch epochs[4];
static struct hc_past past;
static struct hc_hindsight hindsight;

static int set_up(void **state)
{
    (void)state;
    past = (struct hc_past){.samples = samples, .views = views, .epochs = epochs};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hc_hindsight_release(&hindsight);
    return 0;
}

static void add(int64_t minute, enum hc_gc_kind kind, uint64_t after_mib)
{
    samples[past.sample_count++] = (struct hc_gc_sample){.end_time_ms = BEGIN_MS + minute * MINUTE_MS,
                                                         .gc_time_us = 600000,
                                                         .heap_used_after_bytes = after_mib * MIB,
                                                         .heap_committed_bytes = 1000 * MIB,
                                                         .heap_max_bytes = 1000 * MIB,
                                                         .kind = kind};
}

static void look_back(void)
{
    assert_int_equal(hc_hindsight_init(&past, 15 * MINUTE_MS, &hindsight, NULL), HC_OK);
}

static double live_at(int64_t minute)
{
    return hindsight.bins[minute / 15].live_bytes / (double)MIB;
}

/* Garbage of the old generation grows from 100 to 400 MiB, a full collection an hour takes it away. */
static void test_full_collections_with_a_line_between(void **state)
{
    (void)state;
    for (int minute = 0; minute <= 600; minute++)
        add(minute, minute % 60 == 0 ? HC_GC_FULL : HC_GC_YOUNG, (uint64_t)(minute % 60 == 0 ? 100 + minute : 400));
    look_back();
    assert_int_equal(hindsight.truth, HC_TRUTH_FULL);
    assert_int_equal(hindsight.points, 11);
    assert_float_equal(live_at(30), 145, 0.01); /* the most of minutes 30 to 45: the end of the bin */
    assert_float_equal(live_at(600), 700, 0.01);
    /* one collection of 0.6 s a minute: 1 % of the time, in the room that is not live */
    assert_float_equal((float)(hindsight.bins[20].work_bytes / (double)MIB), 5.85, 0.5);
    assert_float_equal(hindsight.bins[20].heap_max_bytes, 1000 * MIB, 0);
}

static void test_runs_of_mixed_collections(void **state)
{
    (void)state;
    for (int minute = 0; minute <= 600; minute++) {
        static const uint64_t run[] = {300, 200, 230};
        int in = minute % 60;
        add(minute, in >= 57 ? HC_GC_MIXED : HC_GC_YOUNG, in >= 57 ? run[in - 57] : 400);
    }
    look_back();
    assert_int_equal(hindsight.truth, HC_TRUTH_MIXED_ENDS);
    assert_int_equal(hindsight.points, 10);
    assert_float_equal(live_at(300), 200, 0.01);
}

static void test_least_of_blocks_of_fifteen(void **state)
{
    (void)state;
    for (int minute = 0; minute < 600; minute++)
        add(minute, minute % 100 == 50 ? HC_GC_PAUSE : HC_GC_YOUNG, (uint64_t)(minute % 3 == 1 ? 150 : 400));
    look_back();
    assert_int_equal(hindsight.truth, HC_TRUTH_BLOCKS);
    assert_int_equal(hindsight.points, 40);
    assert_float_equal(live_at(300), 150, 0.01);
}

static void test_looks_are_best(void **state)
{
    (void)state;
    for (int minute = 0; minute <= 600; minute++)
        add(minute, minute == 310 ? HC_GC_FULL : HC_GC_YOUNG, minute == 310 ? 90 : 400);
    for (int i = 0; i < 5; i++)
        views[past.view_count++] =
            (struct hc_live_view){.time_ms = BEGIN_MS + (100 + 100 * i) * MINUTE_MS, .live_bytes = 80 * MIB};
    look_back();
    assert_int_equal(hindsight.truth, HC_TRUTH_VIEWS);
    assert_int_equal(hindsight.points, 6);
    assert_float_equal(live_at(310), 90, 0.01);
    assert_float_equal(live_at(150), 80, 0.01);
}

/* Level over a gap of more than six hours, and over a start. */
static void test_no_line_over_gaps_and_starts(void **state)
{
    (void)state;
    static const int minutes[] = {0, 60, 120, 180, 240, 1000, 1060};
    for (int i = 0; i < 7; i++)
        add(minutes[i], HC_GC_FULL, (uint64_t)(minutes[i] < 1000 ? 100 + 100 * (i == 2) : 500));
    epochs[0] = (struct hc_epoch){.start_ms = BEGIN_MS + 90 * MINUTE_MS};
    past.epoch_count = 1;
    look_back();
    assert_float_equal(live_at(90), 100, 0.01); /* another JVM began: no line from 100 to 200 */
    assert_float_equal(live_at(150), 200 * 0.5 + 100 * 0.5, 0.01);
    assert_float_equal(live_at(900), 100, 0.01); /* twelve hours without a point */
    assert_float_equal(live_at(1000), 500, 0.01);
}

static void test_exhaustion_is_marked(void **state)
{
    (void)state;
    struct hc_event events[] = {{BEGIN_MS + 40 * MINUTE_MS, HC_EVENT_OUT_OF_MEMORY_HEAP, 0, ""},
                                {BEGIN_MS + 80 * MINUTE_MS, HC_EVENT_UNCLEAN_END, 0, ""},
                                {BEGIN_MS - 80 * MINUTE_MS, HC_EVENT_OUT_OF_MEMORY_HEAP, 0, ""},
                                {BEGIN_MS + 900 * MINUTE_MS, HC_EVENT_OUT_OF_MEMORY_HEAP, 0, ""}};
    past.events = events;
    past.event_count = 4;
    for (int minute = 0; minute <= 100; minute++)
        add(minute, HC_GC_YOUNG, 100);
    look_back();
    for (size_t i = 0; i < hindsight.count; i++)
        assert_int_equal(hindsight.bins[i].exhausted, i == 40 / 15);
}

static void test_nothing_to_look_at(void **state)
{
    (void)state;
    struct hc_error err;
    assert_int_equal(hc_hindsight_init(&past, MINUTE_MS, &hindsight, &err), HC_ENODATA);
    add(0, HC_GC_PAUSE, 100);
    assert_int_equal(hc_hindsight_init(&past, MINUTE_MS, &hindsight, &err), HC_ENODATA);
}

/* A past of years in steps of a second gets wider bins, not gigabytes. */
static void test_bins_are_bounded(void **state)
{
    (void)state;
    add(0, HC_GC_YOUNG, 100);
    add(5 * 365 * 1440, HC_GC_YOUNG, 300);
    assert_int_equal(hc_hindsight_init(&past, 1000, &hindsight, NULL), HC_OK);
    assert_in_range(hindsight.count, 1000, 4000);
    assert_float_equal(hindsight.bins[0].live_bytes, 100 * MIB, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_full_collections_with_a_line_between, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_runs_of_mixed_collections, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_least_of_blocks_of_fifteen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_looks_are_best, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_line_over_gaps_and_starts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_exhaustion_is_marked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_to_look_at, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bins_are_bounded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
