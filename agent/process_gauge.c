#include "process_gauge.h"

#include "mappings.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 1024 };

/* The first number in a file; unknown for "max", for no number, and for v1's way of saying unlimited. */
static uint64_t number_in(const char *path)
{
    char text[64];
    uint64_t value = HC_BYTES_UNKNOWN;
    FILE *f = path[0] != '\0' ? fopen(path, "re") : NULL;
    if (f == NULL)
        return HC_BYTES_UNKNOWN;
    if (fgets(text, sizeof text, f) != NULL && isdigit((unsigned char)text[0]))
        value = strtoull(text, NULL, 10);
    fclose(f);
    return value >= UINT64_C(1) << 60 ? HC_BYTES_UNKNOWN : value;
}

static int use_files(struct process_gauge *g, const char *root, const char *group, const char *limit, const char *usage)
{
    /* a group is at most 200 bytes here, see below */
    snprintf(g->cgroup_limit, sizeof g->cgroup_limit, "%s%.200s/%s", root, group, limit);
    snprintf(g->cgroup_usage, sizeof g->cgroup_usage, "%s%.200s/%s", root, group, usage);
    snprintf(g->cgroup_stat, sizeof g->cgroup_stat, "%s%.200s/memory.stat", root, group);
    if (access(g->cgroup_usage, R_OK) == 0)
        return 1;
    g->cgroup_limit[0] = g->cgroup_usage[0] = g->cgroup_stat[0] = '\0';
    return 0;
}

/* In a container the group's own directory is usually mounted as the root, hence the second try with "". */
static void find_cgroup(struct process_gauge *g)
{
    char line[LINE];
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':'), *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (group == NULL)
            continue;
        *group++ = '\0';
        controllers++;
        if (strlen(group) > 200 || strcmp(group, "/") == 0)
            group = "";
        int v2 = controllers[0] == '\0';
        if (!v2 && strcmp(controllers, "memory") != 0)
            continue;
        const char *root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory",
                   *limit = v2 ? "memory.max" : "memory.limit_in_bytes",
                   *usage = v2 ? "memory.current" : "memory.usage_in_bytes";
        if (use_files(g, root, group, limit, usage) || use_files(g, root, "", limit, usage))
            break;
    }
    if (f != NULL)
        fclose(f);
}

/*
 * ZGC takes its heap from a memory file that it maps at one address (generational) or at three (JDK 11 to 20), so that
 * RssShmem is a multiple of what is there. The file's own blocks are counted once.
 */
static int is_heap_file(int fd)
{
    char link[64], target[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, target, sizeof target - 1);
    target[n > 0 ? n : 0] = '\0';
    return strncmp(target, "/memfd:java_heap", 16) == 0;
}

static int find_heap_file(void)
{
    int found = -1;
    DIR *open_files = opendir("/proc/self/fd");
    for (const struct dirent *d; open_files != NULL && (d = readdir(open_files)) != NULL;)
        if (isdigit((unsigned char)d->d_name[0]) && is_heap_file((int)strtol(d->d_name, NULL, 10)))
            found = (int)strtol(d->d_name, NULL, 10);
    if (open_files != NULL)
        closedir(open_files);
    return found;
}

void process_gauge_init(struct process_gauge *g, const struct process_places *places)
{
    memset(g, 0, sizeof *g);
    g->places = *places;
    g->heap_file = places->heap_start == 0 ? find_heap_file() : -1;
    allocator_gauge_init(&g->allocator);
    find_cgroup(g);
}

/* ---- the system's own figures ---- */

void process_status_parse(FILE *status, struct process_status *out)
{
    struct {
        const char *name;
        uint64_t *bytes;
    } const lines[] = {{"VmRSS:", &out->rss_bytes},         {"VmHWM:", &out->peak_bytes},
                       {"RssAnon:", &out->anonymous_bytes}, {"RssFile:", &out->file_bytes},
                       {"RssShmem:", &out->shared_bytes},   {"HugetlbPages:", &out->huge_bytes}};
    char line[LINE];
    *out = (struct process_status){
        HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, 0, 0};
    while (fgets(line, sizeof line, status) != NULL) {
        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
            if (strncmp(line, lines[i].name, strlen(lines[i].name)) == 0)
                *lines[i].bytes = strtoull(line + strlen(lines[i].name), NULL, 10) * 1024;
        if (strncmp(line, "Threads:", 8) == 0)
            out->threads = (uint32_t)strtoul(line + 8, NULL, 10);
    }
}

uint64_t process_cgroup_held(FILE *stat)
{
    /* v1 has "rss" and "shmem" of the group itself too; the totals hold its children's */
    static const char *const names[] = {"anon ", "shmem ", "total_rss ", "total_shmem "};
    uint64_t bytes[4] = {HC_BYTES_UNKNOWN, 0, HC_BYTES_UNKNOWN, 0};
    char line[LINE];
    while (fgets(line, sizeof line, stat) != NULL)
        for (size_t i = 0; i < 4; i++)
            if (strncmp(line, names[i], strlen(names[i])) == 0)
                bytes[i] = strtoull(line + strlen(names[i]), NULL, 10);
    unsigned version = bytes[2] != HC_BYTES_UNKNOWN ? 2 : 0;
    return bytes[version] != HC_BYTES_UNKNOWN ? bytes[version] + bytes[version + 1] : HC_BYTES_UNKNOWN;
}

static uint64_t cgroup_held(const struct process_gauge *g)
{
    uint64_t bytes = HC_BYTES_UNKNOWN;
    FILE *f = g->cgroup_stat[0] != '\0' ? fopen(g->cgroup_stat, "re") : NULL;
    if (f != NULL) {
        bytes = process_cgroup_held(f);
        fclose(f);
    }
    return bytes;
}

/* ---- the heap ---- */

static uint64_t heap_file_bytes(const struct process_gauge *g)
{
    struct stat s;
    if (!is_heap_file(g->heap_file) || fstat(g->heap_file, &s) != 0)
        return HC_BYTES_UNKNOWN;
    return (uint64_t)s.st_blocks * 512;
}

/* Flink sets Xms = Xmx, yet pages are resident only once touched: committed is not resident. In steps, since a large
 * heap takes its time and the JVM's end must not wait for it. */
static uint64_t heap_present(const struct process_gauge *g)
{
    const size_t step = (size_t)1 << 30;
    uint64_t bytes = 0;
    if (g->places.heap_start == 0)
        return HC_BYTES_UNKNOWN;
    for (size_t at = 0; at < g->places.heap_bytes; at += step) {
        size_t left = g->places.heap_bytes - at;
        if (g->give_up != NULL && g->give_up())
            return HC_BYTES_UNKNOWN;
        bytes += mappings_present(g->places.heap_start + at, left < step ? left : step);
    }
    return bytes;
}

static void read_status(struct process_gauge *g, struct hc_memory_sample *out)
{
    struct process_status s = {
        HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, 0, 0};
    FILE *f = fopen("/proc/self/status", "re");
    if (f != NULL) {
        process_status_parse(f, &s);
        fclose(f);
    }
    out->rss_bytes = s.rss_bytes;
    out->rss_peak_bytes = s.peak_bytes;
    out->file_bytes = s.file_bytes;
    out->threads = s.threads;
    if (g->heap_file >= 0) {
        out->heap_resident_bytes = heap_file_bytes(g);
        if (out->heap_resident_bytes != HC_BYTES_UNKNOWN && s.anonymous_bytes != HC_BYTES_UNKNOWN &&
            s.file_bytes != HC_BYTES_UNKNOWN)
            out->rss_bytes = s.anonymous_bytes + s.file_bytes + out->heap_resident_bytes;
        if (out->rss_bytes != HC_BYTES_UNKNOWN && out->rss_bytes > g->rss_peak_bytes)
            g->rss_peak_bytes = out->rss_bytes;
        out->rss_peak_bytes = g->rss_peak_bytes;
    } else {
        /* RSS leaves explicit huge pages out, so it can't be compared with the heap's pages */
        out->heap_resident_bytes = s.huge_bytes != 0 ? HC_BYTES_UNKNOWN : heap_present(g);
    }
}

/* ---- malloc, stacks, files, consumers ---- */

/* Arenas are mapped ahead of use: what of them was recognized and is not in memory is not held. */
static void read_malloc(const struct process_gauge *g, const struct mappings *m, struct hc_memory_sample *out)
{
    struct allocator_use use;
    allocator_gauge_read(&g->allocator, &use);
    out->malloc_held_bytes = use.held_bytes;
    out->malloc_used_bytes = use.used_bytes;
    if (use.held_bytes == HC_BYTES_UNKNOWN)
        return;
    uint64_t untouched = m->arena_bytes - m->arena_resident;
    if (use.arenas_bytes != HC_BYTES_UNKNOWN && untouched < use.arenas_bytes)
        out->malloc_held_bytes -= untouched;
    if (out->malloc_used_bytes > out->malloc_held_bytes)
        out->malloc_used_bytes = out->malloc_held_bytes;
}

/* Stacks that were not recognized are like those that were; without any, what HotSpot's threads take on the average. */
static uint64_t stacks(const struct mappings *m, uint32_t threads)
{
    const uint64_t usual = 80 * 1024;
    if (threads == 0)
        return HC_BYTES_UNKNOWN;
    return m->stacks == 0 ? usual * threads : m->stack_bytes / m->stacks * threads;
}

/* One process of this machine, as far as we may see it. */
struct process {
    long pid, parent;
    int is_python, is_ours, is_visited; /* ours: a child, a child's child, … */
};

/* 0 where it is gone or not ours to see. */
static int read_process(const char *pid, struct process *out)
{
    char path[64], line[LINE];
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return 0;
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = '\0';
    char *open = strchr(line, '('), *close = strrchr(line, ')');
    if (open == NULL || close == NULL || close < open || strlen(close) < 5)
        return 0;
    *out = (struct process){.pid = strtol(pid, NULL, 10),
                            .parent = strtol(close + 4, NULL, 10),
                            .is_python = strncmp(open + 1, "python", 6) == 0 || strncmp(open + 1, "pyflink", 7) == 0};
    return 1;
}

static void mark_children(struct process *all, size_t count, long parent)
{
    for (size_t i = 0; i < count; i++)
        all[i].is_ours |= all[i].parent == parent;
}

/*
 * PyFlink's workers are descendants of the TaskManager, not children: its launcher is a bash script that runs python in
 * a pipeline. 0: there are more processes than we look through, so nothing is known.
 */
static int read_descendants(uint32_t *consumers)
{
    enum { PROCESSES_MAX = 8192 };
    static struct process all[PROCESSES_MAX]; /* only the recorder comes here */
    size_t count = 0;
    long self = (long)getpid();
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        return 0;
    for (const struct dirent *d; count < PROCESSES_MAX && (d = readdir(proc)) != NULL;)
        count += isdigit((unsigned char)d->d_name[0]) && read_process(d->d_name, &all[count]);
    closedir(proc);
    mark_children(all, count, self);
    for (size_t i = 0; i < count;) { /* each of ours once; a new one may lie before the place we are at */
        if (!all[i].is_ours || all[i].is_visited) {
            i++;
            continue;
        }
        all[i].is_visited = 1;
        *consumers |= all[i].is_python ? (uint32_t)HC_CONSUMER_PYTHON : 0;
        mark_children(all, count, all[i].pid);
        i = 0;
    }
    return count < PROCESSES_MAX;
}

/*
 * Who was seen once counts for good. All processes of the machine are gone through only each sixth time: without a PID
 * namespace of its own a TaskManager sees thousands.
 */
static void read_consumers(struct process_gauge *g, const struct mappings *m, int known, struct hc_memory_sample *out)
{
    g->seen |= m->consumers;
    if ((g->seen & HC_CONSUMER_PYTHON) == 0 && g->looks % 6 == 0)
        g->descendants_known = read_descendants(&g->seen);
    g->looks++;
    out->consumers = g->seen;
    out->consumers_known = (uint32_t)(known && g->descendants_known);
}

void process_gauge_read(struct process_gauge *g, struct hc_memory_sample *out)
{
    struct mappings m = {.consumers = 0};
    read_status(g, out);
    int known = mappings_read(g->places.heap_start, g->places.heap_bytes, &m);
    out->stack_bytes = stacks(&m, out->threads);
    out->jvm_mapped_bytes = known ? m.file_private : HC_BYTES_UNKNOWN;
    out->code_cache_bytes =
        g->places.code_start != 0 ? mappings_present(g->places.code_start, g->places.code_bytes) : HC_BYTES_UNKNOWN;
    read_malloc(g, &m, out);
    out->container_limit_bytes = number_in(g->cgroup_limit);
    out->container_usage_bytes = number_in(g->cgroup_usage);
    out->container_held_bytes = cgroup_held(g);
    read_consumers(g, &m, known, out);
}

int64_t process_start_ms(void)
{
    char line[LINE];
    FILE *f = fopen("/proc/self/stat", "re");
    if (f == NULL)
        return 0;
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = '\0';
    char *field = strrchr(line, ')');
    for (int i = 0; field != NULL && i < 20; i++) /* field 22, starttime, is the 20th after the name */
        field = strchr(field + 1, ' ');
    if (field == NULL)
        return 0;
    struct timespec boot, wall;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_REALTIME, &wall);
    int64_t up_ms = (int64_t)boot.tv_sec * 1000 + boot.tv_nsec / 1000000;
    int64_t started_ms = (int64_t)(strtoull(field + 1, NULL, 10) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK));
    return (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000 - (up_ms - started_ms);
}
