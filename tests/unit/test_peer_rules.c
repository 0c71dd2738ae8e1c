/* The peers' rules on curves whose answers are known on paper; against their own code: tests/integration/cli_peers.py.
 */
#include <heapcast/peer_rules.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)
#define MINUTE_MS INT64_C(60000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define BEGIN_MS INT64_C(946684800000)

static struct hc_peer_rules *rules;

static int set_up(void **state)
{
    (void)state;
    return hc_peer_rules_new(&rules, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    hc_peer_rules_free(rules);
    return 0;
}

static void look(int64_t minute, uint64_t used, uint64_t after)
{
    hc_peer_rules_look(rules, &(struct hc_peer_look){BEGIN_MS + minute * MINUTE_MS, used, after});
}

static void test_nothing_seen(void **state)
{
    (void)state;
    const struct hc_peer_room room = {0.9, 0, 512 * MIB};
    for (int peer = 0; peer < HC_PEERS; peer++) {
        assert_int_equal(hc_peer_rules_number(rules, (enum hc_peer)peer), 0);
        assert_int_equal(hc_peer_rules_heap(rules, (enum hc_peer)peer, &room), 0);
    }
}

/* 16 polls count, the 17th back is out. */
static void test_operator_takes_a_mean_of_fifteen_minutes(void **state)
{
    (void)state;
    look(0, 9000 * MIB, MIB);
    for (int minute = 1; minute <= 16; minute++)
        look(minute, (uint64_t)(minute % 2 ? 100 : 300) * MIB, MIB);
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_OPERATOR), 240 * MIB);
    look(60, 100 * MIB, MIB); /* after a gap it stands alone */
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_OPERATOR), 120 * MIB);
}

/* Bucket n of VPA begins at 10 MB x (1.05^n - 1) / 0.05. */
static double bucket_end(double bytes)
{
    double edge = 0, width = 1e7;
    for (; edge <= bytes; width *= 1.05)
        edge += width;
    return edge;
}

/* Weights of days from the newest: 1, 1/2, 1/4; the newest alone is more than half, two of three are 6/7 < 0.9. */
static void test_vpa_takes_the_peaks_of_days(void **state)
{
    (void)state;
    static const uint64_t days[] = {400, 100, 100};
    for (int minute = 0; minute < 3 * 1440; minute++)
        look(minute, 0, (minute % 1440 == 700 ? days[minute / 1440] : 50) * MIB);
    double end = bucket_end(400.0 * (double)MIB);
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_VPA), (uint64_t)((double)(uint64_t)end * 1.15));
    for (int minute = 3 * 1440; minute < 4 * 1440; minute++)
        look(minute, 0, 100 * MIB); /* now 14/15 of the weight is at 100 MiB */
    end = bucket_end(100.0 * (double)MIB);
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_VPA), (uint64_t)((double)(uint64_t)end * 1.15));
}

static void test_autopilot_forgets_after_seven_days(void **state)
{
    (void)state;
    for (int minute = 0; minute <= 10; minute++)
        look(minute, 0, 500 * MIB);
    for (int minute = 11; minute < 6 * 1440; minute++)
        look(minute, 0, 200 * MIB);
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_AUTOPILOT_MAX), (uint64_t)(1.10 * 500.0 * (double)MIB));
    for (int minute = 6 * 1440; minute < 7 * 1440 + 120; minute++)
        look(minute, 0, 200 * MIB);
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_AUTOPILOT_MAX), (uint64_t)(1.10 * 200.0 * (double)MIB));
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_STATIC_MAX), 600 * MIB); /* never forgets */
    uint64_t p98 = hc_peer_rules_number(rules, HC_PEER_AUTOPILOT_P98);
    assert_in_range(p98, (uint64_t)(1.15 * 200.0 * (double)MIB), (uint64_t)(1.15 * 1.05 * 200.0 * (double)MIB));
}

static struct hc_gc_sample collection(int64_t minute, uint64_t before, uint64_t after)
{
    return (struct hc_gc_sample){.end_time_ms = BEGIN_MS + minute * MINUTE_MS,
                                 .heap_used_before_bytes = before,
                                 .heap_used_after_bytes = after,
                                 .heap_committed_bytes = 1000 * MIB,
                                 .heap_max_bytes = 1000 * MIB,
                                 .allocated_bytes = 160 * MIB,
                                 .kind = HC_GC_YOUNG};
}

/* From 100 to 260 MiB in 16 minutes, again and again: a look each minute, 100, 110, … 250; their mean is 175. */
static void test_collections_become_looks(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        struct hc_gc_sample sample = collection(16 * i, i % 2 ? HC_BYTES_UNKNOWN : 260 * MIB, 100 * MIB);
        hc_peer_rules_observe(rules, &sample);
        struct hc_gc_sample pause = collection(16 * i, 900 * MIB, 900 * MIB);
        pause.kind = HC_GC_PAUSE; /* moves nothing, tells nothing */
        hc_peer_rules_observe(rules, &pause);
    }
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_OPERATOR), 210 * MIB);
    /* the next collection is late: the curve goes on rising, up to what is committed */
    hc_peer_rules_advance(rules, BEGIN_MS + (16 * 9 + 15) * MINUTE_MS);
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_OPERATOR), 210 * MIB);
    hc_peer_rules_advance(rules, BEGIN_MS + 16 * 30 * MINUTE_MS);
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_OPERATOR), 1200 * MIB);
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_STATIC_MAX), 120 * MIB);
}

/* Between two JVMs nobody knows what is in use. */
static void test_restart(void **state)
{
    (void)state;
    struct hc_gc_sample last = collection(0, 200 * MIB, 100 * MIB), first = collection(20, 50 * MIB, 10 * MIB);
    hc_peer_rules_observe(rules, &last);
    hc_peer_rules_advance(rules, last.end_time_ms);
    hc_peer_rules_restart(rules);
    hc_peer_rules_advance(rules, first.end_time_ms - MINUTE_MS);
    hc_peer_rules_observe(rules, &first);
    hc_peer_rules_advance(rules, first.end_time_ms);
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_OPERATOR), 12 * MIB);
    assert_int_equal(hc_peer_rules_number(rules, HC_PEER_STATIC_MAX), 120 * MIB);
}

static void test_heap_leaves_room_for_collections(void **state)
{
    (void)state;
    look(0, 100 * MIB, 90 * MIB);
    const struct hc_peer_room little = {0.9, 5 * MIB, 1000 * MIB}, much = {0.9, 200 * MIB, 1000 * MIB},
                              small = {0.9, 0, 64 * MIB};
    assert_int_equal(hc_peer_rules_heap(rules, HC_PEER_OPERATOR, &much), 120 * MIB); /* its number is a heap */
    assert_int_equal(hc_peer_rules_heap(rules, HC_PEER_STATIC_MAX, &little), 120 * MIB);
    assert_int_equal(hc_peer_rules_heap(rules, HC_PEER_STATIC_MAX, &much), 308 * MIB);
    assert_int_equal(hc_peer_rules_heap(rules, HC_PEER_STATIC_MAX, &small), 64 * MIB);
}

static void test_names(void **state)
{
    (void)state;
    enum hc_peer peer;
    for (int i = 0; i < HC_PEERS; i++) {
        assert_true(hc_peer_parse(hc_peer_name((enum hc_peer)i), &peer));
        assert_int_equal(peer, i);
    }
    assert_false(hc_peer_parse("oracle", &peer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_operator_takes_a_mean_of_fifteen_minutes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_vpa_takes_the_peaks_of_days, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_autopilot_forgets_after_seven_days, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_collections_become_looks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_heap_leaves_room_for_collections, set_up, tear_down),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
