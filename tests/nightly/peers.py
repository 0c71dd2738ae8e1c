#!/usr/bin/env python3
"""What the peers' own code says to recorded traces, against the recordings in tests/golden/peers.

    peers.py --peers DIR [--rewrite] [TRACE...]

DIR holds a harness for each peer that takes a CSV (t_seconds,heap_used_bytes,post_gc_live_bytes,heap_max_bytes,gc_time_ms)
and prints `t,number,…` lines: flink-autoscaler/run.sh (the published jar's MemoryTuning, its answer before Flink's own
rounding in the column heap_target_bytes), vpa/run.sh (the recommender's model and logic), autopilot_mw.py (a
re-implementation from the paper), runmax.py. tests/golden/peers/README.md says more. --rewrite records anew.
"""
import argparse
import csv
import io
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from peer_traces import NAMES, ROOT, RULES, Trace

COMMANDS = {
    "operator": (["flink-autoscaler/run.sh"], [], "heap_target_bytes"),
    "vpa": (["vpa/run.sh", "--signal", "post_gc_live_bytes", "--min-memory-mb", "0"], [], "recommended_memory_bytes"),
    "autopilot-max": (["autopilot_mw.py"], ["--stat", "max", "--margin", "0.10"], "recommended_heap_or_memory_bytes"),
    "autopilot-p98": (["autopilot_mw.py"], ["--stat", "p98", "--margin", "0.15"], "recommended_heap_or_memory_bytes"),
    "static-max": (["runmax.py"], ["1.2"], "recommended_heap_or_memory_bytes"),
}


def answers(peers, rule, path):
    (program, *before), after, column = COMMANDS[rule]
    command = [os.path.join(peers, program), *before, path, *after]
    if program.endswith(".py"):
        command.insert(0, sys.executable)
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [(float(row["t"]), int(row[column])) for row in csv.DictReader(io.StringIO(out))]


def recorded(peers, name):
    """A line for each ask time: what each peer had said last."""
    trace = Trace(name)
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("t_seconds,heap_used_bytes,post_gc_live_bytes,heap_max_bytes,gc_time_ms\n")
        for t, used, after in trace.polls():
            file.write("%.10g,%d,%d,%d,0\n" % (t, used, after, trace.heap_max))
        file.flush()
        said = {rule: answers(peers, rule, file.name) for rule in RULES}
    lines = ["t_seconds," + ",".join(RULES)]
    for t in trace.ask_times():
        last = [max((a for a in said[rule] if a[0] <= float(t)), default=(0, 0))[1] for rule in RULES]
        lines.append(t + "," + ",".join(map(str, last)))
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", required=True)
    parser.add_argument("--rewrite", action="store_true")
    parser.add_argument("traces", nargs="*", default=NAMES)
    args = parser.parse_args()
    bad = 0
    for name in args.traces:
        path = os.path.join(ROOT, "tests/golden/peers", name + ".csv")
        text = recorded(os.path.abspath(args.peers), name)
        if args.rewrite:
            with open(path, "w") as file:
                file.write(text)
        with open(path) as file:
            same = file.read() == text
        bad += not same
        print("ok" if same else "not ok", "peers", name + ("" if same else ": differs from " + path))
    return bad


if __name__ == "__main__":
    sys.exit(main())
