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
    char cause[RING_CAUSE]; /* empty: none is known */
};

struct pause_sum {
    struct pause waiting[PAUSES_WAITING]; /* oldest first */
    unsigned count;
    struct pause_total early;  /* what found no room any more; goes to whoever takes next */
    char cause[2][RING_CAUSE]; /* of the newest pause taken, major and minor */
};

void pause_sum_add(struct pause_sum *sum, const struct gc_record *record);
/*
 * Takes all pauses that began before the collection ended. It ran from `begin_ns` to `end_ns`, both give or take
 * `slack_ns`; around its end a pause with another cause is taken for the first of the next cycle, which may follow at
 * once (System.gc() waits for the cycle that runs).
 *
 * The collection's cause is that of its first pause: ZGC's minor cycles (`minor`) may run inside a major one, and while
 * they do, the JVM tells their cause in the major one's pauses, too.
 */
void pause_sum_take(struct pause_sum *sum, int64_t begin_ns, int64_t end_ns, int64_t slack_ns, int minor,
                    struct pause_total *out);
/* End of the oldest pause that waits; INT64_MAX: none. */
int64_t pause_sum_oldest_ns(const struct pause_sum *sum);

#endif
