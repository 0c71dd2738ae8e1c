/* JobManagerFlinkMemoryUtils. */
#include "derivation.h"

#include <heapcast/memory_size.h>
#include <inttypes.h>

const struct hc_role_keys hc_jobmanager_keys = {
    .process = "JobManager",
    .process_size = HC_KEY_JM_PROCESS,
    .flink_size = HC_KEY_JM_FLINK,
    .metaspace = HC_KEY_JM_METASPACE,
    .overhead_min = HC_KEY_JM_OVERHEAD_MIN,
    .overhead_max = HC_KEY_JM_OVERHEAD_MAX,
    .overhead_fraction = HC_KEY_JM_OVERHEAD_FRACTION,
    .fine = {HC_KEY_JM_HEAP, HC_KEY_NONE},
    .old_heap = HC_KEY_JM_OLD_HEAP,
    .old_heap_mb = HC_KEY_JM_OLD_HEAP_MB,
    .old_environment = "FLINK_JM_HEAP",
    .old_standalone = HC_KEY_JM_HEAP,
    .old_container = HC_KEY_JM_PROCESS,
};

#define ONE_OF_THEM                                                                                                    \
    "Please, make the configuration consistent or configure only one option: either JVM Heap or Total Flink Memory."

bool hc_jobmanager_fine(struct derivation *d, struct hc_parts *out)
{
    uint64_t flink;
    if (!hc_read_size(d, HC_KEY_JM_HEAP, &out->heap) || !hc_read_size(d, HC_KEY_JM_OFF_HEAP, &out->off_heap))
        return false;
    if (!hc_has(d, HC_KEY_JM_FLINK))
        return hc_add(d, out->heap, out->off_heap, &out->total);
    if (!hc_read_size(d, HC_KEY_JM_FLINK, &flink))
        return false;
    if (hc_has(d, HC_KEY_JM_OFF_HEAP)) {
        if (!hc_add(d, out->heap, out->off_heap, &out->total))
            return false;
        if (out->total == flink)
            return true;
        hc_raise(
            d, "JM_HEAP_PLUS_OFF_HEAP_NOT_FLINK", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
            "Sum of the configured JVM Heap Memory (%s) and the configured Off-heap Memory (%s) does not match the "
            "configured Total Flink Memory (%s). " ONE_OF_THEM,
            HC_HUMAN(out->heap), HC_HUMAN(out->off_heap), HC_HUMAN(flink));
        return hc_mend(d, "right would be %s: %" PRIu64 "b, or none", hc_key_name(HC_KEY_JM_FLINK), out->total);
    }
    if (flink < out->heap) {
        hc_raise(d, "JM_HEAP_ABOVE_FLINK", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
                 "The configured JVM Heap Memory (%s) exceeds the configured Total Flink Memory (%s). " ONE_OF_THEM,
                 HC_HUMAN(out->heap), HC_HUMAN(flink));
        return hc_mend(d, "right would be a %s above %" PRIu64 "b, or none", hc_key_name(HC_KEY_JM_FLINK), out->heap);
    }
    out->off_heap = flink - out->heap;
    out->total = flink;
    return true;
}

bool hc_jobmanager_total(struct derivation *d, uint64_t flink, struct hc_parts *out)
{
    if (!hc_read_size(d, HC_KEY_JM_OFF_HEAP, &out->off_heap))
        return false;
    if (flink <= out->off_heap) { /* equal fails too, though the text says "less" */
        hc_raise(d, "JM_FLINK_NOT_ABOVE_OFF_HEAP", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
                 "The configured Total Flink Memory (%s) is less than the configured Off-heap Memory (%s).",
                 HC_HUMAN(flink), HC_HUMAN(out->off_heap));
        return hc_mend(d, "right would be a total Flink memory well above %" PRIu64 "b: the rest is the heap",
                       out->off_heap);
    }
    out->heap = flink - out->off_heap;
    out->total = flink;
    return true;
}
