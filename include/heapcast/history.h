/*
 * A file of fixed size that keeps a block of memory across restarts. It knows nothing of what is in the block: header,
 * lock and version are here, the content is the predictor's.
 *
 * The block is ordinary memory that is read when the history is opened; its owner says when a part of it is to be
 * written. Nothing but these writes touches the file, so a file system that is full, gone, slow or frozen, or a file
 * that is cut short, never stands in the way of whoever works on the block. Writes are not synced: they survive the
 * process, not a power cut. The file's blocks are reserved when it is made.
 */
#ifndef HEAPCAST_HISTORY_H
#define HEAPCAST_HISTORY_H

#include <heapcast/error.h>
#include <stddef.h>

struct hc_history;

/*
 * Opens or creates `path` for a block of `size` bytes whose layout is `version`. A file that is damaged, of another
 * version or size, or not ours, is renamed to PATH.set-aside-N (never overwritten) and a new one is begun; then
 * hc_history_note says so. HC_EBUSY: another process (or another agent in this one) holds it. HC_EIO: no permission, no
 * space.
 */
enum hc_status hc_history_open(const char *path, size_t size, unsigned version, struct hc_history **out,
                               struct hc_error *err);
/* The file can't be had now: a block of zeros without it, that hc_history_restore may give one later. */
enum hc_status hc_history_open_in_memory(const char *path, size_t size, unsigned version, struct hc_history **out,
                                         struct hc_error *err);
/* The block as it is in the file, without the lock: for looking at a history that an agent is writing. Nothing reaches
 * the file. HC_EPARSE: not a history of this version and size. */
enum hc_status hc_history_read(const char *path, size_t size, unsigned version, struct hc_history **out,
                               struct hc_error *err);
/* The content does not make sense to its owner: set the file aside, begin a new one at the same path, and a block of
 * zeros. */
enum hc_status hc_history_renew(struct hc_history *history, struct hc_error *err);

/* Brings a part of the block into the file. */
enum hc_status hc_history_write(struct hc_history *history, size_t offset, size_t size, struct hc_error *err);
/* 0: the file is not under its path with its full size any more (removed, moved away, truncated), or never was. */
int hc_history_intact(const struct hc_history *history);
/* Then: makes it anew under its path and writes the whole block. A file that somebody put there is set aside. */
enum hc_status hc_history_restore(struct hc_history *history, struct hc_error *err);
/*
 * 1: the file system is frozen (fsfreeze, a snapshot), and any writing to it would wait until it is thawed: not even
 * the end of the process gets past such a wait. 0: it is not, or can't be told (mounted noatime). Asked before a round
 * of writes, it costs two system calls.
 */
int hc_history_frozen(struct hc_history *history);

/* Borrowed until close. */
void *hc_history_memory(struct hc_history *history);
const char *hc_history_note(const struct hc_history *history); /* borrowed; "" if nothing was set aside */
void hc_history_close(struct hc_history *history);             /* NULL is fine */

#endif
