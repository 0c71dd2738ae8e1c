/*
 * The predictor's whole memory: one flat block of fixed size, without pointers, that the caller may keep in a file.
 *
 *     header | state x 2 | raw samples | hours | epochs | looks | hours of looks | events | own forecasts | views |
 * sweeps
 *
 * Everything but the header lies in slots. A slot is written payload first, then its stamp (sequence and checksum, by a
 * release store), so a process that is killed in the middle leaves at most one slot whose checksum does not fit; that
 * slot is dropped and counted when the block is opened. (A power cut may tear more of them: the pages of a file reach
 * the disk in any order. Each torn slot is still found by its checksum.) The block remembers which of its pages
 * changed, so that a copy in a file is kept up to date with a few writes.
 *
 * What is derived from samples (the live set's block of minima, the hour that is being filled, …) is `struct hc_state`.
 * A copy goes into the block every HC_CHECKPOINT_PERIOD samples and after everything that is not a sample; opening
 * takes the newest good copy and replays the samples that came after it. Writing it each time would do as well, but
 * costs more than the sample itself.
 */
#ifndef HC_PREDICTOR_SERIES_H
#define HC_PREDICTOR_SERIES_H

#include "histogram.h"
#include "ledger.h"
#include "live_set.h"
#include "live_views.h"
#include "promotion.h"

#include <heapcast/error.h>
#include <heapcast/gc_sample.h>
#include <heapcast/memory_sample.h>
#include <heapcast/predictor.h>
#include <heapcast/recommendation.h>

#include <stddef.h>
#include <stdint.h>

#define HC_HOUR_MS 3600000LL
/* Pauses of the first minute pay for class loading and for the first touch of the heap's pages; see headroom.h. */
#define HC_WARM_MS 60000LL

enum {
    HC_RAW_SLOTS = 1800, /* 9 days at 8 collections an hour, half an hour at one a second */
    HC_HOUR_SLOTS = 504, /* 21 days: three of each weekday */
    HC_EPOCH_SLOTS = 64,
    HC_LOOK_SLOTS = 128,
    HC_LOOK_HOUR_SLOTS = 168,
    HC_FORECAST_SLOTS = 504,
    HC_SWEEP_SLOTS = 256,
    HC_VIEW_SLOTS = 128,      /* two days and a half at one in half an hour */
    HC_CHECKPOINT_PERIOD = 64 /* at most HC_LOOK_SLOTS / 2, so that no look is overwritten before it is in a copy */
};

/* Hours since 1970, counted from 1, so that 0 can mean none. */
static inline int64_t hc_hour_of(int64_t time_ms)
{
    return time_ms / HC_HOUR_MS + 1;
}

static inline int64_t hc_hour_end_ms(int64_t hour)
{
    return (int64_t)((uint64_t)hour * HC_HOUR_MS); /* a history that somebody else wrote may hold any number */
}

/* One hour of collections; hours without any have no slot. */
struct hc_hour {
    int64_t hour;
    uint64_t live_max_bytes, used_after_max_bytes;
    uint64_t committed_bytes, heap_max_bytes; /* at the last collection */
    int64_t covered_ms, warm_covered_ms;      /* time a JVM was watched: after, and in, its first minute */
    int64_t idle_ms;                          /* time it ran before, in hours without a collection */
    uint64_t gc_us, warm_gc_us;
    uint64_t young_gc_us, warm_young_gc_us; /* the part of young collections in the two */
    uint64_t allocated_bytes, promoted_bytes;
    int64_t allocated_ms, promoted_ms; /* time for which the two are known */
    uint64_t pause_max_us;
    int64_t first_ms, last_ms;
    uint32_t collections;
    uint32_t clean_points;     /* clean points in it; 1 also where a later one has settled the hour */
    struct hc_unswept unswept; /* collections that are not in live_max_bytes: see hc_series_live_max */
    struct hc_histogram live;  /* live estimates of the hour's collections */
};

/* One hour of looks outside the heap: the most seen of each. HC_BYTES_UNKNOWN where no look told. */
struct hc_look_hour {
    int64_t hour;
    uint64_t rss_bytes;
    uint64_t overhead_bytes; /* resident outside heap, direct buffers and metaspace, at one moment */
    uint64_t non_heap_bytes; /* resident outside the heap, at one moment */
    uint64_t part_bytes[HC_LEDGER_PARTS];
    uint64_t gc_structures_bytes, heap_committed_bytes; /* both of the look with most overhead */
};

/* What was recommended in an hour, for the record of its own errors. */
struct hc_forecast {
    int64_t hour;
    uint64_t heap_bytes, live_upper_bytes;
};

struct hc_state {
    uint64_t raw_sequence, look_sequence; /* the newest sample and look that are in this state */
    uint64_t epoch_sequence, event_sequence, view_sequence, sweep_sequence;
    uint64_t dropped;
    int64_t last_ms;          /* newest collection */
    int64_t covered_until_ms; /* the running JVM was watched up to here */
    uint64_t heap_max_bytes;  /* heap in force */
    uint64_t published_bytes; /* last recommended heap, 0 none: hysteresis */
    uint32_t consumers, consumers_known;
    struct hc_epoch epoch;
    struct hc_live_set live;
    struct hc_live_views views;
    struct hc_promotion promotion;
    uint64_t live_before_start_bytes; /* of the running hour, what JVMs before this one needed */
    struct hc_hour hour;              /* being filled; hour 0: none yet */
    struct hc_look_hour look_hour;    /* likewise */
    struct hc_memory_sample look;     /* the newest */
};

/* Which pages of the block were written to and not yet reported, a bit a page; see hc_series_each_change. */
enum { HC_PAGE_BYTES = 4096, HC_PAGES_MAX = 512 };
struct hc_changes {
    uint64_t page[HC_PAGES_MAX / 64];
};

/* A ring of slots in the block. The slot of a sequence number is fixed, so hours are found by their number. */
struct hc_slots {
    unsigned char *base;
    struct hc_changes *changes; /* of the block that the ring lies in */
    size_t at;                  /* of base, in the block */
    size_t payload_bytes, slot_bytes;
    uint64_t count;
    uint64_t salt; /* goes into the checksum: a slot is good in its own ring only */
};

/*
 * A collection, in the ring of all of them; and in that of sweeps if it is a full one, the newest of a run of mixed
 * ones or a concurrent cycle: they can be thousands of young collections apart, so that the ring of all would hold
 * none. Not there are cycles of ZGC and Shenandoah, which are all that the other ring holds.
 */
struct hc_raw {
    struct hc_gc_sample sample;
    uint64_t epoch_sequence;
};

struct hc_series {
    struct hc_slots states, raw, hours, epochs, looks, look_hours, events, forecasts, views, sweeps;
    struct hc_changes pages_changed;
    size_t size;
    uint64_t state_sequence;
    unsigned changes;         /* samples and looks since the last copy of the state */
    int unsettled, unlearned; /* 1: for ablation, without settling or learned garbage (policy.h) */
    struct hc_state now;
};

size_t hc_series_size(void);
/* See hc_predictor_new. `series` is filled, the block is borrowed. */
enum hc_status hc_series_open(struct hc_series *series, void *block, size_t size, struct hc_error *err);

void hc_slots_put(const struct hc_slots *slots, uint64_t sequence, const void *payload);
/* Borrowed until the slot is overwritten; NULL if this sequence is not there. Sequences start at 1. */
const void *hc_slots_get(const struct hc_slots *slots, uint64_t sequence);

void hc_series_add(struct hc_series *series, const struct hc_gc_sample *sample);
void hc_series_add_look(struct hc_series *series, const struct hc_memory_sample *look);
void hc_series_add_view(struct hc_series *series, const struct hc_live_view *view);
void hc_series_add_event(struct hc_series *series, const struct hc_event *event);
void hc_series_start(struct hc_series *series, const struct hc_epoch *epoch);
/* The running epoch's count of processes killed for want of memory. */
void hc_series_set_oom_kills(struct hc_series *series, uint64_t oom_kills);
void hc_series_end(struct hc_series *series, int64_t now_ms);
/* Copies the state into the block. To be called after every change of `now` that is not made by the functions above. */
void hc_series_checkpoint(struct hc_series *series);

/* The most that was live in the hour, in the running one with what is not settled yet. */
uint64_t hc_series_live_max(const struct hc_series *series, const struct hc_hour *hour);
/* 1 once anything looked over the whole heap or swept it. */
int hc_series_swept(const struct hc_series *series);
/* See hc_predictor_each_change. */
int hc_series_each_change(struct hc_series *series, hc_change_fn *each, void *context);

/* NULL where the hour is not known. The hour that is being filled is among them. */
const struct hc_hour *hc_series_hour(const struct hc_series *series, int64_t hour);
const struct hc_look_hour *hc_series_look_hour(const struct hc_series *series, int64_t hour);
/* The JVM that ran at this time; NULL where no epoch that began before it is kept. */
const struct hc_epoch *hc_series_epoch_at(const struct hc_series *series, int64_t time_ms);

#endif
