#!/usr/bin/env python3
"""The ledger outside the heap on real TaskManagers: what is resident is shared out, and looking costs next to nothing.

One TaskManager in `make test`: a heap job, G1, glibc. tests/nightly/ledger.py runs the whole table.
What must be true after warm-up: unexplained at most 3 % of RSS, in any look; CPU of our two threads at most 0.1 % of a core
at off_heap=10s; the network pool equal to Flink's plan; RocksDB's memory among the native, none where there is no such.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

BED = os.path.join(jvm.ROOT, "scripts", "flinkbed.sh")
MIB = 1 << 20
PARTS = ("metaspace", "code_cache", "direct", "native", "allocator_slack", "threads", "jvm_other", "files")
JOBS = {"heap": ["--max-mb", "60", "--rate", "8000", "--garbage-bytes", "8192", "--read", "1"],
        "rocksdb": ["--backend", "rocksdb", "--max-mb", "200", "--rate", "5000", "--garbage-bytes", "4096", "--read", "1"]}
UNEXPLAINED_MAX, CPU_MAX = 0.03, 0.001


def jemalloc():
    """Path of libjemalloc, from the system or from its package in our cache; None where there is none."""
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "heapcast", "jemalloc")

    def found():
        return sorted(glob.glob("/usr/lib/*/libjemalloc.so.2") + glob.glob(cache + "/usr/lib/*/libjemalloc.so.2"))
    if not found() and shutil.which("apt-get"):
        os.makedirs(cache, exist_ok=True)
        subprocess.run("apt-get download -q libjemalloc2 && dpkg -x libjemalloc2*.deb .", shell=True, cwd=cache, capture_output=True)
    return next(iter(found()), None)


def threads_cpu_ns(pid):
    """CPU time of the recorder and of our Java thread, in nanoseconds."""
    total = 0
    for task in glob.glob("/proc/%d/task/*" % pid):
        try:
            if open(task + "/comm").read().startswith("heapcast"):
                total += int(open(task + "/schedstat").read().split()[0])
        except OSError:
            pass  # ended meanwhile
    return total


class Bed:
    def __init__(self, version, java):
        self.run = tempfile.mkdtemp(prefix="heapcast-ledger-")
        self.agent = os.path.join(self.run, "libheapcast.so")  # a build meanwhile must not change what is mapped
        shutil.copy(jvm.AGENT, self.agent)
        self.environment = dict(os.environ, RUN_DIR=self.run, TTL="400", FLINK_VERSION=version, JAVA_HOME=java)

    def __call__(self, *arguments, timeout=180):
        r = subprocess.run([BED] + list(arguments), env=self.environment, capture_output=True, text=True, timeout=timeout)
        assert r.returncode == 0, "flinkbed %s: %s" % (arguments[0], (r.stdout + r.stderr)[-800:])
        return r.stdout

    def up(self, flags, preload, options):
        agent = "-agentpath:%s=dir=%s/heapcast,name=tm,warmup=10s,%s" % (self.agent, self.run, options)
        environment = ["-e", "LD_PRELOAD=" + preload] if preload else []
        text = self("up", "-m", "1728m", "-o", " ".join(flags + [agent]), *environment)
        self.pid = int(re.search(r"TM_PIDS='(\d+)'", self("env")).group(1))
        return text

    def recommendation(self):
        return json.load(open(os.path.join(self.run, "heapcast", "heapcast-tm.json")))

    def down(self):
        subprocess.run([BED, "down"], env=self.environment, capture_output=True)
        if not os.environ.get("KEEP"):
            shutil.rmtree(self.run, ignore_errors=True)


def measure(version, jdk, flags, preload, job, warm_s=15, window_s=24):
    """Runs one TaskManager with one job; returns what was seen in each look of the window, and the CPU's share."""
    bed = Bed(version, jvm.jdks()[jdk])
    looks = []
    try:
        bed.up(flags, preload, "publish=5s,off_heap=10s,live_probe=off")
        time.sleep(5)  # what the JVM has before the first task is its own
        bed("submit", *JOBS[job])
        time.sleep(warm_s)
        cpu, begun = threads_cpu_ns(bed.pid), time.time()
        seen = bed.recommendation()["off_heap"].get("rss_bytes")  # of the warm-up
        while time.time() - begun < window_s:
            r = bed.recommendation()
            if r["off_heap"].get("rss_bytes") != seen:
                seen = r["off_heap"].get("rss_bytes")
                looks.append(r)
            time.sleep(0.5)
        cores = (threads_cpu_ns(bed.pid) - cpu) / 1e9 / (time.time() - begun)
        return looks, cores
    finally:
        bed.down()


HEAD = "   %-34s %5s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %9s %8s" % (
    "", "RSS", "heap", "meta", "code", "direct", "native", "slack", "stacks", "jvm", "files", "unexp.", "[min..max]", "CPU")


def row(name, looks, cores):
    r = looks[-1]
    o = r["off_heap"]
    heap = o["rss_bytes"] - o["overhead"]["now_bytes"] - o["direct"]["now_bytes"] - o["metaspace"]["now_bytes"]
    unexplained = sorted(x["off_heap"]["unexplained_ratio"] for x in looks)
    cells = [o["rss_bytes"], heap] + [o[part]["now_bytes"] for part in PARTS]
    print("   %-34s %5.0f" % (name, cells[0] / MIB) + "".join(" %6.1f" % (c / MIB) for c in cells[1:]) +
          " %5.2f%% [%.1f..%.1f] %7.4f%%" % (100 * unexplained[len(unexplained) // 2], 100 * unexplained[0],
                                           100 * unexplained[-1], 100 * cores), flush=True)


def check(looks, cores, job):
    assert len(looks) >= 2, "only %d looks in the window" % len(looks)
    for r in looks:
        o = r["off_heap"]
        missing = [part for part in PARTS if "now_bytes" not in o[part]]
        assert not missing, "not told: %s" % missing
        assert abs(o["unexplained_ratio"]) <= UNEXPLAINED_MAX, o
        plan = int(r["subject"]["flink"]["taskmanager.memory.network.max"][:-1])
        assert o["network"]["now_bytes"] == plan and o["direct"]["now_bytes"] >= plan, (o["network"], o["direct"], plan)
    native = max(r["off_heap"]["native"]["now_bytes"] for r in looks)
    if job == "rocksdb":
        assert looks[-1]["off_heap"]["managed_consumers"] == ["rocksdb"], looks[-1]["off_heap"]["managed_consumers"]
        assert any("RocksDB holds" in reason for reason in looks[-1]["recommendation"]["reasons"])
        assert native >= 15 * MIB, native
    else:
        assert native <= 40 * MIB, native  # the JIT's arenas come and go, and a collector may take some
    assert cores <= CPU_MAX, "%.4f %% of a core" % (100 * cores)


def run(name, version, jdk, flags, preload, job, **more):
    looks, cores = measure(version, jdk, flags, preload, job, **more)
    row(name, looks, cores)
    check(looks, cores, job)


def have(version):
    try:
        return subprocess.run([BED, "fetch"], env=dict(os.environ, FLINK_VERSION=version), capture_output=True, timeout=300).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def main():
    jdk = next((v for v in ("17", "11", "21") if v in jvm.jdks()), None)
    if jdk is None or not have("1.20.5"):
        return jvm.skip("flink_ledger", "no JDK or no Flink")
    print(HEAD)
    jvm.case("flink_ledger_1.20.5_heap_G1_glibc", lambda: run("1.20.5 heap, JDK %s G1 glibc" % jdk, "1.20.5", jdk, ["-XX:+UseG1GC"], None, "heap"))


if __name__ == "__main__":
    main()
