/* The record of a cluster: what is written is read back, and what is no such record is refused with its place. */
#include "tests/support/cmocka_test.h"

#include <heapcast/flink_record.h>

#include <stdlib.h>
#include <string.h>

static struct hc_error err;

static struct hc_cluster_input input = {.from = "a1", .ship_strategy = "HASH", .exchange = "pipelined_bounded"};
static struct hc_cluster_vertex vertices[2] = {{.id = "a1", .name = "source \"x\"\n", .parallelism = 3, .running = 2},
                                               {.id = "b2", .parallelism = 1, .inputs = &input, .input_count = 1}};
static struct hc_cluster_job job = {
    .id = "j", .state = "RUNNING", .type = "BATCH", .vertices = vertices, .vertex_count = 2};
static char slots[2][HC_FLINK_ID] = {"j", "j"};

/* Every size has a value of its own, so that two that were swapped would show; one is unknown. */
static struct hc_cluster_taskmanager full(void)
{
    struct hc_cluster_taskmanager tm = {.id = "tm:1-a", .slots = 4, .free_slots = 2, .jobs = slots, .job_count = 2};
    uint64_t *sizes[] = {&tm.plan.framework_heap_bytes, &tm.plan.task_heap_bytes, &tm.plan.framework_off_heap_bytes,
                         &tm.plan.task_off_heap_bytes,  &tm.plan.network_bytes,   &tm.plan.managed_bytes,
                         &tm.plan.metaspace_bytes,      &tm.plan.overhead_bytes,  &tm.plan.total_flink_bytes,
                         &tm.plan.total_process_bytes,  &tm.heap_max_bytes,       &tm.direct_used_bytes,
                         &tm.managed_used_bytes,        &tm.managed_total_bytes,  &tm.network_used_bytes,
                         &tm.network_total_bytes};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        *sizes[i] = (UINT64_C(1) << 40) + i;
    tm.managed_used_bytes = 0; /* known, and none */
    tm.metaspace_max_bytes = HC_BYTES_UNKNOWN;
    return tm;
}

static char *print(void)
{
    struct hc_cluster_taskmanager tm = full();
    struct hc_flink_cluster cluster = {.generated_at_ms = INT64_C(1795231200123),
                                       .rest_url = "http://h:8081",
                                       .flink_version = "1.20.5",
                                       .taskmanagers = &tm,
                                       .taskmanager_count = 1,
                                       .jobs = &job,
                                       .job_count = 1};
    char *text = NULL;
    assert_int_equal(hc_flink_record_print(&cluster, &text, &err), HC_OK);
    return text;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct hc_flink_cluster back;
    struct hc_cluster_taskmanager tm = full();
    char *text = print(), *again = NULL;
    assert_int_equal(hc_flink_record_parse(text, &back, &err), HC_OK);
    assert_int_equal(back.generated_at_ms, INT64_C(1795231200123));
    assert_string_equal(back.rest_url, "http://h:8081");
    assert_int_equal(back.taskmanager_count, 1);
    const struct hc_cluster_taskmanager *read = &back.taskmanagers[0];
    assert_memory_equal(&read->plan, &tm.plan, sizeof tm.plan);
    assert_int_equal(read->heap_max_bytes, tm.heap_max_bytes);
    assert_int_equal(read->managed_used_bytes, 0);
    assert_true(read->metaspace_max_bytes == HC_BYTES_UNKNOWN);
    assert_int_equal(read->job_count, 2);
    assert_int_equal(back.jobs[0].vertices[0].running, 2);
    assert_string_equal(back.jobs[0].vertices[0].name, "source \"x\"\n");
    assert_string_equal(back.jobs[0].vertices[1].inputs[0].ship_strategy, "HASH");
    assert_int_equal(hc_flink_record_print(&back, &again, &err), HC_OK);
    assert_string_equal(again, text);
    hc_flink_cluster_release(&back);
    free(text);
    free(again);
}

/* A copy of the record in which `what` is replaced; it must be refused. */
static void refuse(const char *what, const char *by, enum hc_status status, const char *words)
{
    struct hc_flink_cluster out = {.job_count = 77};
    char *text = print(), *at = strstr(text, what), *changed = NULL;
    assert_non_null(at);
    assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what)) > 0);
    err.text[0] = '\0';
    assert_int_equal(hc_flink_record_parse(changed, &out, &err), status);
    assert_contains(err.text, words);
    assert_int_equal(out.job_count, 77); /* untouched */
    free(changed);
    free(text);
}

static void test_refusals(void **state)
{
    (void)state;
    refuse("heapcast.flink", "heapcast.recommendation", HC_EPARSE, "'heapcast fetch'");
    refuse("\"format_version\":\t1", "\"format_version\":\t2", HC_EUNSUPPORTED, "format_version is 2");
    refuse("\"format_version\":\t1", "\"format_version\":\t\"1\"", HC_EPARSE, "'format_version'");
    refuse("\"slots\":\t4", "\"slots\":\t-4", HC_EPARSE, "'slots'");
    refuse("\"slots\":\t4", "\"slots\":\t4.5", HC_EPARSE, "'slots'");
    refuse("\"used_bytes\":\t0", "\"used_bytes\":\t1e300", HC_EPARSE, "'used_bytes'");
    refuse("\"id\":\t\"tm:1-a\"", "\"id\":\t\"\"", HC_EPARSE, "'id'");
    refuse("\"id\":\t\"b2\"", "\"id\":\t\"0123456789012345678901234567890123456789\"", HC_EPARSE, "'id'");
    refuse("\"inputs\":\t[]", "\"inputs\":\t{}", HC_EPARSE, "'inputs'");
    refuse("\"from\":\t\"a1\"", "\"from\":\t5", HC_EPARSE, "'from'");
    refuse("2026-", "soon-", HC_EPARSE, "'generated_at'");
    refuse("\"vertices\"", "\"vortices\"", HC_EPARSE, "'vertices'");
}

static void test_no_json(void **state)
{
    (void)state;
    struct hc_flink_cluster out;
    assert_int_equal(hc_flink_record_parse("{\n\n nonsense", &out, &err), HC_EPARSE);
    assert_int_equal(err.line, 3);
    assert_int_equal(hc_flink_record_parse("", &out, &err), HC_EPARSE);
    assert_int_equal(hc_flink_record_parse("[]", &out, &err), HC_EPARSE);
    char *text = print();
    for (size_t length = strlen(text) - 2; length > 0; length -= 1) { /* cut anywhere: refused, nothing leaks */
        text[length] = '\0';
        assert_int_not_equal(hc_flink_record_parse(text, &out, &err), HC_OK);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_no_json)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
