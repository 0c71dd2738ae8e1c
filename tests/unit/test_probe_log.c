#include "tests/support/cmocka_test.h"

#include "agent/probe_log.h"
#include "tests/support/scratch.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char seen[8][PROBE_LOG_LINE];
static int count, enough;

static int note(void *context, const char *line)
{
    (void)context;
    assert_true(count < 8);
    snprintf(seen[count++], sizeof seen[0], "%s", line);
    return count == enough;
}

static int ignore(void *context, const char *line)
{
    (void)context;
    (void)line;
    return 0;
}

/* As the JVM does: by name, appending. */
static void append(const struct probe_log *log, const char *text)
{
    FILE *f = fopen(log->path, "ae");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void read_again(struct probe_log *log, int stop_after)
{
    count = 0;
    enough = stop_after;
    probe_log_read(log, note, NULL);
}

static void lines_come_whole(void **state)
{
    struct probe_log log;
    (void)state;
    assert_int_equal(probe_log_open(&log, scratch), 0);
    assert_int_equal(log.in_file, 0);
    read_again(&log, 0);
    assert_int_equal(count, 0);
    append(&log, "one\ntw");
    read_again(&log, 0);
    assert_int_equal(count, 1);
    append(&log, "o\n\nthree");
    read_again(&log, 0);
    assert_int_equal(count, 2);
    assert_string_equal(seen[0], "two");
    assert_string_equal(seen[1], "");
    probe_log_close(&log);
    assert_int_equal(log.fd, -1);
    probe_log_close(&log);
}

static void reading_stops_where_the_reader_has_enough(void **state)
{
    struct probe_log log;
    (void)state;
    assert_int_equal(probe_log_open(&log, scratch), 0);
    append(&log, "one\ntwo\nthree\n");
    read_again(&log, 2);
    assert_int_equal(count, 2);
    read_again(&log, 0);
    assert_int_equal(count, 1);
    assert_string_equal(seen[0], "three");
    probe_log_close(&log);
}

static void a_line_too_long_is_left_out(void **state)
{
    struct probe_log log;
    static char text[3 * PROBE_LOG_LINE];
    (void)state;
    assert_int_equal(probe_log_open(&log, scratch), 0);
    memset(text, 'x', sizeof text - 2);
    text[sizeof text - 2] = '\n';
    append(&log, text);
    append(&log, "next\n");
    read_again(&log, 0);
    assert_int_equal(count, 1);
    assert_string_equal(seen[0], "next");
    probe_log_close(&log);
}

static void what_was_read_gives_its_memory_back(void **state)
{
    struct probe_log log;
    struct stat st;
    (void)state;
    assert_int_equal(probe_log_open(&log, scratch), 0);
    append(&log, "one\ntwo");
    read_again(&log, 0);
    probe_log_clear(&log);
    assert_int_equal(fstat(log.fd, &st), 0);
    assert_int_equal(st.st_size, 0);
    append(&log, "three\n"); /* not "twothree" */
    read_again(&log, 0);
    assert_int_equal(count, 1);
    assert_string_equal(seen[0], "three");
    /* much that is only noise does not pile up */
    static char noise[1 << 16];
    memset(noise, 'n', sizeof noise - 1);
    for (size_t i = 99; i < sizeof noise - 1; i += 100)
        noise[i] = '\n';
    for (int i = 0; i <= PROBE_LOG_MAX / (int)sizeof noise; i++)
        append(&log, noise);
    probe_log_read(&log, ignore, NULL);
    assert_int_equal(fstat(log.fd, &st), 0);
    assert_int_equal(st.st_size, 0);
    probe_log_close(&log);
}

static void a_file_loses_its_name(void **state)
{
    struct probe_log log = {.fd = -1, .in_file = 1};
    (void)state;
    snprintf(log.path, sizeof log.path, "%s", in_scratch("probe.log"));
    write_text(log.path, "x", 1);
    probe_log_hide(&log);
    assert_int_equal(access(log.path, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_whole),
        cmocka_unit_test(reading_stops_where_the_reader_has_enough),
        cmocka_unit_test(a_line_too_long_is_left_out),
        cmocka_unit_test(what_was_read_gives_its_memory_back),
        cmocka_unit_test(a_file_loses_its_name),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
