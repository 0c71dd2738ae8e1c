#include "ledger.h"

#include <math.h>

uint64_t hc_bytes_minus(uint64_t bytes, uint64_t part_bytes)
{
    if (bytes == HC_BYTES_UNKNOWN || part_bytes == HC_BYTES_UNKNOWN)
        return HC_BYTES_UNKNOWN;
    return bytes > part_bytes ? bytes - part_bytes : 0;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a == HC_BYTES_UNKNOWN || b == HC_BYTES_UNKNOWN ? HC_BYTES_UNKNOWN : a + b;
}

static double unexplained(const struct hc_memory_sample *look, const struct hc_ledger *ledger)
{
    uint64_t explained = look->heap_resident_bytes;
    for (int i = 0; i < HC_LEDGER_PARTS; i++)
        explained = sum(explained, ledger->bytes[i]);
    if (explained == HC_BYTES_UNKNOWN || look->rss_bytes == HC_BYTES_UNKNOWN || look->rss_bytes == 0)
        return NAN;
    double ratio = ((double)look->rss_bytes - (double)explained) / (double)look->rss_bytes;
    return ratio > -1 ? ratio : -1;
}

void hc_ledger_read(const struct hc_memory_sample *look, struct hc_ledger *out)
{
    uint64_t *bytes = out->bytes;
    bytes[HC_LEDGER_METASPACE] = look->metaspace_committed_bytes;
    bytes[HC_LEDGER_CODE_CACHE] = look->code_cache_bytes;
    bytes[HC_LEDGER_DIRECT] = look->direct_bytes;
    bytes[HC_LEDGER_NATIVE] =
        hc_bytes_minus(hc_bytes_minus(look->malloc_used_bytes, look->direct_bytes), look->jvm_malloc_bytes);
    bytes[HC_LEDGER_SLACK] = hc_bytes_minus(look->malloc_held_bytes, look->malloc_used_bytes);
    bytes[HC_LEDGER_THREADS] = look->stack_bytes;
    bytes[HC_LEDGER_JVM] = sum(look->jvm_malloc_bytes, look->jvm_mapped_bytes);
    bytes[HC_LEDGER_FILES] = look->file_bytes;
    out->unexplained_ratio = unexplained(look, out);
}

const char *hc_ledger_words(enum hc_ledger_part part)
{
    static const char *const words[HC_LEDGER_PARTS] = {[HC_LEDGER_METASPACE] = "metaspace",
                                                       [HC_LEDGER_CODE_CACHE] = "the code cache",
                                                       [HC_LEDGER_DIRECT] = "direct buffers",
                                                       [HC_LEDGER_NATIVE] = "native memory (malloc outside the JVM)",
                                                       [HC_LEDGER_SLACK] = "free memory that malloc keeps",
                                                       [HC_LEDGER_THREADS] = "thread stacks",
                                                       [HC_LEDGER_JVM] = "the JVM's own memory",
                                                       [HC_LEDGER_FILES] = "mapped files"};
    return words[part];
}
