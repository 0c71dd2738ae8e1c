#!/usr/bin/env python3
"""Looks on while a JVM works: shows progress, measures, writes what it measured as JSON.

Throughput is the rise of the records counter over the time between its first and last movement after settling. GC share
is the time in pauses by the JVM's own log. Peak RSS is the kernel's high-water mark.
"""
import argparse
import json
import os
import re
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import flink_rest

PAUSE = re.compile(r"^\[(\d+)ms\].* Pause .*?(?:\d+M->(\d+)M\(\d+M\) )?([\d.]+)ms$")
MIB = 1 << 20


class Flink:
    def __init__(self, url, job, taskmanager):
        self.url, self.job, self.taskmanager = url, job, taskmanager

    def records(self):
        for vertex in flink_rest.get(self.url, f"jobs/{self.job}")["vertices"]:
            if vertex["name"].startswith("Source"):
                return vertex["metrics"]["write-records"]
        return 0

    def restarts(self):
        path = f"jobs/{self.job}/metrics?get=numRestarts"
        for _ in range(10):  # asked for the first time, Flink only begins to collect it
            found = flink_rest.metrics(self.url, path)
            if found:
                return int(found["numRestarts"])
            time.sleep(1)
        raise OSError("Flink does not tell numRestarts")

    def size_bytes(self):
        answer = flink_rest.get(self.url, f"taskmanagers/{self.taskmanager}")
        return answer["memoryConfiguration"]["totalProcessMemory"]


class Plain:
    """LiveSet.java, which prints its counter; it has no process size but its heap's limit."""

    def __init__(self, output, heap_bytes):
        self.output, self.heap = output, heap_bytes

    def records(self):
        with open(self.output, encoding="ascii") as lines:
            whole = [line for line in lines if line.endswith("\n")]
        return int(whole[-1]) if whole else 0

    def restarts(self):
        return 0

    def size_bytes(self):
        return self.heap


def resident_peak_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise OSError(f"process {pid} has ended")  # what is left of an ended process has no memory


def pauses(path):
    """[(time_ms, used_after_mib or None, pause_ms)]"""
    try:
        with open(path, encoding="utf-8", errors="replace") as lines:
            matches = [PAUSE.match(line.rstrip("\n")) for line in lines]
    except FileNotFoundError:
        return []
    return [(int(m[1]), int(m[2]) if m[2] else None, float(m[3])) for m in matches if m]


def said_so_far(path):
    """Live set and recommended heap in the agent's file, as far as it has any."""
    try:
        with open(path, encoding="utf-8") as file:
            told = json.load(file)
    except (FileNotFoundError, ValueError):
        return "no word of the agent yet"
    live = told.get("observed", {}).get("live_set_bytes", {}).get("now")
    heap = told.get("recommendation", {}).get("heap_bytes")
    text = "live set unknown yet" if live is None else f"live set {live / MIB:.0f} MiB"
    return text + (", no recommendation yet" if heap is None else f", recommended heap {heap / MIB:.0f} MiB")


class Progress:
    """One line that is written over and over on a terminal, else a line each ten seconds."""

    def __init__(self):
        self.terminal = sys.stdout.isatty()
        self.next = 0.0

    def show(self, elapsed, text):
        if self.terminal:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + text[:width].ljust(width), end="", flush=True)
        elif elapsed >= self.next:
            print(text, flush=True)
            self.next += 10

    def end(self):
        if self.terminal:
            print()


def throughput(counts):
    """counts: [(seconds, records)]; from the first movement to the last, for nothing is known about before and after."""
    moved = [b for a, b in zip(counts, counts[1:]) if b[1] != a[1]]
    if len(moved) < 2:
        return 0.0
    rises = sum(max(0, b[1] - a[1]) for a, b in zip(moved, moved[1:]))  # a restart sets the counter back
    return rises / (moved[-1][0] - moved[0][0])


def watch(what, options):
    progress, counts = Progress(), []
    start = time.time()
    while (elapsed := time.time() - start) < options.seconds:
        resident = resident_peak_bytes(options.pid)
        counts.append((elapsed, what.records()))
        rate = throughput(counts[-15:])
        after = [used for _, used, _ in pauses(options.gc_log) if used is not None]
        progress.show(elapsed, f"  {elapsed:3.0f} of {options.seconds:.0f} s  {rate:6.0f} records/s  "
                      f"heap after GC {after[-1] if after else '?'} MiB  peak RSS {resident / MIB:.0f} MiB  "
                      + said_so_far(options.recommendation))
        time.sleep(max(0.0, 1 - (time.time() - start - elapsed)))
    progress.end()
    rate = throughput([c for c in counts if c[0] >= options.settle])
    if rate == 0:
        sys.exit("the records counter does not move: the job does not run")
    window = [(t, ms) for t, _, ms in pauses(options.gc_log) if t >= (start + options.settle) * 1000]
    return {
        "size_bytes": what.size_bytes(),
        "rss_peak_bytes": resident_peak_bytes(options.pid),
        "throughput": rate,
        "gc_share_ratio": sum(ms for _, ms in window) / 1000 / (time.time() - start - options.settle),
        "pause_max_ms": max((ms for _, ms in window), default=0),
        "restarts": what.restarts(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--gc-log", required=True, help="-Xlog:gc with the decoration timemillis")
    parser.add_argument("--recommendation", required=True)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--settle", type=float, default=30, help="of these: not measured")
    parser.add_argument("--flink", nargs=3, metavar=("URL", "JOB", "TASKMANAGER"))
    parser.add_argument("--plain", nargs=2, metavar=("OUTPUT", "HEAP_BYTES"))
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    what = Flink(*options.flink) if options.flink else Plain(options.plain[0], int(options.plain[1]))
    try:
        result = watch(what, options)
    except OSError as error:
        sys.exit(f"the process or its Flink is gone: {error}")
    with open(options.output, "w", encoding="ascii") as file:
        json.dump(result, file)


if __name__ == "__main__":
    main()
