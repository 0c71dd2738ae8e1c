/* Network buffers by Flink's own rules, on graphs small enough to count by hand. */
#include "tests/support/cmocka_test.h"

#include <heapcast/network_need.h>

#include <string.h>

static struct hc_cluster_taskmanager taskmanagers[2];
static struct hc_cluster_input inputs[4];
static struct hc_cluster_vertex vertices[4];
static struct hc_cluster_job jobs[2];
static struct hc_flink_cluster cluster;
static struct hc_network_rule rule;
static struct hc_error err;

static void set_rule(unsigned major, unsigned minor)
{
    struct hc_flink_options *none = hc_flink_options_new();
    assert_int_equal(hc_network_rule_read(none, (struct hc_flink_version){major, minor}, &rule, &err), HC_OK);
    hc_flink_options_free(none);
}

/* A job source -> sink of its own two vertices. */
static void set_job(size_t job, uint32_t source, uint32_t sink, const char *ship, const char *exchange)
{
    struct hc_cluster_vertex *v = &vertices[2 * job];
    v[0] = (struct hc_cluster_vertex){.id = "a", .parallelism = source};
    v[1] = (struct hc_cluster_vertex){.id = "b", .parallelism = sink, .inputs = &inputs[job], .input_count = 1};
    inputs[job] = (struct hc_cluster_input){.from = "a"};
    snprintf(inputs[job].ship_strategy, sizeof inputs[job].ship_strategy, "%s", ship);
    snprintf(inputs[job].exchange, sizeof inputs[job].exchange, "%s", exchange);
    jobs[job] = (struct hc_cluster_job){.id = "j", .vertices = v, .vertex_count = 2};
}

static int set_up(void **state)
{
    (void)state;
    memset(taskmanagers, 0, sizeof taskmanagers);
    taskmanagers[0].slots = 1;
    taskmanagers[1].slots = 2;
    cluster =
        (struct hc_flink_cluster){.taskmanagers = taskmanagers, .taskmanager_count = 2, .jobs = jobs, .job_count = 1};
    set_job(0, 3, 2, "HASH", "pipelined_bounded");
    set_rule(1, 20);
    return 0;
}

static uint64_t need(uint32_t slots)
{
    struct hc_network_need out = {0};
    err.text[0] = '\0';
    assert_int_equal(hc_network_need(&cluster, &rule, slots, &out, &err), HC_OK);
    assert_int_equal(out.bytes, out.buffers * rule.segment_bytes);
    return out.buffers;
}

static void test_all_to_all(void **state)
{
    (void)state;
    uint64_t partition = 2 * 2 + 8, gate = 3 * 2 + 8;
    assert_int_equal(need(1), partition + gate);
    assert_int_equal(need(0), 2 * (partition + gate)); /* the TaskManager with the most slots */
    assert_int_equal(need(3), 3 * partition + 2 * gate);
    assert_int_equal(need(100), 3 * partition + 2 * gate); /* there are no more tasks */
}

static void test_pointwise(void **state)
{
    (void)state;
    set_job(0, 4, 4, "FORWARD", "pipelined_bounded");
    assert_int_equal(need(1), 10 + 10);
    set_job(0, 7, 2, "RESCALE", "pipelined_bounded"); /* a gate has 4 of the 7 partitions, a partition 1 reader */
    assert_int_equal(need(1), 1 * 2 + 8 + 4 * 2 + 8);
}

static void test_blocking(void **state)
{
    (void)state;
    set_job(0, 3, 2, "HASH", "blocking");
    assert_int_equal(need(1), 512 + 3 * 2 + 8);
    set_rule(1, 14); /* hash shuffle: a buffer each, and one more */
    assert_int_equal(need(1), 2 + 1 + 3 * 2 + 8);
}

/* Slots of two jobs: the worst mixture counts. */
static void test_two_jobs(void **state)
{
    (void)state;
    cluster.job_count = 2;
    set_job(1, 1, 1, "HASH", "pipelined_bounded");
    uint64_t large = 12 + 14, small = 10 + 10, large_third = 12;
    assert_int_equal(need(2), 2 * large);
    assert_int_equal(need(3), 2 * large + small);
    assert_int_equal(need(4), 2 * large + small + large_third);
}

static void test_operator_rule(void **state)
{
    (void)state;
    struct hc_network_need out;
    assert_int_equal(hc_network_need(&cluster, &rule, 2, &out, &err), HC_OK);
    assert_int_equal(out.operator_bytes, (2 * 2 + 8 + 3 * 2 + 8) * 2 * 32768);
}

static void test_options(void **state)
{
    (void)state;
    struct hc_flink_options *options = hc_flink_options_new();
    hc_flink_options_set(options, "taskmanager.network.memory.buffers-per-channel", "0");
    hc_flink_options_set(options, "taskmanager.network.memory.floating-buffers-per-gate", "1");
    hc_flink_options_set(options, "taskmanager.memory.segment-size", "64kb");
    hc_flink_options_set(options, "taskmanager.network.sort-shuffle.min-buffers", "100");
    assert_int_equal(hc_network_rule_read(options, (struct hc_flink_version){1, 20}, &rule, &err), HC_OK);
    assert_int_equal(rule.segment_bytes, 65536);
    assert_int_equal(rule.sort_shuffle_min_buffers, 100);
    assert_int_equal(need(1), (2 + 1) + 1); /* at least a buffer for each subpartition, and one */
    /* 2.0 reads neither any more */
    assert_int_equal(hc_network_rule_read(options, (struct hc_flink_version){2, 0}, &rule, &err), HC_OK);
    assert_int_equal(rule.buffers_per_channel, 2);
    assert_int_equal(rule.floating_buffers_per_gate, 8);
    hc_flink_options_set(options, "taskmanager.network.sort-shuffle.min-buffers", "many");
    assert_int_equal(hc_network_rule_read(options, (struct hc_flink_version){2, 0}, &rule, &err), HC_ECONFIG);
    assert_contains(err.text, "min-buffers is 'many'");
    hc_flink_options_free(options);
}

static void test_nothing_known(void **state)
{
    (void)state;
    struct hc_network_need out;
    jobs[0].vertex_count = 0;
    assert_int_equal(hc_network_need(&cluster, &rule, 0, &out, &err), HC_ENODATA);
    assert_contains(err.text, "no graph yet");
    cluster.job_count = 0;
    assert_int_equal(hc_network_need(&cluster, &rule, 0, &out, &err), HC_ENODATA);
    cluster.taskmanager_count = 0;
    assert_int_equal(hc_network_need(&cluster, &rule, 0, &out, &err), HC_ENODATA);
    set_up(NULL);
    snprintf(inputs[0].from, sizeof inputs[0].from, "z");
    assert_int_equal(hc_network_need(&cluster, &rule, 0, &out, &err), HC_EPARSE);
    assert_contains(err.text, "comes from z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_to_all, set_up),    cmocka_unit_test_setup(test_pointwise, set_up),
        cmocka_unit_test_setup(test_blocking, set_up),      cmocka_unit_test_setup(test_two_jobs, set_up),
        cmocka_unit_test_setup(test_operator_rule, set_up), cmocka_unit_test_setup(test_options, set_up),
        cmocka_unit_test_setup(test_nothing_known, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
