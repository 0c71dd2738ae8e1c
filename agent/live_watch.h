/*
 * What the recorder sees of the live set between looks over the whole heap: whether it has grown, whether mixed
 * collections are at work, how much time collections take, and what full collections leave, which are looks over the
 * whole heap of their own. The recorder feeds it with samples; the probe on the Java thread reads the atomics.
 */
#ifndef HEAPCAST_LIVE_WATCH_H
#define HEAPCAST_LIVE_WATCH_H

#include "live_ring.h"

#include <heapcast/dead_wood.h>
#include <heapcast/live_view.h>

#include <stdatomic.h>
#include <stdint.h>

enum { LIVE_WATCH_SEEN = 64 };

struct live_watch {
    /* for the Java thread; each independent of the others, read relaxed */
    _Atomic uint64_t pause_us;       /* all pauses so far */
    _Atomic int64_t mixed_until_ms;  /* wall clock: until then mixed collections are to be expected */
    atomic_int grown;                /* 1: the live set has grown since the last view; the reader sets it back */
    _Atomic uint64_t used_bytes;     /* after the newest collection; 0: none yet */
    _Atomic uint64_t old_bytes;      /* the old generation's part of it */
    _Atomic int64_t full_ms;         /* wall clock of the newest full collection; 0: none yet */
    _Atomic uint64_t full_old_bytes; /* what it left in the old generation */

    /* the recorder's own */
    enum hc_collector collector;
    int java; /* 17 */
    uint64_t heap_bytes;
    struct {
        int64_t end_ms;
        uint64_t used_bytes;
    } seen[LIVE_WATCH_SEEN]; /* young collections, to find the one that a view describes */
    unsigned seen_count;
    uint64_t live_bytes, garbage_bytes; /* at the last view */
    unsigned above;                     /* pauses in a row that say it has grown */
    int window;                         /* sampler's mixed window was open */
    unsigned young_in_window;
    struct hc_dead_wood wood;
};

/* `fulls`: full collections that there were already (the JVM's own counter). */
void live_watch_init(struct live_watch *watch, enum hc_collector collector, int java, uint64_t heap_bytes,
                     uint64_t fulls);

/*
 * A sample, in the order in which they come. `mixed_window` is the sampler's. 1: it was a full collection that left
 * dead objects behind, and *out is what it tells of the live set; where it left none, its used-after tells.
 */
int live_watch_sample(struct live_watch *watch, const struct hc_gc_sample *sample, int mixed_window,
                      struct hc_live_view *out);

/*
 * A report of the probe becomes a view, which is what growth is measured by from now on.
 *
 * G1's table was printed when marking ended. What was allocated since it began and survived a young collection counts
 * in it; but no garbage of the old generation went meanwhile, so the survivors are what used-after has grown by:
 *     live then = the table's figure - (used after the last young collection of the marking - used after its start)
 * Both are known to the byte from our own callbacks. Without a young collection in between nothing has to come off.
 */
void live_watch_view(struct live_watch *watch, const struct live_report *report, struct hc_live_view *out);

#endif
