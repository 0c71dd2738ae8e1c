#include "tests/support/cmocka_test.h"

#include "agent/log_text.h"

#include <string.h>

static void the_body_follows_decorations_and_number(void **state)
{
    (void)state;
    assert_string_equal(log_text_body("[123ns] GC(13) Pause Remark 1M"), "Pause Remark 1M");
    assert_string_equal(log_text_body("[1.2s][info ][gc,heap] GC(0) Y: Live:"), "Y: Live:");
    assert_string_equal(log_text_body("Pause"), "Pause");
    assert_string_equal(log_text_body("[open"), "[open");
    assert_string_equal(log_text_body("GC(open"), "GC(open");
    assert_string_equal(log_text_body(""), "");
}

static void nanoseconds_and_number_are_found(void **state)
{
    (void)state;
    assert_int_equal(log_text_nanos("[13004516245570ns] GC(0) x"), 13004516245570);
    assert_int_equal(log_text_nanos("[0.5s][77ns] x"), 77);
    assert_int_equal(log_text_nanos("[0.5s] x"), 0);
    assert_int_equal(log_text_nanos("x [77ns]"), 0);
    assert_int_equal(log_text_nanos("[99999999999999999999ns]"), 0);
    assert_int_equal(log_text_gc("[1ns] GC(140) x"), 140);
    assert_int_equal(log_text_gc("[1ns] x"), -1);
    assert_int_equal(log_text_gc("[1ns] GC(x) y"), -1);
    assert_int_equal(log_text_gc("[1ns] GC(12"), -1);
}

static void numbers_have_a_limit(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_string_equal(log_text_number("  42 rest", &value), " rest");
    assert_int_equal(value, 42);
    assert_null(log_text_number("-1", &value));
    assert_null(log_text_number("", &value));
    assert_null(log_text_number(NULL, &value));
    assert_null(log_text_number("99999999999999999999", &value));
    assert_int_equal(value, 42);
}

static void sizes_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0B", 0}, {" 9591K (90%)", 9821184}, {"117M", 122683392}, {"2G", UINT64_C(2) << 30}};
    uint64_t bytes;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_non_null(log_text_size(good[i].text, &bytes));
        assert_int_equal(bytes, good[i].bytes);
    }
    static const char *const bad[] = {"12", "12T", "M", "99999999999G", "1.5M"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(log_text_size(bad[i], &bytes));
}

static void a_sum_has_hundredths(void **state)
{
    (void)state;
    double bytes;
    const char *line = "SUMMARY  capacity: 24.00 MB  used: 11.81 MB / 49.22 %  prev-live: 1.00 MB  next-live: 9.19 MB";
    assert_true(log_text_mib(line, "capacity:", &bytes) && bytes == 24 * 1048576.0);
    assert_true(log_text_mib(line, "used:", &bytes) && bytes == 11.81 * 1048576.0);
    assert_true(log_text_mib(line, "next-live:", &bytes) && bytes == 9.19 * 1048576.0);
    assert_false(log_text_mib(line, "remset:", &bytes));
    assert_false(log_text_mib("used: 3 KB", "used:", &bytes));
}

static void pauses_have_sizes_and_a_duration(void **state)
{
    (void)state;
    struct log_pause p;
    assert_true(log_text_pause("[1ns] GC(1) Pause Young (Mixed) (G1 Evacuation Pause) 17M->10M(24M) 2.244ms", &p));
    assert_int_equal(p.used_before_bytes, 17 << 20);
    assert_int_equal(p.used_after_bytes, 10 << 20);
    assert_int_equal(p.pause_us, 2244);
    assert_true(log_text_pause("512K->0B(1M) 12ms", &p));
    assert_int_equal(p.pause_us, 12000);
    static const char *const bad[] = {"", "->", "17M->10M(24M)", "M->10M 1ms", "17M->M 1ms", "17M->10M ms", "1->2 3ms"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(log_text_pause(bad[i], &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_body_follows_decorations_and_number),
        cmocka_unit_test(nanoseconds_and_number_are_found),
        cmocka_unit_test(numbers_have_a_limit),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(a_sum_has_hundredths),
        cmocka_unit_test(pauses_have_sizes_and_a_duration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
