#include <heapcast/flink_conf.h>

#include "java_number.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* One line, cut as GlobalConfiguration.loadLegacyYAMLResource does; key NULL: the line sets nothing. */
struct line {
    const char *start, *end, *next; /* without and with its line break */
    const char *key, *value;
    size_t key_length, value_length;
};

static void cut(struct line *line)
{
    const char *comment = memchr(line->start, '#', (size_t)(line->end - line->start));
    size_t length = (size_t)((comment == NULL ? line->end : comment) - line->start);
    const char *pair = line->start, *end = line->start + length, *colon = pair;
    line->key = NULL;
    while (colon < end && !(colon + 1 < end && colon[0] == ':' && colon[1] == ' '))
        colon++;
    if (colon == end)
        return;
    line->key_length = (size_t)(colon - pair);
    line->value_length = (size_t)(end - (colon + 2));
    const char *key = hc_java_trim(pair, &line->key_length);
    line->value = hc_java_trim(colon + 2, &line->value_length);
    if (line->key_length > 0 && line->value_length > 0)
        line->key = key;
}

/* The next line as BufferedReader.readLine finds it (LF, CR or CR LF); false at the end. */
static bool next_line(const char **at, const char *end, struct line *line)
{
    if (*at == end)
        return false;
    const char *p = *at;
    while (p < end && *p != '\n' && *p != '\r')
        p++;
    line->start = *at;
    line->end = p;
    if (p < end)
        p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
    line->next = *at = p;
    cut(line);
    return true;
}

static bool line_is(const struct line *line, const char *key)
{
    return line->key != NULL && strlen(key) == line->key_length && memcmp(key, line->key, line->key_length) == 0;
}

/* A C string has no NUL; U+0001 is what every later reader treats in the same way. */
static char *copy(const char *text, size_t length)
{
    char *out = malloc(length + 1);
    for (size_t i = 0; out != NULL && i < length; i++)
        out[i] = (char)(text[i] == '\0' ? 1 : text[i]);
    if (out != NULL)
        out[length] = '\0';
    return out;
}

/* No blank or control character at either end, and something between. */
static bool is_trimmed(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && hc_java_trim(text, &length) == text && length == strlen(text);
}

enum hc_status hc_flink_conf_parse(const char *text, size_t length, struct hc_flink_options *options,
                                   struct hc_error *err)
{
    const char *at = text;
    unsigned number = 0;
    for (struct line line; next_line(&at, text + length, &line);) {
        number++;
        if (line.key == NULL)
            continue;
        char *key = copy(line.key, line.key_length), *value = copy(line.value, line.value_length);
        enum hc_status status = HC_ENOMEM;
        if (key != NULL && value != NULL)
            status = hc_flink_options_put(
                options,
                &(struct hc_flink_option){.key = key, .value = value, .line = number, .kind = HC_VALUE_LEGACY});
        free(key);
        free(value);
        if (status != HC_OK)
            return hc_fail(err, status, number, "no memory for the configuration");
    }
    return HC_OK;
}

/* The last line that sets `key`: the one that counts. */
static bool last_line(const char *text, size_t length, const char *key, struct line *out)
{
    bool found = false;
    const char *at = text;
    for (struct line line; next_line(&at, text + length, &line);)
        if (line_is(&line, key)) {
            *out = line;
            found = true;
        }
    return found;
}

static void splice(struct hc_text *text, const char *from, const char *to, const char *with)
{
    struct hc_text out = {0};
    hc_text_add(&out, text->data, (size_t)(from - text->data));
    hc_text_print(&out, "%s", with);
    hc_text_add(&out, to, (size_t)(text->data + text->length - to));
    out.failed = out.failed || text->failed;
    free(text->data);
    *text = out;
}

static void edit_one(struct hc_text *text, const struct hc_conf_edit *edit, struct hc_text *appended,
                     const char *newline)
{
    struct line line;
    if (edit->value == NULL) {
        while (last_line(text->data, text->length, edit->key, &line))
            splice(text, line.start, line.next, "");
    } else if (last_line(text->data, text->length, edit->key, &line)) {
        splice(text, line.value, line.value + line.value_length, edit->value);
    } else if (edit->old_key != NULL && last_line(text->data, text->length, edit->old_key, &line)) {
        struct hc_text pair = {0};
        hc_text_print(&pair, "%s: %s", edit->key, edit->value);
        if (pair.failed)
            text->failed = true;
        else
            splice(text, line.key, line.value + line.value_length, pair.data);
        free(pair.data);
    } else {
        hc_text_print(appended, "%s: %s%s", edit->key, edit->value, newline);
    }
}

enum hc_status hc_flink_conf_edit(const char *text, size_t length, const struct hc_conf_edit *edits, size_t count,
                                  char **out, struct hc_error *err)
{
    struct hc_text result = {0}, appended = {0};
    const char *first = memchr(text, '\n', length);
    const char *newline = first != NULL && first > text && first[-1] == '\r' ? "\r\n" : "\n";
    hc_text_add(&result, text, length);
    for (size_t i = 0; i < count && !result.failed; i++)
        edit_one(&result, &edits[i], &appended, newline);
    if (appended.length > 0) {
        bool broken =
            result.length == 0 || result.data[result.length - 1] == '\n' || result.data[result.length - 1] == '\r';
        hc_text_print(&result, "%s# set by heapcast%s%s", broken ? "" : newline, newline, appended.data);
    }
    bool failed = result.failed || appended.failed;
    free(appended.data);
    if (failed) {
        free(result.data);
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the configuration");
    }
    *out = result.data;
    return HC_OK;
}

enum hc_status hc_flink_conf_print(const struct hc_flink_options *options, char **out, struct hc_error *err)
{
    struct hc_text text = {0};
    hc_text_print(&text, "# written by heapcast%s\n", "");
    for (size_t i = 0; i < hc_flink_options_count(options); i++) {
        const struct hc_flink_option *option = hc_flink_options_at(options, i);
        if (!is_trimmed(option->key) || !is_trimmed(option->value) || strpbrk(option->value, "#\r\n") != NULL ||
            strpbrk(option->key, "#\r\n") != NULL || strstr(option->key, ": ") != NULL) {
            free(text.data);
            return hc_fail(
                err, HC_EUNSUPPORTED, option->line,
                "the value of %s cannot stand in a flink-conf.yaml (empty, '#', a line break or blanks at an end); "
                "right would be --format config.yaml",
                option->key);
        }
        hc_text_print(&text, "%s: %s\n", option->key, option->value);
    }
    if (text.failed) {
        free(text.data);
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the configuration");
    }
    *out = text.data;
    return HC_OK;
}
