#include "tests/support/cmocka_test.h"

#include "records/gc_log_text.h"

#include <heapcast/gc_sample.h>

static const char *end_of(const char *text)
{
    return text + strlen(text);
}

static void sizes_are_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
        size_t length;
    } cases[] = {
        {"15M->", 15 << 20, 3},  {"4096.0K(", 4096 << 10, 7}, {"0.0B", 0, 4},          {"128 MB, ", 128 << 20, 6},
        {"1,5G", 3ULL << 29, 4}, {"8T", 8ULL << 40, 2},       {"5965.3K", 6108467, 7}, {"99B", 99, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t bytes = 0;
        const char *after = gc_text_size(cases[i].text, end_of(cases[i].text), &bytes);
        assert_non_null(after);
        assert_int_equal(bytes, cases[i].bytes);
        assert_int_equal(after - cases[i].text, cases[i].length);
    }
}

static void what_is_no_size_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "M", "15", "15 ", "15X", "-3M", "99999999999999999999M", "9999999999T"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint64_t bytes = 7;
        assert_null(gc_text_size(texts[i], end_of(texts[i]), &bytes));
        assert_int_equal(bytes, 7);
    }
}

static void durations_are_microseconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t us;
    } cases[] = {{"9.704ms", 9704}, {"0.053s", 53000}, {"1,25ms", 1250}, {"17us", 17}, {"0.0004ms", 0}};
    uint64_t us;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_non_null(gc_text_duration(cases[i].text, end_of(cases[i].text), &us));
        assert_int_equal(us, cases[i].us);
    }
    assert_null(gc_text_duration("9.7", end_of("9.7"), &us));
    assert_null(gc_text_duration("9.7h", end_of("9.7h"), &us));
}

static void dates_have_their_zone(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"1970-01-01T00:00:00.000+0000", 0},
                 {"2000-02-29T12:00:00.5Z", 951825600500},
                 {"2026-11-21T09:38:49.123+0000", 1795253929123},
                 {"2026-11-21T10:38:49.123+0100", 1795253929123},
                 {"2026-11-21T01:08:49,123-08:30", 1795253929123},
                 {"2100-03-01T00:00:00.000Z", 4107542400000}};
    int64_t ms;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ptr_equal(gc_text_date(cases[i].text, end_of(cases[i].text), &ms), end_of(cases[i].text));
        assert_int_equal(ms, cases[i].ms);
    }
    static const char *const bad[] = {"2026-11-21",           "2026-11-21T09:38:49.123", "2026-13-21T09:38:49Z",
                                      "2026-00-21T09:38:49Z", "1969-01-01T00:00:00Z",    "2026-11-21 09:38:49Z",
                                      "20x6-11-21T09:38:49Z"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(gc_text_date(bad[i], end_of(bad[i]), &ms));
}

static void transitions_have_both_ends(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct gc_transition t;
    } cases[] = {
        {"15M->12M(160M)", {15 << 20, 12 << 20, 160 << 20, 0}},
        {"34944K(39296K)->4351K(39296K) Eden:", {34944 << 10, 4351 << 10, 39296 << 10, 0}},
        {"44636K->47171K", {44636 << 10, 47171 << 10, HC_BYTES_UNKNOWN, 0}},
        {"48M(24%)->54M(27%)", {48 << 20, 54 << 20, HC_BYTES_UNKNOWN, 24}},
    };
    struct gc_transition t;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_non_null(gc_text_transition(cases[i].text, end_of(cases[i].text), &t));
        assert_int_equal(t.before_bytes, cases[i].t.before_bytes);
        assert_int_equal(t.after_bytes, cases[i].t.after_bytes);
        assert_int_equal(t.capacity_bytes, cases[i].t.capacity_bytes);
        assert_int_equal(t.before_percent, cases[i].t.before_percent);
    }
    static const char *const bad[] = {"15M", "15M->", "15M->12M(", "15M->12M(160M", "15M(->3M", "15M->12", "15M-12M"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(gc_text_transition(bad[i], end_of(bad[i]), &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_bytes),
        cmocka_unit_test(what_is_no_size_is_none),
        cmocka_unit_test(durations_are_microseconds),
        cmocka_unit_test(dates_have_their_zone),
        cmocka_unit_test(transitions_have_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
