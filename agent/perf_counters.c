#include "perf_counters.h"

#include <stddef.h>
#include <string.h>

/* sun.jvmstat's layout 2.0, the same from JDK 5 to 25 (HotSpot: perfMemory.hpp, PerfDataPrologue and PerfDataEntry). */
struct prologue {
    unsigned char magic[4]; /* CA FE C0 C0 */
    unsigned char byte_order, major, minor, accessible;
    int32_t used, overflow;
    int64_t modified;
    int32_t entry_offset, entry_count;
};

struct entry {
    int32_t length, name_offset, vector_length;
    char type; /* 'J' long, 'B' byte vector */
    unsigned char flags, units, variability;
    int32_t data_offset;
};

static const struct {
    const char *name;
    size_t at;
} longs[] = {
    {"sun.gc.generation.0.space.0.used", offsetof(struct perf_counters, eden_used)},
    {"sun.gc.generation.0.space.1.used", offsetof(struct perf_counters, survivor0_used)},
    {"sun.gc.generation.0.space.2.used", offsetof(struct perf_counters, survivor1_used)},
    {"sun.gc.generation.1.space.0.used", offsetof(struct perf_counters, old_used)},
    {"sun.gc.generation.0.space.0.capacity", offsetof(struct perf_counters, eden_capacity)},
    {"sun.gc.generation.0.space.1.capacity", offsetof(struct perf_counters, survivor0_capacity)},
    {"sun.gc.generation.0.space.2.capacity", offsetof(struct perf_counters, survivor1_capacity)},
    {"sun.gc.generation.0.capacity", offsetof(struct perf_counters, young_capacity)},
    {"sun.gc.generation.1.capacity", offsetof(struct perf_counters, old_capacity)},
    {"sun.gc.generation.0.maxCapacity", offsetof(struct perf_counters, young_max)},
    {"sun.gc.generation.1.maxCapacity", offsetof(struct perf_counters, old_max)},
    {"sun.gc.collector.0.invocations", offsetof(struct perf_counters, young_invocations)},
    {"sun.gc.collector.1.invocations", offsetof(struct perf_counters, full_invocations)},
    {"sun.gc.collector.2.invocations", offsetof(struct perf_counters, phase_invocations)},
    {"sun.gc.metaspace.used", offsetof(struct perf_counters, metaspace_used)},
    {"sun.gc.metaspace.capacity", offsetof(struct perf_counters, metaspace_capacity)},
    {"java.cls.loadedClasses", offsetof(struct perf_counters, classes_loaded)},
    {"java.cls.unloadedClasses", offsetof(struct perf_counters, classes_unloaded)},
    {"java.cls.sharedLoadedClasses", offsetof(struct perf_counters, shared_loaded)},
    {"java.cls.sharedUnloadedClasses", offsetof(struct perf_counters, shared_unloaded)},
};

/* First collector's name, as HotSpot registers it in sun.gc.collector.0.name. */
static enum hc_collector collector_of(const char *name)
{
    static const struct {
        const char *text;
        enum hc_collector collector;
    } known[] = {
        {"G1", HC_COLLECTOR_G1},
        {"PSScavenge", HC_COLLECTOR_PARALLEL}, /* JDK 11 */
        {"Parallel", HC_COLLECTOR_PARALLEL},   /* "Parallel young collection pauses" from JDK 17 on */
        {"Copy", HC_COLLECTOR_SERIAL},         /* JDK 11 */
        {"Serial", HC_COLLECTOR_SERIAL},       /* from JDK 17 on */
        {"PCopy", HC_COLLECTOR_CMS},           /* ParNew of JDK 11, only used with CMS */
        {"ParNew", HC_COLLECTOR_CMS},
        {"CMS", HC_COLLECTOR_CMS},
        {"Shenandoah", HC_COLLECTOR_SHENANDOAH},
        {"Z", HC_COLLECTOR_Z},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncmp(name, known[i].text, strlen(known[i].text)) == 0)
            return known[i].collector;
    return HC_COLLECTOR_UNKNOWN;
}

static void take(const char *name, const struct entry *e, const unsigned char *data, struct perf_counters *out)
{
    if (e->type == 'J' && e->vector_length == 0) {
        for (size_t i = 0; i < sizeof longs / sizeof longs[0]; i++) {
            const volatile int64_t *value = (const volatile int64_t *)(const volatile void *)data;
            if (strcmp(name, longs[i].name) == 0)
                memcpy((char *)out + longs[i].at, &value, sizeof value);
        }
    } else if (e->type == 'B') {
        int holds_cause = e->vector_length >= PERF_CAUSE_BYTES;
        if (holds_cause && strcmp(name, "sun.gc.cause") == 0)
            out->cause = (const char *)data;
        else if (holds_cause && strcmp(name, "sun.gc.lastCause") == 0)
            out->last_cause = (const char *)data;
        else if (strcmp(name, "java.property.java.version") == 0)
            out->java_version = (const char *)data;
        else if (strcmp(name, "sun.gc.collector.0.name") == 0 || strcmp(name, "sun.gc.collector.2.name") == 0)
            /* ZGC without generations has number 2 alone */
            out->collector = out->collector != HC_COLLECTOR_UNKNOWN ? out->collector : collector_of((const char *)data);
    }
}

int perf_counters_find(const unsigned char *memory, struct perf_counters *out)
{
    struct prologue p;
    memset(out, 0, sizeof *out);
    if (memory == NULL)
        return 0;
    memcpy(&p, memory, sizeof p);
    if (memcmp(p.magic, "\xca\xfe\xc0\xc0", 4) != 0 || p.major != 2)
        return 0;
    const unsigned char *at = memory + p.entry_offset;
    for (int32_t i = 0; i < p.entry_count; i++) {
        struct entry e;
        memcpy(&e, at, sizeof e);
        if (e.length <= 0)
            break;
        take((const char *)at + e.name_offset, &e, at + e.data_offset, out);
        at += e.length;
    }
    return out->eden_used != NULL && out->old_used != NULL && out->young_invocations != NULL &&
           out->full_invocations != NULL && out->young_capacity != NULL && out->old_capacity != NULL &&
           out->cause != NULL && out->last_cause != NULL;
}
