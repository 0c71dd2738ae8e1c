/* Whole files, in and out: reading one into memory, and replacing one so that nobody ever sees half of it. */
#ifndef HEAPCAST_FILE_H
#define HEAPCAST_FILE_H

#include <heapcast/error.h>
#include <stddef.h>

/* Reads all of `path` ("-": standard input), at most `limit` bytes. *out is NUL-terminated and owned by the caller
 * (free). */
enum hc_status hc_file_read(const char *path, size_t limit, char **out, size_t *out_length, struct hc_error *err);
/* Replaces `path` with `length` bytes of `data`: temporary file in the same directory, fsync, rename; the mode stays,
 * and the owner where that is permitted.
 * A device or pipe is written to instead. */
enum hc_status hc_file_replace(const char *path, const char *data, size_t length, struct hc_error *err);
/* The same without fsync, for what is written again and again: never half a file while the system is up, and no wait
 * for the disk; after a power cut it may be the old one, or empty. */
enum hc_status hc_file_replace_unsynced(const char *path, const char *data, size_t length, struct hc_error *err);

#endif
