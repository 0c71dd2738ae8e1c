/*
 * `heapcast predict --stdin`: the line protocol of the score (scripts/score.py). Collections come in, one
 * recommendation goes out for each request, from the very predictor that runs in the JVM.
 */
#include "command.h"
#include "options.h"
#include "policy_options.h"

#include <heapcast/peer_rules.h>
#include <heapcast/predictor.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB 1048576.0
/* The protocol counts seconds from 0; the predictor wants a date. Any whole hour would do: this is 2000-01-01. */
#define BEGIN_MS INT64_C(946684800000)
/* Traces are stretched, some ten thousandfold, so the first hours of one are hardly more than a JVM's start. */
#define HOLD_MS (12 * INT64_C(3600000))
/* Traces are stretched in time, some to a collection in hours, so the hold is what gates, not the count. */
enum { LEAST_COLLECTIONS = 3 };

enum { FIELDS_MAX = 12 };

struct session {
    struct hc_policy_choice choice;
    void *block;
    struct hc_predictor *predictor;
    struct hc_epoch epoch;
    uint64_t gc_id;
    double usable_ratio;
    int by_rule; /* 1: a peer's rule answers, in the room that our model finds collections to need */
    enum hc_peer peer;
    struct hc_peer_rules *rules;
};

static const struct hc_option options[] = {
    {'i', "stdin", NULL, "read the protocol from standard input"},
    HC_POLICY_OPTIONS,
    {'r', "rule", "NAME", "another's rule answers: operator, vpa, autopilot-max, autopilot-p98 or static-max"},
    {0}};
static const struct hc_usage usage = {
    "predict", "",
    "Answers the line protocol of scripts/score.py: collections in, heap sizes out. One line each, comma separated:\n"
    "  H,1,DECISION_S,HORIZON_S,HEAP_MAX_MB,USABLE,GC_BOUND,COLLECTOR                first, once\n"
    "  G,T_S,young|mixed|old|full,BEFORE_MB,AFTER_MB,COMMITTED_MB,MAX_MB,PAUSE_MS,ALLOC_MB,GC_MS\n"
    "  E,T_S,restart     the JVM was replaced\n"
    "  D,T_S             answered by R,T_S,HEAP_MB,LIVE_UPPER_MB,VERDICT:TERM (HEAP_MB 0: keep the configured heap)\n"
    "  Q                 the end",
    options, "  heapcast predict --stdin < trace.lines\n"};

/* The fields of a line, cut at commas in place; returns how many there are (of more than FIELDS_MAX, the last is 0). */
static unsigned cut(char *line, char *fields[FIELDS_MAX])
{
    line[strcspn(line, "\r\n")] = '\0';
    unsigned n = 0;
    for (char *at = line; at != NULL && n < FIELDS_MAX;) {
        fields[n++] = at;
        at = strchr(at, ',');
        if (at != NULL)
            *at++ = '\0';
    }
    return n;
}

/* strtod is safe here: the command never leaves the C locale. */
static enum hc_status number(const char *text, const char *name, double most, double *out, struct hc_error *err)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value) || value < 0 || value > most)
        return hc_fail(err, HC_EPARSE, 0, "%s is '%s'; a number from 0 to %.0f is needed", name, text, most);
    *out = value;
    return HC_OK;
}

static enum hc_status numbers(char *const *fields, const char *const *names, unsigned n, double *out,
                              struct hc_error *err)
{
    for (unsigned i = 0; i < n; i++) {
        enum hc_status status = number(fields[i], names[i], 1e12, &out[i], err);
        if (status != HC_OK)
            return status;
    }
    return HC_OK;
}

static enum hc_collector collector_of(const char *name)
{
    static const struct {
        const char *name;
        enum hc_collector collector;
    } known[] = {{"serial", HC_COLLECTOR_SERIAL}, {"parallel", HC_COLLECTOR_PARALLEL},
                 {"g1", HC_COLLECTOR_G1},         {"cms", HC_COLLECTOR_CMS},
                 {"zgc", HC_COLLECTOR_Z},         {"shenandoah", HC_COLLECTOR_SHENANDOAH}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].collector;
    return HC_COLLECTOR_UNKNOWN;
}

static int64_t time_ms(double seconds)
{
    return BEGIN_MS + (int64_t)llround(seconds * 1000.0);
}

static enum hc_status on_header(struct session *session, char *const *fields, unsigned n, struct hc_error *err)
{
    static const char *const names[] = {"DECISION_S", "HORIZON_S", "HEAP_MAX_MB", "USABLE", "GC_BOUND"};
    double value[5];
    if (session->predictor != NULL)
        return hc_fail(err, HC_EPARSE, 0, "a second H line; one process serves one trace");
    if (n < 7 || strcmp(fields[1], "1") != 0)
        return hc_fail(err, HC_EPARSE, 0, "H,1,DECISION_S,HORIZON_S,HEAP_MAX_MB,USABLE,GC_BOUND,COLLECTOR is needed");
    enum hc_status status = numbers(fields + 2, names, 5, value, err);
    if (status != HC_OK)
        return status;
    if (value[1] < 1 || value[2] < 1 || value[3] <= 0 || value[3] > 1 || value[4] <= 0 || value[4] > 1)
        return hc_fail(err, HC_EPARSE, 0,
                       "HORIZON_S and HEAP_MAX_MB must be 1 at least, USABLE and GC_BOUND in (0, 1]");
    struct hc_policy policy;
    hc_policy_init(&policy);
    policy.horizon_ms = (int64_t)(value[1] * 1000.0);
    policy.usable_ratio = session->usable_ratio = value[3];
    policy.gc_share_limit_ratio = value[4];
    policy.warmup_ms = HOLD_MS;
    policy.warmup_collections = LEAST_COLLECTIONS;
    policy.allow_growth = 0;
    /* As in the study: the rules answer from the beginning. */
    if (session->by_rule)
        policy.warmup_ms = policy.restart_hold_ms = policy.warmup_collections = 0;
    hc_policy_choose(&session->choice, &policy);
    session->epoch = (struct hc_epoch){.start_ms = time_ms(0), .heap_max_bytes = (uint64_t)(value[2] * MIB)};
    session->epoch.collector = n > 7 ? collector_of(fields[7]) : HC_COLLECTOR_UNKNOWN;
    session->block = calloc(1, hc_predictor_size());
    if (session->block == NULL)
        return hc_fail(err, HC_ENOMEM, 0, "no memory for the series");
    status = hc_predictor_new(session->block, hc_predictor_size(), &policy, &session->predictor, err);
    if (status == HC_OK)
        status = hc_peer_rules_new(&session->rules, err);
    return status == HC_OK ? hc_predictor_start(session->predictor, &session->epoch) : status;
}

static enum hc_status kind_of(const char *name, enum hc_gc_kind *out, struct hc_error *err)
{
    static const char *const kinds[] = {
        [HC_GC_YOUNG] = "young", [HC_GC_MIXED] = "mixed", [HC_GC_FULL] = "full", [HC_GC_OLD] = "old"};
    for (int k = HC_GC_YOUNG; k <= HC_GC_OLD; k++)
        if (strcmp(kinds[k], name) == 0) {
            *out = (enum hc_gc_kind)k;
            return HC_OK;
        }
    return hc_fail(err, HC_EPARSE, 0, "the kind of collection is '%s'; young, mixed, old or full is needed", name);
}

/* Traces round each figure by itself, so used and committed may come out a trifle above the maximum. */
static uint64_t at_most(double mb, uint64_t limit_bytes)
{
    double bytes = mb * MIB;
    return bytes < (double)limit_bytes ? (uint64_t)bytes : limit_bytes;
}

static enum hc_status on_collection(struct session *session, char *const *fields, unsigned n, struct hc_error *err)
{
    static const char *const names[] = {"BEFORE_MB", "AFTER_MB", "COMMITTED_MB", "MAX_MB",
                                        "PAUSE_MS",  "ALLOC_MB", "GC_MS"};
    double seconds, value[7];
    enum hc_gc_kind kind = HC_GC_YOUNG;
    if (n != 10)
        return hc_fail(err, HC_EPARSE, 0, "a G line has 10 fields, this one has %u", n);
    enum hc_status status = number(fields[1], "T_S", 1e11, &seconds, err);
    if (status == HC_OK)
        status = kind_of(fields[2], &kind, err);
    if (status == HC_OK)
        status = numbers(fields + 3, names, 7, value, err);
    if (status != HC_OK)
        return status;
    uint64_t max = session->epoch.heap_max_bytes;
    struct hc_gc_sample sample = {.end_time_ms = time_ms(seconds),
                                  .gc_id = ++session->gc_id,
                                  .pause_us = (uint64_t)llround(value[4] * 1000.0),
                                  .heap_used_before_bytes = at_most(value[0], max),
                                  .heap_used_after_bytes = at_most(value[1], max),
                                  .old_used_after_bytes = HC_BYTES_UNKNOWN,
                                  .heap_committed_bytes = at_most(value[2], max),
                                  .heap_max_bytes = max,
                                  .allocated_bytes = (uint64_t)(value[5] * MIB),
                                  .promoted_bytes = HC_BYTES_UNKNOWN,
                                  .gc_time_us = (uint64_t)llround(value[6] * 1000.0),
                                  .kind = kind};
    if (session->by_rule)
        hc_peer_rules_observe(session->rules, &sample);
    return hc_predictor_observe(session->predictor, &sample);
}

static enum hc_status on_restart(struct session *session, char *const *fields, unsigned n, struct hc_error *err)
{
    double seconds;
    if (n != 3 || strcmp(fields[2], "restart") != 0)
        return hc_fail(err, HC_EPARSE, 0, "E,T_S,restart is needed");
    enum hc_status status = number(fields[1], "T_S", 1e11, &seconds, err);
    if (status != HC_OK)
        return status;
    session->epoch.start_ms = time_ms(seconds);
    hc_predictor_end(session->predictor, session->epoch.start_ms);
    hc_peer_rules_restart(session->rules);
    return hc_predictor_start(session->predictor, &session->epoch);
}

/* The rule's own number stands where ours has the live set. */
static void answer_by_rule(struct session *session, const char *time, const struct hc_recommendation *advice)
{
    int known = advice->verdict != HC_VERDICT_INSUFFICIENT_DATA;
    struct hc_peer_room room = {session->usable_ratio, known ? advice->model.gc_headroom_bytes : 0,
                                session->epoch.heap_max_bytes};
    hc_peer_rules_advance(session->rules, advice->generated_at_ms);
    printf("R,%s,%.3f,%.6f,%s\n", time, (double)hc_peer_rules_heap(session->rules, session->peer, &room) / MIB,
           (double)hc_peer_rules_number(session->rules, session->peer) / MIB, hc_peer_name(session->peer));
}

static enum hc_status on_decision(struct session *session, char *const *fields, unsigned n, struct hc_error *err)
{
    static const char *const verdicts[] = {"insufficient_data", "keep", "shrink", "grow"};
    static const char *const terms[] = {"none", "percentile", "trend", "floor", "gc_cost", "out_of_memory", "cap"};
    double seconds;
    if (n != 2)
        return hc_fail(err, HC_EPARSE, 0, "D,T_S is needed");
    enum hc_status status = number(fields[1], "T_S", 1e11, &seconds, err);
    if (status != HC_OK)
        return status;
    struct hc_recommendation advice;
    status = hc_predictor_predict(session->predictor, time_ms(seconds), &advice);
    if (status != HC_OK)
        return hc_fail(err, status, 0, "no recommendation could be made");
    if (session->by_rule)
        answer_by_rule(session, fields[1], &advice);
    else if (advice.verdict == HC_VERDICT_INSUFFICIENT_DATA)
        printf("R,%s,0\n", fields[1]);
    else
        printf("R,%s,%.3f,%.3f,%s:%s\n", fields[1],
               advice.verdict == HC_VERDICT_KEEP ? 0.0 : (double)advice.heap_bytes / MIB,
               (double)advice.model.live_upper_bytes / MIB, verdicts[advice.verdict], terms[advice.model.binding]);
    if (fflush(stdout) != 0)
        return hc_fail(err, HC_EIO, 0, "the answer could not be written");
    return HC_OK;
}

static enum hc_status on_line(struct session *session, char *line, int *out_end, struct hc_error *err)
{
    char *fields[FIELDS_MAX];
    unsigned n = cut(line, fields);
    if (strcmp(fields[0], "H") == 0)
        return on_header(session, fields, n, err);
    if (session->predictor == NULL)
        return hc_fail(err, HC_EPARSE, 0, "the first line is '%s'; an H line must come first", fields[0]);
    if (strcmp(fields[0], "G") == 0)
        return on_collection(session, fields, n, err);
    if (strcmp(fields[0], "D") == 0)
        return on_decision(session, fields, n, err);
    if (strcmp(fields[0], "E") == 0)
        return on_restart(session, fields, n, err);
    if (strcmp(fields[0], "Q") != 0)
        return hc_fail(err, HC_EPARSE, 0, "a line begins with '%s'; H, G, E, D or Q is needed", fields[0]);
    *out_end = 1;
    return HC_OK;
}

static int serve(FILE *in, struct session session)
{
    struct hc_error err = {0};
    enum hc_status status = HC_OK;
    char *line = NULL;
    size_t room = 0;
    unsigned count = 0;
    int end = 0;
    while (status == HC_OK && !end && getline(&line, &room, in) != -1) {
        count++;
        status = on_line(&session, line, &end, &err);
    }
    if (status == HC_OK && ferror(in))
        status = hc_fail(&err, HC_EIO, 0, "cannot be read");
    free(line);
    hc_peer_rules_free(session.rules);
    hc_predictor_free(session.predictor);
    free(session.block);
    if (status == HC_OK)
        return HC_EXIT_DONE;
    err.line = count;
    return hc_complain("-", &err);
}

static int run(int argc, char **argv)
{
    struct session session = {0};
    int id, from_stdin = 0, bad = 0;
    while ((id = hc_options_next(&usage, argc, argv)) > 0) {
        if (id == 'r') {
            session.by_rule = hc_peer_parse(hc_option_argument(), &session.peer);
            if (!session.by_rule)
                return hc_usage_error(&usage, "--rule is '%s'; --help lists them", hc_option_argument());
        } else if (!hc_policy_option(&usage, id, &session.choice, &bad)) {
            from_stdin = 1;
        } else if (bad) {
            return HC_EXIT_USAGE;
        }
    }
    if (id != HC_OPTIONS_END)
        return hc_options_exit(id);
    if (hc_options_operand() < argc)
        return hc_usage_error(&usage, "'%s' is too much; the protocol comes on standard input",
                              argv[hc_options_operand()]);
    if (!from_stdin)
        return hc_usage_error(&usage, "--stdin is needed; it is the only source this version has");
    return serve(stdin, session);
}

const struct hc_command hc_cmd_predict = {"predict", "answer the line protocol of the predictor's score", run};
