/* What is promoted, against HotSpot's own figures and against the heaps in which JVMs were seen stuck. */
#include "predictor/promotion.h"
#include "predictor/sweeping.h"

#include "tests/support/cmocka_test.h"

#include <math.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

/* -Xlog:gc+ergo*=trace of JDK 17 with Parallel: "promoted" and "avg_promoted_padded_avg" of its first collections. */
static const struct {
    double promoted, padded;
} told[] = {{68714496, 0},       {33570816, 0},       {4358144, 0},        {4284416, 0},
            {4292608, 77798528}, {4128768, 73675752}, {6433192, 69196888}, {3342336, 65995996},
            {3506176, 62909760}, {4079616, 59970904}, {4120576, 57024552}, {2064384, 54458516}};

static void the_average_is_that_of_hotspot(void **state)
{
    struct hc_padded_average average = {0, 0, 0};
    (void)state;
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        hc_padded_average_add(&average, told[i].promoted);
        if (told[i].padded > 0) /* HotSpot's is of single precision */
            assert_true(fabs(hc_padded_average_bytes(&average) - told[i].padded) < 100);
    }
}

/* A JVM that is a restart. */
static struct hc_promotion fresh(void)
{
    struct hc_promotion p;
    memset(&p, 0, sizeof p);
    p.is_restart = 1;
    return p;
}

static void collect(struct hc_promotion *p, enum hc_gc_kind kind, uint64_t heap_mib, uint64_t allocated_mib,
                    uint64_t promoted_mib)
{
    struct hc_gc_sample sample = {.kind = kind,
                                  .heap_max_bytes = heap_mib * MIB,
                                  .allocated_bytes = allocated_mib > 0 ? allocated_mib * MIB : HC_BYTES_UNKNOWN,
                                  .heap_used_after_bytes = kind == HC_GC_FULL ? promoted_mib * MIB : 0,
                                  .heap_used_before_bytes = HC_BYTES_UNKNOWN,
                                  .old_used_after_bytes = HC_BYTES_UNKNOWN,
                                  .promoted_bytes = kind == HC_GC_FULL ? HC_BYTES_UNKNOWN : promoted_mib * MIB};
    hc_promotion_observe(p, &sample);
}

static void collect_young(struct hc_promotion *p, int times, uint64_t heap_mib, uint64_t allocated_mib,
                          uint64_t promoted_mib)
{
    for (int i = 0; i < times; i++)
        collect(p, HC_GC_YOUNG, heap_mib, allocated_mib, promoted_mib);
}

/* As tests/java/Load.java does it in a heap of 480 MiB: 123 MiB at once, then 3 of 125 that are allocated. */
static struct hc_promotion loaded_at_once(void)
{
    struct hc_promotion p = fresh();
    collect(&p, HC_GC_YOUNG, 480, 125, 108);
    collect(&p, HC_GC_YOUNG, 480, 125, 15);
    collect_young(&p, 20, 480, 125, 3);
    return p;
}

static uint64_t roomy_with(const struct hc_promotion *p, enum hc_collector collector, uint64_t java, uint64_t live_mib,
                           uint64_t left_mib)
{
    struct hc_epoch epoch = {.collector = collector, .java = java, .heap_max_bytes = 300 * MIB};
    return (uint64_t)(hc_promotion_roomy_heap(p, &epoch, (double)(live_mib * MIB), (double)(left_mib * MIB)) /
                      (double)MIB);
}

static uint64_t roomy_as(const struct hc_promotion *p, enum hc_collector collector, uint64_t java, uint64_t live_mib)
{
    return roomy_with(p, collector, java, live_mib, 0);
}

static uint64_t roomy_mib(const struct hc_promotion *p, uint64_t live_mib)
{
    return roomy_as(p, HC_COLLECTOR_PARALLEL, 17, live_mib);
}

/* With room for all of eden, where nothing is shown. */
enum { ALL_OF_EDEN = 302 /* for 123 MiB: 123 / (2/3 - 0.26) */ };

/* JVMs with that load and 285 MiB had a full collection each time eden was full, with 312 none. */
static void a_state_that_is_loaded_at_once_takes_much_room(void **state)
{
    (void)state;
    struct hc_promotion p = loaded_at_once();
    assert_in_range(roomy_mib(&p, 123), 286, ALL_OF_EDEN);
    assert_int_equal(roomy_mib(&p, 246), 2 * ALL_OF_EDEN); /* nobody saw so much */
}

/* Serial of JDK 11 to 21 left that state again after eight collections in 211 MiB; that of JDK 25 never. */
static void with_serial_the_average_fades_up_to_jdk_21(void **state)
{
    (void)state;
    struct hc_promotion p = loaded_at_once();
    assert_in_range(roomy_as(&p, HC_COLLECTOR_SERIAL, 17, 123), 195, 240);
    assert_int_equal(roomy_as(&p, HC_COLLECTOR_SERIAL, 21, 123), roomy_as(&p, HC_COLLECTOR_SERIAL, 17, 123));
    assert_in_range(roomy_as(&p, HC_COLLECTOR_SERIAL, 25, 123), 286, ALL_OF_EDEN);
    assert_int_equal(roomy_as(&p, HC_COLLECTOR_SERIAL, 0, 123), roomy_as(&p, HC_COLLECTOR_SERIAL, 25, 123));
}

/* 60 MiB at once and 90 more over eight seconds: JVMs were stuck with 263 MiB, with 275 not. */
static void one_that_comes_slowly_takes_less(void **state)
{
    (void)state;
    struct hc_promotion p = fresh();
    collect(&p, HC_GC_YOUNG, 348, 90, 61);
    collect_young(&p, 8, 348, 90, 12);
    collect_young(&p, 12, 348, 90, 3);
    assert_in_range(roomy_mib(&p, 152), 264, 320);
    assert_in_range(roomy_as(&p, HC_COLLECTOR_SERIAL, 21, 152), 276, 310); /* stuck with 275, not with 287 */
}

/* Up to 10 MiB of dead wood lie in the old generation of 300. Half of it is always asked for, the rest if it was seen
 * beside what passes for live. */
static void dead_wood_takes_room_once(void **state)
{
    (void)state;
    struct hc_promotion p = loaded_at_once();
    uint64_t all = roomy_as(&p, HC_COLLECTOR_SERIAL, 17, 123);
    assert_true(roomy_with(&p, HC_COLLECTOR_SERIAL, 17, 123, 123) < all);
    assert_int_equal(roomy_with(&p, HC_COLLECTOR_SERIAL, 17, 123, 1000), all);
    /* no room to spare where being stuck is for ever; and Parallel leaves none */
    assert_int_equal(roomy_with(&p, HC_COLLECTOR_SERIAL, 25, 123, 123), roomy_as(&p, HC_COLLECTOR_SERIAL, 25, 123));
    assert_int_equal(roomy_with(&p, HC_COLLECTOR_PARALLEL, 17, 123, 1000), roomy_mib(&p, 123));
}

static void what_was_not_seen_loading_says_nothing(void **state)
{
    (void)state;
    struct hc_promotion p = fresh();
    assert_int_equal(roomy_mib(&p, 123), ALL_OF_EDEN);
    assert_in_range(roomy_as(&p, HC_COLLECTOR_SERIAL, 17, 123), 228, 230); /* half of eden, where the average fades */
    assert_int_equal(roomy_mib(&p, 0), 0);
    collect(&p, HC_GC_YOUNG, 480, 125, 50);
    collect(&p, HC_GC_YOUNG, 480, 125, 5);
    assert_int_equal(roomy_mib(&p, 123), ALL_OF_EDEN);
}

/* 20 MiB live and 3 MiB of each 125 are promoted and die: what lives today was never loaded. */
static void what_is_promoted_and_dies_is_no_state(void **state)
{
    (void)state;
    struct hc_promotion p = fresh();
    collect(&p, HC_GC_YOUNG, 480, 125, 20);
    collect_young(&p, HC_LOADING_POINTS, 480, 125, 3);
    collect(&p, HC_GC_FULL, 480, 125, 20);
    assert_int_equal(roomy_mib(&p, 123), ALL_OF_EDEN);
}

/* In a heap many times larger a JVM hardly collects while it loads, and what it promoted says little of small ones. */
static void far_too_large_a_heap_says_nothing(void **state)
{
    (void)state;
    struct hc_promotion p = fresh();
    collect_young(&p, HC_LOADING_POINTS, 8000, 2000, 5);
    assert_int_equal(roomy_mib(&p, 123), ALL_OF_EDEN);
}

/* It fills its state from the stream, and the next one has it from a checkpoint at once. */
static void a_jobs_first_jvm_says_nothing(void **state)
{
    (void)state;
    struct hc_promotion p;
    memset(&p, 0, sizeof p);
    hc_promotion_restart(&p);
    collect(&p, HC_GC_YOUNG, 480, 125, 1); /* one that dies as it starts is none */
    hc_promotion_restart(&p);
    collect_young(&p, HC_LOADING_POINTS, 480, 125, 5);
    assert_int_equal(roomy_mib(&p, 123), ALL_OF_EDEN);
    hc_promotion_restart(&p);
    assert_int_equal(roomy_mib(&p, 123), ALL_OF_EDEN);
    collect_young(&p, HC_LOADING_POINTS, 480, 125, 5);
    assert_in_range(roomy_mib(&p, 123), 185, ALL_OF_EDEN - 20);
}

/* What lies in the old generation before the first collection that is seen came at once, as far as anybody knows. */
static void what_was_there_before_came_at_once(void **state)
{
    (void)state;
    struct hc_promotion p = fresh();
    for (int i = 0; i < HC_LOADING_POINTS; i++) {
        struct hc_gc_sample sample = {.kind = HC_GC_YOUNG,
                                      .heap_max_bytes = 480 * MIB,
                                      .allocated_bytes = 125 * MIB,
                                      .old_used_after_bytes = 123 * MIB,
                                      .promoted_bytes = 5 * MIB};
        hc_promotion_observe(&p, &sample);
    }
    assert_in_range(roomy_mib(&p, 123), 286, ALL_OF_EDEN);
}

static void a_restart_goes_by_the_jvm_before_until_it_has_loaded(void **state)
{
    (void)state;
    struct hc_promotion p = loaded_at_once();
    uint64_t before = roomy_mib(&p, 123);
    hc_promotion_restart(&p);
    assert_int_equal(roomy_mib(&p, 123), before);
    collect_young(&p, 3, 480, 125, 3);
    hc_promotion_restart(&p); /* that one ended before it had */
    assert_int_equal(roomy_mib(&p, 123), before);
    collect_young(&p, 25, 480, 125, 5);
    assert_int_equal(roomy_mib(&p, 123), before); /* one that loads it slowly takes no room from the next */
    hc_promotion_restart(&p);
    assert_in_range(roomy_mib(&p, 123), 185, before - 20);
}

/* As from a log without generations. */
static void where_generations_are_not_told_use_shows_it(void **state)
{
    (void)state;
    struct hc_promotion with = loaded_at_once(), p = fresh();
    uint64_t used = 0;
    for (int i = 0; i < 22; i++) {
        used += i == 0 ? 108 : i == 1 ? 15 : 3;
        struct hc_gc_sample sample = {.kind = HC_GC_YOUNG,
                                      .heap_max_bytes = 480 * MIB,
                                      .allocated_bytes = 125 * MIB,
                                      .heap_used_after_bytes = used * MIB,
                                      .old_used_after_bytes = HC_BYTES_UNKNOWN,
                                      .promoted_bytes = HC_BYTES_UNKNOWN};
        hc_promotion_observe(&p, &sample);
    }
    assert_int_equal(roomy_mib(&p, 123), roomy_mib(&with, 123));
}

/* Then all that was promoted came as early as it can have. */
static void unknown_allocation_makes_it_no_slower(void **state)
{
    (void)state;
    struct hc_promotion p = fresh(), known = fresh();
    for (int i = 0; i < 25; i++) {
        collect(&p, HC_GC_YOUNG, 480, 0, 5);
        collect(&known, HC_GC_YOUNG, 480, 125, 5);
    }
    assert_in_range(roomy_mib(&p, 123), roomy_mib(&known, 123) + 40, ALL_OF_EDEN);
}

/* A burst long after the start counts with the padded average that it left. */
static void a_late_burst_counts(void **state)
{
    (void)state;
    struct hc_promotion p = fresh();
    collect_young(&p, HC_LOADING_POINTS, 480, 125, 5);
    uint64_t quiet = roomy_mib(&p, 123);
    collect_young(&p, 3, 480, 125, 60);
    assert_in_range(roomy_mib(&p, 123), quiet + 40, ALL_OF_EDEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_average_is_that_of_hotspot),
        cmocka_unit_test(a_state_that_is_loaded_at_once_takes_much_room),
        cmocka_unit_test(one_that_comes_slowly_takes_less),
        cmocka_unit_test(with_serial_the_average_fades_up_to_jdk_21),
        cmocka_unit_test(what_is_promoted_and_dies_is_no_state),
        cmocka_unit_test(far_too_large_a_heap_says_nothing),
        cmocka_unit_test(a_jobs_first_jvm_says_nothing),
        cmocka_unit_test(what_was_there_before_came_at_once),
        cmocka_unit_test(unknown_allocation_makes_it_no_slower),
        cmocka_unit_test(dead_wood_takes_room_once),
        cmocka_unit_test(what_was_not_seen_loading_says_nothing),
        cmocka_unit_test(a_restart_goes_by_the_jvm_before_until_it_has_loaded),
        cmocka_unit_test(where_generations_are_not_told_use_shows_it),
        cmocka_unit_test(a_late_burst_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
