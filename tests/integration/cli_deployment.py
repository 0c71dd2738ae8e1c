#!/usr/bin/env python3
"""`heapcast resolve --in-place`, `--format env` and `--flink` as a user meets them."""
import json
import os
import stat
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEAPCAST = os.environ.get("HEAPCAST", os.path.join(ROOT, "build", "heapcast"))
T = "taskmanager.memory."
MIB = 1 << 20
failed = 0


def run(*arguments, code=0, stdin=""):
    done = subprocess.run([HEAPCAST, *arguments], input=stdin, capture_output=True, text=True)
    assert done.returncode == code, f"ended with {done.returncode} instead of {code}: {done.stderr.strip()}"
    return done.stdout, done.stderr


def write(name, text):
    with open(name, "w") as file:
        file.write(text)


def read(name):
    with open(name) as file:
        return file.read()


def recommendation(heap=300 * MIB, name="rec.json", **off_heap):
    write(name, json.dumps({
        "format": "heapcast.recommendation", "format_version": 1, "generated_at": "2026-01-01T00:00:00Z",
        "subject": {"role": "taskmanager", "name": "tm", "host": "h", "pid": 1, "started_at": "2026-01-01T00:00:00Z",
                    "jvm": {"version": "17", "collector": "G1", "heap_max_bytes": 1 << 30}},
        "window": {"collections": 100, "restarts": 0, "samples_dropped": 0},
        "recommendation": {"verdict": "shrink", "heap_bytes": heap, "reasons": []}, "off_heap": off_heap}))
    return name


def in_place(*more, code=0, config="config.yaml"):
    return run("resolve", "--recommendation", recommendation(managed_consumers=[]), "--config", config, "--in-place", *more, code=code)


def heap_of(config):
    out, _ = run("memory", "--config", config, "--jvm-args")
    return int(out.split()[0][4:])


def in_place_edits():
    before = "# mine\n" + T + "process.size: 4g  # big\n\nx.y: 'a: b'\n"
    write("config.yaml", before)
    os.chmod("config.yaml", 0o640)
    out, _ = in_place()
    after = read("config.yaml")
    assert heap_of("config.yaml") == 300 * MIB
    assert read("config.yaml.bak-1") == before
    assert stat.S_IMODE(os.stat("config.yaml").st_mode) == 0o640 and stat.S_IMODE(os.stat("config.yaml.bak-1").st_mode) == 0o640
    assert after.startswith("# mine\n") and "  # big\n\nx.y: 'a: b'\n" in after, after
    assert "config.yaml.bak-1" in out and f"{T}process.size: 4g  ->  " in out, out
    out, _ = in_place()
    assert "nothing to change" in out and read("config.yaml") == after and not os.path.exists("config.yaml.bak-2")
    assert sorted(os.listdir(".")) == ["config.yaml", "config.yaml.bak-1", "rec.json"]


def in_place_never_overwrites_a_backup():
    for i in (1, 2, 4):
        write(f"config.yaml.bak-{i}", f"old {i}")
    write("config.yaml", T + "process.size: 4g\n")
    in_place()
    assert [read(f"config.yaml.bak-{i}") for i in (1, 2, 4)] == ["old 1", "old 2", "old 4"]
    assert read("config.yaml.bak-3") == T + "process.size: 4g\n"


def in_place_behind_a_link():
    os.mkdir("real")
    write("real/flink-conf.yaml", T + "process.size: 4g\n")
    os.symlink("real/flink-conf.yaml", "flink-conf.yaml")
    in_place(config="flink-conf.yaml")
    assert os.path.islink("flink-conf.yaml") and os.path.exists("real/flink-conf.yaml.bak-1")
    assert heap_of("real/flink-conf.yaml") == 300 * MIB
    write("real/config.yaml", T + "process.size: 4g\n")
    in_place("--flink-version", "2.0.2", config="real")
    assert heap_of("real/config.yaml") == 300 * MIB


def in_place_refuses():
    text = T + "process.size: 4g\n"
    for arguments in (["--format", "dynamic"], ["-o", "x.yaml"]):
        write("config.yaml", text)
        in_place(*arguments, code=2)
    run("resolve", "--recommendation", "rec.json", "--config", "-", "--config-format", "config.yaml", "--in-place", code=2, stdin=text)
    run("resolve", "--recommendation", "rec.json", "-D", T + "process.size=4g", "--in-place", code=2)
    os.link("config.yaml", "other.yaml")
    _, err = in_place(code=1)
    assert "hard links" in err, err
    os.remove("other.yaml")
    write("flow.yaml", "{" + T + "process.size: 4g}\n")
    _, err = in_place(code=1, config="flow.yaml")
    assert "no line can be added to this file" in err, err
    _, err = in_place("-D", T + "process.size=3g", code=1)
    assert "wins over the file" in err, err
    os.mkdir("locked")
    write("locked/config.yaml", text)
    os.chmod("locked", 0o555)
    if os.geteuid() != 0:
        in_place(code=1, config="locked/config.yaml")
    os.chmod("locked", 0o755)
    assert read("config.yaml") == text and read("locked/config.yaml") == text
    assert not [n for n in os.listdir(".") + os.listdir("locked") if "bak" in n or n.endswith(".tmp")]


def env_lines():
    write("config.yaml", T + "process.size: 4g\ntaskmanager.memory.size: 600m\n")
    out, _ = run("resolve", "--recommendation", recommendation(managed_consumers=[]), "--config", "config.yaml", "--format", "env")
    write("heapcast.env", out)
    for before, shell in (("", "sh"), ("a.b: it's $HOME `x` \\\\", "bash")):
        done = subprocess.run([shell, "-euc", ". ./heapcast.env; printf '%s' \"$FLINK_PROPERTIES\"; sh -c '[ -n \"$FLINK_PROPERTIES\" ]'"],
                              env={**os.environ, "FLINK_PROPERTIES": before}, capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, done.stderr
        assert done.stdout.startswith(before), done.stdout
        # the image's entry point appends the text to the file
        jvm, _ = run("memory", "--config", "-", "--config-format", "flink-conf.yaml", "--flink-version", "1.18.1", "--jvm-args",
                     stdin=T + "process.size: 4g\ntaskmanager.memory.size: 600m\n" + done.stdout)
        assert f"-Xmx{300 * MIB} " in jvm, jvm


# ---- --flink ------------------------------------------------------------------------------------------------------------

def record(parallelism=4, used=0, state="RUNNING", job_type="STREAMING", slots=4, ship="HASH", name="flink.json"):
    vertices = [{"id": "a", "name": "source", "parallelism": parallelism, "running": parallelism, "inputs": []},
                {"id": "b", "name": "sink", "parallelism": parallelism, "running": parallelism,
                 "inputs": [{"from": "a", "ship_strategy": ship, "exchange": "pipelined_bounded"}]}]
    write(name, json.dumps({
        "format": "heapcast.flink", "format_version": 1, "generated_at": "2026-01-01T00:00:00Z", "flink_version": "1.20.5",
        "taskmanagers": [{"id": "tm", "slots": slots, "free_slots": 0, "managed": {"used_bytes": used}, "jobs": []}],
        "jobs": [{"id": "j", "state": state, "type": job_type, "vertices": vertices}]}))
    return name


def resolved(config, *more, **off_heap):
    out, err = run("resolve", "--recommendation", recommendation(**off_heap), "--config", config, "--format", "json", *more)
    return json.loads(out), err


def flink_sizes_network():
    write("config.yaml", T + "process.size: 8g\ntaskmanager.numberOfTaskSlots: 4\n")
    value, _ = resolved("config.yaml", "--flink", record())
    assert value["after"]["network"] == 16 * MIB, value["after"]  # the need is below the least
    value, _ = resolved("config.yaml", "--flink", "flink.json", "-D", "taskmanager.memory.network.min=40m")
    assert value["after"]["network"] == 40 * MIB, value["after"]  # a minimum of the user's own
    # 200 channels: each of 4 slots has a gate and a partition of 2 x 200 + 8 buffers
    value, _ = resolved("config.yaml", "--flink", record(parallelism=200))
    need = 4 * 2 * (2 * 200 + 8) * 32768
    assert value["after"]["network"] == -(-need * 5 // 4 // MIB) * MIB, (value["after"], need)
    reason = next(c["reason"] for c in value["components"] if c["name"] == "Network")
    assert "102.000mb" in reason, reason
    value, _ = resolved("config.yaml", "--flink", "flink.json", "-D", "taskmanager.network.memory.buffers-per-channel=10")
    assert value["after"]["network"] == -(-4 * 2 * (2000 + 8) * 32768 * 5 // 4 // MIB) * MIB, value["after"]
    # from 2.0 this is no option any more
    value, _ = resolved("config.yaml", "--flink", "flink.json", "-D", "taskmanager.network.memory.buffers-per-channel=10",
                        "--flink-version", "2.3.0")
    assert value["after"]["network"] == -(-need * 5 // 4 // MIB) * MIB, value["after"]
    value, _ = resolved("config.yaml", "--flink", record(parallelism=200, ship="FORWARD"))
    assert value["after"]["network"] == 16 * MIB, value["after"]


def flink_sizes_managed():
    write("config.yaml", T + "process.size: 8g\n")
    kept = json.loads(run("memory", "--config", "config.yaml", "--json")[0])["bytes"]["managed"]
    for expected, off_heap, facts in (
            (0, {}, record(name="streaming.json")),
            (kept, {}, record(job_type="BATCH", name="batch.json")),
            (kept, {}, record(used=1 << 28, name="used.json")),
            (kept, {"managed_consumers": []}, "used.json"),
            (kept, {"managed_consumers": ["rocksdb"]}, "streaming.json"),
            (0, {"managed_consumers": []}, "batch.json"),
            (kept, {}, None)):
        value, _ = resolved("config.yaml", *(["--flink", facts] if facts else []), **off_heap)
        assert value["after"]["managed"] == expected, (facts, off_heap, value["after"])


def flink_says_what_is_wrong():
    write("config.yaml", T + "process.size: 8g\n")
    common = ["resolve", "--recommendation", recommendation(), "--config", "config.yaml", "--flink"]
    write("bad.json", "{\n nonsense")
    _, err = run(*common, "bad.json", code=1)
    assert err.startswith("heapcast: bad.json:2: is no JSON"), err
    _, err = run(*common, "rec.json", code=1)
    assert 'rec.json: is not a "heapcast.flink"' in err, err
    text = read(record())
    write("newer.json", text.replace('"format_version": 1', '"format_version": 2'))
    _, err = run(*common, "newer.json", code=1)
    assert "format_version is 2" in err, err
    write("edge.json", text.replace('"from": "a"', '"from": "z"'))
    _, err = run(*common, "edge.json", code=1)
    assert "comes from z" in err, err
    write("idle.json", text[:text.index('"jobs": [{')] + '"jobs": []}')
    value, err = resolved("config.yaml", "--flink", "idle.json")
    assert "has no running job" in err, err
    assert value["after"] == resolved("config.yaml")[0]["after"], value["after"]
    run(*common, "missing.json", code=1)


for test in (in_place_edits, in_place_never_overwrites_a_backup, in_place_behind_a_link, in_place_refuses, env_lines,
             flink_sizes_network, flink_sizes_managed, flink_says_what_is_wrong):
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        try:
            test()
            print(f"ok cli_deployment {test.__name__}")
        except AssertionError as error:
            failed += 1
            print(f"not ok cli_deployment {test.__name__}: {error}")
        os.chdir("/")
sys.exit(1 if failed else 0)
