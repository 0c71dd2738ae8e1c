/*
 * YAML text to tokens, as snakeyaml-engine 2.6 (Flink's reader of config.yaml) cuts it: which characters end a line,
 * which may stand in an anchor, where a TAB is refused, and in which words. libyaml decides differently in each of
 * these, and accepts what Flink refuses.
 */
#ifndef HC_YAML_SCANNER_H
#define HC_YAML_SCANNER_H

#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in the text. All count from 0; a column is a character, a byte order mark has none. */
struct hc_yaml_mark {
    size_t byte;
    unsigned line, column;
};

/* The exception that ends the reading; exception NULL: none. */
struct hc_yaml_error {
    const char *exception; /* Java class; static */
    const char *cause;     /* class of its own cause, NULL: none; static */
    char message[768], cause_message[128];
    unsigned line; /* from 1, 0: about no line */
    bool out_of_memory;
};

#define HC_YAML_EXCEPTION "org.snakeyaml.engine.v2.exceptions.YamlEngineException"

/* ' in reader, line 1, column 2' before the problem too, where `start` is given; context NULL: none. */
__attribute__((format(printf, 5, 6))) void hc_yaml_fail_at(struct hc_yaml_error *error, const char *context,
                                                           const struct hc_yaml_mark *start,
                                                           const struct hc_yaml_mark *mark, const char *format, ...);
/* An exception without a place. */
__attribute__((format(printf, 3, 4))) void hc_yaml_fail(struct hc_yaml_error *error, const char *exception,
                                                        const char *format, ...);
void hc_yaml_fail_memory(struct hc_yaml_error *error);

enum hc_yaml_token_id {
    HC_TOKEN_STREAM_START,
    HC_TOKEN_STREAM_END,
    HC_TOKEN_DIRECTIVE,
    HC_TOKEN_DOCUMENT_START,
    HC_TOKEN_DOCUMENT_END,
    HC_TOKEN_BLOCK_SEQUENCE_START,
    HC_TOKEN_BLOCK_MAPPING_START,
    HC_TOKEN_BLOCK_END,
    HC_TOKEN_FLOW_SEQUENCE_START,
    HC_TOKEN_FLOW_SEQUENCE_END,
    HC_TOKEN_FLOW_MAPPING_START,
    HC_TOKEN_FLOW_MAPPING_END,
    HC_TOKEN_BLOCK_ENTRY,
    HC_TOKEN_FLOW_ENTRY,
    HC_TOKEN_KEY,
    HC_TOKEN_VALUE,
    HC_TOKEN_ALIAS,
    HC_TOKEN_ANCHOR,
    HC_TOKEN_TAG,
    HC_TOKEN_SCALAR
};
/* As the engine's messages name it: "<block end>", ",". */
const char *hc_yaml_token_name(enum hc_yaml_token_id id);

struct hc_yaml_token {
    enum hc_yaml_token_id id;
    struct hc_yaml_mark start, end;
    struct hc_text text;   /* scalar: value; alias, anchor: name; tag: suffix; %TAG: prefix */
    struct hc_text handle; /* tag and %TAG; empty for a verbatim tag */
    char style;            /* scalar: 0 plain, or ' " | > */
    char directive;        /* 'Y' %YAML, 'T' %TAG, 0 another one */
    int major, minor;      /* %YAML */
};
void hc_yaml_token_release(struct hc_yaml_token *token);

struct hc_yaml_scanner;

/* NULL: no memory. The text must stay; *error takes the first thing that goes wrong. */
struct hc_yaml_scanner *hc_yaml_scanner_new(const char *text, size_t length, struct hc_yaml_error *error);
void hc_yaml_scanner_free(struct hc_yaml_scanner *scanner); /* NULL is fine */

/* The next token, borrowed; after an error the end of the stream. */
const struct hc_yaml_token *hc_yaml_scanner_peek(struct hc_yaml_scanner *scanner);
/* Is the next token one of the ids, a bit each (HC_TOKEN_BIT)? */
#define HC_TOKEN_BIT(id) (1u << (id))
bool hc_yaml_scanner_check(struct hc_yaml_scanner *scanner, unsigned ids);
/* Takes it; to be released by the caller. */
struct hc_yaml_token hc_yaml_scanner_next(struct hc_yaml_scanner *scanner);

#endif
