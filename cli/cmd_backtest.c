/* heapcast backtest: how the predictor would have done on a recorded past, and how the rules of others. */
#include "cells.h"
#include "command.h"
#include "options.h"
#include "past_file.h"
#include "policy_options.h"

#include <heapcast/backtest.h>
#include <heapcast/memory_size.h>

#include <cJSON.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

static const struct hc_option options[] = {
    {'c', "compare", NULL, "beside it the rules of the Flink operator, VPA, Autopilot and a maximum x 1.2"},
    {'j', "json", NULL, "one JSON object"},
    {'e', "every", "TIME", "a decision every so long, as 10m; default 1h, less where the past is short"},
    {'m', "heap-max", "SIZE", "the heap's maximum, where a GC log does not tell it, as 4g"},
    HC_POLICY_OPTIONS,
    {0}};
static const struct hc_usage usage = {
    "backtest", "FILE…",
    "Walks the predictor forward through a recorded past, as it would have run in that JVM, and judges each decision "
    "by\n"
    "what came in the horizon after it. FILE is a history (heapcast-NAME.hc), samples as `heapcast export` prints "
    "them,\n"
    "or GC logs in their order. Answers end at the heap in force. What the columns mean: docs/backtest.md.",
    options,
    "  heapcast backtest --compare log/heapcast-tm-1.hc\n"
    "  heapcast backtest --horizon 12h --every 30m --json samples.csv\n"};

struct request {
    bool compare, json;
    int64_t every_ms;
    uint64_t heap_max_bytes;
    struct hc_policy_choice choice;
};

static const char *const titles[HC_BACKTEST_RULES] = {
    "heapcast",
    "the heap in force",
    "mean used x 1.2 (Flink operator)",
    "p90 of daily peaks x 1.15 (VPA)",
    "7-day maximum x 1.1 (Autopilot)",
    "decaying p98 x 1.15 (Autopilot)",
    "maximum so far x 1.2",
};
static const char *const truths[] = {"", "looks over the whole heap", "full collections",
                                     "ends of runs of mixed collections", "the least of each block of 15 collections"};
static const char *const truth_names[] = {"", "views", "full", "mixed_ends", "blocks"};
static const char *const collectors[] = {"unknown", "Serial", "Parallel", "G1", "CMS", "ZGC", "Shenandoah", "Epsilon"};

static const char *rule_name(int rule)
{
    return rule == HC_BACKTEST_OURS         ? "heapcast"
           : rule == HC_BACKTEST_CONFIGURED ? "in-force"
                                            : hc_peer_name((enum hc_peer)(rule - HC_BACKTEST_PEERS));
}

static int rules_shown(const struct request *request)
{
    return request->compare ? HC_BACKTEST_RULES : HC_BACKTEST_OURS + 1;
}

/* ---- as a table ------------------------------------------------------------------------------------------------- */

static char *utc(int64_t time_ms, char *out, size_t size)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL || strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        snprintf(out, size, "?");
    return out;
}
#define UTC(time_ms) utc(time_ms, (char[32]){0}, 32)

/* "24 h", "45 min", "90 s": in the largest unit that leaves it whole, or nearly. */
static char *duration(int64_t ms, char *out, size_t size)
{
    if (ms >= 10 * HOUR_MS || (ms >= HOUR_MS && ms % HOUR_MS == 0))
        snprintf(out, size, "%.4g h", (double)ms / (double)HOUR_MS);
    else if (ms >= 600000 || (ms >= 60000 && ms % 60000 == 0))
        snprintf(out, size, "%.4g min", (double)ms / 60000.0);
    else
        snprintf(out, size, "%.4g s", (double)ms / 1000.0);
    return out;
}
#define DURATION(ms) duration(ms, (char[32]){0}, 32)

#define FIGURE(value) HC_NUMBER_CELL(value, 2)
#define FINE(value) HC_NUMBER_CELL(value, 3)

static double share(unsigned part, unsigned whole)
{
    return whole > 0 ? (double)part / (double)whole : (double)NAN;
}

static void print_head(const struct hc_backtest *b, const struct hc_past_file *file,
                       const struct hc_backtest_plan *plan)
{
    const struct hc_backtest_figures *ours = &b->rule[HC_BACKTEST_OURS];
    const struct hc_gc_sample *last = &file->past.samples[file->past.sample_count - 1];
    printf("%llu collections of %s, %llu restarts, heap in force %.1f MiB\n", (unsigned long long)b->collections,
           file->collector == HC_COLLECTOR_UNKNOWN ? "an unknown collector" : collectors[file->collector],
           (unsigned long long)b->restarts, (double)last->heap_max_bytes / 1048576.0);
    printf("walked: %s to %s (%s)\n", UTC(b->from_ms), UTC(b->to_ms), DURATION(b->to_ms - b->from_ms));
    printf("live set in hindsight: %s (%zu), and a line between them\n", truths[b->truth], b->truth_points);
    printf("a decision every %s, judged over the %s after it: %u, %u with a number; %u more in the first %s apart\n\n",
           DURATION(plan->every_ms), DURATION(plan->policy.horizon_ms), ours->decisions, ours->answers,
           ours->cold.decisions, DURATION(plan->cold_ms));
}

static void print_table(const struct hc_backtest *b, const struct hc_past_file *file,
                        const struct hc_backtest_plan *plan, const struct request *request)
{
    print_head(b, file, plan);
    printf("%-33s %7s %9s %8s %6s %7s %8s %7s %9s %6s | %11s %6s\n", "RULE", "SHORT %", "TOO SM. %", "COSTLY %",
           "SLACK", "SAVED %", "GC + %", "CHG/WK", "EXHAUSTED", "COST", "COLD SHORT", "SLACK");
    for (int rule = 0; rule < rules_shown(request); rule++) {
        const struct hc_backtest_figures *f = &b->rule[rule];
        printf("%-33s %7s %9s %8s %6s %7s %8s %7s %9u %6s | %11s %6s\n", titles[rule],
               FIGURE(100 * share(f->shortfalls, f->decisions)), FINE(100 * f->violated_ratio),
               FIGURE(100 * f->costly_ratio), FIGURE(f->slack_ratio), FIGURE(100 * f->saved_ratio),
               FIGURE(100 * f->extra_gc_share_ratio), FIGURE(f->changes_per_week), f->exhaustions,
               FIGURE(f->cost_ratio), FIGURE(100 * share(f->cold.shortfalls, f->cold.decisions)),
               FIGURE(f->cold.slack_ratio));
    }
}

/* ---- as JSON ---------------------------------------------------------------------------------------------------- */

/* What is not known is absent. */
static void add_number(cJSON *object, const char *name, double value)
{
    if (!isnan(value))
        cJSON_AddNumberToObject(object, name, value);
}

static void add_rule(cJSON *rules, int rule, const struct hc_backtest_figures *f)
{
    cJSON *object = cJSON_AddObjectToObject(rules, rule_name(rule));
    add_number(object, "decisions", f->decisions);
    add_number(object, "answers", f->answers);
    add_number(object, "shortfalls", f->shortfalls);
    add_number(object, "violated_ratio", f->violated_ratio);
    add_number(object, "costly_ratio", f->costly_ratio);
    add_number(object, "slack_ratio", f->slack_ratio);
    add_number(object, "slack_p95_ratio", f->slack_p95_ratio);
    add_number(object, "extra_gc_share_ratio", f->extra_gc_share_ratio);
    add_number(object, "changes", f->changes);
    add_number(object, "changes_per_week", f->changes_per_week);
    add_number(object, "exhaustions", f->exhaustions);
    add_number(object, "saved_ratio", f->saved_ratio);
    add_number(object, "memory_ratio", f->memory_ratio);
    add_number(object, "cost_ratio", f->cost_ratio);
    cJSON *cold = cJSON_AddObjectToObject(object, "cold_start");
    add_number(cold, "decisions", f->cold.decisions);
    add_number(cold, "shortfalls", f->cold.shortfalls);
    add_number(cold, "slack_ratio", f->cold.slack_ratio);
}

static int print_json(const struct hc_backtest *b, const struct hc_past_file *file, const struct hc_backtest_plan *plan,
                      const struct request *request)
{
    cJSON *top = cJSON_CreateObject();
    cJSON_AddStringToObject(top, "format", "heapcast.backtest");
    cJSON_AddNumberToObject(top, "format_version", 1);
    cJSON *walked = cJSON_AddObjectToObject(top, "walked");
    cJSON_AddStringToObject(walked, "from", UTC(b->from_ms));
    cJSON_AddStringToObject(walked, "to", UTC(b->to_ms));
    add_number(walked, "collections", (double)b->collections);
    add_number(walked, "restarts", (double)b->restarts);
    cJSON_AddStringToObject(walked, "collector", collectors[file->collector]);
    add_number(walked, "heap_max_bytes", (double)file->past.samples[file->past.sample_count - 1].heap_max_bytes);
    cJSON *judged = cJSON_AddObjectToObject(top, "judged");
    if (b->judged_from_ms != 0) {
        cJSON_AddStringToObject(judged, "from", UTC(b->judged_from_ms));
        cJSON_AddStringToObject(judged, "to", UTC(b->judged_to_ms));
    }
    add_number(judged, "every_s", (double)plan->every_ms / 1000.0);
    add_number(judged, "horizon_s", (double)plan->policy.horizon_ms / 1000.0);
    add_number(judged, "cold_start_s", (double)plan->cold_ms / 1000.0);
    add_number(judged, "usable_ratio", plan->policy.usable_ratio);
    add_number(judged, "gc_share_limit_ratio", plan->policy.gc_share_limit_ratio);
    cJSON_AddStringToObject(judged, "live_set", truth_names[b->truth]);
    add_number(judged, "live_set_points", (double)b->truth_points);
    cJSON *rules = cJSON_AddObjectToObject(top, "rules");
    for (int rule = 0; rule < rules_shown(request); rule++)
        add_rule(rules, rule, &b->rule[rule]);
    char *text = cJSON_Print(top);
    cJSON_Delete(top);
    if (text == NULL) {
        fputs("heapcast: no memory for the result\n", stderr);
        return HC_EXIT_FAILED;
    }
    puts(text);
    free(text);
    return HC_EXIT_DONE;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

/* A past of less than three days has no room for a horizon of one: then it is a third of the past. */
static void plan_for(const struct hc_past *past, const struct request *request, struct hc_backtest_plan *plan)
{
    hc_policy_init(&plan->policy);
    hc_policy_choose(&request->choice, &plan->policy);
    int64_t span_ms =
        past->sample_count > 0 ? past->samples[past->sample_count - 1].end_time_ms - past->samples[0].end_time_ms : 0;
    if (request->choice.horizon == NULL && span_ms < 3 * plan->policy.horizon_ms)
        plan->policy.horizon_ms = span_ms / 3 > 1000 ? span_ms / 3 / 1000 * 1000 : 1000;
    plan->every_ms = request->every_ms > 0                     ? request->every_ms
                     : plan->policy.horizon_ms >= 24 * HOUR_MS ? HOUR_MS
                     : plan->policy.horizon_ms / 24 / 1000 > 0 ? plan->policy.horizon_ms / 24 / 1000 * 1000
                                                               : 1000;
    plan->cold_ms = plan->policy.horizon_ms < DAY_MS ? plan->policy.horizon_ms : DAY_MS;
}

static int backtest(const char *const *paths, size_t count, const struct request *request)
{
    struct hc_past_file file = {0};
    struct hc_backtest_plan plan;
    struct hc_backtest result;
    struct hc_error err;
    if (hc_past_load(paths, count, request->heap_max_bytes, &file, &err) != HC_OK)
        return hc_complain(paths[0], &err);
    plan_for(&file.past, request, &plan);
    int code = HC_EXIT_DONE;
    if (hc_backtest_run(&file.past, &plan, &result, &err) != HC_OK)
        code = hc_complain(paths[0], &err);
    else if (request->json)
        code = print_json(&result, &file, &plan, request);
    else
        print_table(&result, &file, &plan, request);
    hc_past_release(&file);
    return code;
}

/* "90s", "10m", "1h", "7d"; strtod is safe here: the command never leaves the C locale. */
static bool time_parse(const char *text, int64_t *out_ms)
{
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
    char *end;
    double value = strtod(text, &end);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (end != text && strcmp(end, units[i].unit) == 0 && value * units[i].ms >= 1000 &&
            value * units[i].ms <= 30 * (double)DAY_MS) {
            *out_ms = (int64_t)(value * units[i].ms);
            return true;
        }
    return false;
}

static int take_option(struct request *request, int id)
{
    struct hc_error err;
    int bad = 0;
    switch (id) {
    case 'c':
        request->compare = true;
        return HC_EXIT_DONE;
    case 'j':
        request->json = true;
        return HC_EXIT_DONE;
    case 'e':
        if (time_parse(hc_option_argument(), &request->every_ms))
            return HC_EXIT_DONE;
        return hc_usage_error(&usage, "--every is '%s'; right would be a time from 1s to 30d, as 10m",
                              hc_option_argument());
    case 'm':
        if (hc_memory_size_parse(hc_option_argument(), &request->heap_max_bytes, &err) == HC_OK &&
            request->heap_max_bytes > 0)
            return HC_EXIT_DONE;
        return hc_usage_error(&usage, "--heap-max is '%s'; right would be a size, as 512m or 4g", hc_option_argument());
    default:
        (void)hc_policy_option(&usage, id, &request->choice, &bad);
        return bad ? HC_EXIT_USAGE : HC_EXIT_DONE;
    }
}

static int run(int argc, char **argv)
{
    struct request request = {0};
    int id, code;
    while ((id = hc_options_next(&usage, argc, argv)) > 0)
        if ((code = take_option(&request, id)) != HC_EXIT_DONE)
            return code;
    if (id != HC_OPTIONS_END)
        return hc_options_exit(id);
    if (hc_options_operand() == argc)
        return hc_usage_error(&usage, "which past? Name a history, samples or GC logs");
    return backtest((const char *const *)argv + hc_options_operand(), (size_t)(argc - hc_options_operand()), &request);
}

const struct hc_command hc_cmd_backtest = {"backtest", "how the predictor would have done on a recorded past", run};
