/* A record of `heapcast fetch` as the resolver needs it. */
#ifndef HEAPCAST_FLINK_FACTS_H
#define HEAPCAST_FLINK_FACTS_H

#include "input_flink.h"

#include <heapcast/resolver.h>

/*
 * Reads the record at `path`. The network memory that is needed follows from the job graphs by the options of `input`
 * (slots, segment size, buffers a channel). What the record cannot tell becomes unknown, with a warning on stderr.
 */
enum hc_status hc_flink_facts_load(const char *path, const struct hc_flink_input *input, struct hc_flink_facts *out,
                                   struct hc_error *err);

#endif
