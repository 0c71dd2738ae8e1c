/*
 * From a recommendation to the smallest change of the user's own configuration that reaches it. What comes out, read by
 * Flink, gives exactly the recommended JVM heap; every other size has its reason in words.
 */
#ifndef HEAPCAST_RESOLVER_H
#define HEAPCAST_RESOLVER_H

#include <heapcast/error.h>
#include <heapcast/flink_options.h>
#include <heapcast/flink_version.h>
#include <heapcast/process_spec.h>
#include <heapcast/recommendation.h>
#include <heapcast/subject.h>
#include <stdbool.h>
#include <stdint.h>

enum hc_network_policy {
    HC_NETWORK_RULE = 0, /* Flink derives it from the user's own fraction, min and max */
    HC_NETWORK_KEEP = 1  /* as many bytes as before, whatever the total */
};

enum hc_memory_model {
    HC_MODEL_COMPONENTS = 0, /* each component for itself, Flink's own way */
    HC_MODEL_UNIFIED = 1     /* one pool: the container, whose slack heap, direct memory and metaspace share */
};

/* What the whole process (the container) may be, for pipelines. All 0: no limits. */
struct hc_resolve_limits {
    uint64_t min_bytes, max_bytes;
    uint64_t step_bytes;     /* rounded up to a multiple of it */
    double max_change_ratio; /* of the container as it is, up or down, in one go */
    double min_gain_ratio;   /* a container that shrinks by less stays as it is */
};

/* What only Flink itself knows of the cluster that was measured (network_need.h, flink_cluster.h). */
struct hc_flink_facts {
    uint64_t network_need_bytes;     /* the most that the jobs can ask a TaskManager for, or HC_BYTES_UNKNOWN */
    uint64_t managed_reserved_bytes; /* the most that a TaskManager has reserved, or HC_BYTES_UNKNOWN */
    bool lasting;                    /* a job runs and none is a batch job: what is reserved now is all there will be */
};

/* All 0: components, network memory by rule, no limits. */
struct hc_resolve_policy {
    enum hc_network_policy network;     /* where *facts does not tell */
    const struct hc_flink_facts *facts; /* NULL: not asked */
    bool container; /* process.size is set whatever the style: something outside Flink needs it, in whole MiB */
    enum hc_memory_model model;
    struct hc_resolve_limits limits;
};

enum hc_component {
    HC_COMPONENT_FRAMEWORK_HEAP,
    HC_COMPONENT_TASK_HEAP,
    HC_COMPONENT_MANAGED,
    HC_COMPONENT_FRAMEWORK_OFF_HEAP,
    HC_COMPONENT_TASK_OFF_HEAP,
    HC_COMPONENT_NETWORK,
    HC_COMPONENT_METASPACE,
    HC_COMPONENT_OVERHEAD,
    HC_COMPONENT_JM_HEAP, /* the JobManager has these two, metaspace and overhead */
    HC_COMPONENT_JM_OFF_HEAP,
    HC_COMPONENTS
};

struct hc_component_change {
    uint64_t before_bytes, after_bytes;
    char reason[320]; /* a sentence; "" for a component that the role does not have */
};

/* One option that must be written differently. */
#define HC_OPTION_VALUE_TEXT 64
struct hc_option_change {
    const char *key;                      /* static */
    const char *old_key;                  /* the older spelling in force whose place it takes, NULL: none; static */
    bool was_set;                         /* key or old_key stood in the configuration before */
    char old_value[HC_OPTION_VALUE_TEXT]; /* as it stood there, cut to fit */
    bool removed;                         /* the option goes; no new value */
    uint64_t new_bytes;
    char new_value[HC_OPTION_VALUE_TEXT]; /* "1089m", or in bytes "1141899265b" */
    char *new_text;                       /* the value where it is no size (JVM options), NULL: a size; owned */
};

/* The unified pool: JVM limits that share what the container has beyond the need. */
struct hc_pool {
    bool used;
    uint64_t container_bytes;
    uint64_t heap_need_bytes; /* the recommended heap */
    uint64_t outside_bytes;   /* the most that was ever resident outside the heap, with the network memory that will be
                                 and managed memory in full where somebody uses it */
    uint64_t margin_bytes;
    uint64_t slack_bytes;                  /* container - need - outside: what the limits below share */
    uint64_t sum_max_bytes, sum_p99_bytes; /* live set and all else at once, as measured; may be unknown */
    uint64_t heap_limit_bytes, heap_initial_bytes, direct_limit_bytes, metaspace_limit_bytes;
    char statement[320]; /* heap limit + outside + margin <= container, in figures */
};

enum { HC_OPTION_CHANGES_MAX = 24, HC_WARNINGS_MAX = 12, HC_NOTES_MAX = 6 };

struct hc_resolution {
    enum hc_role role;                        /* TASKMANAGER or JOBMANAGER */
    struct hc_taskmanager_spec before, after; /* of the TaskManager */
    struct hc_jobmanager_spec manager_before, manager_after;
    struct hc_component_change components[HC_COMPONENTS];
    unsigned change_count; /* 0: the configuration is right as it is */
    struct hc_option_change changes[HC_OPTION_CHANGES_MAX];
    unsigned warning_count;
    char warnings[HC_WARNINGS_MAX][320];
    unsigned note_count;
    char notes[HC_NOTES_MAX][320]; /* what decided the whole: a limit that bound, the pool's balance */
    struct hc_pool pool;
    struct hc_flink_options *options; /* the whole configuration after the change; owned, see _release */
};

/* The value as a file takes it, and as a -D option (sizes in bytes). `out` has HC_OPTION_VALUE_TEXT bytes and may stay
 * unused; borrowed. */
const char *hc_option_change_value(const struct hc_option_change *change);
const char *hc_option_change_bytes(const struct hc_option_change *change, char *out);

/* Flink's own name: "Task Heap", "JVM Metaspace". */
const char *hc_component_name(enum hc_component component);

/*
 * Style is kept: process.size stays process.size (in whole MiB, since Kubernetes and YARN truncate), flink.size stays
 * flink.size, fine-grained stays fine-grained. Metaspace, overhead and framework off-heap memory never grow unless more
 * was measured than they have. Resolving the result again changes nothing. Where a limit of the policy binds, the heap
 * takes the difference, and a note says so.
 *
 * `subject` (may be NULL) tells under which configuration was measured. HC_ENODATA: the recommendation has no number;
 * HC_ECONFIG: Flink refuses `current` itself, no size of Flink's can reach the heap, or the limits leave less than the
 * least that the recommendation allows. On success *out is the
 * caller's, to be given back by hc_resolution_release.
 */
enum hc_status hc_resolve_taskmanager(const struct hc_flink_options *current, struct hc_flink_target target,
                                      const struct hc_recommendation *recommendation, const struct hc_subject *subject,
                                      const struct hc_resolve_policy *policy, struct hc_resolution *out,
                                      struct hc_error *err);
/* The same for a JobManager: its heap exactly, the other parts by what was seen. Limits as above; there is no pool. */
enum hc_status hc_resolve_jobmanager(const struct hc_flink_options *current, struct hc_flink_target target,
                                     const struct hc_recommendation *recommendation,
                                     const struct hc_resolve_policy *policy, struct hc_resolution *out,
                                     struct hc_error *err);
void hc_resolution_release(struct hc_resolution *resolution);

/* The -D options of the changes, to be appended to the start of the process: "-D key=value …". Owned by the caller. */
enum hc_status hc_resolution_dynamic_options(const struct hc_resolution *resolution, char **out, struct hc_error *err);

#endif
