#include <heapcast/flink_options.h>

#include "flink_keys.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[HC_KEYS] = {
    [HC_KEY_TM_PROCESS] = "taskmanager.memory.process.size",
    [HC_KEY_TM_FLINK] = "taskmanager.memory.flink.size",
    [HC_KEY_TM_FRAMEWORK_HEAP] = "taskmanager.memory.framework.heap.size",
    [HC_KEY_TM_FRAMEWORK_OFF_HEAP] = "taskmanager.memory.framework.off-heap.size",
    [HC_KEY_TM_TASK_HEAP] = "taskmanager.memory.task.heap.size",
    [HC_KEY_TM_TASK_OFF_HEAP] = "taskmanager.memory.task.off-heap.size",
    [HC_KEY_TM_MANAGED] = "taskmanager.memory.managed.size",
    [HC_KEY_TM_MANAGED_FRACTION] = "taskmanager.memory.managed.fraction",
    [HC_KEY_TM_NETWORK_MIN] = "taskmanager.memory.network.min",
    [HC_KEY_TM_NETWORK_MAX] = "taskmanager.memory.network.max",
    [HC_KEY_TM_NETWORK_FRACTION] = "taskmanager.memory.network.fraction",
    [HC_KEY_TM_METASPACE] = "taskmanager.memory.jvm-metaspace.size",
    [HC_KEY_TM_OVERHEAD_MIN] = "taskmanager.memory.jvm-overhead.min",
    [HC_KEY_TM_OVERHEAD_MAX] = "taskmanager.memory.jvm-overhead.max",
    [HC_KEY_TM_OVERHEAD_FRACTION] = "taskmanager.memory.jvm-overhead.fraction",
    [HC_KEY_TM_SLOTS] = "taskmanager.numberOfTaskSlots",
    [HC_KEY_TM_CPU] = "taskmanager.cpu.cores",
    [HC_KEY_TM_BATCH_SHUFFLE] = "taskmanager.memory.framework.off-heap.batch-shuffle.size",
    [HC_KEY_TM_SEGMENT] = "taskmanager.memory.segment-size",
    [HC_KEY_EXTERNAL_RESOURCES] = "external-resources",
    [HC_KEY_JM_PROCESS] = "jobmanager.memory.process.size",
    [HC_KEY_JM_FLINK] = "jobmanager.memory.flink.size",
    [HC_KEY_JM_HEAP] = "jobmanager.memory.heap.size",
    [HC_KEY_JM_OFF_HEAP] = "jobmanager.memory.off-heap.size",
    [HC_KEY_JM_METASPACE] = "jobmanager.memory.jvm-metaspace.size",
    [HC_KEY_JM_OVERHEAD_MIN] = "jobmanager.memory.jvm-overhead.min",
    [HC_KEY_JM_OVERHEAD_MAX] = "jobmanager.memory.jvm-overhead.max",
    [HC_KEY_JM_OVERHEAD_FRACTION] = "jobmanager.memory.jvm-overhead.fraction",
    [HC_KEY_JM_DIRECT_LIMIT] = "jobmanager.memory.enable-jvm-direct-memory-limit",
    [HC_KEY_TM_OLD_HEAP] = "taskmanager.heap.size",
    [HC_KEY_TM_OLD_HEAP_MB] = "taskmanager.heap.mb",
    [HC_KEY_TM_OLD_BUFFERS] = "taskmanager.network.numberOfBuffers",
    [HC_KEY_JM_OLD_HEAP] = "jobmanager.heap.size",
    [HC_KEY_JM_OLD_HEAP_MB] = "jobmanager.heap.mb",
    [HC_KEY_TM_OLD_MANAGED] = "taskmanager.memory.size",
    [HC_KEY_TM_OLD_NETWORK_MIN] = "taskmanager.network.memory.min",
    [HC_KEY_TM_OLD_NETWORK_MAX] = "taskmanager.network.memory.max",
    [HC_KEY_TM_OLD_NETWORK_FRACTION] = "taskmanager.network.memory.fraction",
};

/* Memory options that Flink knows and this arithmetic does not need: not misspelt. */
static const char *const elsewhere[] = {
    "taskmanager.memory.managed.consumer-weights",
    "taskmanager.memory.min-segment-size",
    "taskmanager.memory.fraction",
    "taskmanager.memory.off-heap",
    "taskmanager.memory.preallocate",
    "taskmanager.memory.automatic-adjust-network",
};

struct hc_flink_options {
    struct hc_flink_option *items;
    size_t count, room;
    size_t at[HC_KEYS]; /* 1 + index of a known key, 0: not set; so that the arithmetic never searches */
    size_t *slots;      /* 1 + index by hash, for a file with very many keys; NULL: not built */
    size_t slot_count;  /* a power of two, more than twice the options */
};

enum { SEARCHED_MAX = 64 /* fewer options are found faster without the hash */ };

const char *hc_key_name(enum hc_key key)
{
    return names[key];
}

enum hc_key hc_key_deprecated(enum hc_key key)
{
    switch (key) {
    case HC_KEY_TM_MANAGED:
        return HC_KEY_TM_OLD_MANAGED;
    case HC_KEY_TM_NETWORK_MIN:
        return HC_KEY_TM_OLD_NETWORK_MIN;
    case HC_KEY_TM_NETWORK_MAX:
        return HC_KEY_TM_OLD_NETWORK_MAX;
    case HC_KEY_TM_NETWORK_FRACTION:
        return HC_KEY_TM_OLD_NETWORK_FRACTION;
    default:
        return HC_KEY_NONE;
    }
}

static enum hc_key key_known(const char *name)
{
    for (int key = HC_KEY_NONE + 1; key < HC_KEYS; key++)
        if (strcmp(names[key], name) == 0)
            return (enum hc_key)key;
    return HC_KEY_NONE;
}

struct hc_flink_options *hc_flink_options_new(void)
{
    return calloc(1, sizeof(struct hc_flink_options));
}

void hc_flink_options_free(struct hc_flink_options *options)
{
    if (options == NULL)
        return;
    for (size_t i = 0; i < options->count; i++) {
        free((char *)options->items[i].key);
        free((char *)options->items[i].value);
    }
    free(options->items);
    free(options->slots);
    free(options);
}

struct hc_flink_options *hc_flink_options_copy(const struct hc_flink_options *options)
{
    struct hc_flink_options *copy = hc_flink_options_new();
    for (size_t i = 0; copy != NULL && i < options->count; i++)
        if (hc_flink_options_put(copy, &options->items[i]) != HC_OK) {
            hc_flink_options_free(copy);
            return NULL;
        }
    return copy;
}

static size_t *slot_of(const struct hc_flink_options *options, const char *key)
{
    size_t hash = 5381, mask = options->slot_count - 1;
    for (const char *p = key; *p != '\0'; p++)
        hash = hash * 33 ^ (unsigned char)*p;
    size_t *slot = &options->slots[(hash ^ hash >> 15) & mask];
    while (*slot != 0 && strcmp(options->items[*slot - 1].key, key) != 0)
        slot = slot == options->slots + mask ? options->slots : slot + 1;
    return slot;
}

static void forget_slots(struct hc_flink_options *options)
{
    free(options->slots);
    options->slots = NULL;
    options->slot_count = 0;
}

/* Makes room in the hash for one more, or builds it. Without memory everything goes on, more slowly. */
static void keep_slots(struct hc_flink_options *options)
{
    if (options->count < SEARCHED_MAX || options->slot_count > options->count * 2 + 2)
        return;
    forget_slots(options);
    size_t count = 256;
    while (count <= options->count * 4)
        count *= 2;
    options->slots = calloc(count, sizeof *options->slots);
    options->slot_count = options->slots == NULL ? 0 : count;
    for (size_t i = 0; options->slots != NULL && i < options->count; i++)
        *slot_of(options, options->items[i].key) = i + 1;
}

static size_t index_of(const struct hc_flink_options *options, const char *key)
{
    size_t i = 0;
    if (options->slots != NULL) {
        i = *slot_of(options, key);
        return i == 0 ? options->count : i - 1;
    }
    while (i < options->count && strcmp(options->items[i].key, key) != 0)
        i++;
    return i;
}

static bool grow(struct hc_flink_options *options)
{
    if (options->count < options->room)
        return true;
    size_t room = options->room == 0 ? 16 : options->room * 2;
    struct hc_flink_option *items = realloc(options->items, room * sizeof *items);
    if (items == NULL)
        return false;
    options->items = items;
    options->room = room;
    return true;
}

enum hc_status hc_flink_options_put(struct hc_flink_options *options, const struct hc_flink_option *option)
{
    keep_slots(options);
    size_t i = index_of(options, option->key);
    bool added = i == options->count;
    char *value = strdup(option->value), *key = added ? strdup(option->key) : NULL;
    if (value == NULL || (added && (key == NULL || !grow(options)))) {
        free(value);
        free(key);
        return HC_ENOMEM;
    }
    if (added) {
        options->at[key_known(key)] = ++options->count;
        options->items[i].key = key;
        if (options->slots != NULL)
            *slot_of(options, key) = options->count;
    } else {
        free((char *)options->items[i].value);
    }
    options->items[i].value = value;
    options->items[i].line = option->line;
    options->items[i].kind = option->kind;
    return HC_OK;
}

enum hc_status hc_flink_options_set(struct hc_flink_options *options, const char *key, const char *value)
{
    return hc_flink_options_put(options, &(struct hc_flink_option){.key = key, .value = value});
}

enum hc_status hc_flink_options_set_pair(struct hc_flink_options *options, const char *pair, struct hc_error *err)
{
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair)
        return hc_fail(err, HC_EPARSE, 0, "'%s' is not an option; right would be key=value", pair);
    char *key = strndup(pair, (size_t)(equals - pair));
    enum hc_status status = key == NULL ? HC_ENOMEM : hc_flink_options_set(options, key, equals + 1);
    free(key);
    return status == HC_OK ? HC_OK : hc_fail(err, status, 0, "no memory for option '%s'", pair);
}

void hc_flink_options_remove(struct hc_flink_options *options, const char *key)
{
    size_t i = index_of(options, key);
    if (i == options->count)
        return;
    free((char *)options->items[i].key);
    free((char *)options->items[i].value);
    memmove(&options->items[i], &options->items[i + 1], (options->count - i - 1) * sizeof options->items[0]);
    options->count--;
    forget_slots(options);
    memset(options->at, 0, sizeof options->at);
    for (i = 0; i < options->count; i++)
        options->at[key_known(options->items[i].key)] = i + 1;
}

const struct hc_flink_option *hc_flink_options_get(const struct hc_flink_options *options, const char *key)
{
    size_t i = index_of(options, key);
    return i < options->count ? &options->items[i] : NULL;
}

const struct hc_flink_option *hc_flink_options_find(const struct hc_flink_options *options, enum hc_key key)
{
    size_t at = options->at[key];
    if (at == 0 && hc_key_deprecated(key) != HC_KEY_NONE)
        at = options->at[hc_key_deprecated(key)];
    return at == 0 ? NULL : &options->items[at - 1];
}

size_t hc_flink_options_count(const struct hc_flink_options *options)
{
    return options->count;
}

const struct hc_flink_option *hc_flink_options_at(const struct hc_flink_options *options, size_t index)
{
    return &options->items[index];
}

bool hc_flink_options_unknown_memory(const char *key)
{
    static const char taskmanager[] = "taskmanager.mem", jobmanager[] = "jobmanager.mem";
    if (strncmp(key, taskmanager, sizeof taskmanager - 1) != 0 && strncmp(key, jobmanager, sizeof jobmanager - 1) != 0)
        return false;
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
        if (strcmp(elsewhere[i], key) == 0)
            return false;
    return key_known(key) == HC_KEY_NONE;
}

const char *const *hc_flink_options_memory_names(size_t *out_count)
{
    *out_count = HC_KEYS - 1;
    return names + 1;
}
