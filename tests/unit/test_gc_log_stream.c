#include "tests/support/cmocka_test.h"

#include "records/gc_log_stream.h"
#include "tests/support/gc_log_seen.h"

static struct gc_log_seen seen;
static struct hc_gc_log_sink sink = {&seen, seen_start, seen_sample, seen_view};
static struct gc_log_stream stream;

static int set_up(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    gc_log_stream_init(&stream, &sink, &seen.stats);
    return 0;
}

static struct gc_log_collection collection(enum hc_gc_kind kind, uint64_t before, uint64_t after, int64_t uptime_ms)
{
    return (struct gc_log_collection){.kind = kind,
                                      .cause = "a cause",
                                      .cause_length = 7,
                                      .before_bytes = before,
                                      .after_bytes = after,
                                      .committed_bytes = HC_BYTES_UNKNOWN,
                                      .old_before_bytes = HC_BYTES_UNKNOWN,
                                      .old_after_bytes = HC_BYTES_UNKNOWN,
                                      .pause_us = 1000,
                                      .gc_time_us = 1000,
                                      .end = {GC_TIME_NONE, uptime_ms * 1000}};
}

static void give(enum hc_gc_kind kind, uint64_t before, uint64_t after, int64_t uptime_ms)
{
    struct gc_log_collection c = collection(kind, before, after, uptime_ms);
    gc_log_stream_time(&stream, &c.end);
    gc_log_stream_collection(&stream, &c);
}

/* The maximum is the most that was seen, and a sample never contradicts itself. */
static void heap_maximum_that_is_not_told(void **state)
{
    (void)state;
    struct gc_log_collection c = collection(HC_GC_YOUNG, MIB(50), MIB(20), 1000);
    give(HC_GC_YOUNG, MIB(30), MIB(20), 500);
    c.committed_bytes = MIB(100);
    gc_log_stream_collection(&stream, &c);
    give(HC_GC_YOUNG, MIB(120), MIB(110), 2000);
    gc_log_stream_end(&stream);
    assert_int_equal(seen.starts[0].heap_max_bytes, MIB(30));
    assert_false(seen.starts[0].heap_max_told);
    assert_false(seen.stats.heap_max_told);
    assert_int_equal(seen.samples[0].heap_max_bytes, MIB(30));
    assert_int_equal(seen.samples[0].heap_committed_bytes, MIB(30));
    assert_int_equal(seen.samples[1].heap_max_bytes, MIB(100));
    assert_int_equal(seen.samples[2].heap_max_bytes, MIB(120));
    assert_int_equal(seen.samples[2].heap_committed_bytes, MIB(100));
}

static void heap_maximum_that_is_told(void **state)
{
    (void)state;
    gc_log_stream_heap_max(&stream, MIB(64));
    give(HC_GC_YOUNG, MIB(70), MIB(65), 500); /* whole MiB, cut off from padding */
    assert_int_equal(seen.starts[0].heap_max_bytes, MIB(64));
    assert_int_equal(seen.samples[0].heap_used_after_bytes, MIB(64));
    assert_true(seen.stats.heap_max_told);
}

static void allocation_between_two(void **state)
{
    (void)state;
    struct gc_log_collection overlapped = collection(HC_GC_YOUNG, MIB(90), MIB(30), 3000);
    overlapped.overlapped = 1;
    give(HC_GC_YOUNG, MIB(50), MIB(20), 1000);
    give(HC_GC_YOUNG, MIB(60), MIB(25), 2000);
    give(HC_GC_YOUNG, MIB(24), MIB(24), 2500); /* rounded: less than before */
    gc_log_stream_collection(&stream, &overlapped);
    assert_int_equal(seen.samples[0].allocated_bytes, MIB(50)); /* a JVM begins with an empty heap */
    assert_int_equal(seen.samples[1].allocated_bytes, MIB(40));
    assert_int_equal(seen.samples[2].allocated_bytes, HC_BYTES_UNKNOWN);
    assert_int_equal(seen.samples[3].allocated_bytes, HC_BYTES_UNKNOWN);
}

static void pauses_without_a_sample(void **state)
{
    (void)state;
    gc_log_stream_pause(&stream, 300);
    give(HC_GC_PAUSE, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, 500); /* nothing is known of the heap yet */
    give(HC_GC_YOUNG, MIB(50), MIB(20), 1000);
    give(HC_GC_PAUSE, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, 1500);
    assert_int_equal(seen.sample_count, 2);
    assert_int_equal(seen.samples[0].gc_time_us, 300 + 1000 + 1000);
    assert_int_equal(seen.samples[0].pause_us, 1000);
    assert_int_equal(seen.samples[1].heap_used_after_bytes, MIB(20));
}

static void text_of_a_log_is_made_harmless(void **state)
{
    (void)state;
    struct gc_log_collection c = collection(HC_GC_YOUNG, MIB(50), MIB(20), 1000);
    c.cause = "a \"cause\",\n\\ of\x01 more than thirty-four letters";
    c.cause_length = strlen(c.cause);
    gc_log_stream_version(&stream, "17\"; drop", 9);
    gc_log_stream_collection(&stream, &c);
    assert_string_equal(seen.samples[0].cause, "a cause of more than thirty-four l");
    assert_string_equal(seen.starts[0].jvm_version, "17 drop");
}

/* Serial's full collections but each fourth leave dead objects in place: the least of the last ones is a look. */
static void dead_wood(void **state)
{
    (void)state;
    gc_log_stream_collector(&stream, HC_COLLECTOR_SERIAL);
    gc_log_stream_heap_max(&stream, MIB(100));
    give(HC_GC_FULL, MIB(50), MIB(22), 1000);
    give(HC_GC_FULL, MIB(50), MIB(20), 2000);
    give(HC_GC_FULL, MIB(50), MIB(24), 3000); /* 20 was left a moment ago */
    give(HC_GC_FULL, MIB(50), MIB(30), 4000); /* the fourth leaves none: no view */
    give(HC_GC_FULL, MIB(50), MIB(40), 5000); /* at most 5 % of the heap */
    assert_int_equal(seen.view_count, 2);
    assert_int_equal(seen.views[0].live_bytes, MIB(20));
    assert_int_equal(seen.views[0].used_bytes, MIB(24));
    assert_int_equal(seen.views[0].source, HC_LIVE_FULL_COLLECTION);
    assert_int_equal(seen.views[1].live_bytes, MIB(35));
}

static void dead_wood_of_parallel(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        unsigned views;
    } cases[] = {{"17.0.15+6 (release)", 0}, {"25.0.3+9-LTS", 1}, {"1.8.0_402-b06", 0}, {"", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_up(NULL);
        gc_log_stream_collector(&stream, HC_COLLECTOR_PARALLEL);
        gc_log_stream_heap_max(&stream, MIB(100));
        gc_log_stream_version(&stream, cases[i].version, strlen(cases[i].version));
        give(HC_GC_FULL, MIB(50), MIB(20), 1000);
        give(HC_GC_FULL, MIB(50), MIB(24), 2000);
        assert_int_equal(seen.view_count, cases[i].views);
    }
}

/* A JVM that starts again, with and without a date. */
static void times_go_on(void **state)
{
    (void)state;
    struct gc_log_time first = {5000000, 5000000}, second = {9000000, 1000000};
    give(HC_GC_YOUNG, MIB(50), MIB(20), 10000);
    give(HC_GC_YOUNG, MIB(50), MIB(20), 500);
    assert_int_equal(seen.stats.starts, 2);
    assert_int_equal(seen.samples[1].end_time_ms - seen.samples[0].end_time_ms, 500);
    assert_false(seen.stats.wall_clock);
    set_up(NULL);
    assert_false(gc_log_stream_time(&stream, &first));
    assert_true(gc_log_stream_time(&stream, &second));
    gc_log_stream_end(&stream);
    assert_int_equal(seen.stats.starts, 2);
    assert_int_equal(seen.starts[0].start_ms, 5000000 - 5000);
    assert_int_equal(seen.starts[1].start_ms, 9000000 - 1000);
    assert_true(seen.stats.wall_clock);
}

/* What was not watched does not count as watched without a collection. */
static void a_log_that_begins_in_the_middle(void **state)
{
    (void)state;
    struct gc_log_time day = {INT64_C(86400000) * 20000, INT64_C(86400000000)};
    gc_log_stream_time(&stream, &day);
    gc_log_stream_end(&stream);
    assert_int_equal(seen.starts[0].start_ms, day.wall_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(heap_maximum_that_is_not_told, set_up),
        cmocka_unit_test_setup(heap_maximum_that_is_told, set_up),
        cmocka_unit_test_setup(allocation_between_two, set_up),
        cmocka_unit_test_setup(pauses_without_a_sample, set_up),
        cmocka_unit_test_setup(text_of_a_log_is_made_harmless, set_up),
        cmocka_unit_test_setup(dead_wood, set_up),
        cmocka_unit_test_setup(dead_wood_of_parallel, set_up),
        cmocka_unit_test_setup(times_go_on, set_up),
        cmocka_unit_test_setup(a_log_that_begins_in_the_middle, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
