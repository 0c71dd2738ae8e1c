/* TaskExecutorFlinkMemoryUtils and the resources of TaskExecutorProcessUtils. */
#include "derivation.h"
#include "dynamic_options.h"
#include "java_number.h"

#include <heapcast/memory_size.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

const struct hc_role_keys hc_taskmanager_keys = {
    .process = "TaskManager",
    .process_size = HC_KEY_TM_PROCESS,
    .flink_size = HC_KEY_TM_FLINK,
    .metaspace = HC_KEY_TM_METASPACE,
    .overhead_min = HC_KEY_TM_OVERHEAD_MIN,
    .overhead_max = HC_KEY_TM_OVERHEAD_MAX,
    .overhead_fraction = HC_KEY_TM_OVERHEAD_FRACTION,
    .fine = {HC_KEY_TM_TASK_HEAP, HC_KEY_TM_MANAGED},
    .old_heap = HC_KEY_TM_OLD_HEAP,
    .old_heap_mb = HC_KEY_TM_OLD_HEAP_MB,
    .old_environment = "FLINK_TM_HEAP",
    .old_standalone = HC_KEY_TM_FLINK,
    .old_container = HC_KEY_TM_PROCESS,
};

/* All parts but network; the one that Flink sums before it looks at the total. */
static bool sum_without_network(struct derivation *d, const struct hc_parts *p, uint64_t *out)
{
    return hc_add(d, p->framework_heap, p->framework_off_heap, out) && hc_add(d, *out, p->task_heap, out) &&
           hc_add(d, *out, p->task_off_heap, out) && hc_add(d, *out, p->managed, out);
}

static bool exceeds_without_network(struct derivation *d, const struct hc_parts *p, uint64_t sum, uint64_t flink)
{
    hc_raise(
        d, "TM_SUM_WITHOUT_NETWORK", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
        "Sum of configured Framework Heap Memory (%s), Framework Off-Heap Memory (%s), Task Heap Memory (%s), Task "
        "Off-Heap Memory (%s) and Managed Memory (%s) exceed configured Total Flink Memory (%s).",
        HC_HUMAN(p->framework_heap), HC_HUMAN(p->framework_off_heap), HC_HUMAN(p->task_heap),
        HC_HUMAN(p->task_off_heap), HC_HUMAN(p->managed), HC_HUMAN(flink));
    return hc_mend(d, "right would be a total Flink memory of %" PRIu64 "b and network memory on top, or smaller parts",
                   sum);
}

/* Flink reports every configuration error of the network options in this place as one and the same. */
static bool network_inconsistent(struct derivation *d)
{
    if (strcmp(d->failure.chain[0].exception, HC_CONFIG_EXCEPTION) != 0)
        return false;
    d->failure.code = "NETWORK_INCONSISTENT";
    d->failure.key = "";
    return hc_wrap(
        d, HC_CONFIG_EXCEPTION,
        "If Total Flink, Task Heap and (or) Managed Memory sizes are explicitly configured then the Network Memory "
        "size is the rest of the Total Flink memory after subtracting all other configured types of memory, but "
        "the derived Network Memory is inconsistent with its configuration.");
}

/* Network memory that is the rest must be what the network options allow. */
static bool check_network(struct derivation *d, uint64_t network, uint64_t flink)
{
    struct hc_range range;
    uint64_t buffers, unused;
    if (hc_network_by_buffers(d)) {
        if (!hc_read_buffers(d, &buffers))
            return network_inconsistent(d);
        if (buffers == network)
            return true;
        hc_raise(d, "NETWORK_INCONSISTENT", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
                 "Derived Network Memory size (%s) does not match configured Network Memory size (%s).",
                 HC_HUMAN(network), HC_HUMAN(buffers));
        hc_mend(d, "right would be to set taskmanager.memory.network.min and .max instead of %s",
                hc_key_name(HC_KEY_TM_OLD_BUFFERS));
        return network_inconsistent(d);
    }
    if (!hc_read_network_range(d, &range))
        return network_inconsistent(d);
    if (network < range.min || network > range.max) {
        hc_raise(d, "NETWORK_INCONSISTENT", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
                 "Derived Network Memory size (%s) is not in configured Network Memory range [%s, %s].",
                 HC_HUMAN(network), HC_HUMAN(range.min), HC_HUMAN(range.max));
        hc_mend(d,
                "right would be to leave out %s, or sizes that leave %" PRIu64 "b to %" PRIu64 "b for network memory",
                hc_key_name(hc_has(d, HC_KEY_TM_TASK_HEAP) ? HC_KEY_TM_TASK_HEAP : HC_KEY_TM_MANAGED), range.min,
                range.max);
        return network_inconsistent(d);
    }
    return !hc_has(d, HC_KEY_TM_NETWORK_FRACTION) || hc_multiply(d, flink, range.fraction, &unused);
}

static bool network_of_whole(struct derivation *d, uint64_t flink, uint64_t *out)
{
    struct hc_range range;
    return hc_network_by_buffers(d) ? hc_read_buffers(d, out)
                                    : hc_read_network_range(d, &range) && hc_part_of_whole(d, flink, &range, out);
}

static bool network_of_rest(struct derivation *d, uint64_t rest, uint64_t *out)
{
    struct hc_range range;
    return hc_network_by_buffers(d) ? hc_read_buffers(d, out)
                                    : hc_read_network_range(d, &range) && hc_part_of_rest(d, rest, &range, out);
}

static bool managed_of_whole(struct derivation *d, uint64_t flink, uint64_t *out)
{
    struct hc_range range;
    return hc_has(d, HC_KEY_TM_MANAGED)
               ? hc_read_size(d, HC_KEY_TM_MANAGED, out)
               : hc_read_range(d, HC_KEY_NONE, HC_KEY_NONE, HC_KEY_TM_MANAGED_FRACTION, &range) &&
                     hc_part_of_whole(d, flink, &range, out);
}

static bool read_given(struct derivation *d, struct hc_parts *out)
{
    return hc_read_size(d, HC_KEY_TM_FRAMEWORK_HEAP, &out->framework_heap) &&
           hc_read_size(d, HC_KEY_TM_FRAMEWORK_OFF_HEAP, &out->framework_off_heap) &&
           hc_read_size(d, HC_KEY_TM_TASK_OFF_HEAP, &out->task_off_heap);
}

/* Network memory is what the other parts leave of `flink`. */
static bool network_is_rest(struct derivation *d, uint64_t sum, uint64_t flink, struct hc_parts *out)
{
    if (sum > flink)
        return exceeds_without_network(d, out, sum, flink);
    out->network = flink - sum;
    out->total = flink;
    return check_network(d, out->network, flink);
}

bool hc_taskmanager_fine(struct derivation *d, struct hc_parts *out)
{
    uint64_t sum, flink;
    if (!hc_read_size(d, HC_KEY_TM_TASK_HEAP, &out->task_heap) || !hc_read_size(d, HC_KEY_TM_MANAGED, &out->managed) ||
        !read_given(d, out) || !sum_without_network(d, out, &sum))
        return false;
    if (hc_has(d, HC_KEY_TM_FLINK))
        return hc_read_size(d, HC_KEY_TM_FLINK, &flink) && network_is_rest(d, sum, flink, out);
    return network_of_rest(d, sum, &out->network) && hc_add(d, sum, out->network, &out->total);
}

bool hc_taskmanager_total(struct derivation *d, uint64_t flink, struct hc_parts *out)
{
    uint64_t sum;
    if (!read_given(d, out))
        return false;
    if (hc_has(d, HC_KEY_TM_TASK_HEAP))
        return hc_read_size(d, HC_KEY_TM_TASK_HEAP, &out->task_heap) && managed_of_whole(d, flink, &out->managed) &&
               sum_without_network(d, out, &sum) && network_is_rest(d, sum, flink, out);
    out->task_heap = 0;
    if (!managed_of_whole(d, flink, &out->managed) || !network_of_whole(d, flink, &out->network) ||
        !sum_without_network(d, out, &sum) || !hc_add(d, sum, out->network, &sum))
        return false;
    if (sum > flink) {
        hc_raise(
            d, "TM_SUM_WITHOUT_TASK_HEAP", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
            "Sum of configured Framework Heap Memory (%s), Framework Off-Heap Memory (%s), Task Off-Heap Memory (%s), "
            "Managed Memory (%s) and Network Memory (%s) exceed configured Total Flink Memory (%s).",
            HC_HUMAN(out->framework_heap), HC_HUMAN(out->framework_off_heap), HC_HUMAN(out->task_off_heap),
            HC_HUMAN(out->managed), HC_HUMAN(out->network), HC_HUMAN(flink));
        return hc_mend(d,
                       "right would be a larger %s, or smaller parts: together they need %" PRIu64
                       "b more, and task heap on top",
                       hc_key_name(hc_has(d, HC_KEY_TM_FLINK) ? HC_KEY_TM_FLINK : HC_KEY_TM_PROCESS), sum - flink);
    }
    out->task_heap = flink - sum;
    out->total = flink;
    return true;
}

/* CPUResource cuts to eight decimals from 1.14. */
static double cpu_kept(double cores)
{
    struct hc_decimal decimal = hc_decimal_shortest(cores);
    return decimal.exponent >= -8 ? cores : hc_decimal_double((struct hc_decimal){hc_decimal_cut(decimal, 8), -8});
}

static bool read_cpu(struct derivation *d, int32_t slots, double *out)
{
    *out = (double)slots;
    if (hc_has(d, HC_KEY_TM_CPU) && !hc_read_double(d, HC_KEY_TM_CPU, out))
        return false;
    if (*out <= 0) {
        hc_raise(d, "CPU_NOT_POSITIVE", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
                 "TaskExecutors need to be started with a positive number of CPU cores. Please configure "
                 "taskmanager.cpu.cores accordingly.");
        return hc_mend(d, "right would be %s of at least 1",
                       hc_key_name(hc_has(d, HC_KEY_TM_CPU) ? HC_KEY_TM_CPU : HC_KEY_TM_SLOTS));
    }
    if (isnan(*out) || isinf(*out)) {
        hc_raise(d, "UNREADABLE_VALUE", HC_KEY_TM_CPU, HC_NUMBER_EXCEPTION,
                 "Character %c is neither a decimal digit number, decimal point, nor \"e\" notation exponential mark.",
                 isnan(*out) ? 'N' : 'I');
        return hc_mend(d, "right would be a number, as 1 or 0.5");
    }
    if (hc_flink_version_from(d->target.version, 1, 14))
        *out = cpu_kept(*out);
    return true;
}

bool hc_taskmanager_resources(struct derivation *d, double *out_cores, int32_t *out_slots)
{
    bool cores_given = hc_has(d, HC_KEY_TM_CPU);
    struct hc_resources resources;
    *out_slots = 0;
    /* The order of reading decides which option is complained about. */
    if (!cores_given && !hc_read_int(d, HC_KEY_TM_SLOTS, 1, out_slots))
        return false;
    if (!read_cpu(d, *out_slots, out_cores))
        return false;
    if (!hc_flink_version_from(d->target.version, 1, 13)) {
        *out_slots = 0;
        return true;
    }
    return hc_read_int(d, HC_KEY_TM_SLOTS, 1, out_slots) && hc_read_resources(d, &resources);
}
