/* YamlParserUtils.loadYamlFile and GlobalConfiguration.flatten, and changing such a file without touching the rest. */
#include <heapcast/config_yaml.h>

#include "derivation.h"
#include "edit_check.h"
#include "text.h"
#include "yaml.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 256 };

#define RUNTIME_EXCEPTION "java.lang.RuntimeException"
#define CAST_EXCEPTION "java.lang.ClassCastException"
#define NULL_EXCEPTION "java.lang.NullPointerException"

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

struct reading {
    struct hc_yaml yaml;
    struct hc_flink_failure failure;
    unsigned line;
    bool out_of_memory;
};

/* Flink wraps every error of this file in one and the same RuntimeException. */
__attribute__((format(printf, 4, 5))) static bool refuse(struct reading *r, unsigned line, const char *exception,
                                                         const char *format, ...)
{
    va_list arguments;
    r->failure = (struct hc_flink_failure){.code = "UNREADABLE_FILE", .key = "", .depth = 2};
    r->failure.chain[0].exception = RUNTIME_EXCEPTION;
    snprintf(r->failure.chain[0].message, sizeof r->failure.chain[0].message, "Error parsing YAML configuration.");
    r->failure.chain[1].exception = exception;
    va_start(arguments, format);
    vsnprintf(r->failure.chain[1].message, sizeof r->failure.chain[1].message, format, arguments);
    va_end(arguments);
    r->line = line;
    return false;
}

static bool mend(struct reading *r, const char *text)
{
    snprintf(r->failure.mend, sizeof r->failure.mend, "%s", text);
    return false;
}

static bool refuse_text(struct reading *r)
{
    const struct hc_yaml_error *error = &r->yaml.error;
    const char *problem = error->message, *duplicate = strstr(error->message, "found duplicate key ");
    refuse(r, error->line, error->exception, "%s", error->message);
    r->out_of_memory = error->out_of_memory;
    if (error->cause != NULL) {
        r->failure.chain[r->failure.depth].exception = error->cause;
        snprintf(r->failure.chain[r->failure.depth++].message, sizeof error->cause_message, "%s", error->cause_message);
    }
    /* The problem is the line before the last place. */
    for (const char *next = strchr(problem, '\n'); next != NULL && next[1] != '\0'; next = strchr(next + 1, '\n'))
        if (strncmp(next + 1, " in reader", 10) != 0)
            problem = next + 1;
    int length = (int)strcspn(problem, "\n");
    if (duplicate != NULL)
        snprintf(r->failure.mend, sizeof r->failure.mend, "%.*s stands here a second time; right would be once",
                 length - 20, duplicate + 20);
    else if (strstr(problem, "(TAB)") != NULL)
        return mend(r, "Flink's YAML takes no TAB here; right would be blanks");
    else if (strcmp(error->message, "special characters are not allowed") == 0)
        return mend(r, "a control character stands here; right would be to take it out");
    else if (strstr(problem, "another document") != NULL)
        return mend(r, "a second document begins here; right would be one");
    else
        snprintf(r->failure.mend, sizeof r->failure.mend, "%.*s; right would be YAML, lines of the form key: value",
                 length > 220 ? 220 : length, problem);
    return false;
}

/* ---- flattening -------------------------------------------------------------------------------------------------- */

struct frame {
    const struct hc_yaml_node *mapping, *key;
};

/* One option as it stands in the tree. */
struct place {
    const char *key; /* flattened */
    const struct hc_yaml_node *value;
    const struct frame *frames;
    unsigned depth;
};

struct walk {
    struct reading *reading;
    const char *text;
    size_t length;
    struct frame frames[DEPTH_MAX];
    struct hc_flink_options *nulls; /* keys that have no value so far */
    bool (*each)(struct walk *walk, const struct place *place);
    void *context;
};

static bool refuse_cast(struct reading *r, const struct hc_yaml_node *node, const char *to)
{
    const char *from = hc_yaml_java_class(node);
    return refuse(r, node->start.line + 1, CAST_EXCEPTION,
                  "class %s cannot be cast to class %s (%s and %s are in module java.base of loader 'bootstrap')", from,
                  to, from, to);
}

/* All keys are cast before the first value is looked at. */
static bool check_keys(struct reading *r, const struct hc_yaml_node *mapping, unsigned depth)
{
    if (depth == DEPTH_MAX)
        return refuse(r, mapping->start.line + 1, "java.lang.StackOverflowError", "nested too deep");
    for (size_t i = 0; i < mapping->count; i += 2) {
        const struct hc_yaml_node *key = mapping->children[i], *value = mapping->children[i + 1];
        if (key->type != HC_YAML_STRING && key->type != HC_YAML_NULL) {
            refuse_cast(r, key, "java.lang.String");
            return mend(r, "this key is no text; right would be to quote it");
        }
        if (value->type == HC_YAML_MAPPING && !check_keys(r, value, depth + 1))
            return false;
    }
    return true;
}

static bool put_null(struct walk *w, const char *key, const struct hc_yaml_node *value)
{
    struct hc_flink_option option = {.key = key, .value = "", .line = value->start.line + 1};
    w->reading->out_of_memory = hc_flink_options_put(w->nulls, &option) != HC_OK;
    return !w->reading->out_of_memory;
}

/* A null is refused only if no later spelling of the key took its place. */
static bool check_nulls(const struct walk *w)
{
    struct reading *r = w->reading;
    if (hc_flink_options_count(w->nulls) == 0)
        return true;
    const struct hc_flink_option *option = hc_flink_options_at(w->nulls, 0);
    refuse(r, option->line, NULL_EXCEPTION, "Value must not be null.");
    snprintf(r->failure.mend, sizeof r->failure.mend,
             "%.200s has no value; right would be one, or to leave the key out", option->key);
    return false;
}

static bool flatten(struct walk *w, const struct hc_yaml_node *mapping, const char *prefix, unsigned depth)
{
    struct reading *r = w->reading;
    for (size_t i = 0; i < mapping->count; i += 2) {
        const struct hc_yaml_node *key = mapping->children[i], *value = mapping->children[i + 1];
        struct hc_text name = {0};
        hc_text_print(&name, "%s%s", prefix, key->type == HC_YAML_NULL ? "null" : key->value);
        bool good = !name.failed;
        w->frames[depth] = (struct frame){mapping, key};
        if (name.failed) {
            r->out_of_memory = true;
            refuse(r, 0, HC_YAML_EXCEPTION, "no memory");
        } else if (value->type == HC_YAML_MAPPING) {
            hc_text_print(&name, ".");
            good = !name.failed && flatten(w, value, name.data, depth + 1);
        } else if (value->type == HC_YAML_NULL) {
            good = put_null(w, name.data, value);
        } else {
            hc_flink_options_remove(w->nulls, name.data);
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
    struct walk w = {.reading = r, .text = text, .length = length, .each = each, .context = context};
    w.nulls = hc_flink_options_new();
    r->out_of_memory = w.nulls == NULL;
    if (r->out_of_memory)
        return false;
    bool good = hc_yaml_load(&r->yaml, text, length) || refuse_text(r);
    const struct hc_yaml_node *root = r->yaml.root;
    if (good && root != NULL && root->type == HC_YAML_MAPPING) {
        good = check_keys(r, root, 0) && flatten(&w, root, "", 0) && check_nulls(&w);
    } else if (good && root != NULL && root->type != HC_YAML_NULL) {
        refuse_cast(r, root, "java.util.Map");
        good = mend(r, "the file is no map; right would be lines of the form key: value");
    }
    hc_yaml_release(&r->yaml);
    hc_flink_options_free(w.nulls);
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

static bool put_option(struct walk *w, const struct place *place)
{
    struct hc_flink_option option = {.key = place->key, .line = place->value->start.line + 1};
    char *value = hc_yaml_text(place->value, &option.kind);
    option.value = value;
    bool good = value != NULL && hc_flink_options_put(w->context, &option) == HC_OK;
    free(value);
    w->reading->out_of_memory = !good;
    return good;
}

enum hc_status hc_config_yaml_parse(const char *text, size_t length, struct hc_flink_options *options,
                                    struct hc_flink_failure *failure, struct hc_error *err)
{
    struct reading r = {.out_of_memory = false};
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

/* End of a scalar's own text: a block scalar ends behind its line break. */
static size_t value_end(const struct walk *w, const struct hc_yaml_node *node)
{
    size_t end = node->end.byte;
    while (end > node->start.byte && strchr(" \t\r\n", w->text[end - 1]) != NULL)
        end--;
    return end;
}

static bool find_option(struct walk *w, const struct place *place)
{
    struct found *f = w->context;
    if (strcmp(f->key, place->key) != 0)
        return true;
    const struct hc_yaml_node *key = place->frames[place->depth - 1].key;
    f->any = true;
    f->line = place->value->start.line + 1;
    f->flat = place->depth == 1 && key->scalar && key->style == 0;
    f->key_start = key->start.byte;
    f->value_start = place->value->start.byte;
    f->value_end = value_end(w, place->value);
    f->in_place =
        place->value->scalar && f->value_start > f->key_start && strchr("&*!", w->text[f->value_start]) == NULL;

    /* A map that would be left empty (a null to Flink) goes with its last option. */
    unsigned at = place->depth - 1;
    while (at > 0 && place->frames[at].mapping->count == 2)
        at--;
    size_t from = place->frames[at].key->start.byte;
    f->cut_start = line_start(w->text, from);
    f->cut_end = line_next(w->text, w->length, f->value_end);
    size_t line_end = f->value_end;
    while (line_end < w->length && w->text[line_end] != '\n' && w->text[line_end] != '\r')
        line_end++;
    f->cuttable = f->in_place && !place->frames[at].mapping->flow && blank_or_comment(w->text, f->cut_start, from) &&
                  blank_or_comment(w->text, f->value_end, line_end);
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
    struct hc_yaml yaml;
    bool good = hc_yaml_load(&yaml, text, length) && !yaml.explicit_end;
    const struct hc_yaml_node *root = yaml.root;
    bool empty = root == NULL || (root->scalar && root->value[0] == '\0' && root->tag == NULL);
    good = good && (empty || (root->type == HC_YAML_MAPPING && !root->flow));
    *out_indent = empty || !good ? 0 : root->start.column;
    hc_yaml_release(&yaml);
    return good;
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

/* The result read back. Where an option could only be appended, a map may hold its key twice now, or a scalar that went
 * on to the end of the text may have taken the new line in. */
static enum hc_status check_result(const char *text, size_t length, const struct hc_text *result,
                                   const struct hc_conf_edit *edits, size_t count, struct hc_error *err)
{
    struct hc_flink_options *before = hc_flink_options_new(), *after = hc_flink_options_new();
    const char *key = edits[0].key;
    enum hc_status status = before == NULL || after == NULL ? hc_fail(err, HC_ENOMEM, 0, "no memory") : HC_OK;
    if (status == HC_OK)
        status = hc_config_yaml_parse(text, length, before, NULL, err);
    if (status == HC_OK) {
        bool reads = hc_config_yaml_parse(result->data, result->length, after, NULL, err) == HC_OK;
        key = reads ? hc_edit_check(before, after, edits, count) : key;
        status = reads && key == NULL ? HC_OK : uneditable(key, 0, err);
    }
    hc_flink_options_free(before);
    hc_flink_options_free(after);
    return status;
}

enum hc_status hc_config_yaml_edit(const char *text, size_t length, const struct hc_conf_edit *edits, size_t count,
                                   char **out, struct hc_error *err)
{
    struct reading r = {.out_of_memory = false};
    struct hc_text result = {0}, appended = {0};
    enum hc_status status = HC_OK;
    hc_text_add(&result, text, length);
    for (size_t i = 0; i < count && status == HC_OK && !result.failed; i++)
        status = edit_one(&r, &result, &edits[i], &appended, err);
    if (status == HC_OK && appended.length > 0 && !appended.failed && !result.failed)
        status = append(&result, &appended, err);
    if (status == HC_OK && (result.failed || appended.failed))
        status = hc_fail(err, HC_ENOMEM, 0, "no memory for the configuration");
    if (status == HC_OK && count > 0)
        status = check_result(text, length, &result, edits, count, err);
    free(appended.data);
    if (status == HC_OK)
        *out = result.data;
    else
        free(result.data);
    return status;
}

/* Quoted, every text stays what it was; a number of a type of its own must stay plain to keep it. */
static void print_scalar(struct hc_text *out, const char *value, enum hc_value_kind kind)
{
    bool number = kind == HC_VALUE_LONG || (kind == HC_VALUE_DOUBLE && strpbrk(value, "NI") == NULL), escape = false;
    size_t length = strlen(value), bytes;
    for (size_t i = 0; i < length; i += bytes) {
        uint32_t c = hc_utf8_decode(value + i, length - i, &bytes);
        escape = escape || c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
                 c == 0xfffe || c == 0xffff;
    }
    const char *quote = number ? "" : escape ? "\"" : "'";
    hc_text_print(out, "%s", quote);
    for (size_t i = 0; i < length; i += bytes) {
        uint32_t c = hc_utf8_decode(value + i, length - i, &bytes);
        if (!escape)
            hc_text_print(out, c == '\'' ? "''" : "%.*s", (int)bytes, value + i);
        else if (c == '"' || c == '\\')
            hc_text_print(out, "\\%c", (int)c);
        else if (c > 0xffff || (c >= 0x20 && c < 0x7f))
            hc_text_print(out, "%.*s", (int)bytes, value + i);
        else
            hc_text_print(out, "\\u%04x", (unsigned)c);
    }
    hc_text_print(out, "%s", quote);
}

static void print_option(struct hc_text *out, const struct hc_flink_option *option)
{
    const char *key = option->key;
    bool word = ((*key >= 'a' && *key <= 'z') || (*key >= 'A' && *key <= 'Z')) &&
                key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0' &&
                strchr(key, '.') != NULL; /* without a dot it might be "true" or "null" */
    if (word)
        hc_text_print(out, "%s", key);
    else
        print_scalar(out, key, HC_VALUE_TEXT);
    hc_text_print(out, ": ");
    print_scalar(out, option->value, option->kind);
    hc_text_print(out, "\n");
}

enum hc_status hc_config_yaml_print(const struct hc_flink_options *options, char **out, struct hc_error *err)
{
    struct hc_text text = {0};
    hc_text_print(&text, "# written by heapcast%s\n", "");
    for (size_t i = 0; i < hc_flink_options_count(options); i++)
        print_option(&text, hc_flink_options_at(options, i));
    struct hc_flink_options *again = hc_flink_options_new();
    enum hc_status status = text.failed || again == NULL ? hc_fail(err, HC_ENOMEM, 0, "no memory") : HC_OK;
    if (status == HC_OK) {
        /* A key that is too long, or a text that is no UTF-8, has no form that reads the same. */
        bool reads = hc_config_yaml_parse(text.data, text.length, again, NULL, err) == HC_OK;
        const char *lost = reads ? hc_edit_check(options, again, NULL, 0) : "of this configuration";
        if (lost != NULL)
            status = hc_fail(err, HC_EUNSUPPORTED, 0, "option '%.200s' cannot be written to a config.yaml", lost);
    }
    hc_flink_options_free(again);
    if (status == HC_OK)
        *out = text.data;
    else
        free(text.data);
    return status;
}
