#include "recommendation_file.h"

#include <heapcast/file.h>
#include <heapcast/recommendation_json.h>

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A recommendation has some 10 KB; a file beyond this is something else. */
enum { SIZE_MAX_BYTES = 4 * 1024 * 1024 };

enum hc_status hc_recommendation_load(const char *path, struct hc_recommendation *out, struct hc_subject *out_subject,
                                      struct hc_error *err)
{
    char *text = NULL;
    enum hc_status status = hc_file_read(path, SIZE_MAX_BYTES, &text, NULL, err);
    if (status == HC_OK)
        status = hc_recommendation_parse(text, out, out_subject, err);
    free(text);
    return status;
}

/* fts(3) would do this, but musl has none. */
struct search {
    hc_path_fn *each;
    void *context;
    size_t found;
    int stopped;
};

enum { DEPTH_MAX = 64 };

static int not_dots(const struct dirent *d)
{
    return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int search_directory(struct search *s, const char *directory, int depth);

static void take(struct search *s, const char *directory, const char *name, int depth)
{
    struct stat st;
    char *path = NULL;
    if (s->stopped || asprintf(&path, directory[strlen(directory) - 1] == '/' ? "%s%s" : "%s/%s", directory, name) < 0)
        return;
    if (lstat(path, &st) != 0) {
        ; /* gone since */
    } else if (S_ISDIR(st.st_mode)) {
        (void)search_directory(s, path, depth + 1); /* one that can't be read is passed over */
    } else if (S_ISREG(st.st_mode) && fnmatch("heapcast-*.json", name, 0) == 0) {
        s->found++;
        s->stopped = s->each(s->context, path) != 0;
    }
    free(path);
}

static int search_directory(struct search *s, const char *directory, int depth)
{
    struct dirent **entries = NULL;
    int count = depth < DEPTH_MAX ? scandir(directory, &entries, not_dots, by_name) : 0;
    for (int i = 0; i < count; i++) {
        take(s, directory, entries[i]->d_name, depth);
        free(entries[i]);
    }
    free(entries);
    return count < 0 ? -1 : 0;
}

static enum hc_status search(const char *path, hc_path_fn *each, void *context, struct hc_error *err)
{
    struct search s = {.each = each, .context = context};
    if (search_directory(&s, path, 0) != 0)
        return hc_fail(err, HC_EIO, 0, "cannot be searched: %s", strerror(errno));
    return s.found > 0 ? HC_OK : hc_fail(err, HC_ENODATA, 0, "no heapcast-*.json in this directory or below it");
}

enum hc_status hc_recommendation_files(const char *path, hc_path_fn *each, void *context, struct hc_error *err)
{
    struct stat st;
    if (strcmp(path, "-") == 0) {
        each(context, path);
        return HC_OK;
    }
    if (stat(path, &st) != 0)
        return hc_fail(err, HC_EIO, 0, "cannot be opened: %s", strerror(errno));
    if (S_ISDIR(st.st_mode))
        return search(path, each, context, err);
    each(context, path);
    return HC_OK;
}
