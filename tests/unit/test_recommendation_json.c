#include "tests/support/cmocka_test.h"

#include <heapcast/memory_sample.h>
#include <heapcast/recommendation_json.h>

#include "records/recommendation_fields.h"
#include "tests/support/scratch.h"

#include <cJSON.h>
#include <locale.h>
#include <math.h>

static struct hc_recommendation full, back;
static struct hc_subject subject, back_subject;
static struct hc_error err;

/* Every field has a value of its own, so that two that were swapped would show. */
static void fill_field(const struct field *f, size_t n)
{
    char *at = (char *)&full + f->offset;
    uint64_t bytes = (UINT64_C(1) << 40) + n * 1000003;
    uint32_t count32 = (uint32_t)(5000 + n);
    double real = 0.125 + (double)n / 1024; /* few digits: cJSON prints 15 of them */
    int64_t time = INT64_C(1795231200123) + (int64_t)n * 1001;
    int one = 1;
    switch (f->type) {
    case FIELD_BYTES:
    case FIELD_COUNT:
        memcpy(at, &bytes, sizeof bytes);
        break;
    case FIELD_COUNT32:
        memcpy(at, &count32, sizeof count32);
        break;
    case FIELD_REAL:
        memcpy(at, &real, sizeof real);
        break;
    case FIELD_TIME:
        memcpy(at, &time, sizeof time);
        break;
    case FIELD_FLAG:
        memcpy(at, &one, sizeof one);
        break;
    case FIELD_NAME:
        snprintf(at, FIELD_NAME_SIZE, "name-%zu \"quoted\"", n);
        break;
    case FIELD_VERDICT:
        full.verdict = HC_VERDICT_GROW;
        break;
    case FIELD_EVIDENCE:
        full.observed.evidence = HC_EVIDENCE_UPPER_BOUND;
        break;
    case FIELD_TERM:
        full.model.binding = HC_TERM_OUT_OF_MEMORY;
        break;
    }
}

static void fill_subject(void)
{
    memset(&subject, 0, sizeof subject);
    subject.role = HC_ROLE_TASKMANAGER;
    snprintf(subject.name, sizeof subject.name, "tm-1");
    snprintf(subject.host, sizeof subject.host, "host-7");
    subject.pid = 4194303;
    subject.started_at_ms = INT64_C(1795230000001);
    snprintf(subject.jvm_version, sizeof subject.jvm_version, "17.0.15");
    subject.collector = HC_COLLECTOR_G1;
    subject.heap_max_bytes = UINT64_C(536870912);
    subject.flink_count = 2;
    snprintf(subject.flink[0].key, sizeof subject.flink[0].key, "taskmanager.memory.task.heap.size");
    snprintf(subject.flink[0].value, sizeof subject.flink[0].value, "402653174b");
    snprintf(subject.flink[1].key, sizeof subject.flink[1].key, "taskmanager.cpu.cores");
    snprintf(subject.flink[1].value, sizeof subject.flink[1].value, "1.0");
}

static void fill(void)
{
    memset(&full, 0, sizeof full);
    for (size_t i = 0; i < RECOMMENDATION_FIELDS; i++)
        fill_field(&recommendation_fields[i], i);
    for (size_t i = 0; i < BACKTEST_FIELDS; i++)
        fill_field(&backtest_fields[i], 500 + i);
    for (size_t i = 0; i < LIVE_PROBE_FIELDS; i++)
        fill_field(&live_probe_fields[i], 600 + i);
    for (size_t i = 0; i < FLEET_FIELDS; i++)
        fill_field(&fleet_fields[i], 700 + i);
    snprintf(full.observed.live_probe.state, sizeof full.observed.live_probe.state, "waiting: \"x\"");
    full.reason_count = HC_REASONS_MAX;
    for (unsigned i = 0; i < HC_REASONS_MAX; i++)
        snprintf(full.reasons[i], HC_REASON_SIZE, "reason %u: \"quoted\\\", a tab\t and … an ellipsis", i);
    full.off_heap.managed_consumers = HC_CONSUMER_ROCKSDB | HC_CONSUMER_OPERATOR;
    full.off_heap.managed_consumers_known = 1;
    full.event_count = 5;
    for (unsigned i = 0; i < 5; i++) {
        full.events[i].time_ms = INT64_C(1795231000000) + i;
        full.events[i].kind = (enum hc_event_kind)(i + 1);
        snprintf(full.events[i].text, sizeof full.events[i].text, "event %u", i);
    }
    for (unsigned i = 0; i < HC_HISTOGRAM_BUCKETS; i++)
        full.histogram[i] = i % 3 == 0 ? 0 : 1000 + i;
    full.histogram[HC_HISTOGRAM_BUCKETS - 1] = UINT32_MAX;
    fill_subject();
}

static char *print(void)
{
    char *text = NULL;
    enum hc_status status = hc_recommendation_print(&full, &subject, &text, &err);
    if (status != HC_OK)
        fail_msg("cannot be printed: %s", err.text);
    return text;
}

static enum hc_status parse(const char *text)
{
    memset(&back, 0x5a, sizeof back);
    memset(&back_subject, 0x5a, sizeof back_subject);
    memset(&err, 0, sizeof err);
    return hc_recommendation_parse(text, &back, &back_subject, &err);
}

static void assert_parses(const char *text)
{
    if (parse(text) != HC_OK)
        fail_msg("%s in %.200s", err.text, text);
}

/* -1 unknown; the byte counts, reals and so on of both structs, field by field. */
static void assert_fields_equal(const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *a = (const char *)&full + fields[i].offset, *b = (const char *)&back + fields[i].offset;
        size_t size = fields[i].type == FIELD_NAME                                      ? strlen(a) + 1
                      : fields[i].type == FIELD_COUNT32 || fields[i].type >= FIELD_FLAG ? 4
                                                                                        : 8;
        if (memcmp(a, b, size) != 0)
            fail_msg("%s.%s differs after print and parse", fields[i].object, fields[i].key);
    }
}

static void assert_same_again(void)
{
    char *text = print();
    assert_parses(text);
    assert_fields_equal(recommendation_fields, RECOMMENDATION_FIELDS);
    assert_fields_equal(backtest_fields, BACKTEST_FIELDS);
    assert_fields_equal(live_probe_fields, LIVE_PROBE_FIELDS);
    assert_fields_equal(fleet_fields, FLEET_FIELDS);
    assert_string_equal(back.observed.live_probe.state, full.observed.live_probe.state);
    assert_int_equal(back.reason_count, full.reason_count);
    for (unsigned i = 0; i < full.reason_count; i++)
        assert_string_equal(back.reasons[i], full.reasons[i]);
    assert_int_equal(back.off_heap.managed_consumers, full.off_heap.managed_consumers);
    assert_int_equal(back.off_heap.managed_consumers_known, full.off_heap.managed_consumers_known);
    assert_int_equal(back.event_count, full.event_count);
    for (unsigned i = 0; i < full.event_count; i++) {
        assert_int_equal(back.events[i].time_ms, full.events[i].time_ms);
        assert_int_equal(back.events[i].kind, full.events[i].kind);
        assert_string_equal(back.events[i].text, full.events[i].text);
    }
    assert_memory_equal(back.histogram, full.histogram, sizeof full.histogram);
    assert_memory_equal(&back_subject, &subject, sizeof subject);
    free(text);
}

static void every_field_survives_the_way_out_and_in(void **state)
{
    (void)state;
    fill();
    assert_same_again();
    assert_int_equal(strcmp(recommendation_fields[0].key, "generated_at"), 0); /* the writer counts on it */
}

static void a_probe_without_a_state_is_not_there(void **state)
{
    (void)state;
    fill();
    full.observed.live_probe.state[0] = '\0';
    char *text = print();
    assert_null(strstr(text, "live_probe"));
    assert_parses(text);
    assert_string_equal(back.observed.live_probe.state, "");
    assert_true(isnan(back.observed.live_probe.cpu_share_ratio));
    free(text);
}

static void every_name_of_a_kind_survives(void **state)
{
    (void)state;
    for (int i = 0; i <= HC_VERDICT_GROW; i++) {
        fill();
        full.verdict = (enum hc_verdict)i;
        assert_same_again();
    }
    for (int i = 0; i <= HC_EVIDENCE_UPPER_BOUND; i++) {
        fill();
        full.observed.evidence = (enum hc_evidence)i;
        assert_same_again();
    }
    for (int i = 0; i <= HC_TERM_CAP; i++) {
        fill();
        full.model.binding = (enum hc_term)i;
        assert_same_again();
    }
    for (int i = 0; i <= HC_COLLECTOR_EPSILON; i++) {
        fill();
        subject.collector = (enum hc_collector)i;
        assert_same_again();
    }
    for (int i = 0; i <= HC_ROLE_JOBMANAGER; i++) {
        fill();
        subject.role = (enum hc_role)i;
        assert_same_again();
    }
    for (uint32_t set = 0; set < 16; set++) {
        fill();
        full.off_heap.managed_consumers = set;
        assert_same_again();
    }
}

static void bytes_are_exact_up_to_what_a_double_holds(void **state)
{
    const uint64_t values[] = {0,
                               1,
                               4095,
                               UINT64_C(2147483648),
                               UINT64_C(999999999999999),
                               UINT64_C(1000000000000001),
                               UINT64_C(4503599627370495),
                               UINT64_C(4503599627370496)};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        fill();
        full.heap_bytes = values[i];
        assert_same_again();
    }
}

static void set_all_unknown(const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *at = (char *)&full + fields[i].offset;
        uint64_t unknown = HC_BYTES_UNKNOWN;
        double nan_value = NAN;
        if (fields[i].type == FIELD_BYTES)
            memcpy(at, &unknown, sizeof unknown);
        else if (fields[i].type == FIELD_REAL)
            memcpy(at, &nan_value, sizeof nan_value);
    }
}

static void unknown_is_left_out_and_comes_back_unknown(void **state)
{
    (void)state;
    memset(&full, 0, sizeof full);
    set_all_unknown(recommendation_fields, RECOMMENDATION_FIELDS);
    set_all_unknown(backtest_fields, BACKTEST_FIELDS);
    memset(&subject, 0, sizeof subject);
    subject.heap_max_bytes = HC_BYTES_UNKNOWN;
    char *text = print();
    assert_null(strstr(text, "_bytes\":"));
    assert_null(strstr(text, "backtest"));
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "generated_at"));
    assert_null(strstr(text, "managed_consumers"));
    assert_null(strstr(text, "\"host\""));
    assert_null(strstr(text, "\"flink\""));
    assert_contains(text, "\"verdict\":\t\"insufficient_data\"");
    assert_parses(text);
    assert_true(back.heap_bytes == HC_BYTES_UNKNOWN);
    assert_true(back.off_heap.files.max_bytes == HC_BYTES_UNKNOWN);
    assert_true(isnan(back.observed.pause_p99_ms));
    assert_true(isnan(back.backtest.slack_ratio));
    assert_int_equal(back.backtest.decisions, 0);
    assert_int_equal(back.off_heap.managed_consumers_known, 0);
    assert_int_equal(back.generated_at_ms, 0);
    assert_true(back_subject.heap_max_bytes == HC_BYTES_UNKNOWN);
    free(text);
    full.observed.gc_share_ratio = INFINITY; /* JSON has no word for it */
    text = print();
    assert_null(strstr(text, "inf"));
    assert_null(strstr(text, "gc_share_ratio"));
    free(text);
}

static void a_minimal_file_is_enough(void **state)
{
    (void)state;
    assert_parses("{\"format\":\"heapcast.recommendation\",\"format_version\":1,\"subject\":{},"
                  "\"recommendation\":{\"verdict\":\"keep\",\"heap_bytes\":1},\"a later key\":[{}]}  \n");
    assert_int_equal(back.heap_bytes, 1);
    assert_int_equal(back_subject.role, HC_ROLE_JVM);
    assert_int_equal(back.reason_count, 0);
}

static void the_last_of_equal_flink_options_is_written(void **state)
{
    (void)state;
    fill();
    subject.flink_count = 3;
    subject.flink[2] = subject.flink[0];
    snprintf(subject.flink[2].value, sizeof subject.flink[2].value, "7b");
    char *text = print();
    assert_null(strstr(text, "402653174b"));
    assert_parses(text);
    assert_int_equal(back_subject.flink_count, 2);
    assert_string_equal(back_subject.flink[1].value, "7b");
    free(text);
}

#define HEAD "{\"format\":\"heapcast.recommendation\",\"format_version\":1,\"subject\":{},"
#define KEEP "\"recommendation\":{\"verdict\":\"keep\",\"heap_bytes\":1}"

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *text;
        enum hc_status status;
        const char *why;
    } bad[] = {
        {"{}", HC_EPARSE, "'format' is not \"heapcast.recommendation\""},
        {"[]", HC_EPARSE, "'format'"},
        {"null", HC_EPARSE, "'format'"},
        {"{\"format\":\"other\"}", HC_EPARSE, "'format'"},
        {"{\"format\":\"heapcast.recommendation\"}", HC_EUNSUPPORTED, "'format_version'"},
        {"{\"format\":\"heapcast.recommendation\",\"format_version\":2}", HC_EUNSUPPORTED, "another version"},
        {"{\"format\":\"heapcast.recommendation\",\"format_version\":\"1\"}", HC_EUNSUPPORTED, "'format_version'"},
        {HEAD "\"x\":1}", HC_EPARSE, "'recommendation.verdict' is missing"},
        {HEAD "\"recommendation\":{\"verdict\":1}}", HC_EPARSE, "'recommendation.verdict' is missing"},
        {HEAD "\"recommendation\":{\"verdict\":\"explode\"}}", HC_EPARSE, "'recommendation.verdict' has a value"},
        {HEAD "\"recommendation\":{\"verdict\":\"keep\"}}", HC_EPARSE, "'recommendation.heap_bytes' is missing"},
        {HEAD "\"recommendation\":{\"verdict\":\"keep\",\"heap_bytes\":-1}}", HC_EPARSE, "'recommendation.heap_bytes'"},
        {HEAD "\"recommendation\":{\"verdict\":\"keep\",\"heap_bytes\":1.5}}", HC_EPARSE, "heap_bytes"},
        {HEAD "\"recommendation\":{\"verdict\":\"keep\",\"heap_bytes\":1e17}}", HC_EPARSE, "heap_bytes"},
        {HEAD "\"recommendation\":{\"verdict\":\"keep\",\"heap_bytes\":\"1g\"}}", HC_EPARSE, "heap_bytes"},
        {HEAD "\"recommendation\":{\"verdict\":\"keep\",\"heap_bytes\":null}}", HC_EPARSE, "heap_bytes"},
        {HEAD KEEP ",\"generated_at\":\"today\"}", HC_EPARSE, "'generated_at' has a value"},
        {HEAD KEEP ",\"observed\":{\"live_set_evidence\":\"hearsay\"}}", HC_EPARSE, "'observed.live_set_evidence'"},
        {HEAD KEEP ",\"observed\":{\"gc_share_ratio\":1e999}}", HC_EPARSE, "'observed.gc_share_ratio'"},
        {HEAD KEEP ",\"model\":{\"trend\":{\"significant\":1}}}", HC_EPARSE, "'model.trend.significant'"},
        {HEAD KEEP ",\"histogram\":{\"scheme\":\"linear\",\"buckets\":[]}}", HC_EUNSUPPORTED, "'histogram.scheme'"},
        {HEAD KEEP ",\"histogram\":{\"scheme\":\"log2x8-1mib\",\"buckets\":[[5,1]]}}", HC_EPARSE, "bound"},
        {HEAD KEEP ",\"histogram\":{\"scheme\":\"log2x8-1mib\",\"buckets\":[[0,-1]]}}", HC_EPARSE, "[lower bytes"},
        {HEAD KEEP ",\"histogram\":{\"scheme\":\"log2x8-1mib\",\"buckets\":[7]}}", HC_EPARSE, "[lower bytes"},
        {"{\"format\":\"heapcast.recommendation\",\"format_version\":1," KEEP "}", HC_EPARSE, "'subject' is missing"},
        {HEAD KEEP "} {\"second\":1}", HC_EPARSE, "not JSON"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parse(bad[i].text) != bad[i].status)
            fail_msg("status %d for %s", (int)err.status, bad[i].text);
        assert_int_equal(err.status, bad[i].status);
        assert_contains(err.text, bad[i].why);
        assert_int_equal(((unsigned char *)&back)[0], 0x5a); /* outputs untouched */
        assert_int_equal(((unsigned char *)&back_subject)[0], 0x5a);
        assert_int_equal(hc_recommendation_parse(bad[i].text, &back, &back_subject, NULL), bad[i].status);
    }
}

static void text_that_is_no_json_is_told_by_its_line(void **state)
{
    (void)state;
    assert_int_equal(parse(""), HC_EPARSE);
    assert_int_equal(err.line, 1);
    assert_int_equal(parse("{\n  \"format\": \"heapcast.recommendation\",\n  oops\n}\n"), HC_EPARSE);
    assert_int_equal(err.line, 3);
    assert_int_equal(parse("taskmanager.memory.process.size: 4g\n"), HC_EPARSE);
    assert_int_equal(err.line, 1);
    assert_contains(err.text, "is it a recommendation file?");
}

/* A file that was torn at any byte is refused, and nothing worse happens (run under ASan as well). */
static void every_truncation_is_refused(void **state)
{
    (void)state;
    fill();
    char *text = print();
    size_t length = strlen(text);
    assert_true(length > 5000);
    for (size_t cut = 0; cut < length - 2; cut++) { /* without its last newline it is still whole */
        char *torn = malloc(cut + 1);
        memcpy(torn, text, cut);
        torn[cut] = '\0';
        if (parse(torn) != HC_EPARSE)
            fail_msg("taken when cut at %zu of %zu", cut, length);
        free(torn);
    }
    free(text);
}

/* Any byte may change: it is read or refused, but never out of bounds. */
static void damaged_bytes_do_no_harm(void **state)
{
    (void)state;
    fill();
    char *text = print();
    size_t length = strlen(text);
    unsigned refused = 0;
    for (size_t at = 0; at < length; at += 3) {
        char kept = text[at];
        text[at] = (char)(kept ^ (1 << (at / 3 % 7)));
        refused += parse(text) != HC_OK;
        text[at] = kept;
    }
    assert_true(refused > 1000);
    free(text);
}

static void too_much_is_cut_not_overrun(void **state)
{
    (void)state;
    fill();
    char *text = print();
    cJSON *top = cJSON_Parse(text), *reasons, *events, *flink, *item;
    free(text);
    char wide[600];
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    reasons = cJSON_GetObjectItem(cJSON_GetObjectItem(top, "recommendation"), "reasons");
    events = cJSON_GetObjectItem(top, "events");
    flink = cJSON_GetObjectItem(cJSON_GetObjectItem(top, "subject"), "flink");
    for (int i = 0; i < 100; i++) {
        cJSON_AddItemToArray(reasons, cJSON_CreateString(wide));
        item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "text", wide);
        cJSON_AddStringToObject(item, "kind", wide);
        cJSON_AddItemToArray(events, item);
        snprintf(wide, sizeof wide, "%0500d", i);
        cJSON_AddStringToObject(flink, wide, wide);
    }
    cJSON_ReplaceItemInArray(reasons, 0, cJSON_CreateString(wide));
    cJSON_ReplaceItemInObject(cJSON_GetObjectItem(top, "subject"), "name", cJSON_CreateString(wide));
    text = cJSON_PrintUnformatted(top);
    assert_parses(text);
    assert_int_equal(back.reason_count, HC_REASONS_MAX);
    assert_int_equal(strlen(back.reasons[0]), HC_REASON_SIZE - 1);
    assert_int_equal(back.event_count, HC_EVENTS_MAX);
    assert_int_equal(back.events[HC_EVENTS_MAX - 1].kind, HC_EVENT_OUT_OF_MEMORY_OTHER);
    assert_int_equal(back_subject.flink_count, HC_FLINK_SETTINGS_MAX);
    assert_int_equal(strlen(back_subject.name), sizeof back_subject.name - 1);
    cJSON_Delete(top);
    cJSON_free(text);
}

static void an_unknown_consumer_is_a_consumer(void **state)
{
    (void)state;
    assert_parses(HEAD KEEP ",\"off_heap\":{\"managed_consumers\":[\"somethingnew\"]}}");
    assert_int_equal(back.off_heap.managed_consumers_known, 1);
    assert_int_equal(back.off_heap.managed_consumers, HC_CONSUMER_OPERATOR);
    assert_parses(HEAD KEEP ",\"off_heap\":{\"managed_consumers\":[]}}");
    assert_int_equal(back.off_heap.managed_consumers_known, 1);
    assert_int_equal(back.off_heap.managed_consumers, 0);
}

static void deep_nesting_is_refused(void **state)
{
    static char deep[200001];
    (void)state;
    memset(deep, '[', sizeof deep - 1);
    assert_int_equal(parse(deep), HC_EPARSE);
}

/* The host JVM may have set any locale; a decimal comma would make it no JSON. */
static void a_decimal_comma_does_not_matter(void **state)
{
    char command[256];
    (void)state;
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1", scratch);
    if (system(command) == 0)
        setenv("LOCPATH", scratch, 1);
    /* musl takes any name and keeps its point */
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL || strcmp(localeconv()->decimal_point, ",") != 0) {
        print_message("skip: no locale with a decimal comma, and localedef cannot build one (package locales)\n");
        skip();
    }
    char text[16];
    snprintf(text, sizeof text, "%.1f", 0.5);
    assert_string_equal(text, "0,5"); /* else this would test nothing */
    fill();
    char *json = print();
    assert_null(strstr(json, "0,1396"));
    assert_contains(json, "0.1396484375"); /* 0.125 + 15/1024 */
    free(json);
    assert_same_again();
    setlocale(LC_ALL, "C");
}

static void a_write_replaces_the_file_whole(void **state)
{
    (void)state;
    fill();
    const char *path = in_scratch("heapcast-x.json");
    write_text(path, "old", 3);
    assert_int_equal(hc_recommendation_write(&full, &subject, path, &err), HC_OK);
    char *text = print();
    assert_string_equal(text_of(path), text);
    assert_int_equal(text[strlen(text) - 1], '\n');
    free(text);
    assert_int_equal(hc_recommendation_write(&full, &subject, in_scratch("no/x.json"), &err), HC_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_survives_the_way_out_and_in),
        cmocka_unit_test(a_probe_without_a_state_is_not_there),
        cmocka_unit_test(every_name_of_a_kind_survives),
        cmocka_unit_test(bytes_are_exact_up_to_what_a_double_holds),
        cmocka_unit_test(unknown_is_left_out_and_comes_back_unknown),
        cmocka_unit_test(a_minimal_file_is_enough),
        cmocka_unit_test(the_last_of_equal_flink_options_is_written),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(text_that_is_no_json_is_told_by_its_line),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(damaged_bytes_do_no_harm),
        cmocka_unit_test(too_much_is_cut_not_overrun),
        cmocka_unit_test(an_unknown_consumer_is_a_consumer),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(a_decimal_comma_does_not_matter),
        cmocka_unit_test(a_write_replaces_the_file_whole),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
