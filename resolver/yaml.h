/*
 * A YAML text as a tree, with the place of each node in the text, or the exception with which snakeyaml-engine 2.6
 * (core schema, as Flink's YamlParserUtils sets it up) refuses the text.
 */
#ifndef HC_YAML_H
#define HC_YAML_H

#include "yaml_scanner.h"

#include <heapcast/flink_options.h>

enum hc_yaml_type {
    HC_YAML_STRING,
    HC_YAML_NULL,
    HC_YAML_BOOLEAN,
    HC_YAML_INTEGER,
    HC_YAML_FLOAT,
    HC_YAML_SEQUENCE,
    HC_YAML_MAPPING,
    HC_YAML_UNKNOWN /* a tag that has no constructor */
};

struct hc_yaml_node {
    enum hc_yaml_type type;
    bool scalar;
    bool flow;    /* [ ] or { } */
    char style;   /* scalar: 0 plain, or ' " | > */
    char *tag;    /* as messages show it; NULL: none was given */
    char *value;  /* of a scalar */
    size_t count; /* children; a mapping has key and value in turn */
    struct hc_yaml_node **children;
    size_t room;
    bool open; /* being built, or walked over: an alias to it would be a circle */
    struct hc_yaml_mark start, end;
};

struct hc_yaml {
    struct hc_yaml_node *root; /* NULL: an empty text */
    bool explicit_end;         /* the document ends with "..." */
    struct hc_yaml_error error;
    struct hc_yaml_node **nodes; /* all of them */
    size_t node_count, node_room;
};

/* False: yaml->error tells why. To be released in either case. */
bool hc_yaml_load(struct hc_yaml *yaml, const char *text, size_t length);
void hc_yaml_release(struct hc_yaml *yaml);

/* The Java class of what the node becomes, as "java.lang.Integer". */
const char *hc_yaml_java_class(const struct hc_yaml_node *node);
/* The node as Flink's Configuration keeps it: Object.toString of a scalar, a list in flow style. Owned; NULL: no
 * memory. */
char *hc_yaml_text(const struct hc_yaml_node *node, enum hc_value_kind *kind);

#endif
