"""What the agent costs a JVM, beside Flight Recorder with its GC events and a listener to the GC beans' notifications.

Figures come from rounds in which every kind of JVM has its turn; a difference is taken within a round. Processor time is
read from schedstat, in nanoseconds: it does not depend on who else is on the machine, but for the caches they share."""
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm
from table import quartiles, row

HERE = os.path.dirname(os.path.abspath(__file__))
STARTS, IDLES, IDLE_S = 31, 9, 5
LOADS, WARM_PAUSES, LOAD_S = 5, 50, 10
SMALL = ["-Xshare:auto", "-Xms64m", "-Xmx64m", "-XX:+UseSerialGC"]
SMALL_G1 = SMALL[:-1] + ["-XX:+UseG1GC"]  # whose flags and log the agent's probes reach through Java
# Eden of some 14 MiB, filled ten times a second.
TEN_A_SECOND = ["-Xshare:auto", "-Xms256m", "-Xmx256m", "-Xmn16m", "-XX:+UseG1GC"]
CHURN = ["Churn", "collections=0", "seconds=300", "rate=135", "live=40"]
THREADS = {"agent": "heapcast", "jfr": "JFR", "listener": "Notification"}
PEERS = {"jfr": "Flight Recorder, GC events only", "listener": "a listener to the GC beans"}


class Host:
    """How to start a JVM with nothing added, the agent, or a peer."""

    def __init__(self, home, build, directory):
        self.java = os.path.join(home, "bin", "java")
        self.path = os.pathsep.join([build, jvm.classes()])
        self.directory = directory
        self.full = os.path.join(directory, "full")  # an agent's folder after three weeks
        os.makedirs(self.full)
        write = [os.path.join(build, "bench_predictor"), os.path.join(self.full, "heapcast-bench.hc")]
        if subprocess.run(write, capture_output=True).returncode not in (0, 1):  # 1: slow
            sys.exit("bench_predictor wrote no history")
        self.kinds = ["without", "agent", "listener"]
        if subprocess.run(self.command("jfr", SMALL, ["Idle", "0"]), capture_output=True).returncode == 0:
            self.kinds.append("jfr")

    def command(self, kind, flags, program):
        added = {"agent": ["-agentpath:%s=dir=%s,name=bench,log=error" % (jvm.AGENT, self.directory)],
                 "full": ["-agentpath:%s=dir=%s,name=bench,log=error" % (jvm.AGENT, self.full)],
                 "jfr": ["-XX:StartFlightRecording:settings=%s,filename=%s" % (os.path.join(HERE, "gc_only.jfc"),
                                                                               os.path.join(self.directory, "bench.jfr"))]}
        before = ["GcListener"] if kind == "listener" else []
        return [self.java] + flags + added.get(kind, []) + ["-cp", self.path] + before + program

    def start(self, kind, flags, program):
        return subprocess.Popen(self.command(kind, flags, program), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def differences(rounds, kind):
    return [r[kind] - r["without"] for r in rounds]


def rows(what, rounds, unit, limit, ours="agent"):
    """The agent's difference against the JVM alone, a line for each peer."""
    middle, spread = quartiles(differences(rounds, ours))
    for kind, name in PEERS.items():
        row(what, middle, spread, unit, limit, name, quartiles(differences(rounds, kind))[0] if kind in rounds[0] else None)
        what, limit = "  the same beside", None


# ---- from start to end ----

def one_run(command):
    """CPU time of a whole run, and the time from the end of its main to the end of the process; both in ms."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        ended = time.monotonic_ns()
        process.returncode = 0
        if status != 0:
            sys.exit("ended with %d: %s" % (status, " ".join(command)))
        out.seek(0)
        done = int(out.read().split()[-1])  # Flight Recorder greets on stdout
    return (usage.ru_utime + usage.ru_stime) * 1e3, (ended - done) / 1e6


def start_and_exit(host):
    rounds = [{kind: one_run(host.command(kind, SMALL, ["Idle", "0"])) for kind in host.kinds} for _ in range(STARTS + 1)][1:]
    cpu, end = ([{kind: values[i] for kind, values in r.items()} for r in rounds] for i in (0, 1))
    rows("start to end, CPU added", cpu, "ms", 5)
    row("  the same JVM alone, CPU", *quartiles([r["without"] for r in cpu]), "ms", None)
    rows("end of main to end of process, added", end, "ms", 10)
    row("  the same JVM alone", *quartiles([r["without"] for r in end]), "ms", None)


# ---- memory ----

def resident_mib(pid):
    text = open("/proc/%d/status" % pid).read()
    return [int(re.search(key + r":\s+(\d+) kB", text).group(1)) / 1024 for key in ("VmRSS", "VmHWM")]


def memory(host, what, flags):
    """The variants of a round sleep side by side: what one has resident does not depend on the others."""
    rounds = []
    for _ in range(IDLES):
        running = {kind: host.start(kind, flags, ["Idle", str(IDLE_S * 1000 + 5000)]) for kind in host.kinds + ["full"]}
        time.sleep(IDLE_S)
        rounds.append({kind: resident_mib(process.pid) for kind, process in running.items()})
        end(running)
    for index, key in ((0, "VmRSS"), (1, "VmHWM")):
        rows("memory added, %s, %s after %d s" % (what, key, IDLE_S), [{kind: v[index] for kind, v in r.items()} for r in rounds], "MiB", 2)
    rows("  with three weeks of history, VmRSS", [{kind: v[0] for kind, v in r.items()} for r in rounds], "MiB", None, "full")


def end(running):
    for process in running.values():
        process.kill()
        process.wait()


# ---- at ten collections a second ----

def thread_times(pid):
    """[(name, ns on a processor)] of the threads that live."""
    found = []
    for task in os.listdir("/proc/%d/task" % pid):
        place = "/proc/%d/task/%s/" % (pid, task)
        try:
            found.append((open(place + "comm").read().strip(), int(open(place + "schedstat").read().split()[0])))
        except OSError:
            pass  # ended meanwhile
    return found


def pauses(path, begin_ns=0, end_ns=1 << 63):
    """ms each; the log's clock is CLOCK_MONOTONIC."""
    found = []
    for line in open(path) if os.path.exists(path) else ():
        m = re.match(r"\[(\d+)ns\].* Pause .* ([\d.]+)ms$", line)
        if m and begin_ns <= int(m[1]) <= end_ns:
            found.append(float(m[2]))
    return found


def wait_until_warm(logs):
    """All of them collect at their pace: on a busy machine a start takes long."""
    deadline = time.monotonic() + 120
    while min(len(pauses(path)) for path in logs.values()) < WARM_PAUSES:
        if time.monotonic() > deadline:
            sys.exit("a JVM has not come to %d collections in 120 s: the machine is too busy to measure on" % WARM_PAUSES)
        time.sleep(0.5)


def one_load(host):
    """All kinds side by side, started in an order that changes; per kind: CPU %, CPU % of its own threads, pauses."""
    running, logs = {}, {}
    host.kinds.append(host.kinds.pop(0))
    for kind in host.kinds:
        logs[kind] = os.path.join(host.directory, kind + ".gc.log")
        if os.path.exists(logs[kind]):
            os.unlink(logs[kind])
        running[kind] = host.start(kind, TEN_A_SECOND + ["-Xlog:gc:file=%s:timenanos" % logs[kind]], CHURN)
    wait_until_warm(logs)
    first, begin = {kind: thread_times(p.pid) for kind, p in running.items()}, time.monotonic_ns()
    time.sleep(LOAD_S)
    last, until = {kind: thread_times(p.pid) for kind, p in running.items()}, time.monotonic_ns()
    seconds = (until - begin) / 1e9
    end(running)
    result = {}
    for kind in running:
        def share(mine):
            spent = [sum(ns for name, ns in times[kind] if mine(name)) for times in (first, last)]
            return (spent[1] - spent[0]) / seconds / 1e7
        seen = pauses(logs[kind], begin, until)
        result[kind] = {"process": share(lambda _: True), "pause": statistics.fmean(seen) * 1e3, "rate": len(seen) / seconds,
                        "own": share(lambda name: name.startswith(THREADS.get(kind, "?")))}
    return result


def load(host):
    rounds = [one_load(host) for _ in range(LOADS)]

    def of(key):
        return [{kind: values[key] for kind, values in r.items()} for r in rounds]
    own = of("own")
    what, limit = "CPU of its threads at 10 GC/s", 0.1
    for kind, name in PEERS.items():
        row(what, *quartiles([r["agent"] for r in own]), "%", limit, name + ", its threads",
            quartiles([r[kind] for r in own])[0] if kind in own[0] else None)
        what, limit = "  the same beside", None
    rows("CPU of the process, added", of("process"), "%", None)
    row("  the same JVM alone, CPU", *quartiles([r["without"] for r in of("process")]), "%", None)
    rows("mean pause in the GC log, added", of("pause"), "us", None)
    row("  the same JVM alone, mean pause", *quartiles([r["without"] for r in of("pause")]), "us", None)
    row("  its collections a second", *quartiles([r["without"] for r in of("rate")]), "", None)


# ---- in the Java heap ----

def allocated(host, kind):
    run = subprocess.run(host.command(kind, TEN_A_SECOND, ["Allocated", THREADS[kind], "135", "10000"]), capture_output=True, text=True)
    last = run.stdout.split()[-1] if run.returncode == 0 and run.stdout else "none"
    return None if last == "none" else float(last)


def java_heap(host):
    ours = allocated(host, "agent")
    if ours is None:
        sys.exit("the agent's Java thread could not be found: what it allocates is not measured")
    what, limit = "Java heap allocated by its thread", 1024
    for kind, name in PEERS.items():
        row(what, ours, None, "B/s", limit, name + ", its threads", allocated(host, kind) if kind in host.kinds else None)
        what, limit = "  the same beside", None


# ---- in the pause ----

def in_real_pauses(host, build):
    """The two callbacks of a pause, as the JVM calls them, by a stopwatch between the two (bench_pause.c)."""
    def us(library):
        out = os.path.join(host.directory, "pauses")
        agent = "-agentpath:%s=%s;%s;dir=%s,name=pauses,log=error" % (os.path.join(build, "bench_pause.so"), library, out, host.directory)
        churn = ["Churn", "collections=0", "seconds=10", "rate=800", "live=40"]
        subprocess.run(host.command("without", TEN_A_SECOND + [agent], churn), check=True, capture_output=True)
        for line in open(out):
            name, *ns = line.split()
            if name == "pair":
                return [float(v) / 1e3 for v in ns]
        sys.exit("bench_pause saw no pause")
    ours, empty, wake = us(jvm.AGENT), us("empty"), us("wake")
    spread = ours[2] - ours[0]
    row("both callbacks of a real pause, median", ours[1], spread, "us", None, "callbacks that wake a thread (eventfd)", wake[1])
    row("  the same beside", ours[1], None, "us", None, "callbacks that do nothing", empty[1])
    row("both callbacks of a real pause, p99", ours[3], None, "us", 10, "callbacks that wake a thread (eventfd)", wake[3])


def measure(home, build):
    with tempfile.TemporaryDirectory() as directory:
        host = Host(home, build, directory)
        in_real_pauses(host, build)
        load(host)
        java_heap(host)
        start_and_exit(host)
        memory(host, "Serial", SMALL)
        memory(host, "G1", SMALL_G1)
    print("%d starts, %d idle runs, %d runs of %d s at 10 GC/s of each kind in turn, JDK %s on %d processors"
          % (STARTS, IDLES, LOADS, LOAD_S, jvm.release_of(home), os.cpu_count()))
