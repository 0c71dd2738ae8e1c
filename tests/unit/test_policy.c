#include <heapcast/policy.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The defaults stand in the header, in the contract and in docs/predictor.md: change them together. */
static void test_defaults_are_the_documented_ones(void **state)
{
    (void)state;
    struct hc_policy policy;
    hc_policy_init(&policy);
    assert_int_equal(policy.horizon_ms, 86400000);
    assert_int_equal(policy.warmup_ms, 900000);
    assert_int_equal(policy.restart_hold_ms, 0);
    assert_int_equal(policy.warmup_collections, 10);
    assert_true(policy.gc_share_limit_ratio == 0.05 && policy.usable_ratio == 0.90 && policy.percentile == 0.99);
    assert_true(policy.margin_ratio == 1.05 && policy.floor_ratio == 0.07 && policy.allow_growth == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_defaults_are_the_documented_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
