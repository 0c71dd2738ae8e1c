#include "gc_cpu.h"

#include "log_text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The names as Linux keeps them, 15 bytes. JDK 11 to 25; "X" is the non-generational ZGC in JDK 21. */
static const struct {
    const char *starts;
    int concurrent;
} names[] = {{"G1 Main Marker", 1}, {"G1 Conc#", 1}, {"GC Thread#", 0}, {"VM Thread", 0},     {"ZWorker", 1},
             {"XWorker", 1},        {"ZDriver", 1},  {"XDriver", 1},    {"Shenandoah GC", 1}, {"Shenandoah", 1}};

void gc_cpu_init(struct gc_cpu *c, const char *task_dir)
{
    memset(c, 0, sizeof *c);
    c->task_dir = task_dir;
}

static int read_text(const struct gc_cpu *c, long id, const char *file, char *out, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%.180s/%ld/%s", c->task_dir, id, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, out, size - 1) : -1;
    if (fd >= 0)
        close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static void look_at(struct gc_cpu *c, long id)
{
    char name[32];
    if (c->count == GC_CPU_THREADS_MAX || !read_text(c, id, "comm", name, sizeof name))
        return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(name, names[i].starts, strlen(names[i].starts)) != 0)
            continue;
        c->thread[c->count++] = (struct gc_cpu_thread){.id = id, .concurrent = names[i].concurrent};
        return;
    }
}

static int find_new(struct gc_cpu *c)
{
    DIR *all = opendir(c->task_dir);
    long newest = c->newest;
    int looks = 0;
    if (all == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(all)) != NULL;) {
        long id = strtol(entry->d_name, NULL, 10);
        if (id <= c->newest)
            continue;
        newest = id > newest ? id : newest;
        if (looks++ < GC_CPU_LOOK_MAX)
            look_at(c, id);
    }
    closedir(all);
    c->newest = newest;
    return 1;
}

/* schedstat counts nanoseconds; a kernel without it has stat, in clock ticks. -1: the thread is gone. */
static int64_t cpu_of(const struct gc_cpu *c, long id)
{
    char text[1024];
    uint64_t value, user, system;
    if (read_text(c, id, "schedstat", text, sizeof text) && log_text_number(text, &value) != NULL)
        return (int64_t)value;
    const char *at = read_text(c, id, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    for (int field = 2; at != NULL && field < 14; field++) /* utime is the 14th, after the name in brackets */
        at = strchr(at + 1, ' ');
    at = log_text_number(at, &user);
    if (log_text_number(at, &system) == NULL)
        return -1;
    return (int64_t)(user + system) * (1000000000 / sysconf(_SC_CLK_TCK));
}

int gc_cpu_read(struct gc_cpu *c, struct gc_cpu_time *out)
{
    struct gc_cpu_time sum = {0, 0};
    if (!find_new(c))
        return 0;
    for (unsigned i = 0; i < c->count; i++) {
        int64_t ns = cpu_of(c, c->thread[i].id);
        if (ns > 0 && c->thread[i].concurrent)
            sum.concurrent_ns += ns;
        else if (ns > 0)
            sum.other_ns += ns;
    }
    *out = sum;
    return c->count > 0;
}
