#include <heapcast/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, BLOCK = 64 * 1024 };

static enum hc_status read_all(int fd, const char *path, size_t limit, char **out, size_t *out_length,
                               struct hc_error *err)
{
    size_t length = 0, room = BLOCK;
    char *data = malloc(room + 1);
    while (data != NULL) {
        ssize_t n = read(fd, data + length, room - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(data);
            return hc_fail(err, HC_EIO, 0, "%s cannot be read: %s", path, strerror(errno));
        }
        if (n == 0)
            break;
        length += (size_t)n;
        if (length > limit) {
            free(data);
            return hc_fail(err, HC_EINVAL, 0, "%s is larger than %zu bytes; is it the right file?", path, limit);
        }
        if (length == room) {
            char *larger = realloc(data, 2 * room + 1);
            if (larger == NULL)
                free(data);
            data = larger;
            room *= 2;
        }
    }
    if (data == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory to read %s", path);
    data[length] = '\0';
    *out = data;
    if (out_length != NULL)
        *out_length = length;
    return HC_OK;
}

enum hc_status hc_file_read(const char *path, size_t limit, char **out, size_t *out_length, struct hc_error *err)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "standard input", limit, out, out_length, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return hc_fail(err, HC_EIO, 0, "%s cannot be opened: %s", path, strerror(errno));
    enum hc_status status = read_all(fd, path, limit, out, out_length, err);
    close(fd);
    return status;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        length -= (size_t)n;
    }
    return 0;
}

/* The rename itself is on disk only once its directory is. */
static void sync_directory(const char *path)
{
    char directory[PATH_SIZE];
    const char *slash = strrchr(path, '/');
    snprintf(directory, sizeof directory, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1,
             slash == NULL ? "." : path);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

/* /dev/stdout, /dev/null, a pipe: what is there stays there. */
static enum hc_status write_into(const char *path, const char *data, size_t length, struct hc_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int failed = fd < 0 || write_all(fd, data, length) != 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    return failed ? hc_fail(err, HC_EIO, 0, "%s cannot be written: %s", path, strerror(why)) : HC_OK;
}

static enum hc_status replace(const char *path, const char *data, size_t length, int sync, struct hc_error *err)
{
    char temporary[PATH_SIZE];
    struct stat old;
    int exists = stat(path, &old) == 0;
    if (exists && !S_ISREG(old.st_mode))
        return write_into(path, data, length, err);
    /* One fixed name for each writer: what a killed writer left behind is overwritten, not piled up. */
    int n = snprintf(temporary, sizeof temporary, "%s.tmp", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return hc_fail(err, HC_EINVAL, 0, "a path of %zu bytes is too long: %.80s…", strlen(path), path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return hc_fail(err, HC_EIO, 0, "%s cannot be created: %s", temporary, strerror(errno));
    /* The owner stays where that is permitted; a configuration that only its owner may read stays so. */
    int failed = exists && fchown(fd, old.st_uid, old.st_gid) != 0 && errno != EPERM;
    failed = failed || (exists && fchmod(fd, old.st_mode & 07777) != 0) || write_all(fd, data, length) != 0 ||
             (sync && fsync(fd) != 0);
    int why = errno;
    if (close(fd) != 0 && !failed) {
        failed = 1;
        why = errno;
    }
    if (!failed && rename(temporary, path) != 0) {
        failed = 1;
        why = errno;
    }
    if (failed) {
        unlink(temporary);
        return hc_fail(err, HC_EIO, 0, "%s cannot be written: %s", path, strerror(why));
    }
    if (sync)
        sync_directory(path);
    return HC_OK;
}

enum hc_status hc_file_replace(const char *path, const char *data, size_t length, struct hc_error *err)
{
    return replace(path, data, length, 1, err);
}

enum hc_status hc_file_replace_unsynced(const char *path, const char *data, size_t length, struct hc_error *err)
{
    return replace(path, data, length, 0, err);
}
