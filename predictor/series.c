#include "series.h"

#include "bytes.h"
#include "sweeping.h"

#include <math.h>
#include <string.h>

enum { STATE_COPIES = 2 };

/* "heapcast" and, read as a number, the byte order of the machine that wrote it. */
#define MAGIC "heapcast"
#define BYTE_ORDER_MARK UINT32_C(0x01020304)

struct header {
    char magic[8];
    uint32_t version, byte_order;
    uint64_t size, state_size; /* sizes differ where a compiler lays out the structs in another way */
    uint64_t checksum;
};

/* First in every slot. Sequence 0: the slot was never used. */
struct stamp {
    uint64_t sequence, checksum;
};

/* Multiply and fold: a few cycles for eight bytes, and every bit of the input moves half of the result. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 32);
}

static uint64_t checksum(uint64_t seed, const unsigned char *bytes, size_t count)
{
    uint64_t hash = mix(UINT64_C(0x6865617063617374), seed);
    for (size_t i = 0; i < count; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        hash = mix(hash, word);
    }
    return hash != 0 ? hash : 1;
}

/* ---- slots ----------------------------------------------------------------------------------------------------- */

static size_t slots_place(struct hc_changes *changes, struct hc_slots *slots, void *block, size_t at, uint64_t salt,
                          size_t payload, uint64_t count)
{
    unsigned char *base = block == NULL ? NULL : (unsigned char *)block + at; /* NULL: only the size is asked for */
    *slots = (struct hc_slots){base, changes, at, payload, sizeof(struct stamp) + payload, count, salt};
    return at + slots->slot_bytes * count;
}

static void changed_at(struct hc_changes *changes, size_t at, size_t bytes)
{
    for (size_t page = at / HC_PAGE_BYTES; page <= (at + bytes - 1) / HC_PAGE_BYTES; page++)
        changes->page[page / 64] |= UINT64_C(1) << page % 64;
}

static void slot_changed(const struct hc_slots *slots, const unsigned char *slot)
{
    changed_at(slots->changes, slots->at + (size_t)(slot - slots->base), slots->slot_bytes);
}

static unsigned char *slot_of(const struct hc_slots *slots, uint64_t sequence)
{
    return slots->base + (sequence % slots->count) * slots->slot_bytes;
}

static uint64_t slot_checksum(const struct hc_slots *slots, uint64_t sequence, const unsigned char *payload)
{
    return checksum(mix(slots->salt, sequence), payload, slots->payload_bytes);
}

void hc_slots_put(const struct hc_slots *slots, uint64_t sequence, const void *payload)
{
    unsigned char *slot = slot_of(slots, sequence);
    struct stamp *stamp = (struct stamp *)(void *)slot;
    memcpy(slot + sizeof *stamp, payload, slots->payload_bytes);
    stamp->sequence = sequence;
    uint64_t sum = slot_checksum(slots, sequence, slot + sizeof *stamp);
    /* Nobody reads this beside us. The release keeps the compiler and the processor from moving the payload's stores
     * behind it, so that a killed process never leaves a stamp that fits a payload that is not there. */
    __atomic_store_n(&stamp->checksum, sum, __ATOMIC_RELEASE);
    slot_changed(slots, slot);
}

const void *hc_slots_get(const struct hc_slots *slots, uint64_t sequence)
{
    const unsigned char *slot = slot_of(slots, sequence);
    const struct stamp *stamp = (const struct stamp *)(const void *)slot;
    return stamp->sequence == sequence && sequence != 0 ? slot + sizeof *stamp : NULL;
}

/* Drops the slots that do not hold what their stamp says; returns how many, and the newest good sequence. */
static uint64_t slots_verify(const struct hc_slots *slots, uint64_t *out_newest)
{
    uint64_t bad = 0;
    *out_newest = 0;
    for (uint64_t i = 0; i < slots->count; i++) {
        unsigned char *slot = slots->base + i * slots->slot_bytes;
        struct stamp stamp;
        memcpy(&stamp, slot, sizeof stamp);
        if (stamp.sequence != 0 && stamp.sequence % slots->count == i &&
            stamp.checksum == slot_checksum(slots, stamp.sequence, slot + sizeof stamp)) {
            if (stamp.sequence > *out_newest)
                *out_newest = stamp.sequence;
            continue;
        }
        for (size_t k = 0; k < slots->slot_bytes; k++)
            if (slot[k] != 0) {
                memset(slot, 0, slots->slot_bytes);
                slot_changed(slots, slot);
                bad++;
                break;
            }
    }
    return bad;
}

/* ---- hours ----------------------------------------------------------------------------------------------------- */

static void raise_to(uint64_t *most_bytes, uint64_t bytes)
{
    if (bytes > *most_bytes)
        *most_bytes = bytes;
}

/*
 * Whether looks over the whole heap tell better what is live between sweeps than the sweeps themselves. Serial's and
 * Parallel's looks are their full collections less the dead objects that these leave: true for their moment, no news
 * for the time between.
 */
static int views_lead(const struct hc_state *now)
{
    return now->views.count > 0 && !hc_has_fixed_generations(now->epoch.collector);
}

/* The most that was live in the running hour and is not settled yet; see hc_live_set_peak. */
static uint64_t unsettled_peak(const struct hc_state *now)
{
    return views_lead(now) ? hc_live_views_peak(&now->views) : hc_live_set_peak(&now->live);
}

static void end_live_hour(struct hc_state *now)
{
    uint64_t by_set = hc_live_set_end_hour(&now->live, now->epoch.collector, &now->hour.unswept);
    raise_to(&now->hour.live_max_bytes, views_lead(now) ? hc_live_views_peak(&now->views) : by_set);
    now->live_before_start_bytes = 0;
}

static void cover(struct hc_state *now, int64_t from_ms, int64_t to_ms)
{
    if (to_ms <= from_ms)
        return;
    int64_t warm_end_ms = now->epoch.start_ms + HC_WARM_MS;
    int64_t warm_ms = warm_end_ms <= from_ms ? 0 : (warm_end_ms < to_ms ? warm_end_ms : to_ms) - from_ms;
    now->hour.warm_covered_ms += warm_ms;
    now->hour.covered_ms += to_ms - from_ms - warm_ms;
}

static void close_hour(struct hc_series *series)
{
    const struct hc_hour *hour = &series->now.hour;
    if (hour->hour == 0)
        return;
    /* After the loss of both copies of the state the oldest hour is replayed from a part of its samples only. */
    const struct hc_hour *stored = hc_slots_get(&series->hours, (uint64_t)hour->hour);
    if (stored == NULL || stored->collections <= hour->collections)
        hc_slots_put(&series->hours, (uint64_t)hour->hour, hour);
}

/* The running JVM was watched until now_ms. A clock that goes back a little stands still here until it has caught up.
 * One that was hours ahead and was set right is followed, and its future hour dropped: else all that comes would be
 * counted into an hour that no prediction looks at. */
static void advance(struct hc_series *series, int64_t now_ms)
{
    struct hc_state *now = &series->now;
    int64_t hour = hc_hour_of(now_ms);
    if (now->hour.hour > hour + 1) {
        end_live_hour(now);
        memset(&now->hour, 0, sizeof now->hour);
        now->hour.hour = hour;
        now->covered_until_ms = now->last_ms = now_ms;
    }
    if (hour > now->hour.hour) {
        cover(now, now->covered_until_ms, hc_hour_end_ms(now->hour.hour));
        end_live_hour(now);
        close_hour(series);
        int64_t idle_from_ms = hc_hour_end_ms(now->hour.hour), begin_ms = hc_hour_end_ms(hour - 1);
        if (idle_from_ms < now->covered_until_ms)
            idle_from_ms = now->covered_until_ms;
        memset(&now->hour, 0, sizeof now->hour);
        now->hour.hour = hour;
        now->hour.idle_ms = begin_ms > idle_from_ms ? begin_ms - idle_from_ms : 0;
        if (now->covered_until_ms < begin_ms)
            now->covered_until_ms = begin_ms;
    }
    cover(now, now->covered_until_ms, now_ms);
    if (now->covered_until_ms < now_ms)
        now->covered_until_ms = now_ms;
}

/*
 * What was live in an hour before the clean point, `allocated` by the JVM at the hour's start: what it took off for
 * garbage is put right. The garbage at its start is taken for all of it, so a little too much counts as live.
 */
static uint64_t settled_peak(const struct hc_hour *hour, const struct hc_live_told *told, double allocated)
{
    double live = (double)hour->live_max_bytes, used = (double)hour->used_after_max_bytes;
    double anchor = (double)told->anchor_bytes;
    return hc_bytes(fmin(hc_less_garbage(live, told->more_garbage * allocated, anchor), fmax(live, used)));
}

/* A clean point settles the whole hours since the one before. Each hour is settled once, so the way back is short; one
 * that is already (a replay) ends it. An hour before the JVM's first sweep has its collections; where this one tells no
 * rate, others may. */
static void settle_hours(struct hc_series *series, const struct hc_live_told *told)
{
    const struct hc_state *now = &series->now;
    double allocated = told->allocated_bytes - (double)now->hour.allocated_bytes;
    int64_t newest = now->hour.hour - 1, oldest = newest - HC_HOUR_SLOTS;
    int64_t start = hc_hour_of(now->epoch.start_ms);
    for (int64_t h = newest; h > start && h > oldest; h--) {
        const struct hc_hour *stored = hc_series_hour(series, h);
        if (stored == NULL)
            continue;
        if (stored->clean_points > 0)
            return;
        struct hc_hour hour = *stored;
        allocated = fmax(0, allocated - (double)hour.allocated_bytes);
        if (hour.unswept.count > 0 && !told->rate_known)
            continue;
        if (hour.unswept.count > 0)
            raise_to(&hour.live_max_bytes,
                     hc_unswept_settled(&hour.unswept, told->garbage_rate, (double)told->anchor_bytes));
        else
            hour.live_max_bytes = settled_peak(&hour, told, allocated);
        hour.unswept.count = 0;
        hour.clean_points = 1;
        hc_slots_put(&series->hours, (uint64_t)h, &hour);
    }
}

/* Before the live set knows of it: a mixed collection that goes on with a run takes the place of the one before. */
static void keep_sweep(struct hc_series *series, const struct hc_gc_sample *sample)
{
    struct hc_state *now = &series->now;
    int cycle = sample->kind == HC_GC_OLD && !hc_collects_in_cycles(now->epoch.collector);
    if (sample->kind != HC_GC_FULL && sample->kind != HC_GC_MIXED && !cycle)
        return;
    if (sample->kind != HC_GC_MIXED || !now->live.in_mixed_run || now->sweep_sequence == 0)
        now->sweep_sequence++;
    struct hc_raw sweep = {*sample, now->epoch_sequence};
    hc_slots_put(&series->sweeps, now->sweep_sequence, &sweep);
}

static void hour_add(struct hc_series *series, const struct hc_gc_sample *sample, int64_t since_ms)
{
    struct hc_state *now = &series->now;
    struct hc_hour *hour = &now->hour;
    int warm = sample->end_time_ms <= now->epoch.start_ms + HC_WARM_MS;
    *(warm ? &hour->warm_gc_us : &hour->gc_us) += sample->gc_time_us;
    if (sample->kind == HC_GC_YOUNG)
        *(warm ? &hour->warm_young_gc_us : &hour->young_gc_us) += sample->gc_time_us;
    if (sample->pause_us > hour->pause_max_us)
        hour->pause_max_us = sample->pause_us;
    if (sample->allocated_bytes != HC_BYTES_UNKNOWN) {
        hour->allocated_bytes += sample->allocated_bytes;
        hour->allocated_ms += since_ms;
    }
    if (sample->promoted_bytes != HC_BYTES_UNKNOWN) {
        hour->promoted_bytes += sample->promoted_bytes;
        hour->promoted_ms += since_ms;
    }
    if (sample->kind == HC_GC_PAUSE) {
        hc_live_set_observe_pause(&now->live);
        hc_live_views_observe_pause(&now->views, sample);
        return;
    }
    keep_sweep(series, sample);
    if (hc_has_fixed_generations(now->epoch.collector))
        hc_promotion_observe(&now->promotion, sample);
    int based;
    struct hc_live_told told;
    uint64_t unsettled_bytes = series->unsettled ? hc_live_set_peak(&now->live) : 0;
    uint64_t peak_bytes,
        live_bytes = hc_live_set_observe(&now->live, sample, now->epoch.collector, &told),
        by_views = hc_live_views_observe(&now->views, sample, now->epoch.collector, &based, &peak_bytes);
    hc_histogram_add(&hour->live, views_lead(now) ? by_views : live_bytes);
    if (sample->kind == HC_GC_FULL) /* exact: no later view takes that back */
        raise_to(&now->live_before_start_bytes, sample->heap_used_after_bytes);
    if (!views_lead(now) && told.clean) {
        raise_to(&hour->live_max_bytes, series->unsettled ? unsettled_bytes : told.peak_bytes);
        if (!series->unsettled)
            settle_hours(series, &told);
    } else if (views_lead(now) && based) /* between views the peak is settled by the next one, see hc_series_live_max */
        raise_to(&hour->live_max_bytes, peak_bytes);
    if (sample->heap_used_after_bytes > hour->used_after_max_bytes)
        hour->used_after_max_bytes = sample->heap_used_after_bytes;
    /* Restarted with another heap within the hour: the smaller one paid for most of the collections, and its time in
     * the larger one's room would pass for a multiple of the work. */
    if (hour->collections == 0 || sample->heap_max_bytes <= hour->heap_max_bytes) {
        hour->committed_bytes = sample->heap_committed_bytes;
        hour->heap_max_bytes = sample->heap_max_bytes;
    }
    if (series->unlearned)
        now->live.rate = now->live.newest_rate = 0;
    if (series->unlearned || series->unsettled)
        now->live.witnesses.count = 0;
    hour->clean_points += (uint32_t)told.clean;
    if (hour->collections++ == 0)
        hour->first_ms = sample->end_time_ms;
    hour->last_ms = sample->end_time_ms;
}

/* The one path by which a sample changes the state, live and in replay. */
static void apply_sample(struct hc_series *series, const struct hc_gc_sample *sample)
{
    struct hc_state *now = &series->now;
    int64_t since_ms = sample->end_time_ms - now->covered_until_ms;
    if (now->epoch_sequence == 0 && now->hour.hour == 0) {
        /* Samples without a start before them: what was before the first one was not watched. */
        now->epoch.start_ms = now->covered_until_ms = sample->end_time_ms;
        since_ms = 0;
    }
    advance(series, sample->end_time_ms);
    hour_add(series, sample, since_ms > 0 ? since_ms : 0);
    now->heap_max_bytes = sample->heap_max_bytes;
    if (sample->end_time_ms > now->last_ms)
        now->last_ms = sample->end_time_ms;
}

static void apply_epoch(struct hc_series *series, const struct hc_epoch *epoch, uint64_t sequence)
{
    struct hc_state *now = &series->now;
    uint64_t left_bytes = hc_live_views_peak(&now->views),
             left_by_set = hc_live_set_restart(&now->live, now->epoch.collector, &now->hour.unswept);
    raise_to(&now->hour.live_max_bytes, views_lead(now) ? left_bytes : left_by_set);
    now->live_before_start_bytes = now->hour.live_max_bytes;
    now->epoch = *epoch;
    now->epoch_sequence = sequence;
    now->heap_max_bytes = epoch->heap_max_bytes;
    if (now->covered_until_ms < epoch->start_ms)
        now->covered_until_ms = epoch->start_ms;
    now->published_bytes = 0; /* the job was restarted anyway: another number costs nothing more */
    hc_live_views_restart(&now->views);
    hc_promotion_restart(&now->promotion);
}

/* The first view of a JVM also settles what was live since its start: until then all that is used may have been. */
static void apply_view(struct hc_series *series, const struct hc_live_view *view)
{
    struct hc_state *now = &series->now;
    int first = !views_lead(now);
    uint64_t peak_bytes = hc_live_views_observe_view(&now->views, view, now->live.used_bytes);
    if (first && views_lead(now))
        now->hour.live_max_bytes = now->live_before_start_bytes;
    if (!hc_has_fixed_generations(now->epoch.collector)) /* whose views are no news */
        raise_to(&now->hour.live_max_bytes, peak_bytes);
}

/* ---- looks outside the heap ------------------------------------------------------------------------------------ */

static void most(uint64_t *most_bytes, uint64_t bytes)
{
    if (bytes != HC_BYTES_UNKNOWN && (*most_bytes == HC_BYTES_UNKNOWN || bytes > *most_bytes))
        *most_bytes = bytes;
}

/* Nothing known of an hour yet. */
static struct hc_look_hour empty_look_hour(int64_t hour)
{
    struct hc_look_hour empty = {.hour = hour,
                                 .rss_bytes = HC_BYTES_UNKNOWN,
                                 .overhead_bytes = HC_BYTES_UNKNOWN,
                                 .non_heap_bytes = HC_BYTES_UNKNOWN,
                                 .gc_structures_bytes = HC_BYTES_UNKNOWN,
                                 .heap_committed_bytes = HC_BYTES_UNKNOWN};
    for (int i = 0; i < HC_LEDGER_PARTS; i++)
        empty.part_bytes[i] = HC_BYTES_UNKNOWN;
    return empty;
}

static void apply_look(struct hc_series *series, const struct hc_memory_sample *look)
{
    struct hc_state *now = &series->now;
    struct hc_look_hour *hour = &now->look_hour;
    int64_t this_hour = hc_hour_of(look->time_ms);
    int was_ahead = hour->hour > this_hour + 1; /* as in advance: a clock that was set right is followed */
    if (this_hour > hour->hour || was_ahead) {
        if (hour->hour != 0 && !was_ahead)
            hc_slots_put(&series->look_hours, (uint64_t)hour->hour, hour);
        *hour = empty_look_hour(this_hour);
    }
    struct hc_ledger ledger;
    hc_ledger_read(look, &ledger);
    for (int i = 0; i < HC_LEDGER_PARTS; i++)
        most(&hour->part_bytes[i], ledger.bytes[i]);
    uint64_t non_heap = hc_bytes_minus(look->rss_bytes, look->heap_resident_bytes), before = hour->overhead_bytes;
    most(&hour->rss_bytes, look->rss_bytes);
    most(&hour->non_heap_bytes, non_heap);
    most(&hour->overhead_bytes,
         hc_bytes_minus(hc_bytes_minus(non_heap, look->direct_bytes), look->metaspace_committed_bytes));
    if (hour->overhead_bytes != before) {
        hour->gc_structures_bytes = look->gc_structures_bytes;
        hour->heap_committed_bytes = look->heap_committed_bytes;
    }
    now->consumers |= look->consumers;
    now->consumers_known |= look->consumers_known;
    now->look = *look;
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

/* Lays the rings over the block; returns the size. */
static size_t layout(struct hc_series *series, void *block)
{
    struct hc_changes *changes = &series->pages_changed;
    size_t at = sizeof(struct header);
    at = slots_place(changes, &series->states, block, at, 1, sizeof(struct hc_state), STATE_COPIES);
    at = slots_place(changes, &series->raw, block, at, 2, sizeof(struct hc_raw), HC_RAW_SLOTS);
    at = slots_place(changes, &series->hours, block, at, 3, sizeof(struct hc_hour), HC_HOUR_SLOTS);
    at = slots_place(changes, &series->epochs, block, at, 4, sizeof(struct hc_epoch), HC_EPOCH_SLOTS);
    at = slots_place(changes, &series->looks, block, at, 5, sizeof(struct hc_memory_sample), HC_LOOK_SLOTS);
    at = slots_place(changes, &series->look_hours, block, at, 6, sizeof(struct hc_look_hour), HC_LOOK_HOUR_SLOTS);
    at = slots_place(changes, &series->events, block, at, 7, sizeof(struct hc_event), HC_EVENTS_MAX);
    at = slots_place(changes, &series->forecasts, block, at, 8, sizeof(struct hc_forecast), HC_FORECAST_SLOTS);
    at = slots_place(changes, &series->views, block, at, 9, sizeof(struct hc_live_view), HC_VIEW_SLOTS);
    at = slots_place(changes, &series->sweeps, block, at, 10, sizeof(struct hc_raw), HC_SWEEP_SLOTS);
    return at;
}

_Static_assert(sizeof(struct hc_state) % 8 == 0 && sizeof(struct hc_raw) % 8 == 0 && sizeof(struct hc_hour) % 8 == 0 &&
                   sizeof(struct hc_epoch) % 8 == 0 && sizeof(struct hc_memory_sample) % 8 == 0 &&
                   sizeof(struct hc_event) % 8 == 0 && sizeof(struct hc_live_view) % 8 == 0 &&
                   sizeof(struct header) % 8 == 0,
               "checksums go over whole words");

size_t hc_series_size(void)
{
    struct hc_series series;
    return layout(&series, NULL);
}

static struct header header_of(size_t size)
{
    struct header header = {MAGIC, HC_SERIES_VERSION, BYTE_ORDER_MARK, size, sizeof(struct hc_state), 0};
    header.checksum = checksum(0, (const unsigned char *)&header, offsetof(struct header, checksum));
    return header;
}

/* Everything from both rings that the newest good copy of the state does not know yet. */
static void replay(struct hc_series *series, uint64_t newest_raw, uint64_t newest_epoch, uint64_t newest_look)
{
    struct hc_state *now = &series->now;
    uint64_t oldest = newest_raw > HC_RAW_SLOTS ? newest_raw - HC_RAW_SLOTS + 1 : 1;
    for (uint64_t s = oldest > now->raw_sequence ? oldest : now->raw_sequence + 1; s <= newest_raw; s++) {
        const struct hc_raw *raw = hc_slots_get(&series->raw, s);
        if (raw == NULL)
            continue;
        if (raw->epoch_sequence != now->epoch_sequence) {
            const struct hc_epoch *epoch = hc_slots_get(&series->epochs, raw->epoch_sequence);
            if (epoch != NULL)
                apply_epoch(series, epoch, raw->epoch_sequence);
        }
        apply_sample(series, &raw->sample);
    }
    if (newest_raw > now->raw_sequence)
        now->raw_sequence = newest_raw;
    if (newest_epoch > now->epoch_sequence)
        apply_epoch(series, hc_slots_get(&series->epochs, newest_epoch), newest_epoch);
    oldest = newest_look > HC_LOOK_SLOTS ? newest_look - HC_LOOK_SLOTS + 1 : 1;
    for (uint64_t s = oldest > now->look_sequence ? oldest : now->look_sequence + 1; s <= newest_look; s++) {
        const struct hc_memory_sample *look = hc_slots_get(&series->looks, s);
        if (look != NULL)
            apply_look(series, look);
    }
    if (newest_look > now->look_sequence)
        now->look_sequence = newest_look;
    const struct hc_epoch *epoch = hc_slots_get(&series->epochs, now->epoch_sequence);
    if (epoch != NULL)
        now->epoch.clean_end = epoch->clean_end; /* killed between the slot and the copy of the state */
}

static void init_state(struct hc_state *now)
{
    hc_live_set_init(&now->live);
    hc_live_views_init(&now->views);
}

/* A good checksum says that nothing changed, not that it was right. */
static int is_sound(const struct hc_state *state)
{
    return hc_live_set_is_sound(&state->live) && hc_live_views_are_sound(&state->views) &&
           hc_promotion_is_sound(&state->promotion) && hc_unswept_is_sound(&state->hour.unswept);
}

static void recover(struct hc_series *series)
{
    uint64_t raw, epoch, look, event, view, any, dropped = 0;
    dropped += slots_verify(&series->states, &series->state_sequence);
    dropped += slots_verify(&series->raw, &raw);
    dropped += slots_verify(&series->hours, &any);
    dropped += slots_verify(&series->epochs, &epoch);
    dropped += slots_verify(&series->looks, &look);
    dropped += slots_verify(&series->look_hours, &any);
    dropped += slots_verify(&series->events, &event);
    dropped += slots_verify(&series->forecasts, &any);
    dropped += slots_verify(&series->views, &view);
    (void)slots_verify(&series->sweeps, &any); /* their samples are counted in the ring of all */

    init_state(&series->now);
    for (uint64_t s = series->state_sequence; s > 0 && series->state_sequence - s < STATE_COPIES; s--) {
        const struct hc_state *copy = hc_slots_get(&series->states, s);
        if (copy != NULL && is_sound(copy)) {
            series->now = *copy;
            break;
        }
    }
    int behind = raw > series->now.raw_sequence || look > series->now.look_sequence;
    replay(series, raw, epoch, look);
    if (event > series->now.event_sequence)
        series->now.event_sequence = event;
    if (view > series->now.view_sequence) /* killed before the copy of the state: its effect is lost, not the view */
        series->now.view_sequence = view;
    series->now.dropped += dropped;
    /* Also after a mere replay: else a host that restarts too often for a copy would outrun the ring of looks. */
    if (dropped > 0 || behind)
        hc_series_checkpoint(series);
}

enum hc_status hc_series_open(struct hc_series *series, void *block, size_t size, struct hc_error *err)
{
    memset(series, 0, sizeof *series);
    series->size = layout(series, block);
    if (size < series->size || series->size > (size_t)HC_PAGES_MAX * HC_PAGE_BYTES)
        return hc_fail(err, HC_EINVAL, 0, "the series needs a block of %zu bytes, this one has %zu", hc_series_size(),
                       size);
    struct header found, wanted = header_of(hc_series_size());
    static const struct header none;
    memcpy(&found, block, sizeof found);
    if (memcmp(&found, &none, sizeof found) == 0) {
        memcpy(block, &wanted, sizeof wanted);
        changed_at(&series->pages_changed, 0, sizeof wanted);
    } else if (memcmp(&found, &wanted, sizeof found) != 0) {
        if (memcmp(found.magic, MAGIC, sizeof found.magic) != 0)
            return hc_fail(err, HC_EPARSE, 0, "this is not a series of heapcast");
        if (found.byte_order != BYTE_ORDER_MARK)
            return hc_fail(err, HC_EPARSE, 0, "the series was written on a machine with the other byte order");
        return hc_fail(err, HC_EPARSE, 0,
                       "the series has version %u and %llu bytes, this program reads version %u and %llu",
                       found.version, (unsigned long long)found.size, wanted.version, (unsigned long long)wanted.size);
    }
    recover(series);
    return HC_OK;
}

/* ---- additions ------------------------------------------------------------------------------------------------- */

void hc_series_checkpoint(struct hc_series *series)
{
    hc_slots_put(&series->states, ++series->state_sequence, &series->now);
    series->changes = 0;
}

static void changed(struct hc_series *series)
{
    if (++series->changes >= HC_CHECKPOINT_PERIOD)
        hc_series_checkpoint(series);
}

void hc_series_add(struct hc_series *series, const struct hc_gc_sample *sample)
{
    struct hc_raw raw = {*sample, series->now.epoch_sequence};
    hc_slots_put(&series->raw, ++series->now.raw_sequence, &raw);
    apply_sample(series, sample);
    changed(series);
}

void hc_series_add_look(struct hc_series *series, const struct hc_memory_sample *look)
{
    hc_slots_put(&series->looks, ++series->now.look_sequence, look);
    apply_look(series, look);
    changed(series);
}

void hc_series_add_view(struct hc_series *series, const struct hc_live_view *view)
{
    hc_slots_put(&series->views, ++series->now.view_sequence, view);
    apply_view(series, view);
    hc_series_checkpoint(series);
}

void hc_series_add_event(struct hc_series *series, const struct hc_event *event)
{
    hc_slots_put(&series->events, ++series->now.event_sequence, event);
    hc_series_checkpoint(series);
}

void hc_series_start(struct hc_series *series, const struct hc_epoch *epoch)
{
    uint64_t sequence = series->now.epoch_sequence + 1;
    hc_slots_put(&series->epochs, sequence, epoch);
    apply_epoch(series, epoch, sequence);
    hc_series_checkpoint(series);
}

void hc_series_set_oom_kills(struct hc_series *series, uint64_t oom_kills)
{
    struct hc_state *now = &series->now;
    now->epoch.oom_kills = oom_kills;
    if (now->epoch_sequence > 0)
        hc_slots_put(&series->epochs, now->epoch_sequence, &now->epoch);
    hc_series_checkpoint(series);
}

void hc_series_end(struct hc_series *series, int64_t now_ms)
{
    struct hc_state *now = &series->now;
    int64_t hour_end_ms = hc_hour_end_ms(now->hour.hour);
    if (now->hour.hour != 0)
        cover(now, now->covered_until_ms, now_ms < hour_end_ms ? now_ms : hour_end_ms);
    if (now_ms > now->covered_until_ms)
        now->covered_until_ms = now_ms;
    now->epoch.clean_end = 1;
    if (now->epoch_sequence > 0)
        hc_slots_put(&series->epochs, now->epoch_sequence, &now->epoch);
    hc_series_checkpoint(series);
}

/* ---- a copy elsewhere ------------------------------------------------------------------------------------------ */

static int is_changed(const struct hc_changes *changes, size_t page)
{
    return (changes->page[page / 64] >> page % 64 & 1) != 0;
}

/* From the end to the start: the copies of the state lie first, and one of them must not say that a slot is in it that
 * was not yet written. The other way round the slot is replayed. */
int hc_series_each_change(struct hc_series *series, hc_change_fn *each, void *context)
{
    struct hc_changes *changes = &series->pages_changed;
    for (size_t end = (series->size + HC_PAGE_BYTES - 1) / HC_PAGE_BYTES; end > 0; end--) {
        size_t first = end;
        while (first > 0 && is_changed(changes, first - 1))
            first--;
        if (first == end)
            continue;
        size_t at = first * HC_PAGE_BYTES, to = end * HC_PAGE_BYTES;
        if (!each(context, at, (to < series->size ? to : series->size) - at))
            return 0;
        for (size_t page = first; page < end; page++)
            changes->page[page / 64] &= ~(UINT64_C(1) << page % 64);
        end = first + 1; /* page `first - 1` did not change */
    }
    return 1;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

uint64_t hc_series_live_max(const struct hc_series *series, const struct hc_hour *hour)
{
    uint64_t most = hour->live_max_bytes;
    if (hour == &series->now.hour)
        raise_to(&most, unsettled_peak(&series->now));
    if (hour->unswept.count > 0)
        raise_to(&most, hc_live_set_unswept_peak(&series->now.live, &hour->unswept));
    return most;
}

int hc_series_swept(const struct hc_series *series)
{
    return series->now.views.count > 0 || hc_live_set_swept(&series->now.live);
}

const struct hc_hour *hc_series_hour(const struct hc_series *series, int64_t hour)
{
    if (hour == series->now.hour.hour && hour != 0)
        return &series->now.hour;
    return hour > 0 ? hc_slots_get(&series->hours, (uint64_t)hour) : NULL;
}

const struct hc_look_hour *hc_series_look_hour(const struct hc_series *series, int64_t hour)
{
    if (hour == series->now.look_hour.hour && hour != 0)
        return &series->now.look_hour;
    return hour > 0 ? hc_slots_get(&series->look_hours, (uint64_t)hour) : NULL;
}

const struct hc_epoch *hc_series_epoch_at(const struct hc_series *series, int64_t time_ms)
{
    uint64_t newest = series->now.epoch_sequence;
    for (uint64_t s = newest; s > 0 && newest - s < HC_EPOCH_SLOTS; s--) {
        const struct hc_epoch *epoch = hc_slots_get(&series->epochs, s);
        if (epoch != NULL && epoch->start_ms <= time_ms)
            return epoch;
    }
    return NULL;
}
