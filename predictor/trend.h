/* A robust line through hourly values: Theil-Sen, the median of the slopes of all pairs (29 % of the hours may lie). */
#ifndef HC_PREDICTOR_TREND_H
#define HC_PREDICTOR_TREND_H

/* Window of the trend and of the percentile: a trend needs days, and what is older than three of them is another load.
 */
enum { HC_TREND_HOURS = 72 };
/* Longer series are thinned to every second, third, … value, newest kept: 48 points make 1128 pairs. */
enum { HC_TREND_POINTS = 48, HC_TREND_PAIRS = HC_TREND_POINTS * (HC_TREND_POINTS - 1) / 2 };

/* Slope per step; 0 below 3 values. `scratch` has room for HC_TREND_PAIRS. */
double hc_trend_slope(const double *values, unsigned n, double *scratch);

/*
 * Is the rise over the window more than four times the spread around the line (1.4826 MAD estimates a standard
 * deviation), and more than 2 % of the level? `scratch` has room for n.
 */
int hc_trend_significant(const double *values, unsigned n, double slope, double *scratch);

#endif
