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

static void read_status(struct hc_memory_sample *out)
{
    char line[LINE];
    FILE *f = fopen("/proc/self/status", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            out->rss_bytes = strtoull(line + 6, NULL, 10) * 1024;
        else if (strncmp(line, "VmHWM:", 6) == 0)
            out->rss_peak_bytes = strtoull(line + 6, NULL, 10) * 1024;
        else if (strncmp(line, "Threads:", 8) == 0)
            out->threads = (uint32_t)strtoul(line + 8, NULL, 10);
    }
    if (f != NULL)
        fclose(f);
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

/* Name and parent of a process; 0 where it is gone or not ours to see. */
static int parent_of(const char *pid, char *name, size_t size, long *parent)
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
    if (open == NULL || close == NULL || close < open)
        return 0;
    snprintf(name, size, "%.*s", (int)(close - open - 1), open + 1);
    *parent = strlen(close) > 4 ? strtol(close + 4, NULL, 10) : 0;
    return 1;
}

/* PyFlink's workers are children of the TaskManager (python, or the launcher script pyflink-udf-runner.sh under bash).
 */
static int read_children(uint32_t *consumers)
{
    long self = (long)getpid(), parent;
    char name[32];
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        return 0;
    for (const struct dirent *d; (d = readdir(proc)) != NULL;) {
        if (!isdigit((unsigned char)d->d_name[0]) || !parent_of(d->d_name, name, sizeof name, &parent) ||
            parent != self)
            continue;
        if (strncmp(name, "python", 6) == 0 || strncmp(name, "pyflink", 7) == 0)
            *consumers |= HC_CONSUMER_PYTHON;
    }
    closedir(proc);
    return 1;
}

void process_gauge_read(const struct process_gauge *g, struct hc_memory_sample *out)
{
    out->rss_bytes = out->rss_peak_bytes = HC_BYTES_UNKNOWN;
    out->threads = 0;
    read_status(out);
    out->heap_resident_bytes = heap_resident(g);
    out->container_limit_bytes = number_in(g->cgroup_limit);
    out->container_usage_bytes = number_in(g->cgroup_usage);
    out->consumers = 0;
    out->consumers_known = (uint32_t)(read_mappings(&out->consumers) & read_children(&out->consumers));
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
