#include "gc_log_text.h"

#include <heapcast/gc_sample.h>

#define MILLION UINT64_C(1000000)

static int is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

const char *gc_text_number(const char *at, const char *end, uint64_t *out)
{
    uint64_t value = 0;
    if (!is_digit(at, end))
        return NULL;
    for (; is_digit(at, end); at++) {
        if (value > (INT64_MAX - 9) / 10)
            return NULL;
        value = value * 10 + (uint64_t)(*at - '0');
    }
    *out = value;
    return at;
}

const char *gc_text_micro(const char *at, const char *end, uint64_t *out)
{
    uint64_t whole = 0, part = 0, place = MILLION / 10;
    at = gc_text_number(at, end, &whole);
    if (at == NULL || whole > INT64_MAX / MILLION - 1)
        return NULL;
    if (at < end && (*at == '.' || *at == ',') && is_digit(at + 1, end))
        for (at++; is_digit(at, end); at++, place /= 10)
            part += (uint64_t)(*at - '0') * place;
    *out = whole * MILLION + part;
    return at;
}

const char *gc_text_size(const char *at, const char *end, uint64_t *out_bytes)
{
    uint64_t micro;
    unsigned shift;
    at = gc_text_micro(at, end, &micro);
    if (at != NULL && at < end && *at == ' ')
        at++;
    if (at == NULL || at >= end)
        return NULL;
    switch (*at) {
    case 'B':
        shift = 0;
        break;
    case 'K':
        shift = 10;
        break;
    case 'M':
        shift = 20;
        break;
    case 'G':
        shift = 30;
        break;
    case 'T':
        shift = 40;
        break;
    default:
        return NULL;
    }
    uint64_t whole = micro / MILLION, part = micro % MILLION;
    if (whole > (UINT64_C(1) << 62) >> shift)
        return NULL;
    *out_bytes = (whole << shift) + (part << (shift < 40 ? shift : 40)) / MILLION;
    at++;
    return at < end && *at == 'B' && shift > 0 ? at + 1 : at;
}

const char *gc_text_duration(const char *at, const char *end, uint64_t *out_us)
{
    uint64_t micro;
    at = gc_text_micro(at, end, &micro);
    if (at == NULL)
        return NULL;
    if (gc_text_starts(at, end, "ms")) {
        *out_us = micro / 1000;
        return at + 2;
    }
    if (gc_text_starts(at, end, "us")) {
        *out_us = micro / MILLION;
        return at + 2;
    }
    if (at < end && *at == 's') {
        *out_us = micro;
        return at + 1;
    }
    return NULL;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar; years are counted from March, so that the leap day is the
 * last of its year. */
static int64_t days(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* `count` digits, no more and no less. */
static const char *digits(const char *at, const char *end, unsigned count, int64_t most, int64_t *out)
{
    int64_t value = 0;
    for (unsigned i = 0; i < count; i++, at++) {
        if (!is_digit(at, end))
            return NULL;
        value = value * 10 + (*at - '0');
    }
    *out = value;
    return value <= most ? at : NULL;
}

static const char *zone(const char *at, const char *end, int64_t *out_ms)
{
    int64_t hours = 0, minutes = 0;
    if (at >= end || (*at != '+' && *at != '-' && *at != 'Z'))
        return NULL;
    int sign = *at == '-' ? -1 : 1;
    if (*at++ != 'Z') {
        if ((at = digits(at, end, 2, 18, &hours)) == NULL)
            return NULL;
        at += at < end && *at == ':';
        if ((at = digits(at, end, 2, 59, &minutes)) == NULL)
            return NULL;
    }
    *out_ms = sign * (hours * 60 + minutes) * 60000;
    return at;
}

const char *gc_text_date(const char *at, const char *end, int64_t *out_ms)
{
    static const struct {
        unsigned digits;
        int64_t most;
        char after;
    } parts[] = {{4, 9999, '-'}, {2, 12, '-'}, {2, 31, 'T'}, {2, 23, ':'}, {2, 59, ':'}, {2, 60, '\0'}};
    int64_t value[6], fraction_ms = 0, zone_ms, place = 100;
    for (unsigned i = 0; i < 6; i++) {
        if ((at = digits(at, end, parts[i].digits, parts[i].most, &value[i])) == NULL)
            return NULL;
        if (parts[i].after != '\0' && (at >= end || *at++ != parts[i].after))
            return NULL;
    }
    if (at < end && (*at == '.' || *at == ','))
        for (at++; is_digit(at, end); at++, place /= 10)
            fraction_ms += (*at - '0') * place;
    if (value[0] < 1970 || value[1] < 1 || value[2] < 1 || (at = zone(at, end, &zone_ms)) == NULL)
        return NULL;
    int64_t seconds = days(value[0], value[1], value[2]) * 86400 + value[3] * 3600 + value[4] * 60 + value[5];
    *out_ms = seconds * 1000 + fraction_ms - zone_ms;
    return at;
}

/* "(160M)" or "(24%)", of which only the first is a capacity. */
static const char *capacity(const char *at, const char *end, uint64_t *out_bytes, uint64_t *out_percent)
{
    uint64_t bytes;
    const char *after = at + 1 < end ? gc_text_size(at + 1, end, &bytes) : NULL;
    if (after != NULL) {
        if (after >= end || *after != ')')
            return NULL;
        *out_bytes = bytes;
        return after + 1;
    }
    after = at + 1 < end ? gc_text_number(at + 1, end, out_percent) : NULL;
    return after != NULL && gc_text_starts(after, end, "%)") ? after + 2 : NULL;
}

const char *gc_text_transition(const char *at, const char *end, struct gc_transition *out)
{
    struct gc_transition t = {0, 0, HC_BYTES_UNKNOWN, 0};
    uint64_t capacity_before, percent_after;
    at = gc_text_size(at, end, &t.before_bytes);
    if (at != NULL && at < end && *at == '(')
        at = capacity(at, end, &capacity_before, &t.before_percent);
    if (at == NULL || !gc_text_starts(at, end, "->"))
        return NULL;
    at = gc_text_size(at + 2, end, &t.after_bytes);
    if (at != NULL && at < end && *at == '(')
        at = capacity(at, end, &t.capacity_bytes, &percent_after);
    if (at != NULL)
        *out = t;
    return at;
}
