#include "pause_sum.h"

#include <string.h>

static void total_add(struct pause_total *total, const struct pause *pause)
{
    total->sum_ns += pause->duration_ns;
    if (pause->duration_ns > total->longest_ns)
        total->longest_ns = pause->duration_ns;
}

static void remember_cause(struct pause_sum *sum, const struct pause *pause)
{
    if (pause->cause[0] != '\0')
        memcpy(sum->cause[pause->minor], pause->cause, RING_CAUSE);
}

static void drop_oldest(struct pause_sum *sum)
{
    sum->count--;
    memmove(sum->waiting, sum->waiting + 1, sum->count * sizeof sum->waiting[0]);
}

void pause_sum_add(struct pause_sum *sum, const struct gc_record *r)
{
    if (sum->count == PAUSES_WAITING) {
        total_add(&sum->early, &sum->waiting[0]);
        remember_cause(sum, &sum->waiting[0]);
        drop_oldest(sum);
    }
    struct pause *pause = &sum->waiting[sum->count++];
    *pause = (struct pause){
        .end_ns = r->end_ns, .duration_ns = r->pause_ns > 0 ? r->pause_ns : 0, .minor = r->young_count > 0};
    memcpy(pause->cause, r->cause, sizeof pause->cause);
}

static int64_t begin_of(const struct pause *pause)
{
    return pause->end_ns - pause->duration_ns;
}

static int is_of_next_cycle(const struct pause_sum *sum, const struct pause *pause, int64_t end_ns, int64_t slack_ns,
                            const int taken[2])
{
    if (begin_of(pause) > end_ns + slack_ns)
        return 1;
    return begin_of(pause) > end_ns - slack_ns && taken[pause->minor] &&
           strcmp(sum->cause[pause->minor], pause->cause) != 0;
}

void pause_sum_take(struct pause_sum *sum, int64_t begin_ns, int64_t end_ns, int64_t slack_ns, int minor,
                    struct pause_total *out)
{
    int taken[2] = {0, 0};
    *out = sum->early;
    sum->early = (struct pause_total){0};
    while (sum->count > 0 && !is_of_next_cycle(sum, &sum->waiting[0], end_ns, slack_ns, taken)) {
        const struct pause *pause = &sum->waiting[0];
        taken[pause->minor] = 1;
        total_add(out, pause);
        if (out->cause[0] == '\0' && pause->minor == minor && begin_of(pause) >= begin_ns - slack_ns)
            memcpy(out->cause, pause->cause, RING_CAUSE);
        remember_cause(sum, pause);
        drop_oldest(sum);
    }
    if (out->cause[0] == '\0') /* its pauses were taken with another collection */
        memcpy(out->cause, sum->cause[minor], RING_CAUSE);
}

int64_t pause_sum_oldest_ns(const struct pause_sum *sum)
{
    return sum->count > 0 ? sum->waiting[0].end_ns : INT64_MAX;
}
