#include "promotion.h"

#include "sweeping.h"

#include <math.h>
#include <string.h>

/* HotSpot's AdaptiveSizePolicyWeight and PromotedPadding. */
#define WEIGHT 0.10
#define PADDING 3.0
/* MarkSweepDeadRatio: so much of the old generation Serial may leave as dead wood. */
#define DEAD_WOOD 0.05
/* Serial's collections were rewritten then: an average that finds no room no longer fades. */
enum { SERIAL_IS_FINAL_FROM = 22 };
/* So much of what is taken for live, and may be less, a JVM must have promoted for its first collections to be those in
 * which it loaded it. */
#define LOADED 0.8
/* Heaps are tried downwards in such steps; collections of another heap are followed no further. */
#define STEP 0.97
enum { MOST_COLLECTIONS = 256 };
/* A JVM that ended before so many was none that a restart follows. */
enum { LEAST_COLLECTIONS = 8 };

void hc_padded_average_add(struct hc_padded_average *a, double bytes)
{
    double weight = fmax(WEIGHT, floor(100.0 / (double)++a->count) / 100.0); /* the first ten: their mean, nearly */
    a->average += weight * (bytes - a->average);
    if (bytes > 0)
        a->deviation += weight * (fabs(bytes - a->average) - a->deviation);
}

double hc_padded_average_bytes(const struct hc_padded_average *a)
{
    return a->average + PADDING * a->deviation;
}

/* What is in eden is the most that a collection can promote. */
static double expected(const struct hc_padded_average *a, double eden)
{
    return fmin(hc_padded_average_bytes(a), eden);
}

static double promoted_by(const struct hc_loading *loading)
{
    return loading->points > 0 ? loading->point[loading->points - 1].promoted : 0;
}

int hc_promotion_is_sound(const struct hc_promotion *p)
{
    return p->now.points <= HC_LOADING_POINTS && p->before.points <= HC_LOADING_POINTS;
}

void hc_promotion_restart(struct hc_promotion *p)
{
    int more = p->now.points >= p->before.points || promoted_by(&p->now) >= LOADED * promoted_by(&p->before);
    if (p->is_restart && more)
        p->before = p->now;
    if (p->now.points >= LEAST_COLLECTIONS)
        p->is_restart = 1;
    memset(&p->now, 0, sizeof p->now);
    memset(&p->average, 0, sizeof p->average);
}

/* What is unknown counts as nothing: then what was promoted came sooner. But of a JVM's first collection at least what
 * it left was allocated. */
static double allocated_before(const struct hc_gc_sample *sample, int first)
{
    if (sample->allocated_bytes != HC_BYTES_UNKNOWN)
        return (double)sample->allocated_bytes;
    return !first ? 0
                  : (double)(sample->heap_used_before_bytes != HC_BYTES_UNKNOWN ? sample->heap_used_before_bytes
                                                                                : sample->heap_used_after_bytes);
}

/*
 * After a full collection all that lives is in the old generation, and after the first one that is seen what lies
 * there. Where generations aren't told, what young collections leave grows by what they promote, and by survivors.
 */
static double promoted_in(const struct hc_gc_sample *sample, const struct hc_loading *now)
{
    double used = (double)sample->heap_used_after_bytes;
    if (sample->kind == HC_GC_FULL)
        return fmax(0, used - promoted_by(now));
    double promoted =
        sample->promoted_bytes != HC_BYTES_UNKNOWN ? (double)sample->promoted_bytes : fmax(0, used - now->used_bytes);
    if (now->points == 0 && sample->old_used_after_bytes != HC_BYTES_UNKNOWN)
        promoted = fmax(promoted, (double)sample->old_used_after_bytes);
    return promoted;
}

void hc_promotion_observe(struct hc_promotion *p, const struct hc_gc_sample *sample)
{
    struct hc_loading *now = &p->now;
    double promoted = promoted_in(sample, now);
    now->used_bytes = (double)sample->heap_used_after_bytes;
    now->heap_bytes = (double)sample->heap_max_bytes;
    if (sample->kind == HC_GC_FULL && now->full_bytes <= 0)
        now->full_bytes = (double)sample->heap_used_after_bytes;
    if (sample->kind == HC_GC_YOUNG)
        hc_padded_average_add(&p->average, promoted);
    if (now->points == HC_LOADING_POINTS) {
        now->padded_after = fmax(now->padded_after, hc_padded_average_bytes(&p->average));
        now->deviation_after = fmax(now->deviation_after, p->average.deviation);
        return;
    }
    double allocated = now->points > 0 ? now->point[now->points - 1].allocated : 0;
    now->point[now->points].allocated = allocated + allocated_before(sample, now->points == 0);
    now->point[now->points].promoted = promoted_by(now) + promoted;
    now->points++;
}

/* What has been promoted once so much is allocated; `at` is the newest point before, and goes on with it. Between two
 * collections it came as early as it can have. */
static double promoted_at(const struct hc_loading *loading, double allocated, uint64_t *at)
{
    while (*at < loading->points && loading->point[*at].allocated < allocated)
        ++*at;
    double from = *at > 0 ? loading->point[*at - 1].allocated : 0;
    double promoted = *at > 0 ? loading->point[*at - 1].promoted : 0;
    return *at < loading->points ? fmin(loading->point[*at].promoted, promoted + (allocated - from)) : promoted;
}

/* 1: a JVM of this kind that finds no room once stays without. */
static int is_final(const struct hc_epoch *epoch)
{
    return epoch->collector != HC_COLLECTOR_SERIAL || epoch->java == 0 || epoch->java >= SERIAL_IS_FINAL_FROM;
}

/* Of another heap, for as much as was allocated while loading. */
static double collections_in(const struct hc_loading *loading, double heap)
{
    return loading->points > 0 ? 1 + floor(loading->point[loading->points - 1].allocated / (HC_EDEN_RATIO * heap)) : 0;
}

/*
 * Dead wood in an old generation, of Serial alone. One that can come free again has what full collections left beyond
 * what passes for live, which mostly holds it already; half of the most at least, for it is not the same each time. One
 * that can't had better have room for all the wood that there may be.
 */
static double wood_in(const struct hc_epoch *epoch, double old, double beyond_live)
{
    double most = epoch->collector == HC_COLLECTOR_SERIAL ? DEAD_WOOD * old : 0;
    return is_final(epoch) ? most : fmin(fmax(most / 2, beyond_live), most);
}

/* What is to find room: what lives, and what full collections left in use beyond that. */
struct load {
    double live, beyond_live;
};

static int has_room(const struct hc_loading *loading, const struct hc_epoch *epoch, const struct load *load,
                    double heap)
{
    int final = is_final(epoch);
    double whole = HC_OLD_RATIO * heap, old = whole - wood_in(epoch, whole, load->beyond_live), live = load->live;
    double eden = HC_EDEN_RATIO * heap, promoted = 0;
    double after = final ? loading->padded_after : PADDING * loading->deviation_after;
    struct hc_padded_average average = {0, 0, 0};
    uint64_t at = 0;
    double collections = collections_in(loading, heap);
    if (collections > MOST_COLLECTIONS || live + after * fmax(1, heap / loading->heap_bytes) > old)
        return 0;
    for (double k = 1; k <= collections; k++) {
        double before = promoted;
        promoted = promoted_at(loading, k * eden, &at);
        hc_padded_average_add(&average, promoted - before);
        if (!final && fmin(promoted, live) + expected(&average, eden) > old)
            average.average = 0;
        if (fmin(promoted, live) + expected(&average, eden) > old)
            return 0;
    }
    return live + (final ? expected(&average, eden) : PADDING * average.deviation) <= old;
}

/* What was promoted may be garbage; of that the first full collection tells. */
static int has_loaded(const struct hc_loading *loading, double live)
{
    double loaded = promoted_by(loading);
    return (loading->full_bytes > 0 ? fmin(loaded, loading->full_bytes) : loaded) >= LOADED * live;
}

/* 0: not shown. */
static double least_of(const struct hc_loading *loading, const struct hc_epoch *epoch, const struct load *load,
                       double most)
{
    double heap = most;
    if (!has_loaded(loading, load->live) || collections_in(loading, most) > MOST_COLLECTIONS)
        return 0;
    while (STEP * heap > load->live / HC_OLD_RATIO && has_room(loading, epoch, load, STEP * heap))
        heap *= STEP;
    return heap;
}

double hc_promotion_roomy_heap(const struct hc_promotion *p, const struct hc_epoch *epoch, double live, double left)
{
    const struct load load = {live, left > 0 ? fmax(0, left - live) : (double)INFINITY};
    double most = live / (HC_OLD_RATIO - HC_EDEN_RATIO);
    if (live <= 0)
        return 0;
    double shown =
        fmax(p->is_restart ? least_of(&p->now, epoch, &load, most) : 0, least_of(&p->before, epoch, &load, most));
    return shown > 0 ? shown : is_final(epoch) ? most : live / (HC_OLD_RATIO - HC_EDEN_RATIO / 2);
}
