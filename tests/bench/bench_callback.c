/*
 * Cost of what runs in the pause: a pair of callbacks on counters of our own, one after another, so with warm caches
 * (bench_pause.c has the pauses of a real JVM). Beside it what others do at that place: wake another thread (write to
 * an eventfd), or write a line of the GC log.
 *
 * Prints "NAME p25 median p75 p99" in nanoseconds, a line each.
 */
#include "agent/clock.h"
#include "agent/gc_events.h"
#include "agent/perf_counters.h"
#include "agent/ring.h"
#include "agent/tick.h"
#include "tests/support/perf_image.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { BATCHES = 3000, PAIRS = 200, SORTED = 4096 };

static struct perf_image_g1 jvm;
static struct perf_counters counters;
static _Alignas(64) struct ring ring;
static _Alignas(64) struct gc_record slot[256]; /* more than PAIRS */
static int wake_fd, log_fd;

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *name, double *ns, size_t n)
{
    qsort(ns, n, sizeof *ns, ascending);
    printf("%s %.1f %.1f %.1f %.1f\n", name, ns[n / 4], ns[n / 2], ns[n - n / 4], ns[n - 1 - n / 100]);
}

static void drain(void)
{
    struct gc_record r;
    while (ring_pop(&ring, &r))
        ;
}

static void pair(void)
{
    gc_events_start(NULL);
    *jvm.young += 1; /* a pair in which nothing was collected leaves no record */
    gc_events_finish(NULL);
}

static void clock_pair(void)
{
    (void)now_ns(CLOCK_MONOTONIC);
    (void)now_ns(CLOCK_MONOTONIC);
}

static void wake(void)
{
    uint64_t one = 1;
    if (write(wake_fd, &one, sizeof one) != sizeof one)
        abort();
}

static void log_line(void)
{
    char line[160];
    int n = snprintf(line, sizeof line, "[%.3fs][info][gc] GC(%d) Pause Young (Normal) (%s) %dM->%dM(%dM) %.3fms\n",
                     12.345, 4711, "G1 Evacuation Pause", 151, 105, 260, 3.213);
    if (write(log_fd, line, (size_t)n) != n)
        abort();
}

static void warm(const char *name, void (*work)(void))
{
    static double ns[BATCHES];
    for (int i = 0; i < BATCHES; i++) {
        int64_t begin = now_ns(CLOCK_MONOTONIC);
        for (int k = 0; k < PAIRS; k++)
            work();
        ns[i] = (double)(now_ns(CLOCK_MONOTONIC) - begin) / PAIRS;
        drain(); /* outside the measure, as the recorder does it */
    }
    report(name, ns, BATCHES);
}

/* What a percentile of the raw samples costs without a model: the peer of a prediction. */
static void sort_samples(void)
{
    static double values[SORTED];
    uint64_t seed = 7;
    for (int i = 0; i < SORTED; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        values[i] = (double)(seed >> 33);
    }
    qsort(values, SORTED, sizeof values[0], ascending);
}

static void few(const char *name, void (*work)(void))
{
    static double ns[200];
    for (int i = 0; i < 200; i++) {
        int64_t begin = now_ns(CLOCK_MONOTONIC);
        work();
        ns[i] = (double)(now_ns(CLOCK_MONOTONIC) - begin);
    }
    report(name, ns, 200);
}

int main(void)
{
    perf_image_g1(&jvm);
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    char path[] = "/tmp/heapcast-bench-XXXXXX";
    log_fd = mkstemp(path);
    if (wake_fd < 0 || log_fd < 0 || !perf_counters_find(jvm.image.memory, &counters))
        return 2;
    unlink(path);
    ring_init(&ring, slot, 256);
    tick_init();
    gc_events_init(&counters, &ring);
    warm("callbacks", pair);
    warm("clock_pair", clock_pair);
    warm("eventfd", wake);
    warm("log_line", log_line);
    few("sort", sort_samples);
    if (ring_take_dropped(&ring) != 0)
        return 2; /* then this was not the cost of a record that is kept */
    return 0;
}
