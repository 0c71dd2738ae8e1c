#!/usr/bin/env python3
"""The share of time in collections as the agent tells it, beside what the program in the same JVM counted.

ZGC's cycles run beside the program and take its processors: Load sums the CPU time of the collector's threads by itself.
"""
import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

LOAD = ["Load", "live=80", "rate=300", "replace=1", "window=4", "seconds=13"]  # the collector's first seconds cost more
CASES = {
    "z": ("17", ["-XX:+UseZGC"]),
    "z_generational": ("21", ["-XX:+UseZGC", "-XX:+ZGenerational"]),
}


def started_ms(recommendation):
    text = recommendation["subject"]["started_at"].rstrip("Z") + "+00:00"
    return datetime.datetime.fromisoformat(text).timestamp() * 1000


def cost_beside_the_program_is_seen(home, flags):
    with jvm.Jvm(home) as j:
        assert j.run(["-Xms240m", "-Xmx240m"] + flags, LOAD, "live_probe=off,warmup=2s,publish=1s") == 0, j.err()
        said = {k: int(v) for k, v in (pair.split("=") for pair in open(j.path("out")).read().split() if "=" in pair)}
        samples = [s for s in j.samples() if s["end_time_ms"] > 0]
        processors = len(os.sched_getaffinity(0))
        window_ms = said["end"] - said["begin"]
        truth = said["gc_cpu"] / window_ms / processors
        told = sum(s["gc_time_us"] for s in samples if said["wall"] - window_ms < s["end_time_ms"] <= said["wall"]) / 1000 / window_ms
        r = j.recommendation()
        watched_ms = max(10000, samples[-1]["end_time_ms"] - started_ms(r))
        share, whole = r["observed"]["gc_share_ratio"], sum(s["gc_time_us"] for s in samples) / 1000 / watched_ms
        print("   collector's threads %.2f %% of the processors, samples %.2f %%; of its whole life samples %.2f %%, recommendation %.2f %%" % (
            100 * truth, 100 * told, 100 * whole, 100 * share))
        assert truth > 0.005, "this load makes the collector do nothing"
        # the CPU time is read every other second: what was spent up to 2 s before the window of 9 s may be told in it, and after it
        assert 0.6 * truth <= told <= 1.7 * truth, (truth, told)
        assert 0.8 * whole <= share <= 1.25 * whole, (whole, share)


def main():
    homes = jvm.jdks()
    jvm.classes()
    for name, (version, flags) in CASES.items():
        if version in homes:
            jvm.case("gc_share_" + name, lambda: cost_beside_the_program_is_seen(homes[version], flags))
        else:
            jvm.skip("gc_share_" + name, "no JDK " + version)


main()
