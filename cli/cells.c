#include "cells.h"

#include <math.h>
#include <stdio.h>

const char *hc_cell_mib(uint64_t bytes, char *out)
{
    return hc_cell_number(bytes == HC_BYTES_UNKNOWN ? (double)NAN : (double)bytes / 1048576.0, 1, out);
}

const char *hc_cell_number(double value, int decimals, char *out)
{
    if (isnan(value))
        snprintf(out, HC_CELL, "-");
    else
        snprintf(out, HC_CELL, "%.*f", decimals, value);
    return out;
}

const char *hc_verdict_words(enum hc_verdict verdict)
{
    static const char *const words[] = {"insufficient data", "keep", "shrink", "grow"};
    return words[verdict];
}
