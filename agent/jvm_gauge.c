#include "jvm_gauge.h"

#include <stddef.h>

/*
 * Classes that Flink loads only when something is about to allocate pages of managed memory by itself. State backends
 * and Python workers are seen from outside (process_gauge); these are the operators inside the JVM: batch sorts and
 * hash joins, sorted inputs, and SQL's window and mini-batch buffers, which exist in streaming jobs too.
 */
static const char *const operators[] = {
    "org.apache.flink.table.runtime.util.LazyMemorySegmentPool",
    "org.apache.flink.table.runtime.hashtable.BaseHybridHashTable",
    "org.apache.flink.table.runtime.operators.sort.BinaryExternalSorter",
    "org.apache.flink.runtime.operators.sort.ExternalSorter",
    "org.apache.flink.runtime.operators.hash.MutableHashTable",
    "org.apache.flink.runtime.operators.BatchTask",
};

enum { LOCAL_REFERENCES = 32 };

struct handles {
    jobject reserved; /* java.nio.Bits.RESERVED_MEMORY, an AtomicLong (JDK 11 to 25) */
    jmethodID get;
    jobject loader; /* Flink's own classes come from the system class loader, whatever the user's loader is */
    jmethodID find_loaded;
};

static int failed(JNIEnv *jni)
{
    if (!(*jni)->ExceptionCheck(jni))
        return 0;
    (*jni)->ExceptionClear(jni);
    return 1;
}

static void find_direct(JNIEnv *jni, struct handles *h)
{
    jclass bits = (*jni)->FindClass(jni, "java/nio/Bits");
    jclass atomic = failed(jni) ? NULL : (*jni)->FindClass(jni, "java/util/concurrent/atomic/AtomicLong");
    if (failed(jni) || bits == NULL || atomic == NULL)
        return;
    jfieldID field = (*jni)->GetStaticFieldID(jni, bits, "RESERVED_MEMORY", "Ljava/util/concurrent/atomic/AtomicLong;");
    jmethodID get = failed(jni) ? NULL : (*jni)->GetMethodID(jni, atomic, "get", "()J");
    if (failed(jni) || field == NULL || get == NULL)
        return;
    jobject reserved = (*jni)->GetStaticObjectField(jni, bits, field);
    h->reserved = reserved != NULL ? (*jni)->NewGlobalRef(jni, reserved) : NULL;
    h->get = get;
}

/* JNI does not mind private methods; findLoadedClass0 looks without loading anything. */
static void find_loader(JNIEnv *jni, struct handles *h)
{
    jclass type = (*jni)->FindClass(jni, "java/lang/ClassLoader");
    if (failed(jni) || type == NULL)
        return;
    jmethodID system = (*jni)->GetStaticMethodID(jni, type, "getSystemClassLoader", "()Ljava/lang/ClassLoader;");
    jmethodID find = failed(jni)
                         ? NULL
                         : (*jni)->GetMethodID(jni, type, "findLoadedClass0", "(Ljava/lang/String;)Ljava/lang/Class;");
    if (failed(jni) || system == NULL || find == NULL)
        return;
    jobject loader = (*jni)->CallStaticObjectMethod(jni, type, system);
    if (failed(jni) || loader == NULL)
        return;
    h->loader = (*jni)->NewGlobalRef(jni, loader);
    h->find_loaded = find;
}

static void read_direct(JNIEnv *jni, const struct handles *h, struct jvm_gauge *g)
{
    if (h->reserved == NULL)
        return;
    jlong bytes = (*jni)->CallLongMethod(jni, h->reserved, h->get);
    if (!failed(jni))
        atomic_store_explicit(&g->direct_bytes, bytes, memory_order_relaxed);
}

static void read_operators(JNIEnv *jni, const struct handles *h, struct jvm_gauge *g)
{
    if (h->loader == NULL)
        return;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        jstring name = (*jni)->NewStringUTF(jni, operators[i]);
        jobject type = name != NULL ? (*jni)->CallObjectMethod(jni, h->loader, h->find_loaded, name) : NULL;
        if (failed(jni) || name == NULL)
            return;
        if (type != NULL)
            atomic_store_explicit(&g->operator_seen, 1, memory_order_relaxed);
        (*jni)->DeleteLocalRef(jni, name);
        (*jni)->DeleteLocalRef(jni, type);
    }
    atomic_store_explicit(&g->operator_known, 1, memory_order_relaxed);
}

static void JNICALL run(jvmtiEnv *jvmti, JNIEnv *jni, void *argument)
{
    struct jvm_gauge *g = argument;
    struct handles h = {0};
    int tried = 0;
    for (;;) {
        if ((*jvmti)->RawMonitorEnter(jvmti, g->monitor) != JVMTI_ERROR_NONE)
            return;
        /* RawMonitorWait, not a native wait: a Java thread blocked in native code delays the JVM's exit by 310 ms */
        if (!atomic_load(&g->stop))
            (*jvmti)->RawMonitorWait(jvmti, g->monitor, JVM_GAUGE_PERIOD_MS);
        (*jvmti)->RawMonitorExit(jvmti, g->monitor);
        if (atomic_load(&g->stop))
            return;
        /* this thread never returns to Java, so nobody else gives its local references back */
        if ((*jni)->PushLocalFrame(jni, LOCAL_REFERENCES) != 0) {
            (*jni)->ExceptionClear(jni);
            continue;
        }
        if (!tried) { /* a JVM that lacks one of these lacks it for good */
            find_direct(jni, &h);
            find_loader(jni, &h);
            tried = 1;
        }
        read_direct(jni, &h, g);
        read_operators(jni, &h, g);
        (*jni)->PopLocalFrame(jni, NULL);
    }
}

static jthread new_thread(JNIEnv *jni)
{
    jclass type = (*jni)->FindClass(jni, "java/lang/Thread");
    if (failed(jni) || type == NULL)
        return NULL;
    jmethodID init = (*jni)->GetMethodID(jni, type, "<init>", "(Ljava/lang/String;)V");
    jstring name = failed(jni) ? NULL : (*jni)->NewStringUTF(jni, "heapcast");
    jobject thread = init != NULL && name != NULL ? (*jni)->NewObject(jni, type, init, name) : NULL;
    return failed(jni) ? NULL : thread;
}

int jvm_gauge_start(struct jvm_gauge *g, jvmtiEnv *jvmti, JNIEnv *jni)
{
    g->jvmti = jvmti;
    atomic_store(&g->stop, 0);
    atomic_store(&g->direct_bytes, -1);
    if ((*jvmti)->CreateRawMonitor(jvmti, "heapcast", &g->monitor) != JVMTI_ERROR_NONE)
        return -1;
    jthread thread = new_thread(jni);
    if (thread == NULL)
        return -1;
    return (*jvmti)->RunAgentThread(jvmti, thread, run, g, JVMTI_THREAD_NORM_PRIORITY) == JVMTI_ERROR_NONE ? 0 : -1;
}

void jvm_gauge_stop(struct jvm_gauge *g)
{
    if (g->monitor == NULL)
        return;
    atomic_store(&g->stop, 1);
    if ((*g->jvmti)->RawMonitorEnter(g->jvmti, g->monitor) != JVMTI_ERROR_NONE)
        return;
    (*g->jvmti)->RawMonitorNotifyAll(g->jvmti, g->monitor);
    (*g->jvmti)->RawMonitorExit(g->jvmti, g->monitor);
}
