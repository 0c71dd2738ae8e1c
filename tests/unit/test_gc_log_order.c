#include "tests/support/cmocka_test.h"

#include "records/gc_log_order.h"
#include "tests/support/scratch.h"

#include <sys/stat.h>

/* A log from one time to another, last written at `written` seconds. */
static void make(const char *name, const char *first, const char *last, int64_t written)
{
    char text[512];
    const char *path = in_scratch(name);
    snprintf(text, sizeof text,
             "other output\n%s GC(0) Pause Full (x) 34M->32M(123M) 1.000ms\nmore\n%s GC(1) Pause\n\n", first, last);
    write_text(path, text, strlen(text));
    struct timespec times[2] = {{written, 0}, {written, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* The names in the order in which they come out, with a blank between. */
static const char *order_of(const char *a, const char *b, const char *c)
{
    static char names[256];
    char paths[3][512];
    const char *in[3];
    snprintf(paths[0], sizeof paths[0], "%s", in_scratch(a));
    snprintf(paths[1], sizeof paths[1], "%s", in_scratch(b));
    snprintf(paths[2], sizeof paths[2], "%s", in_scratch(c));
    for (unsigned i = 0; i < 3; i++)
        in[i] = paths[i];
    assert_int_equal(gc_log_order(in, 3, NULL), HC_OK);
    names[0] = '\0';
    for (unsigned i = 0; i < 3; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i > 0 ? " " : "",
                 strrchr(in[i], '/') + 1);
    return names;
}

static void by_date(void **state)
{
    (void)state;
    make("c.log", "[2026-11-21T10:00:00.000+0000][9.0s]", "[2026-11-21T10:00:00.000+0000][9.0s]", 3);
    make("a.log", "[2026-11-21T11:00:00.000+0000][1.0s]", "[2026-11-21T10:00:00.000+0000][9.0s]", 2);
    make("b.log", "[2026-11-21T12:00:00.000+0200][5.0s]", "[2026-11-21T10:00:00.000+0000][9.0s]", 1);
    assert_string_equal(order_of("a.log", "b.log", "c.log"), "b.log c.log a.log"); /* b and c are of one moment */
}

static void parts_by_uptime(void **state)
{
    (void)state;
    make("gc.log", "[30.000s]", "[39.000s]", 1);
    make("gc.log.1", "[10.000s]", "[20.000s]", 2);
    make("gc.log.0", "[19.500s]", "[30.100s]", 3); /* lines of threads cross a little */
    assert_string_equal(order_of("gc.log", "gc.log.0", "gc.log.1"), "gc.log.1 gc.log.0 gc.log");
    make("old.log.0", "2.000: [GC 1K->1K(1K), 0.1 secs]", "3.000: [GC", 1);
    make("old.log.1.current", "3.000: [GC 1K->1K(1K), 0.1 secs]", "4.000: [GC", 1);
    make("old.log.2", "1.000: [GC 1K->1K(1K), 0.1 secs]", "2.000: [GC", 1);
    assert_string_equal(order_of("old.log.0", "old.log.1.current", "old.log.2"),
                        "old.log.2 old.log.0 old.log.1.current");
}

/* A JVM that started anew in the middle: uptimes are of two JVMs. */
static void parts_of_two_jvms_by_their_writing(void **state)
{
    (void)state;
    make("two.log.0", "[10.000s]", "[500.000s]", 100);
    make("two.log.1", "[500.000s]", "[600.000s]", 200);
    make("two.log", "[0.010s]", "[90.000s]", 300);
    assert_string_equal(order_of("two.log", "two.log.0", "two.log.1"), "two.log.0 two.log.1 two.log");
}

static void others_as_given(void **state)
{
    (void)state;
    make("x.log", "[30.000s]", "[39.000s]", 1);
    make("y.log", "[10.000s]", "[20.000s]", 2);
    assert_string_equal(order_of("x.log", "y.log", "no-such.log"), "x.log y.log no-such.log");
    make("gz.log.9", "no time at all", "", 1);
    assert_string_equal(order_of("gz.log.9", "y.log", "x.log"), "gz.log.9 y.log x.log");
    write_text(in_scratch("empty.log"), "", 0);
    assert_string_equal(order_of("empty.log", "y.log", "x.log"), "empty.log y.log x.log");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_date),
        cmocka_unit_test(parts_by_uptime),
        cmocka_unit_test(parts_of_two_jvms_by_their_writing),
        cmocka_unit_test(others_as_given),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
