#!/usr/bin/env python3
"""Collections and sizes that `heapcast replay` finds in GC logs against those that GCToolKit finds in the same files.

  compare.py EVENTS LOG…       EVENTS: the output of GcToolKitEvents for these files

Collections (not Remark, Cleanup, Initial Mark, which move nothing) are laid beside each other in the order of the files: used before,
used after, size of the heap. Equal is: the same KiB; in unified logs within a MiB, where we take the generations' KiB and GCToolKit
the pause's whole MiB. Columns: `equal` in all three; `more` that GCToolKit passes over (`invent`: of these, sizes that the log does
not have); `halves` are young collections that turned into full ones, two events there and one here; `less` that we miss; `size` with
another size of the heap; `still` are their pauses that move nothing, beside ours. `less`, `invent` and `size` must be 0, or be explained in known-differences.txt.
"""
import csv
import gzip
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
HEAPCAST = os.environ.get("HEAPCAST", os.path.join(HERE, "..", "..", "build", "heapcast"))
NO_MOVE = {"InitialMark", "CMSRemark", "G1Remark", "G1Cleanup"}
LOOK_AHEAD = 2000  # events without a partner in a row, at most


def theirs(path):
    """file -> [(class, before, after, heap, seconds)]"""
    found, events = {}, None
    for line in open(path, errors="replace"):
        field = line.rstrip("\n").split("\t")
        if field[0] == "F":
            events = found.setdefault(field[1], [])
        elif field[0] == "E":
            sizes = [int(f) if f else None for f in field[3:6]]
            events.append((field[1], *sizes, float(field[2])))
    return found


def ours(path):
    r = subprocess.run([HEAPCAST, "replay", "--export", "csv", path], capture_output=True, text=True)
    rows = []
    for row in csv.DictReader(r.stdout.splitlines()):
        def kib(name):
            return int(row[name]) / 1024 if row[name] else None
        rows.append((row["kind"], kib("heap_used_before_bytes"), kib("heap_used_after_bytes"), kib("heap_committed_bytes"),
                     int(row["end_time_ms"]) / 1000))
    return rows


def near(a, b, unit):
    return a is None or b is None or abs(a - b) <= unit


def same(o, t, unit):
    return near(o[1], t[1], unit) and near(o[2], t[2], unit)


def lay_beside(mine, other, unit):
    """(pairs, only ours, only theirs)"""
    pairs, lonely, missing, i, j = [], [], [], 0, 0
    while i < len(mine) and j < len(other):
        skip_mine = next((n for n in range(min(LOOK_AHEAD, len(mine) - i)) if same(mine[i + n], other[j], unit)), None)
        skip_other = next((n for n in range(min(LOOK_AHEAD, len(other) - j)) if same(mine[i], other[j + n], unit)), None)
        if skip_mine is None and skip_other is None:
            lonely.append(mine[i])
            missing.append(other[j])
            i, j = i + 1, j + 1
        elif skip_other is None or (skip_mine is not None and skip_mine <= skip_other):
            lonely += mine[i:i + skip_mine]
            i += skip_mine
            pairs.append((mine[i], other[j]))
            i, j = i + 1, j + 1
        else:
            missing += other[j:j + skip_other]
            j += skip_other
            pairs.append((mine[i], other[j]))
            i, j = i + 1, j + 1
    return pairs, lonely + mine[i:], missing + other[j:]


ARROW = re.compile(r"([\d.,]+)([BKMG])(?:\([\d.,%]+[BKMG]?\))?->([\d.,]+)([BKMG])")
IN_KIB = {"B": 1 / 1024, "K": 1, "M": 1024, "G": 1024 * 1024}


def in_text(path, events, unit):
    """Of the events that GCToolKit does not tell, those whose sizes do not stand in the log."""
    raw = gzip.open(path) if path.endswith(".gz") else open(path, "rb")
    found = {}
    with raw as log:
        for a, ua, b, ub in ARROW.findall(log.read().decode(errors="replace")):
            before, after = (float(f.replace(",", ".")) * IN_KIB[u] for f, u in ((a, ua), (b, ub)))
            found.setdefault(int(before // 2048), []).append((before, after))
    return [e for e in events if not any(abs(e[1] - x) <= unit and abs(e[2] - y) <= unit for n in (-1, 0, 1)
                                         for x, y in found.get(int(e[1] // 2048) + n, []))]


def turned_full(event):
    """The young half of a collection that went on to the old generation: one record in the log, two events there, one full here."""
    return event[0] == "ParNewPromotionFailed" or (event[0] in ("ParNew", "DefNew") and event[1] == event[2])


def known_differences():
    known = {}
    for line in open(os.path.join(HERE, "known-differences.txt")):
        if line.strip() and not line.startswith("#"):
            name, extra, missing, sizes, why = line.split(None, 4)
            known[name] = (int(extra), int(missing), int(sizes), why.strip())
    return known


def main():
    verbose = os.environ.get("VERBOSE")
    known, failed, sums = known_differences(), 0, [0, 0, 0]
    print("   %9s %8s %8s %7s %6s %6s %6s %6s %6s %6s  %s" % ("GCToolKit", "ours", "equal", "more", "halves", "less", "invent", "size", "still", "ours", "log"))
    for path, events in theirs(sys.argv[1]).items():
        ours_all = ours(path)
        mine = [r for r in ours_all if r[0] != "pause"]
        if any(e[0] in ("ParNew", "InitialMark", "CMSRemark", "ConcurrentModeFailure") for e in events):
            mine = [r for r in mine if r[0] != "old"]  # the end of a sweep is no event there
        other = [e for e in events if e[0] not in NO_MOVE and e[1] is not None]
        unit = 1024 if open(path, "rb").read(4096).find(b"[gc") >= 0 else 1.01
        pairs, lonely, missing = lay_beside(mine, other, unit)
        sizes = [p for p in pairs if not near(p[0][3], p[1][3] if p[1][3] != -1 else None, unit)]
        name = "/".join(path.split("/")[-3:])
        sums = [sums[0] + len(other), sums[1] + len(mine), sums[2] + len(pairs) - len(sizes)]
        halves = [e for e in missing if turned_full(e)]
        missing = [e for e in missing if not turned_full(e)]
        invented = in_text(path, [] if "shen" in name else lonely, unit)  # a cycle's sizes stand in two lines
        still = [e for e in events if e[0] in NO_MOVE]
        pauses = sum(r[0] == "pause" for r in ours_all)
        missing += still[:max(0, len(still) - pauses)]
        told_why = known.get(os.path.basename(path))
        fine = len(invented) + len(missing) + len(sizes) == 0 or (
            told_why and len(invented) <= told_why[0] and len(missing) <= told_why[1] and len(sizes) <= told_why[2])
        failed += not fine
        print("%s %9d %8d %8d %7d %6d %6d %6d %6d %6d %6d  %s%s" % (
            "  " if fine else "!!", len(other), len(mine), len(pairs) - len(sizes), len(lonely), len(halves), len(missing), len(invented),
            len(sizes), len(still), pauses, name, "  (" + told_why[3] + ")" if told_why else ""))
        if verbose and not fine:
            for kind, some in (("not in text", invented), ("only theirs", missing), ("heap size", sizes)):
                for s in some[:int(verbose)]:
                    print("        %-12s %s" % (kind, s))
    print("   %9d %8d %8d  in all; %d files with differences that are not explained" % (*sums, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
