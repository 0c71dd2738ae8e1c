#!/usr/bin/env python3
"""`heapcast whatif` on a recorded GC log (tests/golden/inputs/README.md): what it says against the collections themselves."""
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

INPUTS = os.path.join(jvm.ROOT, "tests", "golden", "inputs")
MIB = 1 << 20
BEGIN_MS = 946684800000  # a log without dates begins on 2000-01-01


def unpack(folder, name):
    path = os.path.join(folder, name)
    with gzip.open(os.path.join(INPUTS, name + ".gz")) as packed, open(path, "wb") as out:
        shutil.copyfileobj(packed, out)
    return path


def run(*arguments):
    return subprocess.run([jvm.HEAPCAST, "whatif"] + list(arguments), capture_output=True, text=True, timeout=60)


def ask(*arguments):
    done = run("--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def samples(history):
    text = subprocess.run([jvm.HEAPCAST, "replay", "--export", "json", history], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def settled(rows):
    """The second half of the JVM's life."""
    begin, end = BEGIN_MS, rows[-1]["end_time_ms"]
    return [r for r in rows if r["end_time_ms"] > begin + (end - begin) / 2], (end - begin) / 2


def near(found, expected, relative):
    assert abs(found - expected) <= relative * abs(expected), "%g is not within %g of %g" % (found, relative, expected)


def in_force(history):
    rows = samples(history)
    answer = ask(history)
    now = next(h for h in answer["heaps"] if h["heap_bytes"] == answer["history"]["heap_bytes"])
    last, ms = settled(rows)
    near(now["gc_share_ratio"]["expected"], sum(r["gc_time_us"] for r in last) / 1000 / ms, 0.05)
    near(now["collections_per_h"]["expected"], sum(r["kind"] != "pause" for r in last) * 3600000 / ms, 0.10)
    near(now["pause_ms"]["max"], max(r["pause_us"] for r in last) / 1000, 0.01)
    assert answer["history"]["heap_bytes"] == rows[-1]["heap_max_bytes"]


def curve(history):
    answer = ask(history)
    heaps = answer["heaps"]
    sizes = [h["heap_bytes"] for h in heaps]
    assert sizes == sorted(set(sizes)) and len(sizes) >= 8, sizes
    assert answer["recommended_heap_bytes"] in sizes and answer["history"]["heap_bytes"] in sizes
    for smaller, larger in zip(heaps, heaps[1:]):
        assert larger["gc_share_ratio"]["expected"] <= smaller["gc_share_ratio"]["expected"], larger
        assert larger["exhaustion_risk_ratio"] <= smaller["exhaustion_risk_ratio"], larger
    for h in heaps:
        share = h["gc_share_ratio"]
        assert 0 <= share["lower"] <= share["expected"] <= share["upper"] <= 1, h
        assert h["verdict"] != "too_small" or h["heap_bytes"] < answer["history"]["live_set_bytes"], h


def given(history):
    answer = ask("--heap", "1g,100m,256m", history)
    assert [h["heap_bytes"] for h in answer["heaps"]] == [1024 * MIB, 100 * MIB, 256 * MIB]
    assert [h["verdict"] for h in answer["heaps"]] == ["fits", "too_small", "fits"], answer["heaps"]
    assert answer["heaps"][1]["exhaustion_risk_ratio"] == 1


def table(history):
    done = run("--heap", "100m,1g", history)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 4 and lines[2].endswith("too small") and lines[3].endswith("fits"), done.stdout


def refused(folder, history):
    short = unpack(folder, "heapcast-churn-parallel.hc")
    other = os.path.join(folder, "other.hc")
    open(other, "w").write("no history\n")
    for arguments, code, words in (((short,), 3, "10 s are needed"), ((other,), 1, "other.hc"), ((os.path.join(folder, "none.hc"),), 1, "none.hc"),
                                   ((), 2, "name a history"), (("--heap", "lots", history), 2, "'lots'"), (("--heap", "3", history), 2, "4m at least"),
                                   (("--heap", "1g,", history), 2, "''"), (("--haep", "1g", history), 2, "heap")):
        done = run(*arguments)
        assert done.returncode == code and words in done.stderr and not done.stdout, (arguments, done)


def main():
    with tempfile.TemporaryDirectory(prefix="heapcast-test-") as folder:
        history = unpack(folder, "load-g1.log")
        good = [jvm.case("whatif_in_force_is_what_was_seen", lambda: in_force(history)), jvm.case("whatif_curve", lambda: curve(history)),
                jvm.case("whatif_given_heaps", lambda: given(history)), jvm.case("whatif_table", lambda: table(history)),
                jvm.case("whatif_refused", lambda: refused(folder, history))]
    return 0 if all(good) else 1


sys.exit(main())
