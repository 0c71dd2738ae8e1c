#include "derivation.h"

#include "java_number.h"

#include <float.h>
#include <heapcast/memory_size.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

__extension__ typedef unsigned __int128 exact; /* a product of 57 and 63 bits */

/* The defaults of options that have one. */
static uint64_t default_size(const struct derivation *d, enum hc_key key)
{
    switch (key) {
    case HC_KEY_TM_FRAMEWORK_HEAP:
    case HC_KEY_TM_FRAMEWORK_OFF_HEAP:
    case HC_KEY_JM_OFF_HEAP:
        return 128 * HC_MIB;
    case HC_KEY_TM_NETWORK_MIN:
        return 64 * HC_MIB;
    case HC_KEY_TM_NETWORK_MAX: /* FLINK-30469 */
        return hc_flink_version_from(d->target.version, 1, 17) ? HC_SIZE_MAX : 1024 * HC_MIB;
    case HC_KEY_TM_METASPACE:
    case HC_KEY_JM_METASPACE:
        return 256 * HC_MIB;
    case HC_KEY_TM_OVERHEAD_MIN:
    case HC_KEY_JM_OVERHEAD_MIN:
        return 192 * HC_MIB;
    case HC_KEY_TM_OVERHEAD_MAX:
    case HC_KEY_JM_OVERHEAD_MAX:
        return 1024 * HC_MIB;
    case HC_KEY_TM_SEGMENT:
        return 32 * 1024;
    default:
        return 0;
    }
}

void hc_derivation_init(struct derivation *d, const struct hc_flink_options *options, struct hc_flink_target target,
                        const struct hc_role_keys *role)
{
    d->options = options;
    d->target = target;
    d->role = role;
    d->mapped = HC_KEY_NONE;
    d->mapped_bytes = 0;
    d->line = 0;
    d->failure.code = d->failure.key = "";
    d->failure.depth = 0;
    d->failure.mend[0] = '\0';
}

/* ---- failures ---------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 4, 0))) static void chain_set(struct derivation *d, unsigned at, const char *exception,
                                                            const char *format, va_list arguments)
{
    d->failure.chain[at].exception = exception;
    vsnprintf(d->failure.chain[at].message, sizeof d->failure.chain[at].message, format, arguments);
}

bool hc_raise(struct derivation *d, const char *code, enum hc_key key, const char *exception, const char *format, ...)
{
    va_list arguments;
    const struct hc_flink_option *option = key == HC_KEY_NONE ? NULL : hc_flink_options_find(d->options, key);
    d->failure.code = code;
    d->failure.key = key == HC_KEY_NONE ? "" : hc_key_name(key);
    d->failure.depth = 1;
    d->line = option == NULL ? 0 : option->line;
    va_start(arguments, format);
    chain_set(d, 0, exception, format, arguments);
    va_end(arguments);
    return false;
}

bool hc_cause(struct derivation *d, const char *exception, const char *format, ...)
{
    va_list arguments;
    if (d->failure.depth < HC_FAILURE_CHAIN_MAX) {
        va_start(arguments, format);
        chain_set(d, d->failure.depth++, exception, format, arguments);
        va_end(arguments);
    }
    return false;
}

bool hc_wrap(struct derivation *d, const char *exception, const char *format, ...)
{
    va_list arguments;
    if (d->failure.depth < HC_FAILURE_CHAIN_MAX)
        d->failure.depth++;
    memmove(&d->failure.chain[1], &d->failure.chain[0], (d->failure.depth - 1) * sizeof d->failure.chain[0]);
    va_start(arguments, format);
    chain_set(d, 0, exception, format, arguments);
    va_end(arguments);
    return false;
}

bool hc_mend(struct derivation *d, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(d->failure.mend, sizeof d->failure.mend, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- reading options --------------------------------------------------------------------------------------------- */

const char *hc_size_exception(const struct hc_error *err)
{
    return strcmp(err->text, HC_MEMORY_SIZE_NO_NUMBER) == 0 ? HC_NUMBER_EXCEPTION : HC_ARGUMENT_EXCEPTION;
}

bool hc_has(const struct derivation *d, enum hc_key key)
{
    return key != HC_KEY_NONE && (key == d->mapped || hc_flink_options_find(d->options, key) != NULL);
}

bool hc_read_size(struct derivation *d, enum hc_key key, uint64_t *out)
{
    const struct hc_flink_option *option = hc_flink_options_find(d->options, key);
    struct hc_error err;
    if (key == d->mapped || option == NULL) {
        *out = key == d->mapped ? d->mapped_bytes : default_size(d, key);
        return true;
    }
    if (hc_memory_size_parse(option->value, out, &err) == HC_OK)
        return true;
    hc_raise(d, "UNREADABLE_SIZE", key, HC_CONFIG_EXCEPTION, "Cannot read memory size from config option '%s'.",
             hc_key_name(key));
    hc_cause(d, HC_ARGUMENT_EXCEPTION, "Could not parse value '%s' for key '%s'.", option->value, hc_key_name(key));
    hc_cause(d, hc_size_exception(&err), "%s", err.text);
    return hc_mend(d, "'%.80s' is not a size of %s; right would be a whole number and a unit, as 512m or 1g",
                   option->value, option->key);
}

static bool unreadable(struct derivation *d, enum hc_key key, const char *value, const char *right)
{
    hc_raise(d, "UNREADABLE_VALUE", key, HC_ARGUMENT_EXCEPTION, "Could not parse value '%s' for key '%s'.", value,
             hc_key_name(key));
    return hc_mend(d, "right would be %s", right);
}

bool hc_read_int(struct derivation *d, enum hc_key key, int32_t otherwise, int32_t *out)
{
    const struct hc_flink_option *option = hc_flink_options_find(d->options, key);
    struct hc_error err;
    if (option == NULL) {
        *out = otherwise;
        return true;
    }
    if (option->kind == HC_VALUE_LONG) {
        unreadable(d, key, option->value, "a whole number below 2147483648");
        return hc_cause(d, HC_ARGUMENT_EXCEPTION, "Configuration value %s overflows/underflows the integer type.",
                        option->value);
    }
    if (hc_java_int_parse(option->value, out, &err) == HC_OK)
        return true;
    unreadable(d, key, option->value, "a whole number, without blanks or unit");
    return hc_cause(d, HC_NUMBER_EXCEPTION, "%s", err.text);
}

bool hc_read_double(struct derivation *d, enum hc_key key, double *out)
{
    const struct hc_flink_option *option = hc_flink_options_find(d->options, key);
    struct hc_error err;
    if (hc_java_double_parse(option->value, out, &err) == HC_OK)
        return true;
    unreadable(d, key, option->value, "a number, as 1 or 0.5");
    return hc_cause(d, HC_NUMBER_EXCEPTION, "%s", err.text);
}

bool hc_read_boolean(struct derivation *d, enum hc_key key, bool otherwise, bool *out)
{
    const struct hc_flink_option *option = hc_flink_options_find(d->options, key);
    *out = otherwise;
    if (option == NULL || hc_java_boolean_parse(option->value, out))
        return true;
    unreadable(d, key, option->value, "true or false");
    return hc_cause(d, HC_ARGUMENT_EXCEPTION,
                    "Unrecognized option for boolean: %s. Expected either true or false(case insensitive)",
                    option->value);
}

static bool read_fraction(struct derivation *d, enum hc_key key, float otherwise, double *out)
{
    const struct hc_flink_option *option = hc_flink_options_find(d->options, key);
    struct hc_error err;
    float narrow = otherwise;
    if (option != NULL && option->kind == HC_VALUE_DOUBLE) {
        /* A plain scalar of config.yaml is a double first and narrowed then: two roundings. */
        double wide = 0;
        (void)hc_java_double_parse(option->value, &wide, NULL);
        if (wide != 0 && !(fabs(wide) >= (double)FLT_TRUE_MIN && fabs(wide) <= (double)FLT_MAX)) {
            unreadable(d, key, option->value, "a number from 0 up to, not including, 1");
            return hc_cause(d, HC_ARGUMENT_EXCEPTION, "Configuration value %s overflows/underflows the float type.",
                            option->value);
        }
        narrow = (float)wide;
    } else if (option != NULL && hc_java_float_parse(option->value, &narrow, &err) != HC_OK) {
        unreadable(d, key, option->value, "a number from 0 up to, not including, 1");
        return hc_cause(d, HC_NUMBER_EXCEPTION, "%s", err.text);
    }
    *out = (double)narrow;
    return true;
}

bool hc_read_range(struct derivation *d, enum hc_key min, enum hc_key max, enum hc_key fraction, struct hc_range *out)
{
    out->min = 0;
    out->max = HC_SIZE_MAX;
    if ((min != HC_KEY_NONE && !hc_read_size(d, min, &out->min)) ||
        (max != HC_KEY_NONE && !hc_read_size(d, max, &out->max)))
        return false;
    bool managed = fraction == HC_KEY_TM_MANAGED_FRACTION;
    if (!read_fraction(d, fraction, managed ? 0.4f : 0.1f, &out->fraction))
        return false;
    bool ordered = out->min <= out->max;
    if (ordered && out->fraction >= 0 && out->fraction < 1)
        return true;
    enum hc_key old = hc_key_deprecated(fraction);
    char text[HC_JAVA_DOUBLE_TEXT];
    hc_raise(d, "BAD_RANGE_FRACTION", fraction, HC_CONFIG_EXCEPTION,
             "Inconsistently configured Key: '%s' , default: %s (fallback keys: [%s%s%s]) (%s) and its min (%s), max "
             "(%s) value",
             hc_key_name(fraction), managed ? "0.4" : "0.1",
             old == HC_KEY_NONE ? "" : "{key=", old == HC_KEY_NONE ? "" : hc_key_name(old),
             old == HC_KEY_NONE ? "" : ", isDeprecated=true}", hc_java_double_text(out->fraction, text),
             HC_HUMAN(out->min), HC_HUMAN(out->max));
    if (ordered) {
        hc_cause(d, HC_ARGUMENT_EXCEPTION, "fraction must be in range [0, 1)");
        return hc_mend(d, "right would be %s from 0 up to, not including, 1", hc_key_name(fraction));
    }
    hc_cause(d, HC_ARGUMENT_EXCEPTION, "min value must be less or equal to max value");
    return hc_mend(d, "right would be %s of at most %" PRIu64 "b, or %s of at least %" PRIu64 "b", hc_key_name(min),
                   out->max, hc_key_name(max), out->min);
}

bool hc_read_overhead_range(struct derivation *d, struct hc_range *out)
{
    return hc_read_range(d, d->role->overhead_min, d->role->overhead_max, d->role->overhead_fraction, out);
}

bool hc_read_network_range(struct derivation *d, struct hc_range *out)
{
    return hc_read_range(d, HC_KEY_TM_NETWORK_MIN, HC_KEY_TM_NETWORK_MAX, HC_KEY_TM_NETWORK_FRACTION, out);
}

bool hc_network_by_buffers(const struct derivation *d)
{
    return !hc_flink_version_from(d->target.version, 2, 0) && hc_has(d, HC_KEY_TM_OLD_BUFFERS) &&
           !hc_has(d, HC_KEY_TM_NETWORK_MIN) && !hc_has(d, HC_KEY_TM_NETWORK_MAX) &&
           !hc_has(d, HC_KEY_TM_NETWORK_FRACTION);
}

/* ConfigurationParserUtils.getPageSize */
static bool read_segment_size(struct derivation *d, uint64_t *out)
{
    const struct hc_flink_option *option = hc_flink_options_find(d->options, HC_KEY_TM_SEGMENT);
    struct hc_error err;
    *out = default_size(d, HC_KEY_TM_SEGMENT);
    if (option != NULL && hc_memory_size_parse(option->value, out, &err) != HC_OK) {
        unreadable(d, HC_KEY_TM_SEGMENT, option->value, "a power of two from 4k, as 32k");
        return hc_cause(d, hc_size_exception(&err), "%s", err.text);
    }
    const char *bad = *out < 4096                ? "Minimum memory segment size is 4096"
                      : (*out & (*out - 1)) != 0 ? "Memory segment size must be a power of 2."
                                                 : NULL;
    if (*out > INT32_MAX)
        hc_raise(d, "BAD_SEGMENT_SIZE", HC_KEY_NONE, HC_ARGUMENT_EXCEPTION,
                 "Cannot downcast long value %" PRIu64 " to integer.", *out);
    else if (bad != NULL)
        hc_raise(d, "BAD_SEGMENT_SIZE", HC_KEY_NONE, HC_CONFIG_EXCEPTION,
                 "Invalid configuration value for taskmanager.memory.segment-size : %" PRIu64 " - %s", *out, bad);
    else
        return true;
    return hc_mend(d, "right would be a power of two from 4k, as 32k");
}

bool hc_read_buffers(struct derivation *d, uint64_t *out)
{
    int32_t buffers;
    uint64_t segment;
    if (!hc_read_int(d, HC_KEY_TM_OLD_BUFFERS, 0, &buffers) || !read_segment_size(d, &segment))
        return false;
    if (buffers < 0) {
        hc_raise(d, "NEGATIVE_SIZE", HC_KEY_NONE, HC_ARGUMENT_EXCEPTION, "bytes must be >= 0");
        return hc_mend(d, "right would be a %s of at least 1; better, set taskmanager.memory.network.min and .max",
                       hc_key_name(HC_KEY_TM_OLD_BUFFERS));
    }
    *out = (uint64_t)buffers * segment;
    return true;
}

bool hc_read_resource_amount(struct derivation *d, const char *name, int64_t *out)
{
    char key[256];
    struct hc_error err;
    snprintf(key, sizeof key, "external-resource.%s.amount", name);
    const struct hc_flink_option *option = hc_flink_options_get(d->options, key);
    *out = 0;
    if (option == NULL || hc_java_long_parse(option->value, out, &err) == HC_OK)
        return true;
    hc_raise(d, "UNREADABLE_VALUE", HC_KEY_NONE, HC_ARGUMENT_EXCEPTION, "Could not parse value '%s' for key '%s'.",
             option->value, key);
    d->failure.key = option->key;
    d->line = option->line;
    hc_mend(d, "right would be a whole number");
    return hc_cause(d, HC_NUMBER_EXCEPTION, "%s", err.text);
}

/* ---- arithmetic -------------------------------------------------------------------------------------------------- */

static bool overflow(struct derivation *d)
{
    hc_raise(d, "LONG_OVERFLOW", HC_KEY_NONE, HC_ARITHMETIC_EXCEPTION, "long overflow");
    return hc_mend(d, "the sizes add up to more than 2^63-1 bytes; right would be sizes that a machine can have");
}

bool hc_add(struct derivation *d, uint64_t a, uint64_t b, uint64_t *out)
{
    if (a > HC_SIZE_MAX - b)
        return overflow(d);
    *out = a + b;
    return true;
}

/*
 * Divides in place; true if something is left over. By hand, for the compiler's own division of 128 bits comes from its
 * runtime library, and the one of the portable build brings a memcpy of its own along.
 */
static bool divide(exact *value, uint32_t by)
{
    uint64_t rest = 0, low = (uint64_t)*value;
    exact quotient = 0;
    if (*value == low) { /* nearly always: few fractions have more than two digits */
        *value = low / by;
        return low % by != 0;
    }
    for (int shift = 96; shift >= 0; shift -= 32) {
        uint64_t part = rest << 32 | (uint32_t)(*value >> shift);
        quotient |= (exact)(part / by) << shift;
        rest = part % by;
    }
    *value = quotient;
    return rest != 0;
}

/* MemorySize.multiply: BigDecimal.valueOf(double), so the shortest decimal of the double, times the bytes, exactly. */
bool hc_multiply(struct derivation *d, uint64_t bytes, double factor, uint64_t *out)
{
    *out = 0;
    if (!(factor > 0) || bytes == 0)
        return true;
    struct hc_decimal decimal = hc_decimal_shortest(factor);
    if (decimal.exponent < -38)
        return true;
    exact whole = (exact)decimal.digits * bytes;
    bool rest = false;
    int exponent = decimal.exponent;
    for (; exponent > 0; exponent--)
        whole *= 10;
    for (; exponent < -8; exponent += 9)
        rest |= divide(&whole, 1000000000);
    for (; exponent < 0; exponent++)
        rest |= divide(&whole, 10);
    if (whole > HC_SIZE_MAX || (whole == HC_SIZE_MAX && rest))
        return overflow(d);
    *out = (uint64_t)whole;
    return true;
}

uint64_t hc_clip(uint64_t bytes, const struct hc_range *range)
{
    return bytes > range->max ? range->max : bytes < range->min ? range->min : bytes;
}

bool hc_part_of_whole(struct derivation *d, uint64_t whole, const struct hc_range *range, uint64_t *out)
{
    if (!hc_multiply(d, whole, range->fraction, out))
        return false;
    *out = hc_clip(*out, range);
    return true;
}

bool hc_part_of_rest(struct derivation *d, uint64_t rest, const struct hc_range *range, uint64_t *out)
{
    return hc_part_of_whole(d, rest,
                            &(struct hc_range){range->min, range->max, range->fraction / (1 - range->fraction)}, out);
}
