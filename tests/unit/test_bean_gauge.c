/* Names of beans; the rest needs a JVM (tests/integration/jvm_matrix.py). */
#include "tests/support/cmocka_test.h"

#include "agent/bean_gauge.h"

static void every_collectors_beans_are_known(void **state)
{
    static const struct {
        const char *name;
        enum hc_gc_kind kind;
    } beans[] = {
        {"Copy", HC_GC_YOUNG},
        {"MarkSweepCompact", HC_GC_FULL},
        {"PS Scavenge", HC_GC_YOUNG},
        {"PS MarkSweep", HC_GC_FULL},
        {"ParNew", HC_GC_YOUNG},
        {"ConcurrentMarkSweep", HC_GC_OLD},
        {"G1 Young Generation", HC_GC_YOUNG},
        {"G1 Old Generation", HC_GC_FULL},
        {"G1 Concurrent GC", HC_GC_PAUSE},
        {"ZGC", HC_GC_OLD},
        {"ZGC Cycles", HC_GC_OLD},
        {"ZGC Minor Cycles", HC_GC_YOUNG},
        {"ZGC Major Cycles", HC_GC_OLD},
        {"Shenandoah Cycles", HC_GC_OLD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof beans / sizeof beans[0]; i++)
        assert_int_equal(bean_gauge_kind(beans[i].name, 0), beans[i].kind);
}

/* Their records carry zeros, which would pass for an empty heap. */
static void beans_of_pauses_are_left_alone(void **state)
{
    static const char *const names[] = {"ZGC Pauses",        "ZGC Minor Pauses", "ZGC Major Pauses",
                                        "Shenandoah Pauses", "Epsilon Heap",     ""};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(bean_gauge_kind(names[i], 0), 0);
}

/* One bean counts young and global cycles alike. */
static void of_shenandoah_with_generations_less_is_sure(void **state)
{
    (void)state;
    assert_int_equal(bean_gauge_kind("Shenandoah Cycles", 1), HC_GC_YOUNG);
    assert_int_equal(bean_gauge_kind("ZGC Major Cycles", 1), HC_GC_OLD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_collectors_beans_are_known),
        cmocka_unit_test(beans_of_pauses_are_left_alone),
        cmocka_unit_test(of_shenandoah_with_generations_less_is_sure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
