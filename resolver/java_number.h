/*
 * Numbers as Java reads and writes them (Float.parseFloat, Double.toString, Integer.parseInt), free of the C locale:
 * nothing here ever hands a decimal separator to libc.
 */
#ifndef HC_JAVA_NUMBER_H
#define HC_JAVA_NUMBER_H

#include <heapcast/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* digits x 10^exponent */
struct hc_decimal {
    uint64_t digits;
    int exponent;
};

/* MemorySize's message where no digit leads: the one that is a NumberFormatException. */
#define HC_MEMORY_SIZE_NO_NUMBER "text does not start with a number"

/* String.trim: characters up to U+0020 go. Returns the first that stays and shortens *length. */
const char *hc_java_trim(const char *text, size_t *length);

/* Character.digit, which takes the decimal digits of any script of the Basic Multilingual Plane, and steps over it; -1:
 * no digit. */
int hc_java_digit(const char **p);

/* HC_EPARSE: *err holds the text of Java's NumberFormatException. */
enum hc_status hc_java_float_parse(const char *text, float *out, struct hc_error *err);
enum hc_status hc_java_double_parse(const char *text, double *out, struct hc_error *err);
enum hc_status hc_java_int_parse(const char *text, int32_t *out, struct hc_error *err);
enum hc_status hc_java_long_parse(const char *text, int64_t *out, struct hc_error *err);
/* Boolean as ConfigurationUtils.convertToBoolean takes it: any case, no trimming. */
bool hc_java_boolean_parse(const char *text, bool *out);

/* The shortest decimal that reads back as x (x finite and > 0): what Double.toString shows. */
struct hc_decimal hc_decimal_shortest(double x);
/* decimal x 10^places, rounded half up. */
uint64_t hc_decimal_round(struct hc_decimal decimal, unsigned places);
/* The same, cut. */
uint64_t hc_decimal_cut(struct hc_decimal decimal, unsigned places);
/* The double nearest to the decimal. */
double hc_decimal_double(struct hc_decimal decimal);

#define HC_JAVA_DOUBLE_TEXT 48
char *hc_java_double_text(double x, char *out);

#endif
