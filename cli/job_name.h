/* The job, or cluster, that the name of a JVM shows. */
#ifndef HEAPCAST_JOB_NAME_H
#define HEAPCAST_JOB_NAME_H

#include <stddef.h>

/*
 * "wordcount" of "wordcount-taskmanager-1-2" and "wordcount-jobmanager", as Flink names its pods;
 * "application_1700000000000_0042" of "container_e17_1700000000000_0042_01_000003", as YARN does. Empty where the name
 * shows none. Returns out.
 */
char *hc_job_name(const char *name, char *out, size_t size);

#endif
