/* A directory of its own for a test, removed with all that is in it; and a way to read what went to stderr. */
#ifndef HEAPCAST_TESTS_SCRATCH_H
#define HEAPCAST_TESTS_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[64];

__attribute__((unused)) static int scratch_make(void **state)
{
    (void)state;
    snprintf(scratch, sizeof scratch, "/tmp/heapcast-unit-XXXXXX");
    return mkdtemp(scratch) == NULL;
}

static int scratch_remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

__attribute__((unused)) static int scratch_remove(void **state)
{
    (void)state;
    return nftw(scratch, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of `name` in the scratch directory; good until the fourth call after this one. */
__attribute__((unused)) static const char *in_scratch(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
    return path;
}

__attribute__((unused)) static void write_text(const char *path, const void *data, size_t length)
{
    FILE *f = fopen(path, "wbe");
    if (f == NULL || fwrite(data, 1, length, f) != length || fclose(f) != 0)
        abort();
}

/* All of a file, NUL-terminated, in a static buffer; "" if it is not there. */
__attribute__((unused)) static const char *text_of(const char *path)
{
    static char text[65536];
    FILE *f = fopen(path, "rbe");
    size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f != NULL)
        fclose(f);
    text[n] = '\0';
    return text;
}

/* What `run` wrote to the file descriptor. */
__attribute__((unused)) static const char *output_of(int descriptor, void (*run)(void *), void *context)
{
    const char *path = in_scratch("captured");
    fflush(NULL);
    int saved = dup(descriptor), file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (saved < 0 || file < 0 || dup2(file, descriptor) < 0)
        abort();
    run(context);
    fflush(NULL);
    dup2(saved, descriptor);
    close(saved);
    close(file);
    return text_of(path);
}

#endif
