#include <heapcast/flink_version.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_parse(void **state)
{
    static const char *const bad[] = {"", "1", "1.", "1.x", "v1.20", "1.20x", "12345.1", " 1.20"};
    struct hc_flink_version v = {0, 0};
    struct hc_error err;
    (void)state;
    assert_int_equal(hc_flink_version_parse("1.20.5", &v, &err), HC_OK);
    assert_true(v.major == 1 && v.minor == 20);
    assert_int_equal(hc_flink_version_parse("2.0-SNAPSHOT", &v, &err), HC_OK);
    assert_true(v.major == 2 && v.minor == 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(hc_flink_version_parse(bad[i], &v, &err), HC_EPARSE);
    assert_int_equal(hc_flink_version_parse("1.9.3", &v, &err), HC_EUNSUPPORTED);
    assert_true(v.major == 2 && v.minor == 0); /* untouched */
}

static void test_order(void **state)
{
    (void)state;
    struct hc_flink_version v = {1, 17};
    assert_true(hc_flink_version_from(v, 1, 17));
    assert_true(hc_flink_version_from(v, 1, 9));
    assert_false(hc_flink_version_from(v, 1, 18));
    assert_false(hc_flink_version_from(v, 2, 0));
    v = (struct hc_flink_version){2, 0};
    assert_true(hc_flink_version_from(v, 1, 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse), cmocka_unit_test(test_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
