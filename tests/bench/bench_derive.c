/*
 * Speed of Flink's arithmetic on one core: configurations a second, for a typical TaskManager and for one whose
 * fractions are all its own, each derived anew from its options; and with the options set from text every time.
 * Prints a line for each; exit 1 where a rate is below its limit.
 */
#include <heapcast/process_spec.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 9, CONFIGURATIONS = 200000, DISTINCT = 256 };

static const struct hc_flink_target target = {{1, 20}, HC_DEPLOYMENT_STANDALONE, NULL};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void set(struct hc_flink_options *options, const char *key, const char *value)
{
    if (hc_flink_options_set(options, key, value) != HC_OK)
        abort();
}

static void fill(struct hc_flink_options *options, unsigned i, int fractions)
{
    char text[32];
    snprintf(text, sizeof text, "%um", 1600 + 16 * i);
    set(options, "taskmanager.memory.process.size", text);
    set(options, "taskmanager.numberOfTaskSlots", "4");
    if (!fractions)
        return;
    snprintf(text, sizeof text, "0.%03u", 100 + i);
    set(options, "taskmanager.memory.managed.fraction", text);
    snprintf(text, sizeof text, "0.1%03u", i);
    set(options, "taskmanager.memory.network.fraction", text);
    set(options, "taskmanager.memory.jvm-overhead.fraction", text);
}

static uint64_t derive(const struct hc_flink_options *options)
{
    struct hc_taskmanager_spec spec;
    if (hc_taskmanager_spec_derive(options, target, &spec, NULL, NULL) != HC_OK)
        abort();
    return spec.jvm_heap_bytes;
}

/* Median rate of the rounds. `options` NULL: they are set anew for every derivation. */
static int measure(const char *name, struct hc_flink_options *const *options, double limit)
{
    double rates[ROUNDS];
    volatile uint64_t sum = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_s();
        for (unsigned i = 0; i < CONFIGURATIONS; i++) {
            struct hc_flink_options *one = options != NULL ? options[i % DISTINCT] : hc_flink_options_new();
            if (options == NULL)
                fill(one, i % DISTINCT, 0);
            sum += derive(one);
            if (options == NULL)
                hc_flink_options_free(one);
        }
        rates[round] = CONFIGURATIONS / (now_s() - start);
    }
    qsort(rates, ROUNDS, sizeof *rates, ascending);
    printf("%-34s median %10.0f configurations/s   limit %.0f\n", name, rates[ROUNDS / 2], limit);
    return rates[ROUNDS / 2] < limit;
}

int main(void)
{
    struct hc_flink_options *typical[DISTINCT], *fractions[DISTINCT];
    for (unsigned i = 0; i < DISTINCT; i++) {
        fill(typical[i] = hc_flink_options_new(), i, 0);
        fill(fractions[i] = hc_flink_options_new(), i, 1);
    }
    int slow = measure("derive: process.size", typical, 1e6) + measure("derive: all fractions given", fractions, 1e6) +
               measure("derive: options set from text", NULL, 2e5);
    for (unsigned i = 0; i < DISTINCT; i++) {
        hc_flink_options_free(typical[i]);
        hc_flink_options_free(fractions[i]);
    }
    return slow > 0;
}
