#!/usr/bin/env python3
"""The live set that the probe sees against a counted one: `make test-live` (about 20 minutes on two cores).

KnownLive keeps a live set that it counts (steady, growing, wave) in a heap at least four times as large; the agent
probes every few seconds. The JVM's own objects are not counted by the program: what a class histogram of a small run
shows beyond its count is taken off, for each JDK and collector. One table: errors and costs for each JVM; then one
line for what must hold.

  live_set.py [PROBES]    as many probes for each JVM (default 30), which also bounds the time;
                          ONLY="G1 17" in the environment: only that one

What is allocated while the marking runs and survives counts as live, so on a busy machine, where marking takes long, a
live set that changes is seen as it was somewhere between start and end of the marking: "beyond" is the error against
that range (95th percentile), the other columns are against the moment of the start.
"""
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


def run(home, collector, flags, shape, heap, sizes, own, probes):
    """Errors, those beyond what was true at some moment of the marking, and the views."""
    with jvm.Jvm(home) as j:
        arguments = live.known_live(j, 600, "steady" if shape == "large" else shape, rate=100, **sizes, **reference(collector))
        j.start(["-Xms" + heap, "-Xmx" + heap] + flags, arguments, "live_probe=2s,log=debug,warmup=5s,publish=5s")
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
        return live.errors(found, truth, own), beyond, found


def line(*columns):
    print("%-11s %-3s %-7s %5s %9s %9s %9s %9s %9s %11s %11s %8s" % columns, flush=True)


def main():
    homes = jvm.jdks()
    g1, failed = [], False
    line("collector", "JDK", "shape", "views", "median %", "p95 %", "max %", "bias %", "beyond %", "CPU ms/GiB", "pauses ms", "mark ms")
    for collector, version, flags in [c for c in COLLECTORS if ONLY in c[0] + " " + c[1]]:
        if version not in homes:
            jvm.skip("live_set_%s_%s" % (collector, version), "a JDK " + version)
            continue
        own = own_bytes(homes[version], collector, flags)
        every = []
        for shape, heap, sizes in SHAPES:
            share = max(2, PROBES // 10) if shape == "large" else (PROBES - PROBES // 10) // 3
            wrong, beyond, asked = run(homes[version], collector, flags, shape, heap, sizes, own, share)
            every += wrong
            size = [abs(e) * 100 for e in wrong]
            line(collector, version, shape, len(wrong), "%.2f" % live.percentile(size, 0.5), "%.2f" % live.percentile(size, 0.95),
                 "%.2f" % max(size, default=float("nan")), "%.2f" % (100 * sum(wrong) / max(1, len(wrong))), "%.2f" % (100 * live.percentile(beyond, 0.95)),
                 "%.0f" % live.percentile([v.cpu_us / 1e3 * (1 << 30) / v.live for v in asked], 0.5),
                 "%.1f" % live.percentile([v.pause_us / 1e3 for v in asked], 0.5),
                 "%d" % (live.percentile([v.took_ms for v in asked], 0.5) if asked else -1))
        size = [abs(e) * 100 for e in every]
        median, p95 = live.percentile(size, 0.5), live.percentile(size, 0.95)
        line(collector, version, "all", len(every), "%.2f" % median, "%.2f" % p95, "%.2f" % max(size, default=float("nan")),
             "%.2f" % (100 * sum(every) / max(1, len(every))), "", "own MB", "%.2f" % (own / 1e6), "")
        if collector == "G1":
            g1 += size
        elif collector.startswith("Z") and not median <= 2:
            failed = True
            jvm.not_ok("live_set_%s_%s" % (collector, version), "median error %.2f %% of %d views" % (median, len(size)))
    name = "live_set_g1: %d views, median %.2f %%, p95 %.2f %%" % (len(g1), live.percentile(g1, 0.5), live.percentile(g1, 0.95))
    if len(g1) >= 100 and live.percentile(g1, 0.5) <= 0.5 and live.percentile(g1, 0.95) <= 2:
        jvm.ok(name)
    else:
        failed = True
        jvm.not_ok(name, "0.5 and 2 % are promised, over 100 views")
    return failed


sys.exit(main())
