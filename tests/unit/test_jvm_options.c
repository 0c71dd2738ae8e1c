/* JVM options as users write them: what is found, what is cut out, and that all else stays byte for byte. */
#include "resolver/jvm_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct hc_flink_options *of(const char *all, const char *taskmanager)
{
    struct hc_flink_options *options = hc_flink_options_new();
    if (all != NULL)
        assert_int_equal(hc_flink_options_set(options, "env.java.opts.all", all), 0);
    if (taskmanager != NULL)
        assert_int_equal(hc_flink_options_set(options, HC_JVM_OPTIONS_TASKMANAGER, taskmanager), 0);
    return options;
}

static void found(const char *all, const char *taskmanager, const char *prefix, const char *word, const char *key)
{
    struct hc_flink_options *options = of(all, taskmanager);
    const char *in = "";
    size_t length = 0;
    const char *p = hc_jvm_options_find(options, prefix, &length, &in);
    if (word == NULL) {
        assert_null(p);
    } else {
        assert_non_null(p);
        assert_int_equal(length, strlen(word));
        assert_memory_equal(p, word, length);
        assert_string_equal(in, key);
    }
    hc_flink_options_free(options);
}

static void test_find(void **state)
{
    (void)state;
    found("-Xmx1g", "-Xmx2g -Xmx3g", "-Xmx", "-Xmx3g", "env.java.opts.taskmanager");
    found("-Xmx1g -Da=b", "-Xms2g", "-Xmx", "-Xmx1g", "env.java.opts.all");
    found(NULL, " -Da=-Xmx4g ", "-Xmx", NULL, NULL);
    found(NULL, NULL, "-Xmx", NULL, NULL);
}

static void test_collector(void **state)
{
    (void)state;
    struct hc_flink_options *options = of("-XX:+UseG1GC", "-XX:+UseZGC");
    assert_int_equal(hc_jvm_options_collector(options), HC_COLLECTOR_G1);
    hc_flink_options_free(options);
    options = of("-XX:+UseParallelGCX", NULL);
    assert_int_equal(hc_jvm_options_collector(options), HC_COLLECTOR_UNKNOWN);
    hc_flink_options_free(options);
}

static void cut(const char *text, const char *expected)
{
    static const char *const prefixes[] = {"-Xmx", "-XX:MaxMetaspaceSize=", NULL};
    char *rest = hc_jvm_options_without(text, prefixes);
    assert_string_equal(rest, expected);
    free(rest);
}

static void test_without(void **state)
{
    (void)state;
    cut("", "");
    cut("-Xmx1g", "");
    cut("-Da='x  y' -Xmx1g  -Db=c", "-Da='x  y'  -Db=c");
    cut(" -agentpath:/a.so=dir=/x,name=y\n-XX:MaxMetaspaceSize=1g\n-Dc", "-agentpath:/a.so=dir=/x,name=y -Dc");
    cut("-Xmx1g -Xms1g -Xmx2g", "-Xms1g");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_collector),
        cmocka_unit_test(test_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
