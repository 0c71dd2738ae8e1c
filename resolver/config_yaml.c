/*
 * config.yaml by libyaml's parser, with what YamlParserUtils and snakeyaml-engine do differently put on top: the types
 * of YAML 1.2's core schema, duplicate keys and TABs refused, "<<" an ordinary key.
 */
#include <heapcast/config_yaml.h>

#include "derivation.h"
#include "java_number.h"
#include "text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MAX = 48, VISITS_MAX = 200000 };

#define RUNTIME_EXCEPTION "java.lang.RuntimeException"
#define YAML_EXCEPTION "org.snakeyaml.engine.v2.exceptions.YamlEngineException"
#define CAST_EXCEPTION "java.lang.ClassCastException"
#define NULL_EXCEPTION "java.lang.NullPointerException"

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

struct reading {
    yaml_document_t document;
    struct hc_flink_failure failure;
    unsigned line;
    bool out_of_memory;
};

/* Flink wraps every error of this file in one and the same RuntimeException. */
__attribute__((format(printf, 4, 5))) static bool refuse(struct reading *r, const yaml_mark_t *mark,
                                                         const char *exception, const char *format, ...)
{
    va_list arguments;
    r->failure = (struct hc_flink_failure){.code = "UNREADABLE_FILE", .key = "", .depth = 2};
    r->failure.chain[0].exception = RUNTIME_EXCEPTION;
    snprintf(r->failure.chain[0].message, sizeof r->failure.chain[0].message, "Error parsing YAML configuration.");
    r->failure.chain[1].exception = exception;
    va_start(arguments, format);
    vsnprintf(r->failure.chain[1].message, sizeof r->failure.chain[1].message, format, arguments);
    va_end(arguments);
    r->line = mark == NULL ? 0 : (unsigned)mark->line + 1;
    return false;
}

static bool mend(struct reading *r, const char *text)
{
    snprintf(r->failure.mend, sizeof r->failure.mend, "%s", text);
    return false;
}

static bool mend_value(struct reading *r, const char *prefix, const char *key, const char *text)
{
    snprintf(r->failure.mend, sizeof r->failure.mend, "%s%.200s %s", prefix, key, text);
    return false;
}

/* What snakeyaml-engine calls a token. */
static const char *token_name(yaml_token_type_t type)
{
    static const char *const names[] = {
        [YAML_STREAM_START_TOKEN] = "<stream start>",
        [YAML_STREAM_END_TOKEN] = "<stream end>",
        [YAML_VERSION_DIRECTIVE_TOKEN] = "<directive>",
        [YAML_TAG_DIRECTIVE_TOKEN] = "<directive>",
        [YAML_DOCUMENT_START_TOKEN] = "<document start>",
        [YAML_DOCUMENT_END_TOKEN] = "<document end>",
        [YAML_BLOCK_SEQUENCE_START_TOKEN] = "<block sequence start>",
        [YAML_BLOCK_MAPPING_START_TOKEN] = "<block mapping start>",
        [YAML_BLOCK_END_TOKEN] = "<block end>",
        [YAML_FLOW_SEQUENCE_START_TOKEN] = "[",
        [YAML_FLOW_SEQUENCE_END_TOKEN] = "]",
        [YAML_FLOW_MAPPING_START_TOKEN] = "{",
        [YAML_FLOW_MAPPING_END_TOKEN] = "}",
        [YAML_BLOCK_ENTRY_TOKEN] = "-",
        [YAML_FLOW_ENTRY_TOKEN] = ",",
        [YAML_KEY_TOKEN] = "?",
        [YAML_VALUE_TOKEN] = ":",
        [YAML_ALIAS_TOKEN] = "<alias>",
        [YAML_ANCHOR_TOKEN] = "<anchor>",
        [YAML_TAG_TOKEN] = "<tag>",
        [YAML_SCALAR_TOKEN] = "<scalar>",
    };
    return (size_t)type < sizeof names / sizeof names[0] && names[type] != NULL ? names[type] : "<unknown>";
}

/* libyaml and snakeyaml-engine are both children of PyYAML and differ in few words. */
static void engine_words(const yaml_parser_t *parser, char *out, size_t size)
{
    static const struct {
        const char *libyaml, *engine; /* %s: the token that came instead */
    } words[] = {
        {"mapping values are not allowed in this context", "mapping values are not allowed here"},
        {"did not find expected key", "expected <block end>, but found '%s'"},
        {"did not find expected '-' indicator", "expected <block end>, but found '%s'"},
        {"did not find expected ',' or ']'", "expected ',' or ']', but got %s"},
        {"did not find expected ',' or '}'", "expected ',' or '}', but got %s"},
        {"did not find expected node content", "expected the node content, but found '%s'"},
        {"did not find expected <document start>", "expected '<document start>', but found '%s'"},
    };
    const char *problem = parser->problem != NULL ? parser->problem : "not a YAML text";
    const char *token = parser->tokens.head < parser->tokens.tail ? token_name(parser->tokens.head->type) : "";
    snprintf(out, size, "%s", problem);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *mark = strstr(words[i].engine, "%s");
        if (strcmp(problem, words[i].libyaml) != 0)
            continue;
        if (mark == NULL)
            snprintf(out, size, "%s", words[i].engine);
        else
            snprintf(out, size, "%.*s%s%s", (int)(mark - words[i].engine), words[i].engine, token, mark + 2);
    }
}

static bool refuse_scan(struct reading *r, const yaml_parser_t *parser)
{
    const yaml_mark_t *mark = &parser->problem_mark, *start = &parser->context_mark;
    char context[256] = "", problem[256];
    if (parser->context != NULL)
        snprintf(context, sizeof context, "%s\n in reader, line %zu, column %zu\n", parser->context, start->line + 1,
                 start->column + 1);
    engine_words(parser, problem, sizeof problem);
    refuse(r, mark, YAML_EXCEPTION, "%s%s\n in reader, line %zu, column %zu\n", context, problem, mark->line + 1,
           mark->column + 1);
    r->out_of_memory = parser->error == YAML_MEMORY_ERROR;
    snprintf(r->failure.mend, sizeof r->failure.mend, "%s; right would be YAML, lines of the form key: value", problem);
    return false;
}

/* ---- tabs -------------------------------------------------------------------------------------------------------- */

/* Byte offsets of libyaml's marks, which count characters. Positions are asked for in rising order. */
struct cursor {
    const char *text;
    size_t length, byte, character;
};

static size_t cursor_move(struct cursor *c, size_t character)
{
    if (character < c->character)
        c->byte = c->character = 0;
    if (c->byte == 0 && c->length >= 3 && memcmp(c->text, "\xef\xbb\xbf", 3) == 0)
        c->byte = 3; /* the byte order mark has no index */
    for (; c->character < character && c->byte < c->length; c->character++)
        do
            c->byte++;
        while (c->byte < c->length && ((unsigned char)c->text[c->byte] & 0xc0) == 0x80);
    return c->byte;
}

/* Between two tokens there are blanks, line breaks and comments. snakeyaml-engine takes a TAB there only in the run of
 * blanks behind a plain scalar, libyaml in more places. */
static bool check_gap(struct reading *r, const char *from, const char *to, bool after_plain, const yaml_mark_t *start)
{
    yaml_mark_t mark = *start;
    while (after_plain && from < to && (*from == ' ' || *from == '\t')) {
        from++;
        mark.column++;
    }
    for (bool comment = false; from < to; from++) {
        if (*from == '\t' && !comment) {
            refuse(r, &mark, YAML_EXCEPTION,
                   "while scanning for the next token\nfound character '\\t(TAB)' that cannot start any token. (Do not "
                   "use "
                   "\\t(TAB) for indentation)\n in reader, line %zu, column %zu\n",
                   mark.line + 1, mark.column + 1);
            return mend(r, "Flink's YAML takes no TAB here; right would be blanks");
        }
        comment = *from == '#' || (comment && *from != '\n' && *from != '\r');
        bool broken = *from == '\n' || (*from == '\r' && !(from + 1 < to && from[1] == '\n'));
        mark.column = broken ? 0 : mark.column + 1;
        mark.line += broken;
    }
    return true;
}

static bool check_tabs(struct reading *r, const char *text, size_t length)
{
    yaml_parser_t parser;
    struct cursor cursor = {text, length, 0, 0};
    bool good = true, end = false, plain = false;
    yaml_mark_t last = {0, 0, 0};
    if (!yaml_parser_initialize(&parser)) {
        r->out_of_memory = true;
        return refuse(r, NULL, YAML_EXCEPTION, "no memory");
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    while (good && !end) {
        yaml_token_t token;
        if (!yaml_parser_scan(&parser, &token)) {
            good = refuse_scan(r, &parser);
            break;
        }
        if (token.start_mark.index > last.index) {
            size_t from = cursor_move(&cursor, last.index), to = cursor_move(&cursor, token.start_mark.index);
            good = check_gap(r, text + from, text + to, plain, &last);
        }
        if (token.end_mark.index >= last.index && token.type != YAML_KEY_TOKEN &&
            token.type != YAML_BLOCK_MAPPING_START_TOKEN) {
            last = token.end_mark;
            plain = token.type == YAML_SCALAR_TOKEN && token.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        }
        end = token.type == YAML_STREAM_END_TOKEN;
        yaml_token_delete(&token);
    }
    yaml_parser_delete(&parser);
    return good;
}

/* ---- types of the core schema ------------------------------------------------------------------------------------ */

enum type { TYPE_STRING, TYPE_NULL, TYPE_BOOLEAN, TYPE_INTEGER, TYPE_FLOAT, TYPE_UNKNOWN };

static bool one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

static const char *skip_digits(const char *p, const char *digits)
{
    return p + strspn(p, digits);
}

#define DECIMAL "0123456789"

static bool is_integer(const char *text)
{
    const char *p = text + (*text == '-' || *text == '+');
    if (strncmp(text, "0o", 2) == 0)
        return text[2] != '\0' && *skip_digits(text + 2, "01234567") == '\0';
    if (strncmp(text, "0x", 2) == 0)
        return text[2] != '\0' && *skip_digits(text + 2, DECIMAL "abcdefABCDEF") == '\0';
    return *p != '\0' && *skip_digits(p, DECIMAL) == '\0';
}

static bool is_float(const char *text)
{
    static const char *const special[] = {".inf", ".Inf", ".INF", NULL}, *const nan[] = {".nan", ".NaN", ".NAN", NULL};
    const char *p = text + (*text == '-' || *text == '+');
    if (one_of(p, special) || one_of(text, nan))
        return true;
    const char *whole = p;
    p = skip_digits(p, DECIMAL);
    bool digits = p > whole;
    if (*p == '.') {
        const char *places = ++p;
        p = skip_digits(p, DECIMAL);
        digits = digits || p > places;
    }
    if (!digits)
        return false;
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '-' || p[1] == '+');
        if (*skip_digits(p, DECIMAL) != '\0' || *p == '\0')
            return false;
        p = skip_digits(p, DECIMAL);
    }
    return *p == '\0';
}

static enum type plain_type(const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const booleans[] = {"true", "True", "TRUE", "false", "False", "FALSE", NULL};
    if (one_of(text, nulls))
        return TYPE_NULL;
    if (one_of(text, booleans))
        return TYPE_BOOLEAN;
    return is_integer(text) ? TYPE_INTEGER : is_float(text) ? TYPE_FLOAT : TYPE_STRING;
}

static enum type scalar_type(const yaml_node_t *node, const char *text, size_t length, size_t start)
{
    static const struct {
        const char *tag;
        enum type type;
    } tags[] = {{YAML_NULL_TAG, TYPE_NULL},
                {YAML_BOOL_TAG, TYPE_BOOLEAN},
                {YAML_INT_TAG, TYPE_INTEGER},
                {YAML_FLOAT_TAG, TYPE_FLOAT}};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (strcmp((const char *)node->tag, tags[i].tag) == 0)
            return tags[i].type;
    if (strcmp((const char *)node->tag, YAML_STR_TAG) != 0)
        return TYPE_UNKNOWN;
    /* libyaml gives the same tag to a plain scalar and to an explicit string: the text tells them apart. */
    while (start < length && text[start] == '&') {
        start += strcspn(text + start, " \t\r\n");
        start += strspn(text + start, " \t\r\n");
    }
    bool tagged = start < length && text[start] == '!';
    return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !tagged
               ? plain_type((const char *)node->data.scalar.value)
               : TYPE_STRING;
}

/* Decimal text of digits in `base`, of any length. The caller frees it; NULL: no memory. */
static char *decimal_text(const char *digits, unsigned base, bool negative)
{
    size_t size = strlen(digits) * 2 + 4, used = 1;
    char *out = calloc(size, 1); /* least significant first while it is computed */
    if (out == NULL)
        return NULL;
    for (; *digits != '\0'; digits++) {
        unsigned carry = *digits <= '9' ? (unsigned)(*digits - '0') : (unsigned)(*digits | 0x20) - 'a' + 10;
        for (size_t i = 0; i < used || carry != 0; i++) {
            carry += (unsigned)out[i] * base;
            out[i] = (char)(carry % 10);
            carry /= 10;
            used = i + 1 > used ? i + 1 : used;
        }
    }
    while (used > 1 && out[used - 1] == 0)
        used--;
    bool sign = negative && !(used == 1 && out[0] == 0);
    for (size_t i = 0, j = used - 1; i < j; i++, j--) {
        char swap = out[i];
        out[i] = out[j];
        out[j] = swap;
    }
    memmove(out + sign, out, used);
    for (size_t i = 0; i < used; i++)
        out[i + sign] = (char)(out[i + sign] + '0');
    if (sign)
        out[0] = '-';
    out[used + sign] = '\0';
    return out;
}

static char *integer_text(const char *text, enum hc_value_kind *kind)
{
    bool negative = *text == '-';
    const char *p = text + (*text == '-' || *text == '+');
    unsigned base = strncmp(p, "0x", 2) == 0 ? 16 : strncmp(p, "0o", 2) == 0 ? 8 : 10;
    char *out = decimal_text(base == 10 ? p : p + 2, base, negative);
    int64_t value;
    if (out != NULL && hc_java_long_parse(out, &value, NULL) == HC_OK && (value < INT32_MIN || value > INT32_MAX))
        *kind = HC_VALUE_LONG;
    return out;
}

static char *float_text(const char *text, enum hc_value_kind *kind)
{
    const char *p = text + (*text == '-' || *text == '+');
    double value = 0;
    char out[HC_JAVA_DOUBLE_TEXT];
    *kind = HC_VALUE_DOUBLE;
    if (strcasecmp(p, ".inf") == 0)
        return strdup(*text == '-' ? "-Infinity" : "Infinity");
    if (strcasecmp(p, ".nan") == 0)
        return strdup("NaN");
    (void)hc_java_double_parse(text, &value, NULL);
    return strdup(hc_java_double_text(value, out));
}

/* ---- flattening -------------------------------------------------------------------------------------------------- */

struct frame {
    const yaml_node_t *mapping;
    const yaml_node_pair_t *pair;
};

/* One option as it stands in the tree. */
struct place {
    const char *key; /* flattened */
    const yaml_node_t *value;
    const struct frame *frames;
    unsigned depth;
};

struct walk {
    struct reading *reading;
    const char *text;
    size_t length;
    struct cursor cursor;
    struct frame frames[DEPTH_MAX];
    unsigned visits;
    bool (*each)(struct walk *walk, const struct place *place);
    void *context;
};

static const char *java_class(enum type type, const yaml_node_t *node)
{
    if (node->type == YAML_SEQUENCE_NODE)
        return "java.util.ArrayList";
    if (node->type == YAML_MAPPING_NODE)
        return "java.util.LinkedHashMap";
    return type == TYPE_BOOLEAN   ? "java.lang.Boolean"
           : type == TYPE_INTEGER ? "java.lang.Integer"
           : type == TYPE_FLOAT   ? "java.lang.Double"
                                  : "java.lang.String";
}

static bool refuse_cast(struct reading *r, const yaml_node_t *node, const char *from, const char *to)
{
    return refuse(r, &node->start_mark, CAST_EXCEPTION,
                  "class %s cannot be cast to class %s (%s and %s are in module java.base of loader 'bootstrap')", from,
                  to, from, to);
}

static enum type type_of(struct walk *w, const yaml_node_t *node)
{
    return scalar_type(node, w->text, w->length, cursor_move(&w->cursor, node->start_mark.index));
}

static const yaml_node_t *node_at(const struct reading *r, int index)
{
    return r->document.nodes.start + index - 1;
}

static bool same_key(const yaml_node_t *a, const yaml_node_t *b)
{
    return a->type == YAML_SCALAR_NODE && b->type == YAML_SCALAR_NODE &&
           a->data.scalar.length == b->data.scalar.length &&
           memcmp(a->data.scalar.value, b->data.scalar.value, a->data.scalar.length) == 0;
}

static bool check_duplicates(struct walk *w, const yaml_node_t *mapping)
{
    struct reading *r = w->reading;
    const yaml_node_pair_t *first = mapping->data.mapping.pairs.start, *end = mapping->data.mapping.pairs.top;
    for (const yaml_node_pair_t *pair = first; pair < end; pair++)
        for (const yaml_node_pair_t *other = first; other < pair; other++) {
            const yaml_node_t *key = node_at(r, pair->key);
            if (++w->visits > VISITS_MAX)
                return refuse(r, &mapping->start_mark, YAML_EXCEPTION, "too many keys in one map");
            if (!same_key(key, node_at(r, other->key)))
                continue;
            refuse(r, &key->start_mark, YAML_EXCEPTION,
                   "while constructing a mapping\n in reader, line %zu, column %zu\nfound duplicate key %s\n in "
                   "reader, line "
                   "%zu, column %zu\n",
                   mapping->start_mark.line + 1, mapping->start_mark.column + 1, (const char *)key->data.scalar.value,
                   key->start_mark.line + 1, key->start_mark.column + 1);
            return mend_value(r, "", (const char *)key->data.scalar.value,
                              "stands here a second time; right would be once");
        }
    return true;
}

/* Everything that snakeyaml-engine refuses while it builds the tree comes before what Flink refuses in it. */
static bool check_tree(struct walk *w, const yaml_node_t *node, unsigned depth)
{
    if (depth == DEPTH_MAX || ++w->visits > VISITS_MAX)
        return refuse(w->reading, &node->start_mark, YAML_EXCEPTION, "nested too deep, or too many aliases");
    if (node->type == YAML_SCALAR_NODE && type_of(w, node) == TYPE_UNKNOWN)
        return refuse(w->reading, &node->start_mark, YAML_EXCEPTION,
                      "could not determine a constructor for the tag %s\n in reader, line %zu, column %zu\n",
                      (const char *)node->tag, node->start_mark.line + 1, node->start_mark.column + 1);
    if (node->type == YAML_SEQUENCE_NODE)
        for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
             item++)
            if (!check_tree(w, node_at(w->reading, *item), depth + 1))
                return false;
    if (node->type != YAML_MAPPING_NODE)
        return true;
    if (!check_duplicates(w, node))
        return false;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++)
        if (!check_tree(w, node_at(w->reading, pair->key), depth + 1) ||
            !check_tree(w, node_at(w->reading, pair->value), depth + 1))
            return false;
    return true;
}

static bool flatten(struct walk *w, const yaml_node_t *mapping, const char *prefix, unsigned depth)
{
    struct reading *r = w->reading;
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
         pair++) {
        const yaml_node_t *key = node_at(r, pair->key), *value = node_at(r, pair->value);
        enum type type = key->type == YAML_SCALAR_NODE ? type_of(w, key) : TYPE_UNKNOWN;
        if (type != TYPE_STRING && type != TYPE_NULL) {
            refuse_cast(r, key, java_class(type, key), "java.lang.String");
            return mend(r, "this key is no text; right would be to quote it");
        }
        struct hc_text name = {0};
        hc_text_print(&name, "%s%s", prefix, type == TYPE_NULL ? "null" : (const char *)key->data.scalar.value);
        bool good = !name.failed;
        w->frames[depth] = (struct frame){mapping, pair};
        if (name.failed) {
            r->out_of_memory = true;
            refuse(r, NULL, YAML_EXCEPTION, "no memory");
        } else if (value->type == YAML_MAPPING_NODE) {
            hc_text_print(&name, ".");
            good = !name.failed && flatten(w, value, name.data, depth + 1);
        } else if (value->type == YAML_SCALAR_NODE && type_of(w, value) == TYPE_NULL) {
            refuse(r, &value->start_mark, NULL_EXCEPTION, "Value must not be null.");
            good = mend_value(r, "", name.data, "has no value; right would be one, or to leave the key out");
        } else {
            good = w->each(w, &(struct place){name.data, value, w->frames, depth + 1});
        }
        free(name.data);
        if (!good)
            return false;
    }
    return true;
}

/* Loads the one document and walks over its options. */
static bool walk_text(struct reading *r, const char *text, size_t length,
                      bool (*each)(struct walk *, const struct place *), void *context)
{
    yaml_parser_t parser;
    yaml_document_t second;
    if (!check_tabs(r, text, length))
        return false;
    if (!yaml_parser_initialize(&parser)) {
        r->out_of_memory = true;
        return refuse(r, NULL, YAML_EXCEPTION, "no memory");
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    bool good = yaml_parser_load(&parser, &r->document);
    if (!good) {
        refuse_scan(r, &parser);
        yaml_parser_delete(&parser);
        return false;
    }
    const yaml_node_t *root = r->document.nodes.start == r->document.nodes.top ? NULL : r->document.nodes.start;
    if (root != NULL) {
        good = yaml_parser_load(&parser, &second);
        if (!good) {
            refuse_scan(r, &parser);
        } else {
            if (second.nodes.start != second.nodes.top) {
                refuse(r, &second.start_mark, YAML_EXCEPTION,
                       "expected a single document in the stream\n in reader, line %zu, column %zu\nbut found another "
                       "document\n in reader, line %zu, column %zu\n",
                       root->start_mark.line + 1, root->start_mark.column + 1, second.start_mark.line + 1,
                       second.start_mark.column + 1);
                good = mend(r, "a second document begins here; right would be one");
            }
            yaml_document_delete(&second);
        }
    }
    if (good && root != NULL) {
        struct walk w = {.reading = r,
                         .text = text,
                         .length = length,
                         .cursor = {text, length, 0, 0},
                         .each = each,
                         .context = context};
        good = check_tree(&w, root, 0);
        enum type type = good && root->type == YAML_SCALAR_NODE ? type_of(&w, root) : TYPE_UNKNOWN;
        if (good && root->type != YAML_MAPPING_NODE && type != TYPE_NULL) {
            refuse_cast(r, root, java_class(type, root), "java.util.Map");
            good = mend(r, "the file is no map; right would be lines of the form key: value");
        } else if (good && root->type == YAML_MAPPING_NODE) {
            good = flatten(&w, root, "", 0);
        }
    }
    yaml_parser_delete(&parser);
    yaml_document_delete(&r->document);
    return good;
}

static enum hc_status refused(const struct reading *r, struct hc_flink_failure *failure, struct hc_error *err)
{
    char cause[sizeof r->failure.chain[1].message];
    if (r->out_of_memory)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the configuration");
    if (failure != NULL)
        *failure = r->failure;
    snprintf(cause, sizeof cause, "%s", r->failure.chain[1].message);
    for (char *p = cause; *p != '\0'; p++)
        *p = *p == '\n' ? ' ' : *p;
    if (r->failure.mend[0] != '\0')
        return hc_fail(err, HC_EPARSE, r->line, "Flink cannot read this file: %.300s", r->failure.mend);
    return hc_fail(err, HC_EPARSE, r->line, "Flink cannot read this file: %.400s", cause);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static void add_flow(struct walk *w, const yaml_node_t *node, struct hc_text *out);

/* YamlParserUtils.toYAMLString writes a list in flow style; quotes where a plain scalar would read differently. */
static void add_flow_scalar(struct walk *w, const yaml_node_t *node, struct hc_text *out)
{
    const char *value = (const char *)node->data.scalar.value;
    bool text = type_of(w, node) == TYPE_STRING;
    bool quoted = text && (plain_type(value) != TYPE_STRING || strpbrk(value, ",[]{}#&*!|>'\"%@`\n") != NULL ||
                           strstr(value, ": ") != NULL || value[strlen(value) - 1] == ':');
    hc_text_print(out, "%s", quoted ? "'" : "");
    for (; *value != '\0'; value++)
        hc_text_print(out, quoted && *value == '\'' ? "''" : "%c", *value);
    hc_text_print(out, "%s", quoted ? "'" : "");
}

static void add_flow(struct walk *w, const yaml_node_t *node, struct hc_text *out)
{
    if (node->type == YAML_SCALAR_NODE) {
        add_flow_scalar(w, node, out);
    } else if (node->type == YAML_SEQUENCE_NODE) {
        hc_text_print(out, "[");
        for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
             item++) {
            hc_text_print(out, "%s", item > node->data.sequence.items.start ? ", " : "");
            add_flow(w, node_at(w->reading, *item), out);
        }
        hc_text_print(out, "]");
    } else {
        hc_text_print(out, "{");
        for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
             pair++) {
            hc_text_print(out, "%s", pair > node->data.mapping.pairs.start ? ", " : "");
            add_flow(w, node_at(w->reading, pair->key), out);
            hc_text_print(out, ": ");
            add_flow(w, node_at(w->reading, pair->value), out);
        }
        hc_text_print(out, "}");
    }
}

static char *value_text(struct walk *w, const yaml_node_t *node, enum hc_value_kind *kind)
{
    const char *value = (const char *)node->data.scalar.value;
    if (node->type != YAML_SCALAR_NODE) {
        struct hc_text text = {0};
        add_flow(w, node, &text);
        if (text.failed)
            free(text.data);
        return text.failed ? NULL : text.data;
    }
    switch (type_of(w, node)) {
    case TYPE_INTEGER:
        return is_integer(value) ? integer_text(value, kind) : strdup(value);
    case TYPE_FLOAT:
        return is_float(value) ? float_text(value, kind) : strdup(value);
    case TYPE_BOOLEAN:
        return strdup(tolower((unsigned char)value[0]) == 't' ? "true" : "false");
    default:
        return strdup(value);
    }
}

static bool put_option(struct walk *w, const struct place *place)
{
    struct hc_flink_option option = {.key = place->key, .line = (unsigned)place->value->start_mark.line + 1};
    char *value = value_text(w, place->value, &option.kind);
    option.value = value;
    bool good = value != NULL && hc_flink_options_put(w->context, &option) == HC_OK;
    free(value);
    w->reading->out_of_memory = !good;
    return good;
}

enum hc_status hc_config_yaml_parse(const char *text, size_t length, struct hc_flink_options *options,
                                    struct hc_flink_failure *failure, struct hc_error *err)
{
    struct reading r = {0};
    return walk_text(&r, text, length, put_option, options) ? HC_OK : refused(&r, failure, err);
}

/* ---- changing ---------------------------------------------------------------------------------------------------- */

/* Where the winning spelling of a key stands, in bytes of the text. */
struct found {
    const char *key;
    bool any, in_place; /* in_place: the value is a scalar of its own here, not shared by an anchor */
    bool flat;          /* the whole key is one scalar at the top */
    size_t key_start, value_start, value_end;
    size_t cut_start, cut_end; /* what to take out for the option to go */
    bool cuttable;
    unsigned line;
};

static size_t line_start(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n' && text[at - 1] != '\r')
        at--;
    return at;
}

static size_t line_next(const char *text, size_t length, size_t at)
{
    while (at < length && text[at] != '\n' && text[at] != '\r')
        at++;
    if (at < length)
        at += text[at] == '\r' && at + 1 < length && text[at + 1] == '\n' ? 2 : 1;
    return at;
}

static bool blank_or_comment(const char *text, size_t from, size_t to)
{
    while (from < to && (text[from] == ' ' || text[from] == '\t'))
        from++;
    return from == to || text[from] == '#';
}

/* End of a scalar's own text: libyaml ends a block scalar behind its line break. */
static size_t value_end(struct walk *w, const yaml_node_t *node, size_t start)
{
    size_t end = cursor_move(&w->cursor, node->end_mark.index);
    while (end > start && strchr(" \t\r\n", w->text[end - 1]) != NULL)
        end--;
    return end;
}

static bool find_option(struct walk *w, const struct place *place)
{
    struct found *f = w->context;
    if (strcmp(f->key, place->key) != 0)
        return true;
    const struct frame *leaf = &place->frames[place->depth - 1];
    const yaml_node_t *key = node_at(w->reading, leaf->pair->key);
    f->any = true;
    f->line = (unsigned)place->value->start_mark.line + 1;
    f->flat = place->depth == 1 && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    f->key_start = cursor_move(&w->cursor, key->start_mark.index);
    f->value_start = cursor_move(&w->cursor, place->value->start_mark.index);
    f->value_end = value_end(w, place->value, f->value_start);
    f->in_place = place->value->type == YAML_SCALAR_NODE && f->value_start > f->key_start &&
                  strchr("&*!", w->text[f->value_start]) == NULL;

    /* A map that would be left empty (a null to Flink) goes with its last option. */
    unsigned at = place->depth - 1;
    while (at > 0 &&
           place->frames[at].mapping->data.mapping.pairs.top - place->frames[at].mapping->data.mapping.pairs.start == 1)
        at--;
    const yaml_node_t *cut = node_at(w->reading, place->frames[at].pair->key);
    size_t from = cursor_move(&w->cursor, cut->start_mark.index);
    f->cut_start = line_start(w->text, from);
    f->cut_end = line_next(w->text, w->length, f->value_end);
    size_t line_end = f->value_end + strcspn(w->text + f->value_end, "\r\n");
    f->cuttable = f->in_place && place->frames[at].mapping->data.mapping.style != YAML_FLOW_MAPPING_STYLE &&
                  blank_or_comment(w->text, f->cut_start, from) && blank_or_comment(w->text, f->value_end, line_end);
    return true;
}

static bool find(struct reading *r, const struct hc_text *text, const char *key, struct found *out)
{
    *out = (struct found){.key = key};
    return walk_text(r, text->data, text->length, find_option, out);
}

static void splice(struct hc_text *text, size_t from, size_t to, const char *with)
{
    struct hc_text out = {0};
    hc_text_add(&out, text->data, from);
    hc_text_print(&out, "%s", with);
    hc_text_add(&out, text->data + to, text->length - to);
    out.failed = out.failed || text->failed;
    free(text->data);
    *text = out;
}

static enum hc_status uneditable(const char *key, unsigned line, struct hc_error *err)
{
    return hc_fail(
        err, HC_EUNSUPPORTED, line,
        "%s stands in a form that cannot be changed here (alias, tag, flow map or a list); right would be a line "
        "'%s: …' of its own, or --format dynamic",
        key, key);
}

static enum hc_status take_out(struct reading *r, struct hc_text *text, const char *key, struct hc_error *err)
{
    struct found f;
    while (find(r, text, key, &f) && f.any) {
        if (!f.cuttable)
            return uneditable(key, f.line, err);
        splice(text, f.cut_start, f.cut_end, "");
    }
    return HC_OK;
}

/* Whether a line can be appended, and how far it must be indented. */
static bool can_append(const char *text, size_t length, size_t *out_indent)
{
    yaml_parser_t parser;
    yaml_event_t event;
    bool good = true, end = false;
    unsigned depth = 0;
    *out_indent = 0;
    if (!yaml_parser_initialize(&parser))
        return false;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    while (good && !end && yaml_parser_parse(&parser, &event)) {
        bool start = event.type == YAML_MAPPING_START_EVENT || event.type == YAML_SEQUENCE_START_EVENT;
        if (event.type == YAML_MAPPING_START_EVENT && depth == 0) {
            good = event.data.mapping_start.style != YAML_FLOW_MAPPING_STYLE;
            *out_indent = event.start_mark.column;
        }
        if (event.type == YAML_DOCUMENT_END_EVENT)
            good = event.data.document_end.implicit;
        depth += start;
        depth -= event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT;
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return good && end;
}

/* Plain where it is a size; single quotes keep any other text, in block and flow maps alike. */
static void add_scalar(struct hc_text *out, const char *value)
{
    bool plain = value[strspn(value, "0123456789abcdefghijklmnopqrstuvwxyz")] == '\0' && *value != '\0';
    if (!plain)
        hc_text_add(out, "'", 1);
    for (; *value != '\0'; value++)
        hc_text_add(out, *value == '\'' ? "''" : value, *value == '\'' ? 2 : 1);
    if (!plain)
        hc_text_add(out, "'", 1);
}

static enum hc_status put_value(struct reading *r, struct hc_text *text, const struct hc_conf_edit *edit,
                                const char *value, struct hc_text *appended, struct hc_error *err)
{
    struct found f, old = {0};
    if (!find(r, text, edit->key, &f))
        return refused(r, NULL, err);
    if (f.any && f.in_place) {
        splice(text, f.value_start, f.value_end, value);
        return HC_OK;
    }
    if (!f.any && edit->old_key != NULL && find(r, text, edit->old_key, &old) && old.any && old.flat && old.in_place) {
        struct hc_text pair = {0};
        hc_text_print(&pair, "%s: %s", edit->key, value);
        if (pair.failed)
            text->failed = true;
        else
            splice(text, old.key_start, old.value_end, pair.data);
        free(pair.data);
        return HC_OK;
    }
    hc_text_print(appended, "%s: %s\n", edit->key, value);
    return HC_OK;
}

static enum hc_status edit_one(struct reading *r, struct hc_text *text, const struct hc_conf_edit *edit,
                               struct hc_text *appended, struct hc_error *err)
{
    struct hc_text value = {0};
    enum hc_status status = HC_OK;
    if (edit->value == NULL)
        return take_out(r, text, edit->key, err);
    add_scalar(&value, edit->value);
    if (value.failed)
        text->failed = true;
    else
        status = put_value(r, text, edit, value.data, appended, err);
    free(value.data);
    return status;
}

static enum hc_status append(struct hc_text *text, const struct hc_text *lines, struct hc_error *err)
{
    size_t indent;
    if (!can_append(text->data, text->length, &indent))
        return hc_fail(
            err, HC_EUNSUPPORTED, 0,
            "no line can be added to this file (a flow map, or an explicit end of the document); right would be to "
            "add by hand: %.400s",
            lines->data);
    const char *first = memchr(text->data, '\n', text->length);
    const char *newline = first != NULL && first > text->data && first[-1] == '\r' ? "\r\n" : "\n";
    bool broken = text->length == 0 || strchr("\r\n", text->data[text->length - 1]) != NULL;
    hc_text_print(text, "%s%*s# set by heapcast%s", broken ? "" : newline, (int)indent, "", newline);
    for (const char *line = lines->data, *end; *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        hc_text_print(text, "%*s%.*s%s", (int)indent, "", (int)(end - line), line, newline);
    }
    return HC_OK;
}

enum hc_status hc_config_yaml_edit(const char *text, size_t length, const struct hc_conf_edit *edits, size_t count,
                                   char **out, struct hc_error *err)
{
    struct reading r = {0};
    struct hc_text result = {0}, appended = {0};
    enum hc_status status = HC_OK;
    hc_text_add(&result, text, length);
    for (size_t i = 0; i < count && status == HC_OK && !result.failed; i++)
        status = edit_one(&r, &result, &edits[i], &appended, err);
    if (status == HC_OK && appended.length > 0 && !appended.failed && !result.failed)
        status = append(&result, &appended, err);
    if (status == HC_OK && (result.failed || appended.failed))
        status = hc_fail(err, HC_ENOMEM, 0, "no memory for the configuration");
    free(appended.data);
    if (status == HC_OK)
        *out = result.data;
    else
        free(result.data);
    return status;
}

enum hc_status hc_config_yaml_print(const struct hc_flink_options *options, char **out, struct hc_error *err)
{
    struct hc_text text = {0};
    hc_text_print(&text, "# written by heapcast%s\n", "");
    for (size_t i = 0; i < hc_flink_options_count(options); i++) {
        const struct hc_flink_option *option = hc_flink_options_at(options, i);
        if (strpbrk(option->key, " \t\"'#{}[],&*!|>%@`\r\n") != NULL || strpbrk(option->value, "\r\n") != NULL) {
            free(text.data);
            return hc_fail(err, HC_EUNSUPPORTED, option->line, "option '%s' cannot be written to a config.yaml",
                           option->key);
        }
        /* Quoted, every value stays the text that it was. */
        hc_text_print(&text, "%s: '", option->key);
        for (const char *p = option->value; *p != '\0'; p++)
            hc_text_print(&text, *p == '\'' ? "''" : "%c", *p);
        hc_text_print(&text, "'\n");
    }
    if (text.failed) {
        free(text.data);
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the configuration");
    }
    *out = text.data;
    return HC_OK;
}
