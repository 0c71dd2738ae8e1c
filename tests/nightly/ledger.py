#!/usr/bin/env python3
"""The ledger outside the heap on every kind of TaskManager: both jobs, both allocators, G1 and both ZGCs. About 12 minutes.

Prints a table in MiB, then one line a case; see tests/integration/flink_ledger.py for what must be true.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import flink_ledger as ledger
import jvm

COLLECTORS = {"17": (("G1", ["-XX:+UseG1GC"]), ("Z", ["-XX:+UseZGC"])),
              "21": (("G1", ["-XX:+UseG1GC"]), ("Z", ["-XX:+UseZGC"]), ("genZ", ["-XX:+UseZGC", "-XX:+ZGenerational"]))}


def main():
    failed = []
    preload = ledger.jemalloc()
    print(ledger.HEAD)
    for version, jdk, job in (("1.20.5", "17", "heap"), ("2.3.0", "21", "rocksdb")):
        if jdk not in jvm.jdks() or not ledger.have(version):
            jvm.skip("ledger_%s" % version, "no JDK %s or no Flink %s" % (jdk, version))
            continue
        for collector, flags in COLLECTORS[jdk]:
            for allocator, path in (("glibc", None), ("jemalloc", preload)):
                name = "%s %s, JDK %s %s %s" % (version, job, jdk, collector, allocator)
                if allocator == "jemalloc" and path is None:
                    jvm.skip(name, "no libjemalloc.so.2")
                    continue
                try:
                    ledger.run(name, version, jdk, flags, path, job, warm_s=30, window_s=45)
                    jvm.ok(name)
                except AssertionError as e:
                    jvm.not_ok(name, e)
                    failed.append(name)
    return 1 if failed else 0


sys.exit(main())
