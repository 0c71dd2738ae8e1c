#include "tests/support/cmocka_test.h"

#include "agent/mappings.h"
#include "tests/support/scratch.h"

#include <heapcast/memory_sample.h>

#include <pthread.h>
#include <sys/mman.h>

#define MIB (UINT64_C(1) << 20)
#define KIB UINT64_C(1024)

/* Cut from a TaskManager of Flink 1.20.5 on JDK 17 with RocksDB; the heap is e0000000-100000000. */
static const char recorded[] =
    "e0000000-ff800000 rw-p 00000000 00:00 0 \n"
    "ff800000-ff900000 rw-p 00b12000 fe:00 1180  /usr/lib/jvm/java-17/lib/server/classes.jsa\n"
    "ff900000-100000000 rw-p 00000000 00:00 0 \n"
    "55d0c0000000-55d0c0001000 r-xp 00000000 fe:00 1170                       /usr/lib/jvm/java-17/bin/java\n"
    "55d0c1000000-55d0c1400000 rw-p 00000000 00:00 0                          [heap]\n"
    "7f0000000000-7f0000a00000 rw-p 00000000 00:00 0 \n" /* an arena of 10 MiB */
    "7f0000a00000-7f0004000000 ---p 00000000 00:00 0 \n"
    "7f0004000000-7f0008000000 rw-p 00000000 00:00 0 \n" /* one that is full */
    "7f0008000000-7f0008400000 rw-p 00000000 00:00 0 \n" /* one with less reserved behind it than an arena has */
    "7f0008400000-7f0009000000 ---p 00000000 00:00 0 \n"
    "7f0010000000-7f0010004000 ---p 00000000 00:00 0 \n" /* HotSpot's guard zones, and the stack above */
    "7f0010004000-7f0010101000 rw-p 00000000 00:00 0 \n"
    "7f0010200000-7f0010201000 ---p 00000000 00:00 0 \n" /* glibc's guard page */
    "7f0010201000-7f0010301000 rw-p 00000000 00:00 0 \n"
    "7f0020000000-7f0030000000 ---p 00000000 00:00 0 \n" /* reserved, then committed: no guard and no stack */
    "7f0030000000-7f0030100000 rw-p 00000000 00:00 0 \n"
    "7f0040000000-7f0040b00000 rw-p 00001000 fe:00 1180  /usr/lib/jvm/java-17/lib/server/classes.jsa\n"
    "7f0050000000-7f0058000000 r--p 00000000 fe:00 1190  /usr/lib/jvm/java-17/lib/modules\n"
    "7f0060000000-7f0061000000 rw-s 00000000 00:01 2051                       /memfd:java_heap (deleted)\n"
    "7f0070000000-7f0070900000 r-xp 00000000 fe:00 4711  /tmp/a dir/librocksdbjni-linux64.so\n";

/* Everything is in memory, half of each file's pages are private; and whatever is asked for is written down. */
static uint64_t asked_present, asked_private;

static uint64_t all(uintptr_t start, size_t bytes)
{
    assert_true(start < 0xe0000000 || start >= 0x100000000);
    asked_present += bytes;
    return bytes;
}

static uint64_t half(uintptr_t start, size_t bytes)
{
    assert_true(start < 0xe0000000 || start >= 0x100000000);
    asked_private += bytes;
    return bytes / 2;
}

static void parse(const char *text, struct mappings *out)
{
    static const struct mappings_pages pages = {all, half};
    FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(f);
    asked_present = asked_private = 0;
    mappings_parse(f, 0xe0000000, 512 * MIB, &pages, out);
    fclose(f);
}

static void a_taskmanager(void **state)
{
    (void)state;
    struct mappings m;
    parse(recorded, &m);
    assert_int_equal(m.consumers, HC_CONSUMER_ROCKSDB);
    assert_int_equal(m.arena_bytes, (4 + 10 + 64) * MIB);
    assert_int_equal(m.arena_resident, m.arena_bytes);
    assert_int_equal(m.stacks, 2);
    assert_int_equal(m.stack_bytes, 1012 * KIB + MIB);
    /* the archive and both executables; not the image of modules, not shared memory, not what lies in the heap */
    assert_int_equal(asked_private, 11 * MIB + 4096 + 9 * MIB);
    assert_int_equal(m.file_private, asked_private / 2);
}

static void lines_that_are_none(void **state)
{
    (void)state;
    struct mappings m;
    parse("\n", &m);
    assert_int_equal(m.stacks + m.consumers + m.arena_bytes, 0);
    parse("no mapping\n7f00-\n7f0000000000-7f0000a00000\n7f00 rw-p\n-1-2 rw-p 0 0:0 0\n9-8 rw-p 0 0:0 0\n", &m);
    assert_int_equal(m.stacks + m.consumers + m.arena_bytes + m.file_private, 0);
    char cut[sizeof recorded];
    for (size_t n = 1; n < sizeof recorded; n += 3) { /* /proc gives whole lines, but who knows */
        memcpy(cut, recorded, n);
        cut[n] = '\0';
        parse(cut, &m);
        assert_true(m.arena_resident <= m.arena_bytes && m.stacks <= 2);
    }
}

static void *sleep_until_told(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

static void stacks_of_this_process(void **state)
{
    pthread_t threads[8];
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct mappings before, m;
    (void)state;
    assert_int_equal(mappings_read(0, 0, &before), 1);
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sleep_until_told, &gate), 0);
    assert_int_equal(mappings_read(0, 0, &m), 1);
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(m.stacks, before.stacks + 8);
    assert_in_range(m.stack_bytes - before.stack_bytes, 8 * 4 * KIB, 8 * 512 * KIB);
}

static void private_pages_of_a_file(void **state)
{
    (void)state;
    struct mappings before, m;
    const char *path = in_scratch("archive");
    static char content[8 * 1024 * 1024];
    write_text(path, content, sizeof content);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *map = mmap(NULL, sizeof content, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    close(fd);
    assert_true(map != MAP_FAILED);
    for (size_t i = 0; i < sizeof content; i += 4096) /* reading makes no page private */
        content[0] = (char)(content[0] + map[i]);
    assert_int_equal(mappings_read(0, 0, &before), 1);
    for (size_t i = 0; i < 3 * MIB; i += 4096)
        map[i] = 1;
    assert_int_equal(mappings_read(0, 0, &m), 1);
    assert_in_range(m.file_private - before.file_private, 3 * MIB, 3 * MIB + 256 * KIB);
    munmap(map, sizeof content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_taskmanager),
        cmocka_unit_test(lines_that_are_none),
        cmocka_unit_test(stacks_of_this_process),
        cmocka_unit_test(private_pages_of_a_file),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
