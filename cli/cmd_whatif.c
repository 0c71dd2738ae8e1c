/* heapcast whatif: the load that a history shows, in other heaps: a line each. */
#include "cells.h"
#include "command.h"
#include "input_samples.h"
#include "options.h"
#include "policy_options.h"

#include <cJSON.h>
#include <heapcast/history.h>
#include <heapcast/memory_size.h>
#include <heapcast/predictor.h>
#include <heapcast/whatif.h>

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB 1048576.0
/* Heaps are shown in steps that HotSpot keeps to. */
#define STEP_BYTES (UINT64_C(4) << 20)

static const struct hc_option options[] = {
    {'H', "heap", "SIZE[,SIZE…]", "heaps to look at (1g, 1536m); default: a curve"},
    {'j', "json", NULL, "JSON instead of a table"},
    {'m', "heap-max", "SIZE", "maximum of the heap, for a log that does not tell it (-Xmx)"},
    HC_POLICY_OPTIONS,
    {0, NULL, NULL, NULL},
};
static const struct hc_usage usage = {
    "whatif",
    "FILE.hc|GCLOG…",
    "Says what the load that a history, or GC logs, show would do in another heap: share of time in collections, "
    "collections an "
    "hour,\n"
    "pauses, and the risk that its live set outgrows that heap within the horizon. Ranges hold four of five cases.\n"
    "The share is that of pauses: the CPU of a concurrent collector (ZGC, Shenandoah) is not in it.",
    options,
    "  heapcast whatif log/heapcast-tm-1.hc\n  heapcast whatif --heap 1g,1536m,2g log/heapcast-tm-1.hc\n"
    "  heapcast whatif --gc-share 0.02 gc.log gc.log.0\n",
};

enum { HEAPS_MAX = 64 };

struct heaps {
    uint64_t bytes[HEAPS_MAX];
    unsigned count;
};

/* ---- which heaps ----------------------------------------------------------------------------------------------- */

static int parse_heaps(char *text, struct heaps *out)
{
    struct hc_error err;
    for (char *at = text; at != NULL;) {
        char *size = at;
        at = strchr(at, ',');
        if (at != NULL)
            *at++ = '\0';
        if (out->count == HEAPS_MAX)
            return hc_usage_error(&usage, "--heap takes at most %d sizes", HEAPS_MAX);
        if (hc_memory_size_parse(size, &out->bytes[out->count], &err) != HC_OK)
            return hc_usage_error(&usage, "--heap '%s': %s", size, err.text);
        if (out->bytes[out->count++] < STEP_BYTES)
            return hc_usage_error(&usage, "--heap '%s': a heap has 4m at least; a number without a unit is bytes",
                                  size);
    }
    return HC_EXIT_DONE;
}

static int by_size(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* From the live set to twice what is recommended, and the heap in force. */
static void curve(const struct hc_whatif_load *load, uint64_t recommended_bytes, struct heaps *out)
{
    static const double parts[] = {0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.6, 2.0};
    double centre = (double)(recommended_bytes != HC_BYTES_UNKNOWN ? recommended_bytes : load->heap_bytes);
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        double steps = parts[i] == 1.0 ? centre / (double)STEP_BYTES : round(parts[i] * centre / (double)STEP_BYTES);
        out->bytes[out->count++] = (uint64_t)(steps > 1 ? steps * (double)STEP_BYTES : (double)STEP_BYTES);
    }
    out->bytes[out->count++] = load->heap_bytes;
    qsort(out->bytes, out->count, sizeof out->bytes[0], by_size);
    unsigned kept = 1;
    for (unsigned i = 1; i < out->count; i++)
        if (out->bytes[i] != out->bytes[kept - 1])
            out->bytes[kept++] = out->bytes[i];
    out->count = kept;
}

/* ---- output ---------------------------------------------------------------------------------------------------- */

static const char *const verdicts[] = {"fits", "costly", "risky", "too_small"};

struct newest {
    int64_t time_ms;
    bool tells_cpu;
};

struct answer {
    struct hc_whatif_load load;
    struct newest newest;
    uint64_t recommended_bytes;
    struct heaps heaps;
};

/* "2.5 h", or minutes where it is less than two hours. */
static const char *duration(int64_t ms, char *out, size_t size)
{
    bool hours = ms >= 2 * INT64_C(3600000);
    snprintf(out, size, "%.1f %s", (double)ms / (hours ? 3600000.0 : 60000.0), hours ? "h" : "min");
    return out;
}

static void print_table(const struct answer *answer)
{
    const struct hc_whatif_load *load = &answer->load;
    char a[24], b[24];
    printf("%" PRIu64
           " collections over %s in a heap of %.0f MiB; live set at most %.0f MiB; limit of time in collections "
           "%.1f %%, horizon %s\n",
           load->collections, duration(load->covered_ms, a, sizeof a), (double)load->heap_bytes / MIB,
           load->live_bytes / MIB, 100 * load->gc_share_limit_ratio, duration(load->horizon_ms, b, sizeof b));
    if (hc_collects_in_cycles(load->collector))
        puts(answer->newest.tells_cpu
                 ? "The collector is concurrent: CPU of its threads counts as time of all processors."
                 : "The collector is concurrent, and only its pauses are told: its CPU is not in the share of time.");
    printf("%10s  %-22s %-26s %9s %9s %9s %9s  %s\n", "HEAP MiB", "TIME IN GC %", "COLLECTIONS/h", "FULL/h", "P99 ms",
           "MAX ms", "RISK %", "");
    for (unsigned i = 0; i < answer->heaps.count; i++) {
        struct hc_whatif w;
        char share[64], count[64];
        hc_whatif_heap(load, answer->heaps.bytes[i], &w);
        snprintf(share, sizeof share, "%.1f (%.1f to %.1f)", 100 * w.gc_share_ratio.expected,
                 100 * w.gc_share_ratio.lower, 100 * w.gc_share_ratio.upper);
        snprintf(count, sizeof count, "%.0f (%.0f to %.0f)", w.collections_per_h.expected, w.collections_per_h.lower,
                 w.collections_per_h.upper);
        printf("%10.0f  %-22s %-26s %9.1f %9s %9s %9.1f  %s%s%s\n", (double)w.heap_bytes / MIB, share, count,
               w.full_collections_per_h, HC_NUMBER_CELL(w.pause_p99_ms, 0), HC_NUMBER_CELL(w.pause_max_ms, 0),
               100 * w.exhaustion_risk_ratio, w.verdict == HC_WHATIF_TOO_SMALL ? "too small" : verdicts[w.verdict],
               w.heap_bytes == answer->recommended_bytes ? ", recommended" : "",
               w.heap_bytes == load->heap_bytes ? ", in force" : "");
    }
}

static void add_range(cJSON *object, const char *name, const struct hc_whatif_range *range)
{
    cJSON *to = cJSON_AddObjectToObject(object, name);
    cJSON_AddNumberToObject(to, "lower", range->lower);
    cJSON_AddNumberToObject(to, "expected", range->expected);
    cJSON_AddNumberToObject(to, "upper", range->upper);
}

static void add_known(cJSON *object, const char *name, double value)
{
    if (!isnan(value))
        cJSON_AddNumberToObject(object, name, value);
}

static cJSON *heap_json(const struct hc_whatif *w)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "heap_bytes", (double)w->heap_bytes);
    cJSON_AddStringToObject(object, "verdict", verdicts[w->verdict]);
    add_range(object, "gc_share_ratio", &w->gc_share_ratio);
    add_range(object, "collections_per_h", &w->collections_per_h);
    cJSON_AddNumberToObject(object, "full_collections_per_h", w->full_collections_per_h);
    cJSON *pause = cJSON_AddObjectToObject(object, "pause_ms");
    add_known(pause, "p99", w->pause_p99_ms);
    add_known(pause, "max", w->pause_max_ms);
    cJSON_AddNumberToObject(object, "exhaustion_risk_ratio", w->exhaustion_risk_ratio);
    return object;
}

static int print_json(const struct answer *answer)
{
    const struct hc_whatif_load *load = &answer->load;
    cJSON *root = cJSON_CreateObject(), *history, *heaps;
    cJSON_AddStringToObject(root, "format", "heapcast.whatif");
    cJSON_AddNumberToObject(root, "format_version", 1);
    history = cJSON_AddObjectToObject(root, "history");
    cJSON_AddNumberToObject(history, "from_ms", (double)load->from_ms);
    cJSON_AddNumberToObject(history, "to_ms", (double)load->to_ms);
    cJSON_AddNumberToObject(history, "watched_ms", (double)load->covered_ms);
    cJSON_AddNumberToObject(history, "collections", (double)load->collections);
    cJSON_AddNumberToObject(history, "heap_bytes", (double)load->heap_bytes);
    cJSON_AddNumberToObject(history, "live_set_bytes", floor(load->live_bytes));
    cJSON_AddStringToObject(root, "gc_share_counts",
                            !hc_collects_in_cycles(load->collector) ? "pauses"
                            : answer->newest.tells_cpu              ? "pauses_and_cpu"
                                                                    : "pauses_only");
    cJSON_AddNumberToObject(root, "gc_share_limit_ratio", load->gc_share_limit_ratio);
    cJSON_AddNumberToObject(root, "horizon_ms", (double)load->horizon_ms);
    if (answer->recommended_bytes != HC_BYTES_UNKNOWN)
        cJSON_AddNumberToObject(root, "recommended_heap_bytes", (double)answer->recommended_bytes);
    heaps = cJSON_AddArrayToObject(root, "heaps");
    for (unsigned i = 0; i < answer->heaps.count; i++) {
        struct hc_whatif w;
        hc_whatif_heap(load, answer->heaps.bytes[i], &w);
        cJSON_AddItemToArray(heaps, heap_json(&w));
    }
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (text == NULL) {
        fputs("heapcast whatif: no memory for the JSON\n", stderr);
        return HC_EXIT_FAILED;
    }
    puts(text);
    cJSON_free(text);
    return HC_EXIT_DONE;
}

/* ---- the history ----------------------------------------------------------------------------------------------- */

/* The agent reads the CPU of a concurrent collector's threads; GC logs and traces tell of pauses only. */
static void note_newest(void *context, const struct hc_gc_sample *sample)
{
    struct newest *newest = context;
    newest->time_ms = sample->end_time_ms > newest->time_ms ? sample->end_time_ms : newest->time_ms;
    newest->tells_cpu = sample->source >= HC_GC_SOURCE_COUNTERS && sample->source <= HC_GC_SOURCE_RUNTIME;
}

static enum hc_status ask(struct hc_predictor *predictor, struct answer *answer, struct hc_error *err)
{
    struct hc_recommendation advice;
    hc_predictor_each_sample(predictor, note_newest, &answer->newest);
    enum hc_status status = hc_whatif_load(predictor, answer->newest.time_ms, &answer->load, err);
    if (status != HC_OK)
        return status;
    hc_predictor_predict(predictor, answer->newest.time_ms, &advice);
    answer->recommended_bytes = advice.heap_bytes;
    if (answer->heaps.count == 0)
        curve(&answer->load, advice.heap_bytes, &answer->heaps);
    return HC_OK;
}

/* A history's own block: it holds weeks of hours, where its samples are only the newest. */
static enum hc_status ask_history(const char *path, const struct hc_policy *policy, struct answer *answer,
                                  struct hc_error *err)
{
    struct hc_history *history = NULL;
    struct hc_predictor *predictor = NULL;
    enum hc_status status = hc_history_read(path, hc_predictor_size(), HC_SERIES_VERSION, &history, err);
    if (status == HC_OK)
        status = hc_predictor_new(hc_history_memory(history), hc_predictor_size(), policy, &predictor, err);
    if (status == HC_OK)
        status = ask(predictor, answer, err);
    hc_predictor_free(predictor);
    hc_history_close(history);
    return status;
}

struct walk {
    struct hc_predictor *predictor;
    int64_t last_ms;
};

static void take_start(void *context, const struct hc_epoch *epoch)
{
    struct walk *walk = context;
    if (walk->last_ms > 0)
        hc_predictor_end(walk->predictor, walk->last_ms);
    (void)hc_predictor_start(walk->predictor, epoch);
}

static void take_sample(void *context, const struct hc_gc_sample *sample)
{
    struct walk *walk = context;
    (void)hc_predictor_observe(walk->predictor, sample); /* what contradicts itself is counted there */
    walk->last_ms = sample->end_time_ms;
}

static void take_view(void *context, const struct hc_live_view *view)
{
    (void)hc_predictor_observe_live(((struct walk *)context)->predictor, view);
}

static enum hc_status ask_logs(const char *const *paths, size_t count, uint64_t heap_max_bytes,
                               const struct hc_policy *policy, struct answer *answer, struct hc_error *err)
{
    struct walk walk = {0};
    struct hc_samples_sink sink = {&walk, take_start, take_sample, take_view};
    struct hc_samples_source source;
    void *block = calloc(1, hc_predictor_size());
    if (block == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the series");
    enum hc_status status = hc_predictor_new(block, hc_predictor_size(), policy, &walk.predictor, err);
    if (status == HC_OK)
        status = hc_input_samples(paths, count, heap_max_bytes, &sink, &source, err);
    if (status == HC_OK) {
        hc_input_samples_tell(paths[0], &source);
        status = ask(walk.predictor, answer, err);
    }
    hc_predictor_free(walk.predictor);
    free(block);
    return status;
}

static bool is_history(const char *path)
{
    size_t length = strlen(path);
    return length > 3 && strcmp(path + length - 3, ".hc") == 0;
}

static int run(int argc, char **argv)
{
    static struct answer answer; /* too large for a stack that somebody else chose */
    struct hc_policy_choice choice = {0};
    uint64_t heap_max_bytes = 0;
    bool json = false;
    int id, code, bad;
    while ((id = hc_options_next(&usage, argc, argv)) > 0) {
        if (id == 'j')
            json = true;
        else if (id == 'm') {
            struct hc_error err;
            if (hc_memory_size_parse(hc_option_argument(), &heap_max_bytes, &err) != HC_OK)
                return hc_usage_error(&usage, "--heap-max '%s': %s", hc_option_argument(), err.text);
        } else if (hc_policy_option(&usage, id, &choice, &bad)) {
            if (bad)
                return HC_EXIT_USAGE;
        } else if ((code = parse_heaps((char *)(uintptr_t)hc_option_argument(), &answer.heaps)) != HC_EXIT_DONE)
            return code;
    }
    if (id != HC_OPTIONS_END)
        return hc_options_exit(id);
    if (hc_options_operand() >= argc)
        return hc_usage_error(&usage, "name a history (heapcast-NAME.hc) or GC logs");
    struct hc_error err;
    struct hc_policy policy;
    const char *const *paths = (const char *const *)argv + hc_options_operand();
    size_t count = (size_t)(argc - hc_options_operand());
    hc_policy_init(&policy);
    hc_policy_choose(&choice, &policy);
    policy.warmup_ms = 0; /* who asks by hand asks what there is */
    enum hc_status status = count == 1 && is_history(paths[0])
                                ? ask_history(paths[0], &policy, &answer, &err)
                                : ask_logs(paths, count, heap_max_bytes, &policy, &answer, &err);
    if (status != HC_OK)
        return hc_complain(paths[0], &err);
    if (json)
        return print_json(&answer);
    print_table(&answer);
    return HC_EXIT_DONE;
}

const struct hc_command hc_cmd_whatif = {"whatif", "what the load of a history or GC log would do in another heap",
                                         run};
