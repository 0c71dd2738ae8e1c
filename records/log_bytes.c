#include "log_bytes.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT = 1 << 16 };

/* As in zlib.h, whose layout of this has not changed since 1.0 (1996); Z_STREAM's size and version are checked by
 * inflateInit2_. Loaded when the first gzip file comes: everything else works without the library. */
struct z_stream_view {
    const unsigned char *next_in;
    unsigned avail_in;
    unsigned long total_in;
    unsigned char *next_out;
    unsigned avail_out;
    unsigned long total_out;
    const char *msg;
    void *state;
    void *zalloc, *zfree, *opaque;
    int data_type;
    unsigned long adler, reserved;
};
enum { Z_OK_CODE = 0, Z_STREAM_END_CODE = 1, Z_BUF_ERROR_CODE = -5, WINDOW_GZIP = 15 + 16 };

struct zlib {
    int (*init)(struct z_stream_view *stream, int window, const char *version, int size);
    int (*inflate)(struct z_stream_view *stream, int flush);
    int (*reset)(struct z_stream_view *stream);
    int (*end)(struct z_stream_view *stream);
};

struct log_bytes {
    int fd;
    const char *path; /* borrowed */
    size_t begin, end;
    int packed, inside; /* inside: a member of the gzip file has begun and not ended */
    struct zlib zlib;
    struct z_stream_view stream;
    unsigned char input[INPUT];
};

/* dlsym gives an object pointer; POSIX promises that it may be used so. */
static int find(void *library, const char *name, void *out)
{
    void *symbol = dlsym(library, name);
    memcpy(out, &symbol, sizeof symbol);
    return symbol != NULL;
}

static enum hc_status load(struct log_bytes *b, struct hc_error *err)
{
    void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        library = dlopen("libz.so", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL || !find(library, "inflateInit2_", &b->zlib.init) ||
        !find(library, "inflate", &b->zlib.inflate) || !find(library, "inflateReset", &b->zlib.reset) ||
        !find(library, "inflateEnd", &b->zlib.end))
        return hc_fail(err, HC_EUNSUPPORTED, 0,
                       "%s is gzip and zlib (libz.so.1) is not installed; unpack it: zcat FILE | heapcast … -",
                       b->path);
    if (b->zlib.init(&b->stream, WINDOW_GZIP, "1.2.0", (int)sizeof b->stream) != Z_OK_CODE)
        return hc_fail(err, HC_ENOMEM, 0, "%s: no memory to unpack it", b->path);
    b->packed = 1;
    return HC_OK;
}

/* More input; b->begin == b->end afterwards: there is none. */
static enum hc_status fill(struct log_bytes *b, struct hc_error *err)
{
    ssize_t got;
    do
        got = read(b->fd, b->input, sizeof b->input);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return hc_fail(err, HC_EIO, 0, "%s cannot be read: %s", b->path, strerror(errno));
    b->begin = 0;
    b->end = (size_t)got;
    return HC_OK;
}

enum hc_status log_bytes_open(const char *path, struct log_bytes **out, struct hc_error *err)
{
    struct log_bytes *b = calloc(1, sizeof *b);
    if (b == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory to read %s", path);
    b->path = path;
    b->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    enum hc_status status =
        b->fd < 0 ? hc_fail(err, HC_EIO, 0, "%s cannot be opened: %s", path, strerror(errno)) : fill(b, err);
    if (status == HC_OK && b->end >= 2 && b->input[0] == 0x1f && b->input[1] == 0x8b)
        status = load(b, err);
    if (status != HC_OK) {
        log_bytes_close(b);
        return status;
    }
    *out = b;
    return HC_OK;
}

/* A file of several members is one text; what follows the last one and is no member is left out, as gzip does. */
static enum hc_status unpack(struct log_bytes *b, char *buffer, size_t room, size_t *out_count, struct hc_error *err)
{
    b->stream.next_out = (unsigned char *)buffer;
    b->stream.avail_out = (unsigned)(room < (1u << 30) ? room : 1u << 30);
    unsigned asked = b->stream.avail_out;
    while (b->stream.avail_out == asked) {
        enum hc_status status = b->begin == b->end ? fill(b, err) : HC_OK;
        if (status != HC_OK)
            return status;
        if (b->begin == b->end && b->inside)
            return hc_fail(err, HC_EPARSE, 0, "%s: the gzip file ends in the middle", b->path);
        if (b->begin == b->end || (!b->inside && b->input[b->begin] != 0x1f))
            break;
        b->inside = 1;
        b->stream.next_in = b->input + b->begin;
        b->stream.avail_in = (unsigned)(b->end - b->begin);
        int code = b->zlib.inflate(&b->stream, 0);
        b->begin = b->end - b->stream.avail_in;
        if (code == Z_STREAM_END_CODE) {
            b->inside = 0;
            b->zlib.reset(&b->stream);
        } else if (code != Z_OK_CODE && code != Z_BUF_ERROR_CODE) {
            return hc_fail(err, HC_EPARSE, 0, "%s: the gzip file is damaged", b->path);
        }
    }
    *out_count = asked - b->stream.avail_out;
    return HC_OK;
}

enum hc_status log_bytes_read(struct log_bytes *b, char *buffer, size_t room, size_t *out_count, struct hc_error *err)
{
    if (b->packed)
        return unpack(b, buffer, room, out_count, err);
    if (b->begin < b->end) { /* what was read to see what it is */
        size_t count = b->end - b->begin < room ? b->end - b->begin : room;
        memcpy(buffer, b->input + b->begin, count);
        b->begin += count;
        *out_count = count;
        return HC_OK;
    }
    ssize_t got;
    do
        got = read(b->fd, buffer, room);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return hc_fail(err, HC_EIO, 0, "%s cannot be read: %s", b->path, strerror(errno));
    *out_count = (size_t)got;
    return HC_OK;
}

void log_bytes_close(struct log_bytes *b)
{
    if (b == NULL)
        return;
    if (b->packed)
        b->zlib.end(&b->stream);
    if (b->fd > STDIN_FILENO)
        close(b->fd);
    free(b);
}
