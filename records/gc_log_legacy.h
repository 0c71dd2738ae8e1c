/*
 * GC logs of JDK 8 and before (-XX:+PrintGC, PrintGCDetails, with or without stamps), a line at a time.
 *
 * A collection is a bracket, "[GC … ]" or "[Full GC … ]", that may run over many lines, hold brackets of its own (the
 * generations, a collection before a CMS remark) and be interrupted by whole brackets of concurrent threads. So the
 * text is read as brackets in brackets: sizes belong to the bracket in which they stand.
 */
#ifndef HEAPCAST_GC_LOG_LEGACY_H
#define HEAPCAST_GC_LOG_LEGACY_H

#include "gc_log_stream.h"
#include "gc_log_text.h"

enum { LEGACY_DEPTH = 16, LEGACY_RECORDS = 3, LEGACY_CAUSE = 40 };

enum legacy_bracket { LEGACY_OTHER, LEGACY_RECORD, LEGACY_YOUNG, LEGACY_OLD, LEGACY_NO_HEAP };

struct legacy_record {
    enum hc_gc_kind kind;
    int g1, marks;                          /* marks: a pause of CMS, which moves nothing */
    int nests;                              /* a young collection may come inside (CMSScavengeBeforeRemark) */
    int sized, young_told, old_told, timed; /* timed: duration_us holds */
    struct gc_transition heap, young, old;
    uint64_t duration_us;
    struct gc_log_time begin;
    char cause[LEGACY_CAUSE];
    unsigned lines;
};

/* What the header of a file says of its JVM. JDK 8 repeats it in each file of a rotated log, so that it is a new JVM
 * only if the clock says so. */
struct legacy_header {
    int seen, rotated; /* rotated: the file before said that it was full */
    uint64_t heap_max_bytes;
    enum hc_collector collector;
    char version[64];
};

struct gc_log_legacy {
    struct gc_log_stream *stream;
    enum legacy_bracket open[LEGACY_DEPTH];
    unsigned depth, records;
    struct legacy_record record[LEGACY_RECORDS]; /* those that are open, outermost first */
    struct legacy_record waiting;                /* closed, but G1 tells its sizes in a line of their own */
    int waits;
    struct gc_log_time stamp; /* the newest in the text */
    struct legacy_header header;
    /* CMS, as in gc_log_unified.h */
    int swept;
    struct gc_log_time sweep_end;
    uint64_t young_bytes, remark_used_bytes, remark_old_bytes;
};

void gc_log_legacy_init(struct gc_log_legacy *log, struct gc_log_stream *stream);
/* One line without its newline. 1: it is one of a collector; 0: other output. */
int gc_log_legacy_line(struct gc_log_legacy *log, const char *line, const char *end);
void gc_log_legacy_end(struct gc_log_legacy *log);
/* 1: the line could be of no other kind of log. */
int gc_log_legacy_is(const char *line, const char *end);
/* 1: the line begins with a stamp. */
int gc_log_legacy_time(const char *line, const char *end, struct gc_log_time *out);

#endif
