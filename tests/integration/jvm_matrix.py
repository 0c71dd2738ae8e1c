#!/usr/bin/env python3
"""What the agent says of each collection against the JVM's own log: collector x JDK x the ways to run one.

The log is the truth: used-after, cause and pauses of each collection or cycle. A table line a case. What is allowed follows
from the source of a sample (include/heapcast/gc_sample.h) and from what the log rounds to: KiB in "Heap after GC", MiB elsewhere.
The full matrix (FULL=1, `make test-matrix`) takes about ten minutes; without it, what covers each source and each collector.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

FULL = os.environ.get("FULL") == "1"
AT_ONCE = 4  # a case is mostly idle: its program allocates at a fixed rate
LIVE_MIB = 30
LEAST = 50  # collections compared in a case

# name -> (JVM flags, JDKs, MiB of heap, MiB allocated a second, is the truth in "Heap after GC" blocks)
COLLECTORS = {
    "Serial": (["-XX:+UseSerialGC"], (11, 17, 21, 25), 128, 400, True),
    "Parallel": (["-XX:+UseParallelGC"], (11, 17, 21, 25), 128, 400, True),
    "G1": (["-XX:+UseG1GC"], (11, 17, 21, 25), 160, 700, True),
    "CMS": (["-XX:+UseConcMarkSweepGC"], (11,), 128, 400, True),
    "Z": (["-XX:+UseZGC"], (17, 21), 160, 500, False),
    "Z gen": (["-XX:+UseZGC", "-XX:+ZGenerational"], (21, 25), 160, 500, False),
    "Shenandoah": (["-XX:+UseShenandoahGC"], (11, 17, 21, 25), 200, 500, False),
    "Shen gen": (["-XX:+UseShenandoahGC", "-XX:ShenandoahGCMode=generational"], (25,), 256, 500, False),
}
MODES = ("normal", "no perf", "no mgmt", "no mmap", "attach", "check jni", "base")
# The subset: each collector, each source, each JDK.
QUICK = [
    ("Serial", 11, "normal"), ("Serial", 25, "no perf"), ("Parallel", 17, "normal"), ("Parallel", 25, "normal"),
    ("Parallel", 11, "no perf"), ("G1", 11, "normal"), ("G1", 17, "normal"), ("G1", 21, "normal"), ("G1", 25, "normal"),
    ("G1", 17, "no perf"), ("G1", 21, "attach"), ("G1", 25, "no mmap"), ("CMS", 11, "normal"), ("Z", 17, "normal"),
    ("Z gen", 21, "check jni"), ("Z gen", 25, "normal"), ("Z gen", 25, "no mgmt"), ("Shenandoah", 17, "no mgmt"),
    ("Shenandoah", 21, "normal"), ("Shenandoah", 25, "base"), ("Shen gen", 25, "normal"),
]

LINE = re.compile(r"^\[(\d+)ms\]\[[^\]]*\] GC\((\d+)\) (.*)")
GENERATION = re.compile(r"(?:def new generation|DefNew|tenured generation|Tenured|PSYoungGen|ParOldGen|garbage-first heap|"
                        r"par new generation|concurrent mark-sweep generation)\s+total .*?used (\d+)K")
PAUSE = re.compile(r"^(?:[yYO]: )?Pause (.*?)(?: \d+M->\d+M\(\d+M\))? ([\d.]+)ms$")
CYCLE = re.compile(r"^(Garbage|Minor|Major) Collection \((.*?)\) \d+M\(\d+%\)->(\d+)M")
CLEANUP = re.compile(r"^Concurrent cleanup.* \d+M->(\d+)M\(\d+M\) [\d.]+ms")
STOPPED = re.compile(r"^Pause (?:Degenerated GC|Full).* \d+M->(\d+)M\(\d+M\) [\d.]+ms")
FAILED = re.compile(r" \((?:Evacuation Failure: [^()]*|to-space exhausted)\)$")  # after the cause
LAST_WORDS = re.compile(r"\(([^()]*(?:\(\))?[^()]*)\)$")


CMS_BEFORE = re.compile(r"concurrent mark-sweep generation\s+total .*?used (\d+)K")


class Event:
    """A collection, as the log tells of it."""

    def __init__(self, gc):
        self.gc, self.time, self.used_kib, self.unit_kib, self.kind, self.cause, self.pause_ms = gc, None, None, 2, None, None, 0.0


def young_kind(text):
    return "mixed" if "(Mixed)" in text else "full" if text.startswith("Full") else "young"


def events_of(path, in_blocks):
    """The log's collections in the order of their ends."""
    found, current, block = {}, None, None
    for line in open(path, errors="replace"):
        m = LINE.match(line)
        if not m:
            continue
        at, gc, text = int(m[1]), int(m[2]), m[3].rstrip()
        e = found.setdefault(gc, Event(gc))
        pause, cycle = PAUSE.match(text), CYCLE.match(text)
        if pause:
            e.pause_ms += float(pause[2])
            cause = LAST_WORDS.search(FAILED.sub("", pause[1]))
            if in_blocks and pause[1].startswith(("Young", "Full")):
                e.kind, e.cause, e.time = young_kind(pause[1]), cause[1] if cause else None, at
        if cycle:
            e.kind, e.cause = "young" if cycle[1] == "Minor" else "old", cycle[2]
            e.time, e.used_kib, e.unit_kib = at, int(cycle[3]) * 1024, 1024
        ended = None if in_blocks else CLEANUP.match(text) or STOPPED.match(text)
        if ended:  # of several in a cycle of Shenandoah the last one
            e.kind, e.time, e.used_kib, e.unit_kib = "old", at, int(ended[1]) * 1024, 4096
        if in_blocks:
            lower = text.lower()
            if lower.startswith("heap after gc"):
                block, current = gc, 0
            elif lower.startswith("heap before gc") or " Pause " in text or text.startswith("Pause"):
                block = None
            g = GENERATION.search(text)
            if g and block == gc:
                current += int(g[1])
                e.used_kib = current
    return sorted((e for e in found.values() if e.time is not None and e.used_kib is not None), key=lambda e: (e.time, e.gc))


def pair_up(samples, events):
    """[(sample, event)], each event once: of those around the sample's end the one that fits, else the nearest, is meant."""
    pairs, lonely, taken, i = [], [], set(), 0
    for s in samples:
        if s["kind"] == "pause":
            continue
        # whole milliseconds; a bean's record has its end to one or two, and the log's line may come late; what has no time of
        # its own was read up to 60 ms late, or more
        before, after = {"counters": (s["pause_us"] / 1000 + 2, 2), "gc_info": (6, 40)}.get(s["source"], (120, 5))
        begin, end, used = s["end_time_ms"] - before, s["end_time_ms"] + after, s["heap_used_after_bytes"] / 1024
        while i < len(events) and events[i].time < begin - 200:
            i += 1
        inside = [k for k in range(i, min(i + 60, len(events))) if begin <= events[k].time <= end and k not in taken]
        if not inside:
            lonely.append(s)
            continue
        if s["source"] in ("counters", "gc_info"):
            k = min(inside, key=lambda n: (events[n].kind.replace("mixed", "young") != s["kind"].replace("mixed", "young"),
                                           abs(used - events[n].used_kib) > events[n].unit_kib, abs(events[n].time - s["end_time_ms"])))
        else:
            k = inside[-1]
        taken.add(k)
        pairs.append((s, events[k]))
    return pairs, lonely


def sweeps(samples, path):
    """CMS: errors of the old generation's use after a cycle, against the block that the log prints before the next pause."""
    befores, before = [], False
    for line in open(path, errors="replace"):
        m = LINE.match(line)
        if m and m[3].lower().startswith("heap "):
            before = m[3].lower().startswith("heap before")
        g = CMS_BEFORE.search(line)
        if m and g and before:
            befores.append((int(m[1]), int(g[1])))
    errors = []
    for s in samples:
        later = [kib for time, kib in befores if time >= s["end_time_ms"] - 3][:2]  # a bean's end is known to a millisecond or two
        if s["kind"] == "old" and later:
            errors.append(min(abs(s["old_used_after_bytes"] / 1024 - kib) / kib for kib in later))
    return errors


# ---- running ----

def image_without_management(version, home):
    """java.base and java.management alone: an image of their own where jlink can make one."""
    place = os.path.join(jvm.ROOT, "build", "tests", "image-%s" % version)
    if os.path.exists(os.path.join(place, "bin", "java")):
        return place
    if not os.path.isdir(os.path.join(home, "jmods")) or not os.path.exists(os.path.join(home, "bin", "jlink")):
        return None
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    made = subprocess.run([os.path.join(home, "bin", "jlink"), "--add-modules", "java.base,java.management", "--output", place],
                          capture_output=True)
    return place if made.returncode == 0 else None


def run(version, home, collector, mode, longer):
    """A finished run: its Jvm, to be cleaned by the caller."""
    flags, _, heap, rate, _ = COLLECTORS[collector]
    image, extra = home, {"no perf": ["-XX:-UsePerfData"], "no mmap": ["-XX:+PerfDisableSharedMem"],
                          "check jni": ["-Xcheck:jni"], "base": ["--limit-modules", "java.base"]}.get(mode, [])
    if mode == "no mgmt":
        image = image_without_management(version, home)
        if image is None:  # the same for the JVM: classes of other modules are not to be had
            image, extra = home, ["--limit-modules", "java.base,java.management"]
    j = jvm.Jvm(image)
    known = [f for f in flags if not (f == "-XX:+ZGenerational" and version >= 24)]
    all_flags = known + extra + ["-Xmx%dm" % heap, "-Xms%dm" % heap, "-XX:+UnlockExperimentalVMOptions",
                                 "-Xlog:gc*=info,gc+heap=debug:file=%s:tm,tg:filecount=0" % j.path("gc.log")]
    if mode == "attach" and version >= 21:
        all_flags.append("-XX:+EnableDynamicAgentLoading")
    seconds = {"Serial": 8, "Parallel": 8, "CMS": 9, "G1": 11, "Shen gen": 20, "Shenandoah": 13}.get(collector, 11) + (6 if mode == "attach" else 0)
    seconds *= longer
    program = ["Churn", "collections=0", "seconds=90", "megabytes=%d" % (seconds * rate), "full=3", "live=%d" % LIVE_MIB, "fifo=4",
               "rate=%d" % rate]
    if mode == "attach":
        j.process = subprocess.Popen([os.path.join(image, "bin", "java")] + all_flags + ["-cp", jvm.classes()] + program,
                                     cwd=j.dir, stdout=open(j.path("out"), "w"), stderr=open(j.path("err"), "w"))
        time.sleep(3)
        subprocess.run([os.path.join(home, "bin", "jcmd"), str(j.process.pid), "JVMTI.agent_load", jvm.AGENT,
                        "dir:%s,name:t,publish:1s,live_probe:off" % j.dir], check=True, capture_output=True, timeout=60)
        code = j.process.wait(120)
    else:
        code = j.run(all_flags, program, "publish=1s,live_probe=off")
    assert code == 0, "exit code %d: %s" % (code, j.err()[-400:])
    return j


# ---- judging ----

def median(values):
    values = sorted(values)
    return values[len(values) // 2] if values else None


def allowed(collector, version, sources):
    """(median, worst) relative error of used-after."""
    if "runtime" in sources:
        return 0.25, 2.0  # read late, on purpose the upper end
    if "collection_usage" in sources and collector.startswith("Z"):
        return 0.001, 0.60  # of several cycles at once the newest is read
    if "collection_usage" in sources and collector in ("Serial", "Parallel", "G1", "CMS"):
        return 0.01, 0.30
    if collector.startswith("Z"):
        return 0.001, 0.02  # pages of 2 MiB: the log's MiB are exact
    if collector.startswith("Shen"):
        return 0.02, 0.15  # the cycle's end lies after the log's last figure
    if collector == "Parallel" or collector == "CMS" or version == 11:
        return 0.005, 0.01
    return 0.0001, 0.0002  # KiB


def judge(version, collector, mode, j, row):
    in_blocks = COLLECTORS[collector][4]
    samples, events = j.samples(), events_of(j.path("gc.log"), in_blocks)
    assert samples, "no sample: %s" % j.messages()
    kinds = [s["kind"] for s in samples]
    pairs, lonely = pair_up([s for s in samples if collector != "CMS" or s["kind"] != "old"], events)
    errors = [abs(s["heap_used_after_bytes"] / 1024 - e.used_kib) / max(e.used_kib, 1) for s, e in pairs]
    causes = [(s, e) for s, e in pairs if s["cause"] and e.cause]
    wrong = [(s["cause"], e.cause) for s, e in causes if not e.cause.startswith(s["cause"][:34])]
    consecutive = [(s, e) for (p, _), (s, e) in zip(pairs, pairs[1:]) if s["gc_id"] == p["gc_id"] + 1]
    pauses = [abs(s["gc_time_us"] / 1000 - e.pause_ms) for s, e in consecutive if e.kind != "concurrent"]
    missed = sum(s["gc_id"] for s in samples[-1:]) - samples[0]["gc_id"] + 1 - len(samples)
    sources = sorted({s["source"] for s in samples if s["kind"] != "pause"})
    row.update(n=len(pairs), missed=missed, source="+".join(sources), median=median(errors), worst=max(errors, default=None),
               cause="%d/%d" % (len(causes) - len(wrong), len(causes)) if causes else "-", pause=median(pauses),
               old=kinds.count("old"), full=kinds.count("full"),
               mixed="%d/%d/%d" % (sum(s["kind"] == e.kind == "mixed" for s, e in pairs), kinds.count("mixed"),
                                   sum(e.kind == "mixed" for _, e in pairs)) if collector == "G1" else "-")
    assert len(pairs) >= LEAST, "only %d collections could be compared; %s" % (len(pairs), j.messages())
    late = "runtime" in sources or "collection_usage" in sources
    assert len(lonely) <= len(pairs) * (0.12 if late else 0.02), "%d samples have no collection in the log: %s" % (len(lonely), lonely[:2])
    filled = int(re.search(r"^filled (\d+)", open(j.path("out")).read(), re.M)[1])
    low = [s for s in samples if s["end_time_ms"] > filled and s["kind"] != "pause" and s["heap_used_after_bytes"] < LIVE_MIB * 1024 * 1000]
    assert not low, "%d samples say less than the program keeps alive: %s" % (len(low), low[:2])
    limits = allowed(collector, version, sources)
    off = [(s["end_time_ms"], s["kind"], s["heap_used_after_bytes"] // 1024, e.used_kib, e.gc) for s, e in pairs
           if abs(s["heap_used_after_bytes"] / 1024 - e.used_kib) / max(e.used_kib, 1) > limits[1]]
    assert row["median"] <= limits[0] and len(off) <= (0 if "counters" in sources else len(pairs) // (10 if late else 40)), \
        "used-after is off by %.3f %% (median; allowed %.3f), %d by more than %.2f %%: %s" % (
            row["median"] * 100, limits[0] * 100, len(off), limits[1] * 100, off[:3])
    if collector == "CMS" and mode not in ("no mgmt", "base"):  # there its cycles are not seen, or not exactly
        swept = sweeps(samples, j.path("gc.log"))
        assert len(swept) >= 3 and max(swept) <= 0.001, "use of the old generation after %d sweeps is off: %s" % (len(swept), swept)
    assert len(wrong) <= max(1, len(causes) * (0.05 if late else 0.01)), "%d of %d causes are wrong: %s" % (len(wrong), len(causes), wrong[:3])
    assert mode == "no perf" or not in_blocks or len(causes) >= LEAST, "only %d causes" % len(causes)
    # beside busy processes the kernel takes the processor away between the agent's clock and the log's: half of Serial's pauses
    # are then apart by milliseconds, the rest, and those of all others, as on a quiet machine
    quartile = sorted(pauses)[len(pauses) // 4]
    close = quartile <= 0.2 and row["pause"] <= (5 if collector == "Serial" else 0.2)
    assert close or "runtime" in sources, "pause time is off by %.3f ms (lower quartile), %.3f ms (median)" % (quartile, row["pause"])
    if mode == "check jni":
        said = open(j.path("out")).read() + j.err()
        assert "WARNING in native" not in said and "FATAL" not in said, said[:600]


def table_line(row):
    def share(x):
        return "%8.3f" % (x * 100) if x is not None else "       -"
    return "   %-11s %-3s %-9s %-24s %4s %4s %4s %4s %11s %s %s %9s %s" % (
        row["collector"], row["jdk"], row["mode"], row.get("source", "-"), row.get("n", "-"), row.get("missed", "-"),
        row.get("full", "-"), row.get("old", "-"), row.get("mixed", "-"), share(row.get("median")), share(row.get("worst")),
        row.get("cause", "-"), "%8.3f" % row["pause"] if row.get("pause") is not None else "       -")


def attempt(version, home, collector, mode, row, longer):
    j = run(version, home, collector, mode, longer)
    try:
        judge(version, collector, mode, j, row)
    except AssertionError:
        if os.environ.get("KEEP"):
            shutil.copytree(j.dir, os.path.join(os.environ["KEEP"], "%s-%s-%s" % (collector, version, mode)), dirs_exist_ok=True)
        raise
    finally:
        j.clean()


def one(version, home, collector, mode):
    """(table row, why not or None). A machine so busy that clocks drift apart by milliseconds pairs wrong ones, and how often a
    concurrent collector runs depends on the CPU it gets: the second run is twice as long. An error of the agent comes again."""
    row, why = {}, None
    for longer in (1, 2):
        row = {"collector": collector, "jdk": version, "mode": mode}
        try:
            attempt(version, home, collector, mode, row, longer)
            return row, None
        except AssertionError as e:
            why = str(e)
        except Exception as e:  # a broken tool is a failure of this case, not of the script
            why = "%s: %s" % (type(e).__name__, e)
    return row, why


def name_of(collector, version, mode):
    return ("matrix_%s_jdk%s_%s" % (collector, version, mode)).lower().replace(" ", "_")


def wanted():
    cases = [(c, v, m) for c in COLLECTORS for v in COLLECTORS[c][1] for m in MODES] if FULL else QUICK
    only = os.environ.get("ONLY")  # a part of a case's name
    return [c for c in cases if not only or only in name_of(*c)]


def main():
    homes = {int(v): h for v, h in jvm.jdks().items()}
    jvm.classes()
    print("   collector   JDK mode      source                      n miss full  old       mixed  median %  worst %    causes pause ms")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        running = []
        for collector, version, mode in wanted():
            if version not in homes:
                jvm.skip(name_of(collector, version, mode), "no JDK %s" % version)
            else:
                running.append((name_of(collector, version, mode), pool.submit(one, version, homes[version], collector, mode)))
        for name, future in running:
            row, why = future.result()
            print(table_line(row), flush=True)
            if why is None:
                jvm.ok(name)
            else:
                jvm.not_ok(name, why)


if __name__ == "__main__":
    main()
