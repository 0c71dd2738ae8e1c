#!/usr/bin/env python3
"""`heapcast fetch` and `resolve --flink` on a real cluster of two TaskManagers with two jobs, one of them on RocksDB: the
record holds what Flink says, the network memory that follows from it is enough for the jobs to run, and recommendations
come out of Flink's log directories."""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

BED = os.path.join(jvm.ROOT, "scripts", "flinkbed.sh")
VERSION = os.environ.get("FLINK_VERSION", "1.20.5")
MIB = 1 << 20
HEAP = 420 * MIB
run = tempfile.mkdtemp(prefix="heapcast-fetch-")
SMALL = ("--max-mb", "20", "--rate", "2000", "--value-bytes", "2048")


def bed(*arguments, timeout=180):
    done = subprocess.run([BED, *arguments], env=dict(os.environ, RUN_DIR=run, TTL="500", FLINK_VERSION=VERSION),
                          capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"flinkbed {arguments[0]}: {(done.stdout + done.stderr)[-800:]}"
    return done.stdout


def state():
    values = {}
    for line in open(os.path.join(run, "state")):
        name, _, value = line.strip().partition("=")
        values[name] = value.strip("'")
    return values


def heapcast(*arguments, code=0):
    done = subprocess.run([jvm.HEAPCAST, *arguments], capture_output=True, text=True, timeout=90)
    assert done.returncode == code, f"heapcast {arguments[0]} ended with {done.returncode}: {done.stderr[-800:]}"
    return done.stdout, done.stderr


def fetch(*more):
    _, err = heapcast("fetch", "--rest", state()["REST_URL"], "-o", path("flink.json"), *more)
    return json.load(open(path("flink.json"))), err


def path(name):
    return os.path.join(run, name)


def start_jobs():
    jobs = []
    for arguments in (("--parallelism", "2", *SMALL), ("--backend", "rocksdb", *SMALL)):
        bed("submit", *arguments)
        jobs.append(state()["JOB_ID"])
    return jobs


def fetch_running(*more):
    """A record in which all tasks run, and RocksDB has taken its managed memory."""
    end = time.time() + 120
    while True:
        record, err = fetch(*more)
        tasks = [v for j in record["jobs"] for v in j["vertices"]]
        used = sum(t["managed"]["used_bytes"] for t in record["taskmanagers"] if "managed" in t)
        if len(tasks) == 6 and all(v["running"] == v["parallelism"] for v in tasks) and used > 0:
            return record, err
        assert time.time() < end, f"the jobs do not run: {record['jobs']}"


def plan_of(config):
    out, _ = heapcast("memory", "--config", config, "--flink-version", VERSION, "--json")
    return json.loads(out)["bytes"]


def record_says_what_flink_says(record, jobs):
    values = state()
    plan = plan_of(path("conf/config.yaml"))
    assert record["flink_version"] == VERSION and record["rest_url"] == values["REST_URL"]
    assert sorted(t["id"] for t in record["taskmanagers"]) == sorted(values["TM_IDS"].split())
    for tm in record["taskmanagers"]:
        assert tm["slots"] == 2
        assert {k[:-6]: v for k, v in tm["plan"].items()} == {k: plan[k] for k in
                (k[:-6] for k in tm["plan"])}, (tm["plan"], plan)
        assert len(tm["plan"]) == 10
        assert 0 <= tm["jvm"]["heap_max_bytes"] - plan["jvm_heap"] < 32 * MIB, tm["jvm"]
        assert tm["jvm"]["metaspace_max_bytes"] == plan["metaspace"], tm["jvm"]
        assert tm["managed"]["total_bytes"] == plan["managed"]
        assert tm["network"]["total_bytes"] == plan["network"] // 32768 * 32768, tm["network"]
    # three tasks take a slot together, for each of two subtasks; RocksDB reserves all of its one slot
    assert sorted(j for t in record["taskmanagers"] for j in t["jobs"]) == sorted([jobs[0], jobs[0], jobs[1]])
    assert sum(t["managed"]["used_bytes"] for t in record["taskmanagers"]) == plan["managed"] // 2
    assert sum(t["network"]["used_bytes"] for t in record["taskmanagers"]) > 0
    by_id = {j["id"]: j for j in record["jobs"]}
    assert set(by_id) == set(jobs) and all(j["state"] == "RUNNING" and j["type"] == "STREAMING" for j in record["jobs"])
    edges = sorted((v["parallelism"], i["ship_strategy"], i["exchange"]) for v in by_id[jobs[0]]["vertices"] for i in v["inputs"])
    assert edges == [(2, "FORWARD", "pipelined_bounded"), (2, "HASH", "pipelined_bounded")], edges


def recommendations_come_out(_, __):
    end = time.time() + 90
    while True:
        fetch("--recommendations", path("recs"))
        names = glob.glob(path("recs/heapcast-*.json"))
        roles = sorted(json.load(open(n))["subject"]["role"] for n in names)
        if roles == ["taskmanager", "taskmanager"]:
            break
        assert time.time() < end, f"{names} {roles}"
        time.sleep(2)
    own = {os.path.basename(n) for n in glob.glob(path("log/heapcast-*.json"))}
    assert {os.path.basename(n) for n in names} == own, (names, own)


def network_follows_the_graph(_, err):
    # source: 2 subpartitions; store: 2 channels, 1 subpartition; writer: 1 channel; each twice and eight more
    need = 2 * (12 + 12 + 10 + 10)
    assert f"({need} buffers)" in err, err
    with open(path("rec.json"), "w") as file:
        json.dump({"format": "heapcast.recommendation", "format_version": 1, "generated_at": "2026-01-01T00:00:00Z",
                   "subject": {"role": "taskmanager", "name": "tm", "host": "h", "pid": 1, "started_at": "2026-01-01T00:00:00Z",
                               "jvm": {"version": "17", "collector": "G1", "heap_max_bytes": 1 << 30}},
                   "window": {"collections": 100, "restarts": 0, "samples_dropped": 0},
                   "recommendation": {"verdict": "shrink", "heap_bytes": HEAP, "reasons": []}}, file)
    heapcast("resolve", "--recommendation", path("rec.json"), "--config", path("conf/config.yaml"), "--flink-version", VERSION,
             "--flink", path("flink.json"), "-o", path("new.yaml"))
    before, after = plan_of(path("conf/config.yaml")), plan_of(path("new.yaml"))
    assert after["jvm_heap"] == HEAP
    assert after["network"] == -(-need * 32768 * 5 // 4 // MIB) * MIB, after
    assert after["managed"] == before["managed"], "RocksDB has it reserved"


def jobs_run_on_what_was_resolved(_, __):
    for job in state_jobs:
        subprocess.run([sys.executable, os.path.join(jvm.ROOT, "scripts", "flink_rest.py"), "cancel", state()["REST_URL"], job], check=True)
    _, err = fetch()
    assert "0 jobs" in err, err
    bed("restart", path("new.yaml"))
    start_jobs()
    record, _ = fetch_running()
    for tm in record["taskmanagers"]:
        assert tm["plan"]["network_bytes"] == 4 * MIB, tm["plan"]
        assert 0 <= tm["jvm"]["heap_max_bytes"] - HEAP < 32 * MIB, tm["jvm"]
    time.sleep(5)
    record, _ = fetch_running()
    assert all(j["state"] == "RUNNING" for j in record["jobs"]), record["jobs"]


failed = False
state_jobs = []
try:
    home = bed("fetch", timeout=600).split()
except AssertionError as error:
    print(f"skip flink_fetch: {error}")
    sys.exit(0)
try:
    bed("up", "-n", "2", "-m", "1728m", "-o", f"-agentpath:{os.path.join(jvm.ROOT, 'build', 'libheapcast.so')}=warmup:5s,publish:2s -XX:+UseG1GC",
        "-c", "taskmanager.memory.network.min=2m")
    state_jobs = start_jobs()
    record, err = fetch_running()
    for test, arguments in ((record_says_what_flink_says, (record, state_jobs)), (network_follows_the_graph, (record, err)),
                            (recommendations_come_out, (record, err)), (jobs_run_on_what_was_resolved, (record, err))):
        test(*arguments)
        print(f"ok flink_fetch {test.__name__}")
except (AssertionError, KeyError, ValueError, OSError, subprocess.SubprocessError) as error:
    failed = True
    print(f"not ok flink_fetch: {error!r}")
finally:
    subprocess.run([BED, "down"], env=dict(os.environ, RUN_DIR=run), capture_output=True)
    if not failed:
        shutil.rmtree(run, ignore_errors=True)
sys.exit(failed)
