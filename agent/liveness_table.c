#include "liveness_table.h"

#include "log_text.h"

#include <string.h>

#define MIB 1048576.0

void liveness_table_init(struct liveness_table *t)
{
    memset(t, 0, sizeof *t);
}

static enum liveness_state strange(struct liveness_table *t, const char *what)
{
    t->strange = what;
    return t->state = LIVENESS_STRANGE;
}

/* "Pause Young (Concurrent Start) (G1 Periodic Collection) 17M->11M(24M) 0.798ms"; JDK 11's early updates say
 * "Pause Initial Mark". */
static void take_start(struct liveness_table *t, const char *line, const struct log_pause *pause, int asked)
{
    t->state = LIVENESS_MARKING;
    t->start_ns = log_text_nanos(line);
    t->used_bytes = pause->used_after_bytes;
    t->asked = asked;
}

/* A cycle that somebody asks for may first finish the mixed collections of the one before: these pauses are added, too.
 */
static void take_pause(struct liveness_table *t, const char *line, const char *text)
{
    struct log_pause pause;
    int asked = strstr(text, "(G1 Periodic Collection)") != NULL || strstr(text, "(Diagnostic Command)") != NULL ||
                strstr(text, "(System.gc())") != NULL;
    if (!log_text_pause(line, &pause))
        return;
    t->committed_bytes = pause.committed_bytes;
    if (asked || strncmp(text, "Pause Remark", 12) == 0) {
        t->added_us += pause.pause_us;
        t->added_max_us = pause.pause_us > t->added_max_us ? pause.pause_us : t->added_max_us;
    }
    if (strncmp(text, "Pause Full", 10) == 0 && t->state == LIVENESS_MARKING)
        t->state = LIVENESS_ABORTED;
    else if (t->state != LIVENESS_DONE &&
             (strstr(text, "(Concurrent Start)") != NULL || strncmp(text, "Pause Initial Mark", 18) == 0))
        take_start(t, line, &pause, asked);
    else if (t->state == LIVENESS_MARKING && strncmp(text, "Pause Young", 11) == 0) {
        t->later_ns = log_text_nanos(line);
        t->later_bytes = pause.used_after_bytes;
    }
}

/* "###   OLD  0x..-0x..    1048576    1048576     718312 ...": used, and live as the last marking but one and the last
 * one counted it; from JDK 21 on used and live. */
static void take_row(struct liveness_table *t, const char *row)
{
    uint64_t used, live;
    const char *range = strchr(row, '-');
    const char *at = log_text_number(range != NULL ? strchr(range, ' ') : NULL, &used);
    if (t->next_live)
        at = log_text_number(at, &live);
    at = log_text_number(at, &live);
    if (at == NULL) {
        (void)strange(t, "a row of the liveness table can't be read");
        return;
    }
    t->rows++;
    t->row_used_bytes += used;
    t->row_live_bytes += live;
    if (strncmp(row, "EDEN", 4) == 0)
        t->eden_bytes += used;
}

static int reaches(uint64_t rows, double sum)
{
    return (double)rows > sum - 0.02 * MIB; /* the sum is printed in hundredths of a MiB */
}

static int covers(uint64_t bytes, double sum)
{
    return reaches(bytes, sum) && (double)bytes < sum + 0.02 * MIB;
}

/* The rows must be there, must make the sum at least, and be possible. */
static enum liveness_state take_sum(struct liveness_table *t, const char *line)
{
    double capacity, used, live;
    if (!log_text_mib(line, "capacity:", &capacity) || !log_text_mib(line, "used:", &used) ||
        !log_text_mib(line, t->next_live ? "next-live:" : " live:", &live))
        return strange(t, "the sum of the liveness table can't be read");
    uint64_t shown = t->rows * t->region_bytes;
    if (t->rows == 0 || (!covers(shown, capacity) && (shown != t->committed_bytes || !reaches(shown, capacity))))
        return strange(t, "the liveness table does not show every region");
    if (!reaches(t->row_used_bytes, used) || !reaches(t->row_live_bytes, live))
        return strange(t, "the rows of the liveness table do not make its sum");
    if (t->row_live_bytes <= t->eden_bytes || t->row_live_bytes > t->row_used_bytes || t->row_used_bytes > shown)
        return strange(t, "the liveness table contradicts itself");
    t->live_bytes = t->row_live_bytes - t->eden_bytes;
    return t->state = LIVENESS_DONE;
}

static void begin_table(struct liveness_table *t)
{
    t->in_table = 1;
    t->next_live = 0;
    t->region_bytes = t->rows = t->row_used_bytes = t->row_live_bytes = t->eden_bytes = 0;
}

static void table_line(struct liveness_table *t, const char *text)
{
    static const char *const types[] = {"EDEN ", "SURV ", "OLD ", "FREE ", "HUMS ", "HUMC ", "OARC ", "CARC "};
    const char *size = strstr(text, "region-size:");
    text += 3 + strspn(text + 3, " ");
    if (size != NULL)
        (void)log_text_number(size + strlen("region-size:"), &t->region_bytes);
    else if (strncmp(text, "type ", 5) == 0)
        t->next_live = strstr(text, "next-live") != NULL;
    else if (strncmp(text, "SUMMARY", 7) == 0)
        (void)take_sum(t, text);
    else
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
            if (strncmp(text, types[i], strlen(types[i])) == 0)
                take_row(t, text);
}

enum liveness_state liveness_table_line(struct liveness_table *t, const char *line)
{
    const char *text = log_text_body(line);
    if (t->state == LIVENESS_ABORTED || t->state == LIVENESS_STRANGE)
        return t->state;
    if (strncmp(text, "Pause ", 6) == 0) {
        take_pause(t, line, text);
    } else if (t->state == LIVENESS_MARKING && strncmp(text, "### PHASE", 9) == 0) {
        t->in_table = 0;
        if (strstr(text, "Post-Marking") != NULL)
            begin_table(t);
    } else if (t->state == LIVENESS_MARKING && t->in_table && strncmp(text, "###", 3) == 0) {
        table_line(t, text);
    }
    return t->state;
}
