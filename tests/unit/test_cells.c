#include "cli/cells.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_what_is_known_has_a_figure(void **state)
{
    (void)state;
    assert_string_equal(HC_MIB_CELL(0), "0.0");
    assert_string_equal(HC_MIB_CELL(1572864), "1.5");
    assert_string_equal(HC_NUMBER_CELL(2.345, 2), "2.35");
    assert_string_equal(HC_NUMBER_CELL(-1.0, 0), "-1");
}

static void test_what_is_not_known_is_a_dash(void **state)
{
    (void)state;
    assert_string_equal(HC_MIB_CELL(HC_BYTES_UNKNOWN), "-");
    assert_string_equal(HC_NUMBER_CELL((double)NAN, 3), "-");
}

/* Two cells of one row are two texts: each expression has room of its own. */
static void test_cells_of_one_row_stand_side_by_side(void **state)
{
    (void)state;
    const char *one = HC_MIB_CELL(1048576), *other = HC_MIB_CELL(2097152);
    assert_string_equal(one, "1.0");
    assert_string_equal(other, "2.0");
}

static void test_verdicts_in_words(void **state)
{
    (void)state;
    assert_string_equal(hc_verdict_words(HC_VERDICT_INSUFFICIENT_DATA), "insufficient data");
    assert_string_equal(hc_verdict_words(HC_VERDICT_KEEP), "keep");
    assert_string_equal(hc_verdict_words(HC_VERDICT_SHRINK), "shrink");
    assert_string_equal(hc_verdict_words(HC_VERDICT_GROW), "grow");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_known_has_a_figure),
        cmocka_unit_test(test_what_is_not_known_is_a_dash),
        cmocka_unit_test(test_cells_of_one_row_stand_side_by_side),
        cmocka_unit_test(test_verdicts_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
