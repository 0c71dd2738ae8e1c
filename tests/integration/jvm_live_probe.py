#!/usr/bin/env python3
"""The probe in real JVMs, briefly: it sees what the program counted, leaves no trace and delays nothing.

Accuracy over all collectors and JDKs is measured by `make test-live`.
"""
import concurrent.futures
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm
import live

HEAP = ["-Xms1g", "-Xmx1g", "-XX:+UseG1GC"]
OWN = 1.8e6  # what the JVM itself keeps in the heap: 1.1 to 2.1 MB on JDK 11 to 25
LIVE = 160  # MiB. A look sees up to 1.8 MB more than a class histogram, whatever the live set: 1.1 % of this one, 2.1 % of 80 MiB
FAST = "live_probe=2s,log=debug,warmup=5s,publish=1s"


def flag(j, name):
    """A flag of the running JVM, asked for from outside."""
    out = subprocess.run([os.path.join(j.home, "bin", "jinfo"), "-flag", name, str(j.process.pid)], capture_output=True,
                         text=True, timeout=30).stdout
    return out.strip().split("=")[-1]


def sees_the_live_set_and_leaves_no_trace(home):
    with jvm.Jvm(home) as j:
        own_log = j.path("gc.log")
        flags = HEAP + ["-Xlog:gc*,gc+liveness=off:file=%s" % own_log, "-XX:G1PeriodicGCInterval=1500"]
        j.start(flags, live.known_live(j, 200, min=LIVE, rate=60), FAST)
        # while it fills its heap for the first time, what is allocated during a marking survives and counts, too
        truth = lambda: live.Truth(j.path("truth"))
        ready = j.wait_for(lambda: truth().reaches(LIVE * 0.99 * (1 << 20)), 60)
        steady = lambda: [v for v in live.views(j) if v.time_ms > ready]
        j.wait_for(lambda: len(steady()) >= 2, 90)
        # between probes the flag is the user's again; on a busy machine asking takes as long as a probe
        j.wait_for(lambda: flag(j, "G1PeriodicGCInterval") == "1500", 30)
        j.process.send_signal(signal.SIGTERM)
        assert j.process.wait(30) == 143, j.err()
        found = live.views(j)
        wrong = live.errors(steady(), truth(), OWN)
        assert wrong and max(abs(e) for e in wrong) <= 0.02, wrong
        assert all(v.asked and v.used >= v.live and 0 < v.cpu_us < 5e6 for v in found), j.messages()
        r = j.recommendation()["observed"]["live_probe"]
        assert r["probes"] == len(found) and r["pause_max_ms"] > 0 and 0 < r["cpu_share_ratio"] < 1, r
        assert sorted(os.listdir(j.dir)) == ["err", "gc.log", "heapcast-t.hc", "heapcast-t.json", "out", "truth"]
        text = open(own_log).read()
        assert "### SUMMARY" not in text and "Concurrent Start" in text and text.count("Pause") > 5, text[-500:]


def off_is_off(home):
    with jvm.Jvm(home) as j:
        assert j.run(HEAP, live.known_live(j, 4, min=40), "live_probe=off,log=debug,warmup=1s,publish=1s") == 0
        assert not live.views(j)
        assert j.recommendation()["observed"]["live_probe"] == {"state": "off", "probes": 0}


def refusals_say_why(home):
    for flags, why in ((["-XX:+UseG1GC", "-XX:-G1PeriodicGCInvokesConcurrent"], "G1PeriodicGCInvokesConcurrent"),
                       (["-XX:+UseG1GC", "-XX:G1PeriodicGCInterval=600000"], "of 10 s or more"),
                       (["-XX:+UseSerialGC"], "no concurrent way")):
        with jvm.Jvm(home) as j:
            assert j.run(["-Xmx128m"] + flags, live.known_live(j, 3, min=20), FAST) == 0
            state = j.recommendation()["observed"]["live_probe"]
            assert why in state["state"] and state["probes"] == 0, state
            assert sum(why in line for line in j.messages()) == 1, j.messages()


def the_end_comes_in_the_middle(home, how):
    """While the flag is changed, or the marking runs."""
    with jvm.Jvm(home) as j:
        j.start(HEAP, live.known_live(j, 60, min=150, rate=60), "live_probe=1s,log=debug,warmup=5s,publish=1s")
        j.wait_for(lambda: len(live.views(j)) >= 1, 60)
        time.sleep(1.1)  # the next one has begun, or is about to
        begin = time.time()
        j.process.send_signal(how)
        code = j.process.wait(10)
        took = time.time() - begin
        assert code == (143 if how == signal.SIGTERM else -9), (code, j.err())
        assert took < 8, took  # the machine may be busy; a forgotten wait would be 10 s
        assert sorted(os.listdir(j.dir)) == ["err", "heapcast-t.hc", "heapcast-t.json", "out", "truth"]
        assert "hs_err" not in j.err()


homes = jvm.jdks()
newest = next((v for v in ("25", "21") if v in homes), None)
cases = []
for version in ("17", newest):
    if version not in homes:
        jvm.skip("live_probe_jdk%s" % (version or "21"), "a JDK %s" % (version or "21 or 25"))
        continue
    cases.append(("sees_the_live_set_and_leaves_no_trace_" + version,
                  lambda home=homes[version]: sees_the_live_set_and_leaves_no_trace(home)))
if "17" in homes:
    cases += [("off_is_off", lambda: off_is_off(homes["17"])),
              ("refusals_say_why", lambda: refusals_say_why(homes["17"])),
              ("ends_with_sigterm_in_the_middle", lambda: the_end_comes_in_the_middle(homes["17"], signal.SIGTERM)),
              ("ends_with_sigkill_in_the_middle", lambda: the_end_comes_in_the_middle(homes["17"], signal.SIGKILL))]
# they mostly wait for their programs' time to pass
with concurrent.futures.ThreadPoolExecutor(3) as pool:
    for name, test in cases:
        pool.submit(jvm.case, "live_probe_" + name, test)
jvm.finish()
