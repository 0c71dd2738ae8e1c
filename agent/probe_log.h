/*
 * Where the JVM writes its log while a probe runs: memory of ours (memfd), read by line. No disk, no file that is left
 * over, no pipe that could block the JVM when nobody reads. Where there is no memfd (Linux before 3.17) a file in the
 * agent's directory that loses its name as soon as the JVM has opened it.
 *
 * One thread. What was read is thrown away when it is more than PROBE_LOG_MAX: its pages count as the container's
 * memory.
 */
#ifndef HEAPCAST_PROBE_LOG_H
#define HEAPCAST_PROBE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum { PROBE_LOG_MAX = 2 << 20, PROBE_LOG_LINE = 512, PROBE_LOG_PATH = 2200 };

struct probe_log {
    int fd; /* -1: closed */
    int in_file;
    char path[PROBE_LOG_PATH]; /* for the JVM */
    int64_t read_bytes;
    size_t carried; /* of a line whose end is not there yet */
    int skipping;   /* the rest of a line that is too long */
    char line[PROBE_LOG_LINE];
};

/* 0 and *log open, empty; -1: neither memory nor a file can be had. */
int probe_log_open(struct probe_log *log, const char *dir);
/* Gives each whole line that is new to `each`, without newline; until it returns nonzero, which ends the reading. */
typedef int probe_log_line_fn(void *context, const char *line);
void probe_log_read(struct probe_log *log, probe_log_line_fn *each, void *context);
/* After the JVM has opened it: a file loses its name, so that none is left over whatever comes. */
void probe_log_hide(struct probe_log *log);
/* Forgets all that was written. */
void probe_log_clear(struct probe_log *log);
void probe_log_close(struct probe_log *log); /* fine where nothing is open, if fd is -1 */

#endif
