/*
 * The daemon Java thread of ours that asks what only Java can tell. Several tasks share it: they run one after another,
 * each as often as it asks for, and leave plain values for the recorder in atomics or rings. Nobody ever waits for this
 * thread: it stands still at safepoints, and in a JVM that thrashes in GC it gets no turn for minutes.
 */
#ifndef HEAPCAST_JAVA_THREAD_H
#define HEAPCAST_JAVA_THREAD_H

#include <jvmti.h>
#include <stddef.h>

enum { JAVA_TASKS_MAX = 8, JAVA_LOCAL_REFERENCES = 32 };

struct java_task {
    /*
     * A turn, on the Java thread, in a frame of its own for JAVA_LOCAL_REFERENCES local references. Leaves no exception
     * behind and waits for nothing but what it asked the JVM for (GC.run: a concurrent cycle). Returns the milliseconds
     * until its next turn, 0 or less: it wants none any more.
     */
    int (*run)(void *self, JNIEnv *jni);
    void *self; /* borrowed for the life of the JVM */
};

/*
 * Starts the thread with these tasks; on a Java thread, in the live phase. The first turns come after `delay_ms`, so
 * that what they load does not compete with the JVM's own start. 0, or -1 where the JVM refuses: no task ever runs.
 */
int java_thread_start(jvmtiEnv *jvmti, JNIEnv *jni, const struct java_task *tasks, size_t count, int delay_ms);
/* Tells it to end; does not wait. On a Java thread. */
void java_thread_stop(void);
/* The same from any thread: it ends when the next turn is due. */
void java_thread_forgo(void);

#endif
