#include "cycle_cost.h"

enum { PERIOD_MS = 2000 };

void cycle_cost_init(struct cycle_cost *c, enum hc_collector collector, const char *task_dir, unsigned processors)
{
    struct gc_cpu_time t = {0, 0};
    gc_cpu_init(&c->cpu, task_dir);
    c->runs = collector == HC_COLLECTOR_Z || collector == HC_COLLECTOR_SHENANDOAH;
    c->processors = processors > 0 ? processors : 1;
    c->counted_ns = c->runs && gc_cpu_read(&c->cpu, &t) ? t.concurrent_ns : 0;
    c->next_ms = 0;
}

uint64_t cycle_cost_take_us(struct cycle_cost *c, int64_t now_ms)
{
    struct gc_cpu_time t;
    if (!c->runs || now_ms < c->next_ms || !gc_cpu_read(&c->cpu, &t))
        return 0;
    c->next_ms = now_ms + PERIOD_MS;
    int64_t ns = t.concurrent_ns - c->counted_ns;
    c->counted_ns = t.concurrent_ns;
    return ns > 0 ? (uint64_t)(ns / 1000 / c->processors) : 0; /* negative: a thread has ended */
}
