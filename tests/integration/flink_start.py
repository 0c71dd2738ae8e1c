#!/usr/bin/env python3
"""Flink's own taskmanager.sh and jobmanager.sh start from what `heapcast resolve` writes, in both models, and the JVMs that
come up have the very limits: `jcmd PID VM.flags` is asked. The TaskManager registers with the JobManager."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from jvm import HEAPCAST, ROOT, jdks, not_ok, ok, release_of, skip

MIB = 1 << 20
MINE = "-Dmine=x,y -XX:+HeapDumpOnOutOfMemoryError"


def recommendation(path, role, heap, java):
    seen = {"metaspace": 60 * MIB, "direct": 150 * MIB, "overhead": 160 * MIB}
    off_heap = {k: {"now_bytes": v, "p99_bytes": v, "max_bytes": v, "recommended_bytes": v * 5 // 4} for k, v in seen.items()}
    off_heap["managed_consumers"] = []
    value = {"format": "heapcast.recommendation", "format_version": 1, "generated_at": "2026-01-01T00:00:00Z",
             "subject": {"role": role, "name": role, "host": "h", "pid": 1, "started_at": "2026-01-01T00:00:00Z",
                         "flink": {"taskmanager.memory.network.max": "134217730b"},
                         "jvm": {"version": java, "collector": "G1", "heap_max_bytes": 512 * MIB}},
             "window": {"collections": 100, "restarts": 0, "samples_dropped": 0},
             "recommendation": {"verdict": "shrink", "heap_bytes": heap, "reasons": ["a test's own"]}, "off_heap": off_heap}
    with open(path, "w") as file:
        json.dump(value, file)
    return path


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    return [s.getsockname()[1] for s in sockets]


class Cluster:
    """One JobManager and one TaskManager in a directory of their own; `with` ends them."""

    def __init__(self, flink, java, jcmd, version):
        self.flink, self.java, self.jcmd, self.version = flink, java, jcmd, tuple(map(int, version.split(".")[:2]))
        self.kind = "config.yaml" if self.version >= (1, 19) else "flink-conf.yaml"
        self.place = tempfile.mkdtemp()
        self.conf = os.path.join(self.place, "conf")
        self.processes = []

    def __enter__(self):
        os.mkdir(self.conf)
        for name in os.listdir(os.path.join(self.flink, "conf")):
            if name.startswith("log"):
                shutil.copy(os.path.join(self.flink, "conf", name), self.conf)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        shutil.rmtree(self.place, ignore_errors=True)

    def write(self):
        rpc, self.rest = free_ports(2)
        lines = ["# mine", "jobmanager.rpc.address: 127.0.0.1", "jobmanager.rpc.port: %d" % rpc, "rest.address: 127.0.0.1",
                 "rest.port: %d" % self.rest, "rest.bind-port: %d" % self.rest, "taskmanager.host: 127.0.0.1",
                 "taskmanager.bind-host: 127.0.0.1", "jobmanager.bind-host: 127.0.0.1", "rest.bind-address: 127.0.0.1",
                 "taskmanager.memory.process.size: 1728m", "jobmanager.memory.process.size: 1600m",
                 "taskmanager.numberOfTaskSlots: 2", "env.java.opts.taskmanager: " + MINE + " -Xmx3g",
                 "io.tmp.dirs: " + self.place]
        shipped = os.path.join(self.flink, "conf", self.kind)
        for line in open(shipped) if os.path.exists(shipped) else []:
            found = re.match(r" +all: *(--add-.*)", line)
            if found:
                lines.append("env.java.opts.all: " + found[1])
        path = os.path.join(self.conf, self.kind)
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        return path

    def start(self, script):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FLINK_")}
        environment.update(JAVA_HOME=self.java, FLINK_CONF_DIR=self.conf, FLINK_LOG_DIR=self.place, FLINK_PID_DIR=self.place)
        log = open(os.path.join(self.place, script + ".console"), "w")
        command = ["timeout", "180", os.path.join(self.flink, "bin", script), "start-foreground"]
        self.processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True))

    def java_pid(self, main_class):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = open("/proc/%s/cmdline" % pid).read().split("\0")
            except OSError:
                continue
            if self.conf in words and any(main_class in w for w in words) and words[0].endswith("java"):
                return pid
        return None

    def await_taskmanager(self, seconds=90):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for process in self.processes:
                assert process.poll() is None, "a process ended: " + self.consoles()
            try:
                with urllib.request.urlopen("http://127.0.0.1:%d/taskmanagers" % self.rest, timeout=5) as answer:
                    if json.load(answer)["taskmanagers"]:
                        return
            except OSError:
                pass
            time.sleep(0.5)
        raise AssertionError("no TaskManager registered: " + self.consoles())

    def consoles(self):
        texts = [open(os.path.join(self.place, n), errors="replace").read()[-500:] for n in os.listdir(self.place)
                 if n.endswith(".console")]
        return " | ".join(texts)

    def flags(self, main_class):
        pid = self.java_pid(main_class)
        assert pid, "no JVM of " + main_class
        text = subprocess.run([self.jcmd, pid, "VM.flags"], capture_output=True, text=True).stdout
        flags = dict(re.findall(r"-XX:(\w+)=(\S+)", text))
        flags.update((name, sign) for sign, name in re.findall(r"-XX:([+-])(\w+)", text))
        return flags


def resolve(*arguments):
    run = subprocess.run([HEAPCAST, "resolve", *arguments], capture_output=True, text=True)
    assert run.returncode == 0, "resolve ended with %d: %s" % (run.returncode, run.stderr)
    return run.stdout


def expect(flags, wanted):
    wrong = {name: (flags.get(name), value) for name, value in wanted.items() if flags.get(name) != str(value)}
    assert not wrong, "flag: (the JVM's, ours): %s" % wrong


def check(flink, java, jcmd, version, model):
    heap = 300 * MIB
    with Cluster(flink, java, jcmd, version) as cluster:
        path = cluster.write()
        common = ["--flink-version", version, "--config", path]
        tm = recommendation(os.path.join(cluster.place, "tm.json"), "taskmanager", heap, release_of(java))
        jm = recommendation(os.path.join(cluster.place, "jm.json"), "jobmanager", 400 * MIB, release_of(java))
        told = json.loads(resolve("--recommendation", tm, *common, "--model", model, "--format", "json"))
        resolve("--recommendation", tm, *common, "--model", model, "-o", path)
        resolve("--recommendation", jm, *common, "-o", path)
        if model == "components":  # the user's own -Xmx would win, as resolve has warned
            assert any("-Xmx" in w for w in told["warnings"]), told["warnings"]
            text = open(path).read().replace(" -Xmx3g", "")
            with open(path, "w") as file:
                file.write(text)
        cluster.start("jobmanager.sh")
        cluster.start("taskmanager.sh")
        cluster.await_taskmanager()
        manager = cluster.flags("StandaloneSessionClusterEntrypoint")
        expect(manager, {"MaxHeapSize": 400 * MIB})
        flags = cluster.flags("TaskManagerRunner")
        if model == "components":
            after = told["after"]
            expect(flags, {"MaxHeapSize": heap, "InitialHeapSize": heap, "MaxDirectMemorySize": after["jvm_direct"],
                           "MaxMetaspaceSize": after["metaspace"]})
        else:
            pool = told["pool"]
            expect(flags, {"MaxHeapSize": pool["heap_limit_bytes"], "InitialHeapSize": pool["heap_initial_bytes"],
                           "MaxDirectMemorySize": pool["direct_limit_bytes"], "MaxMetaspaceSize": pool["metaspace_limit_bytes"],
                           "UseG1GC": "+", "MinHeapFreeRatio": 20, "MaxHeapFreeRatio": 40})
            if release_of(java) != "11":
                expect(flags, {"G1PeriodicGCInterval": 60000})
            assert pool["heap_limit_bytes"] + pool["outside_bytes"] + pool["margin_bytes"] <= pool["container_bytes"], pool
            assert told["after"]["total_process"] == pool["container_bytes"], told
        expect(flags, {"HeapDumpOnOutOfMemoryError": "+"})


def main():
    failed = 0
    for version in os.environ.get("FLINK_VERSIONS", "1.20.5").replace(",", " ").split():
        run = subprocess.run([os.path.join(ROOT, "scripts", "flinkbed.sh"), "fetch"], capture_output=True, text=True,
                             env=dict(os.environ, FLINK_VERSION=version))
        if run.returncode != 0:
            skip("flink_start " + version, "no Flink at hand: " + run.stderr.strip().replace("\n", " | "))
            continue
        # Flink knows Java 17 from 1.18 on; a newer jcmd asks an older JVM as well.
        java = "17" if tuple(map(int, version.split(".")[:2])) >= (1, 18) else "11"
        home = jdks().get(java)
        jcmd = next((j for j in (os.path.join(h, "bin", "jcmd") for h in jdks().values()) if os.path.exists(j)), None)
        if home is None or jcmd is None:
            skip("flink_start " + version, "no Java %s, or no jcmd" % java)
            continue
        for model in ("components", "unified"):
            name = "flink_start %s %s" % (version, model)
            try:
                check(run.stdout.split()[-1], home, jcmd, version, model)
                ok(name)
            except AssertionError as error:
                failed += 1
                not_ok(name, error)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
