#!/usr/bin/env python3
"""The live set that the probe sees against a counted one: `make test-live` (about 40 minutes on two cores).

KnownLive keeps a live set that it counts (steady, growing, wave) in a heap at least four times as large; the agent
probes every few seconds. The JVM's own objects are not counted by the program: what a class histogram of a small run
shows beyond its count is taken off, for each JDK and collector. Four parts: errors and costs of the looks for each
JVM; how often the published bounds hold what is counted, with a look every 20 s; how much smaller a heap is advised
with looks than without, and whether it holds; what live_probe=auto costs a JVM with 1 GB of live objects in a quarter of
an hour. After each a line for what must hold.

  live_set.py [PROBES]    as many probes for each JVM (default 30), which also bounds the time
  in the environment:     ONLY="G1 17": only that one; PARTS="looks bounds saving auto": only these tables

What is allocated while the marking runs and survives counts as live, so on a busy machine, where marking takes long, a
live set that changes is seen as it was somewhere between start and end of the marking: "beyond" is the error against
that range (95th percentile), the other columns are against the moment of the start.
"""
import concurrent.futures
import datetime
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm
import live

PROBES = int(sys.argv[1]) if len(sys.argv) > 1 else 30
SHAPES = (("steady", "1g", {"min": 150}), ("grow", "1200m", {"min": 100, "max": 300, "period": 70}),
          ("wave", "1200m", {"min": 100, "max": 300, "period": 13}), ("large", "4g", {"min": 800}))
ONLY = os.environ.get("ONLY", "")
PARTS = os.environ.get("PARTS", "looks bounds saving auto").split()
PAUSE = re.compile(r"Pause (Young|Remark|Cleanup)(.*) ([\d.]+)ms$")
COLLECTORS = [("G1", v, ["-XX:+UseG1GC"] + (["-XX:+ExplicitGCInvokesConcurrent"] if v == "11" else [])) for v in ("11", "17", "21", "25")]
COLLECTORS += [("Z", "17", ["-XX:+UseZGC"]), ("Z", "21", ["-XX:+UseZGC"]), ("Z gen.", "21", ["-XX:+UseZGC", "-XX:+ZGenerational"]),
               ("Z gen.", "25", ["-XX:+UseZGC"]), ("Shenandoah", "17", ["-XX:+UseShenandoahGC"]),
               ("Shenandoah", "25", ["-XX:+UseShenandoahGC"])]


def reference(collector):
    return {"reference": 8} if collector.startswith("Z") else {}


def own_bytes(home, collector, flags):
    """What the JVM itself keeps: a histogram of live objects less the program's count; the smallest of three."""
    with jvm.Jvm(home) as j:
        j.start(["-Xmx400m"] + flags, live.known_live(j, 120, min=20, rate=10, fifo=2, **reference(collector)),
                "live_probe=2s,publish=1d,warmup=5s")
        time.sleep(8)
        seen = []
        while len(seen) < 3:
            out = subprocess.run([os.path.join(home, "bin", "jcmd"), str(j.process.pid), "GC.class_histogram"], capture_output=True,
                                 text=True, timeout=60).stdout
            at = int(time.time() * 1000)
            total = re.search(r"^Total +\d+ +(\d+)", out, re.M)
            truth = j.wait_for(lambda: live.Truth(j.path("truth")).at(at))
            if total:
                seen.append(int(total[1]) - truth)
        return min(seen)


def pauses(path):
    """The longest pause in ms that a look brings (G1: the one that it asks for, Remark and Cleanup), and of the others."""
    added, young = [0.0], [0.0]
    for line in open(path, errors="replace"):
        found = PAUSE.search(line)
        if found:
            mine = found[1] != "Young" or "Periodic" in found[2] or "Diagnostic" in found[2]
            (added if mine else young).append(float(found[3]))
    return max(added), max(young)


def run(home, collector, flags, shape, heap, sizes, own, probes):
    """Errors, those beyond what was true at some moment of the marking, the views, and the longest pauses."""
    with jvm.Jvm(home) as j:
        arguments = live.known_live(j, 600, "steady" if shape == "large" else shape, rate=100, **sizes, **reference(collector))
        log = "-Xlog:gc:file=%s:none:filecount=0" % j.path("gc.log")
        j.start(["-Xms" + heap, "-Xmx" + heap, log] + flags, arguments, "live_probe=2s,log=debug,warmup=5s,publish=5s")
        # while it fills its heap for the first time, nothing is steady
        ready = j.wait_for(lambda: live.Truth(j.path("truth")).reaches(0.99 * sizes["min"] * (1 << 20)), 120) + 2000
        end = time.time() + 60 + probes * (6 if shape != "large" else 30)

        def wanted():
            return [v for v in live.views(j) if v.asked and v.time_ms > ready]
        while time.time() < end and len(wanted()) < probes and j.process.poll() is None:
            time.sleep(0.5)
        j.kill()
        truth = live.Truth(j.path("truth"))
        found = [v for v in wanted() if truth.at(v.time_ms)]
        beyond = []
        for v in found:
            least, most = truth.between(v.time_ms, v.time_ms + v.took_ms)
            beyond.append(max(0, v.live - own - most, least - v.live + own) / truth.at(v.time_ms))
        return live.errors(found, truth, own), beyond, found, pauses(j.path("gc.log"))


def line(*columns):
    print("%-11s %-3s %-7s %5s %9s %9s %9s %9s %9s %11s %11s %8s %10s %9s" % columns, flush=True)


def promised(name, holds, what):
    """1: it does not hold."""
    if holds:
        jvm.ok(name)
        return 0
    jvm.not_ok(name, what)
    return 1


# ---- between the looks ----

def millis(text):
    return int(datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000)


def bounds(home, flags, shape, sizes, own):
    """Of the moments between looks: how many, the share whose bounds hold the truth, and width over truth (median)."""
    with jvm.Jvm(home) as j:
        j.start(["-Xms1200m", "-Xmx1200m"] + flags, live.known_live(j, 600, shape, rate=150, **sizes),
                "live_probe=20s,warmup=5s,publish=1s")
        seen, end = {}, time.time() + 150
        while time.time() < end and j.process.poll() is None:
            time.sleep(0.3)
            try:
                said = json.load(open(j.path("heapcast-t.json")))
            except (OSError, ValueError):
                continue
            if said["observed"].get("live_set_evidence") == "marking":
                seen[millis(said["window"]["to"])] = said["observed"]["live_set_bounds_bytes"]
        j.kill()
        truth = live.Truth(j.path("truth"))
        kept = [(truth.at(at) + own, b["lower"], b["upper"]) for at, b in seen.items() if truth.at(at)]
        inside = sum(lower <= live_now <= upper for live_now, lower, upper in kept)
        width = live.percentile([(upper - lower) / live_now for live_now, lower, upper in kept], 0.5)
        below = sum(live_now > upper for live_now, _, upper in kept)
        return len(kept), inside, below, width


def bounds_table(homes, owns):
    print("\n%-11s %-3s %-7s %8s %9s %10s %13s" % ("collector", "JDK", "shape", "moments", "inside %", "too high %", "width/truth %"))
    cases = [(c, v, f, s, z) for c, v, f in COLLECTORS if c == "G1" and v in homes and ONLY in c + " " + v
             for s, _, z in SHAPES if s != "large"]
    moments = held = 0
    with concurrent.futures.ThreadPoolExecutor(3) as pool:  # one JDK at a time
        running = [(c, pool.submit(bounds, homes[c[1]], c[2], c[3], c[4], owns[c[0], c[1]])) for c in cases]
        for (collector, version, _, shape, _), future in running:
            n, inside, below, width = future.result()
            moments, held = moments + n, held + inside
            print("%-11s %-3s %-7s %8d %9.1f %10.1f %13.0f" % (collector, version, shape, n, 100 * inside / max(1, n),
                                                               100 * below / max(1, n), 100 * width), flush=True)
    text = "%d of %d moments between looks within the bounds" % (held, moments)
    return promised("live_set_bounds: " + text, moments >= 100 and held >= 0.95 * moments, text)


# ---- what auto costs ----

def gc_cpu_ms(pid):
    """CPU of the collector's threads and ours; the program's own and the compilers' are too noisy."""
    ticks = 0
    for task in os.listdir("/proc/%d/task" % pid):
        try:
            stat = open("/proc/%d/task/%s/stat" % (pid, task)).read()
        except OSError:
            continue
        name, rest = stat[stat.index("(") + 1:stat.rindex(")")], stat[stat.rindex(")") + 2:].split()
        if name.startswith(("G1 ", "GC Thread", "VM Thread", "heapcast")):
            ticks += int(rest[11]) + int(rest[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def auto_cost(home, flags):
    """(own account, difference of the threads' CPU) as shares of a core, probes, longest pause added, longest other."""
    with jvm.Jvm(home) as with_probes, jvm.Jvm(home) as without:
        for j, probe in ((with_probes, "auto"), (without, "off")):
            log = "-Xlog:gc:file=%s:none:filecount=0" % j.path("gc.log")
            j.start(["-Xms4g", "-Xmx4g", log] + flags, live.known_live(j, 1200, min=1000, rate=20), "live_probe=%s,publish=5s" % probe)
        time.sleep(15 * 60)
        spent = [gc_cpu_ms(j.process.pid) for j in (with_probes, without)]
        probe = json.load(open(with_probes.path("heapcast-t.json")))["observed"]["live_probe"]
        added, young = pauses(with_probes.path("gc.log"))
        return probe["cpu_share_ratio"], (spent[0] - spent[1]) / (15 * 60 * 1000), probe["probes"], added, young


def auto_table(homes):
    version = "17" if "17" in homes else next(iter(homes))
    told, measured, probes, added, young = auto_cost(homes[version], ["-XX:+UseG1GC"])
    print("\nlive_probe=auto, 1 GB live in 4 GB, G1, JDK %s, 15 minutes: %d probes, %.3f %% of a core by its own account, %.3f %% by the "
          "threads' CPU beside a JVM without; longest pause added %.1f ms, of the others %.1f ms" %
          (version, probes, 100 * told, 100 * measured, added, young))
    return promised("live_set_auto_cost", probes > 0 and measured <= 0.002, "%.3f %% of a core" % (100 * measured))


# ---- what the looks are worth ----

def advised(home, heap, options, seconds=75):
    """Steady 150 MB in `heap`: the advised heap in bytes, GC share of the last two thirds, full collections, JVM's exit code."""
    with jvm.Jvm(home) as j:
        log = "-Xlog:gc:file=%s:uptime:filecount=0" % j.path("gc.log")
        code = j.run(["-Xms%d" % heap, "-Xmx%d" % heap, "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError", log],
                     live.known_live(j, seconds, min=143, rate=60), "warmup=30s,publish=1s," + options)
        spent, fulls = 0.0, 0
        for text in open(j.path("gc.log")):
            found = re.match(r"\[([\d.]+)s\].*Pause (\w+).* ([\d.]+)ms$", text)
            if found and float(found[1]) > seconds / 3:
                spent, fulls = spent + float(found[3]), fulls + (found[2] == "Full")
        return j.recommendation()["recommendation"]["heap_bytes"], spent / (seconds * 1000 * 2 / 3), fulls, code


def saving(homes):
    home = homes.get("17") or next(iter(homes.values()))
    without, _, _, _ = advised(home, 1 << 30, "live_probe=off")
    with_looks, share, _, _ = advised(home, 1 << 30, "live_probe=auto")
    print("\n150 MB live, steady, in 1 GiB (G1): advised %d MiB without looks, %d MiB with live_probe=auto (%.0f %% less); GC share %.2f %%" % (
        without >> 20, with_looks >> 20, 100 - 100 * with_looks / without, 100 * share))
    again, share, fulls, code = advised(home, with_looks, "live_probe=auto")
    print("run in %d MiB: GC share %.2f %%, %d full collections, exit code %d; advised then %d MiB" % (with_looks >> 20, 100 * share, fulls, code, again >> 20))
    return promised("live_set_saves", with_looks <= 0.75 * without and share <= 0.05 and fulls == 0 and code == 0,
                    "25 % less, and no more than 5 % GC share in it, were promised")


def main():
    homes = jvm.jdks()
    failed, owns = 0, {}
    for collector, version, flags in [c for c in COLLECTORS if ONLY in c[0] + " " + c[1] and c[1] in homes]:
        if "looks" in PARTS or ("bounds" in PARTS and collector == "G1"):
            owns[collector, version] = own_bytes(homes[version], collector, flags)
    if "looks" in PARTS:
        failed += looks_table(homes, owns)
    if "bounds" in PARTS:
        failed += bounds_table(homes, owns)
    if "saving" in PARTS:
        failed += saving(homes)
    if "auto" in PARTS:
        failed += auto_table(homes)
    return 1 if failed else 0


def looks_table(homes, owns):
    g1, failed = [], 0
    line("collector", "JDK", "shape", "views", "median %", "p95 %", "max %", "bias %", "beyond %", "CPU ms/GiB", "pauses ms", "mark ms", "longest ms", "others ms")
    for collector, version, flags in [c for c in COLLECTORS if ONLY in c[0] + " " + c[1]]:
        if version not in homes:
            jvm.skip("live_set_%s_%s" % (collector, version), "a JDK " + version)
            continue
        own, every = owns[collector, version], []
        for shape, heap, sizes in SHAPES:
            share = max(2, PROBES // 10) if shape == "large" else (PROBES - PROBES // 10) // 3
            wrong, beyond, asked, (added, young) = run(homes[version], collector, flags, shape, heap, sizes, own, share)
            every += wrong
            size = [abs(e) * 100 for e in wrong]
            line(collector, version, shape, len(wrong), "%.2f" % live.percentile(size, 0.5), "%.2f" % live.percentile(size, 0.95),
                 "%.2f" % max(size, default=float("nan")), "%.2f" % (100 * sum(wrong) / max(1, len(wrong))), "%.2f" % (100 * live.percentile(beyond, 0.95)),
                 "%.0f" % live.percentile([v.cpu_us / 1e3 * (1 << 30) / v.live for v in asked], 0.5),
                 "%.1f" % live.percentile([v.pause_us / 1e3 for v in asked], 0.5),
                 "%d" % (live.percentile([v.took_ms for v in asked], 0.5) if asked else -1), "%.1f" % added, "%.1f" % young)
        size = [abs(e) * 100 for e in every]
        median, p95 = live.percentile(size, 0.5), live.percentile(size, 0.95)
        line(collector, version, "all", len(every), "%.2f" % median, "%.2f" % p95, "%.2f" % max(size, default=float("nan")),
             "%.2f" % (100 * sum(every) / max(1, len(every))), "", "own MB", "%.2f" % (own / 1e6), "", "", "")
        if collector == "G1":
            g1 += size
        elif collector.startswith("Z"):
            failed += promised("live_set_%s_%s" % (collector, version), median <= 2, "median error %.2f %% of %d views" % (median, len(size)))
    if not g1:
        return failed
    median, p95 = live.percentile(g1, 0.5), live.percentile(g1, 0.95)
    name = "live_set_g1: %d views, median %.2f %%, p95 %.2f %%" % (len(g1), median, p95)
    return failed + promised(name, len(g1) >= 100 and median <= 0.5 and p95 <= 2, "0.5 and 2 % are promised, over 100 views")


sys.exit(main())
