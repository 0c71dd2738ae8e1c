#!/usr/bin/env python3
"""Asks `heapcast memory --batch` every recorded case of every release and compares with what the real Flink answered.

    oracle_cases.py [--heapcast PATH] [--verbose] [CASES.jsonl.gz]

Prints one `ok`/`not ok` line for each group of answers and the number of differing ones with the first of them.
"""
import argparse
import collections
import gzip
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SUCCESS = ("ok", "bytes", "jvm", "str", "human", "dyn")
FAILURE = ("ok", "ex", "msg", "causes", "code", "key")


def ask(heapcast, cases, version):
    """All answers of one version, by case id."""
    lines = "".join(json.dumps({k: c[k] for k in ("id", "role", "path", "conf", "file", "text", "in") if k in c}) + "\n" for c in cases)
    run = subprocess.run([heapcast, "memory", "--batch", "--flink-version", version], input=lines, text=True, capture_output=True)
    if run.returncode != 0:
        sys.exit(f"not ok oracle: heapcast ended with {run.returncode}: {run.stderr.strip()}")
    return {a["id"]: a for a in map(json.loads, run.stdout.splitlines())}


def expected(case, version):
    """What Flink answered, or None where the case was not put to this release."""
    answer = next((e for e in case["expect"] if version in e["v"]), None)
    if answer is None:
        return None
    answer = {k: v for k, v in answer.items() if k != "v"}
    dynamic = next((d["s"] for d in case.get("dyn", []) if version in d["v"]), None)
    if dynamic is not None:
        answer["dyn"] = dynamic
    return answer


def group(case, want, version):
    number = tuple(map(int, version.split(".")[:2]))
    age = "1.13-2.3" if number >= (1, 13) else "1.10-1.12"
    if case["role"] == "size":
        return "sizes"
    role = {"tm": "TaskManager", "jm": "JobManager"}[case["role"]]
    return f"{role} {age} {'derived' if want['ok'] else 'refused'}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--heapcast", default=os.environ.get("HEAPCAST", os.path.join(ROOT, "build", "heapcast")))
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("cases", nargs="?", default=os.path.join(ROOT, "tests", "oracle", "cases.jsonl.gz"))
    options = parser.parse_args()
    with (gzip.open if options.cases.endswith(".gz") else open)(options.cases, "rt", encoding="utf-8") as file:
        cases = [json.loads(line) for line in file]
    versions = sorted({v for c in cases for e in c["expect"] for v in e["v"]}, key=lambda v: tuple(map(int, v.split("."))))
    good, bad, shown = collections.Counter(), collections.Counter(), {}
    for version in versions:
        asked = [c for c in cases if expected(c, version) is not None]
        answers = ask(options.heapcast, asked, version)
        for case in asked:
            want, got = expected(case, version), answers.get(case["id"], {})
            # "key" stands only where Flink's message names an option
            wrong = [k for k in (SUCCESS if want["ok"] else FAILURE) if k in want and want[k] != got.get(k)]
            name = group(case, want, version)
            (bad if wrong else good)[name] += 1
            if wrong and (name not in shown or options.verbose):
                text = f"case {case['id']} of {version}: {wrong[0]} is {got.get(wrong[0])!r}, Flink says {want[wrong[0]]!r}"
                shown.setdefault(name, text)
                if options.verbose:
                    print(text, case.get("conf", case.get("text", case.get("in"))))
    for name in sorted(good + bad):
        if bad[name]:
            print(f"not ok oracle {name}: {bad[name]} of {good[name] + bad[name]} answers differ; {shown[name]}")
        else:
            print(f"ok oracle {name}: {good[name]} answers equal")
    print(f"# {sum(good.values())} of {sum((good + bad).values())} answers equal")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
