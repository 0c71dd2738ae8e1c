/* What Flink derives, or why it refuses, as JSON. Byte counts are written in full: they may exceed 2^53. */
#ifndef HEAPCAST_FLINK_JSON_H
#define HEAPCAST_FLINK_JSON_H

#include <cJSON.h>
#include <heapcast/process_spec.h>

/* The objects are owned by the caller; NULL only without memory. */
cJSON *hc_json_taskmanager(const struct hc_taskmanager_spec *spec);
cJSON *hc_json_jobmanager(const struct hc_jobmanager_spec *spec);
void hc_json_add_bytes(cJSON *object, const char *name, uint64_t bytes);
/* "ok": false, "ex", "msg", "causes", "code", "key", "mend" */
void hc_json_add_failure(cJSON *object, const struct hc_flink_failure *failure);
/* "ok": true, "bytes", "jvm", "dyn" of a role's specification, or the failure. HC_ECONFIG: it was a failure. */
enum hc_status hc_json_add_derivation(cJSON *object, bool jobmanager, const struct hc_flink_options *options,
                                      struct hc_flink_target target, struct hc_error *err);

#endif
