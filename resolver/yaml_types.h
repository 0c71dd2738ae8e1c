/* What a scalar is under YAML 1.2's core schema, and what snakeyaml-engine makes of it. */
#ifndef HC_YAML_TYPES_H
#define HC_YAML_TYPES_H

#include "yaml.h"

#define HC_YAML_TAG_PREFIX "tag:yaml.org,2002:"

/* Sets node->type, and the tag as it is shown, from the tag, the style and the text. False: no memory. */
bool hc_yaml_resolve(struct hc_yaml_node *node);
/* False: the text does not fit the tag that was given, as in "!!int x"; *error has the exception. */
bool hc_yaml_check_scalar(struct hc_yaml_node *node, struct hc_yaml_error *error);

#endif
