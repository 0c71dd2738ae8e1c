#include "policy_options.h"

#include "command.h"

#include <heapcast/error.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 90m, 24h, 7d; a number alone is seconds. strtod is safe: the command never leaves the C locale. */
static enum hc_status set_horizon(struct hc_policy *policy, const char *text, struct hc_error *err)
{
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"", 1e3}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
    char *end;
    double value = strtod(text, &end);
    for (size_t i = 0; end != text && i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].unit) == 0 && hc_policy_set(policy, "horizon_ms", value * units[i].ms, NULL) == HC_OK)
            return HC_OK;
    return hc_fail(err, HC_EINVAL, 0, "'%s' is no horizon; a time from 1h to 30d is needed", text);
}

static enum hc_status set_ratio(struct hc_policy *policy, const char *name, const char *text, struct hc_error *err)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0')
        return hc_fail(err, HC_EINVAL, 0, "%s is '%s'; a number is needed", name, text);
    return hc_policy_set(policy, name, value, err);
}

/* name=value,name=value */
static enum hc_status set_constants(struct hc_policy *policy, const char *text, struct hc_error *err)
{
    enum hc_status status = HC_OK;
    while (status == HC_OK && *text != '\0') {
        char pair[128];
        size_t length = strcspn(text, ",");
        const char *equals = memchr(text, '=', length);
        if (equals == NULL || length >= sizeof pair)
            return hc_fail(err, HC_EINVAL, 0, "'%.*s' is no NAME=VALUE", (int)length, text);
        memcpy(pair, text, length);
        pair[length] = '\0';
        pair[equals - text] = '\0';
        status = set_ratio(policy, pair, pair + (equals - text) + 1, err);
        text += length + (text[length] == ',');
    }
    return status;
}

static enum hc_status lay_over(const struct hc_policy_choice *choice, struct hc_policy *policy, struct hc_error *err)
{
    enum hc_status status = HC_OK;
    if (choice->risk != NULL)
        status = hc_policy_set_risk(policy, choice->risk, err);
    if (status == HC_OK && choice->horizon != NULL)
        status = set_horizon(policy, choice->horizon, err);
    if (status == HC_OK && choice->gc_share != NULL)
        status = set_ratio(policy, "gc_share_limit_ratio", choice->gc_share, err);
    if (status == HC_OK && choice->policy != NULL)
        status = set_constants(policy, choice->policy, err);
    return status;
}

int hc_policy_option(const struct hc_usage *usage, int id, struct hc_policy_choice *choice, int *out_bad)
{
    const char *argument = hc_option_argument();
    switch (id) {
    case HC_OPTION_RISK:
        choice->risk = argument;
        break;
    case HC_OPTION_HORIZON:
        choice->horizon = argument;
        break;
    case HC_OPTION_GC_SHARE:
        choice->gc_share = argument;
        break;
    case HC_OPTION_POLICY:
        choice->policy = argument;
        break;
    default:
        return 0;
    }
    struct hc_policy trial;
    struct hc_error err;
    hc_policy_init(&trial);
    *out_bad = lay_over(choice, &trial, &err) != HC_OK;
    if (*out_bad)
        hc_usage_error(usage, "%s", err.text);
    return 1;
}

void hc_policy_choose(const struct hc_policy_choice *choice, struct hc_policy *policy)
{
    (void)lay_over(choice, policy, NULL);
}
