#include "tests/support/cmocka_test.h"

#include "agent/allocator_gauge.h"

#include <heapcast/gc_sample.h>

#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

/* Recorded with glibc 2.36 and cut to two heaps. */
static const char recorded[] =
    "<malloc version=\"1\">\n"
    "<heap nr=\"0\">\n<sizes>\n  <size from=\"33\" to=\"48\" total=\"96\" count=\"2\"/>\n</sizes>\n"
    "<total type=\"fast\" count=\"2\" size=\"96\"/>\n"
    "<total type=\"rest\" count=\"5\" size=\"77200\"/>\n"
    "<system type=\"current\" size=\"135168\"/>\n<system type=\"max\" size=\"135168\"/>\n"
    "<aspace type=\"total\" size=\"135168\"/>\n<aspace type=\"mprotect\" size=\"135168\"/>\n"
    "</heap>\n"
    "<heap nr=\"1\">\n<sizes>\n</sizes>\n<total type=\"fast\" count=\"0\" size=\"0\"/>\n"
    "<total type=\"rest\" count=\"1\" size=\"1000\"/>\n"
    "<system type=\"current\" size=\"200000\"/>\n<system type=\"max\" size=\"200000\"/>\n"
    "</heap>\n"
    "<total type=\"fast\" count=\"2\" size=\"96\"/>\n"
    "<total type=\"rest\" count=\"6\" size=\"78200\"/>\n"
    "<total type=\"mmap\" count=\"1\" size=\"3002368\"/>\n"
    "<system type=\"current\" size=\"335168\"/>\n<system type=\"max\" size=\"335168\"/>\n"
    "<aspace type=\"total\" size=\"335168\"/>\n<aspace type=\"mprotect\" size=\"335168\"/>\n"
    "</malloc>\n";

static void totals_of_malloc_info(void **state)
{
    (void)state;
    struct allocator_use use;
    assert_int_equal(allocator_parse_info(recorded, &use), 1);
    assert_int_equal(use.arenas_bytes, 335168);
    assert_int_equal(use.held_bytes, 335168 + 3002368);
    assert_int_equal(use.used_bytes, 335168 - 96 - 78200 + 3002368);
}

static void what_is_no_malloc_info(void **state)
{
    (void)state;
    struct allocator_use use;
    assert_int_equal(allocator_parse_info("", &use), 0);
    assert_int_equal(allocator_parse_info("<malloc version=\"2\">\n</malloc>\n", &use), 0);
    assert_int_equal(allocator_parse_info("<malloc version=\"1\">\n</malloc>\n", &use), 0);
    char cut[sizeof recorded];
    for (size_t n = 0; n < sizeof recorded; n += 7) { /* never beyond the text, whatever is missing */
        memcpy(cut, recorded, n);
        cut[n] = '\0';
        if (allocator_parse_info(cut, &use))
            assert_true(use.used_bytes <= use.held_bytes);
    }
}

static void both_ways_of_glibc_agree(void **state)
{
    (void)state;
    struct allocator_gauge g;
    struct allocator_use by_call, by_text;
    allocator_gauge_init(&g);
    if (g.kind != ALLOCATOR_GLIBC)
        return;
    char *blocks[100];
    for (int i = 0; i < 100; i++)
        blocks[i] = malloc(50000);
    allocator_gauge_read(&g, &by_call);
    g.kind = ALLOCATOR_GLIBC_XML;
    allocator_gauge_read(&g, &by_text);
    /* under a sanitizer glibc's malloc is there and nobody uses it: then nothing is claimed */
    assert_true((by_call.used_bytes == HC_BYTES_UNKNOWN) == (by_text.used_bytes == HC_BYTES_UNKNOWN));
    if (by_call.used_bytes != HC_BYTES_UNKNOWN) {
        assert_true(by_call.used_bytes >= 5000000);
        assert_true(llabs((long long)(by_call.used_bytes - by_text.used_bytes)) < 1 << 20);
        assert_true(llabs((long long)(by_call.held_bytes - by_text.held_bytes)) < 1 << 20);
    }
    for (int i = 0; i < 100; i++)
        free(blocks[i]);
}

static uint64_t epochs;
static size_t allocated, resident;

static int pretended_mallctl(const char *name, void *old, size_t *size, void *new_value, size_t new_size)
{
    (void)new_value;
    if (strcmp(name, "epoch") == 0) {
        assert_int_equal(new_size, sizeof(uint64_t));
        epochs++;
        return 0;
    }
    size_t value = strcmp(name, "stats.allocated") == 0 ? allocated : resident;
    assert_int_equal(*size, sizeof value);
    if (value == 0)
        return 2; /* ENOENT: built without statistics */
    memcpy(old, &value, sizeof value);
    return 0;
}

static void jemalloc_tells_by_name(void **state)
{
    (void)state;
    struct allocator_gauge g = {.kind = ALLOCATOR_JEMALLOC, .mallctl = pretended_mallctl};
    struct allocator_use use;
    allocated = 263 * MIB;
    resident = 300 * MIB;
    allocator_gauge_read(&g, &use);
    assert_int_equal(epochs, 1);
    assert_true(use.arenas_bytes == HC_BYTES_UNKNOWN);
    assert_int_equal(use.held_bytes, 300 * MIB);
    assert_int_equal(use.used_bytes, 263 * MIB);
    resident = 0;
    allocator_gauge_read(&g, &use);
    assert_true(use.held_bytes == HC_BYTES_UNKNOWN && use.used_bytes == HC_BYTES_UNKNOWN);
}

static struct allocator_mallinfo nothing(void)
{
    return (struct allocator_mallinfo){0};
}

static void an_allocator_that_nobody_uses_tells_nothing(void **state)
{
    (void)state;
    struct allocator_gauge g = {.kind = ALLOCATOR_GLIBC, .mallinfo2 = nothing};
    struct allocator_use use;
    allocator_gauge_read(&g, &use);
    assert_true(use.held_bytes == HC_BYTES_UNKNOWN && use.used_bytes == HC_BYTES_UNKNOWN);
    g.kind = ALLOCATOR_UNKNOWN;
    allocator_gauge_read(&g, &use);
    assert_true(use.held_bytes == HC_BYTES_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_of_malloc_info),
        cmocka_unit_test(what_is_no_malloc_info),
        cmocka_unit_test(both_ways_of_glibc_agree),
        cmocka_unit_test(jemalloc_tells_by_name),
        cmocka_unit_test(an_allocator_that_nobody_uses_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
