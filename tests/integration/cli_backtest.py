#!/usr/bin/env python3
"""heapcast backtest on recorded traces, histories and GC logs: the figures against those of scripts/score.py, whose judge is
another program that knows the truth, and what it says to a past that is too short."""
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "..", "scripts")]
import jvm
import score
from peer_traces import ROOT, RULES, Trace

HEAPCAST = os.environ.get("HEAPCAST", os.path.join(ROOT, "build/heapcast"))
BEGIN_MS = 946684800000
COLUMNS = "end_time_ms,gc_id,pause_us,heap_used_before_bytes,heap_used_after_bytes,heap_committed_bytes,heap_max_bytes,allocated_bytes,gc_time_us,kind"
WORK = tempfile.TemporaryDirectory()


def run(*arguments, code=0):
    done = subprocess.run([HEAPCAST, "backtest", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, "exit %d, %s" % (done.returncode, done.stderr)
    return done


def figures(path, *arguments):
    return json.loads(run("--json", "--compare", *arguments, path).stdout)


def samples(name):
    """The trace as `heapcast export` would print it."""
    trace, path, gc_id = Trace(name), os.path.join(WORK.name, name + ".csv"), 0
    with open(path, "w") as file:
        print(COLUMNS, file=file)
        for row in trace.rows:
            gc_id = 0 if row[1] == "restart" else gc_id + 1
            if gc_id > 0:
                sizes = ",".join(str(trace.bytes(x)) for x in row[2:5])
                print("%d,%d,%d,%s,%d,%d,%d,%s" % (BEGIN_MS + round(float(row[0]) * 1000), gc_id, float(row[6]) * 1000, sizes,
                                                   trace.heap_max, float(row[7]) * 1048576, float(row[8]) * 1000, row[1]), file=file)
    return path


def close(name, mine, other, most):
    assert abs(mine - other) <= most, "%s is %.4f, the scorer's is %.4f" % (name, mine, other)


def agrees_with_the_scorer(name):
    """On a log both take the same hindsight, as far as the convention goes; decisions lie an hour after the first collection here,
    on the whole hour there, and the predictor has no hold after a start."""
    trace = score.Trace(os.path.join(ROOT, "tests/traces", name + ".csv.gz"))
    mine = figures(samples(name))
    for rule, arguments in [("heapcast", "")] + [(r, " --rule " + r) for r in RULES]:
        other = score.judge(trace, trace.answers(HEAPCAST + " predict --stdin" + arguments))
        f = mine["rules"][rule]
        close(rule + " decisions", f["decisions"], other["decisions"], 2)
        close(rule + " shortfalls", f["shortfalls"] / f["decisions"], other["oomdec"], 0.06)
        close(rule + " violated", f["violated_ratio"], other["viol"], 0.03)
        close(rule + " slack", f["slack_ratio"], other["slack"], 0.08)
        close(rule + " saved", f["saved_ratio"], other["save"], 0.05)
        close(rule + " cost", f["cost_ratio"], other["J"], 0.15)


def restarts_are_found():
    walked = figures(samples("s04"))["walked"]
    restarts = sum(row[1] == "restart" for row in Trace("s04").rows)
    assert walked["restarts"] == restarts, walked


def ends_at_the_heap_in_force():
    rules = figures(samples("j01"))["rules"]
    most = rules["in-force"]["slack_ratio"]
    assert rules["in-force"]["saved_ratio"] == 0 and all(f["slack_ratio"] <= most + 1e-9 for f in rules.values()), rules


def options_change_the_judgement():
    path = samples("r01")
    day, half = figures(path), figures(path, "--horizon", "12h", "--every", "2h")
    assert half["judged"]["horizon_s"] == 43200 and half["judged"]["every_s"] == 7200
    assert half["rules"]["heapcast"]["decisions"] < day["rules"]["heapcast"]["decisions"]
    tight, cautious = (figures(path, "--risk", risk)["rules"]["heapcast"]["slack_ratio"] for risk in ("tight", "cautious"))
    assert tight < cautious, (tight, cautious)


def table_and_json_agree():
    path = samples("r13")
    table, f = run("--compare", path).stdout, figures(path)["rules"]["operator"]
    line = next(x for x in table.splitlines() if x.startswith("mean used x 1.2 (Flink operator)"))
    numbers = [float(x) for x in re.findall(r"-?\d+\.?\d*", line[33:])]
    assert abs(numbers[2] - 100 * f["costly_ratio"]) < 0.01 and abs(numbers[3] - f["slack_ratio"]) < 0.01, (line, f)
    assert len(run(path).stdout.splitlines()) < len(table.splitlines())


def json_obeys_its_schema():
    try:
        import jsonschema
    except ImportError:
        return jvm.skip("backtest_json_obeys_its_schema", "python's jsonschema (scripts/bootstrap.sh test)")
    schema = json.load(open(os.path.join(ROOT, "docs/schema/backtest-1.json")))
    jsonschema.Draft202012Validator.check_schema(schema)
    path, validator = samples("r13"), jsonschema.Draft202012Validator(schema)
    for said in (figures(path), json.loads(run("--json", path).stdout), json.loads(run("--json", "--horizon", "1h", path).stdout)):
        validator.validate(said)
    said = figures(path)
    assert set(said["rules"]) == set(schema["properties"]["rules"]["propertyNames"]["enum"]), sorted(said["rules"])
    said["rules"]["heapcast"]["surprise"] = 1
    assert not validator.is_valid(said)


def a_history_that_is_too_short():
    path = os.path.join(WORK.name, "short.hc")
    with gzip.open(os.path.join(ROOT, "tests/golden/inputs/heapcast-churn-parallel.hc.gz")) as source, open(path, "wb") as file:
        file.write(source.read())
    error = run(path, code=3).stderr
    assert "short.hc: " in error and re.search("no number before|do not fit", error), error


def a_history_as_its_samples():
    """The same past twice: what the agent's file has, and what is exported from it."""
    path, text = os.path.join(WORK.name, "short.hc"), os.path.join(WORK.name, "exported.csv")
    with open(text, "w") as file:
        subprocess.run([HEAPCAST, "export", path], stdout=file, check=True, timeout=30)
    quick = ("--policy", "warmup_ms=0,warmup_collections=3", "--every", "1s")
    span = subprocess.run([HEAPCAST, "backtest", "--json", *quick, path], capture_output=True, text=True, timeout=30)
    same = subprocess.run([HEAPCAST, "backtest", "--json", *quick, text], capture_output=True, text=True, timeout=30)
    assert span.returncode == same.returncode, (span.stderr, same.stderr)
    if span.returncode == 0:
        assert json.loads(span.stdout)["walked"]["collections"] == json.loads(same.stdout)["walked"]["collections"]


def a_gc_log():
    """Four hours of a heap that breathes, as a unified log."""
    path = os.path.join(WORK.name, "gc.log")
    with open(path, "w") as file:
        print("[2026-01-02T00:00:00.000+0000][0.010s][info][gc] Using Parallel", file=file)
        for i in range(1440):
            full, s = i % 40 == 39, 10 * (i + 1)
            stamp = "2026-01-02T%02d:%02d:%02d.000+0000" % (s // 3600, s // 60 % 60, s % 60)
            what = "Pause Full (Ergonomics)" if full else "Pause Young (Allocation Failure)"
            print("[%s][%.3fs][info][gc] GC(%d) %s %dM->%dM(512M) %.3fms" % (stamp, s, i, what, 400 + i % 40, 100 if full else 110 + i % 40, 20), file=file)
    result = figures(path, "--heap-max", "512m")
    assert result["walked"]["collections"] == 1440 and result["walked"]["collector"] == "Parallel", result["walked"]
    assert result["judged"]["live_set"] == "full" and 4700 <= result["judged"]["horizon_s"] <= 4800, result["judged"]
    ours = result["rules"]["heapcast"]
    assert ours["answers"] > 0 and ours["shortfalls"] == 0 and ours["saved_ratio"] > 0.2, ours


def what_is_wrong_is_named():
    for arguments, code, text in ((("nowhere.hc",), 1, "nowhere.hc"), ((), 2, "which past?"), (("--every", "soon", "x"), 2, "--every is 'soon'"),
                                  (("--heap-max", "big", "x"), 2, "--heap-max is 'big'"),
                                  ((samples("r01"), samples("r13")), 1, "only if all are GC logs"),
                                  (("--horizon", "20d", samples("r01")), 3, "do not fit")):
        error = run(*arguments, code=code).stderr
        assert text in error, error


def main():
    for name in ("r01", "r06", "r11"):
        jvm.case("backtest_agrees_with_the_scorer_" + name, lambda: agrees_with_the_scorer(name))
    for test in (restarts_are_found, ends_at_the_heap_in_force, options_change_the_judgement, table_and_json_agree, json_obeys_its_schema,
                 a_history_that_is_too_short, a_history_as_its_samples, a_gc_log, what_is_wrong_is_named):
        jvm.case("backtest_" + test.__name__, test)


main()
