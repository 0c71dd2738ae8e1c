#include "resolver/flink_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *value_of(const struct hc_flink_options *options, const char *key)
{
    const struct hc_flink_option *option = hc_flink_options_get(options, key);
    return option == NULL ? NULL : option->value;
}

static void test_set_and_remove(void **state)
{
    (void)state;
    struct hc_flink_options *options = hc_flink_options_new();
    hc_flink_options_set(options, "a", "1");
    hc_flink_options_set(options, "taskmanager.memory.process.size", "4g");
    hc_flink_options_set(options, "b", "2");
    hc_flink_options_set(options, "a", "3");
    assert_int_equal(hc_flink_options_count(options), 3);
    assert_string_equal(value_of(options, "a"), "3"); /* later wins, in its old place */
    assert_string_equal(hc_flink_options_at(options, 0)->key, "a");
    hc_flink_options_remove(options, "a");
    hc_flink_options_remove(options, "not there");
    assert_null(value_of(options, "a"));
    assert_string_equal(hc_flink_options_find(options, HC_KEY_TM_PROCESS)->value, "4g");
    hc_flink_options_remove(options, "taskmanager.memory.process.size");
    assert_null(hc_flink_options_find(options, HC_KEY_TM_PROCESS));
    hc_flink_options_free(options);
    hc_flink_options_free(NULL);
}

static void test_deprecated_spelling(void **state)
{
    (void)state;
    struct hc_flink_options *options = hc_flink_options_new();
    hc_flink_options_set(options, "taskmanager.memory.size", "1g");
    assert_string_equal(hc_flink_options_find(options, HC_KEY_TM_MANAGED)->value, "1g");
    hc_flink_options_set(options, "taskmanager.memory.managed.size", "2g");
    assert_string_equal(hc_flink_options_find(options, HC_KEY_TM_MANAGED)->value, "2g");
    hc_flink_options_free(options);
}

static void test_copy(void **state)
{
    (void)state;
    struct hc_flink_options *options = hc_flink_options_new();
    struct hc_flink_option number = {"taskmanager.memory.managed.fraction", "0.3", 7, HC_VALUE_DOUBLE};
    hc_flink_options_put(options, &number);
    struct hc_flink_options *copy = hc_flink_options_copy(options);
    hc_flink_options_free(options);
    const struct hc_flink_option *found = hc_flink_options_find(copy, HC_KEY_TM_MANAGED_FRACTION);
    assert_string_equal(found->value, "0.3");
    assert_int_equal(found->line, 7);
    assert_int_equal(found->kind, HC_VALUE_DOUBLE);
    hc_flink_options_free(copy);
}

static void test_pair(void **state)
{
    (void)state;
    struct hc_flink_options *options = hc_flink_options_new();
    struct hc_error err;
    assert_int_equal(hc_flink_options_set_pair(options, "k=v=w", &err), HC_OK);
    assert_string_equal(value_of(options, "k"), "v=w");
    assert_int_equal(hc_flink_options_set_pair(options, "k", &err), HC_EPARSE);
    assert_string_equal(err.text, "'k' is not an option; right would be key=value");
    assert_int_equal(hc_flink_options_set_pair(options, "=v", &err), HC_EPARSE);
    hc_flink_options_free(options);
}

static void test_many(void **state)
{
    (void)state;
    struct hc_flink_options *options = hc_flink_options_new();
    char key[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(hc_flink_options_set(options, key, key), HC_OK);
    }
    assert_int_equal(hc_flink_options_count(options), 1000);
    assert_string_equal(value_of(options, "k999"), "k999");
    hc_flink_options_free(options);
}

static void test_unknown_memory_option(void **state)
{
    size_t count;
    (void)state;
    assert_true(hc_flink_options_unknown_memory("taskmanager.memory.proces.size"));
    assert_false(hc_flink_options_unknown_memory("taskmanager.memory.process.size"));
    assert_false(hc_flink_options_unknown_memory("taskmanager.memory.managed.consumer-weights"));
    assert_false(hc_flink_options_unknown_memory("parallelism.default"));
    const char *const *names = hc_flink_options_memory_names(&count);
    for (size_t i = 0; i < count; i++)
        assert_non_null(names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_and_remove), cmocka_unit_test(test_deprecated_spelling),
        cmocka_unit_test(test_copy),           cmocka_unit_test(test_pair),
        cmocka_unit_test(test_many),           cmocka_unit_test(test_unknown_memory_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
