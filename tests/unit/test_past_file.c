/* Samples as `heapcast export` prints them, read back. Histories and logs: tests/integration/cli_backtest.py. */
#include "cli/past_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_columns_by_name, tear_down),
        cmocka_unit_test_teardown(test_another_jvm_begins_where_the_count_goes_back, tear_down),
        cmocka_unit_test_teardown(test_many_samples, tear_down),
        cmocka_unit_test_teardown(test_what_is_wrong_is_named, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
