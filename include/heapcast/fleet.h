/*
 * Several TaskManagers that share one configuration: each part of it must do for the one that needs most of it. The
 * worst of every part, and whose it was.
 */
#ifndef HEAPCAST_FLEET_H
#define HEAPCAST_FLEET_H

#include <heapcast/error.h>
#include <heapcast/recommendation.h>
#include <heapcast/subject.h>

enum hc_fleet_part {
    HC_FLEET_HEAP,
    HC_FLEET_METASPACE,
    HC_FLEET_DIRECT,
    HC_FLEET_OVERHEAD,
    HC_FLEET_SUM,
    HC_FLEET_PARTS
};

struct hc_fleet {
    unsigned count;   /* that took part */
    unsigned ignored; /* that have too little data */
    char ignored_name[128];
    struct hc_recommendation worst;
    struct hc_subject subject; /* the first one's */
    struct {
        uint64_t bytes; /* HC_BYTES_UNKNOWN: no one tells */
        char name[128];
    } decided[HC_FLEET_PARTS];
};

void hc_fleet_init(struct hc_fleet *fleet);
/* One that has too little data is counted and otherwise left out, unless all have. */
void hc_fleet_add(struct hc_fleet *fleet, const struct hc_recommendation *recommendation,
                  const struct hc_subject *subject);
/* "heap", "metaspace"; static. */
const char *hc_fleet_part_name(enum hc_fleet_part part);

#endif
