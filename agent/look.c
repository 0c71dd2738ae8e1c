#include "look.h"

#include "clock.h"
#include "gc_structures.h"

#include <string.h>

enum {
    LEAST_MS = LOOK_MS + 100,
    HUGE_LOOK_MS = 60 * 1000,
    LOOK_MS_PER_GIB = 2500, /* counting a GiB's pages takes half a millisecond: 0.02 % of a core */
    OPEN_LOOK_MS = 2 * 1000,
    OPEN_MS = 5 * 60 * 1000,
    PAID_MS = 10 * 1000, /* who asks for looks more often than by default pays for them */
    COST_TIMES = 1600    /* 0.06 % of a core */
};
#define HUGE_HEAP_BYTES ((uint64_t)8 << 30)

static uint64_t counter_or_unknown(const volatile int64_t *counter)
{
    return counter != NULL && *counter >= 0 ? (uint64_t)*counter : HC_BYTES_UNKNOWN;
}

static uint64_t direct_now(const struct look *look)
{
    const struct jvm_gauge *g = look->sources.jvm_gauge;
    int64_t bytes = g != NULL ? atomic_load_explicit(&g->direct_bytes, memory_order_relaxed) : -1;
    return bytes >= 0 ? (uint64_t)bytes : HC_BYTES_UNKNOWN;
}

static uint64_t metaspace_now(const struct look *look)
{
    const struct metaspace_gauge *g = look->sources.metaspace_gauge;
    if (g == NULL) { /* 0 until the first collection */
        const volatile int64_t *counter = look->sources.counters->metaspace_capacity;
        return counter != NULL && *counter > 0 ? (uint64_t)*counter : HC_BYTES_UNKNOWN;
    }
    int64_t bytes = atomic_load_explicit(&g->committed_bytes, memory_order_relaxed);
    return bytes >= 0 ? (uint64_t)bytes : HC_BYTES_UNKNOWN;
}

void look_init(struct look *look, const struct look_sources *sources, int (*give_up)(void))
{
    memset(look, 0, sizeof *look);
    look->sources = *sources;
    process_gauge_init(&look->gauge, &sources->places);
    look->gauge.give_up = give_up;
}

void look_begin(struct look *look, int64_t time_ms)
{
    int64_t begun_us = own_cpu_us();
    const struct perf_counters *c = look->sources.counters;
    struct hc_memory_sample *s = &look->sample;
    *s = (struct hc_memory_sample){.time_ms = time_ms};
    process_gauge_read(&look->gauge, s);
    s->metaspace_used_bytes = counter_or_unknown(c->metaspace_used);
    s->metaspace_committed_bytes = metaspace_now(look);
    s->heap_committed_bytes = c->young_capacity != NULL && c->old_capacity != NULL
                                  ? (uint64_t)(*c->young_capacity + *c->old_capacity)
                                  : s->heap_resident_bytes;
    int64_t classes = perf_value(c->classes_loaded) + perf_value(c->shared_loaded) - perf_value(c->classes_unloaded) -
                      perf_value(c->shared_unloaded);
    s->classes = classes > 0 && classes < INT32_MAX ? (uint32_t)classes : 0;
    s->direct_bytes = direct_now(look);
    look->cost_us = own_cpu_us() - begun_us;
}

/* A task that was deployed since the look began has not taken anything in it. */
static enum jvm_malloc_job job_of(const struct look *look)
{
    const struct jvm_gauge *g = look->sources.jvm_gauge;
    if (look->sources.role != HC_ROLE_TASKMANAGER || g == NULL ||
        !atomic_load_explicit(&g->task_known, memory_order_relaxed))
        return JVM_MALLOC_JOB_UNKNOWN;
    return atomic_load_explicit(&g->task_seen, memory_order_relaxed) ? JVM_MALLOC_JOB_RAN : JVM_MALLOC_NO_JOB_YET;
}

/* The JVM's own: of malloc, and what it maps by itself. */
static void share_out(struct look *look, int direct_moved)
{
    const struct perf_counters *c = look->sources.counters;
    struct hc_memory_sample *s = &look->sample;
    enum jvm_malloc_job job = job_of(look);
    if (job == JVM_MALLOC_NO_JOB_YET && direct_moved)
        job = JVM_MALLOC_JOB_UNKNOWN; /* what malloc gave out and what of it is direct are not of one moment */
    s->jvm_malloc_bytes = jvm_malloc_look(
        &look->own_malloc, &(struct jvm_malloc_facts){s->malloc_used_bytes, s->direct_bytes, s->classes, job});
    s->gc_structures_bytes = gc_structures_bytes(
        &(struct gc_structures_facts){.collector = look->sources.collector,
                                      .jdk = look->sources.jdk,
                                      .marked = perf_value(c->phase_invocations) + perf_value(c->full_invocations) > 0,
                                      .heap_committed_bytes = s->heap_committed_bytes,
                                      .heap_resident_bytes = s->heap_resident_bytes});
    if (s->jvm_mapped_bytes != HC_BYTES_UNKNOWN && s->gc_structures_bytes != HC_BYTES_UNKNOWN)
        s->jvm_mapped_bytes += s->gc_structures_bytes;
}

/*
 * jemalloc's "resident" is an upper bound, as its manual says: pages of a slab that nobody has touched yet are in it
 * (20 of 220 MiB in a TaskManager). What is in memory and nobody else's bounds it; what is given out counts in full.
 */
static void bound_malloc(struct hc_memory_sample *s)
{
    const uint64_t others[] = {s->heap_resident_bytes, s->metaspace_committed_bytes, s->code_cache_bytes, s->file_bytes,
                               s->stack_bytes,         s->jvm_mapped_bytes};
    uint64_t room = s->rss_bytes;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (room == HC_BYTES_UNKNOWN || others[i] == HC_BYTES_UNKNOWN)
            return;
        room = room > others[i] ? room - others[i] : 0;
    }
    if (room < s->malloc_used_bytes)
        room = s->malloc_used_bytes;
    if (s->malloc_held_bytes != HC_BYTES_UNKNOWN && s->malloc_held_bytes > room)
        s->malloc_held_bytes = room;
}

const struct hc_memory_sample *look_finish(struct look *look)
{
    struct hc_memory_sample *s = &look->sample;
    const struct jvm_gauge *g = look->sources.jvm_gauge;
    uint64_t direct = direct_now(look), before = s->direct_bytes;
    if (direct != HC_BYTES_UNKNOWN && (before == HC_BYTES_UNKNOWN || direct > before))
        s->direct_bytes = direct;
    /* without the look at loaded classes an operator could hold managed memory unseen */
    if (g == NULL || !atomic_load_explicit(&g->operator_known, memory_order_relaxed))
        s->consumers_known = 0;
    else if (atomic_load_explicit(&g->operator_seen, memory_order_relaxed))
        s->consumers |= HC_CONSUMER_OPERATOR;
    share_out(look, direct != before);
    if (look->gauge.allocator.kind == ALLOCATOR_JEMALLOC)
        bound_malloc(s);
    look->finished = *s;
    s->time_ms = 0;
    return &look->finished;
}

int64_t look_period_ms(const struct look *look, int64_t asked_ms, int64_t watched_ms)
{
    uint64_t heap = look->sources.places.heap_bytes;
    int64_t least = (int64_t)(heap >> 20) * LOOK_MS_PER_GIB / 1024;
    if (least < LEAST_MS)
        least = LEAST_MS;
    if (heap > HUGE_HEAP_BYTES && least < HUGE_LOOK_MS)
        least = HUGE_LOOK_MS;
    if (watched_ms < OPEN_MS && job_of(look) == JVM_MALLOC_NO_JOB_YET && asked_ms > OPEN_LOOK_MS)
        return OPEN_LOOK_MS > least ? OPEN_LOOK_MS : least;
    if (asked_ms >= PAID_MS && least < look->cost_us * COST_TIMES / 1000)
        least = look->cost_us * COST_TIMES / 1000;
    return asked_ms > least ? asked_ms : least;
}
