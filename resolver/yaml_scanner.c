#include "yaml_scanner.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHARACTERS_MAX = 3 * 1024 * 1024, /* LoadSettings.codePointLimit */
    CHUNK = 1023,                     /* what StreamReader reads and checks at once, in UTF-16 units */
    KEY_LENGTH_MAX = 1024             /* characters that a key without '?' may have */
};

#define READER_EXCEPTION "org.snakeyaml.engine.v2.exceptions.ReaderException"

/* A token that may turn out to be a key once a ':' follows. */
struct simple_key {
    int level;
    size_t token_number, at;
    struct hc_yaml_mark mark;
    bool required;
};

struct hc_yaml_scanner {
    struct hc_yaml_error *error;
    /* the text, decoded */
    uint32_t *characters, *offsets; /* of the byte where each begins; one more for the end */
    size_t count, loaded;
    bool bad_utf8; /* what lies behind `count` cannot be decoded */
    /* where we are */
    size_t at;
    unsigned line, column;
    /* tokens that are scanned and not yet taken */
    struct hc_yaml_token *tokens;
    size_t first, end, room, taken;
    bool done;
    /* blocks and flows around us */
    int *indents;
    size_t indent_count, indent_room;
    int indent, flow_level;
    /* keys */
    struct simple_key *keys; /* in the order in which they were found */
    size_t key_count, key_room;
    bool key_allowed;
};

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

static struct hc_yaml_mark here(const struct hc_yaml_scanner *s)
{
    return (struct hc_yaml_mark){s->offsets[s->at], s->line, s->column};
}

static bool failed(const struct hc_yaml_scanner *s)
{
    return s->error->exception != NULL;
}

/* A character as messages show it: itself and its number. The end of the text is a NUL, which no C string carries. */
struct shown {
    char text[24];
};

static struct shown show(uint32_t character, const char *format)
{
    struct shown shown;
    char bytes[5] = "";
    if (character != 0)
        bytes[hc_utf8_encode(character, bytes)] = '\0';
    snprintf(shown.text, sizeof shown.text, format, bytes, (unsigned)character);
    return shown;
}
#define BARE(c) show((c), "%s(%u)").text
#define QUOTED(c) show((c), "'%s' (%u)").text

/* ---- the text ---------------------------------------------------------------------------------------------------- */

static bool printable(uint32_t c)
{
    return (c >= 0x20 && c <= 0x7e) || c == '\t' || c == '\n' || c == '\r' || c == 0x85 || (c >= 0xa0 && c <= 0xd7ff) ||
           (c >= 0xe000 && c <= 0xfffd) || c >= 0x10000;
}

/* StreamReader.update: characters are refused chunk by chunk, so an error before the chunk comes first. */
static void load_chunk(struct hc_yaml_scanner *s)
{
    unsigned units = 0;
    while (s->loaded < s->count && !failed(s)) {
        uint32_t c = s->characters[s->loaded];
        units += c > 0xffff ? 2 : 1;
        if (units > CHUNK)
            return;
        if (!printable(c)) {
            hc_yaml_fail(s->error, READER_EXCEPTION, "special characters are not allowed");
            s->error->line = s->line + 1;
        }
        s->loaded++;
    }
    if (s->loaded == s->count && s->bad_utf8 && !failed(s)) {
        hc_yaml_fail(s->error, HC_YAML_EXCEPTION, "java.nio.charset.MalformedInputException: Input length = 1");
        s->error->cause = "java.nio.charset.MalformedInputException";
        snprintf(s->error->cause_message, sizeof s->error->cause_message, "Input length = 1");
    }
}

/* The character so many ahead; 0 at the end, and after an error. */
static uint32_t peek(struct hc_yaml_scanner *s, size_t ahead)
{
    size_t at = s->at + ahead;
    if (at >= s->loaded && (s->loaded < s->count || s->bad_utf8))
        load_chunk(s);
    return at < s->loaded && !failed(s) ? s->characters[at] : 0;
}

static void forward(struct hc_yaml_scanner *s, size_t length)
{
    for (; length > 0 && peek(s, 0) != 0; length--) {
        uint32_t c = peek(s, 0);
        s->at++;
        uint32_t next = c == '\r' ? peek(s, 0) : 0;
        if (c == '\n' || (c == '\r' && next != '\n' && next != 0)) {
            s->line++;
            s->column = 0;
        } else if (c != 0xfeff) {
            s->column++;
        }
    }
}

static bool is_break(uint32_t c)
{
    return c == '\n' || c == '\r';
}

static bool ends_line(uint32_t c)
{
    return c == 0 || is_break(c);
}

static bool ends_word(uint32_t c)
{
    return ends_line(c) || c == ' ';
}

static bool is_space(uint32_t c)
{
    return ends_word(c) || c == '\t';
}

static bool one_of(uint32_t c, const char *characters)
{
    return c != 0 && c < 0x80 && strchr(characters, (int)c) != NULL;
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(uint32_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* A C string has no NUL; U+0001 is what every later reader treats in the same way. */
static void add(struct hc_yaml_scanner *s, struct hc_text *text, uint32_t character)
{
    char bytes[4];
    hc_text_add(text, bytes, hc_utf8_encode(character == 0 ? 1 : character, bytes));
    if (text->failed)
        hc_yaml_fail_memory(s->error);
}

static void take(struct hc_yaml_scanner *s, struct hc_text *text, size_t length)
{
    for (; length > 0; length--) {
        add(s, text, s->characters[s->at]);
        s->at++;
        s->column++; /* also for a byte order mark: no line break is among them */
    }
}

static bool starts_with(struct hc_yaml_scanner *s, const char *word)
{
    for (size_t i = 0; word[i] != '\0'; i++)
        if (peek(s, i) != (unsigned char)word[i])
            return false;
    return true;
}

/* Takes a line break and returns what it counts as in a scalar; 0: there is none. */
static uint32_t line_break(struct hc_yaml_scanner *s)
{
    uint32_t c = peek(s, 0);
    if (!is_break(c) && c != 0x85 && c != 0x2028 && c != 0x2029)
        return 0;
    forward(s, c == '\r' && peek(s, 1) == '\n' ? 2 : 1);
    return c == 0x2028 || c == 0x2029 ? c : '\n';
}

static void skip_spaces(struct hc_yaml_scanner *s)
{
    while (peek(s, 0) == ' ')
        forward(s, 1);
}

static void skip_comment(struct hc_yaml_scanner *s)
{
    while (peek(s, 0) != 0 && !is_break(peek(s, 0))) {
        s->at++;
        s->column++;
    }
}

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

const char *hc_yaml_token_name(enum hc_yaml_token_id id)
{
    static const char *const names[] = {"<stream start>",
                                        "<stream end>",
                                        "<directive>",
                                        "<document start>",
                                        "<document end>",
                                        "<block sequence start>",
                                        "<block mapping start>",
                                        "<block end>",
                                        "[",
                                        "]",
                                        "{",
                                        "}",
                                        "-",
                                        ",",
                                        "?",
                                        ":",
                                        "<alias>",
                                        "<anchor>",
                                        "<tag>",
                                        "<scalar>"};
    return names[id];
}

void hc_yaml_token_release(struct hc_yaml_token *token)
{
    free(token->text.data);
    free(token->handle.data);
    token->text = token->handle = (struct hc_text){0};
}

/* Room for one more of `size` bytes behind `count`; false after memory ran out. */
static bool reserve(struct hc_yaml_scanner *s, void *array, size_t size, size_t count, size_t *room)
{
    void *old, *more;
    if (count < *room)
        return true;
    memcpy(&old, array, sizeof old);
    more = realloc(old, (*room * 2 + 16) * size);
    if (more == NULL) {
        hc_yaml_fail_memory(s->error);
        return false;
    }
    memcpy(array, &more, sizeof more);
    *room = *room * 2 + 16;
    return true;
}

/* Puts a token before the one of that number; takes its texts over. */
static void insert(struct hc_yaml_scanner *s, size_t number, struct hc_yaml_token token)
{
    size_t place = s->first + (number - s->taken);
    if (s->first > 64 && s->first > s->room / 2) {
        memmove(s->tokens, s->tokens + s->first, (s->end - s->first) * sizeof *s->tokens);
        s->end -= s->first;
        place -= s->first;
        s->first = 0;
    }
    if (!reserve(s, &s->tokens, sizeof *s->tokens, s->end, &s->room)) {
        hc_yaml_token_release(&token);
        return;
    }
    memmove(s->tokens + place + 1, s->tokens + place, (s->end - place) * sizeof *s->tokens);
    s->tokens[place] = token;
    s->end++;
}

static void append(struct hc_yaml_scanner *s, struct hc_yaml_token token)
{
    insert(s, s->taken + (s->end - s->first), token);
}

static void append_empty(struct hc_yaml_scanner *s, enum hc_yaml_token_id id, struct hc_yaml_mark start)
{
    append(s, (struct hc_yaml_token){.id = id, .start = start, .end = here(s)});
}

static void append_here(struct hc_yaml_scanner *s, enum hc_yaml_token_id id)
{
    append_empty(s, id, here(s));
}

/* An indicator of so many characters. */
static void append_indicator(struct hc_yaml_scanner *s, enum hc_yaml_token_id id, size_t length)
{
    struct hc_yaml_mark start = here(s);
    forward(s, length);
    append_empty(s, id, start);
}

/* ---- keys and indentation ---------------------------------------------------------------------------------------- */

static void key_drop(struct hc_yaml_scanner *s, size_t index)
{
    memmove(s->keys + index, s->keys + index + 1, (s->key_count - index - 1) * sizeof *s->keys);
    s->key_count--;
}

static void key_missing(struct hc_yaml_scanner *s, const struct simple_key *key)
{
    struct hc_yaml_mark mark = here(s);
    if (key->required)
        hc_yaml_fail_at(s->error, "while scanning a simple key", &key->mark, &mark, "could not find expected ':'");
}

/* A key stands on one line and is not too long. */
static void keys_expire(struct hc_yaml_scanner *s)
{
    for (size_t i = 0; i < s->key_count;) {
        if (s->keys[i].mark.line == s->line && s->at - s->keys[i].at <= KEY_LENGTH_MAX) {
            i++;
            continue;
        }
        key_missing(s, &s->keys[i]);
        key_drop(s, i);
    }
}

static struct simple_key *key_of_level(struct hc_yaml_scanner *s)
{
    for (size_t i = 0; i < s->key_count; i++)
        if (s->keys[i].level == s->flow_level)
            return &s->keys[i];
    return NULL;
}

static void key_forget(struct hc_yaml_scanner *s)
{
    struct simple_key *key = key_of_level(s);
    if (key == NULL)
        return;
    key_missing(s, key);
    key_drop(s, (size_t)(key - s->keys));
}

static bool in_block(const struct hc_yaml_scanner *s)
{
    return s->flow_level == 0;
}

/* The token that comes next may be a key. */
static void key_save(struct hc_yaml_scanner *s)
{
    bool required = in_block(s) && s->indent == (int)s->column;
    if (!s->key_allowed && required)
        hc_yaml_fail(s->error, HC_YAML_EXCEPTION,
                     "A simple key is required only if it is the first token in the current line");
    if (!s->key_allowed)
        return;
    key_forget(s);
    if (reserve(s, &s->keys, sizeof *s->keys, s->key_count, &s->key_room))
        s->keys[s->key_count++] = (struct simple_key){.level = s->flow_level,
                                                      .token_number = s->taken + (s->end - s->first),
                                                      .at = s->at,
                                                      .mark = here(s),
                                                      .required = required};
}

static void unindent(struct hc_yaml_scanner *s, int column)
{
    while (in_block(s) && s->indent > column && !failed(s)) {
        s->indent = s->indents[--s->indent_count];
        append_here(s, HC_TOKEN_BLOCK_END);
    }
}

static bool indent_to(struct hc_yaml_scanner *s, int column)
{
    if (s->indent >= column || !reserve(s, &s->indents, sizeof *s->indents, s->indent_count, &s->indent_room))
        return false;
    s->indents[s->indent_count++] = s->indent;
    s->indent = column;
    return true;
}

/* ---- directives -------------------------------------------------------------------------------------------------- */

#define DIRECTIVE "while scanning a directive"

static void scan_uri(struct hc_yaml_scanner *s, const char *context, const char *more, const struct hc_yaml_mark *start,
                     struct hc_text *out);
static void scan_handle(struct hc_yaml_scanner *s, const char *context, const struct hc_yaml_mark *start,
                        struct hc_text *out);

/* Fails with what was expected and what stands here. */
static void unexpected(struct hc_yaml_scanner *s, const char *context, const struct hc_yaml_mark *start,
                       const char *expected)
{
    struct hc_yaml_mark mark = here(s);
    hc_yaml_fail_at(s->error, context, start, &mark, "expected %s, but found %s", expected, BARE(peek(s, 0)));
}

static int scan_version_number(struct hc_yaml_scanner *s, const struct hc_yaml_mark *start)
{
    char digits[64];
    size_t length = 0;
    int64_t number = 0;
    if (!is_digit(peek(s, 0)))
        unexpected(s, DIRECTIVE, start, "a digit");
    for (; is_digit(peek(s, 0)); forward(s, 1)) {
        number = number > INT_MAX ? number : number * 10 + (peek(s, 0) - '0');
        if (length < sizeof digits - 1)
            digits[length++] = (char)peek(s, 0);
    }
    digits[length] = '\0';
    if (number > INT_MAX)
        hc_yaml_fail(s->error, "java.lang.NumberFormatException", "For input string: \"%s\"", digits);
    return (int)number;
}

static void scan_version(struct hc_yaml_scanner *s, struct hc_yaml_token *token)
{
    skip_spaces(s);
    token->directive = 'Y';
    token->major = scan_version_number(s, &token->start);
    if (peek(s, 0) != '.')
        unexpected(s, DIRECTIVE, &token->start, "a digit or '.'");
    forward(s, 1);
    token->minor = scan_version_number(s, &token->start);
    if (!ends_word(peek(s, 0)))
        unexpected(s, DIRECTIVE, &token->start, "a digit or ' '");
}

static void scan_tag_directive(struct hc_yaml_scanner *s, struct hc_yaml_token *token)
{
    skip_spaces(s);
    token->directive = 'T';
    scan_handle(s, DIRECTIVE, &token->start, &token->handle);
    if (peek(s, 0) != ' ')
        unexpected(s, DIRECTIVE, &token->start, "' '");
    skip_spaces(s);
    scan_uri(s, DIRECTIVE, ",[]", &token->start, &token->text);
    if (!ends_word(peek(s, 0)))
        unexpected(s, DIRECTIVE, &token->start, "' '");
}

/* Blanks, a comment, the end of the line. */
static void scan_rest_of_line(struct hc_yaml_scanner *s, const char *context, const struct hc_yaml_mark *start)
{
    skip_spaces(s);
    if (peek(s, 0) == '#')
        skip_comment(s);
    if (peek(s, 0) != 0 && line_break(s) == 0)
        unexpected(s, context, start, "a comment or a line break");
}

static void fetch_directive(struct hc_yaml_scanner *s)
{
    struct hc_yaml_token token = {.id = HC_TOKEN_DIRECTIVE, .start = here(s)};
    struct hc_text name = {0};
    unindent(s, -1);
    key_forget(s);
    s->key_allowed = false;
    forward(s, 1);
    for (; is_word(peek(s, 0)); forward(s, 1))
        add(s, &name, peek(s, 0));
    if (name.length == 0 || !ends_word(peek(s, 0)))
        unexpected(s, DIRECTIVE, &token.start, "alphabetic or numeric character");
    bool version = name.length == 4 && memcmp(name.data, "YAML", 4) == 0;
    bool tag = name.length == 3 && memcmp(name.data, "TAG", 3) == 0;
    free(name.data);
    if (version && !failed(s))
        scan_version(s, &token);
    else if (tag && !failed(s))
        scan_tag_directive(s, &token);
    token.end = here(s);
    while (!version && !tag && !ends_line(peek(s, 0)))
        forward(s, 1);
    scan_rest_of_line(s, DIRECTIVE, &token.start);
    append(s, token);
}

/* ---- anchors and tags -------------------------------------------------------------------------------------------- */

static void fetch_anchor(struct hc_yaml_scanner *s)
{
    struct hc_yaml_token token = {.start = here(s)};
    bool alias = peek(s, 0) == '*';
    const char *context = alias ? "while scanning an alias" : "while scanning an anchor";
    size_t length = 0;
    token.id = alias ? HC_TOKEN_ALIAS : HC_TOKEN_ANCHOR;
    key_save(s);
    s->key_allowed = false;
    forward(s, 1);
    while (!is_space(peek(s, length)) && !one_of(peek(s, length), ",[]{}/.*&"))
        length++;
    take(s, &token.text, failed(s) ? 0 : length);
    uint32_t c = peek(s, 0);
    if (length == 0 || (!is_space(c) && !one_of(c, "?:,]}%@`"))) {
        struct hc_yaml_mark mark = here(s);
        hc_yaml_fail_at(s->error, context, &token.start, &mark, "unexpected character found %s", BARE(c));
    }
    token.end = here(s);
    append(s, token);
}

static int hex_value(uint32_t c)
{
    return is_digit(c)              ? (int)c - '0'
           : (c >= 'a' && c <= 'f') ? (int)c - 'a' + 10
           : (c >= 'A' && c <= 'F') ? (int)c - 'A' + 10
                                    : -1;
}

/* %41: bytes of UTF-8. */
static void scan_uri_escapes(struct hc_yaml_scanner *s, const char *context, const struct hc_yaml_mark *start,
                             struct hc_text *out)
{
    struct hc_text bytes = {0};
    struct hc_yaml_mark begin = here(s), mark;
    while (peek(s, 0) == '%') {
        forward(s, 1);
        int high = hex_value(peek(s, 0)), low = hex_value(peek(s, 1));
        mark = here(s);
        if (high < 0 || low < 0)
            hc_yaml_fail_at(s->error, context, start, &mark,
                            "expected URI escape sequence of 2 hexadecimal numbers, but found %s and %s",
                            BARE(peek(s, 0)), BARE(peek(s, 1)));
        else
            hc_text_add(&bytes, (char[]){(char)(high * 16 + low)}, 1);
        forward(s, 2);
    }
    size_t used;
    for (size_t i = 0; i < bytes.length && !failed(s); i += used) {
        uint32_t c = hc_utf8_decode(bytes.data + i, bytes.length - i, &used);
        if (c == 0xfffd && used == 1)
            hc_yaml_fail_at(s->error, context, start, &begin, "expected URI in UTF-8: Input length = 1");
        add(s, out, c);
    }
    if (bytes.failed)
        hc_yaml_fail_memory(s->error);
    free(bytes.data);
}

static void scan_uri(struct hc_yaml_scanner *s, const char *context, const char *more, const struct hc_yaml_mark *start,
                     struct hc_text *out)
{
    while (is_word(peek(s, 0)) || one_of(peek(s, 0), ";/?:@&=+$.!~*'()%") || one_of(peek(s, 0), more)) {
        if (peek(s, 0) == '%')
            scan_uri_escapes(s, context, start, out);
        else
            take(s, out, 1);
    }
    if (out->length == 0)
        unexpected(s, context, start, "URI");
}

/* "!", "!!" or "!name!" */
static void scan_handle(struct hc_yaml_scanner *s, const char *context, const struct hc_yaml_mark *start,
                        struct hc_text *out)
{
    size_t length = 1;
    if (peek(s, 0) != '!') {
        unexpected(s, context, start, "'!'");
        return;
    }
    if (peek(s, 1) != ' ') {
        while (is_word(peek(s, length)))
            length++;
        if (peek(s, length) != '!') {
            forward(s, length);
            unexpected(s, context, start, "'!'");
            return;
        }
        length++;
    }
    take(s, out, length);
}

static void scan_shorthand_tag(struct hc_yaml_scanner *s, struct hc_yaml_token *token, const char *context)
{
    size_t length = 1;
    while (!ends_word(peek(s, length)) && peek(s, length) != '!')
        length++;
    if (peek(s, length) == '!')
        scan_handle(s, context, &token->start, &token->handle);
    else
        take(s, &token->handle, 1);
    if (!failed(s))
        scan_uri(s, context, "", &token->start, &token->text);
}

static void fetch_tag(struct hc_yaml_scanner *s)
{
    static const char context[] = "while scanning a tag";
    struct hc_yaml_token token = {.id = HC_TOKEN_TAG, .start = here(s)};
    struct hc_yaml_mark mark;
    key_save(s);
    s->key_allowed = false;
    if (peek(s, 1) == '<') {
        forward(s, 2);
        scan_uri(s, context, ",[]", &token.start, &token.text);
        mark = here(s);
        if (peek(s, 0) != '>')
            hc_yaml_fail_at(s->error, context, &token.start, &mark, "expected '>', but found %s", QUOTED(peek(s, 0)));
        forward(s, 1);
    } else if (is_space(peek(s, 1))) {
        take(s, &token.text, failed(s) ? 0 : 1);
    } else {
        scan_shorthand_tag(s, &token, context);
    }
    mark = here(s);
    if (!ends_word(peek(s, 0)))
        hc_yaml_fail_at(s->error, context, &token.start, &mark, "expected ' ', but found %s", QUOTED(peek(s, 0)));
    token.end = mark;
    append(s, token);
}

/* ---- block scalars ----------------------------------------------------------------------------------------------- */

#define BLOCK_SCALAR "while scanning a block scalar"

struct block_header {
    char chomping;      /* 0, '-' or '+' */
    unsigned increment; /* 0: to be found out */
};

static void scan_increment(struct hc_yaml_scanner *s, struct block_header *header, const struct hc_yaml_mark *start)
{
    struct hc_yaml_mark mark = here(s);
    if (!is_digit(peek(s, 0)))
        return;
    header->increment = peek(s, 0) - '0';
    if (header->increment == 0)
        hc_yaml_fail_at(s->error, BLOCK_SCALAR, start, &mark,
                        "expected indentation indicator in the range 1-9, but found 0");
    forward(s, 1);
}

static struct block_header scan_block_header(struct hc_yaml_scanner *s, const struct hc_yaml_mark *start)
{
    struct block_header header = {0, 0};
    scan_increment(s, &header, start);
    if (one_of(peek(s, 0), "+-")) {
        header.chomping = (char)peek(s, 0);
        forward(s, 1);
        if (header.increment == 0)
            scan_increment(s, &header, start);
    }
    if (!ends_word(peek(s, 0)))
        unexpected(s, BLOCK_SCALAR, start, "chomping or indentation indicators");
    scan_rest_of_line(s, BLOCK_SCALAR, start);
    return header;
}

/* Empty lines before the first one that counts; returns the deepest indentation among them. */
static int scan_first_breaks(struct hc_yaml_scanner *s, struct hc_text *breaks, struct hc_yaml_mark *end)
{
    int deepest = 0;
    while (peek(s, 0) == ' ' || is_break(peek(s, 0))) {
        if (peek(s, 0) == ' ') {
            forward(s, 1);
            deepest = (int)s->column > deepest ? (int)s->column : deepest;
        } else {
            add(s, breaks, line_break(s));
            *end = here(s);
        }
    }
    return deepest;
}

static void skip_indent(struct hc_yaml_scanner *s, int indent)
{
    while ((int)s->column < indent && peek(s, 0) == ' ')
        forward(s, 1);
}

static void scan_breaks(struct hc_yaml_scanner *s, int indent, struct hc_text *breaks, struct hc_yaml_mark *end)
{
    uint32_t broken;
    *end = here(s);
    skip_indent(s, indent);
    while ((broken = line_break(s)) != 0) {
        add(s, breaks, broken);
        *end = here(s);
        skip_indent(s, indent);
    }
}

static void add_text(struct hc_yaml_scanner *s, struct hc_text *to, const struct hc_text *from)
{
    if (from->length > 0)
        hc_text_add(to, from->data, from->length);
    if (to->failed || from->failed)
        hc_yaml_fail_memory(s->error);
}

static void scan_block_lines(struct hc_yaml_scanner *s, struct hc_yaml_token *token, int indent, struct hc_text *breaks,
                             uint32_t *broken)
{
    while ((int)s->column == indent && peek(s, 0) != 0) {
        size_t length = 0;
        bool text = !one_of(peek(s, 0), " \t");
        add_text(s, &token->text, breaks);
        breaks->length = 0;
        while (!ends_line(peek(s, length)))
            length++;
        take(s, &token->text, failed(s) ? 0 : length);
        *broken = line_break(s);
        scan_breaks(s, indent, breaks, &token->end);
        if ((int)s->column != indent || peek(s, 0) == 0)
            return;
        bool folded = token->style == '>' && *broken == '\n' && text && !one_of(peek(s, 0), " \t");
        if (!folded && *broken != 0)
            add(s, &token->text, *broken);
        else if (folded && breaks->length == 0)
            add(s, &token->text, ' ');
    }
}

static void fetch_block_scalar(struct hc_yaml_scanner *s)
{
    struct hc_yaml_token token = {.id = HC_TOKEN_SCALAR, .start = here(s), .style = (char)peek(s, 0)};
    struct hc_text breaks = {0};
    uint32_t broken = 0;
    s->key_allowed = true;
    key_forget(s);
    forward(s, 1);
    struct block_header header = scan_block_header(s, &token.start);
    int least = s->indent + 1 < 1 ? 1 : s->indent + 1, indent = least + (int)header.increment - 1;
    token.end = here(s);
    if (header.increment == 0) {
        int deepest = scan_first_breaks(s, &breaks, &token.end);
        indent = deepest > least ? deepest : least;
    } else {
        scan_breaks(s, indent, &breaks, &token.end);
    }
    struct hc_yaml_mark mark = here(s);
    if ((int)s->column < indent && s->indent != (int)s->column)
        hc_yaml_fail_at(s->error, BLOCK_SCALAR, &token.start, &mark,
                        " the leading empty lines contain more spaces (%d) than the first non-empty line.", indent);
    scan_block_lines(s, &token, indent, &breaks, &broken);
    if (header.chomping != '-' && broken != 0)
        add(s, &token.text, broken);
    if (header.chomping == '+')
        add_text(s, &token.text, &breaks);
    free(breaks.data);
    append(s, token);
}

/* ---- quoted scalars ---------------------------------------------------------------------------------------------- */

/* What a letter behind a backslash stands for; 0: nothing. */
static uint32_t escape_of(uint32_t c)
{
    static const struct {
        char letter;
        uint16_t character;
    } escapes[] = {{'a', 7},    {'b', 8},    {'t', 9},      {'n', 10},     {'v', 11},  {'f', 12},
                   {'r', 13},   {'e', 0x1b}, {' ', ' '},    {'"', '"'},    {'/', '/'}, {'\\', '\\'},
                   {'N', 0x85}, {'_', 0xa0}, {'L', 0x2028}, {'P', 0x2029}, {'0', 1} /* NUL, see add() */};
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
        if (c == (unsigned char)escapes[i].letter)
            return escapes[i].character;
    return 0;
}

/* The other half of a pair, "\\ud83d\\ude00". */
static uint64_t low_surrogate(struct hc_yaml_scanner *s, uint64_t high)
{
    uint64_t low = 0;
    if (peek(s, 0) != '\\' || peek(s, 1) != 'u')
        return high;
    for (size_t i = 2; i < 6; i++) {
        int value = hex_value(peek(s, i));
        if (value < 0)
            return high;
        low = low * 16 + (uint64_t)value;
    }
    if (low < 0xdc00 || low > 0xdfff)
        return high;
    forward(s, 6);
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static void scan_hexadecimal(struct hc_yaml_scanner *s, struct hc_yaml_token *token, size_t length)
{
    struct hc_yaml_mark mark = here(s);
    uint64_t character = 0;
    char found[48];
    size_t used = 0;
    bool good = true;
    for (size_t i = 0; i < length && peek(s, i) != 0; i++) {
        int value = hex_value(peek(s, i));
        good = good && value >= 0;
        character = character * 16 + (uint64_t)(value < 0 ? 0 : value);
        used += hc_utf8_encode(peek(s, i), found + used);
    }
    found[used] = '\0';
    if (!good) {
        hc_yaml_fail_at(s->error, "while scanning a double-quoted scalar", &token->start, &mark,
                        "expected escape sequence of %zu hexadecimal numbers, but found: %s", length, found);
    } else if (character > 0x10ffff) {
        hc_yaml_fail(s->error, "java.lang.IllegalArgumentException", "Not a valid Unicode code point: 0x%llX",
                     (unsigned long long)character);
    } else {
        forward(s, length);
        if (character >= 0xd800 && character <= 0xdbff)
            character = low_surrogate(s, character);
        /* Half a surrogate pair is a character of its own in Java; here it can only be a replacement. */
        add(s, &token->text, character >= 0xd800 && character <= 0xdfff ? 0xfffd : (uint32_t)character);
    }
}

/* Line breaks inside quotes; blanks around them are nothing. */
static void scan_quoted_breaks(struct hc_yaml_scanner *s, struct hc_yaml_token *token, struct hc_text *out)
{
    for (;;) {
        struct hc_yaml_mark mark = here(s);
        if ((starts_with(s, "---") || starts_with(s, "...")) && is_space(peek(s, 3)))
            hc_yaml_fail_at(s->error, "while scanning a quoted scalar", &token->start, &mark,
                            "found unexpected document separator");
        while (one_of(peek(s, 0), " \t"))
            forward(s, 1);
        uint32_t broken = line_break(s);
        if (broken == 0)
            return;
        add(s, out, broken);
    }
}

static void scan_escape(struct hc_yaml_scanner *s, struct hc_yaml_token *token)
{
    forward(s, 1);
    uint32_t c = peek(s, 0), escaped = escape_of(c);
    if (escaped != 0) {
        add(s, &token->text, escaped);
        forward(s, 1);
    } else if (c == 'x' || c == 'u' || c == 'U') {
        forward(s, 1);
        scan_hexadecimal(s, token, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    } else if (line_break(s) != 0) {
        scan_quoted_breaks(s, token, &token->text);
    } else {
        struct hc_yaml_mark mark = here(s);
        hc_yaml_fail_at(s->error, "while scanning a double-quoted scalar", &token->start, &mark,
                        "found unknown escape character %s", BARE(c));
    }
}

static void scan_quoted_spaces(struct hc_yaml_scanner *s, struct hc_yaml_token *token)
{
    size_t length = 0;
    struct hc_text breaks = {0};
    while (one_of(peek(s, length), " \t"))
        length++;
    uint32_t next = peek(s, length);
    if (next != '\n' && next != '\r' && next != 0x85 && next != 0x2028 && next != 0x2029 && next != 0) {
        take(s, &token->text, length);
        return;
    }
    forward(s, length);
    struct hc_yaml_mark mark = here(s);
    if (next == 0)
        hc_yaml_fail_at(s->error, "while scanning a quoted scalar", &token->start, &mark,
                        "found unexpected end of stream");
    uint32_t broken = line_break(s);
    scan_quoted_breaks(s, token, &breaks);
    if (broken != '\n')
        add(s, &token->text, broken);
    else if (breaks.length == 0)
        add(s, &token->text, ' ');
    add_text(s, &token->text, &breaks);
    free(breaks.data);
}

static void fetch_quoted(struct hc_yaml_scanner *s)
{
    struct hc_yaml_token token = {.id = HC_TOKEN_SCALAR, .start = here(s), .style = (char)peek(s, 0)};
    uint32_t quote = peek(s, 0);
    key_save(s);
    s->key_allowed = false;
    forward(s, 1);
    while (!failed(s)) {
        uint32_t c = peek(s, 0);
        if (c == quote && quote == '\'' && peek(s, 1) == '\'') {
            add(s, &token.text, '\'');
            forward(s, 2);
        } else if (c == quote) {
            break;
        } else if (c == '\\' && quote == '"') {
            scan_escape(s, &token);
        } else if (is_space(c)) {
            scan_quoted_spaces(s, &token);
        } else {
            take(s, &token.text, 1);
        }
    }
    forward(s, 1);
    token.end = here(s);
    append(s, token);
}

/* ---- plain scalars ----------------------------------------------------------------------------------------------- */

static bool document_separator(struct hc_yaml_scanner *s)
{
    return starts_with(s, "---") || (starts_with(s, "...") && is_space(peek(s, 3)));
}

/* Blanks and line breaks that may lie inside a plain scalar; nothing in *out: it ends here. */
static void scan_plain_spaces(struct hc_yaml_scanner *s, struct hc_text *out)
{
    size_t length = 0;
    while (one_of(peek(s, length), " \t"))
        length++;
    take(s, out, failed(s) ? 0 : length);
    uint32_t broken = line_break(s);
    if (broken == 0)
        return;
    out->length = 0;
    s->key_allowed = true;
    struct hc_text breaks = {0};
    bool ends = document_separator(s);
    while (!ends) {
        if (peek(s, 0) == ' ') {
            forward(s, 1);
            continue;
        }
        uint32_t more = line_break(s);
        if (more == 0)
            break;
        add(s, &breaks, more);
        ends = document_separator(s);
    }
    if (!ends && broken != '\n')
        add(s, out, broken);
    else if (!ends && breaks.length == 0)
        add(s, out, ' ');
    if (!ends)
        add_text(s, out, &breaks);
    free(breaks.data);
}

static bool ends_plain(struct hc_yaml_scanner *s, size_t ahead)
{
    uint32_t c = peek(s, ahead), next;
    if (is_space(c) || (!in_block(s) && one_of(c, ",[]{}")))
        return true;
    if (c != ':')
        return false;
    next = peek(s, ahead + 1);
    return is_space(next) || (!in_block(s) && one_of(next, ",[]{}"));
}

static void fetch_plain(struct hc_yaml_scanner *s)
{
    struct hc_yaml_token token = {.id = HC_TOKEN_SCALAR, .start = here(s), .end = here(s)};
    struct hc_text spaces = {0};
    int least = s->indent + 1;
    key_save(s);
    s->key_allowed = false;
    while (peek(s, 0) != '#') {
        size_t length = 0;
        while (!ends_plain(s, length))
            length++;
        if (length == 0 || failed(s))
            break;
        s->key_allowed = false;
        add_text(s, &token.text, &spaces);
        spaces.length = 0;
        take(s, &token.text, length);
        token.end = here(s);
        scan_plain_spaces(s, &spaces);
        if (spaces.length == 0 || peek(s, 0) == '#' || (in_block(s) && (int)s->column < least))
            break;
    }
    free(spaces.data);
    append(s, token);
}

/* ---- the next tokens --------------------------------------------------------------------------------------------- */

static void skip_to_token(struct hc_yaml_scanner *s)
{
    if (s->at == 0 && peek(s, 0) == 0xfeff)
        forward(s, 1);
    do {
        skip_spaces(s);
        if (peek(s, 0) == '#')
            skip_comment(s);
        if (line_break(s) == 0)
            return;
        if (in_block(s))
            s->key_allowed = true;
    } while (!failed(s));
}

static void fetch_stream_end(struct hc_yaml_scanner *s)
{
    unindent(s, -1);
    key_forget(s);
    s->key_allowed = false;
    s->key_count = 0;
    append_here(s, HC_TOKEN_STREAM_END);
    s->done = true;
}

static void fetch_document_indicator(struct hc_yaml_scanner *s, enum hc_yaml_token_id id)
{
    unindent(s, -1);
    key_forget(s);
    s->key_allowed = false;
    append_indicator(s, id, 3);
}

static void fetch_flow_start(struct hc_yaml_scanner *s)
{
    key_save(s);
    s->flow_level++;
    s->key_allowed = true;
    append_indicator(s, peek(s, 0) == '[' ? HC_TOKEN_FLOW_SEQUENCE_START : HC_TOKEN_FLOW_MAPPING_START, 1);
}

static void fetch_flow_end(struct hc_yaml_scanner *s)
{
    key_forget(s);
    s->flow_level--;
    s->key_allowed = false;
    append_indicator(s, peek(s, 0) == ']' ? HC_TOKEN_FLOW_SEQUENCE_END : HC_TOKEN_FLOW_MAPPING_END, 1);
}

static void fetch_flow_entry(struct hc_yaml_scanner *s)
{
    s->key_allowed = true;
    key_forget(s);
    append_indicator(s, HC_TOKEN_FLOW_ENTRY, 1);
}

static void fetch_block_entry(struct hc_yaml_scanner *s)
{
    struct hc_yaml_mark mark = here(s);
    if (in_block(s) && !s->key_allowed)
        hc_yaml_fail_at(s->error, "", NULL, &mark, "sequence entries are not allowed here");
    if (in_block(s) && indent_to(s, (int)s->column))
        append_here(s, HC_TOKEN_BLOCK_SEQUENCE_START);
    s->key_allowed = true;
    key_forget(s);
    append_indicator(s, HC_TOKEN_BLOCK_ENTRY, 1);
}

static void fetch_key(struct hc_yaml_scanner *s)
{
    struct hc_yaml_mark mark = here(s);
    if (in_block(s) && !s->key_allowed)
        hc_yaml_fail_at(s->error, NULL, NULL, &mark, "mapping keys are not allowed here");
    if (in_block(s) && indent_to(s, (int)s->column))
        append_here(s, HC_TOKEN_BLOCK_MAPPING_START);
    s->key_allowed = in_block(s);
    key_forget(s);
    append_indicator(s, HC_TOKEN_KEY, 1);
}

/* The ':' makes a key of the token that might have been one. */
static void confirm_key(struct hc_yaml_scanner *s, struct simple_key key)
{
    struct hc_yaml_token token = {.id = HC_TOKEN_KEY, .start = key.mark, .end = key.mark};
    insert(s, key.token_number, token);
    token.id = HC_TOKEN_BLOCK_MAPPING_START;
    if (in_block(s) && indent_to(s, (int)key.mark.column))
        insert(s, key.token_number, token);
    s->key_allowed = false;
}

static void fetch_value(struct hc_yaml_scanner *s)
{
    struct simple_key *key = key_of_level(s);
    if (key != NULL) {
        struct simple_key found = *key;
        key_drop(s, (size_t)(key - s->keys));
        confirm_key(s, found);
    } else {
        struct hc_yaml_mark mark = here(s);
        if (in_block(s) && !s->key_allowed)
            hc_yaml_fail_at(s->error, NULL, NULL, &mark, "mapping values are not allowed here");
        if (in_block(s) && indent_to(s, (int)s->column))
            append_here(s, HC_TOKEN_BLOCK_MAPPING_START);
        s->key_allowed = in_block(s);
    }
    append_indicator(s, HC_TOKEN_VALUE, 1);
}

static bool starts_plain(struct hc_yaml_scanner *s)
{
    uint32_t c = peek(s, 0), next = peek(s, 1);
    if (!is_space(c) && !one_of(c, "-?:,[]{}#&*!|>'\"%@`"))
        return true;
    if (in_block(s))
        return !is_space(next) && one_of(c, "-?:");
    return !is_space(next) && !one_of(next, ",]") && one_of(c, "-?");
}

static bool at_document_indicator(struct hc_yaml_scanner *s, const char *indicator)
{
    return s->column == 0 && starts_with(s, indicator) && is_space(peek(s, 3));
}

static void fetch_other(struct hc_yaml_scanner *s)
{
    if (starts_plain(s)) {
        fetch_plain(s);
        return;
    }
    struct hc_yaml_mark mark = here(s);
    char shown[16];
    snprintf(shown, sizeof shown, peek(s, 0) == '\t' ? "\\t(TAB)" : "%c", (int)peek(s, 0));
    hc_yaml_fail_at(s->error, "while scanning for the next token", NULL, &mark,
                    "found character '%s' that cannot start any token. (Do not use %s for indentation)", shown, shown);
}

static void fetch(struct hc_yaml_scanner *s)
{
    if (s->at > CHARACTERS_MAX)
        hc_yaml_fail(s->error, HC_YAML_EXCEPTION, "The incoming YAML document exceeds the limit: %d code points.",
                     CHARACTERS_MAX);
    skip_to_token(s);
    keys_expire(s);
    unindent(s, (int)s->column);
    uint32_t c = peek(s, 0);
    bool alone = is_space(peek(s, 1)), block = in_block(s);
    if (failed(s))
        return;
    if (c == 0)
        fetch_stream_end(s);
    else if (c == '%' && s->column == 0)
        fetch_directive(s);
    else if (c == '-' && at_document_indicator(s, "---"))
        fetch_document_indicator(s, HC_TOKEN_DOCUMENT_START);
    else if (c == '-' && alone)
        fetch_block_entry(s);
    else if (c == '.' && at_document_indicator(s, "..."))
        fetch_document_indicator(s, HC_TOKEN_DOCUMENT_END);
    else if (c == '[' || c == '{')
        fetch_flow_start(s);
    else if (c == ']' || c == '}')
        fetch_flow_end(s);
    else if (c == ',')
        fetch_flow_entry(s);
    else if (c == '?' && alone)
        fetch_key(s);
    else if (c == ':' && (alone || !block))
        fetch_value(s);
    else if (c == '*' || c == '&')
        fetch_anchor(s);
    else if (c == '!')
        fetch_tag(s);
    else if ((c == '|' || c == '>') && block)
        fetch_block_scalar(s);
    else if (c == '\'' || c == '"')
        fetch_quoted(s);
    else
        fetch_other(s);
}

/* As long as the next token may still get a KEY before it, the tokens behind it are needed. */
static bool needs_more(struct hc_yaml_scanner *s)
{
    if (s->done || failed(s))
        return false;
    if (s->first == s->end)
        return true;
    keys_expire(s);
    return s->key_count > 0 && s->keys[0].token_number == s->taken;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

static bool decode(struct hc_yaml_scanner *s, const char *text, size_t length)
{
    size_t used, most = length < (size_t)CHARACTERS_MAX * 4 + 8 ? length : (size_t)CHARACTERS_MAX * 4 + 8;
    s->characters = malloc((most + 1) * sizeof *s->characters);
    s->offsets = malloc((most + 1) * sizeof *s->offsets);
    if (s->characters == NULL || s->offsets == NULL)
        return false;
    size_t at = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* YamlUnicodeReader takes it away */
    for (; at < most && !s->bad_utf8; at += used) {
        uint32_t c = hc_utf8_decode(text + at, length - at, &used);
        s->bad_utf8 = c == 0xfffd && used == 1;
        if (s->bad_utf8)
            break;
        s->offsets[s->count] = (uint32_t)at;
        s->characters[s->count++] = c;
    }
    s->offsets[s->count] = (uint32_t)at;
    return true;
}

struct hc_yaml_scanner *hc_yaml_scanner_new(const char *text, size_t length, struct hc_yaml_error *error)
{
    struct hc_yaml_scanner *s = calloc(1, sizeof *s);
    *error = (struct hc_yaml_error){0};
    if (s == NULL || !decode(s, text, length)) {
        hc_yaml_scanner_free(s);
        return NULL;
    }
    s->error = error;
    s->indent = -1;
    s->key_allowed = true;
    append_here(s, HC_TOKEN_STREAM_START);
    return s;
}

void hc_yaml_scanner_free(struct hc_yaml_scanner *scanner)
{
    if (scanner == NULL)
        return;
    for (size_t i = scanner->first; i < scanner->end; i++)
        hc_yaml_token_release(&scanner->tokens[i]);
    free(scanner->tokens);
    free(scanner->characters);
    free(scanner->offsets);
    free(scanner->indents);
    free(scanner->keys);
    free(scanner);
}

const struct hc_yaml_token *hc_yaml_scanner_peek(struct hc_yaml_scanner *s)
{
    static const struct hc_yaml_token end = {.id = HC_TOKEN_STREAM_END};
    while (needs_more(s))
        fetch(s);
    return failed(s) || s->first == s->end ? &end : &s->tokens[s->first];
}

bool hc_yaml_scanner_check(struct hc_yaml_scanner *s, unsigned ids)
{
    return (HC_TOKEN_BIT(hc_yaml_scanner_peek(s)->id) & ids) != 0;
}

struct hc_yaml_token hc_yaml_scanner_next(struct hc_yaml_scanner *s)
{
    struct hc_yaml_token token = *hc_yaml_scanner_peek(s);
    if (failed(s) || s->first == s->end)
        return (struct hc_yaml_token){.id = HC_TOKEN_STREAM_END};
    s->tokens[s->first] = (struct hc_yaml_token){0};
    s->first++;
    s->taken++;
    return token;
}
