/* JNI as the tasks of the Java thread use it: what a JVM does not have is NULL, and no exception is left behind. */
#ifndef HEAPCAST_JAVA_CALLS_H
#define HEAPCAST_JAVA_CALLS_H

#include <jni.h>

/* 1 and the exception cleared, if there was one. */
int java_failed(JNIEnv *jni);

/* A local reference, or NULL. */
jclass java_class(JNIEnv *jni, const char *name);
/* `type` NULL: NULL. */
jmethodID java_method(JNIEnv *jni, jclass type, const char *name, const char *signature);
/* The same for a class by its name, which is not needed any more. */
jmethodID java_method_of(JNIEnv *jni, const char *class_name, const char *name, const char *signature);
/* What a static method without arguments returns, a local reference. */
jobject java_static_call(JNIEnv *jni, const char *class_name, const char *name, const char *signature);

/* A list of platform beans, as ManagementFactory gives it by this method; NULL without java.management. No MBean server
 * is started for that. */
jobject java_platform_beans(JNIEnv *jni, const char *method);
/* 0 for NULL. */
jint java_list_size(JNIEnv *jni, jobject list);

#endif
