#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct hc_text *text, size_t more)
{
    if (text->failed)
        return false;
    if (text->length + more < text->room)
        return true;
    size_t room = (text->length + more + 1) * 2;
    char *data = realloc(text->data, room);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->room = room;
    return true;
}

void hc_text_add(struct hc_text *text, const char *bytes, size_t length)
{
    if (!reserve(text, length))
        return;
    if (length > 0)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void hc_text_print(struct hc_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !reserve(text, (size_t)length + 1)) {
        text->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

uint32_t hc_utf8_decode(const char *text, size_t length, size_t *out_bytes)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t more = p[0] < 0x80 ? 0 : p[0] >= 0xc2 && p[0] < 0xe0 ? 1 : p[0] >= 0xe0 && p[0] < 0xf0 ? 2 : 3;
    uint32_t character = more == 0 ? p[0] : p[0] & (0x3fu >> more);
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    bool good = p[0] < 0x80 || (p[0] >= 0xc2 && p[0] < 0xf5 && more < length);
    for (size_t i = 1; good && i <= more; i++) {
        good = (p[i] & 0xc0) == 0x80;
        character = character << 6 | (p[i] & 0x3f);
    }
    good = good && character >= least[more] && character <= 0x10ffff && (character < 0xd800 || character > 0xdfff);
    *out_bytes = good ? more + 1 : 1;
    return good ? character : 0xfffd;
}

size_t hc_utf8_encode(uint32_t character, char *out)
{
    size_t more = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    static const unsigned char mark[] = {0, 0xc0, 0xe0, 0xf0};
    for (size_t i = more; i > 0; i--) {
        out[i] = (char)(0x80 | (character & 0x3f));
        character >>= 6;
    }
    out[0] = (char)(mark[more] | character);
    return more + 1;
}

bool hc_java_whitespace(uint32_t c)
{
    return (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x20) || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a && c != 0x2007) || c == 0x2028 || c == 0x2029 || c == 0x205f || c == 0x3000;
}

static uint32_t lower(uint32_t c)
{
    static const struct {
        uint16_t first, last, lower; /* the first letter's lower case */
    } ranges[] = {
        {'A', 'Z', 'a'},       {0xc0, 0xd6, 0xe0},     {0xd8, 0xde, 0xf8},
        {0x391, 0x3a9, 0x3b1}, {0x400, 0x40f, 0x450},  {0x410, 0x42f, 0x430},
        {0x212a, 0x212a, 'k'}, {0x212b, 0x212b, 0xe5}, {0xff21, 0xff3a, 0xff41},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return c - ranges[i].first + ranges[i].lower;
    return c;
}

void hc_java_lower(const char *text, size_t length, char *out, size_t size)
{
    size_t used = 0, bytes;
    for (size_t i = 0; i < length && used + 5 < size; i += bytes) {
        uint32_t c = hc_utf8_decode(text + i, length - i, &bytes);
        used += hc_utf8_encode(c == 0x130 ? 'i' : lower(c), out + used);
        if (c == 0x130) /* the dotted capital I of a Turkish "KİB" */
            used += hc_utf8_encode(0x307, out + used);
    }
    out[used] = '\0';
}
