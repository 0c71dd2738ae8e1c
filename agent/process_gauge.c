#include "process_gauge.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
    if (access(g->cgroup_usage, R_OK) == 0)
        return 1;
    g->cgroup_limit[0] = g->cgroup_usage[0] = '\0';
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

void process_gauge_init(struct process_gauge *g, uintptr_t heap_start, size_t heap_bytes)
{
    memset(g, 0, sizeof *g);
    g->heap_start = heap_start;
    g->heap_bytes = heap_bytes;
    find_cgroup(g);
}

/* 1 where the process has explicit huge pages: RSS leaves them out, so it can't be compared with the heap's pages. */
static int read_status(struct hc_memory_sample *out)
{
    int huge = 0;
    char line[LINE];
    FILE *f = fopen("/proc/self/status", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            out->rss_bytes = strtoull(line + 6, NULL, 10) * 1024;
        else if (strncmp(line, "VmHWM:", 6) == 0)
            out->rss_peak_bytes = strtoull(line + 6, NULL, 10) * 1024;
        else if (strncmp(line, "HugetlbPages:", 13) == 0)
            huge = strtoull(line + 13, NULL, 10) != 0;
        else if (strncmp(line, "Threads:", 8) == 0)
            out->threads = (uint32_t)strtoul(line + 8, NULL, 10);
    }
    if (f != NULL)
        fclose(f);
    return huge;
}

/* Flink sets Xms = Xmx, yet pages are resident only once touched: committed is not resident. */
static uint64_t heap_resident(const struct process_gauge *g)
{
    enum { PAGES = 8192 };
    static unsigned char resident[PAGES]; /* only the recorder comes here */
    size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0;
    if (g->heap_start == 0)
        return HC_BYTES_UNKNOWN;
    for (size_t at = 0; at < g->heap_bytes; at += PAGES * page) {
        size_t length = g->heap_bytes - at < PAGES * page ? g->heap_bytes - at : PAGES * page;
        /* ENOMEM: a part that is reserved but not mapped; nothing resident there */
        if (mincore((void *)(g->heap_start + at), length, resident) != 0)
            continue;
        for (size_t i = 0; i < (length + page - 1) / page; i++)
            count += resident[i] & 1;
    }
    return count * page;
}

/* RocksDB and ForSt unpack their JNI library and map it from there. */
static int read_mappings(uint32_t *consumers)
{
    char line[LINE];
    FILE *f = fopen("/proc/self/maps", "re");
    if (f == NULL)
        return 0;
    while (fgets(line, sizeof line, f) != NULL) {
        if (strstr(line, "rocksdbjni") != NULL)
            *consumers |= HC_CONSUMER_ROCKSDB;
        else if (strstr(line, "forstjni") != NULL)
            *consumers |= HC_CONSUMER_FORST;
    }
    fclose(f);
    return 1;
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
 * Who was seen once counts for good, and need not be looked for again. All processes of the machine are gone through
 * only each sixth time: without a PID namespace of its own a TaskManager sees thousands.
 */
static void read_consumers(struct process_gauge *g, struct hc_memory_sample *out)
{
    const uint32_t state_backend = HC_CONSUMER_ROCKSDB | HC_CONSUMER_FORST;
    int known = 1;
    if ((g->seen & state_backend) == 0)
        known = read_mappings(&g->seen);
    if ((g->seen & HC_CONSUMER_PYTHON) == 0 && g->looks % 6 == 0)
        g->descendants_known = read_descendants(&g->seen);
    g->looks++;
    out->consumers = g->seen;
    out->consumers_known = (uint32_t)(known && g->descendants_known);
}

void process_gauge_read(struct process_gauge *g, struct hc_memory_sample *out)
{
    out->rss_bytes = out->rss_peak_bytes = HC_BYTES_UNKNOWN;
    out->threads = 0;
    int huge_pages = read_status(out);
    out->heap_resident_bytes = huge_pages ? HC_BYTES_UNKNOWN : heap_resident(g);
    out->container_limit_bytes = number_in(g->cgroup_limit);
    out->container_usage_bytes = number_in(g->cgroup_usage);
    read_consumers(g, out);
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
