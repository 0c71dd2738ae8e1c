/* A Flink configuration as commands take it: a file (or Flink's conf directory), and -D options on top. */
#ifndef HEAPCAST_INPUT_FLINK_H
#define HEAPCAST_INPUT_FLINK_H

#include <heapcast/flink_options.h>
#include <heapcast/flink_version.h>
#include <heapcast/process_spec.h>
#include <stddef.h>

enum hc_conf_format { HC_CONF_AUTO = 0, HC_CONF_FLINK_CONF = 1, HC_CONF_CONFIG_YAML = 2 };

enum { HC_OVERRIDES_MAX = 256 };

struct hc_flink_input {
    struct hc_flink_options *options; /* the file's, then each -D */
    char path[4096];                  /* the file that was read, "" if none */
    char *text;                       /* its content, NULL if none */
    size_t length;
    enum hc_conf_format format;
    /* set before loading */
    struct hc_flink_target target;
    const char *overrides[HC_OVERRIDES_MAX]; /* key=value */
    unsigned override_count;
};

#define HC_FLINK_DEFAULT_VERSION "1.20"

/* Flink 1.20, standalone, nothing else. */
void hc_flink_input_init(struct hc_flink_input *input);
/* False: more than HC_OVERRIDES_MAX. */
bool hc_flink_input_override(struct hc_flink_input *input, const char *pair);
/* As Flink's own scripts would in this environment: FLINK_TM_HEAP or FLINK_JM_HEAP comes before the old heap keys. */
void hc_flink_input_environment(struct hc_flink_input *input, bool jobmanager);
/* Takes "flink-conf.yaml" or "config.yaml". */
bool hc_conf_format_parse(const char *name, enum hc_conf_format *out);

/* Takes "standalone" or "container". */
bool hc_deployment_parse(const char *name, enum hc_deployment *out);

/*
 * Reads `path` (NULL: no file) and puts the overrides on top. A directory stands for the file that this version of
 * Flink reads in it. HC_EINVAL: the kind of file cannot be told. A failure leaves path set, for messages.
 */
enum hc_status hc_flink_input_load(struct hc_flink_input *input, const char *path, struct hc_flink_failure *failure,
                                   struct hc_error *err);
/* Parses a text of either kind into options. */
enum hc_status hc_flink_input_parse(const char *text, size_t length, enum hc_conf_format format,
                                    struct hc_flink_options *options, struct hc_flink_failure *failure,
                                    struct hc_error *err);
/* One warning a line on stderr for options that look misspelt: Flink ignores them without a word. */
void hc_flink_input_warn(const struct hc_flink_input *input);
/* "FILE" or NULL, for hc_complain. */
const char *hc_flink_input_name(const struct hc_flink_input *input);
void hc_flink_input_release(struct hc_flink_input *input);

#endif
