#include "live_probe.h"

#include "clock.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Of one core, for reading cycles that come by themselves. */
#define LISTEN_SHARE 0.002

enum {
    IDLE_MS = 1000,
    PULSE_POLL_MS = 10,
    MARKING_POLL_MS = 20, /* soon after Remark: then the table of the Cleanup pause is not printed */
    LISTEN_POLL_MS = 200,
    PULSE_TIMEOUT_MS = 10 * 1000, /* the JVM looks at the flag once a second */
    MARKING_TIMEOUT_MS = 120 * 1000,
    COMMAND_TIMEOUT_MS = 5 * 1000, /* the command has returned: its log comes at once */
    SETTLE_MIN_MS = 200,
    SETTLE_MAX_MS = 5 * 1000,
    LISTEN_AGAIN_MS = 60 * 1000, /* after a cycle that could not be read */
    HEARD_LATELY_MS = 60 * 1000, /* cycles that come by themselves come again */
    LISTEN_EVERY_MS = 60 * 1000,
    LISTEN_US = 1000,            /* the log switched on and off */
    LISTEN_ROW_US = 3,           /* G1: a region's row, printed in Remark and read here */
    LISTEN_OFTEN_MS = 10 * 1000, /* ZGC, Shenandoah: some kilobytes written outside the pauses */
    REGIONS_MAX = 4096,          /* a table costs 2 us a region, in a pause */
    FULL_EVERY_MS = 60 * 60 * 1000
};

/* Pauses over time in the last minute, our own left out. Who gives a period has said that it may cost something. */
#define GC_SHARE_MAX_AUTO 0.10
#define GC_SHARE_MAX_PERIOD 0.30
/* What a full collection takes at most, by what it may find alive: 60 ms for 100 MiB, measured with Serial. */
#define FULL_US_PER_MIB 600.0

/* The value of the pulse: no round number that a user would have chosen, so that one that was left is known for ours.
 */
#define PULSE_FLAG "G1PeriodicGCInterval"
#define PULSE_VALUE "11"
enum { PULSE_MS = 11 };

static void say_state(struct live_probe *p, const char *text)
{
    atomic_store_explicit(&p->state, text, memory_order_release);
}

/* ---- which way there is ---- */

/* The pulse works where the JVM looks at the flag often enough. NULL: it does. */
static const char *pulse_refusal(JNIEnv *jni, struct live_probe *p)
{
    char threshold[32];
    long long interval = vm_control_flag_number(jni, &p->vm, PULSE_FLAG);
    if (interval < 0)
        return "on this JDK a cycle can only be asked for with -XX:+ExplicitGCInvokesConcurrent";
    if (interval == PULSE_MS) { /* an agent before us ended in the middle */
        log_line(LOG_LEVEL_INFO, "-XX:" PULSE_FLAG "=%d was left by a probe; it is set back to 0", PULSE_MS);
        (void)vm_control_set_flag(jni, &p->vm, PULSE_FLAG, "0");
    } else if (interval >= PULSE_TIMEOUT_MS) { /* and it looks again only when that is over */
        return "a -XX:" PULSE_FLAG " of 10 s or more keeps the JVM from cycles that are asked for "
               "(-XX:+ExplicitGCInvokesConcurrent helps)";
    }
    if (!vm_control_flag_is_true(jni, &p->vm, "G1PeriodicGCInvokesConcurrent"))
        return "-XX:-G1PeriodicGCInvokesConcurrent would make each probe a full collection";
    if (!vm_control_flag(jni, &p->vm, "G1PeriodicGCSystemLoadThreshold", threshold, sizeof threshold) ||
        strspn(threshold, "0.") != strlen(threshold))
        return "-XX:G1PeriodicGCSystemLoadThreshold keeps the JVM from cycles that are asked for";
    return NULL;
}

static const char *find_way_g1(JNIEnv *jni, struct live_probe *p)
{
    long long region = vm_control_flag_number(jni, &p->vm, "G1HeapRegionSize");
    if (region <= 0 || p->heap_bytes == HC_BYTES_UNKNOWN || p->heap_bytes / (uint64_t)region > REGIONS_MAX)
        return "the heap has too many regions: printing them would make a pause too long (a larger "
               "-XX:G1HeapRegionSize "
               "helps)";
    p->can_listen = 1;
    const char *refusal = pulse_refusal(jni, p);
    if (refusal == NULL)
        p->way = LIVE_PROBE_PULSE;
    else if (vm_control_flag_is_true(jni, &p->vm, "ExplicitGCInvokesConcurrent"))
        p->way = LIVE_PROBE_COMMAND;
    return p->way != LIVE_PROBE_NONE ? NULL : refusal;
}

static const char *find_way_shenandoah(JNIEnv *jni, struct live_probe *p)
{
    char mode[32];
    if (vm_control_flag(jni, &p->vm, "ShenandoahGCMode", mode, sizeof mode) && strcmp(mode, "passive") == 0)
        return "Shenandoah's passive mode has no concurrent cycles";
    p->can_listen = 1;
    if (!vm_control_flag_is_true(jni, &p->vm, "ExplicitGCInvokesConcurrent"))
        return "-XX:-ExplicitGCInvokesConcurrent would make each probe a full collection";
    p->way = LIVE_PROBE_COMMAND;
    return NULL;
}

/*
 * The flags know the collector also where there are no performance counters to tell. Only what is not known is asked:
 * a flag that this JDK does not have ends in a text put together by the JVM's first lambda, half a megabyte.
 */
static void identify(JNIEnv *jni, struct live_probe *p)
{
    static const struct {
        const char *flag;
        enum hc_collector collector;
    } flags[] = {{"UseG1GC", HC_COLLECTOR_G1},
                 {"UseZGC", HC_COLLECTOR_Z},
                 {"UseShenandoahGC", HC_COLLECTOR_SHENANDOAH},
                 {"UseSerialGC", HC_COLLECTOR_SERIAL},
                 {"UseParallelGC", HC_COLLECTOR_PARALLEL},
                 {"UseConcMarkSweepGC", HC_COLLECTOR_CMS},
                 {"UseEpsilonGC", HC_COLLECTOR_EPSILON}};
    for (size_t i = 0; p->collector == HC_COLLECTOR_UNKNOWN && i < sizeof flags / sizeof flags[0]; i++)
        if (vm_control_flag_is_true(jni, &p->vm, flags[i].flag))
            p->collector = flags[i].collector;
    long long most = p->heap_bytes == HC_BYTES_UNKNOWN ? vm_control_flag_number(jni, &p->vm, "MaxHeapSize") : 0;
    if (most > 0)
        p->heap_bytes = (uint64_t)most;
}

/* Why this collector has no concurrent look over the whole heap; NULL: it may have one. */
static const char *refusal_by_collector(enum hc_collector collector)
{
    switch (collector) {
    case HC_COLLECTOR_SERIAL:
    case HC_COLLECTOR_PARALLEL:
    case HC_COLLECTOR_CMS:
        return "this collector has no concurrent way to look over the whole heap";
    case HC_COLLECTOR_EPSILON:
        return "this collector never collects";
    default:
        return NULL;
    }
}

static const char *find_way(JNIEnv *jni, struct live_probe *p)
{
    /* before any class of Java's is asked for: loading those takes more than a megabyte */
    const char *refusal = refusal_by_collector(p->collector);
    if (refusal != NULL && p->args->live_probe_pause_ms == 0)
        return refusal;
    const char *missing = vm_control_find(jni, &p->vm);
    if (missing != NULL)
        return missing;
    identify(jni, p);
    switch (p->collector) {
    case HC_COLLECTOR_G1:
        return find_way_g1(jni, p);
    case HC_COLLECTOR_Z:
        p->can_listen = 1;
        p->way = LIVE_PROBE_COMMAND;
        return NULL;
    case HC_COLLECTOR_SHENANDOAH:
        return find_way_shenandoah(jni, p);
    default:
        refusal = refusal_by_collector(p->collector);
        return refusal != NULL ? refusal : "it is not known which collector this is";
    }
}

static int full_would_do(const struct live_probe *p)
{
    return p->args->live_probe_pause_ms > 0 && p->vm.commands != NULL &&
           (p->collector == HC_COLLECTOR_SERIAL || p->collector == HC_COLLECTOR_PARALLEL ||
            p->collector == HC_COLLECTOR_CMS || p->collector == HC_COLLECTOR_G1);
}

static void set_up(JNIEnv *jni, struct live_probe *p, int64_t now)
{
    p->way = LIVE_PROBE_NONE;
    p->refusal = find_way(jni, p);
    if (p->refusal != NULL && full_would_do(p)) {
        log_line(LOG_LEVEL_INFO, "live set: %s; full collections of less than %lld ms are made instead", p->refusal,
                 (long long)p->args->live_probe_pause_ms);
        p->way = LIVE_PROBE_FULL;
        p->refusal = NULL;
    }
    if (p->refusal != NULL)
        log_line(LOG_LEVEL_INFO, "live set: no probes (%s); %s", p->refusal,
                 p->can_listen ? "cycles that come by themselves are read" : "only what collections leave is read");
    say_state(p, p->refusal != NULL ? p->refusal : "waiting for the first probe");
    probe_pace_init(&p->pace, p->args->live_probe_ms, p->args->warmup_ms, now,
                    (uint64_t)now_ms(CLOCK_REALTIME) * 2654435761u + (uint64_t)getpid());
    cpu_throttle_init(&p->throttle, "/proc/self/cgroup", "/sys/fs/cgroup");
    p->cpu_known = gc_cpu_read(&p->cpu, &p->cpu_after_last);
    p->after_last_ms = now;
    p->phases_seen = perf_value(p->counters->phase_invocations);
    atomic_store_explicit(&p->since_ms, now_ms(CLOCK_REALTIME), memory_order_relaxed);
    p->step = LIVE_PROBE_IDLE;
}

/* ---- the JVM's log ---- */

static int switch_log(JNIEnv *jni, struct live_probe *p, int on)
{
    static const char *const what[] = {
        [HC_COLLECTOR_G1] = "gc=info,gc+liveness=trace",
        [HC_COLLECTOR_Z] = "gc=info,gc+heap=info,gc+phases=info",
        [HC_COLLECTOR_SHENANDOAH] = "gc=info,gc+ergo=info",
    };
    char command[PROBE_LOG_PATH + 160], answer[160] = "";
    if (on)
        snprintf(command, sizeof command, "VM.log output=%s what=%s decorators=tn output_options=filecount=0",
                 p->log.path, what[p->collector]);
    else
        snprintf(command, sizeof command, "VM.log output=%s what=all=off", p->log.path);
    if (vm_control_run(jni, &p->vm, command, answer, sizeof answer) && answer[0] == '\0')
        return 1;
    log_line(LOG_LEVEL_DEBUG, "live set: the JVM does not switch its log: %s", answer);
    return 0;
}

static int start_log(JNIEnv *jni, struct live_probe *p)
{
    liveness_table_init(&p->table);
    marking_log_init(&p->marking);
    p->marked = 0;
    if (p->log.fd < 0 && probe_log_open(&p->log, p->dir) != 0)
        return 0;
    probe_log_clear(&p->log);
    if (!p->logging) {
        p->logging = switch_log(jni, p, 1);
        probe_log_hide(&p->log);
    }
    return p->logging;
}

static void stop_log(JNIEnv *jni, struct live_probe *p)
{
    if (p->logging && switch_log(jni, p, 0))
        p->logging = 0; /* else idle tries again */
}

/* A file has lost its name: the next probe needs a new one. Memory is kept, empty. */
static void end_log(struct live_probe *p)
{
    if (p->log.in_file && !p->logging)
        probe_log_close(&p->log);
    else
        probe_log_clear(&p->log);
}

static int take_line(void *probe, const char *line)
{
    struct live_probe *p = probe;
    if (p->collector == HC_COLLECTOR_G1) {
        (void)liveness_table_line(&p->table, line);
        return 0; /* the Remark line comes after its table */
    }
    p->marked = p->collector == HC_COLLECTOR_Z ? marking_log_z_line(&p->marking, line)
                                               : marking_log_shenandoah_line(&p->marking, line);
    if (p->step != LIVE_PROBE_LISTENING && !p->marking.asked)
        p->marked = 0; /* a cycle that ran already when ours was asked for */
    return p->marked;
}

static void read_log(struct live_probe *p)
{
    if (!p->marked)
        probe_log_read(&p->log, take_line, p);
}

static int has_begun(const struct live_probe *p)
{
    return p->table.state != LIVENESS_WAITING;
}

static int has_failed(const struct live_probe *p)
{
    return p->table.state == LIVENESS_ABORTED || p->table.state == LIVENESS_STRANGE;
}

static int has_result(const struct live_probe *p)
{
    return p->table.state == LIVENESS_DONE || p->marked;
}

/* ---- the flag ---- */

static int pulse(JNIEnv *jni, struct live_probe *p)
{
    /* still ours, since it could not be set back: what was before is known, what is there is not the user's */
    if (!p->flag_changed && !vm_control_flag(jni, &p->vm, PULSE_FLAG, p->flag_before, sizeof p->flag_before))
        return 0;
    p->flag_changed = 1; /* before it is: whatever comes of it, it is set back */
    return vm_control_set_flag(jni, &p->vm, PULSE_FLAG, PULSE_VALUE);
}

static void restore_flag(JNIEnv *jni, struct live_probe *p)
{
    if (p->flag_changed && vm_control_set_flag(jni, &p->vm, PULSE_FLAG, p->flag_before))
        p->flag_changed = 0;
}

/* ---- what it costs ---- */

static void begin_cost(struct live_probe *p, int64_t now)
{
    struct gc_cpu_time t;
    p->begun_ms = now;
    p->own_before_us = own_cpu_us();
    p->cpu_before = p->cpu_after_last;
    if (!p->cpu_known || !gc_cpu_read(&p->cpu, &t))
        return;
    p->cpu_before = t;
    if (now - p->after_last_ms >= 2000)
        p->usual_ns_per_ms = (double)(t.other_ns - p->cpu_after_last.other_ns) / (double)(now - p->after_last_ms);
}

/* Threads that only mark are ours; those that also make the young collections worked for these in the meantime, too. */
static uint64_t end_cost(struct live_probe *p, int64_t now)
{
    struct gc_cpu_time t;
    double ns = 0;
    if (p->cpu_known && gc_cpu_read(&p->cpu, &t)) {
        double other = (double)(t.other_ns - p->cpu_before.other_ns) - p->usual_ns_per_ms * (double)(now - p->begun_ms);
        ns = (double)(t.concurrent_ns - p->cpu_before.concurrent_ns) + (other > 0 ? other : 0);
        p->cpu_after_last = t;
        p->after_last_ms = now;
    }
    /* a thread that could not be read at the end makes the sum smaller */
    return (ns > 0 ? (uint64_t)(ns / 1000) : 0) + (uint64_t)(own_cpu_us() - p->own_before_us);
}

/* ---- the end of a probe ---- */

static void count(struct live_probe *p, uint64_t cost_us, uint64_t pause_us, uint64_t longest_us)
{
    p->own_pause_us += pause_us;
    atomic_fetch_add_explicit(&p->cpu_us, cost_us, memory_order_relaxed);
    if (longest_us > atomic_load_explicit(&p->pause_max_us, memory_order_relaxed))
        atomic_store_explicit(&p->pause_max_us, longest_us, memory_order_relaxed);
}

static void give_up(JNIEnv *jni, struct live_probe *p, int64_t now, const char *why)
{
    restore_flag(jni, p);
    stop_log(jni, p);
    if (p->step != LIVE_PROBE_LISTENING) {
        uint64_t cost = end_cost(p, now);
        probe_pace_failed(&p->pace, now, cost);
        count(p, cost, p->table.added_us, p->table.added_max_us);
        say_state(p, why);
        log_line(LOG_LEVEL_DEBUG, "live set: %s", why);
    }
    end_log(p);
    p->step = LIVE_PROBE_IDLE;
}

static struct hc_live_view view_of(const struct live_probe *p)
{
    static const enum hc_live_source sources[] = {[HC_COLLECTOR_G1] = HC_LIVE_G1_MARKING,
                                                  [HC_COLLECTOR_Z] = HC_LIVE_Z_MARKING,
                                                  [HC_COLLECTOR_SHENANDOAH] = HC_LIVE_SHENANDOAH_MARKING};
    int g1 = p->collector == HC_COLLECTOR_G1;
    int64_t wall_ms = now_ms(CLOCK_REALTIME) - now_ms(CLOCK_MONOTONIC);
    return (struct hc_live_view){
        .time_ms = (g1 ? p->table.start_ns : p->marking.start_ns) / 1000000 + wall_ms,
        .live_bytes = g1 ? p->table.live_bytes : p->marking.live_bytes,
        .used_bytes = g1 ? p->table.used_bytes : p->marking.used_bytes,
        .pause_us = g1 ? p->table.added_us : p->marking.pause_us,
        .source = sources[p->collector],
        .evidence = p->collector == HC_COLLECTOR_SHENANDOAH ? HC_EVIDENCE_ESTIMATE : HC_EVIDENCE_MARKING,
        .asked = (uint32_t)(g1 ? p->table.asked : p->marking.asked),
    };
}

/* Cycles that come by themselves are read once a minute: the history keeps so many looks only. Who asks for looks at a
 * period of his own wants to see more, but not at any price. */
static int64_t listening_distance_ms(const struct live_probe *p)
{
    int64_t paid_ms = (int64_t)((double)(LISTEN_US + LISTEN_ROW_US * (int64_t)p->table.rows) / 1000 / LISTEN_SHARE);
    int64_t least_ms = p->args->live_probe_ms > 0 ? p->args->live_probe_ms / 4 : LISTEN_EVERY_MS;
    return paid_ms > least_ms ? paid_ms : least_ms;
}

static void deliver(struct live_probe *p, int64_t now, int listening)
{
    p->listened_ms = now;
    p->listen_due_ms = now + listening_distance_ms(p);
    if (listening)
        p->heard_ms = now;
    else
        p->phases_seen = perf_value(p->counters->phase_invocations); /* our own cycle is no sign of natural ones */
    struct hc_live_view view = view_of(p);
    uint64_t cost = end_cost(p, now);
    if (listening)
        view.asked = 0;
    if (view.asked) {
        view.cpu_us = cost;
        probe_pace_done(&p->pace, now, cost, view.live_bytes);
        atomic_fetch_add_explicit(&p->probes, 1, memory_order_relaxed);
        count(p, cost, view.pause_us,
              p->collector == HC_COLLECTOR_G1 ? p->table.added_max_us : p->marking.pause_max_us);
    } else { /* it would have come without us */
        view.pause_us = 0;
        probe_pace_seen(&p->pace, now, view.live_bytes);
    }
    struct live_report report = {
        .view = view,
        .known_ms = p->marked_at_ms,
    };
    if (p->collector == HC_COLLECTOR_G1 && p->table.later_ns != 0) {
        report.later_ms = view.time_ms + (p->table.later_ns - p->table.start_ns) / 1000000;
        report.later_bytes = p->table.later_bytes;
    }
    live_ring_push(&p->ring, &report);
    atomic_store_explicit(&p->last_at_ms, view.time_ms, memory_order_relaxed);
    say_state(p, p->refusal != NULL ? p->refusal : "on");
    end_log(p);
    p->step = LIVE_PROBE_IDLE;
}

/* ---- steps ---- */

static int begin_settling(JNIEnv *jni, struct live_probe *p, int64_t now)
{
    int64_t passed = now - p->marking_ms;
    p->marked_at_ms = now_ms(CLOCK_REALTIME);
    stop_log(jni, p);
    read_log(p); /* what was still written: G1's Remark line */
    /* after Remark G1 goes on to rebuild remembered sets, which is part of the price; but what was seen must be known
     * before a run of mixed collections is over */
    p->settled_ms = now + (passed < SETTLE_MIN_MS ? SETTLE_MIN_MS : passed > SETTLE_MAX_MS ? SETTLE_MAX_MS : passed);
    p->step = LIVE_PROBE_SETTLING;
    return SETTLE_MIN_MS;
}

static int wait_for_result(JNIEnv *jni, struct live_probe *p, int64_t now)
{
    read_log(p);
    if (has_result(p))
        return begin_settling(jni, p, now);
    if (p->table.state == LIVENESS_ABORTED)
        give_up(jni, p, now, "a full collection came into the last probe");
    else if (has_failed(p))
        give_up(jni, p, now, p->table.strange);
    else if (now >= p->deadline_ms)
        give_up(jni, p, now, "the marking of the last probe did not end in time");
    else
        return MARKING_POLL_MS;
    return IDLE_MS;
}

static int wait_for_start(JNIEnv *jni, struct live_probe *p, int64_t now)
{
    read_log(p);
    if (has_begun(p)) {
        restore_flag(jni, p);
        p->step = LIVE_PROBE_MARKING;
        p->marking_ms = now;
        p->deadline_ms = now + MARKING_TIMEOUT_MS;
        return wait_for_result(jni, p, now);
    }
    if (now < p->deadline_ms)
        return PULSE_POLL_MS;
    give_up(jni, p, now, "the JVM did not begin a cycle within 10 s");
    return IDLE_MS;
}

static int listen(JNIEnv *jni, struct live_probe *p, int64_t now)
{
    read_log(p);
    p->begun_ms = now;
    int begun = has_begun(p);
    if (begun && p->deadline_ms == 0)
        p->deadline_ms = now + MARKING_TIMEOUT_MS;
    if (has_result(p)) {
        p->marked_at_ms = now_ms(CLOCK_REALTIME);
        stop_log(jni, p);
        deliver(p, now, 1);
    } else if (has_failed(p) || (begun && now >= p->deadline_ms)) { /* a cycle may be undone before its Remark */
        give_up(jni, p, now, "");
        p->listen_due_ms = now + LISTEN_AGAIN_MS;
    } else {
        return begun ? MARKING_POLL_MS : LISTEN_POLL_MS;
    }
    p->listened_ms = now;
    return IDLE_MS;
}

static int begin_full(JNIEnv *jni, struct live_probe *p, int64_t now)
{
    char answer[160];
    begin_cost(p, now);
    if (!vm_control_run(jni, &p->vm, "GC.run", answer, sizeof answer)) {
        give_up(jni, p, now, "the JVM refuses to collect");
        return IDLE_MS;
    }
    uint64_t cost = end_cost(p, now_ms(CLOCK_MONOTONIC));
    atomic_fetch_add_explicit(&p->probes, 1, memory_order_relaxed);
    atomic_store_explicit(&p->last_at_ms, now_ms(CLOCK_REALTIME), memory_order_relaxed);
    uint64_t pause_us = (uint64_t)(now_ms(CLOCK_MONOTONIC) - now) * 1000;
    count(p, cost, pause_us, pause_us);
    probe_pace_done(&p->pace, now, cost, 0);
    say_state(p, "on, by full collections");
    p->step = LIVE_PROBE_IDLE;
    return IDLE_MS;
}

static int begin_command(JNIEnv *jni, struct live_probe *p)
{
    char answer[160];
    int ran = vm_control_run(jni, &p->vm, "GC.run", answer, sizeof answer);
    int64_t now = now_ms(CLOCK_MONOTONIC); /* it has waited for the cycle */
    if (!ran) {
        give_up(jni, p, now, "the JVM refuses to collect");
        return IDLE_MS;
    }
    p->step = LIVE_PROBE_MARKING;
    p->marking_ms = p->begun_ms;
    p->deadline_ms = now + COMMAND_TIMEOUT_MS;
    return wait_for_result(jni, p, now);
}

static int begin(JNIEnv *jni, struct live_probe *p, int64_t now)
{
    if (p->way == LIVE_PROBE_FULL)
        return begin_full(jni, p, now);
    begin_cost(p, now);
    p->step = LIVE_PROBE_PULSED;
    if (!start_log(jni, p)) {
        give_up(jni, p, now, "the JVM's log can't be switched on from inside");
        return IDLE_MS;
    }
    if (p->way == LIVE_PROBE_COMMAND)
        return begin_command(jni, p);
    if (!pulse(jni, p)) {
        give_up(jni, p, now, "-XX:" PULSE_FLAG " can't be changed");
        return IDLE_MS;
    }
    p->deadline_ms = now + PULSE_TIMEOUT_MS;
    return PULSE_POLL_MS;
}

/* ---- idle: whether now is a good moment ---- */

static void note_second(struct live_probe *p, int64_t now)
{
    if (now - p->second_ms < IDLE_MS && p->seconds > 0)
        return;
    p->second_ms = now;
    unsigned at = p->seconds++ % LIVE_PROBE_MINUTE;
    uint64_t pauses = atomic_load_explicit(&p->watch->pause_us, memory_order_relaxed);
    p->pause_at[at] = pauses > p->own_pause_us ? pauses - p->own_pause_us : 0;
    unsigned before = (at + LIVE_PROBE_MINUTE - 1) % LIVE_PROBE_MINUTE;
    p->throttled_at[at] = at % 5 == 0 ? cpu_throttle_read(&p->throttle) : p->throttled_at[before];
}

/* How much came in the last minute, or since there were turns. */
static uint64_t in_minute(const struct live_probe *p, const uint64_t *at, unsigned *out_seconds)
{
    unsigned newest = (p->seconds + LIVE_PROBE_MINUTE - 1) % LIVE_PROBE_MINUTE;
    unsigned oldest = p->seconds < LIVE_PROBE_MINUTE ? 0 : p->seconds % LIVE_PROBE_MINUTE;
    *out_seconds = p->seconds < LIVE_PROBE_MINUTE ? newest : LIVE_PROBE_MINUTE - 1;
    return at[newest] > at[oldest] ? at[newest] - at[oldest] : 0; /* what was our own is known a little later */
}

/* Why not now; NULL: nothing stands against it. */
static const char *bad_moment(const struct live_probe *p)
{
    unsigned seconds;
    if (in_minute(p, p->throttled_at, &seconds) > 0)
        return "waiting: the container's CPU quota is used up";
    double share = p->args->live_probe_ms == 0 ? GC_SHARE_MAX_AUTO : GC_SHARE_MAX_PERIOD;
    if ((double)in_minute(p, p->pause_at, &seconds) > share * 1e6 * (seconds > 10 ? seconds : 10))
        return "waiting: garbage collection takes too much of the time";
    if (p->args->live_probe_ms == 0 &&
        now_ms(CLOCK_REALTIME) < atomic_load_explicit(&p->watch->mixed_until_ms, memory_order_relaxed))
        return "waiting: mixed collections are at work";
    return NULL;
}

/* A full collection is for the rare case: short enough, not often, and only where there is something new to learn. */
static const char *bad_moment_for_full(const struct live_probe *p)
{
    const struct live_watch *w = p->watch;
    uint64_t used = atomic_load_explicit(&w->used_bytes, memory_order_relaxed);
    uint64_t old = atomic_load_explicit(&w->old_bytes, memory_order_relaxed);
    int64_t full_ms = atomic_load_explicit(&w->full_ms, memory_order_relaxed);
    double expected_us = (double)used / 1048576 * FULL_US_PER_MIB;
    if (used == 0)
        return "waiting for the first collection";
    if (expected_us > (double)p->args->live_probe_pause_ms * 1000)
        return "a full collection would take longer than live_probe_pause allows";
    if (full_ms != 0 && now_ms(CLOCK_REALTIME) - full_ms < FULL_EVERY_MS)
        return "on, by full collections";
    if (full_ms != 0 && old <= atomic_load_explicit(&w->full_old_bytes, memory_order_relaxed))
        return "on, by full collections";
    return NULL;
}

/* Whether cycles come by themselves, and it is time to read one. G1: only if there was one lately. */
static int may_listen(struct live_probe *p, int64_t now)
{
    int64_t phases = perf_value(p->counters->phase_invocations), before = p->phases_seen;
    if (!p->can_listen)
        return 0;
    if (p->collector != HC_COLLECTOR_G1)
        return now - p->listened_ms >= LISTEN_OFTEN_MS;
    if (now < p->listen_due_ms)
        return 0;
    p->phases_seen = phases;
    return phases != before || (p->heard_ms != 0 && now - p->heard_ms < HEARD_LATELY_MS);
}

static int idle(JNIEnv *jni, struct live_probe *p, int64_t now)
{
    stop_log(jni, p);
    if (p->way != LIVE_PROBE_NONE && now >= probe_pace_due_ms(&p->pace)) {
        const char *why = bad_moment(p);
        if (why == NULL && p->way == LIVE_PROBE_FULL)
            why = bad_moment_for_full(p);
        if (why == NULL)
            return begin(jni, p, now);
        say_state(p, why);
    }
    if (may_listen(p, now)) {
        p->listen_due_ms = now + LISTEN_AGAIN_MS; /* unless it goes well */
        p->listened_ms = now;
        if (start_log(jni, p)) {
            p->step = LIVE_PROBE_LISTENING;
            p->deadline_ms = 0;
            return LISTEN_POLL_MS;
        }
    }
    return IDLE_MS;
}

int live_probe_run(void *probe, JNIEnv *jni)
{
    struct live_probe *p = probe;
    int64_t now = now_ms(CLOCK_MONOTONIC);
    if (p->step == LIVE_PROBE_NEW)
        set_up(jni, p, now);
    if (p->way == LIVE_PROBE_NONE && !p->can_listen)
        return 0;
    note_second(p, now);
    if (atomic_exchange_explicit(&p->watch->grown, 0, memory_order_relaxed))
        probe_pace_grown(&p->pace, now);
    if (p->step != LIVE_PROBE_PULSED)
        restore_flag(jni, p); /* where it failed before */
    switch (p->step) {
    case LIVE_PROBE_LISTENING:
        if (p->way == LIVE_PROBE_NONE || p->way == LIVE_PROBE_FULL || now < probe_pace_due_ms(&p->pace) ||
            bad_moment(p) != NULL || has_begun(p))
            return listen(jni, p, now); /* a full collection has limits of its own, which idle asks for */
        return begin(jni, p, now);      /* none came: ask for one, with the log that is on already */
    case LIVE_PROBE_PULSED:
        return wait_for_start(jni, p, now);
    case LIVE_PROBE_MARKING:
        return wait_for_result(jni, p, now);
    case LIVE_PROBE_SETTLING:
        if (now < p->settled_ms)
            return SETTLE_MIN_MS;
        deliver(p, now, 0);
        return IDLE_MS;
    default:
        return idle(jni, p, now);
    }
}

/* ---- life ---- */

void live_probe_init(struct live_probe *p)
{
    p->step = LIVE_PROBE_NEW;
    p->log.fd = -1;
    p->listened_ms = now_ms(CLOCK_MONOTONIC);
    gc_cpu_init(&p->cpu, "/proc/self/task");
    say_state(p, p->args->live_probe ? "waiting for the first probe" : "off");
}

static void say_view(const struct live_probe *p, const struct hc_live_view *v, int64_t known_ms)
{
    const char *by = v->asked ? "asked for" : "that came by itself";
    if (!p->said)
        log_line(LOG_LEVEL_INFO, "live set %.1f MiB of %.0f MiB used, by a marking %s", (double)v->live_bytes / 1048576,
                 (double)v->used_bytes / 1048576, by);
    log_line(LOG_LEVEL_DEBUG,
             "live set at %lld ms: %llu bytes of %llu used, by a marking %s; %llu us of CPU, %llu us of pauses; known "
             "%lld ms later",
             (long long)v->time_ms, (unsigned long long)v->live_bytes, (unsigned long long)v->used_bytes, by,
             (unsigned long long)v->cpu_us, (unsigned long long)v->pause_us, (long long)(known_ms - v->time_ms));
}

int live_probe_take(struct live_probe *p, struct hc_live_view *out)
{
    struct live_report report;
    if (!live_ring_pop(&p->ring, &report))
        return 0;
    live_watch_view(p->watch, &report, out);
    say_view(p, out, report.known_ms);
    p->said = 1;
    return 1;
}

void live_probe_tell(struct live_probe *p, int64_t now, struct hc_recommendation *out)
{
    const char *state = atomic_load_explicit(&p->state, memory_order_acquire);
    int64_t since = atomic_load_explicit(&p->since_ms, memory_order_relaxed);
    uint64_t pause = atomic_load_explicit(&p->pause_max_us, memory_order_relaxed);
    out->observed.live_probe.probes = atomic_load_explicit(&p->probes, memory_order_relaxed);
    out->observed.live_probe.last_at_ms = atomic_load_explicit(&p->last_at_ms, memory_order_relaxed);
    double cost_us = (double)atomic_load_explicit(&p->cpu_us, memory_order_relaxed);
    out->observed.live_probe.cpu_share_ratio =
        since > 0 && now > since ? cost_us / ((double)(now - since) * 1000) : NAN;
    out->observed.live_probe.pause_max_ms = pause > 0 ? (double)pause / 1000 : NAN;
    snprintf(out->observed.live_probe.state, sizeof out->observed.live_probe.state, "%s", state);
}
