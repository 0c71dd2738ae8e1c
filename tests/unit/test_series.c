#include "predictor/series.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BEGIN_MS (INT64_C(1700000000000) / HC_HOUR_MS * HC_HOUR_MS)

static void open_series(struct hc_series *series, void *block)
{
    assert_int_equal(hc_series_open(series, block, hc_series_size(), NULL), HC_OK);
}

static struct hc_gc_sample sample_at(int64_t at_ms, uint64_t used_bytes)
{
    return (struct hc_gc_sample){.end_time_ms = BEGIN_MS + at_ms,
                                 .heap_used_after_bytes = used_bytes,
                                 .heap_committed_bytes = 1000,
                                 .heap_max_bytes = 1000,
                                 .allocated_bytes = 10,
                                 .promoted_bytes = HC_BYTES_UNKNOWN,
                                 .kind = HC_GC_FULL};
}

static void test_a_slot_is_good_in_its_own_place_only(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = calloc(1, hc_series_size());
    open_series(&series, block);
    struct hc_event event = {1, HC_EVENT_OUT_OF_MEMORY_HEAP, 0, "one"};
    hc_series_add_event(&series, &event);
    const struct hc_slots *slots = &series.events;
    assert_non_null(hc_slots_get(slots, 1));
    assert_null(hc_slots_get(slots, 0));
    assert_null(hc_slots_get(slots, 1 + slots->count));
    /* The same bytes one slot further on are no event. */
    memcpy(slots->base + 2 * slots->slot_bytes, slots->base + slots->slot_bytes, slots->slot_bytes);
    open_series(&series, block);
    assert_int_equal(series.now.dropped, 1);
    assert_non_null(hc_slots_get(&series.events, 1));
    assert_int_equal(series.now.event_sequence, 1);
    free(block);
}

struct copy {
    unsigned char *of, *to;
    size_t last_offset, spans, bytes, refuse_at;
};

static int copy_span(void *context, size_t offset, size_t bytes)
{
    struct copy *copy = context;
    assert_true(offset < copy->last_offset); /* from the end to the start */
    assert_int_equal(offset % HC_PAGE_BYTES, 0);
    assert_true(offset + bytes <= hc_series_size());
    copy->last_offset = offset;
    if (copy->spans == copy->refuse_at)
        return 0;
    memcpy(copy->to + offset, copy->of + offset, bytes);
    copy->spans++;
    copy->bytes += bytes;
    return 1;
}

static struct copy bring_over(struct hc_series *series, void *block, void *to, size_t refuse_at, int expected)
{
    struct copy copy = {block, to, SIZE_MAX, 0, 0, refuse_at};
    assert_int_equal(hc_series_each_change(series, copy_span, &copy), expected);
    return copy;
}

static void add_one_of_each(struct hc_series *series, int64_t i)
{
    struct hc_gc_sample sample = sample_at(i * 600000, (uint64_t)(100 + i));
    struct hc_memory_sample look = {.time_ms = BEGIN_MS + i * 600000};
    struct hc_event event = {BEGIN_MS + i, HC_EVENT_OUT_OF_MEMORY_HEAP, 0, "one"};
    hc_series_add(series, &sample);
    if (i % 3 == 0)
        hc_series_add_look(series, &look);
    if (i % 50 == 0)
        hc_series_add_event(series, &event);
}

/* What is reported as changed is all that changed, and little more. */
static void test_a_copy_is_kept_by_its_changes(void **state)
{
    (void)state;
    struct hc_series series, again;
    size_t size = hc_series_size();
    unsigned char *block = calloc(1, size), *copy = calloc(1, size);
    assert_true(size <= (size_t)HC_PAGES_MAX * HC_PAGE_BYTES);
    open_series(&series, block);
    hc_series_start(&series, &(struct hc_epoch){.start_ms = BEGIN_MS, .heap_max_bytes = 1000});
    (void)bring_over(&series, block, copy, SIZE_MAX, 1);
    assert_memory_equal(block, copy, size);
    assert_int_equal(bring_over(&series, block, copy, SIZE_MAX, 1).spans, 0);
    for (int64_t i = 0; i < 3000; i++) {
        add_one_of_each(&series, i);
        struct copy one = bring_over(&series, block, copy, SIZE_MAX, 1);
        assert_in_range(one.bytes, 1, 14 * HC_PAGE_BYTES);
        if (i % 100 == 0)
            assert_memory_equal(block, copy, size);
    }
    assert_memory_equal(block, copy, size);
    /* slots that are dropped when the series is opened are changes too */
    block[size / 2] ^= 0xFF;
    open_series(&again, block);
    assert_int_equal(again.now.dropped, 1);
    copy[size / 2] ^= 0xFF;
    (void)bring_over(&again, block, copy, SIZE_MAX, 1);
    assert_memory_equal(block, copy, size);
    free(block);
    free(copy);
}

/* Killed between any two writes, the copy opens without a dropped slot, and knows all or nothing of the last round. */
static void test_a_copy_cut_off_between_two_writes_can_be_opened(void **state)
{
    (void)state;
    size_t size = hc_series_size();
    unsigned char *block = calloc(1, size), *copy = calloc(1, size), *cut = malloc(size);
    struct hc_series series, again;
    open_series(&series, block);
    hc_series_start(&series, &(struct hc_epoch){.start_ms = BEGIN_MS, .heap_max_bytes = 1000});
    for (int64_t i = 0; i < 1000; i++) {
        add_one_of_each(&series, i);
        if (i % 10 != 9)
            continue;
        struct hc_series before = series; /* the changes are told again and again, cut off one span later each time */
        for (size_t spans = 0;; spans++) {
            struct hc_series told = series;
            memcpy(cut, copy, size);
            struct copy some = {block, cut, SIZE_MAX, 0, 0, spans};
            int whole = hc_series_each_change(&told, copy_span, &some);
            open_series(&again, cut);
            assert_int_equal(again.now.dropped, 0);
            if (spans > 0) /* the samples lie behind everything else that replay needs, the states before */
                assert_true(again.now.raw_sequence >= before.now.raw_sequence - 10);
            if (whole)
                break;
        }
        assert_int_equal(again.now.raw_sequence, series.now.raw_sequence);
        assert_memory_equal(&again.now.hour, &series.now.hour, sizeof series.now.hour);
        assert_int_equal(bring_over(&series, block, copy, 0, 0).spans, 0); /* refused: it stays changed */
        (void)bring_over(&series, block, copy, SIZE_MAX, 1);
        assert_memory_equal(block, copy, size);
    }
    free(block);
    free(copy);
    free(cut);
}

static void test_hours_are_kept_apart_and_found_again(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = calloc(1, hc_series_size());
    open_series(&series, block);
    for (int64_t h = 0; h < 3; h++)
        for (int64_t i = 0; i <= h; i++) {
            struct hc_gc_sample sample = sample_at(h * HC_HOUR_MS + i * 60000, (uint64_t)(100 * h + i));
            hc_series_add(&series, &sample);
        }
    for (int turn = 0; turn < 2; turn++) {
        for (int64_t h = 0; h < 3; h++) {
            const struct hc_hour *hour = hc_series_hour(&series, hc_hour_of(BEGIN_MS) + h);
            assert_non_null(hour);
            assert_int_equal(hour->collections, h + 1);
            assert_int_equal(hc_series_live_max(&series, hour), 100 * h + h);
        }
        assert_null(hc_series_hour(&series, hc_hour_of(BEGIN_MS) + 3));
        assert_null(hc_series_hour(&series, hc_hour_of(BEGIN_MS) - 1));
        open_series(&series, block);
    }
    free(block);
}

static void test_every_hour_is_covered_once(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = calloc(1, hc_series_size());
    open_series(&series, block);
    struct hc_epoch epoch = {.start_ms = BEGIN_MS + 600000, .heap_max_bytes = 1000};
    hc_series_start(&series, &epoch);
    static const int64_t at_ms[] = {700000, 3000000, 4000000, 4000000, 3900000, 15000000};
    for (unsigned i = 0; i < 6; i++) {
        struct hc_gc_sample sample = sample_at(at_ms[i], 500);
        hc_series_add(&series, &sample);
    }
    int64_t sum = 0;
    for (int64_t h = 0; h < 5; h++) {
        const struct hc_hour *hour = hc_series_hour(&series, hc_hour_of(BEGIN_MS) + h);
        if (hour != NULL)
            sum += hour->covered_ms + hour->warm_covered_ms + hour->idle_ms;
    }
    assert_int_equal(sum, 15000000 - 600000);
    assert_int_equal(hc_series_hour(&series, hc_hour_of(BEGIN_MS))->warm_covered_ms, HC_WARM_MS);
    free(block);
}

static void test_looks_keep_their_hourly_maxima(void **state)
{
    (void)state;
    struct hc_series series;
    void *block = calloc(1, hc_series_size());
    open_series(&series, block);
    for (unsigned i = 0; i < 500; i++) {
        struct hc_memory_sample look = {.time_ms = BEGIN_MS + i * 10000,
                                        .rss_bytes = 1000 + i % 100,
                                        .heap_resident_bytes = 400,
                                        .direct_bytes = 50,
                                        .metaspace_committed_bytes = 20,
                                        .code_cache_bytes = HC_BYTES_UNKNOWN,
                                        .consumers = i == 7 ? 1 : 0};
        hc_series_add_look(&series, &look);
        if (i % 37 == 0)
            open_series(&series, block);
    }
    const struct hc_look_hour *hour = hc_series_look_hour(&series, hc_hour_of(BEGIN_MS));
    assert_non_null(hour);
    assert_int_equal(hour->rss_bytes, 1099);
    assert_int_equal(hour->non_heap_bytes, 699);
    assert_int_equal(hour->overhead_bytes, 629);
    assert_true(hour->part_bytes[HC_LEDGER_CODE_CACHE] == HC_BYTES_UNKNOWN);
    assert_int_equal(series.now.consumers, 1);
    assert_int_equal(series.now.look_sequence, 500);
    free(block);
}

static void test_every_damaged_slot_of_every_ring_is_found(void **state)
{
    (void)state;
    struct hc_series series;
    unsigned char *block = calloc(1, hc_series_size());
    open_series(&series, block);
    struct hc_epoch epoch = {.start_ms = BEGIN_MS, .heap_max_bytes = 1000};
    hc_series_start(&series, &epoch);
    for (int64_t i = 0; i < 300; i++) {
        struct hc_gc_sample sample = sample_at(i * 600000, 500);
        hc_series_add(&series, &sample);
        struct hc_memory_sample look = {.time_ms = BEGIN_MS + i * 600000, .rss_bytes = 1};
        hc_series_add_look(&series, &look);
        struct hc_event event = {BEGIN_MS + i, HC_EVENT_OUT_OF_MEMORY_OTHER, 0, "x"};
        hc_series_add_event(&series, &event);
        struct hc_forecast forecast = {i + 1, 1, 1};
        hc_slots_put(&series.forecasts, (uint64_t)i + 1, &forecast);
    }
    const struct hc_slots *rings[] = {&series.states, &series.raw,        &series.hours,  &series.epochs,
                                      &series.looks,  &series.look_hours, &series.events, &series.forecasts};
    unsigned char *copy = malloc(hc_series_size());
    for (unsigned r = 0; r < 8; r++)
        for (size_t byte = 0; byte < rings[r]->slot_bytes; byte += 1 + rings[r]->slot_bytes / 40) {
            /* A slot that is in use: the second, or for hours whichever holds something. */
            uint64_t slot = 1;
            while (memcmp(rings[r]->base + slot * rings[r]->slot_bytes, (char[8]){0}, 8) == 0)
                slot++;
            memcpy(copy, block, hc_series_size());
            copy[(size_t)(rings[r]->base - block) + slot * rings[r]->slot_bytes + byte] ^= 0x10;
            struct hc_series damaged;
            open_series(&damaged, copy);
            assert_int_equal(damaged.now.dropped, 1);
        }
    free(copy);
    free(block);
}

/* A state whose checksum is right and that can't be: what the rings hold is worked out anew. */
static void test_a_state_that_cannot_be_is_left_alone(void **state)
{
    (void)state;
    struct hc_series series, again;
    uint32_t *counts[] = {&series.now.live.point_count, &series.now.live.block_count, &series.now.views.points,
                          &series.now.views.recent_count};
    for (size_t i = 0; i <= sizeof counts / sizeof counts[0]; i++) {
        unsigned char *block = calloc(1, hc_series_size());
        open_series(&series, block);
        hc_series_start(&series, &(struct hc_epoch){.start_ms = BEGIN_MS, .heap_max_bytes = 1000});
        for (int64_t k = 0; k < 20; k++)
            add_one_of_each(&series, k);
        uint64_t live = series.now.live.live_bytes;
        series.now.published_bytes = 4711; /* no ring holds that, only the copy before */
        hc_series_checkpoint(&series);
        if (i < sizeof counts / sizeof counts[0])
            *counts[i] = 100000;
        else
            series.now.promotion.now.points = UINT64_MAX;
        hc_series_checkpoint(&series);
        open_series(&again, block);
        assert_true(hc_live_set_is_sound(&again.now.live) && hc_live_views_are_sound(&again.now.views));
        assert_true(hc_promotion_is_sound(&again.now.promotion));
        assert_int_equal(again.now.live.live_bytes, live);
        assert_int_equal(again.now.published_bytes, 4711);
        assert_int_equal(again.now.epoch.heap_max_bytes, 1000);
        free(block);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slot_is_good_in_its_own_place_only),
        cmocka_unit_test(test_a_copy_is_kept_by_its_changes),
        cmocka_unit_test(test_a_copy_cut_off_between_two_writes_can_be_opened),
        cmocka_unit_test(test_hours_are_kept_apart_and_found_again),
        cmocka_unit_test(test_every_hour_is_covered_once),
        cmocka_unit_test(test_looks_keep_their_hourly_maxima),
        cmocka_unit_test(test_every_damaged_slot_of_every_ring_is_found),
        cmocka_unit_test(test_a_state_that_cannot_be_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
