#!/usr/bin/env python3
"""Heap used after each collection, agent against the JVM's own log, for each collector on each JDK at hand.

The log prints used-after in KiB inside the pause (gc+heap=debug, "Heap after GC"). What the agent must show: on JDK 17
and later equal to the KiB for G1 and Serial; within 1 % for Parallel and on JDK 11; at least 50 collections each.
One pair of callbacks may cover a failed young collection and the full one after it: the log then has two blocks
and the agent one sample, that of the second.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

COLLECTIONS = 100  # as the GC beans count: Remark and Cleanup are among them on G1
GENERATION = re.compile(r"(?:def new generation|DefNew|tenured generation|Tenured|PSYoungGen|ParOldGen|garbage-first heap)\s+"
                        r"total .*?used (\d+)K")
LINE = re.compile(r"^\[(\d+)ms\]\[[^\]]*\] GC\((\d+)\) (.*)")


def blocks(path):
    """[(time_ms, gc, used_kib)] of the blocks "Heap after GC"."""
    found, used = [], None
    for line in open(path, errors="replace"):
        m = LINE.match(line)
        if not m:
            continue
        time, gc, text = int(m[1]), int(m[2]), m[3]
        if text.lower().startswith("heap after gc"):
            found.append([time, gc, 0])
            used = found[-1]
        elif text.lower().startswith("heap before gc") or " Pause " in text:
            used = None
        g = GENERATION.search(text)
        if g and used is not None and used[1] == gc:
            used[2] += int(g[1])
    return found


def compare(samples, log):
    """Pairs each sample with a block inside its pause, both in order: [(sample, block)], and the samples without one."""
    pairs, lonely, i = [], [], 0
    for s in samples:
        if s["kind"] == "pause":
            continue
        begin, end = s["end_time_ms"] - s["pause_us"] / 1000 - 2, s["end_time_ms"] + 2
        while i < len(log) and log[i][0] < begin:
            i += 1
        inside = [k for k in range(i, min(i + 3, len(log))) if log[k][0] <= end]
        if not inside:
            lonely.append(s)
            continue
        # times are whole milliseconds: of several blocks around a short pause the one that fits best is meant
        k = min(inside, key=lambda n: abs(s["heap_used_after_bytes"] // 1024 - log[n][2]))
        pairs.append((s, log[k]))
        i = k + 1
    return pairs, lonely


def run_one(version, home, collector):
    exact = collector != "Parallel" and int(version) >= 17
    with jvm.Jvm(home) as j:
        flags = ["-Xmx160m", "-XX:+Use%sGC" % collector, "-Xlog:gc*=info,gc+heap=debug:file=%s:tm,tg" % j.path("gc.log")]
        code = j.run(flags, ["Churn", "collections=%d" % COLLECTIONS, "full=3", "live=50", "rate=400", "seconds=60"], "publish=1s")
        assert code == 0, "exit code %d: %s" % (code, j.err()[-400:])
        pairs, lonely = compare(j.samples(), blocks(j.path("gc.log")))
        assert len(pairs) >= 50, "only %d collections could be compared" % len(pairs)
        assert not lonely, "%d of %d samples have no collection in the log: %s" % (len(lonely), len(lonely) + len(pairs), lonely[:2])
        errors = []
        for sample, block in pairs:
            seen = sample["heap_used_after_bytes"] // 1024
            errors.append(abs(seen - block[2]) / max(block[2], 1))
        errors.sort()
        worst, median = errors[-1], errors[len(errors) // 2]
        print("   JDK %s %-8s %3d collections, used-after error median %.3f %%, worst %.3f %%" %
              (version, collector, len(pairs), median * 100, worst * 100))
        # generations are printed in whole KiB each: two of them may hide up to 1 KiB
        limit = 1.5 * 1024 / min(p[0]["heap_used_after_bytes"] for p in pairs) if exact else 0.01
        off = [(s["gc_id"], s["kind"], s["cause"], s["end_time_ms"], s["pause_us"], s["heap_used_after_bytes"] // 1024, b)
               for s, b in pairs if abs(s["heap_used_after_bytes"] // 1024 - b[2]) / max(b[2], 1) > limit]
        assert worst <= limit, "used-after is off by up to %.3f %% (allowed %.4f %%): %s" % (worst * 100, limit * 100, off[:3])


def run_twice(version, home, collector):
    """A machine so busy that the log's clock and ours drift apart by milliseconds pairs the wrong ones; an error of the agent comes again."""
    try:
        run_one(version, home, collector)
    except AssertionError as e:
        print("   JDK %s %s, once more: %s" % (version, collector, e))
        run_one(version, home, collector)


def main():
    homes = jvm.jdks()
    for version in jvm.WANTED:
        for collector in ("Serial", "Parallel", "G1"):
            name = "used_after_%s_jdk%s" % (collector.lower(), version)
            if version not in homes:
                jvm.skip(name, "no JDK %s" % version)
            else:
                jvm.case(name, lambda: run_twice(version, homes[version], collector))


if __name__ == "__main__":
    main()
