/* The recommendation as a JSON file, docs/schema/recommendation-1.json. Field names live here and nowhere else. */
#ifndef HEAPCAST_RECOMMENDATION_JSON_H
#define HEAPCAST_RECOMMENDATION_JSON_H

#include <heapcast/error.h>
#include <heapcast/recommendation.h>
#include <heapcast/subject.h>

/* The JSON text, ended by a newline; *out is owned by the caller (free). */
enum hc_status hc_recommendation_print(const struct hc_recommendation *recommendation, const struct hc_subject *subject,
                                       char **out, struct hc_error *err);
/* Replaces `path` atomically: temporary file beside it, rename; without a wait for the disk. On failure the old file
 * stays as it was. */
enum hc_status hc_recommendation_write(const struct hc_recommendation *recommendation, const struct hc_subject *subject,
                                       const char *path, struct hc_error *err);
/*
 * Reads the text of such a file. Unknown keys are skipped; absent ones become unknown. HC_EPARSE names the key that is
 * missing or of the wrong type; HC_EUNSUPPORTED: a newer format_version. err->line is
 * set where the text is no JSON.
 */
enum hc_status hc_recommendation_parse(const char *text, struct hc_recommendation *out, struct hc_subject *out_subject,
                                       struct hc_error *err);

#endif
