/* The agent's options: name=value joined by commas. docs/agent-options.md has the same table for users. */
#ifndef HEAPCAST_ARGS_H
#define HEAPCAST_ARGS_H

#include "log.h"

#include <stdint.h>

enum { ARGS_PATH_SIZE = 2048, ARGS_PROBLEMS_MAX = 8, ARGS_PROBLEM_SIZE = 320 };

enum args_role { ARGS_ROLE_AUTO, ARGS_ROLE_TASKMANAGER, ARGS_ROLE_JOBMANAGER, ARGS_ROLE_JVM };

struct args {
    char dir[ARGS_PATH_SIZE]; /* "" : the directory of -Dlog.file, else the working directory */
    char name[128];           /* "" : resource id, else host and a stable suffix */
    enum args_role role;
    int64_t publish_ms;          /* period of writing the recommendation */
    int64_t horizon_ms;          /* how far ahead the size must hold */
    int64_t warmup_ms;           /* no number before this */
    double gc_share;             /* GC's share of time that the recommended heap may cost */
    const char *risk;            /* cautious, balanced or tight; static */
    int history;                 /* 0: the series is kept in memory only */
    int64_t off_heap_ms;         /* period of the gauges outside the heap; 0: off */
    int live_probe;              /* 0: the JVM is never asked to look over its whole heap */
    int64_t live_probe_ms;       /* period; 0: by itself, within its budget */
    int64_t live_probe_pause_ms; /* a full collection may take so long; 0: none is ever made */
    int strict;                  /* a bad option stops the JVM */
    enum log_level log;
    unsigned problems; /* options that were refused: their defaults are in force */
    char problem[ARGS_PROBLEMS_MAX][ARGS_PROBLEM_SIZE];
    unsigned notes; /* options that are well formed but not in this version */
    char note[ARGS_PROBLEMS_MAX][ARGS_PROBLEM_SIZE];
};

/* Defaults, then `text` (NULL or "" is fine). Always leaves a usable *out; what was wrong is in its problems. */
void args_parse(const char *text, struct args *out);

#endif
