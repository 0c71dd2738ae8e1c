/* Why a collection came, as HotSpot words it. */
#ifndef HEAPCAST_GC_CAUSE_H
#define HEAPCAST_GC_CAUSE_H

/* 1: somebody asked for it (System.gc(), a heap dump, jcmd); it says nothing of how full the heap is. */
int hc_gc_was_asked_for(const char *cause);

#endif
