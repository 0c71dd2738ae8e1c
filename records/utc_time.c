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

int utc_time_parse(const char *text, int64_t *out_ms)
{
    struct tm tm = {0};
    int used = 0, ms = 0;
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
               &tm.tm_sec, &used) != 6 ||
        used == 0)
        return -1;
    text += used;
    if (*text == '.') {
        int scale = 100;
        for (text++; *text >= '0' && *text <= '9'; text++, scale /= 10)
            ms += (*text - '0') * scale;
    }
    if (strcmp(text, "Z") != 0 || tm.tm_mon < 1 || tm.tm_mon > 12)
        return -1;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *out_ms = (int64_t)timegm(&tm) * 1000 + ms;
    return 0;
}
