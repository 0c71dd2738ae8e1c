#!/usr/bin/env python3
"""Puts random configurations to the live Flink and to heapcast and compares bytes, JVM arguments, dynamic options, exception class,
message and causes. A difference is shrunk to its smallest form and printed with the command that repeats it.

    differential.py                         COUNT (100000) configurations from SEED (the clock's) to each of FLINK_VERSIONS
    differential.py --flink V --case JSON   one case: both answers

Prints ok/not ok/skip lines. Needs Maven and a JDK (the jars are cached: tests/differential/jars.sh).
"""
import argparse
import collections
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time

import flink
import gen
import shrink

SHOWN = 12  # differences of different kinds that are shrunk and printed for each release


def kind(case, ours, theirs, field):
    """Differences of one kind are probably one and the same."""
    words = str((ours.get(field), theirs.get(field))) if field in ("ok", "ex") else ""
    last = (theirs.get("causes") or [[theirs.get("ex"), theirs.get("msg")]])[-1]
    text = "".join(c for c in str(last[1]) if not c.isdigit())[:60] if theirs.get("ok") is False else ""
    return case["role"], case.get("file", ""), field, words, last[0], text


def compare(version, command, cases):
    """Yields (case, ours, theirs, field) for each that differs. Both programs read from a file and are read in step."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as asked:
        for case in cases:
            asked.write(json.dumps(case) + "\n")
        asked.flush()
        sides = []
        for program in (flink.heapcast_command(version), command):
            handle = os.open(f"/proc/self/fd/{asked.fileno()}", os.O_RDONLY)
            sides.append(subprocess.Popen(program, stdin=handle, stdout=subprocess.PIPE, stderr=subprocess.PIPE if not sides else subprocess.DEVNULL,
                                          text=True, encoding="utf-8", env=flink.environment()))
            os.close(handle)
        mine, live = sides
        for case in cases:
            ours, theirs = mine.stdout.readline(), live.stdout.readline()
            if theirs == "":
                raise RuntimeError(f"the harness of Flink {version} ended at {json.dumps(case)}")
            if ours == "":
                yield case, {"ended": mine.wait(), "stderr": mine.stderr.read()[-400:]}, json.loads(theirs), "ended"
                live.kill()
                break
            ours, theirs = json.loads(ours), json.loads(theirs)
            field = flink.difference(ours, theirs)
            if field:
                yield case, ours, theirs, field
        for side in sides:
            side.stdout.close()
            side.wait()


def explain(version, command, case, ours, theirs, field):
    """The difference in its smallest form."""
    live, wanted = flink.Side(command), kind(case, ours, theirs, field)[2:5]

    def differs(some):
        pairs = zip(some, flink.ask_heapcast(some, version), live.ask(some))
        return [kind(c, o, t, flink.difference(o, t))[2:5] == wanted for c, o, t in pairs]

    small = shrink.shrink({k: v for k, v in case.items() if k != "id"}, differs)
    ours, theirs = flink.ask_heapcast([small], version)[0], live.ask([small])[0]
    live.stop()
    field = flink.difference(ours, theirs)
    print(f"    case:     {json.dumps(small, ensure_ascii=False)}")
    print(f"    heapcast: {field} {json.dumps(ours.get(field, ours), ensure_ascii=False)}")
    print(f"    Flink:    {field} {json.dumps(theirs.get(field, theirs), ensure_ascii=False)}")
    print(f"    repeat:   tests/differential/differential.py --flink {version} --case {shlex.quote(json.dumps(small))}", flush=True)


def run(version, command, cases):
    asked = [c for c in cases if flink.applies(c, version)]
    start, count, kinds = time.monotonic(), 0, collections.OrderedDict()
    for case, ours, theirs, field in compare(version, command, asked):
        count += 1
        kinds.setdefault(kind(case, ours, theirs, field), []).append((case, ours, theirs, field))
    seconds = time.monotonic() - start
    name = f"flink_differential {version}"
    if count == 0:
        print(f"ok {name}: {len(asked)} configurations derived or refused alike ({seconds:.0f} s)", flush=True)
        return True
    print(f"not ok {name}: {count} of {len(asked)} configurations differ, in {len(kinds)} ways ({seconds:.0f} s)")
    for examples in list(sorted(kinds.values(), key=len, reverse=True))[:SHOWN]:
        case, ours, theirs, field = min(examples, key=lambda e: len(json.dumps(e[0])))
        print(f"  {len(examples)} times: {field} of {case['id']} ({case['role']}{' ' + case['file'] if 'file' in case else ''})")
        explain(version, command, case, ours, theirs, field)
    return False


def one(version, command, case):
    ours, live = flink.ask_heapcast([case], version)[0], flink.Side(command)
    theirs = live.ask([case])[0]
    live.stop()
    field = flink.difference(ours, theirs)
    print(json.dumps({"heapcast": ours, "Flink " + version: theirs}, indent=2, ensure_ascii=False))
    print(f"differ in {field}" if field else "equal")
    return not field


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flink", action="append", help="a release; again for more")
    parser.add_argument("--case", help="one case as JSON")
    parser.add_argument("--count", type=int, default=int(os.environ.get("COUNT", "100000")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "0")) or int(time.time()))
    options = parser.parse_args()
    versions = options.flink or flink.VERSIONS
    try:
        commands = flink.prepare(versions)
    except flink.Unavailable as missing:
        print(f"skip flink_differential: {missing}")
        return True
    if options.case:
        return all([one(v, commands[v], json.loads(options.case)) for v in versions])
    print(f"# {options.count} configurations to Flink {' '.join(versions)}; again with SEED={options.seed} COUNT={options.count}", flush=True)
    cases = list(gen.cases(options.seed, options.count))
    return all([run(v, commands[v], cases) for v in versions])


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
