#include "vm_structs.h"

#include <dlfcn.h>
#include <string.h>

/* Where libjvm's symbols are looked up. */
static void *libjvm = RTLD_DEFAULT;

void vm_structs_init(JavaVM *vm)
{
    Dl_info where;
    void *function;
    memcpy(&function, &(*vm)->GetEnv, sizeof function);
    if (dlsym(RTLD_DEFAULT, "gHotSpotVMStructs") != NULL || dladdr(function, &where) == 0)
        return;
    void *handle = dlopen(where.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (handle != NULL)
        libjvm = handle;
}

/* One row, found through the offsets that libjvm exports beside the table. */
struct entry {
    uint64_t offset;     /* of a non-static field in its object */
    const void *address; /* of a static field */
};

static uint64_t exported(const char *name)
{
    const uint64_t *value = dlsym(libjvm, name);
    return value != NULL ? *value : UINT64_MAX;
}

static int find(const char *type, const char *field, struct entry *out)
{
    const char *const *table = dlsym(libjvm, "gHotSpotVMStructs");
    uint64_t type_at = exported("gHotSpotVMStructEntryTypeNameOffset"),
             field_at = exported("gHotSpotVMStructEntryFieldNameOffset"),
             offset_at = exported("gHotSpotVMStructEntryOffsetOffset"),
             address_at = exported("gHotSpotVMStructEntryAddressOffset"),
             stride = exported("gHotSpotVMStructEntryArrayStride");
    if (table == NULL || *table == NULL || stride > 4096 || type_at > stride || field_at > stride ||
        offset_at > stride || address_at > stride)
        return 0;
    for (const char *row = *table;; row += stride) {
        const char *row_type, *row_field;
        memcpy(&row_type, row + type_at, sizeof row_type);
        memcpy(&row_field, row + field_at, sizeof row_field);
        if (row_type == NULL)
            return 0;
        if (strcmp(row_type, type) == 0 && row_field != NULL && strcmp(row_field, field) == 0) {
            memcpy(&out->offset, row + offset_at, sizeof out->offset);
            memcpy(&out->address, row + address_at, sizeof out->address);
            return 1;
        }
    }
}

const unsigned char *vm_perf_memory(void)
{
    struct entry start;
    const unsigned char *memory = NULL;
    if (find("PerfMemory", "_start", &start) && start.address != NULL)
        memcpy(&memory, start.address, sizeof memory);
    return memory;
}

int vm_heap_range(uintptr_t *out_start, size_t *out_bytes)
{
    struct entry heap, reserved, start, words;
    const char *collected_heap = NULL;
    uintptr_t address;
    size_t word_count;
    if (!find("Universe", "_collectedHeap", &heap) || !find("CollectedHeap", "_reserved", &reserved) ||
        !find("MemRegion", "_start", &start) || !find("MemRegion", "_word_size", &words) || heap.address == NULL)
        return 0;
    memcpy(&collected_heap, heap.address, sizeof collected_heap);
    if (collected_heap == NULL)
        return 0;
    memcpy(&address, collected_heap + reserved.offset + start.offset, sizeof address);
    memcpy(&word_count, collected_heap + reserved.offset + words.offset, sizeof word_count);
    if (address == 0 || address % 4096 != 0 || word_count == 0 || word_count > (SIZE_MAX >> 3) / 2)
        return 0;
    *out_start = address;
    *out_bytes = word_count * sizeof(void *);
    return 1;
}

int vm_code_range(uintptr_t *out_start, size_t *out_bytes)
{
    struct entry low, high;
    uintptr_t start, end;
    if (!find("CodeCache", "_low_bound", &low) || !find("CodeCache", "_high_bound", &high) || low.address == NULL ||
        high.address == NULL)
        return 0;
    memcpy(&start, low.address, sizeof start);
    memcpy(&end, high.address, sizeof end);
    if (start == 0 || start % 4096 != 0 || end <= start || end - start > (size_t)4 << 30)
        return 0;
    *out_start = start;
    *out_bytes = end - start;
    return 1;
}

/* ---- flags ---- */

static size_t size_of(const char *type)
{
    const char *const *table = dlsym(libjvm, "gHotSpotVMTypes");
    uint64_t name_at = exported("gHotSpotVMTypeEntryTypeNameOffset"),
             size_at = exported("gHotSpotVMTypeEntrySizeOffset"), stride = exported("gHotSpotVMTypeEntryArrayStride");
    if (table == NULL || *table == NULL || stride > 4096 || name_at > stride || size_at > stride)
        return 0;
    for (const char *row = *table;; row += stride) {
        const char *name;
        uint64_t size;
        memcpy(&name, row + name_at, sizeof name);
        if (name == NULL)
            return 0;
        memcpy(&size, row + size_at, sizeof size);
        if (strcmp(name, type) == 0)
            return size <= 4096 ? (size_t)size : 0;
    }
}

/* Where the flag's value lies; NULL: this JVM has no such flag. */
static const void *flag_value(const char *name)
{
    struct entry flags, count, name_field, address_field;
    const char *flag = NULL;
    size_t size = size_of("JVMFlag"), flag_count = 0;
    if (size < 2 * sizeof(void *) || !find("JVMFlag", "flags", &flags) || !find("JVMFlag", "numFlags", &count) ||
        !find("JVMFlag", "_name", &name_field) || !find("JVMFlag", "_addr", &address_field) || flags.address == NULL ||
        count.address == NULL || name_field.offset > size - sizeof(void *) ||
        address_field.offset > size - sizeof(void *))
        return NULL;
    memcpy(&flag, flags.address, sizeof flag);
    memcpy(&flag_count, count.address, sizeof flag_count);
    for (size_t i = 0; flag != NULL && i < flag_count; i++, flag += size) {
        const char *flag_name;
        const void *value;
        memcpy(&flag_name, flag + name_field.offset, sizeof flag_name);
        memcpy(&value, flag + address_field.offset, sizeof value);
        if (flag_name != NULL && strcmp(flag_name, name) == 0)
            return value;
    }
    return NULL;
}

static int flag_on(const char *name)
{
    const volatile char *value = flag_value(name); /* a C++ bool */
    return value != NULL && *value != 0;
}

enum hc_collector vm_collector(void)
{
    static const struct {
        const char *flag;
        enum hc_collector collector;
    } known[] = {
        {"UseG1GC", HC_COLLECTOR_G1},
        {"UseParallelGC", HC_COLLECTOR_PARALLEL},
        {"UseParallelOldGC", HC_COLLECTOR_PARALLEL}, /* JDK 11, alone */
        {"UseSerialGC", HC_COLLECTOR_SERIAL},
        {"UseZGC", HC_COLLECTOR_Z},
        {"UseShenandoahGC", HC_COLLECTOR_SHENANDOAH},
        {"UseConcMarkSweepGC", HC_COLLECTOR_CMS},
        {"UseEpsilonGC", HC_COLLECTOR_EPSILON},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (flag_on(known[i].flag))
            return known[i].collector;
    return HC_COLLECTOR_UNKNOWN;
}

uint64_t vm_max_heap_bytes(void)
{
    size_t bytes = 0;
    const void *value = flag_value("MaxHeapSize");
    if (value != NULL)
        memcpy(&bytes, value, sizeof bytes);
    return bytes > 0 ? bytes : HC_BYTES_UNKNOWN;
}

int vm_has_generations(void)
{
    const char *mode = NULL;
    const void *value = flag_value("ShenandoahGCMode");
    if (flag_on("UseShenandoahGC") && value != NULL) {
        memcpy(&mode, value, sizeof mode);
        return mode != NULL && strcmp(mode, "generational") == 0;
    }
    /* JDK 24 has dropped the choice, and ZGC without generations; tenuring came with them in JDK 21. */
    return flag_on("UseZGC") &&
           (flag_value("ZGenerational") != NULL ? flag_on("ZGenerational") : flag_value("ZTenuringThreshold") != NULL);
}
