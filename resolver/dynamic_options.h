/* The resources beside memory, and the -D list in which Flink hands all of it to the process. */
#ifndef HC_DYNAMIC_OPTIONS_H
#define HC_DYNAMIC_OPTIONS_H

#include "derivation.h"

enum { HC_RESOURCES_MAX = 16 };

struct hc_resource {
    char name[96];
    int64_t amount;
};

struct hc_resources {
    unsigned count;
    struct hc_resource each[HC_RESOURCES_MAX]; /* in the order of Flink's HashMap of amounts */
};

/* ExternalResourceUtils.getExternalResourceAmountMap: names without a positive amount are left out. */
bool hc_read_resources(struct derivation *d, struct hc_resources *out);
/* CPU cores (the slots where no cores are given) and slots, read in Flink's order. */
bool hc_taskmanager_resources(struct derivation *d, double *out_cores, int32_t *out_slots);

#endif
