/*
 * When to look at the whole heap, and when to leave it alone: pure bookkeeping over times, costs and results.
 *
 * `auto` spends at most PROBE_SHARE_PPM of one core on average, measured on the probes themselves: credit grows with
 * time, a probe is paid from it, and the next one waits until there is credit for one of the same cost. The credit of
 * the first quarter of an hour is there from the start: a program that has just begun changes most, and the first
 * number rests on what is seen then. So the distance is half of the program's age, up to half an hour; less while
 * successive looks differ. Its phase is random: windows and timers of the program have periods of their own.
 *
 * Times are milliseconds of any one clock that never goes back.
 */
#ifndef HEAPCAST_PROBE_PACE_H
#define HEAPCAST_PROBE_PACE_H

#include <stdint.h>

enum {
    PROBE_SHARE_PPM = 2000,            /* 0.2 % of one core */
    PROBE_ADVANCE_MS = 15 * 60 * 1000, /* the credit of so long is there from the start */
    PROBE_DISTANCE_MIN_MS = 12 * 1000,
    PROBE_PERIOD_MIN_MS = 60 * 1000, /* while they differ */
    PROBE_PERIOD_MAX_MS = 30 * 60 * 1000,
    PROBE_GROWN_MS = 30 * 1000, /* at the earliest after the last one where the pauses say that the heap grew */
    PROBE_CREDIT_MAX_MS = 60 * 60 * 1000 /* credit for more time than this is not kept */
};

struct probe_pace {
    int64_t fixed_ms; /* the user's period; 0: auto */
    int64_t begun_ms;
    int64_t next_ms;   /* wanted then, credit or not */
    int64_t period_ms; /* of auto: the most, by how well the looks agree */
    int64_t last_ms, credit_at_ms;
    double credit_us;
    uint64_t cost_us; /* what the next one will cost, by the dearer of the last two; 0: none yet */
    uint64_t last_cost_us, last_live_bytes;
    uint64_t probes;   /* asked for and done */
    unsigned failures; /* in a row */
    uint64_t random;
};

/* `fixed_ms` 0: auto, the first one in the first third of the warm-up. `seed` makes the phase random. */
void probe_pace_init(struct probe_pace *pace, int64_t fixed_ms, int64_t warmup_ms, int64_t now_ms, uint64_t seed);

/* When the next probe may be made. */
int64_t probe_pace_due_ms(const struct probe_pace *pace);

/* A probe was made: it cost so much and saw so much. */
void probe_pace_done(struct probe_pace *pace, int64_t now_ms, uint64_t cost_us, uint64_t live_bytes);
/* A probe brought nothing; its cost counts all the same. */
void probe_pace_failed(struct probe_pace *pace, int64_t now_ms, uint64_t cost_us);
/* A cycle that came by itself told the same for nothing. */
void probe_pace_seen(struct probe_pace *pace, int64_t now_ms, uint64_t live_bytes);
/* The pauses say that the live set has grown since the last probe. */
void probe_pace_grown(struct probe_pace *pace, int64_t now_ms);

#endif
