#include "tests/support/cmocka_test.h"

#include "predictor/ledger.h"

#include <math.h>

#define MIB (UINT64_C(1) << 20)

/* The RocksDB job of Flink 2.3.0 on JDK 21, as measured. */
static struct hc_memory_sample taskmanager(void)
{
    return (struct hc_memory_sample){.rss_bytes = 698 * MIB,
                                     .heap_resident_bytes = 330 * MIB,
                                     .metaspace_committed_bytes = 59 * MIB,
                                     .direct_bytes = 130 * MIB,
                                     .code_cache_bytes = 13 * MIB,
                                     .file_bytes = 32 * MIB,
                                     .stack_bytes = 8 * MIB,
                                     .malloc_held_bytes = 243 * MIB,
                                     .malloc_used_bytes = 192 * MIB,
                                     .jvm_malloc_bytes = 34 * MIB,
                                     .jvm_mapped_bytes = 11 * MIB};
}

static void each_byte_once(void **state)
{
    (void)state;
    struct hc_memory_sample look = taskmanager();
    struct hc_ledger ledger;
    hc_ledger_read(&look, &ledger);
    assert_int_equal(ledger.bytes[HC_LEDGER_NATIVE], (192 - 130 - 34) * MIB);
    assert_int_equal(ledger.bytes[HC_LEDGER_SLACK], (243 - 192) * MIB);
    assert_int_equal(ledger.bytes[HC_LEDGER_JVM], (34 + 11) * MIB);
    uint64_t sum = look.heap_resident_bytes;
    for (int i = 0; i < HC_LEDGER_PARTS; i++)
        sum += ledger.bytes[i];
    assert_int_equal(sum, 696 * MIB);
    assert_true(fabs(ledger.unexplained_ratio - 2.0 / 698) < 1e-12);
}

static void claims_beyond_what_there_is_are_negative(void **state)
{
    (void)state;
    struct hc_memory_sample look = taskmanager();
    struct hc_ledger ledger;
    look.rss_bytes = 600 * MIB;
    hc_ledger_read(&look, &ledger);
    assert_true(fabs(ledger.unexplained_ratio - -96.0 / 600) < 1e-12);
    look.rss_bytes = 1;
    hc_ledger_read(&look, &ledger);
    assert_true(ledger.unexplained_ratio >= -1);
}

static void what_is_missing_makes_only_its_own_part_unknown(void **state)
{
    (void)state;
    struct hc_memory_sample look = taskmanager();
    struct hc_ledger ledger;
    look.malloc_used_bytes = look.malloc_held_bytes = look.jvm_malloc_bytes = HC_BYTES_UNKNOWN; /* musl */
    hc_ledger_read(&look, &ledger);
    assert_true(ledger.bytes[HC_LEDGER_NATIVE] == HC_BYTES_UNKNOWN);
    assert_true(ledger.bytes[HC_LEDGER_SLACK] == HC_BYTES_UNKNOWN);
    assert_true(ledger.bytes[HC_LEDGER_JVM] == HC_BYTES_UNKNOWN);
    assert_int_equal(ledger.bytes[HC_LEDGER_FILES], 32 * MIB);
    assert_true(isnan(ledger.unexplained_ratio));
    look = taskmanager();
    look.heap_resident_bytes = HC_BYTES_UNKNOWN;
    hc_ledger_read(&look, &ledger);
    assert_true(isnan(ledger.unexplained_ratio));
    assert_int_equal(ledger.bytes[HC_LEDGER_NATIVE], 28 * MIB);
}

static void no_part_is_less_than_nothing(void **state)
{
    (void)state;
    struct hc_memory_sample look = taskmanager();
    struct hc_ledger ledger;
    look.malloc_used_bytes = 100 * MIB; /* a direct buffer is booked before malloc gives it out */
    hc_ledger_read(&look, &ledger);
    assert_int_equal(ledger.bytes[HC_LEDGER_NATIVE], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_byte_once),
        cmocka_unit_test(claims_beyond_what_there_is_are_negative),
        cmocka_unit_test(what_is_missing_makes_only_its_own_part_unknown),
        cmocka_unit_test(no_part_is_less_than_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
