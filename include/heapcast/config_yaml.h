/* config.yaml: Flink's file from 1.19 on (the only one from 2.0), YAML 1.2 with the core schema. */
#ifndef HEAPCAST_CONFIG_YAML_H
#define HEAPCAST_CONFIG_YAML_H

#include <heapcast/flink_conf.h>
#include <heapcast/process_spec.h>

/*
 * Adds what the text sets to *options: nested maps flattened with dots, plain scalars typed and written back as Flink
 * does. HC_EPARSE: Flink refuses the whole file; *failure (may be NULL) then has its exception.
 */
enum hc_status hc_config_yaml_parse(const char *text, size_t length, struct hc_flink_options *options,
                                    struct hc_flink_failure *failure, struct hc_error *err);
/*
 * The same text with the edits done and every other byte as it was: a scalar is replaced in place, a new option is
 * appended. HC_EUNSUPPORTED: the text's form does not allow it (an alias, a flow map); *err says where.
 */
enum hc_status hc_config_yaml_edit(const char *text, size_t length, const struct hc_conf_edit *edits, size_t count,
                                   char **out, struct hc_error *err);
/* All options as such a file, for a change of format. */
enum hc_status hc_config_yaml_print(const struct hc_flink_options *options, char **out, struct hc_error *err);

#endif
