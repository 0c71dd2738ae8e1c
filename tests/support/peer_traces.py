"""Recorded traces as the peers of heapcast would have polled them, and the moments at which they are asked."""
import csv
import gzip
import json
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# A log of CMS, one of Parallel, a simulated load that is restarted, bursts of a real JVM.
NAMES = ("r01", "r13", "s04", "j01")
RULES = ("operator", "vpa", "autopilot-max", "autopilot-p98", "static-max")
POLL_MS, ASK_MS, MIB = 60000, 4 * 3600000, 1048576


class Trace:
    def __init__(self, name):
        self.name = name
        with gzip.open(os.path.join(ROOT, "tests/traces", name + ".csv.gz"), "rt") as file:
            self.meta = json.loads(file.readline()[2:])
            next(file)
            self.rows = list(csv.reader(file))
        self.heap_max = int(self.meta["heap_max"] * MIB)

    def bytes(self, mb):
        return min(int(float(mb) * MIB), self.heap_max)

    def ask_times(self):
        """A collection every four hours: at its end nobody has to guess what is in use."""
        times, due = [], ASK_MS
        for row in self.rows:
            if row[1] != "restart" and round(float(row[0]) * 1000) >= due:
                times.append(row[0])
                due = (round(float(row[0]) * 1000) // ASK_MS + 1) * ASK_MS
        return times

    def protocol(self):
        """For `heapcast predict --stdin`: the trace, and a question at each ask time."""
        times = self.ask_times()
        yield "H,1,3600,86400,%r,0.9,0.05,%s" % (self.meta["heap_max"], self.meta["collector"])
        for row in self.rows:
            yield "E,%s,restart" % row[0] if row[1] == "restart" else "G," + ",".join(row)
            if times and row[0] == times[0] and row[1] != "restart":
                yield "D," + times.pop(0)
        yield "Q"

    def polls(self):
        """Once a minute: seconds, heap in use, the most in use after a collection since the poll before. In use is a line
        from one collection to the next; nothing is known from a restart to the first collection after it."""
        last, due, most = None, 0, 0
        for row in self.rows:
            if row[1] == "restart":
                last = None
                continue
            at, before, after, committed = round(float(row[0]) * 1000), *(self.bytes(x) for x in row[2:5])
            if last is None:
                due, most = -(-at // POLL_MS) * POLL_MS, 0
            else:
                rise = max(before - last[1], 0) / (at - last[0]) if at > last[0] else 0
                while due < at:
                    yield due / 1000, int(min(last[1] + rise * (due - last[0]), committed)), most
                    due, most = due + POLL_MS, last[1]
            last, most = (at, after), max(most, after)
        if last is not None and due == last[0]:
            yield due / 1000, last[1], most
