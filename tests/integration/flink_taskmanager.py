#!/usr/bin/env python3
"""The agent in a real Flink: a TaskManager and a JobManager through Flink's own scripts, a hashmap job, then a RocksDB job.

What must be true: role, name and memory split come from the command line that Flink made; used-after equals the JVM's own
log; the task heap is the heap less Flink's framework heap; managed memory has no consumer before RocksDB's library is
mapped, and one after; what `heapcast resolve` makes of it starts a TaskManager with exactly the recommended heap.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm
from jvm_matrix import events_of, pair_up

BED = os.path.join(jvm.ROOT, "scripts", "flinkbed.sh")
VERSION = os.environ.get("FLINK_VERSION", "1.20.5")
MIB = 1 << 20
run = tempfile.mkdtemp(prefix="heapcast-flink-")


def bed(*arguments, timeout=180):
    r = subprocess.run([BED] + list(arguments), env=dict(os.environ, RUN_DIR=run, TTL="400", FLINK_VERSION=VERSION),
                       capture_output=True, text=True, timeout=timeout)
    assert r.returncode == 0, "flinkbed %s: %s" % (arguments[0], (r.stdout + r.stderr)[-800:])
    return r.stdout


def path(*parts):
    return os.path.join(run, *parts)


def recommendation(name):
    return json.load(open(path("heapcast", "heapcast-%s.json" % name)))


def wait_for(what, condition, seconds):
    end = time.time() + seconds
    while time.time() < end:
        try:
            if condition():
                return
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(0.5)
    raise AssertionError("waited %d s in vain for %s" % (seconds, what))


def settings():
    return recommendation("tm-under-test")["subject"]["flink"]


def heapcast(*arguments, code=0):
    r = subprocess.run([jvm.HEAPCAST] + list(arguments), capture_output=True, text=True)
    assert r.returncode == code, "heapcast %s: exit %d: %s" % (" ".join(arguments), r.returncode, r.stderr)
    return r.stdout


def start():
    agent = "-agentpath:%s=dir=%s,publish=1s,warmup=10s,off_heap=2s" % (jvm.AGENT, path("heapcast"))
    # standalone, the resource id stands in the file and not on the command line, so the agent is told its name
    log = "-Xlog:gc*=info,gc+heap=debug:file=%s:tm,tg" % path("gc.log")
    bed("up", "-m", "1024m", "-o", "-XX:+UseG1GC %s %s,name=tm-under-test" % (log, agent), "-j", agent + ",name=jm")
    bed("submit", "--max-mb", "40", "--rate", "8000", "--garbage-bytes", "40000", "--read", "1")
    wait_for("60 collections", lambda: recommendation("tm-under-test")["window"]["collections"] >= 60, 120)
    wait_for("a number", lambda: "heap_bytes" in recommendation("tm-under-test")["recommendation"], 60)


def subject_is_right():
    s = recommendation("tm-under-test")["subject"]
    assert s["role"] == "taskmanager" and s["name"] == "tm-under-test", s
    assert s["jvm"]["collector"] == "G1" and s["jvm"]["version"][:2] in ("11", "17", "21"), s
    assert recommendation("jm")["subject"]["role"] == "jobmanager", recommendation("jm")["subject"]


def split_is_flinks_own():
    text = heapcast("memory", "--flink-version", VERSION, "-D", "taskmanager.memory.process.size=1024m",
                    "-D", "taskmanager.numberOfTaskSlots=2", "--dynamic")
    want = dict(re.findall(r"-D (taskmanager\.memory\.\S+?)=(\S+)", text))
    assert want, text
    for key, value in want.items():
        assert settings()[key] == value, (key, value, settings().get(key))


def used_after_equals_the_log():
    r = subprocess.run([jvm.HEAPCAST, "export", "--format", "jsonl", path("heapcast", "heapcast-tm-under-test.hc")],
                       capture_output=True, text=True, check=True)
    pairs, lonely = pair_up([json.loads(line) for line in r.stdout.splitlines()], events_of(path("gc.log"), True))
    worst = max(abs(s["heap_used_after_bytes"] // 1024 - e.used_kib) for s, e in pairs)
    print("   %d collections of a real TaskManager, used-after off by %d KiB at most" % (len(pairs), worst))
    assert len(pairs) >= 50 and not lonely and worst <= 1, (len(pairs), lonely[:1], worst)


def task_heap_is_heap_less_framework():
    r = recommendation("tm-under-test")["recommendation"]
    assert r["heap_bytes"] > 64 * MIB, r
    assert r["task_heap_bytes"] == max(0, r["heap_bytes"] - 128 * MIB), r  # so small a heap leaves the task none


def outside_the_heap():
    o = recommendation("tm-under-test")["off_heap"]
    network = int(settings()["taskmanager.memory.network.max"][:-1])
    assert o["network"]["now_bytes"] == network, o["network"]
    assert o["direct"]["now_bytes"] >= network, (o["direct"], network)
    assert 25 * MIB < o["metaspace"]["now_bytes"] < 120 * MIB, o["metaspace"]
    assert 50 * MIB < o["overhead"]["max_bytes"] < 400 * MIB, o["overhead"]
    assert o["managed_consumers"] == [], o["managed_consumers"]


def resolved_configuration_starts_with_that_heap():
    frozen, config, new = path("frozen.json"), path("conf", "config.yaml"), path("new.yaml")
    shutil.copy(path("heapcast", "heapcast-tm-under-test.json"), frozen)
    advice = json.load(open(frozen))["recommendation"]
    want = advice["heap_bytes"]
    if advice["verdict"] == "keep":  # on a machine so busy that collections cost too much: then Flink's own size stays
        want = int(settings()["taskmanager.memory.task.heap.size"][:-1]) + int(settings()["taskmanager.memory.framework.heap.size"][:-1])
    heapcast("resolve", "--recommendation", frozen, "--config", config, "--flink-version", VERSION, "--format", "config.yaml", "-o", new)
    old_pid = re.findall(r"TM_PIDS='(\d+)'", bed("env"))[-1]
    bed("cancel")
    bed("restart", new)
    pid = re.findall(r"TM_PIDS='(\d+)'", bed("env"))[-1]
    assert pid != old_pid
    command = open("/proc/%s/cmdline" % pid, "rb").read().decode().split("\0")
    xmx = [a for a in command if a.startswith("-Xmx")]
    print("   recommended %d, the new TaskManager runs with %s" % (want, xmx))
    assert xmx == ["-Xmx%d" % want], (want, xmx)
    wait_for("the restart in the history", lambda: recommendation("tm-under-test")["window"]["restarts"] >= 1, 30)


def rocksdb_is_seen():
    config = path("conf", "config.yaml")
    with open(config, "a") as f:  # the right-sized configuration has no managed memory: RocksDB needs some
        f.write("\ntaskmanager.memory.managed.size: 134217728b\ntaskmanager.memory.process.size: 1200m\n")
    text = re.sub(r"(?m)^taskmanager\.memory\.(managed\.size: 0.*|process\.size: (?!1200m).*|jvm-overhead\..*)\n", "", open(config).read())
    open(config, "w").write(text)
    bed("restart", config)
    bed("submit", "--backend", "rocksdb", "--max-mb", "20", "--rate", "2000")
    wait_for("RocksDB", lambda: recommendation("tm-under-test")["off_heap"]["managed_consumers"] == ["rocksdb"], 60)


def main():
    if shutil.which("javac") is None and not jvm.jdks():
        return jvm.skip("flink_taskmanager", "no JDK")
    try:
        bed("fetch", timeout=300)
    except AssertionError as e:
        return jvm.skip("flink_taskmanager", "no Flink %s: %s" % (VERSION, e))
    tests = [start, subject_is_right, split_is_flinks_own, used_after_equals_the_log, task_heap_is_heap_less_framework,
             outside_the_heap, resolved_configuration_starts_with_that_heap, rocksdb_is_seen]
    try:
        for test in tests:
            jvm.case("flink_%s_%s" % (VERSION, test.__name__), test)
    finally:
        subprocess.run([BED, "down"], env=dict(os.environ, RUN_DIR=run), capture_output=True)
        if not os.environ.get("KEEP"):
            shutil.rmtree(run, ignore_errors=True)


main()
