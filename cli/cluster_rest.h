/* A Flink cluster as its REST interface describes it, read into hc_flink_cluster. */
#ifndef HEAPCAST_CLUSTER_REST_H
#define HEAPCAST_CLUSTER_REST_H

#include "rest_client.h"

#include <heapcast/flink_cluster.h>
#include <heapcast/flink_options.h>

/*
 * Asks for all of it. Flink's first answer about metrics is empty or old, so they are asked for until there are new
 * ones or half of the time is over; what is missing then stays unknown, with a warning by the caller. HC_ENODATA: no
 * TaskManager has registered. On success *out is the caller's, to be given back by hc_flink_cluster_release.
 */
enum hc_status hc_cluster_fetch(struct hc_rest *rest, struct hc_flink_cluster *out, struct hc_error *err);
/* The JobManager's own configuration, added to *options. */
enum hc_status hc_cluster_options(struct hc_rest *rest, struct hc_flink_options *options, struct hc_error *err);

/*
 * Writes the recommendations (heapcast-*.json) that lie in the log directories of the TaskManagers and the JobManager
 * to `directory`, which is made if missing. Processes that share a log directory show the same files: each is written
 * once. What is no recommendation is left out with a line on stderr.
 */
enum hc_status hc_cluster_recommendations(struct hc_rest *rest, const struct hc_flink_cluster *cluster,
                                          const char *directory, unsigned *out_count, struct hc_error *err);

#endif
