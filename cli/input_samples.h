/*
 * A path, what is in it? Histories (.hc) and GC logs alike give starts of JVMs, samples and looks over the whole heap,
 * in the order of time.
 */
#ifndef HEAPCAST_INPUT_SAMPLES_H
#define HEAPCAST_INPUT_SAMPLES_H

#include <heapcast/error.h>
#include <heapcast/gc_log.h>
#include <heapcast/predictor.h>

/* Functions may be NULL. */
struct hc_samples_sink {
    void *context;
    void (*start)(void *context, const struct hc_epoch *epoch);
    void (*sample)(void *context, const struct hc_gc_sample *sample);
    void (*view)(void *context, const struct hc_live_view *view);
};

/* What kind of source it was. */
struct hc_samples_source {
    int history; /* 1: a history; 0: GC logs, and `log` says what was found in them */
    struct hc_gc_log_stats log;
    char jvm_version[64];
    int heap_max_told;     /* 0: heap_max_bytes is the most that was seen */
    struct hc_epoch epoch; /* the newest start; heap_max_bytes 0: none came */
};

/*
 * One history, or GC logs, which make one stream together (gc_log.h); "-" is standard input (a log).
 * `heap_max_bytes`, if not 0, stands for the maximum of the heap where a log does not tell it. HC_EUNSUPPORTED: a
 * history among several files. An input without any sample is HC_OK.
 */
enum hc_status hc_input_samples(const char *const *paths, size_t count, uint64_t heap_max_bytes,
                                const struct hc_samples_sink *sink, struct hc_samples_source *out,
                                struct hc_error *err);

/* What a user should know of the source, on stderr: lines skipped, no date, a guessed heap maximum. Nothing for a
 * history. `name` is the first path. */
void hc_input_samples_tell(const char *name, const struct hc_samples_source *source);

#endif
