#include <heapcast/flink_version.h>

#include <string.h>

bool hc_flink_version_from(struct hc_flink_version version, unsigned major, unsigned minor)
{
    return version.major > major || (version.major == major && version.minor >= minor);
}

static const char *number(const char *text, unsigned *out)
{
    unsigned value = 0, digits = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (unsigned)(*text - '0');
        if (++digits > 4)
            return NULL;
    }
    *out = value;
    return digits > 0 ? text : NULL;
}

enum hc_status hc_flink_version_parse(const char *text, struct hc_flink_version *out, struct hc_error *err)
{
    struct hc_flink_version version;
    const char *rest = number(text, &version.major);
    if (rest != NULL && *rest == '.')
        rest = number(rest + 1, &version.minor);
    else
        rest = NULL;
    if (rest == NULL || strchr(".-", *rest) == NULL)
        return hc_fail(err, HC_EPARSE, 0, "'%s' is not a version of Flink; right would be 1.20 or 1.20.5", text);
    if (!hc_flink_version_from(version, 1, 10))
        return hc_fail(err, HC_EUNSUPPORTED, 0, "Flink %s has no memory model; supported are 1.10 to 2.3", text);
    *out = version;
    return HC_OK;
}
