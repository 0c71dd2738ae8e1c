/*
 * The rules by which others size memory, for comparison with the predictor: each on what it would have been shown, no
 * better and no worse. Written from their sources and papers (docs/backtest.md says which), and checked against the
 * peers' own code on the same traces.
 *
 * The operator polls heap in use, garbage and all. The others are made for any process; they are shown heap in use
 * after collections, which is the best that a JVM could tell them, since memory once touched stays with the process.
 *
 * State of bounded size. One thread an object.
 */
#ifndef HEAPCAST_PEER_RULES_H
#define HEAPCAST_PEER_RULES_H

#include <heapcast/error.h>
#include <heapcast/gc_sample.h>
#include <stdint.h>

enum hc_peer {
    HC_PEER_OPERATOR,      /* Flink's autoscaler: mean of heap in use over 15 minutes x 1.2 */
    HC_PEER_VPA,           /* Kubernetes' VPA: 90th percentile of daily peaks that decay by half a day, x 1.15 */
    HC_PEER_AUTOPILOT_MAX, /* Google's Autopilot, for who can't bear a shortage: maximum of 7 days x 1.1 */
    HC_PEER_AUTOPILOT_P98, /* its default: load-weighted 98th percentile with a half-life of 48 h, x 1.15 */
    HC_PEER_STATIC_MAX,    /* maximum ever x 1.2: what people do by hand */
    HC_PEERS
};

/* "operator", "vpa", …; static. */
const char *hc_peer_name(enum hc_peer peer);
/* 1 if there is one of this name. */
int hc_peer_parse(const char *name, enum hc_peer *out);

/* What a poll sees: they ask each whole minute. */
enum { HC_PEER_POLL_MS = 60000 };
struct hc_peer_look {
    int64_t time_ms;
    uint64_t used_bytes;  /* heap in use, garbage and all */
    uint64_t after_bytes; /* the most in use after a collection since the poll before */
};

struct hc_peer_rules;

/* HC_ENOMEM is the only failure. */
enum hc_status hc_peer_rules_new(struct hc_peer_rules **out, struct hc_error *err);
void hc_peer_rules_free(struct hc_peer_rules *rules); /* NULL is fine */

/* Looks in the order of time. */
void hc_peer_rules_look(struct hc_peer_rules *rules, const struct hc_peer_look *look);
/* Collections in the order of time: heap in use rises in a line from one to the next, and is looked at each minute. */
void hc_peer_rules_observe(struct hc_peer_rules *rules, const struct hc_gc_sample *sample);
/* Up to now, no collection came: heap in use goes on rising as before the last one. */
void hc_peer_rules_advance(struct hc_peer_rules *rules, int64_t now_ms);
/* Another JVM: what is in use is not known before its first collection. */
void hc_peer_rules_restart(struct hc_peer_rules *rules);

/* The rule's own number; 0: it has none yet. */
uint64_t hc_peer_rules_number(const struct hc_peer_rules *rules, enum hc_peer peer);

/* What any recommender here is given for nothing: a heap that collections are possible in. */
struct hc_peer_room {
    double usable_ratio;          /* share of the heap that a live set may fill */
    uint64_t gc_headroom_bytes;   /* free heap that keeps collections cheap; 0: not known */
    uint64_t heap_in_force_bytes; /* the answer is never more than that */
};
/*
 * The heap that follows. The operator's number is a heap. The others' is memory that must fit, so it gets the room that
 * our own live set gets: without that they'd fail on the cost of collecting alone, and nothing would be learned about
 * their forecast. 0: no number yet.
 */
uint64_t hc_peer_rules_heap(const struct hc_peer_rules *rules, enum hc_peer peer, const struct hc_peer_room *room);

#endif
