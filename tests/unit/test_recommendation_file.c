#include "tests/support/cmocka_test.h"

#include "cli/recommendation_file.h"
#include "tests/support/scratch.h"

#define GOOD                                                                                                           \
    "{\"format\":\"heapcast.recommendation\",\"format_version\":1,\"subject\":{\"name\":\"tm-1\"},"                    \
    "\"recommendation\":{\"verdict\":\"keep\",\"heap_bytes\":1048576}}\n"

static struct hc_recommendation r;
static struct hc_subject s;
static struct hc_error err;

static void a_file_is_loaded(void **state)
{
    (void)state;
    write_text(in_scratch("r.json"), GOOD, strlen(GOOD));
    assert_int_equal(hc_recommendation_load(in_scratch("r.json"), &r, &s, &err), HC_OK);
    assert_int_equal(r.heap_bytes, 1048576);
    assert_string_equal(s.name, "tm-1");
}

static void what_is_wrong_with_a_file_is_told(void **state)
{
    (void)state;
    assert_int_equal(hc_recommendation_load(in_scratch("none"), &r, &s, &err), HC_EIO);
    assert_contains(err.text, "No such file");
    write_text(in_scratch("torn.json"), GOOD, strlen(GOOD) / 2);
    assert_int_equal(hc_recommendation_load(in_scratch("torn.json"), &r, &s, &err), HC_EPARSE);
    assert_int_equal(err.line, 1);
    int fd = open(in_scratch("big.json"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, 5 << 20), 0);
    close(fd);
    assert_int_equal(hc_recommendation_load(in_scratch("big.json"), &r, &s, &err), HC_EINVAL);
    assert_contains(err.text, "is it the right file?");
}

static char seen[1024];
static int stop_after;

static int note(void *context, const char *path)
{
    assert_ptr_equal(context, seen);
    const char *part = strncmp(path, scratch, strlen(scratch)) == 0 ? path + strlen(scratch) + 1 : path;
    size_t used = strlen(seen);
    snprintf(seen + used, sizeof seen - used, "%s ", part);
    return --stop_after == 0;
}

static enum hc_status search(const char *path)
{
    seen[0] = '\0';
    stop_after = 100;
    return hc_recommendation_files(path, note, seen, &err);
}

static void make_tree(void)
{
    mkdir(in_scratch("log"), 0700);
    mkdir(in_scratch("log/b"), 0700);
    mkdir(in_scratch("log/none"), 0700);
    const char *const files[] = {"log/heapcast-z.json",   "log/heapcast-a.json",   "log/heapcast-a.hc",
                                 "log/other.json",        "log/b/heapcast-m.json", "log/heapcast-a.json.tmp",
                                 "log/heapcast-tm.x.json"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        write_text(in_scratch(files[i]), GOOD, strlen(GOOD));
    /* whatever has the name but is no file is not taken */
    mkdir(in_scratch("log/heapcast-dir.json"), 0700);
}

static void a_directory_is_searched_in_order(void **state)
{
    (void)state;
    make_tree();
    assert_int_equal(search(in_scratch("log")), HC_OK);
    assert_string_equal(seen, "log/b/heapcast-m.json log/heapcast-a.json log/heapcast-tm.x.json log/heapcast-z.json ");
    stop_after = 2;
    seen[0] = '\0';
    assert_int_equal(hc_recommendation_files(in_scratch("log"), note, seen, &err), HC_OK);
    assert_string_equal(seen, "log/b/heapcast-m.json log/heapcast-a.json ");
}

static void a_link_to_a_directory_is_searched_too(void **state)
{
    (void)state;
    assert_int_equal(symlink("log", in_scratch("current")), 0);
    assert_int_equal(search(in_scratch("current")), HC_OK);
    assert_contains(seen, "current/heapcast-a.json");
}

static void a_directory_without_any_is_too_little_data(void **state)
{
    (void)state;
    assert_int_equal(search(in_scratch("log/none")), HC_ENODATA);
    assert_contains(err.text, "no heapcast-*.json");
    assert_string_equal(seen, "");
}

static void a_file_or_dash_is_taken_whatever_its_name(void **state)
{
    (void)state;
    assert_int_equal(search(in_scratch("log/other.json")), HC_OK);
    assert_string_equal(seen, "log/other.json ");
    assert_int_equal(search("-"), HC_OK);
    assert_string_equal(seen, "- ");
    assert_int_equal(search(in_scratch("log/missing.json")), HC_EIO);
    assert_contains(err.text, "No such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_loaded),
        cmocka_unit_test(what_is_wrong_with_a_file_is_told),
        cmocka_unit_test(a_directory_is_searched_in_order),
        cmocka_unit_test(a_link_to_a_directory_is_searched_too),
        cmocka_unit_test(a_directory_without_any_is_too_little_data),
        cmocka_unit_test(a_file_or_dash_is_taken_whatever_its_name),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
