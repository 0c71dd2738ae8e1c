/*
 * A history that was damaged, or written by somebody else: opened, used and opened again. Bytes alone would never get
 * past the header and the checksums, so the input is a list of changes to a good block, after which its slots are
 * sealed anew.
 */
#include "fuzz.h"

#include <heapcast/predictor.h>

#include "predictor/series.h"

enum { SAMPLES = 300 };

static const int64_t begin_ms = 1767225600000;

static void fill(struct hc_predictor *predictor)
{
    hc_predictor_start(predictor, &(struct hc_epoch){begin_ms, 4711, UINT64_C(1) << 30, HC_COLLECTOR_G1, 0, 0});
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct hc_gc_sample sample = {.end_time_ms = begin_ms + 60000 * (int64_t)(i + 1),
                                      .gc_id = i + 1,
                                      .pause_us = 5000 + i,
                                      .heap_used_before_bytes = 600u << 20,
                                      .heap_used_after_bytes = (200u + i % 50) << 20,
                                      .old_used_after_bytes = (150u + i % 50) << 20,
                                      .heap_committed_bytes = 1u << 30,
                                      .heap_max_bytes = 1u << 30,
                                      .allocated_bytes = 400u << 20,
                                      .promoted_bytes = 1u << 20,
                                      .gc_time_us = 5000 + i,
                                      .kind = i % 7 == 0    ? HC_GC_MIXED
                                              : i % 50 == 0 ? HC_GC_FULL
                                                            : HC_GC_YOUNG,
                                      .cause = "G1 Evacuation Pause"};
        struct hc_memory_sample look;
        memset(&look, 0xff, sizeof look);
        look.time_ms = sample.end_time_ms;
        look.rss_bytes = (900u + i) << 20;
        look.consumers = look.consumers_known = 0;
        hc_predictor_observe(predictor, &sample);
        hc_predictor_observe_memory(predictor, &look);
    }
}

/* Every slot of the ring gets the checksum that fits what is in it now. */
static void seal(const struct hc_slots *slots)
{
    unsigned char *payload = malloc(slots->payload_bytes);
    CHECK(payload != NULL);
    for (uint64_t i = 0; i < slots->count; i++) {
        unsigned char *slot = slots->base + i * slots->slot_bytes;
        uint64_t sequence;
        memcpy(&sequence, slot, sizeof sequence);
        if (sequence == 0 || sequence % slots->count != i)
            continue;
        memcpy(payload, slot + (slots->slot_bytes - slots->payload_bytes), slots->payload_bytes);
        hc_slots_put(slots, sequence, payload);
    }
    free(payload);
}

/* Where the rings lie in a block, found by opening a good one. */
static void seal_all(unsigned char *block, size_t size)
{
    static struct hc_series series;
    static unsigned char *good;
    if (good == NULL) {
        good = calloc(1, size);
        CHECK(good != NULL && hc_series_open(&series, good, size, NULL) == HC_OK);
    }
    struct hc_slots *const rings[] = {&series.states, &series.raw,        &series.hours,  &series.epochs,
                                      &series.looks,  &series.look_hours, &series.events, &series.forecasts};
    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++) {
        struct hc_slots here = *rings[i];
        here.base = block + (rings[i]->base - good);
        seal(&here);
    }
}

static void use(unsigned char *block, size_t size, const struct hc_policy *policy)
{
    struct hc_predictor *predictor;
    static struct hc_recommendation out;
    struct hc_error err = {.text = ""};
    if (hc_predictor_new(block, size, policy, &predictor, &err) != HC_OK) {
        CHECK(err.text[0] != '\0');
        return;
    }
    hc_predictor_predict(predictor, begin_ms + 60000 * SAMPLES, &out);
    fill(predictor);
    hc_predictor_predict(predictor, begin_ms + 60000 * (SAMPLES + 10), &out);
    hc_predictor_end(predictor, begin_ms + 60000 * (SAMPLES + 10));
    hc_predictor_free(predictor);
}

/* Six bytes a change: where (of eight bytes), how many bytes, and the byte; the first byte of all tells whether to
 * seal. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char *good, *block;
    size_t block_size = hc_predictor_size();
    struct hc_policy policy;
    hc_policy_init(&policy);
    if (good == NULL) {
        struct hc_predictor *predictor;
        good = calloc(1, block_size);
        block = calloc(1, block_size);
        CHECK(good != NULL && block != NULL);
        CHECK(hc_predictor_new(good, block_size, &policy, &predictor, NULL) == HC_OK);
        fill(predictor);
        hc_predictor_free(predictor);
    }
    memcpy(block, good, block_size);
    for (size_t i = 1; i + 6 <= size; i += 6) {
        uint32_t at;
        memcpy(&at, data + i, 4);
        at %= (uint32_t)block_size;
        size_t length = data[i + 4] % 9u;
        memset(block + at, data[i + 5], length > block_size - at ? block_size - at : length);
    }
    if (size > 0 && (data[0] & 1) != 0)
        seal_all(block, block_size);
    use(block, block_size, &policy);
    use(block, block_size, &policy);
    return 0;
}
