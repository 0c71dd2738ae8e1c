/* A changed configuration in the making: options that are set where their size differs, each with its change. */
#ifndef HC_DRAFT_H
#define HC_DRAFT_H

#include "derivation.h"

#include <heapcast/resolver.h>

struct hc_draft {
    struct derivation d; /* reads the options that will be; a failure stands there */
    struct hc_flink_options *options;
    const struct hc_flink_options *current;
    struct hc_resolution *out;
};

/* Sets an option unless it has that size already; older spellings of it go. */
bool hc_draft_size(struct hc_draft *draft, enum hc_key key, uint64_t bytes);
/* The smallest whole of which clip(fraction) leaves exactly `rest`. */
bool hc_draft_whole(struct hc_draft *draft, uint64_t rest, const struct hc_range *range, uint64_t *out);
/* Makes Flink's rule (by_rule: what the fraction alone gives) end at `want`, with as few options as that takes. */
bool hc_draft_pin(struct hc_draft *draft, enum hc_key min, enum hc_key max, const struct hc_range *range,
                  uint64_t by_rule, uint64_t want);
bool hc_draft_overhead(struct hc_draft *draft, const struct hc_range *range, uint64_t by_rule, uint64_t want);

#endif
