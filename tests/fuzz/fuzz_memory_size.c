/* Sizes as users write them. What is read is written again and read back. */
#include "fuzz.h"

#include <heapcast/memory_size.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), plain[HC_MEMORY_SIZE_TEXT], human[HC_MEMORY_SIZE_TEXT];
    struct hc_error err = {.text = ""};
    uint64_t bytes = 4711, again;
    if (hc_memory_size_parse(text, &bytes, &err) == HC_OK) {
        CHECK(bytes <= INT64_MAX);
        CHECK(hc_memory_size_parse(hc_memory_size_plain(bytes, plain), &again, NULL) == HC_OK && again == bytes);
        CHECK(strlen(hc_memory_size_human(bytes, human)) > 0);
    } else {
        CHECK(bytes == 4711 && err.text[0] != '\0');
    }
    free(text);
    return 0;
}
