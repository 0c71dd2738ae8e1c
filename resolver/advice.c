#include "advice.h"

#include "derivation.h"
#include "jvm_options.h"

#include <heapcast/memory_sample.h>
#include <heapcast/memory_size.h>
#include <stdarg.h>
#include <string.h>

/* Task heap that is left at least when a heap below Flink's framework heap (128 MiB by default) is recommended. The
 * split is book-keeping only: one -Xmx covers both. */
#define TASK_HEAP_LEAST_BYTES (16 * HC_MIB)
/* The sort-shuffle read buffers of batch jobs take up to 64 MiB of it (framework.off-heap.batch-shuffle.size), Netty
 * and the RPC system a few MiB. */
#define FRAMEWORK_OFF_HEAP_LEAST_BYTES (64 * HC_MIB)
/* The same where Flink says that no batch job runs: Netty's chunks (4 MiB each) and RPC take 4 to 9 MiB. */
#define FRAMEWORK_OFF_HEAP_STREAMING_BYTES (16 * HC_MIB)
/* As the predictor has it: the least that a TaskManager's JVM takes for itself, and some. */
#define OVERHEAD_LEAST_BYTES (96 * HC_MIB)
/* The JVM rounds -Xmx up to a heap region: 32 MiB at most. */
#define HEAP_ROUNDING_BYTES (32 * HC_MIB)

const char *hc_component_name(enum hc_component component)
{
    static const char *const names[HC_COMPONENTS] = {
        "Framework Heap", "Task Heap",     "Managed Memory", "Framework Off-Heap", "Task Off-Heap",
        "Network",        "JVM Metaspace", "JVM Overhead",   "JVM Heap",           "Off-Heap"};
    return names[component];
}

void hc_warn(struct hc_resolution *resolution, const char *format, ...)
{
    va_list arguments;
    if (resolution->warning_count == HC_WARNINGS_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(resolution->warnings[resolution->warning_count++], sizeof resolution->warnings[0], format, arguments);
    va_end(arguments);
}

void hc_note(struct hc_resolution *resolution, const char *format, ...)
{
    va_list arguments;
    if (resolution->note_count == HC_NOTES_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(resolution->notes[resolution->note_count++], sizeof resolution->notes[0], format, arguments);
    va_end(arguments);
}

__attribute__((format(printf, 3, 4))) static void reason(struct hc_resolution *resolution, enum hc_component component,
                                                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(resolution->components[component].reason, sizeof resolution->components[component].reason, format,
              arguments);
    va_end(arguments);
}

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + HC_MIB - 1) / HC_MIB * HC_MIB;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool known(uint64_t bytes)
{
    return bytes != HC_BYTES_UNKNOWN;
}

uint64_t hc_most_seen(const struct hc_advice *advice)
{
    return known(advice->max_bytes)   ? advice->max_bytes
           : known(advice->p99_bytes) ? advice->p99_bytes
                                      : advice->now_bytes;
}

static bool had_event(const struct hc_recommendation *recommendation, enum hc_event_kind kind)
{
    for (unsigned i = 0; i < recommendation->event_count; i++)
        if (recommendation->events[i].kind == kind)
            return true;
    return false;
}

bool hc_network_is_measured(const struct hc_resolve_policy *policy)
{
    return policy->facts != NULL && known(policy->facts->network_need_bytes);
}

/* ---- the parts --------------------------------------------------------------------------------------------------- */

static void advise_heap(const struct hc_taskmanager_spec *before, const struct hc_recommendation *recommendation,
                        struct hc_sizes *out, struct hc_resolution *resolution)
{
    uint64_t framework = before->framework_heap_bytes, heap = out->heap_bytes;
    bool keep = recommendation->verdict == HC_VERDICT_KEEP && heap == before->jvm_heap_bytes;
    out->framework_heap_bytes = framework;
    if (keep || heap >= framework + TASK_HEAP_LEAST_BYTES) {
        reason(resolution, HC_COMPONENT_FRAMEWORK_HEAP, "stays as it is; Flink keeps it apart by name only");
        reason(resolution, HC_COMPONENT_TASK_HEAP, "%s",
               keep ? "the recommendation keeps the heap" : "the recommended JVM heap less the framework heap");
        return;
    }
    out->framework_heap_bytes =
        heap > 2 * TASK_HEAP_LEAST_BYTES ? (heap - TASK_HEAP_LEAST_BYTES) / HC_MIB * HC_MIB : heap / 2;
    reason(resolution, HC_COMPONENT_FRAMEWORK_HEAP,
           "the whole recommended JVM heap has no room for %s beside a task heap", HC_HUMAN(framework));
    reason(resolution, HC_COMPONENT_TASK_HEAP, "the rest of the recommended JVM heap");
}

/* Who was seen that can use managed memory; NULL: nobody. */
static const char *managed_consumer(const struct hc_recommendation *recommendation)
{
    static const struct {
        enum hc_managed_consumer bit;
        const char *name;
    } consumers[] = {{HC_CONSUMER_ROCKSDB, "RocksDB"},
                     {HC_CONSUMER_FORST, "ForSt"},
                     {HC_CONSUMER_PYTHON, "a Python process"},
                     {HC_CONSUMER_OPERATOR, "an operator that sorts, hashes or keeps windows in it"}};
    for (size_t i = 0; i < sizeof consumers / sizeof consumers[0]; i++)
        if ((recommendation->off_heap.managed_consumers & consumers[i].bit) != 0)
            return consumers[i].name;
    return NULL;
}

/* Flink counts what is reserved, not what is used: 0 means that nobody can use it, more does not mean that it is full.
 */
static void advise_managed(const struct hc_taskmanager_spec *before, const struct hc_recommendation *recommendation,
                           const struct hc_flink_facts *facts, struct hc_sizes *out, struct hc_resolution *resolution)
{
    bool looked = recommendation->off_heap.managed_consumers_known;
    const char *consumer = looked ? managed_consumer(recommendation) : NULL;
    bool asked = facts != NULL && known(facts->managed_reserved_bytes);
    out->managed_bytes = before->managed_bytes;
    if (consumer != NULL) {
        reason(resolution, HC_COMPONENT_MANAGED, "stays as many bytes as it was: %s uses it", consumer);
    } else if (asked && facts->managed_reserved_bytes > 0) {
        reason(resolution, HC_COMPONENT_MANAGED, "stays as many bytes as it was: Flink has %s of it reserved",
               HC_HUMAN(facts->managed_reserved_bytes));
    } else if (looked) {
        out->managed_bytes = 0;
        reason(resolution, HC_COMPONENT_MANAGED,
               "nothing in the process can use it: no RocksDB, ForSt, Python or batch operator was ever seen%s",
               asked ? ", and Flink has none of it reserved" : "");
    } else if (asked && facts->lasting) {
        out->managed_bytes = 0;
        reason(resolution, HC_COMPONENT_MANAGED,
               "Flink's running jobs, none of them a batch job, have none of it reserved");
    } else {
        reason(resolution, HC_COMPONENT_MANAGED,
               "stays as many bytes as it was: whether anything uses it is not known");
    }
}

/* A part that shrinks to what is recommended, and grows only where more was measured than it has. */
static uint64_t follow(uint64_t now, uint64_t recommended, bool exceeded, const char *what, enum hc_component component,
                       struct hc_resolution *resolution)
{
    uint64_t wanted = round_up(recommended);
    if (wanted < now) {
        reason(resolution, component, "%s, with a margin", what);
        return wanted;
    }
    if (exceeded && wanted > now) {
        reason(resolution, component, "more was needed than there is: %s, with a margin", what);
        return wanted;
    }
    reason(resolution, component, "stays: %s leaves nothing to save", what);
    return now;
}

uint64_t hc_advise_metaspace(uint64_t now, const struct hc_recommendation *recommendation,
                             struct hc_resolution *resolution)
{
    const struct hc_advice *advice = &recommendation->off_heap.metaspace;
    char what[160];
    if (!known(advice->recommended_bytes)) {
        reason(resolution, HC_COMPONENT_METASPACE, "stays: its use is not known");
        return now;
    }
    snprintf(what, sizeof what, "the most that was committed is %s",
             known(hc_most_seen(advice)) ? HC_HUMAN(hc_most_seen(advice)) : "?");
    bool exceeded = had_event(recommendation, HC_EVENT_OUT_OF_MEMORY_METASPACE) ||
                    (known(advice->max_bytes) && advice->max_bytes > now);
    return follow(now, advice->recommended_bytes, exceeded, what, HC_COMPONENT_METASPACE, resolution);
}

/* What a state backend took by malloc lies in the managed memory that it was given: it needs no overhead beside. What
 * malloc keeps free around it does, and stays. */
static uint64_t without_state_backend(uint64_t overhead, uint64_t managed,
                                      const struct hc_recommendation *recommendation)
{
    uint64_t native = recommendation->off_heap.native.recommended_bytes;
    if ((recommendation->off_heap.managed_consumers & (HC_CONSUMER_ROCKSDB | HC_CONSUMER_FORST)) == 0 || !known(native))
        return overhead;
    uint64_t inside = smaller(native, managed);
    return overhead > OVERHEAD_LEAST_BYTES + inside ? overhead - inside : smaller(overhead, OVERHEAD_LEAST_BYTES);
}

/*
 * What was measured outside heap, direct memory and metaspace holds the native memory of managed consumers too. They
 * may still grow up to the managed memory, so with them the measured figure only bounds the overhead from above.
 */
uint64_t hc_advise_overhead(uint64_t now, uint64_t managed, const struct hc_recommendation *recommendation,
                            struct hc_resolution *resolution)
{
    const struct hc_advice *advice = &recommendation->off_heap.overhead;
    uint64_t recommended = advice->recommended_bytes;
    char what[160];
    if (!known(recommended))
        return HC_BYTES_UNKNOWN;
    recommended = without_state_backend(recommended, managed, recommendation);
    snprintf(what, sizeof what, "the most that was resident outside heap, direct memory and metaspace is %s",
             known(hc_most_seen(advice)) ? HC_HUMAN(hc_most_seen(advice)) : "?");
    if (recommended > now && managed > 0)
        recommended = recommended > managed && recommended - managed > now ? recommended - managed : now;
    bool exceeded = known(advice->max_bytes) && advice->max_bytes > now + managed;
    return follow(now, recommended, exceeded, what, HC_COMPONENT_OVERHEAD, resolution);
}

/* ---- framework off-heap memory ----------------------------------------------------------------------------------- */

/* A size in force while was measured, from the command line that the agent read. */
static uint64_t in_force(const struct hc_subject *subject, enum hc_key key)
{
    uint64_t bytes = HC_BYTES_UNKNOWN;
    for (unsigned i = 0; subject != NULL && i < subject->flink_count; i++)
        if (strcmp(subject->flink[i].key, hc_key_name(key)) == 0)
            (void)hc_memory_size_parse(subject->flink[i].value, &bytes, NULL);
    return bytes;
}

uint64_t hc_network_measured(const struct hc_recommendation *recommendation, const struct hc_subject *subject)
{
    return known(recommendation->off_heap.network.now_bytes) ? recommendation->off_heap.network.now_bytes
                                                             : in_force(subject, HC_KEY_TM_NETWORK_MAX);
}

static uint64_t framework_off_heap_least(const struct hc_flink_options *options, const struct hc_flink_facts *facts)
{
    if (facts != NULL && facts->lasting)
        return FRAMEWORK_OFF_HEAP_STREAMING_BYTES;
    const struct hc_flink_option *option = hc_flink_options_find(options, HC_KEY_TM_BATCH_SHUFFLE);
    uint64_t bytes = 0;
    if (option != NULL)
        (void)hc_memory_size_parse(option->value, &bytes, NULL);
    return bytes > FRAMEWORK_OFF_HEAP_LEAST_BYTES ? bytes : FRAMEWORK_OFF_HEAP_LEAST_BYTES;
}

static void advise_framework_off_heap(const struct hc_taskmanager_spec *before, const struct hc_flink_options *options,
                                      const struct hc_recommendation *recommendation, const struct hc_subject *subject,
                                      const struct hc_flink_facts *facts, struct hc_sizes *out,
                                      struct hc_resolution *resolution)
{
    const struct hc_advice *advice = &recommendation->off_heap.direct;
    uint64_t now = before->framework_off_heap_bytes, least = framework_off_heap_least(options, facts),
             direct = hc_most_seen(advice);
    uint64_t network = hc_network_measured(recommendation, subject);
    out->framework_off_heap_bytes = now;
    if (!known(direct) || !known(network)) {
        reason(resolution, HC_COMPONENT_FRAMEWORK_OFF_HEAP,
               "stays: how much direct memory is used beside the network's is not known");
        return;
    }
    uint64_t beside = direct > network ? direct - network : 0;
    uint64_t wanted = round_up(beside + beside / 2);
    out->framework_off_heap_bytes = smaller(now, wanted > least ? wanted : least);
    if (out->framework_off_heap_bytes == now)
        reason(resolution, HC_COMPONENT_FRAMEWORK_OFF_HEAP, "stays: %s of direct memory beside the network's was used",
               HC_HUMAN(beside));
    else
        reason(resolution, HC_COMPONENT_FRAMEWORK_OFF_HEAP,
               "%s of direct memory beside the network's was used; half as much again, at least %s", HC_HUMAN(beside),
               HC_HUMAN(least));
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static void warn_measurement(const struct hc_taskmanager_spec *before, const struct hc_recommendation *recommendation,
                             const struct hc_subject *subject, struct hc_resolution *resolution)
{
    uint64_t task = in_force(subject, HC_KEY_TM_TASK_HEAP), framework = in_force(subject, HC_KEY_TM_FRAMEWORK_HEAP);
    uint64_t heap = before->jvm_heap_bytes, measured = recommendation->current_heap_bytes;
    if (known(task) && known(framework))
        measured = task + framework;
    if (known(measured) && (measured > heap + HEAP_ROUNDING_BYTES || measured + HEAP_ROUNDING_BYTES < heap))
        hc_warn(resolution,
                "the recommendation was measured with a heap of %s, this configuration gives %s: is it the right one?",
                HC_HUMAN(measured), HC_HUMAN(heap));
}

enum hc_status hc_advise(const struct hc_taskmanager_spec *before, const struct hc_flink_options *options,
                         const struct hc_recommendation *recommendation, const struct hc_subject *subject,
                         const struct hc_resolve_policy *policy, uint64_t heap_bytes, struct hc_sizes *out,
                         struct hc_resolution *resolution, struct hc_error *err)
{
    bool keep = recommendation->verdict == HC_VERDICT_KEEP;
    if (!keep && (!known(recommendation->heap_bytes) || recommendation->heap_bytes == 0))
        return hc_fail(err, HC_EINVAL, 0, "the recommendation has a verdict but no heap_bytes");
    /* What is more than any machine has would only overflow later. */
    if (!keep && recommendation->heap_bytes >= HC_SIZE_MAX / 1024)
        return hc_fail(err, HC_EINVAL, 0, "heap_bytes of the recommendation is no size that a machine can have");
    out->heap_bytes = known(heap_bytes) ? heap_bytes : keep ? before->jvm_heap_bytes : recommendation->heap_bytes;
    advise_heap(before, recommendation, out, resolution);
    advise_managed(before, recommendation, policy->facts, out, resolution);
    advise_framework_off_heap(before, options, recommendation, subject, policy->facts, out, resolution);
    out->metaspace_bytes = hc_advise_metaspace(before->metaspace_bytes, recommendation, resolution);
    out->overhead_bytes = hc_advise_overhead(before->overhead_bytes, out->managed_bytes, recommendation, resolution);
    reason(resolution, HC_COMPONENT_TASK_OFF_HEAP, "stays as it is: only you know what your code allocates there");
    warn_measurement(before, recommendation, subject, resolution);
    return HC_OK;
}

/* A fraction of the user's that no longer decides, because a size or a bound that is written now comes first. */
static void warn_fractions(const struct hc_flink_options *options, struct hc_resolution *resolution)
{
    static const struct {
        enum hc_key fraction, decides[2];
    } rules[] = {{HC_KEY_TM_MANAGED_FRACTION, {HC_KEY_TM_MANAGED, HC_KEY_TM_MANAGED}},
                 {HC_KEY_TM_NETWORK_FRACTION, {HC_KEY_TM_NETWORK_MIN, HC_KEY_TM_NETWORK_MAX}},
                 {HC_KEY_TM_OVERHEAD_FRACTION, {HC_KEY_TM_OVERHEAD_MIN, HC_KEY_TM_OVERHEAD_MAX}}};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct hc_flink_option *fraction = hc_flink_options_find(options, rules[i].fraction);
        for (unsigned j = 0; fraction != NULL && j < resolution->change_count; j++) {
            const char *key = resolution->changes[j].key;
            if (resolution->changes[j].removed || (strcmp(key, hc_key_name(rules[i].decides[0])) != 0 &&
                                                   strcmp(key, hc_key_name(rules[i].decides[1])) != 0))
                continue;
            hc_warn(resolution, "%s: %s no longer fits and does not decide any more: %s does", fraction->key,
                    fraction->value, key);
            break;
        }
    }
}

void hc_warn_options(const struct hc_flink_options *options, struct hc_flink_target target,
                     const struct hc_subject *subject, struct hc_resolution *resolution)
{
    static const char *const keys[] = {"env.java.opts", "env.java.opts.all", "env.java.opts.taskmanager"};
    static const char *const limits[] = {"-Xmx", "-Xms", "-XX:MaxDirectMemorySize=", "-XX:MaxMetaspaceSize="};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct hc_flink_option *option = hc_flink_options_get(options, keys[i]);
        if (option == NULL)
            continue;
        for (size_t j = 0; !resolution->pool.used && j < sizeof limits / sizeof limits[0]; j++)
            if (strstr(option->value, limits[j]) != NULL)
                hc_warn(resolution, "%s in %s wins over Flink's own and makes this size void; take it out", limits[j],
                        keys[i]);
        /* The scripts add -XX:+UseG1GC only where no option at all is set; from 1.18 never. */
        if (strstr(option->value, "-agentpath") != NULL && strstr(option->value, "-XX:+Use") == NULL &&
            !hc_flink_version_from(target.version, 1, 18) && !resolution->pool.used)
            hc_warn(resolution, "before Flink 1.18 an option in %s takes -XX:+UseG1GC away; name the collector there",
                    keys[i]);
    }
    if (subject != NULL && subject->collector == HC_COLLECTOR_SERIAL &&
        hc_jvm_options_collector(options) == HC_COLLECTOR_UNKNOWN && !resolution->pool.used)
        hc_warn(resolution,
                "the JVM chose the Serial collector by itself, as it does with one CPU or little memory; to "
                "have another, name it in %s, as -XX:+UseG1GC",
                HC_JVM_OPTIONS_TASKMANAGER);
    warn_fractions(options, resolution);
    if (hc_flink_options_find(options, HC_KEY_TM_FLINK) != NULL &&
        hc_flink_options_find(options, HC_KEY_TM_PROCESS) != NULL)
        hc_warn(resolution, "%s and %s are both set: the JVM overhead is what is left between them",
                hc_key_name(HC_KEY_TM_FLINK), hc_key_name(HC_KEY_TM_PROCESS));
}
