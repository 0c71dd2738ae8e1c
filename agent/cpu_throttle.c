#include "cpu_throttle.h"

#include "log_text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int use(struct cpu_throttle *t, const char *root, const char *folder, const char *group)
{
    snprintf(t->path, sizeof t->path, "%.60s%.20s%.200s/cpu.stat", root, folder, group);
    if (access(t->path, R_OK) == 0)
        return 1;
    t->path[0] = '\0';
    return 0;
}

/* "cpu", "cpu,cpuacct" or "cpuacct,cpu" */
static int has_cpu(const char *controllers)
{
    for (const char *at = controllers; at != NULL && *at != '\0'; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strcspn(at, ",") == 3 && strncmp(at, "cpu", 3) == 0)
            return 1;
    return 0;
}

void cpu_throttle_init(struct cpu_throttle *t, const char *cgroup_file, const char *root)
{
    char line[512];
    memset(t, 0, sizeof *t);
    FILE *f = fopen(cgroup_file, "re");
    while (f != NULL && t->path[0] == '\0' && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':'), *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (group == NULL)
            continue;
        *group++ = '\0';
        controllers++;
        int v2 = controllers[0] == '\0';
        if (!v2 && !has_cpu(controllers))
            continue;
        /* in a container the path may be the host's, and the folder seen is the container's own */
        const char *folder = v2 ? "" : "/cpu";
        (void)(use(t, root, folder, strcmp(group, "/") == 0 ? "" : group) || use(t, root, folder, ""));
    }
    if (f != NULL)
        fclose(f);
}

uint64_t cpu_throttle_read(const struct cpu_throttle *t)
{
    char line[128];
    uint64_t value = 0;
    FILE *f = t->path[0] != '\0' ? fopen(t->path, "re") : NULL;
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "nr_throttled ", 13) == 0)
            (void)log_text_number(line + 13, &value);
    if (f != NULL)
        fclose(f);
    return value;
}
