#include "probe_pace.h"

#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* xorshift64*: the phase needs to be unlike any timer's, not unpredictable. In 0..1. */
static double next_random(struct probe_pace *p)
{
    p->random ^= p->random >> 12;
    p->random ^= p->random << 25;
    p->random ^= p->random >> 27;
    return (double)((p->random * UINT64_C(0x2545F4914F6CDD1D)) >> 11) / 9007199254740992.0;
}

static int64_t about(struct probe_pace *p, int64_t ms)
{
    return (int64_t)((double)ms * (0.8 + 0.4 * next_random(p)));
}

static double credit_per_ms(void)
{
    return PROBE_SHARE_PPM / 1000.0; /* microseconds of CPU */
}

static void earn(struct probe_pace *p, int64_t now_ms)
{
    double most = PROBE_CREDIT_MAX_MS * credit_per_ms();
    if (now_ms > p->credit_at_ms)
        p->credit_us += (double)(now_ms - p->credit_at_ms) * credit_per_ms();
    if (p->credit_us > most)
        p->credit_us = most;
    if (now_ms > p->credit_at_ms)
        p->credit_at_ms = now_ms;
}

void probe_pace_init(struct probe_pace *p, int64_t fixed_ms, int64_t warmup_ms, int64_t now_ms, uint64_t seed)
{
    memset(p, 0, sizeof *p);
    p->fixed_ms = fixed_ms;
    p->random = seed != 0 ? seed : 1;
    p->begun_ms = now_ms;
    p->credit_at_ms = now_ms + PROBE_ADVANCE_MS; /* nothing more is earned until then */
    p->credit_us = PROBE_ADVANCE_MS * credit_per_ms();
    p->last_ms = INT64_MIN / 2;
    p->period_ms = PROBE_PERIOD_MAX_MS;
    p->next_ms = now_ms + (fixed_ms > 0 ? fixed_ms : about(p, clamp(warmup_ms / 3, 3 * SECOND, 4 * MINUTE)));
}

/* When there will be credit for one more. */
static int64_t affordable_ms(const struct probe_pace *p)
{
    double lacking = (double)p->cost_us - p->credit_us;
    return lacking > 0 ? p->credit_at_ms + (int64_t)(lacking / credit_per_ms()) + 1 : INT64_MIN;
}

int64_t probe_pace_due_ms(const struct probe_pace *p)
{
    if (p->fixed_ms > 0)
        return p->next_ms;
    int64_t paid = affordable_ms(p);
    return p->next_ms > paid ? p->next_ms : paid;
}

static int differs(const struct probe_pace *p, uint64_t live_bytes)
{
    double a = (double)p->last_live_bytes, b = (double)live_bytes;
    return p->last_live_bytes > 0 && (b > a * 1.1 || b < a * 0.9);
}

static void plan_next(struct probe_pace *p, int64_t now_ms)
{
    int64_t half = (now_ms - p->begun_ms) / 2;
    int64_t distance = clamp(half < p->period_ms ? half : p->period_ms, PROBE_DISTANCE_MIN_MS, PROBE_PERIOD_MAX_MS);
    p->next_ms = now_ms + (p->fixed_ms > 0 ? p->fixed_ms : about(p, distance));
}

static void take_result(struct probe_pace *p, uint64_t live_bytes)
{
    if (differs(p, live_bytes))
        p->period_ms = clamp(p->period_ms / 2, PROBE_PERIOD_MIN_MS, PROBE_PERIOD_MAX_MS);
    else
        p->period_ms = clamp(p->period_ms * 3 / 2, PROBE_PERIOD_MIN_MS, PROBE_PERIOD_MAX_MS);
    p->last_live_bytes = live_bytes;
    p->failures = 0;
}

static void pay(struct probe_pace *p, int64_t now_ms, uint64_t cost_us)
{
    earn(p, now_ms);
    p->credit_us -= (double)cost_us;
    p->cost_us = cost_us > p->last_cost_us ? cost_us : p->last_cost_us;
    p->last_cost_us = cost_us;
    p->last_ms = now_ms;
}

void probe_pace_done(struct probe_pace *p, int64_t now_ms, uint64_t cost_us, uint64_t live_bytes)
{
    pay(p, now_ms, cost_us);
    p->probes++;
    take_result(p, live_bytes);
    plan_next(p, now_ms);
}

void probe_pace_failed(struct probe_pace *p, int64_t now_ms, uint64_t cost_us)
{
    pay(p, now_ms, cost_us);
    plan_next(p, now_ms);
    if (p->fixed_ms > 0)
        return;
    /* it may have been bad luck; what failed several times will probably fail again */
    int64_t wait = (int64_t)PROBE_PERIOD_MIN_MS << (p->failures < 5 ? p->failures : 5);
    p->failures++;
    p->next_ms = now_ms + about(p, clamp(wait, PROBE_PERIOD_MIN_MS, PROBE_PERIOD_MAX_MS));
}

void probe_pace_seen(struct probe_pace *p, int64_t now_ms, uint64_t live_bytes)
{
    if (p->fixed_ms > 0)
        return;
    take_result(p, live_bytes);
    p->last_ms = now_ms;
    plan_next(p, now_ms);
}

void probe_pace_grown(struct probe_pace *p, int64_t now_ms)
{
    if (p->fixed_ms > 0)
        return;
    int64_t soon = p->last_ms + PROBE_GROWN_MS > now_ms ? p->last_ms + PROBE_GROWN_MS : now_ms;
    if (soon < p->next_ms)
        p->next_ms = soon;
}
