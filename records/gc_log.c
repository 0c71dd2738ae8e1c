#include <heapcast/gc_log.h>

#include "gc_log_legacy.h"
#include "gc_log_unified.h"
#include "log_bytes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A line that is longer is no line of a collector, and is passed over. */
enum { BUFFER = 1 << 18 };
/* Lines at the head of a file in which its first time is looked for, to order several files. */
enum { HEAD_BYTES = 1 << 16 };

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

/* ---- order of files -----------------------------------------------------------------------------------------------
 */

struct file {
    const char *path;
    size_t given;
    struct gc_log_time first; /* as its head tells */
};

static void note_first(void *context, const struct gc_log_time *time)
{
    struct file *file = context;
    if (file->first.wall_ms == GC_TIME_NONE && file->first.uptime_us == GC_TIME_NONE)
        file->first = *time;
}

/* The stem of a rotated log: NAME of NAME.0 (JDK 9), of NAME.0.current (JDK 8). */
static size_t stem_length(const char *path)
{
    size_t length = strlen(path), cut;
    if (length > 8 && strcmp(path + length - 8, ".current") == 0)
        length -= 8;
    for (cut = length; cut > 0 && path[cut - 1] >= '0' && path[cut - 1] <= '9'; cut--)
        ;
    return cut < length && cut > 1 && path[cut - 1] == '.' ? cut - 1 : length;
}

static int same_stem(const char *a, const char *b)
{
    size_t length = stem_length(a);
    return length == stem_length(b) && memcmp(a, b, length) == 0;
}

static int by_wall(const void *left, const void *right)
{
    const struct file *a = left, *b = right;
    if (a->first.wall_ms != b->first.wall_ms)
        return a->first.wall_ms < b->first.wall_ms ? -1 : 1;
    return (a->given > b->given) - (a->given < b->given);
}

static int by_uptime(const void *left, const void *right)
{
    const struct file *a = left, *b = right;
    if (a->first.uptime_us != b->first.uptime_us)
        return a->first.uptime_us < b->first.uptime_us ? -1 : 1;
    return (a->given > b->given) - (a->given < b->given);
}

static void order(struct file *files, size_t count)
{
    size_t dated = 0, rotated = 0;
    for (size_t i = 0; i < count; i++) {
        dated += files[i].first.wall_ms != GC_TIME_NONE;
        rotated += files[i].first.uptime_us != GC_TIME_NONE && same_stem(files[0].path, files[i].path);
    }
    if (dated == count)
        qsort(files, count, sizeof files[0], by_wall);
    else if (rotated == count)
        qsort(files, count, sizeof files[0], by_uptime);
}

/* The time of a file's first line that has one. Standard input or a pipe can't be read twice: it has none. */
static void look_at_head(struct file *file, char *buffer)
{
    struct log_bytes *bytes = NULL;
    size_t length = 0, got = 1;
    struct stat seen;
    if (strcmp(file->path, "-") == 0 || stat(file->path, &seen) != 0 || !S_ISREG(seen.st_mode) ||
        log_bytes_open(file->path, &bytes, NULL) != HC_OK)
        return;
    while (length < HEAD_BYTES && got > 0 &&
           log_bytes_read(bytes, buffer + length, HEAD_BYTES - length, &got, NULL) == HC_OK)
        length += got;
    log_bytes_close(bytes);
    const char *at = buffer, *stop = buffer + length, *end;
    for (; file->first.wall_ms == GC_TIME_NONE && file->first.uptime_us == GC_TIME_NONE &&
           (end = memchr(at, '\n', (size_t)(stop - at))) != NULL;
         at = end + 1) {
        struct gc_log_time time;
        if (gc_log_unified_is(at, end) && gc_log_unified_time(at, end, &time))
            note_first(file, &time);
        else if (gc_log_legacy_time(at, end, &time))
            note_first(file, &time);
    }
}

enum hc_status hc_gc_log_read(const char *const *paths, size_t count, const struct hc_gc_log_sink *sink,
                              struct hc_gc_log_stats *out, struct hc_error *err)
{
    enum hc_status status = HC_OK;
    struct reader *reader = malloc(sizeof *reader);
    struct file *files = calloc(count + 1, sizeof *files);
    char *buffer = malloc(BUFFER);
    if (reader == NULL || files == NULL || buffer == NULL) {
        status = hc_fail(err, HC_ENOMEM, 0, "no memory to read GC logs");
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        files[i] = (struct file){paths[i], i, {GC_TIME_NONE, GC_TIME_NONE}};
        if (count > 1)
            look_at_head(&files[i], buffer);
    }
    order(files, count);
    reader_init(reader, sink, out);
    for (size_t i = 0; i < count && status == HC_OK; i++)
        status = read_one(reader, files[i].path, buffer, err);
    finish(reader);
out:
    free(buffer);
    free(files);
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
