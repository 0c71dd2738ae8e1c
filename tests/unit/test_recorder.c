/*
 * All threads of the agent at once, with a JVM's part played by this program: one in its pauses, two out of memory, a
 * Java thread that leaves its gauges, and the end of the JVM. Under ThreadSanitizer (make test-tsan) this is the proof
 * that nothing between them is shared without order.
 */
#include "tests/support/cmocka_test.h"
#include "tests/support/perf_image.h"
#include "tests/support/scratch.h"

#include "agent/gc_events.h"
#include "agent/live_watch.h"
#include "agent/recorder.h"

#include <heapcast/recommendation_json.h>

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { BURSTS = 12, BURST = 500, BURST_LONG = 3000, EXHAUSTED = 200, STOP_LIMIT_MS = 350 };

static struct perf_image_g1 jvm;
static struct perf_counters counters;
static struct ring ring;
static _Alignas(64) struct gc_record slot[1024];
static struct jvm_gauge gauge;
static struct live_watch watch;
static struct args args;
static struct hc_subject subject = {.name = "t", .host = "h", .pid = 1, .collector = HC_COLLECTOR_G1};
static atomic_int ended;

static void nap_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Bursts that the ring holds, and one in the middle that it does not. */
static void *collect(void *unused)
{
    for (int burst = 0; burst < BURSTS; burst++) {
        for (int i = 0; i < (burst == BURSTS / 2 ? BURST_LONG : BURST); i++) {
            gc_events_start(NULL);
            *jvm.young += 1;
            gc_events_finish(NULL);
        }
        nap_ms(60);
    }
    return unused;
}

static void *run_out_of_memory(void *unused)
{
    for (int i = 0; i < EXHAUSTED; i++) {
        recorder_note_exhausted(i % 2 == 0 ? HC_EVENT_OUT_OF_MEMORY_HEAP : HC_EVENT_OUT_OF_MEMORY_METASPACE);
        nap_ms(2);
    }
    return unused;
}

static void *gauge_as_java(void *unused)
{
    for (int64_t i = 0; !atomic_load(&ended); i++) {
        atomic_store_explicit(&gauge.direct_bytes, i, memory_order_relaxed);
        atomic_store_explicit(&gauge.operator_known, 1, memory_order_relaxed);
        nap_ms(1);
    }
    return unused;
}

static void start(void)
{
    perf_image_g1(&jvm);
    assert_true(perf_counters_find(jvm.image.memory, &counters));
    args_parse("publish=1s,warmup=0s,off_heap=1s", &args);
    subject.heap_max_bytes = 512 << 20;
    subject.started_at_ms = (int64_t)time(NULL) * 1000 - 1000;
    jvm_gauge_init(&gauge);
    live_watch_init(&watch, HC_COLLECTOR_G1, 17, 512 << 20, 0);
    ring_init(&ring, slot, 1024);
    gc_events_init(&counters, &ring);
    struct recorder_setup setup = {.args = &args,
                                   .subject = &subject,
                                   .dir = scratch,
                                   .ring = &ring,
                                   .counters = &counters,
                                   .jvm_gauge = &gauge,
                                   .live_watch = &watch};
    assert_int_equal(recorder_start(&setup), 0);
}

static void each_collection_is_kept_or_counted_as_dropped(void **state)
{
    void *(*const roles[])(void *) = {collect, run_out_of_memory, run_out_of_memory, gauge_as_java};
    enum { ROLES = sizeof roles / sizeof roles[0] };
    pthread_t threads[ROLES];
    struct hc_recommendation r;
    struct hc_subject written;
    struct hc_error err;
    (void)state;
    start();
    for (int i = 0; i < ROLES; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, roles[i], NULL), 0);
    for (int i = 0; i < ROLES - 1; i++)
        pthread_join(threads[i], NULL);
    int64_t stop_at = now_ms();
    recorder_stop(); /* the Java thread is still there, as in a JVM that ends */
    int64_t stopped_ms = now_ms() - stop_at;
    atomic_store(&ended, 1);
    pthread_join(threads[ROLES - 1], NULL);

    assert_in_range(stopped_ms, 0, STOP_LIMIT_MS);
    assert_int_equal(hc_recommendation_parse(text_of(in_scratch("heapcast-t.json")), &r, &written, &err), HC_OK);
    assert_int_equal(r.window.collections + r.window.samples_dropped, BURSTS * BURST + BURST_LONG - BURST);
    assert_in_range(r.window.samples_dropped, 1, BURST_LONG); /* else the ring was never full */
    assert_true(r.event_count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_collection_is_kept_or_counted_as_dropped)};
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
