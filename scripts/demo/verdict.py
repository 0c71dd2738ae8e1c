#!/usr/bin/env python3
"""verdict.py WHAT_SIZE BEFORE.json AFTER.json: the table of the demo, from what watch.py measured; exit 1 unless it holds."""
import json
import sys

MIB = 1 << 20
LEAST_RATIO = 0.98


def load(path):
    with open(path, encoding="ascii") as file:
        return json.load(file)


def main(size_name, before_path, after_path):
    before, after = load(before_path), load(after_path)
    saved = before["size_bytes"] - after["size_bytes"]
    ratio = after["throughput"] / before["throughput"]

    def mib(key):
        return [f"{run[key] / MIB:.0f} MiB" for run in (before, after)]

    def less(key):
        difference = before[key] - after[key]
        return f"{abs(difference) / MIB:.0f} MiB {'less' if difference >= 0 else 'more'}"

    rows = [
        ("", "before", "after", ""),
        (size_name, *mib("size_bytes"), f"{less('size_bytes')} ({abs(saved) / before['size_bytes']:.1%})"),
        ("peak RSS", *mib("rss_peak_bytes"), less("rss_peak_bytes")),
        ("throughput", *(f"{run['throughput']:.0f}/s" for run in (before, after)), f"ratio {ratio:.3f}"),
        ("GC share of time", *(f"{run['gc_share_ratio']:.2%}" for run in (before, after)), ""),
        ("longest GC pause", *(f"{run['pause_max_ms']:.0f} ms" for run in (before, after)), ""),
        ("restarts", *(str(run["restarts"]) for run in (before, after)), ""),
    ]
    for name, *figures, note in rows:
        print(f"  {name:18}{figures[0]:>12}{figures[1]:>12}  {note}".rstrip())
    print()
    wrong = []
    if before["restarts"] or after["restarts"]:
        wrong.append("the job was restarted")
    if ratio < LEAST_RATIO:
        wrong.append(f"throughput fell to {ratio:.1%} of what it was, less than {LEAST_RATIO:.0%}")
    if saved <= 0:
        wrong.append("the process is no smaller than before")
    print("demo: " + ("OK" if not wrong else "FAILED: " + "; ".join(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
