#include "jvm_options.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* As they follow one another on the command line. env.java.opts is the older spelling of .all (before 1.17). */
static const char *const keys[] = {"env.java.opts", "env.java.opts.all", HC_JVM_OPTIONS_TASKMANAGER};

static const struct {
    enum hc_collector collector;
    const char *flag;
} flags[] = {{HC_COLLECTOR_SERIAL, "-XX:+UseSerialGC"},
             {HC_COLLECTOR_PARALLEL, "-XX:+UseParallelGC"},
             {HC_COLLECTOR_G1, "-XX:+UseG1GC"},
             {HC_COLLECTOR_CMS, "-XX:+UseConcMarkSweepGC"},
             {HC_COLLECTOR_Z, "-XX:+UseZGC"},
             {HC_COLLECTOR_SHENANDOAH, "-XX:+UseShenandoahGC"},
             {HC_COLLECTOR_EPSILON, "-XX:+UseEpsilonGC"}};

static const char *find_in(const char *text, const char *prefix, size_t *out_length)
{
    const char *found = NULL;
    for (const char *p = text + strspn(text, BLANKS); *p != '\0';) {
        size_t length = strcspn(p, BLANKS);
        if (strncmp(p, prefix, strlen(prefix)) == 0) {
            found = p;
            *out_length = length;
        }
        p += length;
        p += strspn(p, BLANKS);
    }
    return found;
}

const char *hc_jvm_options_find(const struct hc_flink_options *options, const char *prefix, size_t *out_length,
                                const char **out_key)
{
    for (size_t i = sizeof keys / sizeof keys[0]; i-- > 0;) {
        const struct hc_flink_option *option = hc_flink_options_get(options, keys[i]);
        const char *found = option == NULL ? NULL : find_in(option->value, prefix, out_length);
        if (found != NULL && out_key != NULL)
            *out_key = keys[i];
        if (found != NULL)
            return found;
    }
    return NULL;
}

enum hc_collector hc_jvm_options_collector(const struct hc_flink_options *options)
{
    size_t length;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        const char *found = hc_jvm_options_find(options, flags[i].flag, &length, NULL);
        if (found != NULL && length == strlen(flags[i].flag))
            return flags[i].collector;
    }
    return HC_COLLECTOR_UNKNOWN;
}

const char *hc_jvm_options_collector_flag(enum hc_collector collector)
{
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (flags[i].collector == collector)
            return flags[i].flag;
    return NULL;
}

static bool has_prefix(const char *word, const char *const *prefixes)
{
    for (; *prefixes != NULL; prefixes++)
        if (strncmp(word, *prefixes, strlen(*prefixes)) == 0)
            return true;
    return false;
}

char *hc_jvm_options_without(const char *text, const char *const *prefixes)
{
    struct hc_text out = {0};
    hc_text_add(&out, "", 0);
    for (const char *p = text; *p != '\0';) {
        size_t blanks = strspn(p, BLANKS), word = strcspn(p + blanks, BLANKS);
        if (word > 0 && !has_prefix(p + blanks, prefixes))
            hc_text_add(&out, out.length == 0 ? p + blanks : p, word + (out.length == 0 ? 0 : blanks));
        p += blanks + word;
    }
    for (size_t i = 0; !out.failed && i < out.length; i++)
        if (out.data[i] == '\n' || out.data[i] == '\r')
            out.data[i] = ' ';
    if (out.failed)
        free(out.data);
    return out.failed ? NULL : out.data;
}
