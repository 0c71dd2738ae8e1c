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
import jvm

BUILD = sys.argv[1]
STARTS, IDLES, IDLE_S = 31, 9, 5
FLAGS = ["-Xshare:auto", "-Xms64m", "-Xmx64m", "-XX:+UseSerialGC"]
missed = []


def row(what, value, spread, unit, limit, peer, peer_value):
    """`limit` None: for information."""
    ratio = "%.3f x" % (value / peer_value) if peer_value else ""
    beside = "%.3f" % peer_value if peer_value is not None else "not here" if peer else ""
    verdict = "" if limit is None else "ok" if value <= limit else "MISSED"
    if verdict == "MISSED":
        missed.append(what)
    print("%-34s %10.3f %9s %-4s %8s  %-7s %-44s %10s  %s"
          % (what, value, "±%.3f" % (spread / 2) if spread is not None else "", unit, "" if limit is None else "%g" % limit,
             verdict, peer, beside, ratio), flush=True)


def quartiles(values):
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, high - low


def in_the_pause():
    out = subprocess.run([os.path.join(BUILD, "bench_callback")], check=True, capture_output=True, text=True).stdout
    ns = {line.split()[0]: [float(v) for v in line.split()[1:]] for line in out.splitlines()}

    def us(name):
        return ns[name][1] / 1e3, (ns[name][2] - ns[name][0]) / 1e3
    row("callback pair, warm caches", *us("callbacks"), "us", 1, "a wake-up instead (write to an eventfd)", us("eventfd")[0])
    row("callback pair, cold caches", *us("callbacks_cold"), "us", 1, "a wake-up instead, cold", us("eventfd_cold")[0])
    return us("log_line")[0], us("sort")[0]


def predictor(log_line_us, sort_us):
    r = subprocess.run([os.path.join(BUILD, "bench_predictor")], capture_output=True, text=True)
    found = {name.strip(): (float(median), float(limit)) for name, median, limit in
             re.findall(r"^(.+?)\s+median\s+([\d.]+) us.*limit (\d+) us", r.stdout, re.M)}
    row("observe one collection", found["observe"][0], None, "us", 2, "writing its line of the GC log (-Xlog:gc)", log_line_us)
    row("predict", found["predict"][0], None, "us", 1000, "sorting 4,096 raw samples", sort_us)
    for name in sorted(set(found) - {"observe", "predict"}):
        row(name, found[name][0], None, "us", found[name][1], "", None)
    if r.returncode not in (0, 1):
        sys.exit("bench_predictor ended with %d: %s" % (r.returncode, r.stderr))


def variants(home, directory):
    java = [os.path.join(home, "bin", "java")] + FLAGS
    end = ["-cp", BUILD, "Idle"]
    all_of_them = {"without": java + end,
                   "agent": java + ["-agentpath:%s=dir=%s,name=bench,log=error" % (jvm.AGENT, directory)] + end}
    jfr = java + ["-XX:StartFlightRecording:filename=%s/bench.jfr" % directory] + end
    if subprocess.run(jfr + ["0"], capture_output=True).returncode == 0:
        all_of_them["jfr"] = jfr
    return all_of_them


def cpu_ms(command):
    """User and system time of one run to its end, its children and threads included."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    usage = os.wait4(process.pid, 0)
    process.returncode = 0
    if usage[1] != 0:
        sys.exit("ended with %d: %s" % (usage[1], " ".join(command)))
    return (usage[2].ru_utime + usage[2].ru_stime) * 1e3


def resident_mib(pid):
    text = open("/proc/%d/status" % pid).read()
    return [int(re.search(key + r":\s+(\d+) kB", text).group(1)) / 1024 for key in ("VmRSS", "VmHWM")]


def differences(rounds, name):
    return [r[name] - r["without"] for r in rounds]


def start_up(commands):
    rounds = [{name: cpu_ms(command + ["0"]) for name, command in commands.items()} for _ in range(STARTS + 1)][1:]
    jfr = quartiles(differences(rounds, "jfr"))[0] if "jfr" in commands else None
    row("start to end, CPU added", *quartiles(differences(rounds, "agent")), "ms", 5, "Flight Recorder, default settings", jfr)
    row("  the same JVM alone, CPU", *quartiles([r["without"] for r in rounds]), "ms", None, "", None)


def memory(commands):
    """The variants of a round sleep side by side: what one has resident does not depend on the others."""
    rounds = []
    for _ in range(IDLES):
        running = {name: subprocess.Popen(command + [str(IDLE_S * 1000 + 5000)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                   for name, command in commands.items()}
        time.sleep(IDLE_S)
        rounds.append({name: resident_mib(process.pid) for name, process in running.items()})
        for process in running.values():
            process.kill()
            process.wait()
    for index, key in ((0, "VmRSS"), (1, "VmHWM")):
        one = [{name: values[index] for name, values in r.items()} for r in rounds]
        jfr = quartiles(differences(one, "jfr"))[0] if "jfr" in commands else None
        row("memory added, %s after %d s" % (key, IDLE_S), *quartiles(differences(one, "agent")), "MiB", 2,
            "Flight Recorder, default settings", jfr)


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
                   wall_ms(script + [directory]) if script and i % 10 == 0 else None) for i in range(STARTS + 1)][1:]
    peers = [theirs for _, theirs in rounds if theirs is not None]
    row("heapcast memory, start to exit", *quartiles([ours for ours, _ in rounds]), "ms", 5, "Flink's BashJavaUtils, start to exit",
        statistics.median(peers) if peers else None)


def main():
    home = jvm.jdks().get("17") or next(iter(jvm.jdks().values()), None)
    print("%-34s %10s %9s %-4s %8s  %-7s %-44s %10s  %s"
          % ("", "median", "IQR/2", "", "limit", "", "peer", "its median", "ratio"))
    predictor(*in_the_pause())
    if home is None:
        sys.exit("no JDK: start-up and memory are not measured")
    javac = os.path.join(home, "bin", "javac")
    javac = javac if os.path.exists(javac) else "javac"
    derivation(home, javac)
    subprocess.run([javac, "-nowarn", "--release", "11", "-d", BUILD,
                    os.path.join(jvm.ROOT, "tests", "bench", "Idle.java")], check=True)
    with tempfile.TemporaryDirectory() as directory:
        commands = variants(home, directory)
        start_up(commands)
        memory(commands)
    print("%d starts and %d idle runs of each kind in turn, JDK %s, %s, on %d processors"
          % (STARTS, IDLES, jvm.release_of(home), " ".join(FLAGS), os.cpu_count()))
    if missed:
        sys.exit("limit missed: " + ", ".join(missed))


main()
