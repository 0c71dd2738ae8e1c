#include "draft.h"

#include <heapcast/memory_size.h>
#include <inttypes.h>
#include <string.h>

static struct hc_option_change *change_of(struct hc_resolution *out, enum hc_key key)
{
    for (unsigned i = 0; i < out->change_count; i++)
        if (out->changes[i].key == hc_key_name(key))
            return &out->changes[i];
    struct hc_option_change *change = &out->changes[out->change_count++];
    *change = (struct hc_option_change){.key = hc_key_name(key)};
    return change;
}

static void change_was(struct hc_option_change *change, const struct hc_flink_option *old)
{
    change->was_set = old != NULL;
    if (old != NULL)
        snprintf(change->old_value, sizeof change->old_value, "%s", old->value);
}

/* An older spelling that stood beside or instead of `key` goes, so that one spelling remains. */
static void drop_spelling(struct hc_draft *draft, enum hc_key old, struct hc_option_change *change)
{
    const struct hc_flink_option *option =
        old == HC_KEY_NONE ? NULL : hc_flink_options_get(draft->current, hc_key_name(old));
    if (option == NULL)
        return;
    if (!change->was_set) {
        change_was(change, option);
        change->old_key = hc_key_name(old);
    }
    struct hc_option_change *removed = change_of(draft->out, old);
    removed->removed = true;
    change_was(removed, option);
    hc_flink_options_remove(draft->options, hc_key_name(old));
}

/* The heap keys of old that stand for `key`, if they do. */
static void drop_old_heap(struct hc_draft *draft, enum hc_key key, struct hc_option_change *change)
{
    if (draft->d.mapped != key)
        return;
    drop_spelling(draft, draft->d.role->old_heap, change);
    drop_spelling(draft, draft->d.role->old_heap_mb, change);
    draft->d.mapped = HC_KEY_NONE;
}

/* Bytes with Flink's suffix, in MiB where they are whole: what people write. */
static void write_size(uint64_t bytes, char *out)
{
    if (bytes > 0 && bytes % HC_MIB == 0)
        snprintf(out, HC_OPTION_VALUE_TEXT, "%" PRIu64 "m", bytes / HC_MIB);
    else
        snprintf(out, HC_OPTION_VALUE_TEXT, "%" PRIu64 "b", bytes);
}

/* Sets an option unless it has that size already. */
bool hc_draft_size(struct hc_draft *draft, enum hc_key key, uint64_t bytes)
{
    uint64_t now;
    if (hc_has(&draft->d, key) && hc_read_size(&draft->d, key, &now) && now == bytes)
        return true;
    struct hc_option_change *change = change_of(draft->out, key);
    change_was(change, hc_flink_options_get(draft->current, hc_key_name(key)));
    change->removed = false;
    change->new_bytes = bytes;
    write_size(bytes, change->new_value);
    bool set = hc_flink_options_set(draft->options, change->key, change->new_value) == HC_OK;
    drop_spelling(draft, hc_key_deprecated(key), change);
    drop_old_heap(draft, key, change);
    return set;
}

/*
 * The smallest whole of which clip(fraction) leaves exactly `rest`. The part of a whole grows by 0 or 1 from one byte
 * to the next, so what it leaves takes every value and a bisection always ends on an equality.
 */
bool hc_draft_whole(struct hc_draft *draft, uint64_t rest, const struct hc_range *range, uint64_t *out)
{
    uint64_t low = rest, high = HC_SIZE_MAX, part;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (!hc_part_of_whole(&draft->d, middle, range, &part))
            return false;
        if (part <= middle && middle - part >= rest)
            high = middle;
        else
            low = middle + 1;
    }
    if (!hc_part_of_whole(&draft->d, low, range, &part) || part > low || low - part != rest) {
        hc_raise(&draft->d, "LONG_OVERFLOW", HC_KEY_NONE, HC_ARITHMETIC_EXCEPTION, "long overflow");
        return hc_mend(&draft->d, "a fraction of %.9g leaves no room for the heap; right would be a smaller one",
                       range->fraction);
    }
    *out = low;
    return true;
}

bool hc_draft_pin(struct hc_draft *draft, enum hc_key min, enum hc_key max, const struct hc_range *range,
                  uint64_t by_rule, uint64_t want)
{
    if (hc_clip(by_rule, range) == want)
        return true;
    if (by_rule <= want && want <= range->max)
        return hc_draft_size(draft, min, want);
    if (by_rule >= want && want >= range->min)
        return hc_draft_size(draft, max, want);
    return hc_draft_size(draft, min, want) && hc_draft_size(draft, max, want);
}

bool hc_draft_overhead(struct hc_draft *draft, const struct hc_range *range, uint64_t by_rule, uint64_t want)
{
    return hc_draft_pin(draft, draft->d.role->overhead_min, draft->d.role->overhead_max, range, by_rule, want);
}
