#include "tests/support/cmocka_test.h"

#include "tests/support/gc_log_seen.h"

#include <stdio.h>
#include <stdlib.h>

static void verbose_gc(void **state)
{
    (void)state;
    const struct gc_log_seen *seen = seen_in("5.291: [GC 56843K->3194K(1292544K), 0.0582010 secs]\n"
                                             "5.349: [Full GC 3194K->3155K(1292544K), 0.0841890 secs]\n"
                                             "6.000: [GC (Allocation Failure)  16256K->8645K(58752K), 0.0890850 secs]\n"
                                             "7.000: [GC 9385K(88864K), 0.0058650 secs]\n"); /* a pause of CMS */
    assert_int_equal(seen->sample_count, 4);
    assert_sample(seen->samples[0], HC_GC_YOUNG, KIB(56843), KIB(3194), 58201);
    assert_int_equal(seen->samples[0].heap_committed_bytes, KIB(1292544));
    assert_int_equal(seen->samples[0].end_time_ms, 946684800000 + 5291 + 58);
    assert_sample(seen->samples[1], HC_GC_FULL, KIB(3194), KIB(3155), 84189);
    assert_sample(seen->samples[2], HC_GC_YOUNG, KIB(16256), KIB(8645), 89085);
    assert_string_equal(seen->samples[2].cause, "Allocation Failure");
    assert_int_equal(seen->samples[2].allocated_bytes, KIB(16256 - 3155));
    assert_sample(seen->samples[3], HC_GC_PAUSE, KIB(9385), KIB(9385), 5865);
    assert_int_equal(seen->stats.broken, 0);
}

static void parallel(void **state)
{
    (void)state;
    const struct gc_log_seen *seen = seen_in(
        "OpenJDK 64-Bit Server VM (25.292-b10) for linux-amd64 JRE (1.8.0_292-b10), built on Apr 21 2021\n"
        "CommandLine flags: -XX:InitialHeapSize=268435456 -XX:MaxHeapSize=1073741824 -XX:+UseParallelGC \n"
        "2014-06-16T07:57:14.622+0200: 10.020: [GC (Allocation Failure) [PSYoungGen: 16384K->2559K(18944K)] "
        "16384K->4681K(62976K), 0.0054230 secs] [Times: user=0.02 sys=0.01, real=0.00 secs] \n"
        "2014-06-16T07:57:15.622+0200: 11.020: [GC-- [PSYoungGen: 18944K->18944K(18944K)] 60000K->61000K(62976K), "
        "0.1000000 secs] [Times: user=0.02 sys=0.01, real=0.00 secs] \n"
        "2014-06-16T07:57:16.622+0200: 12.020: [Full GC (Ergonomics) [PSYoungGen: 2560K->0K(18944K)] [ParOldGen: "
        "42000K->20000K(44032K)] 44560K->20000K(62976K), [Metaspace: 2650K->2650K(1056768K)], 0.0200000 secs] "
        "[Times: user=0.02 sys=0.01, real=0.00 secs] \n");
    assert_int_equal(seen->start_count, 1);
    assert_int_equal(seen->starts[0].heap_max_bytes, MIB(1024));
    assert_true(seen->starts[0].heap_max_told);
    assert_int_equal(seen->starts[0].collector, HC_COLLECTOR_PARALLEL);
    assert_string_equal(seen->starts[0].jvm_version, "1.8.0_292-b10");
    assert_int_equal(seen->starts[0].start_ms, 1402898234622 - 10020);
    assert_int_equal(seen->sample_count, 3);
    assert_sample(seen->samples[0], HC_GC_YOUNG, KIB(16384), KIB(4681), 5423);
    assert_int_equal(seen->samples[0].end_time_ms, 1402898234622 + 5);
    assert_int_equal(seen->samples[0].old_used_after_bytes, KIB(4681 - 2559));
    assert_int_equal(seen->samples[0].promoted_bytes, KIB(4681 - 2559));
    assert_sample(seen->samples[1], HC_GC_YOUNG, KIB(60000), KIB(61000), 100000);
    assert_sample(seen->samples[2], HC_GC_FULL, KIB(44560), KIB(20000), 20000);
    assert_string_equal(seen->samples[2].cause, "Ergonomics");
    assert_int_equal(seen->samples[2].old_used_after_bytes, KIB(20000));
}

/* Bars of text in the middle of a collection: ages, reference times. */
static void one_collection_over_many_lines(void **state)
{
    (void)state;
    const struct gc_log_seen *seen = seen_in(
        "12.242: [GC\n"
        "Desired survivor size 4128768 bytes, new threshold 6 (max 15)\n"
        "- age   1:     457288 bytes,     457288 total\n"
        " 18739K->6498K(47104K), 0.0112898 secs]\n"
        "13.0: [GC (Allocation Failure) 13.01: [SoftReference, 0 refs, 0.0000626 secs]13.02: [WeakReference, 186 "
        "refs, 0.0000317 secs]13.0: [DefNew\n"
        "Desired survivor size 1146880 bytes, new threshold 1 (max 15)\n"
        ": 20735K->2240K(20736K), 0.0226551 secs] 65223K->46000K(71700K), 0.0300000 secs] [Times: user=0.12]\n");
    assert_int_equal(seen->sample_count, 2);
    assert_sample(seen->samples[0], HC_GC_YOUNG, KIB(18739), KIB(6498), 11289);
    assert_sample(seen->samples[1], HC_GC_YOUNG, KIB(65223), KIB(46000), 30000);
    assert_int_equal(seen->samples[1].old_used_after_bytes, KIB(46000 - 2240));
}

static void young_that_turned_full(void **state)
{
    (void)state;
    const struct gc_log_seen *seen = seen_in(
        "80.904: [GC (Allocation Failure) 80.904: [DefNew: 20735K->2240K(20736K), 0.0226551 secs]80.927: [Tenured: "
        "50879K->34432K(50964K), 0.0897662 secs] 65223K->34432K(71700K), [Metaspace: 24104K->24104K(24960K)], "
        "0.1126070 "
        "secs] [Times: user=0.12 sys=0.00, real=0.11 secs]\n"
        "90.808: [GC 90.808: [ParNew (promotion failed): 235968K->235968K(235968K), 0.1925261 secs]91.001: [CMS: "
        "594557K->338805K(786432K), 2.9227500 secs] 784846K->338805K(1022400K), [CMS Perm : 22756K->22755K(37944K)], "
        "3.1155474 secs] [Times: user=3.34]\n");
    assert_int_equal(seen->sample_count, 2);
    assert_sample(seen->samples[0], HC_GC_FULL, KIB(65223), KIB(34432), 112607);
    assert_sample(seen->samples[1], HC_GC_FULL, KIB(784846), KIB(338805), 3115547);
}

static void cms(void **state)
{
    (void)state;
    const struct gc_log_seen *seen =
        seen_in("1.0: [GC 1.0: [ParNew: 16256K->1984K(18240K), 0.0560000 secs] 40000K->30000K(69364K), 0.0560460 secs] "
                "[Times: x]\n"
                "2.0: [GC [1 CMS-initial-mark: 28016K(51124K)] 37841K(69364K), 0.0048150 secs] [Times: user=0.00]\n"
                "2.1: [CMS-concurrent-mark-start]\n"
                "2.2: [GC[YG occupancy: 9000 K (18240 K)]2.2: [GC 2.2: [ParNew: 10000K->1000K(18240K), 0.0100000 secs] "
                "38016K->29016K(69364K), 0.0110000 secs] 2.21: [Rescan (parallel) , 0.0010000 secs]2.22: [weak refs "
                "processing, "
                "0.0001 secs] [1 CMS-remark: 28016K(51124K)] 29016K(69364K), 0.0200000 secs] [Times: user=0.00]\n"
                "2.3: [CMS-concurrent-sweep-start]\n"
                "2.4: [CMS-concurrent-sweep: 0.100/0.100 secs] [Times: user=0.1]\n"
                "3.0: [GC 3.0: [ParNew: 17000K->1500K(18240K), 0.0100000 secs] 25000K->10000K(69364K), 0.0120000 secs] "
                "[Times: x]\n"
                "4.0: [Full GC 4.0: [CMS4.1: [CMS-concurrent-mark: 0.1/0.2 secs] [Times: user=0.3]\n"
                " (concurrent mode failure): 8500K->7000K(51124K), 0.5000000 secs] 20000K->7000K(69364K), [CMS Perm : "
                "21K->21K(100K)], 0.5100000 secs] [Times: user=0.5]\n");
    assert_int_equal(seen->starts[0].collector, HC_COLLECTOR_CMS);
    assert_int_equal(seen->sample_count, 7);
    assert_sample(seen->samples[0], HC_GC_YOUNG, KIB(40000), KIB(30000), 56046);
    assert_sample(seen->samples[1], HC_GC_PAUSE, KIB(37841), KIB(37841), 4815);
    assert_sample(seen->samples[2], HC_GC_YOUNG, KIB(38016), KIB(29016), 11000); /* inside the remark */
    assert_sample(seen->samples[3], HC_GC_PAUSE, KIB(29016), KIB(29016), 20000);
    /* the next collection finds 8000 K in the old generation, where the remark saw 28016 */
    assert_sample(seen->samples[4], HC_GC_OLD, KIB(29016), KIB(29016 - 28016 + 8000), 0);
    assert_int_equal(seen->samples[4].end_time_ms - seen->starts[0].start_ms, 2400);
    assert_sample(seen->samples[5], HC_GC_YOUNG, KIB(25000), KIB(10000), 12000);
    assert_sample(seen->samples[6], HC_GC_FULL, KIB(20000), KIB(7000), 510000);
    assert_int_equal(seen->stats.broken, 0);
}

static void g1(void **state)
{
    (void)state;
    const struct gc_log_seen *seen = seen_in(
        "0.777: [GC pause (G1 Evacuation Pause) (young), 0.0028580 secs]\n"
        "   [Parallel Time: 2.5 ms, GC Workers: 8]\n"
        "      [GC Worker Start (ms): Min: 7241.0, Avg: 7241.6, Max: 7242.8, Diff: 1.8]\n"
        "   [Eden: 24.0M(24.0M)->0.0B(34.0M) Survivors: 0.0B->3072.0K Heap: 24.0M(256.0M)->5965.3K(256.0M)]\n"
        " [Times: user=0.01 sys=0.01, real=0.01 secs] \n"
        "1.0: [GC remark 1.01: [Finalize Marking, 0.0001 secs] 1.02: [GC ref-proc, 0.0001 secs] 1.03: [Unloading, 0.01 "
        "secs], 0.0200000 secs]\n"
        "1.1: [GC concurrent-cleanup-start]\n"
        "1.2: [GC cleanup 30M->25M(256M), 0.0010000 secs]\n"
        "2.0: [GC pause (G1 Evacuation Pause) (mixed) (to-space exhausted)\n"
        "Desired survivor size 67108864 bytes, new threshold 16 (max 32)\n"
        ", 0.3793790 secs]\n"
        "   [Eden: 20,0M(24,0M)->0,0B(34,0M) Survivors: 3,0M->3,0M Heap: 60,5M(256,0M)->20,5M(256,0M)]\n"
        "3.0: [Full GC (Allocation Failure)3.1: [GC concurrent-root-region-scan-end, 0.0136760 secs]\n"
        "3.1: [GC concurrent-mark-start]\n"
        " 50M->15M(250M), 0.5000000 secs]\n"
        "   [Eden: 4096.0K(16.0M)->0.0B(16.7M) Survivors: 3.0M->0.0B Heap: 50.3M(256.0M)->15.6M(250.0M)]\n"
        "4.0: [GC pause (young) 30M->16M(250M), 0.0010000 secs]\n"); /* without details */
    assert_int_equal(seen->starts[0].collector, HC_COLLECTOR_G1);
    assert_int_equal(seen->sample_count, 6);
    assert_sample(seen->samples[0], HC_GC_YOUNG, MIB(24), 6108467, 2858);
    assert_int_equal(seen->samples[0].old_used_after_bytes, 6108467 - KIB(3072));
    assert_int_equal(seen->samples[1].kind, HC_GC_PAUSE); /* a remark has no sizes */
    assert_int_equal(seen->samples[1].heap_used_before_bytes, HC_BYTES_UNKNOWN);
    assert_int_equal(seen->samples[1].heap_used_after_bytes, 6108467);
    assert_int_equal(seen->samples[1].pause_us, 20000);
    assert_sample(seen->samples[2], HC_GC_PAUSE, MIB(30), MIB(25), 1000);
    assert_sample(seen->samples[3], HC_GC_MIXED, MIB(60) + KIB(512), MIB(20) + KIB(512), 379379);
    assert_string_equal(seen->samples[3].cause, "G1 Evacuation Pause");
    assert_int_equal(seen->samples[4].kind, HC_GC_FULL);
    assert_int_equal(seen->samples[4].heap_committed_bytes, MIB(250));
    assert_int_equal(seen->samples[4].heap_used_after_bytes, MIB(15) + 629145);
    assert_sample(seen->samples[5], HC_GC_YOUNG, MIB(30), MIB(16), 1000);
    assert_int_equal(seen->stats.broken, 0);
}

static void heaps_printed_around(void **state)
{
    (void)state;
    const struct gc_log_seen *seen = seen_in(
        "{Heap before GC invocations=1 (full 0):\n"
        " PSYoungGen      total 18944K, used 16384K [0x00000007fed80000, 0x0000000800000000, 0x0000000800000000)\n"
        "  eden space 16384K, 100% used [0x00000007fed80000,0x00000007ffd80000,0x00000007ffd80000)\n"
        "1.0: [GC (Allocation Failure) [PSYoungGen: 16384K->2559K(18944K)] 16384K->4681K(62976K), 0.0054 secs]\n"
        "Heap after GC invocations=1 (full 0):\n"
        "  from space 2560K, 99% used [0x00000007ffd80000,0x00000007fffffff8,0x0000000800000000)\n"
        "}\n");
    assert_int_equal(seen->sample_count, 1);
    assert_sample(seen->samples[0], HC_GC_YOUNG, KIB(16384), KIB(4681), 5400);
}

static void broken_collections(void **state)
{
    (void)state;
    const struct gc_log_seen *seen = seen_in(
        "1.0: [GC (Allocation Failure) [PSYoungGen: 16384K->25\n" /* cut off */
        "2.0: [GC (Allocation Failure) [PSYoungGen: 16384K->2559K(18944K)] 16384K->4681K(62976K), 0.0054 secs]\n"
        "3.0: [GC (Allocation Failure) [PSYoungGen: 16384K->2559K(18944K)], 0.0060000 secs]\n" /* no heap */
        "other output ] ] ] with brackets\n"
        "4.0: [GC (Allocation Failure) [PSYoungGen: 16384K->2559K(18944K)] 20000K->4681K(62976K), 0.0010 secs]\n"
        "5.0: [GC [[[[[[[[[[[[[[[[[[[[[[[[[ 3K->2K(3K)\n");
    assert_int_equal(seen->sample_count, 2);
    assert_sample(seen->samples[0], HC_GC_YOUNG, KIB(16384), KIB(4681), 5400);
    assert_sample(seen->samples[1], HC_GC_YOUNG, KIB(20000), KIB(4681), 1000);
    assert_int_equal(seen->samples[1].gc_time_us, 7000);
    assert_int_equal(seen->stats.broken, 3);
}

#define HEADER                                                                                                         \
    "OpenJDK 64-Bit Server VM (25.292-b10) for linux-amd64 JRE (1.8.0_292-b10), built on Apr 21 2021\n"                \
    "Memory: 4k page, physical 16777216k(692440k free)\n"                                                              \
    "CommandLine flags: -XX:MaxHeapSize=1073741824 -XX:+UseParallelGC \n"
#define AT(seconds) seconds ": [GC (Allocation Failure) [PSYoungGen: 9K->1K(10K)] 9K->2K(20K), 0.001 secs]\n"

/* A header in each file of a rotated log, and one of another JVM. */
static void headers_and_restarts(void **state)
{
    (void)state;
    const struct gc_log_seen *seen =
        seen_in(HEADER AT("1.0") "2020-01-01 10:00:00 GC log file has reached the maximum size. Saved as gc.log.0\n"
                                 "2020-01-01 10:00:00 GC log file created gc.log.1\n" HEADER AT("2.0") AT("3.0")
                                     HEADER AT("2.9"));
    assert_int_equal(seen->start_count, 2);
    assert_int_equal(seen->sample_count, 4);
    assert_int_equal(seen->samples[3].gc_id, 1);
    assert_int_equal(seen->starts[1].heap_max_bytes, MIB(1024));
    /* without an uptime a header is a new JVM, unless the file before was full */
    seen = seen_in(HEADER AT("2020-01-01T10:00:00.000+0000") HEADER AT("2020-01-01T10:00:01.000+0000"));
    assert_int_equal(seen->start_count, 2);
    seen = seen_in(
        HEADER AT("2020-01-01T10:00:00.000+0000") "GC log rotation request has been received. GC log file x\n" HEADER
            AT("2020-01-01T10:00:01.000+0000"));
    assert_int_equal(seen->start_count, 1);
    seen = seen_in(AT("100.0") AT("2.0"));
    assert_int_equal(seen->start_count, 2);
}

static void lines_without_a_stamp(void **state)
{
    (void)state;
    const struct gc_log_seen *seen = seen_in("[GC 56843K->3194K(1292544K), 0.0582010 secs]\n"
                                             "[Full GC 3194K->3155K(1292544K), 0.0841890 secs]\n");
    assert_int_equal(seen->sample_count, 2);
    assert_int_equal(seen->stats.untimed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbose_gc),
        cmocka_unit_test(parallel),
        cmocka_unit_test(one_collection_over_many_lines),
        cmocka_unit_test(young_that_turned_full),
        cmocka_unit_test(cms),
        cmocka_unit_test(g1),
        cmocka_unit_test(heaps_printed_around),
        cmocka_unit_test(broken_collections),
        cmocka_unit_test(headers_and_restarts),
        cmocka_unit_test(lines_without_a_stamp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
