#include "dynamic_options.h"

#include "java_number.h"
#include "option_list.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The hash that java.util.HashMap spreads a String key with; a String is UTF-16. */
static uint32_t java_hash(const char *text)
{
    uint32_t hash = 0;
    size_t length = strlen(text), bytes;
    for (; length > 0; text += bytes, length -= bytes) {
        uint32_t character = hc_utf8_decode(text, length, &bytes);
        if (character > 0xffff)
            hash = 31 * hash + 0xd7c0 + (character >> 10);
        hash = 31 * hash + (character > 0xffff ? 0xdc00 + (character & 0x3ff) : character);
    }
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

static bool resources_add(struct hc_resources *resources, const char *name)
{
    for (unsigned i = 0; i < resources->count; i++)
        if (strcmp(resources->each[i].name, name) == 0)
            return true;
    if (strlen(name) >= sizeof resources->each[0].name || resources->count == HC_RESOURCES_MAX)
        return false;
    struct hc_resource *added = &resources->each[resources->count++];
    memcpy(added->name, name, strlen(name) + 1);
    added->amount = 0;
    return true;
}

/* new HashSet(collection): room for all of the collection from the beginning. */
static uint32_t java_set_buckets(size_t count)
{
    uint32_t buckets = 16;
    while (buckets < (uint32_t)((float)count / 0.75f) + 1)
        buckets *= 2;
    return buckets;
}

static void resources_sort(struct hc_resources *resources, uint32_t buckets)
{
    uint32_t mask = buckets - 1;
    for (unsigned i = 1; i < resources->count; i++) {
        struct hc_resource moved = resources->each[i];
        unsigned j = i;
        for (; j > 0 && (java_hash(resources->each[j - 1].name) & mask) > (java_hash(moved.name) & mask); j--)
            resources->each[j] = resources->each[j - 1];
        resources->each[j] = moved;
    }
}

static bool unreadable_list(struct derivation *d, const struct hc_flink_option *option, const struct hc_error *err)
{
    hc_raise(d, "UNREADABLE_VALUE", HC_KEY_EXTERNAL_RESOURCES, HC_ARGUMENT_EXCEPTION,
             "Could not parse value '%s' for key '%s'.", option->value, option->key);
    d->line = option->line;
    hc_mend(d, "right would be names with ';' between them, as gpu;fpga");
    return hc_cause(d, HC_ARGUMENT_EXCEPTION, "%s", err->text);
}

bool hc_read_resources(struct derivation *d, struct hc_resources *out)
{
    const struct hc_flink_option *option = hc_flink_options_find(d->options, HC_KEY_EXTERNAL_RESOURCES);
    out->count = 0;
    if (option == NULL || strcmp(option->value, "none") == 0)
        return true;
    struct hc_resources named;
    struct hc_option_list list;
    struct hc_error err;
    named.count = 0;
    bool yaml = hc_flink_version_from(d->target.version, 1, 19) && option->kind != HC_VALUE_LEGACY;
    if (hc_option_list_read(option->value, yaml, &list, &err) != HC_OK)
        return unreadable_list(d, option, &err);
    for (unsigned i = 0; i < list.count; i++)
        if (!resources_add(&named, list.each[i])) {
            hc_fail(&err, HC_EUNSUPPORTED, 0, "heapcast takes %d names of up to %zu bytes", HC_RESOURCES_MAX,
                    sizeof named.each[0].name - 1);
            return unreadable_list(d, option, &err);
        }
    resources_sort(&named, java_set_buckets(list.count));
    for (unsigned i = 0; i < named.count; i++) {
        if (!hc_read_resource_amount(d, named.each[i].name, &named.each[i].amount))
            return false;
        if (named.each[i].amount > 0)
            out->each[out->count++] = named.each[i];
    }
    resources_sort(out, java_buckets(out->count));
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

/* ExternalResource keeps an amount as a double, and BigDecimal.longValue cuts what does not fit. */
static int64_t amount_kept(int64_t amount)
{
    struct hc_decimal decimal = hc_decimal_shortest((double)amount);
    uint64_t kept = decimal.digits;
    for (int i = 0; i < decimal.exponent; i++)
        kept *= 10;
    return (int64_t)kept;
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
        put(pairs, key, "%" PRId64, amount_kept(resources->each[i].amount));
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
