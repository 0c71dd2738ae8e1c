/* Several TaskManagers, one configuration: the worst of each part, and whose it was. */
#include <heapcast/fleet.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)

static struct hc_recommendation sized(enum hc_verdict verdict, uint64_t heap, uint64_t metaspace, uint64_t overhead)
{
    const struct hc_advice unknown = {HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN};
    struct hc_recommendation r = {.verdict = verdict,
                                  .heap_bytes = heap,
                                  .current_heap_bytes = 512 * MIB,
                                  .lower_bound_bytes = heap == HC_BYTES_UNKNOWN ? heap : heap / 2};
    r.off_heap.metaspace = r.off_heap.direct = r.off_heap.overhead = r.off_heap.network = unknown;
    r.off_heap.metaspace.recommended_bytes = metaspace;
    r.off_heap.overhead.recommended_bytes = overhead;
    r.off_heap.managed_consumers_known = 1;
    r.process.sum_max_bytes = HC_BYTES_UNKNOWN;
    return r;
}

static void add(struct hc_fleet *fleet, const char *name, struct hc_recommendation r)
{
    struct hc_subject subject = {.role = HC_ROLE_TASKMANAGER};
    snprintf(subject.name, sizeof subject.name, "%s", name);
    hc_fleet_add(fleet, &r, &subject);
}

static void test_worst_of_each(void **state)
{
    (void)state;
    struct hc_fleet fleet;
    hc_fleet_init(&fleet);
    add(&fleet, "tm-1", sized(HC_VERDICT_SHRINK, 200 * MIB, 90 * MIB, 100 * MIB));
    add(&fleet, "tm-2", sized(HC_VERDICT_GROW, 900 * MIB, 60 * MIB, HC_BYTES_UNKNOWN));
    struct hc_recommendation rocksdb = sized(HC_VERDICT_SHRINK, 300 * MIB, 64 * MIB, 400 * MIB);
    rocksdb.off_heap.managed_consumers = 1;
    add(&fleet, "tm-3", rocksdb);
    assert_int_equal(fleet.count, 3);
    assert_int_equal(fleet.worst.verdict, HC_VERDICT_GROW);
    assert_int_equal(fleet.worst.heap_bytes, 900 * MIB);
    assert_int_equal(fleet.worst.lower_bound_bytes, 450 * MIB);
    assert_int_equal(fleet.worst.off_heap.metaspace.recommended_bytes, 90 * MIB);
    assert_int_equal(fleet.worst.off_heap.overhead.recommended_bytes, 400 * MIB);
    assert_int_equal(fleet.worst.off_heap.managed_consumers, 1);
    assert_true(fleet.worst.off_heap.direct.max_bytes == HC_BYTES_UNKNOWN);
    assert_string_equal(fleet.decided[HC_FLEET_HEAP].name, "tm-2");
    assert_string_equal(fleet.decided[HC_FLEET_METASPACE].name, "tm-1");
    assert_string_equal(fleet.decided[HC_FLEET_OVERHEAD].name, "tm-3");
    assert_true(fleet.decided[HC_FLEET_DIRECT].bytes == HC_BYTES_UNKNOWN);
}

/* One that keeps its 512 MiB needs more than one that shrinks to 300. */
static void test_keep_counts_as_the_heap_in_force(void **state)
{
    (void)state;
    struct hc_fleet fleet;
    hc_fleet_init(&fleet);
    add(&fleet, "tm-1", sized(HC_VERDICT_SHRINK, 300 * MIB, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN));
    add(&fleet, "tm-2", sized(HC_VERDICT_KEEP, 480 * MIB, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN));
    assert_int_equal(fleet.worst.verdict, HC_VERDICT_KEEP);
    assert_int_equal(fleet.decided[HC_FLEET_HEAP].bytes, 512 * MIB);
}

static void test_too_little_data_is_left_out(void **state)
{
    (void)state;
    struct hc_fleet fleet;
    hc_fleet_init(&fleet);
    add(&fleet, "new", sized(HC_VERDICT_INSUFFICIENT_DATA, HC_BYTES_UNKNOWN, 900 * MIB, HC_BYTES_UNKNOWN));
    assert_int_equal(fleet.worst.verdict, HC_VERDICT_INSUFFICIENT_DATA);
    add(&fleet, "old", sized(HC_VERDICT_SHRINK, 300 * MIB, 64 * MIB, HC_BYTES_UNKNOWN));
    assert_int_equal(fleet.count, 1);
    assert_int_equal(fleet.ignored, 1);
    assert_string_equal(fleet.ignored_name, "new");
    assert_int_equal(fleet.worst.heap_bytes, 300 * MIB);
    assert_int_equal(fleet.worst.off_heap.metaspace.recommended_bytes, 64 * MIB);
}

/* ---- merging is exact: whatever the order and the grouping ------------------------------------------------------ */

enum { MEMBERS = 24, ROUNDS = 200 };

static uint64_t seed = 20261121;
static uint64_t any(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static uint64_t any_bytes(void)
{
    return any(5) == 0 ? HC_BYTES_UNKNOWN : (1 + any(900)) * MIB + any(1000);
}

static double any_real(void)
{
    return any(5) == 0 ? (double)NAN : (double)any(1000003) / 1009.0;
}

static struct hc_advice any_advice(void)
{
    return (struct hc_advice){any_bytes(), any_bytes(), any_bytes(), any_bytes()};
}

static struct hc_recommendation any_recommendation(void)
{
    enum hc_verdict verdict = (enum hc_verdict)any(4);
    struct hc_recommendation r =
        sized(verdict, verdict == HC_VERDICT_INSUFFICIENT_DATA ? HC_BYTES_UNKNOWN : (1 + any(40)) * 8 * MIB, 0, 0);
    r.generated_at_ms = 1700000000000 + (int64_t)any(1000);
    r.valid_until_ms = any(9) == 0 ? 0 : 1700000000000 + (int64_t)any(1000);
    r.window.from_ms = any(9) == 0 ? 0 : 1600000000000 + (int64_t)any(1000);
    r.window.to_ms = 1650000000000 + (int64_t)any(1000);
    r.window.collections = any(100000);
    r.window.restarts = any(9);
    r.confidence_ratio = (double)any(1000) / 1000.0;
    r.observed.live_max_bytes = any_bytes();
    r.observed.live_p50_bytes = r.observed.live_p95_bytes = r.observed.live_p99_bytes = r.observed.live_max_bytes;
    r.observed.live_now_bytes = any_bytes();
    r.observed.live_lower_bytes = any_bytes();
    r.observed.live_upper_bytes = any_bytes();
    r.observed.evidence = (enum hc_evidence)any(5);
    r.observed.gc_share_ratio = any_real();
    r.observed.pause_p99_ms = any_real();
    r.observed.allocation_bytes_per_s = any_real();
    for (int i = 0; i < 12; i++)
        r.histogram[any(HC_HISTOGRAM_BUCKETS)] = any(7) == 0 ? UINT32_MAX - (uint32_t)any(3) : (uint32_t)any(5000);
    r.off_heap.metaspace = any_advice();
    r.off_heap.direct = any_advice();
    r.off_heap.overhead = any_advice();
    r.off_heap.unexplained_ratio = any_real();
    r.off_heap.managed_consumers = (uint32_t)any(16);
    r.process.sum_max_bytes = any_bytes();
    r.backtest.decisions = any(3) == 0 ? 0 : any(600);
    r.backtest.shortfalls = r.backtest.decisions / 50;
    r.backtest.slack_ratio = any_real();
    r.backtest.extra_gc_share_ratio = any_real() / 1e4;
    r.event_count = (unsigned)any(HC_EVENTS_MAX + 1);
    for (unsigned i = 0; i < r.event_count; i++) {
        r.events[i] = (struct hc_event){1600000000000 + (int64_t)(i * 10 + any(10)), HC_EVENT_UNCLEAN_END, 0, ""};
        snprintf(r.events[i].text, sizeof r.events[i].text, "event %d", (int)any(5));
    }
    r.reason_count = 1;
    snprintf(r.reasons[0], sizeof r.reasons[0], "reason %d", (int)any(1000));
    return r;
}

static void any_member(unsigned number, struct hc_recommendation *r, struct hc_subject *s)
{
    *r = any_recommendation();
    *s = (struct hc_subject){.role = HC_ROLE_TASKMANAGER, .collector = (enum hc_collector)(1 + any(2)), .pid = number};
    snprintf(s->name, sizeof s->name, "tm-%u", number % 20); /* some have a name in common */
    snprintf(s->jvm_version, sizeof s->jvm_version, any(3) == 0 ? "17.0.1" : "21");
}

/* Bits that are compared must be set; padding is not, so what is compared is what is there. */
static void assert_same(const struct hc_fleet *a, const struct hc_fleet *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->ignored, b->ignored);
    assert_string_equal(a->ignored_name, b->ignored_name);
    assert_string_equal(a->subject.name, b->subject.name);
    assert_int_equal(a->subject.pid, b->subject.pid);
    assert_int_equal(a->subject.collector, b->subject.collector);
    assert_string_equal(a->subject.jvm_version, b->subject.jvm_version);
    assert_int_equal(a->current_total_bytes, b->current_total_bytes);
    for (int i = 0; i < HC_FLEET_PARTS; i++) {
        assert_int_equal(a->decided[i].bytes, b->decided[i].bytes);
        assert_string_equal(a->decided[i].name, b->decided[i].name);
    }
    assert_memory_equal(&a->worst.window, &b->worst.window, sizeof a->worst.window);
    assert_memory_equal(a->worst.histogram, b->worst.histogram, sizeof a->worst.histogram);
    assert_memory_equal(&a->worst.backtest, &b->worst.backtest, sizeof a->worst.backtest);
    assert_memory_equal(&a->worst.off_heap.metaspace, &b->worst.off_heap.metaspace, sizeof a->worst.off_heap.metaspace);
    assert_int_equal(a->worst.observed.live_p50_bytes, b->worst.observed.live_p50_bytes);
    assert_int_equal(a->worst.observed.live_p99_bytes, b->worst.observed.live_p99_bytes);
    assert_int_equal(a->worst.observed.evidence, b->worst.observed.evidence);
    assert_memory_equal(&a->worst.observed.gc_share_ratio, &b->worst.observed.gc_share_ratio, sizeof(double));
    assert_memory_equal(&a->worst.confidence_ratio, &b->worst.confidence_ratio, sizeof(double));
    assert_int_equal(a->worst.generated_at_ms, b->worst.generated_at_ms);
    assert_int_equal(a->worst.valid_until_ms, b->worst.valid_until_ms);
    assert_int_equal(a->worst.verdict, b->worst.verdict);
    assert_int_equal(a->worst.heap_bytes, b->worst.heap_bytes);
    assert_int_equal(a->worst.lower_bound_bytes, b->worst.lower_bound_bytes);
    assert_string_equal(a->worst.reasons[0], b->worst.reasons[0]);
    assert_int_equal(a->worst.event_count, b->worst.event_count);
    for (unsigned i = 0; i < a->worst.event_count; i++) {
        assert_int_equal(a->worst.events[i].time_ms, b->worst.events[i].time_ms);
        assert_string_equal(a->worst.events[i].text, b->worst.events[i].text);
    }
}

static struct hc_recommendation recommendations[MEMBERS];
static struct hc_subject subjects[MEMBERS];
static struct hc_fleet one_by_one, grouped, groups[4];

static void test_order_and_grouping_do_not_matter(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned order[MEMBERS], n = 1 + (unsigned)any(MEMBERS);
        hc_fleet_init(&one_by_one);
        hc_fleet_init(&grouped);
        for (int i = 0; i < 4; i++)
            hc_fleet_init(&groups[i]);
        for (unsigned i = 0; i < n; i++) {
            any_member(i, &recommendations[i], &subjects[i]);
            hc_fleet_add(&one_by_one, &recommendations[i], &subjects[i]);
            order[i] = i;
        }
        for (unsigned i = n; i > 1; i--) {
            unsigned j = (unsigned)any(i), swap = order[i - 1];
            order[i - 1] = order[j];
            order[j] = swap;
        }
        for (unsigned i = 0; i < n; i++)
            hc_fleet_add(&groups[any(4)], &recommendations[order[i]], &subjects[order[i]]);
        hc_fleet_join(&groups[2], &groups[3]); /* one way to put the brackets */
        hc_fleet_join(&groups[1], &groups[2]);
        hc_fleet_join(&grouped, &groups[1]);
        hc_fleet_join(&grouped, &groups[0]);
        assert_same(&one_by_one, &grouped);
    }
}

/* The merged histogram is the sum by bucket, and full buckets stay full. */
static void test_histograms_add_up(void **state)
{
    (void)state;
    uint64_t sum[HC_HISTOGRAM_BUCKETS] = {0};
    hc_fleet_init(&one_by_one);
    for (unsigned i = 0; i < MEMBERS; i++) {
        any_member(i, &recommendations[i], &subjects[i]);
        hc_fleet_add(&one_by_one, &recommendations[i], &subjects[i]);
        for (int b = 0; b < HC_HISTOGRAM_BUCKETS && recommendations[i].verdict != HC_VERDICT_INSUFFICIENT_DATA; b++)
            sum[b] += recommendations[i].histogram[b];
    }
    for (int b = 0; b < HC_HISTOGRAM_BUCKETS; b++)
        assert_int_equal(one_by_one.worst.histogram[b], sum[b] < UINT32_MAX ? sum[b] : UINT32_MAX);
}

static void test_one_stays_as_it_is(void **state)
{
    (void)state;
    hc_fleet_init(&one_by_one);
    any_member(1, &recommendations[0], &subjects[0]);
    hc_fleet_add(&one_by_one, &recommendations[0], &subjects[0]);
    assert_memory_equal(&one_by_one.worst, &recommendations[0], sizeof recommendations[0]);
    assert_memory_equal(&one_by_one.subject, &subjects[0], sizeof subjects[0]);
}

static void test_merge_says_who_is_unlike_the_others(void **state)
{
    (void)state;
    static const uint64_t heaps[] = {300, 420, 310, 280};
    struct hc_fleet_member members[4];
    struct hc_recommendation out;
    struct hc_subject subject;
    for (unsigned i = 0; i < 4; i++) {
        recommendations[i] = sized(HC_VERDICT_SHRINK, heaps[i] * MIB, (50 + i) * MIB, HC_BYTES_UNKNOWN);
        recommendations[i].observed.live_p99_bytes = heaps[i] / 2 * MIB;
        recommendations[i].reason_count = HC_REASONS_MAX;
        snprintf(recommendations[i].reasons[0], HC_REASON_SIZE, "its own");
        subjects[i] = (struct hc_subject){.role = HC_ROLE_TASKMANAGER, .pid = 7};
        snprintf(subjects[i].name, sizeof subjects[i].name, "tm-%u", i + 1);
        snprintf(subjects[i].host, sizeof subjects[i].host, "host-%u", i + 1);
        members[i] = (struct hc_fleet_member){&recommendations[i], &subjects[i]};
    }
    recommendations[3].current_heap_bytes = 640 * MIB;
    assert_int_equal(hc_fleet_merge(members, 4, "wordcount", &out, &subject, NULL), HC_OK);
    assert_string_equal(subject.name, "wordcount");
    assert_string_equal(subject.host, "");
    assert_int_equal(out.heap_bytes, 420 * MIB);
    assert_int_equal(out.fleet.members, 4);
    assert_int_equal(out.fleet.current_total_bytes, (3 * 512 + 640) * MIB);
    assert_int_equal(out.fleet.recommended_total_bytes, 4 * 420 * MIB);
    assert_string_equal(out.fleet.heap_of, "tm-2");
    assert_string_equal(out.fleet.metaspace_of, "tm-4");
    assert_string_equal(out.fleet.overhead_of, "");
    assert_int_equal(out.fleet.heap.min_bytes, 280 * MIB);
    assert_int_equal(out.fleet.heap.median_bytes, 305 * MIB);
    assert_int_equal(out.fleet.heap.max_bytes, 420 * MIB);
    assert_int_equal(out.fleet.live.max_bytes, 210 * MIB);
    assert_int_equal(out.fleet.overhead.max_bytes, HC_BYTES_UNKNOWN);
    assert_string_equal(out.reasons[0],
                        "of 4, tm-2 needs the largest heap, 420.0 MiB; half of them would do with 305.0 MiB");
    assert_string_equal(out.reasons[1], "the heaps in force differ, 512.0 to 640.0 MiB: is this one configuration?");
    assert_string_equal(out.reasons[2], "its own");
    assert_int_equal(out.reason_count, HC_REASONS_MAX);
    assert_int_equal(hc_fleet_merge(members, 0, "nobody", &out, &subject, NULL), HC_EINVAL);
}

static void test_merge_of_nothing_known(void **state)
{
    (void)state;
    struct hc_recommendation out;
    struct hc_subject subject;
    recommendations[0] = sized(HC_VERDICT_INSUFFICIENT_DATA, HC_BYTES_UNKNOWN, 64 * MIB, HC_BYTES_UNKNOWN);
    subjects[0] = (struct hc_subject){.role = HC_ROLE_TASKMANAGER};
    struct hc_fleet_member member = {&recommendations[0], &subjects[0]};
    assert_int_equal(hc_fleet_merge(&member, 1, "new", &out, &subject, NULL), HC_OK);
    assert_int_equal(out.verdict, HC_VERDICT_INSUFFICIENT_DATA);
    assert_int_equal(out.fleet.without_number, 1);
    assert_int_equal(out.fleet.recommended_total_bytes, HC_BYTES_UNKNOWN);
    assert_int_equal(out.fleet.metaspace.max_bytes, HC_BYTES_UNKNOWN);
    assert_string_equal(out.reasons[0], "none of 1 has enough data");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worst_of_each),
        cmocka_unit_test(test_keep_counts_as_the_heap_in_force),
        cmocka_unit_test(test_too_little_data_is_left_out),
        cmocka_unit_test(test_order_and_grouping_do_not_matter),
        cmocka_unit_test(test_histograms_add_up),
        cmocka_unit_test(test_one_stays_as_it_is),
        cmocka_unit_test(test_merge_says_who_is_unlike_the_others),
        cmocka_unit_test(test_merge_of_nothing_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
