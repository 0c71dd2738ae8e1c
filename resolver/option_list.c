/* ConfigurationUtils.convertToList and StructuredOptionsSplitter of org.apache.flink.configuration */
#include "option_list.h"

#include "java_number.h"
#include "text.h"
#include "yaml.h"

#include <stdlib.h>
#include <string.h>

enum token { TOKEN_NONE, TOKEN_DELIMITER, TOKEN_QUOTED, TOKEN_PLAIN };

/* Where a text is read, in bytes and, for messages, in Java's characters. */
struct place {
    const char *at, *end;
    unsigned position;
};

enum hc_status hc_option_list_add(struct hc_option_list *list, const char *part, size_t length, struct hc_error *err)
{
    if (list->count == HC_LIST_MAX || list->used + length + 1 > sizeof list->text)
        return hc_fail(err, HC_EUNSUPPORTED, 0, "a list of more than %d parts or %d bytes", HC_LIST_MAX, HC_LIST_TEXT);
    list->each[list->count++] = memcpy(list->text + list->used, part, length);
    list->text[list->used + length] = '\0';
    list->used += length + 1;
    return HC_OK;
}

static uint32_t step(struct place *p)
{
    size_t bytes;
    uint32_t character = hc_utf8_decode(p->at, (size_t)(p->end - p->at), &bytes);
    p->at += bytes;
    p->position += character > 0xffff ? 2 : 1;
    return character;
}

/* Two quotes inside stand for one. */
static enum hc_status add_quoted(struct place *p, struct hc_option_list *out, struct hc_error *err)
{
    char part[HC_LIST_TEXT], quote = *p->at;
    size_t length = 0;
    for (step(p); p->at < p->end && length < sizeof part;) {
        const char *from = p->at;
        if (*from == quote) {
            step(p);
            if (p->at == p->end || *p->at != quote)
                return hc_option_list_add(out, part, length, err);
        }
        const char *character = p->at;
        step(p);
        for (; character < p->at && length < sizeof part; character++)
            part[length++] = *character;
    }
    if (length == sizeof part)
        return hc_fail(err, HC_EUNSUPPORTED, 0, "a part of more than %d bytes", HC_LIST_TEXT);
    return hc_fail(err, HC_EPARSE, 0, "Could not split string. Quoting was not closed properly.");
}

static enum hc_status add_plain(struct place *p, struct hc_option_list *out, struct hc_error *err)
{
    const char *from = p->at;
    while (p->at < p->end && *p->at != ';')
        step(p);
    size_t length = (size_t)(p->at - from);
    from = hc_java_trim(from, &length);
    return hc_option_list_add(out, from, length, err);
}

enum hc_status hc_option_list_split(const char *value, struct hc_option_list *out, struct hc_error *err)
{
    struct place p = {value, value + strlen(value), 0};
    enum token last = TOKEN_NONE;
    enum hc_status status = HC_OK;
    out->count = 0;
    out->used = 0;
    while (status == HC_OK && p.at < p.end) {
        struct place here = p;
        if (hc_java_whitespace(step(&p)))
            continue;
        if (*here.at != ';' && last == TOKEN_QUOTED)
            return hc_fail(err, HC_EPARSE, 0, "Could not split string. Illegal quoting at position: %u",
                           here.position - 1);
        if (*here.at == ';') {
            if (last == TOKEN_DELIMITER)
                status = hc_option_list_add(out, "", 0, err);
            last = TOKEN_DELIMITER;
            continue;
        }
        p = here;
        last = *p.at == '\'' || *p.at == '"' ? TOKEN_QUOTED : TOKEN_PLAIN;
        status = last == TOKEN_QUOTED ? add_quoted(&p, out, err) : add_plain(&p, out, err);
    }
    return status;
}

/* False: the value is no list in YAML, or one with a null in it. */
static bool read_yaml(const char *value, struct hc_option_list *out, struct hc_error *err, enum hc_status *status)
{
    struct hc_yaml yaml;
    bool list = hc_yaml_load(&yaml, value, strlen(value)) && yaml.root != NULL && yaml.root->type == HC_YAML_SEQUENCE;
    out->count = 0;
    out->used = 0;
    *status = HC_OK;
    for (size_t i = 0; list && *status == HC_OK && i < yaml.root->count; i++) {
        enum hc_value_kind kind;
        char *text = hc_yaml_text(yaml.root->children[i], &kind);
        list = yaml.root->children[i]->type != HC_YAML_NULL;
        *status = text == NULL ? hc_fail(err, HC_ENOMEM, 0, "no memory for a list")
                               : hc_option_list_add(out, text, strlen(text), err);
        free(text);
    }
    hc_yaml_release(&yaml);
    return list;
}

enum hc_status hc_option_list_read(const char *value, bool yaml, struct hc_option_list *out, struct hc_error *err)
{
    enum hc_status status;
    if (yaml && read_yaml(value, out, err, &status))
        return status;
    return hc_option_list_split(value, out, err);
}
