#include "tests/support/cmocka_test.h"

#include <heapcast/nearest.h>

#include <string.h>

static const char *const names[] = {"show", "memory", "resolve", "explain", "predict", "export"};
enum { NAMES = sizeof names / sizeof names[0] };

static const char *nearest(const char *given)
{
    return hc_nearest(given, names, NAMES);
}

static void slips_of_the_finger_are_understood(void **state)
{
    (void)state;
    assert_string_equal(nearest("memory"), "memory");
    assert_string_equal(nearest("memroy"), "memory"); /* two replaced */
    assert_string_equal(nearest("emory"), "memory");
    assert_string_equal(nearest("resolver"), "resolve");
    assert_string_equal(nearest("resove"), "resolve");
    assert_string_equal(nearest("shwo"), "show");
    assert_string_equal(nearest("Explain"), "explain");
}

static void the_nearest_wins_and_the_first_of_equals(void **state)
{
    (void)state;
    static const char *const near[] = {"abcdef", "abcdxx", "abcxxx"};
    assert_string_equal(hc_nearest("abcdxx", near, 3), "abcdxx");
    assert_string_equal(hc_nearest("abcdxf", near, 3), "abcdef");
}

static void something_else_is_not_guessed(void **state)
{
    (void)state;
    assert_null(nearest(""));
    assert_null(nearest("frobnicate"));
    assert_null(nearest("x"));
    assert_null(hc_nearest("memory", names, 0));
}

static void long_words_do_no_harm(void **state)
{
    (void)state;
    char word[300];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    const char *const long_names[] = {word, "aaaa"};
    assert_null(hc_nearest(word, names, NAMES));
    assert_string_equal(hc_nearest("aaa", long_names, 2), "aaaa"); /* an overlong name is passed over */
    word[63] = '\0';
    assert_string_equal(hc_nearest(word, long_names, 2), word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_of_the_finger_are_understood),
        cmocka_unit_test(the_nearest_wins_and_the_first_of_equals),
        cmocka_unit_test(something_else_is_not_guessed),
        cmocka_unit_test(long_words_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
