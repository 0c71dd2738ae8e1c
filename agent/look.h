/*
 * One look outside the heap: what the operating system, malloc, the JVM's counters and the Java thread tell, made into
 * one memory sample, with the JVM's own share worked out. Used by the recorder.
 */
#ifndef HEAPCAST_LOOK_H
#define HEAPCAST_LOOK_H

#include "jvm_gauge.h"
#include "jvm_malloc.h"
#include "metaspace_gauge.h"
#include "perf_counters.h"
#include "process_gauge.h"

#include <heapcast/memory_sample.h>
#include <heapcast/subject.h>

#include <stdint.h>

enum { LOOK_MS = JVM_GAUGE_PERIOD_MS + 200 /* from begin to finish: the Java thread has come round meanwhile */ };

/* Everything is borrowed for the life of the JVM. */
struct look_sources {
    struct process_places places;
    const struct perf_counters *counters;
    const struct jvm_gauge *jvm_gauge;             /* NULL: no Java thread */
    const struct metaspace_gauge *metaspace_gauge; /* NULL: the counter is good */
    enum hc_role role;
    enum hc_collector collector;
    int jdk; /* major version, 0 unknown */
};

struct look {
    struct look_sources sources;
    struct process_gauge gauge;
    struct jvm_malloc own_malloc;
    struct hc_memory_sample sample, finished; /* the first is open where its time_ms is not 0 */
    int64_t cost_us;                          /* CPU time of the newest look_begin */
};

/* `give_up` as in struct process_gauge. */
void look_init(struct look *look, const struct look_sources *sources, int (*give_up)(void));

/*
 * A look has two steps. What the operating system tells is read at once, but direct memory is a value that the Java
 * thread left up to a second ago: were a network pool of 350 MiB allocated in between, it would stand in RSS and not in
 * direct memory, and pass for overhead. So the look is finished when the Java thread has come round again, with the
 * larger of the values before and after.
 */
void look_begin(struct look *look, int64_t time_ms);
static inline int look_is_open(const struct look *look)
{
    return look->sample.time_ms != 0;
}
/* Only while it is open. Borrowed until the next look begins. */
const struct hc_memory_sample *look_finish(struct look *look);

/*
 * How long after this look the next one may begin, where the user asked for every `asked_ms`: 2.5 s at least for each
 * GiB of heap, whose pages take their time to count, and a minute beyond 8 GiB; where he asked for 10 s or more, so
 * much that looks take 0.06 % of a core (ZGC's pages are mapped three times); every 2 s, if that is less, in the first
 * five minutes as long as no task of Flink's has run, since only then can the JVM's own share of malloc be told.
 */
int64_t look_period_ms(const struct look *look, int64_t asked_ms, int64_t watched_ms);

#endif
