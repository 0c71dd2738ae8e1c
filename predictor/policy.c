#include <heapcast/policy.h>

#include <stddef.h>
#include <string.h>

/* What the levels differ in; their effect on the traces' scores: docs/predictor.md, section 3. */
static const struct {
    const char *level;
    double margin_ratio, floor_ratio, raise_band_ratio;
} risks[] = {
    {"cautious", 1.10, 0.10, 0.05},
    {"balanced", 1.05, 0.07, 0.10},
    {"tight", 1.05, 0.04, 0.10},
};
enum { RISKS = sizeof risks / sizeof risks[0] };

enum field_type { FIELD_RATIO, FIELD_MS, FIELD_COUNT, FIELD_SWITCH };

#define AT(member) offsetof(struct hc_policy, member)
static const struct field {
    const char *name;
    size_t offset;
    enum field_type type;
    double least, most;
} fields[] = {
    {"horizon_ms", AT(horizon_ms), FIELD_MS, 3600e3, 30 * 86400e3},
    {"warmup_ms", AT(warmup_ms), FIELD_MS, 0, 30 * 86400e3},
    {"restart_hold_ms", AT(restart_hold_ms), FIELD_MS, 0, 30 * 86400e3},
    {"warmup_collections", AT(warmup_collections), FIELD_COUNT, 0, 1e9},
    {"allow_growth", AT(allow_growth), FIELD_SWITCH, 0, 1},
    {"gc_share_limit_ratio", AT(gc_share_limit_ratio), FIELD_RATIO, 0.001, 1},
    {"usable_ratio", AT(usable_ratio), FIELD_RATIO, 0.1, 1},
    {"percentile", AT(percentile), FIELD_RATIO, 0, 1},
    {"margin_ratio", AT(margin_ratio), FIELD_RATIO, 1, 10},
    {"floor_ratio", AT(floor_ratio), FIELD_RATIO, 0, 1},
    {"first_hours_margin", AT(first_hours_margin), FIELD_RATIO, 1, 10},
    {"raise_band_ratio", AT(raise_band_ratio), FIELD_RATIO, 0, 1},
    {"raise_ahead_ratio", AT(raise_ahead_ratio), FIELD_RATIO, 0, 1},
    {"fall_band_ratio", AT(fall_band_ratio), FIELD_RATIO, 0, 0.9},
    {"with_trend", AT(with_trend), FIELD_SWITCH, 0, 1},
    {"with_gc_cost", AT(with_gc_cost), FIELD_SWITCH, 0, 1},
    {"with_copying", AT(with_copying), FIELD_SWITCH, 0, 1},
    {"with_garbage_rate", AT(with_garbage_rate), FIELD_SWITCH, 0, 1},
    {"with_settling", AT(with_settling), FIELD_SWITCH, 0, 1},
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

void hc_policy_init(struct hc_policy *out)
{
    *out = (struct hc_policy){
        .horizon_ms = 24 * 3600000LL,
        .warmup_ms = 15 * 60000LL,
        .restart_hold_ms = 0,
        .warmup_collections = 10,
        .allow_growth = 1,
        .gc_share_limit_ratio = 0.05,
        .usable_ratio = 0.90,
        .percentile = 0.99,
        .first_hours_margin = 1.30,
        .raise_ahead_ratio = 0.05,
        .fall_band_ratio = 0.15,
        .with_trend = 1,
        .with_gc_cost = 1,
        .with_copying = 1,
        .with_garbage_rate = 1,
        .with_settling = 1,
    };
    (void)hc_policy_set_risk(out, "balanced", NULL);
}

enum hc_status hc_policy_set_risk(struct hc_policy *policy, const char *level, struct hc_error *err)
{
    for (size_t i = 0; i < RISKS; i++)
        if (strcmp(risks[i].level, level) == 0) {
            policy->margin_ratio = risks[i].margin_ratio;
            policy->floor_ratio = risks[i].floor_ratio;
            policy->raise_band_ratio = risks[i].raise_band_ratio;
            return HC_OK;
        }
    return hc_fail(err, HC_EINVAL, 0, "risk is '%s'; cautious, balanced or tight is needed", level);
}

static void store(struct hc_policy *policy, const struct field *field, double value)
{
    char *at = (char *)policy + field->offset;
    if (field->type == FIELD_RATIO)
        memcpy(at, &value, sizeof value);
    else if (field->type == FIELD_MS)
        memcpy(at, &(int64_t){(int64_t)value}, sizeof(int64_t));
    else if (field->type == FIELD_COUNT)
        memcpy(at, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
    else
        memcpy(at, &(int){value != 0}, sizeof(int));
}

enum hc_status hc_policy_set(struct hc_policy *policy, const char *name, double value, struct hc_error *err)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (strcmp(fields[i].name, name) == 0) {
            if (!(value >= fields[i].least && value <= fields[i].most))
                return hc_fail(err, HC_EINVAL, 0, "%s must be between %g and %g", name, fields[i].least,
                               fields[i].most);
            store(policy, &fields[i], value);
            return HC_OK;
        }
    char known[640] = "";
    for (size_t i = 0, used = 0; i < FIELDS && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", fields[i].name);
    return hc_fail(err, HC_EINVAL, 0, "the policy has no '%s'; it has %s", name, known);
}
