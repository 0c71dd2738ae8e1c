#include <heapcast/policy.h>

#include <stddef.h>
#include <string.h>

/* What the levels differ in; their effect on the traces' scores: docs/predictor.md, section 3. */
static const struct {
    const char *level;
    double margin_ratio, floor_ratio;
} risks[] = {
    {"cautious", 1.10, 0.10},
    {"balanced", 1.05, 0.07},
    {"tight", 1.05, 0.04},
};
enum { RISKS = sizeof risks / sizeof risks[0] };

enum field_type { FIELD_RATIO, FIELD_MS, FIELD_COUNT, FIELD_SWITCH };

static const struct field {
    const char *name;
    size_t offset;
    enum field_type type;
    double least, most;
} fields[] = {
#define FIELD(name, type, least, most)                                                                                 \
    {                                                                                                                  \
#name, offsetof(struct hc_policy, name), type, least, most                                                     \
    }
    FIELD(horizon_ms, FIELD_MS, 3600e3, 30 * 86400e3), FIELD(warmup_ms, FIELD_MS, 0, 30 * 86400e3),
    FIELD(restart_hold_ms, FIELD_MS, 0, 30 * 86400e3), FIELD(warmup_collections, FIELD_COUNT, 0, 1e9),
    FIELD(allow_growth, FIELD_SWITCH, 0, 1),           FIELD(gc_share_limit_ratio, FIELD_RATIO, 0.001, 1),
    FIELD(usable_ratio, FIELD_RATIO, 0.1, 1),          FIELD(percentile, FIELD_RATIO, 0, 1),
    FIELD(margin_ratio, FIELD_RATIO, 1, 10),           FIELD(floor_ratio, FIELD_RATIO, 0, 1),
#undef FIELD
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
    };
    (void)hc_policy_set_risk(out, "balanced", NULL);
}

enum hc_status hc_policy_set_risk(struct hc_policy *policy, const char *level, struct hc_error *err)
{
    for (size_t i = 0; i < RISKS; i++)
        if (strcmp(risks[i].level, level) == 0) {
            policy->margin_ratio = risks[i].margin_ratio;
            policy->floor_ratio = risks[i].floor_ratio;
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
    char known[512] = "";
    for (size_t i = 0, used = 0; i < FIELDS && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", fields[i].name);
    return hc_fail(err, HC_EINVAL, 0, "the policy has no '%s'; it has %s", name, known);
}
