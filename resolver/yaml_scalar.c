#include "yaml_scalar.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- block scalars ----------------------------------------------------------------------------------------------- */

#define BLOCK_SCALAR "while scanning a block scalar"

struct block_header {
    char chomping;      /* 0, '-' or '+' */
    unsigned increment; /* 0: to be found out */
};

static void scan_increment(struct hc_yaml_text *t, struct block_header *header, const struct hc_yaml_mark *start)
{
    struct hc_yaml_mark mark = hc_yaml_here(t);
    if (!hc_yaml_is_digit(hc_yaml_peek(t, 0)))
        return;
    header->increment = hc_yaml_peek(t, 0) - '0';
    if (header->increment == 0)
        hc_yaml_fail_at(t->error, BLOCK_SCALAR, start, &mark,
                        "expected indentation indicator in the range 1-9, but found 0");
    hc_yaml_forward(t, 1);
}

static struct block_header scan_block_header(struct hc_yaml_text *t, const struct hc_yaml_mark *start)
{
    struct block_header header = {0, 0};
    scan_increment(t, &header, start);
    if (hc_yaml_one_of(hc_yaml_peek(t, 0), "+-")) {
        header.chomping = (char)hc_yaml_peek(t, 0);
        hc_yaml_forward(t, 1);
        if (header.increment == 0)
            scan_increment(t, &header, start);
    }
    if (!hc_yaml_ends_word(hc_yaml_peek(t, 0)))
        hc_yaml_unexpected(t, BLOCK_SCALAR, start, "chomping or indentation indicators");
    hc_yaml_rest_of_line(t, BLOCK_SCALAR, start);
    return header;
}

/* Empty lines before the first one that counts; returns the deepest indentation among them. */
static int scan_first_breaks(struct hc_yaml_text *t, struct hc_text *breaks, struct hc_yaml_mark *end)
{
    int deepest = 0;
    while (hc_yaml_peek(t, 0) == ' ' || hc_yaml_is_break(hc_yaml_peek(t, 0))) {
        if (hc_yaml_peek(t, 0) == ' ') {
            hc_yaml_forward(t, 1);
            deepest = (int)t->column > deepest ? (int)t->column : deepest;
        } else {
            hc_yaml_add(t, breaks, hc_yaml_line_break(t));
            *end = hc_yaml_here(t);
        }
    }
    return deepest;
}

static void skip_indent(struct hc_yaml_text *t, int indent)
{
    while ((int)t->column < indent && hc_yaml_peek(t, 0) == ' ')
        hc_yaml_forward(t, 1);
}

static void scan_breaks(struct hc_yaml_text *t, int indent, struct hc_text *breaks, struct hc_yaml_mark *end)
{
    uint32_t broken;
    *end = hc_yaml_here(t);
    skip_indent(t, indent);
    while ((broken = hc_yaml_line_break(t)) != 0) {
        hc_yaml_add(t, breaks, broken);
        *end = hc_yaml_here(t);
        skip_indent(t, indent);
    }
}

static void scan_block_lines(struct hc_yaml_text *t, struct hc_yaml_token *token, int indent, struct hc_text *breaks,
                             uint32_t *broken)
{
    while ((int)t->column == indent && hc_yaml_peek(t, 0) != 0) {
        size_t length = 0;
        bool text = !hc_yaml_one_of(hc_yaml_peek(t, 0), " \t");
        hc_yaml_add_text(t, &token->text, breaks);
        breaks->length = 0;
        while (!hc_yaml_ends_line(hc_yaml_peek(t, length)))
            length++;
        hc_yaml_take(t, &token->text, hc_yaml_failed(t) ? 0 : length);
        *broken = hc_yaml_line_break(t);
        scan_breaks(t, indent, breaks, &token->end);
        if ((int)t->column != indent || hc_yaml_peek(t, 0) == 0)
            return;
        bool folded = token->style == '>' && *broken == '\n' && text && !hc_yaml_one_of(hc_yaml_peek(t, 0), " \t");
        if (!folded && *broken != 0)
            hc_yaml_add(t, &token->text, *broken);
        else if (folded && breaks->length == 0)
            hc_yaml_add(t, &token->text, ' ');
    }
}

struct hc_yaml_token hc_yaml_scan_block_scalar(struct hc_yaml_text *t, int parent_indent)
{
    struct hc_yaml_token token = {.id = HC_TOKEN_SCALAR, .start = hc_yaml_here(t), .style = (char)hc_yaml_peek(t, 0)};
    struct hc_text breaks = {0};
    uint32_t broken = 0;
    hc_yaml_forward(t, 1);
    struct block_header header = scan_block_header(t, &token.start);
    int least = parent_indent + 1 < 1 ? 1 : parent_indent + 1, indent = least + (int)header.increment - 1;
    token.end = hc_yaml_here(t);
    if (header.increment == 0) {
        int deepest = scan_first_breaks(t, &breaks, &token.end);
        indent = deepest > least ? deepest : least;
    } else {
        scan_breaks(t, indent, &breaks, &token.end);
    }
    struct hc_yaml_mark mark = hc_yaml_here(t);
    if ((int)t->column < indent && parent_indent != (int)t->column)
        hc_yaml_fail_at(t->error, BLOCK_SCALAR, &token.start, &mark,
                        " the leading empty lines contain more spaces (%d) than the first non-empty line.", indent);
    scan_block_lines(t, &token, indent, &breaks, &broken);
    if (header.chomping != '-' && broken != 0)
        hc_yaml_add(t, &token.text, broken);
    if (header.chomping == '+')
        hc_yaml_add_text(t, &token.text, &breaks);
    free(breaks.data);
    return token;
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
                   {'N', 0x85}, {'_', 0xa0}, {'L', 0x2028}, {'P', 0x2029}, {'0', 1} /* NUL, see hc_yaml_add() */};
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
        if (c == (unsigned char)escapes[i].letter)
            return escapes[i].character;
    return 0;
}

/* The other half of a pair, "\\ud83d\\ude00". */
static uint64_t low_surrogate(struct hc_yaml_text *t, uint64_t high)
{
    uint64_t low = 0;
    if (hc_yaml_peek(t, 0) != '\\' || hc_yaml_peek(t, 1) != 'u')
        return high;
    for (size_t i = 2; i < 6; i++) {
        int value = hc_yaml_hex_value(hc_yaml_peek(t, i));
        if (value < 0)
            return high;
        low = low * 16 + (uint64_t)value;
    }
    if (low < 0xdc00 || low > 0xdfff)
        return high;
    hc_yaml_forward(t, 6);
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static void scan_hexadecimal(struct hc_yaml_text *t, struct hc_yaml_token *token, size_t length)
{
    struct hc_yaml_mark mark = hc_yaml_here(t);
    uint64_t character = 0;
    char found[48];
    size_t used = 0;
    bool good = true;
    for (size_t i = 0; i < length && hc_yaml_peek(t, i) != 0; i++) {
        int value = hc_yaml_hex_value(hc_yaml_peek(t, i));
        good = good && value >= 0;
        character = character * 16 + (uint64_t)(value < 0 ? 0 : value);
        used += hc_utf8_encode(hc_yaml_peek(t, i), found + used);
    }
    found[used] = '\0';
    if (!good) {
        hc_yaml_fail_at(t->error, "while scanning a double-quoted scalar", &token->start, &mark,
                        "expected escape sequence of %zu hexadecimal numbers, but found: %s", length, found);
    } else if (character > 0x10ffff) {
        hc_yaml_fail(t->error, "java.lang.IllegalArgumentException", "Not a valid Unicode code point: 0x%llX",
                     (unsigned long long)character);
    } else {
        hc_yaml_forward(t, length);
        if (character >= 0xd800 && character <= 0xdbff)
            character = low_surrogate(t, character);
        /* Half a surrogate pair is a character of its own in Java; here it can only be a replacement. */
        hc_yaml_add(t, &token->text, character >= 0xd800 && character <= 0xdfff ? 0xfffd : (uint32_t)character);
    }
}

/* Line breaks inside quotes; blanks around them are nothing. */
static void scan_quoted_breaks(struct hc_yaml_text *t, struct hc_yaml_token *token, struct hc_text *out)
{
    for (;;) {
        struct hc_yaml_mark mark = hc_yaml_here(t);
        if ((hc_yaml_starts_with(t, "---") || hc_yaml_starts_with(t, "...")) && hc_yaml_is_space(hc_yaml_peek(t, 3)))
            hc_yaml_fail_at(t->error, "while scanning a quoted scalar", &token->start, &mark,
                            "found unexpected document separator");
        while (hc_yaml_one_of(hc_yaml_peek(t, 0), " \t"))
            hc_yaml_forward(t, 1);
        uint32_t broken = hc_yaml_line_break(t);
        if (broken == 0)
            return;
        hc_yaml_add(t, out, broken);
    }
}

static void scan_escape(struct hc_yaml_text *t, struct hc_yaml_token *token)
{
    hc_yaml_forward(t, 1);
    uint32_t c = hc_yaml_peek(t, 0), escaped = escape_of(c);
    if (escaped != 0) {
        hc_yaml_add(t, &token->text, escaped);
        hc_yaml_forward(t, 1);
    } else if (c == 'x' || c == 'u' || c == 'U') {
        hc_yaml_forward(t, 1);
        scan_hexadecimal(t, token, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    } else if (hc_yaml_line_break(t) != 0) {
        scan_quoted_breaks(t, token, &token->text);
    } else {
        struct hc_yaml_mark mark = hc_yaml_here(t);
        hc_yaml_fail_at(t->error, "while scanning a double-quoted scalar", &token->start, &mark,
                        "found unknown escape character %s", HC_YAML_BARE(c));
    }
}

static void scan_quoted_spaces(struct hc_yaml_text *t, struct hc_yaml_token *token)
{
    size_t length = 0;
    struct hc_text breaks = {0};
    while (hc_yaml_one_of(hc_yaml_peek(t, length), " \t"))
        length++;
    uint32_t next = hc_yaml_peek(t, length);
    if (next != '\n' && next != '\r' && next != 0x85 && next != 0x2028 && next != 0x2029 && next != 0) {
        hc_yaml_take(t, &token->text, length);
        return;
    }
    hc_yaml_forward(t, length);
    struct hc_yaml_mark mark = hc_yaml_here(t);
    if (next == 0)
        hc_yaml_fail_at(t->error, "while scanning a quoted scalar", &token->start, &mark,
                        "found unexpected end of stream");
    uint32_t broken = hc_yaml_line_break(t);
    scan_quoted_breaks(t, token, &breaks);
    if (broken != '\n')
        hc_yaml_add(t, &token->text, broken);
    else if (breaks.length == 0)
        hc_yaml_add(t, &token->text, ' ');
    hc_yaml_add_text(t, &token->text, &breaks);
    free(breaks.data);
}

struct hc_yaml_token hc_yaml_scan_quoted(struct hc_yaml_text *t)
{
    struct hc_yaml_token token = {.id = HC_TOKEN_SCALAR, .start = hc_yaml_here(t), .style = (char)hc_yaml_peek(t, 0)};
    uint32_t quote = hc_yaml_peek(t, 0);
    hc_yaml_forward(t, 1);
    while (!hc_yaml_failed(t)) {
        uint32_t c = hc_yaml_peek(t, 0);
        if (c == quote && quote == '\'' && hc_yaml_peek(t, 1) == '\'') {
            hc_yaml_add(t, &token.text, '\'');
            hc_yaml_forward(t, 2);
        } else if (c == quote) {
            break;
        } else if (c == '\\' && quote == '"') {
            scan_escape(t, &token);
        } else if (hc_yaml_is_space(c)) {
            scan_quoted_spaces(t, &token);
        } else {
            hc_yaml_take(t, &token.text, 1);
        }
    }
    hc_yaml_forward(t, 1);
    token.end = hc_yaml_here(t);
    return token;
}

/* ---- plain scalars ----------------------------------------------------------------------------------------------- */

static bool document_separator(struct hc_yaml_text *t)
{
    return hc_yaml_starts_with(t, "---") || (hc_yaml_starts_with(t, "...") && hc_yaml_is_space(hc_yaml_peek(t, 3)));
}

/* Blanks and line breaks that may lie inside a plain scalar; nothing in *out: it ends here. */
static void scan_plain_spaces(struct hc_yaml_text *t, struct hc_text *out, bool *out_new_line)
{
    size_t length = 0;
    while (hc_yaml_one_of(hc_yaml_peek(t, length), " \t"))
        length++;
    hc_yaml_take(t, out, hc_yaml_failed(t) ? 0 : length);
    uint32_t broken = hc_yaml_line_break(t);
    if (broken == 0)
        return;
    out->length = 0;
    *out_new_line = true;
    struct hc_text breaks = {0};
    bool ends = document_separator(t);
    while (!ends) {
        if (hc_yaml_peek(t, 0) == ' ') {
            hc_yaml_forward(t, 1);
            continue;
        }
        uint32_t more = hc_yaml_line_break(t);
        if (more == 0)
            break;
        hc_yaml_add(t, &breaks, more);
        ends = document_separator(t);
    }
    if (!ends && broken != '\n')
        hc_yaml_add(t, out, broken);
    else if (!ends && breaks.length == 0)
        hc_yaml_add(t, out, ' ');
    if (!ends)
        hc_yaml_add_text(t, out, &breaks);
    free(breaks.data);
}

static bool ends_plain(struct hc_yaml_text *t, size_t ahead, bool in_flow)
{
    uint32_t c = hc_yaml_peek(t, ahead), next;
    if (hc_yaml_is_space(c) || (in_flow && hc_yaml_one_of(c, ",[]{}")))
        return true;
    if (c != ':')
        return false;
    next = hc_yaml_peek(t, ahead + 1);
    return hc_yaml_is_space(next) || (in_flow && hc_yaml_one_of(next, ",[]{}"));
}

struct hc_yaml_token hc_yaml_scan_plain(struct hc_yaml_text *t, int parent_indent, bool in_flow, bool *out_new_line)
{
    struct hc_yaml_token token = {.id = HC_TOKEN_SCALAR, .start = hc_yaml_here(t), .end = hc_yaml_here(t)};
    struct hc_text spaces = {0};
    int least = parent_indent + 1;
    *out_new_line = false;
    while (hc_yaml_peek(t, 0) != '#') {
        size_t length = 0;
        while (!ends_plain(t, length, in_flow))
            length++;
        if (length == 0 || hc_yaml_failed(t))
            break;
        *out_new_line = false;
        hc_yaml_add_text(t, &token.text, &spaces);
        spaces.length = 0;
        hc_yaml_take(t, &token.text, length);
        token.end = hc_yaml_here(t);
        scan_plain_spaces(t, &spaces, out_new_line);
        if (spaces.length == 0 || hc_yaml_peek(t, 0) == '#' || (!in_flow && (int)t->column < least))
            break;
    }
    free(spaces.data);
    return token;
}
