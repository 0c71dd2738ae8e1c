#!/usr/bin/env python3
"""The table of docs/predictor.md: ours, what each part of it earns, levels of risk, and the rules of others, on all traces.

    score_table.py [--heapcast PATH] [--jobs N] [--docs FILE] [TRACES]

Each row is one run of score.py's judgement (explained there) with `heapcast predict --stdin` and the row's arguments: the
model's parts from scripts/ablations.txt, the peers' rules by --rule. In brackets: 95 % of 2000 bootstrap samples over traces,
with the same samples for every row, so that the last column, J less ours, is a paired comparison. Folds: least and most J
of five fifths of the traces, each with its share of every kind. "At 0.1 %": all answers times the one factor with which the
rule violates 0.1 % of the time, and the mean slack that is left then: what its forecast is worth, whatever margin it has.
--docs rewrites FILE between <!-- score:begin --> and <!-- score:end --> instead of printing.
"""
import argparse
import concurrent.futures
import glob
import os
import random
import shlex
import statistics
import sys

import score

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ABLATIONS = os.path.join(ROOT, "scripts/ablations.txt")
PEERS = (
    ("mean used x 1.2 (Flink operator)", "operator"),
    ("p90 of daily peaks x 1.15 (VPA)", "vpa"),
    ("7-day maximum x 1.1 (Autopilot)", "autopilot-max"),
    ("decaying p98 x 1.15 (Autopilot)", "autopilot-p98"),
    ("maximum so far x 1.2", "static-max"),
)
SAMPLES, FOLDS = 2000, 5
FACTORS = [0.80 + 0.02 * i for i in range(161)]
SAFE = 0.001
BEGIN, END = "<!-- score:begin -->", "<!-- score:end -->"
HEAD = "| rule | short % | viol % | costly % | slack mean; median; p95 | changes a week | saved % | J | J by folds | at 0.1 %: factor, slack | cold short % | J less ours |"


def variants(heapcast):
    """Label and command; None: keep the configured heap."""
    ours = [heapcast, "predict", "--stdin"]
    yield "**heapcast**", ours
    if os.path.exists(ABLATIONS):
        with open(ABLATIONS) as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    label, _, arguments = line.rstrip("\n").partition("\t")
                    yield label, ours + shlex.split(arguments)
    for label, rule in PEERS:
        yield label, ours + ["--rule", rule]
    yield "configured heap", None


def traces(directory):
    for path in sorted(glob.glob(os.path.join(directory, "*.csv.gz"))):
        if not path.endswith(".truth.csv.gz"):
            trace = score.Trace(path)
            if sum(t >= score.WARM_S for t in trace.decisions) >= 24:
                yield trace


def frontier(trace, heaps):
    """Violation and slack of a trace with all answers times each factor."""
    late, slack, decisions = [0.0] * (len(FACTORS) + 1), [0.0] * len(FACTORS), 0
    for t, heap, (a, b), best in zip(trace.decisions, heaps, trace.windows, trace.best):
        if t < score.WARM_S:
            continue
        decisions += 1
        for hard in trace.hard[a:b]:
            over = (hard / heap - FACTORS[0]) / (FACTORS[1] - FACTORS[0])
            if over > 1e-6:  # too small with all factors up to this one
                late[min(int(over - 1e-6), len(FACTORS) - 1)] += 1 / (b - a)
        for i, factor in enumerate(FACTORS):
            slack[i] += min(heap * factor, trace.heap_max) / best - 1
    for i in reversed(range(len(FACTORS))):
        late[i] += late[i + 1]
    return [x / decisions for x in late[:-1]], [x / decisions for x in slack]


def safe_factor(results):
    """The least factor with which violations are at most SAFE, and the mean slack there; None: not even the largest."""
    for i, factor in enumerate(FACTORS):
        if statistics.fmean(r["frontier"][0][i] for r in results) <= SAFE:
            return factor, statistics.fmean(r["frontier"][1][i] for r in results)
    return None


def judge_trace(task):
    """All rows of one trace, which is read once."""
    path, commands = task
    trace = score.Trace(path)
    results = []
    for command in commands:
        heaps = trace.answers(shlex.join(command)) if command else [trace.heap_max] * len(trace.decisions)
        results.append(dict(score.judge(trace, heaps), frontier=frontier(trace, heaps)))
    return results


def judge_all(directory, commands, jobs):
    """results[row][trace]"""
    names = [t.name for t in traces(directory)]
    if not names:
        sys.exit(f"{directory}: no trace with a day of decisions")
    tasks = [(os.path.join(directory, n + ".csv.gz"), commands) for n in names]
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        columns = list(pool.map(judge_trace, tasks))
    return list(zip(*columns))


def interval(values, samples):
    means = sorted(statistics.fmean(values[i] for i in sample) for sample in samples)
    return score.percentile(means, 0.025), score.percentile(means, 0.975)


def folds(results):
    """Least and most of the folds' means; neighbours by name are of one kind, so they go to different folds."""
    means = [statistics.fmean(r["J"] for r in results[k::FOLDS]) for k in range(FOLDS) if results[k::FOLDS]]
    return min(means), max(means)


def row(label, results, ours, samples):
    figures = score.pool(results)
    column = lambda key: [r[key] for r in results]
    viol, slack, cost = (interval(column(key), samples) for key in ("viol", "slack", "J"))
    difference = [r["J"] - o["J"] for r, o in zip(results, ours)]
    low, high = interval(difference, samples)
    safe = safe_factor(results)
    return "| %s | %.2f | %.3f (%.3f–%.3f) | %.2f | %.3f (%.2f–%.2f); %.2f; %.2f | %.1f | %.1f | %.3f (%.2f–%.2f) | %.2f–%.2f | %s | %.1f | %s |" % (
        label, 100 * figures["oomdec"], 100 * figures["viol"], 100 * viol[0], 100 * viol[1], 100 * figures["soft"],
        figures["slack_mean"], *slack, figures["slack_med"], figures["slack_p95"], figures["chg_wk"], 100 * figures["save"],
        figures["J"], *cost, *folds(results),
        "x %.2f, %.2f" % safe if safe else "-", 100 * figures["cold_oom"],
        "" if results is ours else "%+.3f (%+.2f to %+.2f)" % (statistics.fmean(difference), low, high),
    )  # fmt: skip


def table(heapcast, directory, jobs):
    rows = list(variants(heapcast))
    results = judge_all(directory, [command for _, command in rows], jobs)
    random.seed(20261121)
    samples = [random.choices(range(len(results[0])), k=len(results[0])) for _ in range(SAMPLES)]
    lines = ["%d traces, %d decisions:" % (len(results[0]), sum(r["asked"] for r in results[0])), "", HEAD, "|" + " --- |" * HEAD.count(" | ") + " --- |"]
    return "\n".join(lines + [row(label, r, results[0], samples) for (label, _), r in zip(rows, results)]) + "\n"


def rewrite(path, text):
    with open(path) as file:
        old = file.read()
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{path}: the markers {BEGIN} and {END} are missing")
    with open(path, "w") as file:
        file.write(before + begin + "\n" + text + end + after)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heapcast", default=os.path.join(ROOT, "build/heapcast"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--docs", help="rewrite this file between the markers")
    parser.add_argument("traces", nargs="?", default=os.path.join(ROOT, "tests/traces"))
    args = parser.parse_args()
    text = table(args.heapcast, args.traces, args.jobs)
    if args.docs:
        rewrite(args.docs, text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
