#include "metaspace_gauge.h"

#include "java_calls.h"

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

static void find_pool(JNIEnv *jni, struct metaspace_gauge *g)
{
    jobject pools = java_platform_beans(jni, "getMemoryPoolMXBeans");
    jclass bean = java_class(jni, "java/lang/management/MemoryPoolMXBean"),
           usage = java_class(jni, "java/lang/management/MemoryUsage");
    jmethodID get = java_method_of(jni, "java/util/List", "get", "(I)Ljava/lang/Object;"),
              get_name = java_method(jni, bean, "getName", "()Ljava/lang/String;");
    g->get_usage = java_method(jni, bean, "getUsage", "()Ljava/lang/management/MemoryUsage;");
    g->get_committed = java_method(jni, usage, "getCommitted", "()J");
    if (pools == NULL || get == NULL || get_name == NULL || g->get_usage == NULL || g->get_committed == NULL)
        return;
    jint count = java_list_size(jni, pools);
    for (jint i = 0; i < count && g->pool == NULL; i++) {
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
