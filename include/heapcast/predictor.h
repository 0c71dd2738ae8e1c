/*
 * Samples in, recommendation out. The very code that runs in the JVM also runs behind `heapcast predict`, replay and
 * back-test.
 *
 * The whole state that must survive lies in one flat block that the caller owns: ordinary memory, of which a
 * history keeps a copy. It holds a ring of raw samples, a ring of hourly aggregates, epochs (one for each JVM start),
 * looks outside the heap and events; every slot carries its own checksum, so what is written survives kill -9 and a
 * torn slot is dropped and counted. See predictor/series.h.
 *
 * One thread per object. After hc_predictor_new nothing allocates; observe is O(1), predict is bounded. The same input
 * gives the same output on any machine: no clock, no locale, no randomness.
 */
#ifndef HEAPCAST_PREDICTOR_H
#define HEAPCAST_PREDICTOR_H

#include <heapcast/error.h>
#include <heapcast/gc_sample.h>
#include <heapcast/live_view.h>
#include <heapcast/memory_sample.h>
#include <heapcast/policy.h>
#include <heapcast/recommendation.h>
#include <stddef.h>
#include <stdint.h>

struct hc_predictor;

/* The start of a JVM. */
struct hc_epoch {
    int64_t start_ms; /* wall clock */
    int64_t pid;
    uint64_t heap_max_bytes; /* the JVM's own limit (-Xmx after its rounding) */
    enum hc_collector collector;
    uint32_t clean_end;             /* 1 once hc_predictor_end was called: the run ended with a last word */
    uint64_t java;                  /* feature release of the JDK (17; 1 for "1.8"); 0: not known */
    uint64_t metaspace_limit_bytes; /* -XX:MaxMetaspaceSize; 0: not known, or none */
    uint64_t oom_kills; /* processes that the kernel had killed in this container for want of memory, as last seen;
                           HC_BYTES_UNKNOWN: not known */
};

/* Version of the block's layout; a history of another version is set aside. */
#define HC_SERIES_VERSION 6u

/* Bytes that hc_predictor_new needs; constant, at most 1 MiB. */
size_t hc_predictor_size(void);

/*
 * Opens the block. A block of zeros is a new, empty series. Otherwise header and slots are checked; bad slots are
 * dropped and counted, and the derived state is rebuilt from the good ones. HC_EPARSE: not a series of this version
 * (the block is left as it was). `memory` is borrowed until hc_predictor_free and must be 8-byte aligned.
 */
enum hc_status hc_predictor_new(void *memory, size_t size, const struct hc_policy *policy, struct hc_predictor **out,
                                struct hc_error *err);
void hc_predictor_free(struct hc_predictor *predictor); /* NULL is fine; the block stays */

/* A JVM starts: a new epoch. If the one before never ended cleanly an event HC_EVENT_UNCLEAN_END is noted, and
 * HC_EVENT_CONTAINER_OUT_OF_MEMORY if the container's count of killed processes has grown meanwhile. */
enum hc_status hc_predictor_start(struct hc_predictor *predictor, const struct hc_epoch *epoch);
/* The JVM ends in good order. */
void hc_predictor_end(struct hc_predictor *predictor, int64_t now_ms);

/* What the container counts now; that it grew under the running JVM (a child was killed) is an event, too. */
void hc_predictor_observe_oom_kills(struct hc_predictor *predictor, int64_t now_ms, uint64_t oom_kills);

/* HC_EINVAL: the sample contradicts itself (used above max, time before 1970); it is counted as dropped. */
enum hc_status hc_predictor_observe(struct hc_predictor *predictor, const struct hc_gc_sample *sample);
/* A look over the whole heap; HC_EINVAL: it contradicts itself (more live than used or than the heap holds). */
enum hc_status hc_predictor_observe_live(struct hc_predictor *predictor, const struct hc_live_view *view);
enum hc_status hc_predictor_observe_memory(struct hc_predictor *predictor, const struct hc_memory_sample *sample);
enum hc_status hc_predictor_observe_event(struct hc_predictor *predictor, const struct hc_event *event);
/* Samples that never reached the predictor (a full ring). */
void hc_predictor_count_dropped(struct hc_predictor *predictor, uint64_t samples);

/*
 * Where the block changed since the last call, for a caller who keeps a copy of it: spans of whole pages of 4 KiB (the
 * block's last one may be shorter), in the order in which they must reach the copy, so that a copy that is cut off in
 * between can be opened. each() returns 1, or 0 to end: this span and those after it stay changed. 0 then, else 1.
 */
typedef int hc_change_fn(void *context, size_t offset_bytes, size_t bytes);
int hc_predictor_each_change(struct hc_predictor *predictor, hc_change_fn *each, void *context);

/*
 * The recommendation at now_ms. Always fills *out; verdict insufficient_data says in its reasons what is missing.
 * task_heap_bytes is left unknown: only the caller knows Flink's split.
 */
enum hc_status hc_predictor_predict(struct hc_predictor *predictor, int64_t now_ms, struct hc_recommendation *out);

/* Walks the raw samples that the ring still holds, oldest first. */
typedef void hc_gc_sample_fn(void *context, const struct hc_gc_sample *sample);
void hc_predictor_each_sample(const struct hc_predictor *predictor, hc_gc_sample_fn *each, void *context);
/* Walks the views that the block still holds, oldest first. */
typedef void hc_live_view_fn(void *context, const struct hc_live_view *view);
void hc_predictor_each_view(const struct hc_predictor *predictor, hc_live_view_fn *each, void *context);
typedef void hc_epoch_fn(void *context, const struct hc_epoch *epoch);
void hc_predictor_each_epoch(const struct hc_predictor *predictor, hc_epoch_fn *each, void *context);

#endif
