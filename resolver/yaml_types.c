#include "yaml_types.h"

#include "java_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DECIMAL "0123456789"
#define NUMBER_EXCEPTION "java.lang.NumberFormatException"

/* ---- which type -------------------------------------------------------------------------------------------------- */

static bool one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

static const char *skip_sign(const char *text)
{
    return text + (*text == '-' || *text == '+');
}

static bool is_integer(const char *text)
{
    const char *p = skip_sign(text);
    if (strncmp(text, "0o", 2) == 0)
        return text[2] != '\0' && text[2 + strspn(text + 2, "01234567")] == '\0';
    if (strncmp(text, "0x", 2) == 0)
        return text[2] != '\0' && text[2 + strspn(text + 2, DECIMAL "abcdefABCDEF")] == '\0';
    return *p != '\0' && p[strspn(p, DECIMAL)] == '\0';
}

static bool is_float(const char *text)
{
    static const char *const special[] = {".inf", ".Inf", ".INF", NULL}, *const nan[] = {".nan", ".NaN", ".NAN", NULL};
    const char *p = skip_sign(text);
    if (one_of(p, special) || one_of(text, nan))
        return true;
    size_t whole = strspn(p, DECIMAL), places = 0;
    p += whole;
    if (*p == '.') {
        places = strspn(p + 1, DECIMAL);
        p += 1 + places;
    }
    if (whole + places == 0)
        return false;
    if (*p == 'e' || *p == 'E') {
        p = skip_sign(p + 1);
        if (*p == '\0')
            return false;
        p += strspn(p, DECIMAL);
    }
    return *p == '\0';
}

static enum hc_yaml_type plain_type(const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const booleans[] = {"true", "True", "TRUE", "false", "False", "FALSE", NULL};
    if (one_of(text, nulls))
        return HC_YAML_NULL;
    if (one_of(text, booleans))
        return HC_YAML_BOOLEAN;
    return is_integer(text) ? HC_YAML_INTEGER : is_float(text) ? HC_YAML_FLOAT : HC_YAML_STRING;
}

/* Any case, and anything else is a null (ConstructYamlCoreBool). */
static bool is_boolean(const char *text)
{
    return strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0;
}

static enum hc_yaml_type tagged_type(const struct hc_yaml_node *node)
{
    static const struct {
        const char *name;
        enum hc_yaml_type type;
    } tags[] = {{HC_YAML_TAG_PREFIX "str", HC_YAML_STRING},   {HC_YAML_TAG_PREFIX "null", HC_YAML_NULL},
                {HC_YAML_TAG_PREFIX "bool", HC_YAML_BOOLEAN}, {HC_YAML_TAG_PREFIX "int", HC_YAML_INTEGER},
                {HC_YAML_TAG_PREFIX "float", HC_YAML_FLOAT},  {HC_YAML_TAG_PREFIX "seq", HC_YAML_SEQUENCE},
                {HC_YAML_TAG_PREFIX "map", HC_YAML_MAPPING},  {"!ENV_VARIABLE", HC_YAML_STRING}};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        bool collection = tags[i].type == HC_YAML_SEQUENCE || tags[i].type == HC_YAML_MAPPING;
        if (strcmp(node->tag, tags[i].name) != 0)
            continue;
        if (node->scalar && tags[i].type == HC_YAML_BOOLEAN && !is_boolean(node->value))
            return HC_YAML_NULL;
        return node->scalar != collection && (node->scalar || node->type == tags[i].type) ? tags[i].type
                                                                                          : HC_YAML_UNKNOWN;
    }
    return HC_YAML_UNKNOWN;
}

/* UriEncoder.encode: messages show a tag like this. */
static char *encode_tag(const char *tag)
{
    struct hc_text out = {0};
    for (; *tag != '\0'; tag++) {
        bool safe =
            strchr(DECIMAL "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.!~*'()@:$&,;=[]/", *tag) != NULL;
        hc_text_print(&out, safe ? "%c" : "%%%02X", (unsigned char)*tag);
    }
    if (out.failed)
        free(out.data);
    return out.failed ? NULL : out.data;
}

bool hc_yaml_resolve(struct hc_yaml_node *node)
{
    bool tagged = node->tag != NULL && strcmp(node->tag, "!") != 0;
    if (!tagged) {
        if (node->scalar)
            node->type = node->tag == NULL && node->style == 0 ? plain_type(node->value) : HC_YAML_STRING;
        return true;
    }
    char *shown = encode_tag(node->tag);
    if (shown == NULL)
        return false;
    node->type = tagged_type(node);
    free(node->tag);
    node->tag = shown;
    return true;
}

/* ---- integers ---------------------------------------------------------------------------------------------------- */

struct integer {
    bool negative;
    unsigned base;
    const char *digits;
};

static struct integer integer_of(const char *text)
{
    struct integer i = {*text == '-', 10, skip_sign(text)};
    if (strncmp(i.digits, "0x", 2) == 0 || strncmp(i.digits, "0o", 2) == 0) {
        i.base = i.digits[1] == 'x' ? 16 : 8;
        i.digits += 2;
    }
    return i;
}

static bool well_formed(const struct integer *i)
{
    const char *digits = i->base == 16 ? DECIMAL "abcdefABCDEF" : i->base == 8 ? "01234567" : DECIMAL;
    return *i->digits != '\0' && i->digits[strspn(i->digits, digits)] == '\0';
}

/* A text's length as a Java String, and the bytes that so many of its chars take. */
static size_t java_length(const char *text, size_t length)
{
    size_t chars = 0, used;
    for (size_t i = 0; i < length; i += used)
        chars += hc_utf8_decode(text + i, length - i, &used) > 0xffff ? 2 : 1;
    return chars;
}

static size_t java_offset(const char *text, size_t chars)
{
    size_t length = strlen(text), at = 0, used;
    for (size_t i = 0; i < chars && at < length; i++, at += used)
        i += hc_utf8_decode(text + at, length - at, &used) > 0xffff;
    return at;
}

static bool all_digits(const char *text, size_t length, unsigned base)
{
    for (size_t i = 0; i < length; i++)
        if (memchr(DECIMAL "abcdef", text[i] | (text[i] >= 'A' ? 0x20 : 0), base) == NULL)
            return false;
    return true;
}

/* What the last resort, java.math.BigInteger, says of digits that are none: the first group of them that it reads. */
static bool refuse_integer(const struct integer *i, struct hc_yaml_error *error)
{
    size_t group = i->base == 16 ? 7 : i->base == 8 ? 10 : 9;
    const char *p = i->digits;
    char why[96], radix[24] = "";
    if (i->base != 10)
        snprintf(radix, sizeof radix, " under radix %u", i->base);
    for (const char *next = p; hc_java_digit(&next) == 0;)
        p = next;
    size_t rest = java_length(p, strlen(p)), length = rest % group == 0 ? group : rest % group, bytes;
    while (rest > length && all_digits(p, (bytes = java_offset(p, length)), i->base)) {
        p += bytes;
        rest -= length;
        length = group;
    }
    bytes = java_offset(p, length);
    if (*i->digits == '\0')
        snprintf(why, sizeof why, "Zero length BigInteger");
    else if (strpbrk(i->digits, "+-") != NULL)
        snprintf(why, sizeof why, "Illegal embedded sign character");
    else
        snprintf(why, sizeof why, "For input string: \"%.*s\"%s", (int)bytes, p, radix);
    hc_yaml_fail(error, HC_YAML_EXCEPTION, NUMBER_EXCEPTION ": %s", why);
    error->cause = NUMBER_EXCEPTION;
    snprintf(error->cause_message, sizeof error->cause_message, "%s", why);
    return false;
}

/* Digits in base 8 or 16 beyond this stay as they are: no option takes such a number, and the work grows with the
 * square. */
enum { CONVERTED_MAX = 2048 };

/* Decimal digits but for leading zeros. */
static char *plain_digits(const struct integer *integer)
{
    const char *digits = integer->digits + strspn(integer->digits, "0");
    struct hc_text out = {0};
    if (*digits == '\0')
        return strdup("0");
    hc_text_print(&out, "%s%s", integer->negative ? "-" : "", digits);
    if (out.failed)
        free(out.data);
    return out.failed ? NULL : out.data;
}

/* Decimal text of digits in any base. The caller frees it; NULL: no memory. */
static char *decimal_text(const struct integer *integer)
{
    size_t size = strlen(integer->digits) * 2 + 4, used = 1;
    if (integer->base == 10 || size > CONVERTED_MAX)
        return plain_digits(integer);
    char *out = calloc(size, 1); /* least significant first while it is computed */
    if (out == NULL)
        return NULL;
    for (const char *digits = integer->digits; *digits != '\0'; digits++) {
        unsigned carry = *digits <= '9' ? (unsigned)(*digits - '0') : (unsigned)(*digits | 0x20) - 'a' + 10;
        for (size_t i = 0; i < used || carry != 0; i++) {
            carry += (unsigned)out[i] * integer->base;
            out[i] = (char)(carry % 10);
            carry /= 10;
            used = i + 1 > used ? i + 1 : used;
        }
    }
    while (used > 1 && out[used - 1] == 0)
        used--;
    bool sign = integer->negative && !(used == 1 && out[0] == 0);
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
    struct integer integer = integer_of(text);
    char *out = decimal_text(&integer);
    int64_t value;
    if (out != NULL && hc_java_long_parse(out, &value, NULL) == HC_OK && (value < INT32_MIN || value > INT32_MAX))
        *kind = HC_VALUE_LONG;
    return out;
}

/* The smallest of the three that takes it; leading zeros count as digits. */
static const char *integer_class(const char *text)
{
    struct integer integer = integer_of(text);
    size_t length = strlen(integer.digits), most = integer.base == 16 ? 8 : integer.base == 8 ? 11 : 10;
    char *decimal = decimal_text(&integer);
    int64_t wide;
    int32_t narrow;
    const char *name = "java.math.BigInteger";
    bool huge = length > (integer.base == 16 ? 16 : integer.base == 8 ? 21 : 19);
    if (decimal != NULL && length <= most && hc_java_int_parse(decimal, &narrow, NULL) == HC_OK)
        name = "java.lang.Integer";
    else if (decimal != NULL && !huge && hc_java_long_parse(decimal, &wide, NULL) == HC_OK)
        name = "java.lang.Long";
    free(decimal);
    return name;
}

/* ---- doubles ----------------------------------------------------------------------------------------------------- */

/* The sign is taken off first, then Double.valueOf reads the rest in lower case; so "+.inf" is refused. */
static enum hc_status float_value(const char *text, double *out, struct hc_error *err)
{
    bool infinite = strcasecmp(text, ".inf") == 0 || strcasecmp(text, "-.inf") == 0;
    if (infinite || strcasecmp(text, ".nan") == 0) {
        *out = infinite ? *text == '-' ? -HUGE_VAL : HUGE_VAL : (double)NAN;
        return HC_OK;
    }
    const char *digits = skip_sign(text);
    size_t size = strlen(digits) * 2 + 8; /* a lower case letter takes at most half as much again */
    char *lower = malloc(size);
    if (lower == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory");
    hc_java_lower(digits, strlen(digits), lower, size);
    enum hc_status status = hc_java_double_parse(lower, out, err);
    free(lower);
    if (status == HC_OK && *text == '-')
        *out = -*out;
    return status;
}

static char *float_text(const char *text, enum hc_value_kind *kind)
{
    double value = 0;
    char out[HC_JAVA_DOUBLE_TEXT];
    *kind = HC_VALUE_DOUBLE;
    return float_value(text, &value, NULL) == HC_OK ? strdup(hc_java_double_text(value, out)) : NULL;
}

/* Java reads the digits of other scripts, too (Character.digit), but only behind the tag !!int: a plain scalar of them
 * is a string. From here on they are digits as all others; in a text that is no number they stay for the message. */
static void fold_digits(char *text)
{
    char *folded = strdup(text), *to = folded;
    for (const char *p = text, *next = p; folded != NULL && *p != '\0'; p = next) {
        int digit = hc_java_digit(&next);
        next += digit < 0;
        *to++ = digit < 0 ? *p : (char)('0' + digit);
    }
    if (folded != NULL) {
        *to = '\0';
        struct integer integer = integer_of(folded);
        if (well_formed(&integer))
            memcpy(text, folded, (size_t)(to - folded) + 1);
    }
    free(folded);
}

bool hc_yaml_check_scalar(struct hc_yaml_node *node, struct hc_yaml_error *error)
{
    struct hc_error err;
    double value;
    enum hc_status status = node->type == HC_YAML_FLOAT ? float_value(node->value, &value, &err) : HC_OK;
    if (status == HC_ENOMEM)
        hc_yaml_fail_memory(error);
    if (status == HC_EPARSE) {
        hc_yaml_fail(error, HC_YAML_EXCEPTION, NUMBER_EXCEPTION ": %.300s", err.text);
        error->cause = NUMBER_EXCEPTION;
        snprintf(error->cause_message, sizeof error->cause_message, "%.120s", err.text);
        error->line = node->start.line + 1;
    }
    if (node->type != HC_YAML_INTEGER)
        return status == HC_OK;
    fold_digits(node->value);
    struct integer integer = integer_of(node->value);
    if (node->value[0] == '\0') {
        hc_yaml_fail_at(error, "while constructing an int", &node->start, &node->start, "found empty value");
        return false;
    }
    if (well_formed(&integer))
        return true;
    refuse_integer(&integer, error);
    error->line = node->start.line + 1;
    return false;
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

const char *hc_yaml_java_class(const struct hc_yaml_node *node)
{
    switch (node->type) {
    case HC_YAML_SEQUENCE:
        return "java.util.ArrayList";
    case HC_YAML_MAPPING:
        return "java.util.LinkedHashMap";
    case HC_YAML_BOOLEAN:
        return "java.lang.Boolean";
    case HC_YAML_INTEGER:
        return integer_class(node->value);
    case HC_YAML_FLOAT:
        return "java.lang.Double";
    default:
        return "java.lang.String";
    }
}

/* YamlParserUtils.toYAMLString: quotes where a plain scalar would read differently. */
static void add_flow_string(const char *value, struct hc_text *out)
{
    size_t length = strlen(value);
    bool quoted = plain_type(value) != HC_YAML_STRING || strpbrk(value, ",[]{}#&*!|>'\"%@`\n") != NULL ||
                  strstr(value, ": ") != NULL || value[length - 1] == ':' || value[0] == ' ' ||
                  value[length - 1] == ' ' || value[0] == '-' || value[0] == '?' || value[0] == ':';
    hc_text_print(out, "%s", quoted ? "'" : "");
    for (; *value != '\0'; value++)
        hc_text_print(out, quoted && *value == '\'' ? "''" : "%c", *value);
    hc_text_print(out, "%s", quoted ? "'" : "");
}

static void add_flow(const struct hc_yaml_node *node, struct hc_text *out)
{
    enum hc_value_kind kind;
    if (node->type == HC_YAML_STRING) {
        add_flow_string(node->value, out);
    } else if (node->scalar) {
        char *text = hc_yaml_text(node, &kind);
        hc_text_print(out, "%s", text != NULL ? text : "");
        out->failed = out->failed || text == NULL;
        free(text);
    } else {
        bool mapping = node->type == HC_YAML_MAPPING;
        hc_text_print(out, "%c", mapping ? '{' : '[');
        for (size_t i = 0; i < node->count; i++) {
            hc_text_print(out, "%s", i == 0 ? "" : mapping && i % 2 != 0 ? ": " : ", ");
            add_flow(node->children[i], out);
        }
        hc_text_print(out, "%c", mapping ? '}' : ']');
    }
}

char *hc_yaml_text(const struct hc_yaml_node *node, enum hc_value_kind *kind)
{
    struct hc_text text = {0};
    *kind = HC_VALUE_TEXT;
    switch (node->type) {
    case HC_YAML_INTEGER:
        return integer_text(node->value, kind);
    case HC_YAML_FLOAT:
        return float_text(node->value, kind);
    case HC_YAML_BOOLEAN:
        return strdup(strcasecmp(node->value, "true") == 0 ? "true" : "false");
    case HC_YAML_NULL:
        return strdup("null");
    case HC_YAML_STRING:
        return strdup(node->value);
    default:
        add_flow(node, &text);
        if (text.failed)
            free(text.data);
        return text.failed ? NULL : text.data;
    }
}
