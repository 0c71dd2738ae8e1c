#!/usr/bin/env python3
"""What `heapcast resolve` writes, read by the real Flink: its own BashJavaUtils, which the start scripts ask for the JVM's
arguments, must answer with exactly the recommended heap, and with what `heapcast memory` says about the same file."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEAPCAST = os.environ.get("HEAPCAST", os.path.join(ROOT, "build", "heapcast"))
MIB = 1 << 20
T = "taskmanager.memory."


def nested(lines):
    return "taskmanager:\n  memory:\n" + "".join(f"    {line}\n" for line in lines)


# name, kind of file, text: the ways in to Flink's arithmetic, the spellings, the defaults and the limits
CONFIGS = [
    ("shipped", "config.yaml", nested(["process:", "  size: 1728m"])),
    ("process_4g", "config.yaml", T + "process.size: 4g  # the container\nparallelism.default: 2\n"),
    ("process_odd_bytes", "config.yaml", T + "process.size: 1620044655b\n"),
    ("process_quoted", "config.yaml", "# mine\n" + T + "process.size: \"4096 mb\"\n" + T + "managed.fraction: 0.1\n"),
    ("process_hex", "config.yaml", nested(["process.size: 0x100000000", "network:", "  fraction: 0.05", "  max: 256m"])),
    ("process_overhead_rule", "config.yaml", nested(["process.size: 6g", "jvm-overhead.fraction: 0.2", "jvm-overhead:", "  max: 2g"])),
    ("process_flat_and_nested", "config.yaml", T + "process.size: 2g\n" + nested(["process:", "  size: 5g"])),
    ("process_task_heap", "config.yaml", nested(["process.size: 4g", "task.heap.size: 1g", "network.max: 4g"])),
    ("process_task_off_heap", "config.yaml", nested(["process.size: 4g", "task:", "  off-heap:", "    size: 512m"])),
    ("flow", "config.yaml", "taskmanager: {memory: {process: {size: 3g}, managed.fraction: 0.2}}\nenv.java.opts.all: -Da=b\n"),
    ("flink_2g", "config.yaml", T + "flink.size: 2g\n"),
    ("flink_nested", "config.yaml", nested(["flink:", "  size: 3221225473b", "managed:", "  size: 700m"])),
    ("flink_and_process", "config.yaml", T + "flink.size: 2g\n" + T + "process.size: 2560m\n"),
    ("flink_rule", "config.yaml", nested(["flink.size: 8g", "jvm-overhead.fraction: 0.05", "network.fraction: 0.3"])),
    ("fine", "config.yaml", nested(["task.heap.size: 2g", "managed.size: 1g"])),
    ("fine_in_process", "config.yaml", nested(["task.heap.size: 2g", "managed.size: 1g", "process.size: 4352m"])),
    ("fine_in_flink", "config.yaml", nested(["task.heap.size: 2g", "managed.size: 1g", "flink.size: 3500m"])),
    ("deprecated", "config.yaml", T + "process.size: 4g\ntaskmanager.memory.size: 600m\ntaskmanager.network.memory.max: 128m\n"),
    ("conf_process", "flink-conf.yaml", "# old file\n" + T + "process.size : 4g   # big\n" + T + "jvm-metaspace.size: 512m\n"),
    ("conf_flink", "flink-conf.yaml", T + "flink.size: 3g\nenv.java.opts.taskmanager: -Dx=y\n"),
    ("conf_old_keys", "flink-conf.yaml", "taskmanager.heap.size: 3g\ntaskmanager.memory.size: 512m\ntaskmanager.network.numberOfBuffers: 4096\n"),
    ("conf_fine", "flink-conf.yaml", T + "task.heap.size: 1g\n" + T + "managed.size: 0\n"),
]

# heap, then what was seen outside it
RECOMMENDATIONS = [
    (263716571, {"managed_consumers": [], "metaspace": 64 * MIB, "overhead": 200 * MIB}),
    (700 * MIB + 1, {"managed_consumers": ["rocksdb"], "metaspace": 128 * MIB}),
    (100 * MIB, {}),
    (1536 * MIB, {"managed_consumers": [], "overhead": 160 * MIB}),
]


def recommendation(heap, seen):
    off_heap = {}
    for part in ("metaspace", "overhead"):
        if part in seen:
            off_heap[part] = {"now_bytes": seen[part] // 2, "max_bytes": seen[part] * 3 // 4, "recommended_bytes": seen[part]}
    if "managed_consumers" in seen:
        off_heap["managed_consumers"] = seen["managed_consumers"]
    return {"format": "heapcast.recommendation", "format_version": 1, "generated_at": "2026-01-01T00:00:00Z",
            "subject": {"role": "taskmanager", "name": "tm", "host": "h", "pid": 1, "started_at": "2026-01-01T00:00:00Z",
                        "jvm": {"version": "17", "collector": "g1", "heap_max_bytes": 1 << 30}},
            "window": {"collections": 100, "restarts": 0, "samples_dropped": 0},
            "recommendation": {"verdict": "shrink", "heap_bytes": heap, "reasons": ["a test's own"]}, "off_heap": off_heap}


def flink_home():
    home = os.environ.get("FLINK_HOME")
    if home:
        return home
    run = subprocess.run([os.path.join(ROOT, "scripts", "flinkbed.sh"), "fetch"], capture_output=True, text=True)
    lines = run.stdout.split()
    if run.returncode != 0 or not lines:
        print(f"skip flink_resolved: no Flink at hand: {run.stderr.strip().splitlines()[-1:] or 'scripts/flinkbed.sh fetch failed'}")
        sys.exit(0)
    return lines[-1]


class Flink:
    def __init__(self, home):
        self.jar = glob.glob(os.path.join(home, "lib", "flink-dist*.jar"))[0]
        self.version = re.search(r"-(\d+\.\d+)[^-]*\.jar$", os.path.basename(self.jar))[1]
        self.path = ":".join([self.jar, os.path.join(home, "bin", "bash-java-utils.jar")])

    def ask(self, directory, dynamic=()):
        """JVM arguments and dynamic options, as bin/taskmanager.sh gets them."""
        run = subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-cp", self.path, "org.apache.flink.runtime.util.bash.BashJavaUtils",
                              "GET_TM_RESOURCE_PARAMS", "--configDir", directory, *dynamic], capture_output=True, text=True)
        lines = [l.split(":", 1)[1] for l in run.stdout.splitlines() if l.startswith("BASH_JAVA_UTILS_EXEC_RESULT:")]
        if run.returncode != 0 or len(lines) != 2:
            return "Flink failed: " + (run.stdout + run.stderr).strip()[-600:], ""
        return lines[0].strip(), lines[1].strip()


def heapcast(*arguments):
    return subprocess.run([HEAPCAST, *arguments], capture_output=True, text=True)


def check(flink, directory, name, kind, text, heap, seen, dynamic):
    """None, or what is wrong."""
    path, advice = os.path.join(directory, kind), os.path.join(directory, "recommendation.json")
    with open(path, "w") as file:
        file.write(text)
    with open(advice, "w") as file:
        json.dump(recommendation(heap, seen), file)
    common = ["resolve", "--flink-version", flink.version, "--recommendation", advice, "--config", path]
    run = heapcast(*common, *(["--format", "dynamic"] if dynamic else ["-o", path]))
    if run.returncode != 0:
        return f"resolve ended with {run.returncode}: {run.stderr.strip()}"
    options = run.stdout.split() if dynamic else []
    arguments, handed = flink.ask(directory, options)
    if f"-Xmx{heap} " not in arguments:
        return f"recommended -Xmx{heap}, Flink says {arguments}; {options or open(path).read()}"
    ours = ["--flink-version", flink.version, "--config", path, *options]
    for mine, theirs in ((heapcast("memory", "--jvm-args", *ours).stdout.strip(), arguments),
                         (heapcast("memory", "--dynamic", *ours).stdout.strip(), handed)):
        if mine != theirs:
            return f"heapcast memory says {mine}, Flink says {theirs}"
    again = heapcast("resolve", "--flink-version", flink.version, "--recommendation", advice, "--config", path, "--format", "json")
    if not dynamic and json.loads(again.stdout)["flink_options"] != {}:
        return f"resolving again would change {json.loads(again.stdout)['flink_options']}"
    return None


def main():
    flink = Flink(flink_home())
    major = tuple(map(int, flink.version.split(".")))
    failed = 0
    for i, (name, kind, text) in enumerate(CONFIGS):
        if kind == "flink-conf.yaml" and major >= (2, 0):
            print(f"skip flink_resolved {name}: Flink {flink.version} reads no flink-conf.yaml")
            continue
        if kind == "config.yaml" and major < (1, 19):
            print(f"skip flink_resolved {name}: Flink {flink.version} reads no config.yaml")
            continue
        heap, seen = RECOMMENDATIONS[i % len(RECOMMENDATIONS)]
        for dynamic in (False, True) if i % 4 == 0 else (name == "flow",):
            with tempfile.TemporaryDirectory() as directory:
                wrong = check(flink, directory, name, kind, text, heap, seen, dynamic)
            label = f"flink_resolved {flink.version} {name}{' as -D' if dynamic else ''}"
            print(f"not ok {label}: {wrong}" if wrong else f"ok {label}", flush=True)
            failed += wrong is not None
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
