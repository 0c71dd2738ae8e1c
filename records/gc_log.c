#include <heapcast/gc_log.h>

#include "gc_log_legacy.h"
#include "gc_log_order.h"
#include "gc_log_unified.h"
#include "log_bytes.h"

#include <stdlib.h>
#include <string.h>

/* A line that is longer is no line of a collector, and is passed over. */
enum { BUFFER = 1 << 18 };
struct reader {
    struct gc_log_stream stream;
    struct gc_log_unified unified;
    struct gc_log_legacy legacy;
    struct hc_gc_log_stats *stats;
    enum hc_gc_log_format format; /* of this file; HC_GC_LOG_UNKNOWN: no line has told */
    int skipping;                 /* in a line that is too long */
};

static void reader_init(struct reader *r, const struct hc_gc_log_sink *sink, struct hc_gc_log_stats *stats)
{
    *r = (struct reader){.stats = stats};
    gc_log_stream_init(&r->stream, sink, stats);
    gc_log_unified_init(&r->unified, &r->stream);
    gc_log_legacy_init(&r->legacy, &r->stream);
}

/* A log of the other kind is another JVM's. */
static void follow_format(struct reader *r)
{
    if (r->stats->format != HC_GC_LOG_UNKNOWN && r->stats->format != r->format) {
        gc_log_unified_end(&r->unified);
        gc_log_legacy_end(&r->legacy);
        gc_log_stream_restart(&r->stream);
    }
    r->stats->format = r->format;
}

static void take_line(struct reader *r, const char *line, const char *end)
{
    r->stats->lines++;
    if (end > line && end[-1] == '\r')
        end--;
    if (r->format == HC_GC_LOG_UNKNOWN) {
        if (gc_log_unified_is(line, end))
            r->format = HC_GC_LOG_UNIFIED;
        else if (gc_log_legacy_is(line, end))
            r->format = HC_GC_LOG_LEGACY;
        if (r->format != HC_GC_LOG_UNKNOWN)
            follow_format(r);
    }
    int known = r->format == HC_GC_LOG_UNIFIED  ? gc_log_unified_line(&r->unified, line, end)
                : r->format == HC_GC_LOG_LEGACY ? gc_log_legacy_line(&r->legacy, line, end)
                                                : 0;
    if (known)
        r->stats->gc_lines++;
    else
        r->stats->other_lines++;
}

/* All whole lines of the text; returns how many bytes are left of one that is not. */
static size_t take_lines(struct reader *r, const char *text, size_t length)
{
    const char *at = text, *stop = text + length, *end;
    while ((end = memchr(at, '\n', (size_t)(stop - at))) != NULL) {
        if (r->skipping) {
            r->skipping = 0;
            r->stats->lines++;
            r->stats->other_lines++;
        } else {
            take_line(r, at, end);
        }
        at = end + 1;
    }
    return (size_t)(stop - at);
}

/* What is left at the end of a file is its last line. */
static void take_rest(struct reader *r, const char *text, size_t length)
{
    if (length > 0 || r->skipping) {
        r->skipping = 0;
        take_line(r, text, text + length);
    }
    r->format = HC_GC_LOG_UNKNOWN;
}

static void finish(struct reader *r)
{
    gc_log_unified_end(&r->unified);
    gc_log_legacy_end(&r->legacy);
    gc_log_stream_end(&r->stream);
}

static enum hc_status read_one(struct reader *r, const char *path, char *buffer, struct hc_error *err)
{
    struct log_bytes *bytes = NULL;
    size_t kept = 0, got = 0;
    enum hc_status status = log_bytes_open(path, &bytes, err);
    while (status == HC_OK && (status = log_bytes_read(bytes, buffer + kept, BUFFER - kept, &got, err)) == HC_OK &&
           got > 0) {
        r->stats->bytes += got;
        size_t length = kept + got;
        kept = take_lines(r, buffer, length);
        if (kept == BUFFER) {
            r->skipping = 1;
            kept = 0;
        }
        memmove(buffer, buffer + length - kept, kept);
    }
    take_rest(r, buffer, kept);
    log_bytes_close(bytes);
    return status;
}

enum hc_status hc_gc_log_read(const char *const *paths, size_t count, const struct hc_gc_log_sink *sink,
                              struct hc_gc_log_stats *out, struct hc_error *err)
{
    enum hc_status status = HC_OK;
    struct reader *reader = malloc(sizeof *reader);
    const char **ordered = calloc(count + 1, sizeof *ordered);
    char *buffer = malloc(BUFFER);
    if (reader == NULL || ordered == NULL || buffer == NULL) {
        status = hc_fail(err, HC_ENOMEM, 0, "no memory to read GC logs");
        goto out;
    }
    memcpy(ordered, paths, count * sizeof *ordered);
    status = gc_log_order(ordered, count, err);
    if (status != HC_OK)
        goto out;
    reader_init(reader, sink, out);
    for (size_t i = 0; i < count && status == HC_OK; i++)
        status = read_one(reader, ordered[i], buffer, err);
    finish(reader);
out:
    free(buffer);
    free(ordered);
    free(reader);
    return status;
}

enum hc_status hc_gc_log_parse(const char *text, size_t length, const struct hc_gc_log_sink *sink,
                               struct hc_gc_log_stats *out, struct hc_error *err)
{
    struct reader *reader = malloc(sizeof *reader);
    if (reader == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory to read a GC log");
    reader_init(reader, sink, out);
    out->bytes = length;
    size_t kept = take_lines(reader, text, length);
    take_rest(reader, text + length - kept, kept);
    finish(reader);
    free(reader);
    return HC_OK;
}
