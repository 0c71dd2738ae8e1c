/* heapcast explain: before and after of a resolution, each size with its reason. */
#include "command.h"
#include "resolution.h"

#include <stdio.h>
#include <stdlib.h>

static const struct hc_option options[] = {
    HC_RESOLVE_OPTIONS,
    {0, NULL, NULL, NULL},
};
static const struct hc_usage usage = {
    "explain",
    "",
    "Says why each part of a process's memory has its size, before and after a recommendation is applied, what the "
    "JVM\n"
    "is started with, and which options change. 'heapcast resolve' writes them.",
    options,
    "  heapcast explain --recommendation log/heapcast-tm-1.json --config conf/config.yaml\n",
};

static int run(int argc, char **argv)
{
    struct hc_resolve_request request;
    struct hc_resolution resolution;
    int id, code;
    hc_resolve_request_init(&request);
    while ((id = hc_options_next(&usage, argc, argv)) > 0)
        if ((code = hc_resolve_take_option(&request, &usage, id, hc_option_argument())) != HC_EXIT_DONE)
            return code;
    if (id != HC_OPTIONS_END)
        return hc_options_exit(id);
    if (hc_options_operand() < argc)
        return hc_usage_error(&usage, "'%s' is one operand too many", argv[hc_options_operand()]);
    code = hc_resolve(&request, &usage, &resolution);
    if (code != HC_EXIT_DONE)
        return code;
    char *text = hc_resolution_table(&resolution, true);
    if (text != NULL)
        fputs(text, stdout);
    free(text);
    hc_resolve_release(&request, &resolution);
    return text != NULL ? HC_EXIT_DONE : HC_EXIT_FAILED;
}

const struct hc_command hc_cmd_explain = {"explain",
                                          "why each size is what it is, before and after, in words and bytes", run};
