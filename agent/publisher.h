/* What is written, where: the recommendation file, with Flink's own share of the heap worked out. */
#ifndef HEAPCAST_PUBLISHER_H
#define HEAPCAST_PUBLISHER_H

#include "args.h"

#include <heapcast/recommendation.h>
#include <heapcast/subject.h>

struct publisher {
    char path[ARGS_PATH_SIZE + 160];
    int failing; /* the last write failed: said once, not each time */
    int said;    /* the first number was announced */
};

void publisher_init(struct publisher *publisher, const char *dir, const char *name);

/* Completes and writes the recommendation. `missing` (may be NULL) becomes its first reason. */
void publisher_publish(struct publisher *publisher, struct hc_recommendation *recommendation,
                       const struct hc_subject *subject, const char *missing);

#endif
