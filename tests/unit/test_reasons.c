#include "predictor/reasons.h"

#include <heapcast/memory_sample.h>

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)

static void test_words_for_sizes_and_times(void **state)
{
    (void)state;
    char word[HC_REASON_WORD];
    setlocale(LC_ALL, "de_DE.UTF-8"); /* no matter whether it is installed: the words must not depend on it */
    assert_string_equal(hc_reason_bytes(512.0 * (double)MIB, word), "512 MiB");
    assert_string_equal(hc_reason_bytes(9.5 * (double)MIB, word), "9.5 MiB");
    assert_string_equal(hc_reason_bytes(1234.5 * (double)MIB, word), "1235 MiB");
    assert_string_equal(hc_reason_bytes(0, word), "0 MiB");
    assert_string_equal(hc_reason_time(40000, word), "40 s");
    assert_string_equal(hc_reason_time(40900, word), "40 s");
    assert_string_equal(hc_reason_time(144000, word), "2.4 min");
    assert_string_equal(hc_reason_time(15 * 60000, word), "15 min");
    assert_string_equal(hc_reason_time(6 * 3600000, word), "6 h");
    assert_string_equal(hc_reason_time(INT64_C(5) * 86400000, word), "5 d");
}

static struct hc_recommendation advice_of(enum hc_verdict verdict)
{
    struct hc_recommendation advice;
    memset(&advice, 0, sizeof advice);
    advice.verdict = verdict;
    advice.current_heap_bytes = 1000 * MIB;
    advice.heap_bytes = verdict == HC_VERDICT_GROW ? 1500 * MIB : 600 * MIB;
    advice.model.percentile = 0.99;
    advice.model.percentile_bytes = 400 * MIB;
    advice.model.margin_ratio = 1.05;
    advice.model.floor_bytes = 70 * MIB;
    advice.model.live_upper_bytes = 490 * MIB;
    advice.model.gc_share_limit_ratio = 0.05;
    advice.off_heap.metaspace.recommended_bytes = HC_BYTES_UNKNOWN;
    advice.off_heap.overhead.recommended_bytes = HC_BYTES_UNKNOWN;
    return advice;
}

static int says(const struct hc_recommendation *advice, const char *part)
{
    for (unsigned i = 0; i < advice->reason_count; i++)
        if (strstr(advice->reasons[i], part) != NULL)
            return 1;
    return 0;
}

static void test_the_verdict_comes_first(void **state)
{
    (void)state;
    struct hc_policy policy;
    struct hc_reason_facts facts = {0};
    hc_policy_init(&policy);
    struct hc_recommendation advice = advice_of(HC_VERDICT_SHRINK);
    hc_reasons_write(&facts, &policy, &advice);
    assert_string_equal(advice.reasons[0], "A heap of 600 MiB is enough, 40 % less than the 1000 MiB in force.");
    assert_true(says(&advice, "490 MiB must fit"));
    advice = advice_of(HC_VERDICT_GROW);
    hc_reasons_write(&facts, &policy, &advice);
    assert_string_equal(advice.reasons[0], "A heap of 1500 MiB is needed, 50 % more than the 1000 MiB in force.");
}

static void test_each_circumstance_is_said(void **state)
{
    (void)state;
    struct hc_policy policy;
    struct hc_event error = {1000, HC_EVENT_OUT_OF_MEMORY_HEAP, 0, "Java heap space"};
    struct hc_event thrashing = {1000, HC_EVENT_HEAP_NEARLY_EXHAUSTED, 0, "3 collections in vain"};
    struct hc_event container = {2000, HC_EVENT_CONTAINER_OUT_OF_MEMORY, 0, "OOM killer"};
    struct hc_reason_facts facts = {.swept = 1, .held_back_bytes = 580 * MIB};
    facts.exhaustion = (struct hc_exhaustion){614 * MIB, 512 * MIB, &error};
    facts.container_out_of_memory = &container;
    hc_policy_init(&policy);
    struct hc_recommendation advice = advice_of(HC_VERDICT_SHRINK);
    advice.generated_at_ms = 10000;
    assert_false(says(&advice, "an estimate from above"));
    advice.observed.evidence = HC_EVIDENCE_UPPER_BOUND;
    advice.model.binding = HC_TERM_GC_COST;
    advice.window.samples_dropped = 3;
    advice.window.restarts = 2;
    advice.off_heap.metaspace.recommended_bytes = 64 * MIB;
    advice.off_heap.metaspace.max_bytes = 44 * MIB;
    hc_reasons_write(&facts, &policy, &advice);
    assert_true(says(&advice, "an estimate from above"));
    assert_true(says(&advice, "this decided"));
    assert_true(says(&advice, "3 samples"));
    assert_true(says(&advice, "started 2 times"));
    assert_true(says(&advice, "A heap of 512 MiB was exhausted (OutOfMemoryError) 9 s ago: at least 614 MiB."));
    assert_true(says(&advice, "The container ran out of memory, as was seen 8 s ago"));
    assert_true(says(&advice, "580 MiB"));
    assert_true(says(&advice, "Metaspace: 64 MiB"));
    facts.exhaustion.event = &thrashing;
    hc_reasons_write(&facts, &policy, &advice);
    assert_string_equal(advice.reasons[2],
                        "A heap of 512 MiB was nearly exhausted 9 s ago - 3 collections in vain: at least 614 MiB.");
}

static void test_a_hold_says_how_long(void **state)
{
    (void)state;
    struct hc_policy policy;
    struct hc_reason_facts facts = {.swept = 1, .since_start_ms = 1200000, .covered_ms = 86400000};
    hc_policy_init(&policy);
    policy.restart_hold_ms = 6 * 3600000;
    struct hc_recommendation advice = advice_of(HC_VERDICT_INSUFFICIENT_DATA);
    advice.window.collections = 500;
    hc_reasons_write(&facts, &policy, &advice);
    assert_string_equal(advice.reasons[0],
                        "The JVM started 20 min ago; no number before 6 h, while its state may still be filling up.");
    assert_int_equal(advice.reason_count, 1);
}

static void test_a_leak_outside_the_heap(void **state)
{
    (void)state;
    struct hc_policy policy;
    struct hc_reason_facts facts = {.swept = 1, .leak = {1, HC_LEDGER_NATIVE, 12.5 * (double)MIB, 9.0, NAN}};
    hc_policy_init(&policy);
    struct hc_recommendation advice = advice_of(HC_VERDICT_KEEP);
    hc_reasons_write(&facts, &policy, &advice);
    assert_true(says(&advice,
                     "Outside the heap native memory (malloc outside the JVM) grew by 12.5 MiB an hour for 9 h "
                     "without levelling off: a leak?"));
    assert_false(says(&advice, "the container is full"));
    facts.leak.hours_to_limit = 80;
    hc_reasons_write(&facts, &policy, &advice);
    assert_true(says(&advice, "a leak? At this rate the container is full in 3.3 d."));
}

static void test_metaspace_that_was_exhausted(void **state)
{
    (void)state;
    struct hc_policy policy;
    struct hc_reason_facts facts = {.swept = 1};
    hc_policy_init(&policy);
    struct hc_recommendation advice = advice_of(HC_VERDICT_KEEP);
    advice.generated_at_ms = INT64_C(100) * 3600000;
    advice.off_heap.metaspace.recommended_bytes = 168 * MIB;
    advice.off_heap.metaspace.max_bytes = 63 * MIB;
    advice.event_count = 1;
    advice.events[0] = (struct hc_event){.time_ms = INT64_C(80) * 3600000, .kind = HC_EVENT_OUT_OF_MEMORY_METASPACE};
    hc_reasons_write(&facts, &policy, &advice);
    assert_true(says(&advice, "Metaspace: 168 MiB; it was exhausted"));
    advice.off_heap.metaspace.recommended_bytes = 80 * MIB; /* long ago: it has faded */
    hc_reasons_write(&facts, &policy, &advice);
    assert_true(says(&advice, "Metaspace: 80 MiB, a quarter (12 MiB at least) above the 63 MiB"));
}

static void test_a_state_backends_memory_is_no_measure(void **state)
{
    (void)state;
    struct hc_policy policy;
    struct hc_reason_facts facts = {.swept = 1};
    hc_policy_init(&policy);
    struct hc_recommendation advice = advice_of(HC_VERDICT_KEEP);
    hc_reasons_write(&facts, &policy, &advice);
    assert_false(says(&advice, "managed memory"));
    advice.off_heap.managed_consumers = HC_CONSUMER_ROCKSDB;
    hc_reasons_write(&facts, &policy, &advice);
    assert_true(says(&advice, "RocksDB holds what managed memory it was given, not what it needs"));
    advice.off_heap.managed_consumers = HC_CONSUMER_FORST;
    hc_reasons_write(&facts, &policy, &advice);
    assert_true(says(&advice, "ForSt holds"));
    advice.off_heap.managed_consumers = HC_CONSUMER_PYTHON;
    hc_reasons_write(&facts, &policy, &advice);
    assert_true(says(&advice, "Managed memory has a user"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_for_sizes_and_times),
        cmocka_unit_test(test_the_verdict_comes_first),
        cmocka_unit_test(test_each_circumstance_is_said),
        cmocka_unit_test(test_a_hold_says_how_long),
        cmocka_unit_test(test_a_leak_outside_the_heap),
        cmocka_unit_test(test_metaspace_that_was_exhausted),
        cmocka_unit_test(test_a_state_backends_memory_is_no_measure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
