/* What collections left while garbage came with allocation: from it and a rate follows what was live. */
#ifndef HC_PREDICTOR_LIVE_POINTS_H
#define HC_PREDICTOR_LIVE_POINTS_H

#include <stdint.h>

/* A collection since the last clean point, or since the JVM's start. */
struct hc_live_point {
    double allocated_bytes; /* since then, when so much was used */
    uint64_t upper_bytes;   /* live, if nothing of that was garbage */
    double most_garbage; /* bytes, in a JVM that nothing has swept: what is in use rises at least as fast as garbage */
    int64_t time_ms;
};

/* When `most` are there, half of them stay, each pair's higher one: what counts is peaks. `most` is even. */
void hc_live_points_push(struct hc_live_point *points, uint32_t *count, uint32_t most, struct hc_live_point point);
/* `upper` without `garbage`, but nothing is taken off below `anchor`. */
double hc_less_garbage(double upper, double garbage, double anchor);
/* The most that was live, by `rate` bytes of garbage per allocated byte, of which at most `most` bytes are taken off.
 */
double hc_live_points_peak(const struct hc_live_point *points, uint32_t count, double rate, double most, double anchor);

#endif
