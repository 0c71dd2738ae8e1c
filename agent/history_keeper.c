#include "history_keeper.h"

#include <stdio.h>
#include <string.h>

enum { WRITE_MS = 1000, RETRY_MS = 10 * 1000 };

enum hc_status history_keeper_open(struct history_keeper *k, const char *dir, const char *name, int on_disk,
                                   struct hc_error *err)
{
    size_t size = hc_predictor_size();
    enum hc_status status = HC_EIO;
    memset(k, 0, sizeof *k);
    k->on_disk = on_disk;
    snprintf(k->path, sizeof k->path, "%.2047s/heapcast-%.127s.hc", dir, name);
    if (on_disk)
        status = hc_history_open(k->path, size, HC_SERIES_VERSION, &k->history, err);
    if (status == HC_OK || status == HC_EBUSY || status == HC_ENOMEM)
        return status;
    if (on_disk) {
        k->failing = 1;
        log_line(LOG_LEVEL_ERROR, "%s; the history stays in memory, heapcast tries again every %d s", err->text,
                 RETRY_MS / 1000);
    }
    return hc_history_open_in_memory(k->path, size, HC_SERIES_VERSION, &k->history, err);
}

void history_keeper_renew(struct history_keeper *k)
{
    struct hc_error err;
    if (hc_history_renew(k->history, &err) != HC_OK)
        log_line(LOG_LEVEL_ERROR, "%s; the history stays in memory, heapcast tries again every %d s", err.text,
                 RETRY_MS / 1000);
}

static void fails(struct history_keeper *k, const char *why, int64_t now_ms)
{
    if (!k->failing)
        log_line(LOG_LEVEL_ERROR, "%s; the history goes on in memory, heapcast tries again every %d s", why,
                 RETRY_MS / 1000);
    k->failing = 1;
    k->write_at_ms = now_ms + RETRY_MS;
}

struct span_writer {
    struct hc_history *history;
    struct hc_error err;
};

static int write_span(void *context, size_t offset, size_t size)
{
    struct span_writer *w = context;
    return hc_history_write(w->history, offset, size, &w->err) == HC_OK;
}

static int taken(void *context, size_t offset, size_t size)
{
    (void)context, (void)offset, (void)size;
    return 1;
}

/* The file is not what it was: the whole block is written into a new one, so nothing is lost. */
static int restore(struct history_keeper *k, struct hc_predictor *predictor, struct hc_error *err)
{
    if (hc_history_restore(k->history, err) != HC_OK)
        return 0;
    (void)hc_predictor_each_change(predictor, taken, NULL);
    if (!k->failing && !k->repaired)
        log_line(LOG_LEVEL_INFO, "%s was removed or cut short; it is written anew from memory", k->path);
    if (hc_history_note(k->history)[0] != '\0')
        log_line(LOG_LEVEL_INFO, "%s", hc_history_note(k->history));
    k->repaired = 1;
    return 1;
}

void history_keeper_write(struct history_keeper *k, struct hc_predictor *predictor, int64_t now_ms)
{
    struct span_writer w = {.history = k->history};
    if (!k->on_disk)
        return;
    k->write_at_ms = now_ms + WRITE_MS;
    if (hc_history_frozen(k->history)) {
        snprintf(w.err.text, sizeof w.err.text, "the file system of %.180s is frozen", k->path);
        fails(k, w.err.text, now_ms);
        return;
    }
    int done = hc_history_intact(k->history) ? hc_predictor_each_change(predictor, write_span, &w)
                                             : restore(k, predictor, &w.err);
    if (!done) {
        fails(k, w.err.text, now_ms);
        return;
    }
    if (k->failing)
        log_line(LOG_LEVEL_INFO, "%s is written again", k->path);
    k->failing = 0;
}

void history_keeper_round(struct history_keeper *k, struct hc_predictor *predictor, int64_t now_ms)
{
    if (now_ms >= k->write_at_ms)
        history_keeper_write(k, predictor, now_ms);
}

int history_keeper_frozen(struct history_keeper *k)
{
    return k->on_disk && hc_history_frozen(k->history);
}

void history_keeper_close(struct history_keeper *k)
{
    hc_history_close(k->history);
    k->history = NULL;
}
