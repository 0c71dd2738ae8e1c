/* The one place that spells heapcast's version; the Makefile and the command read it here. */
#ifndef HEAPCAST_VERSION_H
#define HEAPCAST_VERSION_H

#define HC_VERSION "0.1.0"

#endif
