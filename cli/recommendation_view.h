/* A recommendation for people: in full, or as a line of a table. */
#ifndef HEAPCAST_RECOMMENDATION_VIEW_H
#define HEAPCAST_RECOMMENDATION_VIEW_H

#include <heapcast/recommendation.h>
#include <heapcast/subject.h>
#include <stdio.h>

void hc_recommendation_in_full(FILE *out, const struct hc_recommendation *recommendation,
                               const struct hc_subject *subject);
void hc_recommendation_heading(FILE *out);
void hc_recommendation_row(FILE *out, const struct hc_recommendation *recommendation, const struct hc_subject *subject);

#endif
