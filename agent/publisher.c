#include "publisher.h"

#include <heapcast/flink_options.h>
#include <heapcast/flink_version.h>
#include <heapcast/process_spec.h>
#include <heapcast/recommendation_json.h>

#include <stdio.h>
#include <string.h>

void publisher_init(struct publisher *p, const char *dir, const char *name)
{
    memset(p, 0, sizeof *p);
    snprintf(p->path, sizeof p->path, "%.2047s/heapcast-%.127s.json", dir, name);
}

/*
 * The split in force, from the -D options of the command line. They name every part in bytes, so Flink's version makes
 * no difference to what follows from them.
 */
static enum hc_status derive_split(const struct hc_subject *s, struct hc_taskmanager_spec *out)
{
    struct hc_flink_target target = {.version = {2, 3}};
    enum hc_status status = HC_ENOMEM;
    struct hc_flink_options *options = hc_flink_options_new();
    if (options != NULL) {
        status = HC_OK;
        for (unsigned i = 0; status == HC_OK && i < s->flink_count; i++)
            status = hc_flink_options_set(options, s->flink[i].key, s->flink[i].value);
    }
    if (status == HC_OK)
        status = hc_taskmanager_spec_derive(options, target, out, NULL, NULL);
    hc_flink_options_free(options);
    return status;
}

/* What only Flink's split tells: the task heap, and the network pool, which Flink allocates whole at start. */
static void add_flink_share(struct hc_recommendation *r, const struct hc_subject *s)
{
    struct hc_taskmanager_spec spec;
    if (s->role != HC_ROLE_TASKMANAGER || derive_split(s, &spec) != HC_OK)
        return;
    r->off_heap.network.now_bytes = r->off_heap.network.p99_bytes = r->off_heap.network.max_bytes = spec.network_bytes;
    if (r->heap_bytes != HC_BYTES_UNKNOWN)
        r->task_heap_bytes = r->heap_bytes > spec.framework_heap_bytes ? r->heap_bytes - spec.framework_heap_bytes : 0;
}

static void add_first_reason(struct hc_recommendation *r, const char *text)
{
    unsigned kept = r->reason_count < HC_REASONS_MAX ? r->reason_count : HC_REASONS_MAX - 1;
    memmove(r->reasons[1], r->reasons[0], kept * sizeof r->reasons[0]);
    snprintf(r->reasons[0], sizeof r->reasons[0], "%s", text);
    r->reason_count = kept + 1;
}

static void say_first_number(struct publisher *p, const struct hc_recommendation *r)
{
    if (p->said || r->heap_bytes == HC_BYTES_UNKNOWN)
        return;
    p->said = 1;
    log_line(LOG_LEVEL_INFO, "first recommendation: heap %.0f MiB (now %.0f MiB) after %llu collections; see %s",
             (double)r->heap_bytes / 1048576, (double)r->current_heap_bytes / 1048576,
             (unsigned long long)r->window.collections, p->path);
}

void publisher_publish(struct publisher *p, struct hc_recommendation *r, const struct hc_subject *s,
                       const char *missing)
{
    struct hc_error err;
    add_flink_share(r, s);
    if (missing != NULL)
        add_first_reason(r, missing);
    if (hc_recommendation_write(r, s, p->path, &err) == HC_OK) {
        if (p->failing)
            log_line(LOG_LEVEL_INFO, "%s is written again", p->path);
        p->failing = 0;
        say_first_number(p, r);
    } else if (!p->failing) {
        p->failing = 1;
        log_line(LOG_LEVEL_ERROR, "%s; the JVM runs on, heapcast tries again each period", err.text);
    }
}
