/* The job that a JVM's name shows. */
#include "cli/job_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_job(const char *name, const char *expected)
{
    char out[64];
    assert_string_equal(hc_job_name(name, out, sizeof out), expected);
}

static void test_kubernetes(void **state)
{
    (void)state;
    assert_job("wordcount-taskmanager-1-12", "wordcount");
    assert_job("my-etl-job-taskmanager-6b9f7c-x2l8q", "my-etl-job");
    assert_job("wordcount-jobmanager", "wordcount");
    assert_job("wordcount-jobmanager-0", "wordcount");
    assert_job("x-taskmanagers-1", "");
    assert_job("-taskmanager-1-1", "");
}

static void test_yarn(void **state)
{
    (void)state;
    assert_job("container_1700000000000_0042_01_000003", "application_1700000000000_0042");
    assert_job("container_e17_1700000000000_0042_01_000003", "application_1700000000000_0042");
    assert_job("container_e17", "");
    assert_job("container_", "");
    assert_job("container_e", "");
    assert_job("container_1_", "");
    assert_job("container_12_x_1", "");
}

static void test_neither(void **state)
{
    (void)state;
    assert_job("", "");
    assert_job("host-7.example-1b2c3d", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kubernetes),
        cmocka_unit_test(test_yarn),
        cmocka_unit_test(test_neither),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
