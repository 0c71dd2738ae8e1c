/* The JobManager's resolution: the heap exactly, in every way in, on random configurations. */
#include <heapcast/flink_conf.h>
#include <heapcast/resolver.h>

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)
#define JM "jobmanager.memory."

enum { ROUNDS = 2000 };

static uint64_t random_state = 11;

static unsigned below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state % limit);
}

static void set(struct hc_flink_options *options, const char *key, unsigned low_mib, unsigned range_mib)
{
    char text[40];
    if (below(2) == 0)
        snprintf(text, sizeof text, "%um", low_mib + below(range_mib));
    else
        snprintf(text, sizeof text, "%" PRIu64, (low_mib + below(range_mib)) * MIB + below((unsigned)MIB));
    assert_int_equal(hc_flink_options_set(options, key, text), HC_OK);
}

static struct hc_recommendation random_recommendation(void)
{
    struct hc_recommendation r = {.verdict = below(5) == 0 ? HC_VERDICT_KEEP : HC_VERDICT_SHRINK,
                                  .heap_bytes = (40 + below(3000)) * MIB + below((unsigned)MIB),
                                  .lower_bound_bytes = HC_BYTES_UNKNOWN};
    struct hc_advice *parts[] = {&r.off_heap.metaspace, &r.off_heap.direct, &r.off_heap.overhead};
    for (size_t i = 0; i < 3; i++) {
        uint64_t max = below(3) == 0 ? HC_BYTES_UNKNOWN : (10 + below(200)) * MIB + below(99);
        *parts[i] = (struct hc_advice){max, max, max, max == HC_BYTES_UNKNOWN ? max : max / 4 * 5};
    }
    return r;
}

static struct hc_flink_options *random_options(void)
{
    struct hc_flink_options *options = hc_flink_options_new();
    switch (below(5)) {
    case 0:
        set(options, JM "heap.size", 200, 2000);
        break;
    case 1:
        set(options, JM "flink.size", 400, 3000);
        break;
    case 2:
        set(options, "jobmanager.heap.size", 400, 3000);
        break;
    default:
        set(options, JM "process.size", 1200, 5000);
    }
    if (below(3) == 0)
        set(options, JM "off-heap.size", 20, 200);
    if (below(3) == 0)
        set(options, JM "jvm-metaspace.size", 60, 400);
    if (below(3) == 0)
        set(options, JM "jvm-overhead.min", 10, 150);
    if (below(3) == 0)
        assert_int_equal(hc_flink_options_set(options, JM "jvm-overhead.fraction", "0.23"), HC_OK);
    return options;
}

static bool round_of(void)
{
    static const struct hc_flink_version versions[] = {{1, 11}, {1, 13}, {1, 20}, {2, 3}};
    const struct hc_flink_target target = {versions[below(4)],
                                           below(2) ? HC_DEPLOYMENT_CONTAINER : HC_DEPLOYMENT_STANDALONE, NULL};
    struct hc_jobmanager_spec before, spec;
    struct hc_resolution out, again;
    struct hc_error err = {.text = ""};
    struct hc_flink_options *options = random_options();
    struct hc_recommendation r = random_recommendation();
    struct hc_resolve_policy policy = {0};
    if (below(3) == 0)
        policy.limits.min_bytes = (1000 + below(2000)) * MIB;
    bool valid = hc_jobmanager_spec_derive(options, target, &before, NULL, NULL) == HC_OK;
    if (valid) {
        enum hc_status status = hc_resolve_jobmanager(options, target, &r, &policy, &out, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(status, HC_OK);
        assert_int_equal(hc_jobmanager_spec_derive(out.options, target, &spec, NULL, NULL), HC_OK);
        assert_true(hc_jobmanager_spec_equal(&spec, &out.manager_after));
        uint64_t heap = r.verdict == HC_VERDICT_KEEP ? before.jvm_heap_bytes : r.heap_bytes;
        if (out.note_count == 0)
            assert_int_equal(spec.jvm_heap_bytes, heap);
        else
            assert_true(spec.jvm_heap_bytes > heap && spec.total_process_bytes + MIB > policy.limits.min_bytes);
        if (r.verdict != HC_VERDICT_KEEP && policy.limits.min_bytes == 0) {
            assert_int_equal(hc_resolve_jobmanager(out.options, target, &r, &policy, &again, &err), HC_OK);
            assert_int_equal(again.change_count, 0);
            hc_resolution_release(&again);
        }
        hc_resolution_release(&out);
    }
    hc_flink_options_free(options);
    return valid;
}

static void test_random(void **state)
{
    (void)state;
    for (unsigned valid = 0; valid < ROUNDS;)
        valid += round_of();
}

static void test_style_is_kept(void **state)
{
    (void)state;
    static const char conf[] = "jobmanager.memory.process.size: 1600m\n";
    struct hc_error err;
    struct hc_resolution out;
    struct hc_recommendation r = {.verdict = HC_VERDICT_SHRINK, .heap_bytes = 300 * MIB};
    r.lower_bound_bytes = HC_BYTES_UNKNOWN;
    r.off_heap.metaspace = r.off_heap.direct = r.off_heap.overhead =
        (struct hc_advice){HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN};
    struct hc_flink_options *options = hc_flink_options_new();
    assert_int_equal(hc_flink_conf_parse(conf, sizeof conf - 1, options, &err), HC_OK);
    assert_int_equal(hc_resolve_jobmanager(options, (struct hc_flink_target){{1, 20}, HC_DEPLOYMENT_STANDALONE, NULL},
                                           &r, &(struct hc_resolve_policy){0}, &out, &err),
                     HC_OK);
    assert_int_equal(out.change_count, 1);
    assert_string_equal(out.changes[0].key, JM "process.size");
    assert_string_equal(out.changes[0].new_value, "876m"); /* 300 + 128 + 256 + 192 */
    hc_resolution_release(&out);
    hc_flink_options_free(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_style_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
