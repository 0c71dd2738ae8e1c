/* How many processes of this container the kernel has killed for want of memory, as the container's cgroup counts. */
#ifndef HEAPCAST_OOM_COUNTER_H
#define HEAPCAST_OOM_COUNTER_H

#include <stdint.h>

struct oom_counter {
    char path[512]; /* "": there is no memory controller */
};

/* `usage_file` is the cgroup's memory.current (v2) or memory.usage_in_bytes (v1), "" where there is none. */
void oom_counter_init(struct oom_counter *counter, const char *usage_file);
/* HC_BYTES_UNKNOWN where the kernel does not tell (v1 before Linux 4.13). */
uint64_t oom_counter_read(const struct oom_counter *counter);

#endif
