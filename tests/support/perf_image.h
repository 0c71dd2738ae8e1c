/* A JVM's counter memory as HotSpot lays it out (perfMemory.hpp, PerfDataPrologue and PerfDataEntry), built by hand. */
#ifndef HEAPCAST_TESTS_PERF_IMAGE_H
#define HEAPCAST_TESTS_PERF_IMAGE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct perf_image {
    _Alignas(8) unsigned char memory[16384];
    int32_t used, entries;
};

static void perf_image_put32(struct perf_image *image, int32_t at, int32_t value)
{
    memcpy(image->memory + at, &value, sizeof value);
}

__attribute__((unused)) static void perf_image_begin(struct perf_image *image)
{
    memset(image, 0, sizeof *image);
    memcpy(image->memory, "\xca\xfe\xc0\xc0\x01\x02\x00\x01", 8); /* magic, little endian, version 2.0, accessible */
    image->used = 32;
    perf_image_put32(image, 24, image->used);
}

/* Entries are padded so that data lies at a multiple of 8; returns where it lies. */
static unsigned char *perf_image_add(struct perf_image *image, const char *name, char type, int32_t vector,
                                     int32_t bytes)
{
    int32_t header = 20, name_at = header, data_at = (header + (int32_t)strlen(name) + 1 + 7) / 8 * 8,
            length = (data_at + bytes + 7) / 8 * 8, at = image->used;
    if ((size_t)(at + length) > sizeof image->memory)
        abort();
    perf_image_put32(image, at, length);
    perf_image_put32(image, at + 4, name_at);
    perf_image_put32(image, at + 8, vector);
    image->memory[at + 12] = (unsigned char)type;
    image->memory[at + 15] = 3;
    perf_image_put32(image, at + 16, data_at);
    memcpy(image->memory + at + name_at, name, strlen(name) + 1);
    image->used += length;
    perf_image_put32(image, 8, image->used);
    perf_image_put32(image, 28, ++image->entries);
    return image->memory + at + data_at;
}

__attribute__((unused)) static int64_t *perf_image_long(struct perf_image *image, const char *name, int64_t value)
{
    unsigned char *data = perf_image_add(image, name, 'J', 0, 8);
    memcpy(data, &value, sizeof value);
    return (int64_t *)(void *)data;
}

__attribute__((unused)) static char *perf_image_text(struct perf_image *image, const char *name, const char *value,
                                                     int32_t room)
{
    char *data = (char *)perf_image_add(image, name, 'B', room, room);
    snprintf(data, (size_t)room, "%s", value);
    return data;
}

/* What the agent needs of a JVM with G1, and pointers to change it with. */
struct perf_image_g1 {
    struct perf_image image;
    int64_t *eden, *survivor0, *survivor1, *old, *young, *full;
    char *cause, *last_cause;
};

__attribute__((unused)) static void perf_image_g1(struct perf_image_g1 *jvm)
{
    struct perf_image *i = &jvm->image;
    perf_image_begin(i);
    perf_image_text(i, "java.property.java.version", "17.0.15", 16);
    perf_image_long(i, "java.cls.loadedClasses", 1200);
    perf_image_long(i, "java.cls.unloadedClasses", 20);
    perf_image_long(i, "java.cls.sharedLoadedClasses", 450);
    perf_image_long(i, "java.cls.sharedUnloadedClasses", 1);
    jvm->cause = perf_image_text(i, "sun.gc.cause", "G1 Evacuation Pause", 64);
    jvm->last_cause = perf_image_text(i, "sun.gc.lastCause", "No GC", 64);
    perf_image_text(i, "sun.gc.collector.0.name", "G1 young collection pauses", 32);
    jvm->young = perf_image_long(i, "sun.gc.collector.0.invocations", 10);
    perf_image_text(i, "sun.gc.collector.1.name", "G1 full collection pauses", 32);
    jvm->full = perf_image_long(i, "sun.gc.collector.1.invocations", 1);
    perf_image_long(i, "sun.gc.generation.0.capacity", 60 << 20);
    perf_image_long(i, "sun.gc.generation.0.maxCapacity", 512 << 20);
    perf_image_long(i, "sun.gc.generation.0.space.0.capacity", 50 << 20);
    jvm->eden = perf_image_long(i, "sun.gc.generation.0.space.0.used", 48 << 20);
    perf_image_long(i, "sun.gc.generation.0.space.1.capacity", 8);
    perf_image_long(i, "sun.gc.generation.0.space.2.capacity", 4 << 20);
    jvm->survivor0 = perf_image_long(i, "sun.gc.generation.0.space.1.used", 0);
    jvm->survivor1 = perf_image_long(i, "sun.gc.generation.0.space.2.used", 3 << 20);
    perf_image_long(i, "sun.gc.generation.1.capacity", 200 << 20);
    perf_image_long(i, "sun.gc.generation.1.maxCapacity", 512 << 20);
    jvm->old = perf_image_long(i, "sun.gc.generation.1.space.0.used", 100 << 20);
    perf_image_long(i, "sun.gc.metaspace.used", 30 << 20);
    perf_image_long(i, "sun.gc.metaspace.capacity", 31 << 20);
}

#endif
