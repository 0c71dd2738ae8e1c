/* Samples as `heapcast export` prints them, and histories, read back. Logs: tests/integration/cli_backtest.py. */
#include "cli/past_file.h"

#include <heapcast/history.h>
#include <heapcast/predictor.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scratch.h"

#define HEADER "end_time_ms,gc_id,heap_used_after_bytes,heap_committed_bytes,heap_max_bytes,gc_time_us,kind\n"

static struct hc_past_file file;
static struct hc_error err;

static int tear_down(void **state)
{
    (void)state;
    hc_past_release(&file);
    return 0;
}

static void assert_refused(const char *text, unsigned line, const char *why)
{
    memset(&err, 0, sizeof err);
    assert_int_equal(hc_past_parse_csv(text, &file, &err), HC_EPARSE);
    assert_int_equal(err.line, line);
    if (strstr(err.text, why) == NULL)
        fail_msg("says \"%s\", \"%s\" was expected", err.text, why);
}

static void test_columns_by_name(void **state)
{
    (void)state;
    assert_int_equal(
        hc_past_parse_csv("kind,what,heap_max_bytes,end_time_ms,heap_used_after_bytes,heap_committed_bytes,"
                          "heap_used_before_bytes,gc_time_us\r\n"
                          "mixed,x,1000,1700000000000,200,900,,12\r\n"
                          "pause,,1000,1700000001000,210,900,700,13",
                          &file, &err),
        HC_OK);
    assert_int_equal(file.past.sample_count, 2);
    assert_int_equal(file.past.epoch_count, 1);
    const struct hc_gc_sample *s = file.past.samples;
    assert_int_equal(s[0].kind, HC_GC_MIXED);
    assert_int_equal(s[0].heap_used_before_bytes, HC_BYTES_UNKNOWN);
    assert_int_equal(s[0].allocated_bytes, HC_BYTES_UNKNOWN);
    assert_int_equal(s[0].pause_us, 12);
    assert_int_equal(s[1].kind, HC_GC_PAUSE);
    assert_int_equal(s[1].gc_id, 2);
    assert_int_equal(s[1].heap_used_before_bytes, 700);
    assert_int_equal(s[1].end_time_ms, 1700000001000);
}

static void test_another_jvm_begins_where_the_count_goes_back(void **state)
{
    (void)state;
    assert_int_equal(
        hc_past_parse_csv(HEADER "1000,7,1,2,9,1,young\n2000,8,1,2,9,1,young\n3000,1,1,2,5,1,young\n", &file, &err),
        HC_OK);
    assert_int_equal(file.past.epoch_count, 2);
    assert_int_equal(file.past.epochs[1].start_ms, 3000);
    assert_int_equal(file.past.epochs[1].heap_max_bytes, 5);
}

static void test_many_samples(void **state)
{
    (void)state;
    enum { LINE = 64, LINES = 5000 };
    static char text[LINE * LINES + 256];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", HEADER);
    for (int i = 0; i < LINES; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,%d,1,2,3,4,full\n", i * 10, i + 1);
    assert_int_equal(hc_past_parse_csv(text, &file, &err), HC_OK);
    assert_int_equal(file.past.sample_count, LINES);
    assert_int_equal(file.past.samples[LINES - 1].end_time_ms, (LINES - 1) * 10);
}

static void test_what_is_wrong_is_named(void **state)
{
    (void)state;
    assert_refused("end_time_ms,kind\n", 1, "heap_used_after_bytes is missing");
    assert_refused(HEADER "1000,1,1,2,3,4\n", 2, "6 fields; the first line has 7");
    assert_refused(HEADER "1000,1,1,2,3,4,minor\n", 2, "kind is 'minor'");
    assert_refused(HEADER "1000,1,1,2,3,4,full\n1001,2,-1,2,3,4,full\n", 3, "heap_used_after_bytes is '-1'");
    assert_refused(HEADER "1000,1,,2,3,4,full\n", 2, "heap_used_after_bytes is empty");
    assert_refused(HEADER "1000,1,12345678901234567890,2,3,4,full\n", 2, "a whole number");
    assert_refused(HEADER "1000,1,1,2,3,4,full\n\n999,2,1,2,3,4,full\n", 4, "older than the line before");
    assert_int_equal(file.past.sample_count, 0);
}

/* A day of a G1 heap, with looks, an OutOfMemoryError and another JVM after it, as the agent would have left it. */
static void write_history(const char *path)
{
    struct hc_policy policy;
    struct hc_history *history;
    struct hc_predictor *predictor;
    struct hc_epoch epoch = {.start_ms = 1700000000000, .heap_max_bytes = 1 << 30, .collector = HC_COLLECTOR_G1};
    hc_policy_init(&policy);
    assert_int_equal(hc_history_open(path, hc_predictor_size(), HC_SERIES_VERSION, &history, &err), HC_OK);
    assert_int_equal(hc_predictor_new(hc_history_memory(history), hc_predictor_size(), &policy, &predictor, &err),
                     HC_OK);
    assert_int_equal(hc_predictor_start(predictor, &epoch), HC_OK);
    for (int i = 1; i <= 1440; i++) {
        int64_t now_ms = epoch.start_ms + i * 60000;
        struct hc_gc_sample sample = {.end_time_ms = now_ms,
                                      .gc_id = (uint64_t)i,
                                      .pause_us = 9000,
                                      .gc_time_us = 9000,
                                      .heap_used_before_bytes = 600 << 20,
                                      .heap_used_after_bytes = 300 << 20,
                                      .old_used_after_bytes = HC_BYTES_UNKNOWN,
                                      .heap_committed_bytes = 1 << 30,
                                      .heap_max_bytes = 1 << 30,
                                      .allocated_bytes = 300 << 20,
                                      .promoted_bytes = HC_BYTES_UNKNOWN,
                                      .kind = HC_GC_YOUNG};
        assert_int_equal(hc_predictor_observe(predictor, &sample), HC_OK);
        if (i % 100 == 0)
            assert_int_equal(
                hc_predictor_observe_live(predictor, &(struct hc_live_view){.time_ms = now_ms,
                                                                            .live_bytes = 200 << 20,
                                                                            .used_bytes = 300 << 20,
                                                                            .source = HC_LIVE_G1_MARKING,
                                                                            .evidence = HC_EVIDENCE_MARKING}),
                HC_OK);
        if (i == 1000)
            assert_int_equal(
                hc_predictor_observe_event(
                    predictor, &(struct hc_event){now_ms + 1, HC_EVENT_OUT_OF_MEMORY_HEAP, 0, "Java heap space"}),
                HC_OK);
    }
    epoch.start_ms += 1500 * 60000;
    assert_int_equal(hc_predictor_start(predictor, &epoch), HC_OK);
    assert_int_equal(hc_history_write(history, 0, hc_predictor_size(), &err), HC_OK);
    hc_predictor_free(predictor);
    hc_history_close(history);
}

static void test_history(void **state)
{
    (void)state;
    const char *const path = in_scratch("tm.hc"), *const paths[] = {path, path};
    write_history(path);
    assert_int_equal(hc_past_load(paths, 1, 0, &file, &err), HC_OK);
    assert_int_equal(file.past.sample_count, 1440);
    assert_int_equal(file.past.samples[1439].gc_id, 1440);
    assert_int_equal(file.past.view_count, 14);
    assert_int_equal(file.past.views[13].live_bytes, 200 << 20);
    assert_int_equal(file.past.epoch_count, 2);
    assert_int_equal(file.collector, HC_COLLECTOR_G1);
    assert_int_equal(file.past.event_count, 2); /* and the end without a last word */
    assert_int_equal(file.past.events[0].kind, HC_EVENT_OUT_OF_MEMORY_HEAP);
    hc_past_release(&file);
    assert_int_equal(hc_past_load(paths, 2, 0, &file, &err), HC_EUNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_columns_by_name, tear_down),
        cmocka_unit_test_teardown(test_another_jvm_begins_where_the_count_goes_back, tear_down),
        cmocka_unit_test_teardown(test_many_samples, tear_down),
        cmocka_unit_test_teardown(test_what_is_wrong_is_named, tear_down),
        cmocka_unit_test_teardown(test_history, tear_down),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
