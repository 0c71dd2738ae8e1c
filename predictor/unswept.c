#include "unswept.h"

#include "bytes.h"
#include "trend.h"

#include <math.h>
#include <string.h>

/* A sweep speaks for what came after up to four times as much allocation, and for twice the garbage that was seen. */
#define COMPARABLE 0.25
#define TRUST 2.0
/* Its rate is trusted less, the less alike the two are in what was allocated: by up to so much. */
#define DOUBT 0.1
/* What is in use may rise unevenly: garbage comes more slowly at the end, when less is promoted. */
#define UNEVEN 1.25
/* When half as much again is allocated as is in use the state may be there, and so much of the rest may be garbage. */
#define LOADED 1.5
#define EARLY 0.1
/* As far back as the predictor's trend looks. */
#define REACH_MS (HC_TREND_HOURS * 3600000LL)

int hc_unswept_is_sound(const struct hc_unswept *unswept)
{
    return unswept->count <= HC_UNSWEPT_POINTS;
}

int hc_witnesses_are_sound(const struct hc_witnesses *witnesses)
{
    return witnesses->count <= HC_WITNESSES;
}

double hc_unswept_most_garbage(struct hc_unswept_rise *rise, double allocated, double used)
{
    if (allocated >= 2 * rise->next.allocated_bytes) {
        rise->half = rise->next;
        rise->next = (struct hc_unswept_mark){allocated, used};
    }
    if (rise->loaded.allocated_bytes <= 0 && allocated >= LOADED * used)
        rise->loaded = (struct hc_unswept_mark){allocated, used};
    if (rise->loaded.allocated_bytes <= 0 || rise->half.allocated_bytes <= 0)
        return 0; /* all of it may be live */
    double rate = UNEVEN * fmax(0, used - rise->half.used_bytes) / (allocated - rise->half.allocated_bytes);
    double by_then = EARLY * (rise->loaded.allocated_bytes - rise->loaded.used_bytes);
    return fmin(by_then + fmax(0, used - rise->loaded.used_bytes), rate * allocated);
}

/* Too old, or of a clock that was ahead. */
static int is_out_of_reach(const struct hc_witness *witness, int64_t now_ms)
{
    return now_ms - witness->time_ms > REACH_MS || witness->time_ms > now_ms;
}

/* The one that another takes the place of; the newest has its place whatever it says. */
static uint32_t least_of(const struct hc_witnesses *witnesses, int64_t now_ms)
{
    uint32_t least = 0;
    for (uint32_t i = 0; i < HC_WITNESSES; i++) {
        if (is_out_of_reach(&witnesses->witness[i], now_ms))
            return i;
        if (i + 1 < HC_WITNESSES && witnesses->witness[i].allocated_bytes < witnesses->witness[least].allocated_bytes)
            least = i;
    }
    return least;
}

void hc_witnesses_add(struct hc_witnesses *witnesses, struct hc_witness witness)
{
    if (witnesses->count == HC_WITNESSES) {
        uint32_t at = least_of(witnesses, witness.time_ms);
        memmove(witnesses->witness + at, witnesses->witness + at + 1,
                (HC_WITNESSES - at - 1) * sizeof witnesses->witness[0]);
        witnesses->count--;
    }
    witnesses->witness[witnesses->count++] = witness;
}

/* Where they lie closest in time one of two goes, the lower one: what counts is peaks, and not the last ones alone. */
static void thin(struct hc_unswept *unswept)
{
    struct hc_live_point *p = unswept->point;
    uint32_t at = 1;
    for (uint32_t i = 2; i + 1 < unswept->count; i++)
        if (p[i + 1].time_ms - p[i - 1].time_ms < p[at + 1].time_ms - p[at - 1].time_ms)
            at = i;
    if (p[at].upper_bytes < p[at + 1].upper_bytes)
        p[at] = p[at + 1];
    memmove(p + at + 1, p + at + 2, (unswept->count - at - 2) * sizeof *p);
    unswept->count--;
}

void hc_unswept_keep(struct hc_unswept *unswept, const struct hc_live_point *points, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (unswept->count == HC_UNSWEPT_POINTS)
            thin(unswept);
        unswept->point[unswept->count++] = points[i];
    }
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

static int speaks_for(const struct hc_witness *witness, const struct hc_live_point *point)
{
    return witness->time_ms > point->time_ms && witness->time_ms - point->time_ms <= REACH_MS &&
           witness->allocated_bytes >= COMPARABLE * point->allocated_bytes;
}

/*
 * What of a collection's used-after was garbage. What most of the sweeps showed counts: dead wood is garbage that a
 * sweep does not see, and how much is promoted hangs on the sizes that young generation and survivor spaces had.
 */
static double garbage_of(const struct hc_live_point *point, const struct hc_witnesses *witnesses, double rate)
{
    double rates[HC_WITNESSES], seen = 0;
    unsigned n = 0;
    for (uint32_t i = 0; i < witnesses->count; i++) {
        const struct hc_witness *w = &witnesses->witness[i];
        if (!speaks_for(w, point))
            continue;
        rates[n++] = trusted_rate(w, point);
        seen = fmax(seen, w->garbage_bytes);
    }
    double told =
        n > 0 ? fmin(reached_by_most(rates, n) * point->allocated_bytes, TRUST * seen) : rate * point->allocated_bytes;
    return fmin(told, point->most_garbage);
}

uint64_t hc_unswept_peak(const struct hc_unswept *unswept, const struct hc_witnesses *witnesses, double rate,
                         double anchor)
{
    double peak = 0;
    for (uint32_t i = 0; i < unswept->count && i < HC_UNSWEPT_POINTS; i++) {
        const struct hc_live_point *p = &unswept->point[i];
        if ((double)p->upper_bytes > peak)
            peak = fmax(peak, hc_less_garbage((double)p->upper_bytes, garbage_of(p, witnesses, rate), anchor));
    }
    return hc_bytes(peak);
}

uint64_t hc_unswept_settled(const struct hc_unswept *unswept, double rate, double anchor)
{
    static const struct hc_witnesses none;
    return hc_unswept_peak(unswept, &none, rate, anchor);
}
