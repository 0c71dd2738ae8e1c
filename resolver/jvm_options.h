/* JVM options as the user wrote them in env.java.opts*, and ours put among them. */
#ifndef HC_JVM_OPTIONS_H
#define HC_JVM_OPTIONS_H

#include <heapcast/flink_options.h>
#include <heapcast/gc_sample.h>

/* A TaskManager's own; the last of equal options wins in HotSpot, and these come last (config.sh, BootstrapTools). */
#define HC_JVM_OPTIONS_TASKMANAGER "env.java.opts.taskmanager"

/* The last word of a TaskManager's options that begins with `prefix`, in the order of the command line; NULL: none.
 * *length is set without the blank behind it, *out_key (may be NULL) to the option that it stands in. */
const char *hc_jvm_options_find(const struct hc_flink_options *options, const char *prefix, size_t *out_length,
                                const char **out_key);
/* The collector that is named there; UNKNOWN: none. */
enum hc_collector hc_jvm_options_collector(const struct hc_flink_options *options);
const char *hc_jvm_options_collector_flag(enum hc_collector collector); /* "-XX:+UseG1GC", NULL: none */

/*
 * The text without words that begin with one of the prefixes (ended by NULL); all other words and blanks stay as they
 * are. Owned by the caller; NULL: no memory. A line break becomes a blank, as the shell reads it.
 */
char *hc_jvm_options_without(const char *text, const char *const *prefixes);

#endif
