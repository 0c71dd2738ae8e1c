/* "Did you mean …?": the known name that is nearest to a mistyped one. */
#ifndef HEAPCAST_NEAREST_H
#define HEAPCAST_NEAREST_H

#include <stddef.h>

/* Borrowed from `names`; NULL where none is near (more than a third of the letters and one more would
 * have to change). */
const char *hc_nearest(const char *given, const char *const *names, size_t count);

#endif
