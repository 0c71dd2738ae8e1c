/* What the owner of a job wants from its heap, and the constants of the model with the reason for each. */
#ifndef HEAPCAST_POLICY_H
#define HEAPCAST_POLICY_H

#include <heapcast/error.h>

#include <stdint.h>

struct hc_policy {
    int64_t horizon_ms;          /* the size must hold so long; default 24 h */
    int64_t warmup_ms;           /* no number before this much history; default 15 min */
    int64_t restart_hold_ms;     /* no number for so long after a JVM start (verdict insufficient_data); default 0 */
    uint32_t warmup_collections; /* nor before so many collections; default 10 */
    int allow_growth;            /* 0: never more than the heap in force (score protocol); default 1 */
    double gc_share_limit_ratio; /* GC's share of time that the recommended heap may cost; default 0.05 */
    double usable_ratio;         /* share of the heap that a live set may fill; default 0.90 */
    double percentile;           /* of residuals around the trend; default 0.99 */
    double margin_ratio;         /* on the percentile; default 1.05 */
    double floor_ratio;          /* added to that, as a share of the heap in force; default 0.07 */
    double first_hours_margin;   /* times the margin below 6 h of history, fading until a day was seen; default 1.30 */
    double raise_band_ratio;     /* a published number rises when this much too small (default 0.10) … */
    double raise_ahead_ratio;    /* … and then by so much more than is needed (default 0.05) … */
    double fall_band_ratio;      /* … and falls when this much too large; default 0.15 */
    /* What the model can be measured without (1: with, the default). */
    int with_trend;        /* a significant rise is carried to the horizon */
    int with_gc_cost;      /* free heap for collections */
    int with_copying;      /* copying apart from what a larger heap makes cheaper */
    int with_garbage_rate; /* old garbage between sweeps, at the rate that they showed */
    int with_settling;     /* a sweep settles what passed for live before it */
};

/* Fills *out with the defaults: risk `balanced`. */
void hc_policy_init(struct hc_policy *out);

/* Sets what a level of risk stands for: `cautious`, `balanced` or `tight`; horizon, warm-up and limits stay. HC_EINVAL:
 * there is no such level. */
enum hc_status hc_policy_set_risk(struct hc_policy *policy, const char *level, struct hc_error *err);

/* Sets one field by its name, for experiments (`heapcast predict --policy`); times in ms. HC_EINVAL: no such field, or
 * the value is outside its range. */
enum hc_status hc_policy_set(struct hc_policy *policy, const char *name, double value, struct hc_error *err);

#endif
