/*
 * The options of every command that predicts: --risk, --horizon, --gc-share and --policy.
 *
 *     static const struct hc_option options[] = { …, HC_POLICY_OPTIONS, {0} };
 *     struct hc_policy_choice choice = {0};
 *     … else if (hc_policy_option(&usage, id, &choice, &bad)) { if (bad) return HC_EXIT_USAGE; }
 *     hc_policy_init(&policy); hc_policy_choose(&choice, &policy);
 */
#ifndef HEAPCAST_POLICY_OPTIONS_H
#define HEAPCAST_POLICY_OPTIONS_H

#include "options.h"

#include <heapcast/policy.h>

enum { HC_OPTION_RISK = 900, HC_OPTION_HORIZON, HC_OPTION_GC_SHARE, HC_OPTION_POLICY };

#define HC_POLICY_OPTIONS                                                                                              \
    {HC_OPTION_RISK, "risk", "LEVEL", "cautious, balanced (default) or tight"},                                        \
        {HC_OPTION_HORIZON, "horizon", "TIME", "how long the size must hold, as 90m, 24h (default) or 7d"},            \
        {HC_OPTION_GC_SHARE, "gc-share", "RATIO", "time that collections may take, as 0.05 (default)"},                \
    {                                                                                                                  \
        HC_OPTION_POLICY, "policy", "NAME=VALUE,...", "constants of the model, for experiments (docs/predictor.md)"    \
    }

/* What was chosen; all zeros: nothing. The texts are borrowed from argv. */
struct hc_policy_choice {
    const char *risk, *horizon, *gc_share, *policy;
};

/* 1 if `id` is one of ours: then it is checked and noted, and *out_bad says whether it was refused (with a message). */
int hc_policy_option(const struct hc_usage *usage, int id, struct hc_policy_choice *choice, int *out_bad);
/* Lays what was chosen over `policy`: risk first, single constants last. */
void hc_policy_choose(const struct hc_policy_choice *choice, struct hc_policy *policy);

#endif
