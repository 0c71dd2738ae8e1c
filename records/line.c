#include <heapcast/line.h>

#include <stdlib.h>
#include <string.h>

enum hc_status hc_line_end(char *text, const char *what, char **out, struct hc_error *err)
{
    size_t length = text == NULL ? 0 : strlen(text);
    char *line = text == NULL ? NULL : realloc(text, length + 2);
    if (line == NULL) {
        free(text);
        return hc_fail(err, HC_ENOMEM, 0, "no memory for %s", what);
    }
    memcpy(line + length, "\n", 2);
    *out = line;
    return HC_OK;
}
