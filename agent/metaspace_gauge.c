#include "metaspace_gauge.h"

#include "java_thread.h"

#include <stddef.h>
#include <string.h>

/* 1 if the bean's name is "Metaspace": HotSpot's pool of all of it, class space included. */
static int is_metaspace(JNIEnv *jni, jobject pool, jmethodID get_name)
{
    jstring name = (*jni)->CallObjectMethod(jni, pool, get_name);
    const char *text = java_failed(jni) || name == NULL ? NULL : (*jni)->GetStringUTFChars(jni, name, NULL);
    int found = text != NULL && strcmp(text, "Metaspace") == 0;
    if (text != NULL)
        (*jni)->ReleaseStringUTFChars(jni, name, text);
    (*jni)->DeleteLocalRef(jni, name);
    return found;
}

static jclass find_class(JNIEnv *jni, const char *name)
{
    jclass type = (*jni)->FindClass(jni, name);
    return java_failed(jni) ? NULL : type;
}

static jmethodID find_method(JNIEnv *jni, jclass type, const char *name, const char *signature)
{
    jmethodID method = type != NULL ? (*jni)->GetMethodID(jni, type, name, signature) : NULL;
    return java_failed(jni) ? NULL : method;
}

static jobject all_pools(JNIEnv *jni)
{
    jclass factory = find_class(jni, "java/lang/management/ManagementFactory");
    jmethodID get =
        factory != NULL ? (*jni)->GetStaticMethodID(jni, factory, "getMemoryPoolMXBeans", "()Ljava/util/List;") : NULL;
    if (java_failed(jni) || get == NULL)
        return NULL;
    jobject pools = (*jni)->CallStaticObjectMethod(jni, factory, get);
    return java_failed(jni) ? NULL : pools;
}

static void find_pool(JNIEnv *jni, struct metaspace_gauge *g)
{
    jobject pools = all_pools(jni);
    jclass list = find_class(jni, "java/util/List"), bean = find_class(jni, "java/lang/management/MemoryPoolMXBean"),
           usage = find_class(jni, "java/lang/management/MemoryUsage");
    jmethodID size = find_method(jni, list, "size", "()I"),
              get = find_method(jni, list, "get", "(I)Ljava/lang/Object;"),
              get_name = find_method(jni, bean, "getName", "()Ljava/lang/String;");
    g->get_usage = find_method(jni, bean, "getUsage", "()Ljava/lang/management/MemoryUsage;");
    g->get_committed = find_method(jni, usage, "getCommitted", "()J");
    if (pools == NULL || size == NULL || get == NULL || get_name == NULL || g->get_usage == NULL ||
        g->get_committed == NULL)
        return;
    jint count = (*jni)->CallIntMethod(jni, pools, size);
    for (jint i = 0; !java_failed(jni) && i < count && g->pool == NULL; i++) {
        jobject pool = (*jni)->CallObjectMethod(jni, pools, get, i);
        if (java_failed(jni) || pool == NULL)
            return;
        if (is_metaspace(jni, pool, get_name))
            g->pool = (*jni)->NewGlobalRef(jni, pool);
        (*jni)->DeleteLocalRef(jni, pool);
    }
}

void metaspace_gauge_init(struct metaspace_gauge *g)
{
    *g = (struct metaspace_gauge){.tried = 0};
    atomic_store(&g->committed_bytes, -1);
}

int metaspace_gauge_run(void *gauge, JNIEnv *jni)
{
    struct metaspace_gauge *g = gauge;
    if (!g->tried)
        find_pool(jni, g);
    g->tried = 1;
    if (g->pool == NULL)
        return 0;
    jobject usage = (*jni)->CallObjectMethod(jni, g->pool, g->get_usage);
    if (java_failed(jni) || usage == NULL)
        return METASPACE_GAUGE_PERIOD_MS;
    jlong bytes = (*jni)->CallLongMethod(jni, usage, g->get_committed);
    if (!java_failed(jni))
        atomic_store_explicit(&g->committed_bytes, bytes, memory_order_relaxed);
    return METASPACE_GAUGE_PERIOD_MS;
}
