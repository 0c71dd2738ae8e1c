#include "tests/support/cmocka_test.h"

#include "agent/jvm_malloc.h"

#include <heapcast/gc_sample.h>

#define MIB (UINT64_C(1) << 20)

static uint64_t look(struct jvm_malloc *own, uint64_t used_mib, uint64_t direct_mib, uint32_t classes,
                     enum jvm_malloc_job job)
{
    return jvm_malloc_look(own, &(struct jvm_malloc_facts){used_mib * MIB, direct_mib * MIB, classes, job});
}

/* As recorded in a TaskManager of Flink 1.20.5 on JDK 17: start, the JIT's arenas, rest, then a job. */
static void what_was_there_before_the_first_task_is_the_jvms(void **state)
{
    (void)state;
    struct jvm_malloc own = {0};
    assert_int_equal(look(&own, 4, 0, 549, JVM_MALLOC_NO_JOB_YET), 4 * MIB);
    assert_int_equal(look(&own, 177, 132, 7073, JVM_MALLOC_NO_JOB_YET), 45 * MIB); /* the JIT is at work */
    assert_int_equal(look(&own, 159, 132, 7073, JVM_MALLOC_NO_JOB_YET), 27 * MIB);
    /* then RocksDB takes 100 MiB, and 1500 classes come */
    uint64_t later = look(&own, 262, 132, 8600, JVM_MALLOC_JOB_RAN);
    assert_in_range(later, 29 * MIB, 32 * MIB);
    /* the same, were it not for a look in the middle of the JIT's work only */
    assert_in_range(look(&own, 300, 132, 8600, JVM_MALLOC_JOB_RAN), later, later);
}

static void never_more_than_there_is(void **state)
{
    (void)state;
    struct jvm_malloc own = {0};
    look(&own, 160, 132, 7000, JVM_MALLOC_NO_JOB_YET);
    assert_int_equal(look(&own, 142, 132, 9000, JVM_MALLOC_JOB_RAN), 10 * MIB);
    assert_int_equal(look(&own, 100, 132, 9000, JVM_MALLOC_JOB_RAN), 0);
}

/* A direct buffer is booked before malloc has given it out: such a look must not pass for a JVM without anything. */
static void a_buffer_that_is_booked_only(void **state)
{
    (void)state;
    struct jvm_malloc own = {0};
    assert_int_equal(look(&own, 120, 128, 6738, JVM_MALLOC_NO_JOB_YET), 0);
    assert_int_equal(own.known, 0);
    look(&own, 163, 129, 8155, JVM_MALLOC_NO_JOB_YET);
    assert_in_range(look(&own, 300, 129, 9879, JVM_MALLOC_JOB_RAN), 36 * MIB, 40 * MIB);
}

static void without_a_look_before(void **state)
{
    (void)state;
    struct jvm_malloc own = {0};
    assert_in_range(look(&own, 400, 132, 8600, JVM_MALLOC_JOB_RAN), 26 * MIB, 36 * MIB);
    assert_in_range(look(&own, 400, 132, 8600, JVM_MALLOC_JOB_UNKNOWN), 26 * MIB, 36 * MIB);
    assert_int_equal(own.known, 0);
    assert_true(jvm_malloc_look(&own, &(struct jvm_malloc_facts){HC_BYTES_UNKNOWN, 0, 9000, JVM_MALLOC_JOB_RAN}) ==
                HC_BYTES_UNKNOWN);
    assert_true(jvm_malloc_look(&own, &(struct jvm_malloc_facts){100, HC_BYTES_UNKNOWN, 9000, JVM_MALLOC_JOB_RAN}) ==
                HC_BYTES_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_there_before_the_first_task_is_the_jvms),
        cmocka_unit_test(never_more_than_there_is),
        cmocka_unit_test(a_buffer_that_is_booked_only),
        cmocka_unit_test(without_a_look_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
