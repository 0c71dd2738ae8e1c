#include "tests/support/cmocka_test.h"

#include "tests/support/gc_log_seen.h"
#include "tests/support/scratch.h"

#define PAUSE(decorations, id) decorations " GC(" id ") Pause Full (x) 34M->32M(123M) 1.000ms\n"
#define DAY(time) "[2026-11-21T" time "+0000]"

static void put(const char *name, const char *text)
{
    write_text(in_scratch(name), text, strlen(text));
}

static void files_with_dates_are_put_in_order(void **state)
{
    (void)state;
    enum hc_status status;
    char first[512], second[512], third[512];
    put("today.log", PAUSE(DAY("12:00:00.000"), "2"));
    put("yesterday.log", "a line of other output\n" PAUSE(DAY("10:00:00.000"), "0"));
    put("noon.log", PAUSE(DAY("11:00:00.000"), "1"));
    snprintf(first, sizeof first, "%s", in_scratch("today.log"));
    snprintf(second, sizeof second, "%s", in_scratch("yesterday.log"));
    snprintf(third, sizeof third, "%s", in_scratch("noon.log"));
    const struct gc_log_seen *seen = seen_in_files((const char *const[]){first, second, third}, 3, &status, NULL);
    assert_int_equal(status, HC_OK);
    assert_int_equal(seen->sample_count, 3);
    assert_int_equal(seen->start_count, 1);
    assert_true(seen->samples[0].end_time_ms < seen->samples[1].end_time_ms);
    assert_true(seen->samples[1].end_time_ms < seen->samples[2].end_time_ms);
    assert_int_equal(seen->stats.lines, 4);
}

/* Without dates the parts of one log are put in order by uptime, others stay as given. */
static void rotated_parts(void **state)
{
    (void)state;
    enum hc_status status;
    char paths[3][512];
    put("gc.log", PAUSE("[30.000s]", "2"));
    put("gc.log.0", PAUSE("[20.000s]", "1"));
    put("gc.log.1", PAUSE("[10.000s]", "0"));
    put("other.log", PAUSE("[5.000s]", "0"));
    snprintf(paths[0], sizeof paths[0], "%s", in_scratch("gc.log"));
    snprintf(paths[1], sizeof paths[1], "%s", in_scratch("gc.log.0"));
    snprintf(paths[2], sizeof paths[2], "%s", in_scratch("gc.log.1"));
    const struct gc_log_seen *seen =
        seen_in_files((const char *const[]){paths[0], paths[1], paths[2]}, 3, &status, NULL);
    assert_int_equal(seen->start_count, 1);
    assert_int_equal(seen->samples[2].end_time_ms - seen->samples[0].end_time_ms, 20000);
    snprintf(paths[1], sizeof paths[1], "%s", in_scratch("other.log"));
    seen = seen_in_files((const char *const[]){paths[0], paths[1]}, 2, &status, NULL);
    assert_int_equal(seen->start_count, 2);
    assert_int_equal(seen->samples[0].end_time_ms, 946684800000 + 30000);
    assert_true(seen->samples[1].end_time_ms > seen->samples[0].end_time_ms);
}

static void a_line_may_be_cut_anywhere(void **state)
{
    (void)state;
    enum hc_status status;
    size_t room = 600000, length = 0;
    char *text = malloc(room);
    assert_non_null(text);
    for (unsigned i = 0; length < 520000; i++) /* more than two buffers of lines of all lengths */
        length +=
            (size_t)snprintf(text + length, room - length, "[%u.%03us] GC(%u) Pause Full (%.*s) 34M->32M(123M) 1ms\n",
                             i / 10, i % 10 * 100, i, (int)(i % 31), "a cause that has thirty letters");
    write_text(in_scratch("long.log"), text, length);
    unsigned lines = 0;
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    free(text);
    const struct gc_log_seen *seen = seen_in_files((const char *const[]){in_scratch("long.log")}, 1, &status, NULL);
    assert_int_equal(status, HC_OK);
    assert_int_equal(seen->stats.collections, lines);
    assert_int_equal(seen->stats.lines, lines);
    assert_int_equal(seen->stats.bytes, length);
    assert_int_equal(seen->stats.broken, 0);
}

/* A line of a megabyte is passed over, and the next one is read. */
static void a_line_too_long(void **state)
{
    (void)state;
    enum hc_status status;
    size_t length = 1 << 20;
    char *text = malloc(length + 200);
    assert_non_null(text);
    memset(text, 'x', length);
    length += (size_t)snprintf(text + length, 200, "\n%s",
                               PAUSE("[1.000s]", "0") "[2.000s] GC(1) Pause Full (x) 9M->8M(123M) 1ms");
    write_text(in_scratch("wide.log"), text, length);
    free(text);
    const struct gc_log_seen *seen = seen_in_files((const char *const[]){in_scratch("wide.log")}, 1, &status, NULL);
    assert_int_equal(seen->sample_count, 2); /* the last one has no newline */
    assert_int_equal(seen->stats.lines, 3);
    assert_int_equal(seen->stats.other_lines, 1);
}

static void both_formats_after_one_another(void **state)
{
    (void)state;
    enum hc_status status;
    char paths[2][512];
    put("jdk8.log", "2020-01-01T10:00:00.000+0000: 1.000: [GC 9K->1K(20K), 0.001 secs]\n");
    put("jdk17.log", PAUSE(DAY("12:00:00.000") "[0.500s]", "0"));
    snprintf(paths[0], sizeof paths[0], "%s", in_scratch("jdk8.log"));
    snprintf(paths[1], sizeof paths[1], "%s", in_scratch("jdk17.log"));
    const struct gc_log_seen *seen = seen_in_files((const char *const[]){paths[1], paths[0]}, 2, &status, NULL);
    assert_int_equal(seen->sample_count, 2);
    assert_int_equal(seen->samples[0].kind, HC_GC_YOUNG);
    assert_int_equal(seen->start_count, 2);
    assert_int_equal(seen->stats.format, HC_GC_LOG_UNIFIED);
}

static void what_cannot_be_read(void **state)
{
    (void)state;
    enum hc_status status;
    struct hc_error err;
    seen_in_files((const char *const[]){in_scratch("none.log")}, 1, &status, &err);
    assert_int_equal(status, HC_EIO);
    assert_contains(err.text, "none.log cannot be opened");
    seen_in_files((const char *const[]){scratch}, 1, &status, &err);
    assert_int_equal(status, HC_EIO);
    const struct gc_log_seen *seen = seen_in("");
    assert_int_equal(seen->stats.lines, 0);
    assert_int_equal(seen->start_count, 0);
    seen = seen_in("no log at all\nof any kind\n");
    assert_int_equal(seen->stats.lines, 2);
    assert_int_equal(seen->stats.format, HC_GC_LOG_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_with_dates_are_put_in_order), cmocka_unit_test(rotated_parts),
        cmocka_unit_test(a_line_may_be_cut_anywhere),        cmocka_unit_test(a_line_too_long),
        cmocka_unit_test(both_formats_after_one_another),    cmocka_unit_test(what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
