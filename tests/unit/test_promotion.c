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

static struct hc_promotion fresh(void)
{
    struct hc_promotion p;
    memset(&p, 0, sizeof p);
    return p;
}

static void collect(struct hc_promotion *p, enum hc_gc_kind kind, uint64_t heap_mib, uint64_t allocated_mib,
                    uint64_t promoted_mib)
{
    struct hc_gc_sample sample = {.kind = kind,
                                  .heap_max_bytes = heap_mib * MIB,
                                  .allocated_bytes = allocated_mib > 0 ? allocated_mib * MIB : HC_BYTES_UNKNOWN,
                                  .heap_used_after_bytes = kind == HC_GC_FULL ? promoted_mib * MIB : 0,
                                  .promoted_bytes = kind == HC_GC_FULL ? HC_BYTES_UNKNOWN : promoted_mib * MIB};
    hc_promotion_observe(p, &sample);
}

/* As tests/java/Load.java does it in a heap of 480 MiB: 123 MiB at once, then 3 of 125 that are allocated. */
static struct hc_promotion loaded_at_once(void)
{
    struct hc_promotion p = fresh();
    collect(&p, HC_GC_YOUNG, 480, 0, 108);
    collect(&p, HC_GC_YOUNG, 480, 125, 15);
    for (int i = 0; i < 20; i++)
        collect(&p, HC_GC_YOUNG, 480, 125, 3);
    return p;
}

static uint64_t least_mib(const struct hc_promotion *p, uint64_t live_mib, uint64_t most_mib)
{
    return (uint64_t)(hc_promotion_least_heap(p, (double)(live_mib * MIB), (double)(most_mib * MIB)) / (double)MIB);
}

/* JVMs with that load and 285 MiB had a full collection each time eden was full, with 312 none. */
static void a_state_that_is_loaded_at_once_takes_much_room(void **state)
{
    (void)state;
    struct hc_promotion p = loaded_at_once();
    assert_in_range(least_mib(&p, 123, 400), 286, 360);
    assert_int_equal(least_mib(&p, 123, 290), 290); /* there is no room in so little */
}

/* 60 MiB at once and 90 more over eight seconds: JVMs were stuck with 263 MiB, with 275 not. */
static void one_that_comes_slowly_takes_less(void **state)
{
    (void)state;
    struct hc_promotion p = fresh();
    collect(&p, HC_GC_YOUNG, 348, 0, 61);
    for (int i = 0; i < 8; i++)
        collect(&p, HC_GC_YOUNG, 348, 90, 12);
    for (int i = 0; i < 12; i++)
        collect(&p, HC_GC_YOUNG, 348, 90, 3);
    assert_in_range(least_mib(&p, 152, 376), 264, 320);
}

static void what_was_not_seen_loading_says_nothing(void **state)
{
    (void)state;
    struct hc_promotion p = fresh();
    assert_int_equal(least_mib(&p, 123, 400), 400);
    collect(&p, HC_GC_YOUNG, 480, 0, 50);
    collect(&p, HC_GC_YOUNG, 480, 125, 5);
    assert_int_equal(least_mib(&p, 123, 400), 400);
    collect(&p, HC_GC_FULL, 480, 10, 122); /* but a full collection leaves all that lives */
    assert_in_range(least_mib(&p, 123, 400), 200, 390);
}

static void a_restart_goes_by_the_jvm_before_until_it_has_loaded(void **state)
{
    (void)state;
    struct hc_promotion p = loaded_at_once();
    uint64_t before = least_mib(&p, 123, 400);
    hc_promotion_restart(&p);
    assert_int_equal(least_mib(&p, 123, 400), before);
    for (int i = 0; i < 3; i++)
        collect(&p, HC_GC_YOUNG, 480, 125, 3);
    hc_promotion_restart(&p); /* that one ended before it had */
    assert_int_equal(least_mib(&p, 123, 400), before);
    for (int i = 0; i < 25; i++)
        collect(&p, HC_GC_YOUNG, 480, i > 0 ? 125 : 0, 5);
    assert_int_equal(least_mib(&p, 123, 400), before); /* one that loads it slowly takes no room from the next */
    hc_promotion_restart(&p);
    assert_in_range(least_mib(&p, 123, 400), 185, before - 20);
}

/* A burst long after the start counts with the padded average that it left. */
static void a_late_burst_counts(void **state)
{
    (void)state;
    struct hc_promotion p = fresh();
    for (int i = 0; i < HC_LOADING_POINTS; i++)
        collect(&p, HC_GC_YOUNG, 480, 125, 5);
    uint64_t quiet = least_mib(&p, 123, 400);
    for (int i = 0; i < 3; i++)
        collect(&p, HC_GC_YOUNG, 480, 125, 60);
    assert_in_range(least_mib(&p, 123, 400), quiet + 40, 399);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_average_is_that_of_hotspot),
        cmocka_unit_test(a_state_that_is_loaded_at_once_takes_much_room),
        cmocka_unit_test(one_that_comes_slowly_takes_less),
        cmocka_unit_test(what_was_not_seen_loading_says_nothing),
        cmocka_unit_test(a_restart_goes_by_the_jvm_before_until_it_has_loaded),
        cmocka_unit_test(a_late_burst_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
