#include "tests/support/cmocka_test.h"

#include "agent/marking_log.h"
#include "tests/support/scratch.h"

#include <string.h>

#define MIB (UINT64_C(1) << 20)

enum { MARKINGS_MAX = 8 };
static struct marking_log found[MARKINGS_MAX];

/* Feeds a recorded log; how many markings it told. */
static int feed(const char *text, int (*take)(struct marking_log *, const char *))
{
    char line[512];
    struct marking_log m;
    int count = 0;
    marking_log_init(&m);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        assert_true(length < sizeof line);
        memcpy(line, text, length);
        line[length] = '\0';
        if (take(&m, line)) {
            assert_true(count < MARKINGS_MAX);
            found[count++] = m;
        }
        text += length + (text[length] == '\n');
    }
    return count;
}

/* Recorded from a program that kept 39.7 MiB of arrays; the JVM's own objects are 1 to 2 MiB. */
static void assert_about_41_mib(uint64_t bytes, double tolerance)
{
    double mib = (double)bytes / (double)MIB;
    assert_true(mib > 41 - tolerance && mib < 41 + tolerance);
}

static void z_of_one_generation(void **state)
{
    (void)state;
    assert_int_equal(feed(text_of("tests/vmlog/z-17.log"), marking_log_z_line), 2); /* the warm-up is left out */
    assert_int_equal(found[0].asked, 0);
    assert_about_41_mib(found[0].live_bytes, 1);
    assert_int_equal(found[0].used_bytes, 118 * MIB + MIB / 2);
    assert_int_equal(found[0].start_ns, 14308973014728);
    assert_int_equal(found[1].asked, 1);
    assert_about_41_mib(found[1].live_bytes, 1);
    assert_int_equal(found[1].start_ns, 14309566506317);
    assert_int_equal(feed(text_of("tests/vmlog/z-21.log"), marking_log_z_line), 2);
    assert_int_equal(found[1].asked, 1);
    assert_about_41_mib(found[1].live_bytes, 1);
}

static void z_of_two_generations(void **state)
{
    (void)state;
    /* a warm-up, a minor collection, and a major one that marks the young generation twice */
    assert_int_equal(feed(text_of("tests/vmlog/z-21-generational.log"), marking_log_z_line), 1);
    assert_int_equal(found[0].asked, 1);
    assert_about_41_mib(found[0].live_bytes, 2);
    assert_int_equal(found[0].start_ns, 14325259030836); /* of the second: there the old one's marking begins */
    assert_int_equal(found[0].used_bytes, 82 * MIB + MIB / 2);
    assert_int_equal(feed(text_of("tests/vmlog/z-25.log"), marking_log_z_line), 1);
    assert_about_41_mib(found[0].live_bytes, 1);
    assert_int_equal(found[0].start_ns, 14332643105729);
}

#define MAJOR(old)                                                                                                     \
    "[1ns] GC(3) Y: Pause Mark Start (Major) 0.010ms\n"                                                                \
    "[2ns] GC(3) Y:      Used:       30M (31%)          46M (48%)\n"                                                   \
    "[3ns] GC(3) Y:      Live:         -                20M (21%)\n"                                                   \
    "[4ns] GC(3) O:      Live:         -                 " old "M (0%)\n"                                              \
    "[5ns] GC(3) Major Collection (Proactive) 30M(31%)->42M(44%) 0.033s\n"

static void an_old_generation_that_was_not_marked_is_no_value(void **state)
{
    (void)state;
    assert_int_equal(feed(MAJOR("0"), marking_log_z_line), 0);
    assert_int_equal(feed(MAJOR("5"), marking_log_z_line), 1);
    assert_int_equal(found[0].live_bytes, 26 * MIB);
}

static void a_minor_collection_in_between_does_not_disturb(void **state)
{
    (void)state;
    assert_int_equal(feed("[1ns] GC(3) Y: Pause Mark Start (Major) 0.010ms\n"
                          "[2ns] GC(3) Y:      Used:       30M (31%)          46M (48%)\n"
                          "[3ns] GC(3) Y:      Live:         -                20M (21%)\n"
                          "[4ns] GC(4) y: Pause Mark Start 0.010ms\n"
                          "[4ns] GC(4) y:      Live:         -                 1M (1%)\n"
                          "[4ns] GC(4) Minor Collection (Allocation Rate) 66M(69%)->34M(35%) 0.012s\n"
                          "[5ns] GC(3) O:      Live:         -                 5M (0%)\n"
                          "[6ns] GC(3) Major Collection (Proactive) 30M(31%)->42M(44%) 0.033s\n",
                          marking_log_z_line),
                     1);
    assert_int_equal(found[0].live_bytes, 26 * MIB);
    assert_int_equal(found[0].start_ns, 1);
}

static void a_cycle_whose_start_was_not_seen_is_no_value(void **state)
{
    (void)state;
    const char *text = text_of("tests/vmlog/z-17.log");
    const char *start = strstr(text, "GC(7) Pause Mark Start");
    assert_non_null(start);
    assert_int_equal(feed(strchr(start, '\n') + 1, marking_log_z_line), 0);
}

static void shenandoah_of_each_jdk(void **state)
{
    (void)state;
    static const char *const files[] = {"tests/vmlog/shenandoah-11.log", "tests/vmlog/shenandoah-17.log",
                                        "tests/vmlog/shenandoah-21.log", "tests/vmlog/shenandoah-25.log"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(feed(text_of(files[i]), marking_log_shenandoah_line), 2);
        assert_int_equal(found[0].asked, 0);
        assert_int_equal(found[1].asked, 1);
        assert_about_41_mib(found[0].live_bytes, 2.5);
        assert_about_41_mib(found[1].live_bytes, 2.5);
        assert_true(found[1].start_ns > found[0].start_ns && found[0].start_ns > 0);
        assert_true(found[1].used_bytes > found[1].live_bytes);
    }
}

static void shenandoah_of_two_generations(void **state)
{
    (void)state;
    /* a young cycle says nothing of the whole heap */
    assert_int_equal(feed(text_of("tests/vmlog/shenandoah-25-generational.log"), marking_log_shenandoah_line), 1);
    assert_int_equal(found[0].asked, 1);
    assert_about_41_mib(found[0].live_bytes, 2.5);
}

static void nothing_collectable_is_no_value(void **state)
{
    (void)state;
    assert_int_equal(feed("[1ns] GC(3) Pause Init Mark 0.010ms\n"
                          "[2ns] GC(3) Collectable Garbage: 0B (0%), Immediate: 0B (0%), CSet: 0B (0%)\n"
                          "[3ns] GC(3) Concurrent cleanup 62M->62M(96M) 0.010ms\n",
                          marking_log_shenandoah_line),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(z_of_one_generation),
        cmocka_unit_test(z_of_two_generations),
        cmocka_unit_test(an_old_generation_that_was_not_marked_is_no_value),
        cmocka_unit_test(a_minor_collection_in_between_does_not_disturb),
        cmocka_unit_test(a_cycle_whose_start_was_not_seen_is_no_value),
        cmocka_unit_test(shenandoah_of_each_jdk),
        cmocka_unit_test(shenandoah_of_two_generations),
        cmocka_unit_test(nothing_collectable_is_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
