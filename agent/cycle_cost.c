#include "cycle_cost.h"

enum { PERIOD_MS = 2000 };

void cycle_cost_init(struct cycle_cost *c, enum hc_collector collector, const char *task_dir, unsigned processors)
{
    struct gc_cpu_time t = {0, 0};
    gc_cpu_init(&c->cpu, task_dir);
    c->runs = hc_collects_in_cycles(collector);
    c->processors = processors > 0 ? processors : 1;
    c->counted_ns = c->runs && gc_cpu_read(&c->cpu, &t) ? t.concurrent_ns : 0;
    c->next_ms = 0;
    c->paused_us = 0;
}

uint64_t cycle_cost_take_us(struct cycle_cost *c, int64_t now_ms, uint64_t paused_us)
{
    struct gc_cpu_time t;
    c->paused_us += paused_us;
    if (!c->runs || now_ms < c->next_ms)
        return 0;
    c->next_ms = now_ms + PERIOD_MS;
    if (!gc_cpu_read(&c->cpu, &t))
        return 0;
    int64_t us = (t.concurrent_ns - c->counted_ns) / 1000 / c->processors - (int64_t)c->paused_us;
    c->counted_ns = t.concurrent_ns;
    c->paused_us = 0;
    return us > 0 ? (uint64_t)us : 0; /* negative: a thread has ended */
}
