#include "promotion.h"

#include "sweeping.h"

#include <math.h>
#include <string.h>

/* HotSpot's AdaptiveSizePolicyWeight and PromotedPadding. */
#define WEIGHT 0.10
#define PADDING 3.0
/* So much of what lives a JVM must have promoted for its first collections to be those in which it loaded it. */
#define LOADED 0.9
/* The search ends here, relative; collections of another heap are followed no further. */
#define NEAR 0.01
enum { MOST_COLLECTIONS = 256 };

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

int hc_promotion_is_sound(const struct hc_promotion *p)
{
    return p->now.points <= HC_LOADING_POINTS && p->before.points <= HC_LOADING_POINTS;
}

static double promoted_by(const struct hc_loading *loading)
{
    return loading->points > 0 ? loading->point[loading->points - 1].promoted : 0;
}

void hc_promotion_restart(struct hc_promotion *p)
{
    if (p->now.points >= p->before.points || promoted_by(&p->now) >= LOADED * promoted_by(&p->before))
        p->before = p->now;
    memset(&p->now, 0, sizeof p->now);
    memset(&p->average, 0, sizeof p->average);
}

/* A JVM's first collection comes when eden is full. */
static double allocated_before(const struct hc_gc_sample *sample, int first)
{
    if (sample->allocated_bytes != HC_BYTES_UNKNOWN)
        return (double)sample->allocated_bytes;
    return first ? HC_EDEN_RATIO * (double)sample->heap_max_bytes : 0;
}

/* After a full collection all that lives is in the old generation. */
static double promoted_in(const struct hc_gc_sample *sample, double before)
{
    if (sample->kind == HC_GC_FULL)
        return fmax(0, (double)sample->heap_used_after_bytes - before);
    return sample->promoted_bytes != HC_BYTES_UNKNOWN ? (double)sample->promoted_bytes : 0;
}

void hc_promotion_observe(struct hc_promotion *p, const struct hc_gc_sample *sample)
{
    struct hc_loading *now = &p->now;
    double promoted = promoted_in(sample, promoted_by(now));
    if (sample->kind == HC_GC_YOUNG)
        hc_padded_average_add(&p->average, promoted);
    now->heap_bytes = (double)sample->heap_max_bytes;
    if (now->points == HC_LOADING_POINTS) {
        now->padded_after = fmax(now->padded_after, hc_padded_average_bytes(&p->average));
        return;
    }
    double allocated = now->points > 0 ? now->point[now->points - 1].allocated : 0;
    now->point[now->points].allocated = allocated + allocated_before(sample, now->points == 0);
    now->point[now->points].promoted = promoted_by(now) + promoted;
    now->points++;
}

/* What has been promoted once so much is allocated. Between two collections it came as early as it can have. */
static double promoted_at(const struct hc_loading *loading, double allocated)
{
    double from = 0, promoted = 0;
    for (uint64_t i = 0; i < loading->points; i++) {
        if (allocated <= loading->point[i].allocated)
            return fmin(loading->point[i].promoted, promoted + (allocated - from));
        from = loading->point[i].allocated;
        promoted = loading->point[i].promoted;
    }
    return promoted;
}

static int has_room(const struct hc_loading *loading, double live, double heap)
{
    double old = HC_OLD_RATIO * heap, eden = HC_EDEN_RATIO * heap, promoted = 0;
    double end = loading->point[loading->points - 1].allocated + eden;
    double after = loading->padded_after * fmax(1, heap / loading->heap_bytes);
    struct hc_padded_average average = {0, 0, 0};
    if (end > MOST_COLLECTIONS * eden || live + after > old)
        return 0;
    for (double allocated = eden; allocated <= end; allocated += eden) {
        double before = promoted;
        promoted = promoted_at(loading, allocated);
        hc_padded_average_add(&average, promoted - before);
        if (fmin(promoted, live) + hc_padded_average_bytes(&average) > old)
            return 0;
    }
    return 1;
}

static double least_of(const struct hc_loading *loading, double live, double most)
{
    double least = live / HC_OLD_RATIO;
    if (loading->points == 0 || promoted_by(loading) < LOADED * live || !has_room(loading, live, most))
        return most;
    while (most > (1 + NEAR) * least) {
        double middle = sqrt(least * most);
        if (has_room(loading, live, middle))
            most = middle;
        else
            least = middle;
    }
    return most;
}

double hc_promotion_least_heap(const struct hc_promotion *p, double live, double most)
{
    int now = promoted_by(&p->now) >= LOADED * live, before = promoted_by(&p->before) >= LOADED * live;
    if (live <= 0 || most <= live / HC_OLD_RATIO)
        return most;
    return fmax(now ? least_of(&p->now, live, most) : 0, before || !now ? least_of(&p->before, live, most) : 0);
}
