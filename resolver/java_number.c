#include "java_number.h"

#include "text.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { EXPONENT_LIMIT = 99999 };

const char *hc_java_trim(const char *text, size_t *length)
{
    while (*length > 0 && (unsigned char)*text <= ' ') {
        text++;
        (*length)--;
    }
    while (*length > 0 && (unsigned char)text[*length - 1] <= ' ')
        (*length)--;
    return text;
}

static bool is_digit(char c, bool hex)
{
    return (c >= '0' && c <= '9') || (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

static const char *digits_copy(const char *p, const char *end, bool hex, char **to)
{
    for (; p < end && is_digit(*p, hex); p++)
        *(*to)++ = *p;
    return p;
}

/* Reads [+-]digits; clamps, since strtod saturates long before the limit. NULL: no digits. */
static const char *exponent_read(const char *p, const char *end, long *out)
{
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    const char *first = p;
    long value = 0;
    for (; p < end && is_digit(*p, false); p++)
        if (value < EXPONENT_LIMIT)
            value = value * 10 + (*p - '0');
    *out = negative ? -value : value;
    return p > first ? p : NULL;
}

/*
 * Rewrites Java's floating-point literal without a point ("12.5e3f" becomes "125e2"), which strtod reads the same way
 * in every locale. `out` has room for the text and 24 more. False: Java refuses the text.
 */
static bool literal_rewrite(const char *p, const char *end, char *out)
{
    if (p < end && (*p == '+' || *p == '-'))
        *out++ = *p++;
    if ((end - p == 3 && memcmp(p, "NaN", 3) == 0) || (end - p == 8 && memcmp(p, "Infinity", 8) == 0)) {
        memcpy(out, *p == 'N' ? "nan" : "inf", 4);
        return true;
    }
    bool hex = end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
    if (hex) {
        *out++ = '0';
        *out++ = 'x';
        p += 2;
    }
    char *first = out;
    p = digits_copy(p, end, hex, &out);
    char *point = out;
    if (p < end && *p == '.')
        p = digits_copy(p + 1, end, hex, &out);
    if (out == first)
        return false;
    long places = out - point, exponent = 0;
    bool marked = p < end && (hex ? (*p == 'p' || *p == 'P') : (*p == 'e' || *p == 'E'));
    if (marked)
        p = exponent_read(p + 1, end, &exponent);
    if ((hex && !marked) || p == NULL)
        return false;
    if (p < end && strchr("fFdD", *p) != NULL)
        p++;
    snprintf(out, 24, "%c%ld", hex ? 'p' : 'e', exponent - (hex ? 4 : 1) * places);
    return p == end;
}

/* A few digits with a point among them ("0.25"), as nearly every fraction is written. Both numbers are exact in a float
 * (up to 10^10), so their division rounds once, as Java does. */
static bool few_digits(const char *text, size_t length, uint32_t *out_digits, int *out_places)
{
    uint32_t digits = 0;
    int places = -1;
    if (length == 0 || length > 8 || *text == '.')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.' && places < 0) {
            places = (int)(length - i - 1);
            continue;
        }
        if (!is_digit(text[i], false))
            return false;
        digits = digits * 10 + (uint32_t)(text[i] - '0');
    }
    *out_digits = digits;
    *out_places = places < 0 ? 0 : places;
    return digits < 1u << FLT_MANT_DIG;
}

/* FloatingDecimal stops at a second point with words of its own, whatever comes behind. */
static bool multiple_points(const char *p, const char *end)
{
    unsigned points = 0;
    p += p < end && (*p == '+' || *p == '-');
    for (; p < end && points < 2 && (is_digit(*p, false) || *p == '.'); p++)
        points += *p == '.';
    return points == 2;
}

/* One of the two is filled; strtof and strtod each round once, as Java does. */
static enum hc_status floating_parse(const char *text, float *out_float, double *out_double, struct hc_error *err)
{
    size_t length = strlen(text);
    const char *trimmed = hc_java_trim(text, &length);
    if (length == 0)
        return hc_fail(err, HC_EPARSE, 0, "empty String");
    static const float powers_of_ten[] = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f};
    uint32_t digits;
    int places;
    if (out_float != NULL && few_digits(trimmed, length, &digits, &places)) {
        *out_float = (float)digits / powers_of_ten[places];
        return HC_OK;
    }
    char few[64], *plain = length + 32 <= sizeof few ? few : malloc(length + 32);
    if (plain == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for a number of %zu characters", length);
    bool good = literal_rewrite(trimmed, trimmed + length, plain);
    if (good && out_float != NULL)
        *out_float = strtof(plain, NULL);
    if (good && out_double != NULL)
        *out_double = strtod(plain, NULL);
    if (plain != few)
        free(plain);
    if (!good && multiple_points(trimmed, trimmed + length))
        return hc_fail(err, HC_EPARSE, 0, "multiple points");
    return good ? HC_OK : hc_fail(err, HC_EPARSE, 0, "For input string: \"%.*s\"", (int)length, trimmed);
}

enum hc_status hc_java_float_parse(const char *text, float *out, struct hc_error *err)
{
    return floating_parse(text, out, NULL, err);
}

enum hc_status hc_java_double_parse(const char *text, double *out, struct hc_error *err)
{
    return floating_parse(text, NULL, out, err);
}

int hc_java_digit(const char **p)
{
    static const uint16_t zeros[] = {0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6,
                                     0x0c66, 0x0ce6, 0x0d66, 0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090,
                                     0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40,
                                     0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10};
    if ((unsigned char)**p < 0x80)
        return is_digit(**p, false) ? *(*p)++ - '0' : -1;
    size_t bytes;
    uint32_t character = hc_utf8_decode(*p, strlen(*p), &bytes);
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
        if (character >= zeros[i] && character < zeros[i] + 10u) {
            *p += bytes;
            return (int)(character - zeros[i]);
        }
    return -1;
}

static enum hc_status integer_parse(const char *text, int64_t min, int64_t max, int64_t *out, struct hc_error *err)
{
    const char *p = text;
    bool negative = *p == '-', fits = true;
    if (*p == '-' || *p == '+')
        p++;
    const char *first = p;
    int64_t value = 0; /* kept negative: the range reaches one further there */
    for (int digit; (digit = hc_java_digit(&p)) >= 0;) {
        fits = fits && value >= (INT64_MIN + digit) / 10;
        value = fits ? value * 10 - digit : 0;
    }
    fits = fits && (negative ? value >= min : value >= -max);
    if (p == first || *p != '\0' || !fits)
        return hc_fail(err, HC_EPARSE, 0, "For input string: \"%s\"", text);
    *out = negative ? value : -value;
    return HC_OK;
}

enum hc_status hc_java_int_parse(const char *text, int32_t *out, struct hc_error *err)
{
    int64_t value;
    enum hc_status status = integer_parse(text, INT32_MIN, INT32_MAX, &value, err);
    if (status == HC_OK)
        *out = (int32_t)value;
    return status;
}

enum hc_status hc_java_long_parse(const char *text, int64_t *out, struct hc_error *err)
{
    return integer_parse(text, INT64_MIN, INT64_MAX, out, err);
}

bool hc_java_boolean_parse(const char *text, bool *out)
{
    bool yes = strcasecmp(text, "true") == 0;
    if (!yes && strcasecmp(text, "false") != 0)
        return false;
    *out = yes;
    return true;
}

/* The p digits of %.*e without the locale's separator. */
static struct hc_decimal decimal_at(double x, int precision)
{
    char text[48];
    struct hc_decimal decimal = {0, 0};
    snprintf(text, sizeof text, "%.*e", precision - 1, x);
    const char *p = text;
    for (; *p != 'e'; p++)
        if (is_digit(*p, false))
            decimal.digits = decimal.digits * 10 + (uint64_t)(*p - '0');
    decimal.exponent = (int)strtol(p + 1, NULL, 10) - (precision - 1);
    return decimal;
}

double hc_decimal_double(struct hc_decimal decimal)
{
    char text[48];
    snprintf(text, sizeof text, "%" PRIu64 "e%d", decimal.digits, decimal.exponent);
    return strtod(text, NULL);
}

/* ---- shortest decimal -------------------------------------------------------------------------------------------- */

__extension__ typedef unsigned __int128 exact;

#define HC_POWERS 23 /* 10^22 x 2^53 is below 2^127 */
static const uint64_t powers[20] = {1,
                                    10,
                                    100,
                                    1000,
                                    10000,
                                    100000,
                                    1000000,
                                    10000000,
                                    100000000,
                                    1000000000,
                                    10000000000,
                                    100000000000,
                                    1000000000000,
                                    10000000000000,
                                    100000000000000,
                                    1000000000000000,
                                    10000000000000000,
                                    100000000000000000,
                                    1000000000000000000,
                                    10000000000000000000u};

static exact power_of_ten(int exponent)
{
    return exponent < 20 ? powers[exponent] : (exact)powers[19] * powers[exponent - 19];
}

/*
 * x to `precision` digits in whole numbers, and whether it reads back as x: x = m / 2^k, so |digits x 2^k - m x 10^q|
 * against half of 10^q is the distance against half a unit in the last place. False: out of the range of 128 bits.
 */
static bool decimal_exact(uint64_t m, int k, int q, struct hc_decimal *out, bool *out_back)
{
    if (q < 0 || q >= HC_POWERS || k < 1 || k > 74)
        return false;
    exact scaled = (exact)m * power_of_ten(q), one = (exact)1 << k, digits = scaled >> k, rest = scaled & (one - 1);
    bool up = rest > one / 2 || (rest == one / 2 && (digits & 1) != 0);
    exact away = up ? one - rest : rest, half = power_of_ten(q);
    *out = (struct hc_decimal){(uint64_t)(digits + up), -q};
    /* The gap below a power of two is half as wide as the one above. */
    exact scale = m == UINT64_C(1) << 52 && !up ? 4 : 2;
    *out_back = scale * away < half || (scale * away == half && (m & 1) == 0);
    return true;
}

/* The same digits without libc, which is asked only outside 1e-5..1e15. Every fraction and number of slots of a
 * configuration lies inside; printing and reading back took three quarters of a derivation. */
static bool decimal_fast(double x, struct hc_decimal *out)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint64_t m = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    int k = 1075 - (int)(bits >> 52), whole = 0;
    if (!(x >= 1e-5 && x < 1e15))
        return false;
    if (x >= 1) {
        while (x >= (double)powers[whole])
            whole++;
    } else {
        while (x * (double)powers[1 - whole] < 1)
            whole--;
    }
    bool back = false;
    for (int precision = 15; precision <= 17 && !back; precision++)
        if (!decimal_exact(m, k, precision - whole, out, &back))
            return false;
    return back;
}

struct hc_decimal hc_decimal_shortest(double x)
{
    struct hc_decimal decimal;
    if (!decimal_fast(x, &decimal)) {
        /* Any decimal of up to 15 digits survives the way through a normal double, so a shorter form shows as trailing
         * zeros at 15. Java never writes fewer than two digits, which matters for subnormals only. */
        int precision = x < DBL_MIN ? 2 : 15;
        decimal = decimal_at(x, precision);
        while (precision < 17 && hc_decimal_double(decimal) != x)
            decimal = decimal_at(x, ++precision);
    }
    while (decimal.digits % 10 == 0 && decimal.digits != 0) {
        decimal.digits /= 10;
        decimal.exponent++;
    }
    return decimal;
}

static uint64_t decimal_places(struct hc_decimal decimal, unsigned places, bool half_up)
{
    int drop = -decimal.exponent - (int)places;
    uint64_t power = 1;
    if (drop > 19)
        return 0;
    for (int i = 0; i < (drop > 0 ? drop : -drop); i++)
        power *= 10;
    if (drop <= 0)
        return decimal.digits * power;
    return decimal.digits / power + (half_up && decimal.digits % power >= (power + 1) / 2);
}

uint64_t hc_decimal_round(struct hc_decimal decimal, unsigned places)
{
    return decimal_places(decimal, places, true);
}

uint64_t hc_decimal_cut(struct hc_decimal decimal, unsigned places)
{
    return decimal_places(decimal, places, false);
}

char *hc_java_double_text(double x, char *out)
{
    const char *sign = signbit(x) ? "-" : "";
    if (isnan(x) || isinf(x) || x == 0) {
        snprintf(out, HC_JAVA_DOUBLE_TEXT, "%s%s", isnan(x) ? "" : sign,
                 isnan(x) ? "NaN"
                 : x == 0 ? "0.0"
                          : "Infinity");
        return out;
    }
    struct hc_decimal decimal = hc_decimal_shortest(fabs(x));
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%" PRIu64, decimal.digits);
    int point = count + decimal.exponent; /* digits before the decimal point */
    if (point > 7 || point < -2)
        snprintf(out, HC_JAVA_DOUBLE_TEXT, "%s%c.%sE%d", sign, digits[0], count > 1 ? digits + 1 : "0", point - 1);
    else if (point <= 0)
        snprintf(out, HC_JAVA_DOUBLE_TEXT, "%s0.%.*s%s", sign, -point, "00", digits);
    else if (point >= count)
        snprintf(out, HC_JAVA_DOUBLE_TEXT, "%s%s%.*s.0", sign, digits, point - count, "0000000");
    else
        snprintf(out, HC_JAVA_DOUBLE_TEXT, "%s%.*s.%s", sign, point, digits, digits + point);
    return out;
}
