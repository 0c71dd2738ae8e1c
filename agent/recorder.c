#include "recorder.h"

#include "clock.h"
#include "cycle_cost.h"
#include "distress.h"
#include "history_keeper.h"
#include "java_thread.h"
#include "look.h"
#include "oom_counter.h"
#include "publisher.h"
#include "tick.h"

#include <heapcast/jvm_version.h>
#include <heapcast/predictor.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

enum {
    ROUND_MS = 100, /* see PAUSE_SLOTS (agent.c) */
    STOP_WAIT_MS = 300,
    STACK_BYTES = 512 * 1024,
    LATE_MS = 60 * 1000,  /* a JVM needs less from its start to VMInit */
    OTHER_NAME_MS = 3000, /* a JVM that ends gives its history back within this */
    EXHAUSTED_MAX = 16,
    EVENT_KINDS = HC_EVENT_CONTAINER_OUT_OF_MEMORY + 1,
    SILENT_MS = 10 * 60 * 1000 /* as long as the predictor takes events of one kind for one */
};

static struct recorder {
    struct recorder_setup setup;
    struct tick_scale ticks;
    struct sampler sampler;
    struct look look;
    struct distress distress;
    struct cycle_cost cycle_cost;
    struct oom_counter oom_counter;
    struct publisher publisher;
    struct history_keeper keeper;
    struct hc_predictor *predictor;
    int64_t publish_at_ms; /* monotonic, like the next */
    int64_t silent_until_ms[EVENT_KINDS];

    pthread_mutex_t mutex; /* guards stop and done only; never taken in a pause */
    pthread_cond_t wake, ended;
    int started, stop, done;

    _Atomic uint32_t exhausted[EXHAUSTED_MAX]; /* enum hc_event_kind, 0: free */
} recorder;

static int64_t wall_minus_monotonic_ns(void)
{
    return now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC);
}

/* Sleeps until the next round or the end; 1 at the end. */
static int wait_for_next_round(struct recorder *r)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)ROUND_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&r->mutex);
    while (!r->stop && pthread_cond_timedwait(&r->wake, &r->mutex, &until) != ETIMEDOUT)
        ;
    int stop = r->stop;
    pthread_mutex_unlock(&r->mutex);
    return stop;
}

/* ---- the series, of which the history keeps a copy ---- */

static void make_directories(const char *path)
{
    char part[ARGS_PATH_SIZE];
    struct stat there;
    if (stat(path, &there) == 0) /* mkdir would wait for a frozen file system to say the same */
        return;
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(part, 0755);
        *slash = '/';
    }
    (void)mkdir(part, 0755); /* if it fails, opening a file there says why */
}

/* Two processes must not share files: the second one takes a name of its own. */
static void take_other_name(struct hc_subject *s)
{
    char name[sizeof s->name];
    snprintf(name, sizeof name, "%.100s-%lld", s->name, (long long)s->pid);
    memcpy(s->name, name, sizeof name);
}

static void policy_from(const struct args *args, struct hc_policy *policy)
{
    hc_policy_init(policy);
    policy->horizon_ms = args->horizon_ms;
    policy->warmup_ms = args->warmup_ms;
    policy->gc_share_limit_ratio = args->gc_share;
    (void)hc_policy_set_risk(policy, args->risk, NULL); /* args.c takes only what there is */
}

/* A JVM that is started again may find its predecessor still ending: it waits for the name before it takes another. */
static enum hc_status open_history(struct recorder *r, struct hc_error *err)
{
    const char *dir = r->setup.dir, *name = r->setup.subject->name;
    int on_disk = r->setup.args->history;
    int64_t until = now_ms(CLOCK_MONOTONIC) + OTHER_NAME_MS;
    enum hc_status status = history_keeper_open(&r->keeper, dir, name, on_disk, err);
    while (status == HC_EBUSY && now_ms(CLOCK_MONOTONIC) < until && !wait_for_next_round(r))
        status = history_keeper_open(&r->keeper, dir, name, on_disk, err);
    if (status != HC_EBUSY)
        return status;
    take_other_name(r->setup.subject);
    log_line(LOG_LEVEL_INFO, "%s; this JVM writes as %s", err->text, name);
    status = history_keeper_open(&r->keeper, dir, name, on_disk, err);
    return status == HC_EBUSY ? history_keeper_open(&r->keeper, dir, name, 0, err) : status;
}

static enum hc_status open_series(struct recorder *r, struct hc_error *err)
{
    struct hc_policy policy;
    size_t size = hc_predictor_size();
    policy_from(r->setup.args, &policy);
    make_directories(r->setup.dir);
    enum hc_status status = open_history(r, err);
    if (status != HC_OK)
        return status;
    status = hc_predictor_new(hc_history_memory(r->keeper.history), size, &policy, &r->predictor, err);
    if (status == HC_EPARSE) {
        history_keeper_renew(&r->keeper);
        status = hc_predictor_new(hc_history_memory(r->keeper.history), size, &policy, &r->predictor, err);
    }
    if (hc_history_note(r->keeper.history)[0] != '\0')
        log_line(LOG_LEVEL_INFO, "%s", hc_history_note(r->keeper.history));
    return status;
}

static void start_epoch(struct recorder *r)
{
    const struct hc_subject *s = r->setup.subject;
    int64_t now = now_ms(CLOCK_REALTIME), watched_from = s->started_at_ms;
    /* Attached late, or /proc does not tell: what was before was not watched and must not count as quiet time. */
    if (watched_from <= 0 || watched_from > now || now - watched_from > LATE_MS)
        watched_from = now;
    struct hc_epoch epoch = {.start_ms = watched_from,
                             .pid = s->pid,
                             .heap_max_bytes = s->heap_max_bytes,
                             .collector = s->collector,
                             .java = hc_java_release(s->jvm_version),
                             .metaspace_limit_bytes = s->metaspace_limit_bytes,
                             .oom_kills = oom_counter_read(&r->oom_counter)};
    (void)hc_predictor_start(r->predictor, &epoch);
}

/* ---- a round ---- */

/* What the probe saw; after the samples, so that the pause that a view describes is known. */
static void take_views(struct recorder *r)
{
    struct hc_live_view view;
    while (r->setup.live_probe != NULL && live_probe_take(r->setup.live_probe, &view))
        (void)hc_predictor_observe_live(r->predictor, &view);
}

/* What matters is published at once, for the JVM may not live to the next period; but a storm of it is said once. */
static void note_event(struct recorder *r, const struct hc_event *event)
{
    int64_t now = now_ms(CLOCK_MONOTONIC);
    (void)hc_predictor_observe_event(r->predictor, event);
    if ((size_t)event->kind >= EVENT_KINDS || now < r->silent_until_ms[event->kind])
        return;
    r->silent_until_ms[event->kind] = now + SILENT_MS;
    log_line(LOG_LEVEL_INFO, "%s; the recommendation is written anew", event->text);
    r->publish_at_ms = 0;
}

/* A sample that contradicts itself is counted in the predictor. `beside_us`: what it took from the program beside its
 * pauses. */
static void observe(struct recorder *r, const struct hc_gc_sample *sample, uint64_t beside_us)
{
    struct hc_gc_sample whole = *sample;
    struct hc_live_view view;
    struct hc_event event;
    uint64_t in_vain = r->distress.in_vain;
    whole.gc_time_us += beside_us;
    (void)hc_predictor_observe(r->predictor, &whole);
    if (live_watch_sample(r->setup.live_watch, sample, sampler_may_be_mixed(&r->sampler), &view))
        (void)hc_predictor_observe_live(r->predictor, &view);
    if (distress_observe(&r->distress, sample, &event))
        note_event(r, &event);
    if (r->distress.in_vain > in_vain && !r->keeper.failing) /* the JVM may end any moment, without a word */
        r->keeper.write_at_ms = 0;
}

static void drain_pauses(struct recorder *r, int64_t offset_ns)
{
    struct gc_record record;
    struct hc_gc_sample sample;
    tick_scale_update(&r->ticks);
    while (ring_pop(r->setup.ring, &record)) {
        record.end_ns = tick_to_ns(&r->ticks, record.end_ns);
        record.pause_ns = tick_length_ns(&r->ticks, record.pause_ns);
        if (sampler_make(&r->sampler, &record, offset_ns, &sample))
            observe(r, &sample, 0);
    }
    uint64_t lost = ring_take_dropped(r->setup.ring);
    if (lost > 0)
        sampler_note_lost(&r->sampler);
    hc_predictor_count_dropped(r->predictor, lost);
}

/* The Java thread tells of a cycle after its last pause. So what it has told is taken first: all pauses of it are then
 * in the other ring. */
static void drain(struct recorder *r)
{
    enum { AT_ONCE = 16 };
    struct gc_record cycles[AT_ONCE];
    struct hc_gc_sample sample;
    int64_t offset_ns = wall_minus_monotonic_ns();
    int n = 0;
    while (r->setup.cycles != NULL && n < AT_ONCE && ring_pop(r->setup.cycles, &cycles[n]))
        n++;
    drain_pauses(r, offset_ns);
    for (int i = 0; i < n; i++) {
        sampler_make_cycle(&r->sampler, &cycles[i], offset_ns, &sample);
        observe(r, &sample, cycle_cost_take_us(&r->cycle_cost, now_ms(CLOCK_MONOTONIC), sample.gc_time_us));
        hc_predictor_count_dropped(r->predictor, cycles[i].missed);
    }
    if (sampler_make_overdue(&r->sampler, now_ms(CLOCK_MONOTONIC) * 1000000, offset_ns, &sample))
        observe(r, &sample, 0);
    take_views(r);
}

static void take_exhausted(struct recorder *r)
{
    static const char *const texts[] = {"", "OutOfMemoryError: Java heap", "OutOfMemoryError: metaspace",
                                        "OutOfMemoryError: no further thread", "OutOfMemoryError"};
    for (int i = 0; i < EXHAUSTED_MAX; i++) {
        uint32_t kind = atomic_exchange_explicit(&r->exhausted[i], 0, memory_order_relaxed);
        if (kind == 0)
            continue;
        struct hc_event event = {.time_ms = now_ms(CLOCK_REALTIME), .kind = (enum hc_event_kind)kind};
        snprintf(event.text, sizeof event.text, "%s", kind < sizeof texts / sizeof texts[0] ? texts[kind] : texts[4]);
        note_event(r, &event);
    }
}

static void take_look(struct recorder *r)
{
    const struct hc_memory_sample *look = look_finish(&r->look);
    (void)hc_predictor_observe_memory(r->predictor, look);
    hc_predictor_observe_oom_kills(r->predictor, look->time_ms, oom_counter_read(&r->oom_counter));
}

static void publish(struct recorder *r)
{
    struct hc_recommendation recommendation;
    int64_t now = now_ms(CLOCK_REALTIME);
    if (history_keeper_frozen(&r->keeper)) /* the keeper says so */
        return;
    if (hc_predictor_predict(r->predictor, now, &recommendation) != HC_OK)
        return;
    if (r->setup.live_probe != NULL)
        live_probe_tell(r->setup.live_probe, now, &recommendation);
    publisher_publish(&r->publisher, &recommendation, r->setup.subject, r->setup.missing);
}

static void rounds(struct recorder *r)
{
    const struct args *args = r->setup.args;
    int64_t begun = now_ms(CLOCK_MONOTONIC), look_at = begun, finish_at = begun;
    do {
        int64_t now = now_ms(CLOCK_MONOTONIC);
        drain(r);
        take_exhausted(r);
        if (args->off_heap_ms > 0 && now >= look_at) {
            look_begin(&r->look, now_ms(CLOCK_REALTIME));
            finish_at = now + LOOK_MS;
            look_at = now + look_period_ms(&r->look, args->off_heap_ms, now - begun);
        }
        if (look_is_open(&r->look) && now >= finish_at)
            take_look(r);
        if (now >= r->publish_at_ms) {
            publish(r);
            r->publish_at_ms = now + args->publish_ms;
        }
        history_keeper_round(&r->keeper, r->predictor, now);
    } while (!wait_for_next_round(r));
    drain(r);
    take_exhausted(r);
    if (look_is_open(&r->look))
        take_look(r);
    hc_predictor_end(r->predictor, now_ms(CLOCK_REALTIME));
    history_keeper_write(&r->keeper, r->predictor, now_ms(CLOCK_MONOTONIC));
    publish(r);
}

static int stopping(void)
{
    pthread_mutex_lock(&recorder.mutex);
    int stop = recorder.stop;
    pthread_mutex_unlock(&recorder.mutex);
    return stop;
}

static void begin(struct recorder *r)
{
    const struct hc_subject *s = r->setup.subject;
    sampler_init(&r->sampler, s->collector, r->setup.source, s->heap_max_bytes, r->setup.collections_before);
    const struct look_sources sources = {.places = {.heap_start = r->setup.heap_start,
                                                    .heap_bytes = r->setup.heap_bytes,
                                                    .code_start = r->setup.code_start,
                                                    .code_bytes = r->setup.code_bytes},
                                         .counters = r->setup.counters,
                                         .jvm_gauge = r->setup.jvm_gauge,
                                         .metaspace_gauge = r->setup.metaspace_gauge,
                                         .role = s->role,
                                         .collector = s->collector,
                                         .jdk = (int)hc_java_release(s->jvm_version)};
    look_init(&r->look, &sources, stopping);
    oom_counter_init(&r->oom_counter, r->look.gauge.cgroup_usage);
    cycle_cost_init(&r->cycle_cost, s->collector, "/proc/self/task", r->setup.processors);
    publisher_init(&r->publisher, r->setup.dir, s->name);
    start_epoch(r);
}

static void *run(void *argument)
{
    struct recorder *r = argument;
    struct hc_error err;
    (void)prctl(PR_SET_NAME, "heapcast-rec"); /* else it bears the name of the JVM's thread that started it */
    if (open_series(r, &err) == HC_OK) {
        begin(r);
        rounds(r);
    } else {
        log_line(LOG_LEVEL_ERROR, "%s; heapcast does nothing in this JVM", err.text);
        java_thread_forgo(); /* what it would ask the JVM for, nobody takes */
    }
    hc_predictor_free(r->predictor);
    history_keeper_close(&r->keeper);
    pthread_mutex_lock(&r->mutex);
    r->done = 1;
    pthread_cond_signal(&r->ended);
    pthread_mutex_unlock(&r->mutex);
    return NULL;
}

/* ---- life ---- */

static int create_thread(struct recorder *r)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    size_t stack = STACK_BYTES > PTHREAD_STACK_MIN ? (size_t)STACK_BYTES : (size_t)PTHREAD_STACK_MIN;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all); /* the JVM's signals are not for this thread */
    /* but for those of a fault of its own: blocked, the process would end without a word and without hs_err */
    const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, &attributes, run, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

int recorder_start(const struct recorder_setup *setup)
{
    struct recorder *r = &recorder;
    pthread_condattr_t monotonic;
    r->setup = *setup;
    tick_scale_init(&r->ticks);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->wake, &monotonic);
    pthread_cond_init(&r->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int failed = create_thread(r);
    if (failed != 0) {
        log_line(LOG_LEVEL_ERROR, "no thread can be started (%s); heapcast does nothing in this JVM", strerror(failed));
        return -1;
    }
    r->started = 1;
    return 0;
}

void recorder_note_exhausted(enum hc_event_kind kind)
{
    for (int i = 0; i < EXHAUSTED_MAX; i++) {
        uint32_t free_slot = 0;
        if (atomic_compare_exchange_strong(&recorder.exhausted[i], &free_slot, (uint32_t)kind))
            return;
    }
}

void recorder_stop(void)
{
    struct recorder *r = &recorder;
    struct timespec until;
    if (!r->started)
        return;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)STOP_WAIT_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&r->mutex);
    r->stop = 1;
    pthread_cond_signal(&r->wake);
    while (!r->done && pthread_cond_timedwait(&r->ended, &r->mutex, &until) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&r->mutex);
}
