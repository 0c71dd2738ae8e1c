/*
 * A JVMTI agent around the agent: loads the shipped library, stands between it and the JVM, and takes the time that its
 * two GC callbacks need in the pauses of a real JVM, whose collector has just been through the caches. The time is the
 * processor's counter: asking the clock would warm up what the callbacks ask for.
 *
 * -agentpath:bench_pause.so=LIBRARY;OUTPUT;options of the library. At the end OUTPUT has lines "start|finish|pair p25
 * median p75 p99 max" in nanoseconds, and the number of pauses. Two peers are built in: LIBRARY "empty" has callbacks
 * that do nothing, "wake" callbacks that wake a thread by an eventfd, as agents do that don't want to poll.
 */
#include <dlfcn.h>
#include <jvmti.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { PAUSES_MAX = 1 << 16 };

typedef jint load_fn(JavaVM *, char *, void *);

static JavaVM *real_vm;
static struct JNIInvokeInterface_ vm_functions;
static JavaVM our_vm = &vm_functions;
static jvmtiInterface_1 functions;
static jvmtiError(JNICALL *set_callbacks)(jvmtiEnv *, const jvmtiEventCallbacks *, jint);
static jvmtiEventCallbacks callbacks;
static char output[1024];

static double start_ticks[PAUSES_MAX], finish_ticks[PAUSES_MAX], pair_ticks[PAUSES_MAX];
static size_t starts, finishes;
static uint64_t first_tick;
static int64_t first_ns;

static uint64_t tick(void)
{
#if defined __x86_64__
    __builtin_ia32_lfence();
    uint64_t t = __builtin_ia32_rdtsc();
    __builtin_ia32_lfence();
    return t;
#else
    uint64_t t;
    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(t));
    return t;
#endif
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void JNICALL on_start(jvmtiEnv *jvmti)
{
    uint64_t begin = tick();
    callbacks.GarbageCollectionStart(jvmti);
    uint64_t end = tick();
    if (starts == finishes && starts < PAUSES_MAX)
        start_ticks[starts++] = (double)(end - begin);
}

static void JNICALL on_finish(jvmtiEnv *jvmti)
{
    uint64_t begin = tick();
    callbacks.GarbageCollectionFinish(jvmti);
    uint64_t end = tick();
    if (finishes + 1 != starts)
        return;
    finish_ticks[finishes] = (double)(end - begin);
    pair_ticks[finishes] = start_ticks[finishes] + finish_ticks[finishes];
    finishes++;
}

static jvmtiError JNICALL take_callbacks(jvmtiEnv *jvmti, const jvmtiEventCallbacks *wanted, jint size)
{
    memcpy(&callbacks, wanted, (size_t)size < sizeof callbacks ? (size_t)size : sizeof callbacks);
    jvmtiEventCallbacks ours = callbacks;
    if (callbacks.GarbageCollectionStart != NULL && callbacks.GarbageCollectionFinish != NULL) {
        ours.GarbageCollectionStart = on_start;
        ours.GarbageCollectionFinish = on_finish;
    }
    return set_callbacks(jvmti, &ours, (jint)sizeof ours);
}

static jint JNICALL get_env(JavaVM *vm, void **env, jint version)
{
    (void)vm;
    jint result = (*real_vm)->GetEnv(real_vm, env, version);
    if (result != JNI_OK || (version & JVMTI_VERSION_MASK_INTERFACE_TYPE) != JVMTI_VERSION_INTERFACE_JVMTI)
        return result;
    jvmtiEnv *jvmti = *env;
    functions = **jvmti;
    set_callbacks = functions.SetEventCallbacks;
    functions.SetEventCallbacks = take_callbacks;
    *jvmti = &functions;
    return result;
}

/* ---- the peers ---- */

static int wake_fd;

static void JNICALL do_nothing(jvmtiEnv *jvmti)
{
    (void)jvmti;
}

static void JNICALL wake(jvmtiEnv *jvmti)
{
    uint64_t one = 1;
    (void)jvmti;
    if (write(wake_fd, &one, sizeof one) != sizeof one)
        abort();
}

static void *wait_for_wakes(void *unused)
{
    uint64_t count;
    while (read(wake_fd, &count, sizeof count) == sizeof count)
        ;
    return unused;
}

static jint load_peer(JavaVM *vm, int wakes)
{
    const jvmtiCapabilities wanted = {.can_generate_garbage_collection_events = 1};
    jvmtiEventCallbacks peer = {.GarbageCollectionStart = do_nothing, .GarbageCollectionFinish = do_nothing};
    void *env;
    pthread_t thread;
    if (wakes) {
        wake_fd = eventfd(0, EFD_CLOEXEC);
        peer.GarbageCollectionFinish = wake;
        if (wake_fd < 0 || pthread_create(&thread, NULL, wait_for_wakes, NULL) != 0)
            return JNI_ERR;
    }
    if ((*vm)->GetEnv(vm, &env, JVMTI_VERSION_1_2) != JNI_OK)
        return JNI_ERR;
    jvmtiEnv *jvmti = env;
    (*jvmti)->AddCapabilities(jvmti, &wanted);
    (*jvmti)->SetEventCallbacks(jvmti, &peer, (jint)sizeof peer);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_GARBAGE_COLLECTION_FINISH, NULL);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_GARBAGE_COLLECTION_START, NULL);
    return JNI_OK;
}

/* ---- load and end ---- */

JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM *vm, char *options, void *reserved)
{
    char *library = strtok(options, ";"), *to = strtok(NULL, ";"), *rest = strtok(NULL, "");
    if (library == NULL || to == NULL) {
        fprintf(stderr, "bench_pause: LIBRARY;OUTPUT;options\n");
        return JNI_ERR;
    }
    snprintf(output, sizeof output, "%s", to);
    real_vm = vm;
    vm_functions = **vm;
    vm_functions.GetEnv = get_env;
    memset(start_ticks, 1, sizeof start_ticks); /* no page is touched first in a pause */
    memset(finish_ticks, 1, sizeof finish_ticks);
    memset(pair_ticks, 1, sizeof pair_ticks);
    first_ns = now_ns();
    first_tick = tick();
    if (strcmp(library, "empty") == 0 || strcmp(library, "wake") == 0)
        return load_peer(&our_vm, library[0] == 'w');
    load_fn *load;
    void *handle = dlopen(library, RTLD_NOW), *symbol = handle != NULL ? dlsym(handle, "Agent_OnLoad") : NULL;
    if (symbol == NULL) {
        fprintf(stderr, "bench_pause: %s\n", dlerror());
        return JNI_ERR;
    }
    memcpy(&load, &symbol, sizeof load);
    return load(&our_vm, rest, reserved);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(FILE *out, const char *name, double *ticks, double ns_per_tick)
{
    size_t n = finishes;
    qsort(ticks, n, sizeof *ticks, ascending);
    fprintf(out, "%s %.1f %.1f %.1f %.1f %.1f %zu\n", name, ticks[n / 4] * ns_per_tick, ticks[n / 2] * ns_per_tick,
            ticks[n - n / 4 - 1] * ns_per_tick, ticks[n - 1 - n / 100] * ns_per_tick, ticks[n - 1] * ns_per_tick, n);
}

JNIEXPORT void JNICALL Agent_OnUnload(JavaVM *vm)
{
    (void)vm;
    double ns_per_tick = (double)(now_ns() - first_ns) / (double)(tick() - first_tick);
    FILE *out = fopen(output, "we");
    if (out == NULL)
        return;
    if (finishes > 0) {
        report(out, "start", start_ticks, ns_per_tick);
        report(out, "finish", finish_ticks, ns_per_tick);
        report(out, "pair", pair_ticks, ns_per_tick);
    }
    fclose(out);
}
