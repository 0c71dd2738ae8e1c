#include "predictor/live_views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)

static int64_t clock_ms;
static int based;
static uint64_t peak_mib;

static uint64_t see(struct hc_live_views *views, enum hc_gc_kind kind, uint64_t used_mib, uint64_t allocated_mib)
{
    struct hc_gc_sample sample = {.end_time_ms = clock_ms += 10000,
                                  .heap_used_before_bytes = HC_BYTES_UNKNOWN,
                                  .heap_used_after_bytes = used_mib * MIB,
                                  .allocated_bytes =
                                      allocated_mib == UINT64_MAX ? HC_BYTES_UNKNOWN : allocated_mib * MIB,
                                  .kind = kind};
    uint64_t peak, live = hc_live_views_observe(views, &sample, HC_COLLECTOR_G1, &based, &peak);
    peak_mib = peak / MIB;
    return live / MIB;
}

static void pause_frees(struct hc_live_views *views, uint64_t before_mib, uint64_t after_mib)
{
    struct hc_gc_sample sample = {.end_time_ms = clock_ms += 100,
                                  .heap_used_before_bytes = before_mib * MIB,
                                  .heap_used_after_bytes = after_mib * MIB,
                                  .kind = HC_GC_PAUSE};
    hc_live_views_observe_pause(views, &sample);
}

/* The view of a moment `ago_ms` back; returns the settled peak. */
static uint64_t view(struct hc_live_views *views, uint64_t live_mib, uint64_t used_mib, uint64_t now_mib,
                     int64_t ago_ms)
{
    struct hc_live_view look = {.time_ms = clock_ms - ago_ms,
                                .live_bytes = live_mib * MIB,
                                .used_bytes = used_mib * MIB,
                                .source = HC_LIVE_G1_MARKING,
                                .evidence = HC_EVIDENCE_MARKING};
    return hc_live_views_observe_view(views, &look, now_mib * MIB) / MIB;
}

static struct hc_live_views fresh(void)
{
    struct hc_live_views views;
    clock_ms = 1000000;
    hc_live_views_init(&views);
    return views;
}

static void test_garbage_of_the_view_is_no_live_set(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    assert_int_equal(see(&views, HC_GC_YOUNG, 400, UINT64_MAX), 400); /* nothing known yet */
    assert_int_equal(hc_live_views_peak(&views), 0);
    view(&views, 150, 400, 400, 0);
    assert_int_equal(see(&views, HC_GC_YOUNG, 400, UINT64_MAX), 150);
    assert_int_equal(see(&views, HC_GC_YOUNG, 460, UINT64_MAX), 210); /* the most it can be */
    assert_int_equal(hc_live_views_peak(&views) / MIB, 210);
    assert_int_equal(hc_live_views_upper(&views, 460 * MIB) / MIB, 216); /* and what a view may be off */
}

static void test_two_views_show_the_rate_of_garbage(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    view(&views, 150, 200, 200, 0);
    for (uint64_t i = 1; i <= 4; i++)
        see(&views, HC_GC_YOUNG, 200 + 40 * i, 800);
    assert_int_equal(hc_live_views_peak(&views) / MIB, 310);       /* all growth may be live */
    assert_int_equal(view(&views, 150, 360, 360, 0), 150);         /* but was garbage: 40 MiB for 800 allocated */
    assert_in_range(see(&views, HC_GC_YOUNG, 400, 800), 153, 155); /* 0.9 of it is trusted */
    see(&views, HC_GC_YOUNG, 500, 800);
    view(&views, 240, 500, 500, 0); /* it has grown: while it does, less of what is new is garbage */
    assert_in_range(see(&views, HC_GC_YOUNG, 540, 800), 255, 260);
    see(&views, HC_GC_YOUNG, 580, 800);
    view(&views, 150, 580, 580, 0); /* 90 MiB died, 80 were garbage that came with allocation: the rate of before */
    assert_in_range(see(&views, HC_GC_YOUNG, 620, 800), 153, 155);
    assert_int_equal(views.count, 4);
}

static void test_a_peak_between_two_views_is_found(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    view(&views, 100, 150, 150, 0);
    see(&views, HC_GC_YOUNG, 170, 500);
    see(&views, HC_GC_YOUNG, 390, 500); /* 200 more, then gone */
    see(&views, HC_GC_YOUNG, 210, 500);
    see(&views, HC_GC_YOUNG, 230, 500);
    assert_int_equal(view(&views, 100, 230, 230, 0), 300);
}

static void test_the_first_view_settles_what_was_since_the_start(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    for (uint64_t i = 1; i <= 40; i++) /* more than there are points */
        see(&views, HC_GC_YOUNG, 20 * i, 400);
    assert_in_range(view(&views, 200, 800, 800, 0), 200, 210);
    hc_live_views_restart(&views);
    assert_int_equal(views.count, 0);
}

static void test_remark_frees_garbage_of_the_view_that_comes_after_it(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    see(&views, HC_GC_YOUNG, 500, UINT64_MAX); /* Concurrent Start */
    int64_t start_ms = clock_ms;
    pause_frees(&views, 510, 310); /* Remark: 200 of the 300 MiB of garbage lay in whole regions */
    view(&views, 200, 500, 310, clock_ms - start_ms);
    assert_int_equal(see(&views, HC_GC_YOUNG, 300, UINT64_MAX), 200);
    pause_frees(&views, 320, 280);
    assert_int_equal(see(&views, HC_GC_YOUNG, 260, UINT64_MAX), 200);
}

/* In a heap of 320 MiB, of which 300 were in use when it began. Returns what is live if nothing since was garbage. */
static uint64_t see_full(struct hc_live_views *views, uint64_t used_mib, uint64_t promoted_mib,
                         enum hc_collector collector)
{
    struct hc_gc_sample sample = {.end_time_ms = clock_ms += 1000,
                                  .heap_used_before_bytes = 300 * MIB,
                                  .heap_used_after_bytes = used_mib * MIB,
                                  .old_used_after_bytes = (used_mib - 5) * MIB,
                                  .heap_max_bytes = 320 * MIB,
                                  .allocated_bytes = 100 * MIB,
                                  .promoted_bytes = promoted_mib * MIB,
                                  .kind = HC_GC_YOUNG};
    uint64_t peak;
    hc_live_views_observe(views, &sample, collector, &based, &peak);
    return (uint64_t)views->upper / MIB;
}

/* More was kept than there was room to copy to: 20 MiB of it may have been copied, the rest stayed with its garbage. */
static void test_what_a_failed_evacuation_left_is_not_all_live(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    see(&views, HC_GC_YOUNG, 120, 200);
    view(&views, 80, 120, 120, 0);
    assert_int_equal(see_full(&views, 134, 14, HC_COLLECTOR_G1), 94); /* fits: 14 + 5 of 20 */
    assert_int_equal(see_full(&views, 230, 96, HC_COLLECTOR_G1), 94 + 20);
    see(&views, HC_GC_YOUNG, 235, 0);
    assert_int_equal((uint64_t)views.upper / MIB, 94 + 20 + 5);
    assert_int_equal(hc_live_views_upper(&views, 235 * MIB) / MIB, 235); /* it might have been live after all */
    see(&views, HC_GC_FULL, 200, 10);
    assert_int_equal(see(&views, HC_GC_YOUNG, 205, 0), 205); /* it was */
    /* and what a mixed run can't take away may be live, too */
    views = fresh();
    see(&views, HC_GC_YOUNG, 120, 200);
    view(&views, 80, 120, 120, 0);
    see_full(&views, 230, 96, HC_COLLECTOR_G1);
    see(&views, HC_GC_MIXED, 188, 0);
    assert_int_equal(see(&views, HC_GC_YOUNG, 189, 0), 189);
}

/* Nor more than others kept: here at most 5 of 100 that were allocated. */
static void test_a_failed_evacuation_kept_no_more_than_others(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    see(&views, HC_GC_YOUNG, 120, 200);
    view(&views, 80, 120, 120, 0);
    see(&views, HC_GC_YOUNG, 130, 200);
    view(&views, 80, 130, 130, 0);
    assert_in_range(see_full(&views, 230, 96, HC_COLLECTOR_G1), 80, 86);
}

/* Only what this collection kept can have been kept in vain: humongous objects were there before. */
static void test_what_came_without_copying_is_live(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    see(&views, HC_GC_YOUNG, 120, 200);
    view(&views, 80, 120, 120, 0);
    assert_int_equal(see_full(&views, 260, 35, HC_COLLECTOR_G1), 260 - 40 - 20); /* 35 + 5 kept, room for 20 */
}

/* A view is told some time after its moment. A run of mixed collections that has begun meanwhile hides nothing. */
static void test_a_view_told_within_a_mixed_run_settles_the_peak(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    see(&views, HC_GC_YOUNG, 100, 100);
    see(&views, HC_GC_YOUNG, 200, 1000);
    int64_t start_ms = clock_ms;
    pause_frees(&views, 202, 202);
    see(&views, HC_GC_YOUNG, 201, 50);
    see(&views, HC_GC_MIXED, 160, 10);
    assert_in_range(view(&views, 110, 200, 160, clock_ms - start_ms), 110, 112);
    see(&views, HC_GC_MIXED, 140, 10);
    see(&views, HC_GC_YOUNG, 142, 100);
    assert_int_equal(peak_mib, 110);
    /* but one that comes after it */
    views = fresh();
    see(&views, HC_GC_YOUNG, 100, 100);
    see(&views, HC_GC_YOUNG, 200, 1000);
    start_ms = clock_ms;
    pause_frees(&views, 202, 202);
    see(&views, HC_GC_MIXED, 160, 10);
    see(&views, HC_GC_YOUNG, 142, 100);
    assert_in_range(view(&views, 110, 200, 142, clock_ms - start_ms), 160, 165); /* 160 were left: that is all */
}

static void test_other_collectors_copy_elsewhere(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    see(&views, HC_GC_YOUNG, 120, 200);
    view(&views, 80, 120, 120, 0);
    assert_int_equal(see_full(&views, 230, 96, HC_COLLECTOR_CMS), 190);
}

static void test_a_mixed_run_keeps_the_estimate(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    view(&views, 200, 500, 500, 0);
    see(&views, HC_GC_YOUNG, 510, 0);
    see(&views, HC_GC_MIXED, 400, 0);
    see(&views, HC_GC_MIXED, 260, 0); /* G1 leaves up to 5 % of the heap */
    assert_int_equal(hc_live_views_upper(&views, 260 * MIB) / MIB, 260);
    assert_int_equal(see(&views, HC_GC_YOUNG, 260, 0), 210);
    assert_false(based);
    see(&views, HC_GC_MIXED, 180, 0);
    assert_int_equal(see(&views, HC_GC_YOUNG, 190, 0), 190); /* it can't have been more than 180 */
    assert_int_equal(hc_live_views_peak(&views) / MIB, 210);
}

/* 100 MiB alive; of 100 allocated 30 are kept, and all that is garbage soon. */
static struct hc_live_views replacing(void)
{
    struct hc_live_views views = fresh();
    view(&views, 100, 200, 200, 0);
    for (uint64_t i = 1; i <= 3; i++)
        see(&views, HC_GC_YOUNG, 200 + 30 * i, 100);
    return views;
}

/* The collection with which a cycle starts may end the run, and its view is told before the next one. */
static void test_a_view_that_ends_a_mixed_run_shows_the_rate(void **state)
{
    (void)state;
    struct hc_live_views views = replacing();
    assert_int_equal(hc_live_views_peak(&views) / MIB, 190); /* no rate is known yet */
    see(&views, HC_GC_MIXED, 270, 100);
    see(&views, HC_GC_MIXED, 250, 100);
    assert_in_range(view(&views, 100, 250, 250, 2), 100, 101); /* the run kept what young collections keep: 60 */
    assert_in_range(see(&views, HC_GC_YOUNG, 280, 100), 100, 104);
}

/* What passed for live and is swept away was garbage, and that came with allocation. */
static void test_a_mixed_run_proves_garbage(void **state)
{
    (void)state;
    struct hc_live_views views = replacing();
    see(&views, HC_GC_MIXED, 140, 100);
    assert_int_equal(see(&views, HC_GC_YOUNG, 150, 100), 150);
    assert_in_range(hc_live_views_peak(&views) / MIB, 150, 157); /* 190, less 0.9 x 50 x 3/4 */
    assert_in_range(view(&views, 100, 150, 150, 0), 100, 127);
    assert_false(based);
}

/* A rate that is known goes on saying what of the rest is garbage. */
static void test_a_mixed_run_that_proves_garbage_keeps_the_rate(void **state)
{
    (void)state;
    struct hc_live_views views = replacing();
    view(&views, 100, 290, 290, 0); /* 0.9 x 0.3 of what is allocated */
    see(&views, HC_GC_YOUNG, 320, 100);
    see(&views, HC_GC_YOUNG, 350, 100);
    assert_int_equal(see(&views, HC_GC_YOUNG, 380, 100), 109);
    see(&views, HC_GC_MIXED, 120, 10);
    assert_in_range(see(&views, HC_GC_YOUNG, 150, 100), 109, 116);
    assert_int_equal(hc_live_views_upper(&views, 150 * MIB) / MIB, 150);
}

/* What the Remark of the view's own cycle frees was garbage at the view, and is none after it. */
static void test_remark_within_a_mixed_run_frees_garbage_of_its_view(void **state)
{
    (void)state;
    struct hc_live_views views = replacing();
    see(&views, HC_GC_MIXED, 270, 100);
    see(&views, HC_GC_MIXED, 250, 100);
    pause_frees(&views, 250, 200);
    assert_in_range(view(&views, 100, 250, 200, 100), 100, 101);
    assert_in_range(see(&views, HC_GC_YOUNG, 230, 100), 100, 104);
}

/* 340 MiB more are alive for a moment; then runs sweep what came since the run before. */
static void test_each_run_proves_garbage_since_the_one_before(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    view(&views, 100, 100, 100, 0);
    see(&views, HC_GC_YOUNG, 440, 100);
    for (int i = 0; i < 6; i++) {
        see(&views, HC_GC_YOUNG, 470, 100);
        see(&views, HC_GC_MIXED, 440, 100);
    }
    see(&views, HC_GC_YOUNG, 440, 10);
    assert_in_range(hc_live_views_peak(&views) / MIB, 435, 470);
    assert_in_range(view(&views, 100, 440, 440, 0), 390, 440);
}

/* 200 MiB are loaded, and a run begins: what it could have kept of them never passed for live. */
static void test_what_a_run_may_have_kept_proves_nothing(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    view(&views, 100, 180, 180, 0);
    see(&views, HC_GC_YOUNG, 380, 200);
    see(&views, HC_GC_MIXED, 305, 10);
    see(&views, HC_GC_YOUNG, 306, 1);
    assert_in_range(hc_live_views_peak(&views) / MIB, 300, 306);
}

/* As each look brings a cycle with it: garbage grows by 50 MiB for 1000 allocated, and most of it is swept at once. */
static void test_sweeps_between_views_hide_no_rate(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    view(&views, 150, 260, 260, 0);
    see(&views, HC_GC_YOUNG, 310, 1000);
    see(&views, HC_GC_MIXED, 240, 0);
    assert_int_equal(see(&views, HC_GC_YOUNG, 290, 1000), 250); /* nothing known: the 100 that came since may be live */
    assert_int_equal(view(&views, 150, 290, 290, 0), 150);      /* all of it was garbage */
    assert_in_range(see(&views, HC_GC_YOUNG, 340, 1000), 154, 156);
    see(&views, HC_GC_MIXED, 220, 0);
    assert_in_range(see(&views, HC_GC_YOUNG, 270, 1000), 159, 161);
}

static void test_a_full_collection_is_a_base(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    view(&views, 200, 500, 500, 0);
    assert_int_equal(see(&views, HC_GC_FULL, 120, 0), 120);
    assert_true(based);
    assert_int_equal(see(&views, HC_GC_YOUNG, 130, 0), 130);
}

/* A full collection between the marking and its report: what it left is newer, and exact. */
/* 100 MiB alive; what is promoted between two full collections is garbage that came with allocation. */
static void test_a_full_collection_settles_the_peak_before_it(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    see(&views, HC_GC_YOUNG, 90, UINT64_MAX);
    see(&views, HC_GC_FULL, 100, 10);
    for (uint64_t i = 1; i <= 10; i++)
        see(&views, HC_GC_YOUNG, 100 + 20 * i, 100);
    see(&views, HC_GC_FULL, 100, 0);
    assert_in_range(peak_mib, 100, 121); /* 0.9 of the rate is trusted: a tenth of 200 stays */
    for (uint64_t i = 1; i <= 10; i++)   /* the first half of that grows twice as fast: 50 were alive for a while */
        see(&views, HC_GC_YOUNG, i <= 5 ? 100 + 30 * i : 250 + 10 * (i - 5), 100);
    see(&views, HC_GC_FULL, 100, 0);
    assert_in_range(peak_mib, 150, 165);
}

static void test_a_view_that_was_overtaken_changes_nothing(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    see(&views, HC_GC_YOUNG, 800, 100);
    int64_t start_ms = clock_ms;
    see(&views, HC_GC_FULL, 450, 100);
    see(&views, HC_GC_YOUNG, 460, 10);
    view(&views, 500, 800, 460, clock_ms - start_ms);
    assert_int_equal(see(&views, HC_GC_YOUNG, 470, 10), 470);
}

static void test_views_of_concurrent_collectors_are_figures_only(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    struct hc_live_view look = {.time_ms = clock_ms,
                                .live_bytes = 40 * MIB,
                                .used_bytes = 158 * MIB,
                                .source = HC_LIVE_Z_MARKING,
                                .evidence = HC_EVIDENCE_MARKING};
    assert_int_equal(hc_live_views_observe_view(&views, &look, 158 * MIB), 40 * MIB);
    assert_int_equal(views.count, 0);
    assert_int_equal(hc_live_views_peak(&views), 0);
}

static void test_bounds(void **state)
{
    (void)state;
    struct hc_live_views views = fresh();
    assert_int_equal(hc_live_views_lower(&views, 100 * MIB), 0);
    view(&views, 200, 500, 500, 0);
    assert_int_equal(hc_live_views_lower(&views, 500 * MIB) / MIB, 100); /* one view says little of what follows */
    for (unsigned i = 0; i < 12; i++)
        view(&views, 200 + i % 2 * 10, 500, 500, 0);
    assert_int_equal(hc_live_views_lower(&views, 500 * MIB) / MIB, 189);
    assert_int_equal(hc_live_views_lower(&views, 100 * MIB) / MIB, 0 + 42); /* never above what is used */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_garbage_of_the_view_is_no_live_set),
        cmocka_unit_test(test_two_views_show_the_rate_of_garbage),
        cmocka_unit_test(test_a_peak_between_two_views_is_found),
        cmocka_unit_test(test_the_first_view_settles_what_was_since_the_start),
        cmocka_unit_test(test_remark_frees_garbage_of_the_view_that_comes_after_it),
        cmocka_unit_test(test_what_a_failed_evacuation_left_is_not_all_live),
        cmocka_unit_test(test_what_came_without_copying_is_live),
        cmocka_unit_test(test_a_view_told_within_a_mixed_run_settles_the_peak),
        cmocka_unit_test(test_other_collectors_copy_elsewhere),
        cmocka_unit_test(test_a_mixed_run_keeps_the_estimate),
        cmocka_unit_test(test_a_view_that_ends_a_mixed_run_shows_the_rate),
        cmocka_unit_test(test_a_mixed_run_proves_garbage),
        cmocka_unit_test(test_a_mixed_run_that_proves_garbage_keeps_the_rate),
        cmocka_unit_test(test_remark_within_a_mixed_run_frees_garbage_of_its_view),
        cmocka_unit_test(test_each_run_proves_garbage_since_the_one_before),
        cmocka_unit_test(test_what_a_run_may_have_kept_proves_nothing),
        cmocka_unit_test(test_a_failed_evacuation_kept_no_more_than_others),
        cmocka_unit_test(test_sweeps_between_views_hide_no_rate),
        cmocka_unit_test(test_a_full_collection_is_a_base),
        cmocka_unit_test(test_a_full_collection_settles_the_peak_before_it),
        cmocka_unit_test(test_a_view_that_was_overtaken_changes_nothing),
        cmocka_unit_test(test_views_of_concurrent_collectors_are_figures_only),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
