/*
 * Questions to Flink's REST interface. libcurl is loaded when the first one is asked: it takes longer to load than
 * every other command runs, and the others work without it.
 */
#ifndef HEAPCAST_REST_CLIENT_H
#define HEAPCAST_REST_CLIENT_H

#include <cJSON.h>
#include <heapcast/error.h>
#include <stddef.h>

struct hc_rest;

/*
 * `url` is where the interface is, as http://jobmanager:8081. All questions together take `timeout_s` at most.
 * `ca_file` (may be NULL) holds the certificates to trust. HC_EINVAL: no such URL; HC_EUNSUPPORTED: no libcurl here.
 */
enum hc_status hc_rest_open(const char *url, double timeout_s, const char *ca_file, struct hc_rest **out,
                            struct hc_error *err);
void hc_rest_close(struct hc_rest *rest); /* NULL is fine */
/* The URL without user and password; borrowed. */
const char *hc_rest_url(const struct hc_rest *rest);
/* Seconds until the time is over, 0 at least. */
double hc_rest_left_s(const struct hc_rest *rest);
/* Sleeps so long, or until the time is over. */
void hc_rest_wait(const struct hc_rest *rest, double seconds);

/*
 * The answer to GET `path`, owned by the caller (free). Waits while the JobManager says that it is not ready (503).
 * HC_EIO: no connection or a status other than 200, said in words; HC_ENODATA: 404.
 */
enum hc_status hc_rest_get(struct hc_rest *rest, const char *path, size_t limit, char **out, size_t *out_length,
                           struct hc_error *err);
/* The same, read as JSON; owned by the caller (cJSON_Delete). */
enum hc_status hc_rest_json(struct hc_rest *rest, const char *path, cJSON **out, struct hc_error *err);
/* `text` as one segment of a path: characters that would end it are escaped. Returns out, cut to fit. */
char *hc_rest_segment(const char *text, char *out, size_t size);

#endif
