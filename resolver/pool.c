#include "pool.h"

#include "advice.h"
#include "derivation.h"
#include "jvm_options.h"
#include "limits.h"
#include "text.h"

#include <heapcast/jvm_version.h>
#include <heapcast/memory_size.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One margin for all parts that can grow, where the components model has one for each: a fifth for the allocator's
 * fragmentation and threads to come, and 32 MiB for what a short watch has not seen (JIT, GC structures). */
#define MARGIN_RATIO 0.20
#define MARGIN_ADD_BYTES (32 * HC_MIB)
/* G1 rounds heap sizes to a region: the power of two next to heap / 2048, 1 to 32 MiB; all collectors to 2 MiB at
 * least (512 cards of 4 KiB pages). A limit that is rounded already is what `jcmd VM.flags` shows. */
#define HEAP_UNIT_LEAST_BYTES (2 * HC_MIB)
#define HEAP_UNIT_MOST_BYTES (32 * HC_MIB)
#define OWN_BYTES (192 * HC_MIB) /* jvm-overhead.min */
#define HEAP_INITIAL_LEAST_BYTES (64 * HC_MIB)
/* More never happened in the networks tried: the share of network memory is below one, so each round adds less. */
enum { ROUNDS_MAX = 100, FLAGS_SIZE = 512 };

/* Ours alone: each replaces what stood there. The rest of the user's options is none of our business. */
static const char *const replaced[] = {"-Xmx",
                                       "-Xms",
                                       "-XX:MaxHeapSize=",
                                       "-XX:InitialHeapSize=",
                                       "-XX:MaxDirectMemorySize=",
                                       "-XX:MaxMetaspaceSize=",
                                       "-XX:SoftMaxHeapSize=",
                                       NULL};

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool known(uint64_t bytes)
{
    return bytes != HC_BYTES_UNKNOWN;
}

static uint64_t heap_unit(uint64_t heap)
{
    uint64_t unit = HEAP_UNIT_LEAST_BYTES;
    while (unit < HEAP_UNIT_MOST_BYTES && heap / 2048 >= unit)
        unit *= 2;
    return unit;
}

static uint64_t up(uint64_t bytes, uint64_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/* ---- what is needed ---------------------------------------------------------------------------------------------- */

/* Peaks of what lies outside the heap; together the bound for what they ever took at once. */
struct outside {
    uint64_t metaspace, direct_beside, others; /* direct memory without the network's; others: all else resident */
    uint64_t reserved;                         /* managed memory within `others` that a consumer may still fill */
    bool measured;
};

/* What the JVM itself takes outside heap, direct memory and metaspace: Flink's least overhead, and 1/16 of the heap for
 * the collector's structures. Held against figures that hold more than that: the rest of them is managed memory. */
static uint64_t own_most(const struct hc_plan_ask *ask, uint64_t need)
{
    uint64_t heap = ask->recommendation->current_heap_bytes;
    return OWN_BYTES + (known(heap) ? heap : need) / 16;
}

/*
 * Nothing here may depend on sizes that the pool changes (plan's heap, overhead), or resolving again would give another
 * pool. A consumer of managed memory fills it in time, so that counts in full, and the JVM's own beside it.
 */
static struct outside outside_of(const struct hc_plan_ask *ask, const struct hc_taskmanager_spec *before,
                                 uint64_t managed, uint64_t need)
{
    const struct hc_recommendation *r = ask->recommendation;
    uint64_t metaspace = hc_most_seen(&r->off_heap.metaspace), direct = hc_most_seen(&r->off_heap.direct),
             others = hc_most_seen(&r->off_heap.overhead), network = hc_network_measured(r, ask->subject);
    uint64_t own = own_most(ask, need);
    struct outside out = {.metaspace = known(metaspace) ? metaspace : before->metaspace_bytes,
                          .reserved = managed,
                          .measured = known(metaspace) && known(direct) && known(others) && known(network)};
    out.direct_beside = !known(direct) || !known(network)
                            ? before->framework_off_heap_bytes + before->task_off_heap_bytes
                        : direct > network ? direct - network
                                           : 0;
    if (!known(others))
        out.others = own + out.reserved;
    else
        out.others = larger(others, (others < own ? others : own) + out.reserved);
    return out;
}

static uint64_t margin_of(const struct outside *o)
{
    uint64_t grows =
        o->metaspace + o->direct_beside + (o->others - (o->others < o->reserved ? o->others : o->reserved));
    return up((uint64_t)(MARGIN_RATIO * (double)grows) + MARGIN_ADD_BYTES, HC_MIB);
}

/* A recommendation to keep means the heap that it was measured with. */
static uint64_t heap_need(const struct hc_plan_ask *ask, const struct hc_taskmanager_spec *before)
{
    const struct hc_recommendation *r = ask->recommendation;
    uint64_t heap =
        r->verdict == HC_VERDICT_KEEP && known(r->current_heap_bytes) ? r->current_heap_bytes : r->heap_bytes;
    if (!known(heap))
        heap = before->jvm_heap_bytes;
    return up(heap, heap_unit(heap));
}

/* The container for a need, outside memory and margin. The sum that was measured at once must fit as well. */
static uint64_t container_for(const struct hc_plan_ask *ask, const struct hc_pool *pool, uint64_t network)
{
    uint64_t headroom = ask->recommendation->model.gc_headroom_bytes, sum = pool->sum_max_bytes;
    uint64_t measured = hc_network_measured(ask->recommendation, ask->subject);
    uint64_t parts = pool->heap_need_bytes + pool->outside_bytes;
    if (!known(sum) || !known(measured))
        return parts + pool->margin_bytes;
    sum = sum - (sum < measured ? sum : measured) + network + (known(headroom) ? headroom : 0);
    return larger(parts, sum) + pool->margin_bytes;
}

/* ---- JVM options ------------------------------------------------------------------------------------------------- */

static unsigned release_of(const struct hc_plan_ask *ask)
{
    return ask->subject != NULL ? hc_java_release(ask->subject->jvm_version) : 0;
}

static enum hc_collector collector_of(const struct hc_plan_ask *ask)
{
    enum hc_collector named = hc_jvm_options_collector(ask->current);
    return named != HC_COLLECTOR_UNKNOWN ? named
           : ask->subject != NULL        ? ask->subject->collector
                                         : HC_COLLECTOR_UNKNOWN;
}

/* Adds an option unless the user has one of that name. */
__attribute__((format(printf, 4, 5))) static void add(struct hc_text *text, const struct hc_plan_ask *ask,
                                                      const char *name, const char *format, ...)
{
    char value[128];
    size_t length;
    va_list arguments;
    if (hc_jvm_options_find(ask->current, name, &length, NULL) != NULL)
        return;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    hc_text_print(text, "%s%s", text->length > 0 ? " " : "", value);
}

/*
 * Memory that is free must go back, or the heap would keep what the others need. G1, Serial and Parallel shrink by the
 * free ratios; G1 does so on its own in an idle process only with a periodic cycle (JEP 346, JDK 12). ZGC (JDK 13) and
 * Shenandoah uncommit by themselves and take a soft limit.
 */
static void add_give_back(struct hc_text *text, const struct hc_plan_ask *ask)
{
    enum hc_collector collector = collector_of(ask);
    if (hc_collects_in_cycles(collector) || collector == HC_COLLECTOR_EPSILON)
        return;
    add(text, ask, "-XX:MinHeapFreeRatio=", "-XX:MinHeapFreeRatio=20");
    add(text, ask, "-XX:MaxHeapFreeRatio=", "-XX:MaxHeapFreeRatio=40");
    if (collector == HC_COLLECTOR_G1 && release_of(ask) >= 12)
        add(text, ask, "-XX:G1PeriodicGCInterval=", "-XX:G1PeriodicGCInterval=60000");
}

static bool has_soft_limit(const struct hc_plan_ask *ask)
{
    enum hc_collector collector = collector_of(ask);
    return (collector == HC_COLLECTOR_Z && release_of(ask) >= 13) ||
           (collector == HC_COLLECTOR_SHENANDOAH && release_of(ask) >= 17);
}

static void add_limits(struct hc_text *text, const struct hc_plan_ask *ask, const struct hc_pool *pool)
{
    hc_text_print(text, "%s-Xmx%" PRIu64 "m -Xms%" PRIu64 "m", text->length > 0 ? " " : "",
                  pool->heap_limit_bytes / HC_MIB, pool->heap_initial_bytes / HC_MIB);
    hc_text_print(text, " -XX:MaxDirectMemorySize=%" PRIu64 "m -XX:MaxMetaspaceSize=%" PRIu64 "m",
                  pool->direct_limit_bytes / HC_MIB, pool->metaspace_limit_bytes / HC_MIB);
    if (has_soft_limit(ask))
        hc_text_print(text, " -XX:SoftMaxHeapSize=%" PRIu64 "m", pool->heap_need_bytes / HC_MIB);
}

static void warn_replaced(const struct hc_plan_ask *ask, const char *text, struct hc_resolution *out)
{
    for (const char *const *prefix = replaced; *prefix != NULL; prefix++) {
        size_t length;
        const char *key, *word = hc_jvm_options_find(ask->current, *prefix, &length, &key);
        char copy[64];
        if (word == NULL || length >= sizeof copy)
            continue;
        memcpy(copy, word, length);
        copy[length] = '\0';
        const char *same = strstr(text, copy);
        if (same != NULL && (same[length] == ' ' || same[length] == '\0'))
            continue;
        if (strcmp(key, HC_JVM_OPTIONS_TASKMANAGER) == 0)
            hc_warn(out, "%s in %s is replaced by the pool's own", copy, key);
        else
            hc_warn(out, "%s in %s no longer counts for TaskManagers: the pool's own in %s comes later", copy, key,
                    HC_JVM_OPTIONS_TASKMANAGER);
    }
}

/* The user's options with ours among them: limits last, so that the same again gives the same. */
static enum hc_status put_options(const struct hc_plan_ask *ask, struct hc_resolution *out, struct hc_error *err)
{
    const struct hc_flink_option *old = hc_flink_options_get(ask->current, HC_JVM_OPTIONS_TASKMANAGER);
    char *kept = hc_jvm_options_without(old == NULL ? "" : old->value, replaced);
    const char *collector = hc_jvm_options_collector_flag(collector_of(ask));
    struct hc_text text = {0};
    hc_text_print(&text, "%s", kept == NULL ? "" : kept);
    text.failed = text.failed || kept == NULL;
    free(kept);
    /* What the ratios do depends on the collector, and any option of ours takes the script's own choice of it away
     * (before 1.18) or leaves it to the size of the machine. */
    if (collector != NULL && hc_jvm_options_collector(ask->current) == HC_COLLECTOR_UNKNOWN)
        hc_text_print(&text, "%s%s", text.length > 0 ? " " : "", collector);
    add_give_back(&text, ask);
    add_limits(&text, ask, &out->pool);
    if (!text.failed && old != NULL && strcmp(old->value, text.data) == 0) {
        free(text.data);
        return HC_OK;
    }
    if (text.failed || hc_flink_options_set(out->options, HC_JVM_OPTIONS_TASKMANAGER, text.data) != HC_OK) {
        free(text.data);
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the JVM options");
    }
    warn_replaced(ask, text.data, out);
    struct hc_option_change *change = &out->changes[out->change_count++];
    *change =
        (struct hc_option_change){.key = HC_JVM_OPTIONS_TASKMANAGER, .was_set = old != NULL, .new_text = text.data};
    if (old != NULL)
        snprintf(change->old_value, sizeof change->old_value, "%s", old->value);
    return HC_OK;
}

/* ---- the pool ---------------------------------------------------------------------------------------------------- */

static void open_limits(const struct hc_plan_ask *ask, const struct outside *o, struct hc_resolution *out)
{
    struct hc_pool *pool = &out->pool;
    const struct hc_taskmanager_spec *plan = &out->after;
    uint64_t used = pool->heap_need_bytes + pool->outside_bytes, live = ask->recommendation->observed.live_p50_bytes;
    pool->slack_bytes = pool->container_bytes > used ? pool->container_bytes - used : 0;
    uint64_t direct = o->direct_beside + plan->network_bytes + pool->slack_bytes;
    /* Never below what Flink's own plan gives: it reserves parts of that for shuffles. */
    pool->direct_limit_bytes = up(larger(plan->jvm_direct_bytes, direct), HC_MIB);
    pool->metaspace_limit_bytes = up(larger(plan->metaspace_bytes, o->metaspace + pool->slack_bytes), HC_MIB);
    /* What lives half of the time need not be asked for; all above is given back when it is free. */
    uint64_t initial = known(live) ? live : pool->heap_limit_bytes / 4;
    initial = up(larger(initial, HEAP_INITIAL_LEAST_BYTES), heap_unit(pool->heap_limit_bytes));
    pool->heap_initial_bytes = initial < pool->heap_limit_bytes ? initial : pool->heap_limit_bytes;
}

static void tell(const struct outside *o, struct hc_resolution *out)
{
    struct hc_pool *pool = &out->pool;
    struct hc_component_change *parts = out->components;
    snprintf(pool->statement, sizeof pool->statement,
             "heap limit %" PRIu64 " MiB + %s outside it %" PRIu64 " MiB + margin %" PRIu64 " MiB = %" PRIu64
             " MiB <= container %" PRIu64 " MiB",
             pool->heap_limit_bytes / HC_MIB, o->measured ? "measured peak" : "planned",
             up(pool->outside_bytes, HC_MIB) / HC_MIB, pool->margin_bytes / HC_MIB,
             up(pool->heap_limit_bytes + pool->outside_bytes + pool->margin_bytes, HC_MIB) / HC_MIB,
             pool->container_bytes / HC_MIB);
    hc_note(out, "one pool: %s", pool->statement);
    if (known(pool->sum_max_bytes))
        hc_note(out, "live set and all else at once were %s at most%s%s", HC_HUMAN(pool->sum_max_bytes),
                known(pool->sum_p99_bytes) ? ", 99th percentile " : "",
                known(pool->sum_p99_bytes) ? HC_HUMAN(pool->sum_p99_bytes) : "");
    if (!o->measured)
        hc_warn(out, "not all memory outside the heap was measured (agent option off_heap): what Flink plans for it "
                     "counts instead");
    snprintf(parts[HC_COMPONENT_TASK_HEAP].reason, sizeof parts[0].reason,
             "all that the container leaves; the recommended JVM heap is %s, the rest is the slack that all share",
             HC_HUMAN(pool->heap_need_bytes));
    snprintf(parts[HC_COMPONENT_OVERHEAD].reason, sizeof parts[0].reason,
             "the rest of Flink's plan, which is no limit: with the pool's own limits only the container counts");
}

/*
 * The network memory follows from the total by the user's rule and counts to what lies outside the heap, from which the
 * total follows: upwards from what a plan for the needed heap alone has (*out) until it stays, which it does since its
 * share of the total is below one. The container never gets smaller than that plan without its overhead.
 */
static enum hc_status settle(const struct hc_plan_ask *ask, const struct hc_resolve_limits *limits,
                             const struct outside *o, struct hc_pool *pool, enum hc_limit *limit, uint64_t *wanted,
                             struct hc_resolution *out, struct hc_error *err)
{
    struct hc_plan_ask plan = *ask;
    uint64_t network = out->after.network_bytes, unit = heap_unit(pool->heap_need_bytes);
    uint64_t before = out->before.total_process_bytes;
    uint64_t least = out->after.total_flink_bytes + out->after.metaspace_bytes;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        pool->outside_bytes = o->metaspace + o->direct_beside + network + o->others;
        *wanted = up(larger(container_for(ask, pool, network), least), HC_MIB);
        pool->container_bytes = hc_limits_container(limits, before, *wanted, limit);
        uint64_t fixed = pool->outside_bytes + pool->margin_bytes;
        if (pool->container_bytes < fixed + unit)
            return hc_fail(err, HC_ECONFIG, 0,
                           "a container of %s has no room for a heap beside %s of all else with its margin; right "
                           "would be %s",
                           HC_HUMAN(pool->container_bytes), HC_HUMAN(fixed), HC_HUMAN(*wanted));
        pool->heap_limit_bytes = pool->container_bytes - fixed;
        pool->heap_limit_bytes -= pool->heap_limit_bytes % heap_unit(pool->heap_limit_bytes);
        plan.heap_bytes = pool->heap_limit_bytes;
        plan.container_bytes = pool->container_bytes;
        enum hc_status status = hc_plan_make(&plan, out, err);
        /* Flink's plan may need more for parts that are limits there; its heap is book-keeping, so it yields. */
        uint64_t low =
            pool->heap_limit_bytes > pool->heap_need_bytes ? pool->heap_need_bytes : pool->heap_limit_bytes / 4;
        while (status == HC_ECONFIG && plan.heap_bytes > low) {
            plan.heap_bytes = plan.heap_bytes - low > unit ? plan.heap_bytes - unit : low;
            status = hc_plan_make(&plan, out, err);
        }
        if (status != HC_OK)
            return status;
        if (out->after.network_bytes <= network)
            return HC_OK;
        network = out->after.network_bytes;
        hc_resolution_release(out);
    }
    return hc_fail(err, HC_ECONFIG, 0, "network memory takes nearly all of the container; right would be a smaller %s",
                   hc_key_name(HC_KEY_TM_NETWORK_FRACTION));
}

enum hc_status hc_pool_resolve(const struct hc_plan_ask *ask, const struct hc_resolve_limits *limits,
                               struct hc_resolution *out, struct hc_error *err)
{
    struct hc_resolution resolution;
    struct hc_taskmanager_spec before;
    struct hc_plan_ask need = *ask;
    enum hc_limit limit;
    uint64_t wanted;
    enum hc_status status = hc_taskmanager_spec_derive(ask->current, ask->target, &before, NULL, err);
    if (status != HC_OK)
        return status;
    uint64_t heap = heap_need(ask, &before);
    need.heap_bytes = heap;
    status = hc_plan_make(&need, &resolution, err);
    if (status != HC_OK)
        return status;
    hc_resolution_release(&resolution);
    struct outside o = outside_of(ask, &before, resolution.after.managed_bytes, heap);
    struct hc_pool pool = {.used = true,
                           .margin_bytes = margin_of(&o),
                           .heap_need_bytes = heap,
                           .sum_max_bytes = ask->recommendation->process.sum_max_bytes,
                           .sum_p99_bytes = ask->recommendation->process.sum_p99_bytes};
    status = settle(ask, limits, &o, &pool, &limit, &wanted, &resolution, err);
    if (status != HC_OK)
        return status;
    if (limit == HC_LIMIT_GAIN) {
        status = hc_limits_keep(ask->current, &resolution, err);
        if (status == HC_OK)
            hc_limits_note(&resolution, limits, limit, resolution.before.total_process_bytes, wanted, wanted);
        goto out;
    }
    resolution.pool = pool;
    open_limits(ask, &o, &resolution);
    status = hc_limits_check_heap(ask->recommendation, pool.heap_need_bytes, pool.heap_limit_bytes,
                                  pool.container_bytes, &resolution, err);
    if (status == HC_OK) {
        tell(&o, &resolution);
        hc_limits_note(&resolution, limits, limit, resolution.before.total_process_bytes, wanted, pool.container_bytes);
        status = put_options(ask, &resolution, err);
    }
out:
    if (status == HC_OK)
        *out = resolution;
    else
        hc_resolution_release(&resolution);
    return status;
}
