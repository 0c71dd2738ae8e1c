#!/usr/bin/env python3
"""An hour under the agent with everything on and every period short: memory, files, threads and mappings stay flat.

Beside it the same program without the agent, for a JVM's own memory moves too. `make soak`; SOAK_SECONDS=3600.
"""
import os
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

SECONDS = int(os.environ.get("SOAK_SECONDS", "3600"))
PERIOD = max(1, SECONDS // 360)
HOME = jvm.jdks().get("17") or next(iter(jvm.jdks().values()))
# the heap is resident from the start, so that what moves is not the heap
FLAGS = ["-Xms96m", "-Xmx96m", "-XX:+AlwaysPreTouch", "-XX:+UseG1GC", "-XX:CICompilerCount=2"]
PROGRAM = ["Churn", "live=30", "fifo=5", "rate=100", "collections=0", "full=20", "seconds=%d" % (SECONDS + 5)]
OPTIONS = "publish=1s,warmup=0s,off_heap=1s"
MIB = 1024  # KiB


def look(pid):
    status = open("/proc/%d/status" % pid).read()
    return {"anon KiB": int(re.search(r"RssAnon:\s+(\d+)", status)[1]), "rss KiB": int(re.search(r"VmRSS:\s+(\d+)", status)[1]),
            "threads": int(re.search(r"Threads:\s+(\d+)", status)[1]), "files": len(os.listdir("/proc/%d/fd" % pid)),
            "mappings": sum(1 for _ in open("/proc/%d/maps" % pid))}


def growth(looks, what):
    """Median of the last quarter less that of the second: what a leak adds in half of the time."""
    n = len(looks)
    return statistics.median(x[what] for x in looks[3 * n // 4:]) - statistics.median(x[what] for x in looks[n // 4:n // 2])


def soak():
    with jvm.Jvm(HOME) as j, jvm.Jvm(HOME) as alone:
        j.start(FLAGS, PROGRAM, OPTIONS)
        bare = [c for c in alone.command(FLAGS, PROGRAM) if not c.startswith("-agentpath")]
        alone.process = subprocess.Popen(bare, cwd=alone.dir, stdout=open(alone.path("out"), "w"), stderr=open(alone.path("err"), "w"))
        with_agent, without = [], []
        end = time.time() + SECONDS
        while time.time() < end:
            time.sleep(PERIOD)
            with_agent.append(look(j.process.pid))
            without.append(look(alone.process.pid))
        assert j.process.wait(60) == 0 and alone.process.wait(60) == 0, j.err()[-500:]
        print("   %d s, %d looks, %d collections; first quarter's end -> end, with the agent and alone" % (
            SECONDS, len(with_agent), j.recommendation()["window"]["collections"]))
        for what in with_agent[0]:
            q = len(with_agent) // 4
            print("   %-9s %8d -> %8d  growth %+6d      alone %8d -> %8d  growth %+6d" % (
                what, with_agent[q][what], with_agent[-1][what], growth(with_agent, what),
                without[q][what], without[-1][what], growth(without, what)))
        assert len(j.messages()) <= 3, j.messages()
        assert growth(with_agent, "files") <= 0 and growth(with_agent, "threads") <= 0, "files or threads grow"
        assert growth(with_agent, "mappings") <= max(2, growth(without, "mappings") + 2), "mappings grow"
        assert growth(with_agent, "anon KiB") <= max(0, growth(without, "anon KiB")) + MIB, "memory grows"


sys.exit(0 if jvm.case("soak", soak) else 1)
