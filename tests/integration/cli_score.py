#!/usr/bin/env python3
"""scripts/score_table.py: its rows are score.py's figures, its frontier is what multiplied answers really give, and
docs/predictor.md has a row for all that is measured (`make score-docs` writes them)."""
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "..", "scripts")]
import jvm
import score
import score_table

HEAPCAST = os.path.join(jvm.ROOT, "build/heapcast")
TRACES = os.path.join(jvm.ROOT, "tests/traces")
NAMES = ("j01", "r10", "r14")


def few_traces():
    work = tempfile.TemporaryDirectory()
    for name in NAMES:
        for end in (".csv.gz", ".truth.csv.gz"):
            os.symlink(os.path.join(TRACES, name + end), os.path.join(work.name, name + end))
    return work


def rows(text):
    return [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]


def table_has_the_scorer_s_figures():
    with few_traces() as work:
        head, _, *found = rows(score_table.table(HEAPCAST, work, 2))
        assert [r[0] for r in found] == [label for label, _ in score_table.variants(HEAPCAST)]
        assert all(len(r) == len(head) for r in found), found
        traces = [score.Trace(os.path.join(work, n + ".csv.gz")) for n in NAMES]
        figures = score.pool([score.judge(t, t.answers(HEAPCAST + " predict --stdin --rule vpa")) for t in traces])
    vpa = next(r for r in found if "VPA" in r[0])
    assert abs(float(vpa[1]) - 100 * figures["oomdec"]) < 0.01, (vpa, figures)
    assert abs(float(vpa[2].split()[0]) - 100 * figures["viol"]) < 0.001 and abs(float(vpa[7].split()[0]) - figures["J"]) < 0.001, (vpa, figures)
    low, high = map(float, re.search(r"\((.*)–(.*)\)", vpa[7]).groups())
    assert low <= figures["J"] <= high, vpa
    assert found[0][-1] == "" and re.match(r"[+-]\d", vpa[-1]), vpa


def frontier_is_what_multiplied_answers_give():
    trace = score.Trace(os.path.join(TRACES, "r01.csv.gz"))
    heaps = trace.answers(HEAPCAST + " predict --stdin --rule operator")
    late, slack = score_table.frontier(trace, heaps)
    for i in (0, 10, 35, 100):
        judged = score.judge(trace, [min(h * score_table.FACTORS[i], trace.heap_max) for h in heaps])
        assert abs(judged["viol"] - late[i]) < 1e-9 and abs(judged["slack"] - slack[i]) < 1e-9, (i, judged["viol"], late[i], judged["slack"], slack[i])
    assert late[0] > late[100], "nothing to be seen in this trace"


def only_what_is_between_the_markers_is_rewritten():
    with tempfile.NamedTemporaryFile("w+", suffix=".md") as file:
        file.write("before\n%s\nold\n%s\nafter\n" % (score_table.BEGIN, score_table.END))
        file.flush()
        for _ in range(2):
            score_table.rewrite(file.name, "| new |\n")
            with open(file.name) as again:
                assert again.read() == "before\n%s\n| new |\n%s\nafter\n" % (score_table.BEGIN, score_table.END)
        with open(file.name, "w") as other:
            other.write("no markers")
        try:
            score_table.rewrite(file.name, "x")
        except SystemExit as e:
            assert "markers" in str(e)
        else:
            raise AssertionError("a file without markers was taken")


def documentation_has_every_row():
    with open(os.path.join(jvm.ROOT, "docs/predictor.md")) as file:
        text = file.read().partition(score_table.BEGIN)[2].partition(score_table.END)[0]
    documented = [r[0] for r in rows(text)[2:]]
    missing = [label for label, _ in score_table.variants(HEAPCAST) if label not in documented]
    assert not missing, "run `make score-docs`: %s" % missing


for test in (table_has_the_scorer_s_figures, frontier_is_what_multiplied_answers_give, only_what_is_between_the_markers_is_rewritten,
             documentation_has_every_row):
    jvm.case("score_" + test.__name__, test)
