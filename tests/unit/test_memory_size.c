#include <heapcast/memory_size.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What MemorySize of Flink 1.10.3 to 2.3.0 answered (tests/oracle): bytes, toString and toHumanReadableString, or,
 * where `plain` is NULL, the message with which it refused. */
static const struct {
    const char *text;
    uint64_t bytes;
    const char *plain, *human;
} recorded[] = {
    {"1099511627777b", 1099511627777u, "1099511627777 bytes", "1.000tb (1099511627777 bytes)"},
    {"890523766286443 bytes", 890523766286443u, "890523766286443 bytes", "809.927tb (890523766286443 bytes)"},
    {"1.5g", 0, NULL,
     "Memory size unit '.5g' does not match any of the recognized units: (b | bytes) / (k | kb | kibibytes) / (m | mb "
     "| mebibytes) / (g | gb | gibibytes) / (t | tb | tebibytes)"},
    {"24826265", 24826265u, "24826265 bytes", "23.676mb (24826265 bytes)"},
    {"839872 bytes", 839872u, "839872 bytes", "820.188kb (839872 bytes)"},
    {"1e3m", 0, NULL,
     "Memory size unit 'e3m' does not match any of the recognized units: (b | bytes) / (k | kb | kibibytes) / (m | mb "
     "| mebibytes) / (g | gb | gibibytes) / (t | tb | tebibytes)"},
    {"117212865681b", 117212865681u, "117212865681 bytes", "109.163gb (117212865681 bytes)"},
    {"8388608t", 0, NULL, "The value '8388608t' cannot be re represented as 64bit number of bytes (numeric overflow)."},
    {"26618B", 26618u, "26618 bytes", "25.994kb (26618 bytes)"},
    {"1g ;", 0, NULL,
     "Memory size unit 'g ;' does not match any of the recognized units: (b | bytes) / (k | kb | kibibytes) / (m | mb "
     "| mebibytes) / (g | gb | gibibytes) / (t | tb | tebibytes)"},
    {"1 K\304\260B", 0, NULL,
     "Memory size unit 'ki\314\207b' does not match any of the recognized units: (b | bytes) / (k | kb | kibibytes) / "
     "(m | mb | mebibytes) / (g | gb | gibibytes) / (t | tb | tebibytes)"},
    {"8388608k", 8589934592u, "8 gb", "8.000gb (8589934592 bytes)"},
    {" 82027028661506043 b ", 82027028661506043u, "82027028661506043 bytes", "74603.148tb (82027028661506043 bytes)"},
    {"0b", 0u, "0 bytes", "0 bytes"},
    {"1KB", 1024u, "1 kb", "1024 bytes"},
    {"", 0, NULL, "argument is an empty- or whitespace-only string"},
    {"007m", 7340032u, "7 mb", "7.000mb (7340032 bytes)"},
    {"g1", 0, NULL, "text does not start with a number"},
    {"60825802", 60825802u, "60825802 bytes", "58.008mb (60825802 bytes)"},
    {"100MiB", 0, NULL,
     "Memory size unit 'mib' does not match any of the recognized units: (b | bytes) / (k | kb | kibibytes) / (m | mb "
     "| mebibytes) / (g | gb | gibibytes) / (t | tb | tebibytes)"},
    {"730109147013130 bytes", 730109147013130u, "730109147013130 bytes", "664.030tb (730109147013130 bytes)"},
    {"3874426453074b", 3874426453074u, "3874426453074 bytes", "3.524tb (3874426453074 bytes)"},
    {"9223372036854775807", 9223372036854775807u, "9223372036854775807 bytes",
     "8388608.000tb (9223372036854775807 bytes)"},
    {"9223372036854775808", 0, NULL,
     "The value '9223372036854775808' cannot be re represented as 64bit number (numeric overflow)."},
    {"1024M", 1073741824u, "1 gb", "1024.000mb (1073741824 bytes)"},
    {"1818296320 bytes", 1818296320u, "1775680 kb", "1.693gb (1818296320 bytes)"},
    {"10769599187582b", 10769599187582u, "10769599187582 bytes", "9.795tb (10769599187582 bytes)"},
    {" 1681621 b ", 1681621u, "1681621 bytes", "1.604mb (1681621 bytes)"},
    {"\331\241m", 0, NULL, "text does not start with a number"},
    {"-1m", 0, NULL, "text does not start with a number"},
    {"8796093022919 bytes", 8796093022919u, "8796093022919 bytes", "8.000tb (8796093022919 bytes)"},
    {"1pb", 0, NULL,
     "Memory size unit 'pb' does not match any of the recognized units: (b | bytes) / (k | kb | kibibytes) / (m | mb | "
     "mebibytes) / (g | gb | gibibytes) / (t | tb | tebibytes)"},
    {"172582541909271 bytes", 172582541909271u, "172582541909271 bytes", "156.963tb (172582541909271 bytes)"},
    {"17179033248B", 17179033248u, "17179033248 bytes", "15.999gb (17179033248 bytes)"},
    {"33551122B", 33551122u, "33551122 bytes", "31.997mb (33551122 bytes)"},
    {"1086 mb", 1138753536u, "1086 mb", "1.061gb (1138753536 bytes)"},
    {"1099511921426", 1099511921426u, "1099511921426 bytes", "1.000tb (1099511921426 bytes)"},
    {"61865985 bytes", 61865985u, "61865985 bytes", "59.000mb (61865985 bytes)"},
    {"null", 0, NULL, "text does not start with a number"},
    {"1_000m", 0, NULL,
     "Memory size unit '_000m' does not match any of the recognized units: (b | bytes) / (k | kb | kibibytes) / (m | "
     "mb | mebibytes) / (g | gb | gibibytes) / (t | tb | tebibytes)"},
    {"1741682065 bytes", 1741682065u, "1741682065 bytes", "1.622gb (1741682065 bytes)"},
    {"1\302\240g", 0, NULL,
     "Memory size unit '\302\240g' does not match any of the recognized units: (b | bytes) / (k | kb | kibibytes) / (m "
     "| mb | "
     "mebibytes) / (g | gb | gibibytes) / (t | tb | tebibytes)"},
    {"1\tg", 1073741824, "1 gb", "1024.000mb (1073741824 bytes)"},
    {"8388607t", 9223370937343148032u, "9223370937343148032 bytes", "8388607.000tb (9223370937343148032 bytes)"},
    /* half up on the shortest decimal form: printf would give 1.062 */
    {"1088", 1088, "1088 bytes", "1.063kb (1088 bytes)"},
    /* the Kelvin sign is a K */
    {"3\u212a", 3072, "3 kb", "3.000kb (3072 bytes)"},
    {"1\u0414", 0, NULL,
     "Memory size unit '\u0434' does not match any of the recognized units: (b | bytes) / (k | kb | kibibytes) / (m | "
     "mb "
     "| mebibytes) / (g | gb | gibibytes) / (t | tb | tebibytes)"},
};

static void test_recorded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof recorded / sizeof recorded[0]; i++) {
        struct hc_error err;
        char text[HC_MEMORY_SIZE_TEXT];
        uint64_t bytes = 4711;
        enum hc_status status = hc_memory_size_parse(recorded[i].text, &bytes, &err);
        if (recorded[i].plain == NULL) {
            assert_int_equal(status, HC_EPARSE);
            assert_string_equal(err.text, recorded[i].human);
            assert_int_equal(bytes, 4711); /* untouched */
            continue;
        }
        assert_int_equal(status, HC_OK);
        assert_int_equal(bytes, recorded[i].bytes);
        assert_string_equal(hc_memory_size_plain(bytes, text), recorded[i].plain);
        assert_string_equal(hc_memory_size_human(bytes, text), recorded[i].human);
    }
}

static void test_no_error_wanted(void **state)
{
    uint64_t bytes;
    (void)state;
    assert_int_equal(hc_memory_size_parse("x", &bytes, NULL), HC_EPARSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_recorded), cmocka_unit_test(test_no_error_wanted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
