#!/usr/bin/env python3
"""Faults under a real JVM: whatever happens to the agent, the JVM's own work goes on, is right, and ends in time.

Each case runs tests/java/Work.java, whose output is known, once without the agent and once with it in trouble, and compares
output, exit status and time; no case may leave a crash file, or more than a few lines on stderr. `make test-faults`.

    DURATION=60     seconds of the storm of 2,000 collections a second (600 for the night)
    ONLY=name,...   these cases alone
    JDK=17          on this one
"""
import ctypes
import os
import re
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

HOME = jvm.jdks().get(os.environ.get("JDK", "17")) or next(iter(jvm.jdks().values()), None)
SHIM = os.path.join(jvm.ROOT, "build", "tests", "fault_shim.so")
DURATION = int(os.environ.get("DURATION", "60"))
HEAP = ["-Xmx96m", "-XX:+UseG1GC"]
LATE_S = 5  # what a run may take longer than the one without the agent: a hang shows, the moods of a shared machine do not
known = {}


def without_agent(flags, program):
    """(output, status, seconds) of the same work without the agent."""
    key = tuple(flags + program)
    if key not in known:
        with jvm.Jvm(HOME) as j:
            command = [os.path.join(HOME, "bin", "java")] + flags + ["-cp", jvm.classes()] + program
            begin = time.time()
            r = subprocess.run(command, cwd=j.dir, capture_output=True, text=True, timeout=900)
            known[key] = (r.stdout, r.returncode, time.time() - begin)
    return known[key]


class Run(jvm.Jvm):
    """One run with the agent; `with` it, then finish()."""

    def begin(self, flags, program, options="publish=1s,warmup=0s", directory=None, environment=None, reference=None):
        self.flags, self.program = flags, reference or program  # reference: shorter, with the same output
        without_agent(flags, self.program)
        self.begun = time.time()
        self.process = subprocess.Popen(self.command(flags, program, options, directory=directory), cwd=self.dir,
                                        stdout=open(self.path("out"), "w"), stderr=open(self.path("err"), "w"),
                                        env=dict(os.environ, **(environment or {})))
        return self

    def finish(self, lines=4, late=LATE_S):
        output, status, seconds = without_agent(self.flags, self.program)
        got = self.process.wait(seconds + 30)  # a frozen disk must not hold the test for ever
        took = time.time() - self.begun
        assert got == status, "ended with %s instead of %s: %s" % (got, status, self.err()[-600:])
        assert open(self.path("out")).read() == output, "other output: %s" % open(self.path("out")).read()[-300:]
        crash = [f for f in os.listdir(self.dir) if f.startswith("hs_err") or f.startswith("core")]
        assert not crash, crash
        assert len(self.messages()) <= lines, self.messages()
        assert took - seconds <= late, "took %.1f s instead of %.1f" % (took, seconds)
        return self.begun + took - os.stat(self.path("out")).st_mtime  # from the program's last word to the end of the JVM

    def recorder(self):
        """Thread id of the recorder."""
        def look():
            for tid in os.listdir("/proc/%d/task" % self.process.pid):
                if open("/proc/%d/task/%s/comm" % (self.process.pid, tid)).read().strip() == "heapcast-rec":
                    return int(tid)
        return self.wait_for(look)

    def cpu_s(self, tid):
        fields = open("/proc/%d/task/%d/stat" % (self.process.pid, tid)).read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_kib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", open("/proc/%d/status" % self.process.pid).read())[1])


def sh(text):
    return subprocess.run(text, shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


class Disk:
    """A file system of its own: a small ext4 in a file, or a tmpfs; None where we may not mount."""

    def __init__(self, run, kind="ext4", size="16M"):
        self.path = run.path("disk")
        os.mkdir(self.path)
        image = run.path("image")
        how = {"ext4": "truncate -s %s %s && mkfs.ext4 -q %s && mount -o loop,relatime %s %s" % (size, image, image, image, self.path),
               "tmpfs": "mount -t tmpfs -o size=%s tmpfs %s" % (size, self.path)}[kind]
        self.there = sh(how).returncode == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        sh("fsfreeze -u %s" % self.path)
        sh("umount -l %s" % self.path)


class Skip(Exception):
    pass


def needs(condition, what):
    if not condition:
        raise Skip(what)


STEADY = ["Work", "rounds=2000", "seconds=6"]


def written(j, directory=None):
    """The moment of the last recommendation, None if there is none."""
    path = os.path.join(directory or j.dir, "heapcast-t.json")
    return os.stat(path).st_mtime_ns if os.path.exists(path) else None


# ---- the disk ----

def disk_full_while_running():
    with Run(HOME) as j, Disk(j, "tmpfs", "3M") as disk:
        needs(disk.there, "no right to mount a tmpfs")
        j.begin(HEAP, STEADY, directory=disk.path)
        j.wait_for(lambda: written(j, disk.path))
        sh("dd if=/dev/zero of=%s/fill bs=64k" % disk.path)
        time.sleep(2.5)
        os.unlink(disk.path + "/fill")
        at = written(j, disk.path)
        j.wait_for(lambda: written(j, disk.path) > at)  # it goes on by itself
        j.finish(lines=5)  # that it looked at the live set is one
        assert [m for m in j.messages() if "is written again" in m], j.messages()


def disk_full_from_the_start():
    with Run(HOME) as j, Disk(j, "tmpfs", "256k") as disk:
        needs(disk.there, "no right to mount a tmpfs")
        sh("dd if=/dev/zero of=%s/fill bs=4k" % disk.path)
        j.begin(HEAP, ["Work", "rounds=100"], directory=disk.path).finish(lines=5)


def disk_frozen():
    """A frozen file system holds whoever writes, beyond any signal: the agent must not be among them, above all not at the end."""
    with Run(HOME) as j, Disk(j) as disk:
        needs(disk.there, "no right to mount a file system in a file")
        j.begin(HEAP, STEADY, directory=disk.path)
        j.wait_for(lambda: written(j, disk.path))
        time.sleep(2.2)
        needs(sh("fsfreeze -f " + disk.path).returncode == 0, "no right to freeze a file system")
        ending = j.finish()
        print("   on a frozen disk the JVM ended %.0f ms after its program" % (1000 * ending))
        assert ending < 1.0, ending
        assert [m for m in j.messages() if "is frozen" in m], j.messages()


def disk_dies():
    """ext4's shutdown: from one moment to the next everything there is an I/O error."""
    with Run(HOME) as j, Disk(j) as disk:
        needs(disk.there, "no right to mount a file system in a file")
        j.begin(HEAP, STEADY, directory=disk.path)
        j.wait_for(lambda: written(j, disk.path))
        fd = os.open(disk.path, os.O_RDONLY)
        dead = ctypes.CDLL(None).ioctl(fd, ctypes.c_ulong(0x8004587D), struct.pack("I", 2)) == 0
        os.close(fd)
        needs(dead, "this ext4 can't be shut down")
        j.finish()
        assert [m for m in j.messages() if "goes on in memory" in m], j.messages()


def read_only_from_the_start():
    with Run(HOME) as j, Disk(j) as disk:
        needs(disk.there and sh("mount -o remount,ro " + disk.path).returncode == 0, "no right to mount read-only")
        j.begin(HEAP, ["Work", "rounds=100"], directory=disk.path).finish()
        assert [m for m in j.messages() if "Read-only" in m], j.messages()


def directory_removed():
    with Run(HOME) as j:
        where = j.path("files")
        j.begin(HEAP, STEADY, directory=where)
        j.wait_for(lambda: written(j, where))
        sh("rm -rf " + where)
        time.sleep(2.2)
        j.finish()
        assert not os.path.exists(where), "it was made again"


def history_truncated_again_and_again():
    with Run(HOME) as j:
        j.begin(HEAP, STEADY)
        j.wait_for(lambda: written(j))
        for i in range(40):
            os.truncate(j.path("heapcast-t.hc"), (i % 4) * 5000)
            time.sleep(0.1)
        j.finish()
        samples = j.samples()
        assert [s["gc_id"] for s in samples] == list(range(1, len(samples) + 1)) and len(samples) > 10, len(samples)


# ---- the clock ----

def clock_set_back_and_forth():
    with Run(HOME) as j:
        open(j.path("clock"), "w").write("0")
        j.begin(HEAP, STEADY, environment={"LD_PRELOAD": SHIM, "HEAPCAST_CLOCK": j.path("clock")})
        j.wait_for(lambda: written(j))
        for offset in (-3600, 86400 * 400, -86400 * 365 * 20, 5, -5, 0):
            open(j.path("clock"), "w").write(str(offset))
            time.sleep(0.6)
        at = written(j)
        j.wait_for(lambda: written(j) > at)
        j.finish()
        r = j.recommendation()
        assert r["window"]["collections"] > 0, r["window"]
        assert abs(time.time() - time.mktime(time.strptime(r["generated_at"][:19], "%Y-%m-%dT%H:%M:%S")) + time.timezone) < 60, r["generated_at"]


# ---- limits of the process ----

def threads_10000():
    flags = HEAP + ["-Xss180k", "-XX:CICompilerCount=2"]
    program = ["Work", "rounds=300", "seconds=6", "threads=10000"]
    needs(without_agent(flags, program)[1] == 0, "10,000 threads are more than this machine allows")
    with Run(HOME) as j:
        j.begin(flags, program, options="publish=1s,warmup=0s,off_heap=1s")
        tid = j.recorder()
        most = 0
        while j.process.poll() is None:
            try:
                cpu = j.cpu_s(tid)
                most = max(most, int(re.search(r"Threads:\s+(\d+)", open("/proc/%d/status" % j.process.pid).read())[1]))
            except (OSError, TypeError):
                pass
            time.sleep(0.1)
        j.finish(late=4)
        print("   %d threads; the recorder took %.2f s of CPU over the run, a look a second" % (most, cpu))
        assert most > 9000, most


def no_more_files():
    flags = HEAP + ["-XX:+MaxFDLimit"]
    program = ["Work", "rounds=300", "seconds=5", "files=1"]
    with Run(HOME) as j:
        import resource
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256 if os.geteuid() else hard))
        try:
            j.begin(["-XX:-MaxFDLimit"] + HEAP, program)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        j.finish(lines=5)
        assert "no more files" in open(j.path("out")).read()


def children_inherit_nothing():
    with Run(HOME) as j:
        j.begin(HEAP, ["Work", "rounds=100", "children=60"]).finish()
        assert "child 59 sees 0 files of the agent" in open(j.path("out")).read(), open(j.path("out")).read()[-300:]


def container_runs_out_of_memory():
    """A memory cgroup of its own, version 1 or 2, too small for what the program keeps: the next run in it knows."""
    groups = [line.split(":", 2) for line in open("/proc/self/cgroup").read().split("\n") if line]
    v1 = next((g[2] for g in groups if "memory" in g[1].split(",")), None)
    root = "/sys/fs/cgroup/memory" + v1 if v1 is not None else "/sys/fs/cgroup" + next(g[2] for g in groups if g[0] == "0")
    group = os.path.join(root if os.path.isdir(root) else "/sys/fs/cgroup" + ("/memory" if v1 is not None else ""), "heapcast-test")
    try:
        os.mkdir(group)
        open(group + ("/memory.limit_in_bytes" if v1 is not None else "/memory.max"), "w").write("160M")
    except OSError as e:
        raise Skip("no right to make a memory cgroup (%s)" % e)

    def start(j, program):
        command = j.command(["-Xmx400m", "-XX:+UseSerialGC"], program, "publish=1s,warmup=0s,off_heap=1s")
        j.process = subprocess.Popen(["sh", "-c", 'echo $$ > %s/cgroup.procs && exec "$@"' % group, "sh"] + command, cwd=j.dir,
                                     stdout=open(j.path("out"), "w"), stderr=open(j.path("err"), "w"))
        return j.process

    try:
        with Run(HOME) as j:
            assert start(j, ["Churn", "live=250", "collections=0", "seconds=20"]).wait(60) == -signal.SIGKILL, j.err()
            start(j, ["Work", "rounds=100", "live=10"]).wait(60)
            events = {e["kind"]: e["text"] for e in j.recommendation()["events"]}
            assert "container_out_of_memory" in events and "unclean_end" in events, events
            print("   " + "; ".join(events.values()))
            r = j.recommendation()
            assert any("container ran out of memory" in x for x in r["recommendation"]["reasons"]), r["recommendation"]["reasons"]
    finally:
        os.rmdir(group)


# ---- what the agent asks the system for ----

def every_request_refused():
    """Memory, streams and threads: the Nth refused, for every N; then all from the Nth on; then each Nth."""
    program = ["Work", "rounds=150"]
    with Run(HOME) as j:
        j.begin(HEAP, program, environment={"LD_PRELOAD": SHIM, "HEAPCAST_COUNT": j.path("count")}).finish()
        total = int(open(j.path("count")).read())
    step = int(os.environ.get("STEP", "1"))
    cases = ["%d" % n for n in range(1, total + 1, step)] + ["%d-" % n for n in range(1, total, 23)] + ["%%%d" % n for n in (1, 2, 3, 5, 7, 11, 13)]
    silent = 0
    for how in cases:
        with Run(HOME) as j:
            j.begin(HEAP, program, environment={"LD_PRELOAD": SHIM, "HEAPCAST_FAIL": how})
            try:
                j.finish(lines=8, late=10)  # four hundred runs meet every mood of the machine
            except AssertionError as e:
                raise AssertionError("HEAPCAST_FAIL=%s: %s" % (how, e))
            silent += not os.path.exists(j.json_path())
    print("   %d ways to refuse one of %d requests; %d of the runs ended without a recommendation, none otherwise than alone" % (
        len(cases), total, silent))
    assert total > 100, total


# ---- the recorder stands still ----

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000


def recorder_stopped():
    """One thread alone can't be sent SIGSTOP; a tracer can hold it. It is never let go: the end must come all the same."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    with Run(HOME) as j:
        j.begin(HEAP, STEADY)
        tid = j.recorder()
        j.wait_for(lambda: written(j))
        needs(libc.ptrace(PTRACE_SEIZE, tid, None, None) == 0, "no right to trace (ptrace)")
        assert libc.ptrace(PTRACE_INTERRUPT, tid, None, None) == 0
        status = ctypes.c_int()
        assert libc.waitpid(tid, ctypes.byref(status), WALL) == tid
        at = written(j)
        time.sleep(2.2)
        assert written(j) == at, "it was not stopped"
        # the tracer must fetch the end of its thread, or the process can't be fetched by its parent
        output, code, seconds = without_agent(HEAP, STEADY)
        while libc.waitpid(tid, ctypes.byref(status), WALL | os.WNOHANG) == 0:
            assert time.time() - j.begun < seconds + 10, "the JVM does not end while the recorder stands still"
            time.sleep(0.01)
        ending = j.finish()
        print("   with its recorder held the JVM ended %.0f ms after its program" % (1000 * ending))
        assert ending < 1.0, ending


def process_stopped_and_continued():
    with Run(HOME) as j:
        j.begin(HEAP, STEADY)
        j.wait_for(lambda: written(j))
        for _ in range(3):
            os.kill(j.process.pid, signal.SIGSTOP)
            time.sleep(0.7)
            os.kill(j.process.pid, signal.SIGCONT)
            time.sleep(0.3)
        j.finish(late=LATE_S + 2.1)
        assert j.recommendation()["window"]["samples_dropped"] == 0, j.recommendation()["window"]


# ---- a storm ----

def storm_of_collections():
    """A young generation so small that it is collected thousands of times a second."""
    flags = ["-Xmx16m", "-Xmn1m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4"]
    program = ["Work", "rounds=50", "live=2", "collections=1000000000"]
    with Run(HOME) as j:
        j.begin(flags, program + ["seconds=%d" % DURATION], options="publish=5s,warmup=0s", reference=program + ["seconds=1"])
        tid = j.recorder()
        time.sleep(min(10, DURATION / 3))
        rss = [j.rss_kib()]
        while j.process.poll() is None:
            try:
                rss.append(j.rss_kib())
                cpu = j.cpu_s(tid)
            except (OSError, TypeError):
                break
            time.sleep(0.5)
        j.finish(late=DURATION + LATE_S)
        n = int(re.search(r"collections (\d+) in", j.err())[1])
        window = j.recommendation()["window"]
        quarters = [sorted(q)[len(q) // 2] for q in (rss[i * len(rss) // 4:(i + 1) * len(rss) // 4] for i in range(4))]
        print("   %.0f collections a second for %d s: %d counted, %d dropped; recorder %.1f %% of a core (%.1f us each); "
              "RSS %d, %d, %d, %d KiB (medians of the quarters)" % (
                  n / DURATION, DURATION, window["collections"], window["samples_dropped"], 100 * cpu / DURATION, 1e6 * cpu / n, *quarters))
        assert n / DURATION > 1000, "only %.0f a second: no storm" % (n / DURATION)
        assert window["collections"] + window["samples_dropped"] >= 0.99 * n, (window, n)
        assert DURATION < 60 or quarters[3] - quarters[1] < 2048, quarters  # the first ten seconds are the start of a JVM


CASES = [disk_full_while_running, disk_full_from_the_start, disk_frozen, disk_dies, read_only_from_the_start, directory_removed,
         history_truncated_again_and_again, clock_set_back_and_forth, threads_10000, no_more_files, children_inherit_nothing, container_runs_out_of_memory,
         recorder_stopped, process_stopped_and_continued, every_request_refused, storm_of_collections]


def main():
    failed = 0
    if HOME is None:
        return jvm.skip("faults", "no JDK")
    only = os.environ.get("ONLY", "")
    for test in CASES:
        if only and test.__name__ not in only.split(","):
            continue
        try:
            test()
            jvm.ok(test.__name__)
        except Skip as missing:
            jvm.skip(test.__name__, missing)
        except Exception as e:
            failed += 1
            jvm.not_ok(test.__name__, e if isinstance(e, AssertionError) else "%s: %s" % (type(e).__name__, e))
    return failed


sys.exit(1 if main() else 0)
