#include "predictor/headroom.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)
#define BEGIN_MS (INT64_C(1700000000000) / HC_HOUR_MS * HC_HOUR_MS)

static double scratch[HC_RAW_SLOTS];

struct world {
    struct hc_series series;
    void *block;
    uint64_t collections, committed_mib;
};

static void begin_as(struct world *world, enum hc_collector collector)
{
    world->collections = 0;
    world->committed_mib = 1000;
    world->block = calloc(1, hc_series_size());
    assert_int_equal(hc_series_open(&world->series, world->block, hc_series_size(), NULL), HC_OK);
    struct hc_epoch epoch = {.start_ms = BEGIN_MS, .heap_max_bytes = 1000 * MIB, .collector = collector};
    hc_series_start(&world->series, &epoch);
}

static void begin(struct world *world)
{
    begin_as(world, HC_COLLECTOR_G1);
}

static void collect_kind(struct world *world, enum hc_gc_kind kind, int64_t at_s, uint64_t used_mib, uint64_t gc_ms)
{
    struct hc_gc_sample sample = {.end_time_ms = BEGIN_MS + at_s * 1000,
                                  .gc_id = world->collections += 1,
                                  .pause_us = gc_ms * 1000,
                                  .gc_time_us = gc_ms * 1000,
                                  .heap_used_after_bytes = used_mib * MIB,
                                  .heap_committed_bytes = world->committed_mib * MIB,
                                  .heap_max_bytes = 1000 * MIB,
                                  .allocated_bytes = HC_BYTES_UNKNOWN,
                                  .promoted_bytes = HC_BYTES_UNKNOWN,
                                  .kind = kind};
    hc_series_add(&world->series, &sample);
}

static void collect(struct world *world, int64_t at_s, uint64_t used_mib, uint64_t gc_ms)
{
    collect_kind(world, HC_GC_FULL, at_s, used_mib, gc_ms);
}

static struct hc_gc_cost cost_at(const struct world *world, int64_t at_s)
{
    struct hc_gc_cost cost;
    struct hc_policy policy;
    hc_policy_init(&policy);
    hc_headroom_gc_cost(&world->series, BEGIN_MS + at_s * 1000, &policy, scratch, &cost);
    return cost;
}

static void assert_near(double found, double expected)
{
    if (fabs(found - expected) > 1e-6 * fabs(expected))
        fail_msg("%.9g is not near %.9g", found, expected);
}

static void test_a_part_of_an_hour_is_divided_by_the_time_watched(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    for (int64_t s = 70; s <= 120; s += 10)
        collect(&world, s, 200, 100);
    struct hc_gc_cost cost = cost_at(&world, 180);
    assert_near(cost.share_ratio, 0.6 / 120); /* the first minute is left out */
    assert_near(cost.work_bytes, 0.6 / 120 * 800 * (double)MIB);
    assert_int_equal(cost.covered_ms, 180000);
    free(world.block);
}

static void test_the_first_minute_counts_while_there_is_hardly_more(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    collect(&world, 20, 200, 600);
    collect(&world, 50, 200, 600);
    assert_near(cost_at(&world, 60).share_ratio, 0.02);
    assert_near(cost_at(&world, 100).share_ratio, 0.012);
    collect(&world, 110, 200, 100);
    assert_near(cost_at(&world, 160).share_ratio, 0.001);
    free(world.block);
}

static void test_the_empty_survivor_space_is_asked_for_too(void **state)
{
    static const struct {
        enum hc_collector collector;
        uint64_t committed_mib;
        double capacity;
    } cases[] = {
        {HC_COLLECTOR_PARALLEL, 900, 0.9}, {HC_COLLECTOR_SERIAL, 967, 0.967},
        {HC_COLLECTOR_CMS, 967, 0.967},    {HC_COLLECTOR_PARALLEL, 870, 0.96}, /* not grown whole: nobody knows */
        {HC_COLLECTOR_SERIAL, 930, 0.96},  {HC_COLLECTOR_G1, 900, 1}}; /* not grown whole, and all of it can be used */
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world world;
        begin_as(&world, cases[i].collector);
        world.committed_mib = cases[i].committed_mib;
        for (int64_t s = 70; s <= 120; s += 10)
            collect_kind(&world, HC_GC_YOUNG, s, 200, 100);
        struct hc_gc_cost cost = cost_at(&world, 180);
        assert_near(cost.capacity_ratio, cases[i].capacity);
        free(world.block);
    }
}

/* Half a minute of loading the state, pauses of 300 ms; after that one of 10 ms every second. */
static void test_loading_is_no_measure_of_the_load(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    for (int64_t s = 1; s <= 30; s++)
        collect(&world, s, 200, 300);
    for (int64_t s = 31; s <= 70; s++)
        collect(&world, s, 200, 10);
    struct hc_gc_cost cost = cost_at(&world, 70);
    assert_near(cost.work_bytes / (double)(800 * MIB), 0.01); /* the second half only */
    assert_true(cost.share_ratio > 0.1);                      /* what was observed is told in full */
    free(world.block);
}

/* One that no cycle has claimed yet says the most that there can be. */
static void test_a_pause_may_not_know_what_is_committed(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.committed_mib = 300;
    for (int64_t s = 20; s <= 50; s += 10)
        collect(&world, s, 200, 100);
    double work = cost_at(&world, 55).work_bytes;
    assert_true(work > 0);
    world.committed_mib = 1000;
    collect_kind(&world, HC_GC_PAUSE, 53, 200, 0);
    assert_near(cost_at(&world, 55).work_bytes, work);
    free(world.block);
}

static void test_neighbouring_hours_share_a_lump(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    for (int64_t h = 0; h < 12; h++)
        collect(&world, h * 3600 + 1800, 200, h == 5 ? 36000 : 0);
    /* 1 % in one of three hours; the 99th percentile of 12 hours lies between the two largest, which are equal. */
    assert_near(cost_at(&world, 12 * 3600 - 1).work_bytes, 0.01 / 3 * 800 * (double)MIB);
    free(world.block);
}

static void test_an_hour_that_has_just_begun_says_little_alone(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    for (int64_t s = 100; s < 3600; s += 100)
        collect(&world, s, 200, 100);
    double before = cost_at(&world, 3599).work_bytes;
    collect(&world, 3602, 200, 300); /* 15 % of two seconds */
    assert_true(cost_at(&world, 3602).work_bytes < 1.15 * before);
    free(world.block);
}

static void test_hours_without_collections_count_as_time(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    collect(&world, 1800, 200, 1000);
    collect(&world, 10 * 3600 + 1800, 200, 1000);
    struct hc_gc_cost cost = cost_at(&world, 10 * 3600 + 3600);
    assert_int_equal(cost.covered_ms, 11 * HC_HOUR_MS);
    assert_near(cost.share_ratio, 2.0 / (11 * 3600 - 60));
    free(world.block);
}

static void test_time_between_two_jvms_is_not_watched(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    collect(&world, 600, 200, 1000);
    hc_series_end(&world.series, BEGIN_MS + 1000 * 1000);
    assert_int_equal(cost_at(&world, 3000).covered_ms, 1000000);
    struct hc_epoch epoch = {.start_ms = BEGIN_MS + 3000 * 1000, .heap_max_bytes = 1000 * MIB};
    hc_series_start(&world.series, &epoch);
    collect(&world, 3100, 200, 1000);
    assert_int_equal(cost_at(&world, 3200).covered_ms, 1200000);
    assert_near(cost_at(&world, 3200).share_ratio, 2.0 / (1200 - 120));
    free(world.block);
}

static void test_the_room_has_a_least(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    for (int64_t s = 100; s < 1100; s += 100)
        collect(&world, s, 999, 1000);
    assert_near(cost_at(&world, 1060).work_bytes, 10.0 / 1000 * 50 * (double)MIB);
    free(world.block);
}

/* Ten pauses of 10 ms and ten of 50: 10 ms come with each collection, what is beyond is copying. */
static void test_copying_is_the_same_in_any_heap(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    for (int64_t i = 0; i < 20; i++)
        collect_kind(&world, HC_GC_YOUNG, 70 + 10 * i, 200, i % 2 == 0 ? 10 : 50);
    struct hc_gc_cost cost = cost_at(&world, 270);
    assert_near(cost.share_ratio, 0.6 / 210);
    assert_near(cost.copying_ratio, 0.4 / 210);
    assert_near(cost.work_bytes, 0.2 / 210 * 800 * (double)MIB);
    for (int64_t i = 20; i < 30; i++) /* other kinds have no such part */
        collect(&world, 70 + 10 * i, 200, 10);
    cost = cost_at(&world, 370);
    assert_near(cost.copying_ratio, 0.4 / 310);
    free(world.block);
}

static void test_few_young_pauses_say_nothing_of_copying(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    for (int64_t i = 0; i < 9; i++)
        collect_kind(&world, HC_GC_YOUNG, 70 + 10 * i, 200, i % 2 == 0 ? 10 : 50);
    assert_true(cost_at(&world, 160).copying_ratio == 0);
    free(world.block);
}

static void test_pauses_of_concurrent_collectors_copy_nothing(void **state)
{
    (void)state;
    struct world world;
    begin_as(&world, HC_COLLECTOR_Z);
    for (int64_t i = 0; i < 20; i++)
        collect_kind(&world, HC_GC_YOUNG, 70 + 10 * i, 200, i % 2 == 0 ? 10 : 50);
    assert_true(cost_at(&world, 270).copying_ratio == 0);
    free(world.block);
}

/* Ninety-nine young collections, then a full one that takes `ms`. */
static void full_after_many(struct world *world, int64_t *at_s, uint64_t ms)
{
    for (unsigned i = 0; i < 99; i++)
        collect_kind(world, HC_GC_YOUNG, ++*at_s, 200, 1);
    collect(world, ++*at_s, 200, ms);
}

static double full_pause_of(enum hc_collector collector)
{
    struct world world;
    int64_t at_s = 0;
    begin_as(&world, collector);
    for (unsigned i = 0; i < 3; i++)
        full_after_many(&world, &at_s, 20);
    collect(&world, at_s + 1, 200, 4); /* two at once */
    collect(&world, at_s + 2, 200, 8);
    for (unsigned i = 0; i < 20; i++) /* it is remembered, however many come later */
        full_after_many(&world, &at_s, 20);
    double ms = cost_at(&world, at_s).full_pause_ms;
    free(world.block);
    return ms;
}

/* Parallel: the first of two JVMs take 100 ms, `later` others 40. */
static double full_pause_with_later_ones(unsigned later)
{
    struct world world;
    int64_t at_s = 0;
    begin_as(&world, HC_COLLECTOR_PARALLEL);
    full_after_many(&world, &at_s, 100);
    struct hc_epoch epoch = {
        .start_ms = BEGIN_MS + at_s * 1000, .heap_max_bytes = 1000 * MIB, .collector = HC_COLLECTOR_PARALLEL};
    hc_series_start(&world.series, &epoch);
    full_after_many(&world, &at_s, 100);
    for (unsigned i = 0; i < later; i++)
        full_after_many(&world, &at_s, 40);
    double ms = cost_at(&world, at_s).full_pause_ms;
    free(world.block);
    return ms;
}

static void test_parallels_first_full_collection_is_unlike_the_others(void **state)
{
    (void)state;
    assert_near(full_pause_with_later_ones(0), 70);
    assert_near(full_pause_with_later_ones(2), 55);
    assert_near(full_pause_with_later_ones(3), 40);
}

static void test_where_each_collection_is_a_full_one_serial_has_less_to_move(void **state)
{
    (void)state;
    assert_near(full_pause_of(HC_COLLECTOR_SERIAL), 6);
    assert_near(full_pause_of(HC_COLLECTOR_PARALLEL), 20);
}

/* 400 alive in 1000, each collection a full one: of 4 % of the time, 800 MiB of heap would take 5 %. */
static double work_where_all_are_full(enum hc_collector collector, uint64_t ms)
{
    struct world world;
    begin_as(&world, collector);
    for (int64_t s = 1; s <= 3600; s++)
        collect(&world, s, 400, ms);
    double work = cost_at(&world, 3599).work_bytes / (double)MIB;
    free(world.block);
    return work;
}

static void test_where_all_are_full_the_share_goes_with_the_heap(void **state)
{
    (void)state;
    assert_in_range((uint64_t)(100 * work_where_all_are_full(HC_COLLECTOR_G1, 40)), 2390,
                    2410); /* 0.04 * (1000 - 400) */
    assert_in_range((uint64_t)(100 * work_where_all_are_full(HC_COLLECTOR_PARALLEL, 40)), 1990,
                    2010); /* 0.05 * (800 - 400) */
    assert_in_range((uint64_t)(100 * work_where_all_are_full(HC_COLLECTOR_PARALLEL, 20)), 990,
                    1010); /* an old generation of 400 */
}

static int keeps(const struct world *world, int64_t at_s, double limit)
{
    return hc_headroom_keeps(&world->series, BEGIN_MS + at_s * 1000, limit);
}

static void test_a_jvm_that_keeps_the_limit(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    collect(&world, 70, 200, 100);
    collect(&world, 80, 200, 100);
    assert_false(keeps(&world, 100, 0.9)); /* too few to tell */
    for (int64_t s = 90; s <= 160; s += 10)
        collect(&world, s, 200, 100);
    assert_true(keeps(&world, 160, 0.0101)); /* its first minute is left out */
    assert_false(keeps(&world, 160, 0.0099));
    for (int64_t s = 161; s < 7200; s++) /* of more than are kept the newest */
        collect(&world, s, 200, s < 3700 ? 10 : s < 4200 ? 200 : 10);
    assert_true(keeps(&world, 7199, 0.0102)); /* the running hour by its newest half hour */
    collect(&world, 7300, 200, 1);
    assert_false(keeps(&world, 7300, 0.0102)); /* 3.6 % in the hour that is over */
    assert_true(keeps(&world, 7300, 0.04));
    struct hc_epoch epoch = {.start_ms = BEGIN_MS + 7400 * 1000, .heap_max_bytes = 1000 * MIB};
    hc_series_start(&world.series, &epoch);
    assert_false(keeps(&world, 7500, 0.9));
    free(world.block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_part_of_an_hour_is_divided_by_the_time_watched),
        cmocka_unit_test(test_the_first_minute_counts_while_there_is_hardly_more),
        cmocka_unit_test(test_the_empty_survivor_space_is_asked_for_too),
        cmocka_unit_test(test_loading_is_no_measure_of_the_load),
        cmocka_unit_test(test_a_pause_may_not_know_what_is_committed),
        cmocka_unit_test(test_neighbouring_hours_share_a_lump),
        cmocka_unit_test(test_an_hour_that_has_just_begun_says_little_alone),
        cmocka_unit_test(test_hours_without_collections_count_as_time),
        cmocka_unit_test(test_time_between_two_jvms_is_not_watched),
        cmocka_unit_test(test_the_room_has_a_least),
        cmocka_unit_test(test_copying_is_the_same_in_any_heap),
        cmocka_unit_test(test_few_young_pauses_say_nothing_of_copying),
        cmocka_unit_test(test_pauses_of_concurrent_collectors_copy_nothing),
        cmocka_unit_test(test_parallels_first_full_collection_is_unlike_the_others),
        cmocka_unit_test(test_where_each_collection_is_a_full_one_serial_has_less_to_move),
        cmocka_unit_test(test_where_all_are_full_the_share_goes_with_the_heap),
        cmocka_unit_test(test_a_jvm_that_keeps_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
