/*
 * Flink's MemorySize: text to bytes and back, to the letter of org.apache.flink.configuration.MemorySize, 1.10 to 2.3.
 * Only ASCII digits and blanks (<= U+0020) count; the result does not depend on the locale.
 */
#ifndef HEAPCAST_MEMORY_SIZE_H
#define HEAPCAST_MEMORY_SIZE_H

#include <heapcast/error.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes, 0..2^63-1. HC_EPARSE: the text in *err is Flink's own message. */
enum hc_status hc_memory_size_parse(const char *text, uint64_t *out_bytes, struct hc_error *err);

#define HC_MEMORY_SIZE_TEXT 64
/* MemorySize.toString: "1 gb", "1025 bytes". `out` has HC_MEMORY_SIZE_TEXT bytes; returns out. */
char *hc_memory_size_plain(uint64_t bytes, char *out);
/* MemorySize.toHumanReadableString: "1.550gb (1664299798 bytes)". */
char *hc_memory_size_human(uint64_t bytes, char *out);

#endif
