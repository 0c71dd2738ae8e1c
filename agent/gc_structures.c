#include "gc_structures.h"

/* One byte a card of 512, one byte a block of 512 (CardTable, BlockOffsetTable); one bit a word of 8 bytes (a bitmap).
 */
#define TABLE(bytes) ((bytes) / 512)
#define BITMAP(bytes) ((bytes) / 64)

uint64_t gc_structures_bytes(const struct gc_structures_facts *f)
{
    uint64_t committed = f->heap_committed_bytes, resident = f->heap_resident_bytes;
    if (committed == HC_BYTES_UNKNOWN)
        return HC_BYTES_UNKNOWN;
    if (resident == HC_BYTES_UNKNOWN || resident > committed)
        resident = committed;
    switch (f->collector) {
    case HC_COLLECTOR_G1:
        /* JDK 20 dropped the second bitmap (JDK-8210708); after a marking the whole of a bitmap is cleared, and so
         * touched, as far as the heap is committed. Card counts (hot card cache) went in 20 as well. */
        return (f->marked ? (f->jdk >= 20 ? 1 : 2) * BITMAP(committed) : 0) + (f->jdk >= 20 ? 2 : 3) * TABLE(resident);
    case HC_COLLECTOR_PARALLEL:
        /* ParMarkBitMap: begin and end bits until JDK 23, touched by a full collection where something was live */
        return (f->marked ? (f->jdk >= 24 ? 1 : 2) * BITMAP(resident) : 0) + 2 * TABLE(resident);
    case HC_COLLECTOR_SERIAL:
        return 2 * TABLE(resident);
    case HC_COLLECTOR_CMS:
        return 2 * TABLE(resident) + (f->marked ? BITMAP(resident) : 0);
    case HC_COLLECTOR_SHENANDOAH:
        return f->marked ? BITMAP(resident) : 0;
    case HC_COLLECTOR_EPSILON:
        return 0;
    case HC_COLLECTOR_Z:
        /* live maps and forwarding tables are small or come from malloc; JDK 11 touches its first mark stacks at start
         */
        return f->jdk > 0 && f->jdk < 15 ? UINT64_C(32) << 20 : 0;
    case HC_COLLECTOR_UNKNOWN:
        break;
    }
    return HC_BYTES_UNKNOWN;
}
