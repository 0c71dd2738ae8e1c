#include "probe_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CHUNK = 16384 };

/* By number: the function came to glibc in 2.27, the system call to Linux in 3.17. */
static int memory_file(void)
{
#ifdef SYS_memfd_create
    return (int)syscall(SYS_memfd_create, "heapcast-probe", 1u /* MFD_CLOEXEC */);
#else
    return -1;
#endif
}

int probe_log_open(struct probe_log *log, const char *dir)
{
    memset(log, 0, sizeof *log);
    log->fd = memory_file();
    snprintf(log->path, sizeof log->path, "/proc/self/fd/%d", log->fd);
    if (log->fd >= 0 && access(log->path, W_OK) == 0)
        return 0;
    if (log->fd >= 0)
        close(log->fd);
    snprintf(log->path, sizeof log->path, "%.2047s/heapcast-probe-%ld.log", dir, (long)getpid());
    log->in_file = 1;
    log->fd = open(log->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return log->fd >= 0 ? 0 : -1;
}

/* One byte of the text; nonzero: the reader has enough. */
static int take(struct probe_log *log, char c, probe_log_line_fn *each, void *context)
{
    if (c != '\n') {
        if (log->carried == PROBE_LOG_LINE - 1)
            log->skipping = 1;
        else
            log->line[log->carried++] = c;
        return 0;
    }
    log->line[log->carried] = '\0';
    int skip = log->skipping;
    log->carried = 0;
    log->skipping = 0;
    return skip ? 0 : each(context, log->line);
}

void probe_log_read(struct probe_log *log, probe_log_line_fn *each, void *context)
{
    char chunk[CHUNK];
    for (;;) {
        ssize_t n = pread(log->fd, chunk, sizeof chunk, log->read_bytes);
        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n; i++) {
            log->read_bytes++;
            if (take(log, chunk[i], each, context) != 0)
                return;
        }
    }
    if (log->read_bytes > PROBE_LOG_MAX)
        probe_log_clear(log);
}

void probe_log_hide(struct probe_log *log)
{
    if (log->in_file)
        unlink(log->path);
}

void probe_log_clear(struct probe_log *log)
{
    if (ftruncate(log->fd, 0) != 0)
        return; /* the JVM appends, so what is there stays there: nothing is lost but memory */
    log->read_bytes = 0;
    log->carried = 0;
    log->skipping = 0;
}

void probe_log_close(struct probe_log *log)
{
    if (log->fd < 0)
        return;
    close(log->fd);
    log->fd = -1;
    probe_log_hide(log);
}
