#include "predictor/confidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)

static void test_full_evidence_is_one_and_none_is_zero(void **state)
{
    (void)state;
    assert_true(
        hc_confidence_ratio(&(struct hc_confidence_facts){48 * HOUR_MS, 1000, HC_EVIDENCE_EXACT, 24 * HOUR_MS}) == 1);
    assert_true(hc_confidence_ratio(&(struct hc_confidence_facts){0, 0, HC_EVIDENCE_NONE, 0}) == 0);
}

static void test_more_of_anything_never_lowers_it(void **state)
{
    (void)state;
    static const enum hc_evidence better[] = {HC_EVIDENCE_UPPER_BOUND, HC_EVIDENCE_ESTIMATE, HC_EVIDENCE_MARKING,
                                              HC_EVIDENCE_EXACT};
    for (int64_t t = 0; t < 30; t++)
        for (uint64_t c = 0; c < 120; c += 10)
            for (unsigned e = 0; e < 4; e++) {
                struct hc_confidence_facts facts = {t * HOUR_MS, c, better[e], t * HOUR_MS / 10};
                double here = hc_confidence_ratio(&facts);
                assert_true(here >= 0 && here <= 1);
                struct hc_confidence_facts more = facts;
                more.covered_ms += HOUR_MS;
                assert_true(hc_confidence_ratio(&more) >= here);
                more = facts;
                more.collections += 10;
                assert_true(hc_confidence_ratio(&more) >= here);
                more = facts;
                more.since_restart_ms += HOUR_MS;
                assert_true(hc_confidence_ratio(&more) >= here);
                more = facts;
                more.evidence = better[e < 3 ? e + 1 : 3];
                assert_true(hc_confidence_ratio(&more) >= here);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_evidence_is_one_and_none_is_zero),
        cmocka_unit_test(test_more_of_anything_never_lowers_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
