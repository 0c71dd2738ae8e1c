/*
 * The probe: asks the JVM for a look over the whole heap where none came by itself, and reads what it saw. A task of
 * the Java thread, one step a turn.
 *
 *   idle ──due──► pulsed ──Concurrent Start──► marking ──table──► settling ──► idle
 *     └─natural cycles──► listening ──table──────────────────────────┘
 *
 * The JVM's log is switched on for one cycle at a time, into memory (probe_log), and off as soon as the figures are
 * there. How a cycle is asked for:
 *   G1 from JDK 12 on    a pulse of the manageable flag G1PeriodicGCInterval; the value before comes back at the first
 *                        sign of the cycle and in every way out (a JVM that dies takes its flags with it)
 *   G1 of JDK 11         GC.run, where -XX:+ExplicitGCInvokesConcurrent makes it concurrent
 *   ZGC, Shenandoah      GC.run: concurrent by nature
 *   others, and where a precondition fails: not at all; a full collection only within live_probe_pause=MAX
 * When is up to probe_pace, and to what the program is doing: not while the container is throttled, while collections
 * take much of the time, or while mixed collections are at work.
 */
#ifndef HEAPCAST_LIVE_PROBE_H
#define HEAPCAST_LIVE_PROBE_H

#include "args.h"
#include "cpu_throttle.h"
#include "gc_cpu.h"
#include "live_ring.h"
#include "live_watch.h"
#include "liveness_table.h"
#include "marking_log.h"
#include "perf_counters.h"
#include "probe_log.h"
#include "probe_pace.h"
#include "vm_control.h"

#include <heapcast/recommendation.h>

#include <jni.h>
#include <stdatomic.h>

enum { LIVE_PROBE_MINUTE = 61 };

enum live_probe_way { LIVE_PROBE_NONE, LIVE_PROBE_PULSE, LIVE_PROBE_COMMAND, LIVE_PROBE_FULL };
enum live_probe_step {
    LIVE_PROBE_NEW,
    LIVE_PROBE_IDLE,
    LIVE_PROBE_LISTENING,
    LIVE_PROBE_PULSED,
    LIVE_PROBE_MARKING,
    LIVE_PROBE_SETTLING
};

struct live_probe {
    /* borrowed for the life of the JVM */
    const struct args *args;
    const char *dir;
    const struct perf_counters *counters;
    enum hc_collector collector;
    uint64_t heap_bytes;
    struct live_watch *watch;

    /* for the recorder: views, and what stands in the recommendation; each value independent, read relaxed */
    struct live_ring ring;
    _Atomic uint64_t probes, cpu_us, pause_max_us;
    _Atomic int64_t since_ms, last_at_ms; /* wall clock */
    _Atomic(const char *) state;
    int said; /* the recorder's own: the first view was logged */

    /* the Java thread's own */
    enum live_probe_step step;
    enum live_probe_way way;
    const char *refusal; /* why there is no way; NULL: there is one */
    int can_listen;      /* cycles that come by themselves can be read */
    struct vm_control vm;
    struct probe_log log;
    int logging;
    struct liveness_table table;
    struct marking_log marking;
    int marked; /* marking_log has a result */
    struct probe_pace pace;
    struct gc_cpu cpu;
    struct cpu_throttle throttle;

    int flag_changed; /* G1PeriodicGCInterval is ours */
    char flag_before[32];
    int64_t deadline_ms, settled_ms, begun_ms, marking_ms, listened_ms, listen_due_ms, heard_ms; /* monotonic */
    int64_t marked_at_ms; /* wall clock: when the figures were there */

    struct gc_cpu_time cpu_before, cpu_after_last;
    int cpu_known;
    int64_t after_last_ms, own_before_us;
    double usual_ns_per_ms; /* what collections cost while nobody asks for any */

    uint64_t own_pause_us;                                                 /* that probes added */
    uint64_t pause_at[LIVE_PROBE_MINUTE], throttled_at[LIVE_PROBE_MINUTE]; /* of the last minute's seconds */
    unsigned seconds;
    int64_t second_ms;
    int64_t phases_seen;
};

/* What is borrowed must be set before; the rest is filled here. */
void live_probe_init(struct live_probe *probe);
/* A turn (java_thread.h). */
int live_probe_run(void *probe, JNIEnv *jni);

/* For the recorder: the next view, complete; 0: none yet. Samples up to now must have gone to the watch before. */
int live_probe_take(struct live_probe *probe, struct hc_live_view *out);
/* For the recorder: fills observed.live_probe. */
void live_probe_tell(struct live_probe *probe, int64_t now_ms, struct hc_recommendation *out);

#endif
