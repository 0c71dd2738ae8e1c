#include "command.h"

#include <stdio.h>
#include <string.h>

int hc_complain(const char *name, const struct hc_error *err)
{
    /* Errors of the operating system name the file themselves. */
    if (name == NULL || strncmp(err->text, name, strlen(name)) == 0)
        fprintf(stderr, "heapcast: %s\n", err->text);
    else if (err->line == 0)
        fprintf(stderr, "heapcast: %s: %s\n", name, err->text);
    else
        fprintf(stderr, "heapcast: %s:%u: %s\n", name, err->line, err->text);
    return err->status == HC_ENODATA ? HC_EXIT_NODATA : HC_EXIT_FAILED;
}
