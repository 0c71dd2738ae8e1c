#include "java_thread.h"

#include "clock.h"
#include "java_calls.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>

static struct java_thread {
    jvmtiEnv *jvmti;
    jrawMonitorID monitor; /* NULL: not started */
    atomic_int stop;
    size_t count;
    struct java_task tasks[JAVA_TASKS_MAX];
    int64_t due_ms[JAVA_TASKS_MAX]; /* INT64_MAX: done for good */
} thread;

/* Until the time, or the end; 0 at the end. RawMonitorWait, not a native wait: a Java thread that is blocked in native
 * code delays the JVM's exit by 310 ms. */
static int wait_until(struct java_thread *t, int64_t due_ms)
{
    int64_t wait = due_ms - now_ms(CLOCK_MONOTONIC);
    if ((*t->jvmti)->RawMonitorEnter(t->jvmti, t->monitor) != JVMTI_ERROR_NONE)
        return 0;
    if (!atomic_load(&t->stop) && wait > 0)
        (*t->jvmti)->RawMonitorWait(t->jvmti, t->monitor, wait);
    (*t->jvmti)->RawMonitorExit(t->jvmti, t->monitor);
    return !atomic_load(&t->stop);
}

static size_t first_due(const struct java_thread *t)
{
    size_t first = 0;
    for (size_t i = 1; i < t->count; i++)
        if (t->due_ms[i] < t->due_ms[first])
            first = i;
    return first;
}

static void take_turn(struct java_thread *t, size_t task, JNIEnv *jni)
{
    /* this thread never returns to Java, so nobody else gives its local references back */
    if ((*jni)->PushLocalFrame(jni, JAVA_LOCAL_REFERENCES) != 0) {
        (*jni)->ExceptionClear(jni);
        t->due_ms[task] = now_ms(CLOCK_MONOTONIC) + 1000;
        return;
    }
    int again_ms = t->tasks[task].run(t->tasks[task].self, jni);
    (void)java_failed(jni);
    (*jni)->PopLocalFrame(jni, NULL);
    t->due_ms[task] = again_ms > 0 ? now_ms(CLOCK_MONOTONIC) + again_ms : INT64_MAX;
}

static void JNICALL run(jvmtiEnv *jvmti, JNIEnv *jni, void *argument)
{
    struct java_thread *t = argument;
    (void)jvmti;
    for (;;) {
        size_t task = first_due(t);
        if (t->due_ms[task] == INT64_MAX || !wait_until(t, t->due_ms[task]))
            return;
        if (now_ms(CLOCK_MONOTONIC) >= t->due_ms[task]) /* woken without a reason otherwise */
            take_turn(t, task, jni);
    }
}

static jthread new_thread(JNIEnv *jni)
{
    jclass type = java_class(jni, "java/lang/Thread");
    jmethodID init = java_method(jni, type, "<init>", "(Ljava/lang/String;)V");
    jstring name = init != NULL ? (*jni)->NewStringUTF(jni, "heapcast") : NULL;
    jobject object = init != NULL && name != NULL ? (*jni)->NewObject(jni, type, init, name) : NULL;
    return java_failed(jni) ? NULL : object;
}

int java_thread_start(jvmtiEnv *jvmti, JNIEnv *jni, const struct java_task *tasks, size_t count, int delay_ms)
{
    struct java_thread *t = &thread;
    if (count == 0 || count > JAVA_TASKS_MAX)
        return -1;
    t->jvmti = jvmti;
    for (t->count = 0; t->count < count; t->count++) {
        t->tasks[t->count] = tasks[t->count];
        t->due_ms[t->count] = now_ms(CLOCK_MONOTONIC) + delay_ms;
    }
    jthread object = new_thread(jni);
    if (object == NULL || (*jvmti)->CreateRawMonitor(jvmti, "heapcast", &t->monitor) != JVMTI_ERROR_NONE)
        return -1;
    return (*jvmti)->RunAgentThread(jvmti, object, run, t, JVMTI_THREAD_NORM_PRIORITY) == JVMTI_ERROR_NONE ? 0 : -1;
}

void java_thread_forgo(void)
{
    atomic_store(&thread.stop, 1);
}

void java_thread_stop(void)
{
    struct java_thread *t = &thread;
    if (t->monitor == NULL)
        return;
    atomic_store(&t->stop, 1);
    if ((*t->jvmti)->RawMonitorEnter(t->jvmti, t->monitor) != JVMTI_ERROR_NONE)
        return;
    (*t->jvmti)->RawMonitorNotifyAll(t->jvmti, t->monitor);
    (*t->jvmti)->RawMonitorExit(t->jvmti, t->monitor);
}
