#include "tests/support/cmocka_test.h"

#include <heapcast/line.h>

#include <stdlib.h>
#include <string.h>

static void a_line_is_ended(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{}", "two\nlines"}, *const lines[] = {"\n", "{}\n", "two\nlines\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *out = NULL;
        struct hc_error err;
        assert_int_equal(hc_line_end(strdup(texts[i]), "a test", &out, &err), HC_OK);
        assert_string_equal(out, lines[i]);
        free(out);
    }
}

static void no_text_is_no_memory(void **state)
{
    (void)state;
    char *out = NULL;
    struct hc_error err;
    assert_int_equal(hc_line_end(NULL, "a test", &out, &err), HC_ENOMEM);
    assert_null(out);
    assert_string_equal(err.text, "no memory for a test");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_ended),
        cmocka_unit_test(no_text_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
