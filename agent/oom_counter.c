#include "oom_counter.h"

#include <heapcast/gc_sample.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void oom_counter_init(struct oom_counter *c, const char *usage_file)
{
    const char *name = strrchr(usage_file, '/');
    c->path[0] = '\0';
    if (name == NULL)
        return;
    int v2 = strcmp(name, "/memory.current") == 0;
    snprintf(c->path, sizeof c->path, "%.*s/%s", (int)(name - usage_file), usage_file,
             v2 ? "memory.events" : "memory.oom_control");
}

/* Both files have lines of a name and a number, among them "oom_kill 3" (and v2's "oom_group_kill 0", another thing).
 */
uint64_t oom_counter_read(const struct oom_counter *c)
{
    char line[128];
    uint64_t kills = HC_BYTES_UNKNOWN;
    FILE *f = c->path[0] != '\0' ? fopen(c->path, "re") : NULL;
    if (f == NULL)
        return HC_BYTES_UNKNOWN;
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "oom_kill ", 9) == 0)
            kills = strtoull(line + 9, NULL, 10);
    fclose(f);
    return kills;
}
