#include "past_file.h"

#include "input_samples.h"

#include <heapcast/file.h>
#include <heapcast/history.h>
#include <heapcast/predictor.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A million samples as text have some 150 MB. */
#define TEXT_MAX_BYTES ((size_t)1 << 31)

/* ---- growing lists ---------------------------------------------------------------------------------------------- */

/* Room for one more element, whose place is returned; NULL: no memory, which is told at the end. */
static void *one_more(struct hc_past_file *f, void **list, size_t *count, size_t *room, size_t size)
{
    if (*count == *room) {
        size_t more = *room > 0 ? 2 * *room : 256;
        void *bigger = realloc(*list, more * size);
        if (bigger == NULL) {
            f->no_memory = 1;
            return NULL;
        }
        *list = bigger;
        *room = more;
    }
    return (char *)*list + (*count)++ * size;
}
#define APPEND(file, list, count, room, value)                                                                         \
    do {                                                                                                               \
        void *begin = (file)->list, *place;                                                                            \
        place = one_more(file, &begin, &(file)->past.count, &(file)->room, sizeof *(value));                           \
        (file)->list = begin;                                                                                          \
        if (place != NULL)                                                                                             \
            memcpy(place, value, sizeof *(value));                                                                     \
    } while (0)

static void take_epoch(void *context, const struct hc_epoch *epoch)
{
    struct hc_past_file *f = context;
    APPEND(f, epochs, epoch_count, epoch_room, epoch);
    f->collector = epoch->collector;
}

static void take_sample(void *context, const struct hc_gc_sample *sample)
{
    struct hc_past_file *f = context;
    APPEND(f, samples, sample_count, sample_room, sample);
}

static void take_view(void *context, const struct hc_live_view *view)
{
    struct hc_past_file *f = context;
    APPEND(f, views, view_count, view_room, view);
}

static enum hc_status settle(struct hc_past_file *f, struct hc_error *err)
{
    f->past.epochs = f->epochs;
    f->past.samples = f->samples;
    f->past.views = f->views;
    f->past.events = f->events;
    return f->no_memory ? hc_fail(err, HC_ENOMEM, 0, "no memory for %zu collections", f->past.sample_count) : HC_OK;
}

/* The end of each way to read one: settled it is the caller's, else nothing is left of it. */
static enum hc_status hand_over(struct hc_past_file *file, enum hc_status status, struct hc_past_file *out,
                                struct hc_error *err)
{
    if (status == HC_OK)
        status = settle(file, err);
    if (status == HC_OK)
        *out = *file;
    else
        hc_past_release(file);
    return status;
}

void hc_past_release(struct hc_past_file *file)
{
    free(file->epochs);
    free(file->samples);
    free(file->views);
    free(file->events);
    *file = (struct hc_past_file){0};
}

/* ---- histories -------------------------------------------------------------------------------------------------- */

/* Events stand in the recommendation only; for the last moment it has all that are kept. */
static void take_events(struct hc_past_file *f, struct hc_predictor *predictor)
{
    struct hc_recommendation last;
    int64_t now_ms = f->past.sample_count > 0 ? f->samples[f->past.sample_count - 1].end_time_ms : 0;
    if (hc_predictor_predict(predictor, now_ms, &last) != HC_OK)
        return;
    for (unsigned i = 0; i < last.event_count; i++)
        APPEND(f, events, event_count, event_room, &last.events[i]);
}

static enum hc_status load_history(const char *path, struct hc_past_file *out, struct hc_error *err)
{
    struct hc_policy policy;
    struct hc_history *history = NULL;
    struct hc_predictor *predictor = NULL;
    hc_policy_init(&policy);
    enum hc_status status = hc_history_read(path, hc_predictor_size(), HC_SERIES_VERSION, &history, err);
    if (status == HC_OK)
        status = hc_predictor_new(hc_history_memory(history), hc_predictor_size(), &policy, &predictor, err);
    if (status == HC_OK) {
        hc_predictor_each_epoch(predictor, take_epoch, out);
        hc_predictor_each_sample(predictor, take_sample, out);
        hc_predictor_each_view(predictor, take_view, out);
        take_events(out, predictor);
    }
    hc_predictor_free(predictor);
    hc_history_close(history);
    return status;
}

/* ---- samples as text -------------------------------------------------------------------------------------------- */

enum column {
    END_TIME,
    GC_ID,
    PAUSE,
    USED_BEFORE,
    USED_AFTER,
    OLD_USED_AFTER,
    COMMITTED,
    MAX,
    ALLOCATED,
    PROMOTED,
    GC_TIME,
    KIND,
    COLUMNS
};
static const char *const column_names[COLUMNS] = {"end_time_ms",
                                                  "gc_id",
                                                  "pause_us",
                                                  "heap_used_before_bytes",
                                                  "heap_used_after_bytes",
                                                  "old_used_after_bytes",
                                                  "heap_committed_bytes",
                                                  "heap_max_bytes",
                                                  "allocated_bytes",
                                                  "promoted_bytes",
                                                  "gc_time_us",
                                                  "kind"};
enum { FIELDS_MAX = 64 };

/* Which column stands where; -1: none that is known. */
struct layout {
    int column[FIELDS_MAX];
    unsigned fields;
};

/* Cuts the field at *at off and steps over its comma. Nothing that `export` prints is quoted. */
static size_t next_field(const char **at, const char *end, const char **out)
{
    const char *comma = memchr(*at, ',', (size_t)(end - *at));
    const char *stop = comma != NULL ? comma : end;
    *out = *at;
    *at = comma != NULL ? comma + 1 : NULL;
    return (size_t)(stop - *out);
}

static enum hc_status read_header(const char *line, const char *end, struct layout *out, struct hc_error *err)
{
    bool found[COLUMNS] = {false};
    *out = (struct layout){.fields = 0};
    for (const char *at = line, *field; at != NULL && out->fields < FIELDS_MAX;) {
        size_t length = next_field(&at, end, &field);
        int column = -1;
        for (int i = 0; i < COLUMNS; i++)
            if (strlen(column_names[i]) == length && memcmp(column_names[i], field, length) == 0)
                column = i;
        if (column >= 0)
            found[column] = true;
        out->column[out->fields++] = column;
    }
    static const enum column needed[] = {END_TIME, USED_AFTER, COMMITTED, MAX, GC_TIME, KIND};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!found[needed[i]])
            return hc_fail(err, HC_EPARSE, 1, "column %s is missing; `heapcast export` prints it",
                           column_names[needed[i]]);
    return HC_OK;
}

static bool whole_number(const char *field, size_t length, uint64_t *out)
{
    uint64_t value = 0;
    if (length == 0 || length > 18)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (field[i] < '0' || field[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(field[i] - '0');
    }
    *out = value;
    return true;
}

static bool kind_of(const char *field, size_t length, uint64_t *out)
{
    static const char *const kinds[] = {"young", "mixed", "full", "old", "pause"};
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i]) == length && memcmp(kinds[i], field, length) == 0) {
            *out = HC_GC_YOUNG + i;
            return true;
        }
    return false;
}

static enum hc_status read_row(const char *line, const char *end, unsigned number, const struct layout *layout,
                               uint64_t value[COLUMNS], struct hc_error *err)
{
    const char *at = line, *field;
    for (int i = 0; i < COLUMNS; i++)
        value[i] = HC_BYTES_UNKNOWN;
    for (unsigned i = 0; i < layout->fields; i++) {
        if (at == NULL)
            return hc_fail(err, HC_EPARSE, number, "%u fields; the first line has %u", i, layout->fields);
        size_t length = next_field(&at, end, &field);
        int column = layout->column[i];
        if (column < 0 || length == 0)
            continue;
        if (column == KIND ? !kind_of(field, length, &value[KIND]) : !whole_number(field, length, &value[column]))
            return hc_fail(err, HC_EPARSE, number, "%s is '%.*s'; %s is needed", column_names[column],
                           (int)(length < 60 ? length : 60), field,
                           column == KIND ? "young, mixed, full, old or pause" : "a whole number");
    }
    static const enum column needed[] = {END_TIME, USED_AFTER, COMMITTED, MAX, GC_TIME, KIND};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (value[needed[i]] == HC_BYTES_UNKNOWN)
            return hc_fail(err, HC_EPARSE, number, "%s is empty; a value is needed", column_names[needed[i]]);
    return HC_OK;
}

static void take_row(struct hc_past_file *f, const uint64_t value[COLUMNS])
{
    const struct hc_gc_sample *last = f->past.sample_count > 0 ? &f->samples[f->past.sample_count - 1] : NULL;
    struct hc_gc_sample s = {.end_time_ms = (int64_t)value[END_TIME],
                             .gc_id = value[GC_ID] != HC_BYTES_UNKNOWN ? value[GC_ID]
                                      : last != NULL                   ? last->gc_id + 1
                                                                       : 1,
                             .pause_us = value[PAUSE] != HC_BYTES_UNKNOWN ? value[PAUSE] : value[GC_TIME],
                             .heap_used_before_bytes = value[USED_BEFORE],
                             .heap_used_after_bytes = value[USED_AFTER],
                             .old_used_after_bytes = value[OLD_USED_AFTER],
                             .heap_committed_bytes = value[COMMITTED],
                             .heap_max_bytes = value[MAX],
                             .allocated_bytes = value[ALLOCATED],
                             .promoted_bytes = value[PROMOTED],
                             .gc_time_us = value[GC_TIME],
                             .kind = (enum hc_gc_kind)value[KIND]};
    if (last == NULL || s.gc_id < last->gc_id)
        take_epoch(f, &(struct hc_epoch){.start_ms = s.end_time_ms,
                                         .heap_max_bytes = s.heap_max_bytes,
                                         .clean_end = 1, /* nothing tells otherwise */
                                         .oom_kills = HC_BYTES_UNKNOWN});
    take_sample(f, &s);
}

enum hc_status hc_past_parse_csv(const char *text, struct hc_past_file *out, struct hc_error *err)
{
    struct hc_past_file file = {0};
    struct layout layout = {.fields = 0};
    uint64_t value[COLUMNS];
    enum hc_status status = HC_OK;
    unsigned number = 0;
    for (const char *line = text; status == HC_OK && *line != '\0'; line += *line == '\n') {
        const char *next = line + strcspn(line, "\n"), *end = next;
        number++;
        while (end > line && end[-1] == '\r')
            end--;
        if (number == 1) {
            status = read_header(line, end, &layout, err);
        } else if (end > line) {
            status = read_row(line, end, number, &layout, value, err);
            if (status == HC_OK && file.past.sample_count > 0 &&
                (int64_t)value[END_TIME] < file.samples[file.past.sample_count - 1].end_time_ms)
                status = hc_fail(err, HC_EPARSE, number, "is older than the line before; oldest first is needed");
            if (status == HC_OK)
                take_row(&file, value);
        }
        line = next;
    }
    return hand_over(&file, status, out, err);
}

/* ---- which of them ---------------------------------------------------------------------------------------------- */

enum source { SOURCE_HISTORY, SOURCE_CSV, SOURCE_LOG };

/* By how it begins; a stream can't be asked twice and is a log. */
static enum source source_of(const char *path)
{
    char head[256] = "";
    FILE *file = strcmp(path, "-") != 0 ? fopen(path, "rb") : NULL;
    if (file == NULL)
        return SOURCE_LOG;
    size_t length = fread(head, 1, sizeof head - 1, file);
    fclose(file);
    if (length >= 8 && memcmp(head, "HEAPCAST", 8) == 0)
        return SOURCE_HISTORY;
    head[strcspn(head, "\n")] = '\0';
    return strstr(head, "end_time_ms") != NULL && strchr(head, ',') != NULL ? SOURCE_CSV : SOURCE_LOG;
}

static enum hc_status load_csv(const char *path, struct hc_past_file *out, struct hc_error *err)
{
    char *text = NULL;
    enum hc_status status = hc_file_read(path, TEXT_MAX_BYTES, &text, NULL, err);
    if (status == HC_OK)
        status = hc_past_parse_csv(text, out, err);
    free(text);
    return status;
}

/* A log that does not tell the maximum of the heap shows it in the end: what was in force is then the most that was. */
static void set_heap_max(struct hc_past_file *f, const struct hc_samples_source *source)
{
    for (size_t i = 0; i < f->past.sample_count && !source->heap_max_told; i++)
        f->samples[i].heap_max_bytes = source->epoch.heap_max_bytes;
    for (size_t i = 0; i < f->past.epoch_count; i++)
        if (!source->heap_max_told || f->epochs[i].heap_max_bytes == 0)
            f->epochs[i].heap_max_bytes = source->epoch.heap_max_bytes;
}

static enum hc_status load_logs(const char *const *paths, size_t count, uint64_t heap_max_bytes,
                                struct hc_past_file *out, struct hc_error *err)
{
    const struct hc_samples_sink sink = {out, take_epoch, take_sample, take_view};
    struct hc_samples_source source;
    enum hc_status status = hc_input_samples(paths, count, heap_max_bytes, &sink, &source, err);
    if (status != HC_OK)
        return status;
    set_heap_max(out, &source);
    hc_input_samples_tell(paths[0], &source);
    return HC_OK;
}

enum hc_status hc_past_load(const char *const *paths, size_t count, uint64_t heap_max_bytes, struct hc_past_file *out,
                            struct hc_error *err)
{
    struct hc_past_file file = {0};
    enum source source = source_of(paths[0]);
    for (size_t i = 1; i < count; i++)
        if (source != SOURCE_LOG || source_of(paths[i]) != SOURCE_LOG)
            return hc_fail(err, HC_EUNSUPPORTED, 0, "several files make one past only if all are GC logs");
    enum hc_status status = source == SOURCE_HISTORY ? load_history(paths[0], &file, err)
                            : source == SOURCE_CSV   ? load_csv(paths[0], &file, err)
                                                     : load_logs(paths, count, heap_max_bytes, &file, err);
    return hand_over(&file, status, out, err);
}
