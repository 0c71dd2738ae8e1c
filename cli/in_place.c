#include "in_place.h"

#include <heapcast/file.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKUPS_MAX = 10000 };

static enum hc_status check_file(const char *path, const struct hc_flink_input *input, struct stat *out,
                                 struct hc_error *err)
{
    char *now = NULL;
    size_t length;
    if (stat(path, out) != 0)
        return hc_fail(err, HC_EIO, 0, "cannot be looked at: %s", strerror(errno));
    if (!S_ISREG(out->st_mode))
        return hc_fail(err, HC_EUNSUPPORTED, 0, "is no regular file; right would be -o FILE");
    if (geteuid() != 0 && out->st_uid != geteuid())
        return hc_fail(err, HC_EUNSUPPORTED, 0,
                       "belongs to another user (uid %u), and replacing it would make it yours; right would be to run "
                       "this as that user, or -o FILE",
                       (unsigned)out->st_uid);
    if (out->st_nlink > 1)
        return hc_fail(err, HC_EUNSUPPORTED, 0,
                       "has %u names (hard links), and replacing it under one would part them; right would be -o FILE",
                       (unsigned)out->st_nlink);
    enum hc_status status = hc_file_read(path, input->length, &now, &length, err);
    bool same = status == HC_OK && length == input->length && memcmp(now, input->text, length) == 0;
    free(now);
    return same ? HC_OK : hc_fail(err, HC_EUNSUPPORTED, 0, "changed while it was looked at; nothing was written");
}

/* A name that nobody has yet: an older backup is never lost. */
static int create_backup(const char *path, char *out, size_t size)
{
    for (int i = 1; i <= BACKUPS_MAX; i++) {
        int n = snprintf(out, size, "%s.bak-%d", path, i);
        if (n < 0 || (size_t)n >= size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int fd = open(out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static enum hc_status write_backup(const char *path, const struct hc_flink_input *input, const struct stat *st,
                                   char *out, size_t size, struct hc_error *err)
{
    int fd = create_backup(path, out, size);
    if (fd < 0)
        return hc_fail(err, HC_EIO, 0, "a backup cannot be created beside it (%s): %s", out, strerror(errno));
    int failed = fchown(fd, st->st_uid, st->st_gid) != 0 && geteuid() == 0;
    failed = failed || fchmod(fd, st->st_mode & 07777) != 0;
    for (size_t done = 0; done < input->length && !failed;) {
        ssize_t n = write(fd, input->text + done, input->length - done);
        if (n >= 0)
            done += (size_t)n;
        else
            failed = errno != EINTR;
    }
    failed = failed || fsync(fd) != 0;
    int why = errno;
    if (close(fd) != 0 && !failed) {
        failed = 1;
        why = errno;
    }
    if (!failed)
        return HC_OK;
    unlink(out);
    return hc_fail(err, HC_EIO, 0, "the backup %s cannot be written: %s", out, strerror(why));
}

static void tell(const char *path, const char *backup, const struct hc_resolution *resolution)
{
    printf("%s: %u option%s changed; what it held is in %s\n", path, resolution->change_count,
           resolution->change_count == 1 ? "" : "s", backup);
    for (unsigned i = 0; i < resolution->change_count; i++) {
        const struct hc_option_change *change = &resolution->changes[i];
        if (change->removed)
            printf("  %s: %s  ->  taken out\n", change->key, change->old_value);
        else
            printf("  %s: %s%s%s  ->  %s\n", change->key, change->was_set ? change->old_value : "not set",
                   change->old_key != NULL ? " as " : "", change->old_key != NULL ? change->old_key : "",
                   hc_option_change_value(change));
    }
}

enum hc_status hc_in_place_write(const struct hc_flink_input *input, const struct hc_resolution *resolution,
                                 const char *text, struct hc_error *err)
{
    char backup[PATH_MAX];
    struct stat st;
    if (resolution->change_count == 0) {
        printf("%s: nothing to change\n", input->path);
        return HC_OK;
    }
    char *path = realpath(input->path, NULL);
    if (path == NULL)
        return hc_fail(err, HC_EIO, 0, "cannot be found: %s", strerror(errno));
    enum hc_status status = check_file(path, input, &st, err);
    if (status == HC_OK)
        status = write_backup(path, input, &st, backup, sizeof backup, err);
    if (status == HC_OK) {
        status = hc_file_replace(path, text, strlen(text), err);
        if (status == HC_OK)
            tell(path, backup, resolution);
        else
            unlink(backup);
    }
    free(path);
    return status;
}
