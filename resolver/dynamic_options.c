#include "dynamic_options.h"

#include "java_number.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The hash that java.util.HashMap spreads a String key with. The keys here are ASCII. */
static uint32_t java_hash(const char *text)
{
    uint32_t hash = 0;
    for (; *text != '\0'; text++)
        hash = 31 * hash + (unsigned char)*text;
    return hash ^ hash >> 16;
}

/* java.util.HashMap: 16 buckets, doubled when more than three quarters full; equal buckets keep the insertion order. */
static uint32_t java_buckets(size_t count)
{
    uint32_t buckets = 16;
    while (count > buckets / 4 * 3)
        buckets *= 2;
    return buckets;
}

/* ---- external resources ------------------------------------------------------------------------------------------ */

static void resources_add(struct hc_resources *resources, const char *name, size_t length)
{
    name = hc_java_trim(name, &length);
    if (length == 0 || length >= sizeof resources->each[0].name || resources->count == HC_RESOURCES_MAX)
        return;
    for (unsigned i = 0; i < resources->count; i++)
        if (strlen(resources->each[i].name) == length && memcmp(resources->each[i].name, name, length) == 0)
            return;
    memcpy(resources->each[resources->count].name, name, length);
    resources->each[resources->count].name[length] = '\0';
    resources->each[resources->count++].amount = 0;
}

static void resources_sort(struct hc_resources *resources)
{
    uint32_t mask = java_buckets(resources->count) - 1;
    for (unsigned i = 1; i < resources->count; i++) {
        struct hc_resource moved = resources->each[i];
        unsigned j = i;
        for (; j > 0 && (java_hash(resources->each[j - 1].name) & mask) > (java_hash(moved.name) & mask); j--)
            resources->each[j] = resources->each[j - 1];
        resources->each[j] = moved;
    }
}

/* A list is "a;b", and from 1.19 also YAML's "[a, b]" (ConfigurationUtils.convertToList). */
static void resources_split(const char *list, bool yaml, struct hc_resources *out)
{
    size_t length = strlen(list);
    bool flow = yaml && length >= 2 && list[0] == '[' && list[length - 1] == ']';
    const char *p = flow ? list + 1 : list, *end = list + length - flow;
    while (p < end) {
        size_t part = 0;
        while (p + part < end && p[part] != (flow ? ',' : ';'))
            part++;
        resources_add(out, p, part);
        p += part + 1;
    }
}

bool hc_read_resources(struct derivation *d, struct hc_resources *out)
{
    struct hc_resources named = {0};
    const struct hc_flink_option *option = hc_flink_options_find(d->options, HC_KEY_EXTERNAL_RESOURCES);
    out->count = 0;
    if (option == NULL || strcmp(option->value, "none") == 0)
        return true;
    resources_split(option->value, hc_flink_version_from(d->target.version, 1, 19), &named);
    resources_sort(&named);
    for (unsigned i = 0; i < named.count; i++) {
        if (!hc_read_resource_amount(d, named.each[i].name, &named.each[i].amount))
            return false;
        if (named.each[i].amount > 0)
            out->each[out->count++] = named.each[i];
    }
    return true;
}

/* ---- the list ---------------------------------------------------------------------------------------------------- */

enum { PAIRS_MAX = 16 + HC_RESOURCES_MAX, VALUE_MAX = HC_RESOURCES_MAX * 97 + 8 };

struct pairs {
    unsigned count;
    struct pair {
        char key[128];
        char value[VALUE_MAX];
    } each[PAIRS_MAX];
};

__attribute__((format(printf, 3, 4))) static void put(struct pairs *pairs, const char *key, const char *format, ...)
{
    va_list arguments;
    struct pair *pair = &pairs->each[pairs->count++];
    snprintf(pair->key, sizeof pair->key, "%s", key);
    va_start(arguments, format);
    vsnprintf(pair->value, sizeof pair->value, format, arguments);
    va_end(arguments);
}

static void put_size(struct pairs *pairs, enum hc_key key, uint64_t bytes)
{
    put(pairs, hc_key_name(key), "%" PRIu64 "b", bytes);
}

/* "-D key=value …" in the order in which a HashMap gives the pairs back. */
static enum hc_status list(const struct pairs *pairs, bool blank_at_end, char **out, struct hc_error *err)
{
    size_t size = 1;
    for (unsigned i = 0; i < pairs->count; i++)
        size += strlen(pairs->each[i].key) + strlen(pairs->each[i].value) + 5;
    char *text = malloc(size);
    if (text == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for %zu bytes of dynamic options", size);
    size_t used = 0;
    uint32_t buckets = java_buckets(pairs->count);
    for (uint32_t bucket = 0; bucket < buckets; bucket++)
        for (unsigned i = 0; i < pairs->count; i++)
            if ((java_hash(pairs->each[i].key) & (buckets - 1)) == bucket)
                used +=
                    (size_t)snprintf(text + used, size - used, "-D %s=%s ", pairs->each[i].key, pairs->each[i].value);
    text[used - (used > 0 && !blank_at_end)] = '\0';
    *out = text;
    return HC_OK;
}

static void put_resources(struct pairs *pairs, const struct hc_resources *resources, struct hc_flink_version version)
{
    char names[VALUE_MAX] = "", key[128];
    size_t used = 0;
    for (unsigned i = 0; i < resources->count; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ";" : "", resources->each[i].name);
    const char *quote = hc_flink_version_from(version, 1, 15) ? "\"" : ""; /* FLINK-24830: ';' ends a shell command */
    if (resources->count == 0)
        put(pairs, hc_key_name(HC_KEY_EXTERNAL_RESOURCES), "none");
    else
        put(pairs, hc_key_name(HC_KEY_EXTERNAL_RESOURCES), "%s%s%s", quote, names, quote);
    for (unsigned i = 0; i < resources->count; i++) {
        snprintf(key, sizeof key, "external-resource.%s.amount", resources->each[i].name);
        put(pairs, key, "%" PRId64, resources->each[i].amount);
    }
}

enum hc_status hc_taskmanager_spec_dynamic_options(const struct hc_taskmanager_spec *spec,
                                                   const struct hc_flink_options *options,
                                                   struct hc_flink_target target, char **out, struct hc_error *err)
{
    struct pairs pairs = {0};
    struct hc_resources resources;
    struct derivation d;
    char cores[HC_JAVA_DOUBLE_TEXT];
    put(&pairs, hc_key_name(HC_KEY_TM_CPU), "%s", hc_java_double_text(spec->cpu_cores, cores));
    put_size(&pairs, HC_KEY_TM_FRAMEWORK_HEAP, spec->framework_heap_bytes);
    put_size(&pairs, HC_KEY_TM_FRAMEWORK_OFF_HEAP, spec->framework_off_heap_bytes);
    put_size(&pairs, HC_KEY_TM_TASK_HEAP, spec->task_heap_bytes);
    put_size(&pairs, HC_KEY_TM_TASK_OFF_HEAP, spec->task_off_heap_bytes);
    put_size(&pairs, HC_KEY_TM_NETWORK_MIN, spec->network_bytes);
    put_size(&pairs, HC_KEY_TM_NETWORK_MAX, spec->network_bytes);
    put_size(&pairs, HC_KEY_TM_MANAGED, spec->managed_bytes);
    if (hc_flink_version_from(target.version, 1, 12)) {
        put_size(&pairs, HC_KEY_TM_METASPACE, spec->metaspace_bytes);
        put_size(&pairs, HC_KEY_TM_OVERHEAD_MIN, spec->overhead_bytes);
        put_size(&pairs, HC_KEY_TM_OVERHEAD_MAX, spec->overhead_bytes);
    }
    if (hc_flink_version_from(target.version, 1, 13)) {
        put(&pairs, hc_key_name(HC_KEY_TM_SLOTS), "%" PRId32, spec->slots);
        hc_derivation_init(&d, options, target, &hc_taskmanager_keys);
        if (!hc_read_resources(&d, &resources))
            return hc_fail(err, HC_ECONFIG, d.line, "%s", d.failure.chain[0].message);
        put_resources(&pairs, &resources, target.version);
    }
    return list(&pairs, !hc_flink_version_from(target.version, 1, 12), out, err);
}

enum hc_status hc_jobmanager_spec_dynamic_options(const struct hc_jobmanager_spec *spec, struct hc_flink_target target,
                                                  char **out, struct hc_error *err)
{
    struct pairs pairs = {0};
    if (hc_flink_version_from(target.version, 1, 12)) {
        put_size(&pairs, HC_KEY_JM_HEAP, spec->jvm_heap_bytes);
        put_size(&pairs, HC_KEY_JM_OFF_HEAP, spec->off_heap_bytes);
        put_size(&pairs, HC_KEY_JM_METASPACE, spec->metaspace_bytes);
        put_size(&pairs, HC_KEY_JM_OVERHEAD_MIN, spec->overhead_bytes);
        put_size(&pairs, HC_KEY_JM_OVERHEAD_MAX, spec->overhead_bytes);
    }
    return list(&pairs, false, out, err);
}
