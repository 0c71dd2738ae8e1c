#include "flink_process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CMDLINE_MAX = 1024 * 1024 };

static enum hc_role role_of_class(const char *argument)
{
    static const char *const taskmanagers[] = {"TaskManagerRunner", "TaskExecutorRunner"};
    static const char *const jobmanagers[] = {"ClusterEntrypoint", "ClusterEntryPoint"};
    if (strncmp(argument, "org.apache.flink.", 17) != 0)
        return HC_ROLE_JVM;
    for (int i = 0; i < 2; i++) {
        if (strstr(argument, taskmanagers[i]) != NULL)
            return HC_ROLE_TASKMANAGER;
        if (strstr(argument, jobmanagers[i]) != NULL)
            return HC_ROLE_JOBMANAGER;
    }
    return HC_ROLE_JVM;
}

/* What the recommendation needs to know of Flink's options; the rest of the command line is nobody's business. */
static int is_of_interest(const char *key)
{
    static const char *const prefixes[] = {"taskmanager.memory.", "jobmanager.memory.", "taskmanager.cpu.cores=",
                                           "taskmanager.numberOfTaskSlots=", "taskmanager.resource-id="};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0)
            return 1;
    return 0;
}

static void add_setting(struct hc_subject *s, const char *pair)
{
    const char *equals = strchr(pair, '=');
    if (equals == NULL || !is_of_interest(pair) || s->flink_count == HC_FLINK_SETTINGS_MAX)
        return;
    struct hc_flink_setting *setting = &s->flink[s->flink_count++];
    snprintf(setting->key, sizeof setting->key, "%.*s", (int)(equals - pair), pair);
    snprintf(setting->value, sizeof setting->value, "%s", equals + 1);
}

static const char *setting(const struct hc_subject *s, const char *key)
{
    const char *value = NULL;
    for (unsigned i = 0; i < s->flink_count; i++)
        if (strcmp(s->flink[i].key, key) == 0)
            value = s->flink[i].value; /* the last one is in force */
    return value;
}

/* A size as HotSpot reads it: digits and at most one letter. 0 where it is none. */
static uint64_t jvm_size(const char *text)
{
    static const char letters[] = "kmgt";
    char *end;
    uint64_t bytes = strtoull(text, &end, 10);
    const char *letter = *end != '\0' ? strchr(letters, *end | 0x20) : NULL;
    if (letter != NULL && *letter != '\0')
        bytes <<= 10 * (letter - letters + 1);
    return *end == '\0' || (letter != NULL && end[1] == '\0') ? bytes : 0;
}

static uint32_t hash(const char *text)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 16777619u;
    return h;
}

static void keep_file_name_letters(char *name)
{
    for (; *name != '\0'; name++) {
        int fine = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') || (*name >= '0' && *name <= '9') ||
                   strchr("._-", *name) != NULL;
        if (!fine)
            *name = '_';
    }
}

/*
 * Stable across restarts, different for two processes of one host: Flink numbers the log files of a host's processes,
 * so the log file's path serves as the suffix; a plain JVM is told apart by its working directory.
 */
static void choose_name(const struct args *args, const char *log_file, const char *cwd, struct hc_subject *s)
{
    static const char *const roles[] = {"jvm", "taskmanager", "jobmanager"};
    const char *resource = setting(s, "taskmanager.resource-id");
    if (args->name[0] != '\0')
        snprintf(s->name, sizeof s->name, "%s", args->name);
    else if (resource != NULL && s->role == HC_ROLE_TASKMANAGER)
        snprintf(s->name, sizeof s->name, "%s", resource);
    else
        snprintf(s->name, sizeof s->name, "%.80s-%s-%08x", s->host, roles[s->role],
                 hash(log_file[0] != '\0' ? log_file : cwd));
    keep_file_name_letters(s->name);
}

static void choose_dir(const struct args *args, const char *log_file, const char *cwd, char *dir, size_t size)
{
    const char *slash = strrchr(log_file, '/');
    if (args->dir[0] == '/')
        snprintf(dir, size, "%s", args->dir);
    else if (args->dir[0] != '\0')
        snprintf(dir, size, "%s/%s", cwd, args->dir);
    else if (slash != NULL && slash != log_file)
        snprintf(dir, size, "%.*s", (int)(slash - log_file), log_file);
    else
        snprintf(dir, size, "%s", cwd);
}

void flink_process_parse(const char *cmdline, size_t length, const char *host, const char *cwd, const struct args *args,
                         struct hc_subject *s, char *dir, size_t dir_size)
{
    const char *log_file = "", *end = cmdline + length;
    int value_follows = 0;
    snprintf(s->host, sizeof s->host, "%s", host);
    for (const char *argument = cmdline; argument < end; argument += strlen(argument) + 1) {
        if (value_follows)
            add_setting(s, argument);
        value_follows = strcmp(argument, "-D") == 0;
        if (strncmp(argument, "-XX:MaxMetaspaceSize=", 21) == 0)
            s->metaspace_limit_bytes = jvm_size(argument + 21); /* the last one is in force */
        if (strncmp(argument, "-Dlog.file=", 11) == 0)
            log_file = argument + 11;
        else if (strncmp(argument, "-D", 2) == 0 && argument[2] != '\0')
            add_setting(s, argument + 2);
        else if (s->role == HC_ROLE_JVM)
            s->role = role_of_class(argument);
    }
    if (args->role != ARGS_ROLE_AUTO)
        s->role = args->role == ARGS_ROLE_TASKMANAGER  ? HC_ROLE_TASKMANAGER
                  : args->role == ARGS_ROLE_JOBMANAGER ? HC_ROLE_JOBMANAGER
                                                       : HC_ROLE_JVM;
    choose_name(args, log_file, cwd, s);
    choose_dir(args, log_file, cwd, dir, dir_size);
}

void flink_process_identify(const struct args *args, struct hc_subject *s, char *dir, size_t dir_size)
{
    char host[sizeof s->host] = "", cwd[ARGS_PATH_SIZE] = ".";
    size_t length = 0;
    ssize_t n;
    char *text = malloc(CMDLINE_MAX + 1);
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    while (text != NULL && fd >= 0 && length < CMDLINE_MAX && (n = read(fd, text + length, CMDLINE_MAX - length)) > 0)
        length += (size_t)n;
    if (fd >= 0)
        close(fd);
    if (text != NULL)
        text[length] = '\0';
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        snprintf(host, sizeof host, "host");
    if (getcwd(cwd, sizeof cwd) == NULL)
        snprintf(cwd, sizeof cwd, ".");
    flink_process_parse(text != NULL ? text : "", length, host, cwd, args, s, dir, dir_size);
    s->pid = (int64_t)getpid();
    free(text);
}
