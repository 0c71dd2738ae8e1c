/* What collections left while garbage came with allocation: from it and a rate follows what was live. */
#ifndef HC_PREDICTOR_LIVE_POINTS_H
#define HC_PREDICTOR_LIVE_POINTS_H

#include <math.h>
#include <stdint.h>

/* A collection since the last clean point, or since the JVM's start. */
struct hc_live_point {
    double allocated_bytes; /* since then, when so much was used */
    uint64_t upper_bytes;   /* live, if nothing of that was garbage */
    double most_garbage; /* bytes, in a JVM that nothing has swept: what is in use rises at least as fast as garbage */
    int64_t time_ms;
};

/* `upper` without `garbage`, but nothing is taken off below `anchor`. */
static inline double hc_less_garbage(double upper, double garbage, double anchor)
{
    return fmax(upper - garbage, fmin(upper, anchor));
}

#endif
