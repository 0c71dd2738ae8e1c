/*
 * Several JVMs that share one configuration: each part of it must do for the one that needs most of it. The worst of
 * every part, and whose it was.
 *
 * Counts and histograms are added up, sizes and shares are the largest, times reach from the first to the last. All of
 * that is exact in whole numbers, so it does not matter in which order members come or how they are grouped: joining is
 * associative and commutative, to the bit.
 */
#ifndef HEAPCAST_FLEET_H
#define HEAPCAST_FLEET_H

#include <heapcast/error.h>
#include <heapcast/recommendation.h>
#include <heapcast/subject.h>
#include <stddef.h>

enum hc_fleet_part {
    HC_FLEET_HEAP,
    HC_FLEET_METASPACE,
    HC_FLEET_DIRECT,
    HC_FLEET_OVERHEAD,
    HC_FLEET_SUM,
    HC_FLEET_PARTS
};

struct hc_fleet {
    unsigned count;         /* that took part */
    unsigned ignored;       /* that have too little data */
    char ignored_name[128]; /* the first of them by name */
    struct hc_recommendation worst;
    struct hc_subject subject; /* of the one that needs the largest heap; collector and JDK unknown where they differ */
    struct {
        uint64_t bytes; /* HC_BYTES_UNKNOWN: no one tells */
        char name[128];
    } decided[HC_FLEET_PARTS];
    uint64_t current_total_bytes;       /* heaps in force, of those with too little data as well */
    int64_t slack_micros, extra_micros; /* sums over all back-tested decisions, in millionths */
};

void hc_fleet_init(struct hc_fleet *fleet);
/* One that has too little data is counted and otherwise left out, unless all have. */
void hc_fleet_add(struct hc_fleet *fleet, const struct hc_recommendation *recommendation,
                  const struct hc_subject *subject);
/* The members of `other`, too. */
void hc_fleet_join(struct hc_fleet *fleet, const struct hc_fleet *other);
/* "heap", "metaspace"; static. */
const char *hc_fleet_part_name(enum hc_fleet_part part);

struct hc_fleet_member {
    const struct hc_recommendation *recommendation; /* borrowed */
    const struct hc_subject *subject;
};
/*
 * The recommendation for all of them, with who is unlike the others in out->fleet and in the first reason;
 * `out_subject` bears the name of the group. HC_EINVAL: no member.
 */
enum hc_status hc_fleet_merge(const struct hc_fleet_member *members, size_t count, const char *name,
                              struct hc_recommendation *out, struct hc_subject *out_subject, struct hc_error *err);

#endif
