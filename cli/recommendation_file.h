/* Recommendation files as the commands take them: a file, `-`, or a directory that is searched. */
#ifndef HEAPCAST_RECOMMENDATION_FILE_H
#define HEAPCAST_RECOMMENDATION_FILE_H

#include <heapcast/error.h>
#include <heapcast/recommendation.h>
#include <heapcast/subject.h>

/* Reads one recommendation; `path` may be "-". */
enum hc_status hc_recommendation_load(const char *path, struct hc_recommendation *out, struct hc_subject *out_subject,
                                      struct hc_error *err);

/*
 * Calls each(context, path) for `path` itself if it is a file or "-", or for every heapcast-*.json below the directory,
 * in the order of their names. HC_ENODATA: a directory without any. Stops at the first result other than 0.
 */
typedef int hc_path_fn(void *context, const char *path);
enum hc_status hc_recommendation_files(const char *path, hc_path_fn *each, void *context, struct hc_error *err);

#endif
