#include "tests/support/cmocka_test.h"

#include "agent/cpu_throttle.h"
#include "tests/support/scratch.h"

#include <string.h>
#include <sys/stat.h>

static struct cpu_throttle t;

static void file(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s", in_scratch(name));
    for (char *slash = strchr(path + strlen(scratch) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
    write_text(path, text, strlen(text));
}

static void version_2(void **state)
{
    (void)state;
    file("cgroup2", "0::/kube/pod\n");
    file("v2/kube/pod/cpu.stat", "usage_usec 5\nnr_periods 100\nnr_throttled 17\nthrottled_usec 9\n");
    cpu_throttle_init(&t, in_scratch("cgroup2"), in_scratch("v2"));
    assert_int_equal(cpu_throttle_read(&t), 17);
}

static void version_2_in_a_container_that_shows_its_own_folder(void **state)
{
    (void)state;
    file("cgroup2", "0::/not/seen/in/here\n");
    file("v2/cpu.stat", "nr_throttled 3\n");
    cpu_throttle_init(&t, in_scratch("cgroup2"), in_scratch("v2"));
    assert_int_equal(cpu_throttle_read(&t), 3);
}

static void version_1(void **state)
{
    (void)state;
    file("cgroup1", "12:cpuset:/x\n5:cpu,cpuacct:/docker/1\n1:name=systemd:/y\n");
    file("v1/cpu/docker/1/cpu.stat", "nr_periods 5\nnr_throttled 2\nthrottled_time 8\n");
    cpu_throttle_init(&t, in_scratch("cgroup1"), in_scratch("v1"));
    assert_int_equal(cpu_throttle_read(&t), 2);
}

static void nothing_there_means_never(void **state)
{
    (void)state;
    cpu_throttle_init(&t, "/nowhere", "/nowhere");
    assert_int_equal(cpu_throttle_read(&t), 0);
    file("cgroup1", "12:cpuset:/x\nrubbish\n");
    cpu_throttle_init(&t, in_scratch("cgroup1"), in_scratch("v1"));
    assert_int_equal(cpu_throttle_read(&t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_2),
        cmocka_unit_test(version_2_in_a_container_that_shows_its_own_folder),
        cmocka_unit_test(version_1),
        cmocka_unit_test(nothing_there_means_never),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
