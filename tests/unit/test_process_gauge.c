#include "tests/support/cmocka_test.h"

#include "agent/process_gauge.h"
#include "tests/support/scratch.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static const struct process_places nowhere;
static struct process_gauge gauge;
static struct hc_memory_sample sample;

static void look(void)
{
    memset(&sample, 0xa5, sizeof sample);
    process_gauge_read(&gauge, &sample);
}

static void *reserve(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(at != MAP_FAILED);
    madvise(at, bytes, MADV_NOHUGEPAGE);
    return at;
}

static void touch(void *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 4096)
        ((volatile char *)at)[i] = 1;
}

static void resident_memory_follows_what_is_touched(void **state)
{
    (void)state;
    process_gauge_init(&gauge, &nowhere);
    look();
    uint64_t before = sample.rss_bytes;
    assert_true(before > 0 && before < 4096 * MIB);
    assert_true(sample.rss_peak_bytes >= before);
    void *block = reserve(40 * MIB);
    touch(block, 40 * MIB);
    look();
    assert_true(sample.rss_bytes >= before + 38 * MIB && sample.rss_bytes <= before + 48 * MIB);
    uint64_t peak = sample.rss_peak_bytes;
    munmap(block, 40 * MIB);
    look();
    assert_true(sample.rss_bytes < before + 20 * MIB);
    assert_true(sample.rss_peak_bytes + MIB >= peak); /* a peak stays; since Linux 6.2 sums per CPU, hence roughly */
}

/* More than one round of mincore (8,192 pages), and a heap whose tail is not even mapped. */
static void heap_residency_is_counted_in_pages(void **state)
{
    (void)state;
    void *heap = reserve(100 * MIB);
    struct process_places places = {.heap_start = (uintptr_t)heap, .heap_bytes = 100 * MIB};
    process_gauge_init(&gauge, &places);
    look();
    assert_int_equal(sample.heap_resident_bytes, 0);
    touch(heap, 3 * MIB);
    touch((char *)heap + 50 * MIB, 4096);
    touch((char *)heap + 99 * MIB, MIB);
    look();
    assert_int_equal(sample.heap_resident_bytes, 4 * MIB + 4096);
    munmap((char *)heap + 64 * MIB, 36 * MIB);
    look();
    assert_int_equal(sample.heap_resident_bytes, 3 * MIB + 4096);
    munmap(heap, 64 * MIB);
    places.heap_start = 0;
    process_gauge_init(&gauge, &places);
    look();
    assert_true(sample.heap_resident_bytes == HC_BYTES_UNKNOWN);
}

static void *sleep_until_told(void *argument)
{
    pthread_mutex_lock(argument);
    pthread_mutex_unlock(argument);
    return NULL;
}

static void threads_are_counted(void **state)
{
    pthread_t threads[5];
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    (void)state;
    process_gauge_init(&gauge, &nowhere);
    look();
    uint32_t before = sample.threads;
    assert_true(before >= 1);
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 5; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sleep_until_told, &gate), 0);
    look();
    assert_int_equal(sample.threads, before + 5);
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < 5; i++)
        pthread_join(threads[i], NULL);
}

static uint64_t limit_in(const char *text)
{
    const char *path = in_scratch("limit");
    write_text(path, text, strlen(text));
    process_gauge_init(&gauge, &nowhere);
    snprintf(gauge.cgroup_limit, sizeof gauge.cgroup_limit, "%s", path);
    snprintf(gauge.cgroup_usage, sizeof gauge.cgroup_usage, "%s", path);
    look();
    assert_true(sample.container_limit_bytes == sample.container_usage_bytes);
    return sample.container_limit_bytes;
}

static void container_files_of_both_versions(void **state)
{
    (void)state;
    assert_int_equal(limit_in("4294967296\n"), UINT64_C(4294967296));
    assert_int_equal(limit_in("0\n"), 0);
    assert_true(limit_in("max\n") == HC_BYTES_UNKNOWN);                 /* v2: none */
    assert_true(limit_in("9223372036854771712\n") == HC_BYTES_UNKNOWN); /* v1: none */
    assert_true(limit_in("") == HC_BYTES_UNKNOWN);
    assert_true(limit_in("-1\n") == HC_BYTES_UNKNOWN);
    unlink(in_scratch("limit"));
    look();
    assert_true(sample.container_limit_bytes == HC_BYTES_UNKNOWN);
}

static void the_container_of_this_process_is_plausible(void **state)
{
    (void)state;
    process_gauge_init(&gauge, &nowhere);
    look();
    if (gauge.cgroup_usage[0] == '\0') {
        assert_true(sample.container_usage_bytes == HC_BYTES_UNKNOWN);
        assert_true(sample.container_limit_bytes == HC_BYTES_UNKNOWN);
        return;
    }
    assert_int_equal(access(gauge.cgroup_usage, R_OK), 0);
    assert_true(sample.container_usage_bytes != HC_BYTES_UNKNOWN);
}

static void consumers_are_seen_in_mappings(void **state)
{
    static const struct {
        const char *name;
        uint32_t consumer;
    } libraries[] = {{"librocksdbjni-linux64.so", HC_CONSUMER_ROCKSDB}, {"libforstjni-linux64.so", HC_CONSUMER_FORST}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        process_gauge_init(&gauge, &nowhere);
        look();
        assert_int_equal(sample.consumers_known, 1);
        assert_int_equal(sample.consumers, 0);
        const char *path = in_scratch(libraries[i].name);
        char page[4096] = {0};
        write_text(path, page, sizeof page);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        void *map = mmap(NULL, sizeof page, PROT_READ, MAP_PRIVATE, fd, 0);
        close(fd);
        assert_true(map != MAP_FAILED);
        look();
        assert_int_equal(sample.consumers, libraries[i].consumer);
        munmap(map, sizeof page);
        look(); /* who was there once may come again */
        assert_int_equal(sample.consumers, libraries[i].consumer);
    }
}

/* A child under the given name, or a child's child; the pipe tells when it has it and ends it. */
static uint32_t consumers_with_child(const char *name, int generation)
{
    int ready[2], end[2];
    char byte;
    assert_int_equal(pipe(ready) | pipe(end), 0);
    process_gauge_init(&gauge, &nowhere);
    pid_t child = fork();
    if (child == 0) {
        close(end[1]);
        for (; generation > 1; generation--) { /* the one between waits, as a shell does */
            pid_t next = fork();
            if (next != 0)
                _exit(waitpid(next, NULL, 0) == next ? 0 : 1);
        }
        prctl(PR_SET_NAME, name);
        if (write(ready[1], "", 1) != 1 || read(end[0], &byte, 1) < 0)
            _exit(1);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    look();
    uint32_t consumers = sample.consumers;
    close(end[0]);
    close(end[1]);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    return consumers;
}

static void python_children_are_seen(void **state)
{
    (void)state;
    assert_int_equal(consumers_with_child("python3.11", 1), HC_CONSUMER_PYTHON);
    assert_int_equal(consumers_with_child("pyflink-udf-run", 1), HC_CONSUMER_PYTHON);
    assert_int_equal(consumers_with_child("odd) python (", 1), 0);
    assert_int_equal(consumers_with_child("sleep", 1), 0);
    /* PyFlink's launcher is a script that runs python in a pipeline */
    assert_int_equal(consumers_with_child("python3", 2), HC_CONSUMER_PYTHON);
    assert_int_equal(consumers_with_child("python3", 3), HC_CONSUMER_PYTHON);
    assert_int_equal(consumers_with_child("java", 2), 0);
}

static void the_start_of_this_process_is_known(void **state)
{
    struct timespec now;
    (void)state;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - process_start_ms();
    assert_true(age_ms >= -1000 && age_ms < 600000);
    /* stable: it does not drift with the time of asking */
    int64_t first = process_start_ms();
    usleep(30000);
    int64_t difference = process_start_ms() - first;
    assert_true(difference >= -5 && difference <= 5);
}

static FILE *text(const char *content)
{
    FILE *f = fmemopen((void *)(uintptr_t)content, strlen(content), "r");
    assert_non_null(f);
    return f;
}

/* A TaskManager of Flink 1.20.5 on JDK 17, G1; and one with ZGC, whose heap is mapped three times. */
static void status_texts(void **state)
{
    static const char g1[] = "Name:\tjava\nVmPeak:\t 4404308 kB\nVmHWM:\t  837460 kB\nVmRSS:\t  834252 kB\n"
                             "RssAnon:\t  809420 kB\nRssFile:\t   24832 kB\nRssShmem:\t       0 kB\n"
                             "HugetlbPages:\t       0 kB\nThreads:\t77\n";
    static const char old[] = "Name:\tjava\nVmRSS:\t  834252 kB\nThreads:\t3\n"; /* before Linux 4.5 */
    struct process_status s;
    (void)state;
    FILE *f = text(g1);
    process_status_parse(f, &s);
    fclose(f);
    assert_int_equal(s.rss_bytes, UINT64_C(834252) * 1024);
    assert_int_equal(s.peak_bytes, UINT64_C(837460) * 1024);
    assert_int_equal(s.anonymous_bytes, UINT64_C(809420) * 1024);
    assert_int_equal(s.file_bytes, UINT64_C(24832) * 1024);
    assert_int_equal(s.shared_bytes, 0);
    assert_int_equal(s.huge_bytes, 0);
    assert_int_equal(s.threads, 77);
    f = text(old);
    process_status_parse(f, &s);
    fclose(f);
    assert_true(s.file_bytes == HC_BYTES_UNKNOWN && s.peak_bytes == HC_BYTES_UNKNOWN);
    assert_int_equal(s.threads, 3);
}

static uint64_t held_in(const char *content)
{
    FILE *f = text(content);
    uint64_t bytes = process_cgroup_held(f);
    fclose(f);
    return bytes;
}

static void what_a_container_holds(void **state)
{
    (void)state;
    assert_int_equal(held_in("anon 1000\nfile 70000\nkernel 3\nanon_thp 5\nshmem 234\n"), 1234); /* v2 */
    assert_int_equal(held_in("anon 1000\nfile 70000\n"), 1000);
    assert_int_equal(held_in("cache 9000\nrss 10\nshmem 1\ntotal_cache 90000\ntotal_rss 500\ntotal_shmem 40\n"),
                     540); /* v1 */
    assert_true(held_in("cache 9000\n") == HC_BYTES_UNKNOWN);
}

/* As ZGC does: a memory file of that name, mapped more than once; its blocks count once. */
static void a_heap_in_a_memory_file_counts_once(void **state)
{
    (void)state;
    int fd = (int)syscall(SYS_memfd_create, "java_heap", 1u /* MFD_CLOEXEC */);
    assert_int_equal(ftruncate(fd, (off_t)(64 * MIB)), 0);
    process_gauge_init(&gauge, &nowhere);
    void *views[3];
    look();
    uint64_t before = sample.rss_bytes;
    for (int i = 0; i < 3; i++) {
        views[i] = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        assert_true(views[i] != MAP_FAILED);
        touch(views[i], 20 * MIB);
    }
    look();
    assert_int_equal(sample.heap_resident_bytes, 20 * MIB);
    assert_true(sample.rss_bytes >= before + 20 * MIB && sample.rss_bytes < before + 24 * MIB);
    assert_true(sample.rss_peak_bytes >= sample.rss_bytes && sample.rss_peak_bytes < before + 24 * MIB);
    for (int i = 0; i < 3; i++)
        munmap(views[i], 64 * MIB);
    close(fd);
    look();
    assert_true(sample.heap_resident_bytes == HC_BYTES_UNKNOWN);
}

static int give_up_now(void)
{
    return 1;
}

static void a_look_gives_way_to_the_end(void **state)
{
    (void)state;
    void *heap = reserve(8 * MIB);
    const struct process_places places = {.heap_start = (uintptr_t)heap, .heap_bytes = 8 * MIB};
    process_gauge_init(&gauge, &places);
    gauge.give_up = give_up_now;
    look();
    assert_true(sample.heap_resident_bytes == HC_BYTES_UNKNOWN);
    munmap(heap, 8 * MIB);
}

static void what_malloc_holds_is_known(void **state)
{
    (void)state;
    process_gauge_init(&gauge, &nowhere);
    char *block = malloc(30 * MIB);
    touch(block, 30 * MIB);
    look();
#ifdef __SANITIZE_ADDRESS__
    const int replaced = 1; /* by a malloc that tells nothing */
#else
    const int replaced = gauge.allocator.kind == ALLOCATOR_UNKNOWN; /* musl */
#endif
    if (replaced) {
        free(block);
        assert_true(sample.malloc_used_bytes == HC_BYTES_UNKNOWN && sample.malloc_held_bytes == HC_BYTES_UNKNOWN);
        return;
    }
    uint64_t used = sample.malloc_used_bytes;
    assert_true(used != HC_BYTES_UNKNOWN && used >= 30 * MIB && sample.malloc_held_bytes >= used);
    assert_true(sample.malloc_held_bytes < sample.rss_bytes + 8 * MIB);
    free(block);
    look();
    /* what is left may be too little to be believed */
    assert_true(sample.malloc_used_bytes == HC_BYTES_UNKNOWN || sample.malloc_used_bytes + 29 * MIB <= used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resident_memory_follows_what_is_touched),
        cmocka_unit_test(heap_residency_is_counted_in_pages),
        cmocka_unit_test(threads_are_counted),
        cmocka_unit_test(container_files_of_both_versions),
        cmocka_unit_test(the_container_of_this_process_is_plausible),
        cmocka_unit_test(status_texts),
        cmocka_unit_test(what_a_container_holds),
        cmocka_unit_test(a_heap_in_a_memory_file_counts_once),
        cmocka_unit_test(a_look_gives_way_to_the_end),
        cmocka_unit_test(what_malloc_holds_is_known),
        cmocka_unit_test(consumers_are_seen_in_mappings),
        cmocka_unit_test(python_children_are_seen),
        cmocka_unit_test(the_start_of_this_process_is_known),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
