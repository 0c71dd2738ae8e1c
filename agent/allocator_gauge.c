#include "allocator_gauge.h"

#include <heapcast/gc_sample.h>

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static void *symbol(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

/* jemalloc first: where it is preloaded glibc's own functions are still there, and answer with zeros. */
void allocator_gauge_init(struct allocator_gauge *g)
{
    void *mallctl = symbol("mallctl"), *mallinfo2 = symbol("mallinfo2"), *malloc_info = symbol("malloc_info");
    *g = (struct allocator_gauge){.kind = mallctl != NULL       ? ALLOCATOR_JEMALLOC
                                          : mallinfo2 != NULL   ? ALLOCATOR_GLIBC
                                          : malloc_info != NULL ? ALLOCATOR_GLIBC_XML
                                                                : ALLOCATOR_UNKNOWN};
    /* ISO C has no cast from an object's to a function's address */
    memcpy(&g->mallctl, &mallctl, sizeof mallctl);
    memcpy(&g->mallinfo2, &mallinfo2, sizeof mallinfo2);
    memcpy(&g->malloc_info, &malloc_info, sizeof malloc_info);
}

/* jemalloc's statistics stand still until its epoch is moved. */
static int read_jemalloc(const struct allocator_gauge *g, struct allocator_use *out)
{
    uint64_t epoch = 1;
    size_t size = sizeof epoch, allocated, resident;
    if (g->mallctl("epoch", &epoch, &size, &epoch, sizeof epoch) != 0)
        return 0;
    size = sizeof allocated;
    if (g->mallctl("stats.allocated", &allocated, &size, NULL, 0) != 0)
        return 0;
    size = sizeof resident;
    if (g->mallctl("stats.resident", &resident, &size, NULL, 0) != 0)
        return 0;
    *out = (struct allocator_use){HC_BYTES_UNKNOWN, resident, allocated};
    return 1;
}

static int read_mallinfo2(const struct allocator_gauge *g, struct allocator_use *out)
{
    struct allocator_mallinfo info = g->mallinfo2();
    *out = (struct allocator_use){info.arena, info.arena + info.hblkhd, info.uordblks + info.hblkhd};
    return 1;
}

static int read_malloc_info(const struct allocator_gauge *g, struct allocator_use *out)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (f == NULL)
        return 0;
    int ok = g->malloc_info(0, f) == 0;
    ok = fclose(f) == 0 && ok && allocator_parse_info(text, out);
    free(text);
    return ok;
}

/* The size of the last element with this type: those before belong to single arenas. */
static int last_size(const char *xml, const char *element, uint64_t *out_bytes)
{
    const char *found = NULL;
    for (const char *at = strstr(xml, element); at != NULL; at = strstr(at + 1, element))
        found = at;
    const char *size = found != NULL ? strstr(found, "size=\"") : NULL;
    if (size == NULL)
        return 0;
    *out_bytes = strtoull(size + 6, NULL, 10);
    return 1;
}

int allocator_parse_info(const char *xml, struct allocator_use *out)
{
    uint64_t fast, rest, mapped = 0, arenas;
    if (strncmp(xml, "<malloc version=\"1\">", 20) != 0 || !last_size(xml, "<total type=\"fast\"", &fast) ||
        !last_size(xml, "<total type=\"rest\"", &rest) || !last_size(xml, "<system type=\"current\"", &arenas) ||
        fast + rest > arenas)
        return 0;
    (void)last_size(xml, "<total type=\"mmap\"", &mapped); /* from glibc 2.19 on */
    *out = (struct allocator_use){arenas, arenas + mapped, arenas - fast - rest + mapped};
    return 1;
}

void allocator_gauge_read(const struct allocator_gauge *g, struct allocator_use *out)
{
    int known = 0;
    if (g->kind == ALLOCATOR_JEMALLOC)
        known = read_jemalloc(g, out);
    else if (g->kind == ALLOCATOR_GLIBC)
        known = read_mallinfo2(g, out);
    else if (g->kind == ALLOCATOR_GLIBC_XML)
        known = read_malloc_info(g, out);
    /* A JVM that lives has megabytes from malloc: next to nothing means that another allocator took glibc's place. */
    if (!known || out->used_bytes < UINT64_C(1) << 20)
        *out = (struct allocator_use){HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN};
}
