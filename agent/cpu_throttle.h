/*
 * Whether the container is short of CPU: how often its quota has stopped it (cgroup cpu.stat, nr_throttled; v1 and v2).
 * There marking would take the CPU from the program.
 */
#ifndef HEAPCAST_CPU_THROTTLE_H
#define HEAPCAST_CPU_THROTTLE_H

#include <stdint.h>

struct cpu_throttle {
    char path[320]; /* "": this process has no quota that can be seen */
};

/* `cgroup_file` is /proc/self/cgroup and `root` /sys/fs/cgroup, but for tests. */
void cpu_throttle_init(struct cpu_throttle *throttle, const char *cgroup_file, const char *root);
/* Periods in which the container was stopped, since its start; 0 where nothing tells. */
uint64_t cpu_throttle_read(const struct cpu_throttle *throttle);

#endif
