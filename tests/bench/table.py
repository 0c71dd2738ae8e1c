"""The table that the benchmarks print, a line a figure; remembers which limits were missed."""
import statistics

missed = []


def head():
    print("%-40s %10s %9s %-4s %8s  %-7s %-44s %10s  %s"
          % ("", "median", "IQR/2", "", "limit", "", "peer", "its median", "ratio"))


def row(what, value, spread, unit, limit, peer="", peer_value=None):
    """`limit` None: for information."""
    ratio = "%.3f x" % (value / peer_value) if peer_value and peer_value > 0 else ""
    beside = "%.3f" % peer_value if peer_value is not None else "not here" if peer else ""
    verdict = "" if limit is None else "ok" if value <= limit else "MISSED"
    if verdict == "MISSED":
        missed.append(what)
    print("%-40s %10.3f %9s %-4s %8s  %-7s %-44s %10s  %s"
          % (what, value, "±%.3f" % (spread / 2) if spread is not None else "", unit, "" if limit is None else "%g" % limit,
             verdict, peer, beside, ratio), flush=True)


def quartiles(values):
    """Median, and the distance of the quartiles."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, high - low
