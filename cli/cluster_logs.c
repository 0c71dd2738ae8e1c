#include "cluster_rest.h"

#include <heapcast/file.h>
#include <heapcast/recommendation_json.h>

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { RECOMMENDATION_MAX = 4 * 1024 * 1024, PATH_SIZE = 4096, NAME_SIZE = 256 };

/* One recommendation that was written, and whose it is. */
struct written {
    char name[NAME_SIZE], host[128];
    int64_t pid, started_at_ms;
    struct written *next;
};

struct download {
    struct hc_rest *rest;
    const char *directory;
    struct written *written;
    unsigned count;
};

/* Only what the agent names so; a name becomes part of a path here. */
static bool is_recommendation(const char *name)
{
    return fnmatch("heapcast-*.json", name, 0) == 0 && strlen(name) < NAME_SIZE &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(name);
}

static bool is_same(const struct written *w, const struct hc_subject *subject)
{
    return w->pid == subject->pid && w->started_at_ms == subject->started_at_ms && strcmp(w->host, subject->host) == 0;
}

/* True: this process's file of that name has been written. *out_others: files of that name of other processes. */
static bool was_written(const struct download *d, const char *name, const struct hc_subject *subject,
                        unsigned *out_others)
{
    *out_others = 0;
    for (const struct written *w = d->written; w != NULL; w = w->next)
        if (strcmp(w->name, name) == 0) {
            if (is_same(w, subject))
                return true;
            ++*out_others;
        }
    return false;
}

static enum hc_status write_one(struct download *d, const char *name, const char *text,
                                const struct hc_subject *subject, unsigned others, struct hc_error *err)
{
    char path[PATH_SIZE];
    struct written *w = calloc(1, sizeof *w);
    if (w == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for a recommendation");
    snprintf(w->name, sizeof w->name, "%s", name);
    snprintf(w->host, sizeof w->host, "%s", subject->host);
    w->pid = subject->pid;
    w->started_at_ms = subject->started_at_ms;
    w->next = d->written;
    d->written = w;
    d->count++;
    /* Machines may have processes of equal names: each keeps its own file. */
    int stem = (int)(strlen(name) - strlen(".json"));
    if (others == 0)
        snprintf(path, sizeof path, "%s/%s", d->directory, name);
    else
        snprintf(path, sizeof path, "%s/%.*s-%u.json", d->directory, stem, name, others + 1);
    return hc_file_replace(path, text, strlen(text), err);
}

static enum hc_status take_one(struct download *d, const char *logs, const char *name, struct hc_error *err)
{
    char path[2 * NAME_SIZE + 1024];
    struct hc_recommendation recommendation;
    struct hc_subject subject;
    struct hc_error why = {.text = ""};
    char *text = NULL;
    unsigned others;
    snprintf(path, sizeof path, "%s/%s", logs, name);
    enum hc_status status = hc_rest_get(d->rest, path, RECOMMENDATION_MAX, &text, NULL, err);
    if (status != HC_OK)
        return status == HC_ENODATA ? HC_OK : status;
    if (hc_recommendation_parse(text, &recommendation, &subject, &why) != HC_OK)
        fprintf(stderr, "heapcast: %s%s: left out: %s\n", hc_rest_url(d->rest), path, why.text);
    else if (!was_written(d, name, &subject, &others))
        status = write_one(d, name, text, &subject, others, err);
    free(text);
    return status;
}

/* `logs` is the path of a list of log files. One that cannot be had (a TaskManager that went) is left out. */
static enum hc_status take_all(struct download *d, const char *logs, struct hc_error *err)
{
    const cJSON *item;
    cJSON *root = NULL;
    struct hc_error why = {.text = ""};
    if (hc_rest_json(d->rest, logs, &root, &why) != HC_OK) {
        fprintf(stderr, "heapcast: no log files: %s\n", why.text);
        return HC_OK;
    }
    enum hc_status status = HC_OK;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "logs"))
    {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "name");
        if (status == HC_OK && cJSON_IsString(name) && is_recommendation(name->valuestring))
            status = take_one(d, logs, name->valuestring, err);
    }
    cJSON_Delete(root);
    return status;
}

enum hc_status hc_cluster_recommendations(struct hc_rest *rest, const struct hc_flink_cluster *cluster,
                                          const char *directory, unsigned *out_count, struct hc_error *err)
{
    struct download d = {.rest = rest, .directory = directory};
    char path[1024], segment[sizeof cluster->taskmanagers[0].id * 3];
    if (mkdir(directory, 0755) != 0 && errno != EEXIST)
        return hc_fail(err, HC_EIO, 0, "%s cannot be made: %s", directory, strerror(errno));
    enum hc_status status = HC_OK;
    for (size_t i = 0; i < cluster->taskmanager_count && status == HC_OK; i++) {
        snprintf(path, sizeof path, "/taskmanagers/%s/logs",
                 hc_rest_segment(cluster->taskmanagers[i].id, segment, sizeof segment));
        status = take_all(&d, path, err);
    }
    if (status == HC_OK)
        status = take_all(&d, "/jobmanager/logs", err);
    while (d.written != NULL) {
        struct written *next = d.written->next;
        free(d.written);
        d.written = next;
    }
    if (status == HC_OK)
        *out_count = d.count;
    return status;
}
