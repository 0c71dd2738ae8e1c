#include "edit_check.h"

#include <string.h>

static bool edited(const char *key, const struct hc_conf_edit *edits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(edits[i].key, key) == 0 || (edits[i].old_key != NULL && strcmp(edits[i].old_key, key) == 0))
            return true;
    return false;
}

/* A text is a text, wherever it stood. */
static enum hc_value_kind kind_of(const struct hc_flink_option *option)
{
    return option->kind == HC_VALUE_LEGACY ? HC_VALUE_TEXT : option->kind;
}

static bool same(const struct hc_flink_option *a, const struct hc_flink_option *b)
{
    return a != NULL && b != NULL && kind_of(a) == kind_of(b) && strcmp(a->value, b->value) == 0;
}

static const char *first_lost(const struct hc_flink_options *some, const struct hc_flink_options *all,
                              const struct hc_conf_edit *edits, size_t count)
{
    for (size_t i = 0; i < hc_flink_options_count(some); i++) {
        const struct hc_flink_option *option = hc_flink_options_at(some, i);
        if (!edited(option->key, edits, count) && !same(option, hc_flink_options_get(all, option->key)))
            return option->key;
    }
    return NULL;
}

const char *hc_edit_check(const struct hc_flink_options *before, const struct hc_flink_options *after,
                          const struct hc_conf_edit *edits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct hc_flink_option *option = hc_flink_options_get(after, edits[i].key);
        bool done =
            edits[i].value == NULL ? option == NULL : option != NULL && strcmp(option->value, edits[i].value) == 0;
        if (!done)
            return edits[i].key;
    }
    const char *lost = first_lost(before, after, edits, count);
    return lost != NULL ? lost : first_lost(after, before, edits, count);
}
