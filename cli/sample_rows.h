/* Samples and looks over the whole heap as rows of CSV or as JSON lines. Bytes are bytes, times milliseconds since the
 * epoch; what is unknown is left empty (CSV) or out (JSON). */
#ifndef HEAPCAST_SAMPLE_ROWS_H
#define HEAPCAST_SAMPLE_ROWS_H

#include <heapcast/gc_sample.h>
#include <heapcast/live_view.h>
#include <stdio.h>

enum hc_row { HC_ROW_HEADER, HC_ROW_CSV, HC_ROW_JSON };

struct hc_row_printer {
    FILE *out;
    enum hc_row row;
};

/* `printer` is a struct hc_row_printer, so that these can walk a series (predictor.h). */
void hc_sample_row(void *printer, const struct hc_gc_sample *sample);
void hc_view_row(void *printer, const struct hc_live_view *view);
/* The first line of a CSV. */
void hc_sample_header(FILE *out);
void hc_view_header(FILE *out);

#endif
