#include "java_calls.h"

#include <stddef.h>

int java_failed(JNIEnv *jni)
{
    if (!(*jni)->ExceptionCheck(jni))
        return 0;
    (*jni)->ExceptionClear(jni);
    return 1;
}

jclass java_class(JNIEnv *jni, const char *name)
{
    jclass type = (*jni)->FindClass(jni, name);
    return java_failed(jni) ? NULL : type;
}

jmethodID java_method(JNIEnv *jni, jclass type, const char *name, const char *signature)
{
    jmethodID method = type != NULL ? (*jni)->GetMethodID(jni, type, name, signature) : NULL;
    return java_failed(jni) ? NULL : method;
}

jmethodID java_method_of(JNIEnv *jni, const char *class_name, const char *name, const char *signature)
{
    jclass type = java_class(jni, class_name);
    jmethodID method = java_method(jni, type, name, signature);
    (*jni)->DeleteLocalRef(jni, type);
    return method;
}

jobject java_static_call(JNIEnv *jni, const char *class_name, const char *name, const char *signature)
{
    jclass type = java_class(jni, class_name);
    jmethodID method = type != NULL ? (*jni)->GetStaticMethodID(jni, type, name, signature) : NULL;
    jobject value = !java_failed(jni) && method != NULL ? (*jni)->CallStaticObjectMethod(jni, type, method) : NULL;
    if (java_failed(jni))
        value = NULL;
    (*jni)->DeleteLocalRef(jni, type);
    return value;
}

jobject java_platform_beans(JNIEnv *jni, const char *method)
{
    return java_static_call(jni, "java/lang/management/ManagementFactory", method, "()Ljava/util/List;");
}

jint java_list_size(JNIEnv *jni, jobject list)
{
    jmethodID size = java_method_of(jni, "java/util/List", "size", "()I");
    jint n = list != NULL && size != NULL ? (*jni)->CallIntMethod(jni, list, size) : 0;
    return java_failed(jni) ? 0 : n;
}
