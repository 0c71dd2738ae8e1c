/* Output as files and terminals want it: each line ended. */
#ifndef HEAPCAST_LINE_H
#define HEAPCAST_LINE_H

#include <heapcast/error.h>

/*
 * Ends `text` with a line break. Takes it over (from malloc; NULL: there was no memory for it) and gives *out, owned by
 * the caller; HC_ENOMEM otherwise, with `what` in the message.
 */
enum hc_status hc_line_end(char *text, const char *what, char **out, struct hc_error *err);

#endif
