/* The unified pool case by case; its promises on random configurations are in test_resolver.c. */
#include <heapcast/flink_conf.h>
#include <heapcast/memory_sample.h>
#include <heapcast/resolver.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)
#define PROCESS "taskmanager.memory.process.size: 1728m\n"

/* The heap job of docs/unified-pool.md: 300 MiB of heap, 45 of metaspace, 136 of direct memory (128 the network's). */
static struct hc_recommendation heap_job(void)
{
    const struct hc_advice unknown = {HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN};
    struct hc_recommendation r = {.verdict = HC_VERDICT_SHRINK,
                                  .heap_bytes = 300 * MIB,
                                  .current_heap_bytes = 512 * MIB,
                                  .lower_bound_bytes = 250 * MIB};
    r.off_heap.metaspace = r.off_heap.direct = r.off_heap.overhead = r.off_heap.network = unknown;
    r.off_heap.metaspace.max_bytes = 45 * MIB;
    r.off_heap.metaspace.recommended_bytes = 64 * MIB;
    r.off_heap.direct.max_bytes = 136 * MIB;
    r.off_heap.network.now_bytes = 128 * MIB;
    r.off_heap.overhead.max_bytes = 120 * MIB;
    r.off_heap.overhead.recommended_bytes = 176 * MIB;
    r.off_heap.managed_consumers_known = 1;
    r.observed.live_p50_bytes = 150 * MIB;
    r.process.sum_max_bytes = r.process.sum_p99_bytes = HC_BYTES_UNKNOWN;
    return r;
}

static struct hc_resolution pooled(const char *conf, const struct hc_recommendation *r, enum hc_collector collector,
                                   const char *jvm, struct hc_resolve_limits limits)
{
    struct hc_error err = {.text = ""};
    struct hc_resolution out;
    struct hc_subject subject = {.collector = collector};
    const struct hc_resolve_policy policy = {.model = HC_MODEL_UNIFIED, .limits = limits};
    struct hc_flink_options *options = hc_flink_options_new();
    snprintf(subject.jvm_version, sizeof subject.jvm_version, "%s", jvm);
    assert_int_equal(hc_flink_conf_parse(conf, strlen(conf), options, &err), HC_OK);
    enum hc_status status = hc_resolve_taskmanager(
        options, (struct hc_flink_target){{1, 20}, HC_DEPLOYMENT_STANDALONE, NULL}, r, &subject, &policy, &out, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, HC_OK);
    hc_flink_options_free(options);
    return out;
}

static const char *options_of(const struct hc_resolution *r)
{
    return hc_flink_options_get(r->options, "env.java.opts.taskmanager")->value;
}

static void has(const struct hc_resolution *r, const char *word, bool expected)
{
    if ((strstr(options_of(r), word) != NULL) != expected)
        fail_msg("%s should%s be in: %s", word, expected ? "" : " not", options_of(r));
}

static void test_shrinks_to_the_need(void **state)
{
    (void)state;
    struct hc_recommendation r = heap_job();
    struct hc_resolution out = pooled(PROCESS, &r, HC_COLLECTOR_G1, "17.0.15", (struct hc_resolve_limits){0});
    /* 45 + 8 beside the network's 64 (Flink's least) + 120; a fifth of 173 and 32 for margin */
    assert_int_equal(out.pool.outside_bytes, (45 + 8 + 64 + 120) * MIB);
    assert_int_equal(out.pool.margin_bytes, 67 * MIB);
    assert_int_equal(out.pool.container_bytes, (300 + 237 + 67) * MIB);
    assert_int_equal(out.after.total_process_bytes, out.pool.container_bytes);
    assert_int_equal(out.pool.heap_limit_bytes, 300 * MIB);
    assert_int_equal(out.after.managed_bytes, 0);
    assert_string_equal(options_of(&out),
                        "-XX:+UseG1GC -XX:MinHeapFreeRatio=20 -XX:MaxHeapFreeRatio=40 -XX:G1PeriodicGCInterval=60000 "
                        "-Xmx300m -Xms150m -XX:MaxDirectMemorySize=139m -XX:MaxMetaspaceSize=112m");
    hc_resolution_release(&out);
}

/* What the container has to spare goes to all limits at once. */
static void test_same_container(void **state)
{
    (void)state;
    struct hc_recommendation r = heap_job();
    struct hc_resolution out = pooled(PROCESS, &r, HC_COLLECTOR_G1, "17",
                                      (struct hc_resolve_limits){.min_bytes = 1728 * MIB, .max_bytes = 1728 * MIB});
    assert_int_equal(out.pool.container_bytes, 1728 * MIB);
    assert_true(out.pool.heap_limit_bytes > 1200 * MIB);
    assert_true(out.pool.direct_limit_bytes > 900 * MIB && out.pool.metaspace_limit_bytes > 900 * MIB);
    assert_true(out.pool.heap_limit_bytes + out.pool.outside_bytes + out.pool.margin_bytes <= 1728 * MIB);
    hc_resolution_release(&out);
}

/* RocksDB fills what it is given, so all of it counts; 300 MiB resident are no sign that it will stay at that. */
static void test_managed_counts_in_full(void **state)
{
    (void)state;
    struct hc_recommendation r = heap_job();
    r.off_heap.managed_consumers = HC_CONSUMER_ROCKSDB;
    r.off_heap.overhead.max_bytes = 300 * MIB;
    struct hc_resolution out = pooled(PROCESS, &r, HC_COLLECTOR_G1, "17", (struct hc_resolve_limits){0});
    assert_int_equal(out.after.managed_bytes, 536870920);
    /* the JVM's own: 192 MiB and a sixteenth of the heap */
    assert_int_equal(out.pool.outside_bytes - out.after.network_bytes, (45 + 8 + 192 + 32) * MIB + 536870920);
    hc_resolution_release(&out);
}

static void test_collectors(void **state)
{
    (void)state;
    struct hc_recommendation r = heap_job();
    const struct hc_resolve_limits none = {0};
    struct hc_resolution out = pooled(PROCESS, &r, HC_COLLECTOR_Z, "21.0.8", none);
    has(&out, "-XX:+UseZGC", true);
    has(&out, "-XX:SoftMaxHeapSize=300m", true);
    has(&out, "HeapFreeRatio", false);
    hc_resolution_release(&out);
    out = pooled(PROCESS, &r, HC_COLLECTOR_G1, "11.0.13", none); /* JEP 346 came with 12 */
    has(&out, "G1PeriodicGCInterval", false);
    has(&out, "-XX:MaxHeapFreeRatio=40", true);
    hc_resolution_release(&out);
    out = pooled(PROCESS "env.java.opts.all: -XX:+UseParallelGC -XX:MaxHeapFreeRatio=70\n", &r, HC_COLLECTOR_G1, "17",
                 none);
    has(&out, "UseG1GC", false);
    has(&out, "MaxHeapFreeRatio", false); /* the user's own stays */
    has(&out, "-XX:MinHeapFreeRatio=20", true);
    hc_resolution_release(&out);
}

static void test_users_options_stay(void **state)
{
    (void)state;
    struct hc_recommendation r = heap_job();
    struct hc_resolution out =
        pooled(PROCESS "env.java.opts: -Xmx9g\nenv.java.opts.taskmanager: -agentpath:/h.so=dir=/x,name=y "
                       "-Xmx3g -XX:MaxMetaspaceSize=1g  -Da='b  c'\n",
               &r, HC_COLLECTOR_G1, "17", (struct hc_resolve_limits){0});
    assert_memory_equal(options_of(&out), "-agentpath:/h.so=dir=/x,name=y  -Da='b  c' -XX:+UseG1GC ", 56);
    has(&out, "-Xmx3g", false);
    has(&out, "-XX:MaxMetaspaceSize=1g", false);
    assert_string_equal(hc_flink_options_get(out.options, "env.java.opts")->value, "-Xmx9g");
    assert_string_equal(out.warnings[out.warning_count - 2],
                        "-Xmx3g in env.java.opts.taskmanager is replaced by the pool's own");
    hc_resolution_release(&out);
}

/* Less than the least that the recommendation allows is no answer; a little less than recommended is one, with a word.
 */
static void test_limits(void **state)
{
    (void)state;
    struct hc_recommendation r = heap_job();
    struct hc_resolution out =
        pooled(PROCESS, &r, HC_COLLECTOR_G1, "17", (struct hc_resolve_limits){.max_bytes = 580 * MIB});
    assert_int_equal(out.pool.heap_limit_bytes, 276 * MIB);
    assert_string_equal(out.warnings[out.warning_count - 1],
                        "the limits leave a heap of 276.000mb (289406976 bytes); recommended is 300.000mb (314572800 "
                        "bytes)");
    hc_resolution_release(&out);

    struct hc_error err = {.text = ""};
    struct hc_flink_options *options = hc_flink_options_new();
    const struct hc_resolve_policy policy = {.model = HC_MODEL_UNIFIED, .limits = {.max_bytes = 500 * MIB}};
    assert_int_equal(hc_flink_conf_parse(PROCESS, strlen(PROCESS), options, &err), HC_OK);
    assert_int_equal(hc_resolve_taskmanager(options, (struct hc_flink_target){{1, 20}, HC_DEPLOYMENT_STANDALONE, NULL},
                                            &r, NULL, &policy, &out, &err),
                     HC_ECONFIG);
    assert_non_null(strstr(err.text, "a container of 500.000mb"));
    assert_non_null(strstr(err.text, "no less than 250.000mb"));
    hc_flink_options_free(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shrinks_to_the_need),    cmocka_unit_test(test_same_container),
        cmocka_unit_test(test_managed_counts_in_full), cmocka_unit_test(test_collectors),
        cmocka_unit_test(test_users_options_stay),     cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
