/*
 * libheapcast.so: entry points and life cycle. The order: options → who is this → (VMInit) counters, recorder, gauges,
 * GC events → (VMDeath) last word. Whatever goes wrong ends in one log line and an idle agent: HotSpot ends the JVM
 * when Agent_OnLoad returns an error, so only strict=true does that.
 */
#include "args.h"
#include "bean_gauge.h"
#include "flink_process.h"
#include "gc_events.h"
#include "java_thread.h"
#include "jvm_gauge.h"
#include "live_probe.h"
#include "log.h"
#include "metaspace_gauge.h"
#include "perf_counters.h"
#include "process_gauge.h"
#include "recorder.h"
#include "ring.h"
#include "tick.h"
#include "vm_structs.h"

#include <heapcast/jvm_version.h>
#include <heapcast/version.h>

#include <jvmti.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* 1.2 is what JDK 11 to 25 all have; asking for the headers' newest version makes an older JVM refuse to start. */
enum { JVMTI_WANTED = 0x30010200 };
/* Five thousand collections a second, until the recorder's next round. */
enum { PAUSE_SLOTS = 512 };

static struct agent {
    atomic_flag taken; /* one agent a JVM */
    jvmtiEnv *jvmti;
    struct args args;
    struct hc_subject subject;
    char dir[ARGS_PATH_SIZE];
    struct ring ring;
    _Alignas(64) struct gc_record pauses[PAUSE_SLOTS];
    struct perf_counters counters;
    struct jvm_gauge gauge;
    struct metaspace_gauge metaspace;
    struct live_watch watch;
    struct live_probe probe;
    struct bean_gauge beans;
} agent = {.taken = ATOMIC_FLAG_INIT};

/* ---- events ---- */

static void JNICALL on_resource_exhausted(jvmtiEnv *jvmti, JNIEnv *jni, jint flags, const void *reserved,
                                          const char *text)
{
    (void)jvmti;
    (void)jni;
    (void)reserved;
    /* metaspace has no flag of its own: the text tells */
    if (text != NULL && (strstr(text, "etaspace") != NULL || strstr(text, "class space") != NULL))
        recorder_note_exhausted(HC_EVENT_OUT_OF_MEMORY_METASPACE);
    else if ((flags & JVMTI_RESOURCE_EXHAUSTED_THREADS) != 0)
        recorder_note_exhausted(HC_EVENT_OUT_OF_MEMORY_THREADS);
    else if ((flags & JVMTI_RESOURCE_EXHAUSTED_JAVA_HEAP) != 0)
        recorder_note_exhausted(HC_EVENT_OUT_OF_MEMORY_HEAP);
    else
        recorder_note_exhausted(HC_EVENT_OUT_OF_MEMORY_OTHER);
}

static void notify(jvmtiEventMode mode, jvmtiEvent event)
{
    (void)(*agent.jvmti)->SetEventNotificationMode(agent.jvmti, mode, event, NULL);
}

/* ---- start ---- */

static enum sampler_source source_for(enum hc_collector collector, int counters_found)
{
    if (!counters_found)
        return SAMPLER_CYCLES;
    if (collector == HC_COLLECTOR_CMS)
        return SAMPLER_BOTH;
    return collector == HC_COLLECTOR_SERIAL || collector == HC_COLLECTOR_PARALLEL || collector == HC_COLLECTOR_G1
               ? SAMPLER_PAUSES
               : SAMPLER_CYCLES;
}

/* Why this JVM's heap can't be measured; NULL if it can. */
static const char *limitation(enum sampler_source source, int java_thread)
{
    if (agent.subject.collector == HC_COLLECTOR_EPSILON)
        return "the collector of this JVM is Epsilon, which never collects: there is no live set to see";
    if (source != SAMPLER_CYCLES)
        return NULL;
    if (agent.subject.heap_max_bytes == HC_BYTES_UNKNOWN)
        return "this JVM tells neither its collector nor its heap's size (not HotSpot?): its collections can't be read";
    return java_thread ? NULL
                       : "this JVM lets no agent thread run Java, which its collector needs to be seen by: its "
                         "collections can't be read";
}

static void describe_jvm(void)
{
    char *version = NULL;
    struct hc_subject *subject = &agent.subject;
    if (agent.counters.java_version != NULL) {
        snprintf(subject->jvm_version, sizeof subject->jvm_version, "%.40s", agent.counters.java_version);
    } else if ((*agent.jvmti)->GetSystemProperty(agent.jvmti, "java.vm.version", &version) == JVMTI_ERROR_NONE) {
        snprintf(subject->jvm_version, sizeof subject->jvm_version, "%s", version);
        (*agent.jvmti)->Deallocate(agent.jvmti, (unsigned char *)version);
    }
    agent.subject.started_at_ms = process_start_ms();
}

static void announce(const char *missing)
{
    static const char *const roles[] = {"jvm", "taskmanager", "jobmanager"};
    char heap[48] = "heap unknown";
    if (agent.subject.heap_max_bytes != HC_BYTES_UNKNOWN)
        snprintf(heap, sizeof heap, "heap %.0f MiB", (double)agent.subject.heap_max_bytes / 1048576);
    if (missing != NULL)
        log_line(LOG_LEVEL_ERROR, "%s", missing);
    log_line(LOG_LEVEL_INFO, "version %s watches %s %s (JDK %s, %s), files in %s", HC_VERSION,
             roles[agent.subject.role], agent.subject.name, agent.subject.jvm_version, heap, agent.dir);
}

static void init_probe(void)
{
    const struct hc_subject *s = &agent.subject;
    live_watch_init(&agent.watch, s->collector, (int)hc_java_release(s->jvm_version), s->heap_max_bytes,
                    (uint64_t)perf_value(agent.counters.full_invocations));
    agent.probe.args = &agent.args;
    agent.probe.dir = agent.dir;
    agent.probe.counters = &agent.counters;
    agent.probe.collector = s->collector;
    agent.probe.heap_bytes = s->heap_max_bytes;
    agent.probe.watch = &agent.watch;
    live_probe_init(&agent.probe);
}

/* Where the JVM's own counter of metaspace is absent, or is not refreshed. */
static int needs_metaspace_bean(void)
{
    enum hc_collector k = agent.subject.collector;
    int refreshed =
        k == HC_COLLECTOR_SERIAL || k == HC_COLLECTOR_PARALLEL || k == HC_COLLECTOR_G1 || k == HC_COLLECTOR_CMS;
    return agent.args.off_heap_ms > 0 && (!refreshed || agent.counters.metaspace_capacity == NULL);
}

/* What needs Java is asked for a second later at the earliest: the JVM's own start comes first. */
static void start_java_thread(JNIEnv *jni, struct recorder_setup *setup)
{
    struct java_task tasks[JAVA_TASKS_MAX];
    size_t count = 0;
    int beans = setup->source != SAMPLER_PAUSES && agent.subject.collector != HC_COLLECTOR_EPSILON;
    jvm_gauge_init(&agent.gauge);
    metaspace_gauge_init(&agent.metaspace);
    init_probe();
    bean_gauge_init(&agent.beans, agent.subject.collector, vm_has_generations(), &agent.ring, &agent.counters);
    if (agent.args.off_heap_ms > 0)
        tasks[count++] = (struct java_task){jvm_gauge_run, &agent.gauge};
    if (beans)
        tasks[count++] = (struct java_task){bean_gauge_run, &agent.beans};
    if (agent.args.live_probe)
        tasks[count++] = (struct java_task){live_probe_run, &agent.probe};
    if (needs_metaspace_bean())
        tasks[count++] = (struct java_task){metaspace_gauge_run, &agent.metaspace};
    int runs = count > 0 && java_thread_start(agent.jvmti, jni, tasks, count, JVM_GAUGE_PERIOD_MS) == 0;
    setup->jvm_gauge = runs && agent.args.off_heap_ms > 0 ? &agent.gauge : NULL;
    setup->cycles = runs && beans ? &agent.beans.cycles : NULL;
    setup->metaspace_gauge = runs && needs_metaspace_bean() ? &agent.metaspace : NULL;
    setup->live_probe = runs || !agent.args.live_probe ? &agent.probe : NULL;
    setup->live_watch = &agent.watch;
}

/* Whose heap this is: the flags tell of any HotSpot, the counters confirm where there are some. */
static void describe_heap(struct recorder_setup *setup)
{
    enum hc_collector collector = agent.counters.collector;
    if (collector == HC_COLLECTOR_UNKNOWN)
        collector = vm_collector();
    agent.subject.collector = collector;
    agent.subject.heap_max_bytes = vm_max_heap_bytes();
    /* all but ZGC, which maps its heap wherever it likes: that of JDK 11 reserves 16 TiB of addresses */
    if (collector != HC_COLLECTOR_Z && collector != HC_COLLECTOR_UNKNOWN &&
        vm_heap_range(&setup->heap_start, &setup->heap_bytes))
        agent.subject.heap_max_bytes = setup->heap_bytes;
}

/* Collections before this moment: none where the agent came with the JVM. */
static uint64_t collections_before(void)
{
    const struct perf_counters *c = &agent.counters;
    int64_t count =
        perf_value(c->young_invocations) + perf_value(c->full_invocations) + perf_value(c->phase_invocations);
    return count > 0 ? (uint64_t)count : 0;
}

/* As the container allows it. */
static unsigned available_processors(void)
{
    jint count = 0;
    return (*agent.jvmti)->GetAvailableProcessors(agent.jvmti, &count) == JVMTI_ERROR_NONE && count > 0
               ? (unsigned)count
               : 1;
}

/* The JVM lives: counters are there, threads can be started. */
static void start(JNIEnv *jni)
{
    struct recorder_setup setup = {.args = &agent.args,
                                   .subject = &agent.subject,
                                   .dir = agent.dir,
                                   .ring = &agent.ring,
                                   .counters = &agent.counters};
    int found = perf_counters_find(vm_perf_memory(), &agent.counters);
    ring_init(&agent.ring, agent.pauses, PAUSE_SLOTS);
    tick_init();
    describe_heap(&setup);
    (void)vm_code_range(&setup.code_start, &setup.code_bytes);
    describe_jvm();
    setup.processors = available_processors();
    setup.source = source_for(agent.subject.collector, found);
    if (setup.source != SAMPLER_CYCLES)
        setup.collections_before = collections_before();
    start_java_thread(jni, &setup);
    setup.missing = limitation(setup.source, setup.cycles != NULL);
    announce(setup.missing);
    if (recorder_start(&setup) != 0) {
        java_thread_stop(); /* nobody is left to take what it tells */
        return;
    }
    notify(JVMTI_ENABLE, JVMTI_EVENT_RESOURCE_EXHAUSTED);
    if (setup.missing == NULL) {
        gc_events_init(&agent.counters, &agent.ring);
        /* Finish first: a pause that begins between the two would else leave a Start without its Finish */
        notify(JVMTI_ENABLE, JVMTI_EVENT_GARBAGE_COLLECTION_FINISH);
        notify(JVMTI_ENABLE, JVMTI_EVENT_GARBAGE_COLLECTION_START);
    }
}

static void JNICALL on_vm_init(jvmtiEnv *jvmti, JNIEnv *jni, jthread thread)
{
    (void)jvmti;
    (void)thread;
    start(jni);
}

static void JNICALL on_vm_death(jvmtiEnv *jvmti, JNIEnv *jni)
{
    (void)jvmti;
    (void)jni;
    notify(JVMTI_DISABLE, JVMTI_EVENT_GARBAGE_COLLECTION_START);
    notify(JVMTI_DISABLE, JVMTI_EVENT_GARBAGE_COLLECTION_FINISH);
    java_thread_stop();
    recorder_stop();
}

/* ---- load ---- */

/* 1: go on; 0: the JVM shall not start with such options (strict=true). */
static int take_options(const char *options)
{
    args_parse(options, &agent.args);
    log_set_level(agent.args.log);
    for (unsigned i = 0; i < agent.args.problems; i++)
        log_line(LOG_LEVEL_ERROR, "%s", agent.args.problem[i]);
    for (unsigned i = 0; i < agent.args.notes; i++)
        log_line(LOG_LEVEL_INFO, "%s", agent.args.note[i]);
    return !(agent.args.strict && agent.args.problems > 0);
}

static int connect(JavaVM *vm)
{
    static const jvmtiEventCallbacks callbacks = {
        .VMInit = on_vm_init,
        .VMDeath = on_vm_death,
        .GarbageCollectionStart = gc_events_start,
        .GarbageCollectionFinish = gc_events_finish,
        .ResourceExhausted = on_resource_exhausted,
    };
    jvmtiCapabilities wanted = {0}, exhaustion = {0};
    void *env = NULL;
    if ((*vm)->GetEnv(vm, &env, JVMTI_WANTED) != JNI_OK)
        return 0;
    agent.jvmti = env;
    vm_structs_init(vm);
    wanted.can_generate_garbage_collection_events = 1;
    exhaustion.can_generate_resource_exhaustion_heap_events = 1;
    exhaustion.can_generate_resource_exhaustion_threads_events = 1;
    (void)(*agent.jvmti)->AddCapabilities(agent.jvmti, &exhaustion); /* good to have */
    return (*agent.jvmti)->AddCapabilities(agent.jvmti, &wanted) == JVMTI_ERROR_NONE &&
           (*agent.jvmti)->SetEventCallbacks(agent.jvmti, &callbacks, sizeof callbacks) == JVMTI_ERROR_NONE;
}

static jint load(JavaVM *vm, const char *options)
{
    if (atomic_flag_test_and_set(&agent.taken)) {
        log_line(LOG_LEVEL_ERROR, "already loaded in this JVM; the second -agentpath does nothing");
        return JNI_OK;
    }
    if (!take_options(options)) {
        atomic_flag_clear(&agent.taken);
        log_line(LOG_LEVEL_ERROR, "strict=true: the JVM does not start with these options");
        return JNI_ERR;
    }
    if (!connect(vm)) {
        log_line(LOG_LEVEL_ERROR, "this JVM does not grant GC events (JVMTI 1.2); heapcast does nothing");
        return JNI_OK;
    }
    flink_process_identify(&agent.args, &agent.subject, agent.dir, sizeof agent.dir);
    notify(JVMTI_ENABLE, JVMTI_EVENT_VM_DEATH);
    return JNI_OK;
}

JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM *vm, char *options, void *reserved)
{
    (void)reserved;
    jint result = load(vm, options);
    if (result == JNI_OK && agent.jvmti != NULL)
        notify(JVMTI_ENABLE, JVMTI_EVENT_VM_INIT);
    return result;
}

JNIEXPORT jint JNICALL Agent_OnAttach(JavaVM *vm, char *options, void *reserved)
{
    void *jni = NULL;
    int first = agent.jvmti == NULL;
    (void)reserved;
    jint result = load(vm, options);
    if (result == JNI_OK && first && agent.jvmti != NULL && (*vm)->GetEnv(vm, &jni, JNI_VERSION_1_6) == JNI_OK)
        start(jni); /* VMInit was long ago */
    return result;
}

JNIEXPORT void JNICALL Agent_OnUnload(JavaVM *vm)
{
    (void)vm; /* VMDeath has said the last word; the recorder has ended or is left behind */
}
