#include "gc_log_stream.h"

#include <heapcast/jvm_version.h>

#include <string.h>

/* Where a log has no date: 2000-01-01. Any whole hour would do, and the same one makes the same output of it. */
#define BEGIN_MS INT64_C(946684800000)
/* Threads write their lines a moment after they took the time; an uptime that is further back is another JVM's. */
#define SLACK_US INT64_C(1000000)
/* A first line that is later than this says that the log does not begin with its JVM; or that it counts from the start
 * of the machine. */
#define FROM_START_US INT64_C(60000000)

static void begin_jvm(struct gc_log_stream *s)
{
    s->start = (struct hc_gc_log_start){0};
    s->begun = s->announced = s->has_time = s->from_start = 0;
    s->last = (struct gc_log_time){GC_TIME_NONE, GC_TIME_NONE};
    s->base_ms = s->last_ms;
    s->committed = s->used_after = HC_BYTES_UNKNOWN;
    s->most = s->gc_id = s->carried_us = 0;
    s->wood = (struct hc_dead_wood){0};
}

void gc_log_stream_init(struct gc_log_stream *s, const struct hc_gc_log_sink *sink, struct hc_gc_log_stats *stats)
{
    *s = (struct gc_log_stream){.sink = sink, .stats = stats, .last_ms = BEGIN_MS};
    *stats = (struct hc_gc_log_stats){.heap_max_told = 1};
    begin_jvm(s);
}

static void announce(struct gc_log_stream *s)
{
    if (s->announced)
        return;
    s->announced = 1;
    s->stats->starts++;
    if (!s->start.heap_max_told) {
        s->stats->heap_max_told = 0;
        s->start.heap_max_bytes = s->most;
    }
    if (s->start.start_ms == 0)
        s->start.start_ms = s->last_ms;
    if (s->sink->start != NULL)
        s->sink->start(s->sink->context, &s->start);
}

void gc_log_stream_restart(struct gc_log_stream *s)
{
    if (s->begun)
        announce(s);
    begin_jvm(s);
}

void gc_log_stream_end(struct gc_log_stream *s)
{
    gc_log_stream_restart(s);
}

static int64_t in_ms(const struct gc_log_stream *s, const struct gc_log_time *t)
{
    if (t->wall_ms != GC_TIME_NONE)
        return t->wall_ms;
    return t->uptime_us != GC_TIME_NONE ? s->base_ms + t->uptime_us / 1000 : s->last_ms;
}

int gc_log_stream_time(struct gc_log_stream *s, const struct gc_log_time *t)
{
    int restarted = s->has_time && t->uptime_us != GC_TIME_NONE && s->last.uptime_us != GC_TIME_NONE &&
                    t->uptime_us < s->last.uptime_us - SLACK_US;
    if (restarted)
        gc_log_stream_restart(s);
    s->begun = 1;
    if (t->wall_ms == GC_TIME_NONE && t->uptime_us == GC_TIME_NONE)
        return restarted;
    if (t->wall_ms != GC_TIME_NONE)
        s->stats->wall_clock = 1;
    s->last_ms = in_ms(s, t);
    if (!s->has_time) {
        /* A log whose older parts are gone begins in the middle of a JVM's life: nothing was watched before it. */
        s->from_start = t->uptime_us != GC_TIME_NONE && t->uptime_us < FROM_START_US;
        s->start.start_ms = s->last_ms - (s->from_start ? t->uptime_us / 1000 : 0);
        if (s->start.start_ms < 0)
            s->start.start_ms = 0;
    }
    s->has_time = 1;
    s->last = *t;
    return restarted;
}

void gc_log_stream_collector(struct gc_log_stream *s, enum hc_collector collector)
{
    s->begun = 1;
    if (s->start.collector == HC_COLLECTOR_UNKNOWN)
        s->start.collector = collector;
}

void gc_log_stream_heap_max(struct gc_log_stream *s, uint64_t bytes)
{
    s->begun = 1;
    if (bytes == 0 || s->announced)
        return;
    s->start.heap_max_bytes = bytes;
    s->start.heap_max_told = 1;
}

/* HotSpot's causes and versions have no other characters; a log may hold anything, and this goes into JSON and CSV. */
static void copy_plain(char *out, size_t size, const char *text, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length && used + 1 < size; i++)
        if ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
            (text[i] >= '0' && text[i] <= '9') || (text[i] != '\0' && strchr(" ().-_/:+", text[i]) != NULL))
            out[used++] = text[i];
    out[used] = '\0';
}

void gc_log_stream_version(struct gc_log_stream *s, const char *text, size_t length)
{
    s->begun = 1;
    copy_plain(s->start.jvm_version, sizeof s->start.jvm_version, text, length);
}

static void raise_most(struct gc_log_stream *s, uint64_t bytes)
{
    if (bytes != HC_BYTES_UNKNOWN && bytes > s->most)
        s->most = bytes;
}

void gc_log_stream_committed(struct gc_log_stream *s, uint64_t bytes)
{
    s->committed = bytes;
    raise_most(s, bytes);
}

void gc_log_stream_pause(struct gc_log_stream *s, uint64_t pause_us)
{
    s->carried_us += pause_us;
}

/* Whole MiB are cut off, not rounded, each figure by itself: what fell a trifle meanwhile did not fall. */
static uint64_t grown(uint64_t from, uint64_t to)
{
    if (from == HC_BYTES_UNKNOWN || to == HC_BYTES_UNKNOWN || to < from)
        return HC_BYTES_UNKNOWN;
    return to - from;
}

static uint64_t allocated(const struct gc_log_stream *s, const struct gc_log_collection *c)
{
    if (s->from_start && s->used_after == HC_BYTES_UNKNOWN && !c->overlapped)
        return c->before_bytes; /* a JVM begins with an empty heap */
    return c->overlapped ? HC_BYTES_UNKNOWN : grown(s->used_after, c->before_bytes);
}

static void give(struct gc_log_stream *s, const struct hc_gc_sample *sample)
{
    announce(s);
    if (sample->kind == HC_GC_PAUSE)
        s->stats->pauses++;
    else
        s->stats->collections++;
    if (s->stats->first_ms == 0)
        s->stats->first_ms = sample->end_time_ms;
    s->stats->last_ms = sample->end_time_ms;
    if (s->sink->sample != NULL)
        s->sink->sample(s->sink->context, sample);
}

static void give_full(struct gc_log_stream *s, const struct hc_gc_sample *sample)
{
    uint64_t used = sample->heap_used_after_bytes, live;
    if (!hc_dead_wood_take(&s->wood, s->start.collector, hc_java_release(s->start.jvm_version), sample->cause, used,
                           sample->heap_max_bytes, &live) ||
        s->sink->view == NULL)
        return;
    struct hc_live_view view = {.time_ms = sample->end_time_ms,
                                .live_bytes = live,
                                .used_bytes = used,
                                .source = HC_LIVE_FULL_COLLECTION,
                                .evidence = HC_EVIDENCE_ESTIMATE};
    if (live > 0 && live < used)
        s->sink->view(s->sink->context, &view);
}

void gc_log_stream_collection(struct gc_log_stream *s, const struct gc_log_collection *c)
{
    uint64_t after = c->after_bytes != HC_BYTES_UNKNOWN ? c->after_bytes : s->used_after;
    s->begun = 1;
    if (c->committed_bytes != HC_BYTES_UNKNOWN)
        s->committed = c->committed_bytes;
    raise_most(s, s->committed);
    raise_most(s, after);
    raise_most(s, c->before_bytes);
    if (after == HC_BYTES_UNKNOWN) { /* a pause before anything was seen of the heap */
        gc_log_stream_pause(s, c->gc_time_us);
        return;
    }
    if (c->end.wall_ms == GC_TIME_NONE && c->end.uptime_us == GC_TIME_NONE) {
        s->stats->untimed++;
        s->last_ms += (int64_t)(c->pause_us / 1000);
    }
    uint64_t max = s->start.heap_max_told ? s->start.heap_max_bytes : s->most;
    uint64_t committed = s->committed != HC_BYTES_UNKNOWN ? s->committed : max;
    struct hc_gc_sample sample = {
        .end_time_ms = in_ms(s, &c->end),
        .gc_id = ++s->gc_id,
        .pause_us = c->pause_us,
        .heap_used_before_bytes = c->before_bytes,
        .heap_used_after_bytes = after < max ? after : max,
        .old_used_after_bytes = c->old_after_bytes,
        .heap_committed_bytes = committed < max ? committed : max,
        .heap_max_bytes = max,
        .allocated_bytes = allocated(s, c),
        .promoted_bytes = c->kind == HC_GC_YOUNG ? grown(c->old_before_bytes, c->old_after_bytes) : HC_BYTES_UNKNOWN,
        .gc_time_us = c->gc_time_us + s->carried_us,
        .kind = c->kind,
        .source = HC_GC_SOURCE_LOG,
    };
    copy_plain(sample.cause, sizeof sample.cause, c->cause, c->cause_length);
    s->carried_us = 0;
    if (max > 0 && sample.end_time_ms >= 0) {
        give(s, &sample);
        if (c->kind == HC_GC_FULL)
            give_full(s, &sample);
    }
    s->used_after = after;
}

void gc_log_stream_view(struct gc_log_stream *s, const struct gc_log_time *time, uint64_t live_bytes,
                        uint64_t used_bytes)
{
    struct hc_live_view view = {.time_ms = in_ms(s, time),
                                .live_bytes = live_bytes,
                                .used_bytes = used_bytes,
                                .cpu_us = HC_BYTES_UNKNOWN,
                                .pause_us = HC_BYTES_UNKNOWN,
                                .source = HC_LIVE_Z_MARKING,
                                .evidence = HC_EVIDENCE_MARKING};
    announce(s);
    if (s->sink->view != NULL)
        s->sink->view(s->sink->context, &view);
}
