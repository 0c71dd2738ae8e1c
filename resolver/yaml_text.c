#include "yaml_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CHUNK = 1023 /* what StreamReader reads and checks at once, in UTF-16 units */
};

#define READER_EXCEPTION "org.snakeyaml.engine.v2.exceptions.ReaderException"

/* ---- errors ------------------------------------------------------------------------------------------------------ */

static bool begin_error(struct hc_yaml_error *error)
{
    if (error->exception != NULL)
        return false;
    *error = (struct hc_yaml_error){.exception = HC_YAML_EXCEPTION};
    return true;
}

void hc_yaml_fail_at(struct hc_yaml_error *error, const char *context, const struct hc_yaml_mark *start,
                     const struct hc_yaml_mark *mark, const char *format, ...)
{
    char before[320] = "", place[64] = "", problem[384];
    if (!begin_error(error))
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    if (start != NULL)
        snprintf(place, sizeof place, " in reader, line %u, column %u\n", start->line + 1, start->column + 1);
    if (context != NULL)
        snprintf(before, sizeof before, "%s\n", context);
    snprintf(error->message, sizeof error->message, "%s%s%s\n in reader, line %u, column %u\n", before, place, problem,
             mark->line + 1, mark->column + 1);
    error->line = mark->line + 1;
}

void hc_yaml_fail(struct hc_yaml_error *error, const char *exception, const char *format, ...)
{
    if (!begin_error(error))
        return;
    va_list arguments;
    error->exception = exception;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
}

void hc_yaml_fail_memory(struct hc_yaml_error *error)
{
    hc_yaml_fail(error, HC_YAML_EXCEPTION, "no memory");
    error->out_of_memory = true;
}

struct hc_yaml_mark hc_yaml_here(const struct hc_yaml_text *t)
{
    return (struct hc_yaml_mark){t->offsets[t->at], t->line, t->column};
}

bool hc_yaml_failed(const struct hc_yaml_text *t)
{
    return t->error->exception != NULL;
}

struct hc_yaml_shown hc_yaml_show(uint32_t character, const char *format)
{
    struct hc_yaml_shown shown;
    char bytes[5] = "";
    if (character != 0)
        bytes[hc_utf8_encode(character, bytes)] = '\0';
    snprintf(shown.text, sizeof shown.text, format, bytes, (unsigned)character);
    return shown;
}

/* ---- the text ---------------------------------------------------------------------------------------------------- */

static bool printable(uint32_t c)
{
    return (c >= 0x20 && c <= 0x7e) || c == '\t' || c == '\n' || c == '\r' || c == 0x85 || (c >= 0xa0 && c <= 0xd7ff) ||
           (c >= 0xe000 && c <= 0xfffd) || c >= 0x10000;
}

/* StreamReader.update: characters are refused chunk by chunk, so an error before the chunk comes first. */
static void load_chunk(struct hc_yaml_text *t)
{
    unsigned units = 0;
    while (t->loaded < t->count && !hc_yaml_failed(t)) {
        uint32_t c = t->characters[t->loaded];
        units += c > 0xffff ? 2 : 1;
        if (units > CHUNK)
            return;
        if (!printable(c)) {
            hc_yaml_fail(t->error, READER_EXCEPTION, "special characters are not allowed");
            t->error->line = t->line + 1;
        }
        t->loaded++;
    }
    if (t->loaded == t->count && t->bad_utf8 && !hc_yaml_failed(t)) {
        hc_yaml_fail(t->error, HC_YAML_EXCEPTION, "java.nio.charset.MalformedInputException: Input length = 1");
        t->error->cause = "java.nio.charset.MalformedInputException";
        snprintf(t->error->cause_message, sizeof t->error->cause_message, "Input length = 1");
    }
}

/* The character so many ahead; 0 at the end, and after an error. */
uint32_t hc_yaml_peek(struct hc_yaml_text *t, size_t ahead)
{
    size_t at = t->at + ahead;
    if (at >= t->loaded && (t->loaded < t->count || t->bad_utf8))
        load_chunk(t);
    return at < t->loaded && !hc_yaml_failed(t) ? t->characters[at] : 0;
}

void hc_yaml_forward(struct hc_yaml_text *t, size_t length)
{
    for (; length > 0 && hc_yaml_peek(t, 0) != 0; length--) {
        uint32_t c = hc_yaml_peek(t, 0);
        t->at++;
        uint32_t next = c == '\r' ? hc_yaml_peek(t, 0) : 0;
        if (c == '\n' || (c == '\r' && next != '\n' && next != 0)) {
            t->line++;
            t->column = 0;
        } else if (c != 0xfeff) {
            t->column++;
        }
    }
}

/* A C string has no NUL; U+0001 is what every later reader treats in the same way. */
void hc_yaml_add(struct hc_yaml_text *t, struct hc_text *text, uint32_t character)
{
    char bytes[4];
    hc_text_add(text, bytes, hc_utf8_encode(character == 0 ? 1 : character, bytes));
    if (text->failed)
        hc_yaml_fail_memory(t->error);
}

void hc_yaml_take(struct hc_yaml_text *t, struct hc_text *text, size_t length)
{
    for (; length > 0; length--) {
        hc_yaml_add(t, text, t->characters[t->at]);
        t->at++;
        t->column++; /* also for a byte order mark: no line break is among them */
    }
}

bool hc_yaml_starts_with(struct hc_yaml_text *t, const char *word)
{
    for (size_t i = 0; word[i] != '\0'; i++)
        if (hc_yaml_peek(t, i) != (unsigned char)word[i])
            return false;
    return true;
}

/* Takes a line break and returns what it counts as in a scalar; 0: there is none. */
uint32_t hc_yaml_line_break(struct hc_yaml_text *t)
{
    uint32_t c = hc_yaml_peek(t, 0);
    if (!hc_yaml_is_break(c) && c != 0x85 && c != 0x2028 && c != 0x2029)
        return 0;
    hc_yaml_forward(t, c == '\r' && hc_yaml_peek(t, 1) == '\n' ? 2 : 1);
    return c == 0x2028 || c == 0x2029 ? c : '\n';
}

void hc_yaml_skip_spaces(struct hc_yaml_text *t)
{
    while (hc_yaml_peek(t, 0) == ' ')
        hc_yaml_forward(t, 1);
}

void hc_yaml_skip_comment(struct hc_yaml_text *t)
{
    while (hc_yaml_peek(t, 0) != 0 && !hc_yaml_is_break(hc_yaml_peek(t, 0))) {
        t->at++;
        t->column++;
    }
}

void hc_yaml_add_text(struct hc_yaml_text *t, struct hc_text *to, const struct hc_text *from)
{
    if (from->length > 0)
        hc_text_add(to, from->data, from->length);
    if (to->failed || from->failed)
        hc_yaml_fail_memory(t->error);
}

/* Fails with what was expected and what stands here. */
void hc_yaml_unexpected(struct hc_yaml_text *t, const char *context, const struct hc_yaml_mark *start,
                        const char *expected)
{
    struct hc_yaml_mark mark = hc_yaml_here(t);
    hc_yaml_fail_at(t->error, context, start, &mark, "expected %s, but found %s", expected,
                    HC_YAML_BARE(hc_yaml_peek(t, 0)));
}

/* Blanks, a comment, the end of the line. */
void hc_yaml_rest_of_line(struct hc_yaml_text *t, const char *context, const struct hc_yaml_mark *start)
{
    hc_yaml_skip_spaces(t);
    if (hc_yaml_peek(t, 0) == '#')
        hc_yaml_skip_comment(t);
    if (hc_yaml_peek(t, 0) != 0 && hc_yaml_line_break(t) == 0)
        hc_yaml_unexpected(t, context, start, "a comment or a line break");
}

int hc_yaml_hex_value(uint32_t c)
{
    return hc_yaml_is_digit(c)      ? (int)c - '0'
           : (c >= 'a' && c <= 'f') ? (int)c - 'a' + 10
           : (c >= 'A' && c <= 'F') ? (int)c - 'A' + 10
                                    : -1;
}

bool hc_yaml_text_init(struct hc_yaml_text *t, const char *text, size_t length, struct hc_yaml_error *error)
{
    *t = (struct hc_yaml_text){.error = error};
    *error = (struct hc_yaml_error){0};
    size_t used,
        most = length < (size_t)HC_YAML_CHARACTERS_MAX * 4 + 8 ? length : (size_t)HC_YAML_CHARACTERS_MAX * 4 + 8;
    t->characters = malloc((most + 1) * sizeof *t->characters);
    t->offsets = malloc((most + 1) * sizeof *t->offsets);
    if (t->characters == NULL || t->offsets == NULL)
        return false;
    size_t at = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* YamlUnicodeReader takes it away */
    for (; at < most && !t->bad_utf8; at += used) {
        uint32_t c = hc_utf8_decode(text + at, length - at, &used);
        t->bad_utf8 = c == 0xfffd && used == 1;
        if (t->bad_utf8)
            break;
        t->offsets[t->count] = (uint32_t)at;
        t->characters[t->count++] = c;
    }
    t->offsets[t->count] = (uint32_t)at;
    return true;
}

void hc_yaml_text_release(struct hc_yaml_text *t)
{
    free(t->characters);
    free(t->offsets);
}
