#include "tests/support/cmocka_test.h"

#include "agent/log.h"
#include "tests/support/scratch.h"

static void one_of_each(void *context)
{
    (void)context;
    log_line(LOG_LEVEL_ERROR, "an %s", "error");
    log_line(LOG_LEVEL_INFO, "info %d", 7);
    log_line(LOG_LEVEL_DEBUG, "debug");
}

static void levels_gate_what_is_said(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_INFO);
    assert_string_equal(output_of(STDERR_FILENO, one_of_each, NULL),
                        "heapcast: error: an error\nheapcast: info: info 7\n");
    log_set_level(LOG_LEVEL_ERROR);
    assert_string_equal(output_of(STDERR_FILENO, one_of_each, NULL), "heapcast: error: an error\n");
    log_set_level(LOG_LEVEL_DEBUG);
    assert_string_equal(output_of(STDERR_FILENO, one_of_each, NULL),
                        "heapcast: error: an error\nheapcast: info: info 7\nheapcast: debug: debug\n");
}

static void say(void *context)
{
    log_line(LOG_LEVEL_ERROR, "%s", (const char *)context);
}

static void a_message_is_one_line_whatever_is_in_it(void **state)
{
    (void)state;
    assert_string_equal(output_of(STDERR_FILENO, say, "two\nlines\n"), "heapcast: error: two lines \n");
    static char long_text[5000];
    memset(long_text, 'x', sizeof long_text - 1);
    const char *line = output_of(STDERR_FILENO, say, long_text);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_true(strlen(line) > 1300 && strlen(line) <= 1400);
}

static void say_to_nobody(void *context)
{
    int saved = dup(STDERR_FILENO);
    (void)context;
    close(STDERR_FILENO);
    log_line(LOG_LEVEL_ERROR, "nobody hears this");
    dup2(saved, STDERR_FILENO);
    close(saved);
}

static void a_closed_stderr_does_no_harm(void **state)
{
    (void)state;
    assert_string_equal(output_of(STDERR_FILENO, say_to_nobody, NULL), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_gate_what_is_said),
        cmocka_unit_test(a_message_is_one_line_whatever_is_in_it),
        cmocka_unit_test(a_closed_stderr_does_no_harm),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
