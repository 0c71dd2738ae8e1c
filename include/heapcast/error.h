/*
 * How every room below the programs reports failure: a status that is 0 or negative, and, for people, a text that says
 * what is wrong, where, and what would be right. Nothing below the programs prints or exits.
 */
#ifndef HEAPCAST_ERROR_H
#define HEAPCAST_ERROR_H

#include <stdarg.h>
#include <stdio.h>

enum hc_status {
    HC_OK = 0,
    HC_EINVAL = -1,       /* an argument is outside its documented range */
    HC_ENOMEM = -2,       /* memory could not be had */
    HC_EIO = -3,          /* the operating system refused to read or write */
    HC_EPARSE = -4,       /* a text or file is not of the form it claims to be */
    HC_ECONFIG = -5,      /* Flink would refuse this configuration */
    HC_ENODATA = -6,      /* too little evidence for an answer */
    HC_EUNSUPPORTED = -7, /* well formed, but not something this version can do */
    HC_EBUSY = -8         /* another process holds it */
};

/* Caller-owned, no allocation on the error path. Functions accept NULL where a caller does not want the text. */
struct hc_error {
    enum hc_status status;
    unsigned line; /* 1-based line of the input the text is about; 0: not about a line */
    char text[1024];
};

/* Fills *err (may be NULL) and returns status, so that a function can `return hc_fail(err, HC_EPARSE, line, "…")`. */
__attribute__((format(printf, 4, 5), unused)) static enum hc_status hc_fail(struct hc_error *err, enum hc_status status,
                                                                            unsigned line, const char *format, ...)
{
    if (err != NULL) {
        va_list arguments;
        err->status = status;
        err->line = line;
        va_start(arguments, format);
        vsnprintf(err->text, sizeof err->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

#endif
