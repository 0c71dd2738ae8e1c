#include "yaml_scanner.h"

#include "yaml_scalar.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_LENGTH_MAX = 1024 /* characters that a key without '?' may have */ };

/* A token that may turn out to be a key once a ':' follows. */
struct simple_key {
    int level;
    size_t token_number, at;
    struct hc_yaml_mark mark;
    bool required;
};

struct hc_yaml_scanner {
    struct hc_yaml_text text;
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
        hc_yaml_fail_memory(s->text.error);
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
    append(s, (struct hc_yaml_token){.id = id, .start = start, .end = hc_yaml_here(&s->text)});
}

static void append_here(struct hc_yaml_scanner *s, enum hc_yaml_token_id id)
{
    append_empty(s, id, hc_yaml_here(&s->text));
}

/* An indicator of so many characters. */
static void append_indicator(struct hc_yaml_scanner *s, enum hc_yaml_token_id id, size_t length)
{
    struct hc_yaml_mark start = hc_yaml_here(&s->text);
    hc_yaml_forward(&s->text, length);
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
    struct hc_yaml_mark mark = hc_yaml_here(&s->text);
    if (key->required)
        hc_yaml_fail_at(s->text.error, "while scanning a simple key", &key->mark, &mark, "could not find expected ':'");
}

/* A key stands on one line and is not too long. */
static void keys_expire(struct hc_yaml_scanner *s)
{
    for (size_t i = 0; i < s->key_count;) {
        if (s->keys[i].mark.line == s->text.line && s->text.at - s->keys[i].at <= KEY_LENGTH_MAX) {
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
    bool required = in_block(s) && s->indent == (int)s->text.column;
    if (!s->key_allowed && required)
        hc_yaml_fail(s->text.error, HC_YAML_EXCEPTION,
                     "A simple key is required only if it is the first token in the current line");
    if (!s->key_allowed)
        return;
    key_forget(s);
    if (reserve(s, &s->keys, sizeof *s->keys, s->key_count, &s->key_room))
        s->keys[s->key_count++] = (struct simple_key){.level = s->flow_level,
                                                      .token_number = s->taken + (s->end - s->first),
                                                      .at = s->text.at,
                                                      .mark = hc_yaml_here(&s->text),
                                                      .required = required};
}

static void unindent(struct hc_yaml_scanner *s, int column)
{
    while (in_block(s) && s->indent > column && !hc_yaml_failed(&s->text)) {
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

static int scan_version_number(struct hc_yaml_scanner *s, const struct hc_yaml_mark *start)
{
    char digits[64];
    size_t length = 0;
    int64_t number = 0;
    if (!hc_yaml_is_digit(hc_yaml_peek(&s->text, 0)))
        hc_yaml_unexpected(&s->text, DIRECTIVE, start, "a digit");
    for (; hc_yaml_is_digit(hc_yaml_peek(&s->text, 0)); hc_yaml_forward(&s->text, 1)) {
        number = number > INT_MAX ? number : number * 10 + (hc_yaml_peek(&s->text, 0) - '0');
        if (length < sizeof digits - 1)
            digits[length++] = (char)hc_yaml_peek(&s->text, 0);
    }
    digits[length] = '\0';
    if (number > INT_MAX)
        hc_yaml_fail(s->text.error, "java.lang.NumberFormatException", "For input string: \"%s\"", digits);
    return (int)number;
}

static void scan_version(struct hc_yaml_scanner *s, struct hc_yaml_token *token)
{
    hc_yaml_skip_spaces(&s->text);
    token->directive = 'Y';
    token->major = scan_version_number(s, &token->start);
    if (hc_yaml_peek(&s->text, 0) != '.')
        hc_yaml_unexpected(&s->text, DIRECTIVE, &token->start, "a digit or '.'");
    hc_yaml_forward(&s->text, 1);
    token->minor = scan_version_number(s, &token->start);
    if (!hc_yaml_ends_word(hc_yaml_peek(&s->text, 0)))
        hc_yaml_unexpected(&s->text, DIRECTIVE, &token->start, "a digit or ' '");
}

static void scan_tag_directive(struct hc_yaml_scanner *s, struct hc_yaml_token *token)
{
    hc_yaml_skip_spaces(&s->text);
    token->directive = 'T';
    scan_handle(s, DIRECTIVE, &token->start, &token->handle);
    if (hc_yaml_peek(&s->text, 0) != ' ')
        hc_yaml_unexpected(&s->text, DIRECTIVE, &token->start, "' '");
    hc_yaml_skip_spaces(&s->text);
    scan_uri(s, DIRECTIVE, ",[]", &token->start, &token->text);
    if (!hc_yaml_ends_word(hc_yaml_peek(&s->text, 0)))
        hc_yaml_unexpected(&s->text, DIRECTIVE, &token->start, "' '");
}

static void fetch_directive(struct hc_yaml_scanner *s)
{
    struct hc_yaml_token token = {.id = HC_TOKEN_DIRECTIVE, .start = hc_yaml_here(&s->text)};
    struct hc_text name = {0};
    unindent(s, -1);
    key_forget(s);
    s->key_allowed = false;
    hc_yaml_forward(&s->text, 1);
    for (; hc_yaml_is_word(hc_yaml_peek(&s->text, 0)); hc_yaml_forward(&s->text, 1))
        hc_yaml_add(&s->text, &name, hc_yaml_peek(&s->text, 0));
    if (name.length == 0 || !hc_yaml_ends_word(hc_yaml_peek(&s->text, 0)))
        hc_yaml_unexpected(&s->text, DIRECTIVE, &token.start, "alphabetic or numeric character");
    bool version = name.length == 4 && memcmp(name.data, "YAML", 4) == 0;
    bool tag = name.length == 3 && memcmp(name.data, "TAG", 3) == 0;
    free(name.data);
    if (version && !hc_yaml_failed(&s->text))
        scan_version(s, &token);
    else if (tag && !hc_yaml_failed(&s->text))
        scan_tag_directive(s, &token);
    token.end = hc_yaml_here(&s->text);
    while (!version && !tag && !hc_yaml_ends_line(hc_yaml_peek(&s->text, 0)))
        hc_yaml_forward(&s->text, 1);
    hc_yaml_rest_of_line(&s->text, DIRECTIVE, &token.start);
    append(s, token);
}

/* ---- anchors and tags -------------------------------------------------------------------------------------------- */

static void fetch_anchor(struct hc_yaml_scanner *s)
{
    struct hc_yaml_token token = {.start = hc_yaml_here(&s->text)};
    bool alias = hc_yaml_peek(&s->text, 0) == '*';
    const char *context = alias ? "while scanning an alias" : "while scanning an anchor";
    size_t length = 0;
    token.id = alias ? HC_TOKEN_ALIAS : HC_TOKEN_ANCHOR;
    key_save(s);
    s->key_allowed = false;
    hc_yaml_forward(&s->text, 1);
    while (!hc_yaml_is_space(hc_yaml_peek(&s->text, length)) &&
           !hc_yaml_one_of(hc_yaml_peek(&s->text, length), ",[]{}/.*&"))
        length++;
    hc_yaml_take(&s->text, &token.text, hc_yaml_failed(&s->text) ? 0 : length);
    uint32_t c = hc_yaml_peek(&s->text, 0);
    if (length == 0 || (!hc_yaml_is_space(c) && !hc_yaml_one_of(c, "?:,]}%@`"))) {
        struct hc_yaml_mark mark = hc_yaml_here(&s->text);
        hc_yaml_fail_at(s->text.error, context, &token.start, &mark, "unexpected character found %s", HC_YAML_BARE(c));
    }
    token.end = hc_yaml_here(&s->text);
    append(s, token);
}

/* %41: bytes of UTF-8. */
static void scan_uri_escapes(struct hc_yaml_scanner *s, const char *context, const struct hc_yaml_mark *start,
                             struct hc_text *out)
{
    struct hc_text bytes = {0};
    struct hc_yaml_mark begin = hc_yaml_here(&s->text), mark;
    while (hc_yaml_peek(&s->text, 0) == '%') {
        hc_yaml_forward(&s->text, 1);
        int high = hc_yaml_hex_value(hc_yaml_peek(&s->text, 0)), low = hc_yaml_hex_value(hc_yaml_peek(&s->text, 1));
        mark = hc_yaml_here(&s->text);
        if (high < 0 || low < 0)
            hc_yaml_fail_at(s->text.error, context, start, &mark,
                            "expected URI escape sequence of 2 hexadecimal numbers, but found %s and %s",
                            HC_YAML_BARE(hc_yaml_peek(&s->text, 0)), HC_YAML_BARE(hc_yaml_peek(&s->text, 1)));
        else
            hc_text_add(&bytes, (char[]){(char)(high * 16 + low)}, 1);
        hc_yaml_forward(&s->text, 2);
    }
    size_t used;
    for (size_t i = 0; i < bytes.length && !hc_yaml_failed(&s->text); i += used) {
        uint32_t c = hc_utf8_decode(bytes.data + i, bytes.length - i, &used);
        if (c == 0xfffd && used == 1)
            hc_yaml_fail_at(s->text.error, context, start, &begin, "expected URI in UTF-8: Input length = 1");
        hc_yaml_add(&s->text, out, c);
    }
    if (bytes.failed)
        hc_yaml_fail_memory(s->text.error);
    free(bytes.data);
}

static void scan_uri(struct hc_yaml_scanner *s, const char *context, const char *more, const struct hc_yaml_mark *start,
                     struct hc_text *out)
{
    while (hc_yaml_is_word(hc_yaml_peek(&s->text, 0)) ||
           hc_yaml_one_of(hc_yaml_peek(&s->text, 0), ";/?:@&=+$.!~*'()%") ||
           hc_yaml_one_of(hc_yaml_peek(&s->text, 0), more)) {
        if (hc_yaml_peek(&s->text, 0) == '%')
            scan_uri_escapes(s, context, start, out);
        else
            hc_yaml_take(&s->text, out, 1);
    }
    if (out->length == 0)
        hc_yaml_unexpected(&s->text, context, start, "URI");
}

/* "!", "!!" or "!name!" */
static void scan_handle(struct hc_yaml_scanner *s, const char *context, const struct hc_yaml_mark *start,
                        struct hc_text *out)
{
    size_t length = 1;
    if (hc_yaml_peek(&s->text, 0) != '!') {
        hc_yaml_unexpected(&s->text, context, start, "'!'");
        return;
    }
    if (hc_yaml_peek(&s->text, 1) != ' ') {
        while (hc_yaml_is_word(hc_yaml_peek(&s->text, length)))
            length++;
        if (hc_yaml_peek(&s->text, length) != '!') {
            hc_yaml_forward(&s->text, length);
            hc_yaml_unexpected(&s->text, context, start, "'!'");
            return;
        }
        length++;
    }
    hc_yaml_take(&s->text, out, length);
}

static void scan_shorthand_tag(struct hc_yaml_scanner *s, struct hc_yaml_token *token, const char *context)
{
    size_t length = 1;
    while (!hc_yaml_ends_word(hc_yaml_peek(&s->text, length)) && hc_yaml_peek(&s->text, length) != '!')
        length++;
    if (hc_yaml_peek(&s->text, length) == '!')
        scan_handle(s, context, &token->start, &token->handle);
    else
        hc_yaml_take(&s->text, &token->handle, 1);
    if (!hc_yaml_failed(&s->text))
        scan_uri(s, context, "", &token->start, &token->text);
}

static void fetch_tag(struct hc_yaml_scanner *s)
{
    static const char context[] = "while scanning a tag";
    struct hc_yaml_token token = {.id = HC_TOKEN_TAG, .start = hc_yaml_here(&s->text)};
    struct hc_yaml_mark mark;
    key_save(s);
    s->key_allowed = false;
    if (hc_yaml_peek(&s->text, 1) == '<') {
        hc_yaml_forward(&s->text, 2);
        scan_uri(s, context, ",[]", &token.start, &token.text);
        mark = hc_yaml_here(&s->text);
        if (hc_yaml_peek(&s->text, 0) != '>')
            hc_yaml_fail_at(s->text.error, context, &token.start, &mark, "expected '>', but found %s",
                            HC_YAML_QUOTED(hc_yaml_peek(&s->text, 0)));
        hc_yaml_forward(&s->text, 1);
    } else if (hc_yaml_is_space(hc_yaml_peek(&s->text, 1))) {
        hc_yaml_take(&s->text, &token.text, hc_yaml_failed(&s->text) ? 0 : 1);
    } else {
        scan_shorthand_tag(s, &token, context);
    }
    mark = hc_yaml_here(&s->text);
    if (!hc_yaml_ends_word(hc_yaml_peek(&s->text, 0)))
        hc_yaml_fail_at(s->text.error, context, &token.start, &mark, "expected ' ', but found %s",
                        HC_YAML_QUOTED(hc_yaml_peek(&s->text, 0)));
    token.end = mark;
    append(s, token);
}

/* ---- scalars ----------------------------------------------------------------------------------------------------- */

static void fetch_block_scalar(struct hc_yaml_scanner *s)
{
    s->key_allowed = true;
    key_forget(s);
    append(s, hc_yaml_scan_block_scalar(&s->text, s->indent));
}

static void fetch_quoted(struct hc_yaml_scanner *s)
{
    key_save(s);
    s->key_allowed = false;
    append(s, hc_yaml_scan_quoted(&s->text));
}

static void fetch_plain(struct hc_yaml_scanner *s)
{
    key_save(s);
    append(s, hc_yaml_scan_plain(&s->text, s->indent, !in_block(s), &s->key_allowed));
}

/* ---- the next tokens --------------------------------------------------------------------------------------------- */

static void skip_to_token(struct hc_yaml_scanner *s)
{
    if (s->text.at == 0 && hc_yaml_peek(&s->text, 0) == 0xfeff)
        hc_yaml_forward(&s->text, 1);
    do {
        hc_yaml_skip_spaces(&s->text);
        if (hc_yaml_peek(&s->text, 0) == '#')
            hc_yaml_skip_comment(&s->text);
        if (hc_yaml_line_break(&s->text) == 0)
            return;
        if (in_block(s))
            s->key_allowed = true;
    } while (!hc_yaml_failed(&s->text));
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
    append_indicator(s, hc_yaml_peek(&s->text, 0) == '[' ? HC_TOKEN_FLOW_SEQUENCE_START : HC_TOKEN_FLOW_MAPPING_START,
                     1);
}

static void fetch_flow_end(struct hc_yaml_scanner *s)
{
    key_forget(s);
    s->flow_level--;
    s->key_allowed = false;
    append_indicator(s, hc_yaml_peek(&s->text, 0) == ']' ? HC_TOKEN_FLOW_SEQUENCE_END : HC_TOKEN_FLOW_MAPPING_END, 1);
}

static void fetch_flow_entry(struct hc_yaml_scanner *s)
{
    s->key_allowed = true;
    key_forget(s);
    append_indicator(s, HC_TOKEN_FLOW_ENTRY, 1);
}

static void fetch_block_entry(struct hc_yaml_scanner *s)
{
    struct hc_yaml_mark mark = hc_yaml_here(&s->text);
    if (in_block(s) && !s->key_allowed)
        hc_yaml_fail_at(s->text.error, "", NULL, &mark, "sequence entries are not allowed here");
    if (in_block(s) && indent_to(s, (int)s->text.column))
        append_here(s, HC_TOKEN_BLOCK_SEQUENCE_START);
    s->key_allowed = true;
    key_forget(s);
    append_indicator(s, HC_TOKEN_BLOCK_ENTRY, 1);
}

static void fetch_key(struct hc_yaml_scanner *s)
{
    struct hc_yaml_mark mark = hc_yaml_here(&s->text);
    if (in_block(s) && !s->key_allowed)
        hc_yaml_fail_at(s->text.error, NULL, NULL, &mark, "mapping keys are not allowed here");
    if (in_block(s) && indent_to(s, (int)s->text.column))
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
        struct hc_yaml_mark mark = hc_yaml_here(&s->text);
        if (in_block(s) && !s->key_allowed)
            hc_yaml_fail_at(s->text.error, NULL, NULL, &mark, "mapping values are not allowed here");
        if (in_block(s) && indent_to(s, (int)s->text.column))
            append_here(s, HC_TOKEN_BLOCK_MAPPING_START);
        s->key_allowed = in_block(s);
    }
    append_indicator(s, HC_TOKEN_VALUE, 1);
}

static bool starts_plain(struct hc_yaml_scanner *s)
{
    uint32_t c = hc_yaml_peek(&s->text, 0), next = hc_yaml_peek(&s->text, 1);
    if (!hc_yaml_is_space(c) && !hc_yaml_one_of(c, "-?:,[]{}#&*!|>'\"%@`"))
        return true;
    if (in_block(s))
        return !hc_yaml_is_space(next) && hc_yaml_one_of(c, "-?:");
    return !hc_yaml_is_space(next) && !hc_yaml_one_of(next, ",]") && hc_yaml_one_of(c, "-?");
}

static bool at_document_indicator(struct hc_yaml_scanner *s, const char *indicator)
{
    return s->text.column == 0 && hc_yaml_starts_with(&s->text, indicator) &&
           hc_yaml_is_space(hc_yaml_peek(&s->text, 3));
}

static void fetch_other(struct hc_yaml_scanner *s)
{
    if (starts_plain(s)) {
        fetch_plain(s);
        return;
    }
    struct hc_yaml_mark mark = hc_yaml_here(&s->text);
    char shown[16];
    snprintf(shown, sizeof shown, hc_yaml_peek(&s->text, 0) == '\t' ? "\\t(TAB)" : "%c",
             (int)hc_yaml_peek(&s->text, 0));
    hc_yaml_fail_at(s->text.error, "while scanning for the next token", NULL, &mark,
                    "found character '%s' that cannot start any token. (Do not use %s for indentation)", shown, shown);
}

static void fetch(struct hc_yaml_scanner *s)
{
    if (s->text.at > HC_YAML_CHARACTERS_MAX)
        hc_yaml_fail(s->text.error, HC_YAML_EXCEPTION, "The incoming YAML document exceeds the limit: %d code points.",
                     HC_YAML_CHARACTERS_MAX);
    skip_to_token(s);
    keys_expire(s);
    unindent(s, (int)s->text.column);
    uint32_t c = hc_yaml_peek(&s->text, 0);
    bool alone = hc_yaml_is_space(hc_yaml_peek(&s->text, 1)), block = in_block(s);
    if (hc_yaml_failed(&s->text))
        return;
    if (c == 0)
        fetch_stream_end(s);
    else if (c == '%' && s->text.column == 0)
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
    if (s->done || hc_yaml_failed(&s->text))
        return false;
    if (s->first == s->end)
        return true;
    keys_expire(s);
    return s->key_count > 0 && s->keys[0].token_number == s->taken;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

struct hc_yaml_scanner *hc_yaml_scanner_new(const char *text, size_t length, struct hc_yaml_error *error)
{
    struct hc_yaml_scanner *s = calloc(1, sizeof *s);
    if (s == NULL || !hc_yaml_text_init(&s->text, text, length, error)) {
        hc_yaml_scanner_free(s);
        return NULL;
    }
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
    hc_yaml_text_release(&scanner->text);
    free(scanner->indents);
    free(scanner->keys);
    free(scanner);
}

const struct hc_yaml_token *hc_yaml_scanner_peek(struct hc_yaml_scanner *s)
{
    static const struct hc_yaml_token end = {.id = HC_TOKEN_STREAM_END};
    while (needs_more(s))
        fetch(s);
    return hc_yaml_failed(&s->text) || s->first == s->end ? &end : &s->tokens[s->first];
}

bool hc_yaml_scanner_check(struct hc_yaml_scanner *s, unsigned ids)
{
    return (HC_TOKEN_BIT(hc_yaml_scanner_peek(s)->id) & ids) != 0;
}

struct hc_yaml_token hc_yaml_scanner_next(struct hc_yaml_scanner *s)
{
    struct hc_yaml_token token = *hc_yaml_scanner_peek(s);
    if (hc_yaml_failed(&s->text) || s->first == s->end)
        return (struct hc_yaml_token){.id = HC_TOKEN_STREAM_END};
    s->tokens[s->first] = (struct hc_yaml_token){0};
    s->first++;
    s->taken++;
    return token;
}
