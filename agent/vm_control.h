/*
 * What the JVM lets a tool of its own do at run time, asked for from inside: diagnostic commands (VM.log, GC.run) and
 * its flags. The ways are those of jcmd and of the HotSpotDiagnostic bean, without the beans' machinery: two classes of
 * module jdk.management, the same in JDK 11 to 25. JNI minds neither `private` nor modules, so the JVM needs no option
 * for this and prints no warning. A JVM without that module has none of it.
 *
 * On the Java thread only. Nothing here leaves an exception behind.
 */
#ifndef HEAPCAST_VM_CONTROL_H
#define HEAPCAST_VM_CONTROL_H

#include <jni.h>
#include <stddef.h>

struct vm_control {
    jobject commands, flags; /* global references */
    jmethodID execute, get_flag, set_flag, flag_value;
};

/* Looks for the classes. NULL, or why this JVM can't be asked (a constant text); *out is then not to be used. */
const char *vm_control_find(JNIEnv *jni, struct vm_control *out);

/*
 * Runs a diagnostic command, worded as for jcmd; blocks as long as the command does. 1: it ran, and what it said stands
 * in `answer`; 0: the JVM refused it.
 */
int vm_control_run(JNIEnv *jni, const struct vm_control *control, const char *command, char *answer, size_t size);

/* The value of a flag as text. 0: there is no such flag in this JVM. */
int vm_control_flag(JNIEnv *jni, const struct vm_control *control, const char *name, char *out, size_t size);
/* 1 if the flag exists and is "true". */
int vm_control_flag_is_true(JNIEnv *jni, const struct vm_control *control, const char *name);
/* A whole number. -1: no such flag, or not one. */
long long vm_control_flag_number(JNIEnv *jni, const struct vm_control *control, const char *name);

/* 1: the flag has that value now; 0: there is no such flag, or the JVM does not let it be changed. */
int vm_control_set_flag(JNIEnv *jni, const struct vm_control *control, const char *name, const char *value);

#endif
