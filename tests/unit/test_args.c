#include "tests/support/cmocka_test.h"

#include "agent/args.h"

#include <string.h>

static struct args a;

static void parse(const char *text)
{
    memset(&a, 0xa5, sizeof a); /* whatever was there before must not shine through */
    args_parse(text, &a);
}

static void assert_defaults(void)
{
    assert_string_equal(a.dir, "");
    assert_string_equal(a.name, "");
    assert_int_equal(a.role, ARGS_ROLE_AUTO);
    assert_int_equal(a.publish_ms, 30000);
    assert_int_equal(a.horizon_ms, 86400000);
    assert_int_equal(a.warmup_ms, 900000);
    assert_true(a.gc_share == 0.05);
    assert_string_equal(a.risk, "balanced");
    assert_int_equal(a.history, 1);
    assert_int_equal(a.off_heap_ms, 10000);
    assert_int_equal(a.live_probe, 1);
    assert_int_equal(a.live_probe_ms, 0);
    assert_int_equal(a.live_probe_pause_ms, 0);
    assert_int_equal(a.strict, 0);
    assert_int_equal(a.log, LOG_LEVEL_INFO);
}

static void nothing_given_means_defaults(void **state)
{
    (void)state;
    const char *const nothing[] = {NULL, "", ",", ",,,"};
    for (size_t i = 0; i < 4; i++) {
        parse(nothing[i]);
        assert_defaults();
        assert_int_equal(a.problems, 0);
        assert_int_equal(a.notes, 0);
    }
}

static void every_option_is_taken(void **state)
{
    (void)state;
    parse(
        "dir=/var/log,name=tm-1,role=jobmanager,publish=500s,horizon=7d,warmup=0,gc_share=0.1,history=off,off_heap=2m,"
        "live_probe=auto,prometheus=off,strict=true,log=debug,risk=tight");
    assert_string_equal(a.dir, "/var/log");
    assert_string_equal(a.name, "tm-1");
    assert_int_equal(a.role, ARGS_ROLE_JOBMANAGER);
    assert_int_equal(a.publish_ms, 500000);
    assert_int_equal(a.horizon_ms, INT64_C(7) * 86400000);
    assert_int_equal(a.warmup_ms, 0);
    assert_true(a.gc_share == 0.1);
    assert_string_equal(a.risk, "tight");
    assert_int_equal(a.history, 0);
    assert_int_equal(a.off_heap_ms, 120000);
    assert_int_equal(a.strict, 1);
    assert_int_equal(a.log, LOG_LEVEL_DEBUG);
    assert_int_equal(a.problems, 0);
    assert_int_equal(a.notes, 0);
}

static void colon_separates_as_well(void **state)
{
    (void)state;
    parse("publish:2s,dir:/a=b:c");
    assert_int_equal(a.publish_ms, 2000);
    assert_string_equal(a.dir, "/a=b:c");
    assert_int_equal(a.problems, 0);
}

static void the_last_of_equal_options_counts(void **state)
{
    (void)state;
    parse("publish=2s,publish=4s");
    assert_int_equal(a.publish_ms, 4000);
}

static void times_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"horizon=90", 90000},   {"horizon=90s", 90000},    {"horizon=60000ms", 60000},
                {"horizon=15m", 900000}, {"horizon=24h", 86400000}, {"horizon=30d", INT64_C(30) * 86400000}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        parse(good[i].text);
        assert_int_equal(a.horizon_ms, good[i].ms);
        assert_int_equal(a.problems, 0);
    }
}

static void bad_times_leave_the_default(void **state)
{
    (void)state;
    static const char *const bad[] = {"publish=x",     "publish=-1s",
                                      "publish= 1s",   "publish=1 s",
                                      "publish=1S",    "publish=0",
                                      "publish=999ms", "publish=86401s",
                                      "publish=1.5s",  "publish=99999999999999999999d",
                                      "publish=s",     "publish=9223372036854775807h"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        parse(bad[i]);
        assert_int_equal(a.problems, 1);
        assert_defaults();
        assert_contains(a.problem[0], bad[i]);
        assert_contains(a.problem[0], "30000 ms is used");
    }
}

static void gc_share_is_a_plain_decimal_in_its_range(void **state)
{
    (void)state;
    parse("gc_share=0.3");
    assert_true(a.gc_share == 0.3); /* the nearest double, not the sum of its digits */
    parse("gc_share=.001");
    assert_true(a.gc_share == 0.001);
    parse("gc_share=0.5");
    assert_true(a.gc_share == 0.5);
    static const char *const bad[] = {"gc_share=0",    "gc_share=0.51", "gc_share=5%", "gc_share=0.1e0",
                                      "gc_share=nan",  "gc_share=-0.1", "gc_share=.",  "gc_share=0.0009",
                                      "gc_share=0.1 ", "gc_share=1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        parse(bad[i]);
        assert_int_equal(a.problems, 1);
        assert_true(a.gc_share == 0.05);
        assert_contains(a.problem[0], bad[i]);
    }
}

static void choices_suggest_the_nearest(void **state)
{
    (void)state;
    parse("role=taskmanger,history=onn,strict=yes,log=warning");
    assert_int_equal(a.problems, 4);
    assert_contains(a.problem[0], "did you mean taskmanager?; auto is used");
    assert_contains(a.problem[1], "did you mean on?; on is used");
    assert_contains(a.problem[2], "strict=yes is not a known value");
    assert_contains(a.problem[3], "log=warning is not a known value");
    assert_contains(a.problem[3], "info is used");
    assert_defaults();
}

static void unknown_options_suggest_the_nearest(void **state)
{
    (void)state;
    parse("publsh=1s,Dir=/x,quite_another_thing=1,offheap=1s");
    assert_int_equal(a.problems, 4);
    assert_string_equal(a.problem[0], "unknown option 'publsh', did you mean 'publish'?; it is ignored");
    assert_contains(a.problem[1], "did you mean 'dir'?");
    assert_string_equal(a.problem[2], "unknown option 'quite_another_thing'; it is ignored");
    assert_contains(a.problem[3], "did you mean 'off_heap'?");
    assert_defaults();
}

static void an_option_without_value_is_a_problem(void **state)
{
    (void)state;
    parse("strict,publish=,=5");
    assert_int_equal(a.problems, 3);
    assert_string_equal(a.problem[0], "option 'strict' has no value; write name=value");
    assert_string_equal(a.problem[1], "option 'publish=' has no value; write name=value");
    assert_contains(a.problem[2], "unknown option ''");
    assert_defaults();
}

static void problems_have_a_bound(void **state)
{
    (void)state;
    parse("a1=1,a2=1,a3=1,a4=1,a5=1,a6=1,a7=1,a8=1,a9=1,a10=1,publish=2s");
    assert_int_equal(a.problems, ARGS_PROBLEMS_MAX);
    assert_int_equal(a.publish_ms, 2000);
}

static void only_file_name_letters_survive_in_a_name(void **state)
{
    (void)state;
    parse("name=a/../b c\303\244-_.9");
    assert_string_equal(a.name, "a..bc-_.9");
    assert_int_equal(a.problems, 0);
    parse("name=/");
    assert_string_equal(a.name, "");
    assert_int_equal(a.problems, 1);
    char text[400] = "name=";
    memset(text + 5, 'n', 300);
    text[305] = '\0';
    parse(text);
    assert_int_equal(strlen(a.name), sizeof a.name - 1);
}

static void a_directory_too_long_is_refused_not_cut(void **state)
{
    (void)state;
    char text[ARGS_PATH_SIZE + 64] = "publish=2s,dir=/";
    size_t used = strlen(text);
    memset(text + used, 'd', ARGS_PATH_SIZE);
    text[used + ARGS_PATH_SIZE] = '\0';
    parse(text);
    assert_string_equal(a.dir, "");
    assert_int_equal(a.problems, 1);
    assert_contains(a.problem[0], "dir");
    assert_contains(a.problem[0], "too long");
    assert_int_equal(a.publish_ms, 2000);
    /* the longest that fits is taken whole, and so is what comes after it */
    text[used - 1 + ARGS_PATH_SIZE - 1] = '\0';
    strcat(text, ",log=debug"); /* NOLINT: room is above */
    parse(text);
    assert_int_equal(a.problems, 0);
    assert_int_equal(strlen(a.dir), ARGS_PATH_SIZE - 1);
    assert_int_equal(a.log, LOG_LEVEL_DEBUG);
}

static void options_of_later_versions_say_so(void **state)
{
    (void)state;
    parse("prometheus=on");
    assert_int_equal(a.problems, 0);
    assert_int_equal(a.notes, 1);
    assert_contains(a.note[0], "not in this version");
    parse("prometheus=off");
    assert_int_equal(a.notes + a.problems, 0);
    parse("prometheus=yes");
    assert_int_equal(a.notes, 0);
    assert_int_equal(a.problems, 1);
}

static void live_probe_is_auto_off_or_a_period(void **state)
{
    (void)state;
    parse("live_probe=auto");
    assert_int_equal(a.live_probe, 1);
    assert_int_equal(a.live_probe_ms, 0);
    parse("live_probe=off");
    assert_int_equal(a.live_probe, 0);
    parse("live_probe=10m,live_probe_pause=500ms");
    assert_int_equal(a.live_probe, 1);
    assert_int_equal(a.live_probe_ms, 600000);
    assert_int_equal(a.live_probe_pause_ms, 500);
    assert_int_equal(a.problems + a.notes, 0);
    static const char *const bad[] = {"live_probe=sometimes", "live_probe=0", "live_probe=999ms", "live_probe=8d",
                                      "live_probe=on"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        parse(bad[i]);
        assert_int_equal(a.problems, 1);
        assert_contains(a.problem[0], bad[i]);
        assert_contains(a.problem[0], "auto is used");
        assert_defaults();
    }
    parse("live_probe_pause=0");
    assert_int_equal(a.problems, 1);
    assert_int_equal(a.live_probe_pause_ms, 0);
}

static void off_heap_can_be_switched_off(void **state)
{
    (void)state;
    parse("off_heap=off");
    assert_int_equal(a.off_heap_ms, 0);
    parse("off_heap=0");
    assert_int_equal(a.off_heap_ms, 10000);
    assert_int_equal(a.problems, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given_means_defaults),
        cmocka_unit_test(every_option_is_taken),
        cmocka_unit_test(colon_separates_as_well),
        cmocka_unit_test(the_last_of_equal_options_counts),
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(bad_times_leave_the_default),
        cmocka_unit_test(gc_share_is_a_plain_decimal_in_its_range),
        cmocka_unit_test(choices_suggest_the_nearest),
        cmocka_unit_test(unknown_options_suggest_the_nearest),
        cmocka_unit_test(an_option_without_value_is_a_problem),
        cmocka_unit_test(problems_have_a_bound),
        cmocka_unit_test(only_file_name_letters_survive_in_a_name),
        cmocka_unit_test(a_directory_too_long_is_refused_not_cut),
        cmocka_unit_test(options_of_later_versions_say_so),
        cmocka_unit_test(live_probe_is_auto_off_or_a_period),
        cmocka_unit_test(off_heap_can_be_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
