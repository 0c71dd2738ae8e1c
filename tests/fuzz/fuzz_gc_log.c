#include "gc_log_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_gc_log(data, size);
    return 0;
}
