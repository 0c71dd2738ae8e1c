#include "tests/support/cmocka_test.h"

#include "agent/live_watch.h"

#include <stdio.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

static struct live_watch w;
static struct hc_live_view view;
static int64_t now_ms;

static struct hc_gc_sample sample(enum hc_gc_kind kind, uint64_t used_mib)
{
    now_ms += 1000;
    return (struct hc_gc_sample){.end_time_ms = now_ms,
                                 .kind = kind,
                                 .pause_us = 5000,
                                 .gc_time_us = 5000,
                                 .heap_used_after_bytes = used_mib * MIB,
                                 .old_used_after_bytes = used_mib * MIB / 2,
                                 .heap_max_bytes = 1024 * MIB};
}

static int see(enum hc_gc_kind kind, uint64_t used_mib, int window)
{
    struct hc_gc_sample s = sample(kind, used_mib);
    return live_watch_sample(&w, &s, window, &view);
}

static int full(uint64_t used_mib, const char *cause)
{
    struct hc_gc_sample s = sample(HC_GC_FULL, used_mib);
    snprintf(s.cause, sizeof s.cause, "%s", cause);
    return live_watch_sample(&w, &s, 0, &view);
}

static void begin(enum hc_collector collector, int java)
{
    now_ms = 1000000;
    live_watch_init(&w, collector, java, 1024 * MIB, 0);
}

static struct hc_live_view probe_with(uint64_t live_mib, uint64_t used_mib, int64_t at, int64_t later_ms,
                                      uint64_t later_mib)
{
    struct live_report r = {.view = {.time_ms = at,
                                     .live_bytes = live_mib * MIB,
                                     .used_bytes = used_mib * MIB,
                                     .source = HC_LIVE_G1_MARKING,
                                     .evidence = HC_EVIDENCE_MARKING},
                            .later_ms = later_ms,
                            .later_bytes = later_mib * MIB};
    struct hc_live_view out;
    live_watch_view(&w, &r, &out);
    return out;
}

static struct hc_live_view probe(uint64_t live_mib, uint64_t used_mib, int64_t at)
{
    return probe_with(live_mib, used_mib, at, 0, 0);
}

static void begin_with_pauses(void)
{
    begin(HC_COLLECTOR_G1, 17);
    for (uint64_t i = 0; i < 100; i++) { /* 200, 201, … MiB and a little */
        struct hc_gc_sample s = sample(HC_GC_YOUNG, 200 + i);
        s.heap_used_after_bytes += 1000 * i;
        (void)live_watch_sample(&w, &s, 0, &view);
    }
}

static void a_view_is_of_its_pause(void **state)
{
    (void)state;
    begin_with_pauses();
    /* found by the MiB of the log and the time */
    assert_int_equal(probe(190, 296, now_ms - 3000 + 300).used_bytes, 296 * MIB + 96000);
    /* not found: another size, too far away, or too long ago */
    assert_int_equal(probe(190, 250, now_ms - 3000).used_bytes, 250 * MIB);
    assert_int_equal(probe(190, 296, now_ms - 3000 - 600).used_bytes, 296 * MIB);
    assert_int_equal(probe(150, 209, now_ms - 90000).used_bytes, 209 * MIB);
    assert_int_equal(probe(250, 249, now_ms - 30).used_bytes, 250 * MIB); /* whole MiB were cut off */
}

static void survivors_of_the_marking_come_off(void **state)
{
    (void)state;
    begin_with_pauses();
    /* two pauses later 2 MiB and 2000 bytes more were used: these were allocated since and survived */
    struct hc_live_view v = probe_with(190, 296, now_ms - 3000, now_ms - 1000, 298);
    assert_int_equal(v.live_bytes, 188 * MIB - 2000);
    assert_int_equal(v.used_bytes, 296 * MIB + 96000);
    /* not known to the byte: what the log says */
    assert_int_equal(probe_with(190, 250, now_ms - 3000, now_ms - 1000, 260).live_bytes, 180 * MIB);
    /* less is used than before, or more than can be: nothing comes off */
    assert_int_equal(probe_with(190, 250, now_ms - 3000, now_ms - 1000, 240).live_bytes, 190 * MIB);
    assert_int_equal(probe_with(190, 250, now_ms - 3000, now_ms - 1000, 900).live_bytes, 190 * MIB);
}

static void growth_is_told_after_several_pauses(void **state)
{
    (void)state;
    begin(HC_COLLECTOR_G1, 17);
    for (int i = 0; i < 20; i++)
        (void)see(HC_GC_YOUNG, 900, 0);
    assert_int_equal(atomic_load(&w.grown), 0); /* nothing to measure it by yet */
    (void)probe(100, 200, 1);                   /* 100 MiB of garbage: up to 220 MiB used is no growth */
    for (int i = 0; i < 20; i++)
        (void)see(HC_GC_YOUNG, 219, 0);
    for (int i = 0; i < 4; i++)
        (void)see(HC_GC_YOUNG, 240, 0);
    (void)see(HC_GC_YOUNG, 210, 0);
    for (int i = 0; i < 4; i++)
        (void)see(HC_GC_YOUNG, 240, 0);
    (void)see(HC_GC_PAUSE, 900, 0); /* moves nothing, tells nothing */
    assert_int_equal(atomic_load(&w.grown), 0);
    (void)see(HC_GC_YOUNG, 240, 0);
    assert_int_equal(atomic_load(&w.grown), 1);
    (void)probe(130, 240, 2);
    assert_int_equal(atomic_load(&w.grown), 0);
}

static void mixed_collections_are_expected_for_a_while_after_a_cleanup(void **state)
{
    (void)state;
    begin(HC_COLLECTOR_G1, 17);
    (void)see(HC_GC_PAUSE, 200, 0);
    assert_int_equal(atomic_load(&w.mixed_until_ms), 0);
    (void)see(HC_GC_PAUSE, 200, 1);
    assert_int_equal(atomic_load(&w.mixed_until_ms), now_ms + 30000);
    for (int i = 0; i < 8; i++)
        (void)see(HC_GC_MIXED, 200, 1);
    assert_true(atomic_load(&w.mixed_until_ms) > 0);
    (void)see(HC_GC_YOUNG, 200, 1);
    assert_int_equal(atomic_load(&w.mixed_until_ms), 0);
}

static void pauses_are_summed(void **state)
{
    (void)state;
    begin(HC_COLLECTOR_G1, 17);
    (void)see(HC_GC_YOUNG, 100, 0);
    (void)see(HC_GC_PAUSE, 300, 0);
    assert_int_equal(atomic_load(&w.pause_us), 10000);
    assert_int_equal(atomic_load(&w.used_bytes), 100 * MIB);
    assert_int_equal(atomic_load(&w.old_bytes), 50 * MIB);
}

/* As measured on JDK 17 with 306 MiB alive in 2 GB: only the fourth is right. Here in 1 GB, so 51 MiB of dead wood. */
static void serial_leaves_dead_wood_in_all_but_each_fourth(void **state)
{
    (void)state;
    begin(HC_COLLECTOR_SERIAL, 17);
    assert_int_equal(full(320, "Allocation Failure"), 0); /* the first: nothing better is known */
    assert_int_equal(full(330, "Allocation Failure"), 1);
    assert_int_equal(view.live_bytes, 320 * MIB);
    assert_int_equal(view.used_bytes, 330 * MIB);
    assert_int_equal(view.evidence, HC_EVIDENCE_ESTIMATE);
    assert_int_equal(view.source, HC_LIVE_FULL_COLLECTION);
    assert_int_equal(full(340, "Allocation Failure"), 1);
    assert_int_equal(full(302, "Allocation Failure"), 0); /* the fourth is exact */
    assert_int_equal(full(340, "System.gc()"), 1);
    assert_int_equal(view.live_bytes, 302 * MIB);
    /* it has grown by more than dead wood can be */
    assert_int_equal(full(500, "System.gc()"), 1);
    assert_int_equal(view.live_bytes, (uint64_t)(500 * (double)MIB - 0.05 * 1024 * (double)MIB));
    /* the JVM had some before we came */
    live_watch_init(&w, HC_COLLECTOR_SERIAL, 17, 1024 * MIB, 2);
    assert_int_equal(full(330, "x"), 0);
    assert_int_equal(full(350, "x"), 0);
    assert_int_equal(full(340, "x"), 1);
    assert_int_equal(view.live_bytes, 330 * MIB);
}

static void parallel_leaves_it_from_22_on_unless_asked(void **state)
{
    (void)state;
    begin(HC_COLLECTOR_PARALLEL, 21);
    (void)full(300, "Ergonomics");
    assert_int_equal(full(330, "Ergonomics"), 0);
    begin(HC_COLLECTOR_PARALLEL, 25);
    (void)full(300, "Ergonomics");
    assert_int_equal(full(330, "Ergonomics"), 1);
    assert_int_equal(view.live_bytes, 300 * MIB);
    assert_int_equal(full(330, "Diagnostic Command"), 0);
    begin(HC_COLLECTOR_G1, 25);
    (void)full(300, "x");
    assert_int_equal(full(330, "x"), 0);
}

static void a_full_collection_is_what_growth_is_measured_by(void **state)
{
    (void)state;
    begin(HC_COLLECTOR_PARALLEL, 17);
    (void)full(100, "Ergonomics");
    assert_int_equal(atomic_load(&w.full_ms), now_ms);
    assert_int_equal(atomic_load(&w.full_old_bytes), 50 * MIB);
    for (int i = 0; i < 5; i++)
        (void)see(HC_GC_YOUNG, 130, 0);
    assert_int_equal(atomic_load(&w.grown), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_is_of_its_pause),
        cmocka_unit_test(survivors_of_the_marking_come_off),
        cmocka_unit_test(growth_is_told_after_several_pauses),
        cmocka_unit_test(mixed_collections_are_expected_for_a_while_after_a_cleanup),
        cmocka_unit_test(pauses_are_summed),
        cmocka_unit_test(serial_leaves_dead_wood_in_all_but_each_fourth),
        cmocka_unit_test(parallel_leaves_it_from_22_on_unless_asked),
        cmocka_unit_test(a_full_collection_is_what_growth_is_measured_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
