/*
 * Words and numbers of a line of the JVM's unified log. By hand rather than with strtod and friends: the host JVM may
 * have set a locale with a decimal comma.
 */
#ifndef HEAPCAST_LOG_TEXT_H
#define HEAPCAST_LOG_TEXT_H

#include <stdint.h>

/* What follows the decorations ("[…]") and the collection's number ("GC(7) "). Points into `line`. */
const char *log_text_body(const char *line);
/* The decoration timenanos ("[13004516245570ns]"): CLOCK_MONOTONIC. 0: not there. */
int64_t log_text_nanos(const char *line);
/* The collection's number; -1: the line belongs to none. */
int64_t log_text_gc(const char *line);

/* A whole number after blanks. Returns what follows it; NULL: none there, or `text` was NULL, or it is beyond 2^60. */
const char *log_text_number(const char *text, uint64_t *out);
/* A size such as "117M" or "9591K" after blanks, in bytes. Returns what follows it, or NULL. */
const char *log_text_size(const char *text, uint64_t *out_bytes);
/* "KEY 24.00 MB" anywhere in the text, in bytes. 0: not there. */
int log_text_mib(const char *text, const char *key, double *out_bytes);
/* Milliseconds at the end of the line ("0.798ms") as microseconds. 0: not there. */
int log_text_duration_us(const char *line, uint64_t *out);

/* "… 17M->11M(24M) 0.798ms" */
struct log_pause {
    uint64_t used_before_bytes, used_after_bytes, committed_bytes, pause_us; /* committed 0: not there */
};
/* 0: the line is not of that form. */
int log_text_pause(const char *line, struct log_pause *out);

#endif
