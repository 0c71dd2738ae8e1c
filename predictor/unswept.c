#include "unswept.h"

#include "bytes.h"

#include <math.h>

/* A sweep speaks for what came after up to four times as much allocation, and for twice the garbage that was seen. */
#define COMPARABLE 0.25
#define TRUST 2.0
/* Its rate is trusted less, the less alike the two are in what was allocated: by up to so much. */
#define DOUBT 0.1
#define MOST_RATE 0.5
#define FORGOTTEN_MS (72 * 3600000LL)

int hc_unswept_is_sound(const struct hc_unswept *unswept)
{
    return unswept->count <= HC_UNSWEPT_POINTS;
}

int hc_witnesses_are_sound(const struct hc_witnesses *witnesses)
{
    return witnesses->count <= HC_WITNESSES;
}

/* The one that another takes the place of: one too old, or else the one that says least. */
static struct hc_witness *least_of(struct hc_witnesses *witnesses, int64_t now_ms)
{
    struct hc_witness *least = witnesses->witness;
    for (struct hc_witness *w = witnesses->witness; w < witnesses->witness + witnesses->count; w++) {
        if (now_ms - w->time_ms > FORGOTTEN_MS)
            return w;
        if (w->allocated_bytes <= least->allocated_bytes)
            least = w;
    }
    return least;
}

void hc_witnesses_add(struct hc_witnesses *witnesses, struct hc_witness witness)
{
    if (witnesses->count < HC_WITNESSES) {
        witnesses->witness[witnesses->count++] = witness;
        return;
    }
    struct hc_witness *least = least_of(witnesses, witness.time_ms);
    if (witness.time_ms - least->time_ms > FORGOTTEN_MS || witness.allocated_bytes >= least->allocated_bytes)
        *least = witness;
}

void hc_unswept_keep(struct hc_unswept *unswept, const struct hc_live_point *points, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        hc_live_points_push(unswept->point, &unswept->count, HC_UNSWEPT_POINTS, points[i]);
}

/* The most that more than half of them reach. */
static double reached_by_most(const double *values, unsigned count)
{
    double most = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned reach = 0;
        for (unsigned k = 0; k < count; k++)
            reach += values[k] >= values[i];
        if (2 * reach > count)
            most = fmax(most, values[i]);
    }
    return most;
}

static double trusted_rate(const struct hc_witness *witness, const struct hc_live_point *point)
{
    double alike = fmin(witness->allocated_bytes, point->allocated_bytes) /
                   fmax(1, fmax(witness->allocated_bytes, point->allocated_bytes));
    return witness->rate * (1 - DOUBT * (1 - alike));
}

/*
 * What of a collection's used-after was garbage. What most of the sweeps showed counts: dead wood is garbage that a
 * sweep does not see, and how much is promoted hangs on the sizes that young generation and survivor spaces had. Of
 * what was allocated, what lives is none: garbage = rate * (allocated - (used - garbage)).
 */
static double garbage_of(const struct hc_live_point *point, const struct hc_witnesses *witnesses)
{
    double rates[HC_WITNESSES], seen = 0;
    unsigned n = 0;
    for (uint32_t i = 0; i < witnesses->count; i++) {
        const struct hc_witness *w = &witnesses->witness[i];
        if (w->time_ms <= point->time_ms || w->allocated_bytes < COMPARABLE * point->allocated_bytes)
            continue;
        rates[n++] = trusted_rate(w, point);
        seen = fmax(seen, w->garbage_bytes);
    }
    double rate = fmin(reached_by_most(rates, n), MOST_RATE);
    double not_in_use = fmax(0, point->allocated_bytes - (double)point->upper_bytes);
    return fmin(rate * not_in_use / (1 - rate), TRUST * seen);
}

uint64_t hc_unswept_peak(const struct hc_unswept *unswept, const struct hc_witnesses *witnesses, double anchor)
{
    double peak = 0;
    for (uint32_t i = 0; i < unswept->count && i < HC_UNSWEPT_POINTS; i++) {
        const struct hc_live_point *p = &unswept->point[i];
        double garbage = garbage_of(p, witnesses);
        peak = fmax(peak, hc_less_garbage((double)p->upper_bytes, garbage, anchor));
    }
    return hc_bytes(peak);
}
