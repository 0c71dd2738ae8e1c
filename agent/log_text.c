#include "log_text.h"

#include <stddef.h>
#include <string.h>

const char *log_text_body(const char *line)
{
    while (*line == '[') {
        const char *end = strchr(line, ']');
        if (end == NULL)
            return line;
        line = end + 1;
    }
    line += strspn(line, " ");
    if (strncmp(line, "GC(", 3) == 0) {
        const char *end = strchr(line, ')');
        if (end != NULL)
            line = end + 1 + strspn(end + 1, " ");
    }
    return line;
}

const char *log_text_number(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (text == NULL)
        return NULL;
    text += strspn(text, " ");
    if (*text < '0' || *text > '9')
        return NULL;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (value >> 56 != 0)
            return NULL;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    *out = value;
    return text;
}

int64_t log_text_nanos(const char *line)
{
    while (*line == '[') {
        uint64_t value;
        const char *end = log_text_number(line + 1, &value);
        if (end != NULL && strncmp(end, "ns]", 3) == 0)
            return (int64_t)value;
        end = strchr(line, ']');
        if (end == NULL)
            return 0;
        line = end + 1;
    }
    return 0;
}

int64_t log_text_gc(const char *line)
{
    uint64_t value;
    const char *at = strstr(line, "GC(");
    const char *end = at != NULL ? log_text_number(at + 3, &value) : NULL;
    return end != NULL && *end == ')' ? (int64_t)value : -1;
}

const char *log_text_size(const char *text, uint64_t *out_bytes)
{
    uint64_t value;
    const char *end = log_text_number(text, &value);
    if (end == NULL || value >> 30 != 0)
        return NULL;
    unsigned shift = *end == 'B' ? 0 : *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 99;
    if (shift == 99)
        return NULL;
    *out_bytes = value << shift;
    return end + 1;
}

/* "24.05" after blanks, with at most nine digits after the point. Returns what follows it, or NULL. */
static const char *decimal(const char *text, double *out)
{
    uint64_t whole, part = 0;
    double scale = 1;
    const char *end = log_text_number(text, &whole);
    if (end == NULL)
        return NULL;
    if (*end == '.')
        for (end++; *end >= '0' && *end <= '9' && scale < 1e9; end++, scale *= 10)
            part = part * 10 + (uint64_t)(*end - '0');
    *out = (double)whole + (double)part / scale;
    return end;
}

int log_text_mib(const char *text, const char *key, double *out_bytes)
{
    double value;
    const char *at = strstr(text, key);
    const char *end = at != NULL ? decimal(at + strlen(key), &value) : NULL;
    if (end == NULL || strncmp(end, " MB", 3) != 0)
        return 0;
    *out_bytes = value * 1048576;
    return 1;
}

int log_text_duration_us(const char *line, uint64_t *out)
{
    double ms;
    size_t length = strlen(line);
    if (length < 3 || strcmp(line + length - 2, "ms") != 0)
        return 0;
    size_t at = length - 2;
    while (at > 0 && ((line[at - 1] >= '0' && line[at - 1] <= '9') || line[at - 1] == '.'))
        at--;
    const char *end = decimal(line + at, &ms);
    if (end == NULL || end != line + length - 2 || ms > 1e9)
        return 0;
    *out = (uint64_t)(ms * 1000 + 0.5);
    return 1;
}

int log_text_pause(const char *line, struct log_pause *out)
{
    struct log_pause p;
    const char *arrow = strstr(line, "->");
    if (arrow == NULL || arrow == line)
        return 0;
    const char *from = arrow - 1; /* the unit; before it digits */
    while (from > line && from[-1] >= '0' && from[-1] <= '9')
        from--;
    if (log_text_size(from, &p.used_before_bytes) != arrow || !log_text_duration_us(line, &p.pause_us))
        return 0;
    const char *after = log_text_size(arrow + 2, &p.used_after_bytes);
    if (after == NULL)
        return 0;
    if (*after != '(' || log_text_size(after + 1, &p.committed_bytes) == NULL)
        p.committed_bytes = 0;
    *out = p;
    return 1;
}
