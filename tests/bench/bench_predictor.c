/*
 * Cost of the predictor: one observation, one look, one prediction, opening a full series, and its memory.
 * Prints a line for each: "NAME median p99 unit limit". Exit 1 where a median exceeds its limit.
 *
 *   bench_predictor [FILE.hc]    writes the full series, for what an agent with such a history has resident
 */
#include <heapcast/history.h>
#include <heapcast/predictor.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MIB (UINT64_C(1) << 20)

enum { OBSERVATIONS = 200000, PREDICTIONS = 500, OPENINGS = 50 };

static uint64_t seed = 1;

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int report(const char *name, double *us, unsigned n, double limit_us)
{
    qsort(us, n, sizeof *us, ascending);
    printf("%-22s median %8.3f us   p99 %8.3f us   limit %g us\n", name, us[n / 2], us[n - 1 - n / 100], limit_us);
    return us[n / 2] > limit_us;
}

static struct hc_gc_sample sample_at(int64_t time_ms)
{
    struct hc_gc_sample sample = {.end_time_ms = time_ms,
                                  .pause_us = 3000 + next() % 20000,
                                  .heap_used_before_bytes = 900 * MIB,
                                  .heap_used_after_bytes = 200 * MIB + next() % (100 * MIB),
                                  .old_used_after_bytes = 150 * MIB,
                                  .heap_committed_bytes = 1024 * MIB,
                                  .heap_max_bytes = 1024 * MIB,
                                  .allocated_bytes = 600 * MIB,
                                  .promoted_bytes = MIB,
                                  .kind = next() % 20 == 0 ? HC_GC_MIXED : HC_GC_YOUNG,
                                  .cause = "G1 Evacuation Pause"};
    sample.gc_time_us = sample.pause_us;
    return sample;
}

static int save(const void *block, const char *path)
{
    struct hc_history *history = NULL;
    struct hc_error err;
    if (hc_history_open(path, hc_predictor_size(), HC_SERIES_VERSION, &history, &err) != HC_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 0;
    }
    memcpy(hc_history_memory(history), block, hc_predictor_size());
    int done = hc_history_write(history, 0, hc_predictor_size(), &err) == HC_OK;
    hc_history_close(history);
    return done;
}

int main(int argc, char **argv)
{
    static double us[OBSERVATIONS];
    static struct hc_recommendation advice;
    struct hc_policy policy;
    struct hc_predictor *predictor = NULL;
    void *block = calloc(1, hc_predictor_size());
    hc_policy_init(&policy);
    if (block == NULL || hc_predictor_new(block, hc_predictor_size(), &policy, &predictor, NULL) != HC_OK)
        return 2;
    struct hc_epoch epoch = {
        .start_ms = INT64_C(1700000000000), .heap_max_bytes = 1024 * MIB, .collector = HC_COLLECTOR_G1};
    hc_predictor_start(predictor, &epoch);

    /* 12 seconds apart: the whole makes 28 days, so that every ring is full and every hour closes in the measure. */
    int64_t time_ms = epoch.start_ms;
    for (unsigned i = 0; i < OBSERVATIONS; i++) {
        struct hc_gc_sample sample = sample_at(time_ms += 12000);
        double begin = now_us();
        hc_predictor_observe(predictor, &sample);
        us[i] = now_us() - begin;
        if (i % 300 == 0)
            hc_predictor_predict(predictor, time_ms, &advice); /* hourly forecasts, for the record to judge */
    }
    int slow = report("observe", us, OBSERVATIONS, 0.2);
    for (unsigned i = 0; i < OBSERVATIONS / 10; i++) {
        struct hc_memory_sample look = {.time_ms = time_ms - (OBSERVATIONS / 10 - (int64_t)i) * 10000,
                                        .rss_bytes = next()};
        double begin = now_us();
        hc_predictor_observe_memory(predictor, &look);
        us[i] = now_us() - begin;
    }
    slow |= report("observe_memory", us, OBSERVATIONS / 10, 2);
    for (unsigned i = 0; i < PREDICTIONS; i++) {
        double begin = now_us();
        hc_predictor_predict(predictor, time_ms + (int64_t)i * 30000, &advice);
        us[i] = now_us() - begin;
    }
    slow |= report("predict", us, PREDICTIONS, 200);
    for (unsigned i = 0; i < OPENINGS; i++) {
        hc_predictor_free(predictor);
        double begin = now_us();
        if (hc_predictor_new(block, hc_predictor_size(), &policy, &predictor, NULL) != HC_OK)
            return 2;
        us[i] = now_us() - begin;
    }
    slow |= report("open a full series", us, OPENINGS, 5000);
    printf("%-22s %zu bytes, limit 1048576\n", "series", hc_predictor_size());
    hc_predictor_free(predictor);
    if (argc > 1 && !save(block, argv[1]))
        return 2;
    free(block);
    return slow;
}
