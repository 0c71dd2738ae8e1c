#include "gc_log_order.h"

#include "gc_log_legacy.h"
#include "gc_log_unified.h"
#include "log_bytes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* At a file's head and tail its times are looked for in so much text. */
enum { LOOK_BYTES = 1 << 16 };

struct file {
    const char *path;
    size_t given;
    struct gc_log_time first, last;
    int64_t written_ns;
};

static int is_known(const struct gc_log_time *time)
{
    return time->wall_ms != GC_TIME_NONE || time->uptime_us != GC_TIME_NONE;
}

static int time_of_line(const char *line, const char *end, struct gc_log_time *out)
{
    return gc_log_unified_is(line, end) ? gc_log_unified_time(line, end, out) : gc_log_legacy_time(line, end, out);
}

static void first_time(const char *text, size_t length, struct gc_log_time *out)
{
    const char *at = text, *stop = text + length, *end;
    for (; !is_known(out) && (end = memchr(at, '\n', (size_t)(stop - at))) != NULL; at = end + 1)
        (void)time_of_line(at, end, out);
}

static void last_time(const char *text, size_t length, struct gc_log_time *out)
{
    const char *end = text + length, *begin;
    for (; !is_known(out) && end > text; end = begin) {
        begin = memrchr(text, '\n', (size_t)(end - text - 1));
        begin = begin == NULL ? text : begin + 1;
        (void)time_of_line(begin, end, out);
        begin -= begin > text;
    }
}

/* What is packed has no tail to jump to. */
static void look_at_tail(struct file *file, off_t size, char *buffer)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    off_t from = size > LOOK_BYTES ? size - LOOK_BYTES : 0;
    ssize_t got = fd >= 0 ? pread(fd, buffer, LOOK_BYTES, from) : -1;
    if (got > 0)
        last_time(buffer, (size_t)got, &file->last);
    if (fd >= 0)
        close(fd);
}

/* Standard input or a pipe can't be read twice: it has no times. */
static void look(struct file *file, char *buffer)
{
    struct log_bytes *bytes = NULL;
    size_t length = 0, got = 1;
    struct stat seen;
    if (strcmp(file->path, "-") == 0 || stat(file->path, &seen) != 0 || !S_ISREG(seen.st_mode) ||
        log_bytes_open(file->path, &bytes, NULL) != HC_OK)
        return;
    while (length < LOOK_BYTES && got > 0 &&
           log_bytes_read(bytes, buffer + length, LOOK_BYTES - length, &got, NULL) == HC_OK)
        length += got;
    log_bytes_close(bytes);
    first_time(buffer, length, &file->first);
    look_at_tail(file, seen.st_size, buffer);
    file->written_ns = (int64_t)seen.st_mtim.tv_sec * 1000000000 + seen.st_mtim.tv_nsec;
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

static int compare(int64_t a, int64_t b, const struct file *left, const struct file *right)
{
    if (a != b)
        return a < b ? -1 : 1;
    return (left->given > right->given) - (left->given < right->given);
}

static int by_wall(const void *left, const void *right)
{
    const struct file *a = left, *b = right;
    return compare(a->first.wall_ms, b->first.wall_ms, a, b);
}

static int by_uptime(const void *left, const void *right)
{
    const struct file *a = left, *b = right;
    return compare(a->first.uptime_us, b->first.uptime_us, a, b);
}

static int by_writing(const void *left, const void *right)
{
    const struct file *a = left, *b = right;
    return compare(a->written_ns, b->written_ns, a, b);
}

/* Threads write their lines a moment late. */
#define SLACK_US INT64_C(1000000)

static int overlap(const struct file *files, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (files[i - 1].last.uptime_us != GC_TIME_NONE &&
            files[i].first.uptime_us < files[i - 1].last.uptime_us - SLACK_US)
            return 1;
    return 0;
}

static void sort(struct file *files, size_t count)
{
    size_t dated = 0, rotated = 0;
    for (size_t i = 0; i < count; i++) {
        dated += files[i].first.wall_ms != GC_TIME_NONE;
        rotated += files[i].first.uptime_us != GC_TIME_NONE && same_stem(files[0].path, files[i].path);
    }
    if (dated == count) {
        qsort(files, count, sizeof files[0], by_wall);
    } else if (rotated == count) {
        qsort(files, count, sizeof files[0], by_uptime);
        if (overlap(files, count))
            qsort(files, count, sizeof files[0], by_writing);
    }
}

enum hc_status gc_log_order(const char **paths, size_t count, struct hc_error *err)
{
    if (count < 2)
        return HC_OK;
    struct file *files = calloc(count, sizeof *files);
    char *buffer = malloc(LOOK_BYTES);
    if (files == NULL || buffer == NULL) {
        free(buffer);
        free(files);
        return hc_fail(err, HC_ENOMEM, 0, "no memory to read GC logs");
    }
    for (size_t i = 0; i < count; i++) {
        files[i] = (struct file){
            .path = paths[i], .given = i, .first = {GC_TIME_NONE, GC_TIME_NONE}, .last = {GC_TIME_NONE, GC_TIME_NONE}};
        look(&files[i], buffer);
    }
    sort(files, count);
    for (size_t i = 0; i < count; i++)
        paths[i] = files[i].path;
    free(buffer);
    free(files);
    return HC_OK;
}
