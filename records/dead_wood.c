#include <heapcast/dead_wood.h>

#include <string.h>

#define DEAD_WOOD_RATIO 0.05

static int leaves_dead_wood(const struct hc_dead_wood *w, enum hc_collector collector, unsigned java, const char *cause)
{
    if (collector == HC_COLLECTOR_SERIAL)
        return w->fulls % 4 != 0;
    return collector == HC_COLLECTOR_PARALLEL && java >= 22 && strcmp(cause, "Diagnostic Command") != 0 &&
           strcmp(cause, "System.gc()") != 0;
}

int hc_dead_wood_take(struct hc_dead_wood *w, enum hc_collector collector, unsigned java, const char *cause,
                      uint64_t used_bytes, uint64_t heap_max_bytes, uint64_t *out_live_bytes)
{
    uint64_t least = used_bytes;
    double floor = (double)used_bytes - DEAD_WOOD_RATIO * (double)heap_max_bytes;
    w->fulls++;
    w->used_bytes[w->seen++ % HC_DEAD_WOOD_FULLS] = used_bytes;
    *out_live_bytes = used_bytes;
    if (!leaves_dead_wood(w, collector, java, cause))
        return 0;
    for (unsigned i = 0; i < w->seen && i < HC_DEAD_WOOD_FULLS; i++)
        least = w->used_bytes[i] < least ? w->used_bytes[i] : least;
    *out_live_bytes = (double)least < floor ? (uint64_t)floor : least;
    return 1;
}
