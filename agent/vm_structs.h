/*
 * The one private thing of HotSpot that we read: gHotSpotVMStructs and gHotSpotVMTypes, the tables that libjvm exports
 * for the serviceability agent. What is taken from them is present and equal in JDK 11 to 25:
 * PerfMemory::_start, the reserved range of the heap, that of the code cache, and the values of the JVM's flags.
 */
#ifndef HEAPCAST_VM_STRUCTS_H
#define HEAPCAST_VM_STRUCTS_H

#include <heapcast/gc_sample.h>

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

/* The flags as they are in force, after the JVM has chosen what the user left open. After VMInit only. */
enum hc_collector vm_collector(void); /* HC_COLLECTOR_UNKNOWN where no flag tells */
uint64_t vm_max_heap_bytes(void);     /* -Xmx; HC_BYTES_UNKNOWN where it can't be told */
int vm_has_generations(void);         /* of ZGC and Shenandoah: 1 if this JVM runs them with generations */

#endif
