"""Runs the benchmarks that tests/bench/run.sh has compiled, measures JVMs with and without the agent, prints one table.
Exit 1 where a limit is missed. A figure from pairs is the median of the differences; IQR is what the noise was."""
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import gc_logs
import jvm
import overhead
import table
from table import quartiles, row

BUILD = sys.argv[1]
RUNS = 31


def in_the_pause():
    out = subprocess.run([os.path.join(BUILD, "bench_callback")], check=True, capture_output=True, text=True).stdout
    ns = {line.split()[0]: [float(v) for v in line.split()[1:]] for line in out.splitlines()}

    def us(name):
        return ns[name][1] / 1e3, (ns[name][2] - ns[name][0]) / 1e3
    row("callback pair, warm caches, median", *us("callbacks"), "us", 0.5, "a wake-up instead (write to an eventfd)", us("eventfd")[0])
    row("  the same beside", *us("callbacks"), "us", None, "reading the clock twice", us("clock_pair")[0])
    row("callback pair, warm caches, p99", ns["callbacks"][3] / 1e3, None, "us", 10, "a wake-up instead", ns["eventfd"][3] / 1e3)
    return us("log_line")[0], us("sort")[0]


def predictor(log_line_us, sort_us):
    r = subprocess.run([os.path.join(BUILD, "bench_predictor")], capture_output=True, text=True)
    found = {name.strip(): (float(median), float(limit)) for name, median, limit in
             re.findall(r"^(.+?)\s+median\s+([\d.]+) us.*limit ([\d.]+) us", r.stdout, re.M)}
    row("observe one collection", found["observe"][0], None, "us", found["observe"][1], "writing its line of the GC log (-Xlog:gc)", log_line_us)
    row("predict", found["predict"][0], None, "us", found["predict"][1], "sorting 4,096 raw samples", sort_us)
    for name in sorted(set(found) - {"observe", "predict"}):
        row(name, found[name][0], None, "us", found[name][1], "", None)
    if r.returncode not in (0, 1):
        sys.exit("bench_predictor ended with %d: %s" % (r.returncode, r.stderr))


def wall_ms(command):
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.monotonic() - started) * 1e3


def flink(home, javac):
    """A command that runs a class with Flink on its path, and one that asks as Flink's scripts do; or neither."""
    asked = subprocess.run([os.path.join(jvm.ROOT, "scripts", "flinkbed.sh"), "fetch"], capture_output=True, text=True)
    if asked.returncode != 0:
        return None, None
    place = asked.stdout.split()[-1]
    path = ":".join([BUILD, os.path.join(place, "lib", "*"), os.path.join(place, "bin", "bash-java-utils.jar")])
    subprocess.run([javac, "-nowarn", "--release", "11", "-cp", path, "-d", BUILD,
                    os.path.join(jvm.ROOT, "tests", "bench", "FlinkDerive.java")], check=True)
    java = [os.path.join(home, "bin", "java"), "-Dorg.apache.logging.log4j.level=ERROR", "-cp", path]  # no time for log lines
    return java + ["FlinkDerive"], java + ["org.apache.flink.runtime.util.bash.BashJavaUtils", "GET_TM_RESOURCE_PARAMS", "--configDir"]


def derivation(home, javac):
    """Flink's arithmetic: how many a second (as time for one, which has a limit), and one from start to exit."""
    run = subprocess.run([os.path.join(BUILD, "bench_derive")], capture_output=True, text=True)
    rates = dict((name.strip(), float(rate)) for name, rate in re.findall(r"^derive: (.+?)\s+median\s+(\d+)", run.stdout, re.M))
    classes, script = flink(home, javac)
    peer = 1e6 / float(subprocess.run(classes, check=True, capture_output=True, text=True).stdout.split()[-2]) if classes else None
    for name, rate in rates.items():
        limit = 5 if name.startswith("options") else 1
        row("derive, " + name, 1e6 / rate, None, "us", limit, "Flink's own classes, warm, one JVM", peer)
    with tempfile.TemporaryDirectory() as directory:
        config = os.path.join(directory, "config.yaml")
        with open(config, "w") as file:
            file.write("taskmanager:\n  memory:\n    process:\n      size: 4g\njobmanager.memory.process.size: 1600m\n")
        rounds = [(wall_ms([os.path.join(jvm.ROOT, "build", "heapcast"), "memory", "--config", config]),
                   wall_ms(script + [directory]) if script and i % 10 == 0 else None) for i in range(RUNS + 1)][1:]
    peers = [theirs for _, theirs in rounds if theirs is not None]
    row("heapcast memory, start to exit", *quartiles([ours for ours, _ in rounds]), "ms", 5, "Flink's BashJavaUtils, start to exit",
        statistics.median(peers) if peers else None)


def main():
    home = jvm.jdks().get("17") or next(iter(jvm.jdks().values()), None)
    table.head()
    predictor(*in_the_pause())
    if home is None:
        sys.exit("no JDK: start-up and memory are not measured")
    javac = os.path.join(home, "bin", "javac")
    javac = javac if os.path.exists(javac) else "javac"
    derivation(home, javac)
    sources = [os.path.join(jvm.ROOT, "tests", "bench", name + ".java") for name in ("Idle", "Allocated", "GcListener")]
    subprocess.run([javac, "-nowarn", "--release", "11", "-d", BUILD] + sources, check=True, stderr=subprocess.DEVNULL)
    gc_logs.measure(home, BUILD)
    overhead.measure(home, BUILD)
    if table.missed:
        sys.exit("limit missed: " + ", ".join(table.missed))


main()
