#include "agent/distress.h"

#include "tests/support/cmocka_test.h"

#include <stdio.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

static struct distress distress;
static struct hc_event event;
static int64_t clock_ms;

static int begin(void **state)
{
    (void)state;
    memset(&distress, 0, sizeof distress);
    clock_ms = 1700000000000;
    return 0;
}

/* A collection of `pause_ms` after the program ran for `run_ms`. */
static int collect(enum hc_gc_kind kind, const char *cause, unsigned used_mib, int64_t run_ms, int64_t pause_ms)
{
    struct hc_gc_sample s = {.end_time_ms = clock_ms += run_ms + pause_ms,
                             .pause_us = (uint64_t)pause_ms * 1000,
                             .heap_used_after_bytes = used_mib * MIB,
                             .heap_max_bytes = 512 * MIB,
                             .kind = kind};
    snprintf(s.cause, sizeof s.cause, "%s", cause);
    return distress_observe(&distress, &s, &event);
}

static int full(unsigned used_mib, int64_t run_ms, int64_t pause_ms)
{
    return collect(HC_GC_FULL, "G1 Compaction Pause", used_mib, run_ms, pause_ms);
}

/* The first seconds of a TaskManager whose job outgrew its heap, from its GC log (Flink 1.20.5, JDK 17, G1, 512 MiB).
 */
static void a_taskmanager_that_thrashes_is_seen_within_seconds(void **state)
{
    static const struct {
        unsigned end_ms, pause_ms, used_mib;
    } log[] = {{27574, 225, 432}, {28880, 147, 494}, {29088, 145, 501}, {29295, 151, 504}, {29460, 129, 507},
               {29604, 130, 508}, {29830, 210, 509}, {29960, 129, 509}, {30190, 227, 509}, {30325, 133, 509},
               {30560, 234, 509}, {30690, 129, 509}, {30920, 227, 509}, {31130, 134, 509}, {31370, 242, 509}};
    int64_t base = clock_ms, seen_at = 0;
    (void)state;
    for (size_t i = 0; i < sizeof log / sizeof log[0] && seen_at == 0; i++) {
        clock_ms = base + log[i].end_ms - log[i].pause_ms;
        if (full(log[i].used_mib, 0, log[i].pause_ms))
            seen_at = log[i].end_ms;
        clock_ms += 1;
        assert_int_equal(collect(HC_GC_YOUNG, "G1 Evacuation Pause", 509, 0, 1), 0);
    }
    assert_in_range(seen_at, 28880, 28880 + 2500);
    assert_int_equal(event.kind, HC_EVENT_HEAP_NEARLY_EXHAUSTED);
    assert_non_null(strstr(event.text, "collections of the whole heap in 2 s left 96 % of it in use and took "));
}

/* The pauses of a large heap are long and rare; the share counts, not the time. */
static void a_large_heap_that_thrashes_is_seen_at_its_third_collection(void **state)
{
    (void)state;
    assert_false(full(500, 4000, 9000));
    assert_false(full(505, 4000, 9000));
    assert_true(full(505, 4000, 9000));
    assert_string_equal(event.text,
                        "2 collections of the whole heap in 26 s left 97 % of it in use and took 69 % of the time");
}

/* A small heap is collected a hundred times a second. */
static void a_small_heap_that_thrashes_is_seen(void **state)
{
    (void)state;
    int64_t begin_ms = clock_ms;
    int seen = 0;
    while (!seen && clock_ms < begin_ms + 10000)
        seen = full(509, 2, 8);
    assert_in_range(clock_ms - begin_ms, 2000, 2500);
    assert_non_null(strstr(event.text, " of it in use and took 80 % of the time"));
}

static void it_is_said_once_in_ten_minutes(void **state)
{
    (void)state;
    unsigned said = 0;
    for (int i = 0; i < 1000; i++) /* 1,000 s */
        said += (unsigned)full(505, 300, 700);
    assert_int_equal(said, 2);
    clock_ms -= 24 * 3600000; /* a clock that is set back does not silence it for a day */
    for (int i = 0; i < 40; i++)
        said += (unsigned)full(505, 300, 700);
    assert_int_equal(said, 3);
}

static void collections_that_help_or_are_rare_are_no_distress(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_false(full(400, 100, 900)); /* costly, but a fifth is free */
    for (int i = 0; i < 1000; i++)
        assert_false(full(500, 1100, 900)); /* tight, but the program has most of the time */
    for (int i = 0; i < 1000; i++)
        assert_false(full(i % 3 == 0 ? 400 : 500, 100, 900)); /* each third one helps */
    for (int i = 0; i < 1000; i++)
        assert_false(collect(HC_GC_YOUNG, "G1 Evacuation Pause", 511, 1, 9)); /* old garbage may be collected yet */
}

static void a_burst_is_no_distress(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_false(full(500, 10, 300));
    assert_false(full(400, 10, 300));
    for (int i = 0; i < 5; i++)
        assert_false(full(500, 10, 300));
}

static void what_was_asked_for_is_no_distress(void **state)
{
    static const char *const causes[] = {"System.gc()", "Heap Dump Initiated GC", "Diagnostic Command"};
    (void)state;
    for (int i = 0; i < 300; i++)
        assert_false(collect(HC_GC_FULL, causes[i % 3], 505, 10, 900));
}

/* Concurrent cycles pause nobody; stalled threads tell that they come too late. */
static void stalled_allocations_count_as_lost_time(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        assert_false(collect(HC_GC_OLD, "Allocation Rate", 500, 400, 1));
    int seen = 0;
    for (int i = 0; i < 10; i++)
        seen |= collect(HC_GC_OLD, "Allocation Stall", 500, 400, 1);
    assert_true(seen);
}

static void samples_that_do_not_tell_are_passed_over(void **state)
{
    (void)state;
    struct hc_gc_sample s = {.kind = HC_GC_FULL, .pause_us = 900000};
    for (int i = 0; i < 30; i++) {
        s.end_time_ms = clock_ms += 1000;
        s.heap_max_bytes = i % 2 ? 0 : HC_BYTES_UNKNOWN;
        assert_false(distress_observe(&distress, &s, &event));
        s.heap_max_bytes = 512 * MIB;
        s.heap_used_after_bytes = HC_BYTES_UNKNOWN;
        assert_false(distress_observe(&distress, &s, &event));
        s.heap_used_after_bytes = 0;
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(a_taskmanager_that_thrashes_is_seen_within_seconds),
        TEST(a_large_heap_that_thrashes_is_seen_at_its_third_collection),
        TEST(a_small_heap_that_thrashes_is_seen),
        TEST(it_is_said_once_in_ten_minutes),
        TEST(collections_that_help_or_are_rare_are_no_distress),
        TEST(a_burst_is_no_distress),
        TEST(what_was_asked_for_is_no_distress),
        TEST(stalled_allocations_count_as_lost_time),
        TEST(samples_that_do_not_tell_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
