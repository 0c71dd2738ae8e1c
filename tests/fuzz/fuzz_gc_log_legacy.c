/* The same with a header before it, so that all of the input is read as a log of JDK 8. */
#include "gc_log_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char head[] = "CommandLine flags: -XX:MaxHeapSize=1073741824 -XX:+PrintGC\n";
    uint8_t *text = malloc(sizeof head - 1 + size);
    CHECK(text != NULL);
    memcpy(text, head, sizeof head - 1);
    if (size > 0)
        memcpy(text + sizeof head - 1, data, size);
    check_gc_log(text, sizeof head - 1 + size);
    free(text);
    return 0;
}
