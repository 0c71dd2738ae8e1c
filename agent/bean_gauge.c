#include "bean_gauge.h"

#include "clock.h"
#include "java_calls.h"
#include "log.h"
#include "perf_counters.h"

#include <string.h>

enum {
    BUSY_MS = 50,  /* a cycle's record stays in its bean until the next cycle ends */
    GAP_TURNS = 4, /* so many turns between the ends of two cycles */
    HURRY_MS = 10, /* collections were missed */
    HURRY_TURNS = 50,
    QUIET_MS = 400,     /* no pause for ACTIVE_NS, or cycles far from each other */
    LULL_MS = 200,      /* the same where there are no records */
    FALL_TURNS_MAX = 4, /* a concurrent cycle goes on giving back after its last pause */
    NAME_SIZE = 64
};
#define AWAITED_NS (10 * INT64_C(1000000000))
#define ACTIVE_NS (2 * INT64_C(1000000000))
#define QUIET_LOOK_NS (1 * INT64_C(1000000000))

/* ---- names ---- */

enum hc_gc_kind bean_gauge_kind(const char *name, int generations)
{
    static const struct {
        const char *name;
        enum hc_gc_kind kind;
    } known[] = {
        {"Copy", HC_GC_YOUNG},
        {"MarkSweepCompact", HC_GC_FULL},
        {"PS Scavenge", HC_GC_YOUNG},
        {"PS MarkSweep", HC_GC_FULL},
        {"ParNew", HC_GC_YOUNG},
        {"ConcurrentMarkSweep", HC_GC_OLD},
        {"G1 Young Generation", HC_GC_YOUNG},
        {"G1 Old Generation", HC_GC_FULL},
        {"G1 Concurrent GC", HC_GC_PAUSE}, /* JDK 20 and later: Remark and Cleanup */
        {"ZGC", HC_GC_OLD},                /* JDK 11 to 16 */
        {"ZGC Cycles", HC_GC_OLD},
        {"ZGC Minor Cycles", HC_GC_YOUNG},
        {"ZGC Major Cycles", HC_GC_OLD},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].kind;
    /* With generations one bean counts young and global cycles alike: only the more modest is sure. */
    if (strcmp(name, "Shenandoah Cycles") == 0)
        return generations ? HC_GC_YOUNG : HC_GC_OLD;
    return 0; /* "... Pauses": their records carry zeros */
}

static int is_old_pool(const char *name)
{
    return strstr(name, "Old") != NULL || strstr(name, "Tenured") != NULL;
}

/* ---- looking things up, once ---- */

static int name_of(JNIEnv *jni, jobject bean, jmethodID get_name, char out[NAME_SIZE], jstring *out_string)
{
    jstring string = (*jni)->CallObjectMethod(jni, bean, get_name);
    if (java_failed(jni) || string == NULL || (*jni)->GetStringUTFLength(jni, string) >= NAME_SIZE)
        return 0;
    memset(out, 0, NAME_SIZE);
    (*jni)->GetStringUTFRegion(jni, string, 0, (*jni)->GetStringLength(jni, string), out);
    *out_string = string;
    return !java_failed(jni);
}

static void add_bean(JNIEnv *jni, struct bean_gauge *g, jobject bean, jmethodID get_name)
{
    char name[NAME_SIZE];
    jstring string;
    if (g->bean_count == BEAN_GAUGE_BEANS || !name_of(jni, bean, get_name, name, &string))
        return;
    enum hc_gc_kind kind = bean_gauge_kind(name, g->generations);
    int wanted = kind != 0 && (g->collector != HC_COLLECTOR_CMS || g->counters->young_invocations == NULL ||
                               kind == HC_GC_OLD); /* the callbacks see the rest */
    if (wanted)
        g->beans[g->bean_count++] = (struct gc_bean){.object = (*jni)->NewGlobalRef(jni, bean), .kind = kind};
    (*jni)->DeleteLocalRef(jni, string);
}

static void add_pool(JNIEnv *jni, struct bean_gauge *g, jobject pool, jmethodID get_name, jmethodID get_type,
                     jobject heap)
{
    char name[NAME_SIZE];
    jstring string;
    jobject type = (*jni)->CallObjectMethod(jni, pool, get_type);
    int on_heap = !java_failed(jni) && (*jni)->IsSameObject(jni, type, heap);
    (*jni)->DeleteLocalRef(jni, type);
    if (!on_heap || g->pool_count == BEAN_GAUGE_POOLS || !name_of(jni, pool, get_name, name, &string))
        return;
    g->pools[g->pool_count++] = (struct heap_pool){
        .object = (*jni)->NewGlobalRef(jni, pool), .name = (*jni)->NewGlobalRef(jni, string), .old = is_old_pool(name)};
    (*jni)->DeleteLocalRef(jni, string);
}

static jobject heap_type(JNIEnv *jni)
{
    jclass type = java_class(jni, "java/lang/management/MemoryType");
    jfieldID heap =
        type != NULL ? (*jni)->GetStaticFieldID(jni, type, "HEAP", "Ljava/lang/management/MemoryType;") : NULL;
    jobject value = heap != NULL ? (*jni)->GetStaticObjectField(jni, type, heap) : NULL;
    return java_failed(jni) ? NULL : value;
}

static void find_beans(JNIEnv *jni, struct bean_gauge *g)
{
    jmethodID item = java_method_of(jni, "java/util/List", "get", "(I)Ljava/lang/Object;");
    jmethodID bean_name =
        java_method_of(jni, "java/lang/management/MemoryManagerMXBean", "getName", "()Ljava/lang/String;");
    jmethodID pool_name =
        java_method_of(jni, "java/lang/management/MemoryPoolMXBean", "getName", "()Ljava/lang/String;");
    jmethodID pool_type =
        java_method_of(jni, "java/lang/management/MemoryPoolMXBean", "getType", "()Ljava/lang/management/MemoryType;");
    jobject heap = heap_type(jni);
    if (item == NULL || bean_name == NULL || pool_name == NULL || pool_type == NULL || heap == NULL)
        return;
    jobject beans = java_platform_beans(jni, "getGarbageCollectorMXBeans"),
            pools = java_platform_beans(jni, "getMemoryPoolMXBeans");
    for (jint i = 0, n = java_list_size(jni, beans); i < n; i++) {
        jobject bean = (*jni)->CallObjectMethod(jni, beans, item, i);
        if (!java_failed(jni) && bean != NULL)
            add_bean(jni, g, bean, bean_name);
        (*jni)->DeleteLocalRef(jni, bean);
    }
    for (jint i = 0, n = java_list_size(jni, pools); i < n; i++) {
        jobject pool = (*jni)->CallObjectMethod(jni, pools, item, i);
        if (!java_failed(jni) && pool != NULL)
            add_pool(jni, g, pool, pool_name, pool_type, heap);
        (*jni)->DeleteLocalRef(jni, pool);
    }
}

static void find_calls(JNIEnv *jni, struct bean_methods *call)
{
    static const char bean[] = "java/lang/management/GarbageCollectorMXBean", info[] = "com/sun/management/GcInfo",
                      usage[] = "java/lang/management/MemoryUsage", pool[] = "java/lang/management/MemoryPoolMXBean";
    call->get_count = java_method_of(jni, bean, "getCollectionCount", "()J");
    call->get_info = java_method_of(jni, "com/sun/management/GarbageCollectorMXBean", "getLastGcInfo",
                                    "()Lcom/sun/management/GcInfo;");
    call->get_start = java_method_of(jni, info, "getStartTime", "()J");
    call->get_end = java_method_of(jni, info, "getEndTime", "()J");
    call->get_before = java_method_of(jni, info, "getMemoryUsageBeforeGc", "()Ljava/util/Map;");
    call->get_after = java_method_of(jni, info, "getMemoryUsageAfterGc", "()Ljava/util/Map;");
    call->get = java_method_of(jni, "java/util/Map", "get", "(Ljava/lang/Object;)Ljava/lang/Object;");
    call->get_usage = java_method_of(jni, pool, "getUsage", "()Ljava/lang/management/MemoryUsage;");
    call->get_collection_usage =
        java_method_of(jni, pool, "getCollectionUsage", "()Ljava/lang/management/MemoryUsage;");
    call->get_used = java_method_of(jni, usage, "getUsed", "()J");
    call->get_committed = java_method_of(jni, usage, "getCommitted", "()J");
}

static void find_runtime(JNIEnv *jni, struct bean_gauge *g)
{
    jobject runtime = java_static_call(jni, "java/lang/Runtime", "getRuntime", "()Ljava/lang/Runtime;");
    if (runtime == NULL)
        return;
    g->runtime = (*jni)->NewGlobalRef(jni, runtime);
    g->call.total_memory = java_method_of(jni, "java/lang/Runtime", "totalMemory", "()J");
    g->call.free_memory = java_method_of(jni, "java/lang/Runtime", "freeMemory", "()J");
    if (g->call.total_memory == NULL || g->call.free_memory == NULL)
        g->runtime = NULL; /* no such JVM is known */
}

/* Now, where it can't be told: the first collection that is seen tells more. */
static int64_t find_zero(JNIEnv *jni)
{
    jobject bean = java_static_call(jni, "java/lang/management/ManagementFactory", "getRuntimeMXBean",
                                    "()Ljava/lang/management/RuntimeMXBean;");
    if (bean == NULL)
        return now_ns(CLOCK_MONOTONIC);
    jmethodID start = java_method_of(jni, "java/lang/management/RuntimeMXBean", "getStartTime", "()J");
    jlong start_ms = start != NULL ? (*jni)->CallLongMethod(jni, bean, start) : 0;
    if (java_failed(jni) || start_ms <= 0)
        return now_ns(CLOCK_MONOTONIC);
    /* both the start and what is counted from there are cut to whole milliseconds: half of one each */
    return now_ns(CLOCK_MONOTONIC) - (now_ns(CLOCK_REALTIME) - (start_ms + 1) * 1000000);
}

static enum hc_gc_source best_source(const struct bean_gauge *g)
{
    const struct bean_methods *c = &g->call;
    int usable = g->bean_count > 0 && g->pool_count > 0 && c->get_count != NULL && c->get_used != NULL &&
                 c->get_committed != NULL;
    if (usable && c->get_info != NULL && c->get_start != NULL && c->get_end != NULL && c->get_before != NULL &&
        c->get_after != NULL && c->get != NULL)
        return HC_GC_SOURCE_GC_INFO;
    if (usable && c->get_usage != NULL && c->get_collection_usage != NULL)
        return HC_GC_SOURCE_COLLECTION_USAGE;
    return HC_GC_SOURCE_RUNTIME;
}

/* ---- reading ---- */

struct use {
    int64_t used, old_used, committed; /* -1: not known */
};

/* 1 if the pool told; an old pool's use is counted apart, too. */
static int add_use(JNIEnv *jni, const struct bean_gauge *g, jobject usage, int old, struct use *sum)
{
    if (java_failed(jni) || usage == NULL)
        return 0;
    jlong used = (*jni)->CallLongMethod(jni, usage, g->call.get_used),
          committed = java_failed(jni) ? 0 : (*jni)->CallLongMethod(jni, usage, g->call.get_committed);
    (*jni)->DeleteLocalRef(jni, usage);
    if (java_failed(jni))
        return 0;
    sum->used += used;
    sum->committed += committed;
    if (old)
        sum->old_used = (sum->old_used < 0 ? 0 : sum->old_used) + used;
    return 1;
}

static int use_from_map(JNIEnv *jni, const struct bean_gauge *g, jobject map, struct use *out)
{
    *out = (struct use){0, -1, 0};
    if (java_failed(jni) || map == NULL)
        return 0;
    for (size_t i = 0; i < g->pool_count; i++) {
        jobject usage = (*jni)->CallObjectMethod(jni, map, g->call.get, g->pools[i].name);
        if (!add_use(jni, g, usage, g->pools[i].old, out))
            return 0;
    }
    return 1;
}

/* A young pause leaves the old pool's "use after collection" as some earlier collection set it: stale. What is used
 * there now is newer than that, and grows in collections only, or by what is allocated there at once. */
static int use_from_pools(JNIEnv *jni, const struct bean_gauge *g, enum hc_gc_kind kind, struct use *out)
{
    int stale = kind == HC_GC_YOUNG && !hc_collects_in_cycles(g->collector);
    *out = (struct use){0, -1, 0};
    for (size_t i = 0; i < g->pool_count; i++) {
        const struct heap_pool *pool = &g->pools[i];
        jmethodID get = pool->old && stale ? g->call.get_usage : g->call.get_collection_usage;
        if (!add_use(jni, g, (*jni)->CallObjectMethod(jni, pool->object, get), pool->old, out))
            return 0;
    }
    return 1;
}

/*
 * The beans count milliseconds from the JVM's start as RuntimeMXBean tells it, by the wall clock. Should somebody have
 * set that clock since then, what was seen puts it right: a collection that was not there in the turn before, and is
 * there now, has ended between.
 */
static void set_time(struct bean_gauge *g, int64_t start_ms, int64_t end_ms, struct gc_record *r)
{
    int64_t after = g->looked_ns - (end_ms + 2) * 1000000, until = now_ns(CLOCK_MONOTONIC) - end_ms * 1000000;
    if (g->zero_ns < after)
        g->zero_ns = after;
    if (g->zero_ns > until)
        g->zero_ns = until;
    r->end_ns = g->zero_ns + end_ms * 1000000;
    r->pause_ns = (end_ms - start_ms) * 1000000;
}

static int read_info(JNIEnv *jni, struct bean_gauge *g, const struct gc_bean *bean, struct gc_record *r)
{
    struct use before, after;
    jobject info = (*jni)->CallObjectMethod(jni, bean->object, g->call.get_info);
    if (java_failed(jni) || info == NULL)
        return 0;
    jlong start = (*jni)->CallLongMethod(jni, info, g->call.get_start);
    jlong end = java_failed(jni) ? 0 : (*jni)->CallLongMethod(jni, info, g->call.get_end);
    jobject map_before = java_failed(jni) ? NULL : (*jni)->CallObjectMethod(jni, info, g->call.get_before);
    if (!use_from_map(jni, g, map_before, &before))
        return 0;
    jobject map_after = (*jni)->CallObjectMethod(jni, info, g->call.get_after);
    if (!use_from_map(jni, g, map_after, &after))
        return 0;
    set_time(g, start, end, r);
    r->used_before = before.used;
    r->old_before = before.old_used;
    r->used_after = after.used;
    r->old_after = after.old_used;
    r->committed = after.committed;
    (*jni)->DeleteLocalRef(jni, info);
    (*jni)->DeleteLocalRef(jni, map_before);
    (*jni)->DeleteLocalRef(jni, map_after);
    return 1;
}

static int read_pools(JNIEnv *jni, struct bean_gauge *g, const struct gc_bean *bean, struct gc_record *r)
{
    struct use after;
    if (!use_from_pools(jni, g, bean->kind, &after))
        return 0;
    r->end_ns = now_ns(CLOCK_MONOTONIC);
    r->pause_ns = 0;
    r->used_before = r->old_before = -1;
    r->used_after = after.used;
    r->old_after = after.old_used;
    r->committed = after.committed;
    return 1;
}

/* The pools of Shenandoah with generations name as committed what is in use. */
static int64_t committed(JNIEnv *jni, const struct bean_gauge *g, int64_t pools)
{
    jlong total = g->runtime != NULL ? (*jni)->CallLongMethod(jni, g->runtime, g->call.total_memory) : 0;
    return !java_failed(jni) && total > pools ? total : pools;
}

/* How far from each other collections end: the shorter at once, the longer by and by. */
static void note_gap(struct bean_gauge *g, const struct gc_record *r)
{
    int64_t gap = (r->end_ns - g->ended_ns) / (1 + (int64_t)r->missed);
    g->gap_ns = gap < g->gap_ns ? gap : g->gap_ns + (gap - g->gap_ns) / 4;
    g->ended_ns = r->end_ns;
}

static void push(struct bean_gauge *g, struct gc_record *r)
{
    note_gap(g, r);
    r->source = (uint8_t)atomic_load_explicit(&g->source, memory_order_relaxed);
    if (r->missed > 0)
        g->hurry = HURRY_TURNS;
    ring_push(&g->cycles, r);
}

static int64_t count_of(JNIEnv *jni, const struct bean_gauge *g, const struct gc_bean *bean)
{
    jlong count = (*jni)->CallLongMethod(jni, bean->object, g->call.get_count);
    return java_failed(jni) ? -1 : count;
}

/* CMS counts full collections in the bean of its cycles, too; the callbacks have seen them. */
static int64_t full_since(struct bean_gauge *g)
{
    int64_t before = g->full_invocations;
    if (g->collector != HC_COLLECTOR_CMS || g->counters->full_invocations == NULL)
        return 0;
    g->full_invocations = *g->counters->full_invocations;
    return g->full_invocations - before;
}

/*
 * 1 for the record of a collection that came to nothing, so that what was used then is not what a collection left: a
 * cycle of Shenandoah that an allocation failure cancelled, to go on in a pause with a record of its own; a young
 * collection that Serial and Parallel gave up for the full one that follows it.
 */
static int left_nothing(const struct bean_gauge *g, const struct gc_record *r)
{
    switch (g->collector) {
    case HC_COLLECTOR_SHENANDOAH:
        return r->used_before >= 0 && r->used_after >= r->used_before;
    case HC_COLLECTOR_SERIAL:
    case HC_COLLECTOR_PARALLEL:
        return r->kind == HC_GC_YOUNG && r->used_after == r->used_before; /* a full one in vain is what it is */
    default:
        return 0;
    }
}

/* 1 and *out where this bean has a collection that was not there before. */
static int look_at_bean(JNIEnv *jni, struct bean_gauge *g, struct gc_bean *bean, struct gc_record *out)
{
    struct gc_record r = {.kind = (uint8_t)bean->kind};
    int64_t count = count_of(jni, g, bean), moved = count - bean->count;
    if (count < 0 || moved <= 0)
        return 0;
    bean->count = count;
    if (full_since(g) > 0) /* which of them the record describes can't be told: a full one says more anyway */
        return 0;
    int read = atomic_load_explicit(&g->source, memory_order_relaxed) == HC_GC_SOURCE_GC_INFO
                   ? read_info(jni, g, bean, &r)
                   : read_pools(jni, g, bean, &r);
    if (java_failed(jni) || !read)
        return 0;
    if (left_nothing(g, &r))
        r.kind = HC_GC_PAUSE;
    r.committed = committed(jni, g, r.committed);
    r.missed = moved <= UINT32_MAX ? (uint32_t)(moved - 1) : 0;
    *out = r;
    return 1;
}

static void in_order_of_end(struct gc_record *records, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && records[k].end_ns < records[k - 1].end_ns; k--) {
            struct gc_record later = records[k - 1];
            records[k - 1] = records[k];
            records[k] = later;
        }
}

/* How many collections there were that were not there before. */
static size_t look_at_beans(JNIEnv *jni, struct bean_gauge *g)
{
    struct gc_record records[BEAN_GAUGE_BEANS];
    size_t count = 0;
    int64_t now = now_ns(CLOCK_MONOTONIC);
    for (size_t i = 0; i < g->bean_count; i++)
        count += (size_t)look_at_bean(jni, g, &g->beans[i], &records[count]);
    g->looked_ns = now;
    if (count > 1 && atomic_load_explicit(&g->source, memory_order_relaxed) == HC_GC_SOURCE_COLLECTION_USAGE) {
        /* all pools show the newest collection, and which bean's that was can't be told */
        for (; count > 1; count--)
            records[0].missed += 1 + records[count - 1].missed;
        records[0].kind = HC_GC_YOUNG;
    }
    in_order_of_end(records, count);
    for (size_t i = 0; i < count; i++)
        push(g, &records[i]);
    return count;
}

/* Without beans: a collection is where the heap's use falls, and its end is where it rises again. */
static void look_at_runtime(JNIEnv *jni, struct bean_gauge *g)
{
    jlong total = (*jni)->CallLongMethod(jni, g->runtime, g->call.total_memory);
    jlong free_bytes = java_failed(jni) ? 0 : (*jni)->CallLongMethod(jni, g->runtime, g->call.free_memory);
    if (java_failed(jni))
        return;
    int64_t used = total - free_bytes, before = g->runtime_used;
    g->runtime_used = used;
    if (used < before) {
        g->runtime_low = used;
        if (++g->runtime_turns < FALL_TURNS_MAX)
            return;
    }
    if (g->runtime_low < 0)
        return;
    int whole = !g->generations && hc_collects_in_cycles(g->collector);
    struct gc_record r = {.end_ns = now_ns(CLOCK_MONOTONIC),
                          .kind = whole ? HC_GC_OLD : HC_GC_YOUNG,
                          .used_before = -1,
                          .used_after = g->runtime_low,
                          .old_before = -1,
                          .old_after = -1,
                          .committed = total};
    push(g, &r);
    g->runtime_low = -1;
    g->runtime_turns = 0;
}

/* ---- life ---- */

void bean_gauge_init(struct bean_gauge *g, enum hc_collector collector, int generations, const struct ring *pauses,
                     const struct perf_counters *counters)
{
    memset(g, 0, sizeof *g);
    g->collector = collector;
    g->generations = generations;
    g->pauses = pauses;
    g->counters = counters;
    g->runtime_low = -1;
    ring_init(&g->cycles, g->cycle, BEAN_GAUGE_CYCLES);
}

static void set_up(JNIEnv *jni, struct bean_gauge *g)
{
    static const char *const what[] = {
        [HC_GC_SOURCE_GC_INFO] = "the GC beans' GcInfo",
        [HC_GC_SOURCE_COLLECTION_USAGE] = "the pools' use after collection (no module jdk.management)",
        [HC_GC_SOURCE_RUNTIME] = "the heap's use after it fell, an upper bound (no module java.management)"};
    find_beans(jni, g);
    (void)java_failed(jni);
    find_calls(jni, &g->call);
    find_runtime(jni, g);
    enum hc_gc_source source = best_source(g);
    for (size_t i = 0; i < g->bean_count && source != HC_GC_SOURCE_RUNTIME; i++)
        g->beans[i].count = count_of(jni, g, &g->beans[i]); /* what was before is known by its count alone */
    g->zero_ns = find_zero(jni);
    g->looked_ns = g->ended_ns = now_ns(CLOCK_MONOTONIC);
    g->pauses_seen = ring_count(g->pauses);
    (void)full_since(g);
    if (source == HC_GC_SOURCE_RUNTIME && (g->runtime == NULL || g->collector == HC_COLLECTOR_CMS))
        return; /* CMS: of its cycles nothing is seen then; the callbacks see the rest */
    atomic_store_explicit(&g->source, source, memory_order_relaxed);
    log_line(LOG_LEVEL_INFO, "collections are read from %s", what[source]);
}

/* A pause belongs to a collection whose record is to be awaited, for some time: a long cycle has several pauses. */
static void note_pauses(struct bean_gauge *g, int64_t now)
{
    uint64_t pauses = ring_count(g->pauses);
    if (pauses != g->pauses_seen) {
        g->pauses_seen = pauses;
        g->pause_seen_ns = now;
        g->awaited = 1;
    }
    if (now - g->pause_seen_ns > AWAITED_NS)
        g->awaited = 0;
}

/* Each wake-up costs the host some 30 us: no more of them than the records ask for. Where there are none, what is read
 * is true of the moment alone. */
static int turn_after(struct bean_gauge *g, int64_t now, int recorded)
{
    int64_t turn_ms = recorded ? g->gap_ns / GAP_TURNS / 1000000 : BUSY_MS;
    int active = g->awaited || now - g->pause_seen_ns < ACTIVE_NS, most_ms = recorded ? QUIET_MS : LULL_MS;
    if (g->hurry > 0) {
        g->hurry--;
        return HURRY_MS;
    }
    if (!active || turn_ms > most_ms)
        return most_ms;
    return turn_ms > BUSY_MS ? (int)turn_ms : BUSY_MS;
}

int bean_gauge_run(void *gauge, JNIEnv *jni)
{
    struct bean_gauge *g = gauge;
    if (!g->tried) {
        g->tried = 1;
        set_up(jni, g);
    }
    enum hc_gc_source source = (enum hc_gc_source)atomic_load_explicit(&g->source, memory_order_relaxed);
    if (source == HC_GC_SOURCE_UNKNOWN)
        return 0;
    int64_t now = now_ns(CLOCK_MONOTONIC);
    note_pauses(g, now);
    if (source == HC_GC_SOURCE_RUNTIME)
        look_at_runtime(jni, g);
    else if (g->awaited ||
             now - g->looked_ns >= QUIET_LOOK_NS) /* the pauses of a cycle may be seen before the one before
                                                      it has its record, and then nothing is awaited */
        if (look_at_beans(jni, g) > 0)
            g->awaited = 0;
    return turn_after(g, now, source == HC_GC_SOURCE_GC_INFO);
}
