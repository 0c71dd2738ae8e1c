/*
 * Who this process is, from its own command line: Flink puts there, as -D options in bytes, the whole memory split that
 * it derived (TaskExecutorProcessUtils.generateDynamicConfigsStr), and the names of log file and resource.
 */
#ifndef HEAPCAST_FLINK_PROCESS_H
#define HEAPCAST_FLINK_PROCESS_H

#include "args.h"

#include <heapcast/subject.h>

#include <stddef.h>

/* Reads /proc/self/cmdline; fills role, name, host, pid, flink settings, and the directory for our files. */
void flink_process_identify(const struct args *args, struct hc_subject *subject, char *dir, size_t dir_size);

/* The same from a given command line (NUL-separated, `length` bytes), host and working directory: for tests. */
void flink_process_parse(const char *cmdline, size_t length, const char *host, const char *cwd, const struct args *args,
                         struct hc_subject *subject, char *dir, size_t dir_size);

#endif
