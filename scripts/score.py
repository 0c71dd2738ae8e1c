#!/usr/bin/env python3
"""Judges a heap recommender on recorded traces, walking forward: it sees nothing later than the moment of its decision.

    score.py [--cmd COMMAND] [--per-trace] [--json FILE] [--match GLOB] [--gate] [TRACES]

COMMAND (default: build/heapcast predict --stdin) is started once a trace and speaks lines, comma separated:

    H,1,DECISION_S,HORIZON_S,HEAP_MAX_MB,USABLE,GC_BOUND,COLLECTOR                  first, once
    G,T_S,young|mixed|old|full,BEFORE_MB,AFTER_MB,COMMITTED_MB,MAX_MB,PAUSE_MS,ALLOC_MB,GC_MS   one collection
    E,T_S,restart                                                                    the JVM was replaced
    D,T_S                                                                            decide now, answered by
    R,T_S,HEAP_MB[,LIVE_UPPER_MB[,TEXT]]                                             0: keep the configured heap
    Q                                                                                the end

A trace is NAME.csv.gz (first line '# {json}', second the column names) with NAME.truth.csv.gz, the live set and the GC
work q (share of time in collections = q / (heap - live)) of each quarter of an hour. A heap is too small (hard) where
live / 0.90 exceeds it, and costs too much (soft) where collections would take more than 5 % of the time. One decision
an hour after the first day, each judged over the day that follows it, up to the next restart.

  oomdec %  decisions whose heap was too small (hard) at some time of their day     viol %  share of time with that
  soft %    share of time with a heap too small or too costly
  slack     heap / best heap in hindsight - 1: median, mean and 95th percentile of the traces' means
  cOOM %, cSlack   the same for decisions in the first hours
  oom/30d, chg/wk, mem, save %   the answers applied to one running job: raised when 5 % short, lowered when 10 % can be
            had and a day has passed; out-of-memory errors, changes, memory against hindsight and against the configured
  J         (memory applied + 72 h of the configured heap for each out-of-memory error + 0.5 h for each change) / hindsight
"""
import argparse
import csv
import fnmatch
import glob
import gzip
import json
import os
import shlex
import statistics
import subprocess
import sys

DECISION_S, HORIZON_S, WARM_S, BIN_S = 3600, 86400, 86400, 900
COLD_S = (3600, 3 * 3600, 6 * 3600, 12 * 3600)
USABLE, GC_BOUND = 0.90, 0.05
OOM_PRICE_H, CHANGE_PRICE_H = 72.0, 0.5
GATES = (("viol", 0.001), ("slack_mean", 0.70), ("J", 1.70), ("chg_wk", 4), ("cold_oom", 0.02))


def percentile(values, ratio):
    """Linear between neighbours."""
    ordered = sorted(values)
    rank = ratio * (len(ordered) - 1)
    low = ordered[int(rank)]
    high = ordered[min(int(rank) + 1, len(ordered) - 1)]
    return low + (high - low) * (rank - int(rank))


class Trace:
    def __init__(self, path):
        self.name = os.path.basename(path)[: -len(".csv.gz")]
        with gzip.open(path, "rt") as file:
            self.meta = json.loads(file.readline()[2:])
            next(file)
            self.rows = [(float(t), kind, *map(float, rest)) for t, kind, *rest in csv.reader(file)]
        with gzip.open(path[: -len(".csv.gz")] + ".truth.csv.gz", "rt") as file:
            next(file)
            truth = [tuple(map(float, row)) for row in csv.reader(file)]
        self.heap_max = float(self.meta["heap_max"])
        self.hard = [min(live / USABLE, self.heap_max) for _, live, _ in truth]
        self.need = [min(max(live / USABLE, live + q / GC_BOUND), self.heap_max) for _, live, q in truth]
        end = truth[-1][0] + BIN_S
        restarts = [row[0] for row in self.rows if row[1] == "restart"]
        self.decisions = [t for t in COLD_S if t + HORIZON_S <= end]
        self.decisions += range(WARM_S, int(end) - HORIZON_S + 1, DECISION_S)
        self.windows = []
        for t in self.decisions:
            until = min([r for r in restarts if t < r < t + HORIZON_S], default=t + HORIZON_S)
            first = int(t // BIN_S)
            self.windows.append((first, max(first + 1, int(until // BIN_S))))
        self.best = [max(self.need[a:b]) for a, b in self.windows]

    def answers(self, command):
        """The heaps that COMMAND recommends at each decision; the configured one where it has no answer."""
        process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        send = process.stdin.write
        send("H,1,%g,%g,%g,%g,%g,%s\n" % (DECISION_S, HORIZON_S, self.heap_max, USABLE, GC_BOUND, self.meta.get("collector", "unknown")))
        heaps, at = [], 0
        for t in self.decisions:
            while at < len(self.rows) and self.rows[at][0] <= t:
                row = self.rows[at]
                send("E,%g,restart\n" % row[0] if row[1] == "restart" else "G,%.10g,%s,%s\n" % (row[0], row[1], ",".join("%.10g" % x for x in row[2:])))
                at += 1
            send("D,%.10g\n" % t)
            process.stdin.flush()
            answer = process.stdout.readline()
            if not answer.startswith("R,"):
                process.kill()
                sys.exit(f"{self.name}: no answer at {t} s: {answer!r}")
            heap = float(answer.split(",")[2])
            heaps.append(min(heap, self.heap_max) if heap > 0 else self.heap_max)
        send("Q\n")
        process.stdin.close()
        process.wait(timeout=10)
        return heaps


def apply(trace, heaps):
    """One running job that follows the answers: memory, hindsight, out-of-memory errors, changes."""
    heap, changed, hold = trace.heap_max, float("-inf"), float("-inf")
    memory, hindsight, errors, changes = 0.0, 0.0, 0, 0
    for t, wanted, best in zip(trace.decisions, heaps, trace.best):
        if t < WARM_S:
            continue
        if t >= hold and (wanted > heap * 1.05 or (wanted < heap * 0.90 and t - changed >= 86400)):
            heap, changed = wanted, t
            changes += 1
        memory += heap
        hindsight += best
        first = int(t // BIN_S)
        if any(hard > heap + 1e-6 for hard in trace.hard[first : first + DECISION_S // BIN_S]):
            errors += 1
            heap, hold, changed = trace.heap_max, t + 86400, t
    return memory, hindsight, errors, changes


def judge(trace, heaps):
    """The figures of one trace."""
    warm = [t >= WARM_S for t in trace.decisions]
    short, viol, soft = [], [], []
    for heap, (a, b) in zip(heaps, trace.windows):
        over = sum(hard > heap + 1e-6 for hard in trace.hard[a:b])
        short.append(over > 0)
        viol.append(over / (b - a))
        soft.append(sum(need > heap * 1.0001 + 1e-6 for need in trace.need[a:b]) / (b - a))
    slack = [heap / best - 1 for heap, best in zip(heaps, trace.best)]
    mean = lambda values, want: statistics.fmean([v for v, w in zip(values, warm) if w == want] or [0])
    memory, hindsight, errors, changes = apply(trace, heaps)
    hours = sum(warm) * DECISION_S / 3600
    price = (errors * OOM_PRICE_H + changes * CHANGE_PRICE_H) * trace.heap_max
    return {
        "name": trace.name, "asked": len(warm), "decisions": sum(warm), "oomdec": mean(short, True), "viol": mean(viol, True), "soft": mean(soft, True),
        "slack": mean(slack, True), "cold_oom": mean(short, False), "cold_slack": mean(slack, False), "oom": errors, "hours": hours,
        "changes": changes, "mem": memory / hindsight, "save": 1 - memory / (sum(warm) * trace.heap_max), "J": (memory + price) / hindsight,
    }  # fmt: skip


def pool(results):
    mean = lambda key: statistics.fmean(r[key] for r in results)
    total = lambda key: sum(r[key] for r in results)
    slack = [r["slack"] for r in results]
    return {
        "traces": len(results), "decisions": total("decisions"), "oomdec": mean("oomdec"), "viol": mean("viol"), "soft": mean("soft"),
        "slack_med": statistics.median(slack), "slack_mean": mean("slack"), "slack_p95": percentile(slack, 0.95),
        "cold_oom": mean("cold_oom"), "cold_slack": mean("cold_slack"), "oom_30d": total("oom") / total("hours") * 720,
        "chg_wk": total("changes") / total("hours") * 168, "mem": mean("mem"), "save": mean("save"), "J": mean("J"),
    }  # fmt: skip


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cmd", default=os.path.join(root, "build/heapcast") + " predict --stdin")
    parser.add_argument("--per-trace", action="store_true", help="a line for each trace, worst J first")
    parser.add_argument("--json", help="all figures into this file")
    parser.add_argument("--match", default="*", help="only traces of such a name")
    parser.add_argument("--gate", action="store_true", help="exit 1 unless " + ", ".join("%s <= %g" % g for g in GATES))
    parser.add_argument("traces", nargs="?", default=os.path.join(root, "tests/traces"))
    args = parser.parse_args()

    results = []
    for path in sorted(glob.glob(os.path.join(args.traces, "*.csv.gz"))):
        name = os.path.basename(path)[: -len(".csv.gz")]
        if name.endswith(".truth") or not fnmatch.fnmatch(name, args.match):
            continue
        trace = Trace(path)
        if sum(t >= WARM_S for t in trace.decisions) >= 24:
            results.append(judge(trace, trace.answers(args.cmd)))
    if not results:
        sys.exit(f"{args.traces}: no trace with a day of decisions")
    figures = pool(results)
    print("%d traces, %d decisions" % (figures["traces"], sum(r["asked"] for r in results)))
    print("oomdec%   viol%   soft% | slkMed slkMean slkP95 |  cOOM% cSlack | oom/30d chg/wk   mem save%     J")
    print(
        "%7.2f %7.3f %7.3f | %6.3f  %6.3f %6.3f | %6.1f %6.2f | %7.2f %6.2f %5.2f %5.1f %5.3f"
        % (
            100 * figures["oomdec"], 100 * figures["viol"], 100 * figures["soft"], figures["slack_med"], figures["slack_mean"],
            figures["slack_p95"], 100 * figures["cold_oom"], figures["cold_slack"], figures["oom_30d"], figures["chg_wk"],
            figures["mem"], 100 * figures["save"], figures["J"],
        )  # fmt: skip
    )
    if args.per_trace:
        for r in sorted(results, key=lambda r: -r["J"]):
            print("  %-8s viol %.4f soft %.3f slack %.2f oom %d chg %d J %.2f" % (r["name"], r["viol"], r["soft"], r["slack"], r["oom"], r["changes"], r["J"]))
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"pool": figures, "traces": results}, file, indent=1)
    missed = ["%s %.4f > %g" % (key, figures[key], most) for key, most in GATES if figures[key] > most]
    if missed:
        print("missed: " + ", ".join(missed))
    return 1 if args.gate and missed else 0


if __name__ == "__main__":
    sys.exit(main())
