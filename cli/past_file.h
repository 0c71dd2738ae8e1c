/*
 * A recorded past out of a file: a history that the agent wrote, samples as `heapcast export` prints them, or GC logs.
 * What backtest walks through.
 */
#ifndef HEAPCAST_PAST_FILE_H
#define HEAPCAST_PAST_FILE_H

#include <heapcast/backtest.h>

struct hc_past_file {
    struct hc_past past;         /* into the lists below */
    enum hc_collector collector; /* of the last JVM */
    struct hc_epoch *epochs;
    struct hc_gc_sample *samples;
    struct hc_live_view *views;
    struct hc_event *events;
    size_t epoch_room, sample_room, view_room, event_room;
    int no_memory;
};

/* `out` is filled on success only; hc_past_release gives back what is in it. An input without any sample is HC_OK. */
enum hc_status hc_past_load(const char *const *paths, size_t count, uint64_t heap_max_bytes, struct hc_past_file *out,
                            struct hc_error *err);
/* Samples as `heapcast export --format csv` prints them; columns in any order, those that are not known passed over.
 * Another JVM begins where gc_id goes back. */
enum hc_status hc_past_parse_csv(const char *text, struct hc_past_file *out, struct hc_error *err);
void hc_past_release(struct hc_past_file *file);

#endif
