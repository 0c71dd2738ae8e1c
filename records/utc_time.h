/* Times in files: RFC 3339 in UTC with milliseconds, "2026-11-21T03:20:00.123Z". */
#ifndef HEAPCAST_UTC_TIME_H
#define HEAPCAST_UTC_TIME_H

#include <stdint.h>

enum { UTC_TIME_SIZE = 40 };

/* `out` has UTC_TIME_SIZE bytes; returns out. */
char *utc_time_print(int64_t time_ms, char *out);
/* 0 and *out_ms, or -1 where the text is not of that form (fraction of a second optional, zone must be Z). */
int utc_time_parse(const char *text, int64_t *out_ms);

#endif
