/* For both kinds of configuration file: reading, changing and writing agree with each other. */
#ifndef HEAPCAST_TESTS_FUZZ_CONFIGURATION_H
#define HEAPCAST_TESTS_FUZZ_CONFIGURATION_H

#include "fuzz.h"

#include <heapcast/flink_conf.h>
#include <heapcast/flink_options.h>

struct fuzz_format {
    enum hc_status (*parse)(const char *text, size_t length, struct hc_flink_options *out, struct hc_error *err);
    enum hc_status (*edit)(const char *text, size_t length, const struct hc_conf_edit *edits, size_t count, char **out,
                           struct hc_error *err);
    enum hc_status (*print)(const struct hc_flink_options *options, char **out, struct hc_error *err);
};

/* Keys of the corpus, so that changes meet options that stand in the text. */
static const struct hc_conf_edit fuzz_edits[] = {
    {"taskmanager.memory.process.size", "1234m", NULL},
    {"taskmanager.memory.managed.size", "17b", "taskmanager.memory.size"},
    {"taskmanager.memory.network.max", NULL, NULL},
    {"a.b", NULL, NULL},
    {"a", "1", NULL},
    {"k", "2g", "a.c"},
};
enum { FUZZ_EDITS = sizeof fuzz_edits / sizeof fuzz_edits[0] };

static int fuzz_is_edited(const struct hc_conf_edit *edit, const char *key)
{
    return strcmp(key, edit->key) == 0 || (edit->old_key != NULL && strcmp(key, edit->old_key) == 0);
}

/* All options of `some` but the edited ones are in `all`. */
static void fuzz_check_kept(const struct hc_flink_options *some, const struct hc_flink_options *all,
                            const struct hc_conf_edit *edit)
{
    for (size_t i = 0; i < hc_flink_options_count(some); i++) {
        const struct hc_flink_option *option = hc_flink_options_at(some, i);
        const struct hc_flink_option *other = hc_flink_options_get(all, option->key);
        if (edit == NULL || !fuzz_is_edited(edit, option->key))
            CHECK(other != NULL && strcmp(option->value, other->value) == 0);
    }
}

static void fuzz_check_edit(const struct fuzz_format *format, const struct hc_flink_options *before, const char *text,
                            size_t length, const struct hc_conf_edit *edit)
{
    struct hc_error err = {.text = ""};
    char *changed = NULL;
    if (format->edit(text, length, edit, 1, &changed, &err) != HC_OK) {
        CHECK(changed == NULL && err.text[0] != '\0');
        return;
    }
    struct hc_flink_options *after = hc_flink_options_new();
    CHECK(format->parse(changed, strlen(changed), after, &err) == HC_OK);
    const struct hc_flink_option *option = hc_flink_options_get(after, edit->key);
    CHECK(edit->value == NULL ? option == NULL : option != NULL && strcmp(option->value, edit->value) == 0);
    fuzz_check_kept(before, after, edit);
    fuzz_check_kept(after, before, edit);
    hc_flink_options_free(after);
    free(changed);
}

static void fuzz_check_print(const struct fuzz_format *format, const struct hc_flink_options *options)
{
    struct hc_error err = {.text = ""};
    char *printed = NULL;
    if (format->print(options, &printed, &err) != HC_OK) {
        CHECK(printed == NULL && err.text[0] != '\0');
        return;
    }
    struct hc_flink_options *again = hc_flink_options_new();
    CHECK(format->parse(printed, strlen(printed), again, &err) == HC_OK);
    fuzz_check_kept(options, again, NULL);
    fuzz_check_kept(again, options, NULL);
    hc_flink_options_free(again);
    free(printed);
}

static void fuzz_configuration(const struct fuzz_format *format, const uint8_t *data, size_t size)
{
    struct hc_flink_options *options = hc_flink_options_new();
    struct hc_error err = {.text = ""};
    char *text = fuzz_text(data, size);
    CHECK(options != NULL);
    if (format->parse(text, size, options, &err) == HC_OK) {
        for (int i = 0; i < FUZZ_EDITS && memchr(text, '\0', size) == NULL; i++)
            fuzz_check_edit(format, options, text, size, &fuzz_edits[i]);
        fuzz_check_print(format, options);
    } else {
        CHECK(err.text[0] != '\0');
    }
    hc_flink_options_free(options);
    free(text);
}

#endif
