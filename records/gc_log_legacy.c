#include "gc_log_legacy.h"

#include <stdio.h>

#define UNKNOWN HC_BYTES_UNKNOWN
#define NO_TIME ((struct gc_log_time){GC_TIME_NONE, GC_TIME_NONE})
/* A collection that is not closed after so many lines never will be. */
enum { RECORD_LINES = 600 };

void gc_log_legacy_init(struct gc_log_legacy *l, struct gc_log_stream *stream)
{
    *l = (struct gc_log_legacy){.stream = stream,
                                .stamp = NO_TIME,
                                .young_bytes = UNKNOWN,
                                .remark_used_bytes = UNKNOWN,
                                .remark_old_bytes = UNKNOWN};
}

static enum legacy_bracket top(const struct gc_log_legacy *l)
{
    return l->depth > 0 ? l->open[l->depth - 1] : LEGACY_OTHER;
}

static struct legacy_record *current(struct gc_log_legacy *l)
{
    return l->records > 0 ? &l->record[l->records - 1] : NULL;
}

/* What is open can't be read to its end. */
static void abandon(struct gc_log_legacy *l)
{
    if (l->records > 0)
        l->stream->stats->broken++;
    l->depth = l->records = 0;
}

/* ---- headers -------------------------------------------------------------------------------------------------------
 */

static void read_flags(struct legacy_header *h, const char *at, const char *end)
{
    static const struct {
        const char *flag;
        enum hc_collector collector;
    } known[] = {{"-XX:+UseG1GC", HC_COLLECTOR_G1},
                 {"-XX:+UseConcMarkSweepGC", HC_COLLECTOR_CMS},
                 {"-XX:+UseParallelGC", HC_COLLECTOR_PARALLEL},
                 {"-XX:+UseParallelOldGC", HC_COLLECTOR_PARALLEL},
                 {"-XX:+UseSerialGC", HC_COLLECTOR_SERIAL}};
    const char *max = memmem(at, (size_t)(end - at), "-XX:MaxHeapSize=", 16);
    if (max == NULL || gc_text_number(max + 16, end, &h->heap_max_bytes) == NULL)
        h->heap_max_bytes = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0] && h->collector == HC_COLLECTOR_UNKNOWN; i++)
        if (memmem(at, (size_t)(end - at), known[i].flag, strlen(known[i].flag)) != NULL)
            h->collector = known[i].collector;
}

/* "OpenJDK 64-Bit Server VM (25.292-b10) for linux-amd64 JRE (1.8.0_292-b10), built on …" */
static void read_version(struct legacy_header *h, const char *at, const char *end)
{
    const char *jre = memmem(at, (size_t)(end - at), "JRE (", 5), *close;
    if (jre == NULL || (close = memchr(jre, ')', (size_t)(end - jre))) == NULL)
        return;
    snprintf(h->version, sizeof h->version, "%.*s", (int)(close - jre - 5 < 63 ? close - jre - 5 : 63), jre + 5);
}

static int header_line(struct gc_log_legacy *l, const char *line, const char *end)
{
    if (gc_text_starts(line, end, "CommandLine flags: ")) {
        l->header.seen = 1;
        read_flags(&l->header, line, end);
    } else if ((gc_text_starts(line, end, "OpenJDK ") || gc_text_starts(line, end, "Java HotSpot(TM) ")) &&
               memmem(line, (size_t)(end - line), " VM (", 5) != NULL) {
        int rotated = l->header.rotated;
        l->header = (struct legacy_header){.seen = 1, .rotated = rotated};
        read_version(&l->header, line, end);
    } else if (memmem(line, (size_t)(end - line), "GC log file ", 12) != NULL) {
        l->header.rotated |= memmem(line, (size_t)(end - line), "has reached", 11) != NULL ||
                             memmem(line, (size_t)(end - line), "rotation", 8) != NULL;
    } else {
        return 0;
    }
    return 1;
}

static void restart(struct gc_log_legacy *l)
{
    l->swept = 0;
    l->young_bytes = l->remark_used_bytes = l->remark_old_bytes = UNKNOWN;
    gc_log_stream_restart(l->stream);
}

static void apply_header(struct gc_log_legacy *l)
{
    const struct legacy_header *h = &l->header;
    if (h->heap_max_bytes > 0)
        gc_log_stream_heap_max(l->stream, h->heap_max_bytes);
    if (h->collector != HC_COLLECTOR_UNKNOWN)
        gc_log_stream_collector(l->stream, h->collector);
    if (h->version[0] != '\0')
        gc_log_stream_version(l->stream, h->version, strlen(h->version));
    l->header = (struct legacy_header){0};
}

static void note_time(struct gc_log_legacy *l, const struct gc_log_time *time)
{
    const struct gc_log_stream *s = l->stream;
    int known = time->uptime_us != GC_TIME_NONE && s->last.uptime_us != GC_TIME_NONE;
    int back = known && time->uptime_us < s->last.uptime_us - (l->header.seen ? 0 : 1000000);
    if (s->has_time && (back || (l->header.seen && !known && !l->header.rotated)))
        restart(l);
    if (l->header.seen)
        apply_header(l);
    gc_log_stream_time(l->stream, time);
}

/* ---- from records to samples ---------------------------------------------------------------------------------------
 */

static struct gc_log_time after(const struct gc_log_time *begin, uint64_t us)
{
    struct gc_log_time end = *begin;
    if (us > (uint64_t)INT32_MAX * 1000)
        return end;
    if (end.wall_ms != GC_TIME_NONE)
        end.wall_ms += (int64_t)(us / 1000);
    if (end.uptime_us != GC_TIME_NONE)
        end.uptime_us += (int64_t)us;
    return end;
}

/* As in gc_log_unified.c: what the next collection finds in the old generation is what a sweep left. */
static void sweep_end(struct gc_log_legacy *l, uint64_t old_bytes)
{
    l->swept = 0;
    struct gc_log_collection c = {.kind = HC_GC_OLD,
                                  .cause = "",
                                  .before_bytes = l->remark_used_bytes,
                                  .after_bytes = UNKNOWN,
                                  .committed_bytes = UNKNOWN,
                                  .old_before_bytes = l->remark_old_bytes,
                                  .old_after_bytes = old_bytes,
                                  .overlapped = 1,
                                  .end = l->sweep_end};
    if (l->remark_used_bytes != UNKNOWN && l->remark_old_bytes <= l->remark_used_bytes)
        c.after_bytes = l->remark_used_bytes - l->remark_old_bytes + old_bytes;
    else if (l->young_bytes != UNKNOWN)
        c.after_bytes = l->young_bytes + old_bytes;
    else
        return;
    if (c.before_bytes == UNKNOWN || c.before_bytes < c.after_bytes)
        c.before_bytes = c.after_bytes;
    gc_log_stream_collection(l->stream, &c);
}

static void generations(struct gc_log_legacy *l, const struct legacy_record *r, struct gc_log_collection *c)
{
    if (r->old_told) {
        c->old_before_bytes = r->old.before_bytes;
        c->old_after_bytes = r->old.after_bytes;
    } else if (r->young_told && r->young.before_bytes <= r->heap.before_bytes &&
               r->young.after_bytes <= r->heap.after_bytes) {
        c->old_before_bytes = r->heap.before_bytes - r->young.before_bytes;
        c->old_after_bytes = r->heap.after_bytes - r->young.after_bytes;
    }
    if (l->swept && c->old_before_bytes != UNKNOWN)
        sweep_end(l, c->old_before_bytes);
    if (c->old_after_bytes != UNKNOWN && c->old_after_bytes <= r->heap.after_bytes)
        l->young_bytes = r->heap.after_bytes - c->old_after_bytes;
}

static void emit(struct gc_log_legacy *l, const struct legacy_record *r)
{
    note_time(l, &r->begin);
    if (!r->sized && r->kind != HC_GC_PAUSE) {
        l->stream->stats->broken++;
        gc_log_stream_pause(l->stream, r->duration_us);
        return;
    }
    struct gc_log_collection c = {.kind = r->kind,
                                  .cause = r->cause,
                                  .cause_length = strlen(r->cause),
                                  .before_bytes = r->sized ? r->heap.before_bytes : UNKNOWN,
                                  .after_bytes = r->sized ? r->heap.after_bytes : UNKNOWN,
                                  .committed_bytes = r->sized ? r->heap.capacity_bytes : UNKNOWN,
                                  .old_before_bytes = UNKNOWN,
                                  .old_after_bytes = UNKNOWN,
                                  .pause_us = r->duration_us,
                                  .gc_time_us = r->duration_us,
                                  .end = after(&r->begin, r->duration_us)};
    if (r->kind == HC_GC_PAUSE) {
        c.cause = "Concurrent Cycle";
        c.cause_length = strlen(c.cause);
    } else {
        /* a young collection that turned into one of the old generation, too, is one record */
        if (r->kind == HC_GC_YOUNG && r->old_told)
            c.kind = HC_GC_FULL;
        generations(l, r, &c);
    }
    if (r->marks && r->old_told) {
        l->remark_used_bytes = r->heap.after_bytes;
        l->remark_old_bytes = r->old.after_bytes;
    }
    gc_log_stream_collection(l->stream, &c);
}

static void flush(struct gc_log_legacy *l)
{
    if (!l->waits)
        return;
    l->waits = 0;
    emit(l, &l->waiting);
}

static void close_record(struct gc_log_legacy *l)
{
    struct legacy_record *r = &l->record[--l->records];
    int generations_told = r->young_told || r->old_told;
    if (r->marks)
        r->kind = HC_GC_PAUSE;
    if (r->kind == HC_GC_PAUSE || (!r->g1 && generations_told)) {
        emit(l, r);
        return;
    }
    l->waiting = *r;
    l->waits = 1;
}

/* "[Eden: 24.0M(24.0M)->0.0B(34.0M) Survivors: 0.0B->3072.0K Heap: 24.0M(256.0M)->5965.3K(256.0M)]": G1's sizes. */
static void eden_line(struct gc_log_legacy *l, const char *at, const char *end)
{
    struct gc_transition eden, survivors, heap;
    const char *survivors_at = memmem(at, (size_t)(end - at), "Survivors: ", 11);
    const char *heap_at = memmem(at, (size_t)(end - at), "Heap: ", 6);
    if (!l->waits || heap_at == NULL || gc_text_transition(heap_at + 6, end, &heap) == NULL)
        return;
    struct legacy_record *r = &l->waiting;
    r->heap = heap;
    r->sized = 1;
    if (survivors_at != NULL && gc_text_transition(at, end, &eden) != NULL &&
        gc_text_transition(survivors_at + 11, end, &survivors) != NULL && r->kind != HC_GC_FULL) {
        r->young_told = 1;
        r->young.before_bytes = eden.before_bytes + survivors.before_bytes;
        r->young.after_bytes = eden.after_bytes + survivors.after_bytes;
    }
    gc_log_stream_collector(l->stream, HC_COLLECTOR_G1);
    flush(l);
}

/* ---- brackets ------------------------------------------------------------------------------------------------------
 */

/* The words in brackets behind "[GC", "[Full GC" or "[GC pause". */
static const char *read_causes(struct legacy_record *r, const char *at, const char *end)
{
    for (;;) {
        while (at < end && (*at == ' ' || *at == '-'))
            at++;
        if (at >= end || *at != '(')
            return at;
        const char *begin = ++at;
        for (int depth = 1; at < end; at++)
            if ((depth += *at == '(' ? 1 : *at == ')' ? -1 : 0) == 0)
                break;
        size_t length = (size_t)(at - begin);
        if (at < end)
            at++;
        if (length == 5 && memcmp(begin, "mixed", 5) == 0)
            r->kind = HC_GC_MIXED;
        else if (length == 7 && memcmp(begin, "partial", 7) == 0)
            r->kind = HC_GC_MIXED;
        else if (r->cause[0] == '\0' && length > 0 && begin[0] >= 'A' && begin[0] <= 'Z')
            snprintf(r->cause, sizeof r->cause, "%.*s", (int)(length < LEGACY_CAUSE ? length : LEGACY_CAUSE - 1),
                     begin);
    }
}

/* Is "[GC…" a collection? `at` behind "GC". */
static int is_collection(const char *at, const char *end)
{
    if (at >= end)
        return 1;
    if (*at != ' ')
        return *at == '-' || *at == '[' || *at == ':' || (*at >= '0' && *at <= '9') || *at == '(';
    at++;
    return !gc_text_starts(at, end, "concurrent-") && !gc_text_starts(at, end, "ref-proc") &&
           !gc_text_starts(at, end, "Worker");
}

static const char *open_record(struct gc_log_legacy *l, const char *at, const char *end, int full)
{
    flush(l);
    if (l->records == LEGACY_RECORDS)
        abandon(l);
    struct legacy_record *r = &l->record[l->records++];
    *r = (struct legacy_record){.kind = full ? HC_GC_FULL : HC_GC_YOUNG, .begin = l->stamp};
    l->open[l->depth++] = LEGACY_RECORD;
    while (at < end && *at == ' ')
        at++;
    if (!full && gc_text_starts(at, end, "pause")) {
        r->g1 = 1;
        at += 5;
        gc_log_stream_collector(l->stream, HC_COLLECTOR_G1);
    } else if (!full && (gc_text_starts(at, end, "remark") || gc_text_starts(at, end, "cleanup"))) {
        r->kind = HC_GC_PAUSE;
        at += *at == 'r' ? 6 : 7;
    }
    return read_causes(r, at, end);
}

/* Names of generations and of what else is in a collection's bracket. */
static enum legacy_bracket named(struct gc_log_legacy *l, const char *at, const char *end)
{
    static const struct {
        const char *name;
        enum legacy_bracket bracket;
        enum hc_collector collector;
    } known[] = {{"PSYoungGen", LEGACY_YOUNG, HC_COLLECTOR_PARALLEL},
                 {"ParNew", LEGACY_YOUNG,
                  HC_COLLECTOR_CMS}, /* nearly always; JDK 8 could have Serial's old generation with it */
                 {"ASParNew", LEGACY_YOUNG, HC_COLLECTOR_CMS},
                 {"DefNew", LEGACY_YOUNG, HC_COLLECTOR_SERIAL},
                 {"ParOldGen", LEGACY_OLD, HC_COLLECTOR_PARALLEL},
                 {"PSOldGen", LEGACY_OLD, HC_COLLECTOR_PARALLEL},
                 {"Tenured", LEGACY_OLD, HC_COLLECTOR_SERIAL},
                 {"CMS-concurrent", LEGACY_OTHER, HC_COLLECTOR_CMS},
                 {"CMS Perm", LEGACY_NO_HEAP, HC_COLLECTOR_CMS},
                 {"CMS", LEGACY_OLD, HC_COLLECTOR_CMS},
                 {"ASCMS", LEGACY_OLD, HC_COLLECTOR_CMS},
                 {"1 CMS-", LEGACY_OLD, HC_COLLECTOR_CMS}};
    struct legacy_record *r = current(l);
    if (gc_text_starts(at, end, "YG occupancy") && r != NULL)
        r->nests = 1;
    if (gc_text_starts(at, end, "1 CMS-") && r != NULL)
        r->marks = 1;
    if (gc_text_starts(at, end, "CMS-concurrent-sweep:")) {
        l->swept = 1;
        l->sweep_end = l->stamp;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (gc_text_starts(at, end, known[i].name)) {
            if (!l->header.seen)
                gc_log_stream_collector(l->stream, known[i].collector);
            return known[i].bracket;
        }
    return gc_text_starts(at, end, "Metaspace") || gc_text_starts(at, end, "PSPermGen") ||
                   gc_text_starts(at, end, "Perm")
               ? LEGACY_NO_HEAP
               : LEGACY_OTHER;
}

/* `at` behind '['. `first`: nothing but a stamp stands before it in its line. */
static const char *open_bracket(struct gc_log_legacy *l, const char *at, const char *end, int first)
{
    int full = gc_text_starts(at, end, "Full GC");
    if (gc_text_starts(at, end, "0x")) /* "[0x…, 0x…)": a range of addresses, never closed so */
        return at;
    int record = full || (gc_text_starts(at, end, "GC") && is_collection(at + 2, end));
    if (l->depth == LEGACY_DEPTH || (record && first && l->depth > 0 && !(l->records > 0 && l->record[0].nests)))
        abandon(l);
    if (record)
        return open_record(l, at + (full ? 7 : 2), end, full);
    if (l->depth == 0 && gc_text_starts(at, end, "Eden: ")) {
        eden_line(l, at + 6, end);
        return end;
    }
    l->open[l->depth++] = named(l, at, end);
    return at;
}

static void close_bracket(struct gc_log_legacy *l)
{
    if (l->depth > 0 && l->open[--l->depth] == LEGACY_RECORD)
        close_record(l);
}

static void take_transition(struct gc_log_legacy *l, const struct gc_transition *t)
{
    struct legacy_record *r = current(l);
    if (r == NULL) { /* "[ 11M->2752K(64M)]", in a line of its own: G1 of JDK 6 */
        if (l->waits && !l->waiting.sized && l->depth == 1 && top(l) == LEGACY_OTHER) {
            l->waiting.heap = *t;
            l->waiting.sized = 1;
        }
        return;
    }
    switch (top(l)) {
    case LEGACY_RECORD:
        r->heap = *t;
        r->sized = 1;
        break;
    case LEGACY_YOUNG:
        r->young = *t;
        r->young_told = 1;
        break;
    case LEGACY_OLD:
        r->old = *t;
        r->old_told = 1;
        break;
    default:
        break;
    }
}

/* "37841K(69364K)": CMS's Initial Mark and Remark, which change nothing. */
static void take_size(struct gc_log_legacy *l, uint64_t used, uint64_t capacity)
{
    struct legacy_record *r = current(l);
    struct gc_transition t = {used, used, capacity, 0};
    if (r == NULL || (top(l) == LEGACY_OLD && !r->marks) || (top(l) != LEGACY_OLD && top(l) != LEGACY_RECORD))
        return;
    if (top(l) == LEGACY_RECORD && !r->sized)
        r->marks = 1;
    take_transition(l, &t);
}

/* A date or an uptime, and the colon after it. */
static const char *read_stamp(const char *at, const char *end, struct gc_log_time *out)
{
    int64_t ms;
    uint64_t us;
    const char *after_it = end - at > 20 && at[4] == '-' ? gc_text_date(at, end, &ms) : NULL;
    if (after_it != NULL && after_it < end && *after_it == ':') {
        *out = (struct gc_log_time){ms, GC_TIME_NONE};
        return after_it + 1;
    }
    after_it = gc_text_micro(at, end, &us);
    if (after_it == NULL || after_it + 1 >= end || after_it[0] != ':' || after_it[1] != ' ' || us > INT64_MAX)
        return NULL;
    out->uptime_us = (int64_t)us;
    return after_it + 1;
}

static const char *read_figure(struct gc_log_legacy *l, const char *at, const char *end)
{
    struct gc_transition t;
    uint64_t used, capacity, us;
    const char *next;
    if ((next = read_stamp(at, end, &l->stamp)) != NULL)
        return next;
    if (l->depth == 0)
        return at + 1;
    if ((next = gc_text_transition(at, end, &t)) != NULL) {
        take_transition(l, &t);
        return next;
    }
    if ((next = gc_text_size(at, end, &used)) != NULL) {
        const char *close = next < end && *next == '(' ? gc_text_size(next + 1, end, &capacity) : NULL;
        if (close != NULL && close < end && *close == ')') {
            take_size(l, used, capacity);
            return close + 1;
        }
        return next;
    }
    if ((next = gc_text_micro(at, end, &us)) != NULL) {
        if (gc_text_starts(next, end, " secs") && top(l) == LEGACY_RECORD) {
            current(l)->duration_us = us;
            current(l)->timed = 1;
        }
        return next;
    }
    while (at < end && *at >= '0' && *at <= '9') /* a number too large for anything */
        at++;
    return at;
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* 1: there was a bracket. */
static int consume(struct gc_log_legacy *l, const char *at, const char *end)
{
    int first = 1, any = l->depth > 0;
    while (at < end) {
        if (*at == '[') {
            at = open_bracket(l, at + 1, end, first);
            first = 0;
            any = 1;
        } else if (*at == ']') {
            close_bracket(l);
            at++;
        } else if (*at >= '0' && *at <= '9') {
            at = read_figure(l, at, end);
        } else if (is_letter(*at)) {
            first = 0;
            while (at < end && is_letter(*at))
                at++;
        } else {
            at++;
        }
    }
    return any;
}

int gc_log_legacy_line(struct gc_log_legacy *l, const char *line, const char *end)
{
    const char *at = line;
    if (l->depth > 0) {
        struct legacy_record *r = current(l);
        if (r == NULL || ++r->lines > RECORD_LINES)
            abandon(l);
        else
            return consume(l, line, end);
    }
    l->stamp = NO_TIME;
    while (at < end && *at == ' ')
        at++;
    if (at > line && at < end && *at == '[') { /* G1's details, of which only the sizes count */
        if (gc_text_starts(at, end, "[Eden: "))
            eden_line(l, at + 7, end);
        else if (l->waits && at + 1 < end && at[1] == ' ')
            consume(l, at, end);
        else if (gc_text_starts(at, end, "[Times:") && end[-1] != ']' && end[-1] != ' ')
            return consume(l, at, end); /* another thread's line behind it */
        return 1;
    }
    if (header_line(l, line, end))
        return 1;
    return memchr(line, '[', (size_t)(end - line)) != NULL && consume(l, line, end);
}

void gc_log_legacy_end(struct gc_log_legacy *l)
{
    abandon(l);
    flush(l);
    if (l->header.seen && !l->stream->begun)
        apply_header(l);
    gc_log_legacy_init(l, l->stream);
}

int gc_log_legacy_is(const char *line, const char *end)
{
    const char *at = memmem(line, (size_t)(end - line), "[GC", 3);
    int vm = gc_text_starts(line, end, "OpenJDK ") || gc_text_starts(line, end, "Java HotSpot(TM) ");
    if ((vm && memmem(line, (size_t)(end - line), "JRE (", 5) != NULL) ||
        gc_text_starts(line, end, "CommandLine flags: -XX:") || memmem(line, (size_t)(end - line), "[Full GC", 8))
        return 1;
    return at != NULL && is_collection(at + 3, end);
}

int gc_log_legacy_time(const char *line, const char *end, struct gc_log_time *out)
{
    struct gc_log_time time = NO_TIME;
    const char *at = read_stamp(line, end, &time);
    if (at == NULL)
        return 0;
    if (time.uptime_us == GC_TIME_NONE && at + 1 < end)
        read_stamp(at + 1, end, &time);
    *out = time;
    return 1;
}
