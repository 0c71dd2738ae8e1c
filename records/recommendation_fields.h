/*
 * Every scalar of the recommendation file: where it stands in the JSON, what type it has, where it lies in the struct.
 * Writer and reader both walk this one table, so they can't drift apart. Lists and maps are in recommendation_json.c.
 */
#ifndef HEAPCAST_RECOMMENDATION_FIELDS_H
#define HEAPCAST_RECOMMENDATION_FIELDS_H

#include <heapcast/recommendation.h>

#include <stddef.h>

enum field_type {
    FIELD_BYTES,   /* uint64_t, HC_BYTES_UNKNOWN is left out */
    FIELD_COUNT,   /* uint64_t */
    FIELD_COUNT32, /* uint32_t, 0 is left out: it means unknown */
    FIELD_REAL,    /* double, NAN is left out */
    FIELD_TIME,    /* int64_t milliseconds, 0 is left out; RFC 3339 in the file */
    FIELD_FLAG,    /* int */
    FIELD_NAME,    /* char[128], empty is left out */
    FIELD_VERDICT,
    FIELD_EVIDENCE,
    FIELD_TERM
};

struct field {
    const char *object; /* dotted path of the object, "" is the top */
    const char *key;
    enum field_type type;
    size_t offset;
};

#define AT(member) offsetof(struct hc_recommendation, member)
#define ADVICE(name)                                                                                                   \
    {"off_heap." #name, "now_bytes", FIELD_BYTES, AT(off_heap.name.now_bytes)},                                        \
        {"off_heap." #name, "p99_bytes", FIELD_BYTES, AT(off_heap.name.p99_bytes)},                                    \
        {"off_heap." #name, "max_bytes", FIELD_BYTES, AT(off_heap.name.max_bytes)},                                    \
    {                                                                                                                  \
        "off_heap." #name, "recommended_bytes", FIELD_BYTES, AT(off_heap.name.recommended_bytes)                       \
    }

static const struct field recommendation_fields[] = {
    {"", "generated_at", FIELD_TIME, AT(generated_at_ms)},
    {"window", "from", FIELD_TIME, AT(window.from_ms)},
    {"window", "to", FIELD_TIME, AT(window.to_ms)},
    {"window", "collections", FIELD_COUNT, AT(window.collections)},
    {"window", "restarts", FIELD_COUNT, AT(window.restarts)},
    {"window", "samples_dropped", FIELD_COUNT, AT(window.samples_dropped)},
    {"observed.live_set_bytes", "now", FIELD_BYTES, AT(observed.live_now_bytes)},
    {"observed.live_set_bytes", "p50", FIELD_BYTES, AT(observed.live_p50_bytes)},
    {"observed.live_set_bytes", "p95", FIELD_BYTES, AT(observed.live_p95_bytes)},
    {"observed.live_set_bytes", "p99", FIELD_BYTES, AT(observed.live_p99_bytes)},
    {"observed.live_set_bytes", "max", FIELD_BYTES, AT(observed.live_max_bytes)},
    {"observed.live_set_bounds_bytes", "lower", FIELD_BYTES, AT(observed.live_lower_bytes)},
    {"observed.live_set_bounds_bytes", "upper", FIELD_BYTES, AT(observed.live_upper_bytes)},
    {"observed", "live_set_evidence", FIELD_EVIDENCE, AT(observed.evidence)},
    {"observed", "allocation_bytes_per_s", FIELD_REAL, AT(observed.allocation_bytes_per_s)},
    {"observed", "promotion_bytes_per_s", FIELD_REAL, AT(observed.promotion_bytes_per_s)},
    {"observed", "gc_share_ratio", FIELD_REAL, AT(observed.gc_share_ratio)},
    {"observed.pause_ms", "p50", FIELD_REAL, AT(observed.pause_p50_ms)},
    {"observed.pause_ms", "p99", FIELD_REAL, AT(observed.pause_p99_ms)},
    {"observed.pause_ms", "max", FIELD_REAL, AT(observed.pause_max_ms)},
    {"model", "percentile", FIELD_REAL, AT(model.percentile)},
    {"model", "percentile_bytes", FIELD_BYTES, AT(model.percentile_bytes)},
    {"model.trend", "slope_bytes_per_h", FIELD_REAL, AT(model.trend_slope_bytes_per_h)},
    {"model.trend", "significant", FIELD_FLAG, AT(model.trend_significant)},
    {"model.trend", "hours_to_full", FIELD_REAL, AT(model.hours_to_full)},
    {"model", "margin_ratio", FIELD_REAL, AT(model.margin_ratio)},
    {"model", "floor_bytes", FIELD_BYTES, AT(model.floor_bytes)},
    {"model", "live_upper_bytes", FIELD_BYTES, AT(model.live_upper_bytes)},
    {"model", "usable_ratio", FIELD_REAL, AT(model.usable_ratio)},
    {"model", "gc_work_bytes", FIELD_REAL, AT(model.gc_work_bytes)},
    {"model", "gc_copying_ratio", FIELD_REAL, AT(model.gc_copying_ratio)},
    {"model", "gc_share_limit_ratio", FIELD_REAL, AT(model.gc_share_limit_ratio)},
    {"model", "gc_headroom_bytes", FIELD_BYTES, AT(model.gc_headroom_bytes)},
    {"model", "capacity_ratio", FIELD_REAL, AT(model.capacity_ratio)},
    {"model", "generations_bytes", FIELD_BYTES, AT(model.generations_bytes)},
    {"model", "binding", FIELD_TERM, AT(model.binding)},
    {"recommendation", "verdict", FIELD_VERDICT, AT(verdict)},
    {"recommendation", "current_heap_bytes", FIELD_BYTES, AT(current_heap_bytes)},
    {"recommendation", "heap_bytes", FIELD_BYTES, AT(heap_bytes)},
    {"recommendation", "task_heap_bytes", FIELD_BYTES, AT(task_heap_bytes)},
    {"recommendation", "lower_bound_bytes", FIELD_BYTES, AT(lower_bound_bytes)},
    {"recommendation", "upper_bound_bytes", FIELD_BYTES, AT(upper_bound_bytes)},
    {"recommendation", "confidence_ratio", FIELD_REAL, AT(confidence_ratio)},
    {"recommendation", "valid_until", FIELD_TIME, AT(valid_until_ms)},
    {"off_heap", "rss_bytes", FIELD_BYTES, AT(off_heap.rss_bytes)},
    {"off_heap", "rss_peak_bytes", FIELD_BYTES, AT(off_heap.rss_peak_bytes)},
    ADVICE(metaspace),
    ADVICE(code_cache),
    ADVICE(direct),
    ADVICE(network),
    ADVICE(native),
    ADVICE(allocator_slack),
    ADVICE(threads),
    ADVICE(jvm_other),
    ADVICE(files),
    ADVICE(overhead),
    {"off_heap", "thread_count", FIELD_COUNT32, AT(off_heap.thread_count)},
    {"off_heap", "class_count", FIELD_COUNT32, AT(off_heap.class_count)},
    {"off_heap", "unexplained_ratio", FIELD_REAL, AT(off_heap.unexplained_ratio)},
    {"off_heap.container", "limit_bytes", FIELD_BYTES, AT(off_heap.container_limit_bytes)},
    {"off_heap.container", "usage_bytes", FIELD_BYTES, AT(off_heap.container_usage_bytes)},
    {"off_heap.container", "held_bytes", FIELD_BYTES, AT(off_heap.container_held_bytes)},
    {"process", "heap_live_bytes", FIELD_BYTES, AT(process.heap_live_bytes)},
    {"process", "heap_garbage_bytes", FIELD_BYTES, AT(process.heap_garbage_bytes)},
    {"process", "heap_untouched_bytes", FIELD_BYTES, AT(process.heap_untouched_bytes)},
    {"process", "sum_p99_bytes", FIELD_BYTES, AT(process.sum_p99_bytes)},
    {"process", "sum_max_bytes", FIELD_BYTES, AT(process.sum_max_bytes)},
    {"process", "recommended_bytes", FIELD_BYTES, AT(process.recommended_bytes)},
};
enum { RECOMMENDATION_FIELDS = sizeof recommendation_fields / sizeof recommendation_fields[0] };

/* Present only once a forecast has come of age (decisions > 0). */
static const struct field backtest_fields[] = {
    {"backtest", "decisions", FIELD_COUNT, AT(backtest.decisions)},
    {"backtest", "shortfalls", FIELD_COUNT, AT(backtest.shortfalls)},
    {"backtest", "slack_ratio", FIELD_REAL, AT(backtest.slack_ratio)},
    {"backtest", "extra_gc_share_ratio", FIELD_REAL, AT(backtest.extra_gc_share_ratio)},
    {"backtest", "from", FIELD_TIME, AT(backtest.from_ms)},
    {"backtest", "to", FIELD_TIME, AT(backtest.to_ms)},
};
enum { BACKTEST_FIELDS = sizeof backtest_fields / sizeof backtest_fields[0] };

/* Present only where the JVM's agent could have probed, or says why not (state is not empty). */
static const struct field live_probe_fields[] = {
    {"observed.live_probe", "probes", FIELD_COUNT, AT(observed.live_probe.probes)},
    {"observed.live_probe", "cpu_share_ratio", FIELD_REAL, AT(observed.live_probe.cpu_share_ratio)},
    {"observed.live_probe", "pause_max_ms", FIELD_REAL, AT(observed.live_probe.pause_max_ms)},
    {"observed.live_probe", "last_at", FIELD_TIME, AT(observed.live_probe.last_at_ms)},
};
enum { LIVE_PROBE_FIELDS = sizeof live_probe_fields / sizeof live_probe_fields[0] };

/* Present only in what heapcast merge made of several. */
static const struct field fleet_fields[] = {
    {"fleet", "members", FIELD_COUNT, AT(fleet.members)},
    {"fleet", "without_number", FIELD_COUNT, AT(fleet.without_number)},
    {"fleet.total", "current_heap_bytes", FIELD_BYTES, AT(fleet.current_total_bytes)},
    {"fleet.total", "heap_bytes", FIELD_BYTES, AT(fleet.recommended_total_bytes)},
    {"fleet.worst", "heap", FIELD_NAME, AT(fleet.heap_of)},
    {"fleet.worst", "metaspace", FIELD_NAME, AT(fleet.metaspace_of)},
    {"fleet.worst", "direct", FIELD_NAME, AT(fleet.direct_of)},
    {"fleet.worst", "overhead", FIELD_NAME, AT(fleet.overhead_of)},
    {"fleet.worst", "sum", FIELD_NAME, AT(fleet.sum_of)},
    {"fleet.heap", "min_bytes", FIELD_BYTES, AT(fleet.heap.min_bytes)},
    {"fleet.heap", "median_bytes", FIELD_BYTES, AT(fleet.heap.median_bytes)},
    {"fleet.heap", "max_bytes", FIELD_BYTES, AT(fleet.heap.max_bytes)},
    {"fleet.live_set", "min_bytes", FIELD_BYTES, AT(fleet.live.min_bytes)},
    {"fleet.live_set", "median_bytes", FIELD_BYTES, AT(fleet.live.median_bytes)},
    {"fleet.live_set", "max_bytes", FIELD_BYTES, AT(fleet.live.max_bytes)},
    {"fleet.metaspace", "min_bytes", FIELD_BYTES, AT(fleet.metaspace.min_bytes)},
    {"fleet.metaspace", "median_bytes", FIELD_BYTES, AT(fleet.metaspace.median_bytes)},
    {"fleet.metaspace", "max_bytes", FIELD_BYTES, AT(fleet.metaspace.max_bytes)},
    {"fleet.direct", "min_bytes", FIELD_BYTES, AT(fleet.direct.min_bytes)},
    {"fleet.direct", "median_bytes", FIELD_BYTES, AT(fleet.direct.median_bytes)},
    {"fleet.direct", "max_bytes", FIELD_BYTES, AT(fleet.direct.max_bytes)},
    {"fleet.overhead", "min_bytes", FIELD_BYTES, AT(fleet.overhead.min_bytes)},
    {"fleet.overhead", "median_bytes", FIELD_BYTES, AT(fleet.overhead.median_bytes)},
    {"fleet.overhead", "max_bytes", FIELD_BYTES, AT(fleet.overhead.max_bytes)},
};
enum { FLEET_FIELDS = sizeof fleet_fields / sizeof fleet_fields[0], FIELD_NAME_SIZE = 128 };

#undef AT
#undef ADVICE

#endif
