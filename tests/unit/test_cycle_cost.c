#include "tests/support/cmocka_test.h"

#include "agent/cycle_cost.h"
#include "tests/support/task_threads.h"

static struct cycle_cost cost;

static void thread(int id, const char *name, long long ns)
{
    char text[64];
    snprintf(text, sizeof text, "%lld 5 1\n", ns);
    task_thread(id, name, "schedstat", text);
}

static void what_the_threads_took_is_told_once(void **state)
{
    (void)state;
    thread(101, "ZWorker#0\n", 5000000);
    thread(102, "VM Thread\n", 900000000); /* works in pauses, which are counted as such */
    cycle_cost_init(&cost, HC_COLLECTOR_Z, scratch, 4);
    assert_int_equal(cycle_cost_take_us(&cost, 10, 0), 0); /* what was before the agent came is not told */
    thread(101, "ZWorker#0\n", 13000000);
    assert_int_equal(cycle_cost_take_us(&cost, 2009, 0), 0); /* so soon it is not even read */
    assert_int_equal(cycle_cost_take_us(&cost, 2010, 0), 2000);
    assert_int_equal(cycle_cost_take_us(&cost, 5000, 0), 0);
    /* a worker is born: all that it did came since */
    thread(103, "ZWorker#1\n", 4000000);
    assert_int_equal(cycle_cost_take_us(&cost, 8000, 0), 1000);
}

static void pauses_are_counted_already(void **state)
{
    (void)state;
    thread(101, "Shenandoah GC T\n", 0);
    cycle_cost_init(&cost, HC_COLLECTOR_SHENANDOAH, scratch, 2);
    assert_int_equal(cycle_cost_take_us(&cost, 10000, 500), 0);
    thread(101, "Shenandoah GC T\n", 8000000);
    assert_int_equal(cycle_cost_take_us(&cost, 11000, 1000), 0);
    assert_int_equal(cycle_cost_take_us(&cost, 12000, 1000), 2000); /* 8 ms of two processors, 2 ms in pauses */
}

static void a_worker_that_ended_is_no_debt(void **state)
{
    (void)state;
    thread(101, "ZWorker#0\n", 9000000);
    cycle_cost_init(&cost, HC_COLLECTOR_Z, scratch, 1);
    thread(101, "ZWorker#0\n", 0);
    assert_int_equal(cycle_cost_take_us(&cost, 10000, 0), 0);
    thread(101, "ZWorker#0\n", 2000000);
    assert_int_equal(cycle_cost_take_us(&cost, 20000, 0), 2000);
}

static void other_collectors_work_in_pauses(void **state)
{
    (void)state;
    thread(104, "G1 Conc#0\n", 0);
    cycle_cost_init(&cost, HC_COLLECTOR_G1, scratch, 1);
    thread(104, "G1 Conc#0\n", 50000000);
    assert_int_equal(cycle_cost_take_us(&cost, 10000, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_threads_took_is_told_once),
        cmocka_unit_test(pauses_are_counted_already),
        cmocka_unit_test(a_worker_that_ended_is_no_debt),
        cmocka_unit_test(other_collectors_work_in_pauses),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
