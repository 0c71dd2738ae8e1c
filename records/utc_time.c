#include "utc_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

char *utc_time_print(int64_t time_ms, char *out)
{
    int64_t rest = ((time_ms % 1000) + 1000) % 1000;
    time_t seconds = (time_t)((time_ms - rest) / 1000);
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL)
        memset(&tm, 0, sizeof tm);
    snprintf(out, UTC_TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (tm.tm_year + 1900) % 10000,
             (tm.tm_mon + 1) % 100, tm.tm_mday % 100, tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100, (int)rest);
    return out;
}

/* Digits where the pattern has a 0, else the very character; sscanf would let blanks and signs pass. */
static int has_form(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; text++, pattern++)
        if (*pattern == '0' ? *text < '0' || *text > '9' : *text != *pattern)
            return 0;
    return 1;
}

static int two_digits(const char *text)
{
    return (text[0] - '0') * 10 + text[1] - '0';
}

int utc_time_parse(const char *text, int64_t *out_ms)
{
    static const char form[] = "0000-00-00T00:00:00";
    if (!has_form(text, form))
        return -1;
    struct tm tm = {.tm_year = two_digits(text) * 100 + two_digits(text + 2) - 1900,
                    .tm_mon = two_digits(text + 5) - 1,
                    .tm_mday = two_digits(text + 8),
                    .tm_hour = two_digits(text + 11),
                    .tm_min = two_digits(text + 14),
                    .tm_sec = two_digits(text + 17)};
    struct tm same = tm;
    int64_t seconds = (int64_t)timegm(&tm);
    /* timegm makes the 31st of November the 1st of December: then it was no date */
    if (tm.tm_mon != same.tm_mon || tm.tm_mday != same.tm_mday || tm.tm_hour != same.tm_hour ||
        tm.tm_min != same.tm_min || tm.tm_sec != same.tm_sec)
        return -1;
    int ms = 0, scale = 100;
    text += sizeof form - 1;
    if (has_form(text, ".0"))
        for (text++; *text >= '0' && *text <= '9'; text++, scale /= 10)
            ms += (*text - '0') * scale;
    if (strcmp(text, "Z") != 0)
        return -1;
    *out_ms = seconds * 1000 + ms;
    return 0;
}
