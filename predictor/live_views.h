/*
 * What looks over the whole heap teach about the time between them.
 *
 * A view (heapcast/live_view.h) tells the live set of one moment and so, with used-after, the garbage that the old
 * generation held. Young collections free none of it, so until the next sweep
 *
 *     live = used-after - garbage at the view - garbage since
 *
 * where the last term grows with allocation, at a rate that two views show. Where no rate is known yet the term is left
 * out and live is an upper bound. When the next view comes, the rate in between is known after the fact, and the peak
 * of that time is worked out anew: what passed for live may have been garbage.
 *
 * Where G1 kept more than it had room to copy, no more of it counts as live than could have been copied, nor than
 * collections lately kept.
 *
 * A JVM's start is a view, too: nothing is live and nothing is garbage.
 */
#ifndef HC_PREDICTOR_LIVE_VIEWS_H
#define HC_PREDICTOR_LIVE_VIEWS_H

#include <heapcast/gc_sample.h>
#include <heapcast/live_view.h>

#include <stdint.h>

enum { HC_VIEW_POINTS = 24, HC_VIEW_RECENT = 8, HC_VIEW_PAUSES = 4 };

/* What young collections kept, as a share of what was allocated before them. */
struct hc_kept {
    double least, most;
    uint64_t known;
};

/*
 * The base is the moment from which we count: start of the JVM, newest view, or full collection.
 * A run of mixed collections takes garbage away and nothing else, so what was allocated goes on being counted over it:
 * the garbage that it left is what is used beyond `upper`.
 */
struct hc_live_views {
    struct {
        double allocated; /* since the base */
        double upper;     /* live, if nothing of that was garbage */
    } point[HC_VIEW_POINTS];
    struct {
        int64_t end_time_ms;
        double freed, allocated;           /* by it; since the base */
    } pause[HC_VIEW_PAUSES];               /* newest last: a view comes after the Remark of its own cycle */
    uint64_t recent_bytes[HC_VIEW_RECENT]; /* the newest views of this JVM, newest last */
    double garbage;                        /* at the base, or at the end of the newest run */
    double allocated, freed;               /* since the base */
    double vain;                           /* since the base: what failed evacuations kept beyond what counts as live */
    struct hc_kept kept;                   /* between this base and the one before */
    double run_end;                        /* of `allocated`: when the newest run of mixed collections ended */
    double proven;      /* of `allocated`: when a run of mixed collections last left less than could be live */
    double rate;        /* garbage per allocated byte that is trusted; 0 unknown */
    double steady_rate; /* of the newest views between which the live set stayed as it was; 0 none yet */
    double live_at_base;
    double upper;                       /* of the newest of the points, or after the run since */
    double mixed_used;                  /* least used-after of a run of mixed collections */
    double live;                        /* the newest estimate */
    double peak;                        /* the largest since the base */
    int64_t view_ms, mixed_ms, full_ms; /* newest view, mixed and full collection; INT64_MIN: none */
    int64_t run_end_ms;                 /* end of the newest run of mixed collections */
    uint32_t points, pauses, recent_count;
    uint32_t evidence;                    /* enum hc_evidence of the newest view */
    uint32_t count;                       /* views of this JVM */
    uint32_t allocated_known, base_known; /* since the base; garbage at the base is more than an estimate */
    uint32_t in_mixed_run;
};

void hc_live_views_init(struct hc_live_views *views);
/* 0: damaged ones, that must not be used. */
int hc_live_views_are_sound(const struct hc_live_views *views);
/* A new JVM. What was learned about the garbage of a settled live set stays. */
void hc_live_views_restart(struct hc_live_views *views);

/*
 * Takes in a collection. Returns the live estimate in bytes, at most used-after. 1 in *out_based: a full one has set a
 * new base, and *out_peak_bytes is the largest estimate before it. The cycles of ZGC and Shenandoah set none: what was
 * allocated while they ran is still in their used-after.
 */
uint64_t hc_live_views_observe(struct hc_live_views *views, const struct hc_gc_sample *sample,
                               enum hc_collector collector, int *out_based, uint64_t *out_peak_bytes);
/* A pause that moves no object but may free whole regions (G1 Remark, Cleanup). */
void hc_live_views_observe_pause(struct hc_live_views *views, const struct hc_gc_sample *pause);
/* Takes in a view and returns the most that was live since the base before, as known after the fact. */
uint64_t hc_live_views_observe_view(struct hc_live_views *views, const struct hc_live_view *view,
                                    uint64_t used_now_bytes);

/* The largest estimate since the base, 0 without a view in this JVM. */
uint64_t hc_live_views_peak(const struct hc_live_views *views);
/* An upper bound of what is live now: used-after less the garbage that is known, until a sweep takes that away. */
uint64_t hc_live_views_upper(const struct hc_live_views *views, uint64_t used_bytes);
/* A lower bound of what is live now, from the newest views; `used_bytes` is the newest used-after. */
uint64_t hc_live_views_lower(const struct hc_live_views *views, uint64_t used_bytes);

#endif
