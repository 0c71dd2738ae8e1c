/* A text that grows. After memory ran out it stays as it was and `failed` is set, to be asked once at the end. */
#ifndef HC_TEXT_H
#define HC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hc_text {
    char *data; /* NUL-terminated once something was added; owned by whoever takes it */
    size_t length, room;
    bool failed;
};

void hc_text_add(struct hc_text *text, const char *bytes, size_t length);
__attribute__((format(printf, 2, 3))) void hc_text_print(struct hc_text *text, const char *format, ...);

/* The character at the start of UTF-8, and how many bytes it takes; a byte that is none counts as U+FFFD, as in Java.
 */
uint32_t hc_utf8_decode(const char *text, size_t length, size_t *out_bytes);
/* 1 to 4 bytes; returns how many. */
size_t hc_utf8_encode(uint32_t character, char *out);
/*
 * String.toLowerCase(Locale.US) for Latin, Greek and Cyrillic; other letters stay as they are. The Kelvin sign becomes
 * a k, which a size is read by; for all others only error texts show the difference. Cut to fit.
 */
void hc_java_lower(const char *text, size_t length, char *out, size_t size);
/* java.lang.Character.isWhitespace */
bool hc_java_whitespace(uint32_t character);

#endif
