/* The recommendation file. What is read is written, read and written again: the same text. */
#include "fuzz.h"

#include <heapcast/recommendation_json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hc_recommendation first, second;
    struct hc_subject subject, again;
    struct hc_error err = {.text = ""};
    char *text = fuzz_text(data, size), *printed = NULL, *reprinted = NULL;
    if (hc_recommendation_parse(text, &first, &subject, &err) != HC_OK) {
        CHECK(err.text[0] != '\0');
    } else if (hc_recommendation_print(&first, &subject, &printed, &err) == HC_OK) {
        CHECK(hc_recommendation_parse(printed, &second, &again, &err) == HC_OK);
        CHECK(hc_recommendation_print(&second, &again, &reprinted, &err) == HC_OK);
        CHECK(strcmp(printed, reprinted) == 0);
    }
    free(printed);
    free(reprinted);
    free(text);
    return 0;
}
