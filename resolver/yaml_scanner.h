/*
 * YAML text to tokens, as snakeyaml-engine 2.6 (Flink's reader of config.yaml) cuts it: which characters end a line,
 * which may stand in an anchor, where a TAB is refused, and in which words. libyaml decides differently in each of
 * these, and accepts what Flink refuses.
 */
#ifndef HC_YAML_SCANNER_H
#define HC_YAML_SCANNER_H

#include "yaml_text.h"

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
