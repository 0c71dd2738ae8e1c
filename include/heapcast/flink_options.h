/*
 * A Flink configuration: keys and values in the order in which they were set, as text. Deprecated keys stay what they
 * are here; which spelling counts is decided by whoever reads (process_spec.h).
 */
#ifndef HEAPCAST_FLINK_OPTIONS_H
#define HEAPCAST_FLINK_OPTIONS_H

#include <heapcast/error.h>
#include <stdbool.h>
#include <stddef.h>

/* What config.yaml's typing made of a plain scalar: it changes how Flink narrows a number later. And where a text comes
 * from: lists are read differently. */
enum hc_value_kind {
    HC_VALUE_TEXT = 0,
    HC_VALUE_LONG = 1,   /* an integer outside 32 bits */
    HC_VALUE_DOUBLE = 2, /* the value is its Double.toString */
    HC_VALUE_LEGACY = 3  /* a text of flink-conf.yaml, whose lists are never YAML */
};

struct hc_flink_option {
    const char *key;
    const char *value;
    unsigned line; /* 1-based line of the file it came from, 0: from a -D or set by a program */
    enum hc_value_kind kind;
};

struct hc_flink_options;

struct hc_flink_options *hc_flink_options_new(void);                                    /* NULL: no memory */
void hc_flink_options_free(struct hc_flink_options *options);                           /* NULL is fine */
struct hc_flink_options *hc_flink_options_copy(const struct hc_flink_options *options); /* owned; NULL: no memory */

/* Later wins; an option that is set again keeps its place. Only HC_ENOMEM can happen. */
enum hc_status hc_flink_options_set(struct hc_flink_options *options, const char *key, const char *value);
enum hc_status hc_flink_options_put(struct hc_flink_options *options, const struct hc_flink_option *option);
void hc_flink_options_remove(struct hc_flink_options *options, const char *key);
/* Takes "key=value" as after -D. HC_EPARSE: no '=' or no key. */
enum hc_status hc_flink_options_set_pair(struct hc_flink_options *options, const char *pair, struct hc_error *err);

/* Exactly this key. Borrowed until the option changes; NULL: not set. */
const struct hc_flink_option *hc_flink_options_get(const struct hc_flink_options *options, const char *key);
size_t hc_flink_options_count(const struct hc_flink_options *options);
const struct hc_flink_option *hc_flink_options_at(const struct hc_flink_options *options, size_t index);

/* `key` looks like a memory option but Flink has none of that name: a slip that Flink ignores without a word. */
bool hc_flink_options_unknown_memory(const char *key);
/* The names of the memory options, for "did you mean"; static. */
const char *const *hc_flink_options_memory_names(size_t *out_count);

#endif
