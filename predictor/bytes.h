/* From a computed figure to whole bytes. */
#ifndef HC_PREDICTOR_BYTES_H
#define HC_PREDICTOR_BYTES_H

#include <stdint.h>

/* More than any machine has, and still a size that two of can be added. */
#define HC_BYTES_MOST (UINT64_C(1) << 62)

/* Whatever a damaged history makes of it: the cast alone is undefined for what does not fit. */
static inline uint64_t hc_bytes(double figure)
{
    return !(figure > 0) ? 0 : figure < (double)HC_BYTES_MOST ? (uint64_t)figure : HC_BYTES_MOST;
}

#endif
