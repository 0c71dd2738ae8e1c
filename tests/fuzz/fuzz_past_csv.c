/* Samples as users hand them to `heapcast backtest`: read, then walked through, whatever they claim. */
#include "fuzz.h"

#include "cli/past_file.h"

#include <math.h>

static void walk(const struct hc_past *past)
{
    struct hc_backtest_plan plan = {.every_ms = 600000, .cold_ms = 1200000};
    struct hc_backtest result;
    struct hc_error err = {.text = ""};
    hc_policy_init(&plan.policy);
    plan.policy.horizon_ms = 3600000;
    plan.policy.warmup_ms = 0;
    plan.policy.warmup_collections = 2;
    if (past->sample_count > 0 &&
        past->samples[past->sample_count - 1].end_time_ms - past->samples[0].end_time_ms > 864000000)
        return; /* 1440 decisions are enough */
    if (hc_backtest_run(past, &plan, &result, &err) != HC_OK) {
        CHECK(err.text[0] != '\0');
        return;
    }
    for (int rule = 0; rule < HC_BACKTEST_RULES; rule++) {
        const struct hc_backtest_figures *f = &result.rule[rule];
        CHECK(f->shortfalls <= f->decisions && f->cold.shortfalls <= f->cold.decisions);
        CHECK(f->decisions == 0 || (f->violated_ratio >= 0 && f->violated_ratio <= 1));
        CHECK(f->decisions == 0 || isfinite(f->slack_ratio));
        /* what is too small is too costly as well, but for the rounding of a heap that just does */
        CHECK(f->decisions == 0 || f->costly_ratio <= 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct hc_past_file file = {0};
    struct hc_error err = {.text = ""};
    if (hc_past_parse_csv(text, &file, &err) == HC_OK)
        walk(&file.past);
    else
        CHECK(err.text[0] != '\0' && file.past.sample_count == 0);
    hc_past_release(&file);
    free(text);
    return 0;
}
