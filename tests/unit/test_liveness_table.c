#include "tests/support/cmocka_test.h"

#include "agent/liveness_table.h"
#include "tests/support/scratch.h"

#include <string.h>

static struct liveness_table t;

/* Feeds a text; `edit`, if given, sees each line first and may change it. 1: a line is left out. */
typedef int edit_fn(char *line);
static void feed(const char *text, edit_fn *edit)
{
    char line[512];
    liveness_table_init(&t);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        assert_true(length < sizeof line);
        memcpy(line, text, length);
        line[length] = '\0';
        if (edit == NULL || !edit(line))
            (void)liveness_table_line(&t, line);
        text += length + (text[length] == '\n');
    }
}

/* Recorded cycles, one of each JDK (heaps of 24 and 64 MiB). What is expected was worked out by another program. */
static void tables_of_each_jdk(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int64_t start_ns;
        uint64_t live, used_mib, added_us, added_max_us;
        int asked;
    } recorded[] = {
        {"tests/vmlog/g1-11.log", 13008503833647, 8779776, 10, 842, 842, 0},
        {"tests/vmlog/g1-17.log", 14253474588536, 14631472, 18, 162553, 109360, 1},
        {"tests/vmlog/g1-21.log", 14258812942442, 14990184, 14, 954, 493, 1},
        {"tests/vmlog/g1-25.log", 14270396601311, 16995384, 15, 51317, 29951, 1},
    };
    for (size_t i = 0; i < sizeof recorded / sizeof recorded[0]; i++) {
        feed(text_of(recorded[i].file), NULL);
        assert_int_equal(t.state, LIVENESS_DONE);
        assert_int_equal(t.start_ns, recorded[i].start_ns);
        assert_int_equal(t.live_bytes, recorded[i].live);
        assert_int_equal(t.later_ns, 0);
        assert_int_equal(t.used_bytes, recorded[i].used_mib << 20);
        assert_int_equal(t.asked, recorded[i].asked);
        assert_int_equal(t.added_us, recorded[i].added_us);
        assert_int_equal(t.added_max_us, recorded[i].added_max_us);
    }
}

static int no_start(char *line)
{
    return strstr(line, "(Concurrent Start)") != NULL;
}

static void a_table_without_its_start_is_no_value(void **state)
{
    (void)state;
    feed(text_of("tests/vmlog/g1-17.log"), no_start);
    assert_int_equal(t.state, LIVENESS_WAITING);
}

static int no_row(char *line)
{
    static int left_out;
    if (strstr(line, "PHASE") != NULL)
        left_out = 0;
    return strstr(line, " OLD ") != NULL && left_out++ == 0;
}

static void a_lost_row_is_no_value(void **state)
{
    (void)state;
    feed(text_of("tests/vmlog/g1-21.log"), no_row);
    assert_int_equal(t.state, LIVENESS_STRANGE);
    assert_contains(t.strange, "every region");
}

static int other_live(char *line)
{
    char *live = strstr(line, "SUMMARY") != NULL ? strstr(line, "live: ") : NULL;
    if (live != NULL)
        live[6] = '7';
    return 0;
}

static void a_sum_that_is_not_that_of_the_rows_is_no_value(void **state)
{
    (void)state;
    feed(text_of("tests/vmlog/g1-25.log"), other_live);
    assert_int_equal(t.state, LIVENESS_STRANGE);
    assert_contains(t.strange, "do not make its sum");
}

/* As a worker leaves it that writes back what it had read before another one added a region. */
static int lost_update(char *line)
{
    char *sum = strstr(line, "SUMMARY");
    if (sum != NULL) {
        memcpy(strstr(sum, "capacity: ") + 10, "63", 2);
        memcpy(strstr(sum, "used: ") + 6, "17", 2);
        memcpy(strstr(sum, " live: ") + 7, "16", 2);
    }
    return 0;
}

static void a_sum_that_lacks_regions_does_not_matter_where_the_rows_cover_the_heap(void **state)
{
    (void)state;
    feed(text_of("tests/vmlog/g1-21.log"), lost_update);
    assert_int_equal(t.state, LIVENESS_DONE);
    assert_int_equal(t.live_bytes, 14990184);
}

static int no_numbers(char *line)
{
    char *row = strstr(line, " OLD ");
    if (row != NULL)
        row[20] = '\0';
    return 0;
}

static void a_row_without_numbers_is_no_value(void **state)
{
    (void)state;
    feed(text_of("tests/vmlog/g1-11.log"), no_numbers);
    assert_int_equal(t.state, LIVENESS_STRANGE);
    assert_contains(t.strange, "row");
}

static void a_full_collection_aborts(void **state)
{
    (void)state;
    feed("[5ns] GC(1) Pause Young (Concurrent Start) (G1 Periodic Collection) 20M->18M(64M) 1.5ms\n"
         "[9ns] GC(3) Pause Full (G1 Compaction Pause) 60M->20M(64M) 80.5ms\n"
         "[10ns] GC(2) ### PHASE Post-Marking @ 0.1\n",
         NULL);
    assert_int_equal(t.state, LIVENESS_ABORTED);
    /* before a start it is of no interest */
    feed("[9ns] GC(3) Pause Full (G1 Compaction Pause) 60M->20M(64M) 80.5ms\n", NULL);
    assert_int_equal(t.state, LIVENESS_WAITING);
}

static void pauses_that_a_probe_adds_are_counted(void **state)
{
    (void)state;
    feed("[1ns] GC(0) Pause Young (Prepare Mixed) (G1 Periodic Collection) 20M->18M(64M) 4.0ms\n"
         "[2ns] GC(1) Pause Young (Mixed) (G1 Periodic Collection) 20M->18M(64M) 6.0ms\n"
         "[3ns] GC(2) Pause Young (Normal) (G1 Evacuation Pause) 20M->18M(64M) 50.0ms\n"
         "[5ns] GC(3) Pause Initial Mark (G1 Periodic Collection) 20M->18M(64M) 1.5ms\n"
         "[7ns] GC(4) Pause Remark 18M->18M(64M) 2.0ms\n",
         NULL);
    assert_int_equal(t.state, LIVENESS_MARKING);
    assert_int_equal(t.later_ns, 0); /* young collections before the start are none of its own */
    assert_int_equal(t.added_us, 13500);
    assert_int_equal(t.added_max_us, 6000);
    assert_int_equal(t.start_ns, 5);
}

static void a_young_collection_while_it_marks_is_noted(void **state)
{
    (void)state;
    feed("[5ns] GC(1) Pause Young (Concurrent Start) (G1 Periodic Collection) 20M->18M(64M) 1.5ms\n"
         "[7ns] GC(3) Pause Young (Normal) (G1 Evacuation Pause) 40M->20M(64M) 1.5ms\n"
         "[8ns] GC(4) Pause Young (Normal) (G1 Evacuation Pause) 40M->21M(64M) 1.5ms\n",
         NULL);
    assert_int_equal(t.later_ns, 8);
    assert_int_equal(t.later_bytes, 21 << 20);
    assert_int_equal(t.used_bytes, 18 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_of_each_jdk),
        cmocka_unit_test(a_table_without_its_start_is_no_value),
        cmocka_unit_test(a_lost_row_is_no_value),
        cmocka_unit_test(a_sum_that_is_not_that_of_the_rows_is_no_value),
        cmocka_unit_test(a_sum_that_lacks_regions_does_not_matter_where_the_rows_cover_the_heap),
        cmocka_unit_test(a_row_without_numbers_is_no_value),
        cmocka_unit_test(a_full_collection_aborts),
        cmocka_unit_test(pauses_that_a_probe_adds_are_counted),
        cmocka_unit_test(a_young_collection_while_it_marks_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
