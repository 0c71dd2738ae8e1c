/* What a resolution promises, on random configurations and recommendations; a failing case prints both. */
#include <heapcast/config_yaml.h>
#include <heapcast/flink_conf.h>
#include <heapcast/memory_sample.h>
#include <heapcast/resolver.h>

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)
#define TM "taskmanager.memory."

enum { ROUNDS = 3000 };

/* ---- random input ------------------------------------------------------------------------------------------------ */

static uint64_t random_state;

static uint64_t next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static unsigned below(unsigned limit)
{
    return (unsigned)(next() % limit);
}

/* Log-uniform between 2^low and 2^high MiB, often a whole number of MiB. */
static uint64_t random_size(unsigned low, unsigned high)
{
    uint64_t bytes = MIB << (low + below(high - low));
    bytes += next() % bytes;
    return below(2) ? bytes / MIB * MIB : bytes;
}

static void set_size(struct hc_flink_options *options, const char *key, uint64_t bytes)
{
    char text[64];
    if (bytes % MIB == 0 && below(2))
        snprintf(text, sizeof text, "%" PRIu64 "%s", bytes / MIB, below(2) ? "m" : " MB");
    else
        snprintf(text, sizeof text, "%" PRIu64 "%s", bytes, below(2) ? "b" : "");
    assert_int_equal(hc_flink_options_set(options, key, text), HC_OK);
}

static void set_fraction(struct hc_flink_options *options, const char *key)
{
    static const char *const some[] = {"0", "0.1", "0.25", "0.5", "0.05", "0.001", "0.33333", "0.7"};
    assert_int_equal(hc_flink_options_set(options, key, some[below(8)]), HC_OK);
}

static struct hc_flink_options *random_options(struct hc_flink_target target)
{
    struct hc_flink_options *options = hc_flink_options_new();
    bool old = !hc_flink_version_from(target.version, 2, 0) && below(12) == 0;
    unsigned style = below(8);
    if (old)
        set_size(options, "taskmanager.heap.size", random_size(10, 15));
    else if (style < 3)
        set_size(options, TM "process.size", random_size(10, 16));
    else if (style < 5)
        set_size(options, TM "flink.size", random_size(10, 16));
    else if (style == 5)
        set_size(options, TM "process.size", random_size(11, 14));
    if (style >= 5 && !old) {
        set_size(options, TM "task.heap.size", random_size(5, 13));
        if (style > 5 || below(2))
            set_size(options, TM "managed.size", below(3) ? random_size(5, 12) : 0);
        if (below(4) == 0)
            set_size(options, TM "flink.size", random_size(11, 15));
        if (below(4) == 0)
            set_size(options, TM "process.size", random_size(11, 15));
    }
    if (below(3) == 0)
        set_fraction(options, TM "managed.fraction");
    if (below(4) == 0 && style < 5)
        set_size(options, below(2) ? TM "managed.size" : "taskmanager.memory.size", random_size(5, 10));
    if (below(4) == 0)
        set_fraction(options, below(2) ? TM "network.fraction" : "taskmanager.network.memory.fraction");
    if (below(4) == 0)
        set_size(options, TM "network.min", random_size(3, 8));
    if (below(4) == 0)
        set_size(options, TM "network.max", random_size(6, 12));
    if (below(3) == 0)
        set_size(options, TM "jvm-metaspace.size", random_size(6, 10));
    if (below(4) == 0)
        set_fraction(options, TM "jvm-overhead.fraction");
    if (below(4) == 0)
        set_size(options, TM "jvm-overhead.min", random_size(4, 8));
    if (below(4) == 0)
        set_size(options, TM "jvm-overhead.max", random_size(8, 12));
    if (below(4) == 0)
        set_size(options, TM "framework.heap.size", random_size(4, 9));
    if (below(4) == 0)
        set_size(options, TM "framework.off-heap.size", random_size(4, 9));
    if (below(4) == 0)
        set_size(options, TM "task.off-heap.size", random_size(1, 9));
    if (below(16) == 0)
        hc_flink_options_set(options, "taskmanager.network.numberOfBuffers", "2048");
    hc_flink_options_set(options, "parallelism.default", "4");
    return options;
}

static struct hc_advice random_advice(unsigned low, unsigned high)
{
    struct hc_advice advice = {HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN};
    if (below(4) == 0)
        return advice;
    advice.max_bytes = advice.p99_bytes = advice.now_bytes = random_size(low, high);
    advice.recommended_bytes = advice.max_bytes + advice.max_bytes / 4;
    return advice;
}

static struct hc_recommendation random_recommendation(void)
{
    struct hc_recommendation r = {.verdict = below(4) == 0 ? HC_VERDICT_KEEP : HC_VERDICT_SHRINK};
    r.heap_bytes = random_size(3, 15);
    r.current_heap_bytes = HC_BYTES_UNKNOWN;
    r.off_heap.metaspace = random_advice(4, 9);
    r.off_heap.direct = random_advice(6, 11);
    r.off_heap.overhead = random_advice(5, 10);
    r.off_heap.network.now_bytes = below(2) ? random_size(6, 10) : HC_BYTES_UNKNOWN;
    r.off_heap.managed_consumers_known = below(4) != 0;
    r.off_heap.managed_consumers = below(2) ? HC_CONSUMER_ROCKSDB : 0;
    return r;
}

static const struct hc_resolve_policy by_rule = {.network = HC_NETWORK_RULE};

/* ---- the promises ------------------------------------------------------------------------------------------------ */

static struct hc_flink_target target;
static const struct hc_flink_options *given;
static struct hc_recommendation recommendation;

static void show(const char *promise)
{
    print_error("broken: %s; Flink %u.%u, heap %" PRIu64 ", verdict %d, managed known %d used %u, metaspace %" PRIu64
                ", overhead %" PRIu64 ", direct %" PRIu64 ", network %" PRIu64 "\n",
                promise, target.version.major, target.version.minor, recommendation.heap_bytes,
                (int)recommendation.verdict, recommendation.off_heap.managed_consumers_known,
                recommendation.off_heap.managed_consumers, recommendation.off_heap.metaspace.recommended_bytes,
                recommendation.off_heap.overhead.recommended_bytes, recommendation.off_heap.direct.max_bytes,
                recommendation.off_heap.network.now_bytes);
    for (size_t i = 0; i < hc_flink_options_count(given); i++)
        print_error("  %s: %s\n", hc_flink_options_at(given, i)->key, hc_flink_options_at(given, i)->value);
}

#define PROMISE(holds)                                                                                                 \
    do {                                                                                                               \
        if (!(holds)) {                                                                                                \
            show(#holds);                                                                                              \
            fail();                                                                                                    \
        }                                                                                                              \
    } while (0)

static void check_sizes(const struct hc_resolution *r, const struct hc_resolve_policy *policy)
{
    const struct hc_taskmanager_spec *b = &r->before, *a = &r->after;
    bool keep = recommendation.verdict == HC_VERDICT_KEEP;
    PROMISE(a->jvm_heap_bytes == (keep ? b->jvm_heap_bytes : recommendation.heap_bytes));
    PROMISE(a->jvm_heap_bytes == a->framework_heap_bytes + a->task_heap_bytes);
    PROMISE(a->total_flink_bytes == a->jvm_heap_bytes + a->managed_bytes + a->framework_off_heap_bytes +
                                        a->task_off_heap_bytes + a->network_bytes);
    PROMISE(a->total_process_bytes == a->total_flink_bytes + a->metaspace_bytes + a->overhead_bytes);
    PROMISE(a->task_off_heap_bytes == b->task_off_heap_bytes);
    bool unused = recommendation.off_heap.managed_consumers_known && recommendation.off_heap.managed_consumers == 0;
    const struct hc_flink_facts *facts = policy->facts;
    bool asked = facts != NULL && facts->managed_reserved_bytes != HC_BYTES_UNKNOWN;
    if (asked && facts->managed_reserved_bytes > 0)
        unused = false;
    else if (asked && !recommendation.off_heap.managed_consumers_known)
        unused = facts->lasting;
    PROMISE(a->managed_bytes == (unused ? 0 : b->managed_bytes));
    PROMISE(a->framework_off_heap_bytes <= b->framework_off_heap_bytes);
    uint64_t seen = recommendation.off_heap.metaspace.max_bytes;
    PROMISE(a->metaspace_bytes <= b->metaspace_bytes || (seen != HC_BYTES_UNKNOWN && seen > b->metaspace_bytes));
    uint64_t room = recommendation.off_heap.overhead.recommended_bytes;
    if (room != HC_BYTES_UNKNOWN) {
        bool exceeded = recommendation.off_heap.overhead.max_bytes > b->overhead_bytes + a->managed_bytes;
        PROMISE(a->overhead_bytes >= (room < b->overhead_bytes ? room : b->overhead_bytes));
        PROMISE(!exceeded || a->overhead_bytes + a->managed_bytes >= room);
        PROMISE(exceeded || a->overhead_bytes < b->overhead_bytes + MIB);
    }
    bool measured = facts != NULL && facts->network_need_bytes != HC_BYTES_UNKNOWN;
    if (measured)
        PROMISE(a->network_bytes >= facts->network_need_bytes);
    else if (policy->network == HC_NETWORK_KEEP)
        PROMISE(a->network_bytes == b->network_bytes);
    for (unsigned i = 0; i < r->change_count; i++)
        PROMISE(measured || policy->network == HC_NETWORK_KEEP || strstr(r->changes[i].key, "network") == NULL);
    for (int i = 0; i <= HC_COMPONENT_OVERHEAD; i++)
        PROMISE(r->components[i].reason[0] != '\0');
    if (hc_flink_options_get(r->options, TM "process.size") != NULL && r->change_count > 0)
        PROMISE(a->total_process_bytes % MIB == 0);
}

/* The style is the user's: no total is added or lost. */
static void check_style(const struct hc_resolution *r, const struct hc_resolve_policy *policy)
{
    static const char *const totals[] = {TM "flink.size", TM "task.heap.size", TM "process.size"};
    bool old = hc_flink_options_get(given, "taskmanager.heap.size") != NULL;
    if (policy->container)
        PROMISE(hc_flink_options_get(r->options, TM "process.size") != NULL);
    for (size_t i = 0; i < (policy->container ? 2 : 3) && !old; i++)
        PROMISE((hc_flink_options_get(given, totals[i]) != NULL) ==
                (hc_flink_options_get(r->options, totals[i]) != NULL));
    PROMISE(r->change_count == 0 || hc_flink_options_get(r->options, "taskmanager.memory.size") == NULL ||
            hc_flink_options_get(r->options, TM "managed.size") == NULL);
}

static void check_idempotent(const struct hc_resolution *r, const struct hc_resolve_policy *policy)
{
    struct hc_resolution again;
    struct hc_error err;
    PROMISE(hc_resolve_taskmanager(r->options, target, &recommendation, NULL, policy, &again, &err) == HC_OK);
    PROMISE(again.change_count == 0);
    hc_resolution_release(&again);
}

/* Both kinds of file, edited, are read back as the very plan, and nothing else in them changes. */
static void check_edit(const struct hc_resolution *r, bool yaml)
{
    struct hc_conf_edit edits[HC_OPTION_CHANGES_MAX];
    struct hc_taskmanager_spec spec;
    struct hc_error err = {.text = ""};
    char *text, *edited;
    for (unsigned i = 0; i < r->change_count; i++)
        edits[i] = (struct hc_conf_edit){r->changes[i].key,
                                         r->changes[i].removed ? NULL : hc_option_change_value(&r->changes[i]),
                                         r->changes[i].old_key};
    struct hc_flink_options *back = hc_flink_options_new();
    PROMISE((yaml ? hc_config_yaml_print : hc_flink_conf_print)(given, &text, &err) == HC_OK);
    PROMISE((yaml ? hc_config_yaml_edit : hc_flink_conf_edit)(text, strlen(text), edits, r->change_count, &edited,
                                                              &err) == HC_OK);
    if (yaml)
        PROMISE(hc_config_yaml_parse(edited, strlen(edited), back, NULL, &err) == HC_OK);
    else
        PROMISE(hc_flink_conf_parse(edited, strlen(edited), back, &err) == HC_OK);
    PROMISE(hc_taskmanager_spec_derive(back, target, &spec, NULL, &err) == HC_OK);
    PROMISE(hc_taskmanager_spec_equal(&spec, &r->after));
    PROMISE(hc_flink_options_count(back) == hc_flink_options_count(r->options));
    free(text);
    free(edited);
    hc_flink_options_free(back);
}

static void check_dynamic(const struct hc_resolution *r)
{
    struct hc_flink_options *options = hc_flink_options_copy(given);
    struct hc_taskmanager_spec spec;
    struct hc_error err;
    char *text, *rest = NULL;
    PROMISE(hc_resolution_dynamic_options(r, &text, &err) == HC_OK);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        if (strcmp(word, "-D") != 0)
            PROMISE(hc_flink_options_set_pair(options, word, &err) == HC_OK);
    PROMISE(hc_taskmanager_spec_derive(options, target, &spec, NULL, &err) == HC_OK);
    PROMISE(hc_taskmanager_spec_equal(&spec, &r->after));
    free(text);
    hc_flink_options_free(options);
}

static const struct hc_flink_version versions[] = {{1, 13}, {1, 16}, {1, 17}, {1, 20}, {2, 0}, {2, 3}};

#define MINE "-agentpath:/opt/libheapcast.so=dir=/x,name=y -Dmine='a,b'"

/* One number, and every limit open within it. */
static void check_pool(const struct hc_resolution *r)
{
    const struct hc_pool *pool = &r->pool;
    const struct hc_flink_option *jvm = hc_flink_options_get(r->options, "env.java.opts.taskmanager");
    char limits[160];
    PROMISE(pool->used && pool->container_bytes == r->after.total_process_bytes && pool->container_bytes % MIB == 0);
    PROMISE(pool->heap_limit_bytes + pool->outside_bytes + pool->margin_bytes <= pool->container_bytes);
    PROMISE(pool->heap_limit_bytes >= pool->heap_need_bytes && pool->heap_initial_bytes <= pool->heap_limit_bytes);
    PROMISE(pool->outside_bytes >= r->after.network_bytes + r->after.managed_bytes);
    PROMISE(pool->direct_limit_bytes >= r->after.jvm_direct_bytes);
    PROMISE(pool->metaspace_limit_bytes >= r->after.metaspace_bytes);
    snprintf(limits, sizeof limits,
             " -Xmx%" PRIu64 "m -Xms%" PRIu64 "m -XX:MaxDirectMemorySize=%" PRIu64 "m -XX:MaxMetaspaceSize=%" PRIu64
             "m",
             pool->heap_limit_bytes / MIB, pool->heap_initial_bytes / MIB, pool->direct_limit_bytes / MIB,
             pool->metaspace_limit_bytes / MIB);
    PROMISE(jvm != NULL && strncmp(jvm->value, MINE " ", sizeof MINE) == 0 && strstr(jvm->value, limits) != NULL);
    PROMISE(strstr(jvm->value, "-Xmx7g") == NULL);
}

static bool pool_of(void)
{
    struct hc_taskmanager_spec spec;
    struct hc_resolution resolution, again;
    struct hc_error err = {.text = ""};
    struct hc_resolve_policy policy = {.model = HC_MODEL_UNIFIED};
    target = (struct hc_flink_target){versions[below(6)], HC_DEPLOYMENT_STANDALONE, NULL};
    struct hc_flink_options *options = random_options(target);
    given = options;
    recommendation = random_recommendation();
    recommendation.process.sum_max_bytes = recommendation.process.sum_p99_bytes = HC_BYTES_UNKNOWN;
    assert_int_equal(hc_flink_options_set(options, "env.java.opts.taskmanager", "-Xmx7g " MINE), HC_OK);
    if (below(3) == 0)
        policy.limits.min_bytes = random_size(10, 14);
    if (below(3) == 0)
        policy.limits.step_bytes = random_size(4, 9);
    bool valid = hc_taskmanager_spec_derive(options, target, &spec, NULL, &err) == HC_OK;
    if (valid) {
        if (hc_resolve_taskmanager(options, target, &recommendation, NULL, &policy, &resolution, &err) != HC_OK) {
            show(err.text);
            fail();
        }
        check_pool(&resolution);
        PROMISE(resolution.after.total_process_bytes >= policy.limits.min_bytes);
        check_edit(&resolution, false);
        check_edit(&resolution, true);
        PROMISE(hc_resolve_taskmanager(resolution.options, target, &recommendation, NULL, &policy, &again, &err) ==
                HC_OK);
        for (unsigned i = 0; i < again.change_count; i++)
            print_error("again %s: %s, was %s\n", again.changes[i].key, hc_option_change_value(&again.changes[i]),
                        again.changes[i].old_value);
        PROMISE(again.change_count == 0);
        hc_resolution_release(&again);
        hc_resolution_release(&resolution);
    }
    hc_flink_options_free(options);
    return valid;
}

static void test_random_pools(void **state)
{
    (void)state;
    random_state = 4;
    for (unsigned valid = 0; valid < ROUNDS / 3;)
        valid += pool_of();
}

/* Components within limits: never outside them, and always a configuration that Flink takes. */
static bool limits_of(void)
{
    struct hc_taskmanager_spec spec;
    struct hc_resolution r;
    struct hc_error err = {.text = ""};
    struct hc_resolve_policy policy = {0};
    target = (struct hc_flink_target){versions[below(6)], HC_DEPLOYMENT_STANDALONE, NULL};
    struct hc_flink_options *options = random_options(target);
    given = options;
    recommendation = random_recommendation();
    policy.limits.min_bytes = below(2) ? random_size(10, 13) : 0;
    policy.limits.max_bytes = below(2) ? random_size(13, 15) : 0;
    policy.limits.max_change_ratio = below(2) ? 0.3 : 0;
    bool valid = hc_taskmanager_spec_derive(options, target, &spec, NULL, &err) == HC_OK;
    if (valid && hc_resolve_taskmanager(options, target, &recommendation, NULL, &policy, &r, &err) == HC_OK) {
        uint64_t total = r.after.total_process_bytes;
        PROMISE(policy.limits.max_bytes == 0 || total <= policy.limits.max_bytes);
        PROMISE(policy.limits.max_bytes > 0 || total + MIB >= policy.limits.min_bytes);
        if (policy.limits.max_change_ratio > 0 && policy.limits.min_bytes + policy.limits.max_bytes == 0) {
            PROMISE((double)total <= 1.3 * (double)spec.total_process_bytes + (double)MIB);
            PROMISE((double)total >= 0.7 * (double)spec.total_process_bytes - (double)MIB);
        }
        check_edit(&r, below(2) == 0);
        hc_resolution_release(&r);
    } else if (valid) {
        PROMISE(strstr(err.text, "internal error") == NULL && strstr(err.text, "a container of ") != NULL);
    }
    hc_flink_options_free(options);
    return valid;
}

static void test_random_limits(void **state)
{
    (void)state;
    random_state = 7;
    for (unsigned valid = 0; valid < ROUNDS / 10;)
        valid += limits_of();
}

static bool round_of(void)
{
    struct hc_taskmanager_spec spec;
    struct hc_resolution resolution;
    struct hc_error err = {.text = ""};
    target = (struct hc_flink_target){versions[below(6)],
                                      below(4) == 0 ? HC_DEPLOYMENT_CONTAINER : HC_DEPLOYMENT_STANDALONE, NULL};
    struct hc_flink_options *options = random_options(target);
    struct hc_flink_facts facts = {below(4) ? random_size(3, 9) : HC_BYTES_UNKNOWN,
                                   below(4) ? (below(2) ? 0 : random_size(5, 9)) : HC_BYTES_UNKNOWN, below(2) == 0};
    struct hc_resolve_policy policy = {below(3) == 0 ? HC_NETWORK_KEEP : HC_NETWORK_RULE,
                                       below(2) ? &facts : NULL,
                                       below(4) == 0,
                                       HC_MODEL_COMPONENTS,
                                       {0}};
    given = options;
    recommendation = random_recommendation();
    bool valid = hc_taskmanager_spec_derive(options, target, &spec, NULL, &err) == HC_OK;
    if (valid) {
        if (hc_resolve_taskmanager(options, target, &recommendation, NULL, &policy, &resolution, &err) != HC_OK) {
            show(err.text);
            fail();
        }
        check_sizes(&resolution, &policy);
        check_style(&resolution, &policy);
        check_idempotent(&resolution, &policy);
        check_edit(&resolution, false);
        check_edit(&resolution, true);
        check_dynamic(&resolution);
        hc_resolution_release(&resolution);
    }
    hc_flink_options_free(options);
    return valid;
}

static void test_random(void **state)
{
    (void)state;
    random_state = 20261121;
    unsigned valid = 0, rounds = 0;
    for (; valid < ROUNDS; rounds++)
        valid += round_of();
    print_message("%u valid configurations of %u resolved\n", valid, rounds);
}

/* ---- single cases ------------------------------------------------------------------------------------------------ */

static struct hc_recommendation quiet(uint64_t heap_bytes)
{
    struct hc_advice unknown = {HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN, HC_BYTES_UNKNOWN};
    struct hc_recommendation r = {
        .verdict = HC_VERDICT_SHRINK, .heap_bytes = heap_bytes, .current_heap_bytes = HC_BYTES_UNKNOWN};
    r.off_heap.metaspace = r.off_heap.direct = r.off_heap.overhead = r.off_heap.network = unknown;
    return r;
}

static void resolve_text(const char *conf, const struct hc_recommendation *r, struct hc_resolution *out)
{
    struct hc_error err = {.text = ""};
    struct hc_flink_options *options = hc_flink_options_new();
    target = (struct hc_flink_target){{1, 20}, HC_DEPLOYMENT_STANDALONE, NULL};
    assert_int_equal(hc_flink_conf_parse(conf, strlen(conf), options, &err), HC_OK);
    enum hc_status status = hc_resolve_taskmanager(options, target, r, NULL, &by_rule, out, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, HC_OK);
    hc_flink_options_free(options);
}

static void test_nothing_to_change(void **state)
{
    (void)state;
    struct hc_recommendation r = quiet(HC_BYTES_UNKNOWN);
    struct hc_resolution out;
    r.verdict = HC_VERDICT_KEEP;
    resolve_text(TM "process.size: 1620044655b\n", &r, &out); /* not even rounded to whole MiB */
    assert_int_equal(out.change_count, 0);
    assert_true(hc_taskmanager_spec_equal(&out.before, &out.after));
    hc_resolution_release(&out);
}

static void test_insufficient_data(void **state)
{
    (void)state;
    struct hc_recommendation r = {.verdict = HC_VERDICT_INSUFFICIENT_DATA, .reason_count = 1};
    struct hc_resolution out;
    struct hc_error err;
    snprintf(r.reasons[0], sizeof r.reasons[0], "only 3 collections");
    struct hc_flink_options *options = hc_flink_options_new();
    hc_flink_options_set(options, TM "process.size", "4g");
    assert_int_equal(hc_resolve_taskmanager(options, target, &r, NULL, &by_rule, &out, &err), HC_ENODATA);
    assert_string_equal(err.text, "only 3 collections");
    hc_flink_options_free(options);
}

static void test_small_heap_lowers_framework_heap(void **state)
{
    (void)state;
    struct hc_recommendation r = quiet(100 * MIB + 5);
    struct hc_resolution out;
    resolve_text(TM "process.size: 2g\n", &r, &out);
    assert_int_equal(out.after.jvm_heap_bytes, 100 * MIB + 5);
    assert_int_equal(out.after.framework_heap_bytes, 84 * MIB);
    hc_resolution_release(&out);
}

static const struct hc_option_change *change_find(const struct hc_resolution *out, const char *key)
{
    for (unsigned i = 0; i < out->change_count; i++)
        if (strcmp(out->changes[i].key, key) == 0)
            return &out->changes[i];
    return NULL;
}

static void test_old_spelling_is_replaced(void **state)
{
    (void)state;
    struct hc_recommendation r = quiet(512 * MIB);
    struct hc_resolution out;
    r.off_heap.managed_consumers_known = 1;
    resolve_text("taskmanager.heap.size: 4g\ntaskmanager.memory.size: 1g\n", &r, &out);
    const struct hc_option_change *managed = change_find(&out, TM "managed.size"),
                                  *flink = change_find(&out, TM "flink.size");
    assert_non_null(managed);
    assert_string_equal(managed->old_key, "taskmanager.memory.size");
    assert_string_equal(managed->old_value, "1g");
    assert_int_equal(managed->new_bytes, 0);
    assert_non_null(flink);
    assert_string_equal(flink->old_key, "taskmanager.heap.size");
    assert_true(change_find(&out, "taskmanager.heap.size")->removed);
    assert_true(change_find(&out, "taskmanager.memory.size")->removed);
    hc_resolution_release(&out);
}

static void test_managed_stays_for_rocksdb(void **state)
{
    (void)state;
    struct hc_recommendation r = quiet(300 * MIB);
    struct hc_resolution out;
    r.off_heap.managed_consumers_known = 1;
    r.off_heap.managed_consumers = HC_CONSUMER_ROCKSDB;
    resolve_text(TM "process.size: 4g\n", &r, &out);
    assert_int_equal(out.after.managed_bytes, 1438814063); /* Flink's 40 % of 4g, recorded */
    assert_non_null(strstr(out.components[HC_COMPONENT_MANAGED].reason, "RocksDB"));
    hc_resolution_release(&out);
}

static void test_measured_network_sizes_framework_off_heap(void **state)
{
    (void)state;
    struct hc_recommendation r = quiet(300 * MIB);
    struct hc_subject subject = {.role = HC_ROLE_TASKMANAGER, .flink_count = 1};
    struct hc_flink_options *options = hc_flink_options_new();
    struct hc_resolution out;
    struct hc_error err;
    snprintf(subject.flink[0].key, sizeof subject.flink[0].key, TM "network.max");
    snprintf(subject.flink[0].value, sizeof subject.flink[0].value, "%" PRIu64 "b", 300 * MIB);
    r.off_heap.direct.max_bytes = 350 * MIB;
    hc_flink_options_set(options, TM "process.size", "4g");
    target = (struct hc_flink_target){{1, 20}, HC_DEPLOYMENT_STANDALONE, NULL};
    assert_int_equal(hc_resolve_taskmanager(options, target, &r, &subject, &by_rule, &out, &err), HC_OK);
    assert_int_equal(out.after.framework_off_heap_bytes, 75 * MIB);
    hc_resolution_release(&out);
    hc_flink_options_free(options);
}

/* Those buffers are for batch jobs; where Flink says that there are none only what was used counts. */
static void test_streaming_alone_needs_no_read_buffers(void **state)
{
    (void)state;
    struct hc_recommendation r = quiet(300 * MIB);
    struct hc_flink_facts facts = {.network_need_bytes = MIB, .managed_reserved_bytes = 0, .lasting = true};
    const struct hc_resolve_policy policy = {.facts = &facts};
    struct hc_flink_options *options = hc_flink_options_new();
    struct hc_resolution out;
    struct hc_error err;
    r.off_heap.network.now_bytes = 300 * MIB;
    r.off_heap.direct.max_bytes = 304 * MIB;
    hc_flink_options_set(options, TM "process.size", "4g");
    target = (struct hc_flink_target){{1, 20}, HC_DEPLOYMENT_STANDALONE, NULL};
    for (int lasting = 0; lasting < 2; lasting++) {
        facts.lasting = lasting != 0;
        assert_int_equal(hc_resolve_taskmanager(options, target, &r, NULL, &policy, &out, &err), HC_OK);
        assert_int_equal(out.after.framework_off_heap_bytes, (lasting ? 16 : 64) * MIB);
        hc_resolution_release(&out);
    }
    r.off_heap.direct.max_bytes = 340 * MIB;
    assert_int_equal(hc_resolve_taskmanager(options, target, &r, NULL, &policy, &out, &err), HC_OK);
    assert_int_equal(out.after.framework_off_heap_bytes, 60 * MIB);
    hc_resolution_release(&out);
    hc_flink_options_free(options);
}

static void test_a_state_backends_memory_is_not_asked_for_twice(void **state)
{
    (void)state;
    struct hc_recommendation r = quiet(300 * MIB);
    struct hc_resolution out;
    r.off_heap.managed_consumers_known = 1;
    r.off_heap.overhead = (struct hc_advice){400 * MIB, 400 * MIB, 400 * MIB, 440 * MIB};
    r.off_heap.native = (struct hc_advice){240 * MIB, 240 * MIB, 240 * MIB, 290 * MIB};
    r.off_heap.managed_consumers = HC_CONSUMER_ROCKSDB;
    resolve_text(TM "process.size: 6g\n", &r, &out);
    assert_int_equal(out.after.managed_bytes, out.before.managed_bytes);
    assert_int_equal(out.after.overhead_bytes / MIB, 150);
    hc_resolution_release(&out);
    resolve_text(TM "process.size: 6g\n" TM "managed.size: 100m\n", &r, &out); /* not more than it was given */
    assert_int_equal(out.after.overhead_bytes / MIB, 340);
    hc_resolution_release(&out);
    r.off_heap.overhead.recommended_bytes = 320 * MIB;
    resolve_text(TM "process.size: 6g\n", &r, &out); /* and the JVM's own share is left */
    assert_int_equal(out.after.overhead_bytes / MIB, 96);
    hc_resolution_release(&out);
    r.off_heap.managed_consumers = HC_CONSUMER_PYTHON; /* a process of its own: what is native here is not its */
    resolve_text(TM "process.size: 6g\n", &r, &out);
    assert_int_equal(out.after.overhead_bytes / MIB, 320);
    hc_resolution_release(&out);
}

static void test_warnings(void **state)
{
    (void)state;
    struct hc_recommendation r = quiet(300 * MIB);
    struct hc_resolution out;
    r.current_heap_bytes = 8192 * MIB;
    resolve_text(TM "process.size: 4g\nenv.java.opts.taskmanager: -Xmx3g -agentpath:/x.so\n", &r, &out);
    bool xmx = false, network = false, other = false;
    for (unsigned i = 0; i < out.warning_count; i++) {
        xmx = xmx || strncmp(out.warnings[i], "-Xmx in env.java.opts.taskmanager", 33) == 0;
        network = network || strstr(out.warnings[i], "network memory goes from") != NULL;
        other = other || strstr(out.warnings[i], "was measured with a heap of") != NULL;
    }
    assert_true(xmx && network && other);
    hc_resolution_release(&out);
}

static void test_refused_configuration(void **state)
{
    (void)state;
    struct hc_recommendation r = quiet(300 * MIB);
    struct hc_resolution out;
    struct hc_error err;
    struct hc_flink_options *options = hc_flink_options_new();
    const char *conf = "a: b\n" TM "process.size: 4gb!\n";
    assert_int_equal(hc_flink_conf_parse(conf, strlen(conf), options, &err), HC_OK);
    assert_int_equal(hc_resolve_taskmanager(options, target, &r, NULL, &by_rule, &out, &err), HC_ECONFIG);
    assert_int_equal(err.line, 2);
    assert_non_null(strstr(err.text, "Cannot read memory size from config option '" TM "process.size'."));
    hc_flink_options_free(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_random_pools),
        cmocka_unit_test(test_random_limits),
        cmocka_unit_test(test_nothing_to_change),
        cmocka_unit_test(test_insufficient_data),
        cmocka_unit_test(test_small_heap_lowers_framework_heap),
        cmocka_unit_test(test_old_spelling_is_replaced),
        cmocka_unit_test(test_managed_stays_for_rocksdb),
        cmocka_unit_test(test_measured_network_sizes_framework_off_heap),
        cmocka_unit_test(test_streaming_alone_needs_no_read_buffers),
        cmocka_unit_test(test_a_state_backends_memory_is_not_asked_for_twice),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_refused_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
