/*
 * Several files, one log: which comes first? Where all have dates, the dates say it. The parts of a rotated log
 * (NAME.0, NAME.1, …, NAME or NAME.n.current) follow their uptimes, unless these overlap: then JVMs have started anew
 * meanwhile, and the times at which the files were last written say it. Else they stay as given.
 */
#ifndef HEAPCAST_GC_LOG_ORDER_H
#define HEAPCAST_GC_LOG_ORDER_H

#include <heapcast/error.h>
#include <stddef.h>

/* Puts the paths in order. A file that can't be read is no error here: reading it will say so. */
enum hc_status gc_log_order(const char **paths, size_t count, struct hc_error *err);

#endif
