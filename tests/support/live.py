"""KnownLive and the probe: what the agent saw of the live set against what the program counted."""
import bisect
import os
import re
import struct

VIEW = re.compile(r"live set at (\d+) ms: (\d+) bytes of (\d+) used, by a marking (asked for|that came by itself); (\d+) us of CPU, (\d+) us of pauses; known (-?\d+) ms later")


class View:
    def __init__(self, found):
        self.time_ms, self.live, self.used = int(found[1]), int(found[2]), int(found[3])
        self.asked = found[4] == "asked for"
        self.cpu_us, self.pause_us, self.took_ms = int(found[5]), int(found[6]), int(found[7])


def views(j):
    """All views of a run with log=debug, in order."""
    return [View(m) for m in VIEW.finditer(j.err())]


class Truth:
    """What KnownLive wrote: the live bytes at a time, in between on the straight line."""

    def __init__(self, path):
        data = open(path, "rb").read()
        pairs = list(struct.iter_unpack(">qq", data[:len(data) // 16 * 16]))
        self.times, self.live = [p[0] for p in pairs], [p[1] for p in pairs]

    def reaches(self, live):
        """When it was so large for the first time; None: never."""
        return next((t for t, l in zip(self.times, self.live) if l >= live), None)

    def between(self, from_ms, to_ms):
        """The least and the most in that time."""
        seen = [l for l in self.live[bisect.bisect(self.times, from_ms):bisect.bisect(self.times, to_ms)]] + [self.at(from_ms)]
        return min(seen), max(seen)

    def at(self, time_ms):
        """None outside the time that was recorded."""
        i = bisect.bisect(self.times, time_ms)
        if i == 0 or i == len(self.times):
            return None
        t0, t1, l0, l1 = self.times[i - 1], self.times[i], self.live[i - 1], self.live[i]
        return l0 + (l1 - l0) * (time_ms - t0) / (t1 - t0)


def errors(found, truth, own_bytes):
    """Relative errors of the views; `own_bytes` is what the JVM itself keeps in the heap."""
    result = []
    for v in found:
        counted = truth.at(v.time_ms)
        if counted:
            result.append((v.live - own_bytes - counted) / counted)
    return result


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def known_live(j, seconds, profile="steady", **more):
    arguments = ["KnownLive", "truth=" + os.path.join(j.dir, "truth"), "profile=" + profile, "seconds=%d" % seconds]
    return arguments + ["%s=%s" % pair for pair in more.items()]
