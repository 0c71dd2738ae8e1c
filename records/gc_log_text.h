/* Numbers, sizes and times as GC logs word them. Text is not NUL-terminated: `end` is one past the last character.
 * A decimal comma counts as a point: JDK 8 printed in the locale of its host. */
#ifndef HEAPCAST_GC_LOG_TEXT_H
#define HEAPCAST_GC_LOG_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Each returns where its text ends, or NULL where it is none; what is beyond 2^63 is none. */
const char *gc_text_number(const char *at, const char *end, uint64_t *out);
/* Of "12.345" the number times 10^6, cut after the sixth place. */
const char *gc_text_micro(const char *at, const char *end, uint64_t *out);
/* "15M", "4096.0K", "0.0B", "128 MB" in bytes. */
const char *gc_text_size(const char *at, const char *end, uint64_t *out_bytes);
/* "9.704ms", "0.012s", "12us" in microseconds. */
const char *gc_text_duration(const char *at, const char *end, uint64_t *out_us);
/* "2026-11-21T09:38:49.123+0100" (or Z) in milliseconds since the epoch. */
const char *gc_text_date(const char *at, const char *end, int64_t *out_ms);

struct gc_transition {
    uint64_t before_bytes, after_bytes, capacity_bytes; /* capacity: HC_BYTES_UNKNOWN where it is not told */
    uint64_t before_percent;                            /* of the heap's maximum (ZGC); 0: not told */
};
/* "15M->12M(160M)", "34944K(39296K)->4351K(39296K)", "48M(24%)->54M(27%)", "44636K->47171K". */
const char *gc_text_transition(const char *at, const char *end, struct gc_transition *out);

static inline int gc_text_starts(const char *at, const char *end, const char *with)
{
    size_t length = strlen(with);
    return (size_t)(end - at) >= length && memcmp(at, with, length) == 0;
}

#endif
