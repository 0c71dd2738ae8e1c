/* Worked examples; every recorded answer of the real Flink is asked by tests/integration/oracle_cases.py. */
#include <heapcast/flink_conf.h>
#include <heapcast/process_spec.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct hc_flink_target flink_1_20 = {{1, 20}, HC_DEPLOYMENT_STANDALONE, NULL};
static const struct hc_flink_target flink_1_16 = {{1, 16}, HC_DEPLOYMENT_STANDALONE, NULL};

static struct hc_flink_options *options_of(const char *conf)
{
    struct hc_flink_options *options = hc_flink_options_new();
    assert_int_equal(hc_flink_conf_parse(conf, strlen(conf), options, NULL), HC_OK);
    return options;
}

static struct hc_taskmanager_spec derive(const char *conf, struct hc_flink_target target)
{
    struct hc_flink_options *options = options_of(conf);
    struct hc_taskmanager_spec spec;
    struct hc_error err = {.text = ""};
    enum hc_status status = hc_taskmanager_spec_derive(options, target, &spec, NULL, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, HC_OK);
    hc_flink_options_free(options);
    return spec;
}

static void test_worked_examples(void **state)
{
    (void)state;
    struct hc_taskmanager_spec s = derive("taskmanager.memory.process.size: 4g\n", flink_1_20);
    assert_int_equal(s.jvm_heap_bytes, 1664299798);
    assert_int_equal(s.jvm_direct_bytes, 493921243);
    assert_int_equal(s.managed_bytes, 1438814063);
    assert_int_equal(s.network_bytes, 359703515);
    assert_int_equal(s.overhead_bytes, 429496736);
    s = derive("taskmanager.memory.process.size: 1000m\ntaskmanager.memory.jvm-overhead.min: 64m\n"
               "taskmanager.memory.jvm-overhead.max: 128m\n",
               flink_1_20);
    assert_int_equal(s.overhead_bytes, 104857601); /* 100 MiB and one byte: 0.1 is a float */
}

static void test_network_limit_by_version(void **state)
{
    (void)state;
    const char *conf = "taskmanager.memory.flink.size: 30031215509b\n";
    assert_int_equal(derive(conf, flink_1_16).network_bytes, 1073741824);
    assert_int_equal(derive(conf, flink_1_20).network_bytes, 3003121595);
}

static void test_old_heap_by_deployment(void **state)
{
    (void)state;
    const struct hc_flink_target container = {{1, 20}, HC_DEPLOYMENT_CONTAINER, NULL};
    assert_int_equal(derive("taskmanager.heap.size: 2g\n", flink_1_20).total_flink_bytes, 2147483648);
    assert_int_equal(derive("taskmanager.heap.mb: 2048\n", container).total_process_bytes, 2147483648);
}

static void test_refusal(void **state)
{
    (void)state;
    struct hc_flink_options *options = options_of("# a\ntaskmanager.memory.process.size: 4gig\n");
    struct hc_taskmanager_spec spec = {.slots = 4711};
    struct hc_flink_failure failure;
    struct hc_error err;
    assert_int_equal(hc_taskmanager_spec_derive(options, flink_1_20, &spec, &failure, &err), HC_ECONFIG);
    assert_int_equal(spec.slots, 4711);
    assert_int_equal(err.line, 2);
    assert_string_equal(failure.code, "UNREADABLE_SIZE");
    assert_string_equal(failure.key, "taskmanager.memory.process.size");
    assert_int_equal(failure.depth, 4);
    assert_string_equal(failure.chain[0].message,
                        "TaskManager memory configuration failed: Cannot read memory size from config "
                        "option 'taskmanager.memory.process.size'.");
    assert_string_equal(failure.chain[3].exception, "java.lang.IllegalArgumentException");
    assert_non_null(strstr(failure.mend, "as 512m or 1g"));
    assert_int_equal(hc_taskmanager_spec_derive(options, flink_1_20, &spec, NULL, NULL), HC_ECONFIG);
    hc_flink_options_free(options);
}

static void test_overflow(void **state)
{
    (void)state;
    struct hc_flink_options *options = options_of("taskmanager.memory.task.heap.size: 9223372036854775807\n"
                                                  "taskmanager.memory.managed.size: 1g\n");
    struct hc_taskmanager_spec spec;
    struct hc_flink_failure failure;
    assert_int_equal(hc_taskmanager_spec_derive(options, flink_1_20, &spec, &failure, NULL), HC_ECONFIG);
    assert_string_equal(failure.chain[0].exception, "java.lang.ArithmeticException");
    hc_flink_options_free(options);
}

static void test_jobmanager(void **state)
{
    (void)state;
    struct hc_flink_options *options = options_of("jobmanager.memory.process.size: 1600m\n");
    struct hc_jobmanager_spec spec;
    struct hc_error err;
    char text[HC_JVM_ARGUMENTS_TEXT], *dynamic;
    assert_int_equal(hc_jobmanager_spec_derive(options, flink_1_20, &spec, NULL, &err), HC_OK);
    assert_string_equal(hc_jobmanager_spec_jvm_arguments(&spec, text),
                        "-Xmx1073741824 -Xms1073741824 -XX:MaxMetaspaceSize=268435456");
    hc_flink_options_set(options, "jobmanager.memory.enable-jvm-direct-memory-limit", "true");
    assert_int_equal(hc_jobmanager_spec_derive(options, flink_1_20, &spec, NULL, &err), HC_OK);
    assert_non_null(strstr(hc_jobmanager_spec_jvm_arguments(&spec, text), "-XX:MaxDirectMemorySize=134217728 "));
    assert_int_equal(hc_jobmanager_spec_dynamic_options(
                         &spec, (struct hc_flink_target){{1, 11}, HC_DEPLOYMENT_STANDALONE, NULL}, &dynamic, &err),
                     HC_OK);
    assert_string_equal(dynamic, "");
    free(dynamic);
    assert_int_equal(hc_jobmanager_spec_derive(
                         options, (struct hc_flink_target){{1, 10}, HC_DEPLOYMENT_STANDALONE, NULL}, &spec, NULL, &err),
                     HC_EUNSUPPORTED);
    hc_flink_options_free(options);
}

/* What Flink hands to the process, fed back in, gives the same process. */
static void test_dynamic_options_close_the_circle(void **state)
{
    (void)state;
    struct hc_flink_options *options =
        options_of("taskmanager.memory.flink.size: 3g\ntaskmanager.numberOfTaskSlots: 3\n");
    struct hc_flink_options *back = hc_flink_options_new();
    struct hc_taskmanager_spec spec, again;
    char *dynamic, *rest = NULL;
    assert_int_equal(hc_taskmanager_spec_derive(options, flink_1_20, &spec, NULL, NULL), HC_OK);
    assert_int_equal(hc_taskmanager_spec_dynamic_options(&spec, options, flink_1_20, &dynamic, NULL), HC_OK);
    for (char *word = strtok_r(dynamic, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        if (strcmp(word, "-D") != 0)
            assert_int_equal(hc_flink_options_set_pair(back, word, NULL), HC_OK);
    assert_int_equal(hc_taskmanager_spec_derive(back, flink_1_20, &again, NULL, NULL), HC_OK);
    assert_true(hc_taskmanager_spec_equal(&spec, &again));
    assert_int_equal(again.slots, 3);
    free(dynamic);
    hc_flink_options_free(options);
    hc_flink_options_free(back);
}

static void test_external_resources(void **state)
{
    (void)state;
    struct hc_flink_options *options =
        options_of("taskmanager.memory.process.size: 2g\nexternal-resources: gpu; fpga;npu;gpu\n"
                   "external-resource.gpu.amount: 1\nexternal-resource.fpga.amount: 2\n");
    struct hc_taskmanager_spec spec;
    char *dynamic;
    assert_int_equal(hc_taskmanager_spec_derive(options, flink_1_20, &spec, NULL, NULL), HC_OK);
    assert_int_equal(hc_taskmanager_spec_dynamic_options(&spec, options, flink_1_20, &dynamic, NULL), HC_OK);
    assert_non_null(strstr(dynamic, "-D external-resources=\"fpga;gpu\" "));
    assert_non_null(strstr(dynamic, "-D external-resource.fpga.amount=2"));
    free(dynamic);
    hc_flink_options_set(options, "external-resources", "[gpu, fpga]"); /* a list of config.yaml */
    assert_int_equal(hc_taskmanager_spec_dynamic_options(&spec, options, flink_1_20, &dynamic, NULL), HC_OK);
    assert_non_null(strstr(dynamic, "-D external-resources=\"fpga;gpu\" "));
    free(dynamic);
    hc_flink_options_set(options, "external-resources", "\"gpu\";fpga");
    hc_flink_options_set(options, "external-resource.gpu.amount", "9223372036854775807"); /* kept as a double */
    assert_int_equal(hc_taskmanager_spec_dynamic_options(&spec, options, flink_1_20, &dynamic, NULL), HC_OK);
    assert_non_null(strstr(dynamic, "-D external-resources=\"fpga;gpu\" "));
    assert_non_null(strstr(dynamic, "-D external-resource.gpu.amount=-9223372036854775616"));
    free(dynamic);
    hc_flink_options_free(options);
}

static void test_external_resources_refused(void **state)
{
    static const struct {
        const char *list, *message;
    } cases[] = {
        {"'gpu", "Could not split string. Quoting was not closed properly."},
        {"'a'b;gpu", "Could not split string. Illegal quoting at position: 2"},
    };
    (void)state;
    struct hc_flink_options *options = options_of("taskmanager.memory.process.size: 2g\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hc_taskmanager_spec spec;
        struct hc_flink_failure failure;
        hc_flink_options_set(options, "external-resources", cases[i].list);
        assert_int_equal(hc_taskmanager_spec_derive(options, flink_1_20, &spec, &failure, NULL), HC_ECONFIG);
        assert_string_equal(failure.chain[1].message, cases[i].message);
    }
    hc_flink_options_free(options);
}

/* CPUResource cuts, it does not round. */
static void test_cores_are_cut(void **state)
{
    (void)state;
    struct hc_flink_options *options =
        options_of("taskmanager.memory.process.size: 2g\ntaskmanager.cpu.cores: 0.123456789\n");
    struct hc_taskmanager_spec spec;
    assert_int_equal(hc_taskmanager_spec_derive(options, flink_1_20, &spec, NULL, NULL), HC_OK);
    assert_true(spec.cpu_cores == 0.12345678);
    hc_flink_options_free(options);
}

/* FLINK_TM_HEAP comes before the old keys and after the new one, until 1.20 (MemoryBackwardsCompatibilityUtils). */
static void test_old_environment(void **state)
{
    (void)state;
    struct hc_flink_target target = {{1, 20}, HC_DEPLOYMENT_STANDALONE, "3g"};
    struct hc_flink_options *options = hc_flink_options_new();
    struct hc_taskmanager_spec spec;
    struct hc_flink_failure failure;
    hc_flink_options_set(options, "taskmanager.heap.size", "1g");
    assert_int_equal(hc_taskmanager_spec_derive(options, target, &spec, NULL, NULL), HC_OK);
    assert_int_equal(spec.jvm_heap_bytes, 1476394984); /* asked of Flink 1.20.5 */
    hc_flink_options_set(options, "taskmanager.memory.flink.size", "2g");
    assert_int_equal(hc_taskmanager_spec_derive(options, target, &spec, NULL, NULL), HC_OK);
    assert_int_equal(spec.total_flink_bytes, (uint64_t)2 << 30);
    hc_flink_options_remove(options, "taskmanager.memory.flink.size");
    target.old_heap = "";
    assert_int_equal(hc_taskmanager_spec_derive(options, target, &spec, &failure, NULL), HC_ECONFIG);
    assert_string_equal(failure.chain[0].message,
                        "TaskManager failed to map legacy JVM heap option to the new one: Cannot read total process "
                        "memory size from environment variable value .");
    assert_int_equal(failure.depth, 3);
    target.version = (struct hc_flink_version){2, 0};
    assert_int_equal(hc_taskmanager_spec_derive(options, target, &spec, &failure, NULL), HC_ECONFIG);
    assert_string_equal(failure.code, "NOTHING_CONFIGURED");
    hc_flink_options_free(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_environment),
        cmocka_unit_test(test_worked_examples),
        cmocka_unit_test(test_network_limit_by_version),
        cmocka_unit_test(test_old_heap_by_deployment),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_jobmanager),
        cmocka_unit_test(test_dynamic_options_close_the_circle),
        cmocka_unit_test(test_external_resources),
        cmocka_unit_test(test_external_resources_refused),
        cmocka_unit_test(test_cores_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
