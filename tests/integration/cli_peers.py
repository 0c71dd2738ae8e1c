#!/usr/bin/env python3
"""The peers' rules that heapcast compares itself with (`predict --rule`, `backtest --compare`) against what the peers' own
code said to the same traces: tests/golden/peers."""
import csv
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from peer_traces import NAMES, ROOT, RULES, Trace

HEAPCAST = os.environ.get("HEAPCAST", os.path.join(ROOT, "build/heapcast"))
# Ours prints millionths of a MiB, and sums weights in another order; theirs cuts to whole bytes on the way.
CLOSE_BYTES = 64


def ours(name, rule):
    run = subprocess.run([HEAPCAST, "predict", "--stdin", "--rule", rule], input="\n".join([*Trace(name).protocol(), ""]),
                         text=True, capture_output=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return [line.split(",") for line in run.stdout.splitlines()]


def compare(name, rule):
    with open(os.path.join(ROOT, "tests/golden/peers", name + ".csv")) as file:
        expected = list(csv.DictReader(file))
    found = ours(name, rule)
    if len(found) != len(expected) or len(found) < 30:
        return f"{len(found)} answers, {len(expected)} were recorded"
    for row, answer in zip(expected, found):
        number = float(answer[3]) * 1048576
        if abs(number - int(row[rule])) > CLOSE_BYTES:
            return f"at {row['t_seconds']} s it says {number:.0f}, the peer's own code {row[rule]}"
    return ""


def main():
    bad = 0
    for name in NAMES:
        for rule in RULES:
            why = compare(name, rule)
            bad += bool(why)
            print(f"not ok peers {name} {rule}: {why}" if why else f"ok peers {name} {rule}")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
