#include "mappings.h"

#include <heapcast/memory_sample.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

/* HEAP_MAX_SIZE of glibc's malloc/arena.c: an arena's heap lies at a multiple of it, reserved whole, mapped bit by bit.
 */
#define ARENA_BYTES (64 * MIB)
/* A stack follows its guard: glibc's page, or HotSpot's yellow, red and reserved zones (some 80 KiB at most). */
#define GUARD_MAX_BYTES (128 * 1024)
#define STACK_MAX_BYTES (16 * MIB)
/* Enough to know what a stack takes; a process with ten thousand threads is not asked ten thousand times. */
enum { STACKS_MAX = 512 };
/* No library's data is larger; the JDK's image of modules is, and is never written to. */
#define FILE_MAX_BYTES (96 * MIB)

enum { LINE = 1024, PAGES = 8192 };

struct mapping {
    uintptr_t start, end;
    char permissions[5];
    unsigned long long inode;
    const char *name; /* "" for anonymous memory */
};

static int parse_line(char *line, struct mapping *out)
{
    char *at = line;
    line[strcspn(line, "\n")] = '\0';
    out->start = (uintptr_t)strtoull(at, &at, 16);
    if (*at != '-')
        return 0;
    out->end = (uintptr_t)strtoull(at + 1, &at, 16);
    if (*at != ' ' || strlen(at) < 6 || out->end <= out->start)
        return 0;
    memcpy(out->permissions, at + 1, 4);
    out->permissions[4] = '\0';
    (void)strtoull(at + 5, &at, 16);                   /* offset */
    if ((at = strchr(at + (*at == ' '), ' ')) == NULL) /* device */
        return 0;
    out->inode = strtoull(at, &at, 10);
    out->name = at + strspn(at, " ");
    return 1;
}

static uint64_t length(const struct mapping *m)
{
    return m->end - m->start;
}

static int is_anonymous(const struct mapping *m)
{
    return m->inode == 0 && (m->name[0] == '\0' || strncmp(m->name, "[anon:", 6) == 0);
}

static int is(const struct mapping *m, const char *permissions)
{
    return strcmp(m->permissions, permissions) == 0;
}

/* ---- what a mapping is ---- */

static void see_consumer(const struct mapping *m, struct mappings *out)
{
    if (strstr(m->name, "rocksdbjni") != NULL)
        out->consumers |= HC_CONSUMER_ROCKSDB;
    else if (strstr(m->name, "forstjni") != NULL)
        out->consumers |= HC_CONSUMER_FORST;
}

static void add_arena(uintptr_t start, uint64_t bytes, const struct mappings_pages *pages, struct mappings *out)
{
    out->arena_bytes += bytes;
    out->arena_resident += pages->present(start, bytes);
}

/* A piece of a reserved arena, or one that is mapped to its end. Its neighbours may have merged with it. */
static int is_arena(const struct mapping *m, const struct mapping *next)
{
    if (!is(m, "rw-p") || !is_anonymous(m) || m->start % ARENA_BYTES != 0)
        return 0;
    return length(m) == ARENA_BYTES || (length(m) < ARENA_BYTES && is(next, "---p") && next->start == m->end &&
                                        next->end == m->start + ARENA_BYTES);
}

static int is_stack(const struct mapping *before, const struct mapping *m)
{
    return is(m, "rw-p") && is_anonymous(m) && length(m) <= STACK_MAX_BYTES && is(before, "---p") &&
           before->end == m->start && length(before) <= GUARD_MAX_BYTES;
}

static void see(const struct mapping *before, const struct mapping *m, const struct mapping *next,
                const struct mappings_pages *pages, struct mappings *out)
{
    if (m->inode != 0) {
        if (m->permissions[3] == 'p' && length(m) <= FILE_MAX_BYTES)
            out->file_private += pages->private(m->start, length(m));
    } else if (strcmp(m->name, "[heap]") == 0 || is_arena(m, next)) {
        add_arena(m->start, length(m), pages, out);
    } else if (is_stack(before, m) && out->stacks < STACKS_MAX) {
        out->stacks++;
        out->stack_bytes += pages->present(m->start, length(m));
    }
}

void mappings_parse(FILE *maps, uintptr_t heap_start, size_t heap_bytes, const struct mappings_pages *pages,
                    struct mappings *out)
{
    struct mapping window[3] = {{.name = ""}, {.name = ""}, {.name = ""}}; /* the one before, this one, the next */
    char lines[3][LINE];
    *out = (struct mappings){.consumers = 0};
    unsigned line = 0, more = 1; /* the names of the window stay in the lines they were read into */
    while (more || window[1].end != 0) {
        struct mapping next = {.name = ""};
        more = more && fgets(lines[line], LINE, maps) != NULL;
        if (more && (!parse_line(lines[line], &next) || next.start - heap_start < heap_bytes))
            continue; /* the heap's pages are counted elsewhere; JDK 17 maps archived objects of a file there */
        line = (line + 1) % 3;
        if (more)
            see_consumer(&next, out);
        if (window[1].end != 0)
            see(&window[0], &window[1], &next, pages, out);
        window[0] = window[1];
        window[1] = next;
    }
}

/* ---- pages of this process ---- */

uint64_t mappings_present(uintptr_t start, size_t bytes)
{
    static unsigned char present[PAGES]; /* only the recorder comes here */
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint64_t count = 0;
    for (size_t at = 0; at < bytes; at += PAGES * page) {
        size_t part = bytes - at < PAGES * page ? bytes - at : PAGES * page;
        /* ENOMEM: a part that is reserved but not mapped; nothing resident there */
        if (mincore((void *)(start + at), part, present) != 0)
            continue;
        for (size_t i = 0; i < (part + page - 1) / page; i++)
            count += present[i] & 1;
    }
    return count * page;
}

/* pagemap: bit 63 in memory, bit 61 a file's own page. Without privileges the frame numbers are hidden, not the bits.
 */
static uint64_t private_pages(uintptr_t start, size_t bytes)
{
    enum { WORDS = 1024 };
    static uint64_t words[WORDS]; /* only the recorder comes here */
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = bytes / page, done = 0;
    uint64_t count = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && done < pages) {
        size_t want = pages - done < WORDS ? pages - done : WORDS;
        ssize_t n = pread(fd, words, want * sizeof words[0], (off_t)((start / page + done) * sizeof words[0]));
        if (n < (ssize_t)sizeof words[0])
            break;
        for (size_t i = 0; i < (size_t)n / sizeof words[0]; i++)
            count += (words[i] >> 63) != 0 && ((words[i] >> 61) & 1) == 0;
        done += (size_t)n / sizeof words[0];
    }
    if (fd >= 0)
        close(fd);
    return count * page;
}

int mappings_read(uintptr_t heap_start, size_t heap_bytes, struct mappings *out)
{
    static const struct mappings_pages ours = {mappings_present, private_pages};
    FILE *f = fopen("/proc/self/maps", "re");
    if (f == NULL)
        return 0;
    mappings_parse(f, heap_start, heap_bytes, &ours, out);
    fclose(f);
    return 1;
}
