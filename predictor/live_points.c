#include "live_points.h"

#include <math.h>

void hc_live_points_push(struct hc_live_point *points, uint32_t *count, uint32_t most, struct hc_live_point point)
{
    if (*count >= most) {
        for (uint32_t i = 0; i < most / 2; i++)
            points[i] = points[2 * i + (points[2 * i].upper_bytes < points[2 * i + 1].upper_bytes)];
        *count = most / 2;
    }
    points[(*count)++] = point;
}

double hc_less_garbage(double upper, double garbage, double anchor)
{
    return fmax(upper - garbage, fmin(upper, anchor));
}

double hc_live_points_peak(const struct hc_live_point *points, uint32_t count, double rate, double most, double anchor)
{
    double peak = 0;
    for (const struct hc_live_point *p = points; p < points + count; p++)
        peak = fmax(peak, hc_less_garbage((double)p->upper_bytes, fmin(rate * p->allocated_bytes, most), anchor));
    return peak;
}
