#!/usr/bin/env python3
"""`heapcast predict --stdin`: its answers on recorded traces, to the byte, and what it says to lines that are wrong.

    cli_predict.py [--heapcast PATH] [--rewrite]

The expected answers lie in tests/traces/expected; --rewrite makes them anew (a model that is meant to differ), for
review in the diff. Prints one `ok`/`not ok` line for each case.
"""
import argparse
import csv
import gzip
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TRACES = os.path.join(ROOT, "tests/traces")
# Small ones of all kinds: bursts on G1, ZGC, a leak, real logs of CMS and Parallel, a simulated load with restarts.
GOLDEN = ("j01", "j03", "j04", "r01", "r17", "s04")
HEADER = "H,1,3600,86400,1000,0.9,0.05,g1\n"
BAD = (
    ("", "D,1\n", 1, "an H line must come first"),
    ("", "H,2,3600,86400,1000,0.9,0.05,g1\n", 1, "H,1,DECISION_S"),
    ("", "H,1,3600,86400,1000,1.9,0.05,g1\n", 1, "USABLE and GC_BOUND"),
    ("", "H,1,3600,86400,many,0.9,0.05,g1\n", 1, "HEAP_MAX_MB is 'many'"),
    (HEADER, HEADER, 2, "a second H line"),
    (HEADER, "G,1,young,1,2,3\n", 2, "10 fields, this one has 6"),
    (HEADER, "G,1,old?,1,2,3,4,5,6,7\n", 2, "'old?'; young, mixed, old or full"),
    (HEADER, "G,1,young,1,-2,3,4,5,6,7\n", 2, "AFTER_MB is '-2'"),
    (HEADER, "G,1,young,1,2,3,4,5,nan,7\n", 2, "ALLOC_MB is 'nan'"),
    (HEADER, "G,1e300,young,1,2,3,4,5,6,7\n", 2, "T_S is '1e300'"),
    (HEADER, "E,1\n", 2, "E,T_S,restart"),
    (HEADER, "D,\n", 2, "T_S is ''"),
    (HEADER, "X\n", 2, "begins with 'X'"),
    (HEADER, "\n", 2, "begins with ''"),
)


def ask(heapcast, lines):
    return subprocess.run([heapcast, "predict", "--stdin"], input=lines, text=True, capture_output=True, timeout=60)


def trace_lines(name):
    """The whole trace, with a decision every four hours."""
    with gzip.open(os.path.join(TRACES, name + ".csv.gz"), "rt") as file:
        meta = json.loads(file.readline()[2:])
        next(file)
        lines, decision = ["H,1,3600,86400,%g,0.9,0.05,%s" % (meta["heap_max"], meta["collector"])], 14400.0
        for row in csv.reader(file):
            while decision < float(row[0]):
                lines.append("D,%g" % decision)
                decision += 14400
            lines.append("E,%s,restart" % row[0] if row[1] == "restart" else "G," + ",".join(row))
    return "\n".join(lines + ["Q", ""])


def golden(heapcast, name, rewrite):
    run = ask(heapcast, trace_lines(name))
    if run.returncode != 0:
        return f"exit {run.returncode}: {run.stderr.strip()}"
    path = os.path.join(TRACES, "expected", name + ".txt")
    if rewrite:
        with open(path, "w") as file:
            file.write(run.stdout)
        return ""
    with open(path) as file:
        expected = file.read().splitlines()
    found = run.stdout.splitlines()
    for line, (e, f) in enumerate(zip(expected, found), 1):
        if e != f:
            return f"answer {line} is {f}, {e} was expected"
    return "" if len(expected) == len(found) else f"{len(found)} answers, {len(expected)} were expected"


def bad(heapcast, before, line, number, text):
    run = ask(heapcast, before + line)
    if run.returncode != 1 or run.stdout != "":
        return f"exit {run.returncode}, output {run.stdout!r}"
    if not run.stderr.startswith(f"heapcast: -:{number}: ") or text not in run.stderr:
        return f"says {run.stderr!r}"
    return ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--heapcast", default=os.path.join(ROOT, "build/heapcast"))
    parser.add_argument("--rewrite", action="store_true")
    args = parser.parse_args()
    results = {"trace " + name: golden(args.heapcast, name, args.rewrite) for name in GOLDEN}
    for case in BAD:
        results["refused " + repr(case[1])] = bad(args.heapcast, *case)
    usage = subprocess.run([args.heapcast, "predict"], capture_output=True, text=True)
    results["usage"] = "" if usage.returncode == 2 and "--stdin" in usage.stderr else f"exit {usage.returncode}: {usage.stderr!r}"
    nothing = ask(args.heapcast, HEADER + "D,90000\nQ\n")
    results["nothing seen"] = "" if nothing.stdout == "R,90000,0\n" and nothing.returncode == 0 else repr(nothing.stdout)
    for name, why in results.items():
        print(f"not ok predict {name}: {why}" if why else f"ok predict {name}")
    return any(results.values())


if __name__ == "__main__":
    sys.exit(main())
