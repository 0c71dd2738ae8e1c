/*
 * Flink's memory arithmetic: what a TaskManager or JobManager is given, byte for byte, from a configuration. Follows
 * TaskExecutorProcessUtils, JobManagerProcessUtils and ProcessMemoryUtils of Flink 1.10 (JobManager: 1.11) to 2.3.
 * docs/flink-memory.md has every rule with its class.
 */
#ifndef HEAPCAST_PROCESS_SPEC_H
#define HEAPCAST_PROCESS_SPEC_H

#include <heapcast/error.h>
#include <heapcast/flink_options.h>
#include <heapcast/flink_version.h>
#include <stdbool.h>
#include <stdint.h>

/* All sizes are at most 2^63-1, as in Flink. */
struct hc_taskmanager_spec {
    uint64_t framework_heap_bytes, task_heap_bytes;                        /* together the JVM heap */
    uint64_t framework_off_heap_bytes, task_off_heap_bytes, network_bytes; /* together the JVM's direct memory limit */
    uint64_t managed_bytes;                                                /* native, outside heap and direct memory */
    uint64_t metaspace_bytes, overhead_bytes;
    uint64_t total_flink_bytes, total_process_bytes;
    uint64_t jvm_heap_bytes, jvm_direct_bytes;
    double cpu_cores;
    int32_t slots; /* 0 before Flink 1.13, which does not read it here */
};

struct hc_jobmanager_spec {
    uint64_t jvm_heap_bytes, off_heap_bytes, metaspace_bytes, overhead_bytes;
    uint64_t total_flink_bytes, total_process_bytes;
    bool direct_limit; /* off-heap is a limit for the JVM, not only a plan */
};

/* How Flink refuses a configuration. */
#define HC_FAILURE_CHAIN_MAX 6
struct hc_flink_failure {
    const char *code; /* stable name, as NOTHING_CONFIGURED; static */
    const char *key;  /* the option it is about, "" if none; static */
    unsigned depth;
    struct {
        const char *exception; /* Java class; static */
        char message[768];
    } chain[HC_FAILURE_CHAIN_MAX]; /* [0] is thrown, the others are its causes in order */
    char mend[320];                /* our words: what would be right */
};

/*
 * HC_ECONFIG: Flink refuses; *err has Flink's message and the mend, with the option's line, *failure (may be NULL) all
 * of it. HC_EUNSUPPORTED: no such model in this version (JobManager before 1.11).
 */
enum hc_status hc_taskmanager_spec_derive(const struct hc_flink_options *options, struct hc_flink_target target,
                                          struct hc_taskmanager_spec *out, struct hc_flink_failure *failure,
                                          struct hc_error *err);
enum hc_status hc_jobmanager_spec_derive(const struct hc_flink_options *options, struct hc_flink_target target,
                                         struct hc_jobmanager_spec *out, struct hc_flink_failure *failure,
                                         struct hc_error *err);

/* Every byte is the same. */
bool hc_taskmanager_spec_equal(const struct hc_taskmanager_spec *a, const struct hc_taskmanager_spec *b);
bool hc_jobmanager_spec_equal(const struct hc_jobmanager_spec *a, const struct hc_jobmanager_spec *b);

/* The JVM's arguments as Flink's scripts put them on the command line: "-Xmx… -Xms… …". */
#define HC_JVM_ARGUMENTS_TEXT 192
char *hc_taskmanager_spec_jvm_arguments(const struct hc_taskmanager_spec *spec, char *out);
char *hc_jobmanager_spec_jvm_arguments(const struct hc_jobmanager_spec *spec, char *out);

/*
 * The "-D key=value" list that Flink hands to the process, in Flink's order. *out is owned by the caller (free); "" for
 * a JobManager before 1.12. `options` (external resources stand only there) are those that *spec was derived from.
 */
enum hc_status hc_taskmanager_spec_dynamic_options(const struct hc_taskmanager_spec *spec,
                                                   const struct hc_flink_options *options,
                                                   struct hc_flink_target target, char **out, struct hc_error *err);
enum hc_status hc_jobmanager_spec_dynamic_options(const struct hc_jobmanager_spec *spec, struct hc_flink_target target,
                                                  char **out, struct hc_error *err);

#endif
