/* Figures in the tables for people; what is not known is "-". */
#ifndef HEAPCAST_CELLS_H
#define HEAPCAST_CELLS_H

#include <heapcast/recommendation.h>

#include <stddef.h>
#include <stdint.h>

enum { HC_CELL = 32 };

/* MiB with one decimal; returns `out`. */
const char *hc_cell_mib(uint64_t bytes, char *out);
/* With so many decimals; NAN is not known. Returns `out`. */
const char *hc_cell_number(double value, int decimals, char *out);

/* For one expression: the text lives as long as the block that it stands in. */
#define HC_MIB_CELL(bytes) hc_cell_mib(bytes, (char[HC_CELL]){0})
#define HC_NUMBER_CELL(value, decimals) hc_cell_number(value, decimals, (char[HC_CELL]){0})

/* "insufficient data", "shrink"; static. */
const char *hc_verdict_words(enum hc_verdict verdict);

#endif
