#include <heapcast/policy.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

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
    assert_true(policy.first_hours_margin == 1.30);
    assert_true(policy.raise_band_ratio == 0.10 && policy.raise_ahead_ratio == 0.05 && policy.fall_band_ratio == 0.15);
    assert_true(policy.with_trend && policy.with_gc_cost && policy.with_copying && policy.with_garbage_rate &&
                policy.with_settling);
}

static void test_levels_of_risk(void **state)
{
    (void)state;
    struct hc_policy balanced, other;
    struct hc_error err;
    hc_policy_init(&balanced);
    hc_policy_init(&other);
    assert_int_equal(hc_policy_set_risk(&other, "balanced", &err), HC_OK);
    /* the bytes after the last field are nobody's */
    assert_memory_equal(&other, &balanced, offsetof(struct hc_policy, with_settling) + sizeof other.with_settling);
    assert_int_equal(hc_policy_set_risk(&other, "cautious", &err), HC_OK);
    assert_true(other.margin_ratio > balanced.margin_ratio && other.floor_ratio > balanced.floor_ratio);
    assert_int_equal(hc_policy_set_risk(&other, "tight", &err), HC_OK);
    assert_true(other.margin_ratio <= balanced.margin_ratio && other.floor_ratio < balanced.floor_ratio);
    assert_int_equal(hc_policy_set_risk(&other, "Tight", &err), HC_EINVAL);
    assert_string_equal(err.text, "risk is 'Tight'; cautious, balanced or tight is needed");
}

static void test_fields_by_name(void **state)
{
    (void)state;
    struct hc_policy policy, before;
    struct hc_error err;
    hc_policy_init(&policy);
    assert_int_equal(hc_policy_set(&policy, "horizon_ms", 7200000, &err), HC_OK);
    assert_int_equal(policy.horizon_ms, 7200000);
    assert_int_equal(hc_policy_set(&policy, "warmup_collections", 3, &err), HC_OK);
    assert_int_equal(policy.warmup_collections, 3);
    assert_int_equal(hc_policy_set(&policy, "with_trend", 0, &err), HC_OK);
    assert_int_equal(policy.with_trend, 0);
    assert_int_equal(hc_policy_set(&policy, "floor_ratio", 0.5, &err), HC_OK);
    assert_true(policy.floor_ratio == 0.5);
    before = policy;
    assert_int_equal(hc_policy_set(&policy, "floor_ratio", 1.5, &err), HC_EINVAL);
    assert_string_equal(err.text, "floor_ratio must be between 0 and 1");
    assert_int_equal(hc_policy_set(&policy, "floor_ratio", 0.0 / (double)(policy.with_trend), &err), HC_EINVAL);
    assert_int_equal(hc_policy_set(&policy, "flor_ratio", 0.5, &err), HC_EINVAL);
    assert_true(strstr(err.text, "has no 'flor_ratio'") != NULL && strstr(err.text, ", floor_ratio,") != NULL &&
                strstr(err.text, ", with_settling") != NULL);
    assert_memory_equal(&policy, &before, sizeof policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_defaults_are_the_documented_ones),
                                       cmocka_unit_test(test_levels_of_risk), cmocka_unit_test(test_fields_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
