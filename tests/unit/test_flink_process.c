#include "tests/support/cmocka_test.h"

#include "agent/flink_process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct hc_subject s;
static char dir[ARGS_PATH_SIZE];

/* A command line as /proc/PID/cmdline has it; the text's own '\0' ends the last argument. */
#define PARSE(cmdline, options)                                                                                        \
    do {                                                                                                               \
        struct args args_;                                                                                             \
        args_parse(options, &args_);                                                                                   \
        memset(&s, 0, sizeof s);                                                                                       \
        flink_process_parse(cmdline, sizeof(cmdline), "host-7", "/opt/flink", &args_, &s, dir, sizeof dir);            \
    } while (0)

/* What bin/taskmanager.sh of 1.20.5 started for taskmanager.memory.process.size: 1728m. */
#define TASKMANAGER_1_20                                                                                               \
    "java\0-XX:+UseG1GC\0-Xmx536870902\0-Xms536870902\0-XX:MaxDirectMemorySize=268435458\0"                            \
    "-XX:MaxMetaspaceSize=268435456\0-XX:+IgnoreUnrecognizedVMOptions\0"                                               \
    "-agentpath:/opt/heapcast/libheapcast.so=publish=5s\0"                                                             \
    "-Dlog.file=/var/log/flink/flink-user-taskexecutor-0-host-7.log\0"                                                 \
    "-Dlog4j.configuration=file:/opt/flink/conf/log4j.properties\0-classpath\0/opt/flink/lib/flink-dist-1.20.5.jar\0"  \
    "org.apache.flink.runtime.taskexecutor.TaskManagerRunner\0--configDir\0/opt/flink/conf\0"                          \
    "-D\0taskmanager.memory.network.min=134217730b\0-D\0taskmanager.cpu.cores=2.0\0"                                   \
    "-D\0taskmanager.memory.task.off-heap.size=0b\0-D\0taskmanager.memory.jvm-metaspace.size=268435456b\0"             \
    "-D\0external-resources=none\0-D\0taskmanager.memory.jvm-overhead.min=201326592b\0"                                \
    "-D\0taskmanager.memory.framework.off-heap.size=134217728b\0-D\0taskmanager.memory.network.max=134217730b\0"       \
    "-D\0taskmanager.memory.framework.heap.size=134217728b\0-D\0taskmanager.memory.managed.size=536870920b\0"          \
    "-D\0taskmanager.memory.task.heap.size=402653174b\0-D\0taskmanager.numberOfTaskSlots=2\0"                          \
    "-D\0taskmanager.memory.jvm-overhead.max=201326592b"

static const char *flink(const char *key)
{
    for (unsigned i = 0; i < s.flink_count; i++)
        if (strcmp(s.flink[i].key, key) == 0)
            return s.flink[i].value;
    return "(none)";
}

static void a_standalone_taskmanager_is_read(void **state)
{
    (void)state;
    PARSE(TASKMANAGER_1_20, "");
    assert_int_equal(s.role, HC_ROLE_TASKMANAGER);
    assert_string_equal(s.host, "host-7");
    assert_string_equal(dir, "/var/log/flink");
    assert_int_equal(s.flink_count, 12); /* all but external-resources */
    assert_string_equal(flink("taskmanager.memory.task.heap.size"), "402653174b");
    assert_string_equal(flink("taskmanager.memory.managed.size"), "536870920b");
    assert_string_equal(flink("taskmanager.memory.jvm-overhead.max"), "201326592b");
    assert_string_equal(flink("taskmanager.cpu.cores"), "2.0");
    assert_string_equal(flink("taskmanager.numberOfTaskSlots"), "2");
    assert_string_equal(flink("external-resources"), "(none)");
    assert_int_equal(s.metaspace_limit_bytes, 268435456);
}

static void the_last_limit_of_metaspace_is_in_force(void **state)
{
    (void)state;
    PARSE("java\0Main", "");
    assert_int_equal(s.metaspace_limit_bytes, 0);
    PARSE("java\0-XX:MaxMetaspaceSize=268435456\0-XX:MaxMetaspaceSize=96m\0Main", "");
    assert_int_equal(s.metaspace_limit_bytes, 96 << 20);
    PARSE("java\0-XX:MaxMetaspaceSize=1G\0Main", "");
    assert_int_equal(s.metaspace_limit_bytes, 1 << 30);
    PARSE("java\0-XX:MaxMetaspaceSize=1x\0Main", "");
    assert_int_equal(s.metaspace_limit_bytes, 0);
    PARSE("java\0-XX:MaxMetaspaceSize=1kk\0Main", "");
    assert_int_equal(s.metaspace_limit_bytes, 0);
}

static void the_default_name_is_stable_and_tells_processes_apart(void **state)
{
    char first[sizeof s.name];
    (void)state;
    PARSE(TASKMANAGER_1_20, "");
    memcpy(first, s.name, sizeof first);
    assert_int_equal(strncmp(first, "host-7-taskmanager-", 19), 0);
    assert_int_equal(strlen(first), 19 + 8);
    PARSE(TASKMANAGER_1_20, "");
    assert_string_equal(s.name, first);
    /* Flink gives the second process of a host the log file -1- */
    PARSE("java\0-Dlog.file=/var/log/flink/flink-user-taskexecutor-1-host-7.log\0"
          "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
          "");
    assert_int_equal(strncmp(s.name, "host-7-taskmanager-", 19), 0);
    assert_string_not_equal(s.name, first);
}

static void the_resource_id_is_the_name_of_a_taskmanager(void **state)
{
    (void)state;
    PARSE("java\0-Dlog.file=/opt/flink/log/taskmanager.log\0"
          "org.apache.flink.kubernetes.taskmanager.KubernetesTaskExecutorRunner\0"
          "-Dtaskmanager.memory.task.heap.size=402653174b\0-D\0taskmanager.resource-id=first\0"
          "-Dtaskmanager.resource-id=wordcount-taskmanager-1-12",
          "");
    assert_int_equal(s.role, HC_ROLE_TASKMANAGER);
    assert_string_equal(s.name, "wordcount-taskmanager-1-12"); /* the last one is in force */
    assert_string_equal(flink("taskmanager.memory.task.heap.size"), "402653174b");
    assert_string_equal(dir, "/opt/flink/log");
}

static void only_file_name_letters_in_a_name(void **state)
{
    (void)state;
    PARSE("java\0org.apache.flink.yarn.YarnTaskExecutorRunner\0-Dtaskmanager.resource-id=../../etc/x y:1\303\244", "");
    assert_string_equal(s.name, ".._.._etc_x_y_1__");
    PARSE("java\0org.apache.flink.yarn.YarnTaskExecutorRunner\0-Dtaskmanager.resource-id=id", "name=mine");
    assert_string_equal(s.name, "mine");
}

static void every_entry_class_has_its_role(void **state)
{
    (void)state;
#define ROLE_OF(class, want)                                                                                           \
    PARSE("java\0-cp\0x.jar\0" class, "");                                                                             \
    assert_int_equal(s.role, want)
    ROLE_OF("org.apache.flink.runtime.taskexecutor.TaskManagerRunner", HC_ROLE_TASKMANAGER);
    ROLE_OF("org.apache.flink.yarn.YarnTaskExecutorRunner", HC_ROLE_TASKMANAGER);
    ROLE_OF("org.apache.flink.kubernetes.taskmanager.KubernetesTaskExecutorRunner", HC_ROLE_TASKMANAGER);
    ROLE_OF("org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", HC_ROLE_JOBMANAGER);
    ROLE_OF("org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint", HC_ROLE_JOBMANAGER);
    ROLE_OF("org.apache.flink.kubernetes.entrypoint.KubernetesApplicationClusterEntrypoint", HC_ROLE_JOBMANAGER);
    ROLE_OF("org.apache.flink.yarn.entrypoint.YarnJobClusterEntrypoint", HC_ROLE_JOBMANAGER);
    ROLE_OF("org.apache.flink.client.cli.CliFrontend", HC_ROLE_JVM);
    ROLE_OF("com.example.TaskManagerRunner", HC_ROLE_JVM);
}

static void the_role_option_wins(void **state)
{
    (void)state;
    PARSE(TASKMANAGER_1_20, "role=jvm");
    assert_int_equal(s.role, HC_ROLE_JVM);
    assert_int_equal(strncmp(s.name, "host-7-jvm-", 11), 0);
    PARSE("java\0Main", "role=taskmanager");
    assert_int_equal(s.role, HC_ROLE_TASKMANAGER);
    PARSE("java\0Main", "role=jobmanager");
    assert_int_equal(s.role, HC_ROLE_JOBMANAGER);
}

static void files_lie_where_they_should(void **state)
{
    (void)state;
    PARSE("java\0Main", "");
    assert_string_equal(dir, "/opt/flink");
    PARSE("java\0-Dlog.file=x.log\0Main", ""); /* no folder in it */
    assert_string_equal(dir, "/opt/flink");
    PARSE("java\0-Dlog.file=log/x.log\0Main", "");
    assert_string_equal(dir, "log");
    PARSE(TASKMANAGER_1_20, "dir=/data/heapcast");
    assert_string_equal(dir, "/data/heapcast");
    PARSE(TASKMANAGER_1_20, "dir=heapcast");
    assert_string_equal(dir, "/opt/flink/heapcast");
}

static void a_jvm_is_told_apart_by_its_directory(void **state)
{
    char first[sizeof s.name];
    struct args args;
    (void)state;
    PARSE("java\0Main", "");
    memcpy(first, s.name, sizeof first);
    args_parse(NULL, &args);
    memset(&s, 0, sizeof s);
    flink_process_parse("java\0Main", sizeof "java\0Main", "host-7", "/opt/other", &args, &s, dir, sizeof dir);
    assert_string_not_equal(s.name, first);
}

static void odd_command_lines_do_no_harm(void **state)
{
    static char many[64 * 64], wide[4096];
    struct args args;
    size_t used = 0;
    (void)state;
    PARSE("", "");
    assert_int_equal(s.role, HC_ROLE_JVM);
    PARSE("java\0-D", "");
    PARSE("java\0-D\0taskmanager.memory.task.heap.size", ""); /* no '=' */
    assert_int_equal(s.flink_count, 0);
    PARSE("java\0-Dtaskmanager.memory.=\0-D=x\0-Djobmanager.memory.heap.size=1g=2g", "");
    assert_string_equal(flink("jobmanager.memory.heap.size"), "1g=2g");

    for (int i = 0; i < HC_FLINK_SETTINGS_MAX + 8; i++)
        used += (size_t)snprintf(many + used, sizeof many - used, "-Dtaskmanager.memory.x%d=%d", i, i) + 1;
    args_parse(NULL, &args);
    memset(&s, 0, sizeof s);
    flink_process_parse(many, used, "h", "/", &args, &s, dir, sizeof dir);
    assert_int_equal(s.flink_count, HC_FLINK_SETTINGS_MAX);

    memset(wide, 'w', sizeof wide - 1);
    memcpy(wide, "-Dtaskmanager.resource-id=", 26);
    memset(&s, 0, sizeof s);
    flink_process_parse(wide, sizeof wide, wide + 100, wide + 100, &args, &s, dir, sizeof dir);
    assert_int_equal(strlen(s.host), sizeof s.host - 1);
    assert_true(strlen(s.name) < sizeof s.name);
    assert_int_equal(strlen(s.flink[0].value), sizeof s.flink[0].value - 1);
}

/* The group test itself is a process: no Java, so a plain one. */
static void this_process_is_identified(void **state)
{
    struct args args;
    char cwd[ARGS_PATH_SIZE];
    (void)state;
    args_parse("name=self", &args);
    memset(&s, 0, sizeof s);
    flink_process_identify(&args, &s, dir, sizeof dir);
    assert_int_equal(s.pid, getpid());
    assert_int_equal(s.role, HC_ROLE_JVM);
    assert_true(s.host[0] != '\0');
    assert_string_equal(s.name, "self");
    assert_string_equal(dir, getcwd(cwd, sizeof cwd));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_standalone_taskmanager_is_read),
        cmocka_unit_test(the_last_limit_of_metaspace_is_in_force),
        cmocka_unit_test(the_default_name_is_stable_and_tells_processes_apart),
        cmocka_unit_test(the_resource_id_is_the_name_of_a_taskmanager),
        cmocka_unit_test(only_file_name_letters_in_a_name),
        cmocka_unit_test(every_entry_class_has_its_role),
        cmocka_unit_test(the_role_option_wins),
        cmocka_unit_test(files_lie_where_they_should),
        cmocka_unit_test(a_jvm_is_told_apart_by_its_directory),
        cmocka_unit_test(odd_command_lines_do_no_harm),
        cmocka_unit_test(this_process_is_identified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
