/* Lists as ConfigurationUtils.convertToList of Flink 1.20.5 cuts them; recorded from the live class. */
#include "resolver/option_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *value, bool yaml, const char *expected)
{
    struct hc_option_list list;
    struct hc_error err = {.text = ""};
    char joined[256] = "";
    if (hc_option_list_read(value, yaml, &list, &err) == HC_OK)
        for (unsigned i = 0; i < list.count; i++)
            snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "<%s>", list.each[i]);
    assert_string_equal(err.text[0] != '\0' ? err.text : joined, expected);
}

static void test_split(void **state)
{
    (void)state;
    check("gpu;fpga", false, "<gpu><fpga>");
    check(" gpu ; fpga ", false, "<gpu><fpga>");
    check("gpu;;x", false, "<gpu><><x>");
    check(";gpu;", false, "<gpu>");
    check("'a;b';\"c''d\"", false, "<a;b><c''d>");
    check("'gp''u'", false, "<gp'u>");
    check("\xe3\x80\x80gpu", false, "<gpu>"); /* a blank in Java */
    check("[gpu, fpga]", false, "<[gpu, fpga]>");
    check("'gpu", false, "Could not split string. Quoting was not closed properly.");
    check("'a'b;gpu", false, "Could not split string. Illegal quoting at position: 2");
}

static void test_yaml(void **state)
{
    (void)state;
    check("[gpu, fpga]", true, "<gpu><fpga>");
    check("- gpu\n- 'f;p'", true, "<gpu><f;p>");
    check("[1, 2.50, true, 0x10]", true, "<1><2.5><true><16>");
    check("['']", true, "<>");
    check("[gpu, ~]", true, "<[gpu, ~]>"); /* a null: read in the old way */
    check("[gpu", true, "<[gpu>");
    check("gpu;fpga", true, "<gpu><fpga>");
}

static void test_too_much(void **state)
{
    static char text[HC_LIST_TEXT * 2];
    struct hc_option_list list;
    (void)state;
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(hc_option_list_read(text, false, &list, NULL), HC_EUNSUPPORTED);
    for (size_t i = 1; i < sizeof text - 1; i += 2)
        text[i] = ';';
    assert_int_equal(hc_option_list_read(text, true, &list, NULL), HC_EUNSUPPORTED);
    text[0] = '\'';
    assert_int_not_equal(hc_option_list_read(text, false, &list, NULL), HC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_split), cmocka_unit_test(test_yaml),
                                       cmocka_unit_test(test_too_much)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
