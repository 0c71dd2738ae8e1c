#include "recommendation_file.h"

#include <heapcast/file.h>
#include <heapcast/recommendation_json.h>

#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
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

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static enum hc_status search(const char *path, hc_path_fn *each, void *context, struct hc_error *err)
{
    char *roots[] = {(char *)(uintptr_t)path, NULL};
    size_t found = 0;
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    if (tree == NULL)
        return hc_fail(err, HC_EIO, 0, "cannot be searched: %s", strerror(errno));
    for (FTSENT *entry; (entry = fts_read(tree)) != NULL;) {
        if (entry->fts_info != FTS_F || fnmatch("heapcast-*.json", entry->fts_name, 0) != 0)
            continue;
        found++;
        if (each(context, entry->fts_path) != 0)
            break;
    }
    fts_close(tree);
    return found > 0 ? HC_OK : hc_fail(err, HC_ENODATA, 0, "no heapcast-*.json in this directory or below it");
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
