/* heapcast replay: the GC logs that a user has, walked through the very predictor that runs in the JVM. */
#include "command.h"
#include "input_samples.h"
#include "options.h"
#include "policy_options.h"
#include "recommendation_view.h"
#include "sample_rows.h"

#include <heapcast/file.h>
#include <heapcast/memory_size.h>
#include <heapcast/recommendation_json.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hc_option options[] = {
    {'j', "json", NULL, "the recommendation as JSON, as the agent writes it"},
    {'t', "table", NULL, "the recommendation as one line of a table"},
    {'o', "output", "FILE", "write to FILE instead of standard output"},
    {'e', "export", "csv|json", "the collections themselves: CSV, or a JSON object a line"},
    {'m', "heap-max", "SIZE", "maximum of the heap, for a log that does not tell it (-Xmx)"},
    HC_POLICY_OPTIONS,
    {0, NULL, NULL, NULL},
};
static const struct hc_usage usage = {
    "replay",
    "GCLOG…",
    "Reads GC logs that a JVM wrote and says what heap it needs, as the agent would have. No agent is needed.\n"
    "Unified logs (JDK 9 and later) and those of JDK 8, of any collector, plain or gzip, also mixed with other "
    "output;\n"
    "several files, or the parts of a rotated log, make one log. '-' is standard input. What could not be read is\n"
    "skipped and counted on standard error.",
    options,
    "  heapcast replay gc.log\n"
    "  heapcast replay --json -o advice.json gc.log gc.log.0 gc.log.1\n"
    "  zcat old.log.gz | heapcast replay --heap-max 4g -\n"
    "  heapcast replay --export csv gc.log > collections.csv\n",
};

enum output { OUTPUT_FULL, OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV_ROWS, OUTPUT_JSON_ROWS };

struct replay {
    enum output output;
    const char *file; /* NULL: standard output */
    uint64_t heap_max_bytes;
    struct hc_policy_choice policy;
};

/* A heap that was full when its last collection of the whole of it was done ended in want, whatever the log says of
 * the end (nothing). */
#define FULL_HEAP 0.95

struct walk {
    struct hc_predictor *predictor;
    int running, in_want;
    int64_t last_ms;
    uint64_t refused;
};

static void take_start(void *context, const struct hc_epoch *epoch)
{
    struct walk *walk = context;
    if (walk->running && !walk->in_want)
        hc_predictor_end(walk->predictor, epoch->start_ms);
    walk->in_want = 0;
    walk->running = hc_predictor_start(walk->predictor, epoch) == HC_OK;
}

static void take_sample(void *context, const struct hc_gc_sample *sample)
{
    struct walk *walk = context;
    if (hc_predictor_observe(walk->predictor, sample) != HC_OK)
        walk->refused++;
    if (sample->kind == HC_GC_FULL || sample->kind == HC_GC_OLD)
        walk->in_want = (double)sample->heap_used_after_bytes >= FULL_HEAP * (double)sample->heap_max_bytes;
    if (sample->end_time_ms > walk->last_ms)
        walk->last_ms = sample->end_time_ms;
}

static void take_view(void *context, const struct hc_live_view *view)
{
    hc_predictor_observe_live(((struct walk *)context)->predictor, view);
}

/* The file's name, as far as it can stand in a file name itself. */
static void name_subject(const char *path, struct hc_subject *out)
{
    const char *base = strrchr(path, '/');
    size_t used = 0;
    for (base = base == NULL ? path : base + 1; *base != '\0' && used + 1 < sizeof out->name; base++)
        if ((*base >= 'a' && *base <= 'z') || (*base >= 'A' && *base <= 'Z') || (*base >= '0' && *base <= '9') ||
            strchr("._-", *base) != NULL)
            out->name[used++] = *base;
    out->name[used] = '\0';
    if (used == 0 || strcmp(out->name, "-") == 0)
        snprintf(out->name, sizeof out->name, "stdin");
}

static void describe(const char *path, const struct hc_samples_source *source, struct hc_subject *out)
{
    *out = (struct hc_subject){.role = HC_ROLE_JVM, .collector = source->epoch.collector};
    name_subject(path, out);
    out->pid = source->epoch.pid;
    out->started_at_ms = source->epoch.start_ms;
    out->heap_max_bytes = source->epoch.heap_max_bytes;
    memcpy(out->jvm_version, source->jvm_version, sizeof out->jvm_version);
}

static enum hc_status print_advice(const struct replay *replay, struct walk *walk, const char *path,
                                   const struct hc_samples_source *source, FILE *out, int *out_code,
                                   struct hc_error *err)
{
    struct hc_recommendation *advice = calloc(1, sizeof *advice);
    struct hc_subject subject;
    char *json = NULL;
    if (advice == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the recommendation");
    describe(path, source, &subject);
    hc_predictor_count_dropped(walk->predictor, source->log.broken);
    enum hc_status status = hc_predictor_predict(walk->predictor, walk->last_ms, advice);
    if (status != HC_OK)
        status = hc_fail(err, status, 0, "no recommendation could be made");
    else if (replay->output == OUTPUT_JSON)
        status = hc_recommendation_print(advice, &subject, &json, err);
    if (status == HC_OK && json != NULL) {
        fputs(json, out);
    } else if (status == HC_OK && replay->output == OUTPUT_TABLE) {
        hc_recommendation_heading(out);
        hc_recommendation_row(out, advice, &subject);
    } else if (status == HC_OK) {
        hc_recommendation_in_full(out, advice, &subject);
    }
    *out_code = advice->verdict == HC_VERDICT_INSUFFICIENT_DATA ? HC_EXIT_NODATA : HC_EXIT_DONE;
    free(json);
    free(advice);
    return status;
}

static enum hc_status advise(const struct replay *replay, const char *const *paths, size_t count, FILE *out,
                             int *out_code, struct hc_error *err)
{
    struct walk walk = {0};
    struct hc_samples_source source;
    struct hc_samples_sink sink = {&walk, take_start, take_sample, take_view};
    struct hc_policy policy;
    void *block = calloc(1, hc_predictor_size());
    if (block == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the series");
    hc_policy_init(&policy);
    hc_policy_choose(&replay->policy, &policy);
    enum hc_status status = hc_predictor_new(block, hc_predictor_size(), &policy, &walk.predictor, err);
    if (status == HC_OK)
        status = hc_input_samples(paths, count, replay->heap_max_bytes, &sink, &source, err);
    if (status == HC_OK) {
        hc_input_samples_tell(paths[0], &source);
        if (walk.last_ms == 0)
            status = hc_fail(err, HC_ENODATA, 0, "there is no collection in it");
    }
    if (status == HC_OK)
        status = print_advice(replay, &walk, paths[0], &source, out, out_code, err);
    hc_predictor_free(walk.predictor);
    free(block);
    return status;
}

static enum hc_status export(const struct replay *replay, const char *const *paths, size_t count, FILE *out,
                             struct hc_error *err) {
    struct hc_row_printer row = {out, replay->output == OUTPUT_JSON_ROWS ? HC_ROW_JSON : HC_ROW_CSV};
    struct hc_samples_sink sink = {&row, NULL, hc_sample_row, NULL};
    struct hc_samples_source source;
    if (row.row == HC_ROW_CSV) hc_sample_header(out);
    enum hc_status status = hc_input_samples(paths, count, replay->heap_max_bytes, &sink, &source, err);
    if (status == HC_OK) hc_input_samples_tell(paths[0], &source);
    if (status == HC_OK && !source.history && source.log.collections + source.log.pauses == 0)
        status = hc_fail(err, HC_ENODATA, 0, "there is no collection in it");
    return status;
}

static int replay_all(const struct replay *replay, const char *const *paths, size_t count)
{
    struct hc_error err = {0};
    char *text = NULL;
    size_t length = 0;
    int code = HC_EXIT_DONE;
    FILE *out = replay->file == NULL ? stdout : open_memstream(&text, &length);
    enum hc_status status = HC_OK;
    if (out == NULL)
        status = hc_fail(&err, HC_ENOMEM, 0, "no memory for the output");
    else if (replay->output == OUTPUT_CSV_ROWS || replay->output == OUTPUT_JSON_ROWS)
        status = export(replay, paths, count, out, &err);
    else
        status = advise(replay, paths, count, out, &code, &err);
    if (out != NULL && out != stdout && fclose(out) != 0 && status == HC_OK)
        status = hc_fail(&err, HC_ENOMEM, 0, "no memory for the output");
    if (status == HC_OK && replay->file != NULL)
        status = hc_file_replace(replay->file, text, length, &err);
    free(text);
    return status == HC_OK ? code : hc_complain(paths[0], &err);
}

/* Sets what one option says; HC_EXIT_DONE, or the exit code of a refusal. */
static int take_option(int id, struct replay *replay)
{
    const char *argument = hc_option_argument();
    struct hc_error err;
    int bad = 0;
    if (id == 'j')
        replay->output = OUTPUT_JSON;
    else if (id == 't')
        replay->output = OUTPUT_TABLE;
    else if (id == 'o')
        replay->file = argument;
    else if (id == 'e' && strcmp(argument, "csv") == 0)
        replay->output = OUTPUT_CSV_ROWS;
    else if (id == 'e' && strcmp(argument, "json") == 0)
        replay->output = OUTPUT_JSON_ROWS;
    else if (id == 'e')
        return hc_usage_error(&usage, "--export is csv or json, not '%s'", argument);
    else if (id == 'm' && hc_memory_size_parse(argument, &replay->heap_max_bytes, &err) != HC_OK)
        return hc_usage_error(&usage, "--heap-max: %s", err.text);
    else if (hc_policy_option(&usage, id, &replay->policy, &bad) && bad)
        return HC_EXIT_USAGE;
    return HC_EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct replay replay = {0};
    int id, code = HC_EXIT_DONE;
    while (code == HC_EXIT_DONE && (id = hc_options_next(&usage, argc, argv)) > 0)
        code = take_option(id, &replay);
    if (code != HC_EXIT_DONE)
        return code;
    if (id != HC_OPTIONS_END)
        return hc_options_exit(id);
    int first = hc_options_operand();
    if (first == argc)
        return hc_usage_error(&usage, "which GC log? Name a file, or '-'");
    return replay_all(&replay, (const char *const *)(argv + first), (size_t)(argc - first));
}

const struct hc_command hc_cmd_replay = {"replay", "the recommendation that follows from a GC log", run};
