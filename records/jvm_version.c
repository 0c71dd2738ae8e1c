#include <heapcast/jvm_version.h>

unsigned hc_java_release(const char *version)
{
    unsigned number = 0;
    if (version[0] == '1' && version[1] == '.')
        version += 2;
    for (; *version >= '0' && *version <= '9' && number < 1000; version++)
        number = number * 10 + (unsigned)(*version - '0');
    return number;
}
