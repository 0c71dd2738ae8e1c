#include <heapcast/memory_size.h>

#include "java_number.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>

#define HC_SIZE_MAX ((uint64_t)INT64_MAX)

static const struct unit {
    const char *names[3];
    const char *word; /* as MemorySize.toString and toHumanReadableString write it */
    unsigned shift;
} units[] = {
    {{"b", "bytes", ""}, "bytes", 0},     {{"k", "kb", "kibibytes"}, "kb", 10}, {{"m", "mb", "mebibytes"}, "mb", 20},
    {{"g", "gb", "gibibytes"}, "gb", 30}, {{"t", "tb", "tebibytes"}, "tb", 40},
};
enum { UNITS = sizeof units / sizeof units[0] };

static const struct unit *unit_find(const char *name)
{
    for (size_t i = 0; i < UNITS; i++)
        for (size_t j = 0; j < 3; j++)
            if (strcmp(units[i].names[j], name) == 0)
                return &units[i];
    return NULL;
}

enum hc_status hc_memory_size_parse(const char *text, uint64_t *out_bytes, struct hc_error *err)
{
    size_t length = strlen(text);
    const char *trimmed = hc_java_trim(text, &length), *end = trimmed + length, *p = trimmed;
    if (length == 0)
        return hc_fail(err, HC_EPARSE, 0, "argument is an empty- or whitespace-only string");
    uint64_t number = 0;
    bool fits = true;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        fits = fits && number <= (HC_SIZE_MAX - digit) / 10;
        number = number * 10 + digit;
    }
    if (p == trimmed)
        return hc_fail(err, HC_EPARSE, 0, HC_MEMORY_SIZE_NO_NUMBER);
    if (!fits)
        return hc_fail(err, HC_EPARSE, 0,
                       "The value '%.*s' cannot be re represented as 64bit number (numeric overflow).",
                       (int)(p - trimmed), trimmed);

    char name[512];
    size_t name_length = (size_t)(end - p);
    p = hc_java_trim(p, &name_length);
    hc_java_lower(p, name_length, name, sizeof name);
    const struct unit *unit = unit_find(name);
    if (unit == NULL)
        return hc_fail(err, HC_EPARSE, 0,
                       "Memory size unit '%s' does not match any of the recognized units: (b | bytes) / (k | kb | "
                       "kibibytes) / (m | mb | mebibytes) / (g | gb | gibibytes) / (t | tb | tebibytes)",
                       name);
    /* MemorySize.parseBytes multiplies with wrap-around and divides back; for powers of two below 2^63 that refuses
     * exactly the products that do not fit. */
    if (number > HC_SIZE_MAX >> unit->shift)
        return hc_fail(err, HC_EPARSE, 0,
                       "The value '%s' cannot be re represented as 64bit number of bytes (numeric overflow).", text);
    *out_bytes = number << unit->shift;
    return HC_OK;
}

char *hc_memory_size_plain(uint64_t bytes, char *out)
{
    /* MemorySize.toString walks up until the first unit that does not divide; 0 and multiples of a tebibyte find none
     * and are written in bytes. */
    size_t at = 0;
    while (at < UNITS && bytes % ((uint64_t)1 << units[at].shift) == 0)
        at++;
    const struct unit *unit = &units[at == UNITS ? 0 : at - 1];
    snprintf(out, HC_MEMORY_SIZE_TEXT, "%" PRIu64 " %s", bytes >> unit->shift, unit->word);
    return out;
}

char *hc_memory_size_human(uint64_t bytes, char *out)
{
    size_t at = UNITS - 1;
    while (at > 0 && bytes <= (uint64_t)1 << units[at].shift)
        at--;
    if (at == 0) {
        snprintf(out, HC_MEMORY_SIZE_TEXT, "%" PRIu64 " bytes", bytes);
        return out;
    }
    /* java.util.Formatter rounds %.3f half up on the shortest decimal form, printf half even on the exact value. */
    double quotient = (double)bytes / (double)((uint64_t)1 << units[at].shift);
    uint64_t milli = hc_decimal_round(hc_decimal_shortest(quotient), 3);
    snprintf(out, HC_MEMORY_SIZE_TEXT, "%" PRIu64 ".%03u%s (%" PRIu64 " bytes)", milli / 1000, (unsigned)(milli % 1000),
             units[at].word, bytes);
    return out;
}
