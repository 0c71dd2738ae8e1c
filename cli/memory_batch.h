/* heapcast memory --batch */
#ifndef HEAPCAST_MEMORY_BATCH_H
#define HEAPCAST_MEMORY_BATCH_H

#include <heapcast/flink_version.h>
#include <stdio.h>

/* Answers every line of `in` on stdout; `name` is for messages. Returns enum hc_exit. */
int hc_memory_batch(FILE *in, const char *name, struct hc_flink_target target);

#endif
