#!/usr/bin/env python3
"""A job outgrows its TaskManager, which thrashes without an error: the advice must be there within 10 s of the first bad pause.

The wave of 620 MB that facts and pool_wave.sh know, at Flink's shipped process size of 1728m (heap 512 MiB), with the agent's
shipped warm-up of 15 minutes. Then the TaskManager is killed, as a container would, and started again: the advice is still
there, and that the run before ended without a word. About three minutes; `make test-stall`.
"""
import datetime
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

BED = os.path.join(jvm.ROOT, "scripts", "flinkbed.sh")
RUN = os.environ.get("RUN_DIR") or tempfile.mkdtemp(prefix="heapcast-stall-")
LOG = os.path.join(RUN, "gc.log")
HEAP = 512 << 20
IN_VAIN = 0.85


def bed(*arguments):
    r = subprocess.run([BED] + list(arguments), env=dict(os.environ, RUN_DIR=RUN, TTL="600"), capture_output=True, text=True)
    assert r.returncode == 0, "flinkbed %s: %s" % (arguments[0], (r.stdout + r.stderr)[-800:])
    return dict(line.split("=", 1) for line in r.stdout.split("\n") if "=" in line)


def recommendation():
    try:
        return json.load(open(os.path.join(RUN, "agent", "heapcast-stall.json")))
    except (OSError, ValueError):
        return None


def wait_for_grow(seconds):
    end = time.time() + seconds
    while time.time() < end:
        r = recommendation()
        if r and r["recommendation"]["verdict"] == "grow":
            return time.time(), r
        time.sleep(0.1)
    raise AssertionError("no verdict grow within %d s: %s" % (seconds, recommendation() and recommendation()["recommendation"]))


def pauses():
    """(end, kind, used after / heap, seconds), wall clock."""
    found = []
    for line in open(LOG):
        m = re.match(r"\[([^]]+)\].*Pause (\w+).* \d+M->(\d+)M\((\d+)M\) ([\d.]+)ms", line)
        if m:
            end = datetime.datetime.strptime(m[1], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
            found.append((end, m[2], int(m[3]) / (HEAP >> 20), float(m[5]) / 1000))
    return found


def stall():
    options = "-XX:+UseG1GC -Xlog:gc*:file=%s:time -agentpath:%s=dir=%s/agent,name=stall" % (LOG, jvm.AGENT, RUN)
    bed("up", "-m", "1728m", "-o", options)
    bed("submit", "--profile", "wave", "--min-mb", "20", "--max-mb", "620", "--period-s", "50", "--value-bytes", "2048", "--rate", "24000")
    seen, r = wait_for_grow(120)
    bad = next(p[0] for p in pauses() if p[1] == "Full" and p[2] >= IN_VAIN)
    advice = r["recommendation"]
    event = next(e for e in r["events"] if e["kind"] == "heap_nearly_exhausted")
    time.sleep(10)
    during = [p for p in pauses() if bad <= p[0] <= bad + 10]
    print("   first bad pause at 0 s; verdict grow in the file at %+.1f s; GC share of the first 10 s: %.0f %% in %d pauses" % (
        seen - bad, 10 * sum(p[3] for p in during), len(during)))
    print("   heap %d MiB, advised %d MiB: %s" % (advice["current_heap_bytes"] >> 20, advice["heap_bytes"] >> 20, advice["reasons"][1]))
    assert seen - bad <= 10, "%.1f s after the first bad pause" % (seen - bad)
    assert advice["heap_bytes"] >= 1.2 * HEAP, advice
    assert event["text"] in advice["reasons"][1], advice["reasons"]


def next_start():
    state = bed("env")
    pid = int(state["TM_PIDS"].strip("'"))
    os.kill(pid, signal.SIGKILL)
    os.rename(os.path.join(RUN, "agent", "heapcast-stall.json"), os.path.join(RUN, "agent", "before.json"))
    bed("restart")
    _, r = wait_for_grow(60)
    kinds = [e["kind"] for e in r["events"]]
    assert "unclean_end" in kinds and "heap_nearly_exhausted" in kinds, kinds
    assert r["recommendation"]["heap_bytes"] >= 1.2 * HEAP, r["recommendation"]
    print("   after kill -9 and a new start: verdict grow, heap %d MiB; events %s" % (r["recommendation"]["heap_bytes"] >> 20, kinds))


try:
    passed = jvm.case("stall_gives_grow_within_10_s", stall) and jvm.case("next_start_knows", next_start)
finally:
    subprocess.run([BED, "down"], env=dict(os.environ, RUN_DIR=RUN), capture_output=True)
sys.exit(0 if passed else 1)
