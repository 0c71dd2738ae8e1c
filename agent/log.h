/*
 * The agent's voice: one line a message on the host's stderr, "heapcast: LEVEL: text". One write(2) a line, so lines of
 * several threads never mix. Never called in a GC pause.
 */
#ifndef HEAPCAST_LOG_H
#define HEAPCAST_LOG_H

enum log_level { LOG_LEVEL_ERROR = 0, LOG_LEVEL_INFO = 1, LOG_LEVEL_DEBUG = 2 };

/* Messages above this level are left out; info until set. Set once, before there are threads. */
void log_set_level(enum log_level level);

__attribute__((format(printf, 2, 3))) void log_line(enum log_level level, const char *format, ...);

#endif
