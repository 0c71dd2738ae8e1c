/* Limits of a container: which of them decides, and to what size. */
#include "resolver/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)

static void allowed(struct hc_resolve_limits limits, uint64_t before_mib, uint64_t wanted, uint64_t size_mib,
                    enum hc_limit limit)
{
    enum hc_limit decided;
    assert_int_equal(hc_limits_container(&limits, before_mib * MIB, wanted, &decided), size_mib * MIB);
    assert_int_equal(decided, limit);
}

static void test_none(void **state)
{
    (void)state;
    allowed((struct hc_resolve_limits){0}, 4096, 1000 * MIB, 1000, HC_LIMIT_NONE);
    allowed((struct hc_resolve_limits){0}, 4096, 1000 * MIB + 1, 1001, HC_LIMIT_NONE);
}

static void test_min_and_max(void **state)
{
    (void)state;
    const struct hc_resolve_limits limits = {.min_bytes = 1024 * MIB, .max_bytes = 2048 * MIB + 5};
    allowed(limits, 4096, 700 * MIB, 1024, HC_LIMIT_MIN);
    allowed(limits, 4096, 1500 * MIB, 1500, HC_LIMIT_NONE);
    allowed(limits, 4096, 3000 * MIB, 2048, HC_LIMIT_MAX);
}

static void test_step(void **state)
{
    (void)state;
    allowed((struct hc_resolve_limits){.step_bytes = 256 * MIB}, 4096, 700 * MIB, 768, HC_LIMIT_STEP);
    allowed((struct hc_resolve_limits){.step_bytes = 256 * MIB}, 4096, 768 * MIB, 768, HC_LIMIT_NONE);
    /* The most that is allowed comes before a whole step. */
    allowed((struct hc_resolve_limits){.step_bytes = 256 * MIB, .max_bytes = 1000 * MIB}, 4096, 900 * MIB, 1000,
            HC_LIMIT_MAX);
}

static void test_change(void **state)
{
    (void)state;
    const struct hc_resolve_limits limits = {.max_change_ratio = 0.25};
    allowed(limits, 4000, 1000 * MIB, 3000, HC_LIMIT_CHANGE);
    allowed(limits, 4000, 9000 * MIB, 5000, HC_LIMIT_CHANGE);
    allowed(limits, 4000, 3500 * MIB, 3500, HC_LIMIT_NONE);
}

static void test_gain(void **state)
{
    (void)state;
    const struct hc_resolve_limits limits = {.min_gain_ratio = 0.10};
    allowed(limits, 4000, 3700 * MIB, 4000, HC_LIMIT_GAIN);
    allowed(limits, 4000, 3500 * MIB, 3500, HC_LIMIT_NONE);
    allowed(limits, 4000, 4001 * MIB, 4001, HC_LIMIT_NONE); /* what grows is needed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),   cmocka_unit_test(test_min_and_max), cmocka_unit_test(test_step),
        cmocka_unit_test(test_change), cmocka_unit_test(test_gain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
