/* The bytes of a log, from a file or standard input, unpacked where they are gzip. */
#ifndef HEAPCAST_LOG_BYTES_H
#define HEAPCAST_LOG_BYTES_H

#include <heapcast/error.h>
#include <stddef.h>

struct log_bytes;

/* "-": standard input. HC_EUNSUPPORTED: gzip, and libz.so.1 is not there. */
enum hc_status log_bytes_open(const char *path, struct log_bytes **out, struct hc_error *err);
/* At most `room` bytes; *out_count 0: the end. HC_EPARSE: damaged gzip. */
enum hc_status log_bytes_read(struct log_bytes *bytes, char *buffer, size_t room, size_t *out_count,
                              struct hc_error *err);
void log_bytes_close(struct log_bytes *bytes); /* NULL is fine */

#endif
