#include <heapcast/flink_conf.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_cutting(void **state)
{
    static const char text[] = "# comment: no\n"
                               "a: 1\n"
                               "  b : 2   # a note\r\n"
                               "c:3\n"
                               "d: x: y\r"
                               "e: \"4g\"\n"
                               "f: \n"
                               ": g\n"
                               "h: 1#x\n"
                               "a: 5\n"
                               "last: 6";
    static const char *const expected[][2] = {{"a", "5"},      {"b", "2"}, {"d", "x: y"},
                                              {"e", "\"4g\""}, {"h", "1"}, {"last", "6"}};
    (void)state;
    struct hc_flink_options *options = hc_flink_options_new();
    assert_int_equal(hc_flink_conf_parse(text, sizeof text - 1, options, NULL), HC_OK);
    assert_int_equal(hc_flink_options_count(options), sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_string_equal(hc_flink_options_at(options, i)->key, expected[i][0]);
        assert_string_equal(hc_flink_options_at(options, i)->value, expected[i][1]);
    }
    assert_int_equal(hc_flink_options_get(options, "b")->line, 3);
    assert_int_equal(hc_flink_options_get(options, "e")->line, 6);
    assert_int_equal(hc_flink_options_get(options, "a")->line, 10);
    hc_flink_options_free(options);
}

static void check_edit(const char *text, struct hc_conf_edit edit, const char *expected)
{
    char *out;
    assert_int_equal(hc_flink_conf_edit(text, strlen(text), &edit, 1, &out, NULL), HC_OK);
    assert_string_equal(out, expected);
    free(out);
}

static void test_editing(void **state)
{
    (void)state;
    check_edit("a: 1\n  k :  4g   # big\nb: 2\n", (struct hc_conf_edit){"k", "1g", NULL},
               "a: 1\n  k :  1g   # big\nb: 2\n");
    check_edit("k: 1\nk: 2\n", (struct hc_conf_edit){"k", "3", NULL}, "k: 1\nk: 3\n"); /* the one that counts */
    check_edit("a: 1", (struct hc_conf_edit){"k", "3", NULL}, "a: 1\n# set by heapcast\nk: 3\n");
    check_edit("", (struct hc_conf_edit){"k", "3", NULL}, "# set by heapcast\nk: 3\n");
    check_edit("a: 1\r\n", (struct hc_conf_edit){"k", "3", NULL}, "a: 1\r\n# set by heapcast\r\nk: 3\r\n");
    check_edit("a: 1\n old: 2 # c\nb: 3\n", (struct hc_conf_edit){"k", "4", "old"}, "a: 1\n k: 4 # c\nb: 3\n");
    check_edit("k: 1\na: 2\nk: 3 # c\n", (struct hc_conf_edit){"k", NULL, NULL}, "a: 2\n");
    check_edit("#k: 1\n", (struct hc_conf_edit){"k", "3", NULL}, "#k: 1\n# set by heapcast\nk: 3\n");
}

static void test_print(void **state)
{
    (void)state;
    struct hc_flink_options *options = hc_flink_options_new();
    struct hc_error err;
    char *out;
    hc_flink_options_set(options, "a", "x: y");
    assert_int_equal(hc_flink_conf_print(options, &out, &err), HC_OK);
    assert_string_equal(out, "# written by heapcast\na: x: y\n");
    free(out);
    hc_flink_options_set(options, "b", "1#2");
    assert_int_equal(hc_flink_conf_print(options, &out, &err), HC_EUNSUPPORTED);
    hc_flink_options_free(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cutting), cmocka_unit_test(test_editing),
                                       cmocka_unit_test(test_print)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
