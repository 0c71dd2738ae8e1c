/*
 * Keeps the history file up to date with the predictor's block: what changed is written once a second, so a kill -9
 * loses a second at most. Whatever happens to the file or its disk costs one log line; the block goes on in memory, and
 * the file is written whole when it can be had again.
 */
#ifndef HEAPCAST_HISTORY_KEEPER_H
#define HEAPCAST_HISTORY_KEEPER_H

#include "args.h"

#include <heapcast/history.h>
#include <heapcast/predictor.h>

#include <stdint.h>

struct history_keeper {
    struct hc_history *history; /* owned */
    int on_disk;                /* 0: history=off, nothing is ever written */
    int failing, repaired;      /* said once, not each time */
    int64_t write_at_ms;        /* next round of writes, on the caller's monotonic clock */
    char path[ARGS_PATH_SIZE + 160];
};

/*
 * Opens DIR/heapcast-NAME.hc. HC_OK: there is a block, if need be without a file (one log line). HC_EBUSY: another
 * agent holds that file, nothing is open. HC_ENOMEM.
 */
enum hc_status history_keeper_open(struct history_keeper *keeper, const char *dir, const char *name, int on_disk,
                                   struct hc_error *err);
/* The predictor can't read what is in the block: set the file aside, begin with zeros. */
void history_keeper_renew(struct history_keeper *keeper);
/* A round: writes what changed, if a second has passed since the last time. */
void history_keeper_round(struct history_keeper *keeper, struct hc_predictor *predictor, int64_t now_ms);
/* The same, now. */
void history_keeper_write(struct history_keeper *keeper, struct hc_predictor *predictor, int64_t now_ms);
/* 1: writing beside the history would wait for a frozen file system, see hc_history_frozen. */
int history_keeper_frozen(struct history_keeper *keeper);
void history_keeper_close(struct history_keeper *keeper);

#endif
