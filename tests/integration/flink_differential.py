#!/usr/bin/env python3
"""A short form of `make test-differential`: 2,000 random configurations to two live Flink releases, and 240 resolved ones handed
back to them. The same ones each time, so that the suite's result depends on the code only; COUNT and SEED change that."""
import os
import subprocess
import sys

DIFFERENTIAL = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "differential")

failed = False
for script, count in (("differential.py", "2000"), ("round_trip.py", "240")):
    defaults = {"COUNT": count, "SEED": "1", "FLINK_VERSIONS": "1.20.5 2.3.0"}
    run = subprocess.run([sys.executable, os.path.join(DIFFERENTIAL, script)], env={**defaults, **os.environ})
    failed = failed or run.returncode != 0
sys.exit(1 if failed else 0)
