#include "vm_control.h"

#include "java_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *find_commands(JNIEnv *jni, struct vm_control *c)
{
    /* DiagnosticCommandImpl's own constructor wants the management machinery; its native method needs nothing of it */
    jclass type = java_class(jni, "com/sun/management/internal/DiagnosticCommandImpl");
    c->execute = java_method(jni, type, "executeDiagnosticCommand", "(Ljava/lang/String;)Ljava/lang/String;");
    jobject object = c->execute != NULL ? (*jni)->AllocObject(jni, type) : NULL;
    if (java_failed(jni) || object == NULL)
        return "the JVM's diagnostic commands can't be reached from inside";
    c->commands = (*jni)->NewGlobalRef(jni, object);
    return c->commands != NULL ? NULL : "no memory for a reference";
}

static const char *find_flags(JNIEnv *jni, struct vm_control *c)
{
    jclass type = java_class(jni, "com/sun/management/internal/HotSpotDiagnostic");
    jclass option = java_class(jni, "com/sun/management/VMOption");
    jmethodID init = java_method(jni, type, "<init>", "()V");
    c->get_flag = java_method(jni, type, "getVMOption", "(Ljava/lang/String;)Lcom/sun/management/VMOption;");
    c->set_flag = java_method(jni, type, "setVMOption", "(Ljava/lang/String;Ljava/lang/String;)V");
    c->flag_value = java_method(jni, option, "getValue", "()Ljava/lang/String;");
    if (init == NULL || c->get_flag == NULL || c->set_flag == NULL || c->flag_value == NULL)
        return "the JVM's flags can't be read from inside";
    jobject object = (*jni)->NewObject(jni, type, init);
    if (java_failed(jni) || object == NULL)
        return "the JVM's flags can't be read from inside";
    c->flags = (*jni)->NewGlobalRef(jni, object);
    return c->flags != NULL ? NULL : "no memory for a reference";
}

/*
 * The native library of the two classes, as the static initialiser of PlatformMBeanProviderImpl loads it; but that one
 * is the JVM's first lambda where nothing else has run yet, whose machinery takes half a megabyte.
 */
static int load_library(JNIEnv *jni)
{
    jclass loader = java_class(jni, "jdk/internal/loader/BootLoader");
    jmethodID load =
        loader != NULL ? (*jni)->GetStaticMethodID(jni, loader, "loadLibrary", "(Ljava/lang/String;)V") : NULL;
    jstring name = !java_failed(jni) && load != NULL ? (*jni)->NewStringUTF(jni, "management_ext") : NULL;
    if (name != NULL) /* UnsatisfiedLinkError: the module is not there */
        (*jni)->CallStaticVoidMethod(jni, loader, load, name);
    return !java_failed(jni) && name != NULL;
}

const char *vm_control_find(JNIEnv *jni, struct vm_control *out)
{
    memset(out, 0, sizeof *out);
    /* JDK 11 has no such method */
    if (!load_library(jni) && java_class(jni, "com/sun/management/internal/PlatformMBeanProviderImpl") == NULL)
        return "this JVM lacks the module jdk.management";
    const char *why = find_commands(jni, out);
    return why != NULL ? why : find_flags(jni, out);
}

static int copy_text(JNIEnv *jni, jstring from, char *out, size_t size)
{
    const char *text = from != NULL ? (*jni)->GetStringUTFChars(jni, from, NULL) : NULL;
    if (java_failed(jni) || text == NULL)
        return 0;
    snprintf(out, size, "%s", text);
    (*jni)->ReleaseStringUTFChars(jni, from, text);
    return 1;
}

int vm_control_run(JNIEnv *jni, const struct vm_control *c, const char *command, char *answer, size_t size)
{
    jstring text = (*jni)->NewStringUTF(jni, command);
    jstring said = text != NULL ? (*jni)->CallObjectMethod(jni, c->commands, c->execute, text) : NULL;
    int ran = !java_failed(jni) && copy_text(jni, said, answer, size);
    (*jni)->DeleteLocalRef(jni, text);
    (*jni)->DeleteLocalRef(jni, said);
    return ran;
}

int vm_control_flag(JNIEnv *jni, const struct vm_control *c, const char *name, char *out, size_t size)
{
    jstring flag = (*jni)->NewStringUTF(jni, name);
    jobject option = flag != NULL ? (*jni)->CallObjectMethod(jni, c->flags, c->get_flag, flag) : NULL;
    if (java_failed(jni)) /* IllegalArgumentException: no such flag */
        option = NULL;
    jstring value = option != NULL ? (*jni)->CallObjectMethod(jni, option, c->flag_value) : NULL;
    int found = !java_failed(jni) && copy_text(jni, value, out, size);
    (*jni)->DeleteLocalRef(jni, flag);
    (*jni)->DeleteLocalRef(jni, option);
    (*jni)->DeleteLocalRef(jni, value);
    return found;
}

int vm_control_flag_is_true(JNIEnv *jni, const struct vm_control *c, const char *name)
{
    char value[16];
    return vm_control_flag(jni, c, name, value, sizeof value) && strcmp(value, "true") == 0;
}

long long vm_control_flag_number(JNIEnv *jni, const struct vm_control *c, const char *name)
{
    char value[32], *end;
    if (!vm_control_flag(jni, c, name, value, sizeof value))
        return -1;
    long long number = strtoll(value, &end, 10);
    return end != value && *end == '\0' && number >= 0 ? number : -1;
}

int vm_control_set_flag(JNIEnv *jni, const struct vm_control *c, const char *name, const char *value)
{
    char now[32];
    jstring flag = (*jni)->NewStringUTF(jni, name), text = (*jni)->NewStringUTF(jni, value);
    if (flag != NULL && text != NULL)
        (*jni)->CallVoidMethod(jni, c->flags, c->set_flag, flag, text);
    (void)java_failed(jni);
    (*jni)->DeleteLocalRef(jni, flag);
    (*jni)->DeleteLocalRef(jni, text);
    return vm_control_flag(jni, c, name, now, sizeof now) && strcmp(now, value) == 0;
}
