#include <heapcast/line.h>
#include <heapcast/recommendation_json.h>

#include "recommendation_fields.h"
#include "utc_time.h"

#include <heapcast/file.h>
#include <heapcast/memory_sample.h>

#include <cJSON.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char format_name[] = "heapcast.recommendation";
enum { FORMAT_VERSION = 1 };

/* JSON numbers are doubles, and cJSON takes 15 digits for enough where they differ by less than 2^-52 of the value:
 * beyond 2^52 a byte count would no longer be exact. */
#define EXACT_MAX 4503599627370496.0

static const char *const verdict_names[] = {"insufficient_data", "keep", "shrink", "grow"};
static const char *const evidence_names[] = {"none", "exact", "marking", "estimate", "upper_bound"};
static const char *const term_names[] = {"none", "percentile", "trend", "floor", "gc_cost", "out_of_memory", "cap"};
static const char *const role_names[] = {"jvm", "taskmanager", "jobmanager"};
static const char *const collector_names[] = {"unknown", "Serial", "Parallel",   "G1",
                                              "CMS",     "Z",      "Shenandoah", "Epsilon"};
static const char *const event_names[] = {
    "unknown",     "out_of_memory_heap",    "out_of_memory_metaspace", "out_of_memory_threads", "out_of_memory_other",
    "unclean_end", "heap_nearly_exhausted", "container_out_of_memory"};
static const char *const consumer_names[] = {"rocksdb", "forst", "python", "operator"};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define NAME_OF(array, value) ((size_t)(value) < COUNT_OF(array) ? (array)[value] : (array)[0])

static const char *const *names_of(enum field_type type, size_t *count)
{
    switch (type) {
    case FIELD_VERDICT:
        *count = COUNT_OF(verdict_names);
        return verdict_names;
    case FIELD_EVIDENCE:
        *count = COUNT_OF(evidence_names);
        return evidence_names;
    case FIELD_TERM:
        *count = COUNT_OF(term_names);
        return term_names;
    default:
        return NULL;
    }
}

/* ---- writing ---- */

/* The object at a dotted path, made where it is missing. NULL: out of memory. */
static cJSON *object_at(cJSON *top, const char *path)
{
    while (*path != '\0') {
        char key[48];
        size_t length = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)length, path);
        cJSON *next = cJSON_GetObjectItemCaseSensitive(top, key);
        top = next != NULL ? next : cJSON_AddObjectToObject(top, key);
        if (top == NULL)
            return NULL;
        path += length + (path[length] == '.');
    }
    return top;
}

static cJSON *value_of(const struct field *f, const void *at)
{
    size_t count;
    const char *const *names = names_of(f->type, &count);
    if (names != NULL) {
        int value = *(const int *)at;
        return cJSON_CreateString(value >= 0 && (size_t)value < count ? names[value] : names[0]);
    }
    if (f->type == FIELD_TIME) {
        char text[UTC_TIME_SIZE];
        return cJSON_CreateString(utc_time_print(*(const int64_t *)at, text));
    }
    if (f->type == FIELD_FLAG)
        return cJSON_CreateBool(*(const int *)at);
    if (f->type == FIELD_NAME)
        return cJSON_CreateString(at);
    double number = f->type == FIELD_REAL      ? *(const double *)at
                    : f->type == FIELD_COUNT32 ? (double)*(const uint32_t *)at
                                               : (double)*(const uint64_t *)at;
    return cJSON_CreateNumber(number);
}

static int is_unknown(const struct field *f, const void *at)
{
    switch (f->type) {
    case FIELD_BYTES:
        return (double)*(const uint64_t *)at > EXACT_MAX;
    case FIELD_REAL:
        return !isfinite(*(const double *)at);
    case FIELD_TIME:
        return *(const int64_t *)at == 0;
    case FIELD_COUNT32:
        return *(const uint32_t *)at == 0;
    case FIELD_NAME:
        return *(const char *)at == '\0';
    case FIELD_EVIDENCE:
    case FIELD_TERM:
        return *(const int *)at == 0;
    default:
        return 0;
    }
}

static int add_fields(cJSON *top, const struct hc_recommendation *r, const struct field *fields, size_t count)
{
    int ok = 1;
    for (size_t i = 0; i < count; i++) {
        const void *at = (const char *)r + fields[i].offset;
        if (is_unknown(&fields[i], at))
            continue;
        cJSON *object = object_at(top, fields[i].object);
        ok = ok && object != NULL && cJSON_AddItemToObject(object, fields[i].key, value_of(&fields[i], at));
    }
    return ok;
}

static int add_subject(cJSON *top, const struct hc_subject *s)
{
    char text[UTC_TIME_SIZE];
    cJSON *subject = cJSON_AddObjectToObject(top, "subject");
    int ok = subject != NULL && cJSON_AddStringToObject(subject, "role", NAME_OF(role_names, s->role)) != NULL &&
             cJSON_AddStringToObject(subject, "name", s->name) != NULL &&
             (s->host[0] == '\0' || cJSON_AddStringToObject(subject, "host", s->host) != NULL) &&
             (s->pid <= 0 || cJSON_AddNumberToObject(subject, "pid", (double)s->pid) != NULL) &&
             (s->started_at_ms == 0 ||
              cJSON_AddStringToObject(subject, "started_at", utc_time_print(s->started_at_ms, text)) != NULL);
    cJSON *jvm = ok ? cJSON_AddObjectToObject(subject, "jvm") : NULL;
    ok = jvm != NULL &&
         (s->jvm_version[0] == '\0' || cJSON_AddStringToObject(jvm, "version", s->jvm_version) != NULL) &&
         cJSON_AddStringToObject(jvm, "collector", NAME_OF(collector_names, s->collector)) != NULL &&
         ((double)s->heap_max_bytes > EXACT_MAX ||
          cJSON_AddNumberToObject(jvm, "heap_max_bytes", (double)s->heap_max_bytes) != NULL);
    cJSON *flink = ok && s->flink_count > 0 ? cJSON_AddObjectToObject(subject, "flink") : NULL;
    for (unsigned i = 0; ok && flink != NULL && i < s->flink_count; i++) {
        /* the last of equal keys is the one in force */
        cJSON_DeleteItemFromObjectCaseSensitive(flink, s->flink[i].key);
        ok = cJSON_AddStringToObject(flink, s->flink[i].key, s->flink[i].value) != NULL;
    }
    return ok;
}

static int add_reasons(cJSON *top, const struct hc_recommendation *r)
{
    cJSON *object = object_at(top, "recommendation");
    cJSON *list = object != NULL ? cJSON_AddArrayToObject(object, "reasons") : NULL;
    int ok = list != NULL;
    for (unsigned i = 0; ok && i < r->reason_count && i < HC_REASONS_MAX; i++)
        ok = cJSON_AddItemToArray(list, cJSON_CreateString(r->reasons[i]));
    return ok;
}

static int add_live_probe(cJSON *top, const struct hc_recommendation *r)
{
    if (r->observed.live_probe.state[0] == '\0')
        return 1;
    cJSON *object = object_at(top, "observed.live_probe");
    return object != NULL && cJSON_AddStringToObject(object, "state", r->observed.live_probe.state) != NULL &&
           add_fields(top, r, live_probe_fields, LIVE_PROBE_FIELDS);
}

static int add_consumers(cJSON *top, const struct hc_recommendation *r)
{
    if (!r->off_heap.managed_consumers_known)
        return 1;
    cJSON *object = object_at(top, "off_heap");
    cJSON *list = object != NULL ? cJSON_AddArrayToObject(object, "managed_consumers") : NULL;
    int ok = list != NULL;
    for (unsigned i = 0; ok && i < COUNT_OF(consumer_names); i++)
        if ((r->off_heap.managed_consumers & (1u << i)) != 0)
            ok = cJSON_AddItemToArray(list, cJSON_CreateString(consumer_names[i]));
    return ok;
}

static int add_events(cJSON *top, const struct hc_recommendation *r)
{
    char text[UTC_TIME_SIZE];
    cJSON *list = cJSON_AddArrayToObject(top, "events");
    int ok = list != NULL;
    for (unsigned i = 0; ok && i < r->event_count && i < HC_EVENTS_MAX; i++) {
        cJSON *event = cJSON_CreateObject();
        ok = cJSON_AddItemToArray(list, event) &&
             cJSON_AddStringToObject(event, "time", utc_time_print(r->events[i].time_ms, text)) != NULL &&
             cJSON_AddStringToObject(event, "kind", NAME_OF(event_names, r->events[i].kind)) != NULL &&
             cJSON_AddStringToObject(event, "text", r->events[i].text) != NULL;
    }
    return ok;
}

/* Lower bound of bucket i of the scheme log2x8-1mib, in whole bytes. 2^(k/8) as a table: the same on every machine. */
static uint64_t bucket_lower_bytes(unsigned i)
{
    static const double eighth[8] = {1.0,
                                     1.0905077326652577,
                                     1.189207115002721,
                                     1.2968395546510096,
                                     1.4142135623730951,
                                     1.5422108254079407,
                                     1.681792830507429,
                                     1.8340080864093424};
    return i == 0 ? 0 : (uint64_t)(eighth[(i - 1) % 8] * (double)(UINT64_C(1) << (20 + (i - 1) / 8)));
}

static int add_histogram(cJSON *top, const struct hc_recommendation *r)
{
    cJSON *object = cJSON_AddObjectToObject(top, "histogram");
    cJSON *list = object != NULL && cJSON_AddStringToObject(object, "scheme", HC_HISTOGRAM_SCHEME) != NULL
                      ? cJSON_AddArrayToObject(object, "buckets")
                      : NULL;
    int ok = list != NULL;
    for (unsigned i = 0; ok && i < HC_HISTOGRAM_BUCKETS; i++) {
        if (r->histogram[i] == 0)
            continue;
        double pair[2] = {(double)bucket_lower_bytes(i), (double)r->histogram[i]};
        ok = cJSON_AddItemToArray(list, cJSON_CreateDoubleArray(pair, 2));
    }
    return ok;
}

enum hc_status hc_recommendation_print(const struct hc_recommendation *r, const struct hc_subject *subject, char **out,
                                       struct hc_error *err)
{
    char *text = NULL;
    cJSON *top = cJSON_CreateObject();
    int ok = top != NULL && cJSON_AddStringToObject(top, "format", format_name) != NULL &&
             cJSON_AddNumberToObject(top, "format_version", FORMAT_VERSION) != NULL &&
             add_fields(top, r, recommendation_fields, 1) && add_subject(top, subject) &&
             add_fields(top, r, recommendation_fields + 1, RECOMMENDATION_FIELDS - 1) && add_reasons(top, r) &&
             add_live_probe(top, r) && add_consumers(top, r) &&
             (r->backtest.decisions == 0 || add_fields(top, r, backtest_fields, BACKTEST_FIELDS)) &&
             add_events(top, r) && add_histogram(top, r) &&
             (r->fleet.members == 0 || add_fields(top, r, fleet_fields, FLEET_FIELDS));
    if (ok)
        text = cJSON_Print(top);
    cJSON_Delete(top);
    return hc_line_end(text, "the recommendation's text", out, err);
}

enum hc_status hc_recommendation_write(const struct hc_recommendation *r, const struct hc_subject *subject,
                                       const char *path, struct hc_error *err)
{
    char *text = NULL;
    enum hc_status status = hc_recommendation_print(r, subject, &text, err);
    if (status == HC_OK)
        status = hc_file_replace_unsynced(path, text, strlen(text), err);
    free(text);
    return status;
}

/* ---- reading ---- */

static const cJSON *find(const cJSON *top, const char *path)
{
    while (top != NULL && *path != '\0') {
        char key[48];
        size_t length = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)length, path);
        top = cJSON_GetObjectItemCaseSensitive(top, key);
        path += length + (path[length] == '.');
    }
    return top;
}

static int name_index(const char *const *names, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], text) == 0)
            return (int)i;
    return -1;
}

/* 0 where the value is of the wrong type or out of range. */
static int read_value(const struct field *f, const cJSON *item, void *at)
{
    size_t count;
    const char *const *names = names_of(f->type, &count);
    if (names != NULL) {
        int index = cJSON_IsString(item) ? name_index(names, count, item->valuestring) : -1;
        if (index >= 0)
            *(int *)at = index;
        return index >= 0;
    }
    if (f->type == FIELD_TIME)
        return cJSON_IsString(item) && utc_time_parse(item->valuestring, at) == 0;
    if (f->type == FIELD_FLAG) {
        *(int *)at = cJSON_IsTrue(item);
        return cJSON_IsBool(item);
    }
    if (f->type == FIELD_NAME) {
        if (cJSON_IsString(item))
            snprintf(at, FIELD_NAME_SIZE, "%s", item->valuestring);
        return cJSON_IsString(item);
    }
    if (!cJSON_IsNumber(item))
        return 0;
    if (f->type == FIELD_REAL) {
        *(double *)at = item->valuedouble;
        return isfinite(item->valuedouble);
    }
    if (!(item->valuedouble >= 0 && item->valuedouble <= EXACT_MAX) || item->valuedouble != floor(item->valuedouble))
        return 0;
    if (f->type == FIELD_COUNT32) {
        *(uint32_t *)at = item->valuedouble > (double)UINT32_MAX ? UINT32_MAX : (uint32_t)item->valuedouble;
        return 1;
    }
    *(uint64_t *)at = (uint64_t)item->valuedouble;
    return 1;
}

static void set_unknown(struct hc_recommendation *r, const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *at = (char *)r + fields[i].offset;
        if (fields[i].type == FIELD_BYTES)
            *(uint64_t *)(void *)at = HC_BYTES_UNKNOWN;
        else if (fields[i].type == FIELD_REAL)
            *(double *)(void *)at = NAN;
    }
}

static enum hc_status read_fields(const cJSON *top, struct hc_recommendation *r, const struct field *fields,
                                  size_t count, struct hc_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct field *f = &fields[i];
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(find(top, f->object), f->key);
        if (item != NULL && !read_value(f, item, (char *)r + f->offset))
            return hc_fail(err, HC_EPARSE, 0, "'%s%s%s' has a value that this version can't read", f->object,
                           f->object[0] != '\0' ? "." : "", f->key);
    }
    return HC_OK;
}

static void read_text(const cJSON *object, const char *key, char *out, size_t size)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (cJSON_IsString(item))
        snprintf(out, size, "%s", item->valuestring);
}

static void read_subject(const cJSON *subject, struct hc_subject *s)
{
    char text[32] = "";
    const cJSON *item, *jvm = cJSON_GetObjectItemCaseSensitive(subject, "jvm");
    read_text(subject, "role", text, sizeof text);
    int index = name_index(role_names, COUNT_OF(role_names), text);
    s->role = index >= 0 ? (enum hc_role)index : HC_ROLE_JVM;
    read_text(subject, "name", s->name, sizeof s->name);
    read_text(subject, "host", s->host, sizeof s->host);
    item = cJSON_GetObjectItemCaseSensitive(subject, "pid");
    s->pid = cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= EXACT_MAX
                 ? (int64_t)item->valuedouble
                 : 0;
    item = cJSON_GetObjectItemCaseSensitive(subject, "started_at");
    if (cJSON_IsString(item))
        (void)utc_time_parse(item->valuestring, &s->started_at_ms);
    read_text(jvm, "version", s->jvm_version, sizeof s->jvm_version);
    text[0] = '\0';
    read_text(jvm, "collector", text, sizeof text);
    index = name_index(collector_names, COUNT_OF(collector_names), text);
    s->collector = index >= 0 ? (enum hc_collector)index : HC_COLLECTOR_UNKNOWN;
    item = cJSON_GetObjectItemCaseSensitive(jvm, "heap_max_bytes");
    s->heap_max_bytes = cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= EXACT_MAX
                            ? (uint64_t)item->valuedouble
                            : HC_BYTES_UNKNOWN;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(subject, "flink"))
    {
        if (!cJSON_IsString(item) || s->flink_count == HC_FLINK_SETTINGS_MAX)
            continue;
        struct hc_flink_setting *setting = &s->flink[s->flink_count++];
        snprintf(setting->key, sizeof setting->key, "%s", item->string);
        snprintf(setting->value, sizeof setting->value, "%s", item->valuestring);
    }
}

static void read_consumers(const cJSON *top, struct hc_recommendation *r)
{
    const cJSON *item, *list = cJSON_GetObjectItemCaseSensitive(find(top, "off_heap"), "managed_consumers");
    r->off_heap.managed_consumers_known = cJSON_IsArray(list);
    cJSON_ArrayForEach(item, list)
    {
        int index = cJSON_IsString(item) ? name_index(consumer_names, COUNT_OF(consumer_names), item->valuestring) : -1;
        /* a consumer that this version has no name for is a consumer all the same */
        r->off_heap.managed_consumers |= index >= 0 ? 1u << index : (uint32_t)HC_CONSUMER_OPERATOR;
    }
}

static void read_lists(const cJSON *top, struct hc_recommendation *r)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(find(top, "recommendation"), "reasons"))
    {
        if (cJSON_IsString(item) && r->reason_count < HC_REASONS_MAX)
            snprintf(r->reasons[r->reason_count++], HC_REASON_SIZE, "%s", item->valuestring);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(top, "events"))
    {
        char kind[32] = "", time[40] = "";
        if (r->event_count == HC_EVENTS_MAX)
            break;
        struct hc_event *event = &r->events[r->event_count++];
        read_text(item, "kind", kind, sizeof kind);
        read_text(item, "time", time, sizeof time);
        read_text(item, "text", event->text, sizeof event->text);
        int index = name_index(event_names, COUNT_OF(event_names), kind);
        event->kind = (enum hc_event_kind)(index > 0 ? index : HC_EVENT_OUT_OF_MEMORY_OTHER);
        (void)utc_time_parse(time, &event->time_ms);
    }
}

static enum hc_status read_histogram(const cJSON *top, struct hc_recommendation *r, struct hc_error *err)
{
    const cJSON *pair, *object = cJSON_GetObjectItemCaseSensitive(top, "histogram");
    const cJSON *scheme = cJSON_GetObjectItemCaseSensitive(object, "scheme");
    if (object == NULL)
        return HC_OK;
    if (!cJSON_IsString(scheme) || strcmp(scheme->valuestring, HC_HISTOGRAM_SCHEME) != 0)
        return hc_fail(err, HC_EUNSUPPORTED, 0, "'histogram.scheme' is not " HC_HISTOGRAM_SCHEME);
    cJSON_ArrayForEach(pair, cJSON_GetObjectItemCaseSensitive(object, "buckets"))
    {
        const cJSON *lower = cJSON_GetArrayItem(pair, 0), *weight = cJSON_GetArrayItem(pair, 1);
        unsigned i = 0;
        if (!cJSON_IsNumber(lower) || !cJSON_IsNumber(weight) || !(weight->valuedouble >= 0) ||
            weight->valuedouble > (double)UINT32_MAX)
            return hc_fail(err, HC_EPARSE, 0, "'histogram.buckets' is not a list of [lower bytes, weight]");
        while (i < HC_HISTOGRAM_BUCKETS && (double)bucket_lower_bytes(i) != lower->valuedouble)
            i++;
        if (i == HC_HISTOGRAM_BUCKETS)
            return hc_fail(err, HC_EPARSE, 0, "'histogram.buckets' has a bound that is not of its scheme");
        r->histogram[i] = (uint32_t)weight->valuedouble;
    }
    return HC_OK;
}

static enum hc_status read_all(const cJSON *top, struct hc_recommendation *r, struct hc_subject *s,
                               struct hc_error *err)
{
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(top, "format");
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(top, "format_version");
    if (!cJSON_IsString(format) || strcmp(format->valuestring, format_name) != 0)
        return hc_fail(err, HC_EPARSE, 0, "not a heapcast recommendation: 'format' is not \"%s\"", format_name);
    if (!cJSON_IsNumber(version) || version->valuedouble != FORMAT_VERSION)
        return hc_fail(err, HC_EUNSUPPORTED, 0, "'format_version' is not %d: written by another version of heapcast",
                       FORMAT_VERSION);
    if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(find(top, "recommendation"), "verdict")))
        return hc_fail(err, HC_EPARSE, 0, "'recommendation.verdict' is missing");
    if (!cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(top, "subject")))
        return hc_fail(err, HC_EPARSE, 0, "'subject' is missing");
    set_unknown(r, recommendation_fields, RECOMMENDATION_FIELDS);
    set_unknown(r, backtest_fields, BACKTEST_FIELDS);
    set_unknown(r, live_probe_fields, LIVE_PROBE_FIELDS);
    set_unknown(r, fleet_fields, FLEET_FIELDS);
    enum hc_status status = read_fields(top, r, recommendation_fields, RECOMMENDATION_FIELDS, err);
    if (status == HC_OK)
        status = read_fields(top, r, backtest_fields, BACKTEST_FIELDS, err);
    if (status == HC_OK)
        status = read_fields(top, r, live_probe_fields, LIVE_PROBE_FIELDS, err);
    if (status == HC_OK)
        status = read_fields(top, r, fleet_fields, FLEET_FIELDS, err);
    read_text(find(top, "observed.live_probe"), "state", r->observed.live_probe.state,
              sizeof r->observed.live_probe.state);
    if (status == HC_OK && r->verdict != HC_VERDICT_INSUFFICIENT_DATA && r->heap_bytes == HC_BYTES_UNKNOWN)
        status = hc_fail(err, HC_EPARSE, 0, "'recommendation.heap_bytes' is missing");
    if (status == HC_OK)
        status = read_histogram(top, r, err);
    read_subject(cJSON_GetObjectItemCaseSensitive(top, "subject"), s);
    read_consumers(top, r);
    read_lists(top, r);
    return status;
}

static unsigned line_of(const char *text, const char *place)
{
    unsigned line = 1;
    for (; place != NULL && text < place; text++)
        line += *text == '\n';
    return line;
}

enum hc_status hc_recommendation_parse(const char *text, struct hc_recommendation *out, struct hc_subject *out_subject,
                                       struct hc_error *err)
{
    const char *place = NULL;
    cJSON *top = cJSON_ParseWithOpts(text, &place, 1);
    struct hc_recommendation *r = calloc(1, sizeof *r);
    struct hc_subject *s = calloc(1, sizeof *s);
    enum hc_status status;
    if (r == NULL || s == NULL)
        status = hc_fail(err, HC_ENOMEM, 0, "no memory to read a recommendation");
    else if (top == NULL)
        status = hc_fail(err, HC_EPARSE, line_of(text, place), "not JSON from here on; is it a recommendation file?");
    else
        status = read_all(top, r, s, err);
    if (status == HC_OK) {
        *out = *r;
        *out_subject = *s;
    }
    free(r);
    free(s);
    cJSON_Delete(top);
    return status;
}
