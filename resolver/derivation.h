/*
 * One run of Flink's arithmetic: reading options with Flink's rules, exact fractions, and the exception that Flink
 * would throw. Every function returns false once something failed; the failure then stands in `failure`.
 */
#ifndef HC_DERIVATION_H
#define HC_DERIVATION_H

#include "flink_keys.h"

#include <heapcast/process_spec.h>

#define HC_CONFIG_EXCEPTION "org.apache.flink.configuration.IllegalConfigurationException"
#define HC_ARGUMENT_EXCEPTION "java.lang.IllegalArgumentException"
#define HC_NUMBER_EXCEPTION "java.lang.NumberFormatException"
#define HC_ARITHMETIC_EXCEPTION "java.lang.ArithmeticException"

#define HC_SIZE_MAX ((uint64_t)INT64_MAX)
#define HC_MIB ((uint64_t)1 << 20)

struct hc_role_keys {
    const char *process; /* as in "TaskManager memory configuration failed" */
    enum hc_key process_size, flink_size, metaspace, overhead_min, overhead_max, overhead_fraction;
    enum hc_key fine[2]; /* the fine-grained way is taken if all of these are configured */
    enum hc_key old_heap, old_heap_mb;
    const char *old_environment;               /* "FLINK_TM_HEAP" */
    enum hc_key old_standalone, old_container; /* what the old heap keys stand for */
};
extern const struct hc_role_keys hc_taskmanager_keys, hc_jobmanager_keys;

struct derivation {
    const struct hc_flink_options *options;
    struct hc_flink_target target;
    const struct hc_role_keys *role;
    enum hc_key mapped; /* the option that an old heap key stands for, HC_KEY_NONE: no old key counts */
    uint64_t mapped_bytes;
    struct hc_flink_failure failure;
    unsigned line; /* of the option that failed */
};

struct hc_range {
    uint64_t min, max;
    double fraction; /* a float, widened, as Flink computes with it */
};

void hc_derivation_init(struct derivation *d, const struct hc_flink_options *options, struct hc_flink_target target,
                        const struct hc_role_keys *role);

/* Failures: raise begins one, cause appends a cause, wrap puts an exception around it. All return false. */
__attribute__((format(printf, 5, 6))) bool hc_raise(struct derivation *d, const char *code, enum hc_key key,
                                                    const char *exception, const char *format, ...);
__attribute__((format(printf, 3, 4))) bool hc_cause(struct derivation *d, const char *exception, const char *format,
                                                    ...);
__attribute__((format(printf, 3, 4))) bool hc_wrap(struct derivation *d, const char *exception, const char *format,
                                                   ...);
__attribute__((format(printf, 2, 3))) bool hc_mend(struct derivation *d, const char *format, ...);

/* The class of the exception that MemorySize throws with this text. */
const char *hc_size_exception(const struct hc_error *err);
bool hc_has(const struct derivation *d, enum hc_key key);
bool hc_read_size(struct derivation *d, enum hc_key key, uint64_t *out); /* the default where it is not configured */
bool hc_read_int(struct derivation *d, enum hc_key key, int32_t otherwise, int32_t *out);
bool hc_read_double(struct derivation *d, enum hc_key key, double *out); /* must be configured */
bool hc_read_boolean(struct derivation *d, enum hc_key key, bool otherwise, bool *out);
/* HC_KEY_NONE for min and max: 0 and 2^63-1. */
bool hc_read_range(struct derivation *d, enum hc_key min, enum hc_key max, enum hc_key fraction, struct hc_range *out);
bool hc_read_overhead_range(struct derivation *d, struct hc_range *out);
bool hc_read_network_range(struct derivation *d, struct hc_range *out);
/* Network memory is a number of buffers (old key, before 2.0, no other network option set). */
bool hc_network_by_buffers(const struct derivation *d);
bool hc_read_buffers(struct derivation *d, uint64_t *out);
/* An amount of one external resource; 0: not configured or none. */
bool hc_read_resource_amount(struct derivation *d, const char *name, int64_t *out);

bool hc_add(struct derivation *d, uint64_t a, uint64_t b, uint64_t *out);
bool hc_multiply(struct derivation *d, uint64_t bytes, double factor, uint64_t *out);
uint64_t hc_clip(uint64_t bytes, const struct hc_range *range);
/* The part of a whole; the part beside a given rest. */
bool hc_part_of_whole(struct derivation *d, uint64_t whole, const struct hc_range *range, uint64_t *out);
bool hc_part_of_rest(struct derivation *d, uint64_t rest, const struct hc_range *range, uint64_t *out);

/* H(x) of Flink's messages, for use inside one printf call. */
#define HC_HUMAN(bytes) hc_memory_size_human((bytes), (char[HC_MEMORY_SIZE_TEXT]){0})

/* The TaskManager's and the JobManager's own steps, called by the frame in process_spec.c. */
struct hc_parts {
    uint64_t framework_heap, task_heap, framework_off_heap, task_off_heap, network, managed; /* TaskManager */
    uint64_t heap, off_heap;                                                                 /* JobManager */
    uint64_t total;
};
bool hc_taskmanager_fine(struct derivation *d, struct hc_parts *out);
bool hc_taskmanager_total(struct derivation *d, uint64_t flink, struct hc_parts *out);
bool hc_jobmanager_fine(struct derivation *d, struct hc_parts *out);
bool hc_jobmanager_total(struct derivation *d, uint64_t flink, struct hc_parts *out);

/* LegacyHeap: what an old heap key stands for goes into d->mapped. */
bool hc_map_old_heap(struct derivation *d);

#endif
