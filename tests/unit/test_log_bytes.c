#include "tests/support/cmocka_test.h"

#include "records/log_bytes.h"
#include "tests/support/scratch.h"

#include <dlfcn.h>

/* "one\n" and "two\n", packed by gzip -n. */
static const unsigned char one[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0xcf,
                                    0x4b, 0xe5, 0x02, 0x00, 0x9f, 0xa8, 0x17, 0xf8, 0x04, 0x00, 0x00, 0x00};
static const unsigned char two[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x2b, 0x29,
                                    0xcf, 0xe7, 0x02, 0x00, 0x74, 0x08, 0x17, 0x96, 0x04, 0x00, 0x00, 0x00};

static int no_zlib(void)
{
    return dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL) == NULL && dlopen("libz.so", RTLD_NOW | RTLD_LOCAL) == NULL;
}

/* All of it, read `step` bytes at a time; or the status that ended it. */
static enum hc_status all_of(const char *path, size_t step, char *out, size_t room, struct hc_error *err)
{
    struct log_bytes *bytes = NULL;
    size_t length = 0, got = 1;
    enum hc_status status = log_bytes_open(path, &bytes, err);
    while (status == HC_OK && got > 0 && length + step < room) {
        status = log_bytes_read(bytes, out + length, step, &got, err);
        length += status == HC_OK ? got : 0;
    }
    out[length] = '\0';
    log_bytes_close(bytes);
    return status;
}

static void plain(void **state)
{
    (void)state;
    char text[64];
    write_text(in_scratch("plain"), "abc\ndef", 7);
    assert_int_equal(all_of(in_scratch("plain"), 2, text, sizeof text, NULL), HC_OK);
    assert_string_equal(text, "abc\ndef");
    write_text(in_scratch("empty"), "", 0);
    assert_int_equal(all_of(in_scratch("empty"), 2, text, sizeof text, NULL), HC_OK);
    assert_string_equal(text, "");
}

static void packed(void **state)
{
    (void)state;
    char text[64];
    unsigned char both[sizeof one + sizeof two];
    if (no_zlib()) {
        print_message("skip: libz.so.1\n");
        skip();
    }
    memcpy(both, one, sizeof one);
    memcpy(both + sizeof one, two, sizeof two);
    write_text(in_scratch("both.gz"), both, sizeof both);
    for (size_t step = 1; step < 10; step++) {
        assert_int_equal(all_of(in_scratch("both.gz"), step, text, sizeof text, NULL), HC_OK);
        assert_string_equal(text, "one\ntwo\n");
    }
}

static void damaged(void **state)
{
    (void)state;
    char text[64];
    struct hc_error err;
    unsigned char bad[sizeof one];
    if (no_zlib()) {
        print_message("skip: libz.so.1\n");
        skip();
    }
    write_text(in_scratch("cut.gz"), one, sizeof one - 9);
    assert_int_equal(all_of(in_scratch("cut.gz"), 16, text, sizeof text, &err), HC_EPARSE);
    assert_contains(err.text, "ends in the middle");
    memcpy(bad, one, sizeof one);
    bad[11] ^= 0x55;
    write_text(in_scratch("bad.gz"), bad, sizeof bad);
    assert_int_equal(all_of(in_scratch("bad.gz"), 16, text, sizeof text, &err), HC_EPARSE);
    assert_contains(err.text, "damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plain), cmocka_unit_test(packed), cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
