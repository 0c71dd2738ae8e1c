#include "tests/support/cmocka_test.h"

#include "agent/gc_cpu.h"
#include "tests/support/task_threads.h"

#include <unistd.h>

static struct gc_cpu cpu;

static void threads_of_the_collector_are_summed(void **state)
{
    (void)state;
    struct gc_cpu_time t;
    task_thread(100, "java\n", "schedstat", "900000000 5 1\n");
    task_thread(101, "GC Thread#0\n", "schedstat", "30 5 1\n");
    task_thread(102, "G1 Conc#0\n", "schedstat", "400 5 1\n");
    task_thread(103, "G1 Main Marker\n", "schedstat", "5000 5 1\n");
    task_thread(104, "VM Thread\n", "schedstat", "7 5 1\n");
    task_thread(105, "G1 Refine#0\n", "schedstat", "1000000 5 1\n"); /* works for the program's own writes */
    gc_cpu_init(&cpu, scratch);
    assert_int_equal(gc_cpu_read(&cpu, &t), 1);
    assert_int_equal(t.concurrent_ns, 5400);
    assert_int_equal(t.other_ns, 37);
    /* one is born, one dies */
    task_thread(110, "GC Thread#1\n", "schedstat", "100 5 1\n");
    assert_int_equal(unlink(in_scratch("102/schedstat")), 0);
    assert_int_equal(gc_cpu_read(&cpu, &t), 1);
    assert_int_equal(t.concurrent_ns, 5000);
    assert_int_equal(t.other_ns, 137);
}

static void a_kernel_without_schedstat_counts_ticks(void **state)
{
    (void)state;
    struct gc_cpu_time t;
    task_thread(200, "ZWorker#0\n", "stat", "200 (ZWorker#0 (x) y) S 1 2 3 4 5 6 7 8 9 10 25 50 0 0\n");
    gc_cpu_init(&cpu, scratch);
    cpu.newest = 150;
    assert_int_equal(gc_cpu_read(&cpu, &t), 1);
    assert_int_equal(t.concurrent_ns, INT64_C(75) * (1000000000 / sysconf(_SC_CLK_TCK)));
}

static void nothing_there_is_said(void **state)
{
    (void)state;
    struct gc_cpu_time t;
    gc_cpu_init(&cpu, "/nowhere");
    assert_int_equal(gc_cpu_read(&cpu, &t), 0);
    gc_cpu_init(&cpu, "/proc/self/task"); /* no JVM: no such thread */
    assert_int_equal(gc_cpu_read(&cpu, &t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_of_the_collector_are_summed),
        cmocka_unit_test(a_kernel_without_schedstat_counts_ticks),
        cmocka_unit_test(nothing_there_is_said),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
