/*
 * The text of a YAML file, character by character, with the places that snakeyaml-engine 2.6 (StreamReader) counts, and
 * the exceptions that it throws.
 */
#ifndef HC_YAML_TEXT_H
#define HC_YAML_TEXT_H

#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { HC_YAML_CHARACTERS_MAX = 3 * 1024 * 1024 /* LoadSettings.codePointLimit */ };

/* A place in the text. All count from 0; a column is a character, a byte order mark has none. */
struct hc_yaml_mark {
    size_t byte;
    unsigned line, column;
};

/* The exception that ends the reading; exception NULL: none. */
struct hc_yaml_error {
    const char *exception; /* Java class; static */
    const char *cause;     /* class of its own cause, NULL: none; static */
    char message[768], cause_message[128];
    unsigned line; /* from 1, 0: about no line */
    bool out_of_memory;
};

#define HC_YAML_EXCEPTION "org.snakeyaml.engine.v2.exceptions.YamlEngineException"

/* ' in reader, line 1, column 2' before the problem too, where `start` is given; context NULL: none. */
__attribute__((format(printf, 5, 6))) void hc_yaml_fail_at(struct hc_yaml_error *error, const char *context,
                                                           const struct hc_yaml_mark *start,
                                                           const struct hc_yaml_mark *mark, const char *format, ...);
/* An exception without a place. */
__attribute__((format(printf, 3, 4))) void hc_yaml_fail(struct hc_yaml_error *error, const char *exception,
                                                        const char *format, ...);
void hc_yaml_fail_memory(struct hc_yaml_error *error);

/* A character as messages show it: itself and its number. The end of the text is a NUL, which no C string carries. */
struct hc_yaml_shown {
    char text[24];
};
struct hc_yaml_shown hc_yaml_show(uint32_t character, const char *format);
#define HC_YAML_BARE(c) hc_yaml_show((c), "%s(%u)").text
#define HC_YAML_QUOTED(c) hc_yaml_show((c), "'%s' (%u)").text

struct hc_yaml_text {
    struct hc_yaml_error *error;
    uint32_t *characters, *offsets; /* offsets: of the byte where each begins; one more for the end */
    size_t count, loaded;
    bool bad_utf8; /* what lies behind `count` cannot be decoded */
    size_t at;     /* where we are */
    unsigned line, column;
};

/* Decodes the text; *error is cleared and takes the first thing that goes wrong from then on. False: no memory. To be
 * released in either case. */
bool hc_yaml_text_init(struct hc_yaml_text *t, const char *text, size_t length, struct hc_yaml_error *error);
void hc_yaml_text_release(struct hc_yaml_text *t);

bool hc_yaml_failed(const struct hc_yaml_text *t);
struct hc_yaml_mark hc_yaml_here(const struct hc_yaml_text *t);
/* The character so many ahead; 0 at the end, and after an error. */
uint32_t hc_yaml_peek(struct hc_yaml_text *t, size_t ahead);
bool hc_yaml_starts_with(struct hc_yaml_text *t, const char *word);
void hc_yaml_forward(struct hc_yaml_text *t, size_t length);
/* Adds so many characters, which have been looked at and have no line break among them, and goes past them. */
void hc_yaml_take(struct hc_yaml_text *t, struct hc_text *text, size_t length);
/* A NUL is added as U+0001: a C string has none, and every later reader treats the two in the same way. */
void hc_yaml_add(struct hc_yaml_text *t, struct hc_text *text, uint32_t character);
void hc_yaml_add_text(struct hc_yaml_text *t, struct hc_text *to, const struct hc_text *from);
/* Takes a line break and returns what it counts as in a scalar; 0: there is none. */
uint32_t hc_yaml_line_break(struct hc_yaml_text *t);
void hc_yaml_skip_spaces(struct hc_yaml_text *t);
void hc_yaml_skip_comment(struct hc_yaml_text *t);
/* Blanks, a comment, the end of the line; anything else is an error in `context`. */
void hc_yaml_rest_of_line(struct hc_yaml_text *t, const char *context, const struct hc_yaml_mark *start);
/* Fails with what was expected and what stands here. */
void hc_yaml_unexpected(struct hc_yaml_text *t, const char *context, const struct hc_yaml_mark *start,
                        const char *expected);

/* Value of a hexadecimal digit, -1: none. */
int hc_yaml_hex_value(uint32_t c);

static inline bool hc_yaml_is_break(uint32_t c)
{
    return c == '\n' || c == '\r';
}

static inline bool hc_yaml_ends_line(uint32_t c)
{
    return c == 0 || hc_yaml_is_break(c);
}

static inline bool hc_yaml_ends_word(uint32_t c)
{
    return hc_yaml_ends_line(c) || c == ' ';
}

static inline bool hc_yaml_is_space(uint32_t c)
{
    return hc_yaml_ends_word(c) || c == '\t';
}

static inline bool hc_yaml_one_of(uint32_t c, const char *characters)
{
    return c != 0 && c < 0x80 && strchr(characters, (int)c) != NULL;
}

static inline bool hc_yaml_is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool hc_yaml_is_word(uint32_t c)
{
    return hc_yaml_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

#endif
