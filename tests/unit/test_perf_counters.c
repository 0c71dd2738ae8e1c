#include "tests/support/cmocka_test.h"

#include "agent/gc_events.h"
#include "agent/perf_counters.h"
#include "agent/ring.h"
#include "tests/support/perf_image.h"

#include <string.h>
#include <time.h>

static struct perf_image_g1 jvm;
static struct perf_counters c;

static void finds_every_counter(void **state)
{
    (void)state;
    perf_image_g1(&jvm);
    assert_int_equal(perf_counters_find(jvm.image.memory, &c), 1);
    assert_ptr_equal(c.eden_used, jvm.eden);
    assert_ptr_equal(c.survivor0_used, jvm.survivor0);
    assert_ptr_equal(c.survivor1_used, jvm.survivor1);
    assert_ptr_equal(c.old_used, jvm.old);
    assert_int_equal(*c.eden_capacity, 50 << 20);
    assert_int_equal(*c.survivor0_capacity, 8);
    assert_int_equal(*c.survivor1_capacity, 4 << 20);
    assert_int_equal(*c.young_capacity, 60 << 20);
    assert_int_equal(*c.old_capacity, 200 << 20);
    assert_int_equal(*c.young_max, 512 << 20);
    assert_int_equal(*c.old_max, 512 << 20);
    assert_ptr_equal(c.young_invocations, jvm.young);
    assert_ptr_equal(c.full_invocations, jvm.full);
    assert_int_equal(*c.metaspace_used, 30 << 20);
    assert_int_equal(*c.metaspace_capacity, 31 << 20);
    assert_int_equal(*c.classes_loaded, 1200);
    assert_int_equal(*c.classes_unloaded, 20);
    assert_int_equal(*c.shared_loaded, 450);
    assert_int_equal(*c.shared_unloaded, 1);
    assert_string_equal((const char *)c.cause, "G1 Evacuation Pause");
    assert_string_equal((const char *)c.last_cause, "No GC");
    assert_string_equal(c.java_version, "17.0.15");
    assert_int_equal(c.collector, HC_COLLECTOR_G1);
}

static void pointers_show_what_the_jvm_writes_later(void **state)
{
    (void)state;
    perf_image_g1(&jvm);
    assert_int_equal(perf_counters_find(jvm.image.memory, &c), 1);
    *jvm.old = 77;
    assert_int_equal(perf_value(c.old_used), 77);
    assert_int_equal(perf_value(NULL), 0);
}

static void collectors_are_told_by_their_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum hc_collector collector;
    } names[] = {
        {"Copy", HC_COLLECTOR_SERIAL},                           /* JDK 11 */
        {"Serial young collection pauses", HC_COLLECTOR_SERIAL}, /* 17 */
        {"PSScavenge", HC_COLLECTOR_PARALLEL},                   /* 11 */
        {"Parallel young collection pauses", HC_COLLECTOR_PARALLEL},
        {"G1 young collection pauses", HC_COLLECTOR_G1},
        {"G1", HC_COLLECTOR_G1},
        {"PCopy", HC_COLLECTOR_CMS},
        {"ParNew", HC_COLLECTOR_CMS},
        {"Z concurrent cycle", HC_COLLECTOR_Z},
        {"ZGC major collection pauses", HC_COLLECTOR_Z},
        {"Shenandoah", HC_COLLECTOR_SHENANDOAH},
        {"Another", HC_COLLECTOR_UNKNOWN},
        {"", HC_COLLECTOR_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct perf_image image;
        perf_image_begin(&image);
        perf_image_text(&image, "sun.gc.collector.0.name", names[i].name, 64);
        assert_int_equal(perf_counters_find(image.memory, &c), 0); /* nothing but a name */
        assert_int_equal(c.collector, names[i].collector);
    }
}

/* Without any one of these a sample would be wrong, so the agent must know. */
static void each_needed_counter_is_needed(void **state)
{
    (void)state;
    static const char *const needed[] = {"sun.gc.generation.0.space.0.used",
                                         "sun.gc.generation.1.space.0.used",
                                         "sun.gc.collector.0.invocations",
                                         "sun.gc.collector.1.invocations",
                                         "sun.gc.generation.0.capacity",
                                         "sun.gc.generation.1.capacity",
                                         "sun.gc.cause",
                                         "sun.gc.lastCause"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        perf_image_g1(&jvm);
        unsigned char *name = memmem(jvm.image.memory, sizeof jvm.image.memory, needed[i], strlen(needed[i]) + 1);
        assert_non_null(name);
        name[0] = 'x';
        assert_int_equal(perf_counters_find(jvm.image.memory, &c), 0);
        assert_int_equal(c.collector, HC_COLLECTOR_G1); /* what was found is there all the same */
    }
    static const char *const optional[] = {"sun.gc.metaspace.used", "java.cls.loadedClasses",
                                           "sun.gc.generation.0.space.1.used"};
    for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++) {
        perf_image_g1(&jvm);
        unsigned char *name = memmem(jvm.image.memory, sizeof jvm.image.memory, optional[i], strlen(optional[i]) + 1);
        name[0] = 'x';
        assert_int_equal(perf_counters_find(jvm.image.memory, &c), 1);
    }
}

static void a_counter_of_the_wrong_type_is_not_taken(void **state)
{
    (void)state;
    struct perf_image image;
    perf_image_begin(&image);
    perf_image_text(&image, "sun.gc.generation.1.space.0.used", "text", 16);
    perf_image_long(&image, "sun.gc.cause", 5);
    perf_counters_find(image.memory, &c);
    assert_null(c.old_used);
    assert_null(c.cause);
}

static void other_memory_is_refused(void **state)
{
    (void)state;
    assert_int_equal(perf_counters_find(NULL, &c), 0);
    assert_null(c.old_used);
    perf_image_g1(&jvm);
    jvm.image.memory[0] = 0;
    assert_int_equal(perf_counters_find(jvm.image.memory, &c), 0);
    perf_image_g1(&jvm);
    jvm.image.memory[5] = 1; /* layout 1.x: JDK 1.4 */
    assert_int_equal(perf_counters_find(jvm.image.memory, &c), 0);
    perf_image_g1(&jvm);
    perf_image_put32(&jvm.image, 32, 0); /* an entry without length must not hang us */
    assert_int_equal(perf_counters_find(jvm.image.memory, &c), 0);
}

/* ---- the callbacks on such memory ---- */

static _Alignas(64) struct ring ring;
static _Alignas(64) struct gc_record slot[64];

static void use_image(void)
{
    perf_image_g1(&jvm);
    assert_int_equal(perf_counters_find(jvm.image.memory, &c), 1);
    ring_init(&ring, slot, 64);
    gc_events_init(&c, &ring);
}

/* A late attach switches events on while a pause may be under way. Runs before any Start of this process. */
static void a_pause_seen_from_its_middle_is_left_out(void **state)
{
    struct gc_record r;
    (void)state;
    use_image();
    gc_events_finish(NULL);
    assert_int_equal(ring_pop(&ring, &r), 0);
}

static void a_pause_becomes_one_record(void **state)
{
    struct gc_record r;
    struct timespec before, after;
    (void)state;
    use_image();
    clock_gettime(CLOCK_MONOTONIC, &before);
    gc_events_start(NULL);
    *jvm.eden = 0;
    *jvm.survivor0 = 4 << 20;
    *jvm.survivor1 = 0;
    *jvm.old = 101 << 20;
    *jvm.young += 1;
    gc_events_finish(NULL);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_int_equal(ring_pop(&ring, &r), 1);
    assert_int_equal(r.used_before, (48 + 3 + 100) << 20);
    assert_int_equal(r.used_after, (4 + 101) << 20);
    assert_int_equal(r.old_before, 100 << 20);
    assert_int_equal(r.old_after, 101 << 20);
    assert_int_equal(r.committed, 260 << 20);
    assert_int_equal(r.eden_capacity, 50 << 20);
    assert_int_equal(r.young_count, 1);
    assert_int_equal(r.full_count, 0);
    assert_string_equal(r.cause, "G1 Evacuation Pause");
    assert_true(r.end_ns >= (int64_t)before.tv_sec * 1000000000 + before.tv_nsec);
    assert_true(r.end_ns <= (int64_t)after.tv_sec * 1000000000 + after.tv_nsec);
    assert_true(r.pause_ns >= 0 && r.pause_ns < 1000000000);
    assert_int_equal(ring_pop(&ring, &r), 0);
}

static void the_cause_is_the_last_one_where_it_was_cleared(void **state)
{
    static const struct {
        const char *now, *last, *want;
    } cases[] = {{"No GC", "Allocation Failure", "Allocation Failure"}, /* Serial before JDK 25 */
                 {"Allocation Failure", "No GC", "Allocation Failure"},
                 {"No GC yet", "other", "No GC yet"},
                 {"No GC", "No GC", "No GC"},
                 {"", "other", ""},
                 {"A cause with more letters than the record has room for, cut there", "",
                  "A cause with more letters than the reco"}};
    struct gc_record r;
    (void)state;
    use_image();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(jvm.cause, 64, "%s", cases[i].now);
        snprintf(jvm.last_cause, 64, "%s", cases[i].last);
        gc_events_start(NULL);
        *jvm.young += 1;
        gc_events_finish(NULL);
        assert_int_equal(ring_pop(&ring, &r), 1);
        assert_string_equal(r.cause, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_counter),
        cmocka_unit_test(pointers_show_what_the_jvm_writes_later),
        cmocka_unit_test(collectors_are_told_by_their_name),
        cmocka_unit_test(each_needed_counter_is_needed),
        cmocka_unit_test(a_counter_of_the_wrong_type_is_not_taken),
        cmocka_unit_test(other_memory_is_refused),
        cmocka_unit_test(a_pause_seen_from_its_middle_is_left_out),
        cmocka_unit_test(a_pause_becomes_one_record),
        cmocka_unit_test(the_cause_is_the_last_one_where_it_was_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
