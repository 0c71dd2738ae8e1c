#include "tests/support/cmocka_test.h"

#include "cli/input_samples.h"
#include "tests/support/scratch.h"

#include <heapcast/history.h>

#define MIB(n) ((uint64_t)(n) << 20)
#define HOUR INT64_C(3600000)

/* What came, in one letter each, and the newest of each. */
struct trail {
    char letters[64];
    size_t count;
    struct hc_epoch epoch;
    struct hc_gc_sample sample;
};

static void letter(struct trail *trail, char c)
{
    if (trail->count + 1 < sizeof trail->letters)
        trail->letters[trail->count++] = c;
}

static void on_start(void *context, const struct hc_epoch *epoch)
{
    struct trail *trail = context;
    trail->epoch = *epoch;
    letter(trail, '|');
}

static void on_sample(void *context, const struct hc_gc_sample *sample)
{
    struct trail *trail = context;
    trail->sample = *sample;
    letter(trail, sample->kind == HC_GC_FULL ? 'F' : 'y');
}

static void on_view(void *context, const struct hc_live_view *view)
{
    (void)view;
    letter(context, 'v');
}

static enum hc_status walk(const char *const *paths, size_t count, uint64_t heap_max, struct trail *trail,
                           struct hc_samples_source *source, struct hc_error *err)
{
    memset(trail, 0, sizeof *trail);
    struct hc_samples_sink sink = {trail, on_start, on_sample, on_view};
    return hc_input_samples(paths, count, heap_max, &sink, source, err);
}

static struct hc_gc_sample sample(int64_t time_ms, enum hc_gc_kind kind)
{
    return (struct hc_gc_sample){.end_time_ms = time_ms,
                                 .heap_used_before_bytes = MIB(50),
                                 .heap_used_after_bytes = MIB(20),
                                 .old_used_after_bytes = HC_BYTES_UNKNOWN,
                                 .heap_committed_bytes = MIB(100),
                                 .heap_max_bytes = MIB(100),
                                 .allocated_bytes = HC_BYTES_UNKNOWN,
                                 .promoted_bytes = HC_BYTES_UNKNOWN,
                                 .kind = kind};
}

static void fill(struct hc_predictor *p)
{
    struct hc_epoch epoch = {.start_ms = HOUR, .heap_max_bytes = MIB(100), .collector = HC_COLLECTOR_G1};
    struct hc_gc_sample young = sample(HOUR + 1000, HC_GC_YOUNG), full = sample(HOUR + 3000, HC_GC_FULL),
                        later = sample(2 * HOUR + 1000, HC_GC_YOUNG);
    struct hc_live_view view = {.time_ms = HOUR + 2000,
                                .live_bytes = MIB(10),
                                .used_bytes = MIB(20),
                                .source = HC_LIVE_G1_MARKING,
                                .evidence = HC_EVIDENCE_MARKING};
    assert_int_equal(hc_predictor_start(p, &epoch), HC_OK);
    assert_int_equal(hc_predictor_observe(p, &young), HC_OK);
    assert_int_equal(hc_predictor_observe(p, &full), HC_OK);
    assert_int_equal(hc_predictor_observe_live(p, &view), HC_OK); /* told later than it describes */
    hc_predictor_end(p, HOUR + 5000);
    epoch.start_ms = 2 * HOUR;
    assert_int_equal(hc_predictor_start(p, &epoch), HC_OK);
    assert_int_equal(hc_predictor_observe(p, &later), HC_OK);
}

static void a_history_in_the_order_of_time(void **state)
{
    (void)state;
    struct hc_history *history = NULL;
    struct hc_predictor *p = NULL;
    struct hc_policy policy;
    struct hc_samples_source source;
    struct hc_error err;
    struct trail trail;
    const char *path = in_scratch("heapcast-a.hc");
    hc_policy_init(&policy);
    assert_int_equal(hc_history_open(path, hc_predictor_size(), HC_SERIES_VERSION, &history, &err), HC_OK);
    assert_int_equal(hc_predictor_new(hc_history_memory(history), hc_predictor_size(), &policy, &p, &err), HC_OK);
    fill(p);
    hc_predictor_free(p);
    assert_int_equal(hc_history_write(history, 0, hc_predictor_size(), &err), HC_OK);
    hc_history_close(history);
    assert_int_equal(walk(&path, 1, 0, &trail, &source, &err), HC_OK);
    assert_string_equal(trail.letters, "|yvF|y");
    assert_true(source.history);
    assert_int_equal(source.epoch.start_ms, 2 * HOUR);
    assert_int_equal(trail.sample.end_time_ms, 2 * HOUR + 1000);
    /* a history has its own maximum, and is a whole by itself */
    const char *two[] = {path, path};
    assert_int_equal(walk(two, 2, 0, &trail, &source, &err), HC_EUNSUPPORTED);
    assert_contains(err.text, "is a history; give it alone");
}

static void a_log(void **state)
{
    (void)state;
    static const char text[] = "[0.100s] GC(0) Pause Young (x) 50M->20M(60M) 1.000ms\n"
                               "[0.200s] GC(1) Pause Full (x) 80M->20M(90M) 1.000ms\n";
    struct hc_samples_source source;
    struct trail trail;
    const char *path = in_scratch("gc.log");
    write_text(path, text, sizeof text - 1);
    assert_int_equal(walk(&path, 1, 0, &trail, &source, NULL), HC_OK);
    assert_string_equal(trail.letters, "|yF");
    assert_int_equal(trail.epoch.heap_max_bytes, MIB(60));
    assert_int_equal(trail.sample.heap_max_bytes, MIB(90));
    assert_int_equal(source.epoch.heap_max_bytes, MIB(90));
    assert_false(source.heap_max_told);
    assert_int_equal(source.log.collections, 2);
    /* what the user says stands where the log says nothing */
    assert_int_equal(walk(&path, 1, MIB(512), &trail, &source, NULL), HC_OK);
    assert_int_equal(trail.epoch.heap_max_bytes, MIB(512));
    assert_int_equal(trail.sample.heap_max_bytes, MIB(512));
}

static void tell(void *context)
{
    hc_input_samples_tell("gc.log", context);
}

static void what_a_user_should_know(void **state)
{
    (void)state;
    struct hc_samples_source source = {
        .log = {.lines = 10, .gc_lines = 7, .other_lines = 3, .broken = 2, .collections = 4, .untimed = 1}};
    const char *said = output_of(2, tell, &source);
    assert_contains(said,
                    "lines: 7 of a collector, 3 others; collections: 4, skipped because they could not be read: 2");
    assert_contains(said, "no dates");
    assert_contains(said, "1 lines have no time");
    assert_contains(said, "maximum of the heap is not in the log");
    source.history = 1;
    assert_string_equal(output_of(2, tell, &source), "");
}

static void nothing_there(void **state)
{
    (void)state;
    struct hc_samples_source source;
    struct hc_error err;
    struct trail trail;
    const char *path = in_scratch("none.log");
    assert_int_equal(walk(&path, 1, 0, &trail, &source, &err), HC_EIO);
    path = in_scratch("empty.hc");
    write_text(path, "", 0);
    assert_int_not_equal(walk(&path, 1, 0, &trail, &source, &err), HC_OK);
    path = in_scratch("empty.log");
    write_text(path, "", 0);
    assert_int_equal(walk(&path, 1, 0, &trail, &source, &err), HC_OK);
    assert_string_equal(trail.letters, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_history_in_the_order_of_time),
        cmocka_unit_test(a_log),
        cmocka_unit_test(what_a_user_should_know),
        cmocka_unit_test(nothing_there),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
