#include "tests/support/cmocka_test.h"

#include "records/utc_time.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void assert_printed(int64_t ms, const char *want)
{
    char out[UTC_TIME_SIZE];
    assert_ptr_equal(utc_time_print(ms, out), out);
    assert_string_equal(out, want);
}

static void prints_rfc_3339(void **state)
{
    (void)state;
    assert_printed(0, "1970-01-01T00:00:00.000Z");
    assert_printed(INT64_C(1795231200123), "2026-11-21T03:20:00.123Z");
    assert_printed(INT64_C(951782399999), "2000-02-28T23:59:59.999Z");
    assert_printed(INT64_C(951868800000), "2000-03-01T00:00:00.000Z");
    assert_printed(-1, "1969-12-31T23:59:59.999Z");
    assert_printed(INT64_C(253402300799999), "9999-12-31T23:59:59.999Z");
}

static void never_overflows_its_buffer(void **state)
{
    (void)state;
    const int64_t odd[] = {INT64_MAX, INT64_MIN + 1000, INT64_C(253402300800000), INT64_C(-99999999999999)};
    char out[UTC_TIME_SIZE];
    for (size_t i = 0; i < 4; i++)
        assert_true(strlen(utc_time_print(odd[i], out)) < UTC_TIME_SIZE);
}

static void what_is_printed_is_read_back(void **state)
{
    (void)state;
    char out[UTC_TIME_SIZE];
    srand(5);
    for (int i = 0; i < 20000; i++) {
        int64_t ms = (int64_t)(((uint64_t)rand() << 22 ^ (uint64_t)rand()) % UINT64_C(253402300800000)), back = -1;
        assert_int_equal(utc_time_parse(utc_time_print(ms, out), &back), 0);
        assert_int_equal(back, ms);
    }
}

static void the_zone_of_the_machine_does_not_matter(void **state)
{
    (void)state;
    int64_t ms = 0;
    setenv("TZ", "Pacific/Chatham", 1);
    tzset();
    assert_printed(INT64_C(1795231200123), "2026-11-21T03:20:00.123Z");
    assert_int_equal(utc_time_parse("2026-11-21T03:20:00.123Z", &ms), 0);
    assert_int_equal(ms, INT64_C(1795231200123));
    unsetenv("TZ");
    tzset();
}

static void fractions_may_be_of_any_length(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"2026-11-21T03:20:00Z", INT64_C(1795231200000)},
                {"2026-11-21T03:20:00.5Z", INT64_C(1795231200500)},
                {"2026-11-21T03:20:00.05Z", INT64_C(1795231200050)},
                {"2026-11-21T03:20:00.123456789Z", INT64_C(1795231200123)},
                {"2024-02-29T00:00:00Z", INT64_C(1709164800000)}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t ms = -1;
        assert_int_equal(utc_time_parse(good[i].text, &ms), 0);
        assert_int_equal(ms, good[i].ms);
    }
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "now",
                                      "2026-11-21",
                                      "2026-11-21T03:20:00",
                                      "2026-11-21T03:20:00+00:00",
                                      "2026-11-21 03:20:00Z",
                                      "2026-11-21T03:20:00.Z",
                                      "2026-11-21T03:20:00.1",
                                      "2026-11-21T03:20:00Zx",
                                      "2026-13-01T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2026-02-29T00:00:00Z",
                                      "2026-11-00T00:00:00Z",
                                      "2026-11-31T00:00:00Z",
                                      "2026-11-21T24:00:00Z",
                                      "2026-11-21T03:60:00Z",
                                      "2026-11-21T03:20:61Z",
                                      " 026-11-21T03:20:00Z",
                                      "-026-11-21T03:20:00Z",
                                      "2026-1-21T03:20:00Z",
                                      "2026-+1-21T03:20:00Z"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ms = 42;
        if (utc_time_parse(bad[i], &ms) == 0)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_int_equal(ms, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_rfc_3339),
        cmocka_unit_test(never_overflows_its_buffer),
        cmocka_unit_test(what_is_printed_is_read_back),
        cmocka_unit_test(the_zone_of_the_machine_does_not_matter),
        cmocka_unit_test(fractions_may_be_of_any_length),
        cmocka_unit_test(anything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
