#include <heapcast/policy.h>

/* Reasons and what was tried instead: docs/predictor.md. */
void hc_policy_init(struct hc_policy *out)
{
    *out = (struct hc_policy){
        .horizon_ms = 24 * 3600000LL,
        .warmup_ms = 15 * 60000LL,
        .restart_hold_ms = 0,
        .warmup_collections = 10,
        .gc_share_limit_ratio = 0.05,
        .usable_ratio = 0.90,
        .percentile = 0.99,
        .margin_ratio = 1.05,
        .floor_ratio = 0.07,
        .allow_growth = 1,
    };
}
