/* What `resolve` and `explain` share: their options, the way from files to a resolution, and its table. */
#ifndef HEAPCAST_RESOLUTION_H
#define HEAPCAST_RESOLUTION_H

#include "input_flink.h"
#include "options.h"

#include <heapcast/resolver.h>

enum { HC_RECOMMENDATIONS_MAX = 512 };

struct hc_resolve_request {
    struct hc_flink_input input;
    const char *recommendations[HC_RECOMMENDATIONS_MAX], *config, *flink;
    unsigned recommendation_count;
    enum hc_role role; /* HC_ROLE_JVM: as the recommendation says */
    struct hc_resolve_policy policy;
};

enum {
    HC_RESOLVE_RECOMMENDATION = 300,
    HC_RESOLVE_CONFIG,
    HC_RESOLVE_CONFIG_FORMAT,
    HC_RESOLVE_VERSION,
    HC_RESOLVE_DEPLOYMENT,
    HC_RESOLVE_NETWORK,
    HC_RESOLVE_FLINK,
    HC_RESOLVE_ROLE,
    HC_RESOLVE_MODEL,
    HC_RESOLVE_MIN,
    HC_RESOLVE_MAX,
    HC_RESOLVE_STEP,
    HC_RESOLVE_MAX_CHANGE,
    HC_RESOLVE_MIN_GAIN
};
#define HC_RESOLVE_OPTIONS                                                                                             \
    {HC_RESOLVE_RECOMMENDATION, "recommendation", "FILE",                                                              \
     "what the agent wrote, or '-'; again for each TaskManager of a job"},                                             \
        {HC_RESOLVE_CONFIG, "config", "FILE", "flink-conf.yaml, config.yaml, '-', or Flink's conf directory"},         \
        {HC_RESOLVE_CONFIG_FORMAT, "config-format", "F",                                                               \
         "flink-conf.yaml or config.yaml, where the name does not tell"},                                              \
        {'D', "define", "KEY=VALUE", "an option on top of the file; again for more"},                                  \
        {HC_RESOLVE_VERSION, "flink-version", "V", "Flink 1.10 to 2.3, as 1.20.5; default " HC_FLINK_DEFAULT_VERSION}, \
        {HC_RESOLVE_DEPLOYMENT, "deployment", "WAY",                                                                   \
         "standalone (default) or container: what pre-2.0 heap keys mean"},                                            \
        {HC_RESOLVE_NETWORK, "network", "rule|keep",                                                                   \
         "network memory: by your own rule (default), or its bytes as now"},                                           \
        {HC_RESOLVE_FLINK, "flink", "FILE", "what 'heapcast fetch' wrote: network and managed memory by that"},        \
        {HC_RESOLVE_ROLE, "role", "tm|jm", "TaskManager or JobManager; default: what the recommendation is of"},       \
        {HC_RESOLVE_MODEL, "model", "M", "components (default): each for itself; unified: one pool, the container"},   \
        {HC_RESOLVE_MIN, "min", "SIZE", "the process (container) is at least so large"},                               \
        {HC_RESOLVE_MAX, "max", "SIZE", "and at most so large"},                                                       \
        {HC_RESOLVE_STEP, "step", "SIZE", "and rounded up to a multiple of it"},                                       \
        {HC_RESOLVE_MAX_CHANGE, "max-change", "PERCENT", "of the process, up or down, in one go"},                     \
    {                                                                                                                  \
        HC_RESOLVE_MIN_GAIN, "min-gain", "PERCENT", "a process that shrinks by less stays as it is"                    \
    }

void hc_resolve_request_init(struct hc_resolve_request *request);
/* Takes one of the options above. HC_EXIT_DONE, or another enum hc_exit after a message. */
int hc_resolve_take_option(struct hc_resolve_request *request, const struct hc_usage *usage, int id,
                           const char *argument);
/*
 * Reads both files and resolves. HC_EXIT_DONE, or another enum hc_exit after a message, then nothing is to be released.
 */
int hc_resolve(struct hc_resolve_request *request, const struct hc_usage *usage, struct hc_resolution *out);
void hc_resolve_release(struct hc_resolve_request *request, struct hc_resolution *resolution);

/* The comparison as text, owned by the caller; NULL: no memory. `reasons`: below each component, why. */
char *hc_resolution_table(const struct hc_resolution *resolution, bool reasons);

#endif
