/* A JVM's version as it names itself, and the release of Java that it is. */
#ifndef HEAPCAST_JVM_VERSION_H
#define HEAPCAST_JVM_VERSION_H

/* 17 of "17.0.15+6", 8 of "1.8.0_402"; 0: not known. */
unsigned hc_java_release(const char *version);

#endif
