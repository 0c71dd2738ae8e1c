"""The two sides that are compared: the live Flink's memory classes (FlinkMemory.java in a JVM) and `heapcast memory --batch`."""
import json
import os
import re
import subprocess
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
HEAPCAST = os.environ.get("HEAPCAST", os.path.join(ROOT, "build", "heapcast"))
CLASSES = os.path.join(ROOT, "build", "differential")
VERSIONS = os.environ.get("FLINK_VERSIONS", "1.13.6 1.16.3 1.18.1 1.20.5 2.0.2 2.3.0").split()


class Unavailable(Exception):
    """What is missing for asking the live Flink."""


def prepare(versions):
    """Fetches the jars that are not in the cache, compiles the harness, and returns version -> command."""
    run = subprocess.run([os.path.join(HERE, "jars.sh"), *versions], capture_output=True, text=True)
    if run.returncode != 0:
        raise Unavailable((run.stderr.strip().splitlines() or ["jars.sh failed"])[-1])
    places = dict(line.split(" ", 1) for line in run.stdout.rstrip("\n").split("\n") if line)
    harness = places.pop("harness")
    libraries = ":".join(os.path.join(harness, jar) for jar in sorted(os.listdir(harness)) if jar.endswith(".jar"))
    source, built = os.path.join(HERE, "FlinkMemory.java"), os.path.join(CLASSES, "FlinkMemory.class")
    if not os.path.exists(built) or os.path.getmtime(built) < os.path.getmtime(source):
        os.makedirs(CLASSES, exist_ok=True)
        try:
            run = subprocess.run(["javac", "--release", "11", "-cp", libraries, "-d", CLASSES, source], capture_output=True, text=True)
        except FileNotFoundError:
            raise Unavailable("no Java compiler (javac)") from None
        if run.returncode != 0:
            raise Unavailable("FlinkMemory.java did not compile: " + run.stderr.strip())
    # Short runs with little garbage; C2 would take a core for itself and bring nothing.
    java = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp", CLASSES + ":" + libraries, "FlinkMemory"]
    return {version: java + [place, version] for version, place in places.items()}


def environment():
    """Without what Flink and the JVM would read from it."""
    drop = ("FLINK_TM_HEAP", "FLINK_JM_HEAP", "FLINK_CONF_DIR", "JAVA_TOOL_OPTIONS")
    return {k: v for k, v in os.environ.items() if k not in drop}


def applies(case, version):
    """Is this a case that this release has an answer to?"""
    number = tuple(map(int, version.split(".")[:2]))
    return not ((case.get("file") == "flink-conf.yaml" and number >= (2, 0)) or (case.get("file") == "config.yaml" and number < (1, 19)) or
                (case["role"] == "jm" and number < (1, 11)))


class Side:
    """A program that answers lines with lines; keeps running, so that cases can be asked one after another."""

    def __init__(self, command):
        self.command = command
        self.process = None

    def start(self):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                            text=True, env=environment(), encoding="utf-8")
        return self.process

    def ask(self, cases):
        process = self.start()
        lines = "".join(json.dumps(case) + "\n" for case in cases)

        def feed():
            process.stdin.write(lines)
            process.stdin.flush()

        feeder = threading.Thread(target=feed)
        feeder.start()
        answers = [json.loads(process.stdout.readline()) for _ in cases]
        feeder.join()
        return answers

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


def heapcast_command(version):
    return [HEAPCAST, "memory", "--batch", "--flink-version", version]


def ask_heapcast(cases, version):
    """All answers; a case at which the program ends is answered with how it ended."""
    answers, rest = [], list(cases)
    while rest:
        run = subprocess.run(heapcast_command(version), input="".join(json.dumps(c) + "\n" for c in rest), capture_output=True, text=True,
                             encoding="utf-8", env=environment(), timeout=600)
        got = [json.loads(line) for line in run.stdout.rstrip("\n").split("\n") if line]
        answers += got
        rest = rest[len(got):]
        if rest:
            answers.append({"ended": run.returncode, "stderr": run.stderr.strip()[-400:]})
            rest = rest[1:]
    return answers


OURS = ("id", "code", "key", "mend")  # what heapcast says beyond Flink


def plain(value):
    """Without what is no difference: until 19 the JDK writes some doubles with a digit more than they need (JDK-4511638:
    6.3108101325026099E17), and the end of a text that messages of snakeyaml-engine show as a NUL is nothing in a C string."""
    text = json.dumps(value).replace("\\u0000", "").replace("\\u0001", "")
    return re.sub(r"\b\d+\.\d+E-?\d+\b", lambda number: repr(float(number[0])), text)


def difference(ours, theirs):
    """The first field in which the answers differ, "" if none."""
    if ours.get("ok") != theirs.get("ok"):
        return "ok"
    for field in [k for k in theirs if k not in OURS] + [k for k in ours if k not in OURS]:
        if ours.get(field) != theirs.get(field) and plain(ours.get(field)) != plain(theirs.get(field)):
            return field
    return ""
