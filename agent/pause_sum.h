/*
 * Stop-the-world pauses that wait for the collection they belong to. A concurrent cycle makes several short ones, and
 * what it freed is known some milliseconds after its end only; by then a pause of the next cycle may have come.
 */
#ifndef HEAPCAST_PAUSE_SUM_H
#define HEAPCAST_PAUSE_SUM_H

#include "ring.h"

#include <stdint.h>

enum { PAUSES_WAITING = 16 };

struct pause {
    int64_t end_ns, duration_ns;
    int minor; /* generational ZGC: of a minor cycle, by the counter that it moved */
    char cause[RING_CAUSE];
};

/* What a collection takes. */
struct pause_total {
    int64_t sum_ns, longest_ns;
    char cause[RING_CAUSE]; /* of the newest pause; empty: none */
};

struct pause_sum {
    struct pause waiting[PAUSES_WAITING]; /* oldest first */
    unsigned count;
    struct pause_total early; /* what found no room any more; goes to whoever takes next */
    char minor_cause[RING_CAUSE], major_cause[RING_CAUSE];
};

void pause_sum_add(struct pause_sum *sum, const struct gc_record *record);
/*
 * Takes all pauses that began before the collection ended, at `end_ns` give or take `slack_ns`: inside that range one
 * with another cause than those before it is taken for the first of the next cycle, which may follow at once
 * (System.gc() waits for the cycle that runs). The cause is that of the newest pause of the same sort (`minor`: of a
 * minor cycle), for minor cycles may run inside a major one; if it was taken already, it is remembered.
 */
void pause_sum_take(struct pause_sum *sum, int64_t end_ns, int64_t slack_ns, int minor, struct pause_total *out);
/* End of the oldest pause that waits; INT64_MAX: none. */
int64_t pause_sum_oldest_ns(const struct pause_sum *sum);

#endif
