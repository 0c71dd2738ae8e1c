/* What Flink 1.20.5 reads from a config.yaml, or why it refuses it, as its own classes answered. */
#include <heapcast/config_yaml.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct hc_flink_options *read_text(const char *text)
{
    struct hc_flink_options *options = hc_flink_options_new();
    struct hc_error err = {.text = ""};
    enum hc_status status = hc_config_yaml_parse(text, strlen(text), options, NULL, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, HC_OK);
    return options;
}

static void check_value(const char *text, const char *key, const char *value, enum hc_value_kind kind)
{
    struct hc_flink_options *options = read_text(text);
    const struct hc_flink_option *option = hc_flink_options_get(options, key);
    assert_non_null(option);
    assert_string_equal(option->value, value);
    assert_int_equal(option->kind, kind);
    hc_flink_options_free(options);
}

static void test_types(void **state)
{
    static const struct {
        const char *plain, *value;
        enum hc_value_kind kind;
    } cases[] = {
        {"4g", "4g", HC_VALUE_TEXT},
        {"0x80000000", "2147483648", HC_VALUE_LONG},
        {"0o20000000000", "2147483648", HC_VALUE_LONG},
        {"0x7fffffff", "2147483647", HC_VALUE_TEXT},
        {"1_000", "1_000", HC_VALUE_TEXT},
        {"4e9", "4.0E9", HC_VALUE_DOUBLE},
        {"4.0", "4.0", HC_VALUE_DOUBLE},
        {".5", "0.5", HC_VALUE_DOUBLE},
        {"-1.5e-3", "-0.0015", HC_VALUE_DOUBLE},
        {".nan", "NaN", HC_VALUE_DOUBLE},
        {"-.inf", "-Infinity", HC_VALUE_DOUBLE},
        {"010", "10", HC_VALUE_TEXT},
        {"+2", "2", HC_VALUE_TEXT},
        {"-0", "0", HC_VALUE_TEXT},
        {"99999999999999999999", "99999999999999999999", HC_VALUE_TEXT},
        {"0xffffffffffffffffffff", "1208925819614629174706175", HC_VALUE_TEXT},
        {"yes", "yes", HC_VALUE_TEXT},
        {"True", "true", HC_VALUE_TEXT},
        {"tRue", "tRue", HC_VALUE_TEXT},
        {"'0x10'", "0x10", HC_VALUE_TEXT},
        {"\"4.0\"", "4.0", HC_VALUE_TEXT},
        {"!!str 0x10", "0x10", HC_VALUE_TEXT},
        {"! 0x10", "0x10", HC_VALUE_TEXT},
        {"&a !!str 0x10", "0x10", HC_VALUE_TEXT},
        {"&a 0x10", "16", HC_VALUE_TEXT},
        {"''", "", HC_VALUE_TEXT},
        {"[2g, 'a: b', 3]", "[2g, 'a: b', 3]", HC_VALUE_TEXT},
        {"4g#x", "4g#x", HC_VALUE_TEXT},
        {"4g\t# x", "4g", HC_VALUE_TEXT},
        {">-\n  4g", "4g", HC_VALUE_TEXT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "a: 1\nk: %s\n", cases[i].plain);
        check_value(text, "k", cases[i].value, cases[i].kind);
    }
}

static void test_shapes(void **state)
{
    (void)state;
    check_value("a:\n  b:\n    c: x\n", "a.b.c", "x", HC_VALUE_TEXT);
    check_value("a:\n  b.c: x\n", "a.b.c", "x", HC_VALUE_TEXT);
    check_value("a.b: 1\na:\n  b: 2\n", "a.b", "2", HC_VALUE_TEXT); /* the later wins */
    check_value("a:\n  b: 2\na.b: 1\n", "a.b", "1", HC_VALUE_TEXT);
    check_value("a: {b: {c: x}, d.e: y}\n", "a.d.e", "y", HC_VALUE_TEXT);
    check_value("x: &a 2g\nk: *a\n", "k", "2g", HC_VALUE_TEXT);
    check_value("x: &x\n  s: 2g\na:\n  <<: *x\n", "a.<<.s", "2g", HC_VALUE_TEXT); /* no merge in Flink's reader */
    check_value("\xef\xbb\xbfk: 1\r\nl: 2\r\n", "l", "2", HC_VALUE_TEXT);
    check_value("---\nk: 1\n...\n", "k", "1", HC_VALUE_TEXT);
    check_value("# \xc3\xa9\tx\nk: 1 #\tc\n", "k", "1", HC_VALUE_TEXT);
    check_value("~: 3\n", "null", "3", HC_VALUE_TEXT);
    check_value("a:\n  b: ~\na.b: 1\n", "a.b", "1", HC_VALUE_TEXT); /* no null once all is read */
    struct hc_flink_options *options = read_text("\n# nothing\n");
    assert_int_equal(hc_flink_options_count(options), 0);
    hc_flink_options_free(options);
    options = read_text("~\n");
    assert_int_equal(hc_flink_options_count(options), 0);
    hc_flink_options_free(options);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *exception, *message;
        unsigned line;
    } cases[] = {
        {"a: 1\nb:\n", "java.lang.NullPointerException", "Value must not be null.", 2},
        {"a: 1\nb: ~\n", "java.lang.NullPointerException", "Value must not be null.", 2},
        {"hello\n", "java.lang.ClassCastException",
         "class java.lang.String cannot be cast to class java.util.Map (java.lang.String and java.util.Map are in "
         "module "
         "java.base of loader 'bootstrap')",
         1},
        {"5\n", "java.lang.ClassCastException",
         "class java.lang.Integer cannot be cast to class java.util.Map (java.lang.Integer and java.util.Map are in "
         "module "
         "java.base of loader 'bootstrap')",
         1},
        {"a:\n  true: x\n", "java.lang.ClassCastException",
         "class java.lang.Boolean cannot be cast to class java.lang.String (java.lang.Boolean and java.lang.String are "
         "in "
         "module java.base of loader 'bootstrap')",
         2},
        {"a: 1\nx:\n  b: 1\n  c: 2\n  b: 3\n", "org.snakeyaml.engine.v2.exceptions.YamlEngineException",
         "while constructing a mapping\n in reader, line 3, column 3\nfound duplicate key b\n in reader, line 5, "
         "column 3\n",
         5},
        {"k:\t4g\n", "org.snakeyaml.engine.v2.exceptions.YamlEngineException",
         "while scanning for the next token\nfound character '\\t(TAB)' that cannot start any token. (Do not use "
         "\\t(TAB) for "
         "indentation)\n in reader, line 1, column 3\n",
         1},
        {"a: {b: c,\td: e}\n", "org.snakeyaml.engine.v2.exceptions.YamlEngineException",
         "while scanning for the next token\nfound character '\\t(TAB)' that cannot start any token. (Do not use "
         "\\t(TAB) for "
         "indentation)\n in reader, line 1, column 10\n",
         1},
        {"---\na: 1\n---\nb: 2\n", "org.snakeyaml.engine.v2.exceptions.YamlEngineException",
         "expected a single document in the stream\n in reader, line 2, column 1\nbut found another document\n in "
         "reader, "
         "line 3, column 1\n",
         3},
        {"a: !foo 2g\n", "org.snakeyaml.engine.v2.exceptions.YamlEngineException",
         "could not determine a constructor for the tag !foo\n in reader, line 1, column 4\n", 1},
        {"a:\n  b:\n    : 1\n", "org.snakeyaml.engine.v2.exceptions.YamlEngineException",
         "while parsing a block mapping\n in reader, line 3, column 5\nexpected <block end>, but found ':'\n in "
         "reader, line 3, "
         "column 5\n",
         3},
        {"a: [1, 2\n", "org.snakeyaml.engine.v2.exceptions.YamlEngineException",
         "while parsing a flow sequence\n in reader, line 1, column 4\nexpected ',' or ']', but got <stream end>\n in "
         "reader, "
         "line 2, column 1\n",
         2},
        {"a: 2g\n  x: y\n", "org.snakeyaml.engine.v2.exceptions.YamlEngineException",
         "mapping values are not allowed here\n in reader, line 2, column 4\n", 2},
        {"a: \"2g\n", "org.snakeyaml.engine.v2.exceptions.YamlEngineException",
         "while scanning a quoted scalar\n in reader, line 1, column 4\nfound unexpected end of stream\n in reader, "
         "line 2, "
         "column 1\n",
         2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hc_flink_options *options = hc_flink_options_new();
        struct hc_flink_failure failure;
        struct hc_error err;
        assert_int_equal(hc_config_yaml_parse(cases[i].text, strlen(cases[i].text), options, &failure, &err),
                         HC_EPARSE);
        assert_string_equal(failure.chain[0].message, "Error parsing YAML configuration.");
        assert_string_equal(failure.chain[1].exception, cases[i].exception);
        assert_string_equal(failure.chain[1].message, cases[i].message);
        assert_int_equal(err.line, cases[i].line);
        hc_flink_options_free(options);
    }
}

/* Texts that would take a naive reader down. */
static void test_hostile(void **state)
{
    (void)state;
    struct hc_error err;
    struct hc_flink_options *options = hc_flink_options_new();
    char bomb[4096] = "a0: &a0 {x: 1, y: 2}\n";
    size_t used = strlen(bomb);
    for (int i = 1; i < 20; i++)
        used += (size_t)snprintf(bomb + used, sizeof bomb - used, "a%d: &a%d {x: *a%d, y: *a%d}\n", i, i, i - 1, i - 1);
    assert_int_equal(hc_config_yaml_parse(bomb, strlen(bomb), options, NULL, &err), HC_EPARSE);
    const char *circle = "a: &a\n  b: *a\n";
    assert_int_equal(hc_config_yaml_parse(circle, strlen(circle), options, NULL, &err), HC_EPARSE);
    char deep[2048];
    memset(deep, '[', sizeof deep);
    assert_int_equal(hc_config_yaml_parse(deep, sizeof deep, options, NULL, &err), HC_EPARSE);
    assert_int_equal(hc_config_yaml_parse("a: \xff\xfe\n", 7, options, NULL, &err), HC_EPARSE);
    hc_flink_options_free(options);
}

/* ---- editing ----------------------------------------------------------------------------------------------------- */

static void check_edit(const char *text, struct hc_conf_edit edit, const char *expected)
{
    struct hc_error err = {.text = ""};
    char *out = NULL;
    enum hc_status status = hc_config_yaml_edit(text, strlen(text), &edit, 1, &out, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, HC_OK);
    assert_string_equal(out, expected);
    free(out);
}

static void test_editing(void **state)
{
    (void)state;
    check_edit("# \xc3\xa9\na:\n  b:\n    c: 4g # big\nd: 1\n", (struct hc_conf_edit){"a.b.c", "1g", NULL},
               "# \xc3\xa9\na:\n  b:\n    c: 1g # big\nd: 1\n");
    check_edit("a.b: \"4g\"\n", (struct hc_conf_edit){"a.b", "1g", NULL}, "a.b: 1g\n");
    check_edit("a: {b: 4g, c: 1}\n", (struct hc_conf_edit){"a.b", "1g", NULL}, "a: {b: 1g, c: 1}\n");
    check_edit("a.b: >-\n  4g\nc: 1\n", (struct hc_conf_edit){"a.b", "1g", NULL}, "a.b: 1g\nc: 1\n");
    check_edit("a.b: 1\na:\n  b: 2\n", (struct hc_conf_edit){"a.b", "3", NULL}, "a.b: 1\na:\n  b: 3\n");
    check_edit("x: &a 4g\na.b: *a\n", (struct hc_conf_edit){"a.c", "1g", NULL},
               "x: &a 4g\na.b: *a\n# set by heapcast\na.c: 1g\n");
    check_edit("a: 1", (struct hc_conf_edit){"k", "2", NULL}, "a: 1\n# set by heapcast\nk: 2\n");
    check_edit("", (struct hc_conf_edit){"k", "2", NULL}, "# set by heapcast\nk: 2\n");
    check_edit("  a: 1\n", (struct hc_conf_edit){"k", "2", NULL}, "  a: 1\n  # set by heapcast\n  k: 2\n");
    check_edit("a: 1\r\n", (struct hc_conf_edit){"k", "2", NULL}, "a: 1\r\n# set by heapcast\r\nk: 2\r\n");
    check_edit("old.key: 1 # c\nb: 2\n", (struct hc_conf_edit){"new.key", "3", "old.key"}, "new.key: 3 # c\nb: 2\n");
    check_edit("\xef\xbb\xbf"
               "a: 4g\n",
               (struct hc_conf_edit){"a", "1g", NULL},
               "\xef\xbb\xbf"
               "a: 1g\n");
}

static void test_removing(void **state)
{
    (void)state;
    check_edit("a: 1\nb: 2 # c\nd: 3\n", (struct hc_conf_edit){"b", NULL, NULL}, "a: 1\nd: 3\n");
    check_edit("a:\n  b:\n    c: 1\n  d: 2\n", (struct hc_conf_edit){"a.b.c", NULL, NULL}, "a:\n  d: 2\n");
    check_edit("a:\n  b: 1\nc: 2\n", (struct hc_conf_edit){"a.b", NULL, NULL}, "c: 2\n");
    check_edit("a: 1\n", (struct hc_conf_edit){"b", NULL, NULL}, "a: 1\n");
}

static void check_not_editable(const char *text, struct hc_conf_edit edit)
{
    struct hc_error err;
    char *out = NULL;
    assert_int_equal(hc_config_yaml_edit(text, strlen(text), &edit, 1, &out, &err), HC_EUNSUPPORTED);
    assert_null(out);
}

static void test_not_editable(void **state)
{
    (void)state;
    check_not_editable("{a: 1}\n", (struct hc_conf_edit){"k", "2", NULL});
    check_not_editable("a: 1\n...\n", (struct hc_conf_edit){"k", "2", NULL});
    check_not_editable("a: {b: 1, c: 2}\n", (struct hc_conf_edit){"a.b", NULL, NULL});
    check_not_editable("a: !\n", (struct hc_conf_edit){"a", "1", NULL}); /* a second "a" would be one too many */
    check_not_editable("b: 1\na: !!str x\n", (struct hc_conf_edit){"a", "1", NULL});
}

static void test_print(void **state)
{
    (void)state;
    struct hc_flink_options *options = hc_flink_options_new();
    char *out;
    hc_flink_options_set(options, "a.b", "it's: 0x10 # x");
    assert_int_equal(hc_config_yaml_print(options, &out, NULL), HC_OK);
    assert_string_equal(out, "# written by heapcast\na.b: 'it''s: 0x10 # x'\n");
    check_value(out, "a.b", "it's: 0x10 # x", HC_VALUE_TEXT);
    free(out);
    hc_flink_options_set(options, "a.b", "\x01\t\"\xc2\x85\xf0\x9f\x98\x80");
    hc_flink_options_set(options, "true", "x");
    hc_flink_options_put(options, &(struct hc_flink_option){"c.d", "0.3", 0, HC_VALUE_DOUBLE});
    hc_flink_options_put(options, &(struct hc_flink_option){"c.e", "4294967296", 0, HC_VALUE_LONG});
    assert_int_equal(hc_config_yaml_print(options, &out, NULL), HC_OK);
    check_value(out, "a.b", "\x01\t\"\xc2\x85\xf0\x9f\x98\x80", HC_VALUE_TEXT);
    check_value(out, "true", "x", HC_VALUE_TEXT);
    check_value(out, "c.d", "0.3", HC_VALUE_DOUBLE);
    check_value(out, "c.e", "4294967296", HC_VALUE_LONG);
    free(out);
    hc_flink_options_free(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),        cmocka_unit_test(test_shapes),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_hostile),      cmocka_unit_test(test_editing), cmocka_unit_test(test_removing),
        cmocka_unit_test(test_not_editable), cmocka_unit_test(test_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
