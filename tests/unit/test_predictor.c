#include <heapcast/predictor.h>

#include "predictor/series.h"
#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)
#define HOUR_MS INT64_C(3600000)
#define BEGIN_MS (INT64_C(1700000000000) / HOUR_MS * HOUR_MS)

static uint64_t seed;

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

struct world {
    void *block;
    struct hc_predictor *predictor;
    struct hc_policy policy;
    int64_t clock_ms;
    uint64_t heap_bytes, gc_id;
};

static void reopen(struct world *world)
{
    hc_predictor_free(world->predictor);
    world->predictor = NULL;
    struct hc_error err = {0};
    assert_int_equal(hc_predictor_new(world->block, hc_predictor_size(), &world->policy, &world->predictor, &err),
                     HC_OK);
}

static void begin(struct world *world, uint64_t heap_mib)
{
    memset(world, 0, sizeof *world);
    world->block = calloc(1, hc_predictor_size());
    assert_non_null(world->block);
    hc_policy_init(&world->policy);
    world->clock_ms = BEGIN_MS;
    world->heap_bytes = heap_mib * MIB;
    reopen(world);
}

static void finish(struct world *world)
{
    hc_predictor_free(world->predictor);
    free(world->block);
}

static void start(struct world *world)
{
    struct hc_epoch epoch = {
        .start_ms = world->clock_ms, .pid = 1, .heap_max_bytes = world->heap_bytes, .collector = HC_COLLECTOR_G1};
    assert_int_equal(hc_predictor_start(world->predictor, &epoch), HC_OK);
}

static void collect(struct world *world, enum hc_gc_kind kind, uint64_t used_bytes, uint64_t pause_us, int64_t after_ms)
{
    struct hc_gc_sample sample = {.end_time_ms = world->clock_ms += after_ms,
                                  .gc_id = ++world->gc_id,
                                  .pause_us = pause_us,
                                  .heap_used_before_bytes = used_bytes,
                                  .heap_used_after_bytes = used_bytes,
                                  .old_used_after_bytes = HC_BYTES_UNKNOWN,
                                  .heap_committed_bytes = world->heap_bytes,
                                  .heap_max_bytes = world->heap_bytes,
                                  .allocated_bytes = 50 * MIB,
                                  .promoted_bytes = 1 * MIB,
                                  .gc_time_us = pause_us,
                                  .kind = kind,
                                  .cause = "G1 Evacuation Pause"};
    assert_int_equal(hc_predictor_observe(world->predictor, &sample), HC_OK);
}

static struct hc_recommendation predict(struct world *world)
{
    struct hc_recommendation advice;
    assert_int_equal(hc_predictor_predict(world->predictor, world->clock_ms, &advice), HC_OK);
    return advice;
}

static void look(struct world *world)
{
    struct hc_memory_sample sample = {.time_ms = world->clock_ms,
                                      .rss_bytes = world->heap_bytes + 200 * MIB + next() % MIB,
                                      .rss_peak_bytes = HC_BYTES_UNKNOWN,
                                      .heap_resident_bytes = world->heap_bytes,
                                      .metaspace_used_bytes = 40 * MIB,
                                      .metaspace_committed_bytes = 44 * MIB,
                                      .direct_bytes = 20 * MIB,
                                      .code_cache_bytes = HC_BYTES_UNKNOWN,
                                      .container_limit_bytes = HC_BYTES_UNKNOWN,
                                      .container_usage_bytes = HC_BYTES_UNKNOWN,
                                      .threads = 50};
    assert_int_equal(hc_predictor_observe_memory(world->predictor, &sample), HC_OK);
}

/* One thing of all that can happen, mostly a collection. */
static void happen(struct world *world)
{
    static const enum hc_gc_kind kinds[] = {HC_GC_YOUNG, HC_GC_YOUNG, HC_GC_YOUNG, HC_GC_YOUNG, HC_GC_YOUNG,
                                            HC_GC_MIXED, HC_GC_MIXED, HC_GC_FULL,  HC_GC_OLD,   HC_GC_PAUSE};
    unsigned dice = (unsigned)(next() % 100);
    if (dice < 10) {
        look(world);
    } else if (dice == 10) {
        world->clock_ms += (int64_t)(next() % 30000);
        if (next() % 2 == 0)
            hc_predictor_end(world->predictor, world->clock_ms);
        start(world);
    } else if (dice == 11) {
        struct hc_event event = {world->clock_ms, HC_EVENT_OUT_OF_MEMORY_METASPACE, 0, "Metaspace"};
        assert_int_equal(hc_predictor_observe_event(world->predictor, &event), HC_OK);
    } else {
        collect(world, kinds[next() % 10], world->heap_bytes / 8 + next() % (world->heap_bytes / 4), next() % 50000,
                (int64_t)(next() % 600000));
    }
}

/* ---- what it says ---------------------------------------------------------------------------------------------- */

static void test_nothing_seen_says_what_is_missing(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.verdict, HC_VERDICT_INSUFFICIENT_DATA);
    assert_true(advice.heap_bytes == HC_BYTES_UNKNOWN && advice.observed.live_now_bytes == HC_BYTES_UNKNOWN);
    assert_true(isnan(advice.observed.gc_share_ratio) && advice.confidence_ratio == 0);
    assert_string_equal(advice.reasons[1], "Too little evidence for a number: 0 of 10 collections, 0 s of 15 min.");
    start(&world);
    for (unsigned i = 0; i < 3; i++)
        collect(&world, HC_GC_YOUNG, 100 * MIB, 1000, 13000);
    world.clock_ms += 1000;
    advice = predict(&world);
    assert_string_equal(advice.reasons[0], "Too little evidence for a number: 3 of 10 collections, 40 s of 15 min.");
    finish(&world);
}

static void test_a_few_minutes_already_give_a_number(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    world.policy.warmup_ms = 60000;
    reopen(&world);
    start(&world);
    for (unsigned i = 0; i < 30; i++)
        collect(&world, i == 0 ? HC_GC_FULL : HC_GC_YOUNG, 200 * MIB, 5000, 5000);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.verdict, HC_VERDICT_SHRINK);
    assert_true(advice.current_heap_bytes == 1000 * MIB && advice.observed.live_max_bytes == 200 * MIB);
    /* 200 x 1.05 x 1.3 + 70 = 343 MiB must fit; GC costs 0.1 %. */
    assert_in_range(advice.model.live_upper_bytes / MIB, 342, 343);
    assert_int_equal(advice.heap_bytes, 384 * MIB);
    assert_int_equal(advice.observed.evidence, HC_EVIDENCE_EXACT);
    assert_true(fabs(advice.observed.gc_share_ratio - 0.001) < 0.0002);
    assert_true(fabs(advice.observed.allocation_bytes_per_s / (10.0 * (double)MIB) - 1) < 0.05);
    assert_string_equal(advice.reasons[0], "A heap of 384 MiB is enough, 61.6 % less than the 1000 MiB in force.");
    finish(&world);
}

/* A job that fills its state looks just like one that leaves garbage behind: all that is used must fit, until a
 * collection of the old generation shows better. */
static void test_before_the_first_sweep_all_that_is_used_counts(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    world.policy.warmup_ms = 60000;
    reopen(&world);
    start(&world);
    for (unsigned i = 1; i <= 40; i++)
        collect(&world, HC_GC_YOUNG, 10 * i * MIB, 5000, 5000);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.observed.evidence, HC_EVIDENCE_UPPER_BOUND);
    assert_int_equal(advice.observed.live_now_bytes, 400 * MIB);
    assert_int_equal(advice.model.percentile_bytes, 400 * MIB);
    assert_true(advice.heap_bytes > 400 * MIB / 9 * 10);
    collect(&world, HC_GC_FULL, 100 * MIB, 5000, 5000);
    struct hc_recommendation better = predict(&world);
    assert_int_equal(better.observed.live_now_bytes, 100 * MIB);
    assert_true(better.model.percentile_bytes < 300 * MIB);
    finish(&world);
}

static void test_the_cost_of_collections_decides_where_it_is_high(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    for (unsigned i = 0; i < 24 * 60 + 30; i++)
        collect(&world, HC_GC_YOUNG, 200 * MIB, 600000, 60000); /* 1 % of the time at 800 MiB free */
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.model.binding, HC_TERM_GC_COST);
    assert_in_range((uint64_t)advice.model.gc_work_bytes / 1024, 8190, 8290); /* 8 MiB; an hour of 61 */
    /* 200 x 1.05 live, 1.1 x 8 / 0.05 free. */
    assert_in_range(advice.heap_bytes / MIB, 384, 388);
    finish(&world);
}

/* 200 MiB alive in 400, collections cost so many percent of the time: 210 + 1.1 x 200 x share / 0.05 is asked for. */
static enum hc_verdict verdict_at(double percent)
{
    struct world world;
    begin(&world, 400);
    start(&world);
    for (unsigned i = 0; i < 30 * 60; i++)
        collect(&world, HC_GC_YOUNG, 200 * MIB, (uint64_t)(percent * 600000), 60000);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.model.binding, HC_TERM_GC_COST);
    enum hc_verdict verdict = advice.verdict;
    finish(&world);
    return verdict;
}

static void test_a_heap_that_keeps_the_limit_grows_for_much_only(void **state)
{
    (void)state;
    assert_int_equal(verdict_at(4.9), HC_VERDICT_KEEP); /* 426 MiB */
    assert_int_equal(verdict_at(5.1), HC_VERDICT_GROW); /* 435 */
}

/* 120 MiB alive, 50 MiB allocated a second, 300 ms a full collection: below 120 / 0.41 = 293 MiB each would be one. */
static struct hc_recommendation advice_on_a_cheap_load(enum hc_collector collector, uint64_t java)
{
    struct world world;
    begin(&world, 1000);
    struct hc_epoch epoch = {
        .start_ms = world.clock_ms, .pid = 1, .heap_max_bytes = world.heap_bytes, .collector = collector, .java = java};
    assert_int_equal(hc_predictor_start(world.predictor, &epoch), HC_OK);
    for (unsigned i = 0; i < 40 * 3600; i++)
        collect(&world, i % 3600 == 100 ? HC_GC_FULL : HC_GC_YOUNG, 120 * MIB, i % 3600 == 100 ? 300000 : 100, 1000);
    struct hc_recommendation advice = predict(&world);
    finish(&world);
    return advice;
}

static uint64_t heap_of_a_cheap_load(enum hc_collector collector, uint64_t java)
{
    return advice_on_a_cheap_load(collector, java).heap_bytes / MIB;
}

static void test_parallel_keeps_room_for_both_generations(void **state)
{
    (void)state;
    assert_in_range(heap_of_a_cheap_load(HC_COLLECTOR_SERIAL, 21), 134, 250);
    assert_in_range(heap_of_a_cheap_load(HC_COLLECTOR_SERIAL, 25), 293, 310); /* it stays stuck, too */
    assert_in_range(heap_of_a_cheap_load(HC_COLLECTOR_PARALLEL, 17), 293, 310);
}

static unsigned reasons_with(const struct hc_recommendation *advice, const char *words)
{
    unsigned found = 0;
    for (unsigned i = 0; i < advice->reason_count; i++)
        found += strstr(advice->reasons[i], words) != NULL;
    return found;
}

static void test_the_room_for_generations_is_told(void **state)
{
    (void)state;
    struct hc_recommendation advice = advice_on_a_cheap_load(HC_COLLECTOR_PARALLEL, 17);
    assert_in_range(advice.model.generations_bytes / MIB, 290, advice.heap_bytes / MIB);
    assert_int_equal(reasons_with(&advice, "for want of room to promote to, and cost more; this decided."), 1);
    assert_int_equal(reasons_with(&advice, "this decided"), 1);
    advice = advice_on_a_cheap_load(HC_COLLECTOR_G1, 17);
    assert_true(advice.model.generations_bytes == HC_BYTES_UNKNOWN && advice.model.capacity_ratio == 1);
    assert_int_equal(reasons_with(&advice, "promote"), 0);
}

/* What a history of sizes says: P and the newest estimate, in MiB. */
static uint64_t percentile_mib(struct world *world)
{
    return predict(world).model.percentile_bytes / MIB;
}

static void load(struct world *world, unsigned collections, uint64_t live_mib)
{
    for (unsigned i = 1; i <= collections; i++)
        collect(world, HC_GC_YOUNG, (i < 20 ? live_mib * i / 20 : live_mib) * MIB, 5000, 3000);
}

static void start_as(struct world *world, enum hc_collector collector)
{
    struct hc_epoch epoch = {
        .start_ms = world->clock_ms, .pid = 1, .heap_max_bytes = world->heap_bytes, .collector = collector};
    assert_int_equal(hc_predictor_start(world->predictor, &epoch), HC_OK);
}

/* Each fourth full collection of Serial leaves 121 MiB, the others 9 of dead wood beside them; so does the agent tell.
 */
static void test_dead_wood_is_not_kept_in_the_hours(void **state)
{
    struct world world;
    (void)state;
    begin(&world, 264);
    start_as(&world, HC_COLLECTOR_SERIAL);
    for (unsigned hour = 0; hour < 200; hour++) {
        uint64_t wood = hour % 4 == 3 ? 0 : 9 * MIB;
        collect(&world, HC_GC_FULL, 121 * MIB + wood, 30000, 3000);
        struct hc_live_view view = {.time_ms = world.clock_ms,
                                    .live_bytes = 121 * MIB,
                                    .used_bytes = 121 * MIB + wood,
                                    .source = HC_LIVE_FULL_COLLECTION,
                                    .evidence = HC_EVIDENCE_ESTIMATE};
        assert_int_equal(hc_predictor_observe_live(world.predictor, &view), HC_OK);
        for (unsigned i = 1; i < 20; i++)
            collect(&world, HC_GC_YOUNG, 121 * MIB + wood + i * MIB / 4, 3000, 180000);
    }
    assert_in_range(percentile_mib(&world), 121, 126);
    finish(&world);
}

/* A JVM's first seconds can end with a full collection (metaspace) that says nothing of the state that is then loaded.
 */
static void test_one_early_sweep_takes_little_off(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1588);
    start_as(&world, HC_COLLECTOR_PARALLEL);
    collect(&world, HC_GC_YOUNG, 15 * MIB, 8000, 2000);
    collect(&world, HC_GC_FULL, 12 * MIB, 40000, 50);
    load(&world, 1000, 400); /* 50 minutes, 50 MiB a collection */
    assert_in_range(percentile_mib(&world), 396, 400);
    load(&world, 1000, 400); /* the hour that ended is kept, too */
    assert_in_range(percentile_mib(&world), 396, 400);
    finish(&world);
}

/* The garbage of one JVM says nothing of what another loads. */
static void test_a_rate_does_not_pass_to_a_jvm_that_nothing_swept(void **state)
{
    (void)state;
    static const enum hc_collector both[] = {HC_COLLECTOR_SERIAL, HC_COLLECTOR_G1};
    for (unsigned i = 0; i < 2; i++) {
        struct world world;
        begin(&world, 1588);
        start_as(&world, both[i]);
        collect(&world, HC_GC_YOUNG, 40 * MIB, 8000, 2000);
        collect(&world, HC_GC_FULL, 30 * MIB, 40000, 50);
        for (unsigned k = 0; k < 200; k++)
            collect(&world, HC_GC_YOUNG, 30 * MIB, 3000, 3000);
        hc_predictor_end(world.predictor, world.clock_ms);
        start_as(&world, both[i]);
        load(&world, 800, 400);
        assert_in_range(percentile_mib(&world), 400, 400);
        finish(&world);
    }
}

/* Three hours without a sweep, 100 MiB alive and 1 MiB of garbage with each collection; a JVM that is swept tells what
 * that was, and hours that are over are worked out anew. */
static void test_hours_that_nothing_swept_are_settled_by_a_later_jvm(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 4000);
    start_as(&world, HC_COLLECTOR_SERIAL);
    for (unsigned i = 1; i <= 1080; i++)
        collect(&world, HC_GC_YOUNG, (100 + i) * MIB, 5000, 10000);
    hc_predictor_end(world.predictor, world.clock_ms);
    start_as(&world, HC_COLLECTOR_SERIAL);
    for (unsigned i = 1; i <= 350; i++)
        collect(&world, HC_GC_YOUNG, (100 + i) * MIB, 5000, 10000);
    assert_in_range(percentile_mib(&world), 1170, 1180);
    collect(&world, HC_GC_FULL, 100 * MIB, 100000, 10000);
    assert_in_range(percentile_mib(&world), 450, 500); /* 350 MiB of garbage speak for 700 */
    for (unsigned sweep = 0; sweep < 3; sweep++) {
        for (unsigned i = 1; i <= 718; i++)
            collect(&world, HC_GC_YOUNG, (100 + i) * MIB, 5000, 5000);
        collect(&world, HC_GC_FULL, 100 * MIB, 100000, 5000);
    }
    assert_in_range(percentile_mib(&world), 100, 190);
    finish(&world);
}

/* `collections` a quarter of a minute apart, so many KiB of garbage with each, after a load of `live_mib`. */
static void run_unswept(struct world *world, unsigned collections, uint64_t live_mib, uint64_t garbage_kib)
{
    for (uint64_t loaded = 50; loaded < 2 * live_mib; loaded += 50)
        collect(world, HC_GC_YOUNG, (loaded < live_mib ? loaded : live_mib) * MIB, 5000, 1000);
    for (unsigned i = 1; i <= collections; i++)
        collect(world, HC_GC_YOUNG, live_mib * MIB + i * garbage_kib * 1024, 5000, 15000);
}

static void restart_as(struct world *world, enum hc_collector collector)
{
    hc_predictor_end(world->predictor, world->clock_ms);
    start_as(world, collector);
}

/* The next JVM has another load with ten times the garbage: it can't speak for more than the one before can have had.
 */
static void test_another_load_does_not_speak_a_live_set_away(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 4000);
    start_as(&world, HC_COLLECTOR_SERIAL);
    run_unswept(&world, 700, 1000, 100);
    restart_as(&world, HC_COLLECTOR_SERIAL);
    for (unsigned sweep = 0; sweep < 3; sweep++) {
        run_unswept(&world, 500, 100, 1024);
        collect(&world, HC_GC_FULL, 100 * MIB, 100000, 1000);
    }
    assert_in_range(percentile_mib(&world), 950, 1070);
    finish(&world);
}

/* A window that expires just before the first sweep was live in the hours before. */
static void test_what_died_before_the_first_sweep_was_live(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 4000);
    start_as(&world, HC_COLLECTOR_SERIAL);
    run_unswept(&world, 700, 1000, 100);
    collect(&world, HC_GC_FULL, 100 * MIB, 100000, 1000);
    assert_in_range(percentile_mib(&world), 950, 1070);
    finish(&world);
}

/* Hours before a JVM's first sweep took off nothing, whatever earlier ones had taught. */
static void test_a_learned_rate_does_not_hide_what_a_first_sweep_shows(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 4000);
    start_as(&world, HC_COLLECTOR_SERIAL);
    for (unsigned sweep = 0; sweep < 5; sweep++) {
        run_unswept(&world, 300, 100, 1024);
        collect(&world, HC_GC_FULL, 100 * MIB, 100000, 1000);
    }
    restart_as(&world, HC_COLLECTOR_SERIAL);
    run_unswept(&world, 800, 100, 1024);
    uint64_t before = percentile_mib(&world);
    assert_in_range(before, 100, 340); /* of 900: hours between the first two sweeps knew no rate */
    collect(&world, HC_GC_FULL, 100 * MIB, 100000, 1000);
    assert_in_range(percentile_mib(&world), 100, before);
    finish(&world);
}

/* A restart with less to do, and a sweep that shows no garbage: what was live before was live. */
static void test_a_smaller_load_after_a_restart_hides_nothing(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1588);
    start_as(&world, HC_COLLECTOR_SERIAL);
    load(&world, 400, 400);
    hc_predictor_end(world.predictor, world.clock_ms);
    start_as(&world, HC_COLLECTOR_SERIAL);
    load(&world, 220, 50);
    collect(&world, HC_GC_FULL, 50 * MIB, 40000, 1000);
    assert_in_range(percentile_mib(&world), 400, 400);
    finish(&world);
}

/* Hours that were kept with little taken off are settled by the next sweep, once. */
static void test_garbage_is_taken_off_once(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 8000);
    start_as(&world, HC_COLLECTOR_SERIAL);
    for (unsigned i = 1; i <= 10; i++)
        collect(&world, HC_GC_YOUNG, (100 + i) * MIB, 5000, 3000); /* 0.02 of the 50 MiB */
    collect(&world, HC_GC_FULL, 100 * MIB, 100000, 3000);
    for (unsigned i = 1; i <= 6000; i++) { /* in the second hour 300 more, which then die of the live set */
        unsigned more = i > 1200 ? 300 : 0;
        collect(&world, HC_GC_YOUNG, (100 + more + i) * MIB, 5000, 3000);
    }
    collect(&world, HC_GC_FULL, 100 * MIB, 100000, 3000);
    assert_true(percentile_mib(&world) >= 400);
    finish(&world);
}

static void test_a_rise_is_carried_to_the_horizon(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 4000);
    start(&world);
    for (unsigned i = 0; i < 48 * 12; i++)
        collect(&world, HC_GC_FULL, 500 * MIB + i * MIB / 2 * 2, 1000, 300000); /* 12 MiB an hour */
    struct hc_recommendation advice = predict(&world);
    assert_true(advice.model.trend_significant);
    assert_true(fabs(advice.model.trend_slope_bytes_per_h / (double)(12 * MIB) - 1) < 0.01);
    assert_int_equal(advice.model.binding, HC_TERM_TREND);
    /* In 24 h the line is at 500 + 72 x 12. */
    assert_in_range(advice.model.percentile_bytes / MIB, 1350, 1390);
    finish(&world);
}

static void test_an_exhausted_heap_gets_a_fifth_more(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    for (unsigned i = 0; i < 100; i++)
        collect(&world, HC_GC_YOUNG, 100 * MIB, 1000, 60000);
    struct hc_event event = {world.clock_ms, HC_EVENT_OUT_OF_MEMORY_HEAP, 0, "Java heap space"};
    assert_int_equal(hc_predictor_observe_event(world.predictor, &event), HC_OK);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.verdict, HC_VERDICT_GROW);
    assert_int_equal(advice.heap_bytes, 1200 * MIB);
    assert_int_equal(advice.model.binding, HC_TERM_OUT_OF_MEMORY);
    assert_int_equal(advice.event_count, 1);
    /* The fifth is of the heap that was exhausted, not of the larger one that followed. */
    world.heap_bytes = 1200 * MIB;
    world.clock_ms += 60000;
    hc_predictor_end(world.predictor, world.clock_ms);
    start(&world);
    collect(&world, HC_GC_YOUNG, 100 * MIB, 1000, 60000);
    advice = predict(&world);
    assert_int_equal(advice.verdict, HC_VERDICT_KEEP);
    assert_int_equal(advice.heap_bytes, 1200 * MIB);
    finish(&world);
}

static void test_a_nearly_exhausted_heap_needs_no_warm_up(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    for (unsigned i = 0; i < 4; i++)
        collect(&world, HC_GC_FULL, 980 * MIB, 900000, 1000);
    assert_int_equal(predict(&world).verdict, HC_VERDICT_INSUFFICIENT_DATA);
    struct hc_event event = {world.clock_ms, HC_EVENT_HEAP_NEARLY_EXHAUSTED, 0, "4 collections in vain"};
    assert_int_equal(hc_predictor_observe_event(world.predictor, &event), HC_OK);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.verdict, HC_VERDICT_GROW);
    assert_true(advice.heap_bytes >= 1200 * MIB);
    assert_non_null(strstr(advice.reasons[1], "4 collections in vain"));
    /* Killed, and started again with the same heap: what it needs is known. */
    reopen(&world);
    world.clock_ms += 10000;
    start(&world);
    collect(&world, HC_GC_YOUNG, 100 * MIB, 1000, 1000);
    assert_int_equal(predict(&world).verdict, HC_VERDICT_GROW);
    /* With a larger one it is not: the usual evidence is asked for. */
    world.clock_ms += 10000;
    world.heap_bytes = 2000 * MIB;
    start(&world);
    collect(&world, HC_GC_YOUNG, 100 * MIB, 1000, 1000);
    assert_int_equal(predict(&world).verdict, HC_VERDICT_INSUFFICIENT_DATA);
    finish(&world);
}

static void test_a_heap_exhausted_before_any_collection_was_seen_grows(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    struct hc_event event = {world.clock_ms, HC_EVENT_OUT_OF_MEMORY_HEAP, 0, "Java heap space"};
    assert_int_equal(hc_predictor_observe_event(world.predictor, &event), HC_OK);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.verdict, HC_VERDICT_GROW);
    assert_int_equal(advice.heap_bytes, 1200 * MIB);
    assert_int_equal(advice.model.binding, HC_TERM_OUT_OF_MEMORY);
    assert_int_equal(advice.reason_count, 2); /* nothing is said of a live set that nobody saw */
    assert_int_equal(advice.lower_bound_bytes, 1000 * MIB);
    finish(&world);
}

static uint64_t heap_after(struct world *world, unsigned hours, uint64_t live_mib)
{
    for (unsigned i = 0; i < hours * 60; i++)
        collect(world, HC_GC_FULL, live_mib * MIB, 1000, 60000);
    return predict(world).heap_bytes;
}

/* Each change restarts a job: a number that was published stays while it is near enough. */
static void test_a_number_moves_in_bands(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    uint64_t early = heap_after(&world, 8, 300), first = heap_after(&world, 30, 300);
    assert_true(first < early);         /* the wider margin of the first day is gone */
    assert_int_equal(first, 428 * MIB); /* (1.05 x 300 + 70) / 0.90 */
    assert_int_equal(heap_after(&world, 80, 265), first);
    assert_int_equal(heap_after(&world, 2, 325), first);
    uint64_t raised = heap_after(&world, 2, 400); /* 545 MiB, and 5 % more for the next change to be later */
    assert_in_range(raised / MIB, 568, 576);
    assert_int_equal(heap_after(&world, 2, 415), raised);
    assert_true(heap_after(&world, 80, 200) < first * 3 / 4);
    finish(&world);
}

/* The job was restarted anyway: another number costs nothing more. */
static void test_a_restart_ends_the_bands(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    uint64_t first = heap_after(&world, 30, 300);
    assert_int_equal(heap_after(&world, 80, 265), first);
    hc_predictor_end(world.predictor, world.clock_ms);
    start(&world);
    assert_true(heap_after(&world, 1, 265) < first * 95 / 100);
    finish(&world);
}

/* After warm-up the number of a live set that only flickers stays as it is. */
static void test_a_flat_live_set_keeps_its_number(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    seed = 3;
    uint64_t before = 0;
    for (unsigned hour = 0; hour < 8 * 24; hour++) {
        for (unsigned i = 0; i < 30; i++)
            collect(&world, i % 10 == 0 ? HC_GC_FULL : HC_GC_YOUNG, (290 + next() % 20) * MIB, 1000, 120000);
        uint64_t heap = predict(&world).heap_bytes;
        if (hour > 24 && hour % 24 == 0)
            assert_true(fabs((double)heap / (double)before - 1) <= 0.01);
        if (hour >= 24 && hour % 24 == 0)
            before = heap;
    }
    finish(&world);
}

/* A step is in the number at the first collection that shows it, whatever the bands. */
static void test_a_step_is_in_the_number_at_once(void **state)
{
    (void)state;
    for (uint64_t live_mib = 310; live_mib <= 900; live_mib += 10) {
        struct world world;
        begin(&world, 1000);
        start(&world);
        uint64_t first = heap_after(&world, 48, 300);
        collect(&world, HC_GC_FULL, live_mib * MIB, 1000, 60000);
        struct hc_recommendation advice = predict(&world);
        assert_true((double)advice.heap_bytes * 0.90 >= (double)(live_mib * MIB));
        assert_true(advice.heap_bytes >= first);
        finish(&world);
    }
}

/* A G1 heap that fills with garbage for hours, then a run of mixed collections: what passed for live is settled, in
 * the hours before too. */
static void test_a_sweep_settles_the_hours_before(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    for (unsigned i = 0; i < 10 * 60; i++) /* garbage grows by 0.5 MiB a minute: 500 MiB in use at last, 200 live */
        collect(&world, HC_GC_YOUNG, 200 * MIB + i * MIB / 2, 1000, 60000);
    uint64_t before = predict(&world).model.percentile_bytes;
    assert_true(before > 480 * MIB);
    collect(&world, HC_GC_MIXED, 300 * MIB, 1000, 60000);
    collect(&world, HC_GC_MIXED, 205 * MIB, 1000, 60000);
    collect(&world, HC_GC_YOUNG, 205 * MIB, 1000, 60000);
    struct hc_recommendation advice = predict(&world);
    assert_in_range(advice.model.percentile_bytes / MIB, 200, 265); /* 0.9 of the garbage is taken off */
    reopen(&world);
    struct hc_recommendation again = predict(&world);
    assert_memory_equal(&advice, &again, sizeof advice);
    finish(&world);
    /* without that part it is as it was */
    begin(&world, 1000);
    world.policy.with_settling = 0;
    reopen(&world);
    start(&world);
    for (unsigned i = 0; i < 10 * 60; i++)
        collect(&world, HC_GC_YOUNG, 200 * MIB + i * MIB / 2, 1000, 60000);
    collect(&world, HC_GC_MIXED, 205 * MIB, 1000, 60000);
    collect(&world, HC_GC_YOUNG, 205 * MIB, 1000, 60000);
    assert_true(predict(&world).model.percentile_bytes > 480 * MIB);
    finish(&world);
}

static void test_a_leak_says_when_the_heap_is_full(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    for (unsigned i = 0; i < 25 * 6; i++) /* 20 MiB an hour from 100 MiB on: full at 42.5 h */
        collect(&world, HC_GC_FULL, 100 * MIB + i * MIB * 20 / 6, 1000, 600000);
    struct hc_recommendation advice = predict(&world);
    assert_true(fabs(advice.model.hours_to_full / 17.5 - 1) < 0.05);
    int said = 0;
    for (unsigned i = 0; i < advice.reason_count; i++)
        said |= strncmp(advice.reasons[i], "The live set has grown by 20 MiB an hour for 24.", 48) == 0 &&
                strstr(advice.reasons[i], "a leak? At this rate the heap in force is full in 17.") != NULL;
    assert_true(said);
    finish(&world);
}

/* What is between them took no time, so it can't tell them apart. */
static void test_the_order_of_equal_times_does_not_matter(void **state)
{
    (void)state;
    struct hc_recommendation advice[2];
    for (int turn = 0; turn < 2; turn++) {
        struct world world;
        begin(&world, 1000);
        start(&world);
        for (unsigned i = 0; i < 40 * 60; i++) {
            uint64_t a = (200 + i % 7) * MIB, b = (220 + i % 5) * MIB;
            collect(&world, HC_GC_YOUNG, turn == 0 ? a : b, turn == 0 ? 1000 : 2000, 60000);
            collect(&world, HC_GC_YOUNG, turn == 0 ? b : a, turn == 0 ? 2000 : 1000, 0);
        }
        advice[turn] = predict(&world);
        finish(&world);
    }
    assert_int_equal(advice[0].heap_bytes, advice[1].heap_bytes);
    assert_int_equal(advice[0].verdict, advice[1].verdict);
    assert_int_equal(advice[0].observed.live_max_bytes, advice[1].observed.live_max_bytes);
    assert_true(advice[0].observed.gc_share_ratio == advice[1].observed.gc_share_ratio);
}

static void test_bad_samples_are_refused_and_counted(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    struct hc_gc_sample good = {.end_time_ms = BEGIN_MS,
                                .heap_used_after_bytes = 5,
                                .heap_committed_bytes = 10,
                                .heap_max_bytes = 10,
                                .kind = HC_GC_YOUNG};
    struct hc_gc_sample bad[5];
    for (unsigned i = 0; i < 5; i++)
        bad[i] = good;
    bad[0].heap_used_after_bytes = 11;
    bad[1].end_time_ms = -1;
    bad[2].kind = (enum hc_gc_kind)9;
    bad[3].heap_max_bytes = 0;
    bad[4].heap_committed_bytes = HC_BYTES_UNKNOWN;
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(hc_predictor_observe(world.predictor, &bad[i]), HC_EINVAL);
    assert_int_equal(hc_predictor_observe(world.predictor, &good), HC_OK);
    hc_predictor_count_dropped(world.predictor, 7);
    reopen(&world);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.window.samples_dropped, 12);
    assert_int_equal(advice.window.collections, 1);
    finish(&world);
}

static void test_an_unclean_end_is_noted(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    hc_predictor_end(world.predictor, world.clock_ms);
    start(&world);
    assert_int_equal(predict(&world).event_count, 0);
    start(&world);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.event_count, 1);
    assert_int_equal(advice.events[0].kind, HC_EVENT_UNCLEAN_END);
    finish(&world);
}

static unsigned events_of(const struct hc_recommendation *advice, enum hc_event_kind kind)
{
    unsigned n = 0;
    for (unsigned i = 0; i < advice->event_count; i++)
        n += advice->events[i].kind == kind;
    return n;
}

static struct hc_recommendation start_with_kills(struct world *world, uint64_t oom_kills)
{
    struct hc_epoch epoch = {
        .start_ms = world->clock_ms += 60000, .heap_max_bytes = 1000 * MIB, .oom_kills = oom_kills};
    assert_int_equal(hc_predictor_start(world->predictor, &epoch), HC_OK);
    return predict(world);
}

static void test_the_containers_oom_killer_is_told_from_other_ends(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    assert_int_equal(start_with_kills(&world, 3).event_count, 0);
    hc_predictor_observe_oom_kills(world.predictor, world.clock_ms, 3);
    struct hc_recommendation advice = start_with_kills(&world, 3);
    assert_int_equal(events_of(&advice, HC_EVENT_UNCLEAN_END), 1);
    assert_int_equal(events_of(&advice, HC_EVENT_CONTAINER_OUT_OF_MEMORY), 0);
    reopen(&world);
    advice = start_with_kills(&world, 4);
    assert_int_equal(events_of(&advice, HC_EVENT_UNCLEAN_END), 2);
    assert_int_equal(events_of(&advice, HC_EVENT_CONTAINER_OUT_OF_MEMORY), 1);
    assert_non_null(strstr(advice.events[advice.event_count - 1].text, "OOM killer"));
    /* a container that was made anew, or is not known any more, tells nothing */
    advice = start_with_kills(&world, 0);
    advice = start_with_kills(&world, HC_BYTES_UNKNOWN);
    advice = start_with_kills(&world, 7);
    assert_int_equal(events_of(&advice, HC_EVENT_CONTAINER_OUT_OF_MEMORY), 1);
    hc_predictor_end(world.predictor, world.clock_ms);
    /* and a child that is killed is no end of ours */
    world.clock_ms += 3600000;
    advice = start_with_kills(&world, 7);
    unsigned ends = events_of(&advice, HC_EVENT_UNCLEAN_END);
    hc_predictor_observe_oom_kills(world.predictor, world.clock_ms, 8);
    reopen(&world);
    advice = start_with_kills(&world, 8);
    assert_int_equal(events_of(&advice, HC_EVENT_CONTAINER_OUT_OF_MEMORY), 2);
    assert_int_equal(events_of(&advice, HC_EVENT_UNCLEAN_END), ends + 1);
    /* what was seen last is said of a run that ended without a word */
    struct hc_memory_sample look = {
        .time_ms = world.clock_ms, .container_limit_bytes = 1000 * MIB, .container_usage_bytes = 990 * MIB};
    assert_int_equal(hc_predictor_observe_memory(world.predictor, &look), HC_OK);
    advice = start_with_kills(&world, 8);
    assert_non_null(strstr(advice.events[advice.event_count - 1].text, "99 % of the container's memory"));
    finish(&world);
}

/* -XX:+ExitOnOutOfMemoryError: no event, no last word, only the collections before. */
static void test_a_run_that_ended_with_a_full_heap_is_an_exhaustion(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    collect(&world, HC_GC_FULL, 300 * MIB, 1000, 60000);
    collect(&world, HC_GC_FULL, 990 * MIB, 1000, 1000);
    collect(&world, HC_GC_YOUNG, 995 * MIB, 1000, 100);
    reopen(&world);
    start(&world);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(events_of(&advice, HC_EVENT_HEAP_NEARLY_EXHAUSTED), 1);
    assert_non_null(strstr(advice.events[0].text, "left 99 % of it in use, and the run ended without a last word"));
    assert_int_equal(advice.verdict, HC_VERDICT_GROW);
    assert_true(advice.heap_bytes >= 1200 * MIB);
    /* a run whose last collection found room, or that had none, tells nothing of the kind */
    collect(&world, HC_GC_FULL, 700 * MIB, 1000, 60000);
    start(&world);
    start(&world);
    advice = predict(&world);
    assert_int_equal(events_of(&advice, HC_EVENT_HEAP_NEARLY_EXHAUSTED), 1);
    finish(&world);
}

static void test_a_heap_of_unknown_size_gets_no_number(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    for (unsigned i = 0; i < 100; i++)
        collect(&world, HC_GC_YOUNG, 100 * MIB, 1000, 60000);
    hc_predictor_end(world.predictor, world.clock_ms);
    world.heap_bytes = HC_BYTES_UNKNOWN;
    start(&world);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.verdict, HC_VERDICT_INSUFFICIENT_DATA);
    assert_string_equal(advice.reasons[0], "The size of the heap in force is not known.");
    finish(&world);
}

/* ---- properties ------------------------------------------------------------------------------------------------ */

static void check_promises(const struct hc_recommendation *advice, const struct hc_policy *policy)
{
    if (advice->verdict == HC_VERDICT_INSUFFICIENT_DATA)
        return;
    if (advice->model.binding != HC_TERM_CAP && advice->verdict != HC_VERDICT_KEEP) {
        assert_true((double)advice->heap_bytes >= (double)advice->model.percentile_bytes / policy->usable_ratio);
        assert_true((double)advice->heap_bytes >= (double)advice->observed.live_now_bytes / policy->usable_ratio ||
                    advice->model.percentile < 1.0);
        assert_int_equal(advice->heap_bytes % (4 * MIB), 0);
    }
    assert_true(advice->lower_bound_bytes <= advice->heap_bytes && advice->heap_bytes <= advice->upper_bound_bytes);
    assert_true(advice->observed.live_p50_bytes <= advice->observed.live_p95_bytes &&
                advice->observed.live_p95_bytes <= advice->observed.live_p99_bytes &&
                advice->observed.live_p99_bytes <= advice->observed.live_max_bytes);
    assert_true(advice->confidence_ratio >= 0 && advice->confidence_ratio <= 1);
    assert_true(advice->reason_count > 0);
    uint64_t weight = 0;
    for (unsigned i = 0; i < HC_HISTOGRAM_BUCKETS; i++)
        weight += advice->histogram[i];
    assert_true(weight == advice->window.collections);
}

static void test_promises_hold_on_random_series(void **state)
{
    (void)state;
    for (unsigned round = 1; round <= 60; round++) {
        struct world world;
        seed = round;
        begin(&world, 64 + next() % 4000);
        world.policy.allow_growth = (int)(next() % 2);
        reopen(&world);
        if (next() % 8 != 0)
            start(&world);
        for (unsigned i = 0; i < 600; i++) {
            happen(&world);
            if (i % 7 == 0) {
                struct hc_recommendation advice = predict(&world);
                check_promises(&advice, &world.policy);
            }
        }
        finish(&world);
    }
}

static uint64_t heap_under(double usable_ratio, double gc_share_limit_ratio, double margin_ratio, double floor_ratio)
{
    struct world world;
    seed = 11;
    begin(&world, 2000);
    world.policy.usable_ratio = usable_ratio;
    world.policy.gc_share_limit_ratio = gc_share_limit_ratio;
    world.policy.margin_ratio = margin_ratio;
    world.policy.floor_ratio = floor_ratio;
    reopen(&world);
    start(&world);
    for (unsigned i = 0; i < 500; i++)
        collect(&world, HC_GC_YOUNG, (300 + next() % 100) * MIB, 60000 + next() % 100000, 60000);
    uint64_t heap = predict(&world).heap_bytes;
    finish(&world);
    return heap;
}

static void test_more_caution_never_gives_less_heap(void **state)
{
    (void)state;
    for (unsigned step = 0; step < 8; step++) {
        double a = 0.05 * step, b = a + 0.05;
        assert_true(heap_under(0.95 - a, 0.05, 1.05, 0.07) <= heap_under(0.95 - b, 0.05, 1.05, 0.07));
        assert_true(heap_under(0.9, 0.5 - a, 1.05, 0.07) <= heap_under(0.9, 0.5 - b, 1.05, 0.07));
        assert_true(heap_under(0.9, 0.05, 1 + a, 0.07) <= heap_under(0.9, 0.05, 1 + b, 0.07));
        assert_true(heap_under(0.9, 0.05, 1.05, a) <= heap_under(0.9, 0.05, 1.05, b));
    }
}

static uint64_t heap_at_risk(const char *level)
{
    struct world world;
    seed = 13;
    begin(&world, 2000);
    assert_int_equal(hc_policy_set_risk(&world.policy, level, NULL), HC_OK);
    reopen(&world);
    start(&world);
    for (unsigned i = 0; i < 40 * 60; i++)
        collect(&world, i % 40 == 0 ? HC_GC_FULL : HC_GC_YOUNG, (300 + next() % 100) * MIB, 20000, 60000);
    uint64_t heap = predict(&world).heap_bytes;
    finish(&world);
    return heap;
}

static void test_less_risk_gives_more_heap(void **state)
{
    (void)state;
    uint64_t cautious = heap_at_risk("cautious"), balanced = heap_at_risk("balanced"), tight = heap_at_risk("tight");
    assert_true(cautious > balanced && balanced >= tight);
}

static void test_the_same_input_gives_the_same_output(void **state)
{
    (void)state;
    struct hc_recommendation first[40];
    for (unsigned round = 0; round < 2; round++) {
        struct world world;
        seed = 99;
        begin(&world, 2000);
        start(&world);
        for (unsigned i = 0; i < 400; i++) {
            happen(&world);
            if (i % 10 != 0)
                continue;
            struct hc_recommendation advice = predict(&world);
            if (round == 0)
                first[i / 10] = advice;
            else
                assert_memory_equal(&advice, &first[i / 10], sizeof advice);
        }
        finish(&world);
    }
}

/* A clock that was a year ahead for one sample: what comes after counts, in no future hour. */
static void test_a_clock_that_was_ahead_is_followed_back(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    for (unsigned i = 0; i < 240; i++)
        collect(&world, i % 20 == 0 ? HC_GC_FULL : HC_GC_YOUNG, 200 * MIB, 1000, 60000);
    assert_true(predict(&world).heap_bytes < 500 * MIB);
    collect(&world, HC_GC_YOUNG, 200 * MIB, 1000, INT64_C(400) * 86400000);
    world.clock_ms -= INT64_C(400) * 86400000;
    for (unsigned i = 0; i < 24 * 60; i++)
        collect(&world, i % 20 == 0 ? HC_GC_FULL : HC_GC_YOUNG, 600 * MIB, 1000, 60000);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.observed.live_max_bytes, 600 * MIB);
    assert_true(advice.heap_bytes > 660 * MIB);
    finish(&world);
}

static void test_a_storm_of_events_keeps_the_exhausted_heap(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    for (unsigned i = 0; i < 100; i++)
        collect(&world, HC_GC_FULL, 200 * MIB, 1000, 60000);
    struct hc_event heap = {world.clock_ms, HC_EVENT_OUT_OF_MEMORY_HEAP, 0, "heap"};
    assert_int_equal(hc_predictor_observe_event(world.predictor, &heap), HC_OK);
    for (unsigned i = 0; i < 50; i++) {
        struct hc_event threads = {world.clock_ms + 100 * i, HC_EVENT_OUT_OF_MEMORY_THREADS, 0, "threads"};
        assert_int_equal(hc_predictor_observe_event(world.predictor, &threads), HC_OK);
    }
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.verdict, HC_VERDICT_GROW);
    assert_int_equal(advice.event_count, 2);
    finish(&world);
}

/* An hour at the limit of a small heap, then a start with a large one: its room must not multiply the small one's work.
 */
static void test_a_larger_heap_within_the_hour_does_not_inflate_the_work(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    world.clock_ms = world.clock_ms / 3600000 * 3600000;
    start(&world);
    for (unsigned i = 0; i < 50; i++)
        collect(&world, HC_GC_FULL, 700 * MIB, 3000000, 60000);
    uint64_t before = predict(&world).heap_bytes;
    hc_predictor_end(world.predictor, world.clock_ms);
    world.heap_bytes = 16000 * MIB;
    start(&world);
    collect(&world, HC_GC_FULL, 700 * MIB, 3000000, 60000);
    /* the floor, a share of the heap in force, grows with it */
    assert_true(predict(&world).heap_bytes < 2 * before + 16000 * MIB / 10);
    finish(&world);
}

static void test_equal_times_and_a_clock_that_goes_back(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    for (unsigned i = 0; i < 50; i++)
        collect(&world, HC_GC_YOUNG, 200 * MIB, 1000, i % 5 == 0 ? 120000 : 0);
    for (unsigned i = 0; i < 50; i++)
        collect(&world, HC_GC_YOUNG, 200 * MIB, 1000, i % 2 == 0 ? -1800000 : 1900000);
    struct hc_recommendation advice = predict(&world);
    assert_int_equal(advice.window.collections, 100);
    assert_int_equal(advice.observed.live_max_bytes, 200 * MIB);
    assert_true(advice.observed.gc_share_ratio >= 0 && advice.observed.gc_share_ratio < 0.001);
    check_promises(&advice, &world.policy);
    finish(&world);
}

/* ---- the block ------------------------------------------------------------------------------------------------- */

static void test_size_and_what_is_refused(void **state)
{
    (void)state;
    struct hc_policy policy;
    struct hc_error err;
    hc_policy_init(&policy);
    assert_true(hc_predictor_size() <= 1U << 20);
    struct hc_predictor *predictor = NULL;
    unsigned char *block = calloc(1, hc_predictor_size());
    assert_int_equal(hc_predictor_new(block, 100, &policy, &predictor, &err), HC_EINVAL);
    memset(block, 'x', hc_predictor_size());
    assert_int_equal(hc_predictor_new(block, hc_predictor_size(), &policy, &predictor, &err), HC_EPARSE);
    assert_int_equal(block[500], 'x');
    memset(block, 0, hc_predictor_size());
    assert_int_equal(hc_predictor_new(block, hc_predictor_size(), &policy, &predictor, &err), HC_OK);
    hc_predictor_free(predictor);
    block[8]++; /* the version */
    predictor = NULL;
    assert_int_equal(hc_predictor_new(block, hc_predictor_size(), &policy, &predictor, &err), HC_EPARSE);
    assert_non_null(strstr(err.text, "version 6"));
    assert_null(predictor);
    free(block);
}

/* Opening again after each step must not change anything that is ever said. */
static void reopened_equals_continuous(uint64_t from, unsigned steps, unsigned every)
{
    struct world steady, broken;
    begin(&steady, 2000);
    begin(&broken, 2000);
    start(&steady);
    start(&broken);
    for (unsigned i = 0; i < steps; i++) {
        seed = from + i;
        next();
        happen(&steady);
        seed = from + i;
        next();
        happen(&broken);
        if (i % every != 0)
            continue;
        reopen(&broken);
        struct hc_recommendation a = predict(&steady), b = predict(&broken);
        assert_memory_equal(&a, &b, sizeof a);
    }
    finish(&steady);
    finish(&broken);
}

static void test_reopened_equals_continuous(void **state)
{
    (void)state;
    reopened_equals_continuous(1000, 400, 1);
    reopened_equals_continuous(5000, 400, 63);
}

static void count_sample(void *context, const struct hc_gc_sample *sample)
{
    uint64_t *expected = context;
    assert_true(sample->gc_id == *expected);
    (*expected)++;
}

static void view(struct world *world, uint64_t live_mib, uint64_t used_mib)
{
    struct hc_live_view look = {.time_ms = world->clock_ms,
                                .live_bytes = live_mib * MIB,
                                .used_bytes = used_mib * MIB,
                                .cpu_us = 100000,
                                .pause_us = 4000,
                                .source = HC_LIVE_G1_MARKING,
                                .evidence = HC_EVIDENCE_MARKING,
                                .asked = 1};
    assert_int_equal(hc_predictor_observe_live(world->predictor, &look), HC_OK);
}

static void count_view(void *context, const struct hc_live_view *view)
{
    unsigned *count = context;
    assert_int_equal(view->asked, 1);
    (*count)++;
}

/* A heap of 1 GiB that fills with garbage: 150 MiB of it are live. */
static void test_views_take_garbage_out_of_the_number(void **state)
{
    (void)state;
    struct world with, without;
    begin(&with, 1000);
    start(&with);
    begin(&without, 1000);
    start(&without);
    for (uint64_t i = 1; i <= 60; i++) {
        collect(&with, HC_GC_YOUNG, (150 + 8 * i) * MIB, 2000, 20000);
        collect(&without, HC_GC_YOUNG, (150 + 8 * i) * MIB, 2000, 20000);
        if (i % 20 == 0)
            view(&with, 150, 150 + 8 * i);
    }
    struct hc_recommendation a = predict(&with), b = predict(&without);
    assert_int_equal(a.observed.evidence, HC_EVIDENCE_MARKING);
    assert_int_equal(a.observed.live_now_bytes, 150 * MIB);
    assert_int_equal(a.observed.live_max_bytes / MIB, 150);
    assert_in_range(a.observed.live_upper_bytes / MIB, 150, 155);
    assert_true((double)a.heap_bytes < 0.75 * (double)b.heap_bytes);
    unsigned views = 0;
    hc_predictor_each_view(with.predictor, count_view, &views);
    assert_int_equal(views, 3);
    reopen(&with);
    struct hc_recommendation again = predict(&with);
    assert_memory_equal(&a, &again, sizeof a);
    finish(&with);
    finish(&without);
}

/* What one JVM needed stays in the hour, whatever the next one shows. */
static void test_a_view_says_nothing_of_the_jvm_before(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    for (unsigned i = 0; i < 20; i++)
        collect(&world, HC_GC_YOUNG, 400 * MIB, 2000, 20000);
    view(&world, 400, 400);
    hc_predictor_end(world.predictor, world.clock_ms);
    start(&world);
    for (unsigned i = 0; i < 20; i++)
        collect(&world, HC_GC_YOUNG, 100 * MIB, 2000, 20000);
    view(&world, 90, 100);
    assert_int_equal(predict(&world).observed.live_max_bytes / MIB, 400);
    finish(&world);
}

static void test_impossible_views_are_refused(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 100);
    start(&world);
    collect(&world, HC_GC_YOUNG, 50 * MIB, 2000, 20000);
    struct hc_live_view views[] = {{.time_ms = -1, .live_bytes = MIB, .used_bytes = 2 * MIB},
                                   {.time_ms = world.clock_ms, .live_bytes = 3 * MIB, .used_bytes = 2 * MIB},
                                   {.time_ms = world.clock_ms, .live_bytes = 0, .used_bytes = 2 * MIB},
                                   {.time_ms = world.clock_ms, .live_bytes = 101 * MIB, .used_bytes = 200 * MIB}};
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        assert_int_equal(hc_predictor_observe_live(world.predictor, &views[i]), HC_EINVAL);
    assert_int_equal(predict(&world).observed.evidence, HC_EVIDENCE_UPPER_BOUND);
    finish(&world);
}

static void test_the_rings_wrap(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    for (unsigned i = 0; i < 10000; i++)
        collect(&world, HC_GC_YOUNG, (100 + i % 50) * MIB, 1000, 300000); /* 35 days */
    uint64_t expected = 10000 - HC_RAW_SLOTS + 1;
    hc_predictor_each_sample(world.predictor, count_sample, &expected);
    assert_int_equal(expected, 10001);
    struct hc_recommendation before = predict(&world);
    assert_in_range(before.window.collections, 167 * 12, 168 * 12);
    reopen(&world);
    struct hc_recommendation after = predict(&world);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(after.window.samples_dropped, 0);
    for (unsigned i = 0; i < 100; i++)
        start(&world);
    reopen(&world);
    assert_int_equal(predict(&world).event_count, HC_EVENTS_MAX);
    finish(&world);
}

/* A killed process leaves any mixture of a block before and after one step (here: the changed words one after another,
 * up and down). Opening it gives the state before or after, never a third one. */
static void test_killed_at_any_store(void **state)
{
    (void)state;
    size_t words = hc_predictor_size() / 8;
    uint64_t *before = malloc(words * 8), *mixture = malloc(words * 8);
    struct world world;
    seed = 5;
    begin(&world, 2000);
    start(&world);
    for (unsigned step = 0; step < 70; step++) {
        memcpy(before, world.block, words * 8);
        uint64_t old_count = predict(&world).window.collections;
        collect(&world, HC_GC_YOUNG, (100 + next() % 50) * MIB, 1000, 1000);
        const uint64_t *after = world.block;
        size_t changed[1000], n = 0;
        for (size_t i = 0; i < words; i++)
            if (before[i] != after[i] && n < 1000)
                changed[n++] = i;
        for (size_t k = 0; k <= n; k += 1 + n / 12) {
            memcpy(mixture, step % 2 == 0 ? before : after, words * 8);
            for (size_t i = 0; i < k; i++)
                mixture[changed[i]] = step % 2 == 0 ? after[changed[i]] : before[changed[i]];
            struct hc_predictor *predictor = NULL;
            struct hc_recommendation advice;
            assert_int_equal(hc_predictor_new(mixture, words * 8, &world.policy, &predictor, NULL), HC_OK);
            assert_int_equal(hc_predictor_predict(predictor, world.clock_ms, &advice), HC_OK);
            assert_in_range(advice.window.collections, old_count, old_count + 1);
            assert_in_range(advice.window.samples_dropped, 0, 2);
            hc_predictor_free(predictor);
        }
    }
    free(before);
    free(mixture);
    finish(&world);
}

/* Damage anywhere: the slot is dropped and counted, the rest goes on. */
static void test_damaged_slots_are_dropped(void **state)
{
    (void)state;
    size_t size = hc_predictor_size();
    unsigned char *copy = malloc(size);
    struct world world;
    seed = 21;
    begin(&world, 2000);
    start(&world);
    for (unsigned i = 0; i < 6000; i++)
        happen(&world);
    predict(&world);
    uint64_t counted = 0, before = predict(&world).window.samples_dropped;
    for (unsigned round = 0; round < 150; round++) {
        memcpy(copy, world.block, size);
        for (unsigned hit = 0; hit <= round % 20; hit++)
            copy[64 + next() % (size - 64)] ^= (unsigned char)(1 + next() % 255);
        struct hc_predictor *predictor = NULL;
        struct hc_recommendation advice;
        assert_int_equal(hc_predictor_new(copy, size, &world.policy, &predictor, NULL), HC_OK);
        assert_int_equal(hc_predictor_predict(predictor, world.clock_ms, &advice), HC_OK);
        check_promises(&advice, &world.policy);
        assert_in_range(advice.window.samples_dropped, 0, before + round % 20 + 1);
        counted += advice.window.samples_dropped - before;
        hc_predictor_free(predictor);
        /* Counted once: the damaged slots are empty now. */
        assert_int_equal(hc_predictor_new(copy, size, &world.policy, &predictor, NULL), HC_OK);
        struct hc_recommendation again;
        hc_predictor_predict(predictor, world.clock_ms, &again);
        assert_int_equal(again.window.samples_dropped, advice.window.samples_dropped);
        hc_predictor_free(predictor);
    }
    assert_true(counted > 150);
    free(copy);
    finish(&world);
}

/* Both copies of the state lost: everything is rebuilt from the raw samples, as far as they reach. */
static void test_a_lost_state_is_rebuilt_from_samples(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1000);
    start(&world);
    /* flat before the second full collection: the first one may be among the samples that get lost */
    for (unsigned i = 0; i < 500; i++)
        collect(&world, i % 40 == 0 ? HC_GC_FULL : HC_GC_YOUNG, (200 + (i < 40 ? 0 : i % 40)) * MIB, 1000, 120000);
    struct hc_recommendation before = predict(&world);
    for (unsigned i = 72; i < 1200; i += 8) /* the first slots of the block */
        ((unsigned char *)world.block)[i] ^= 1;
    for (size_t i = 1200; i < 5000; i += 8)
        ((unsigned char *)world.block)[i] ^= 1;
    reopen(&world);
    struct hc_recommendation after = predict(&world);
    assert_true(after.window.samples_dropped >= 2);
    assert_int_equal(after.window.collections, before.window.collections);
    assert_int_equal(after.observed.live_max_bytes, before.observed.live_max_bytes);
    assert_int_equal(after.heap_bytes, before.heap_bytes);
    finish(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_seen_says_what_is_missing),
        cmocka_unit_test(test_a_few_minutes_already_give_a_number),
        cmocka_unit_test(test_before_the_first_sweep_all_that_is_used_counts),
        cmocka_unit_test(test_the_cost_of_collections_decides_where_it_is_high),
        cmocka_unit_test(test_a_heap_that_keeps_the_limit_grows_for_much_only),
        cmocka_unit_test(test_parallel_keeps_room_for_both_generations),
        cmocka_unit_test(test_the_room_for_generations_is_told),
        cmocka_unit_test(test_dead_wood_is_not_kept_in_the_hours),
        cmocka_unit_test(test_one_early_sweep_takes_little_off),
        cmocka_unit_test(test_a_rate_does_not_pass_to_a_jvm_that_nothing_swept),
        cmocka_unit_test(test_hours_that_nothing_swept_are_settled_by_a_later_jvm),
        cmocka_unit_test(test_another_load_does_not_speak_a_live_set_away),
        cmocka_unit_test(test_what_died_before_the_first_sweep_was_live),
        cmocka_unit_test(test_a_learned_rate_does_not_hide_what_a_first_sweep_shows),
        cmocka_unit_test(test_a_smaller_load_after_a_restart_hides_nothing),
        cmocka_unit_test(test_garbage_is_taken_off_once),
        cmocka_unit_test(test_a_rise_is_carried_to_the_horizon),
        cmocka_unit_test(test_an_exhausted_heap_gets_a_fifth_more),
        cmocka_unit_test(test_a_nearly_exhausted_heap_needs_no_warm_up),
        cmocka_unit_test(test_a_heap_exhausted_before_any_collection_was_seen_grows),
        cmocka_unit_test(test_a_number_moves_in_bands),
        cmocka_unit_test(test_a_restart_ends_the_bands),
        cmocka_unit_test(test_a_flat_live_set_keeps_its_number),
        cmocka_unit_test(test_a_step_is_in_the_number_at_once),
        cmocka_unit_test(test_a_sweep_settles_the_hours_before),
        cmocka_unit_test(test_a_leak_says_when_the_heap_is_full),
        cmocka_unit_test(test_the_order_of_equal_times_does_not_matter),
        cmocka_unit_test(test_less_risk_gives_more_heap),
        cmocka_unit_test(test_bad_samples_are_refused_and_counted),
        cmocka_unit_test(test_an_unclean_end_is_noted),
        cmocka_unit_test(test_the_containers_oom_killer_is_told_from_other_ends),
        cmocka_unit_test(test_a_run_that_ended_with_a_full_heap_is_an_exhaustion),
        cmocka_unit_test(test_a_heap_of_unknown_size_gets_no_number),
        cmocka_unit_test(test_promises_hold_on_random_series),
        cmocka_unit_test(test_more_caution_never_gives_less_heap),
        cmocka_unit_test(test_the_same_input_gives_the_same_output),
        cmocka_unit_test(test_a_clock_that_was_ahead_is_followed_back),
        cmocka_unit_test(test_a_storm_of_events_keeps_the_exhausted_heap),
        cmocka_unit_test(test_a_larger_heap_within_the_hour_does_not_inflate_the_work),
        cmocka_unit_test(test_equal_times_and_a_clock_that_goes_back),
        cmocka_unit_test(test_size_and_what_is_refused),
        cmocka_unit_test(test_reopened_equals_continuous),
        cmocka_unit_test(test_views_take_garbage_out_of_the_number),
        cmocka_unit_test(test_a_view_says_nothing_of_the_jvm_before),
        cmocka_unit_test(test_impossible_views_are_refused),
        cmocka_unit_test(test_the_rings_wrap),
        cmocka_unit_test(test_killed_at_any_store),
        cmocka_unit_test(test_damaged_slots_are_dropped),
        cmocka_unit_test(test_a_lost_state_is_rebuilt_from_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
