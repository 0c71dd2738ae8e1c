#include "agent/history_keeper.h"

#include "tests/support/cmocka_test.h"

#include "tests/support/scratch.h"

#include <sys/stat.h>

#define BEGIN_MS INT64_C(1700000000000)

static struct history_keeper keeper;
static struct hc_predictor *predictor;
static struct hc_error err;
static int64_t clock_ms;
static const char *said;

static void open_with(int on_disk)
{
    struct hc_policy policy;
    hc_policy_init(&policy);
    assert_int_equal(history_keeper_open(&keeper, in_scratch("dir"), "t", on_disk, &err), HC_OK);
    assert_int_equal(
        hc_predictor_new(hc_history_memory(keeper.history), hc_predictor_size(), &policy, &predictor, &err), HC_OK);
    struct hc_epoch epoch = {.start_ms = BEGIN_MS, .heap_max_bytes = 1000};
    assert_int_equal(hc_predictor_start(predictor, &epoch), HC_OK);
}

static int close_it(void **state)
{
    (void)state;
    hc_predictor_free(predictor);
    predictor = NULL;
    history_keeper_close(&keeper);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'/*", scratch);
    return system(command);
}

static int make_dir(void **state)
{
    (void)state;
    clock_ms = 1000000;
    return mkdir(in_scratch("dir"), 0755);
}

static void add_samples(unsigned n)
{
    static int64_t at;
    for (unsigned i = 0; i < n; i++) {
        struct hc_gc_sample s = {.end_time_ms = BEGIN_MS + ++at * 1000,
                                 .heap_used_after_bytes = 100,
                                 .heap_committed_bytes = 1000,
                                 .heap_max_bytes = 1000,
                                 .kind = HC_GC_YOUNG};
        assert_int_equal(hc_predictor_observe(predictor, &s), HC_OK);
    }
}

static void count_one(void *context, const struct hc_gc_sample *sample)
{
    (void)sample;
    ++*(unsigned *)context;
}

/* What somebody else reads in the file. */
static unsigned samples_on_disk(const char *name)
{
    struct hc_history *reader = NULL;
    struct hc_predictor *theirs = NULL;
    struct hc_policy policy;
    unsigned n = 0;
    hc_policy_init(&policy);
    if (hc_history_read(in_scratch(name), hc_predictor_size(), HC_SERIES_VERSION, &reader, &err) != HC_OK)
        return 0;
    assert_int_equal(hc_predictor_new(hc_history_memory(reader), hc_predictor_size(), &policy, &theirs, &err), HC_OK);
    hc_predictor_each_sample(theirs, count_one, &n);
    hc_predictor_free(theirs);
    hc_history_close(reader);
    return n;
}

static void one_round(void *context)
{
    (void)context;
    history_keeper_round(&keeper, predictor, clock_ms);
}

/* A round after so much time; what it said is in `said`. */
static void round_after(int64_t ms)
{
    clock_ms += ms;
    said = output_of(STDERR_FILENO, one_round, NULL);
}

static void once_a_second_what_changed_is_written(void **state)
{
    (void)state;
    open_with(1);
    add_samples(5);
    round_after(0);
    assert_int_equal(samples_on_disk("dir/heapcast-t.hc"), 5);
    add_samples(5);
    round_after(900);
    assert_int_equal(samples_on_disk("dir/heapcast-t.hc"), 5);
    round_after(100);
    assert_int_equal(samples_on_disk("dir/heapcast-t.hc"), 10);
    add_samples(1);
    history_keeper_write(&keeper, predictor, clock_ms);
    assert_int_equal(samples_on_disk("dir/heapcast-t.hc"), 11);
    assert_string_equal(said, "");
}

static void a_file_that_was_cut_short_is_whole_again_with_one_line(void **state)
{
    (void)state;
    open_with(1);
    add_samples(5);
    round_after(0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(truncate(in_scratch("dir/heapcast-t.hc"), 10), 0);
        add_samples(1);
        round_after(1000);
        assert_int_equal(samples_on_disk("dir/heapcast-t.hc"), 6 + i);
        if (i == 0)
            assert_contains(said, "heapcast-t.hc was removed or cut short; it is written anew from memory");
        else
            assert_string_equal(said, "");
    }
}

static void a_lost_directory_costs_two_lines_and_no_sample(void **state)
{
    (void)state;
    open_with(1);
    add_samples(5);
    round_after(0);
    assert_int_equal(rename(in_scratch("dir"), in_scratch("away")), 0);
    add_samples(5);
    round_after(1000);
    assert_contains(said, "error");
    assert_contains(said, "No such file or directory; the history goes on in memory, heapcast tries again every 10 s");
    for (int i = 0; i < 30; i++) {
        round_after(1000);
        assert_string_equal(said, "");
    }
    assert_int_equal(mkdir(in_scratch("dir"), 0755), 0);
    add_samples(5);
    for (int i = 0; i < 11 && samples_on_disk("dir/heapcast-t.hc") == 0; i++)
        round_after(1000);
    assert_contains(said, "heapcast-t.hc is written again");
    assert_int_equal(samples_on_disk("dir/heapcast-t.hc"), 15);
}

static void a_file_that_cannot_be_had_at_first_comes_later(void **state)
{
    (void)state;
    assert_int_equal(rmdir(in_scratch("dir")), 0);
    open_with(1);
    add_samples(7);
    round_after(0);
    assert_string_equal(said, ""); /* it was said when it was opened */
    assert_int_equal(mkdir(in_scratch("dir"), 0755), 0);
    round_after(10000);
    assert_contains(said, "is written again");
    assert_int_equal(samples_on_disk("dir/heapcast-t.hc"), 7);
}

static void without_a_history_nothing_is_written(void **state)
{
    (void)state;
    open_with(0);
    add_samples(5);
    round_after(0);
    assert_string_equal(said, "");
    assert_int_equal(rmdir(in_scratch("dir")), 0); /* it is empty */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, close_it)
    const struct CMUnitTest tests[] = {
        TEST(once_a_second_what_changed_is_written),
        TEST(a_file_that_was_cut_short_is_whole_again_with_one_line),
        TEST(a_lost_directory_costs_two_lines_and_no_sample),
        TEST(a_file_that_cannot_be_had_at_first_comes_later),
        TEST(without_a_history_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
