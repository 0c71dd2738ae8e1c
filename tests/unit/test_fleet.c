/* Several TaskManagers, one configuration: the worst of each part, and whose it was. */
#include <heapcast/fleet.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)

static struct hc_recommendation sized(enum hc_verdict verdict, uint64_t heap, uint64_t metaspace, uint64_t overhead)
{
    const struct hc_advice unknown = {HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN};
    struct hc_recommendation r = {.verdict = verdict,
                                  .heap_bytes = heap,
                                  .current_heap_bytes = 512 * MIB,
                                  .lower_bound_bytes = heap == HC_BYTES_UNKNOWN ? heap : heap / 2};
    r.off_heap.metaspace = r.off_heap.direct = r.off_heap.overhead = r.off_heap.network = unknown;
    r.off_heap.metaspace.recommended_bytes = metaspace;
    r.off_heap.overhead.recommended_bytes = overhead;
    r.off_heap.managed_consumers_known = 1;
    r.process.sum_max_bytes = HC_BYTES_UNKNOWN;
    return r;
}

static void add(struct hc_fleet *fleet, const char *name, struct hc_recommendation r)
{
    struct hc_subject subject = {.role = HC_ROLE_TASKMANAGER};
    snprintf(subject.name, sizeof subject.name, "%s", name);
    hc_fleet_add(fleet, &r, &subject);
}

static void test_worst_of_each(void **state)
{
    (void)state;
    struct hc_fleet fleet;
    hc_fleet_init(&fleet);
    add(&fleet, "tm-1", sized(HC_VERDICT_SHRINK, 200 * MIB, 90 * MIB, 100 * MIB));
    add(&fleet, "tm-2", sized(HC_VERDICT_GROW, 900 * MIB, 60 * MIB, HC_BYTES_UNKNOWN));
    struct hc_recommendation rocksdb = sized(HC_VERDICT_SHRINK, 300 * MIB, 64 * MIB, 400 * MIB);
    rocksdb.off_heap.managed_consumers = 1;
    add(&fleet, "tm-3", rocksdb);
    assert_int_equal(fleet.count, 3);
    assert_int_equal(fleet.worst.verdict, HC_VERDICT_GROW);
    assert_int_equal(fleet.worst.heap_bytes, 900 * MIB);
    assert_int_equal(fleet.worst.lower_bound_bytes, 450 * MIB);
    assert_int_equal(fleet.worst.off_heap.metaspace.recommended_bytes, 90 * MIB);
    assert_int_equal(fleet.worst.off_heap.overhead.recommended_bytes, 400 * MIB);
    assert_int_equal(fleet.worst.off_heap.managed_consumers, 1);
    assert_true(fleet.worst.off_heap.direct.max_bytes == HC_BYTES_UNKNOWN);
    assert_string_equal(fleet.decided[HC_FLEET_HEAP].name, "tm-2");
    assert_string_equal(fleet.decided[HC_FLEET_METASPACE].name, "tm-1");
    assert_string_equal(fleet.decided[HC_FLEET_OVERHEAD].name, "tm-3");
    assert_true(fleet.decided[HC_FLEET_DIRECT].bytes == HC_BYTES_UNKNOWN);
}

/* One that keeps its 512 MiB needs more than one that shrinks to 300. */
static void test_keep_counts_as_the_heap_in_force(void **state)
{
    (void)state;
    struct hc_fleet fleet;
    hc_fleet_init(&fleet);
    add(&fleet, "tm-1", sized(HC_VERDICT_SHRINK, 300 * MIB, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN));
    add(&fleet, "tm-2", sized(HC_VERDICT_KEEP, 480 * MIB, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN));
    assert_int_equal(fleet.worst.verdict, HC_VERDICT_KEEP);
    assert_int_equal(fleet.decided[HC_FLEET_HEAP].bytes, 512 * MIB);
}

static void test_too_little_data_is_left_out(void **state)
{
    (void)state;
    struct hc_fleet fleet;
    hc_fleet_init(&fleet);
    add(&fleet, "new", sized(HC_VERDICT_INSUFFICIENT_DATA, HC_BYTES_UNKNOWN, 900 * MIB, HC_BYTES_UNKNOWN));
    assert_int_equal(fleet.worst.verdict, HC_VERDICT_INSUFFICIENT_DATA);
    add(&fleet, "old", sized(HC_VERDICT_SHRINK, 300 * MIB, 64 * MIB, HC_BYTES_UNKNOWN));
    assert_int_equal(fleet.count, 1);
    assert_int_equal(fleet.ignored, 1);
    assert_string_equal(fleet.ignored_name, "new");
    assert_int_equal(fleet.worst.heap_bytes, 300 * MIB);
    assert_int_equal(fleet.worst.off_heap.metaspace.recommended_bytes, 64 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worst_of_each),
        cmocka_unit_test(test_keep_counts_as_the_heap_in_force),
        cmocka_unit_test(test_too_little_data_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
