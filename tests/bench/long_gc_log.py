#!/usr/bin/env python3
"""long_gc_log.py LOG MEBIBYTES OUT: a unified log (decorations t,u,l,tg) as long as a JVM would have written it in days: the body of a
real one again and again, with dates, uptimes and numbers of collections that go on."""
import datetime
import re
import sys

LINE = re.compile(r"\[([^\]]+)\]\[([\d.]+)s\](.*?GC\()(\d+)(\).*)", re.S)


def main():
    source, size, out = sys.argv[1], int(sys.argv[2]) << 20, sys.argv[3]
    head, body = [], []
    for line in open(source):
        m = LINE.match(line)
        if m:
            when = datetime.datetime.strptime(m[1], "%Y-%m-%dT%H:%M:%S.%f%z")
            body.append((when.timestamp(), float(m[2]), m[3], int(m[4]), m[5]))
        elif not body:
            head.append(line)
    length = body[-1][1] - body[0][1] + 0.5
    ids = max(b[3] for b in body) + 1
    written, turn = 0, 0
    with open(out, "w") as to:
        to.writelines(head)
        while written < size:
            text = []
            for wall, uptime, before, gc, after in body:
                wall += turn * length
                date = datetime.datetime.fromtimestamp(int(wall), datetime.timezone.utc)
                text.append("[%s.%03d+0000][%.3fs]%s%d%s" % (date.strftime("%Y-%m-%dT%H:%M:%S"), int(wall % 1 * 1000), uptime + turn * length,
                                                            before, gc + turn * ids, after))
            turn += 1
            text = "".join(text)
            written += len(text)
            to.write(text)


if __name__ == "__main__":
    main()
