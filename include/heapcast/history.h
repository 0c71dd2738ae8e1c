/*
 * A file of fixed size, mapped into memory, that keeps a block across restarts. It knows nothing of what is in the
 * block: header, lock and version are here, the content is the predictor's.
 *
 * The blocks of the file are reserved before it is mapped, so a full disk shows here as HC_EIO and not later as SIGBUS
 * in the host.
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
/* Read-only, without the lock: for looking at a history that an agent is writing. HC_EPARSE: not a history of this
 * version and size. */
enum hc_status hc_history_read(const char *path, size_t size, unsigned version, struct hc_history **out,
                               struct hc_error *err);
/* The content does not make sense to its owner: set the file aside and begin a new one at the same path. */
enum hc_status hc_history_renew(struct hc_history *history, struct hc_error *err);
/* Borrowed until close; after hc_history_read writable, but nothing reaches the file. */
void *hc_history_memory(struct hc_history *history);
/* 0: somebody has cut the file short (a log rotation that truncates). Touching the block would then end the process
 * with SIGBUS, so a long-lived owner asks before each round of work. One fstat. */
int hc_history_intact(const struct hc_history *history);
const char *hc_history_note(const struct hc_history *history); /* borrowed; "" if nothing was set aside */
void hc_history_close(struct hc_history *history);             /* NULL is fine */

#endif
