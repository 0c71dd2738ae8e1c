/* ParserImpl, Composer and BaseConstructor of snakeyaml-engine in one: each production looks at the tokens in the same
 * order, so that of two errors the same one is met first. */
#include "yaml.h"

#include "java_number.h"
#include "yaml_types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 256,     /* a JVM's stack takes some thousand */
    ALIASES_MAX = 50,    /* LoadSettings.maxAliasesForCollections */
    VISITS_MAX = 1 << 20 /* aliases of aliases multiply */
};

#define BIT(id) HC_TOKEN_BIT(HC_TOKEN_##id)

struct named {
    char *name;
    union {
        struct hc_yaml_node *node; /* anchors */
        char *prefix;              /* tag handles */
    } to;
};

struct parser {
    struct hc_yaml *yaml;
    struct hc_yaml_error *error;
    struct hc_yaml_scanner *scanner;
    struct named *anchors, *handles;
    size_t anchor_count, anchor_room, handle_count, handle_room;
    unsigned depth, aliases;
};

static bool failed(const struct parser *p)
{
    return p->error->exception != NULL;
}

static bool check(struct parser *p, unsigned ids)
{
    return hc_yaml_scanner_check(p->scanner, ids) && !failed(p);
}

static const struct hc_yaml_token *peek(struct parser *p)
{
    return hc_yaml_scanner_peek(p->scanner);
}

/* Takes a token that carries no text. */
static struct hc_yaml_token skip(struct parser *p)
{
    struct hc_yaml_token token = hc_yaml_scanner_next(p->scanner);
    hc_yaml_token_release(&token);
    return token;
}

static char *text_or_empty(struct parser *p, struct hc_text *text)
{
    char *data = text->data != NULL ? text->data : strdup("");
    if (data == NULL)
        hc_yaml_fail_memory(p->error);
    text->data = NULL;
    return data;
}

static struct named *add_named(struct parser *p, struct named **list, size_t *count, size_t *room)
{
    if (*count == *room) {
        struct named *more = realloc(*list, (*room * 2 + 8) * sizeof **list);
        if (more == NULL) {
            hc_yaml_fail_memory(p->error);
            return NULL;
        }
        *list = more;
        *room = *room * 2 + 8;
    }
    (*list)[*count] = (struct named){0};
    return &(*list)[(*count)++];
}

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

static struct hc_yaml_node *node_new(struct parser *p, const struct hc_yaml_mark *start, const struct hc_yaml_mark *end)
{
    struct hc_yaml *yaml = p->yaml;
    if (yaml->node_count == yaml->node_room) {
        struct hc_yaml_node **more = realloc(yaml->nodes, (yaml->node_room * 2 + 32) * sizeof *yaml->nodes);
        if (more != NULL) {
            yaml->nodes = more;
            yaml->node_room = yaml->node_room * 2 + 32;
        }
    }
    struct hc_yaml_node *node = yaml->node_count < yaml->node_room ? calloc(1, sizeof *node) : NULL;
    if (node == NULL) {
        hc_yaml_fail_memory(p->error);
        return NULL;
    }
    node->start = *start;
    node->end = *end;
    yaml->nodes[yaml->node_count++] = node;
    return node;
}

static void add_child(struct parser *p, struct hc_yaml_node *node, struct hc_yaml_node *child)
{
    if (child == NULL)
        return;
    if (node->count == node->room) {
        struct hc_yaml_node **more = realloc(node->children, (node->room * 2 + 4) * sizeof *node->children);
        if (more == NULL) {
            hc_yaml_fail_memory(p->error);
            return;
        }
        node->children = more;
        node->room = node->room * 2 + 4;
    }
    node->children[node->count++] = child;
}

static struct hc_yaml_node *empty_scalar(struct parser *p, struct hc_yaml_mark mark)
{
    struct hc_yaml_node *node = failed(p) ? NULL : node_new(p, &mark, &mark);
    if (node == NULL)
        return NULL;
    node->scalar = true;
    node->type = HC_YAML_NULL;
    node->value = strdup("");
    if (node->value == NULL)
        hc_yaml_fail_memory(p->error);
    return node;
}

/* ---- productions ------------------------------------------------------------------------------------------------- */

static struct hc_yaml_node *parse_node(struct parser *p, bool block, bool indentless);

/* A node, or nothing where one of these tokens follows. */
static struct hc_yaml_node *parse_unless(struct parser *p, unsigned ids, bool block, bool indentless,
                                         struct hc_yaml_mark mark)
{
    return check(p, ids) ? empty_scalar(p, mark) : parse_node(p, block, indentless);
}

static void expected_end(struct parser *p, const char *context, const struct hc_yaml_mark *start)
{
    const struct hc_yaml_token *token = peek(p);
    hc_yaml_fail_at(p->error, context, start, &token->start, "expected <block end>, but found '%s'",
                    hc_yaml_token_name(token->id));
}

static void parse_block_sequence(struct parser *p, struct hc_yaml_node *node)
{
    struct hc_yaml_mark start = skip(p).start;
    while (check(p, BIT(BLOCK_ENTRY))) {
        struct hc_yaml_mark entry = skip(p).end;
        add_child(p, node, parse_unless(p, BIT(BLOCK_ENTRY) | BIT(BLOCK_END), true, false, entry));
    }
    if (!check(p, BIT(BLOCK_END)))
        expected_end(p, "while parsing a block collection", &start);
    node->end = skip(p).end;
}

static void parse_indentless_sequence(struct parser *p, struct hc_yaml_node *node)
{
    while (check(p, BIT(BLOCK_ENTRY))) {
        struct hc_yaml_mark entry = skip(p).end;
        add_child(p, node,
                  parse_unless(p, BIT(BLOCK_ENTRY) | BIT(KEY) | BIT(VALUE) | BIT(BLOCK_END), true, false, entry));
    }
    node->end = peek(p)->end;
}

static struct hc_yaml_node *parse_block_value(struct parser *p)
{
    if (check(p, BIT(VALUE))) {
        struct hc_yaml_mark mark = skip(p).end;
        return parse_unless(p, BIT(KEY) | BIT(VALUE) | BIT(BLOCK_END), true, true, mark);
    }
    return check(p, BIT(SCALAR)) ? parse_node(p, true, true) : empty_scalar(p, peek(p)->start);
}

static void parse_block_mapping(struct parser *p, struct hc_yaml_node *node)
{
    struct hc_yaml_mark start = skip(p).start;
    while (check(p, BIT(KEY))) {
        struct hc_yaml_mark key = skip(p).end;
        add_child(p, node, parse_unless(p, BIT(KEY) | BIT(VALUE) | BIT(BLOCK_END), true, true, key));
        add_child(p, node, parse_block_value(p));
    }
    if (!check(p, BIT(BLOCK_END)))
        expected_end(p, "while parsing a block mapping", &start);
    node->end = skip(p).end;
}

/* The ',' before each but the first. */
static bool flow_separator(struct parser *p, bool first, const char *context, char end,
                           const struct hc_yaml_mark *start)
{
    if (!first && check(p, BIT(FLOW_ENTRY))) {
        skip(p);
    } else if (!first) {
        const struct hc_yaml_token *token = peek(p);
        hc_yaml_fail_at(p->error, context, start, &token->start, "expected ',' or '%c', but got %s", end,
                        hc_yaml_token_name(token->id));
    }
    return !failed(p);
}

static struct hc_yaml_node *parse_flow_value(struct parser *p, unsigned end)
{
    if (!check(p, BIT(VALUE)))
        return empty_scalar(p, peek(p)->start);
    struct hc_yaml_mark mark = skip(p).end;
    return parse_unless(p, BIT(FLOW_ENTRY) | end, false, false, mark);
}

/* "[a: b]" is a list with a map of one. */
static struct hc_yaml_node *parse_flow_pair(struct parser *p)
{
    struct hc_yaml_token key = skip(p);
    struct hc_yaml_node *node = node_new(p, &key.start, &key.end);
    if (node == NULL)
        return NULL;
    node->type = HC_YAML_MAPPING;
    node->flow = true;
    add_child(p, node, parse_unless(p, BIT(VALUE) | BIT(FLOW_ENTRY) | BIT(FLOW_SEQUENCE_END), false, false, key.end));
    add_child(p, node, parse_flow_value(p, BIT(FLOW_SEQUENCE_END)));
    node->end = peek(p)->end;
    return node;
}

static void parse_flow_sequence(struct parser *p, struct hc_yaml_node *node)
{
    struct hc_yaml_mark start = skip(p).start;
    for (bool first = true; !failed(p) && !check(p, BIT(FLOW_SEQUENCE_END)); first = false) {
        if (!flow_separator(p, first, "while parsing a flow sequence", ']', &start) || check(p, BIT(FLOW_SEQUENCE_END)))
            break;
        add_child(p, node, check(p, BIT(KEY)) ? parse_flow_pair(p) : parse_node(p, false, false));
    }
    node->end = skip(p).end;
    peek(p);
}

static void parse_flow_mapping(struct parser *p, struct hc_yaml_node *node)
{
    struct hc_yaml_mark start = skip(p).start;
    for (bool first = true; !failed(p) && !check(p, BIT(FLOW_MAPPING_END)); first = false) {
        if (!flow_separator(p, first, "while parsing a flow mapping", '}', &start) || check(p, BIT(FLOW_MAPPING_END)))
            break;
        if (check(p, BIT(KEY))) {
            struct hc_yaml_mark key = skip(p).end;
            add_child(p, node,
                      parse_unless(p, BIT(VALUE) | BIT(FLOW_ENTRY) | BIT(FLOW_MAPPING_END), false, false, key));
            add_child(p, node, parse_flow_value(p, BIT(FLOW_MAPPING_END)));
        } else {
            add_child(p, node, parse_node(p, false, false));
            add_child(p, node, empty_scalar(p, peek(p)->start));
        }
    }
    node->end = skip(p).end;
    peek(p);
}

static struct hc_yaml_node *parse_alias(struct parser *p)
{
    struct hc_yaml_token token = hc_yaml_scanner_next(p->scanner);
    const char *name = token.text.data != NULL ? token.text.data : "";
    struct hc_yaml_node *node = NULL;
    for (size_t i = p->anchor_count; i > 0 && node == NULL; i--)
        if (strcmp(p->anchors[i - 1].name, name) == 0)
            node = p->anchors[i - 1].to.node;
    if (node == NULL)
        hc_yaml_fail_at(p->error, "", NULL, &token.start, "found undefined alias %.200s", name);
    else if (!node->scalar && ++p->aliases > ALIASES_MAX)
        hc_yaml_fail(p->error, HC_YAML_EXCEPTION, "Number of aliases for non-scalar nodes exceeds the specified max=%d",
                     ALIASES_MAX);
    else if (node->open) /* Flink follows the circle until its stack is full */
        hc_yaml_fail(p->error, "java.lang.StackOverflowError", "the alias *%.200s stands inside what it stands for",
                     name);
    hc_yaml_token_release(&token);
    return failed(p) ? NULL : node;
}

/* ---- anchor and tag of a node ------------------------------------------------------------------------------------ */

struct properties {
    char *anchor, *tag; /* NULL: none */
    struct hc_yaml_mark start, end;
    bool any;
};

static const char *handle_prefix(struct parser *p, const char *handle)
{
    for (size_t i = 0; i < p->handle_count; i++)
        if (strcmp(p->handles[i].name, handle) == 0)
            return p->handles[i].to.prefix;
    return strcmp(handle, "!") == 0 ? "!" : strcmp(handle, "!!") == 0 ? HC_YAML_TAG_PREFIX : NULL;
}

static void read_anchor(struct parser *p, struct properties *out)
{
    struct hc_yaml_token token = hc_yaml_scanner_next(p->scanner);
    out->start = out->any ? out->start : token.start;
    out->end = token.end;
    out->any = true;
    out->anchor = text_or_empty(p, &token.text);
    hc_yaml_token_release(&token);
}

/* The tag in full; an undefined handle is complained about once anchor and tag are both read. */
static void read_tag(struct parser *p, struct properties *out, struct hc_yaml_mark *mark, char **undefined)
{
    struct hc_yaml_token token = hc_yaml_scanner_next(p->scanner);
    out->start = out->any ? out->start : token.start;
    out->end = token.end;
    out->any = true;
    *mark = token.start;
    const char *prefix = token.handle.data == NULL ? "" : handle_prefix(p, token.handle.data);
    struct hc_text full = {0};
    if (prefix == NULL)
        *undefined = text_or_empty(p, &token.handle);
    else
        hc_text_print(&full, "%s%s", prefix, token.text.data != NULL ? token.text.data : "");
    out->tag = text_or_empty(p, &full);
    hc_yaml_token_release(&token);
}

static struct properties read_properties(struct parser *p)
{
    struct properties out = {0};
    struct hc_yaml_mark tag = {0};
    char *undefined = NULL;
    if (check(p, BIT(ANCHOR))) {
        read_anchor(p, &out);
        if (check(p, BIT(TAG)))
            read_tag(p, &out, &tag, &undefined);
    } else if (check(p, BIT(TAG))) {
        read_tag(p, &out, &tag, &undefined);
        if (check(p, BIT(ANCHOR)))
            read_anchor(p, &out);
    }
    if (undefined != NULL)
        hc_yaml_fail_at(p->error, "while parsing a node", &out.start, &tag, "found undefined tag handle %.200s",
                        undefined);
    free(undefined);
    return out;
}

/* ---- a node ------------------------------------------------------------------------------------------------------ */

static void read_scalar(struct parser *p, struct hc_yaml_node *node)
{
    struct hc_yaml_token token = hc_yaml_scanner_next(p->scanner);
    node->scalar = true;
    node->value = text_or_empty(p, &token.text);
    node->style = token.style;
    node->end = token.end;
    hc_yaml_token_release(&token);
}

/* Which production the next token begins; the collections' types are set. */
static void read_content(struct parser *p, struct hc_yaml_node *node, bool block, bool indentless, bool empty_allowed)
{
    const struct hc_yaml_token *token = peek(p);
    node->open = true;
    if (failed(p))
        return;
    if (indentless && token->id == HC_TOKEN_BLOCK_ENTRY) {
        node->type = HC_YAML_SEQUENCE;
        parse_indentless_sequence(p, node);
    } else if (token->id == HC_TOKEN_SCALAR) {
        read_scalar(p, node);
    } else if (token->id == HC_TOKEN_FLOW_SEQUENCE_START || (block && token->id == HC_TOKEN_BLOCK_SEQUENCE_START)) {
        node->type = HC_YAML_SEQUENCE;
        node->flow = token->id == HC_TOKEN_FLOW_SEQUENCE_START;
        (node->flow ? parse_flow_sequence : parse_block_sequence)(p, node);
    } else if (token->id == HC_TOKEN_FLOW_MAPPING_START || (block && token->id == HC_TOKEN_BLOCK_MAPPING_START)) {
        node->type = HC_YAML_MAPPING;
        node->flow = token->id == HC_TOKEN_FLOW_MAPPING_START;
        (node->flow ? parse_flow_mapping : parse_block_mapping)(p, node);
    } else if (empty_allowed) {
        node->scalar = true;
        node->value = text_or_empty(p, &(struct hc_text){0});
    } else {
        hc_yaml_fail_at(p->error, block ? "while parsing a block node" : "while parsing a flow node", &node->start,
                        &token->start, "expected the node content, but found '%s'", hc_yaml_token_name(token->id));
    }
}

static void put_anchor(struct parser *p, char **name, struct hc_yaml_node *node)
{
    struct named *anchor = add_named(p, &p->anchors, &p->anchor_count, &p->anchor_room);
    if (anchor == NULL)
        return;
    anchor->name = *name;
    anchor->to.node = node;
    *name = NULL;
}

static struct hc_yaml_node *parse_content(struct parser *p, struct properties *properties, bool block, bool indentless)
{
    const struct hc_yaml_mark *start = properties->any ? &properties->start : &peek(p)->start;
    struct hc_yaml_node *node = failed(p) ? NULL : node_new(p, start, properties->any ? &properties->end : start);
    if (node == NULL)
        return NULL;
    node->tag = properties->tag;
    properties->tag = NULL;
    /* Before its children: they may already refer to it. */
    if (properties->anchor != NULL)
        put_anchor(p, &properties->anchor, node);
    read_content(p, node, block, indentless, properties->any);
    node->open = false;
    if (!failed(p) && !hc_yaml_resolve(node))
        hc_yaml_fail_memory(p->error);
    return node;
}

static struct hc_yaml_node *parse_node(struct parser *p, bool block, bool indentless)
{
    struct hc_yaml_node *node;
    if (failed(p))
        return NULL;
    if (p->depth == DEPTH_MAX) {
        hc_yaml_fail(p->error, "java.lang.StackOverflowError", "nested deeper than %d levels", DEPTH_MAX);
        return NULL;
    }
    if (check(p, BIT(ALIAS)))
        return parse_alias(p);
    p->depth++;
    struct properties properties = read_properties(p);
    node = failed(p) ? NULL : parse_content(p, &properties, block, indentless);
    free(properties.anchor);
    free(properties.tag);
    p->depth--;
    return node;
}

/* ---- documents --------------------------------------------------------------------------------------------------- */

static void read_handle(struct parser *p, struct hc_yaml_token *token)
{
    const char *name = token->handle.data != NULL ? token->handle.data : "";
    for (size_t i = 0; i < p->handle_count; i++)
        if (strcmp(p->handles[i].name, name) == 0) {
            hc_yaml_fail_at(p->error, NULL, NULL, &token->start, "duplicate tag handle %.200s", name);
            return;
        }
    struct named *handle = add_named(p, &p->handles, &p->handle_count, &p->handle_room);
    if (handle == NULL)
        return;
    handle->name = text_or_empty(p, &token->handle);
    handle->to.prefix = text_or_empty(p, &token->text);
}

static void read_directives(struct parser *p)
{
    bool version = false;
    while (check(p, BIT(DIRECTIVE))) {
        struct hc_yaml_token token = hc_yaml_scanner_next(p->scanner);
        if (token.directive == 'Y' && version)
            hc_yaml_fail_at(p->error, NULL, NULL, &token.start, "found duplicate YAML directive");
        else if (token.directive == 'Y' && token.major != 1)
            hc_yaml_fail(p->error, "org.snakeyaml.engine.v2.exceptions.YamlVersionException",
                         "Version{major=%d, minor=%d}", token.major, token.minor);
        else if (token.directive == 'T')
            read_handle(p, &token);
        version = version || token.directive == 'Y';
        hc_yaml_token_release(&token);
    }
}

/* False: the text ends here. */
static bool begin_document(struct parser *p, struct hc_yaml_mark *start)
{
    while (check(p, BIT(DOCUMENT_END)))
        skip(p);
    if (failed(p) || check(p, BIT(STREAM_END)))
        return false;
    *start = peek(p)->start;
    read_directives(p);
    const struct hc_yaml_token *token = peek(p);
    if (token->id != HC_TOKEN_DOCUMENT_START)
        hc_yaml_fail_at(p->error, NULL, NULL, &token->start, "expected '<document start>', but found '%s'",
                        hc_yaml_token_name(token->id));
    skip(p);
    return !failed(p);
}

static void end_document(struct parser *p)
{
    const struct hc_yaml_token *token = peek(p);
    if (token->id == HC_TOKEN_DOCUMENT_END) {
        p->yaml->explicit_end = true;
        skip(p);
    } else if (token->id == HC_TOKEN_DIRECTIVE) {
        hc_yaml_fail_at(p->error, NULL, NULL, &token->start,
                        "expected '<document end>' before directives, but found '<directive>'");
    }
}

static void parse_document(struct parser *p)
{
    struct hc_yaml_mark start;
    skip(p);
    if (!check(p, BIT(DIRECTIVE) | BIT(DOCUMENT_START) | BIT(STREAM_END))) {
        p->yaml->root = parse_node(p, true, false);
    } else {
        if (!begin_document(p, &start))
            return;
        bool empty = check(p, BIT(DIRECTIVE) | BIT(DOCUMENT_START) | BIT(DOCUMENT_END) | BIT(STREAM_END));
        p->yaml->root = empty ? empty_scalar(p, peek(p)->start) : parse_node(p, true, false);
    }
    if (failed(p))
        return;
    end_document(p);
    if (!failed(p) && begin_document(p, &start))
        hc_yaml_fail_at(p->error, "expected a single document in the stream", &p->yaml->root->start, &start,
                        "but found another document");
}

/* ---- what is refused while objects are made of the nodes ----------------------------------------------------------
 */

struct construction {
    struct hc_yaml_error *error;
    unsigned visits, depth;
};

static bool construct(struct construction *c, struct hc_yaml_node *node);

/* The text by which equal keys are equal; NULL: no memory. */
static char *key_text(const struct hc_yaml_node *key)
{
    enum hc_value_kind kind;
    struct hc_text text = {0};
    char *value = hc_yaml_text(key, &kind);
    if (value != NULL)
        hc_text_print(&text, "%d%s", key->type, value);
    free(value);
    if (text.failed) {
        free(text.data);
        text.data = NULL;
    }
    return text.data;
}

/* A set of texts, in open addressing. */
struct key_set {
    char **slots;
    size_t size; /* a power of two, more than the texts */
};

/* Takes the text over; false: it is there already. */
static bool key_add(struct key_set *set, char *text)
{
    size_t hash = 5381;
    for (const char *p = text; *p != '\0'; p++)
        hash = hash * 33 ^ (unsigned char)*p;
    size_t at = hash & (set->size - 1);
    for (; set->slots[at] != NULL; at = (at + 1) & (set->size - 1))
        if (strcmp(set->slots[at], text) == 0)
            return false;
    set->slots[at] = text;
    return true;
}

static void duplicate(struct construction *c, const struct hc_yaml_node *mapping, const struct hc_yaml_node *key,
                      const char *text)
{
    if (key->type == HC_YAML_NULL) {
        hc_yaml_fail(c->error, HC_YAML_EXCEPTION,
                     "java.lang.NullPointerException: Cannot invoke \"Object.toString()\" because \"key\" is null");
        c->error->cause = "java.lang.NullPointerException";
        snprintf(c->error->cause_message, sizeof c->error->cause_message,
                 "Cannot invoke \"Object.toString()\" because \"key\" is null");
    } else {
        hc_yaml_fail_at(c->error, "while constructing a mapping", &mapping->start, &key->start,
                        "found duplicate key %.300s", text);
    }
    c->error->line = key->start.line + 1;
}

static bool construct_key(struct construction *c, const struct hc_yaml_node *mapping, struct hc_yaml_node *key,
                          struct key_set *set)
{
    if (!construct(c, key))
        return false;
    char *text = key_text(key);
    if (text == NULL) {
        hc_yaml_fail_memory(c->error);
        return false;
    }
    if (key_add(set, text))
        return true;
    duplicate(c, mapping, key, text + 1);
    free(text);
    return false;
}

/* All keys come before the values, each is compared with those before it. */
static bool construct_keys(struct construction *c, const struct hc_yaml_node *mapping)
{
    struct key_set set = {.size = 8};
    while (set.size < mapping->count)
        set.size *= 2;
    set.slots = calloc(set.size, sizeof *set.slots);
    bool good = set.slots != NULL;
    if (!good)
        hc_yaml_fail_memory(c->error);
    for (size_t i = 0; good && i < mapping->count; i += 2)
        good = construct_key(c, mapping, mapping->children[i], &set);
    for (size_t i = 0; set.slots != NULL && i < set.size; i++)
        free(set.slots[i]);
    free(set.slots);
    return good;
}

static bool construct(struct construction *c, struct hc_yaml_node *node)
{
    if (++c->visits > VISITS_MAX || c->depth == 2 * DEPTH_MAX) {
        hc_yaml_fail(c->error, "java.lang.StackOverflowError", "too many aliases, or nested too deep");
        return false;
    }
    if (node->type == HC_YAML_UNKNOWN) {
        hc_yaml_fail_at(c->error, NULL, NULL, &node->start, "could not determine a constructor for the tag %.300s",
                        node->tag);
        return false;
    }
    if (node->scalar)
        return hc_yaml_check_scalar(node, c->error);
    c->depth++;
    bool good = node->type != HC_YAML_MAPPING || construct_keys(c, node);
    for (size_t i = node->type == HC_YAML_MAPPING; good && i < node->count; i += node->type == HC_YAML_MAPPING ? 2 : 1)
        good = construct(c, node->children[i]);
    c->depth--;
    return good;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

bool hc_yaml_load(struct hc_yaml *yaml, const char *text, size_t length)
{
    struct parser p = {.yaml = yaml, .error = &yaml->error};
    *yaml = (struct hc_yaml){0};
    p.scanner = hc_yaml_scanner_new(text, length, &yaml->error);
    if (p.scanner == NULL)
        hc_yaml_fail_memory(&yaml->error);
    else
        parse_document(&p);
    hc_yaml_scanner_free(p.scanner);
    for (size_t i = 0; i < p.anchor_count; i++)
        free(p.anchors[i].name);
    for (size_t i = 0; i < p.handle_count; i++) {
        free(p.handles[i].name);
        free(p.handles[i].to.prefix);
    }
    free(p.anchors);
    free(p.handles);
    struct construction c = {.error = &yaml->error};
    if (!failed(&p) && yaml->root != NULL && yaml->root->type != HC_YAML_NULL)
        construct(&c, yaml->root);
    return yaml->error.exception == NULL;
}

void hc_yaml_release(struct hc_yaml *yaml)
{
    for (size_t i = 0; i < yaml->node_count; i++) {
        free(yaml->nodes[i]->tag);
        free(yaml->nodes[i]->value);
        free(yaml->nodes[i]->children);
        free(yaml->nodes[i]);
    }
    free(yaml->nodes);
    *yaml = (struct hc_yaml){0};
}
