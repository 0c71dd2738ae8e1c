/* The scalars of YAML, in each of their styles, as snakeyaml-engine reads them. The text stands at their first
 * character. */
#ifndef HC_YAML_SCALAR_H
#define HC_YAML_SCALAR_H

#include "yaml_scanner.h"

/* Behind '|' or '>'; `parent_indent` is the column of the block around it, -1: none. */
struct hc_yaml_token hc_yaml_scan_block_scalar(struct hc_yaml_text *t, int parent_indent);
struct hc_yaml_token hc_yaml_scan_quoted(struct hc_yaml_text *t);
/* *out_new_line: it ends at the beginning of a line, where a key may follow. */
struct hc_yaml_token hc_yaml_scan_plain(struct hc_yaml_text *t, int parent_indent, bool in_flow, bool *out_new_line);

#endif
