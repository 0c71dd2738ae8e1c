#include "jvm_gauge.h"

#include "java_calls.h"

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

enum { OPERATORS_TURNS = 10 }; /* six looks for a class that need not be timely */

/* Loaded when a TaskManager deploys its first task. */
static const char task[] = "org.apache.flink.runtime.taskmanager.Task";

static void find_direct(JNIEnv *jni, struct jvm_gauge *g)
{
    jclass bits = java_class(jni, "java/nio/Bits");
    jmethodID get = java_method_of(jni, "java/util/concurrent/atomic/AtomicLong", "get", "()J");
    if (bits == NULL || get == NULL)
        return;
    jfieldID field = (*jni)->GetStaticFieldID(jni, bits, "RESERVED_MEMORY", "Ljava/util/concurrent/atomic/AtomicLong;");
    if (java_failed(jni) || field == NULL)
        return;
    jobject reserved = (*jni)->GetStaticObjectField(jni, bits, field);
    g->reserved = reserved != NULL ? (*jni)->NewGlobalRef(jni, reserved) : NULL;
    g->get = get;
}

/* JNI does not mind private methods; findLoadedClass0 looks without loading anything. */
static void find_loader(JNIEnv *jni, struct jvm_gauge *g)
{
    static const char type[] = "java/lang/ClassLoader";
    jmethodID find = java_method_of(jni, type, "findLoadedClass0", "(Ljava/lang/String;)Ljava/lang/Class;");
    jobject loader = java_static_call(jni, type, "getSystemClassLoader", "()Ljava/lang/ClassLoader;");
    if (find == NULL || loader == NULL)
        return;
    g->loader = (*jni)->NewGlobalRef(jni, loader);
    g->find_loaded = find;
}

static void read_direct(JNIEnv *jni, struct jvm_gauge *g)
{
    if (g->reserved == NULL)
        return;
    jlong bytes = (*jni)->CallLongMethod(jni, g->reserved, g->get);
    if (!java_failed(jni))
        atomic_store_explicit(&g->direct_bytes, bytes, memory_order_relaxed);
}

/* 1 loaded, 0 not, -1: can't be told. */
static int is_loaded(JNIEnv *jni, const struct jvm_gauge *g, const char *class_name)
{
    jstring name = (*jni)->NewStringUTF(jni, class_name);
    jobject type = name != NULL ? (*jni)->CallObjectMethod(jni, g->loader, g->find_loaded, name) : NULL;
    if (java_failed(jni) || name == NULL)
        return -1;
    int loaded = type != NULL;
    (*jni)->DeleteLocalRef(jni, name);
    (*jni)->DeleteLocalRef(jni, type);
    return loaded;
}

static void read_operators(JNIEnv *jni, struct jvm_gauge *g)
{
    if (g->loader == NULL || atomic_load_explicit(&g->operator_seen, memory_order_relaxed))
        return;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        int loaded = is_loaded(jni, g, operators[i]);
        if (loaded < 0)
            return;
        if (loaded)
            atomic_store_explicit(&g->operator_seen, 1, memory_order_relaxed);
    }
    atomic_store_explicit(&g->operator_known, 1, memory_order_relaxed);
}

static void read_task(JNIEnv *jni, struct jvm_gauge *g)
{
    if (g->loader == NULL || atomic_load_explicit(&g->task_seen, memory_order_relaxed))
        return;
    int loaded = is_loaded(jni, g, task);
    if (loaded > 0)
        atomic_store_explicit(&g->task_seen, 1, memory_order_relaxed);
    if (loaded >= 0)
        atomic_store_explicit(&g->task_known, 1, memory_order_relaxed);
}

void jvm_gauge_init(struct jvm_gauge *g)
{
    *g = (struct jvm_gauge){.tried = 0};
    atomic_store(&g->direct_bytes, -1);
}

int jvm_gauge_run(void *gauge, JNIEnv *jni)
{
    struct jvm_gauge *g = gauge;
    if (!g->tried) { /* a JVM that lacks one of these lacks it for good */
        find_direct(jni, g);
        find_loader(jni, g);
        g->tried = 1;
    }
    read_direct(jni, g);
    read_task(jni, g);
    if (g->turns++ % OPERATORS_TURNS == 0)
        read_operators(jni, g);
    return JVM_GAUGE_PERIOD_MS;
}
