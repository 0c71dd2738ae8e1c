/* What snakeyaml-engine 2.6 answered in Flink 1.20.5, where it refuses a text; and the trees of texts that it takes. */
#include "resolver/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_refused(void **state)
{
    static const struct {
        const char *text, *exception, *message;
    } cases[] = {
        {"a: &x 1\nb: &x 2\nc: *y\n", "YamlEngineException",
         "\nfound undefined alias y\n in reader, line 3, column 4\n"},
        {"a: %x\n", "YamlEngineException",
         "while scanning for the next token\nfound character '%' that cannot start any token. (Do not use % for "
         "indentation)\n in reader, line 1, column 4\n"},
        {"\ta: b\n", "YamlEngineException",
         "while scanning for the next token\nfound character '\\t(TAB)' that cannot start any token. (Do not use "
         "\\t(TAB) for indentation)\n in reader, line 1, column 1\n"},
        {"a: \"\\q\"\n", "YamlEngineException",
         "while scanning a double-quoted scalar\n in reader, line 1, column 4\nfound unknown escape character q(113)\n "
         "in reader, line 1, column 6\n"},
        {"a: \"\\u12\"\n", "YamlEngineException",
         "while scanning a double-quoted scalar\n in reader, line 1, column 4\nexpected escape sequence of 4 "
         "hexadecimal numbers, but found: 12\"\n\n in reader, line 1, column 7\n"},
        {"a: 'x\n---\nb: 1\n", "YamlEngineException",
         "while scanning a quoted scalar\n in reader, line 1, column 4\nfound unexpected document separator\n in "
         "reader, line 2, column 1\n"},
        {"%YAML 2.0\n---\na: 1\n", "YamlVersionException", "Version{major=2, minor=0}"},
        {"%YAML 1.2\n%YAML 1.1\n---\na: 1\n", "YamlEngineException",
         "found duplicate YAML directive\n in reader, line 2, column 1\n"},
        {"%FOO\n---\na: 1\n%BAR\n", "YamlEngineException",
         "expected '<document end>' before directives, but found '<directive>'\n in reader, line 4, column 1\n"},
        {"%TAG ! x\n%TAG ! y\n---\na: 1\n", "YamlEngineException",
         "duplicate tag handle !\n in reader, line 2, column 1\n"},
        {"a: !e!x 1\n", "YamlEngineException",
         "while parsing a node\n in reader, line 1, column 4\nfound undefined tag handle !e!\n in reader, line 1, "
         "column 4\n"},
        {"a: !<x 1\n", "YamlEngineException",
         "while scanning a tag\n in reader, line 1, column 4\nexpected '>', but found ' ' (32)\n in reader, line 1, "
         "column 7\n"},
        {"a: !x%zz 1\n", "YamlEngineException",
         "while scanning a tag\n in reader, line 1, column 4\nexpected URI escape sequence of 2 hexadecimal numbers, "
         "but found z(122) and z(122)\n in reader, line 1, column 7\n"},
        {"a: !foo+ 1\n", "YamlEngineException",
         "could not determine a constructor for the tag !foo%2B\n in reader, line 1, column 4\n"},
        {"a: |0\n  x\n", "YamlEngineException",
         "while scanning a block scalar\n in reader, line 1, column 4\nexpected indentation indicator in the range "
         "1-9, but found 0\n in reader, line 1, column 5\n"},
        {"a: |x\n  x\n", "YamlEngineException",
         "while scanning a block scalar\n in reader, line 1, column 4\nexpected chomping or indentation indicators, "
         "but found x(120)\n in reader, line 1, column 5\n"},
        {"a: |\n   \n  x\n", "YamlEngineException",
         "while scanning a block scalar\n in reader, line 1, column 4\n the leading empty lines contain more spaces "
         "(3) than the first non-empty line.\n in reader, line 3, column 3\n"},
        {"? a\n- b\n", "YamlEngineException",
         "while parsing a block mapping\n in reader, line 1, column 1\nexpected <block end>, but found '-'\n in "
         "reader, line 2, column 1\n"},
        {"a: {b: 1, c\n", "YamlEngineException",
         "while parsing a flow mapping\n in reader, line 1, column 4\nexpected ',' or '}', but got <stream end>\n in "
         "reader, line 2, column 1\n"},
        {"a: {b: 1 c: 2}\n", "YamlEngineException",
         "while parsing a flow mapping\n in reader, line 1, column 4\nexpected ',' or '}', but got :\n in reader, line "
         "1, column 11\n"},
        {"- a\nb: 1\n", "YamlEngineException",
         "while parsing a block collection\n in reader, line 1, column 1\nexpected <block end>, but found '?'\n in "
         "reader, line 2, column 1\n"},
        {"a: [b] c\n", "YamlEngineException",
         "while parsing a block mapping\n in reader, line 1, column 1\nexpected <block end>, but found '<scalar>'\n in "
         "reader, line 1, column 8\n"},
        {"a: 1\n b: 2\n", "YamlEngineException", "mapping values are not allowed here\n in reader, line 2, column 3\n"},
        {"*a\n", "YamlEngineException", "\nfound undefined alias a\n in reader, line 1, column 1\n"},
        {"a: *\n", "YamlEngineException",
         "while scanning an alias\n in reader, line 1, column 4\nunexpected character found \n(10)\n in reader, line "
         "1, column 5\n"},
        {"x: ]\n", "YamlEngineException",
         "while parsing a block node\n in reader, line 1, column 4\nexpected the node content, but found ']'\n in "
         "reader, line 1, column 4\n"},
        {"~: 1\nnull: 2\n", "YamlEngineException",
         "java.lang.NullPointerException: Cannot invoke \"Object.toString()\" because \"key\" is null"},
        {"0x10: a\n16: b\n", "YamlEngineException",
         "while constructing a mapping\n in reader, line 1, column 1\nfound duplicate key 16\n in reader, line 2, "
         "column 1\n"},
        {"a: !!int x\n", "YamlEngineException", "java.lang.NumberFormatException: For input string: \"x\""},
        {"a: !!int 12x456789012\n", "YamlEngineException",
         "java.lang.NumberFormatException: For input string: \"12x\""},
        {"a: !!int 0x\n", "YamlEngineException", "java.lang.NumberFormatException: Zero length BigInteger"},
        {"a: !!float x\n", "YamlEngineException", "java.lang.NumberFormatException: For input string: \"x\""},
        {"a: +.inf\n", "YamlEngineException", "java.lang.NumberFormatException: For input string: \".inf\""},
        {"...\n", "YamlEngineException",
         "while parsing a block node\n in reader, line 1, column 1\nexpected the node content, but found '<document "
         "end>'\n in reader, line 1, column 1\n"},
        {"---\n--- 1\n", "YamlEngineException",
         "expected a single document in the stream\n in reader, line 2, column 1\nbut found another document\n in "
         "reader, line 2, column 1\n"},
        {"a: \a\n", "ReaderException", "special characters are not allowed"},
        {"\"a\" b: 1\n", "YamlEngineException",
         "while parsing a block mapping\n in reader, line 1, column 1\nexpected <block end>, but found ':'\n in "
         "reader, line 1, column 6\n"},
        {"a: - b\n", "YamlEngineException", "\nsequence entries are not allowed here\n in reader, line 1, column 4\n"},
        {"a:\n  - b\n c: 1\n", "YamlEngineException",
         "while parsing a block mapping\n in reader, line 1, column 1\nexpected <block end>, but found '<block mapping "
         "start>'\n in reader, line 3, column 2\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hc_yaml yaml;
        assert_false(hc_yaml_load(&yaml, cases[i].text, strlen(cases[i].text)));
        assert_string_equal(strrchr(yaml.error.exception, '.') + 1, cases[i].exception);
        assert_string_equal(yaml.error.message, cases[i].message);
        hc_yaml_release(&yaml);
    }
}

/* The tree as one line: texts as they are, [ ] and { } around children. */
static void print(const struct hc_yaml_node *node, char *out, size_t size)
{
    size_t used = strlen(out);
    if (node->scalar) {
        snprintf(out + used, size - used, node->type == HC_YAML_STRING ? "'%s' " : "%s ", node->value);
        return;
    }
    snprintf(out + used, size - used, node->type == HC_YAML_MAPPING ? "{ " : "[ ");
    for (size_t i = 0; i < node->count; i++)
        print(node->children[i], out, size);
    used = strlen(out);
    snprintf(out + used, size - used, node->type == HC_YAML_MAPPING ? "} " : "] ");
}

static void test_taken(void **state)
{
    static const struct {
        const char *text, *tree;
    } cases[] = {
        {"a: 1\nb: [x, 'y', {z: ~}]\n", "{ 'a' 1 'b' [ 'x' 'y' { 'z' ~ } ] } "},
        {"a:\n- b\n-\n- c: d\n  e: f\n", "{ 'a' [ 'b'  { 'c' 'd' 'e' 'f' } ] } "},
        {"a: &x 1\nb: &x 2\nc: *x\n", "{ 'a' 1 'b' 2 'c' 2 } "}, /* the later anchor */
        {"[a: b, ? c : d]\n", "[ { 'a' 'b' } { 'c' 'd' } ] "},
        {"{a, b: , \"c\":d}\n", "{ 'a'  'b'  'c' 'd' } "},
        {"? a\n: b\n? c\n", "{ 'a' 'b' 'c'  } "},
        {"a: x\n   y\n\n   z # c\nb: 1\n", "{ 'a' 'x y\nz' 'b' 1 } "},
        {"a: 'x\n\n  y''s'\n", "{ 'a' 'x\ny's' } "},
        {"a: \"\\x41\\\n  \\ud83d\\ude00\\t\"\n", "{ 'a' 'A\xf0\x9f\x98\x80\t' } "},
        {"a: |+\n  x\n   y\n\nb: >-\n  x\n  y\n\n  z\n", "{ 'a' 'x\n y\n\n' 'b' 'x y\nz' } "},
        {"a: |2-\n   x\n", "{ 'a' ' x' } "},
        {"a\xe2\x80\xa8"
         "b: 1\n",
         "{ 'a\xe2\x80\xa8"
         "b' 1 } "}, /* U+2028 ends no word */
        {"%TAG !e! tag:yaml.org,2002:\n---\na: !e!str 1\n...\n", "{ 'a' '1' } "},
        {"a: !!int ٢\nb: !!int -0x٢\n", "{ 'a' 2 'b' -0x2 } "},
        {"a: !!str 1\nb: ! 1\nc: !!int '7'\nd: !!null x\n", "{ 'a' '1' 'b' '1' 'c' 7 'd' x } "},
        {"a: \"x\\0y\"\n", "{ 'a' 'x\x01y' } "}, /* a NUL cannot stand in a C string */
        {"a: b:c:d #e\n", "{ 'a' 'b:c:d' } "},
        {"a: x\t# y\n", "{ 'a' 'x' } "},
        {"--- a\n", "'a' "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hc_yaml yaml;
        char tree[256] = "";
        bool good = hc_yaml_load(&yaml, cases[i].text, strlen(cases[i].text));
        assert_string_equal(yaml.error.message, "");
        assert_true(good);
        print(yaml.root, tree, sizeof tree);
        assert_string_equal(tree, cases[i].tree);
        hc_yaml_release(&yaml);
    }
}

/* Bytes of the text, for whoever changes it. */
static void test_places(void **state)
{
    static const char text[] = "\xef\xbb\xbf# \xc3\xa9\nkey: \"\xc3\xa9\" # c\n";
    struct hc_yaml yaml;
    (void)state;
    assert_true(hc_yaml_load(&yaml, text, strlen(text)));
    const struct hc_yaml_node *key = yaml.root->children[0], *value = yaml.root->children[1];
    assert_memory_equal(text + key->start.byte, "key", key->end.byte - key->start.byte);
    assert_memory_equal(text + value->start.byte, "\"\xc3\xa9\"", value->end.byte - value->start.byte);
    assert_int_equal(value->start.line, 1);
    assert_int_equal(value->start.column, 5);
    assert_int_equal(value->end.column, 8);
    hc_yaml_release(&yaml);
}

static void test_limits(void **state)
{
    struct hc_yaml yaml;
    (void)state;
    char deep[4096];
    memset(deep, '[', sizeof deep);
    assert_false(hc_yaml_load(&yaml, deep, sizeof deep));
    hc_yaml_release(&yaml);
    assert_false(hc_yaml_load(&yaml, "a: \xff\n", 5));
    assert_string_equal(yaml.error.cause, "java.nio.charset.MalformedInputException");
    hc_yaml_release(&yaml);
    assert_false(hc_yaml_load(&yaml, "a: &a\n  b: *a\n", 14));
    hc_yaml_release(&yaml);
    assert_true(hc_yaml_load(&yaml, "", 0) && yaml.root == NULL);
    hc_yaml_release(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused), cmocka_unit_test(test_taken),
                                       cmocka_unit_test(test_places), cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
