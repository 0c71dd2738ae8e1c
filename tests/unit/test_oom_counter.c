#include "agent/oom_counter.h"

#include "tests/support/cmocka_test.h"

#include <heapcast/gc_sample.h>

#include "tests/support/scratch.h"

static uint64_t count(const char *usage_name, const char *file, const char *text)
{
    struct oom_counter c;
    if (file != NULL)
        write_text(in_scratch(file), text, strlen(text));
    oom_counter_init(&c, usage_name[0] != '\0' ? in_scratch(usage_name) : "");
    return oom_counter_read(&c);
}

static void both_versions_are_read(void **state)
{
    (void)state;
    assert_int_equal(
        count("memory.current", "memory.events", "low 0\nhigh 0\nmax 12\noom 4\noom_kill 3\noom_group_kill 1\n"), 3);
    assert_int_equal(
        count("memory.usage_in_bytes", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n"), 7);
}

static void what_is_not_told_is_unknown(void **state)
{
    (void)state;
    assert_true(count("memory.usage_in_bytes", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n") ==
                HC_BYTES_UNKNOWN);
    assert_true(count("memory.current", "memory.events", "") == HC_BYTES_UNKNOWN);
    assert_true(count("none/memory.current", NULL, NULL) == HC_BYTES_UNKNOWN);
    assert_true(count("", NULL, NULL) == HC_BYTES_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions_are_read),
        cmocka_unit_test(what_is_not_told_is_unknown),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
