/*
 * LD_PRELOAD: faults for libheapcast.so alone, told by the address that a call comes from. The JVM's own calls go
 * through untouched.
 *
 *   HEAPCAST_FAIL=N       the agent's Nth request for memory, a stream or a thread is refused
 *   HEAPCAST_FAIL=N-      that and all after it
 *   HEAPCAST_FAIL=%N      each Nth
 *   HEAPCAST_COUNT=FILE   at the end, how many requests there were
 *   HEAPCAST_CLOCK=FILE   seconds in FILE are added to the wall clock that the agent sees; may change at any time
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* glibc's own names: dlsym allocates, so malloc can't ask it. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static _Atomic uintptr_t first, last; /* of the agent's code */
static atomic_ulong requests;
static unsigned long nth;
static enum { NEVER, ONCE, FROM, EACH } how;
static const char *clock_file;

static int look_at(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    if (info->dlpi_name == NULL || strstr(info->dlpi_name, "libheapcast") == NULL)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
            atomic_store(&last, info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz);
            atomic_store(&first, info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        }
    return 1;
}

__attribute__((constructor)) static void read_environment(void)
{
    const char *fail = getenv("HEAPCAST_FAIL");
    clock_file = getenv("HEAPCAST_CLOCK");
    if (fail == NULL)
        return;
    nth = strtoul(fail + (fail[0] == '%'), NULL, 10);
    how = fail[0] == '%' ? EACH : fail[strlen(fail) - 1] == '-' ? FROM : ONCE;
}

__attribute__((destructor)) static void write_count(void)
{
    const char *path = getenv("HEAPCAST_COUNT");
    int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
    if (fd >= 0) {
        dprintf(fd, "%lu\n", atomic_load(&requests));
        close(fd);
    }
}

static int is_agent(const void *caller)
{
    static _Thread_local int looking;
    uintptr_t at = (uintptr_t)caller;
    if (atomic_load(&first) == 0 && !looking) {
        looking = 1;
        dl_iterate_phdr(look_at, NULL);
        looking = 0;
    }
    return at >= atomic_load(&first) && at < atomic_load(&last) && atomic_load(&first) != 0;
}

static int refuse(const void *caller, int why)
{
    if (!is_agent(caller))
        return 0;
    unsigned long n = atomic_fetch_add(&requests, 1) + 1;
    int refused = (how == ONCE && n == nth) || (how == FROM && n >= nth) || (how == EACH && n % nth == 0);
    if (refused)
        errno = why;
    return refused;
}
#define REFUSED(why) refuse(__builtin_return_address(0), why)

void *malloc(size_t size)
{
    return REFUSED(ENOMEM) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return REFUSED(ENOMEM) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return REFUSED(ENOMEM) ? NULL : __libc_realloc(old, size);
}

/* NEXT(name): what the library after this one calls so. */
#define NEXT(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

FILE *fopen(const char *path, const char *mode)
{
    return REFUSED(EMFILE) ? NULL : NEXT(fopen)(path, mode);
}

DIR *opendir(const char *path)
{
    return REFUSED(EMFILE) ? NULL : NEXT(opendir)(path);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    return REFUSED(EAGAIN) ? EAGAIN : NEXT(pthread_create)(thread, attributes, run, argument);
}

static long offset_s(void)
{
    char text[32] = "";
    int fd = clock_file != NULL ? open(clock_file, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    return n > 0 ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    const void *caller = __builtin_return_address(0);
    long failed = syscall(SYS_clock_gettime, clock, out);
    if (failed == 0 && clock == CLOCK_REALTIME && clock_file != NULL && is_agent(caller))
        out->tv_sec += offset_s();
    return (int)failed;
}
