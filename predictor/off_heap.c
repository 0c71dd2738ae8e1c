#include "off_heap.h"

#include "bytes.h"
#include "exhaustion.h"
#include "histogram.h"

#include <math.h>
#include <stddef.h>

#define MIB (UINT64_C(1) << 20)

/* More classes come with a job's next version, code paths that were not taken yet, and class loaders that die late:
 * a quarter more than was ever committed, 12 MiB at least. A full metaspace ends the TaskManager. */
#define METASPACE_MARGIN 1.25
#define METASPACE_LEAST_BYTES (12 * MIB)
#define METASPACE_STEP_BYTES (4 * MIB)
#define DIRECT_MARGIN 1.10
/*
 * The overhead's parts, each with the margin that it needs above the most that was seen: the JIT goes on compiling, a
 * job's next version has other threads, free memory is the more scattered the longer a process runs. What the JVM has
 * for itself is in place once it runs, and pages of files can be dropped. 8 MiB for what a short watch has not seen;
 * what metaspace and direct memory are given beyond their use is room as well, for none of these is a hard limit.
 */
static const double margins[HC_LEDGER_PARTS] = {
    [HC_LEDGER_CODE_CACHE] = 0.20, [HC_LEDGER_NATIVE] = 0.20, [HC_LEDGER_SLACK] = 0.10,
    [HC_LEDGER_THREADS] = 0.25,    [HC_LEDGER_JVM] = 0.05,    [HC_LEDGER_FILES] = 0,
};
#define OVERHEAD_ADD_BYTES (8 * MIB)
#define OVERHEAD_STEP_BYTES (4 * MIB)
/* Without the parts (an unknown allocator, no gauges from Java): a fifth, and 32 MiB. */
#define OVERHEAD_MARGIN 0.20
#define OVERHEAD_UNKNOWN_ADD_BYTES (32 * MIB)
/* The JVM's own parts (libjvm, code cache, CDS, GC structures, stacks) took 70 MiB in the smallest TaskManager seen. */
#define OVERHEAD_LEAST_BYTES (96 * MIB)

static uint64_t round_up(double bytes, uint64_t unit)
{
    return hc_bytes(ceil(bytes / (double)unit) * (double)unit);
}

static struct hc_advice unknown(void)
{
    return (struct hc_advice){HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN};
}

/* A figure of an hour, by its place in the struct. */
static uint64_t figure(const struct hc_look_hour *hour, size_t at)
{
    return *(const uint64_t *)(const void *)((const char *)hour + at);
}

#define PART(part) (offsetof(struct hc_look_hour, part_bytes) + (part) * sizeof(uint64_t))

/* 99th percentile and maximum of the hours of the window. */
static void window(const struct hc_series *series, int64_t now_ms, size_t at, double *scratch, struct hc_advice *out)
{
    int64_t last = hc_hour_of(now_ms);
    unsigned n = 0;
    for (int64_t h = last - HC_LOOK_HOUR_SLOTS + 1; h <= last; h++) {
        const struct hc_look_hour *hour = hc_series_look_hour(series, h);
        if (hour == NULL || figure(hour, at) == HC_BYTES_UNKNOWN)
            continue;
        scratch[n++] = (double)figure(hour, at);
        if (out->max_bytes == HC_BYTES_UNKNOWN || figure(hour, at) > out->max_bytes)
            out->max_bytes = figure(hour, at);
    }
    if (n > 0)
        out->p99_bytes = hc_bytes(hc_values_percentile(scratch, n, 0.99));
}

/* What the process needed at once: all that was resident outside the heap, and the live set of the same hour. */
static void process_sums(const struct hc_series *series, int64_t now_ms, double *scratch, struct hc_recommendation *out)
{
    int64_t last = hc_hour_of(now_ms);
    unsigned n = 0;
    for (int64_t h = last - HC_LOOK_HOUR_SLOTS + 1; h <= last; h++) {
        const struct hc_look_hour *look = hc_series_look_hour(series, h);
        const struct hc_hour *hour = hc_series_hour(series, h);
        if (look == NULL || hour == NULL || hour->collections == 0 || look->non_heap_bytes == HC_BYTES_UNKNOWN)
            continue;
        uint64_t sum = look->non_heap_bytes + hc_series_live_max(series, hour);
        scratch[n++] = (double)sum;
        if (out->process.sum_max_bytes == HC_BYTES_UNKNOWN || sum > out->process.sum_max_bytes)
            out->process.sum_max_bytes = sum;
    }
    if (n > 0)
        out->process.sum_p99_bytes = hc_bytes(hc_values_percentile(scratch, n, 0.99));
}

static struct hc_advice *part_of(struct hc_recommendation *out, enum hc_ledger_part part)
{
    struct hc_advice *const parts[HC_LEDGER_PARTS] = {
        [HC_LEDGER_METASPACE] = &out->off_heap.metaspace,   [HC_LEDGER_CODE_CACHE] = &out->off_heap.code_cache,
        [HC_LEDGER_DIRECT] = &out->off_heap.direct,         [HC_LEDGER_NATIVE] = &out->off_heap.native,
        [HC_LEDGER_SLACK] = &out->off_heap.allocator_slack, [HC_LEDGER_THREADS] = &out->off_heap.threads,
        [HC_LEDGER_JVM] = &out->off_heap.jvm_other,         [HC_LEDGER_FILES] = &out->off_heap.files};
    return parts[part];
}

static uint64_t heap_in_force(const struct hc_recommendation *out)
{
    return out->heap_bytes != HC_BYTES_UNKNOWN ? out->heap_bytes : out->current_heap_bytes;
}

/* What metaspace must have after it was exhausted; 0: it was not, or that is disproved. */
static uint64_t after_metaspace_oom(const struct hc_series *series, const struct hc_recommendation *seen,
                                    int64_t now_ms)
{
    const struct hc_event *event = hc_exhaustion_newest(series, HC_EVENT_OUT_OF_MEMORY_METASPACE);
    const struct hc_epoch *epoch = event != NULL ? hc_series_epoch_at(series, event->time_ms) : NULL;
    uint64_t had = epoch != NULL && epoch->metaspace_limit_bytes > 0 ? epoch->metaspace_limit_bytes
                                                                     : seen->off_heap.metaspace.max_bytes;
    return event != NULL && had != HC_BYTES_UNKNOWN ? hc_exhaustion_least(series, event, had, now_ms) : 0;
}

/* The heap can't grow beyond its limit, so a container that ran out of memory had too little for what is outside it. */
static uint64_t after_container_oom(const struct hc_series *series, uint64_t overhead_bytes, int64_t now_ms)
{
    const struct hc_event *event = hc_exhaustion_newest(series, HC_EVENT_CONTAINER_OUT_OF_MEMORY);
    uint64_t least = event != NULL ? hc_exhaustion_least(series, event, overhead_bytes, now_ms) : 0;
    return round_up((double)least, 8 * MIB);
}

static void recommend_metaspace(const struct hc_series *series, int64_t now_ms, struct hc_recommendation *out)
{
    struct hc_advice *metaspace = &out->off_heap.metaspace;
    uint64_t least = after_metaspace_oom(series, out, now_ms);
    if (metaspace->max_bytes != HC_BYTES_UNKNOWN) {
        double seen = (double)metaspace->max_bytes, margin = (METASPACE_MARGIN - 1) * seen;
        if (margin < (double)METASPACE_LEAST_BYTES)
            margin = (double)METASPACE_LEAST_BYTES;
        metaspace->recommended_bytes = round_up(seen + margin, METASPACE_STEP_BYTES);
    }
    if (least > 0 && (metaspace->recommended_bytes == HC_BYTES_UNKNOWN || metaspace->recommended_bytes < least))
        metaspace->recommended_bytes = round_up((double)least, METASPACE_STEP_BYTES);
}

/*
 * The most overhead of any hour, with the GC structures that the recommended heap will have: they grow with the heap,
 * and a heap four times too large has some 40 MiB of them too much. HC_BYTES_UNKNOWN: nothing was seen.
 */
static uint64_t overhead_at_heap(const struct hc_series *series, int64_t now_ms, uint64_t heap_bytes)
{
    int64_t last = hc_hour_of(now_ms);
    uint64_t most = HC_BYTES_UNKNOWN;
    for (int64_t h = last - HC_LOOK_HOUR_SLOTS + 1; h <= last; h++) {
        const struct hc_look_hour *hour = hc_series_look_hour(series, h);
        if (hour == NULL || hour->overhead_bytes == HC_BYTES_UNKNOWN)
            continue;
        uint64_t bytes = hour->overhead_bytes, structures = hour->gc_structures_bytes,
                 heap = hour->heap_committed_bytes;
        if (heap_bytes != HC_BYTES_UNKNOWN && heap != HC_BYTES_UNKNOWN && heap > 0 && structures < bytes)
            bytes = bytes - structures + hc_bytes((double)structures * ((double)heap_bytes / (double)heap));
        if (most == HC_BYTES_UNKNOWN || bytes > most)
            most = bytes;
    }
    return most;
}

/* What the JVM has for itself was seen at another heap: the structures that go with the heap's size go. */
static double jvm_at_heap(double seen, uint64_t at_heap, uint64_t at_current)
{
    double gone = at_current > at_heap ? (double)(at_current - at_heap) : 0;
    return seen > gone ? seen - gone : 0;
}

static void recommend_overhead(const struct hc_series *series, int64_t now_ms, struct hc_recommendation *out)
{
    uint64_t most = overhead_at_heap(series, now_ms, heap_in_force(out));
    uint64_t as_seen = overhead_at_heap(series, now_ms, HC_BYTES_UNKNOWN);
    double margin = 0;
    int complete = 1;
    if (most == HC_BYTES_UNKNOWN)
        return;
    for (enum hc_ledger_part part = 0; part < HC_LEDGER_PARTS; part++) {
        struct hc_advice *advice = part_of(out, part);
        if (part == HC_LEDGER_METASPACE || part == HC_LEDGER_DIRECT)
            continue;
        complete &= advice->max_bytes != HC_BYTES_UNKNOWN;
        if (advice->max_bytes != HC_BYTES_UNKNOWN) {
            double seen = (double)advice->max_bytes;
            if (part == HC_LEDGER_JVM)
                seen = jvm_at_heap(seen, most, as_seen);
            margin += margins[part] * seen;
            advice->recommended_bytes = round_up((1 + margins[part]) * seen, MIB);
        }
    }
    double wanted = complete ? (double)most + margin + (double)OVERHEAD_ADD_BYTES
                             : (1 + OVERHEAD_MARGIN) * (double)most + (double)OVERHEAD_UNKNOWN_ADD_BYTES;
    uint64_t bytes = round_up(wanted, complete ? OVERHEAD_STEP_BYTES : 8 * MIB);
    uint64_t least = after_container_oom(series, out->off_heap.overhead.max_bytes, now_ms);
    least = least > OVERHEAD_LEAST_BYTES ? least : OVERHEAD_LEAST_BYTES;
    out->off_heap.overhead.recommended_bytes = bytes > least ? bytes : least;
}

static void recommend(const struct hc_series *series, int64_t now_ms, struct hc_recommendation *out)
{
    struct hc_advice *metaspace = &out->off_heap.metaspace, *direct = &out->off_heap.direct;
    const struct hc_advice *overhead = &out->off_heap.overhead;
    uint64_t heap = heap_in_force(out);
    recommend_metaspace(series, now_ms, out);
    recommend_overhead(series, now_ms, out);
    if (direct->max_bytes != HC_BYTES_UNKNOWN)
        direct->recommended_bytes = round_up(DIRECT_MARGIN * (double)direct->max_bytes, MIB);
    if (heap != HC_BYTES_UNKNOWN && metaspace->recommended_bytes != HC_BYTES_UNKNOWN &&
        direct->recommended_bytes != HC_BYTES_UNKNOWN && overhead->recommended_bytes != HC_BYTES_UNKNOWN)
        out->process.recommended_bytes =
            heap + metaspace->recommended_bytes + direct->recommended_bytes + overhead->recommended_bytes;
}

static void forget(struct hc_recommendation *out)
{
    out->off_heap.rss_bytes = out->off_heap.rss_peak_bytes = HC_BYTES_UNKNOWN;
    out->off_heap.container_limit_bytes = out->off_heap.container_usage_bytes = HC_BYTES_UNKNOWN;
    out->off_heap.container_held_bytes = HC_BYTES_UNKNOWN;
    out->off_heap.unexplained_ratio = NAN;
    for (enum hc_ledger_part part = 0; part < HC_LEDGER_PARTS; part++)
        *part_of(out, part) = unknown();
    out->off_heap.network = out->off_heap.overhead = unknown();
    out->process.sum_p99_bytes = out->process.sum_max_bytes = out->process.recommended_bytes = HC_BYTES_UNKNOWN;
    out->process.heap_live_bytes = out->process.heap_garbage_bytes = out->process.heap_untouched_bytes =
        HC_BYTES_UNKNOWN;
}

/* The heap's share of resident memory: what is live, what is garbage or free, and what was never touched. */
static void split_heap(const struct hc_memory_sample *look, struct hc_recommendation *out)
{
    uint64_t live = out->observed.live_now_bytes, resident = look->heap_resident_bytes;
    if (resident == HC_BYTES_UNKNOWN)
        return;
    if (out->window.collections > 0 && live != HC_BYTES_UNKNOWN) {
        out->process.heap_live_bytes = live < resident ? live : resident;
        out->process.heap_garbage_bytes = resident - out->process.heap_live_bytes;
    }
    out->process.heap_untouched_bytes = hc_bytes_minus(look->heap_committed_bytes, resident);
}

static void take_newest(const struct hc_memory_sample *look, struct hc_recommendation *out)
{
    struct hc_ledger ledger;
    hc_ledger_read(look, &ledger);
    for (enum hc_ledger_part part = 0; part < HC_LEDGER_PARTS; part++)
        part_of(out, part)->now_bytes = ledger.bytes[part];
    out->off_heap.unexplained_ratio = ledger.unexplained_ratio;
    out->off_heap.rss_bytes = look->rss_bytes;
    out->off_heap.rss_peak_bytes = look->rss_peak_bytes;
    out->off_heap.container_limit_bytes = look->container_limit_bytes;
    out->off_heap.container_usage_bytes = look->container_usage_bytes;
    out->off_heap.container_held_bytes = look->container_held_bytes;
    out->off_heap.overhead.now_bytes =
        hc_bytes_minus(hc_bytes_minus(hc_bytes_minus(look->rss_bytes, look->heap_resident_bytes), look->direct_bytes),
                       look->metaspace_committed_bytes);
    split_heap(look, out);
}

void hc_off_heap_predict(const struct hc_series *series, int64_t now_ms, double *scratch, struct hc_recommendation *out)
{
    const struct hc_state *now = &series->now;
    forget(out);
    out->off_heap.thread_count = now->look.threads;
    out->off_heap.class_count = now->look.classes;
    out->off_heap.managed_consumers = now->consumers;
    out->off_heap.managed_consumers_known = now->consumers_known != 0;
    if (now->look_sequence > 0) {
        take_newest(&now->look, out);
        for (enum hc_ledger_part part = 0; part < HC_LEDGER_PARTS; part++)
            window(series, now_ms, PART(part), scratch, part_of(out, part));
        window(series, now_ms, offsetof(struct hc_look_hour, overhead_bytes), scratch, &out->off_heap.overhead);
    }
    process_sums(series, now_ms, scratch, out);
    recommend(series, now_ms, out);
}
