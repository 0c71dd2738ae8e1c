/* `resolve --in-place`: the user's own file is replaced, with a backup beside it. */
#ifndef HEAPCAST_IN_PLACE_H
#define HEAPCAST_IN_PLACE_H

#include "input_flink.h"

#include <heapcast/resolver.h>

/*
 * Replaces the file that `input` was read from with `text`, as a whole; what it held goes to FILE.bak-N first, N being
 * the first number that is free. Mode and owner stay; behind a symbolic link the file itself is replaced. Then says on
 * stdout what changed. HC_EUNSUPPORTED: another user's file, one with several names, or one that changed since it was
 * read.
 */
enum hc_status hc_in_place_write(const struct hc_flink_input *input, const struct hc_resolution *resolution,
                                 const char *text, struct hc_error *err);

#endif
