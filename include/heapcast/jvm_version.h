/* A JVM's version as it names itself, and the release of Java that it is. */
#ifndef HEAPCAST_JVM_VERSION_H
#define HEAPCAST_JVM_VERSION_H

/* 17 of "17.0.15+6", 8 of "1.8.0_402"; 0: not known. */
static inline unsigned hc_java_release(const char *version)
{
    unsigned number = 0;
    if (version[0] == '1' && version[1] == '.')
        version += 2;
    for (; *version >= '0' && *version <= '9' && number < 1000; version++)
        number = number * 10 + (unsigned)(*version - '0');
    return number;
}

#endif
