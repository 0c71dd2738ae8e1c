#include "predictor/off_heap.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)
#define BEGIN_MS (INT64_C(1700000000000) / HC_HOUR_MS * HC_HOUR_MS)

static double scratch[HC_LOOK_HOUR_SLOTS];

static struct hc_memory_sample quiet_look(int64_t at_ms)
{
    return (struct hc_memory_sample){.time_ms = BEGIN_MS + at_ms,
                                     .rss_bytes = 800 * MIB,
                                     .rss_peak_bytes = 820 * MIB,
                                     .heap_resident_bytes = 500 * MIB,
                                     .metaspace_used_bytes = 40 * MIB,
                                     .metaspace_committed_bytes = 44 * MIB,
                                     .direct_bytes = 130 * MIB,
                                     .code_cache_bytes = HC_BYTES_UNKNOWN,
                                     .container_limit_bytes = HC_BYTES_UNKNOWN,
                                     .container_usage_bytes = HC_BYTES_UNKNOWN,
                                     .threads = 60,
                                     .classes = 9000};
}

static struct hc_recommendation predict(const struct hc_series *series, int64_t at_ms)
{
    struct hc_recommendation advice = {.heap_bytes = 300 * MIB, .current_heap_bytes = 500 * MIB};
    hc_off_heap_predict(series, BEGIN_MS + at_ms, scratch, &advice);
    return advice;
}

static void test_nothing_seen_stays_unknown(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = calloc(1, hc_series_size());
    assert_int_equal(hc_series_open(&series, block, hc_series_size(), NULL), HC_OK);
    struct hc_recommendation advice = predict(&series, 0);
    assert_true(advice.off_heap.rss_bytes == HC_BYTES_UNKNOWN);
    assert_true(advice.off_heap.metaspace.recommended_bytes == HC_BYTES_UNKNOWN);
    assert_true(advice.off_heap.overhead.max_bytes == HC_BYTES_UNKNOWN);
    assert_true(advice.process.sum_max_bytes == HC_BYTES_UNKNOWN &&
                advice.process.recommended_bytes == HC_BYTES_UNKNOWN);
    assert_true(isnan(advice.off_heap.unexplained_ratio));
    assert_false(advice.off_heap.managed_consumers_known);
    free(block);
}

static void test_sizes_follow_the_most_that_was_seen(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = calloc(1, hc_series_size());
    assert_int_equal(hc_series_open(&series, block, hc_series_size(), NULL), HC_OK);
    for (int64_t i = 0; i < 50; i++) {
        struct hc_memory_sample look = quiet_look(i * 600000);
        if (i == 20) {
            look.metaspace_committed_bytes = 80 * MIB;
            look.rss_bytes = 836 * MIB; /* only the metaspace grew */
        }
        look.consumers = i == 3 ? HC_CONSUMER_ROCKSDB : 0;
        look.consumers_known = 1;
        hc_series_add_look(&series, &look);
    }
    struct hc_recommendation advice = predict(&series, 50 * 600000);
    assert_int_equal(advice.off_heap.metaspace.now_bytes, 44 * MIB);
    assert_int_equal(advice.off_heap.metaspace.max_bytes, 80 * MIB);
    assert_int_equal(advice.off_heap.metaspace.recommended_bytes, 100 * MIB);
    assert_int_equal(advice.off_heap.direct.recommended_bytes, 143 * MIB);
    assert_int_equal(advice.off_heap.overhead.max_bytes, 126 * MIB);
    assert_int_equal(advice.off_heap.overhead.recommended_bytes, 184 * MIB); /* 126 x 1.2 + 32 = 183.2 */
    assert_int_equal(advice.process.recommended_bytes, (300 + 100 + 143 + 184) * MIB);
    assert_int_equal(advice.off_heap.managed_consumers, HC_CONSUMER_ROCKSDB);
    assert_true(advice.off_heap.managed_consumers_known);
    assert_true(advice.off_heap.code_cache.max_bytes == HC_BYTES_UNKNOWN);
    free(block);
}

static void test_small_sizes_have_a_least(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = calloc(1, hc_series_size());
    assert_int_equal(hc_series_open(&series, block, hc_series_size(), NULL), HC_OK);
    struct hc_memory_sample look = quiet_look(0);
    look.metaspace_committed_bytes = 20 * MIB;
    look.rss_bytes = (500 + 130 + 20 + 10) * MIB;
    hc_series_add_look(&series, &look);
    struct hc_recommendation advice = predict(&series, 0);
    assert_int_equal(advice.off_heap.metaspace.recommended_bytes, 32 * MIB);
    assert_int_equal(advice.off_heap.overhead.recommended_bytes, 96 * MIB);
    free(block);
}

static void test_a_process_needs_its_live_set_and_the_rest_at_once(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = calloc(1, hc_series_size());
    assert_int_equal(hc_series_open(&series, block, hc_series_size(), NULL), HC_OK);
    struct hc_memory_sample look = quiet_look(1000);
    hc_series_add_look(&series, &look);
    struct hc_gc_sample sample = {.end_time_ms = BEGIN_MS + 2000,
                                  .heap_used_after_bytes = 150 * MIB,
                                  .heap_committed_bytes = 500 * MIB,
                                  .heap_max_bytes = 500 * MIB,
                                  .kind = HC_GC_FULL};
    hc_series_add(&series, &sample);
    assert_int_equal(predict(&series, 3000).process.sum_max_bytes, (300 + 150) * MIB);
    free(block);
}

static void test_what_is_older_than_a_week_does_not_count(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = calloc(1, hc_series_size());
    assert_int_equal(hc_series_open(&series, block, hc_series_size(), NULL), HC_OK);
    struct hc_memory_sample look = quiet_look(0);
    look.metaspace_committed_bytes = 200 * MIB;
    hc_series_add_look(&series, &look);
    look = quiet_look(8 * 24 * HC_HOUR_MS);
    hc_series_add_look(&series, &look);
    assert_int_equal(predict(&series, 8 * 24 * HC_HOUR_MS).off_heap.metaspace.max_bytes, 44 * MIB);
    free(block);
}

/* A TaskManager whose ledger is complete: 170 MiB of overhead, 55 of it GC structures of a heap of 1,600 MiB. */
static struct hc_memory_sample whole_look(int64_t at_ms)
{
    struct hc_memory_sample look = quiet_look(at_ms);
    look.rss_bytes = 1144 * MIB;
    look.heap_resident_bytes = 800 * MIB;
    look.heap_committed_bytes = 1600 * MIB;
    look.code_cache_bytes = 14 * MIB;
    look.file_bytes = 25 * MIB;
    look.stack_bytes = 8 * MIB;
    look.malloc_held_bytes = (130 + 30 + 20 + 8) * MIB;
    look.malloc_used_bytes = (130 + 30 + 20) * MIB;
    look.jvm_malloc_bytes = 30 * MIB;
    look.jvm_mapped_bytes = (55 + 12) * MIB;
    look.gc_structures_bytes = 55 * MIB;
    look.container_held_bytes = 1150 * MIB;
    return look;
}

static struct hc_series *with(struct hc_series *series, void **out_block)
{
    *out_block = calloc(1, hc_series_size());
    assert_int_equal(hc_series_open(series, *out_block, hc_series_size(), NULL), HC_OK);
    return series;
}

static void test_the_ledger_is_told_part_by_part(void **state)
{
    (void)state;
    struct hc_series series;
    void *block;
    with(&series, &block);
    for (int64_t i = 0; i < 20; i++) {
        struct hc_memory_sample look = whole_look(i * 600000);
        if (i == 7)
            look.stack_bytes = 12 * MIB;
        hc_series_add_look(&series, &look);
    }
    struct hc_recommendation advice = {
        .heap_bytes = 400 * MIB, .current_heap_bytes = 1600 * MIB, .window.collections = 5};
    advice.observed.live_now_bytes = 250 * MIB;
    hc_off_heap_predict(&series, BEGIN_MS + 20 * 600000, scratch, &advice);
    assert_int_equal(advice.off_heap.native.now_bytes, 20 * MIB);
    assert_int_equal(advice.off_heap.allocator_slack.now_bytes, 8 * MIB);
    assert_int_equal(advice.off_heap.threads.now_bytes, 8 * MIB);
    assert_int_equal(advice.off_heap.threads.max_bytes, 12 * MIB);
    assert_int_equal(advice.off_heap.jvm_other.max_bytes, 97 * MIB);
    assert_int_equal(advice.off_heap.files.p99_bytes, 25 * MIB);
    assert_int_equal(advice.off_heap.container_held_bytes, 1150 * MIB);
    assert_true(fabs(advice.off_heap.unexplained_ratio - (1144.0 - 800 - 44 - 130 - 172) / 1144) < 1e-9);
    assert_int_equal(advice.process.heap_live_bytes, 250 * MIB);
    assert_int_equal(advice.process.heap_garbage_bytes, 550 * MIB);
    assert_int_equal(advice.process.heap_untouched_bytes, 800 * MIB);
    /* 170 less three quarters of 55; a fifth of 14 and of 20, a tenth of 8, a quarter of 12, a twentieth of what is
     * left of 97; and 8 */
    double overhead = 170 - 55 * 0.75 + 2.8 + 4 + 0.8 + 3 + (97 - 55 * 0.75) / 20 + 8;
    assert_int_equal(advice.off_heap.overhead.max_bytes, 170 * MIB);
    assert_int_equal(advice.off_heap.overhead.recommended_bytes, (uint64_t)ceil(overhead / 4) * 4 * MIB);
    free(block);
}

static uint64_t metaspace_at(const struct hc_series *series, int64_t at_ms)
{
    struct hc_recommendation advice = {.heap_bytes = 300 * MIB, .current_heap_bytes = 500 * MIB};
    hc_off_heap_predict(series, BEGIN_MS + at_ms, scratch, &advice);
    return advice.off_heap.metaspace.recommended_bytes / MIB;
}

static void exhaust_metaspace(struct hc_series *series, int64_t at_ms)
{
    struct hc_event event = {.time_ms = BEGIN_MS + at_ms, .kind = HC_EVENT_OUT_OF_MEMORY_METASPACE};
    hc_series_add_event(series, &event);
}

static void test_an_exhausted_metaspace_raises_it_once(void **state)
{
    (void)state;
    struct hc_series series;
    void *block;
    with(&series, &block);
    struct hc_epoch epoch = {.start_ms = BEGIN_MS, .heap_max_bytes = 500 * MIB, .metaspace_limit_bytes = 64 * MIB};
    hc_series_start(&series, &epoch);
    struct hc_memory_sample look = quiet_look(1000);
    look.metaspace_committed_bytes = 63 * MIB;
    hc_series_add_look(&series, &look);
    assert_int_equal(predict(&series, 2000).off_heap.metaspace.recommended_bytes, 80 * MIB);
    exhaust_metaspace(&series, 1500);
    assert_int_equal(metaspace_at(&series, 2000), 164);
    /* applied: the event was that of the smaller one, so nothing is added again */
    epoch =
        (struct hc_epoch){.start_ms = BEGIN_MS + 5000, .heap_max_bytes = 500 * MIB, .metaspace_limit_bytes = 164 * MIB};
    hc_series_start(&series, &epoch);
    assert_int_equal(metaspace_at(&series, 9000), 164);
    exhaust_metaspace(&series, 6000);
    assert_int_equal(metaspace_at(&series, 9000), 264);
    /* a large one by a fifth */
    epoch.start_ms = BEGIN_MS + 10000;
    epoch.metaspace_limit_bytes = 1000 * MIB;
    hc_series_start(&series, &epoch);
    exhaust_metaspace(&series, 11000);
    assert_int_equal(metaspace_at(&series, 12000), 1200);
    free(block);
}

static void test_a_container_that_ran_out_of_memory_gets_more_overhead(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = calloc(1, hc_series_size());
    assert_int_equal(hc_series_open(&series, block, hc_series_size(), NULL), HC_OK);
    struct hc_memory_sample look = quiet_look(0);
    hc_series_add_look(&series, &look);
    uint64_t before = predict(&series, 60000).off_heap.overhead.recommended_bytes;
    struct hc_event event = {BEGIN_MS, HC_EVENT_CONTAINER_OUT_OF_MEMORY, 0, "OOM killer"};
    hc_series_add_event(&series, &event);
    struct hc_recommendation advice = predict(&series, 60000);
    assert_true(advice.off_heap.overhead.recommended_bytes > before);
    assert_true(advice.off_heap.overhead.recommended_bytes >= advice.off_heap.overhead.max_bytes + 100 * MIB);
    assert_true(advice.off_heap.overhead.recommended_bytes < advice.off_heap.overhead.max_bytes + 108 * MIB);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_seen_stays_unknown),
        cmocka_unit_test(test_sizes_follow_the_most_that_was_seen),
        cmocka_unit_test(test_small_sizes_have_a_least),
        cmocka_unit_test(test_a_process_needs_its_live_set_and_the_rest_at_once),
        cmocka_unit_test(test_what_is_older_than_a_week_does_not_count),
        cmocka_unit_test(test_the_ledger_is_told_part_by_part),
        cmocka_unit_test(test_an_exhausted_metaspace_raises_it_once),
        cmocka_unit_test(test_a_container_that_ran_out_of_memory_gets_more_overhead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
