/* Which Flink: its arithmetic, defaults and error texts differ by version and, for old keys, by way of deployment. */
#ifndef HEAPCAST_FLINK_VERSION_H
#define HEAPCAST_FLINK_VERSION_H

#include <heapcast/error.h>
#include <stdbool.h>

struct hc_flink_version {
    unsigned major, minor;
};

/* What the heap keys of the time before the memory model (taskmanager.heap.size, before 2.0) stand for. */
enum hc_deployment {
    HC_DEPLOYMENT_STANDALONE = 0, /* start scripts: TaskManager flink.size, JobManager heap.size */
    HC_DEPLOYMENT_CONTAINER = 1   /* YARN, native Kubernetes: process.size */
};

struct hc_flink_target {
    struct hc_flink_version version;
    enum hc_deployment deployment;
    const char *old_heap; /* the environment variable FLINK_TM_HEAP (JobManager: FLINK_JM_HEAP), which comes before the
                             old heap keys until 1.20; NULL: not set; borrowed */
};

/* "1.20.5", "1.20" or "2.0-SNAPSHOT". HC_EPARSE: not a version; HC_EUNSUPPORTED: before 1.10, which had no memory
 * model. */
enum hc_status hc_flink_version_parse(const char *text, struct hc_flink_version *out, struct hc_error *err);
/* version >= major.minor */
bool hc_flink_version_from(struct hc_flink_version version, unsigned major, unsigned minor);

#endif
