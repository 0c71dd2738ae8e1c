/* Every option that enters Flink's memory arithmetic; the only place that spells them is flink_options.c. */
#ifndef HC_FLINK_KEYS_H
#define HC_FLINK_KEYS_H

#include <heapcast/flink_options.h>
#include <stdint.h>

enum hc_key {
    HC_KEY_NONE = 0,
    HC_KEY_TM_PROCESS,
    HC_KEY_TM_FLINK,
    HC_KEY_TM_FRAMEWORK_HEAP,
    HC_KEY_TM_FRAMEWORK_OFF_HEAP,
    HC_KEY_TM_TASK_HEAP,
    HC_KEY_TM_TASK_OFF_HEAP,
    HC_KEY_TM_MANAGED,
    HC_KEY_TM_MANAGED_FRACTION,
    HC_KEY_TM_NETWORK_MIN,
    HC_KEY_TM_NETWORK_MAX,
    HC_KEY_TM_NETWORK_FRACTION,
    HC_KEY_TM_METASPACE,
    HC_KEY_TM_OVERHEAD_MIN,
    HC_KEY_TM_OVERHEAD_MAX,
    HC_KEY_TM_OVERHEAD_FRACTION,
    HC_KEY_TM_SLOTS,
    HC_KEY_TM_CPU,
    HC_KEY_TM_BATCH_SHUFFLE,
    HC_KEY_TM_SEGMENT,
    HC_KEY_EXTERNAL_RESOURCES,
    HC_KEY_JM_PROCESS,
    HC_KEY_JM_FLINK,
    HC_KEY_JM_HEAP,
    HC_KEY_JM_OFF_HEAP,
    HC_KEY_JM_METASPACE,
    HC_KEY_JM_OVERHEAD_MIN,
    HC_KEY_JM_OVERHEAD_MAX,
    HC_KEY_JM_OVERHEAD_FRACTION,
    HC_KEY_JM_DIRECT_LIMIT,
    /* before the memory model; read until 1.20 */
    HC_KEY_TM_OLD_HEAP,
    HC_KEY_TM_OLD_HEAP_MB,
    HC_KEY_TM_OLD_BUFFERS,
    HC_KEY_JM_OLD_HEAP,
    HC_KEY_JM_OLD_HEAP_MB,
    /* deprecated spellings, still read by 2.3 */
    HC_KEY_TM_OLD_MANAGED,
    HC_KEY_TM_OLD_NETWORK_MIN,
    HC_KEY_TM_OLD_NETWORK_MAX,
    HC_KEY_TM_OLD_NETWORK_FRACTION,
    HC_KEYS
};

const char *hc_key_name(enum hc_key key);
/* The deprecated spelling of the option, or HC_KEY_NONE. */
enum hc_key hc_key_deprecated(enum hc_key key);
/* The key itself, else its deprecated spelling; NULL: not configured. */
const struct hc_flink_option *hc_flink_options_find(const struct hc_flink_options *options, enum hc_key key);

#endif
