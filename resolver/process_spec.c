#include <heapcast/process_spec.h>

#include "derivation.h"
#include "dynamic_options.h"

#include <heapcast/memory_size.h>
#include <inttypes.h>
#include <string.h>

/* Parts, metaspace and overhead of either role. */
struct hc_frame {
    struct hc_parts parts;
    uint64_t metaspace, overhead, process;
};

/* ---- the frame of both roles (ProcessMemoryUtils.memoryProcessSpecFromConfig) -------------------------------------
 */

/* LegacyHeap: MemoryBackwardsCompatibilityUtils, until 1.20. What is found stands for a new option. */
bool hc_map_old_heap(struct derivation *d)
{
    const struct hc_role_keys *role = d->role;
    enum hc_key target = d->target.deployment == HC_DEPLOYMENT_CONTAINER ? role->old_container : role->old_standalone;
    int32_t mebibytes;
    struct hc_error err;
    if (hc_flink_version_from(d->target.version, 2, 0) || hc_has(d, target))
        return true;
    if (d->target.old_heap != NULL) {
        if (hc_memory_size_parse(d->target.old_heap, &d->mapped_bytes, &err) != HC_OK) {
            hc_raise(d, "UNREADABLE_ENVIRONMENT", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
                     "Cannot read total process memory size from environment variable value %s.", d->target.old_heap);
            hc_cause(d, hc_size_exception(&err), "%s", err.text);
            return hc_mend(d, "'%.80s' is not a size; right would be to unset %s and to set %s", d->target.old_heap,
                           role->old_environment, hc_key_name(target));
        }
    } else if (hc_has(d, role->old_heap)) {
        if (!hc_read_size(d, role->old_heap, &d->mapped_bytes))
            return false;
    } else if (hc_has(d, role->old_heap_mb)) {
        if (!hc_read_int(d, role->old_heap_mb, 0, &mebibytes))
            return false;
        if (mebibytes < 0) {
            hc_raise(d, "NEGATIVE_LEGACY_HEAP_MB", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
                     "Configured total process memory size (%" PRId32 "MB) must not be less than 0.", mebibytes);
            return hc_mend(d, "right would be %s instead of %s", hc_key_name(target), hc_key_name(role->old_heap_mb));
        }
        d->mapped_bytes = (uint64_t)mebibytes * HC_MIB;
    } else {
        return true;
    }
    d->mapped = target;
    return true;
}

static bool nothing_configured(struct derivation *d)
{
    const char *flink = hc_key_name(d->role->flink_size), *process = hc_key_name(d->role->process_size);
    const char *first = hc_key_name(d->role->fine[0]);
    bool two = d->role->fine[1] != HC_KEY_NONE;
    const char *second = two ? hc_key_name(d->role->fine[1]) : "";
    if (!hc_flink_version_from(d->target.version, 1, 11))
        hc_raise(
            d, "NOTHING_CONFIGURED", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
            "Either Task Heap Memory size (%s) and Managed Memory size (%s), or Total Flink Memory size (%s), or Total "
            "Process Memory size (%s) need to be configured explicitly.",
            first, second, flink, process);
    else
        hc_raise(d, "NOTHING_CONFIGURED", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
                 "Either required fine-grained memory (%s%s%s), or Total Flink Memory size (Key: '%s' , default: null "
                 "(fallback keys: [])), or Total Process Memory size (Key: '%s' , default: null (fallback keys: [])) "
                 "need to "
                 "be configured explicitly.",
                 first, two ? " and " : "", second, flink, process);
    return hc_mend(d, "right would be %s, for a container its whole size, as 1728m", process);
}

/* Metaspace and overhead around given Flink memory (deriveJvmMetaspaceAndOverheadFromTotalFlinkMemory). */
static bool outer(struct derivation *d, uint64_t flink, struct hc_frame *out)
{
    uint64_t inner;
    struct hc_range range;
    if (!hc_read_size(d, d->role->metaspace, &out->metaspace) || !hc_add(d, flink, out->metaspace, &inner))
        return false;
    if (!hc_has(d, d->role->process_size))
        return hc_read_overhead_range(d, &range) && hc_part_of_rest(d, inner, &range, &out->overhead) &&
               hc_add(d, inner, out->overhead, &out->process);

    if (!hc_read_size(d, d->role->process_size, &out->process))
        return false;
    if (out->process < inner) {
        if (!hc_flink_version_from(d->target.version, 1, 11))
            hc_raise(d, "NEGATIVE_SIZE", HC_KEY_NONE, HC_ARGUMENT_EXCEPTION, "bytes must be >= 0");
        else
            hc_raise(
                d, "PROCESS_BELOW_FLINK_AND_METASPACE", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
                "The configured Total Process Memory size (%s) is less than the sum of the derived Total Flink Memory "
                "size (%s) and the configured or default JVM Metaspace size  (%s).",
                HC_HUMAN(out->process), HC_HUMAN(flink), HC_HUMAN(out->metaspace));
        return hc_mend(d, "right would be to leave out %s, or one that has room for %" PRIu64 "b and the JVM overhead",
                       hc_key_name(d->role->process_size), inner);
    }
    out->overhead = out->process - inner;
    if (!hc_read_overhead_range(d, &range))
        return false;
    if (out->overhead < range.min || out->overhead > range.max) {
        hc_raise(d, "OVERHEAD_OUT_OF_RANGE", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
                 "Derived JVM Overhead size (%s) is not in configured JVM Overhead range [%s, %s].",
                 HC_HUMAN(out->overhead), HC_HUMAN(range.min), HC_HUMAN(range.max));
        return hc_mend(d, "right would be a %s from %" PRIu64 "b to %" PRIu64 "b, or none at all",
                       hc_key_name(d->role->process_size), inner + range.min,
                       range.max > HC_SIZE_MAX - inner ? HC_SIZE_MAX : inner + range.max);
    }
    /* With a configured fraction Flink computes the overhead it would give, for a log line; that may overflow. */
    uint64_t unused;
    return !hc_has(d, d->role->overhead_fraction) || hc_multiply(d, out->process, range.fraction, &unused);
}

static bool from_process(struct derivation *d, struct hc_frame *out)
{
    struct hc_range range;
    uint64_t both;
    if (!hc_read_size(d, d->role->process_size, &out->process) ||
        !hc_read_size(d, d->role->metaspace, &out->metaspace) || !hc_read_overhead_range(d, &range) ||
        !hc_part_of_whole(d, out->process, &range, &out->overhead) || !hc_add(d, out->metaspace, out->overhead, &both))
        return false;
    if (both > out->process) {
        hc_raise(
            d, "METASPACE_OVERHEAD_EXCEED_PROCESS", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
            "Sum of configured JVM Metaspace (%s) and JVM Overhead (%s) exceed configured Total Process Memory (%s).",
            HC_HUMAN(out->metaspace), HC_HUMAN(out->overhead), HC_HUMAN(out->process));
        return hc_mend(d, "right would be a %s well above %" PRIu64 "b, or a smaller metaspace or overhead",
                       hc_key_name(d->role->process_size), both);
    }
    uint64_t flink = out->process - both;
    return d->role == &hc_taskmanager_keys ? hc_taskmanager_total(d, flink, &out->parts)
                                           : hc_jobmanager_total(d, flink, &out->parts);
}

static bool frame(struct derivation *d, struct hc_frame *out)
{
    bool taskmanager = d->role == &hc_taskmanager_keys;
    uint64_t flink;
    if (hc_has(d, d->role->fine[0]) && (d->role->fine[1] == HC_KEY_NONE || hc_has(d, d->role->fine[1])))
        return (taskmanager ? hc_taskmanager_fine(d, &out->parts) : hc_jobmanager_fine(d, &out->parts)) &&
               outer(d, out->parts.total, out);
    if (hc_has(d, d->role->flink_size))
        return hc_read_size(d, d->role->flink_size, &flink) &&
               (taskmanager ? hc_taskmanager_total(d, flink, &out->parts)
                            : hc_jobmanager_total(d, flink, &out->parts)) &&
               outer(d, flink, out);
    return hc_has(d, d->role->process_size) ? from_process(d, out) : nothing_configured(d);
}

/* Only IllegalConfigurationException is caught and named after the process; the others go through as they are. */
static bool prefix(struct derivation *d, const char *what)
{
    char message[sizeof d->failure.chain[0].message];
    /* The JobManager's catch went with the old keys (2.0), the TaskManager's stayed; 1.10 had neither. */
    bool caught = hc_flink_version_from(d->target.version, 1, 11) &&
                  (d->role == &hc_taskmanager_keys || !hc_flink_version_from(d->target.version, 2, 0));
    if (!caught || strcmp(d->failure.chain[0].exception, HC_CONFIG_EXCEPTION) != 0)
        return false;
    memcpy(message, d->failure.chain[0].message, sizeof message);
    return hc_wrap(d, HC_CONFIG_EXCEPTION, "%s%s: %s", d->role->process, what, message);
}

static bool derive(struct derivation *d, struct hc_frame *out, struct hc_taskmanager_spec *resources)
{
    bool taskmanager = d->role == &hc_taskmanager_keys;
    if (!hc_map_old_heap(d))
        return prefix(d, taskmanager ? " failed to map legacy JVM heap option to the new one"
                                     : " memory configuration failed");
    if (frame(d, out) && (!taskmanager || hc_taskmanager_resources(d, &resources->cpu_cores, &resources->slots)))
        return true;
    return prefix(d, " memory configuration failed");
}

bool hc_taskmanager_spec_equal(const struct hc_taskmanager_spec *a, const struct hc_taskmanager_spec *b)
{
    return a->framework_heap_bytes == b->framework_heap_bytes && a->task_heap_bytes == b->task_heap_bytes &&
           a->framework_off_heap_bytes == b->framework_off_heap_bytes &&
           a->task_off_heap_bytes == b->task_off_heap_bytes && a->network_bytes == b->network_bytes &&
           a->managed_bytes == b->managed_bytes && a->metaspace_bytes == b->metaspace_bytes &&
           a->overhead_bytes == b->overhead_bytes && a->total_flink_bytes == b->total_flink_bytes &&
           a->total_process_bytes == b->total_process_bytes;
}

bool hc_jobmanager_spec_equal(const struct hc_jobmanager_spec *a, const struct hc_jobmanager_spec *b)
{
    return a->jvm_heap_bytes == b->jvm_heap_bytes && a->off_heap_bytes == b->off_heap_bytes &&
           a->metaspace_bytes == b->metaspace_bytes && a->overhead_bytes == b->overhead_bytes &&
           a->total_flink_bytes == b->total_flink_bytes && a->total_process_bytes == b->total_process_bytes;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

static enum hc_status refused(const struct derivation *d, struct hc_flink_failure *failure, struct hc_error *err)
{
    if (failure != NULL)
        *failure = d->failure;
    /* Flink's cause often holds the numbers that its outermost message lacks. */
    const char *last = d->failure.chain[d->failure.depth - 1].message;
    bool told = strstr(d->failure.chain[0].message, last) != NULL;
    return hc_fail(err, HC_ECONFIG, d->line, "%s%s%s (%s)", d->failure.chain[0].message, told ? "" : " ",
                   told ? "" : last, d->failure.mend);
}

enum hc_status hc_taskmanager_spec_derive(const struct hc_flink_options *options, struct hc_flink_target target,
                                          struct hc_taskmanager_spec *out, struct hc_flink_failure *failure,
                                          struct hc_error *err)
{
    struct derivation d;
    struct hc_frame frame_out;
    struct hc_taskmanager_spec spec = {0};
    hc_derivation_init(&d, options, target, &hc_taskmanager_keys);
    if (!derive(&d, &frame_out, &spec))
        return refused(&d, failure, err);
    const struct hc_parts *parts = &frame_out.parts;
    spec.framework_heap_bytes = parts->framework_heap;
    spec.task_heap_bytes = parts->task_heap;
    spec.framework_off_heap_bytes = parts->framework_off_heap;
    spec.task_off_heap_bytes = parts->task_off_heap;
    spec.network_bytes = parts->network;
    spec.managed_bytes = parts->managed;
    spec.metaspace_bytes = frame_out.metaspace;
    spec.overhead_bytes = frame_out.overhead;
    spec.total_flink_bytes = parts->total;
    spec.total_process_bytes = frame_out.process;
    spec.jvm_heap_bytes = parts->framework_heap + parts->task_heap;
    spec.jvm_direct_bytes = parts->framework_off_heap + parts->task_off_heap + parts->network;
    *out = spec;
    return HC_OK;
}

enum hc_status hc_jobmanager_spec_derive(const struct hc_flink_options *options, struct hc_flink_target target,
                                         struct hc_jobmanager_spec *out, struct hc_flink_failure *failure,
                                         struct hc_error *err)
{
    struct derivation d;
    struct hc_frame frame_out;
    bool direct_limit;
    if (!hc_flink_version_from(target.version, 1, 11))
        return hc_fail(err, HC_EUNSUPPORTED, 0,
                       "a JobManager of Flink 1.10 has no memory model; the first that has is 1.11");
    hc_derivation_init(&d, options, target, &hc_jobmanager_keys);
    if (!derive(&d, &frame_out, NULL) || !hc_read_boolean(&d, HC_KEY_JM_DIRECT_LIMIT, false, &direct_limit))
        return refused(&d, failure, err);
    *out = (struct hc_jobmanager_spec){.jvm_heap_bytes = frame_out.parts.heap,
                                       .off_heap_bytes = frame_out.parts.off_heap,
                                       .metaspace_bytes = frame_out.metaspace,
                                       .overhead_bytes = frame_out.overhead,
                                       .total_flink_bytes = frame_out.parts.total,
                                       .total_process_bytes = frame_out.process,
                                       .direct_limit = direct_limit};
    return HC_OK;
}

char *hc_taskmanager_spec_jvm_arguments(const struct hc_taskmanager_spec *spec, char *out)
{
    snprintf(out, HC_JVM_ARGUMENTS_TEXT,
             "-Xmx%" PRIu64 " -Xms%" PRIu64 " -XX:MaxDirectMemorySize=%" PRIu64 " -XX:MaxMetaspaceSize=%" PRIu64,
             spec->jvm_heap_bytes, spec->jvm_heap_bytes, spec->jvm_direct_bytes, spec->metaspace_bytes);
    return out;
}

char *hc_jobmanager_spec_jvm_arguments(const struct hc_jobmanager_spec *spec, char *out)
{
    char direct[64] = "";
    if (spec->direct_limit)
        snprintf(direct, sizeof direct, " -XX:MaxDirectMemorySize=%" PRIu64, spec->off_heap_bytes);
    snprintf(out, HC_JVM_ARGUMENTS_TEXT, "-Xmx%" PRIu64 " -Xms%" PRIu64 "%s -XX:MaxMetaspaceSize=%" PRIu64,
             spec->jvm_heap_bytes, spec->jvm_heap_bytes, direct, spec->metaspace_bytes);
    return out;
}
