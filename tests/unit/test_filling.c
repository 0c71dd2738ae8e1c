#include "predictor/filling.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)
#define HEAP (1000 * MIB)
#define BEGIN_MS (INT64_C(1700000000000) / HC_HOUR_MS * HC_HOUR_MS)

static double scratch[HC_RAW_SLOTS];
static uint64_t seed = 7;

/* -1..1 */
static double noise(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(int64_t)(seed % 2001) / 1000.0 - 1.0;
}

struct world {
    struct hc_series series;
    void *block;
};

static void begin(struct world *world)
{
    world->block = calloc(1, hc_series_size());
    assert_int_equal(hc_series_open(&world->series, world->block, hc_series_size(), NULL), HC_OK);
    struct hc_epoch epoch = {.start_ms = BEGIN_MS, .heap_max_bytes = HEAP, .collector = HC_COLLECTOR_PARALLEL};
    hc_series_start(&world->series, &epoch);
}

static void finish(struct world *world)
{
    free(world->block);
}

static void collect(struct world *world, enum hc_gc_kind kind, double at_h, double used_mib)
{
    struct hc_gc_sample sample = {.end_time_ms = BEGIN_MS + (int64_t)(at_h * HC_HOUR_MS),
                                  .heap_used_after_bytes = (uint64_t)(used_mib * (double)MIB),
                                  .heap_committed_bytes = HEAP,
                                  .heap_max_bytes = HEAP,
                                  .old_used_after_bytes = HC_BYTES_UNKNOWN,
                                  .allocated_bytes = MIB,
                                  .promoted_bytes = HC_BYTES_UNKNOWN,
                                  .kind = kind};
    hc_series_add(&world->series, &sample);
}

static struct hc_filling find(struct world *world, double at_h)
{
    struct hc_filling filling;
    hc_filling_find(&world->series, BEGIN_MS + (int64_t)(at_h * HC_HOUR_MS), scratch, &filling);
    return filling;
}

/* From half-way on the time is stated, and within a quarter, until what is left is a matter of the noise. */
static void leak_is_foretold(enum hc_gc_kind kind, double full_at_h, unsigned young_between)
{
    struct world world;
    begin(&world);
    double rate = (0.95 * 1000 - 100) / full_at_h;
    unsigned sweeps = 60;
    for (unsigned i = 1; i < sweeps; i++) {
        double step = full_at_h / sweeps, at_h = step * i;
        for (unsigned k = 1; k <= young_between; k++)
            collect(&world, HC_GC_YOUNG, at_h - step + step * k / (young_between + 1), 100 + rate * at_h + k * 0.1);
        collect(&world, kind, at_h, 100 + rate * at_h + 15 * noise());
        if (kind == HC_GC_MIXED) /* ends the run */
            collect(&world, HC_GC_YOUNG, at_h + step / 1000, 100 + rate * at_h + 5);
        double left_h = full_at_h - at_h;
        if (i < sweeps / 2 || i > sweeps * 9 / 10)
            continue;
        struct hc_filling filling = find(&world, at_h);
        assert_true(filling.found);
        assert_true(fabs(filling.hours_to_full - left_h) <= 0.25 * left_h);
        assert_true(fabs(filling.bytes_per_h / (rate * (double)MIB) - 1) < 0.25);
    }
    finish(&world);
}

static void test_a_leak_is_foretold_from_half_way_on(void **state)
{
    (void)state;
    leak_is_foretold(HC_GC_FULL, 0.05, 5); /* three minutes */
    leak_is_foretold(HC_GC_FULL, 600, 5);  /* 25 days */
    leak_is_foretold(HC_GC_MIXED, 20, 5);
    leak_is_foretold(HC_GC_OLD, 100, 0);
    leak_is_foretold(HC_GC_FULL, 100, 200); /* the ring has forgotten the first sweeps */
}

static void test_a_leak_shows_in_views(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    for (unsigned i = 1; i <= 30; i++) {
        double at_h = 0.5 * i, live = 100 + 20 * at_h;
        collect(&world, HC_GC_YOUNG, at_h, live + 300 + 50 * noise());
        struct hc_live_view view = {.time_ms = BEGIN_MS + (int64_t)(at_h * HC_HOUR_MS),
                                    .live_bytes = (uint64_t)(live * (double)MIB),
                                    .used_bytes = HC_BYTES_UNKNOWN,
                                    .source = HC_LIVE_G1_MARKING,
                                    .evidence = HC_EVIDENCE_MARKING};
        hc_series_add_view(&world.series, &view);
    }
    struct hc_filling filling = find(&world, 15);
    assert_true(filling.found);
    assert_true(fabs(filling.hours_to_full / ((950 - 400) / 20.0) - 1) < 0.05);
    finish(&world);
}

/* Live set at the end of each sixth of an hour, for two days. */
static int found_with(double (*live_mib)(double at_h))
{
    struct world world;
    begin(&world);
    int found = 0;
    for (unsigned i = 1; i <= 48 * 6; i++) {
        collect(&world, HC_GC_FULL, i / 6.0, live_mib(i / 6.0));
        found |= i > 12 && find(&world, i / 6.0).found;
    }
    finish(&world);
    return found;
}

static double flat(double at_h)
{
    (void)at_h;
    return 400 + 20 * noise();
}

static double filled_in_an_hour(double at_h)
{
    return 100 + (at_h < 1 ? 400 * at_h : 400) + 5 * noise();
}

static double stepped(double at_h)
{
    return at_h < 24 ? 200 + 5 * noise() : 400 + 5 * noise();
}

static double falling(double at_h)
{
    return 800 - 10 * at_h;
}

static void test_nothing_is_said_of_what_does_not_fill_the_heap(void **state)
{
    (void)state;
    assert_false(found_with(flat));
    assert_false(found_with(filled_in_an_hour));
    assert_false(found_with(stepped));
    assert_false(found_with(falling));
}

/* Old garbage grows with no sweep to tell it from a leak. */
static void test_what_no_sweep_has_settled_is_no_leak(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    for (unsigned i = 1; i <= 40 * 6; i++)
        collect(&world, HC_GC_YOUNG, i / 6.0, 100 + 2 * i);
    assert_false(find(&world, 40).found);
    finish(&world);
}

static void test_a_restart_ends_a_leak(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    for (unsigned i = 1; i <= 30; i++)
        collect(&world, HC_GC_FULL, i, 100 + 20 * i);
    assert_true(find(&world, 30).found);
    struct hc_epoch epoch = {.start_ms = BEGIN_MS + 30 * HC_HOUR_MS, .heap_max_bytes = HEAP};
    hc_series_start(&world.series, &epoch);
    assert_false(find(&world, 31).found);
    finish(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_leak_is_foretold_from_half_way_on),
        cmocka_unit_test(test_a_leak_shows_in_views),
        cmocka_unit_test(test_nothing_is_said_of_what_does_not_fill_the_heap),
        cmocka_unit_test(test_what_no_sweep_has_settled_is_no_leak),
        cmocka_unit_test(test_a_restart_ends_a_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
