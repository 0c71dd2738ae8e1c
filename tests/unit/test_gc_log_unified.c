#include "tests/support/cmocka_test.h"

#include "tests/support/gc_log_seen.h"

#include <stdio.h>

#define T0 INT64_C(1795254159435) /* 2026-11-21T09:42:39.435Z */

static void g1_pauses(void **state)
{
    (void)state;
    const struct gc_log_seen *seen = seen_in(
        "[2026-11-21T09:42:39.330+0000][0.010s][info][gc     ] Using G1\n"
        "[2026-11-21T09:42:39.330+0000][0.010s][info][gc,init] Version: 25.0.3+9-LTS (release)\n"
        "[2026-11-21T09:42:39.330+0000][0.010s][info][gc,init] Heap Region Size: 1M\n"
        "[2026-11-21T09:42:39.330+0000][0.010s][info][gc,init] Heap Max Capacity: 160M\n"
        "[2026-11-21T09:42:39.425+0000][0.105s][info][gc,start    ] GC(0) Pause Young (Normal) (G1 Evacuation Pause)\n"
        "[2026-11-21T09:42:39.435+0000][0.115s][info][gc,phases   ] GC(0)   Evacuate Collection Set: 8.78ms\n"
        "[2026-11-21T09:42:39.435+0000][0.115s][info][gc,heap     ] GC(0) Eden regions: 14->0(49)\n"
        "[2026-11-21T09:42:39.435+0000][0.115s][info][gc,heap     ] GC(0) Survivor regions: 0->2(2)\n"
        "[2026-11-21T09:42:39.435+0000][0.115s][info][gc,heap     ] GC(0) Old regions: 2->14\n"
        "[2026-11-21T09:42:39.435+0000][0.115s][info][gc,heap     ] GC(0) Humongous regions: 1->1\n"
        "[2026-11-21T09:42:39.435+0000][0.115s][info][gc          ] GC(0) Pause Young (Normal) (G1 Evacuation Pause) "
        "17M->16M(160M) 9.704ms\n"
        "[2026-11-21T09:42:40.435+0000][1.115s][info][gc] GC(1) Pause Young (Concurrent Start) (System.gc()) "
        "60M->20M(160M) 1.500ms\n"
        "[2026-11-21T09:42:40.535+0000][1.215s][info][gc] GC(2) Pause Remark 30M->28M(160M) 0.772ms\n"
        "[2026-11-21T09:42:40.635+0000][1.315s][info][gc] GC(2) Pause Cleanup 29M->29M(160M) 0.026ms\n"
        "[2026-11-21T09:42:40.735+0000][1.415s][info][gc] GC(3) Pause Young (Mixed) (G1 Evacuation Pause) (Evacuation "
        "Failure: Allocation) 140M->82M(150M) 4.612ms\n"
        "[2026-11-21T09:42:40.835+0000][1.515s][info][gc] GC(4) Pause Full (G1 Compaction Pause) 90M->15M(100M) "
        "24.000ms\n");
    assert_int_equal(seen->start_count, 1);
    assert_int_equal(seen->starts[0].start_ms, T0 - 115);
    assert_int_equal(seen->starts[0].heap_max_bytes, MIB(160));
    assert_true(seen->starts[0].heap_max_told);
    assert_int_equal(seen->starts[0].collector, HC_COLLECTOR_G1);
    assert_string_equal(seen->starts[0].jvm_version, "25.0.3+9-LTS (release)");
    assert_int_equal(seen->sample_count, 6);
    const struct hc_gc_sample *s = seen->samples;
    assert_sample(s[0], HC_GC_YOUNG, MIB(17), MIB(16), 9704);
    assert_int_equal(s[0].end_time_ms, T0);
    assert_int_equal(s[0].old_used_after_bytes, MIB(14)); /* 16 less two survivor regions */
    assert_int_equal(s[0].promoted_bytes, MIB(11));
    assert_int_equal(s[0].allocated_bytes, MIB(17));
    assert_string_equal(s[0].cause, "G1 Evacuation Pause");
    assert_sample(s[1], HC_GC_YOUNG, MIB(60), MIB(20), 1500);
    assert_string_equal(s[1].cause, "System.gc()");
    assert_int_equal(s[1].allocated_bytes, MIB(44));
    assert_sample(s[2], HC_GC_PAUSE, MIB(30), MIB(28), 772);
    assert_string_equal(s[2].cause, "Concurrent Cycle");
    assert_sample(s[3], HC_GC_PAUSE, MIB(29), MIB(29), 26);
    assert_sample(s[4], HC_GC_MIXED, MIB(140), MIB(82), 4612);
    assert_string_equal(s[4].cause, "G1 Evacuation Pause");
    assert_int_equal(s[4].heap_committed_bytes, MIB(150));
    assert_int_equal(s[4].heap_max_bytes, MIB(160));
    assert_sample(s[5], HC_GC_FULL, MIB(90), MIB(15), 24000);
    assert_int_equal(s[5].gc_id, 6);
    assert_int_equal(seen->stats.collections, 4);
    assert_int_equal(seen->stats.pauses, 2);
    assert_int_equal(seen->stats.broken, 0);
    assert_true(seen->stats.wall_clock);
}

/* JDK 9 and 10 word G1's pauses in another way, and JDK 9 prints the times of begin and end. */
static void old_words(void **state)
{
    (void)state;
    const struct gc_log_seen *seen =
        seen_in("[0.021s][info][gc] Using G1\n"
                "[0.184s][info][gc] GC(0) Pause Young (G1 Evacuation Pause) 24M->4M(256M) (0.181s, 0.184s) 3.123ms\n"
                "[0.200s][info][gc] GC(1) Pause Initial Mark (G1 Humongous Allocation) 30M->5M(256M) 2.000ms\n"
                "[0.300s][info][gc] GC(2) Pause Mixed (G1 Evacuation Pause) 30M->3M(256M) 1.000ms\n");
    assert_int_equal(seen->sample_count, 3);
    assert_sample(seen->samples[0], HC_GC_YOUNG, MIB(24), MIB(4), 3123);
    assert_sample(seen->samples[1], HC_GC_YOUNG, MIB(30), MIB(5), 2000);
    assert_string_equal(seen->samples[1].cause, "G1 Humongous Allocation");
    assert_sample(seen->samples[2], HC_GC_MIXED, MIB(30), MIB(3), 1000);
}

static void generations_are_exact(void **state)
{
    (void)state;
    const struct gc_log_seen *seen =
        seen_in("[0.100s][info][gc] Using Serial\n"
                "[0.150s][info][gc,heap] GC(0) DefNew: 34944K(39296K)->4351K(39296K) Eden: 34944K(34944K)->0K(34944K)\n"
                "[0.150s][info][gc,heap] GC(0) Tenured: 0K(87424K)->29010K(87424K)\n"
                "[0.150s][info][gc] GC(0) Pause Young (Allocation Failure) 34M->32M(123M) 19.285ms\n"
                "[0.250s][info][gc,heap] GC(1) DefNew: 39295K->4000K(39296K)\n" /* until JDK 15 */
                "[0.250s][info][gc,heap] GC(1) Tenured: 29010K->29110K(87424K)\n"
                "[0.250s][info][gc] GC(1) Pause Young (Allocation Failure) 66M->32M(123M) 2.000ms\n");
    assert_int_equal(seen->sample_count, 2);
    assert_sample(seen->samples[0], HC_GC_YOUNG, KIB(34944), KIB(4351 + 29010), 19285);
    assert_int_equal(seen->samples[0].old_used_after_bytes, KIB(29010));
    assert_int_equal(seen->samples[0].heap_committed_bytes, KIB(39296 + 87424));
    assert_sample(seen->samples[1], HC_GC_YOUNG, KIB(39295 + 29010), KIB(4000 + 29110), 2000);
    assert_int_equal(seen->samples[1].allocated_bytes, KIB(39295 - 4351));
    assert_int_equal(seen->samples[1].promoted_bytes, KIB(100));
    assert_int_equal(seen->starts[0].collector, HC_COLLECTOR_SERIAL);
}

/* JDK 11: a young collection that turns into a full one ends after it. The agent sees one collection, and so do we. */
static void young_around_full_is_one(void **state)
{
    (void)state;
    const struct gc_log_seen *seen =
        seen_in("[0.900s][info][gc] Using Serial\n"
                "[0.949s][info][gc,start] GC(7) Pause Young (Allocation Failure)\n"
                "[0.950s][info][gc,start] GC(8) Pause Full (Allocation Failure)\n"
                "[0.969s][info][gc] GC(8) Pause Full (Allocation Failure) 99M->54M(123M) 18.956ms\n"
                "[0.969s][info][gc] GC(7) Pause Young (Allocation Failure) 99M->54M(123M) 20.000ms\n"
                "[1.069s][info][gc] GC(9) Pause Young (Allocation Failure) 88M->60M(123M) 1.000ms\n");
    assert_int_equal(seen->sample_count, 2);
    assert_sample(seen->samples[0], HC_GC_FULL, MIB(99), MIB(54), 18956);
    assert_sample(seen->samples[1], HC_GC_YOUNG, MIB(88), MIB(60), 1000);
    assert_int_equal(seen->samples[1].gc_time_us, 1000 + 1044); /* the time that the young one took by itself is kept */
    assert_int_equal(seen->stats.broken, 0);
}

static void sweeps_of_cms(void **state)
{
    (void)state;
    const struct gc_log_seen *seen =
        seen_in("[0.010s][info][gc] Using Concurrent Mark Sweep\n"
                "[0.100s][info][gc,heap] GC(2) ParNew: 39296K->4352K(39296K)\n"
                "[0.100s][info][gc,heap] GC(2) CMS: 40155K->44636K(87424K)\n"
                "[0.100s][info][gc] GC(2) Pause Young (Allocation Failure) 77M->47M(123M) 6.002ms\n"
                "[0.110s][info][gc] GC(3) Pause Initial Mark 49M->49M(123M) 0.524ms\n"
                "[0.120s][info][gc] GC(3) Pause Remark 53M->53M(123M) 1.244ms\n"
                "[0.121s][info][gc] GC(3) Concurrent Sweep\n"
                "[0.126s][info][gc] GC(3) Concurrent Sweep 5.095ms\n"
                "[0.130s][info][gc,heap] GC(3) Old: 44636K->30000K(87424K)\n"
                "[0.200s][info][gc] GC(4) Pause Young (Allocation Failure) 67M->37M(123M) 4.000ms\n"
                /* a cycle without the line "Old:", and without generations: what the next collection leaves */
                "[0.226s][info][gc] GC(5) Concurrent Sweep 5.095ms\n"
                "[0.300s][info][gc] GC(6) Pause Young (Allocation Failure) 60M->33M(123M) 4.000ms\n");
    assert_int_equal(seen->sample_count, 7);
    assert_sample(seen->samples[1], HC_GC_PAUSE, MIB(49), MIB(49), 524);
    assert_sample(seen->samples[2], HC_GC_PAUSE, MIB(53), MIB(53), 1244);
    assert_sample(seen->samples[3], HC_GC_OLD, MIB(53), MIB(53) - KIB(44636) + KIB(30000), 0);
    assert_int_equal(seen->samples[3].old_used_after_bytes, KIB(30000));
    assert_int_equal(seen->samples[3].end_time_ms - seen->samples[0].end_time_ms, 26);
    assert_sample(seen->samples[4], HC_GC_YOUNG, MIB(67), MIB(37), 4000);
    assert_int_equal(seen->samples[5].kind, HC_GC_OLD);
    assert_int_equal(seen->samples[5].heap_used_after_bytes, MIB(33));
    assert_sample(seen->samples[6], HC_GC_YOUNG, MIB(60), MIB(33), 4000);
    assert_int_equal(seen->starts[0].collector, HC_COLLECTOR_CMS);
}

static void cycles_of_z(void **state)
{
    (void)state;
    const struct gc_log_seen *seen = seen_in(
        "[0.032s][info][gc,init] Max Capacity: 200M\n"
        "[0.032s][info][gc     ] Using The Z Garbage Collector\n"
        "[1.158s][info][gc,start    ] GC(0) Garbage Collection (Proactive)\n"
        "[1.158s][info][gc,phases   ] GC(0) Pause Mark Start 0.009ms\n"
        "[1.189s][info][gc,phases   ] GC(0) Pause Mark End 0.012ms\n"
        "[1.201s][info][gc,phases   ] GC(0) Pause Relocate Start 0.007ms\n"
        "[1.202s][info][gc,heap     ] GC(0)                Mark Start          Mark End        Relocate Start\n"
        "[1.202s][info][gc,heap     ] GC(0)  Capacity:      180M (90%)         180M (90%)         180M (90%)         "
        "190M (95%)         190M (95%)         180M (90%)\n"
        "[1.202s][info][gc,heap     ] GC(0)      Used:       48M (24%)          52M (26%)          56M (28%)\n"
        "[1.202s][info][gc,heap     ] GC(0)      Live:         -                40M (20%)          40M (20%)\n"
        "[1.202s][info][gc          ] GC(0) Garbage Collection (Proactive) 48M(24%)->44M(22%)\n"
        "[2.202s][info][gc          ] GC(1) Garbage Collection (Allocation Stall) 98M(49%)->50M(25%)\n");
    assert_int_equal(seen->sample_count, 2);
    assert_sample(seen->samples[0], HC_GC_OLD, MIB(48), MIB(44), 12);
    assert_int_equal(seen->samples[0].gc_time_us, 28);
    assert_int_equal(seen->samples[0].heap_committed_bytes, MIB(190));
    assert_string_equal(seen->samples[0].cause, "Proactive");
    assert_int_equal(seen->samples[1].allocated_bytes, MIB(54));
    assert_int_equal(seen->view_count, 1);
    assert_int_equal(seen->views[0].live_bytes, MIB(40) + KIB(512));
    assert_int_equal(seen->views[0].used_bytes, MIB(48) + KIB(512));
    assert_int_equal(seen->views[0].time_ms - seen->starts[0].start_ms, 1158);
    assert_int_equal(seen->starts[0].heap_max_bytes, MIB(200));
}

/* A minor collection that runs inside a major one: what was allocated between them is not known. */
static void generational_z(void **state)
{
    (void)state;
    const struct gc_log_seen *seen = seen_in("[0.032s][info][gc] Using The Z Garbage Collector\n"
                                             "[1.000s][info][gc] GC(0) Major Collection (Warmup)\n"
                                             "[1.010s][info][gc,phases] GC(0) Y: Pause Mark Start (Major) 0.020ms\n"
                                             "[1.020s][info][gc] GC(1) Minor Collection (Allocation Rate)\n"
                                             "[1.025s][info][gc,phases] GC(1) y: Pause Mark Start 0.010ms\n"
                                             "[1.030s][info][gc] GC(1) Minor Collection (Allocation Rate) "
                                             "80M(40%)->60M(30%) 0.010s\n"
                                             "[1.040s][info][gc,phases] GC(0) O: Pause Mark End 0.030ms\n"
                                             "[1.050s][info][gc] GC(0) Major Collection (Warmup) 70M(35%)->50M(25%) "
                                             "0.050s\n"
                                             "[2.000s][info][gc] GC(2) Minor Collection (Allocation Rate) "
                                             "90M(45%)->55M(27%) 0.010s\n");
    assert_int_equal(seen->sample_count, 3);
    assert_sample(seen->samples[0], HC_GC_YOUNG, MIB(80), MIB(60), 10);
    assert_int_equal(seen->samples[0].allocated_bytes, HC_BYTES_UNKNOWN);
    assert_sample(seen->samples[1], HC_GC_OLD, MIB(70), MIB(50), 30);
    assert_int_equal(seen->samples[1].gc_time_us, 50);
    assert_int_equal(seen->samples[1].allocated_bytes, HC_BYTES_UNKNOWN);
    assert_int_equal(seen->samples[2].allocated_bytes, MIB(40));
    assert_int_equal(seen->view_count, 0);
}

static void cycles_of_shenandoah(void **state)
{
    (void)state;
    const struct gc_log_seen *seen =
        seen_in("[0.010s][info][gc,init] Initialize Shenandoah heap: 200M initial, 6656K min, 200M max\n"
                "[0.010s][info][gc] Using Shenandoah\n"
                "[1.000s][info][gc] Trigger: Explicit GC request (System.gc())\n"
                "[1.000s][info][gc] GC(0) Pause Init Mark 0.363ms\n"
                "[1.100s][info][gc] GC(0) Pause Final Mark 4.311ms\n"
                "[1.101s][info][gc] GC(0) Concurrent cleanup 58M->57M(200M) 0.046ms\n"
                "[1.110s][info][gc] GC(0) Pause Final Update Refs 0.200ms\n"
                "[1.111s][info][gc] GC(0) Concurrent cleanup 61M->49M(200M) 0.026ms\n"
                "[2.000s][info][gc] Trigger: Free (60M) is below minimum threshold (70M)\n"
                "[2.000s][info][gc] GC(1) Pause Init Mark 0.100ms\n"
                "[2.100s][info][gc] GC(1) Pause Degenerated GC (Mark) 150M->60M(200M) 5.000ms\n"
                "[3.000s][info][gc] GC(2) Pause Full (Allocation Failure) 190M->40M(200M) 50.000ms\n");
    assert_int_equal(seen->sample_count, 3);
    assert_sample(seen->samples[0], HC_GC_OLD, MIB(58), MIB(49), 4311);
    assert_int_equal(seen->samples[0].gc_time_us, 363 + 4311 + 200);
    assert_string_equal(seen->samples[0].cause, "System.gc()");
    assert_int_equal(seen->samples[0].end_time_ms - seen->starts[0].start_ms, 1111);
    assert_sample(seen->samples[1], HC_GC_OLD, MIB(150), MIB(60), 5000);
    assert_int_equal(seen->samples[1].allocated_bytes, MIB(101));
    assert_string_equal(seen->samples[1].cause, "");
    assert_sample(seen->samples[2], HC_GC_FULL, MIB(190), MIB(40), 50000);
    assert_int_equal(seen->starts[0].heap_max_bytes, MIB(200));
}

static void generational_shenandoah(void **state)
{
    (void)state;
    const struct gc_log_seen *seen =
        seen_in("[1.000s][info][gc] Using Shenandoah\n"
                "[1.001s][info][gc] GC(0) Concurrent cleanup (Young) 69M->69M(256M) 0.008ms\n"
                "[1.011s][info][gc] GC(0) Concurrent cleanup (Young) 74M->49M(256M) 0.022ms\n"
                "[1.101s][info][gc] GC(1) Concurrent cleanup (Old) 51M->51M(256M) 0.007ms\n" /* marks, frees nothing */
                "[1.201s][info][gc] GC(2) Concurrent cleanup (Global) (unload classes) 90M->90M(256M) 0.008ms\n"
                "[1.211s][info][gc] GC(2) Concurrent cleanup (Global) (unload classes) 95M->40M(256M) 0.022ms\n");
    assert_int_equal(seen->sample_count, 2);
    assert_sample(seen->samples[0], HC_GC_YOUNG, MIB(69), MIB(49), 0);
    assert_sample(seen->samples[1], HC_GC_OLD, MIB(90), MIB(40), 0);
}

/* Each JDK tells the heap's maximum in words of its own. */
static void heap_maximum(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "[0.1s][info][gc,init] Heap Max Capacity: 4G\n",
        "[0.1s][info][gc,init] Max Capacity: 4096M\n",
        "[0.1s][info][gc,heap,coops] Heap address: 0x0000000700000000, size: 4096 MB, Compressed Oops mode: 32-bit\n",
        "[0.1s][debug][gc,heap] Minimum heap 8388608  Initial heap 268435456  Maximum heap 4294967296\n",
        "[0.1s][info][gc,init] Initialize Shenandoah heap: 200M initial, 6656K min, 4096M max\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const struct gc_log_seen *seen = seen_in(lines[i]);
        assert_int_equal(seen->start_count, 1);
        assert_true(seen->starts[0].heap_max_told);
        assert_int_equal(seen->starts[0].heap_max_bytes, MIB(4096));
    }
}

static void epsilon_never_collects(void **state)
{
    (void)state;
    const struct gc_log_seen *seen =
        seen_in("[0.010s][info][gc,init] Version: 21.0.8+9 (release)\n"
                "[0.010s][info][gc,init] Heap Max Capacity: 256M\n"
                "[0.010s][info][gc] Using Epsilon\n"
                "[0.900s][info][gc] Heap: 256M reserved, 256M (100.00%) committed, 13M used\n");
    assert_int_equal(seen->start_count, 1);
    assert_int_equal(seen->starts[0].collector, HC_COLLECTOR_EPSILON);
    assert_int_equal(seen->sample_count, 0);
    assert_int_equal(seen->stats.gc_lines, 4);
}

/* -Xlog decorations in any choice. */
static void decorations(void **state)
{
    (void)state;
    static const struct {
        const char *decorations;
        int64_t time_ms; /* 0: of no date */
    } cases[] = {
        {"[2026-11-21T09:42:39.435+0000]", T0},
        {"[2026-11-21T10:42:39.435+0100]", T0},
        {"[2026-11-21T10:42:39.435+0100][2026-11-21T09:42:39.435+0000][0.115s][1795254159435ms][115ms]"
         "[4711000000ns][115000000ns][a-host][4711][4712][info ][gc,heap   ]",
         T0},
        {"[1795254159435ms][gc]", T0},
        {"[0.115s]", 0},
        {"[0,115s]", 0},
        {"[115ms][info]", 0},
        {"[115000000ns][info]", 0},
        {"[host][4711][info][gc]", 0},
    };
    char text[512];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "%s GC(0) Pause Young (Allocation Failure) 34M->32M(123M) 19.285ms\n",
                 cases[i].decorations);
        const struct gc_log_seen *seen = seen_in(text);
        assert_int_equal(seen->sample_count, 1);
        if (cases[i].time_ms != 0)
            assert_int_equal(seen->samples[0].end_time_ms, cases[i].time_ms);
        else if (i < 8)
            assert_int_equal(seen->samples[0].end_time_ms, 946684800115);
        assert_int_equal(seen->stats.untimed, i == 8);
    }
    const struct gc_log_seen *none = seen_in("GC(0) Pause Young (Allocation Failure) 34M->32M(123M) 19.285ms\n"
                                             "GC(1) Pause Young (Allocation Failure) 64M->33M(123M) 10.000ms\n");
    assert_int_equal(none->sample_count, 2);
    assert_int_equal(none->stats.untimed, 2);
    assert_false(none->stats.wall_clock);
}

static void other_output_is_passed_over(void **state)
{
    (void)state;
    const struct gc_log_seen *seen = seen_in(
        "Starting TaskManager on host\n"
        "[ERROR] something in brackets\n"
        "[0.100s][info][gc] Using Serial\n"
        "no newline after this[0.200s][info][gc] GC(0) Pause Young (Allocation Failure) 34M->32M(123M) 1.000ms\n"
        "\n"
        "[0.250s][info][safepoint] Safepoint \"Cleanup\", Time since last: 1 ns\n"
        "   [0.260s][info][gc] GC(1) Pause Young (Allocation Failure) 64M->33M(123M) 1.000ms\r\n");
    assert_int_equal(seen->sample_count, 2);
    assert_int_equal(seen->stats.lines, 7);
    assert_int_equal(seen->stats.gc_lines, 3);
    assert_int_equal(seen->stats.other_lines, 4);
}

static void broken_lines_are_counted(void **state)
{
    (void)state;
    const struct gc_log_seen *seen =
        seen_in("[0.100s][info][gc] Using Serial\n"
                "[0.200s][info][gc,start] GC(0) Pause Young (Allocation Failure)\n"
                "[0.210s][info][gc] GC(0) Pause Young (Allocation Failure) 34M->32M(12\n" /* cut off */
                "[0.300s][info][gc] GC(1) Pause Young (Allocation Failure) 3.000ms\n"     /* the middle is missing */
                "[0.400s][info][gc] GC(2) Pause Young (Allocation Failure) 64M->33M(123M) 1.000ms\n"
                "[0.500s][info][gc] GC(18446744073709551615) Pause Full (x) 64M->33M(123M) 1.000ms\n"
                "[0.500s][info][gc] GC(3) Garbage Collection (Warmup) 48M->\n");
    assert_int_equal(seen->sample_count, 1);
    assert_sample(seen->samples[0], HC_GC_YOUNG, MIB(64), MIB(33), 1000);
    assert_int_equal(seen->samples[0].gc_time_us, 4000);
    assert_int_equal(seen->stats.broken, 3);
}

static void restarts(void **state)
{
    (void)state;
    /* by a header, by an uptime that goes back, and without an uptime by a number of collections that goes back */
    const struct gc_log_seen *seen = seen_in(
        "[5.000s][info][gc] GC(7) Pause Young (Allocation Failure) 34M->32M(123M) 1.000ms\n"
        "[5.999s][info][gc] GC(8) Pause Young (Allocation Failure) 34M->32M(123M) 1.000ms\n"
        "[5.500s][info][gc] GC(9) Pause Young (Allocation Failure) 34M->32M(123M) 1.000ms\n" /* late, no restart */
        "[0.010s][info][gc] Using Serial\n"
        "[0.200s][info][gc] GC(0) Pause Young (Allocation Failure) 34M->32M(123M) 1.000ms\n"
        "[9.200s][info][gc] GC(1) Pause Young (Allocation Failure) 34M->32M(123M) 1.000ms\n"
        "[1.200s][info][gc] GC(0) Pause Young (Allocation Failure) 34M->32M(123M) 1.000ms\n");
    assert_int_equal(seen->start_count, 3);
    assert_int_equal(seen->sample_count, 6);
    assert_int_equal(seen->samples[3].gc_id, 1);
    assert_true(seen->samples[3].end_time_ms > seen->samples[2].end_time_ms);
    assert_int_equal(seen->samples[3].allocated_bytes, MIB(34));
    seen = seen_in("[2026-11-21T09:42:39.435+0000] GC(500) Pause Full (x) 34M->32M(123M) 1.000ms\n"
                   "[2026-11-21T09:43:39.435+0000] GC(0) Pause Full (x) 34M->32M(123M) 1.000ms\n");
    assert_int_equal(seen->start_count, 2);
    assert_int_equal(seen->starts[1].start_ms, T0 + 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(g1_pauses),
        cmocka_unit_test(old_words),
        cmocka_unit_test(generations_are_exact),
        cmocka_unit_test(young_around_full_is_one),
        cmocka_unit_test(sweeps_of_cms),
        cmocka_unit_test(cycles_of_z),
        cmocka_unit_test(generational_z),
        cmocka_unit_test(cycles_of_shenandoah),
        cmocka_unit_test(generational_shenandoah),
        cmocka_unit_test(heap_maximum),
        cmocka_unit_test(epsilon_never_collects),
        cmocka_unit_test(decorations),
        cmocka_unit_test(other_output_is_passed_over),
        cmocka_unit_test(broken_lines_are_counted),
        cmocka_unit_test(restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
