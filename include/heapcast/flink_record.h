/* The record "heapcast.flink" as JSON, docs/schema/flink-1.json. Field names live here and nowhere else. */
#ifndef HEAPCAST_FLINK_RECORD_H
#define HEAPCAST_FLINK_RECORD_H

#include <heapcast/error.h>
#include <heapcast/flink_cluster.h>

/* The JSON text, ended by a newline; *out is owned by the caller (free). */
enum hc_status hc_flink_record_print(const struct hc_flink_cluster *cluster, char **out, struct hc_error *err);
/*
 * Reads the text of such a record; *out is the caller's, to be given back by hc_flink_cluster_release. Unknown keys are
 * skipped, absent ones become unknown. HC_EPARSE names what is wrong; HC_EUNSUPPORTED: a newer format_version.
 */
enum hc_status hc_flink_record_parse(const char *text, struct hc_flink_cluster *out, struct hc_error *err);
void hc_flink_cluster_release(struct hc_flink_cluster *cluster);

#endif
