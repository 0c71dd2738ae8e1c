/*
 * What one look over the whole heap saw: the live set at one moment, from a marking's own count or from what a full
 * collection left. Much rarer and much truer than a collection's used-after, which also holds the garbage of the old
 * generation. Made once, never changed, like a sample.
 */
#ifndef HEAPCAST_LIVE_VIEW_H
#define HEAPCAST_LIVE_VIEW_H

#include <heapcast/gc_sample.h>
#include <heapcast/recommendation.h>
#include <stdint.h>

enum hc_live_source {
    HC_LIVE_G1_MARKING = 1,         /* gc+liveness table of a concurrent cycle, eden left out */
    HC_LIVE_Z_MARKING = 2,          /* ZGC's "Live:" at mark end */
    HC_LIVE_SHENANDOAH_MARKING = 3, /* used less collectable at final mark */
    HC_LIVE_FULL_COLLECTION = 4     /* what a full collection left */
};

struct hc_live_view {
    int64_t time_ms;     /* wall clock of the moment that is described (G1: the Concurrent Start pause) */
    uint64_t live_bytes; /* the live set at that moment */
    uint64_t used_bytes; /* used after the pause at that moment, garbage of the old generation included; or unknown */
    uint64_t cpu_us;     /* what the look cost: CPU time of GC threads and ours; HC_BYTES_UNKNOWN: not measured */
    uint64_t pause_us;   /* stop-the-world time that it added; HC_BYTES_UNKNOWN: not measured */
    enum hc_live_source source;
    enum hc_evidence evidence; /* HC_EVIDENCE_EXACT, _MARKING or _ESTIMATE */
    uint32_t asked;            /* 1: heapcast asked for this cycle; 0: it came by itself and cost nothing more */
    uint32_t reserved;         /* keep 0: the struct lies in the history file */
};

#endif
