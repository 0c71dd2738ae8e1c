#include "marking_log.h"

#include "log_text.h"

#include <string.h>

/* Both collectors cut their figures to whole MiB: on average half of one is missing. */
#define HALF_MIB UINT64_C(524288)

void marking_log_init(struct marking_log *m)
{
    memset(m, 0, sizeof *m);
    m->gc = -1;
}

static int starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Another collection's number: what was gathered so far belongs to one that is over. */
static void follow(struct marking_log *m, int64_t gc)
{
    if (m->gc == gc)
        return;
    struct marking_log fresh;
    marking_log_init(&fresh);
    fresh.gc = gc;
    fresh.cause_explicit = m->cause_explicit;
    *m = fresh;
}

static void take_pause(struct marking_log *m, const char *line)
{
    uint64_t us;
    if (!log_text_duration_us(line, &us))
        return;
    m->sum_us += us;
    m->max_us = us > m->max_us ? us : m->max_us;
}

static int complete(struct marking_log *m, uint64_t live, uint64_t used)
{
    if (m->mark_ns == 0 || live == 0 || live > used)
        return 0;
    m->start_ns = m->mark_ns;
    m->live_bytes = live;
    m->used_bytes = used;
    m->pause_us = m->sum_us;
    m->pause_max_us = m->max_us;
    return 1;
}

static int is_explicit(const char *text)
{
    return strstr(text, "(Diagnostic Command)") != NULL || strstr(text, "(System.gc())") != NULL;
}

/* ---- ZGC ---- */

/* "Live:         -                20M (21%) …": the first figure is that of mark end. */
static int first_size(const char *text, uint64_t *out)
{
    const char *at = strchr(text, ':');
    at = at != NULL ? at + 1 + strspn(at + 1, " -") : NULL;
    return log_text_size(at, out) != NULL;
}

static void z_table(struct marking_log *m, char generation, const char *text)
{
    uint64_t bytes;
    if (starts(text, "Heap Statistics"))
        m->in_old = 0;
    else if (starts(text, "Old Generation Statistics"))
        m->in_old = 1;
    else if (starts(text, "Used:") && first_size(text, &bytes) && !m->in_old && generation != 'O' &&
             m->used_at_start == 0)
        m->used_at_start = bytes; /* the first one of a cycle is that of the whole heap at mark start */
    else if (starts(text, "Live:") && first_size(text, &bytes) && generation == 'Y') {
        m->young_live = bytes;
        m->has_young = 1;
    } else if (starts(text, "Live:") && first_size(text, &bytes)) {
        m->live = bytes;
        m->has_live = 1;
    }
}

/* The last line of a cycle. Its cause stands there, and so does whether it was one of the warm-up. */
static int z_end(struct marking_log *m, int generational, const char *text)
{
    if (!m->has_live || strstr(text, "(Warmup)") != NULL || (generational && !m->has_young))
        return 0;
    if (generational && m->live == 0) /* the old generation was not yet marked */
        return 0;
    m->asked = is_explicit(text);
    m->has_live = 0;
    uint64_t live = m->live + HALF_MIB;
    if (generational && m->young_live > 0)
        live += m->young_live + HALF_MIB;
    return complete(m, live, m->used_at_start + HALF_MIB);
}

int marking_log_z_line(struct marking_log *m, const char *line)
{
    const char *text = log_text_body(line);
    int64_t gc = log_text_gc(line);
    char generation = '\0';
    /* minor collections may come while a major one marks; they know nothing of the old generation */
    if (gc < 0 || starts(text, "y:") || starts(text, "Minor Collection"))
        return 0;
    follow(m, gc);
    if ((text[0] == 'Y' || text[0] == 'O') && text[1] == ':') {
        generation = text[0];
        text += 2 + strspn(text + 2, " ");
    }
    if (starts(text, "Pause"))
        take_pause(m, line);
    if (starts(text, "Pause Mark Start")) {
        /* a major collection marks the young generation twice; the old one's marking begins with the last */
        m->mark_ns = log_text_nanos(line);
        m->used_at_start = 0;
        m->in_old = 0;
    }
    if (strstr(text, "->") != NULL && starts(text, "Garbage Collection ("))
        return z_end(m, 0, text);
    if (strstr(text, "->") != NULL && starts(text, "Major Collection ("))
        return z_end(m, 1, text);
    z_table(m, generation, text);
    return 0;
}

/* ---- Shenandoah ---- */

static int size_after(const char *text, const char *key, uint64_t *out)
{
    const char *at = strstr(text, key);
    return at != NULL && log_text_size(at + strlen(key), out) != NULL;
}

/* "Collectable Garbage: 34690K (81%), …": what will be collected, and which part of all garbage that is. */
static void take_garbage(struct marking_log *m, const char *text)
{
    uint64_t bytes, percent;
    const char *open = strchr(text, '(');
    if (!size_after(text, "Garbage:", &bytes) || open == NULL || log_text_number(open + 1, &percent) == NULL ||
        percent == 0 || percent > 100 || bytes == 0)
        return;
    if (open[-2] == 'M')
        bytes += HALF_MIB;
    m->garbage = bytes * 100 / percent;
    m->has_garbage = 1;
}

/* "Concurrent cleanup 62M->62M(96M) 0.010ms", the first one after final mark. */
static int shenandoah_end(struct marking_log *m, const char *line)
{
    struct log_pause p;
    if (!m->has_garbage || m->young_only || !log_text_pause(line, &p))
        return 0;
    m->has_garbage = 0; /* a second cleanup ends the cycle */
    uint64_t used = p.used_before_bytes + HALF_MIB;
    if (used <= m->garbage + m->allocated)
        return 0;
    m->asked = m->cause_explicit;
    m->cause_explicit = 0;
    return complete(m, used - m->garbage - m->allocated, used - m->allocated);
}

int marking_log_shenandoah_line(struct marking_log *m, const char *line)
{
    const char *text = log_text_body(line);
    uint64_t free_bytes;
    int64_t gc = log_text_gc(line);
    if (gc < 0) {
        if (starts(text, "Trigger"))
            m->cause_explicit = is_explicit(text);
        return 0;
    }
    follow(m, gc);
    if (starts(text, "Pause"))
        take_pause(m, line);
    if (starts(text, "Pause Init Mark")) {
        m->mark_ns = log_text_nanos(line);
        m->young_only = strstr(text, "(Young)") != NULL;
    } else if (starts(text, "Pacer for Mark") && size_after(text, "Free:", &free_bytes)) {
        m->free_bytes = free_bytes;
        m->has_free = 1;
    } else if (starts(text, "Pacer for Evacuation") && m->has_free && size_after(text, "Free:", &free_bytes)) {
        m->allocated = m->free_bytes > free_bytes ? m->free_bytes - free_bytes : 0;
    } else if (starts(text, "Collectable Garbage:")) {
        take_garbage(m, text);
    } else if (starts(text, "Concurrent cleanup")) {
        return shenandoah_end(m, line);
    }
    return 0;
}
