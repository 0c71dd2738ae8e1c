#include <heapcast/history.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_SIZE = 4096, PATH_SIZE = 4096, SET_ASIDE_MAX = 100 };

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
    int fd;
    unsigned version;
    size_t size; /* of the block */
    unsigned char *map;
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

/* Opens and locks; a file that was replaced between open and lock is opened again. */
static enum hc_status open_locked(struct hc_history *h, struct hc_error *err)
{
    for (;;) {
        struct stat mine, named;
        h->fd = open(h->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (h->fd < 0)
            return hc_fail(err, HC_EIO, 0, "%s cannot be opened: %s", h->path, strerror(errno));
        if (flock(h->fd, LOCK_EX | LOCK_NB) != 0) {
            int why = errno;
            close(h->fd);
            h->fd = -1;
            return why == EWOULDBLOCK ? hc_fail(err, HC_EBUSY, 0, "%s is in use by another heapcast agent", h->path)
                                      : hc_fail(err, HC_EIO, 0, "%s cannot be locked: %s", h->path, strerror(why));
        }
        if (fstat(h->fd, &mine) == 0 && stat(h->path, &named) == 0 && mine.st_ino == named.st_ino &&
            mine.st_dev == named.st_dev)
            return HC_OK;
        close(h->fd);
    }
}

/* Gives an empty file its full size on disk and its header. */
static enum hc_status create(struct hc_history *h, struct hc_error *err)
{
    struct header head = header_for(h->version, h->size);
    int why = posix_fallocate(h->fd, 0, (off_t)(HEADER_SIZE + h->size));
    if (why == 0 && pwrite(h->fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
        why = errno;
    if (why != 0) {
        unlink(h->path);
        return hc_fail(err, HC_EIO, 0, "%s cannot be given %zu bytes: %s", h->path, HEADER_SIZE + h->size,
                       strerror(why));
    }
    return HC_OK;
}

static enum hc_status map(struct hc_history *h, int protection, int flags, struct hc_error *err)
{
    void *at = mmap(NULL, HEADER_SIZE + h->size, protection, flags, h->fd, 0);
    if (at == MAP_FAILED)
        return hc_fail(err, HC_EIO, 0, "%s cannot be mapped: %s", h->path, strerror(errno));
    h->map = at;
    return HC_OK;
}

static enum hc_status open_or_create(struct hc_history *h, struct hc_error *err)
{
    struct stat st;
    struct header found = {0}, want = header_for(h->version, h->size);
    enum hc_status status = open_locked(h, err);
    if (status != HC_OK)
        return status;
    if (fstat(h->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return hc_fail(err, HC_EIO, 0, "%s is not a regular file", h->path);
    if (st.st_size == 0)
        return create(h, err);
    const char *why = pread(h->fd, &found, sizeof found, 0) == (ssize_t)sizeof found
                          ? mismatch(&found, &want, st.st_size)
                          : "damaged";
    if (why == NULL) {
        /* A sparse file (a restored backup) would fault on a full disk: have its blocks reserved too. */
        int full = posix_fallocate(h->fd, 0, st.st_size);
        return full == 0 ? HC_OK : hc_fail(err, HC_EIO, 0, "%s: %s", h->path, strerror(full));
    }
    status = set_aside(h, why, err);
    if (status != HC_OK)
        return status;
    close(h->fd);
    status = open_locked(h, err);
    return status == HC_OK ? create(h, err) : status;
}

static enum hc_status history_new(const char *path, size_t size, unsigned version, struct hc_history **out,
                                  struct hc_error *err)
{
    struct hc_history *h;
    if (strlen(path) >= sizeof h->path) /* cut short it would name another file */
        return hc_fail(err, HC_EINVAL, 0, "a path of %zu bytes is too long: %.80s…", strlen(path), path);
    h = calloc(1, sizeof *h);
    if (h == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the history %s", path);
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
    if (status == HC_OK)
        status = map(h, PROT_READ | PROT_WRITE, MAP_SHARED, err);
    if (status != HC_OK) {
        hc_history_close(h);
        return status;
    }
    *out = h;
    return HC_OK;
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
    h->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (h->fd < 0 || fstat(h->fd, &st) != 0) {
        status = hc_fail(err, HC_EIO, 0, "cannot be opened: %s", strerror(errno));
    } else {
        const char *why = pread(h->fd, &found, sizeof found, 0) == (ssize_t)sizeof found
                              ? mismatch(&found, &want, st.st_size)
                              : "not a heapcast history";
        status = why == NULL ? map(h, PROT_READ | PROT_WRITE, MAP_PRIVATE, err)
                             : hc_fail(err, HC_EPARSE, 0, "the file is %s", why);
    }
    if (status != HC_OK) {
        hc_history_close(h);
        return status;
    }
    *out = h;
    return HC_OK;
}

enum hc_status hc_history_renew(struct hc_history *h, struct hc_error *err)
{
    munmap(h->map, HEADER_SIZE + h->size);
    h->map = NULL;
    enum hc_status status = set_aside(h, "damaged", err);
    if (status == HC_OK) {
        close(h->fd);
        h->fd = -1;
        status = open_locked(h, err);
    }
    if (status == HC_OK)
        status = create(h, err);
    return status == HC_OK ? map(h, PROT_READ | PROT_WRITE, MAP_SHARED, err) : status;
}

int hc_history_intact(const struct hc_history *h)
{
    struct stat st;
    return fstat(h->fd, &st) == 0 && st.st_size >= (off_t)(HEADER_SIZE + h->size);
}

void *hc_history_memory(struct hc_history *h)
{
    return h->map + HEADER_SIZE;
}

const char *hc_history_note(const struct hc_history *h)
{
    return h->note;
}

void hc_history_close(struct hc_history *h)
{
    if (h == NULL)
        return;
    if (h->map != NULL)
        munmap(h->map, HEADER_SIZE + h->size);
    if (h->fd >= 0)
        close(h->fd); /* gives the lock back */
    free(h);
}
