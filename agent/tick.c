#include "tick.h"

#include <stdio.h>
#include <string.h>

#if defined __x86_64__
#include <cpuid.h>
#endif

#define MIDDLE_NS (10 * INT64_C(1000000000))
#define LEAST_NS (100 * INT64_C(1000)) /* the rate over less is not known */
enum { TRIES = 5, CLOSE_NS = 2000 };
/* From one update to the next the rate is this steady; over a tenth of a millisecond it is known to some percent. */
#define JUMP 0.05

static int by_counter;

/* Invariant: it neither stops nor follows the processor's frequency. */
static int counter_is_steady(void)
{
#if defined __x86_64__
    unsigned a, b, c, d = 0;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
#elif defined __aarch64__
    return 1; /* by the architecture */
#else
    return 0;
#endif
}

static int kernel_trusts_counter(void)
{
    char name[32];
    FILE *file = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
    if (file == NULL)
        return 0;
    int read = fgets(name, sizeof name, file) != NULL;
    fclose(file);
    return read && (strcmp(name, "tsc\n") == 0 || strcmp(name, "arch_sys_counter\n") == 0);
}

void tick_init(void)
{
    by_counter = counter_is_steady() && kernel_trusts_counter();
}

int tick_is_counter(void)
{
    return by_counter;
}

/* The closest of some tries: between the two reads this thread may lose the processor. */
static struct tick_pair both_now(void)
{
    struct tick_pair best = {0, 0};
    int64_t closest = INT64_MAX;
    for (int i = 0; i < TRIES && closest > CLOSE_NS; i++) {
        int64_t before = tick_now(0), tick = tick_now(by_counter), after = tick_now(0);
        if (after - before >= closest)
            continue;
        closest = after - before;
        best = (struct tick_pair){tick, by_counter ? before + closest / 2 : tick};
    }
    return best;
}

void tick_scale_init(struct tick_scale *scale)
{
    scale->oldest = scale->middle = scale->now = both_now();
    scale->ns_per_tick = 1;
}

/* After a suspend, a restore or a move to another machine the counter goes on elsewhere, or at another rate. */
static int has_jumped(const struct tick_scale *scale, const struct tick_pair *now)
{
    double rate = (double)(now->ns - scale->now.ns) / (double)(now->tick - scale->now.tick);
    return now->tick <= scale->now.tick || !(rate > (1 - JUMP) * scale->ns_per_tick) ||
           !(rate < (1 + JUMP) * scale->ns_per_tick);
}

void tick_scale_update(struct tick_scale *scale)
{
    struct tick_pair before = scale->now, now = both_now();
    if (!by_counter || now.ns - before.ns < LEAST_NS)
        return;
    int jumped = has_jumped(scale, &now);
    scale->now = now;
    if (jumped) {
        scale->oldest = scale->middle = now;
        if (now.tick > before.tick)
            scale->ns_per_tick = (double)(now.ns - before.ns) / (double)(now.tick - before.tick);
        return;
    }
    scale->ns_per_tick = (double)(now.ns - scale->oldest.ns) / (double)(now.tick - scale->oldest.tick);
    if (now.ns - scale->middle.ns >= MIDDLE_NS) {
        scale->oldest = scale->middle;
        scale->middle = now;
    }
}

int64_t tick_to_ns(const struct tick_scale *scale, int64_t tick)
{
    return scale->now.ns - tick_length_ns(scale, scale->now.tick - tick);
}

int64_t tick_length_ns(const struct tick_scale *scale, int64_t ticks)
{
    return (int64_t)((double)ticks * scale->ns_per_tick);
}
