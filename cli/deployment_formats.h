/* A resolution in the words of whoever starts Flink: the image's environment, and the Kubernetes operator. */
#ifndef HEAPCAST_DEPLOYMENT_FORMATS_H
#define HEAPCAST_DEPLOYMENT_FORMATS_H

#include <heapcast/resolver.h>

/*
 * Assignments for a POSIX shell: FLINK_PROPERTIES, which the entry point of Flink's official image appends to the
 * configuration, with what it held before kept in front. *out is owned by the caller.
 */
enum hc_status hc_env_print(const struct hc_resolution *resolution, char **out, struct hc_error *err);
/*
 * A JSON merge patch (RFC 7386) for a FlinkDeployment; "{}" where nothing changes. The total stands in both places that
 * the operator knows, for it writes spec.taskManager.resource.memory over the process size of spec.flinkConfiguration.
 * The resolution must have been made for a container (hc_resolve_policy).
 */
enum hc_status hc_k8s_patch_print(const struct hc_resolution *resolution, char **out, struct hc_error *err);

#endif
