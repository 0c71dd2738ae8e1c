#include "off_heap.h"

#include "exhaustion.h"
#include "histogram.h"

#include <math.h>

#define MIB (UINT64_C(1) << 20)

/* More classes come with a job's next version, code paths that were not taken yet, and class loaders that die late:
 * a quarter more than was ever committed, 16 MiB at least. A full metaspace ends the TaskManager. */
#define METASPACE_MARGIN 1.25
#define METASPACE_LEAST_BYTES (16 * MIB)
#define DIRECT_MARGIN 1.10
/* A fifth for allocator slack and threads to come, and 32 MiB for what a short watch has not seen (JIT, GC structures).
 */
#define OVERHEAD_MARGIN 1.20
#define OVERHEAD_ADD_BYTES (32 * MIB)
/* The JVM's own parts (libjvm, code cache, CDS, GC structures, stacks) took 70 MiB in the smallest TaskManager seen. */
#define OVERHEAD_LEAST_BYTES (96 * MIB)

static uint64_t round_up(double bytes, uint64_t unit)
{
    return (uint64_t)ceil(bytes / (double)unit) * unit;
}

static struct hc_advice unknown(void)
{
    return (struct hc_advice){HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN};
}

typedef uint64_t look_part(const struct hc_look_hour *hour);

static uint64_t part_metaspace(const struct hc_look_hour *hour)
{
    return hour->metaspace_bytes;
}

static uint64_t part_code_cache(const struct hc_look_hour *hour)
{
    return hour->code_cache_bytes;
}

static uint64_t part_direct(const struct hc_look_hour *hour)
{
    return hour->direct_bytes;
}

static uint64_t part_overhead(const struct hc_look_hour *hour)
{
    return hour->overhead_bytes;
}

/* 99th percentile and maximum of the hours of the window. */
static void window(const struct hc_series *series, int64_t now_ms, look_part *part, double *scratch,
                   struct hc_advice *out)
{
    int64_t last = hc_hour_of(now_ms);
    unsigned n = 0;
    for (int64_t h = last - HC_LOOK_HOUR_SLOTS + 1; h <= last; h++) {
        const struct hc_look_hour *hour = hc_series_look_hour(series, h);
        if (hour == NULL || part(hour) == HC_BYTES_UNKNOWN)
            continue;
        scratch[n++] = (double)part(hour);
        if (out->max_bytes == HC_BYTES_UNKNOWN || part(hour) > out->max_bytes)
            out->max_bytes = part(hour);
    }
    if (n > 0)
        out->p99_bytes = (uint64_t)hc_values_percentile(scratch, n, 0.99);
}

static uint64_t minus(uint64_t bytes, uint64_t part_bytes)
{
    if (bytes == HC_BYTES_UNKNOWN || part_bytes == HC_BYTES_UNKNOWN)
        return HC_BYTES_UNKNOWN;
    return bytes > part_bytes ? bytes - part_bytes : 0;
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
        out->process.sum_p99_bytes = (uint64_t)hc_values_percentile(scratch, n, 0.99);
}

/* The heap can't grow beyond its limit, so a container that ran out of memory had too little for what is outside it. */
static uint64_t after_container_oom(const struct hc_series *series, uint64_t overhead_bytes, int64_t now_ms)
{
    const struct hc_event *event = hc_exhaustion_newest(series, HC_EVENT_CONTAINER_OUT_OF_MEMORY);
    uint64_t least = event != NULL ? hc_exhaustion_least(series, event, overhead_bytes, now_ms) : 0;
    return round_up((double)least, 8 * MIB);
}

static void recommend(const struct hc_series *series, int64_t now_ms, struct hc_recommendation *out)
{
    struct hc_advice *metaspace = &out->off_heap.metaspace, *direct = &out->off_heap.direct;
    struct hc_advice *overhead = &out->off_heap.overhead;
    if (metaspace->max_bytes != HC_BYTES_UNKNOWN) {
        double margin = (METASPACE_MARGIN - 1) * (double)metaspace->max_bytes;
        double least = (double)METASPACE_LEAST_BYTES;
        metaspace->recommended_bytes =
            round_up((double)metaspace->max_bytes + (margin > least ? margin : least), 8 * MIB);
    }
    if (direct->max_bytes != HC_BYTES_UNKNOWN)
        direct->recommended_bytes = round_up(DIRECT_MARGIN * (double)direct->max_bytes, MIB);
    if (overhead->max_bytes != HC_BYTES_UNKNOWN) {
        uint64_t bytes = round_up(OVERHEAD_MARGIN * (double)overhead->max_bytes + (double)OVERHEAD_ADD_BYTES, 8 * MIB);
        uint64_t least = after_container_oom(series, overhead->max_bytes, now_ms);
        least = least > OVERHEAD_LEAST_BYTES ? least : OVERHEAD_LEAST_BYTES;
        overhead->recommended_bytes = bytes > least ? bytes : least;
    }
    uint64_t heap = out->heap_bytes != HC_BYTES_UNKNOWN ? out->heap_bytes : out->current_heap_bytes;
    if (heap != HC_BYTES_UNKNOWN && metaspace->recommended_bytes != HC_BYTES_UNKNOWN &&
        direct->recommended_bytes != HC_BYTES_UNKNOWN && overhead->recommended_bytes != HC_BYTES_UNKNOWN)
        out->process.recommended_bytes =
            heap + metaspace->recommended_bytes + direct->recommended_bytes + overhead->recommended_bytes;
}

void hc_off_heap_predict(const struct hc_series *series, int64_t now_ms, double *scratch, struct hc_recommendation *out)
{
    const struct hc_state *now = &series->now;
    int seen = now->look_sequence > 0;
    out->off_heap.rss_bytes = seen ? now->look.rss_bytes : HC_BYTES_UNKNOWN;
    out->off_heap.rss_peak_bytes = seen ? now->look.rss_peak_bytes : HC_BYTES_UNKNOWN;
    out->off_heap.container_limit_bytes = seen ? now->look.container_limit_bytes : HC_BYTES_UNKNOWN;
    out->off_heap.container_usage_bytes = seen ? now->look.container_usage_bytes : HC_BYTES_UNKNOWN;
    out->off_heap.thread_count = now->look.threads;
    out->off_heap.class_count = now->look.classes;
    out->off_heap.managed_consumers = now->consumers;
    out->off_heap.managed_consumers_known = now->consumers_known != 0;
    out->off_heap.unexplained_ratio = NAN;
    out->off_heap.metaspace = out->off_heap.code_cache = out->off_heap.direct = out->off_heap.network = unknown();
    out->off_heap.native = out->off_heap.allocator_slack = out->off_heap.threads = out->off_heap.jvm_other = unknown();
    out->off_heap.files = out->off_heap.overhead = unknown();
    out->process.sum_p99_bytes = out->process.sum_max_bytes = out->process.recommended_bytes = HC_BYTES_UNKNOWN;
    if (seen) {
        out->off_heap.metaspace.now_bytes = now->look.metaspace_committed_bytes;
        out->off_heap.code_cache.now_bytes = now->look.code_cache_bytes;
        out->off_heap.direct.now_bytes = now->look.direct_bytes;
        out->off_heap.overhead.now_bytes =
            minus(minus(minus(now->look.rss_bytes, now->look.heap_resident_bytes), now->look.direct_bytes),
                  now->look.metaspace_committed_bytes);
        window(series, now_ms, part_metaspace, scratch, &out->off_heap.metaspace);
        window(series, now_ms, part_code_cache, scratch, &out->off_heap.code_cache);
        window(series, now_ms, part_direct, scratch, &out->off_heap.direct);
        window(series, now_ms, part_overhead, scratch, &out->off_heap.overhead);
    }
    process_sums(series, now_ms, scratch, out);
    recommend(series, now_ms, out);
}
