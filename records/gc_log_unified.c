#include "gc_log_unified.h"

#define UNKNOWN HC_BYTES_UNKNOWN
#define NO_TIME ((struct gc_log_time){GC_TIME_NONE, GC_TIME_NONE})
/* A number of milliseconds or nanoseconds from here on is a date (1973, 2001); below, it counts from a start. */
#define WALL_MS UINT64_C(100000000000)
#define WALL_NS UINT64_C(1000000000000000000)
/* Whole MiB are cut off: half of one is missing on average (ZGC's table). */
#define HALF_MIB UINT64_C(524288)
/* A number of a collection that is so much lower is another JVM's, where no uptime says it. */
enum { ID_BACK = 100 };

void gc_log_unified_init(struct gc_log_unified *u, struct gc_log_stream *stream)
{
    *u = (struct gc_log_unified){.stream = stream,
                                 .full_id = UINT64_MAX,
                                 .old_bytes = UNKNOWN,
                                 .young_bytes = UNKNOWN,
                                 .remark_used_bytes = UNKNOWN,
                                 .remark_old_bytes = UNKNOWN};
}

/* ---- decorations ------------------------------------------------------------------------------------------------- */

/* [2026-11-21T09:38:49.123+0000][0.123s][…ms][…ns][host][pid][tid][level][tags]: which of these, and in this order. */
static void read_decoration(const char *at, const char *end, struct gc_log_time *out)
{
    uint64_t value;
    int64_t ms;
    const char *after = gc_text_number(at, end, &value);
    if (after == NULL || after >= end)
        return;
    if (*after == '-' && gc_text_date(at, end, &ms) != NULL) {
        out->wall_ms = ms;
    } else if (gc_text_starts(after, end, "ms")) {
        if (value >= WALL_MS && value < INT64_MAX / 2)
            out->wall_ms = (int64_t)value;
        else if (value < WALL_MS)
            out->uptime_us = (int64_t)value * 1000;
    } else if (gc_text_starts(after, end, "ns")) {
        if (value >= WALL_NS)
            out->wall_ms = (int64_t)(value / 1000000);
        else
            out->uptime_us = (int64_t)(value / 1000);
    } else if (*after == '.' || *after == ',') {
        after = gc_text_micro(at, end, &value);
        if (after != NULL && after < end && *after == 's')
            out->uptime_us = (int64_t)value;
    }
}

static struct gc_log_time time_of(const char *line, const char *message)
{
    struct gc_log_time time = NO_TIME;
    while (line < message && *line == '[') {
        const char *close = memchr(line, ']', (size_t)(message - line));
        if (close == NULL)
            break;
        read_decoration(line + 1, close, &time);
        line = close + 1;
    }
    return time;
}

/* Decorations end with the first "] ". Mostly they are as long as those of the line before. */
static const char *message_of(struct gc_log_unified *u, const char *line, const char *end)
{
    size_t length = (size_t)(end - line);
    if (u->message >= 2 && u->message < length && line[u->message - 1] == ' ' && line[u->message - 2] == ']' &&
        line[u->message] != ' ')
        return line + u->message;
    for (const char *at = line; (at = memchr(at, ']', (size_t)(end - at))) != NULL; at++)
        if (at + 1 < end && at[1] == ' ') {
            u->message = (size_t)(at + 2 - line);
            return at + 2;
        }
    return NULL;
}

/* Other output may stand before the decorations, when a program prints no newline. They are one after another, without
 * a gap; so they are found backwards from "] GC(". */
static const char *inner_line(const char *line, const char *end)
{
    const char *at = memmem(line, (size_t)(end - line), "] GC(", 5);
    if (at == NULL)
        return NULL;
    while (at > line && *at == ']') {
        const char *open = memrchr(line, '[', (size_t)(at - line));
        if (open == NULL)
            return NULL;
        if (open == line || open[-1] != ']')
            return open;
        at = open - 1;
    }
    return NULL;
}

/* ---- collections that are open ------------------------------------------------------------------------------------
 */

static void drop(struct gc_log_unified *u, struct unified_gc *gc)
{
    if (gc->id_plus_1 == 0)
        return;
    if (gc->begun)
        u->stream->stats->broken++;
    gc_log_stream_pause(u->stream, gc->sum_us);
    gc->id_plus_1 = 0;
}

static struct unified_gc *gc_of(struct gc_log_unified *u, uint64_t id)
{
    struct unified_gc *gc = &u->open[id % UNIFIED_OPEN];
    if (gc->id_plus_1 == id + 1)
        return gc;
    drop(u, gc);
    *gc = (struct unified_gc){.id_plus_1 = id + 1,
                              .capacity_bytes = UNKNOWN,
                              .before_bytes = UNKNOWN,
                              .after_bytes = UNKNOWN,
                              .free_at_mark_bytes = UNKNOWN,
                              .used_at_mark_bytes = UNKNOWN,
                              .mark = NO_TIME,
                              .end = NO_TIME};
    return gc;
}

/* Its sample is made. */
static void done(struct unified_gc *gc)
{
    gc->begun = 0;
    gc->sum_us = 0;
    gc->longest_us = 0;
    gc->young_told = gc->old_told = 0;
    gc->survivor_regions = gc->old_regions = gc->humongous_regions = (struct gc_transition){0, 0, 0, 0};
}

static void shenandoah_end(struct gc_log_unified *u);
static void sweep_end(struct gc_log_unified *u, uint64_t used_bytes, uint64_t old_bytes);

static void forget(struct gc_log_unified *u)
{
    shenandoah_end(u);
    for (size_t i = 0; i < UNIFIED_OPEN; i++)
        drop(u, &u->open[i]);
    struct gc_log_stream *stream = u->stream;
    size_t message = u->message;
    gc_log_unified_init(u, stream);
    u->message = message;
}

/* A line whose time counts. */
static void note_time(struct gc_log_unified *u, uint64_t id, const struct gc_log_time *time)
{
    const struct gc_log_stream *s = u->stream;
    int back = time->uptime_us != GC_TIME_NONE && s->last.uptime_us != GC_TIME_NONE
                   ? time->uptime_us < s->last.uptime_us - 1000000
                   : u->saw_id && id + ID_BACK < u->newest_id;
    if (back) {
        forget(u);
        gc_log_stream_restart(u->stream);
    }
    u->newest_id = u->saw_id && u->newest_id > id ? u->newest_id : id;
    u->saw_id = 1;
    gc_log_stream_time(u->stream, time);
}

/* ---- pauses --------------------------------------------------------------------------------------------------------
 */

/* The last words of a line: sizes, the times of its start and end (JDK 9), and a duration. */
struct tail {
    const char *words_end; /* of what stands before these */
    int sized;
    struct gc_transition sizes;
    uint64_t duration_us;
};

static const char *word_before(const char *from, const char *end)
{
    const char *at = memrchr(from, ' ', (size_t)(end - from));
    return at == NULL ? from : at + 1;
}

/* 0: the line does not end with a duration. */
static int read_tail(const char *from, const char *end, struct tail *out)
{
    const char *word = word_before(from, end);
    if (gc_text_duration(word, end, &out->duration_us) != end || word == from)
        return 0;
    const char *before = word - 1;
    word = word_before(from, before);
    if (before > from && before[-1] == ')' && before - word >= 3 && before[-2] == 's' && word > from + 1 &&
        word[-2] == ',') {
        before = word_before(from, word - 1) - 1; /* "(0.181s, 0.184s)" */
        if (before <= from)
            return 0;
        word = word_before(from, before);
    }
    out->sized = gc_text_transition(word, before, &out->sizes) == before;
    out->words_end = out->sized && word > from ? word - 1 : before;
    return 1;
}

/* The last "(…)" that is a cause; causes may have brackets themselves: "(System.gc())". */
static void read_cause(const char *from, const char *end, const char **out, size_t *out_length)
{
    *out = "";
    *out_length = 0;
    while (end > from && end[-1] == ')') {
        int depth = 0;
        const char *at = end;
        do {
            at--;
            depth += *at == ')' ? 1 : *at == '(' ? -1 : 0;
        } while (at > from && depth > 0);
        if (depth > 0)
            return;
        if (!gc_text_starts(at, end, "(Evacuation Failure") && !gc_text_starts(at, end, "(to-space exhausted") &&
            !gc_text_starts(at, end, "(promotion failed)")) {
            *out = at + 1;
            *out_length = (size_t)(end - at - 2);
            return;
        }
        end = at > from ? at - 1 : from;
    }
}

static int has(const char *from, const char *end, const char *words)
{
    return memmem(from, (size_t)(end - from), words, strlen(words)) != NULL;
}

/* KiB of the generations, where both are told, are truer than the pause's whole MiB. */
static void refine(const struct unified_gc *gc, struct gc_log_collection *c)
{
    if (!gc->young_told || !gc->old_told)
        return;
    c->before_bytes = gc->young.before_bytes + gc->old.before_bytes;
    c->after_bytes = gc->young.after_bytes + gc->old.after_bytes;
    if (gc->young.capacity_bytes != UNKNOWN && gc->old.capacity_bytes != UNKNOWN)
        c->committed_bytes = gc->young.capacity_bytes + gc->old.capacity_bytes;
    c->old_before_bytes = gc->old.before_bytes;
    c->old_after_bytes = gc->old.after_bytes;
}

/* What is not survivors is old: after a collection eden is empty. */
static void from_regions(const struct gc_log_unified *u, const struct unified_gc *gc, struct gc_log_collection *c)
{
    uint64_t survivors = gc->survivor_regions.after_bytes * u->region_bytes;
    uint64_t before = gc->old_regions.before_bytes + gc->humongous_regions.before_bytes;
    uint64_t after = gc->old_regions.after_bytes + gc->humongous_regions.after_bytes;
    if (u->region_bytes == 0 || gc->old_regions.capacity_bytes == 0)
        return;
    c->old_before_bytes = before * u->region_bytes;
    c->old_after_bytes = after * u->region_bytes;
    if (c->after_bytes >= survivors && c->after_bytes - survivors < c->old_after_bytes)
        c->old_after_bytes = c->after_bytes - survivors;
}

static int moves(enum hc_gc_kind kind)
{
    return kind != HC_GC_PAUSE;
}

static void give(struct gc_log_unified *u, struct unified_gc *gc, struct gc_log_collection *c, uint64_t id)
{
    /* JDK 11's Serial: a young collection that turns into a full one prints its own end, with the full one's result. */
    if (c->kind == HC_GC_YOUNG && u->full_id == id + 1 && c->after_bytes <= u->full_after_bytes + (1 << 20) &&
        c->gc_time_us >= u->full_pause_us) {
        gc_log_stream_pause(u->stream, c->gc_time_us - u->full_pause_us);
        done(gc);
        return;
    }
    if (moves(c->kind) && u->swept) {
        if (gc->old_told)
            sweep_end(u, UNKNOWN, gc->old.before_bytes);
        else
            sweep_end(u, c->after_bytes, UNKNOWN);
    }
    gc_log_stream_collection(u->stream, c);
    if (c->kind == HC_GC_FULL) {
        u->full_id = id;
        u->full_pause_us = c->gc_time_us;
        u->full_after_bytes = c->after_bytes;
    }
    if (moves(c->kind) && gc->old_told) {
        u->old_bytes = gc->old.after_bytes;
        u->young_bytes = gc->young.after_bytes;
    }
    done(gc);
}

/* "Young (Normal) (G1 Evacuation Pause)", "Full (System.gc())", "Remark": the kind, or 0. *out_cycle: a short pause of
 * a cycle of ZGC or Shenandoah. */
static enum hc_gc_kind kind_of(const struct gc_log_unified *u, const char *at, const char *end, int *out_cycle)
{
    enum hc_collector collector = u->stream->start.collector;
    *out_cycle = 0;
    if (gc_text_starts(at, end, "Young"))
        return has(at, end, "(Mixed)") ? HC_GC_MIXED : HC_GC_YOUNG;
    if (gc_text_starts(at, end, "Full"))
        return HC_GC_FULL;
    if (gc_text_starts(at, end, "Mixed"))
        return HC_GC_MIXED;
    if (gc_text_starts(at, end, "Initial Mark")) /* G1's, until JDK 10, is a young collection; CMS's is not */
        return collector == HC_COLLECTOR_G1 || has(at, end, "(") ? HC_GC_YOUNG : HC_GC_PAUSE;
    if (gc_text_starts(at, end, "Remark") || gc_text_starts(at, end, "Cleanup"))
        return HC_GC_PAUSE;
    *out_cycle = gc_text_starts(at, end, "Init ") || gc_text_starts(at, end, "Final ") ||
                 gc_text_starts(at, end, "Mark ") || gc_text_starts(at, end, "Relocate ");
    return 0;
}

static void infer_collector(struct gc_log_unified *u, const char *at, const char *end, int sized)
{
    if (u->stream->start.collector != HC_COLLECTOR_UNKNOWN)
        return;
    if (has(at, end, "(G1 ") || has(at, end, "(Normal)") || has(at, end, "(Concurrent Start)") ||
        has(at, end, "(Mixed)") || has(at, end, "(Prepare Mixed)") || gc_text_starts(at, end, "Cleanup"))
        gc_log_stream_collector(u->stream, HC_COLLECTOR_G1);
    else if (gc_text_starts(at, end, "Init ") || gc_text_starts(at, end, "Degenerated"))
        gc_log_stream_collector(u->stream, HC_COLLECTOR_SHENANDOAH);
    else if (gc_text_starts(at, end, "Mark ") || gc_text_starts(at, end, "Relocate "))
        gc_log_stream_collector(u->stream, HC_COLLECTOR_Z);
    else if (sized && gc_text_starts(at, end, "Initial Mark") && !has(at, end, "("))
        gc_log_stream_collector(u->stream, HC_COLLECTOR_CMS);
}

static void shenandoah_sized(struct gc_log_unified *u, struct unified_gc *gc, const char *at, const char *end,
                             const struct gc_transition *sizes, const struct gc_log_time *time);

static void cycle_pause(struct gc_log_unified *u, struct unified_gc *gc, const char *at, const char *end,
                        const struct tail *tail, const struct gc_log_time *time)
{
    gc->sum_us += tail->duration_us;
    gc->longest_us = tail->duration_us > gc->longest_us ? tail->duration_us : gc->longest_us;
    if (gc_text_starts(at, end, "Mark Start")) { /* a major collection may mark the young generation twice */
        gc->mark = *time;
        gc->used_at_mark_bytes = UNKNOWN;
    }
    if (tail->sized)
        shenandoah_sized(u, gc, at, end, &tail->sizes, time);
}

static void pause(struct gc_log_unified *u, uint64_t id, const char *line, const char *message, const char *at,
                  const char *end)
{
    struct tail tail;
    int of_cycle;
    struct gc_log_time time = time_of(line, message);
    note_time(u, id, &time);
    struct unified_gc *gc = gc_of(u, id);
    if (!read_tail(at, end, &tail)) {
        gc->begun = gc_text_starts(at, end, "Young") || gc_text_starts(at, end, "Full");
        return;
    }
    infer_collector(u, at, end, tail.sized);
    enum hc_gc_kind kind = kind_of(u, at, tail.words_end, &of_cycle);
    if (of_cycle || gc_text_starts(at, end, "Degenerated")) {
        cycle_pause(u, gc, at, tail.words_end, &tail, &time);
        return;
    }
    if (kind == 0)
        return;
    if (!tail.sized) { /* old JDKs' Remark without sizes; or a line that lost its middle */
        u->stream->stats->broken += moves(kind) ? 1 : 0;
        gc_log_stream_pause(u->stream, tail.duration_us);
        done(gc);
        return;
    }
    if (u->running != 0)
        shenandoah_end(u);
    struct gc_log_collection c = {.kind = kind,
                                  .before_bytes = tail.sizes.before_bytes,
                                  .after_bytes = tail.sizes.after_bytes,
                                  .committed_bytes = tail.sizes.capacity_bytes,
                                  .old_before_bytes = UNKNOWN,
                                  .old_after_bytes = UNKNOWN,
                                  .pause_us = tail.duration_us,
                                  .gc_time_us = tail.duration_us,
                                  .end = time};
    if (kind == HC_GC_PAUSE && u->stream->start.collector == HC_COLLECTOR_CMS) {
        u->remark_used_bytes = c.before_bytes;
        u->remark_old_bytes = u->old_bytes;
    }
    if (kind == HC_GC_PAUSE) {
        c.cause = "Concurrent Cycle"; /* as the agent words it */
        c.cause_length = strlen(c.cause);
    } else {
        read_cause(at, tail.words_end, &c.cause, &c.cause_length);
        refine(gc, &c);
        from_regions(u, gc, &c);
    }
    give(u, gc, &c, id);
}

/* ---- details -------------------------------------------------------------------------------------------------------
 */

/* "DefNew: 34944K(39296K)->4351K(39296K) Eden: …", `after` the colon. */
static int generation(const char *at, const char *end, struct gc_transition *out)
{
    return at + 1 < end && gc_text_transition(at + 1, end, out) != NULL;
}

/* "Old regions: 2->14", "Survivor regions: 0->2(2)": numbers, and capacity_bytes 1 for "told". */
static void regions(const char *at, const char *end, struct gc_transition *out)
{
    uint64_t before, after;
    at = gc_text_number(at, end, &before);
    if (at == NULL || !gc_text_starts(at, end, "->") || gc_text_number(at + 2, end, &after) == NULL)
        return;
    if (before < UINT32_MAX && after < UINT32_MAX)
        *out = (struct gc_transition){before, after, 1, 0};
}

static void young_generation(struct gc_log_unified *u, uint64_t id, const char *at, const char *end,
                             enum hc_collector collector)
{
    struct unified_gc *gc = gc_of(u, id);
    gc_log_stream_collector(u->stream, collector);
    gc->young_told = generation(at, end, &gc->young);
}

static void old_generation(struct gc_log_unified *u, uint64_t id, const char *at, const char *end,
                           enum hc_collector collector)
{
    struct unified_gc *gc = gc_of(u, id);
    gc_log_stream_collector(u->stream, collector);
    gc->old_told = generation(at, end, &gc->old);
}

/* ---- CMS ------------------------------------------------------------------------------------------------------------
 */

/*
 * A sweep is known by what the next collection finds in the old generation (or by the cycle's own "Old:" line). Used
 * after it is what Remark saw less what the old generation lost; the sweep follows on the Remark at once. Where the
 * generations are not told, the next collection's used-after stands for it: a little high, and clean.
 */
static void sweep_end(struct gc_log_unified *u, uint64_t used_bytes, uint64_t old_bytes)
{
    struct gc_log_collection c = {.kind = HC_GC_OLD,
                                  .cause = "",
                                  .before_bytes = u->remark_used_bytes,
                                  .after_bytes = used_bytes,
                                  .committed_bytes = UNKNOWN,
                                  .old_before_bytes = u->remark_old_bytes,
                                  .old_after_bytes = old_bytes,
                                  .overlapped = 1,
                                  .end = u->sweep_end};
    u->swept = 0;
    if (old_bytes != UNKNOWN && u->remark_used_bytes != UNKNOWN && u->remark_old_bytes != UNKNOWN &&
        u->remark_old_bytes <= u->remark_used_bytes)
        c.after_bytes = u->remark_used_bytes - u->remark_old_bytes + old_bytes;
    else if (old_bytes != UNKNOWN && u->young_bytes != UNKNOWN)
        c.after_bytes = old_bytes + u->young_bytes;
    if (c.after_bytes == UNKNOWN)
        return;
    if (c.before_bytes == UNKNOWN || c.before_bytes < c.after_bytes)
        c.before_bytes = c.after_bytes;
    if (old_bytes != UNKNOWN)
        u->old_bytes = old_bytes;
    gc_log_stream_collection(u->stream, &c);
}

/* ---- Shenandoah -----------------------------------------------------------------------------------------------------
 */

/* The cycle's last line with sizes is not known before the next cycle begins. */
static void shenandoah_end(struct gc_log_unified *u)
{
    if (u->running == 0)
        return;
    struct unified_gc *gc = &u->open[(u->running - 1) % UNIFIED_OPEN];
    if (gc->id_plus_1 == u->running && gc->sized &&
        !(gc->partial && !gc->whole && gc->before_bytes == gc->after_bytes)) {
        struct gc_log_collection c = {.kind = gc->partial ? HC_GC_YOUNG : HC_GC_OLD,
                                      .cause = u->explicit_cause ? "System.gc()" : "",
                                      .before_bytes = gc->before_bytes,
                                      .after_bytes = gc->after_bytes,
                                      .committed_bytes = gc->capacity_bytes,
                                      .old_before_bytes = UNKNOWN,
                                      .old_after_bytes = UNKNOWN,
                                      .pause_us = gc->longest_us,
                                      .gc_time_us = gc->sum_us,
                                      .end = gc->end};
        c.cause_length = strlen(c.cause);
        gc_log_stream_collection(u->stream, &c);
        gc->sum_us = 0;
    }
    u->running = 0;
    u->explicit_cause = 0;
    gc->sized = 0;
    drop(u, gc);
}

static void shenandoah_sized(struct gc_log_unified *u, struct unified_gc *gc, const char *at, const char *end,
                             const struct gc_transition *sizes, const struct gc_log_time *time)
{
    gc_log_stream_collector(u->stream, HC_COLLECTOR_SHENANDOAH);
    if (has(at, end, "(Old)")) /* marks the old generation and frees nothing */
        return;
    if (u->running != gc->id_plus_1)
        shenandoah_end(u);
    u->running = gc->id_plus_1;
    gc->partial = has(at, end, "(Young)");
    if (!gc->sized)
        gc->before_bytes = sizes->before_bytes;
    gc->sized = 1;
    gc->after_bytes = sizes->after_bytes;
    gc->capacity_bytes = sizes->capacity_bytes;
    gc->end = *time;
}

/* Of concurrent phases those that tell sizes ("Concurrent cleanup 61M->49M(200M) 0.026ms"), and the end of CMS's sweep.
 */
static void concurrent(struct gc_log_unified *u, uint64_t id, const char *line, const char *message, const char *at,
                       const char *end)
{
    struct tail tail;
    if (gc_text_starts(at, end, "cleanup")) {
        if (!read_tail(at, end, &tail) || !tail.sized)
            return;
        struct gc_log_time time = time_of(line, message);
        note_time(u, id, &time);
        shenandoah_sized(u, gc_of(u, id), at, tail.words_end, &tail.sizes, &time);
    } else if (gc_text_starts(at, end, "Sweep ") && read_tail(at, end, &tail)) {
        struct gc_log_time time = time_of(line, message);
        note_time(u, id, &time);
        u->sweep_end = time;
        u->swept = 1;
        gc_log_stream_collector(u->stream, HC_COLLECTOR_CMS);
    }
}

/* ---- ZGC ------------------------------------------------------------------------------------------------------------
 */

/* "Used:       48M (24%)          52M (26%) …": the figure in column `which`, counted from 0; "-" is an empty one. */
static int column(const char *at, const char *end, unsigned which, uint64_t *out_bytes)
{
    for (unsigned i = 0;; i++) {
        while (at < end && *at == ' ')
            at++;
        if (at >= end)
            return 0;
        const char *after = *at == '-' ? at + 1 : gc_text_size(at, end, out_bytes);
        if (after == NULL || (i == which && *at == '-'))
            return 0;
        if (i == which)
            return 1;
        at = after;
        if (at + 1 < end && at[0] == ' ' && at[1] == '(') {
            at = memchr(at, ')', (size_t)(end - at));
            if (at == NULL)
                return 0;
            at++;
        }
    }
}

/* A row of the table, `generation` 'Y' or 'O' of a major collection, 'y' of a minor one, 0 where there are none. */
static void table_row(struct gc_log_unified *u, uint64_t id, char generation, const char *at, const char *end)
{
    struct unified_gc *gc = gc_of(u, id);
    uint64_t bytes;
    if (gc_text_starts(at, end, "Heap Statistics"))
        gc->in_old_table = 0;
    else if (gc_text_starts(at, end, "Young Generation Statistics") ||
             gc_text_starts(at, end, "Old Generation Statistics"))
        gc->in_old_table = 1;
    else if (gc_text_starts(at, end, "Capacity:") && column(at + 9, end, 3, &bytes))
        gc->capacity_bytes = bytes;
    else if (gc_text_starts(at, end, "Max Capacity:") && column(at + 13, end, 0, &bytes))
        gc_log_stream_heap_max(u->stream, bytes);
    else if (gc_text_starts(at, end, "Used:") && column(at + 5, end, 0, &bytes) && !gc->in_old_table &&
             generation != 'O' && gc->used_at_mark_bytes == UNKNOWN)
        gc->used_at_mark_bytes = bytes;
    else if (gc_text_starts(at, end, "Live:") && column(at + 5, end, 1, &bytes)) {
        if (generation == 'Y' || generation == 'y') {
            gc->young_live_bytes = bytes;
            gc->young_live_told = 1;
        } else {
            gc->live_bytes = bytes;
            gc->live_told = 1;
        }
    }
}

/* The marking's own count, at mark start. Cycles of the warm-up were up to 24 % too low; an old generation that was
 * never marked has no count (docs of the agent's own reader: agent/marking_log.h). */
static void z_view(struct gc_log_unified *u, const struct unified_gc *gc, int major, int warm_up)
{
    uint64_t live = gc->live_bytes + HALF_MIB;
    if (warm_up || !gc->live_told || gc->live_bytes == 0 || gc->used_at_mark_bytes == UNKNOWN ||
        (major && !gc->young_live_told) || (gc->mark.wall_ms == GC_TIME_NONE && gc->mark.uptime_us == GC_TIME_NONE))
        return;
    if (major && gc->young_live_bytes > 0)
        live += gc->young_live_bytes + HALF_MIB;
    if (live <= gc->used_at_mark_bytes + HALF_MIB)
        gc_log_stream_view(u->stream, &gc->mark, live, gc->used_at_mark_bytes + HALF_MIB);
}

/* "Garbage Collection (Warmup) 48M(24%)->54M(27%)", "Minor Collection (Allocation Rate) 100M(50%)->60M(30%) 0.020s". */
static void z_cycle(struct gc_log_unified *u, uint64_t id, const char *line, const char *message, const char *at,
                    const char *end)
{
    int minor = gc_text_starts(at, end, "Minor"), major = gc_text_starts(at, end, "Major");
    const char *stop = end, *word = word_before(at, end);
    uint64_t duration_us;
    struct gc_transition sizes;
    struct gc_log_time time = time_of(line, message);
    note_time(u, id, &time);
    gc_log_stream_collector(u->stream, HC_COLLECTOR_Z);
    struct unified_gc *gc = gc_of(u, id);
    if (end[-1] == ')' && memmem(at, (size_t)(end - at), "->", 2) == NULL) {
        gc->begun = 1; /* its first line */
        return;
    }
    if (gc_text_duration(word, end, &duration_us) == end && word > at) {
        stop = word - 1;
        word = word_before(at, stop);
    }
    if (gc_text_transition(word, stop, &sizes) != stop || word == at) {
        u->stream->stats->broken++;
        gc->begun = 0;
        return;
    }
    if (gc->capacity_bytes == UNKNOWN && sizes.before_percent > 0 && !u->stream->start.heap_max_told)
        gc->capacity_bytes = sizes.before_bytes / sizes.before_percent * 100;
    struct gc_log_collection c = {.kind = minor ? HC_GC_YOUNG : HC_GC_OLD,
                                  .before_bytes = sizes.before_bytes,
                                  .after_bytes = sizes.after_bytes,
                                  .committed_bytes = gc->capacity_bytes,
                                  .old_before_bytes = UNKNOWN,
                                  .old_after_bytes = UNKNOWN,
                                  .pause_us = gc->longest_us,
                                  .gc_time_us = gc->sum_us,
                                  .end = time};
    read_cause(at, word - 1, &c.cause, &c.cause_length);
    int warm_up = c.cause_length == 6 && memcmp(c.cause, "Warmup", 6) == 0;
    for (size_t i = 0; i < UNIFIED_OPEN; i++) /* a minor cycle may run inside a major one */
        c.overlapped |= u->open[i].begun && u->open[i].id_plus_1 != id + 1;
    c.overlapped |= u->cycles_ended > id; /* one that began later has ended before */
    u->cycles_ended = id + 1 > u->cycles_ended ? id + 1 : u->cycles_ended;
    gc_log_stream_collection(u->stream, &c);
    if (!minor)
        z_view(u, gc, major, warm_up);
    gc->sum_us = 0;
    gc->begun = 0;
    drop(u, gc);
}

/* ---- lines ----------------------------------------------------------------------------------------------------------
 */

static void z_generation_line(struct gc_log_unified *u, uint64_t id, const char *line, const char *message,
                              const char *at, const char *end)
{
    char generation = *at;
    at += 2;
    while (at < end && *at == ' ')
        at++;
    if (gc_text_starts(at, end, "Pause "))
        pause(u, id, line, message, at + 6, end);
    else
        table_row(u, id, generation, at, end);
}

/* Behind "GC(n) ". */
static void gc_line(struct gc_log_unified *u, uint64_t id, const char *line, const char *message, const char *at,
                    const char *end)
{
    switch (*at) {
    case 'P':
        if (gc_text_starts(at, end, "Pause "))
            pause(u, id, line, message, at + 6, end);
        else if (gc_text_starts(at, end, "PSYoungGen:"))
            young_generation(u, id, at + 11, end, HC_COLLECTOR_PARALLEL);
        else if (gc_text_starts(at, end, "ParOldGen:"))
            old_generation(u, id, at + 10, end, HC_COLLECTOR_PARALLEL);
        else if (gc_text_starts(at, end, "PSOldGen:"))
            old_generation(u, id, at + 9, end, HC_COLLECTOR_PARALLEL);
        else if (gc_text_starts(at, end, "ParNew:"))
            young_generation(u, id, at + 7, end, HC_COLLECTOR_CMS);
        break;
    case 'C':
        if (gc_text_starts(at, end, "Concurrent "))
            concurrent(u, id, line, message, at + 11, end);
        else if (gc_text_starts(at, end, "CMS:"))
            old_generation(u, id, at + 4, end, HC_COLLECTOR_CMS);
        break;
    case 'D':
        if (gc_text_starts(at, end, "DefNew:"))
            young_generation(u, id, at + 7, end, HC_COLLECTOR_SERIAL);
        break;
    case 'T':
        if (gc_text_starts(at, end, "Tenured:"))
            old_generation(u, id, at + 8, end, HC_COLLECTOR_SERIAL);
        break;
    case 'S':
        if (gc_text_starts(at, end, "Survivor regions: "))
            regions(at + 18, end, &gc_of(u, id)->survivor_regions);
        break;
    case 'H':
        if (gc_text_starts(at, end, "Humongous regions: "))
            regions(at + 19, end, &gc_of(u, id)->humongous_regions);
        break;
    case 'O':
        if (gc_text_starts(at, end, "Old regions: "))
            regions(at + 13, end, &gc_of(u, id)->old_regions);
        else if (gc_text_starts(at, end, "O: "))
            z_generation_line(u, id, line, message, at, end);
        else if (gc_text_starts(at, end, "Old: ") && u->swept) {
            struct gc_transition old;
            if (generation(at + 4, end, &old))
                sweep_end(u, UNKNOWN, old.after_bytes);
        }
        break;
    case 'Y':
    case 'y':
        if (at + 2 < end && at[1] == ':')
            z_generation_line(u, id, line, message, at, end);
        break;
    case 'G':
        if (gc_text_starts(at, end, "Garbage Collection ("))
            z_cycle(u, id, line, message, at, end);
        break;
    case 'M':
        if (gc_text_starts(at, end, "Minor Collection (") || gc_text_starts(at, end, "Major Collection ("))
            z_cycle(u, id, line, message, at, end);
        else if (gc_text_starts(at, end, "Max Capacity:"))
            table_row(u, id, '\0', at, end);
        break;
    case ' ': { /* the table of the single-generation ZGC, among many lines of phases */
        if (u->stream->start.collector != HC_COLLECTOR_Z)
            break;
        while (at < end && *at == ' ')
            at++;
        table_row(u, id, '\0', at, end);
        break;
    }
    default:
        break;
    }
}

static void header(struct gc_log_unified *u, const char *line, const char *message)
{
    if (u->saw_id) {
        forget(u);
        gc_log_stream_restart(u->stream);
    }
    struct gc_log_time time = time_of(line, message);
    gc_log_stream_time(u->stream, &time);
}

static int size_after(const char *at, const char *end, const char *words, uint64_t *out)
{
    const char *found = memmem(at, (size_t)(end - at), words, strlen(words));
    if (found == NULL)
        return 0;
    found += strlen(words);
    while (found < end && *found == ' ')
        found++;
    return gc_text_size(found, end, out) != NULL;
}

static int using_line(struct gc_log_unified *u, const char *line, const char *message, const char *end)
{
    static const struct {
        const char *name;
        enum hc_collector collector;
    } known[] = {{"G1", HC_COLLECTOR_G1},
                 {"Serial", HC_COLLECTOR_SERIAL},
                 {"Parallel", HC_COLLECTOR_PARALLEL},
                 {"Concurrent Mark Sweep", HC_COLLECTOR_CMS},
                 {"The Z Garbage Collector", HC_COLLECTOR_Z},
                 {"Shenandoah", HC_COLLECTOR_SHENANDOAH},
                 {"Epsilon", HC_COLLECTOR_EPSILON}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (gc_text_starts(message + 6, end, known[i].name) && message + 6 + strlen(known[i].name) == end) {
            header(u, line, message);
            gc_log_stream_collector(u->stream, known[i].collector);
            return 1;
        }
    return 0;
}

/* A line that belongs to no collection: the start of a JVM. 1: it was understood. */
static int init_line(struct gc_log_unified *u, const char *line, const char *message, const char *end)
{
    uint64_t bytes;
    switch (*message) {
    case 'U':
        return gc_text_starts(message, end, "Using ") && using_line(u, line, message, end);
    case 'V':
        if (!gc_text_starts(message, end, "Version: "))
            return 0;
        header(u, line, message);
        gc_log_stream_version(u->stream, message + 9, (size_t)(end - message - 9));
        return 1;
    case 'H':
        if (size_after(message, end, "Heap Max Capacity:", &bytes)) {
            header(u, line, message);
            gc_log_stream_heap_max(u->stream, bytes);
        } else if (gc_text_starts(message, end, "Heap address:") && size_after(message, end, ", size: ", &bytes)) {
            if (!u->stream->start.heap_max_told)
                gc_log_stream_heap_max(u->stream, bytes);
        } else if (gc_text_starts(message, end, "Heap ") && (size_after(message, end, "Heap Region Size:", &bytes) ||
                                                             size_after(message, end, "Heap region size:", &bytes))) {
            header(u, line, message);
            u->region_bytes = bytes;
        } else {
            return 0;
        }
        return 1;
    case 'M':
        if (gc_text_starts(message, end, "Minimum heap ")) { /* "… Initial heap 268435456  Maximum heap 4294967296" */
            const char *max = memmem(message, (size_t)(end - message), "Maximum heap ", 13);
            header(u, line, message);
            if (max != NULL && gc_text_number(max + 13, end, &bytes) != NULL)
                gc_log_stream_heap_max(u->stream, bytes);
            return 1;
        }
        if (!size_after(message, end, "Max Capacity:", &bytes))
            return 0;
        header(u, line, message);
        gc_log_stream_heap_max(u->stream, bytes);
        return 1;
    case 'I':
        if (!gc_text_starts(message, end, "Initialize Shenandoah heap:"))
            return 0;
        header(u, line, message);
        {
            const char *comma = memrchr(message, ',', (size_t)(end - message));
            if (comma != NULL && comma + 2 < end && gc_text_size(comma + 2, end, &bytes) != NULL)
                gc_log_stream_heap_max(u->stream, bytes);
        }
        return 1;
    case 'T':
        if (!gc_text_starts(message, end, "Trigger"))
            return 0;
        shenandoah_end(u);
        u->explicit_cause = has(message, end, "(System.gc())");
        return 1;
    default:
        return 0;
    }
}

/* Of a line without a number of a collection: is its last decoration the tag gc? */
static int is_tagged_gc(const char *line, const char *message)
{
    const char *open = memrchr(line, '[', (size_t)(message - line));
    return open != NULL && gc_text_starts(open, message, "[gc") && (open[3] == ']' || open[3] == ',' || open[3] == ' ');
}

int gc_log_unified_line(struct gc_log_unified *u, const char *line, const char *end)
{
    uint64_t id;
    const char *message = line;
    if (line >= end)
        return 0;
    if (*line == '[') {
        message = message_of(u, line, end);
    } else if (!gc_text_starts(line, end, "GC(")) {
        line = inner_line(line, end);
        message = line == NULL ? NULL : message_of(u, line, end);
    }
    if (message == NULL || message >= end)
        return 0;
    if (*message != 'G' || end - message < 6 || message[1] != 'C' || message[2] != '(')
        return init_line(u, line, message, end) || is_tagged_gc(line, message);
    const char *at = gc_text_number(message + 3, end, &id);
    if (at == NULL || end - at < 3 || at[0] != ')' || at[1] != ' ' || id > UINT64_MAX / 2)
        return 0;
    gc_line(u, id, line, message, at + 2, end);
    return 1;
}

void gc_log_unified_end(struct gc_log_unified *u)
{
    forget(u);
}

int gc_log_unified_is(const char *line, const char *end)
{
    struct gc_log_unified probe = {0};
    uint64_t id;
    const char *message = line;
    if (line < end && *line == '[')
        message = message_of(&probe, line, end);
    if (message == NULL || message >= end)
        return 0;
    if (gc_text_starts(message, end, "GC("))
        return gc_text_number(message + 3, end, &id) != NULL;
    return message > line && is_tagged_gc(line, message);
}

int gc_log_unified_time(const char *line, const char *end, struct gc_log_time *out)
{
    struct gc_log_unified probe = {0};
    const char *message = line < end && *line == '[' ? message_of(&probe, line, end) : NULL;
    if (message == NULL)
        return 0;
    *out = time_of(line, message);
    return out->wall_ms != GC_TIME_NONE || out->uptime_us != GC_TIME_NONE;
}
