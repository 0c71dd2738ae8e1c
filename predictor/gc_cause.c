#include <heapcast/gc_cause.h>

#include <stddef.h>
#include <string.h>

int hc_gc_was_asked_for(const char *cause)
{
    static const char *const asked[] = {"System.gc",  "Heap Inspection", "Heap Dump",
                                        "Diagnostic", "JvmtiEnv",        "WhiteBox"};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        if (strncmp(cause, asked[i], strlen(asked[i])) == 0)
            return 1;
    return 0;
}
