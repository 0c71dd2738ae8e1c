/* The library as it is shipped, loaded as a JVM loads it. Its JVM grants nothing: what goes on in a real one is for
 * tests/integration/jvm_*. AGENT, the library of this build, comes from the Makefile. */
#include "tests/support/cmocka_test.h"
#include "tests/support/scratch.h"

#include <dlfcn.h>
#include <jni.h>

typedef jint load_fn(JavaVM *, char *, void *);
typedef void unload_fn(JavaVM *);

static void *library;

static jint JNICALL refuse(JavaVM *vm, void **env, jint version)
{
    (void)vm;
    (void)version;
    *env = NULL;
    return JNI_EVERSION;
}

static const struct JNIInvokeInterface_ functions = {.GetEnv = refuse};
static JavaVM vm = &functions;

/* Every symbol is bound at once: one that this machine's C library lacks would be found here. */
static int open_library(void **state)
{
    (void)state;
    library = dlopen(AGENT, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        print_error("%s\n", dlerror());
    return library == NULL || scratch_make(NULL) != 0;
}

static int close_library(void **state)
{
    return dlclose(library) != 0 || scratch_remove(state) != 0;
}

/* What the load function returns; what it prints is in in_scratch("err"). */
static jint load(const char *function, const char *options)
{
    char text[200];
    load_fn *found;
    void *symbol = dlsym(library, function);
    assert_non_null(symbol);
    memcpy(&found, &symbol, sizeof found);
    snprintf(text, sizeof text, "%s", options);
    int before = dup(STDERR_FILENO), file = open(in_scratch("err"), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    dup2(file, STDERR_FILENO);
    jint result = found(&vm, text, NULL);
    dup2(before, STDERR_FILENO);
    close(before);
    close(file);
    return result;
}

static void only_strict_options_stop_a_jvm(void **state)
{
    (void)state;
    assert_int_equal(load("Agent_OnLoad", "publsh=1s,strict=true"), JNI_ERR);
    assert_contains(text_of(in_scratch("err")), "did you mean 'publish'?");
    assert_contains(text_of(in_scratch("err")), "strict=true: the JVM does not start");
}

static void a_jvm_without_jvmti_goes_on_without_us(void **state)
{
    (void)state;
    assert_int_equal(load("Agent_OnLoad", "publsh=1s"), JNI_OK);
    assert_contains(text_of(in_scratch("err")), "heapcast does nothing");
}

static void a_second_agent_goes_on_without_us(void **state)
{
    (void)state;
    assert_int_equal(load("Agent_OnAttach", ""), JNI_OK);
    assert_contains(text_of(in_scratch("err")), "already loaded");
}

static void it_can_be_unloaded(void **state)
{
    unload_fn *unload;
    void *symbol = dlsym(library, "Agent_OnUnload");
    (void)state;
    assert_non_null(symbol);
    memcpy(&unload, &symbol, sizeof unload);
    unload(&vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_strict_options_stop_a_jvm),
        cmocka_unit_test(a_jvm_without_jvmti_goes_on_without_us),
        cmocka_unit_test(a_second_agent_goes_on_without_us),
        cmocka_unit_test(it_can_be_unloaded),
    };
    return cmocka_run_group_tests(tests, open_library, close_library);
}
