/* Threads as /proc shows them, in the scratch directory of scratch.h. */
#ifndef HEAPCAST_TESTS_TASK_THREADS_H
#define HEAPCAST_TESTS_TASK_THREADS_H

#include "scratch.h"

/* Thread `id` with its name (as the kernel writes it, with a newline) and one more file; again: both are replaced. */
static void task_thread(int id, const char *name, const char *file, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%d", scratch, id);
    (void)mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/%d/comm", scratch, id);
    write_text(path, name, strlen(name));
    snprintf(path, sizeof path, "%s/%d/%s", scratch, id, file);
    write_text(path, text, strlen(text));
}

#endif
