#!/usr/bin/env python3
"""The agent where things go wrong: it says one line, and the JVM runs on unharmed."""
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

HOMES = jvm.jdks()
HOME = HOMES.get("17") or next(iter(HOMES.values()), None)
SHORT = ["Churn", "collections=12", "seconds=20", "live=10"]
HEAP = ["-Xmx96m", "-XX:+UseG1GC"]


def lines_with(j, text):
    return [m for m in j.messages() if text in m]


def unknown_option_suggests():
    with jvm.Jvm(HOME) as j:
        assert j.run(HEAP, SHORT, "publsh=1s,publish=1s,gc_share=9,horizont=1h,warmup=0s") == 0, j.err()
        assert len(lines_with(j, "'publsh', did you mean 'publish'?")) == 1, j.messages()
        assert len(lines_with(j, "'horizont', did you mean 'horizon'?")) == 1, j.messages()
        assert len(lines_with(j, "gc_share=9")) == 1, j.messages()
        assert j.recommendation()["model"]["gc_share_limit_ratio"] == 0.05


def strict_stops_the_jvm():
    with jvm.Jvm(HOME) as j:
        assert j.run(HEAP, SHORT, "publsh=1s,strict=true") != 0
        assert lines_with(j, "strict=true"), j.messages()


def later_options_say_so():
    with jvm.Jvm(HOME) as j:
        assert j.run(HEAP, SHORT, "live_probe=10m,prometheus=on,live_probe_pause=1s") == 0
        assert len(lines_with(j, "not in this version")) == 1, j.messages()


def colon_separates_too():
    with jvm.Jvm(HOME) as j:
        command = [os.path.join(HOME, "bin", "java")] + HEAP + ["-agentpath:%s=dir:%s,name:colon,publish:1s" % (jvm.AGENT, j.dir),
                                                                "-cp", jvm.classes()] + SHORT
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        assert j.recommendation("colon")["subject"]["name"] == "colon"


def without_perf_counters():
    with jvm.Jvm(HOME) as j:
        busy = ["Churn", "collections=0", "seconds=4", "live=5", "fifo=1", "rate=200"]
        assert j.run(HEAP + ["-XX:-UsePerfData"], busy, "publish=1s") == 0, j.err()
        assert len(lines_with(j, "collections are read from the GC beans' GcInfo")) == 1, j.messages()
        assert {s["source"] for s in j.samples()} == {"gc_info"}, j.samples()[:2]


def never_collects():
    with jvm.Jvm(HOME) as j:
        flags = ["-Xmx96m", "-XX:+UnlockExperimentalVMOptions", "-XX:+UseEpsilonGC"]
        assert j.run(flags, ["Churn", "seconds=2", "live=5", "fifo=1", "rate=5"], "publish=1s") == 0, j.err()
        assert len(lines_with(j, "Epsilon")) == 1, j.messages()
        r = j.recommendation()
        assert r["subject"]["jvm"]["collector"] == "Epsilon" and r["subject"]["jvm"]["heap_max_bytes"] == 96 << 20, r["subject"]
        assert r["recommendation"]["verdict"] == "insufficient_data" and "Epsilon" in r["recommendation"]["reasons"][0], r


def second_agent_does_nothing():
    with jvm.Jvm(HOME) as j:
        command = j.command(HEAP, SHORT, "publish=1s")
        command.insert(2, "-agentpath:%s=name=other,dir=%s" % (jvm.AGENT, j.dir))
        r = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert r.returncode == 0, r.stderr
        assert r.stderr.count("already loaded") == 1, r.stderr
        assert os.path.exists(j.json_path("other")) and not os.path.exists(j.json_path()), os.listdir(j.dir)


def second_copy_of_the_library():
    """Another file, so the first one's memory is not shared: the lock on the history is what keeps them apart."""
    with jvm.Jvm(HOME) as j:
        copy = j.path("copy.so")
        shutil.copy(jvm.AGENT, copy)
        command = j.command(HEAP, SHORT, "publish=1s")
        command.insert(2, "-agentpath:%s=dir=%s,name=t,publish=1s" % (copy, j.dir))
        r = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert r.returncode == 0, r.stderr
        assert r.stderr.count("in use by another heapcast agent") == 1, r.stderr
        assert len([f for f in os.listdir(j.dir) if f.endswith(".json")]) == 2, os.listdir(j.dir)


def a_restart_waits_for_its_name():
    """The JVM before is still ending when the next one starts: the history goes on under its name."""
    with jvm.Jvm(HOME) as j:
        busy = ["Churn", "collections=0", "seconds=30", "live=20", "rate=100"]
        j.start(HEAP, busy, "publish=1s,warmup=0s")
        j.wait_for(lambda: j.recommendation()["window"]["collections"] >= 2)
        before, kept = j.process, j.samples()
        j.start(HEAP, busy, "publish=1s,warmup=0s")
        time.sleep(1)
        before.kill()
        before.wait()
        j.wait_for(lambda: j.recommendation()["subject"]["pid"] == j.process.pid)
        assert j.samples()[:len(kept)] == kept and not lines_with(j, "in use by"), j.messages()


def unwritable_directory():
    with jvm.Jvm(HOME) as j:
        open(j.path("file"), "w").close()  # root may write anywhere, but not below a file
        assert j.run(HEAP, SHORT, "publish=1s,warmup=0s", directory=j.path("file")) == 0, j.err()
        assert len(lines_with(j, "history stays in memory")) == 1, j.messages()
        assert len(lines_with(j, "tries again each period")) == 1, j.messages()


def full_directory():
    with jvm.Jvm(HOME) as j:
        full = j.path("full")
        os.mkdir(full)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", full], stderr=subprocess.DEVNULL).returncode != 0:
            return jvm.skip("full_directory", "no right to mount a small tmpfs")
        try:
            open(os.path.join(full, "fill"), "wb").write(b"x" * 60000)
            assert j.run(HEAP, SHORT, "publish=1s", directory=full) == 0, j.err()
            assert len(lines_with(j, "history stays in memory")) == 1, j.messages()
            assert not [f for f in os.listdir(full) if f.endswith(".hc")], os.listdir(full)
        finally:
            subprocess.run(["umount", "-l", full])
    jvm.ok("full_directory")


def damaged_history_is_set_aside():
    with jvm.Jvm(HOME) as j:
        open(j.path("heapcast-t.hc"), "wb").write(b"not a history" * 1000)
        assert j.run(HEAP, SHORT, "publish=1s") == 0, j.err()
        assert len(lines_with(j, "set-aside-1")) == 1, j.messages()
        assert open(j.path("heapcast-t.hc.set-aside-1"), "rb").read().startswith(b"not a history")
        assert len(j.samples()) >= 10


def damaged_slots_are_dropped():
    with jvm.Jvm(HOME) as j:
        assert j.run(HEAP, SHORT, "publish=1s") == 0, j.err()
        before = len(j.samples())
        with open(j.path("heapcast-t.hc"), "r+b") as f:
            data = bytearray(f.read())
            for at in range(len(data) // 64, len(data), len(data) // 64):
                data[at] ^= 0xFF
            f.seek(0)
            f.write(data)
        assert j.run(HEAP, SHORT, "publish=1s") == 0, j.err()
        assert j.recommendation()["window"]["collections"] > 0 and before > 0


def history_survives_truncation_and_removal():
    """A log rotation that truncates, and one that removes: the file is whole again within seconds, nothing is lost."""
    with jvm.Jvm(HOME) as j:
        history = j.path("heapcast-t.hc")
        j.start(HEAP, ["Churn", "collections=0", "seconds=30", "live=20", "rate=200"], "publish=1s,warmup=0s")
        j.wait_for(lambda: len(j.samples()) >= 5)
        before = j.samples()
        open(history, "w").close()
        j.wait_for(lambda: lines_with(j, "was removed or cut short"))
        assert j.wait_for(lambda: j.samples())[:len(before)] == before
        before = j.samples()
        os.unlink(history)
        assert j.wait_for(lambda: j.samples())[:len(before)] == before
        generated = j.recommendation()["generated_at"]
        j.wait_for(lambda: j.recommendation()["generated_at"] > generated)
        assert len(lines_with(j, "was removed or cut short")) == 1, j.messages()


def kill_9_loses_nothing():
    """kill -9 in the middle, started again: the history goes on, the same model, one restart more."""
    with jvm.Jvm(HOME) as j:
        j.start(HEAP, ["Churn", "collections=100000", "seconds=60", "live=20"], "publish=1s,warmup=0s")
        j.wait_for(lambda: len(j.samples()) >= 40)
        j.kill(signal.SIGKILL)
        kept = j.samples()
        assert len(kept) >= 40, len(kept)
        j.start(HEAP, ["Churn", "collections=100000", "seconds=60", "live=20"], "publish=1s,warmup=0s")
        j.wait_for(lambda: len(j.samples()) >= len(kept) + 20)
        j.kill(signal.SIGKILL)
        after = j.samples()
        assert after[:len(kept)] == kept, "the samples of the first run changed"
        j.start(HEAP, SHORT, "publish=1s,warmup=0s")
        assert j.process.wait(60) == 0, j.err()
        r = j.recommendation()
        assert r["window"]["restarts"] == 2, r["window"]
        collections = sum(x["kind"] != "pause" for x in after)  # Remark and Cleanup are none
        assert r["window"]["collections"] >= collections, (r["window"], collections)
        assert [e for e in r["events"] if e["kind"] == "unclean_end"], r["events"]
        assert r["recommendation"]["verdict"] != "insufficient_data", r["recommendation"]


def out_of_memory_is_seen():
    with jvm.Jvm(HOME) as j:
        assert j.run(["-Xmx64m", "-XX:+UseG1GC"], ["Churn", "collections=20", "live=20", "fifo=2", "seconds=20", "oom=1"],
                     "publish=1s,warmup=0s") == 0, j.err()
        r = j.recommendation()
        assert [e for e in r["events"] if e["kind"] == "out_of_memory_heap"], r["events"]
        assert r["recommendation"]["verdict"] == "grow", r["recommendation"]
        assert r["recommendation"]["heap_bytes"] >= 64 * 1.2 * (1 << 20), r["recommendation"]


def thrashing_gives_grow(collector):
    """A live set that leaves no room: collections of the whole heap in vain, no error, and no end of warm-up for 15 minutes."""
    with jvm.Jvm(HOME) as j:
        log = j.path("gc.log")
        j.start(["-Xmx96m", "-XX:+Use%sGC" % collector, "-Xlog:gc:file=%s:uptime" % log],
                ["Churn", "live=88", "fifo=0", "collections=0", "seconds=30"], "")
        j.wait_for(lambda: j.recommendation()["recommendation"]["verdict"] == "grow", 15)
        lines = open(log).read().splitlines()
        r = j.recommendation()
        first = next(float(x[1:x.index("s")]) for x in lines if "Pause Full" in x)
        last = float(lines[-1][1:lines[-1].index("s")])
        assert last - first < 10, "verdict %.1f s after the first full collection" % (last - first)
        assert r["events"][0]["kind"] == "heap_nearly_exhausted", r["events"]
        assert "nearly exhausted" in r["recommendation"]["reasons"][1], r["recommendation"]["reasons"]
        assert r["recommendation"]["heap_bytes"] >= (96 + 100) * (1 << 20), r["recommendation"]


def every_exit_writes_the_last_word(exit_kind):
    with jvm.Jvm(HOME) as j:
        assert j.run(HEAP, SHORT + ["exit=%d" % exit_kind], "publish=1h,warmup=0s") == 0, j.err()
        assert j.recommendation()["window"]["collections"] >= 12, j.recommendation()["window"]


def attach_late():
    with jvm.Jvm(HOME) as j:
        java = os.path.join(HOME, "bin", "java")
        jcmd = os.path.join(HOME, "bin", "jcmd")
        if not os.path.exists(jcmd):
            return jvm.skip("attach_late", "no jcmd beside %s" % java)
        j.process = subprocess.Popen([java] + HEAP + ["-cp", jvm.classes(), "Churn", "collections=0", "seconds=30", "live=20", "rate=200"],
                                     stdout=open(j.path("out"), "w"), stderr=open(j.path("err"), "w"))
        time.sleep(1)
        load = [jcmd, str(j.process.pid), "JVMTI.agent_load", jvm.AGENT, "dir:%s,name:t,publish:1s,warmup:0s" % j.dir]
        subprocess.run(load, check=True, capture_output=True, timeout=30)
        j.wait_for(lambda: j.recommendation()["window"]["collections"] >= 10)
        subprocess.run(load, capture_output=True, timeout=30)  # a second time: refused without harm
        time.sleep(0.5)
        assert j.process.poll() is None, j.err()
        assert len(lines_with(j, "already loaded")) == 1, j.messages()
    jvm.ok("attach_late")


def exit_is_not_delayed():
    """The quickest of nine starts each, in turn, for a busy machine adds what it likes; a Java thread blocked in native code would cost 310 ms."""
    def one(with_agent):
        with jvm.Jvm(HOME) as j:
            command = j.command(HEAP, ["Churn", "collections=1", "seconds=1", "live=1", "fifo=1"], "")
            if not with_agent:
                command = [c for c in command if not c.startswith("-agentpath")]
            begin = time.monotonic()
            subprocess.run(command, check=True, capture_output=True, timeout=60)
            return time.monotonic() - begin
    pairs = [(one(True), one(False)) for _ in range(9)]
    delay = min(p[0] for p in pairs) - min(p[1] for p in pairs)
    print("   start to exit with the agent: %+.0f ms (the quickest of 9 each)" % (delay * 1000))
    assert delay < 0.1, "the agent delays start to exit by %.0f ms" % (delay * 1000)


def main():
    if HOME is None:
        return jvm.skip("jvm_faults", "no JDK")
    tests = [unknown_option_suggests, strict_stops_the_jvm, later_options_say_so, colon_separates_too, without_perf_counters,
             second_agent_does_nothing, second_copy_of_the_library, a_restart_waits_for_its_name, unwritable_directory, damaged_history_is_set_aside,
             damaged_slots_are_dropped, history_survives_truncation_and_removal, kill_9_loses_nothing, out_of_memory_is_seen, exit_is_not_delayed]
    for test in tests:
        jvm.case(test.__name__, test)
    has = subprocess.run([os.path.join(HOME, "bin", "java"), "-XX:+UnlockExperimentalVMOptions", "-XX:+UseEpsilonGC", "-version"],
                         capture_output=True).returncode == 0
    jvm.case("never_collects", never_collects) if has else jvm.skip("never_collects", "this JDK is built without Epsilon")
    for collector in ("G1", "Serial"):
        jvm.case("thrashing_gives_grow_" + collector, lambda: thrashing_gives_grow(collector))
    for kind, name in ((0, "end"), (1, "System_exit"), (2, "halt")):
        jvm.case("last_word_after_" + name, lambda: every_exit_writes_the_last_word(kind))
    for test in (full_directory, attach_late):
        try:
            test()
        except Exception as e:
            jvm.not_ok(test.__name__, e)


main()
