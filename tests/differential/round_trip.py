#!/usr/bin/env python3
"""Puts random recommendations to `heapcast resolve` with random configurations and hands what it emits, in each format, to the
live Flink: the heap that Flink derives must be the recommended one, and all of the plan what `resolve` said it would be. Where
`resolve` refuses, it must say why; where it refuses because Flink does, in Flink's words.

    round_trip.py        COUNT (10000) pairs from SEED (the clock's), spread over FLINK_VERSIONS

Prints ok/not ok/skip lines.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import time

import flink
import gen

MIB = 1 << 20
FORMATS = ["config.yaml", "flink-conf.yaml", "dynamic", "env", "k8s-patch"]


def recommendation(random, role):
    """With whatever was measured."""
    heap = int(48 * MIB * 1000 ** random.random())
    heap = random.choice([heap, heap // MIB * MIB, heap // (2 * MIB) * 2 * MIB])
    off_heap = {}
    for part, most in (("metaspace", 512), ("overhead", 1024), ("direct", 2048)):
        if random.random() < .6:
            size = int(8 * MIB * (most / 8) ** random.random())
            off_heap[part] = {"now_bytes": size // 2, "max_bytes": size * 3 // 4, "recommended_bytes": size}
    if random.random() < .7:
        off_heap["managed_consumers"] = random.choice([[], [], ["rocksdb"], ["python"], ["operator", "rocksdb"]])
    return {"format": "heapcast.recommendation", "format_version": 1, "generated_at": "2026-01-01T00:00:00Z",
            "subject": {"role": role, "name": "tm", "host": "h", "pid": 1, "started_at": "2026-01-01T00:00:00Z",
                        "jvm": {"version": "17", "collector": "g1", "heap_max_bytes": 1 << 30}},
            "window": {"collections": 100, "restarts": 0, "samples_dropped": 0},
            "recommendation": {"verdict": random.choice(["shrink", "grow"]), "heap_bytes": heap, "reasons": ["a test's own"]},
            "off_heap": off_heap}


def clean(value):
    """Can it stand in both kinds of file?"""
    return value and value.strip() == value and value.isprintable() and "#" not in value


def configurations(generator, version, count):
    """Roles and maps of options; most are such that Flink takes them, so that there is something to resolve."""
    shapes = [generator.taskmanager, generator.taskmanager, generator.taskmanager_scattered, generator.taskmanager_edge, generator.legacy,
              generator.jobmanager]
    good = []
    while len(good) < count:
        some = [generator.pick(shapes)() for _ in range(2 * count)]
        some = [(role, {k: v for k, v in conf.items() if clean(v)}) for role, conf in some]
        answers = flink.ask_heapcast([{"role": role, "conf": conf} for role, conf in some], version)
        good += [pair for pair, answer in zip(some, answers) if answer.get("ok") or generator.chance(.03)]
    return good[:count]


def file_of(generator, version, conf):
    """Name and text of a file that this release reads and that has these options."""
    number = tuple(map(int, version.split(".")[:2]))
    name = generator.pick(["config.yaml"] if number >= (2, 0) else ["flink-conf.yaml"] if number < (1, 19) else ["config.yaml", "flink-conf.yaml"])
    lines = []
    if name == "config.yaml":
        flat = {k: v for k, v in conf.items() if generator.chance(.5)}
        generator.dump(flat, "", lines)
        generator.dump(generator.nest({k: v for k, v in conf.items() if k not in flat}), "", lines)
        if generator.chance(.05):
            lines = [generator.flow(generator.nest(conf))]
    else:
        lines = [generator.pick(["%s: %s", "%s: %s", "  %s : %s  # note", "%s:  %s"]) % pair for pair in conf.items()]
    if name != "config.yaml" or generator.chance(.3):
        lines.insert(0, generator.pick(["# a comment", "", "parallelism.default: 3"]))
    return name, "\n".join(lines) + generator.pick(["\n", "\n", ""])


def patched(conf, spec, role):
    """The options after the operator has taken a patch: it sets the process size to the resource's memory."""
    result = {**conf, **spec.get("flinkConfiguration", {})}
    resource = spec.get({"tm": "taskManager", "jm": "jobManager"}[role], {}).get("resource", {})
    if "memory" in resource:
        result[{"tm": gen.TM, "jm": gen.JM}[role] + "process.size"] = resource["memory"]
    return {key: value for key, value in result.items() if value is not None}


def lines_of(env):
    """The options among the shell's lines."""
    return [line.split(": ", 1) for line in env.splitlines() if ": " in line]


class Trip:
    """One pair and all that came of it."""

    def __init__(self, number, version, generator, role, conf):
        self.number, self.version, self.generator, self.role, self.conf = number, version, generator, role, conf
        self.recommendation = recommendation(generator.random, {"tm": "taskmanager", "jm": "jobmanager"}[role])
        self.name, self.text = file_of(generator, version, conf)
        self.options = ["--deployment", "container"] if self.generator.chance(.2) else []
        self.options += ["--network", "keep"] if self.generator.chance(.2) else []
        self.emitted, self.refused, self.plan = {}, {}, None

    def resolve(self, directory):
        """Asks for each format; runs in a thread."""
        advice, config = os.path.join(directory, "advice.json"), os.path.join(directory, self.name)
        with open(advice, "w") as file:
            json.dump(self.recommendation, file)
        with open(config, "w", newline="") as file:
            file.write(self.text)
        for output in ["json"] + FORMATS:
            command = [flink.HEAPCAST, "resolve", "--recommendation", advice, "--config", config, "--flink-version", self.version,
                       "--format", output, *self.options]
            run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=flink.environment(), timeout=60)
            if run.returncode != 0:
                self.refused[output] = (run.returncode, run.stderr.replace(config, self.name))
            elif output == "json":
                self.plan = json.loads(run.stdout)
            else:
                self.emitted[output] = run.stdout

    def case(self, **more):
        return {"role": self.role, "path": "container" if "container" in self.options else "standalone", **more}

    def questions(self):
        """What to ask the live Flink: name and case of each."""
        yield "as it was", self.case(file=self.name, text=self.text)
        yield "as a map", self.case(conf=self.conf)
        for output, text in self.emitted.items():
            if output in ("config.yaml", "flink-conf.yaml"):
                if flink.applies({"role": self.role, "file": output}, self.version):
                    yield output, self.case(file=output, text=text)
            elif output == "k8s-patch":
                yield output, self.case(conf=patched(self.conf, json.loads(text)["spec"], self.role))
            else:
                pairs = [word.split("=", 1) for word in text.split() if word != "-D"] if output == "dynamic" else lines_of(text)
                yield output, self.case(file=self.name, text=self.text, conf=dict(pairs))

    def judge(self, answers):
        """What is wrong, or None."""
        before, heap = answers["as it was"], self.recommendation["recommendation"]["heap_bytes"]
        if not before["ok"]:
            wrong = next((f for f in ["json"] + FORMATS if f not in self.refused), None)
            if wrong:
                return f"Flink refuses the configuration ({before['msg']}), resolve as {wrong} does not"
            said = self.refused["json"][1]
            words = [text for _, text in [[None, before["msg"]]] + before["causes"] if text]
            if not any(text.split("\n")[0][:60] in said for text in words) and "Flink cannot read this file" not in said:
                return f"resolve says {said!r}, Flink says {words}"
            return None
        for output, (code, text) in self.refused.items():
            if code != 1 or not text.startswith("heapcast: ") or "internal error" in text:
                return f"resolve as {output} ends with {code}: {text!r}"
        if self.plan is None:
            return None
        if self.plan["after"]["jvm_heap"] != heap:
            return f"the plan's heap is {self.plan['after']['jvm_heap']}, {heap} was recommended"
        if self.plan["before"] != before["bytes"]:
            return f"before is {self.plan['before']}, Flink says {before['bytes']}"
        # A FlinkDeployment has texts only; where config.yaml's types make a difference of a byte, it began with another plan.
        if answers["as a map"].get("bytes") != before["bytes"]:
            answers.pop("k8s-patch", None)
        for output, answer in answers.items():
            # In a FlinkDeployment the process is the container, in whole MiB: what that adds is overhead.
            parts = self.plan["after"] if output != "k8s-patch" else {k: v for k, v in self.plan["after"].items() if k not in ("overhead", "total_process")}
            if output in ("as it was", "as a map"):
                continue
            if not answer["ok"] or answer["jvm"] != self.plan["jvm_after"] or any(answer["bytes"][k] != v for k, v in parts.items()):
                return f"as {output} Flink gives {answer.get('jvm', answer.get('msg'))}, {self.plan['jvm_after']} was planned"
        return None

    def show(self, why, directory):
        """The pair as files, and the command that repeats it."""
        place = os.path.join(directory, "pair-%d" % self.number)
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, "advice.json"), "w") as file:
            json.dump(self.recommendation, file)
        with open(os.path.join(place, self.name), "w", newline="") as file:
            file.write(self.text)
        print(f"    pair {self.number} of {self.version}: {why}")
        print(f"    repeat: build/heapcast resolve --recommendation {place}/advice.json --config {place}/{self.name} --flink-version {self.version}"
              f" {' '.join(self.options)}", flush=True)


def resolve_all(trips):
    with tempfile.TemporaryDirectory() as directory, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        def one(trip):
            place = tempfile.mkdtemp(dir=directory)
            trip.resolve(place)
            for name in os.listdir(place):
                os.remove(os.path.join(place, name))
            os.rmdir(place)
        list(pool.map(one, trips))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=int(os.environ.get("COUNT", "10000")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "0")) or int(time.time()))
    options = parser.parse_args()
    try:
        commands = flink.prepare(flink.VERSIONS)
    except flink.Unavailable as missing:
        print(f"skip flink_round_trip: {missing}")
        return True
    print(f"# {options.count} pairs over Flink {' '.join(flink.VERSIONS)}; again with SEED={options.seed} COUNT={options.count}", flush=True)
    trips = []
    for version in flink.VERSIONS:
        generator = gen.Generator("%s %s" % (options.seed, version))
        pairs = configurations(generator, version, -(-options.count // len(flink.VERSIONS)))
        trips += [Trip(len(trips) + i, version, generator, *pair) for i, pair in enumerate(pairs)]
    resolve_all(trips)
    good = True
    for version in flink.VERSIONS:
        mine = [t for t in trips if t.version == version]
        asked = [(trip, name, case) for trip in mine for name, case in trip.questions()]
        live = flink.Side(commands[version])
        answers = collections.defaultdict(dict)
        for (trip, name, _), answer in zip(asked, live.ask([case for _, _, case in asked])):
            answers[trip.number][name] = answer
        live.stop()
        wrong = [(t, t.judge(answers[t.number])) for t in mine]
        wrong = [(t, why) for t, why in wrong if why]
        exact = sum(t.plan is not None for t in mine)
        outputs = sum(len(answers[t.number]) - 2 for t in mine)
        reasons = collections.Counter(text.strip().splitlines()[-1].split(": ", 2)[-1][:60] for t in mine if answers[t.number]["as it was"]["ok"] for _, text in t.refused.values())
        name = f"flink_round_trip {version}"
        if wrong:
            good = False
            print(f"not ok {name}: {len(wrong)} of {len(mine)} pairs")
            for trip, why in wrong[:5]:
                trip.show(why, os.path.join(flink.ROOT, "build", "differential"))
        else:
            print(f"ok {name}: {exact} of {len(mine)} resolved, {outputs} outputs with the recommended heap; {len(mine) - exact} refused by Flink or beforehand")
        for reason, count in reasons.most_common(6):
            print(f"#   {count} refused: {reason}")
        sys.stdout.flush()
    return good


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
