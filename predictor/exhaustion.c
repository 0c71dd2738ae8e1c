#include "exhaustion.h"

#include "bytes.h"

#define MIB (UINT64_C(1) << 20)

enum { FULL_HOURS = 24, FADING_HOURS = 48 };
#define LEAST_MORE_BYTES (100 * MIB)

/* A history may hold anything. */
static int64_t within(int64_t ms, int64_t most_ms)
{
    return ms < 0 ? 0 : ms < most_ms ? ms : most_ms;
}

/* Time that a JVM was watched since then, up to the hours after which nothing is left of the event. */
static int64_t watched_since(const struct hc_series *series, int64_t since_ms, int64_t now_ms)
{
    int64_t watched_ms = 0, last = hc_hour_of(now_ms), enough_ms = (FULL_HOURS + FADING_HOURS) * HC_HOUR_MS;
    int64_t first = hc_hour_of(since_ms), oldest = last - HC_HOUR_SLOTS + 1; /* older hours are not kept */
    for (int64_t h = first > oldest ? first : oldest; h <= last && watched_ms < enough_ms; h++) {
        const struct hc_hour *hour = hc_series_hour(series, h);
        if (hour == NULL)
            continue;
        int64_t most_ms = hc_hour_end_ms(h) - since_ms;
        watched_ms += within(hour->covered_ms, most_ms) + within(hour->warm_covered_ms, most_ms);
        if (h > first) /* hours without a collection have no slot; the next one that has counts them */
            watched_ms += within(hour->idle_ms, enough_ms);
    }
    return watched_ms;
}

uint64_t hc_exhaustion_least(const struct hc_series *series, const struct hc_event *event, uint64_t had_bytes,
                             int64_t now_ms)
{
    int64_t fading_ms = watched_since(series, event->time_ms, now_ms) - FULL_HOURS * HC_HOUR_MS;
    uint64_t more = had_bytes / 5 > LEAST_MORE_BYTES ? had_bytes / 5 : LEAST_MORE_BYTES;
    if (fading_ms > 0) {
        int64_t left_ms = FADING_HOURS * HC_HOUR_MS - fading_ms;
        if (left_ms <= 0)
            return 0;
        more = hc_bytes((double)more * (double)left_ms / (double)(FADING_HOURS * HC_HOUR_MS));
    }
    return had_bytes + more;
}

static uint64_t heap_in_force_at(const struct hc_series *series, int64_t time_ms)
{
    uint64_t heap = series->now.heap_max_bytes, newest = series->now.epoch_sequence;
    for (uint64_t s = newest; s > 0 && newest - s < HC_EPOCH_SLOTS; s--) {
        const struct hc_epoch *epoch = hc_slots_get(&series->epochs, s);
        if (epoch != NULL && epoch->start_ms <= time_ms) {
            heap = epoch->heap_max_bytes;
            break;
        }
    }
    return heap != HC_BYTES_UNKNOWN ? heap : series->now.heap_max_bytes;
}

struct hc_exhaustion hc_exhaustion_of_heap(const struct hc_series *series, int64_t now_ms)
{
    struct hc_exhaustion most = {0, 0, NULL};
    uint64_t newest = series->now.event_sequence;
    for (uint64_t s = newest; s > 0 && newest - s < HC_EVENTS_MAX; s--) {
        const struct hc_event *event = hc_slots_get(&series->events, s);
        if (event == NULL || event->time_ms < 0 ||
            (event->kind != HC_EVENT_OUT_OF_MEMORY_HEAP && event->kind != HC_EVENT_HEAP_NEARLY_EXHAUSTED))
            continue;
        uint64_t had = heap_in_force_at(series, event->time_ms);
        if (had == HC_BYTES_UNKNOWN || had == 0)
            continue;
        uint64_t least = hc_exhaustion_least(series, event, had, now_ms);
        if (least > most.least_bytes)
            most = (struct hc_exhaustion){least, had, event};
    }
    return most;
}

const struct hc_event *hc_exhaustion_newest(const struct hc_series *series, enum hc_event_kind kind)
{
    uint64_t newest = series->now.event_sequence;
    for (uint64_t s = newest; s > 0 && newest - s < HC_EVENTS_MAX; s--) {
        const struct hc_event *event = hc_slots_get(&series->events, s);
        if (event != NULL && event->time_ms >= 0 && event->kind == kind)
            return event;
    }
    return NULL;
}
