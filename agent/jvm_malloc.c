#include "jvm_malloc.h"

#include <heapcast/gc_sample.h>

/* Symbols, method data, constant pools' caches: measured on TaskManagers of Flink 1.20 and 2.3, see docs/off-heap.md.
 */
#define BYTES_PER_CLASS 2560
/* What is there without any class. Taken where no look came before the first task (late attach), or in a JVM that has
 * no tasks. */
#define USUAL_BASE_BYTES (UINT64_C(10) << 20)
/* In the first second nothing of it is built up yet. */
#define SETTLED_CLASSES 2000

uint64_t jvm_malloc_look(struct jvm_malloc *own, const struct jvm_malloc_facts *f)
{
    if (f->used_bytes == HC_BYTES_UNKNOWN || f->direct_bytes == HC_BYTES_UNKNOWN)
        return HC_BYTES_UNKNOWN;
    uint64_t beside = f->used_bytes > f->direct_bytes ? f->used_bytes - f->direct_bytes : 0;
    uint64_t of_classes = (uint64_t)f->classes * BYTES_PER_CLASS, base = beside > of_classes ? beside - of_classes : 0;
    if (f->job == JVM_MALLOC_NO_JOB_YET) {
        /* 0: a direct buffer is booked before malloc gives it out, so it may be counted and not be there yet */
        if (base > 0 && f->classes >= SETTLED_CLASSES && (!own->known || base < own->base_bytes)) {
            own->base_bytes = base;
            own->known = 1;
        }
        return beside;
    }
    uint64_t bytes = (own->known ? own->base_bytes : USUAL_BASE_BYTES) + of_classes;
    return bytes < beside ? bytes : beside;
}
