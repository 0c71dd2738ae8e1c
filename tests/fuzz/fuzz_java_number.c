/* Numbers as Java reads them, and lists of names. A double that is written is read back as itself. */
#include "fuzz.h"

#include "resolver/java_number.h"
#include "resolver/option_list.h"

#include <math.h>

static void check_double(double value)
{
    char text[HC_JAVA_DOUBLE_TEXT];
    double again = 0;
    CHECK(hc_java_double_parse(hc_java_double_text(value, text), &again, NULL) == HC_OK);
    CHECK(isnan(value) ? isnan(again) : value == again);
    if (value > 0 && !isinf(value))
        CHECK(hc_decimal_double(hc_decimal_shortest(value)) == value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct hc_error err = {.text = ""};
    struct hc_option_list list;
    double wide;
    float narrow;
    int32_t small;
    int64_t large;
    bool yes;
    if (hc_java_double_parse(text, &wide, &err) == HC_OK)
        check_double(wide);
    else
        CHECK(err.text[0] != '\0' && hc_java_float_parse(text, &narrow, NULL) != HC_OK);
    if (hc_java_float_parse(text, &narrow, &err) == HC_OK)
        check_double((double)narrow);
    if (hc_java_int_parse(text, &small, &err) == HC_OK)
        CHECK(hc_java_long_parse(text, &large, &err) == HC_OK && large == small);
    hc_java_boolean_parse(text, &yes);
    for (int yaml = 0; yaml < 2; yaml++)
        if (hc_option_list_read(text, yaml != 0, &list, &err) == HC_OK)
            for (unsigned i = 0; i < list.count; i++)
                CHECK(strlen(list.each[i]) < HC_LIST_TEXT);
    if (size == sizeof wide) {
        memcpy(&wide, data, sizeof wide);
        check_double(wide);
    }
    free(text);
    return 0;
}
