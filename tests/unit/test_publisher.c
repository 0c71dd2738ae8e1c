#include "tests/support/cmocka_test.h"

#include "agent/log.h"
#include "agent/publisher.h"
#include "tests/support/scratch.h"

#include <heapcast/recommendation_json.h>

#define MIB (UINT64_C(1) << 20)

static struct publisher publisher;
static struct hc_recommendation r, back;
static struct hc_subject s, back_subject;

static void set(const char *key, const char *value)
{
    struct hc_flink_setting *setting = &s.flink[s.flink_count++];
    snprintf(setting->key, sizeof setting->key, "%s", key);
    snprintf(setting->value, sizeof setting->value, "%s", value);
}

/* The shipped configuration of a TaskManager, 1728m, as Flink 1.20 puts it on the command line. */
static void taskmanager(void)
{
    memset(&s, 0, sizeof s);
    s.role = HC_ROLE_TASKMANAGER;
    snprintf(s.name, sizeof s.name, "tm-1");
    set("taskmanager.memory.network.min", "134217730b");
    set("taskmanager.cpu.cores", "1.0");
    set("taskmanager.memory.task.off-heap.size", "0b");
    set("taskmanager.memory.jvm-metaspace.size", "268435456b");
    set("taskmanager.memory.jvm-overhead.min", "201326592b");
    set("taskmanager.memory.framework.off-heap.size", "134217728b");
    set("taskmanager.memory.network.max", "134217730b");
    set("taskmanager.memory.framework.heap.size", "134217728b");
    set("taskmanager.memory.managed.size", "536870920b");
    set("taskmanager.memory.task.heap.size", "402653174b");
    set("taskmanager.numberOfTaskSlots", "1");
    set("taskmanager.memory.jvm-overhead.max", "201326592b");
}

static void recommend(uint64_t heap_bytes)
{
    static const char minimal[] = "{\"format\":\"heapcast.recommendation\",\"format_version\":1,\"subject\":{},"
                                  "\"recommendation\":{\"verdict\":\"insufficient_data\"}}";
    struct hc_subject ignored;
    assert_int_equal(hc_recommendation_parse(minimal, &r, &ignored, NULL), HC_OK); /* all unknown */
    r.heap_bytes = heap_bytes;
    r.current_heap_bytes = 512 * MIB;
    r.window.collections = 42;
    r.verdict = heap_bytes == HC_BYTES_UNKNOWN ? HC_VERDICT_INSUFFICIENT_DATA : HC_VERDICT_SHRINK;
}

static const char *missing;

static void publish(void *context)
{
    (void)context;
    publisher_publish(&publisher, &r, &s, missing);
}

static const char *publish_and_hear(void)
{
    return output_of(STDERR_FILENO, publish, NULL);
}

static void read_back(void)
{
    assert_int_equal(hc_recommendation_parse(text_of(publisher.path), &back, &back_subject, NULL), HC_OK);
}

static void a_taskmanager_is_told_its_task_heap(void **state)
{
    (void)state;
    publisher_init(&publisher, scratch, "tm-1");
    assert_string_equal(publisher.path, in_scratch("heapcast-tm-1.json"));
    taskmanager();
    recommend(300 * MIB);
    publish_and_hear();
    read_back();
    assert_int_equal(back.heap_bytes, 300 * MIB);
    assert_int_equal(back.task_heap_bytes, 300 * MIB - 134217728); /* less the framework's heap */
    assert_int_equal(back.off_heap.network.now_bytes, 134217730);
    assert_int_equal(back.off_heap.network.max_bytes, 134217730);
    assert_string_equal(back_subject.name, "tm-1");
    recommend(100 * MIB); /* below what the framework has */
    publish_and_hear();
    read_back();
    assert_int_equal(back.task_heap_bytes, 0);
}

static void no_number_no_task_heap(void **state)
{
    (void)state;
    publisher_init(&publisher, scratch, "tm-1");
    taskmanager();
    recommend(HC_BYTES_UNKNOWN);
    publish_and_hear();
    read_back();
    assert_true(back.task_heap_bytes == HC_BYTES_UNKNOWN);
    assert_int_equal(back.off_heap.network.now_bytes, 134217730);
}

static void others_have_no_task_heap(void **state)
{
    (void)state;
    const enum hc_role roles[] = {HC_ROLE_JVM, HC_ROLE_JOBMANAGER};
    publisher_init(&publisher, scratch, "tm-1");
    for (int i = 0; i < 2; i++) {
        taskmanager();
        s.role = roles[i];
        recommend(300 * MIB);
        publish_and_hear();
        read_back();
        assert_true(back.task_heap_bytes == HC_BYTES_UNKNOWN);
        assert_true(back.off_heap.network.now_bytes == HC_BYTES_UNKNOWN);
    }
    taskmanager();
    s.flink_count = 3; /* a command line that says too little */
    recommend(300 * MIB);
    publish_and_hear();
    read_back();
    assert_true(back.task_heap_bytes == HC_BYTES_UNKNOWN);
}

static void what_is_missing_is_the_first_reason(void **state)
{
    (void)state;
    publisher_init(&publisher, scratch, "tm-1");
    taskmanager();
    missing = "no counters here";
    recommend(HC_BYTES_UNKNOWN);
    r.reason_count = 1;
    snprintf(r.reasons[0], HC_REASON_SIZE, "second");
    publish_and_hear();
    read_back();
    assert_int_equal(back.reason_count, 2);
    assert_string_equal(back.reasons[0], "no counters here");
    assert_string_equal(back.reasons[1], "second");
    recommend(HC_BYTES_UNKNOWN);
    r.reason_count = HC_REASONS_MAX;
    for (unsigned i = 0; i < HC_REASONS_MAX; i++)
        snprintf(r.reasons[i], HC_REASON_SIZE, "%u", i);
    publish_and_hear();
    read_back();
    missing = NULL;
    assert_int_equal(back.reason_count, HC_REASONS_MAX);
    assert_string_equal(back.reasons[0], "no counters here");
    assert_string_equal(back.reasons[HC_REASONS_MAX - 1], "14"); /* the least important one makes room */
}

static void the_first_number_is_announced_once(void **state)
{
    char want[2400];
    (void)state;
    publisher_init(&publisher, scratch, "tm-1");
    taskmanager();
    recommend(HC_BYTES_UNKNOWN);
    assert_string_equal(publish_and_hear(), "");
    recommend(300 * MIB);
    snprintf(want, sizeof want,
             "heapcast: info: first recommendation: heap 300 MiB (now 512 MiB) after 42 collections; see %s\n",
             publisher.path);
    assert_string_equal(publish_and_hear(), want);
    assert_string_equal(publish_and_hear(), "");
}

static void a_failing_write_is_told_once_and_its_end_too(void **state)
{
    (void)state;
    publisher_init(&publisher, in_scratch("later"), "tm-1");
    taskmanager();
    recommend(HC_BYTES_UNKNOWN);
    assert_contains(publish_and_hear(), "heapcast: error: ");
    recommend(HC_BYTES_UNKNOWN);
    assert_string_equal(publish_and_hear(), "");
    assert_int_equal(mkdir(in_scratch("later"), 0700), 0);
    assert_contains(publish_and_hear(), "heapcast-tm-1.json is written again");
    read_back();
    assert_string_equal(publish_and_hear(), "");
    assert_int_equal(unlink(publisher.path), 0);
    assert_int_equal(rmdir(in_scratch("later")), 0);
    assert_contains(publish_and_hear(), "tries again each period");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_taskmanager_is_told_its_task_heap),
        cmocka_unit_test(no_number_no_task_heap),
        cmocka_unit_test(others_have_no_task_heap),
        cmocka_unit_test(what_is_missing_is_the_first_reason),
        cmocka_unit_test(the_first_number_is_announced_once),
        cmocka_unit_test(a_failing_write_is_told_once_and_its_end_too),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
