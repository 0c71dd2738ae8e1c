/* Whether a file was changed as it was meant to be: what was to change did, and nothing else. */
#ifndef HC_EDIT_CHECK_H
#define HC_EDIT_CHECK_H

#include <heapcast/flink_conf.h>

/* NULL: `after` is `before` with the edits done. Else the first key that is not so. */
const char *hc_edit_check(const struct hc_flink_options *before, const struct hc_flink_options *after,
                          const struct hc_conf_edit *edits, size_t count);

#endif
