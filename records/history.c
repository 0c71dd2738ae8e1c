#include <heapcast/history.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_SIZE = 4096, PATH_SIZE = 4096, SET_ASIDE_MAX = 100, PIECE = 4096 };

static const char magic[8] = {'H', 'E', 'A', 'P', 'C', 'A', 'S', 'T'};

/* The first page of the file. Written whole before the block is used, never changed afterwards. */
struct header {
    char magic[8];
    uint32_t format;     /* of this header */
    uint32_t byte_order; /* 0x01020304 as this machine writes it */
    uint32_t version;    /* of the block's layout */
    uint32_t check;      /* over the fields above and block_size */
    uint64_t block_size;
};

struct hc_history {
    int fd; /* -1: no file; the block is in memory only */
    unsigned version;
    size_t size;          /* of the block */
    unsigned char *block; /* ordinary memory: a mapped file would make every access wait for a file system that does */
    int access_times;     /* reading has been seen to move the file's time of access; see hc_history_frozen */
    char path[PATH_SIZE];
    char note[2 * PATH_SIZE + 256];
};

static struct header header_for(unsigned version, size_t size)
{
    struct header h = {.format = 1, .byte_order = 0x01020304u, .version = version, .block_size = size};
    memcpy(h.magic, magic, sizeof magic);
    h.check = (h.format * 2654435761u) ^ (h.version * 40503u) ^ (uint32_t)(size * 2246822519u);
    return h;
}

/* Why the file is not a history for this block; NULL if it is one. */
static const char *mismatch(const struct header *found, const struct header *want, off_t length)
{
    if (memcmp(found->magic, want->magic, sizeof magic) != 0)
        return "not a heapcast history";
    if (found->byte_order != want->byte_order)
        return "written on a machine of another byte order";
    if (found->format != want->format || found->version != want->version)
        return "of another version";
    if (found->block_size != want->block_size || found->check != want->check ||
        length != (off_t)(HEADER_SIZE + want->block_size))
        return "damaged";
    return NULL;
}

/* Never overwrites: somebody may want to look at what was there. */
static enum hc_status set_aside(struct hc_history *h, const char *why, struct hc_error *err)
{
    char aside[PATH_SIZE + 32];
    for (int i = 1; i <= SET_ASIDE_MAX; i++) {
        snprintf(aside, sizeof aside, "%s.set-aside-%d", h->path, i);
        if (link(h->path, aside) == 0) {
            unlink(h->path);
            snprintf(h->note, sizeof h->note, "%s is %s; kept as %s, a new history begins", h->path, why, aside);
            return HC_OK;
        }
        if (errno != EEXIST)
            break;
    }
    /* File systems without hard links: rename where the name is free. */
    if (access(aside, F_OK) != 0 && rename(h->path, aside) == 0) {
        snprintf(h->note, sizeof h->note, "%s is %s; kept as %s, a new history begins", h->path, why, aside);
        return HC_OK;
    }
    return hc_fail(err, HC_EIO, 0, "%s is %s and cannot be set aside: %s; remove it or choose another dir", h->path,
                   why, strerror(errno));
}

static void close_file(struct hc_history *h)
{
    if (h->fd >= 0)
        close(h->fd); /* gives the lock back */
    h->fd = -1;
}

static int is_under_its_path(const struct hc_history *h, struct stat *mine)
{
    struct stat named;
    return h->fd >= 0 && fstat(h->fd, mine) == 0 && stat(h->path, &named) == 0 && mine->st_ino == named.st_ino &&
           mine->st_dev == named.st_dev;
}

/* Opens and locks; a file that was replaced between open and lock is opened again. */
static enum hc_status open_locked(struct hc_history *h, struct hc_error *err)
{
    for (;;) {
        struct stat mine;
        close_file(h);
        h->fd = open(h->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (h->fd < 0)
            return hc_fail(err, HC_EIO, 0, "%s cannot be opened: %s", h->path, strerror(errno));
        if (flock(h->fd, LOCK_EX | LOCK_NB) != 0) {
            int why = errno;
            close_file(h);
            return why == EWOULDBLOCK ? hc_fail(err, HC_EBUSY, 0, "%s is in use by another heapcast agent", h->path)
                                      : hc_fail(err, HC_EIO, 0, "%s cannot be locked: %s", h->path, strerror(why));
        }
        if (is_under_its_path(h, &mine))
            return HC_OK;
    }
}

/* Both go on after a signal and after a part: 0, or -1 and errno. */
static int write_at(int fd, const void *data, size_t size, off_t at)
{
    for (const unsigned char *from = data; size > 0;) {
        ssize_t n = pwrite(fd, from, size, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        from += n;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

static int read_at(int fd, void *data, size_t size, off_t at)
{
    for (unsigned char *to = data; size > 0;) {
        ssize_t n = pread(fd, to, size, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n == 0 ? EIO : errno;
            return -1;
        }
        to += n;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

/* The block is zeros already, and pages of it that stay so take no memory: most of a history is empty for weeks. */
static int read_block(int fd, unsigned char *block, size_t size)
{
    static const unsigned char zeros[PIECE];
    unsigned char piece[PIECE];
    for (size_t at = 0; at < size; at += PIECE) {
        size_t n = size - at < PIECE ? size - at : PIECE;
        if (read_at(fd, piece, n, (off_t)(HEADER_SIZE + at)) != 0)
            return -1;
        if (memcmp(piece, zeros, n) != 0)
            memcpy(block + at, piece, n);
    }
    return 0;
}

/* Gives an empty file its full size on disk, so that no later write fails for want of space, and its header. */
static enum hc_status create(struct hc_history *h, struct hc_error *err)
{
    struct header head = header_for(h->version, h->size);
    int why = posix_fallocate(h->fd, 0, (off_t)(HEADER_SIZE + h->size));
    if (why == 0 && write_at(h->fd, &head, sizeof head, 0) != 0)
        why = errno;
    if (why == 0)
        return HC_OK;
    unlink(h->path);
    return hc_fail(err, HC_EIO, 0, "%s cannot be given %zu bytes: %s", h->path, HEADER_SIZE + h->size, strerror(why));
}

static enum hc_status begin_anew(struct hc_history *h, const char *why, struct hc_error *err)
{
    enum hc_status status = set_aside(h, why, err);
    if (status == HC_OK)
        status = open_locked(h, err);
    return status == HC_OK ? create(h, err) : status;
}

/* A regular file, locked, and its length; what is in it does not matter yet. */
static enum hc_status open_regular(struct hc_history *h, off_t *out_length, struct hc_error *err)
{
    struct stat st;
    enum hc_status status = open_locked(h, err);
    if (status != HC_OK)
        return status;
    if (fstat(h->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return hc_fail(err, HC_EIO, 0, "%s is not a regular file", h->path);
    *out_length = st.st_size;
    return HC_OK;
}

static enum hc_status open_or_create(struct hc_history *h, struct hc_error *err)
{
    off_t length;
    struct header found = {0}, want = header_for(h->version, h->size);
    enum hc_status status = open_regular(h, &length, err);
    if (status != HC_OK)
        return status;
    if (length == 0)
        return create(h, err);
    const char *why = read_at(h->fd, &found, sizeof found, 0) == 0 ? mismatch(&found, &want, length) : "damaged";
    if (why != NULL)
        return begin_anew(h, why, err);
    /* A sparse file (a restored backup) has no disk blocks yet. */
    int full = posix_fallocate(h->fd, 0, length);
    if (full != 0)
        return hc_fail(err, HC_EIO, 0, "%s: %s", h->path, strerror(full));
    return read_block(h->fd, h->block, h->size) == 0
               ? HC_OK
               : hc_fail(err, HC_EIO, 0, "%s cannot be read: %s", h->path, strerror(errno));
}

static enum hc_status history_new(const char *path, size_t size, unsigned version, struct hc_history **out,
                                  struct hc_error *err)
{
    struct hc_history *h;
    if (strlen(path) >= sizeof h->path) /* cut short it would name another file */
        return hc_fail(err, HC_EINVAL, 0, "a path of %zu bytes is too long: %.80s…", strlen(path), path);
    h = calloc(1, sizeof *h);
    if (h != NULL)
        h->block = calloc(1, size);
    if (h == NULL || h->block == NULL) {
        free(h);
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the history %s", path);
    }
    h->fd = -1;
    h->size = size;
    h->version = version;
    snprintf(h->path, sizeof h->path, "%s", path);
    *out = h;
    return HC_OK;
}

enum hc_status hc_history_open(const char *path, size_t size, unsigned version, struct hc_history **out,
                               struct hc_error *err)
{
    struct hc_history *h = NULL;
    enum hc_status status = history_new(path, size, version, &h, err);
    if (status == HC_OK)
        status = open_or_create(h, err);
    if (status != HC_OK) {
        hc_history_close(h);
        return status;
    }
    *out = h;
    return HC_OK;
}

enum hc_status hc_history_open_in_memory(const char *path, size_t size, unsigned version, struct hc_history **out,
                                         struct hc_error *err)
{
    return history_new(path, size, version, out, err);
}

enum hc_status hc_history_read(const char *path, size_t size, unsigned version, struct hc_history **out,
                               struct hc_error *err)
{
    struct stat st;
    struct header found = {0}, want = header_for(version, size);
    struct hc_history *h = NULL;
    enum hc_status status = history_new(path, size, version, &h, err);
    if (status != HC_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        status = hc_fail(err, HC_EIO, 0, "cannot be opened: %s", strerror(errno));
    } else {
        const char *why =
            read_at(fd, &found, sizeof found, 0) == 0 ? mismatch(&found, &want, st.st_size) : "not a heapcast history";
        if (why != NULL)
            status = hc_fail(err, HC_EPARSE, 0, "the file is %s", why);
        else if (read_block(fd, h->block, size) != 0)
            status = hc_fail(err, HC_EIO, 0, "cannot be read: %s", strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    if (status != HC_OK) {
        hc_history_close(h);
        return status;
    }
    *out = h;
    return HC_OK;
}

enum hc_status hc_history_renew(struct hc_history *h, struct hc_error *err)
{
    memset(h->block, 0, h->size);
    return begin_anew(h, "damaged", err);
}

int hc_history_intact(const struct hc_history *h)
{
    struct stat mine;
    return is_under_its_path(h, &mine) && mine.st_size == (off_t)(HEADER_SIZE + h->size);
}

/*
 * What is under the path by now is ours (cut short), nothing, or somebody else's: a file that was put there meanwhile
 * is kept like any other that we can't use.
 */
enum hc_status hc_history_restore(struct hc_history *h, struct hc_error *err)
{
    struct stat mine;
    off_t length = 0;
    int ours = is_under_its_path(h, &mine);
    h->note[0] = '\0';
    enum hc_status status = ours ? HC_OK : open_regular(h, &length, err);
    if (status == HC_OK && length > 0)
        status = begin_anew(h, "not the one that was in use", err);
    else if (status == HC_OK)
        status = ours && ftruncate(h->fd, (off_t)(HEADER_SIZE + h->size)) != 0
                     ? hc_fail(err, HC_EIO, 0, "%s cannot be given its size: %s", h->path, strerror(errno))
                     : create(h, err);
    return status == HC_OK ? hc_history_write(h, 0, h->size, err) : status;
}

enum hc_status hc_history_write(struct hc_history *h, size_t offset, size_t size, struct hc_error *err)
{
    if (h->fd < 0)
        return hc_fail(err, HC_EIO, 0, "%s is not open", h->path);
    return write_at(h->fd, h->block + offset, size, (off_t)(HEADER_SIZE + offset)) == 0
               ? HC_OK
               : hc_fail(err, HC_EIO, 0, "%s cannot be written: %s", h->path, strerror(errno));
}

static int before(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

/*
 * Linux: a read moves the time of access only by an attempt (touch_atime takes sb_start_write_trylock), while a write,
 * an open for creating or a rename wait without end and without hearing a signal. With relatime, the default, the time
 * is moved whenever it is not later than the last write. Mounted noatime it never is, which is learned here.
 */
int hc_history_frozen(struct hc_history *h)
{
    struct stat was, is;
    char byte;
    if (h->fd < 0 || fstat(h->fd, &was) != 0 || before(was.st_mtim, was.st_atim)) /* not due: it tells nothing */
        return 0;
    if (pread(h->fd, &byte, 1, 0) != 1 || fstat(h->fd, &is) != 0)
        return 0;
    if (before(was.st_atim, is.st_atim)) {
        h->access_times = 1;
        (void)write_at(h->fd, &byte, 1, 0); /* so that the next time is due again */
        return 0;
    }
    struct timespec now; /* the file's times move with the kernel's tick only, 10 ms at most */
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    now.tv_nsec -= 100000000;
    if (now.tv_nsec < 0) {
        now.tv_nsec += 1000000000;
        now.tv_sec--;
    }
    return h->access_times && before(was.st_atim, now);
}

void *hc_history_memory(struct hc_history *h)
{
    return h->block;
}

const char *hc_history_note(const struct hc_history *h)
{
    return h->note;
}

void hc_history_close(struct hc_history *h)
{
    if (h == NULL)
        return;
    close_file(h);
    free(h->block);
    free(h);
}
