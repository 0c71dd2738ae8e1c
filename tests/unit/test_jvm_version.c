#include "tests/support/cmocka_test.h"

#include <heapcast/jvm_version.h>

static void test_the_release_stands_first(void **state)
{
    (void)state;
    assert_int_equal(hc_java_release("17.0.15+6"), 17);
    assert_int_equal(hc_java_release("25"), 25);
    assert_int_equal(hc_java_release("25-ea+36"), 25);
}

static void test_before_java_9_it_stood_second(void **state)
{
    (void)state;
    assert_int_equal(hc_java_release("1.8.0_402"), 8);
    assert_int_equal(hc_java_release("11.0.2"), 11);
    assert_int_equal(hc_java_release("1"), 1);
}

static void test_anything_else_is_not_known(void **state)
{
    (void)state;
    assert_int_equal(hc_java_release(""), 0);
    assert_int_equal(hc_java_release("internal"), 0);
    assert_int_equal(hc_java_release("99999999999999999999"), 9999); /* no overflow */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_release_stands_first),
        cmocka_unit_test(test_before_java_9_it_stood_second),
        cmocka_unit_test(test_anything_else_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
