/*
 * A Flink cluster as its JobManager's REST interface described it at one moment: what only Flink knows. Unknown byte
 * counts are HC_BYTES_UNKNOWN, unknown texts "".
 */
#ifndef HEAPCAST_FLINK_CLUSTER_H
#define HEAPCAST_FLINK_CLUSTER_H

#include <heapcast/gc_sample.h>
#include <stddef.h>
#include <stdint.h>

#define HC_FLINK_ID 40 /* hexadecimal ids of jobs and vertices */

/* An edge of the job graph, kept with the vertex that it ends at. */
struct hc_cluster_input {
    char from[HC_FLINK_ID]; /* a vertex of the same job */
    char ship_strategy[24]; /* as Flink names it: FORWARD, RESCALE, HASH, REBALANCE, … */
    char exchange[32];      /* ResultPartitionType in lower case: pipelined_bounded, blocking, hybrid_full, … */
};

struct hc_cluster_vertex {
    char id[HC_FLINK_ID];
    char name[160];
    uint32_t parallelism; /* in force now */
    uint32_t running;     /* subtasks that run; others wait, start, or are done */
    struct hc_cluster_input *inputs;
    size_t input_count;
};

struct hc_cluster_job {
    char id[HC_FLINK_ID];
    char name[160];
    char state[24]; /* RUNNING, RESTARTING, … */
    char type[24];  /* STREAMING, BATCH */
    struct hc_cluster_vertex *vertices;
    size_t vertex_count;
};

/* The names of these fields in JSON are in records/flink_record.c. */
struct hc_cluster_sizes {
    uint64_t framework_heap_bytes, task_heap_bytes, framework_off_heap_bytes, task_off_heap_bytes, network_bytes,
        managed_bytes, metaspace_bytes, overhead_bytes, total_flink_bytes, total_process_bytes;
};

struct hc_cluster_taskmanager {
    char id[200];
    uint32_t slots, free_slots;
    struct hc_cluster_sizes plan;                 /* Flink's plan; the JVM may have been told otherwise */
    uint64_t heap_max_bytes, metaspace_max_bytes; /* the JVM's limits in force */
    uint64_t direct_used_bytes;
    uint64_t managed_used_bytes, managed_total_bytes; /* used: reserved by somebody, not filled */
    uint64_t network_used_bytes, network_total_bytes; /* used: buffers given to a gate or partition that are in use */
    char (*jobs)[HC_FLINK_ID];                        /* one for each allocated slot */
    size_t job_count;
};

struct hc_flink_cluster {
    int64_t generated_at_ms;
    char rest_url[256]; /* without user and password */
    char flink_version[32];
    struct hc_cluster_taskmanager *taskmanagers;
    size_t taskmanager_count;
    struct hc_cluster_job *jobs; /* those that have not ended */
    size_t job_count;
};

#endif
