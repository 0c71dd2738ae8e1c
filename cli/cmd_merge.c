/* heapcast merge: one recommendation for all that share a configuration, a job's TaskManagers above all. */
#include "cells.h"
#include "command.h"
#include "job_name.h"
#include "options.h"
#include "recommendation_file.h"

#include <heapcast/file.h>
#include <heapcast/fleet.h>
#include <heapcast/recommendation_json.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { OPTION_STALE = 256, OPTION_LONG };
static const struct hc_option options[] = {
    {'b', "by", "job|name|all", "what belongs together: the job that names show (default), equal names, everything"},
    {'j', "json", NULL, "the recommendation as JSON; of several groups one after the other"},
    {'o', "output", "PATH", "JSON into this file; into a directory, a file for each group"},
    {OPTION_LONG, "long", NULL, "who is unlike the others, part by part, also for several groups"},
    {OPTION_STALE, "stale", NULL, "also those whose time is over (valid_until)"},
    {0}};
static const struct hc_usage usage = {
    "merge", "PATH…",
    "Merges the recommendations of JVMs that share one configuration: the number does for the one that needs most, and "
    "it\n"
    "says which that is. PATH is a file that the agent wrote, or a directory, which is searched for heapcast-*.json. "
    "Of\n"
    "several files of one JVM the newest counts. TaskManagers, JobManagers and other JVMs stay apart. A file that "
    "can't\n"
    "be used is named and left out.",
    options,
    "  heapcast merge /opt/flink/log\n"
    "  heapcast merge --json log/ | heapcast resolve --recommendation - --config config.yaml\n"
    "  heapcast merge --by all -o merged/ cluster-a/log cluster-b/log\n"};

enum grouping { BY_JOB, BY_NAME, BY_ALL };

struct member {
    struct hc_recommendation recommendation;
    struct hc_subject subject;
    char *path;
    char group[160];
    bool superseded; /* there is a newer one of this JVM */
};

struct merge {
    enum grouping by;
    bool json, in_full, stale;
    const char *output;
    int64_t now_ms;
    struct member *members;
    size_t count, room;
    bool no_memory;
    unsigned groups, without_number;
    uint64_t jvms, current_bytes, recommended_bytes; /* of all groups with a number */
};

static const char *const role_names[] = {"JVM", "TaskManager", "JobManager"};
static const char *const role_words[] = {"jvm", "taskmanager", "jobmanager"};

/* ---- gathering -------------------------------------------------------------------------------------------------- */

static void leave_out(const char *path, const char *why)
{
    fprintf(stderr, "heapcast: %s: left out: %s\n", path, why);
}

static void set_group(const struct merge *merge, struct member *m)
{
    switch (merge->by) {
    case BY_ALL:
        snprintf(m->group, sizeof m->group, "all");
        return;
    case BY_NAME:
        snprintf(m->group, sizeof m->group, "%s", m->subject.name);
        return;
    default:
        if (*hc_job_name(m->subject.name, m->group, sizeof m->group) == '\0')
            snprintf(m->group, sizeof m->group, "job");
    }
}

static struct member *one_more(struct merge *merge)
{
    if (merge->count == merge->room) {
        size_t room = merge->room > 0 ? 2 * merge->room : 16;
        struct member *bigger = realloc(merge->members, room * sizeof *bigger);
        if (bigger == NULL)
            return NULL;
        merge->members = bigger;
        merge->room = room;
    }
    return &merge->members[merge->count];
}

static int take(void *context, const char *path)
{
    struct merge *merge = context;
    struct hc_error err;
    struct member *m = one_more(merge);
    if (m == NULL) {
        merge->no_memory = true;
        return 1;
    }
    if (hc_recommendation_load(path, &m->recommendation, &m->subject, &err) != HC_OK) {
        leave_out(path, err.text);
        return 0;
    }
    if (m->recommendation.fleet.members > 0) {
        leave_out(path, "it is merged already; its members are what counts");
        return 0;
    }
    if (!merge->stale && m->recommendation.valid_until_ms != 0 && m->recommendation.valid_until_ms < merge->now_ms) {
        leave_out(path, "its time is over (valid_until); --stale takes it");
        return 0;
    }
    m->superseded = false;
    m->path = strdup(path);
    merge->no_memory = m->path == NULL;
    set_group(merge, m);
    merge->count++;
    return merge->no_memory;
}

static bool same_jvm(const struct hc_subject *a, const struct hc_subject *b)
{
    return a->role == b->role && strcmp(a->name, b->name) == 0 && strcmp(a->host, b->host) == 0;
}

/* By group and role, then by JVM, the newest first; paths settle the rest, so that the order of operands does not
 * matter. */
static int by_group(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = strcmp(x->group, y->group);
    if (order == 0)
        order = (y->subject.role == HC_ROLE_TASKMANAGER) - (x->subject.role == HC_ROLE_TASKMANAGER);
    if (order == 0)
        order = (x->subject.role > y->subject.role) - (x->subject.role < y->subject.role);
    if (order == 0)
        order = strcmp(x->subject.name, y->subject.name);
    if (order == 0)
        order = strcmp(x->subject.host, y->subject.host);
    int64_t newer = x->recommendation.generated_at_ms, older = y->recommendation.generated_at_ms;
    if (order == 0)
        order = (newer < older) - (newer > older);
    return order != 0 ? order : strcmp(x->path, y->path);
}

/* A group by name is the same JVM again and again, on purpose. */
static void drop_older(struct merge *merge)
{
    for (size_t i = 1; i < merge->count; i++) {
        struct member *m = &merge->members[i];
        bool same_file_twice = same_jvm(&m[-1].subject, &m->subject) &&
                               m[-1].recommendation.generated_at_ms == m->recommendation.generated_at_ms;
        m->superseded = same_file_twice || (merge->by != BY_NAME && same_jvm(&m[-1].subject, &m->subject));
        if (m->superseded && strcmp(m[-1].path, m->path) != 0)
            leave_out(m->path, same_file_twice ? "the same as another" : "there is a newer one of this JVM");
    }
}

/* ---- printing --------------------------------------------------------------------------------------------------- */

static void print_row(const struct hc_recommendation *r, const struct hc_subject *s)
{
    char change[24] = "-";
    uint64_t current = r->fleet.current_total_bytes, wanted = r->fleet.recommended_total_bytes;
    if (wanted != HC_BYTES_UNKNOWN && current > 0)
        snprintf(change, sizeof change, "%+.1f%%", 100 * ((double)wanted / (double)current - 1));
    printf("%-28s %-11s %4llu %10s %10s %10s %8s  %-17s %s\n", s->name, role_names[s->role],
           (unsigned long long)r->fleet.members, HC_MIB_CELL(current), HC_MIB_CELL(r->heap_bytes), HC_MIB_CELL(wanted),
           change, hc_verdict_words(r->verdict), r->fleet.heap_of[0] != '\0' ? r->fleet.heap_of : "-");
}

static void print_skew(const char *what, const struct hc_skew *skew, const char *worst)
{
    char spread[24] = "-";
    if (skew->max_bytes == HC_BYTES_UNKNOWN)
        return;
    if (skew->median_bytes > 0)
        snprintf(spread, sizeof spread, "%.2f", (double)skew->max_bytes / (double)skew->median_bytes);
    printf("  %-26s %10s %10s %10s %12s  %s\n", what, HC_MIB_CELL(skew->min_bytes), HC_MIB_CELL(skew->median_bytes),
           HC_MIB_CELL(skew->max_bytes), spread, worst);
}

static void print_members(const struct member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct hc_recommendation *r = &members[i].recommendation;
        if (!members[i].superseded)
            printf("  %-26.64s %10s %10s %10s  %s\n", members[i].subject.name, HC_MIB_CELL(r->current_heap_bytes),
                   HC_MIB_CELL(r->observed.live_p99_bytes), HC_MIB_CELL(r->heap_bytes), hc_verdict_words(r->verdict));
    }
}

static void print_in_full(const struct hc_recommendation *r, const struct member *members, size_t count)
{
    printf("\n  %-26s %10s %10s %10s %12s  %s\n", "MiB", "MIN", "MEDIAN", "MAX", "MAX / MEDIAN", "WORST");
    print_skew("recommended heap", &r->fleet.heap, r->fleet.heap_of);
    print_skew("live set, p99", &r->fleet.live, "");
    print_skew("metaspace", &r->fleet.metaspace, r->fleet.metaspace_of);
    print_skew("direct memory", &r->fleet.direct, r->fleet.direct_of);
    print_skew("everything else", &r->fleet.overhead, r->fleet.overhead_of);
    printf("\n  %-26s %10s %10s %10s  %s\n", "MEMBER", "HEAP MiB", "LIVE p99", "RECOMMEND", "VERDICT");
    print_members(members, count);
    puts("\n  reasons");
    for (unsigned i = 0; i < r->reason_count; i++)
        printf("    - %s\n", r->reasons[i]);
    putchar('\n');
}

/* Group names become file names: what a path would take for something else becomes '-'. */
static char *file_of(const char *directory, const struct hc_subject *s)
{
    char *path = NULL, name[160];
    snprintf(name, sizeof name, "%s", s->name);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '/')
            *c = '-';
    return asprintf(&path, "%s/heapcast-%s.%s.merged.json", directory, name, role_words[s->role]) < 0 ? NULL : path;
}

static int write_json(const struct merge *merge, const struct hc_recommendation *r, const struct hc_subject *s,
                      bool to_directory)
{
    struct hc_error err;
    char *text = NULL, *path = NULL;
    enum hc_status status = hc_recommendation_print(r, s, &text, &err);
    if (status == HC_OK && merge->output != NULL) {
        path = to_directory ? file_of(merge->output, s) : strdup(merge->output);
        status = path == NULL ? hc_fail(&err, HC_ENOMEM, 0, "no memory for a file name")
                              : hc_file_replace(path, text, strlen(text), &err);
    } else if (status == HC_OK) {
        fputs(text, stdout);
    }
    int code = status == HC_OK ? HC_EXIT_DONE : hc_complain(path, &err);
    free(path);
    free(text);
    return code;
}

/* ---- groups ----------------------------------------------------------------------------------------------------- */

static size_t group_end(const struct merge *merge, size_t begin)
{
    size_t end = begin + 1;
    while (end < merge->count && strcmp(merge->members[end].group, merge->members[begin].group) == 0 &&
           merge->members[end].subject.role == merge->members[begin].subject.role)
        end++;
    return end;
}

static enum hc_status merge_group(const struct member *members, size_t count, struct hc_recommendation *out,
                                  struct hc_subject *out_subject, struct hc_error *err)
{
    struct hc_fleet_member *list = calloc(count, sizeof *list);
    size_t n = 0;
    if (list == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for %zu members", count);
    for (size_t i = 0; i < count; i++)
        if (!members[i].superseded)
            list[n++] = (struct hc_fleet_member){&members[i].recommendation, &members[i].subject};
    enum hc_status status = hc_fleet_merge(list, n, members[0].group, out, out_subject, err);
    free(list);
    return status;
}

static int do_group(struct merge *merge, size_t begin, size_t end, bool in_full, bool to_directory)
{
    struct hc_recommendation r;
    struct hc_subject s;
    struct hc_error err;
    if (merge_group(merge->members + begin, end - begin, &r, &s, &err) != HC_OK)
        return hc_complain(NULL, &err);
    merge->jvms += r.fleet.members;
    merge->without_number += r.verdict == HC_VERDICT_INSUFFICIENT_DATA;
    if (r.fleet.recommended_total_bytes != HC_BYTES_UNKNOWN) {
        merge->current_bytes += r.fleet.current_total_bytes;
        merge->recommended_bytes += r.fleet.recommended_total_bytes;
    }
    int code = merge->json || merge->output != NULL ? write_json(merge, &r, &s, to_directory) : HC_EXIT_DONE;
    if (!merge->json) {
        print_row(&r, &s);
        if (in_full)
            print_in_full(&r, merge->members + begin, end - begin);
    }
    return code;
}

static void print_total(const struct merge *merge)
{
    if (merge->current_bytes == 0)
        return;
    printf(
        "in all: %llu JVMs in %u groups; where there is a number, heaps of %s MiB are in force and %s MiB recommended "
        "(%+.1f %%)\n",
        (unsigned long long)merge->jvms, merge->groups, HC_MIB_CELL(merge->current_bytes),
        HC_MIB_CELL(merge->recommended_bytes),
        100 * ((double)merge->recommended_bytes / (double)merge->current_bytes - 1));
}

static int do_groups(struct merge *merge)
{
    struct stat st;
    bool to_directory = merge->output != NULL && stat(merge->output, &st) == 0 && S_ISDIR(st.st_mode);
    qsort(merge->members, merge->count, sizeof *merge->members, by_group);
    drop_older(merge);
    for (size_t i = 0; i < merge->count; i = group_end(merge, i))
        merge->groups++;
    if (merge->output != NULL && !to_directory && merge->groups > 1) {
        fprintf(stderr, "heapcast: %s: %u groups need a directory that exists, for a file each\n", merge->output,
                merge->groups);
        return HC_EXIT_FAILED;
    }
    if (!merge->json)
        printf("%-28s %-11s %4s %10s %10s %10s %8s  %-17s %s\n", "GROUP", "ROLE", "JVMs", "HEAPS MiB", "RECOMMEND",
               "FOR ALL", "CHANGE", "VERDICT", "WORST");
    for (size_t i = 0, end; i < merge->count; i = end) {
        end = group_end(merge, i);
        int code = do_group(merge, i, end, merge->in_full || merge->groups == 1, to_directory);
        if (code != HC_EXIT_DONE)
            return code;
    }
    if (!merge->json && merge->groups > 1)
        print_total(merge);
    return merge->without_number == merge->groups ? HC_EXIT_NODATA : HC_EXIT_DONE;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static int take_option(struct merge *merge, int id)
{
    static const char *const groupings[] = {"job", "name", "all"};
    switch (id) {
    case 'b':
        for (int i = 0; i < 3; i++)
            if (strcmp(hc_option_argument(), groupings[i]) == 0) {
                merge->by = (enum grouping)i;
                return HC_EXIT_DONE;
            }
        return hc_usage_error(&usage, "--by is '%s'; right would be job, name or all", hc_option_argument());
    case 'j':
        merge->json = true;
        return HC_EXIT_DONE;
    case 'o':
        merge->output = hc_option_argument();
        return HC_EXIT_DONE;
    case OPTION_LONG:
        merge->in_full = true;
        return HC_EXIT_DONE;
    default:
        merge->stale = true;
        return HC_EXIT_DONE;
    }
}

static int gather(struct merge *merge, int count, char **paths)
{
    struct hc_error err;
    for (int i = 0; i < count && !merge->no_memory; i++)
        if (hc_recommendation_files(paths[i], take, merge, &err) != HC_OK)
            leave_out(paths[i], err.text);
    if (merge->no_memory) {
        hc_fail(&err, HC_ENOMEM, 0, "no memory for %zu recommendations", merge->count);
        return hc_complain(NULL, &err);
    }
    if (merge->count > 0)
        return HC_EXIT_DONE;
    hc_fail(&err, HC_EINVAL, 0, "nothing is left to merge");
    return hc_complain(NULL, &err);
}

static int run(int argc, char **argv)
{
    struct merge merge = {.now_ms = (int64_t)time(NULL) * 1000};
    int id, code = HC_EXIT_DONE;
    while ((id = hc_options_next(&usage, argc, argv)) > 0)
        if ((code = take_option(&merge, id)) != HC_EXIT_DONE)
            return code;
    if (id != HC_OPTIONS_END)
        return hc_options_exit(id);
    if (hc_options_operand() == argc)
        return hc_usage_error(&usage, "which recommendations? Name files or directories");
    code = gather(&merge, argc - hc_options_operand(), argv + hc_options_operand());
    if (code == HC_EXIT_DONE)
        code = do_groups(&merge);
    for (size_t i = 0; i < merge.count; i++)
        free(merge.members[i].path);
    free(merge.members);
    return code;
}

const struct hc_command hc_cmd_merge = {"merge", "one recommendation for a job from its TaskManagers; fleet totals",
                                        run};
