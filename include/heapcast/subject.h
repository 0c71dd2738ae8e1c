/* Whose memory this is: one JVM, and for a Flink process the memory split that Flink put on its command line. */
#ifndef HEAPCAST_SUBJECT_H
#define HEAPCAST_SUBJECT_H

#include <heapcast/gc_sample.h>
#include <stdint.h>

enum hc_role { HC_ROLE_JVM = 0, HC_ROLE_TASKMANAGER = 1, HC_ROLE_JOBMANAGER = 2 };

#define HC_FLINK_SETTINGS_MAX 48

struct hc_flink_setting {
    char key[72];
    char value[72];
};

struct hc_subject {
    enum hc_role role;
    char name[128]; /* [A-Za-z0-9._-] only: it becomes part of file names */
    char host[128];
    int64_t pid;
    int64_t started_at_ms;
    char jvm_version[64];
    enum hc_collector collector;
    uint64_t heap_max_bytes;
    uint64_t metaspace_limit_bytes; /* -XX:MaxMetaspaceSize of the command line; 0: none there */
    unsigned flink_count;           /* settings found on the command line, in their order */
    struct hc_flink_setting flink[HC_FLINK_SETTINGS_MAX];
};

#endif
