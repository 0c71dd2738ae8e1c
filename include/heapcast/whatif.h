/*
 * The load that a history shows, in another heap: what collections would cost, how long they would stop the program,
 * and how likely the live set would outgrow it. By the law of the model (docs/predictor.md, section 4) and with its
 * uncertainty.
 */
#ifndef HEAPCAST_WHATIF_H
#define HEAPCAST_WHATIF_H

#include <heapcast/error.h>
#include <heapcast/predictor.h>

#include <stdint.h>

/* Four of five measured figures lie between lower and upper. */
struct hc_whatif_range {
    double lower, expected, upper;
};

enum hc_whatif_verdict {
    HC_WHATIF_FITS = 0,
    HC_WHATIF_COSTLY = 1,   /* the expected share of time in collections is above the limit */
    HC_WHATIF_RISKY = 2,    /* what may have been alive fills more than the usable share of the heap */
    HC_WHATIF_TOO_SMALL = 3 /* what was alive for certain does not fit at all */
};

/* A heap, and what would be in it. */
struct hc_whatif {
    uint64_t heap_bytes;
    enum hc_whatif_verdict verdict;
    struct hc_whatif_range
        gc_share_ratio; /* time in pauses over wall time; a concurrent collector's CPU is not in it */
    struct hc_whatif_range collections_per_h;
    double full_collections_per_h;     /* of the whole heap, in one pause */
    double pause_p99_ms, pause_max_ms; /* over the horizon; NAN: no pause was seen */
    double exhaustion_risk_ratio;      /* that the live set outgrows the usable share of this heap within the horizon */
};

enum { HC_WHATIF_HOURS = 168, HC_WHATIF_GROWTHS = 504 };

/* What the history shows of the load; filled once, then any number of heaps can be asked for. */
struct hc_whatif_load {
    int64_t from_ms, to_ms, covered_ms;
    int64_t horizon_ms;
    uint64_t collections;
    enum hc_collector collector;
    uint64_t heap_bytes; /* in force */
    enum hc_evidence evidence;
    double live_bytes;      /* the most of the last three days, carried to the horizon where it rises */
    double roomy_bytes;     /* Serial, Parallel: from here on the old generation has room for what is promoted */
    double live_sure_ratio; /* of any live set here so much was alive for certain, as good as the evidence is */
    double gc_share_limit_ratio, usable_ratio;

    unsigned hours;
    struct hc_whatif_hour {
        double weight_ms; /* time watched */
        double live_typical_bytes, live_most_bytes, committed_bytes, heap_max_bytes;
        double capacity_ratio;    /* of a heap, can be in use at a time */
        double copying_ratio;     /* share of time in collections that no heap gives back */
        double work_ratio;        /* the rest of it: half the free room, twice as much */
        double collections_per_h; /* each for want of room */
    } hour[HC_WHATIF_HOURS];
    double chance_ratio; /* standard error of a short history's work, as a share of it */

    unsigned growths; /* how much more was live in a time as long as the horizon than in the three days before it */
    double growth[HC_WHATIF_GROWTHS];

    double promoted_bytes_per_h, allocated_bytes_per_ms; /* NAN: not known */
    double young_fixed_ms, young_p99_ms, young_max_ms;   /* NAN: none seen */
    double full_pause_ms,
        full_pause_max_ms;        /* of collections of the whole heap: mean and longest; else what they may take */
    double full_work_bytes_per_h; /* full collections an hour times the room that they had; 0: they come with exhaustion
                                     only */
};

/* HC_ENODATA: fewer than ten collections or ten seconds. */
enum hc_status hc_whatif_load(struct hc_predictor *predictor, int64_t now_ms, struct hc_whatif_load *out,
                              struct hc_error *err);
void hc_whatif_heap(const struct hc_whatif_load *load, uint64_t heap_bytes, struct hc_whatif *out);

#endif
