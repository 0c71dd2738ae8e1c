/* flink-conf.yaml: the file up to Flink 1.20 that looks like YAML and is none. Reading and changing its text. */
#ifndef HEAPCAST_FLINK_CONF_H
#define HEAPCAST_FLINK_CONF_H

#include <heapcast/error.h>
#include <heapcast/flink_options.h>
#include <stddef.h>

/* One option to change in a file. */
struct hc_conf_edit {
    const char *key;
    const char *value;   /* NULL: the option goes */
    const char *old_key; /* spelling that the new one takes the place of, NULL: none */
};

/* Adds what the text sets to *options, line by line as GlobalConfiguration.loadYAMLResource cuts it. Never fails but
 * for memory: Flink skips what it cannot cut. */
enum hc_status hc_flink_conf_parse(const char *text, size_t length, struct hc_flink_options *options,
                                   struct hc_error *err);
/* The same text with the edits done and every other byte as it was. *out is owned by the caller (free). */
enum hc_status hc_flink_conf_edit(const char *text, size_t length, const struct hc_conf_edit *edits, size_t count,
                                  char **out, struct hc_error *err);
/* All options as such a file, for a change of format. HC_EUNSUPPORTED: a value that cannot stand there. */
enum hc_status hc_flink_conf_print(const struct hc_flink_options *options, char **out, struct hc_error *err);

#endif
