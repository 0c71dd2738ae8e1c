#include "args.h"

#include <heapcast/nearest.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, PAIR_SIZE = ARGS_PATH_SIZE + 32 };
#define DAY (24 * (int64_t)HOUR)

static void say(char (*list)[ARGS_PROBLEM_SIZE], unsigned *count, const char *format, va_list arguments)
{
    if (*count < ARGS_PROBLEMS_MAX)
        vsnprintf(list[(*count)++], ARGS_PROBLEM_SIZE, format, arguments);
}

__attribute__((format(printf, 2, 3))) static void problem(struct args *a, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(a->problem, &a->problems, format, arguments);
    va_end(arguments);
}

__attribute__((format(printf, 2, 3))) static void note(struct args *a, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(a->note, &a->notes, format, arguments);
    va_end(arguments);
}

/* "90", "90s", "500ms", "15m", "24h", "7d"; a bare number is seconds. -1 where it is none of these. */
static int64_t duration(const char *text)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", SECOND}, {"ms", 1}, {"s", SECOND}, {"m", MINUTE}, {"h", HOUR}, {"d", DAY}};
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    long value = strtol(text, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].unit) == 0 && value <= INT64_MAX / units[i].ms)
            return value * units[i].ms;
    return -1;
}

/* A plain decimal such as 0.05, whatever locale the host has set: strtod would want its decimal sign. */
static double decimal(const char *text)
{
    double value = 0, scale = 1;
    int digits = 0;
    for (; *text >= '0' && *text <= '9'; text++, digits++)
        value = value * 10 + (*text - '0');
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++, digits++, scale *= 10)
            value = value * 10 + (*text - '0');
    /* up to 12 digits both are exact, so one division gives the nearest double */
    return *text == '\0' && digits > 0 && digits <= 12 ? value / scale : -1;
}

static void set_duration(struct args *a, const char *name, const char *value, int64_t least, int64_t most, int64_t *out)
{
    int64_t ms = duration(value);
    if (ms < least || ms > most)
        problem(a, "%s=%s is not a time between %lld ms and %lld d (such as 30s, 15m, 24h); %lld ms is used", name,
                value, (long long)least, (long long)(most / DAY), (long long)*out);
    else
        *out = ms;
}

static void set_choice(struct args *a, const char *name, const char *value, const char *const *choices, unsigned count,
                       int *out)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(value, choices[i]) == 0) {
            *out = (int)i;
            return;
        }
    }
    const char *near = hc_nearest(value, choices, count);
    problem(a, "%s=%s is not a known value%s%s%s; %s is used", name, value, near != NULL ? ", did you mean " : "",
            near != NULL ? near : "", near != NULL ? "?" : "", choices[*out]);
}

static void set_dir(struct args *a, const char *value)
{
    if (strlen(value) >= sizeof a->dir)
        problem(a, "dir=%.40s… is too long (at most %zu bytes); the default is used", value, sizeof a->dir - 1);
    else
        snprintf(a->dir, sizeof a->dir, "%s", value);
}

/* Only what can stand in a file name survives. */
static void set_name(struct args *a, const char *value)
{
    size_t n = 0;
    for (; *value != '\0' && n < sizeof a->name - 1; value++) {
        int fine = (*value >= 'a' && *value <= 'z') || (*value >= 'A' && *value <= 'Z') ||
                   (*value >= '0' && *value <= '9') || strchr("._-", *value) != NULL;
        if (fine)
            a->name[n++] = *value;
    }
    a->name[n] = '\0';
    if (n == 0)
        problem(a, "name= has no letter that can stand in a file name ([A-Za-z0-9._-]); the default is used");
}

static void set_share(struct args *a, const char *value)
{
    double share = decimal(value);
    if (share < 0.001 || share > 0.5)
        problem(a, "gc_share=%s is not a number between 0.001 and 0.5; 0.05 is used", value);
    else
        a->gc_share = share;
}

static void set_live_probe(struct args *a, const char *value)
{
    int word = strcmp(value, "off") == 0 || strcmp(value, "auto") == 0;
    int64_t ms = word ? 0 : duration(value);
    if (!word && (ms < SECOND || ms > 7 * DAY)) {
        problem(a, "live_probe=%s is not auto, off or a period between 1s and 7d; auto is used", value);
        return;
    }
    a->live_probe = strcmp(value, "off") != 0;
    a->live_probe_ms = ms;
}

static void set_off_heap(struct args *a, const char *value)
{
    if (strcmp(value, "off") == 0)
        a->off_heap_ms = 0;
    else
        set_duration(a, "off_heap", value, SECOND, DAY, &a->off_heap_ms);
}

static const char *const on_off[] = {"off", "on"};
static const char *const false_true[] = {"false", "true"};
static const char *const roles[] = {"auto", "taskmanager", "jobmanager", "jvm"};
static const char *const risks[] = {"cautious", "balanced", "tight"};
static const char *const levels[] = {"error", "info", "debug"};

static const char *const names[] = {"dir",        "name",     "role",    "publish",  "horizon",    "warmup",
                                    "risk",       "gc_share", "history", "off_heap", "live_probe", "live_probe_pause",
                                    "prometheus", "strict",   "log"};
enum { NAMES = sizeof names / sizeof names[0] };

static void set(struct args *a, const char *name, const char *value)
{
    int choice;
    if (strcmp(name, "dir") == 0) {
        set_dir(a, value);
    } else if (strcmp(name, "name") == 0) {
        set_name(a, value);
    } else if (strcmp(name, "role") == 0) {
        choice = (int)a->role;
        set_choice(a, name, value, roles, 4, &choice);
        a->role = (enum args_role)choice;
    } else if (strcmp(name, "publish") == 0) {
        set_duration(a, name, value, SECOND, DAY, &a->publish_ms);
    } else if (strcmp(name, "horizon") == 0) {
        set_duration(a, name, value, MINUTE, 30 * DAY, &a->horizon_ms);
    } else if (strcmp(name, "warmup") == 0) {
        set_duration(a, name, value, 0, 7 * DAY, &a->warmup_ms);
    } else if (strcmp(name, "gc_share") == 0) {
        set_share(a, value);
    } else if (strcmp(name, "risk") == 0) {
        choice = 1;
        set_choice(a, name, value, risks, 3, &choice);
        a->risk = risks[choice];
    } else if (strcmp(name, "history") == 0) {
        set_choice(a, name, value, on_off, 2, &a->history);
    } else if (strcmp(name, "off_heap") == 0) {
        set_off_heap(a, value);
    } else if (strcmp(name, "live_probe") == 0) {
        set_live_probe(a, value);
    } else if (strcmp(name, "live_probe_pause") == 0) {
        set_duration(a, name, value, 1, HOUR, &a->live_probe_pause_ms);
    } else if (strcmp(name, "prometheus") == 0) {
        choice = 0;
        set_choice(a, name, value, on_off, 2, &choice);
        if (choice == 1)
            note(a, "prometheus=on: the textfile is not in this version; the JSON is written");
    } else if (strcmp(name, "strict") == 0) {
        set_choice(a, name, value, false_true, 2, &a->strict);
    } else if (strcmp(name, "log") == 0) {
        choice = (int)a->log;
        set_choice(a, name, value, levels, 3, &choice);
        a->log = (enum log_level)choice;
    } else {
        const char *near = hc_nearest(name, names, NAMES);
        problem(a, "unknown option '%s'%s%s%s; it is ignored", name, near != NULL ? ", did you mean '" : "",
                near != NULL ? near : "", near != NULL ? "'?" : "");
    }
}

void args_parse(const char *text, struct args *out)
{
    *out = (struct args){
        .publish_ms = 30 * SECOND,
        .horizon_ms = DAY,
        .warmup_ms = 15 * MINUTE,
        .gc_share = 0.05,
        .risk = risks[1],
        .history = 1,
        .off_heap_ms = 10 * SECOND,
        .live_probe = 1,
        .log = LOG_LEVEL_INFO,
    };
    while (text != NULL && *text != '\0') {
        char pair[PAIR_SIZE];
        size_t length = strcspn(text, ",");
        snprintf(pair, sizeof pair, "%.*s", (int)(length < sizeof pair ? length : sizeof pair - 1), text);
        text += length + (text[length] == ',');
        if (length >= sizeof pair) { /* cut short it would mean something else */
            problem(out, "option '%.40s…' is too long; it is ignored", pair);
            continue;
        }
        /* jcmd cuts its argument at '=', so ':' separates as well */
        size_t name_length = strcspn(pair, "=:");
        if (pair[0] == '\0')
            continue;
        if (pair[name_length] == '\0' || pair[name_length + 1] == '\0') {
            problem(out, "option '%s' has no value; write name=value", pair);
            continue;
        }
        pair[name_length] = '\0';
        set(out, pair, pair + name_length + 1);
    }
}
