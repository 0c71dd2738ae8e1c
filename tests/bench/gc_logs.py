"""How fast a unified log of G1 is read, beside GCToolKit on the same file in the same run. The log is a real JVM's, repeated until it
is as long as that of weeks (long_gc_log.py)."""
import os
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm
from table import row

MEBIBYTES = 256
RUNS = 9
HERE = os.path.dirname(os.path.abspath(__file__))


def long_log(home, build):
    short, long = os.path.join(build, "g1.log"), os.path.join(build, "g1-long.log")
    subprocess.run([os.path.join(home, "bin", "java"), "-XX:+UseG1GC", "-Xmx160m", "-Xlog:gc*=info:file=%s:time,uptime,level,tags" % short,
                    "-cp", jvm.classes(), "Churn", "live=40", "fifo=10", "rate=300", "collections=0", "seconds=8", "full=4"],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, os.path.join(HERE, "long_gc_log.py"), short, str(MEBIBYTES), long], check=True)
    return long


def seconds(command):
    """User and system time of one run, start to exit: what a core is asked for."""
    before = os.times()
    started = time.monotonic()
    out = subprocess.run(command, capture_output=True, text=True)
    after = os.times()
    assert out.returncode == 0, out.stderr
    return (after.children_user + after.children_system - before.children_user - before.children_system,
            time.monotonic() - started, out.stderr)


def measure(home, build):
    log = long_log(home, build)
    size = os.path.getsize(log) / 1e6
    runs = [seconds([jvm.HEAPCAST, "replay", "--table", log]) for _ in range(RUNS + 1)][1:]
    cpu = statistics.median(r[0] for r in runs)
    asked = subprocess.run([os.path.join(HERE, "..", "gclogs", "gctoolkit.sh")], capture_output=True, text=True)
    peer = None
    if asked.returncode == 0:
        counted = subprocess.run(asked.stdout.split() + ["--count", log], capture_output=True, text=True)
        peer = float(counted.stdout.split()[1]) if counted.returncode == 0 else None
    found = re.search(r"collections: (\d+), skipped[^:]*: (\d+)", runs[0][2])
    row("GC log (G1, gc*), ms of CPU for 1 GB", cpu / size * 1e6, None, "ms", 2500, "GCToolKit on the same file, JVM's start left out",
        peer / size * 1e6 if peer else None)
    print("    %.0f MB, %s collections, %s skipped: %.0f MB/s a core, start to exit, predictor included%s" % (
        size, found[1], found[2], size / cpu, "; GCToolKit %.1f MB/s: %.0f x" % (size / peer, peer / cpu) if peer else ""))
    if peer:
        row("GC log, time as a share of GCToolKit's", cpu / peer, None, "", 1 / 20)
    os.remove(log)


if __name__ == "__main__":
    homes = jvm.jdks()
    os.makedirs(os.path.join(jvm.ROOT, "build", "bench"), exist_ok=True)
    measure(homes.get("17") or next(iter(homes.values())), os.path.join(jvm.ROOT, "build", "bench"))
