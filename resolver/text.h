/* A text that grows. After memory ran out it stays as it was and `failed` is set, to be asked once at the end. */
#ifndef HC_TEXT_H
#define HC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct hc_text {
    char *data; /* NUL-terminated once something was added; owned by whoever takes it */
    size_t length, room;
    bool failed;
};

void hc_text_add(struct hc_text *text, const char *bytes, size_t length);
__attribute__((format(printf, 2, 3))) void hc_text_print(struct hc_text *text, const char *format, ...);

#endif
