#!/usr/bin/env python3
"""`heapcast memory`, `resolve` and `explain` as a user meets them: exit codes, messages that name file, line, option and
mend, and nothing written in part."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEAPCAST = os.environ.get("HEAPCAST", os.path.join(ROOT, "build", "heapcast"))
T = "taskmanager.memory."
failed = 0


def run(*arguments, stdin="", code=0):
    """Standard output and error; a differing exit code is an error of the test that asked."""
    done = subprocess.run([HEAPCAST, *arguments], input=stdin, capture_output=True, text=True)
    assert done.returncode == code, f"ended with {done.returncode} instead of {code}: {done.stderr.strip()}"
    return done.stdout, done.stderr


def write(name, text):
    with open(name, "w") as file:
        file.write(text)


def recommendation(name="rec.json", verdict="shrink", heap=300 << 20, role="taskmanager", **off_heap):
    value = {"format": "heapcast.recommendation", "format_version": 1, "generated_at": "2026-01-01T00:00:00Z",
             "subject": {"role": role, "name": "tm", "host": "h", "pid": 1, "started_at": "2026-01-01T00:00:00Z",
                         "jvm": {"version": "17", "collector": "G1", "heap_max_bytes": 1 << 30}},
             "window": {"collections": 100, "restarts": 0, "samples_dropped": 0},
             "recommendation": {"verdict": verdict, "reasons": ["only 3 collections so far"]}, "off_heap": off_heap}
    if verdict != "insufficient_data":
        value["recommendation"]["heap_bytes"] = heap
    write(name, json.dumps(value))
    return name


def memory_messages():
    _, err = run("memory", "-D", T + "process.size=1.5g", code=1)
    assert "Cannot read memory size from config option 'taskmanager.memory.process.size'." in err, err
    assert "right would be a whole number and a unit, as 512m or 1g" in err, err
    write("config.yaml", "a: 1\n" + T + "network.min: 2g\n" + T + "process.size: 1g\n")
    _, err = run("memory", "--config", "config.yaml", code=1)
    assert "config.yaml: TaskManager memory configuration failed: Sum of configured Framework Heap Memory" in err, err
    write("config.yaml", "a: 1\n" + T + "process.size:\t1g\n")
    _, err = run("memory", "--config", "config.yaml", code=1)
    assert err.startswith("heapcast: config.yaml:2: Flink cannot read this file: Flink's YAML takes no TAB"), err
    write("config.yaml", T + "proces.size: 1g\n" + T + "flink.size: 1g\n")
    _, err = run("memory", "--config", "config.yaml")
    assert "config.yaml:1: warning: Flink has no option 'taskmanager.memory.proces.size'" in err, err


def memory_usage():
    _, err = run("memory", "--rolle", "tm", code=2)
    assert "did you mean '--role'?" in err, err
    run("memory", "--role", "xx", code=2)
    run("memory", "--flink-version", "1.9", code=2)
    run("memory", "-D", "nothing", code=2)
    run("memory", "file.yaml", code=2)
    write("some.conf", "a: 1\n")
    _, err = run("memory", "--config", "some.conf", code=2)
    assert "--config-format" in err, err
    _, err = run("memory", "--config", "missing.yaml", code=1)
    assert err == "heapcast: missing.yaml cannot be opened: No such file or directory\n", err
    run("memory", "--batch", stdin="{nonsense\n", code=1)


def memory_formats():
    out, _ = run("memory", "-D", T + "process.size=4g", "--jvm-args")
    assert out == "-Xmx1664299798 -Xms1664299798 -XX:MaxDirectMemorySize=493921243 -XX:MaxMetaspaceSize=268435456\n", out
    out, _ = run("memory", "-D", T + "process.size=4g", "--json")
    assert json.loads(out)["bytes"]["network"] == 359703515, out
    out, _ = run("memory", "--role", "jm", "-D", "jobmanager.memory.process.size=1600m")
    assert "JVM Heap:                    1024.000mb (1073741824 bytes)" in out, out
    out, _ = run("memory", "--config", "-", "--config-format", "config.yaml", "--jvm-args", stdin=T + "process.size: 4g\n")
    assert "-Xmx1664299798" in out, out


def directory_by_version():
    os.mkdir("conf")
    write("conf/flink-conf.yaml", T + "process.size: 2g\n")
    write("conf/config.yaml", T + "process.size: 4g\n")
    for version, heap in (("1.18.1", 697932173), ("1.20.5", 697932173), ("2.0.2", 1664299798)):
        out, _ = run("memory", "--config", "conf", "--flink-version", version, "--jvm-args")
        assert f"-Xmx{heap} " in out, (version, out)
    os.remove("conf/flink-conf.yaml")
    out, _ = run("memory", "--config", "conf", "--flink-version", "1.20.5", "--jvm-args")
    assert "-Xmx1664299798 " in out, out


def resolve_keeps_the_file():
    before = "# mine\n\ntaskmanager:\n  numberOfTaskSlots: 2   # two\n  memory:\n    process:\n      size: 4g # big\nx: 'y'\n"
    write("config.yaml", before)
    run("resolve", "--recommendation", recommendation(), "--config", "config.yaml", "-o", "config.yaml")
    after = open("config.yaml").read()
    kept = [l for l in before.splitlines() if "size:" not in l]
    assert [l for l in after.splitlines() if l in kept] == kept, after
    out, _ = run("memory", "--config", "config.yaml", "--jvm-args")
    assert f"-Xmx{300 << 20} " in out, out
    run("resolve", "--recommendation", "rec.json", "--config", "config.yaml", "-o", "config.yaml")
    assert open("config.yaml").read() == after


def resolve_writes_nothing_in_part():
    write("config.yaml", T + "process.size: 4g\n")
    recommendation("none.json", verdict="insufficient_data")
    _, err = run("resolve", "--recommendation", "none.json", "--config", "config.yaml", "-o", "out.yaml", code=3)
    assert err == "heapcast: none.json: only 3 collections so far\n", err
    recommendation()
    _, err = run("resolve", "--recommendation", "rec.json", "--config", "config.yaml", "-D", T + "process.size=3g", "-o", "out.yaml",
                 code=1)
    assert "wins over the file" in err, err
    run("resolve", "--recommendation", "rec.json", "--config", "config.yaml", "-o", "no/such/directory/out.yaml", code=1)
    write("flow.yaml", "{" + T + "process.size: 4g}\n")
    _, err = run("resolve", "--recommendation", "rec.json", "--config", "flow.yaml", "-o", "out.yaml", code=1)
    assert "no line can be added to this file" in err, err
    write("broken.yaml", T + "process.size: 4q\n")
    _, err = run("resolve", "--recommendation", "rec.json", "--config", "broken.yaml", "-o", "out.yaml", code=1)
    assert err.startswith("heapcast: broken.yaml:1: TaskManager memory configuration failed"), err
    assert not os.path.exists("out.yaml")


def resolve_usage():
    write("config.yaml", T + "process.size: 4g\n")
    recommendation()
    run("resolve", "--config", "config.yaml", code=2)
    run("resolve", "--recommendation", "rec.json", code=2)
    run("resolve", "--recommendation", "rec.json", "--config", "config.yaml", "--format", "xml", code=2)
    run("resolve", "--recommendation", "-", "--config", "-", code=2)
    run("resolve", "--recommendation", "rec.json", "--config", "config.yaml", "--model", "one", code=2)
    run("resolve", "--recommendation", "rec.json", "--config", "config.yaml", "--max-change", "ten", code=2)
    run("resolve", "--recommendation", "rec.json", "--config", "config.yaml", "--step", "0", code=2)
    run("resolve", "--recommendation", "rec.json", "--config", "config.yaml", "--min", "2g", "--max", "1g", code=2)
    _, err = run("resolve", "--recommendation", "rec.json", "--config", "config.yaml", "--role", "jm", code=1)
    assert "rec.json: is of a TaskManager; right would be one of a JobManager" in err, err
    _, err = run("resolve", "--recommendation", "rec.json", "--recommendation", recommendation("jm.json", role="jobmanager"),
                 "--config", "config.yaml", code=1)
    assert "jm.json: is of a JobManager" in err, err
    run("resolve", "--recommendation", "jm.json", "--config", "config.yaml", "--model", "unified", code=2)
    _, err = run("resolve", "--recommendation", recommendation("jvm.json", role="jvm"), "--config", "config.yaml", code=1)
    assert "is of a JVM" in err, err
    write("bad.json", "{")
    run("resolve", "--recommendation", "bad.json", "--config", "config.yaml", code=1)


def resolve_formats():
    write("config.yaml", T + "process.size: 4g\nx.y: 'a # b'\n")
    common = ["--recommendation", recommendation(managed_consumers=[]), "--config", "config.yaml"]
    out, _ = run("resolve", *common, "--format", "dynamic")
    words = out.split()
    assert words[0] == "-D" and f"{T}managed.size=0b" in words, out
    jvm, _ = run("memory", "--config", "config.yaml", "--jvm-args", *words)
    assert f"-Xmx{300 << 20} " in jvm, jvm
    out, _ = run("resolve", *common, "--format", "json")
    value = json.loads(out)
    assert value["flink_options"][T + "managed.size"] == "0b" and value["after"]["jvm_heap"] == 300 << 20, out
    assert len(value["components"]) == 8 and all(c["reason"] for c in value["components"]), out
    write("config.yaml", T + "process.size: 4g\n")
    out, err = run("resolve", *common, "--format", "flink-conf.yaml", "--flink-version", "2.0.2")
    assert "does not read flink-conf.yaml" in err, err
    jvm, _ = run("memory", "--config", "-", "--config-format", "flink-conf.yaml", "--jvm-args", stdin=out)
    assert f"-Xmx{300 << 20} " in jvm, jvm
    out, _ = run("resolve", *common, "--format", "table")
    assert "Total Process Memory" in out and f"{T}managed.size: 0b  (was not set)" in out, out
    out, _ = run("resolve", "--recommendation", "rec.json", "-D", T + "flink.size=2g")
    assert out.startswith("-D "), out


SEEN = {part: {"now_bytes": b << 20, "max_bytes": b << 20, "recommended_bytes": (b + 24) << 20}
        for part, b in (("metaspace", 45), ("direct", 136), ("overhead", 120))}


def unified():
    jvm = "-agentpath:/h.so=dir=/x,name=y -Da='b c' -Xmx3g"
    options = "env.java.opts.taskmanager"
    common = ["--recommendation", recommendation(managed_consumers=[], **SEEN), "--model", "unified"]
    for kind, text in (("config.yaml", "# mine\n" + T + "process.size: 4g\nenv:\n  java:\n    opts:\n      taskmanager: " + jvm + " # why\n"),
                       ("config.yaml", "{" + T + 'process.size: 4g, env.java.opts.taskmanager: "' + jvm + '", ' + T + "managed.size: 0b, "
                        + T + "jvm-metaspace.size: 72m, " + T + "framework.off-heap.size: 64m, " + T + "jvm-overhead.max: 1g, "
                        + T + "jvm-overhead.min: 1m}\n"),
                       ("flink-conf.yaml", T + "process.size: 4g\n" + options + ": " + jvm + "\n")):
        write(kind, text)
        out, err = run("resolve", *common, "--config", kind, "--format", "json")
        told = json.loads(out)
        pool = told["pool"]
        assert pool["heap_limit_bytes"] + pool["outside_bytes"] + pool["margin_bytes"] <= pool["container_bytes"], pool
        assert told["model"] == "unified" and told["after"]["total_process"] == pool["container_bytes"], told
        assert any("one pool: heap limit" in n for n in told["notes"]), told["notes"]
        _, err = run("resolve", *common, "--config", kind, "-o", "out." + kind)
        assert "-Xmx3g in env.java.opts.taskmanager is replaced" in err, err
        written = open("out." + kind).read()
        assert written.count("-Xmx") == 1 and "-agentpath:/h.so=dir=/x,name=y -Da=" in written, written
        memory, _ = run("memory", "--config", "out." + kind, "--config-format", kind, "--json")
        assert json.loads(memory)["bytes"]["total_process"] == pool["container_bytes"], memory
        again, _ = run("resolve", *common, "--config", "out." + kind, "--config-format", kind)
        assert again == written, again
        os.remove(kind)
    write("config.yaml", T + "process.size: 4g\n")
    out, _ = run("resolve", *common, "--config", "config.yaml", "--format", "dynamic")
    assert "-D 'env.java.opts.taskmanager=" in out and "-Xmx300m" in out, out
    out, _ = run("resolve", *common, "--config", "config.yaml", "--format", "k8s-patch")
    spec = json.loads(out)["spec"]
    assert "-Xmx300m" in spec["flinkConfiguration"][options] and spec["taskManager"]["resource"]["memory"] == "%dm" % (
        pool["container_bytes"] >> 20), out
    out, _ = run("resolve", *common, "--config", "config.yaml", "--format", "env")
    assert "\nenv.java.opts.taskmanager: -XX:" in out, out
    out, _ = run("explain", *common, "--config", "config.yaml")
    assert "Unified pool" in out and "Slack that all share" in out, out


def limits():
    write("config.yaml", T + "process.size: 4g\n")
    common = ["--recommendation", recommendation(managed_consumers=[], **SEEN), "--config", "config.yaml", "--format", "json"]

    def total(*arguments):
        value = json.loads(run("resolve", *common, *arguments)[0])
        return value["after"]["total_process"] >> 20, " ".join(value["notes"]), value
    plain, _, _ = total()
    for arguments, size, word in ((["--min", "2g"], 2048, "--min bound"), (["--step", "512m"], (plain + 511) // 512 * 512, "--step bound"),
                                  (["--max-change", "25"], 3072, "--max-change bound"), (["--min-gain", "90%"], 4096, "--min-gain bound")):
        for model in ("components", "unified"):
            got, notes, _ = total(*arguments, "--model", model)
            assert got == size and word in notes, (arguments, model, got, notes)
    got, notes, value = total("--max", "%dm" % (plain - 8))
    assert got == plain - 8 and "--max bound" in notes and "recommended is 300.000mb" in " ".join(value["warnings"]), value


def several_recommendations():
    write("config.yaml", T + "process.size: 4g\n")
    files = []
    for i, (heap, seen) in enumerate(((300, {"managed_consumers": []}), (500, {"managed_consumers": []}), (200, {"managed_consumers": ["rocksdb"]}))):
        name = recommendation("tm%d.json" % i, heap=heap << 20, **seen)
        text = json.load(open(name))
        text["subject"]["name"] = "tm-%d" % i
        write(name, json.dumps(text))
        files += ["--recommendation", name]
    value = json.loads(run("resolve", *files, "--config", "config.yaml", "--format", "json")[0])
    assert value["after"]["jvm_heap"] == 500 << 20 and value["after"]["managed"] == value["before"]["managed"], value
    assert "of 3 TaskManagers tm-1 decided heap" in value["notes"][0], value["notes"]
    recommendation("none.json", verdict="insufficient_data")
    value = json.loads(run("resolve", *files, "--recommendation", "none.json", "--config", "config.yaml", "--format", "json")[0])
    assert "1 of 4 left out" in " ".join(value["notes"]), value["notes"]


def jobmanager():
    write("config.yaml", "jobmanager:\n  memory.process.size: 1600m\n")
    common = ["--recommendation", recommendation("jm.json", role="jobmanager", **SEEN), "--config", "config.yaml"]
    out, _ = run("resolve", *common)
    assert "memory.process.size: " in out and "1600m" not in out, out
    write("new.yaml", out)
    out, _ = run("memory", "--role", "jm", "--config", "new.yaml", "--jvm-args")
    assert out.startswith("-Xmx%d " % (300 << 20)), out
    out, _ = run("resolve", *common, "--format", "k8s-patch")
    assert list(json.loads(out)["spec"]) == ["jobManager", "flinkConfiguration"], out
    out, _ = run("explain", *common)
    assert out.startswith("JobManager") and "the recommended JVM heap" in out, out


def old_environment():
    os.environ["FLINK_TM_HEAP"] = "1g"
    try:
        out, _ = run("memory", "-D", "x=y", "--json")
        assert json.loads(out)["bytes"]["total_flink"] == 1 << 30, out
        out, _ = run("memory", "-D", "taskmanager.heap.size=3g", "--deployment", "container", "--json")
        assert json.loads(out)["bytes"]["total_process"] == 1 << 30, out
        out, _ = run("memory", "-D", T + "flink.size=2g", "--json")
        assert json.loads(out)["bytes"]["total_flink"] == 2 << 30, out
        run("memory", "-D", "x=y", "--flink-version", "2.0", code=1)
        os.environ["FLINK_TM_HEAP"] = "1q"
        _, err = run("memory", "-D", "x=y", code=1)
        assert "failed to map legacy JVM heap option to the new one: Cannot read total process memory size from environment variable value 1q." in err, err
    finally:
        del os.environ["FLINK_TM_HEAP"]


def explain():
    write("flink-conf.yaml", T + "process.size: 4g\nenv.java.opts.taskmanager: -Xmx3g\n")
    out, _ = run("explain", "--recommendation", recommendation(managed_consumers=["rocksdb"]), "--config", "flink-conf.yaml")
    assert "stays as many bytes as it was: RocksDB uses it" in out, out
    assert f"JVM after:  -Xmx{300 << 20} " in out, out
    assert "Warning: -Xmx in env.java.opts.taskmanager wins over Flink's own" in out, out
    run("explain", "--recommendation", recommendation("none.json", verdict="insufficient_data"), "--config", "flink-conf.yaml", code=3)


for test in (memory_messages, memory_usage, memory_formats, directory_by_version, resolve_keeps_the_file,
             resolve_writes_nothing_in_part, resolve_usage, resolve_formats, unified, limits,
             several_recommendations, jobmanager, old_environment, explain):
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        try:
            test()
            print(f"ok cli_resolve {test.__name__}")
        except AssertionError as error:
            failed += 1
            print(f"not ok cli_resolve {test.__name__}: {error}")
        os.chdir("/")
sys.exit(1 if failed else 0)
