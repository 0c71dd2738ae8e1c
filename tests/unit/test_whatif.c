#include <heapcast/whatif.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)
#define HOUR_MS INT64_C(3600000)
#define BEGIN_MS (INT64_C(1700000000000) / HOUR_MS * HOUR_MS)

struct world {
    struct hc_predictor *predictor;
    void *block;
    uint64_t id;
    enum hc_collector collector;
};

static void begin(struct world *world, enum hc_collector collector)
{
    struct hc_policy policy;
    hc_policy_init(&policy);
    world->block = calloc(1, hc_predictor_size());
    world->id = 0;
    world->collector = collector;
    assert_int_equal(hc_predictor_new(world->block, hc_predictor_size(), &policy, &world->predictor, NULL), HC_OK);
    struct hc_epoch epoch = {.start_ms = BEGIN_MS, .heap_max_bytes = 1000 * MIB, .collector = collector};
    assert_int_equal(hc_predictor_start(world->predictor, &epoch), HC_OK);
}

static void end(struct world *world)
{
    hc_predictor_free(world->predictor);
    free(world->block);
}

static void collect_in(struct world *world, uint64_t committed_mib, enum hc_gc_kind kind, int64_t at_ms,
                       uint64_t live_mib, uint64_t pause_ms)
{
    struct hc_gc_sample sample = {.end_time_ms = BEGIN_MS + at_ms,
                                  .gc_id = ++world->id,
                                  .pause_us = pause_ms * 1000,
                                  .gc_time_us = pause_ms * 1000,
                                  .heap_used_before_bytes = HC_BYTES_UNKNOWN,
                                  .heap_used_after_bytes = live_mib * MIB,
                                  .old_used_after_bytes = HC_BYTES_UNKNOWN,
                                  .heap_committed_bytes = committed_mib * MIB,
                                  .heap_max_bytes = 1000 * MIB,
                                  .allocated_bytes = 100 * MIB,
                                  .promoted_bytes = kind == HC_GC_YOUNG ? MIB : HC_BYTES_UNKNOWN,
                                  .kind = kind};
    assert_int_equal(hc_predictor_observe(world->predictor, &sample), HC_OK);
}

static void collect(struct world *world, enum hc_gc_kind kind, int64_t at_ms, uint64_t live_mib, uint64_t pause_ms)
{
    collect_in(world, 1000, kind, at_ms, live_mib, pause_ms);
}

/* `hours` of a full collection of 100 ms every ten seconds: a share of 1 % with 1000 - live MiB free. */
static void steady(struct world *world, int64_t hours, uint64_t live_mib)
{
    for (int64_t at_ms = 10000; at_ms < hours * HOUR_MS; at_ms += 10000)
        collect(world, HC_GC_FULL, at_ms, live_mib, 100);
}

static struct hc_whatif_load load_at(const struct world *world, int64_t at_ms)
{
    struct hc_whatif_load load;
    assert_int_equal(hc_whatif_load(world->predictor, BEGIN_MS + at_ms, &load, NULL), HC_OK);
    return load;
}

static struct hc_whatif heap_of(const struct hc_whatif_load *load, uint64_t mib)
{
    struct hc_whatif w;
    hc_whatif_heap(load, mib * MIB, &w);
    return w;
}

static void assert_near(double found, double expected, double relative)
{
    if (!(fabs(found - expected) <= relative * fabs(expected)))
        fail_msg("%.9g is not within %g of %.9g", found, relative, expected);
}

static void test_the_heap_in_force_costs_what_was_seen(void **state)
{
    (void)state;
    struct world world;
    begin(&world, HC_COLLECTOR_G1);
    steady(&world, 3, 200);
    struct hc_whatif_load load = load_at(&world, 3 * HOUR_MS - 1);
    struct hc_whatif w = heap_of(&load, 1000);
    assert_int_equal(w.verdict, HC_WHATIF_FITS);
    assert_near(w.gc_share_ratio.expected, 0.01, 0.01);
    assert_near(w.collections_per_h.expected, 360, 0.01);
    assert_near(w.pause_max_ms, 100, 1e-9);
    end(&world);
}

static void test_half_the_room_costs_twice(void **state)
{
    (void)state;
    struct world world;
    begin(&world, HC_COLLECTOR_G1);
    steady(&world, 3, 200);
    struct hc_whatif_load load = load_at(&world, 3 * HOUR_MS - 1);
    struct hc_whatif w = heap_of(&load, 600);
    assert_near(w.gc_share_ratio.expected, 0.02, 0.01);
    assert_near(w.collections_per_h.expected, 720, 0.01);
    w = heap_of(&load, 300); /* an eighth */
    assert_near(w.gc_share_ratio.expected, 0.08, 0.01);
    assert_int_equal(w.verdict, HC_WHATIF_COSTLY);
    end(&world);
}

/* More heap never costs more, and never has more risk; ranges hold what is expected. */
static void test_monotone(void **state)
{
    (void)state;
    static const enum hc_collector collectors[] = {HC_COLLECTOR_SERIAL, HC_COLLECTOR_PARALLEL, HC_COLLECTOR_G1,
                                                   HC_COLLECTOR_Z};
    for (size_t c = 0; c < sizeof collectors / sizeof collectors[0]; c++) {
        struct world world;
        begin(&world, collectors[c]);
        for (int64_t at_ms = 5000; at_ms < 60 * HOUR_MS; at_ms += 120000)
            collect(&world, at_ms % 480000 == 5000 ? HC_GC_FULL : HC_GC_YOUNG, at_ms,
                    150 + (uint64_t)(at_ms / HOUR_MS * 7 % 90), 10 + (uint64_t)(at_ms / 1000 % 50));
        struct hc_whatif_load load = load_at(&world, 60 * HOUR_MS - 1);
        struct hc_whatif before = heap_of(&load, 4);
        for (uint64_t mib = 8; mib < 4000; mib += 12) {
            struct hc_whatif w = heap_of(&load, mib);
            assert_true(w.gc_share_ratio.expected <= before.gc_share_ratio.expected);
            assert_true(w.collections_per_h.expected <= before.collections_per_h.expected);
            assert_true(w.full_collections_per_h <= before.full_collections_per_h);
            assert_true(w.exhaustion_risk_ratio <= before.exhaustion_risk_ratio);
            assert_true(w.gc_share_ratio.lower <= w.gc_share_ratio.expected &&
                        w.gc_share_ratio.expected <= w.gc_share_ratio.upper);
            assert_true(w.gc_share_ratio.upper <= 1 && w.exhaustion_risk_ratio >= 0 && w.exhaustion_risk_ratio <= 1);
            before = w;
        }
        end(&world);
    }
}

static void test_a_heap_below_the_live_set(void **state)
{
    (void)state;
    struct world world;
    begin(&world, HC_COLLECTOR_G1);
    steady(&world, 3, 200);
    struct hc_whatif_load load = load_at(&world, 3 * HOUR_MS - 1);
    struct hc_whatif w = heap_of(&load, 150);
    assert_int_equal(w.verdict, HC_WHATIF_TOO_SMALL);
    assert_near(w.exhaustion_risk_ratio, 1, 0);
    assert_int_equal(heap_of(&load, 210).verdict, HC_WHATIF_RISKY); /* 200 of it are more than 90 % */
    end(&world);
}

/* A job whose live set doubled every other day says more of its own risk than other jobs do. */
static void test_own_growth_counts(void **state)
{
    (void)state;
    struct world calm, jumpy;
    begin(&calm, HC_COLLECTOR_G1);
    begin(&jumpy, HC_COLLECTOR_G1);
    for (int64_t hour = 0; hour < 20 * 24; hour++) {
        int64_t at_ms = hour * HOUR_MS + 1800000;
        collect(&calm, HC_GC_FULL, at_ms, 200, 50);
        collect(&jumpy, HC_GC_FULL, at_ms, hour % 120 == 119 ? 400 : 200, 50);
    }
    struct hc_whatif_load a = load_at(&calm, 20 * 24 * HOUR_MS - 1), b = load_at(&jumpy, 20 * 24 * HOUR_MS - 1);
    assert_near(a.live_bytes, 200.0 * MIB, 1e-9);
    double calm_risk = heap_of(&a, 300).exhaustion_risk_ratio;
    /* the last jump lies within three days, so its risk is asked for twice the live set */
    double jumpy_risk = heap_of(&b, 300 * (uint64_t)(b.live_bytes / (200.0 * MIB))).exhaustion_risk_ratio;
    assert_true(calm_risk < 0.02 && jumpy_risk > 3 * calm_risk);
    end(&calm);
    end(&jumpy);
}

/* Loading the state costs much, once: it tells nothing of another heap. */
static void test_the_start_is_left_out(void **state)
{
    (void)state;
    struct world world;
    begin(&world, HC_COLLECTOR_G1);
    for (int64_t at_ms = 100; at_ms <= 1000; at_ms += 100)
        collect(&world, HC_GC_YOUNG, at_ms, 200, 90);
    for (int64_t at_ms = 2000; at_ms <= 20000; at_ms += 1000)
        collect(&world, HC_GC_YOUNG, at_ms, 200, 10);
    struct hc_whatif_load load = load_at(&world, 20000);
    assert_near(heap_of(&load, 1000).gc_share_ratio.expected, 0.01, 0.05);
    assert_near(heap_of(&load, 1000).pause_max_ms, 10, 1e-9);
    end(&world);
}

/* One that no cycle has claimed yet says the most that there can be; the collections had 200 MiB of room. */
static void test_a_pause_may_not_know_what_is_committed(void **state)
{
    (void)state;
    struct world world;
    begin(&world, HC_COLLECTOR_G1);
    for (int64_t at_ms = 1000; at_ms <= 20000; at_ms += 1000)
        collect_in(&world, 400, HC_GC_FULL, at_ms, 200, 10);
    collect(&world, HC_GC_PAUSE, 20500, 200, 0);
    struct hc_whatif_load load = load_at(&world, 21000);
    assert_near(heap_of(&load, 600).gc_share_ratio.expected, 0.005, 0.06);
    end(&world);
}

/* From 2.4 live sets on down Parallel may collect the whole heap each time: the upper end says so. */
static void test_parallel_generations(void **state)
{
    (void)state;
    struct world world;
    begin(&world, HC_COLLECTOR_PARALLEL);
    collect(&world, HC_GC_FULL, 500, 200, 300);
    for (int64_t at_ms = 1000; at_ms < 2 * HOUR_MS; at_ms += 1000)
        collect(&world, at_ms % 600000 == 0 ? HC_GC_FULL : HC_GC_YOUNG, at_ms, 200, at_ms % 600000 == 0 ? 300 : 5);
    struct hc_whatif_load load = load_at(&world, 2 * HOUR_MS - 1);
    struct hc_whatif tight = heap_of(&load, 450), loose = heap_of(&load, 520);
    assert_true(tight.gc_share_ratio.upper > 0.1 && loose.gc_share_ratio.upper < 0.05);
    assert_near(loose.pause_max_ms, 300, 1e-9);
    end(&world);
}

static void test_a_larger_heap_pauses_longer(void **state)
{
    (void)state;
    struct world world;
    begin(&world, HC_COLLECTOR_G1);
    for (int64_t at_ms = 1000; at_ms < 2 * HOUR_MS; at_ms += 1000)
        collect(&world, HC_GC_YOUNG, at_ms, 200, at_ms % 5000 == 0 ? 20 : 10);
    struct hc_whatif_load load = load_at(&world, 2 * HOUR_MS - 1);
    assert_near(heap_of(&load, 1000).pause_p99_ms, 20, 1e-9);
    assert_near(heap_of(&load, 1800).pause_p99_ms, 30, 0.01); /* twice the room: the part that copies doubles */
    assert_near(heap_of(&load, 600).pause_p99_ms, 20, 1e-9);  /* that it gets shorter is no promise */
    end(&world);
}

static void test_too_little(void **state)
{
    (void)state;
    struct world world;
    struct hc_whatif_load load;
    struct hc_error err = {0};
    begin(&world, HC_COLLECTOR_G1);
    for (int64_t at_ms = 1000; at_ms < 10000; at_ms += 1000)
        collect(&world, HC_GC_YOUNG, at_ms, 200, 10);
    assert_int_equal(hc_whatif_load(world.predictor, BEGIN_MS + 20000, &load, &err), HC_ENODATA);
    assert_non_null(strstr(err.text, "9 collections"));
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_heap_in_force_costs_what_was_seen),
        cmocka_unit_test(test_half_the_room_costs_twice),
        cmocka_unit_test(test_monotone),
        cmocka_unit_test(test_a_heap_below_the_live_set),
        cmocka_unit_test(test_own_growth_counts),
        cmocka_unit_test(test_the_start_is_left_out),
        cmocka_unit_test(test_a_pause_may_not_know_what_is_committed),
        cmocka_unit_test(test_parallel_generations),
        cmocka_unit_test(test_a_larger_heap_pauses_longer),
        cmocka_unit_test(test_too_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
