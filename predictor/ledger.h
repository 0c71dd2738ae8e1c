/*
 * The ledger outside the heap: one look's resident memory, shared out to those who hold it. Each byte stands in one
 * part; what no part accounts for is told as a share of the whole, negative where the parts claim more than there is.
 * Flink's network pool is among the direct buffers: only Flink's plan tells it from the rest.
 */
#ifndef HC_PREDICTOR_LEDGER_H
#define HC_PREDICTOR_LEDGER_H

#include <heapcast/memory_sample.h>

#include <stdint.h>

enum hc_ledger_part {
    HC_LEDGER_METASPACE,  /* class metadata, committed */
    HC_LEDGER_CODE_CACHE, /* compiled code */
    HC_LEDGER_DIRECT,     /* direct buffers */
    HC_LEDGER_NATIVE,     /* what native code took by malloc: RocksDB, ForSt, libraries behind JNI */
    HC_LEDGER_SLACK,      /* free memory that malloc keeps */
    HC_LEDGER_THREADS,    /* stacks */
    HC_LEDGER_JVM,        /* the JVM's own malloc, GC structures, archive of classes */
    HC_LEDGER_FILES,      /* pages of mapped files */
    HC_LEDGER_PARTS
};

struct hc_ledger {
    uint64_t bytes[HC_LEDGER_PARTS]; /* HC_BYTES_UNKNOWN where the look did not tell */
    double unexplained_ratio;        /* NAN unless all parts and the heap are known */
};

void hc_ledger_read(const struct hc_memory_sample *look, struct hc_ledger *out);

/* For sentences: "free memory that malloc keeps". */
const char *hc_ledger_words(enum hc_ledger_part part);

/* a - b, 0 where that is negative, unknown where one of them is. */
uint64_t hc_bytes_minus(uint64_t bytes, uint64_t part_bytes);

#endif
