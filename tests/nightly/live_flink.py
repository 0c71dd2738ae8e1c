#!/usr/bin/env python3
"""The live set that the probe sees in a real TaskManager, against class histograms. The second part of `make test-live`, some four minutes.

A job with 160 MB of keyed state in 1728m, rewritten at random; the agent looks every 4 s. jcmd GC.class_histogram collects the
whole heap first and counts what is left: the truth, to the byte, of its moment. Each one is compared with the next look.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm
import live

BED = os.path.join(jvm.ROOT, "scripts", "flinkbed.sh")
RUN = os.environ.get("RUN_DIR") or tempfile.mkdtemp(prefix="heapcast-live-flink-")
PAIRS, ALLOWED = 20, 0.02


def bed(*arguments):
    r = subprocess.run([BED] + list(arguments), env=dict(os.environ, RUN_DIR=RUN), capture_output=True, text=True)
    assert r.returncode == 0, "flinkbed %s: %s" % (arguments[0], (r.stdout + r.stderr)[-800:])
    return dict(line.split("=", 1) for line in r.stdout.split("\n") if "=" in line)


def histogram(jcmd, pid):
    """(ms of the wall clock, bytes)"""
    out = subprocess.run([jcmd, str(pid), "GC.class_histogram"], capture_output=True, text=True, timeout=60).stdout
    total = re.search(r"^Total +\d+ +(\d+)", out, re.M)
    assert total, out[-300:]
    return time.time() * 1000, int(total[1])


def views():
    text = "".join(open(os.path.join(folder, f), errors="replace").read()
                   for folder, _, files in os.walk(RUN) for f in files if f.endswith((".out", ".log", ".console")))
    found = {m[1]: live.View(m) for m in live.VIEW.finditer(text)}
    return sorted((v for v in found.values() if v.asked), key=lambda v: v.time_ms)


def compare():
    bed("up", "-m", "1728m", "-o", "-XX:+UseG1GC -agentpath:%s=dir=%s/agent,name=t,live_probe=4s,log=debug,warmup=20s,publish=5s" % (jvm.AGENT, RUN))
    bed("submit", "--profile", "plateau", "--max-mb", "160", "--rate", "8000")
    state = bed("env")
    pid, home = int(state["TM_PIDS"].strip("'")), state.get("JAVA_HOME", "").strip("'")
    jcmd = os.path.join(home or jvm.jdks()["17"], "bin", "jcmd")
    time.sleep(60)  # the state is full
    seen = []
    for _ in range(PAIRS):
        at, truth = histogram(jcmd, pid)
        end = time.time() + 20
        while time.time() < end:
            later = [v for v in views() if v.time_ms >= at]
            if later:
                seen.append((truth, later[0], later[0].time_ms - at))
                break
            time.sleep(0.3)
    assert len(seen) >= PAIRS // 2, "only %d of %d looks came: %s" % (len(seen), PAIRS, [v.time_ms for v in views()][-5:])
    errors = sorted(abs(v.live - truth) / truth for truth, v, _ in seen)
    print("   %d histograms, %.1f MB; a look %.1f s later (median); error median %.2f %%, worst %.2f %%" % (
        len(seen), live.percentile([t for t, _, _ in seen], 0.5) / 1e6, live.percentile([d for _, _, d in seen], 0.5) / 1000,
        100 * live.percentile(errors, 0.5), 100 * errors[-1]))
    assert live.percentile(errors, 0.5) <= ALLOWED and live.percentile(errors, 0.9) <= ALLOWED, ["%.3f" % e for e in errors]


try:
    passed = jvm.case("live_set_of_a_taskmanager", compare)
finally:
    subprocess.run([BED, "down"], env=dict(os.environ, RUN_DIR=RUN), capture_output=True)
sys.exit(0 if passed else 1)
