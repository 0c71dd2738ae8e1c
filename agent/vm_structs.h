/*
 * The one private thing of HotSpot that we read: gHotSpotVMStructs, the table that libjvm exports for the
 * serviceability agent. What is taken from it is present and equal in JDK 11 to 25: PerfMemory::_start, the reserved
 * range of the heap, the range of the code cache.
 */
#ifndef HEAPCAST_VM_STRUCTS_H
#define HEAPCAST_VM_STRUCTS_H

#include <jni.h>
#include <stddef.h>
#include <stdint.h>

/* Once, before the others: finds libjvm also where a launcher has loaded it with RTLD_LOCAL. */
void vm_structs_init(JavaVM *vm);

/* Start of the JVM's performance counters, NULL without them (-XX:-UsePerfData, another JVM). After VMInit only. */
const unsigned char *vm_perf_memory(void);

/* The heap's reserved address range (Serial, Parallel, G1); 0 where it can't be told. After VMInit only. */
int vm_heap_range(uintptr_t *out_start, size_t *out_bytes);

/* The code cache's reserved address range; 0 where it can't be told. After VMInit only. */
int vm_code_range(uintptr_t *out_start, size_t *out_bytes);

#endif
