#include "resolver/java_number.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_floats(void **state)
{
    static const struct {
        const char *text;
        double widened;
    } good[] = {
        {"0.1", 0.10000000149011612},
        {"1E-1", 0.10000000149011612},
        {" 0.25 ", 0.25},
        {".5", 0.5},
        {"5.", 5},
        {"0x1p-2", 0.25},
        {"0x.8p1", 1},
        {"0x1.8P0f", 1.5},
        {"0.1f", 0.10000000149011612},
        {"1d", 1},
        {"1e-46", 0},
        {"+0.5", 0.5},
        {"0.99999998", 1},
        {"0.99999997", 0.99999994039535522},
        {"16777217e-8", 0.16777217388153076},
        /* just above the middle of two floats: rounded to double first it would lie on the middle and go down */
        {"0.300000026822090148925781250000000001", 0.30000004172325134},
    };
    static const char *const bad[] = {"abc", "0,1",  "10%", "0.1 f", "1/10", "0x1",   "e5",     ".",
                                      "1e",  "0xp1", "Nan", "inf",   "--1",  "1e.5.", "0x1..p1"};
    static const char *const points[] = {"0.5.", "..", "-.1.x", "1..e5", "00.0.1"};
    struct hc_error err;
    float value;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(hc_java_float_parse(good[i].text, &value, &err), HC_OK);
        assert_true((double)value == good[i].widened);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char message[64];
        snprintf(message, sizeof message, "For input string: \"%s\"", bad[i]);
        assert_int_equal(hc_java_float_parse(bad[i], &value, &err), HC_EPARSE);
        assert_string_equal(err.text, message);
    }
    assert_int_equal(hc_java_float_parse(" ", &value, &err), HC_EPARSE);
    assert_string_equal(err.text, "empty String");
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        assert_int_equal(hc_java_float_parse(points[i], &value, &err), HC_EPARSE);
        assert_string_equal(err.text, "multiple points");
    }
    assert_int_equal(hc_java_float_parse("NaN", &value, &err), HC_OK);
    assert_true(isnan(value));
    assert_int_equal(hc_java_float_parse("-Infinity", &value, &err), HC_OK);
    assert_true(isinf(value) && value < 0);
    assert_int_equal(hc_java_float_parse("-0.0", &value, &err), HC_OK);
    assert_true(value == 0 && signbit(value));
    assert_int_equal(hc_java_float_parse("1e400", &value, &err), HC_OK);
    assert_true(isinf(value));
}

static void test_long_text(void **state)
{
    size_t length = 100000;
    char *text = malloc(length + 1);
    double value;
    (void)state;
    memset(text, '3', length);
    memcpy(text, "0.", 2);
    text[length] = '\0';
    assert_int_equal(hc_java_double_parse(text, &value, NULL), HC_OK);
    assert_true(value == 1.0 / 3);
    free(text);
    assert_int_equal(hc_java_double_parse("1e99999999999999999999", &value, NULL), HC_OK);
    assert_true(isinf(value));
}

static void test_double_text(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {1, "1.0"},
        {0.1, "0.1"},
        {0.001, "0.001"},
        {1e-4, "1.0E-4"},
        {1234567, "1234567.0"},
        {1e7, "1.0E7"},
        {4e9, "4.0E9"},
        {1e-60, "1.0E-60"},
        {12345.678, "12345.678"},
        {(double)0.1f, "0.10000000149011612"},
        {-2.5, "-2.5"},
        {0, "0.0"},
        {-0.0, "-0.0"},
        {4.294967296E9, "4.294967296E9"},
        {4.9e-324, "4.9E-324"},
        {1.7976931348623157e308, "1.7976931348623157E308"},
        {100, "100.0"},
        {0.010, "0.01"},
    };
    char text[HC_JAVA_DOUBLE_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(hc_java_double_text(cases[i].value, text), cases[i].text);
    assert_string_equal(hc_java_double_text((double)NAN, text), "NaN");
    assert_string_equal(hc_java_double_text((double)-INFINITY, text), "-Infinity");
}

static void test_shortest_reads_back(void **state)
{
    uint64_t bits = 88172645463325252u;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double x = (double)(float)((double)(bits >> 11) / 9007199254740992.0), shorter;
        if (x == 0)
            continue;
        struct hc_decimal d = hc_decimal_shortest(x);
        assert_true(hc_decimal_double(d) == x);
        /* one digit less, rounded either way, is another double */
        shorter = hc_decimal_double((struct hc_decimal){d.digits / 10, d.exponent + 1});
        assert_true(shorter != x);
        shorter = hc_decimal_double((struct hc_decimal){d.digits / 10 + 1, d.exponent + 1});
        assert_true(shorter != x);
    }
}

static void test_round(void **state)
{
    (void)state;
    assert_int_equal(hc_decimal_round((struct hc_decimal){10625, -4}, 3), 1063);
    assert_int_equal(hc_decimal_round((struct hc_decimal){10624, -4}, 3), 1062);
    assert_int_equal(hc_decimal_round((struct hc_decimal){5, -4}, 3), 1);
    assert_int_equal(hc_decimal_round((struct hc_decimal){49, -5}, 3), 0);
    assert_int_equal(hc_decimal_round((struct hc_decimal){1, 3}, 3), 1000000);
    assert_int_equal(hc_decimal_round((struct hc_decimal){99999999999999999u, -40}, 3), 0);
}

static void test_cut(void **state)
{
    (void)state;
    assert_int_equal(hc_decimal_cut((struct hc_decimal){10629, -4}, 3), 1062);
    assert_int_equal(hc_decimal_cut((struct hc_decimal){9, -9}, 8), 0);
    assert_int_equal(hc_decimal_cut((struct hc_decimal){25, -1}, 8), 250000000);
}

static void test_integers(void **state)
{
    static const char *const bad[] = {
        "", "+", "2.0", " 8 ", "x", "2147483648", "-2147483649", "99999999999999999999", "\xf0\x9d\x9f\x8f", "1\xd9"};
    struct hc_error err;
    int32_t value;
    int64_t wide;
    (void)state;
    assert_int_equal(hc_java_int_parse("+8", &value, &err), HC_OK);
    assert_int_equal(value, 8);
    assert_int_equal(hc_java_int_parse("-2147483648", &value, &err), HC_OK);
    assert_true(value == INT32_MIN);
    assert_int_equal(hc_java_int_parse("2147483647", &value, &err), HC_OK);
    assert_int_equal(value, INT32_MAX);
    assert_int_equal(hc_java_int_parse("\xd9\xa2\xef\xbc\x91", &value, &err), HC_OK); /* digits of other scripts */
    assert_int_equal(value, 21);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char message[64];
        snprintf(message, sizeof message, "For input string: \"%s\"", bad[i]);
        assert_int_equal(hc_java_int_parse(bad[i], &value, &err), HC_EPARSE);
        assert_string_equal(err.text, message);
    }
    assert_int_equal(hc_java_long_parse("-9223372036854775808", &wide, &err), HC_OK);
    assert_true(wide == INT64_MIN);
    assert_int_equal(hc_java_long_parse("9223372036854775807", &wide, &err), HC_OK);
    assert_true(wide == INT64_MAX);
    assert_int_equal(hc_java_long_parse("9223372036854775808", &wide, &err), HC_EPARSE);
}

static void test_booleans(void **state)
{
    bool value = false;
    (void)state;
    assert_true(hc_java_boolean_parse("tRuE", &value) && value);
    assert_true(hc_java_boolean_parse("FALSE", &value) && !value);
    assert_false(hc_java_boolean_parse(" true", &value));
    assert_false(hc_java_boolean_parse("yes", &value));
}

/* The host JVM may have set a locale with a decimal comma. */
static void test_locale(void **state)
{
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR", NULL};
    float value;
    char text[HC_JAVA_DOUBLE_TEXT];
    size_t i = 0;
    (void)state;
    while (commas[i] != NULL && setlocale(LC_ALL, commas[i]) == NULL)
        i++;
    if (commas[i] == NULL) {
        print_message("skipped: this machine has no locale with a decimal comma (Debian: package locales-all)\n");
        skip();
    }
    assert_int_equal(hc_java_float_parse("0.1", &value, NULL), HC_OK);
    assert_true((double)value == 0.10000000149011612);
    assert_string_equal(hc_java_double_text(0.25, text), "0.25");
    setlocale(LC_ALL, "C");
}

/* Digits as printf finds them: the first of 15, 16 and 17 that reads back. */
static struct hc_decimal printed(double x)
{
    char text[40];
    struct hc_decimal d = {0, 0};
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, x);
        if (strtod(text, NULL) == x)
            break;
    }
    char *e = strchr(text, 'e');
    for (const char *p = text; p < e; p++)
        if (*p >= '0' && *p <= '9') {
            d.digits = d.digits * 10 + (uint64_t)(*p - '0');
            d.exponent--;
        }
    d.exponent += 1 + (int)strtol(e + 1, NULL, 10);
    for (; d.digits % 10 == 0; d.exponent++)
        d.digits /= 10;
    return d;
}

/* Floats and their inverse fractions, any double from 2^-20 to 2^60, powers of two and neighbours of powers of ten. */
static void test_shortest_as_printed(void **state)
{
    (void)state;
    uint64_t r = 88172645463325252u;
    for (unsigned i = 0; i < 200000; i++) {
        r ^= r << 13;
        r ^= r >> 7;
        r ^= r << 17;
        double fraction = (double)((float)(r >> 40) / (float)(1 << 24));
        double x = i % 5 == 0   ? fraction
                   : i % 5 == 1 ? fraction / (1 - fraction)
                   : i % 5 == 2 ? ldexp(1 + (double)(r >> 12) / 4503599627370496.0, (int)(r % 80) - 20)
                   : i % 5 == 3 ? ldexp(1, (int)(r % 80) - 20)
                                : nextafter(pow(10, (int)(r % 22) - 6), r >> 63 != 0 ? 0 : 1e300);
        if (!(x > 0) || isinf(x))
            continue;
        struct hc_decimal ours = hc_decimal_shortest(x), theirs = printed(x);
        if (ours.digits != theirs.digits || ours.exponent != theirs.exponent)
            fail_msg("%.17g: %" PRIu64 "e%d, printf says %" PRIu64 "e%d", x, ours.digits, ours.exponent, theirs.digits,
                     theirs.exponent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_double_text),
        cmocka_unit_test(test_shortest_reads_back),
        cmocka_unit_test(test_shortest_as_printed),
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
