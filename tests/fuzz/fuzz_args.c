/* The agent's options: whatever is written there, what comes out can be used. */
#include "fuzz.h"

#include "agent/args.h"

static void check_text(const char *text, size_t room)
{
    CHECK(memchr(text, '\0', room) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct args args;
    char *text = fuzz_text(data, size);
    args_parse(text, &args);
    check_text(args.dir, sizeof args.dir);
    check_text(args.name, sizeof args.name);
    CHECK(args.publish_ms > 0 && args.horizon_ms > 0 && args.warmup_ms >= 0 && args.off_heap_ms >= 0);
    CHECK(args.gc_share > 0 && args.gc_share < 1);
    for (unsigned i = 0; i < args.problems && i < ARGS_PROBLEMS_MAX; i++)
        check_text(args.problem[i], sizeof args.problem[i]);
    for (unsigned i = 0; i < args.notes && i < ARGS_PROBLEMS_MAX; i++)
        check_text(args.note[i], sizeof args.note[i]);
    free(text);
    return 0;
}
