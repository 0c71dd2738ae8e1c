#include "rest_client.h"

#define CURL_DISABLE_TYPECHECK /* its macros would take the place of the pointers below */
#include <curl/curl.h>

#include <ctype.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define POLL_S 0.5
enum { JSON_SIZE_MAX = 64 * 1024 * 1024, CONNECT_TIMEOUT_MS = 5000, REDIRECTS_MAX = 3, EXCERPT = 200 };

#undef curl_easy_setopt
#undef curl_easy_getinfo
struct curl_functions {
    __typeof__(curl_global_init) *global_init;
    __typeof__(curl_easy_init) *init;
    __typeof__(curl_easy_setopt) *setopt;
    __typeof__(curl_easy_perform) *perform;
    __typeof__(curl_easy_getinfo) *getinfo;
    __typeof__(curl_easy_cleanup) *cleanup;
};

struct hc_rest {
    struct curl_functions curl;
    CURL *handle;
    char *url;       /* as given, without a '/' at its end */
    char shown[256]; /* without user and password */
    double end_s;
    char reason[CURL_ERROR_SIZE];
    /* the answer being read */
    char *data;
    size_t length, limit;
    bool too_long;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double hc_rest_left_s(const struct hc_rest *rest)
{
    double left = rest->end_s - now_s();
    return left > 0 ? left : 0;
}

void hc_rest_wait(const struct hc_rest *rest, double seconds)
{
    double left = hc_rest_left_s(rest), wait = seconds < left ? seconds : left;
    struct timespec time = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
    nanosleep(&time, NULL);
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static bool find(void *library, const char *name, void *out)
{
    void *symbol = dlsym(library, name);
    memcpy(out, &symbol, sizeof symbol); /* C has no cast from an object's to a function's pointer */
    return symbol != NULL;
}

static bool load_curl(struct curl_functions *curl)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4", "libcurl.so"};
    void *library = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && library == NULL; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return library != NULL && find(library, "curl_global_init", &curl->global_init) &&
           find(library, "curl_easy_init", &curl->init) && find(library, "curl_easy_setopt", &curl->setopt) &&
           find(library, "curl_easy_perform", &curl->perform) && find(library, "curl_easy_getinfo", &curl->getinfo) &&
           find(library, "curl_easy_cleanup", &curl->cleanup) && curl->global_init(CURL_GLOBAL_ALL) == CURLE_OK;
}

/* Where the host begins, behind "http://" and "user:password@"; NULL: not such a URL. */
static const char *host_of(const char *url)
{
    const char *host = strncasecmp(url, "http://", 7) == 0    ? url + 7
                       : strncasecmp(url, "https://", 8) == 0 ? url + 8
                                                              : NULL;
    if (host == NULL)
        return NULL;
    size_t length = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', length);
    return at == NULL ? host : at + 1;
}

/* This machine: a proxy of the environment could not reach it. */
static bool is_loopback(const char *host)
{
    static const char *const names[] = {"localhost", "127.", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncasecmp(host, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
    struct hc_rest *rest = context;
    size_t more = size * count;
    rest->too_long = more > rest->limit - rest->length;
    if (rest->too_long)
        return 0;
    char *data = realloc(rest->data, rest->length + more + 1);
    if (data == NULL)
        return 0;
    memcpy(data + rest->length, bytes, more);
    rest->data = data;
    rest->length += more;
    data[rest->length] = '\0';
    return more;
}

static void set_up(struct hc_rest *rest, const char *host, const char *ca_file)
{
    const struct curl_functions *curl = &rest->curl;
    curl->setopt(rest->handle, CURLOPT_ERRORBUFFER, rest->reason);
    curl->setopt(rest->handle, CURLOPT_WRITEFUNCTION, take);
    curl->setopt(rest->handle, CURLOPT_WRITEDATA, rest);
    curl->setopt(rest->handle, CURLOPT_NOSIGNAL, 1L);
    curl->setopt(rest->handle, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    /* A JobManager that does not lead may send to the one that does. */
    curl->setopt(rest->handle, CURLOPT_FOLLOWLOCATION, 1L);
    curl->setopt(rest->handle, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    if (is_loopback(host))
        curl->setopt(rest->handle, CURLOPT_PROXY, "");
    if (ca_file != NULL)
        curl->setopt(rest->handle, CURLOPT_CAINFO, ca_file);
}

enum hc_status hc_rest_open(const char *url, double timeout_s, const char *ca_file, struct hc_rest **out,
                            struct hc_error *err)
{
    const char *host = host_of(url);
    if (host == NULL || *host == '\0' || *host == '/')
        return hc_fail(err, HC_EINVAL, 0, "'%s' is not the URL of a REST interface; right would be http://HOST:8081",
                       url);
    struct hc_rest *rest = calloc(1, sizeof *rest);
    if (rest == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for a connection");
    if (!load_curl(&rest->curl)) {
        free(rest);
        return hc_fail(err, HC_EUNSUPPORTED, 0,
                       "libcurl is not on this machine; right would be the package libcurl4 (Debian, Ubuntu)");
    }
    rest->end_s = now_s() + timeout_s;
    rest->url = strdup(url);
    rest->handle = rest->curl.init();
    if (rest->url == NULL || rest->handle == NULL) {
        hc_rest_close(rest);
        return hc_fail(err, HC_ENOMEM, 0, "no memory for a connection");
    }
    for (size_t length = strlen(rest->url); rest->url[length - 1] == '/'; length--)
        rest->url[length - 1] = '\0';
    snprintf(rest->shown, sizeof rest->shown, "%s%s", strncasecmp(url, "https", 5) == 0 ? "https://" : "http://",
             host_of(rest->url));
    set_up(rest, host, ca_file);
    *out = rest;
    return HC_OK;
}

void hc_rest_close(struct hc_rest *rest)
{
    if (rest == NULL)
        return;
    if (rest->handle != NULL)
        rest->curl.cleanup(rest->handle);
    free(rest->url);
    free(rest->data);
    free(rest);
}

const char *hc_rest_url(const struct hc_rest *rest)
{
    return rest->shown;
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

/* What the other side said, on one line: Flink's {"errors":["…"]}, or the beginning of whatever it is. */
static void excerpt(const struct hc_rest *rest, char *out, size_t size)
{
    cJSON *root = rest->data != NULL ? cJSON_Parse(rest->data) : NULL;
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "errors"), 0);
    const char *text = cJSON_IsString(first) ? first->valuestring : rest->data != NULL ? rest->data : "";
    size_t i = 0;
    for (; text[i] != '\0' && text[i] != '\n' && i + 1 < size; i++)
        out[i] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
    out[i] = '\0';
    cJSON_Delete(root);
}

static enum hc_status refused(const struct hc_rest *rest, const char *path, CURLcode code, struct hc_error *err)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return hc_fail(
            err, HC_EIO, 0,
            "%s cannot be reached: %s; right would be the JobManager's rest.address and rest.port (8081), or "
            "a kubectl port-forward to it",
            rest->shown, rest->reason);
    case CURLE_OPERATION_TIMEDOUT:
        return hc_fail(err, HC_EIO, 0, "%s%s gave no answer in time: %s; right would be a larger --timeout",
                       rest->shown, path, rest->reason);
    case CURLE_WRITE_ERROR:
        if (rest->too_long)
            return hc_fail(err, HC_EIO, 0, "%s%s answers with more than %zu bytes; is this Flink?", rest->shown, path,
                           rest->limit);
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the answer of %s%s", rest->shown, path);
    case CURLE_PEER_FAILED_VERIFICATION:
        return hc_fail(err, HC_EIO, 0,
                       "%s%s: %s; right would be --ca with the certificate that signed the JobManager's (Flink's "
                       "security.ssl.rest.truststore, in PEM)",
                       rest->shown, path, rest->reason);
    case CURLE_SSL_CACERT_BADFILE:
        return hc_fail(err, HC_EIO, 0, "--ca: %s; right would be a readable file of certificates in PEM", rest->reason);
    default:
        return hc_fail(err, HC_EIO, 0, "%s%s: %s", rest->shown, path, rest->reason);
    }
}

static enum hc_status ask_once(struct hc_rest *rest, const char *path, size_t limit, long *out_status,
                               struct hc_error *err)
{
    char *url = NULL;
    if (asprintf(&url, "%s%s", rest->url, path) < 0)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for a question");
    free(rest->data);
    rest->data = NULL;
    rest->length = 0;
    rest->limit = limit;
    rest->too_long = false;
    rest->reason[0] = '\0';
    long left_ms = (long)(hc_rest_left_s(rest) * 1000);
    rest->curl.setopt(rest->handle, CURLOPT_URL, url);
    rest->curl.setopt(rest->handle, CURLOPT_TIMEOUT_MS, left_ms > 1 ? left_ms : 1L); /* 0 would be no limit */
    CURLcode code = rest->curl.perform(rest->handle);
    free(url);
    if (code != CURLE_OK)
        return refused(rest, path, code, err);
    rest->curl.getinfo(rest->handle, CURLINFO_RESPONSE_CODE, out_status);
    return HC_OK;
}

enum hc_status hc_rest_get(struct hc_rest *rest, const char *path, size_t limit, char **out, size_t *out_length,
                           struct hc_error *err)
{
    long status = 0;
    char said[EXCERPT];
    for (;;) {
        enum hc_status result = ask_once(rest, path, limit, &status, err);
        if (result != HC_OK)
            return result;
        /* While a leader is elected, and while the JobManager starts, Flink says 503 and means "later". */
        if (status != 503 || hc_rest_left_s(rest) <= POLL_S)
            break;
        hc_rest_wait(rest, POLL_S);
    }
    excerpt(rest, said, sizeof said);
    if (status == 503)
        return hc_fail(err, HC_EIO, 0, "%s%s is not ready: %s; right would be to wait until the JobManager has started",
                       rest->shown, path, said);
    if (status == 404)
        return hc_fail(err, HC_ENODATA, 0, "%s%s is not there (404): %s", rest->shown, path, said);
    if (status != 200)
        return hc_fail(err, HC_EIO, 0, "%s%s answers with status %ld: %s", rest->shown, path, status, said);
    *out = rest->data != NULL ? rest->data : calloc(1, 1);
    if (out_length != NULL)
        *out_length = rest->length;
    rest->data = NULL;
    return *out != NULL ? HC_OK : hc_fail(err, HC_ENOMEM, 0, "no memory for an answer");
}

enum hc_status hc_rest_json(struct hc_rest *rest, const char *path, cJSON **out, struct hc_error *err)
{
    char *text = NULL;
    enum hc_status status = hc_rest_get(rest, path, JSON_SIZE_MAX, &text, NULL, err);
    if (status != HC_OK)
        return status;
    *out = cJSON_Parse(text);
    free(text);
    return *out != NULL ? HC_OK
                        : hc_fail(err, HC_EPARSE, 0, "%s%s answers with something that is no JSON; is this Flink?",
                                  rest->shown, path);
}

char *hc_rest_segment(const char *text, char *out, size_t size)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = 0;
    for (; *text != '\0' && n + 4 <= size; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalnum(c) || strchr("-._~:", c) != NULL) {
            out[n++] = (char)c;
        } else {
            out[n++] = '%';
            out[n++] = hex[c >> 4];
            out[n++] = hex[c & 15];
        }
    }
    out[n] = '\0';
    return out;
}
