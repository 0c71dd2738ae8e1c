#!/usr/bin/env python3
"""heapcast merge: files as agents leave them, by the dozen: what belongs together, what is left out and why, and that the
result does for all and goes on to `resolve`."""
import copy
import datetime
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

HEAPCAST = os.environ.get("HEAPCAST", os.path.join(jvm.ROOT, "build/heapcast"))
INPUTS = os.path.join(jvm.ROOT, "tests/golden/inputs")
with open(os.path.join(INPUTS, "heapcast-wordcount-taskmanager-1-1.json")) as source:
    TEMPLATE = json.load(source)
MIB = 1048576
NOW = datetime.datetime.now(datetime.timezone.utc)


def time(hours):
    return (NOW + datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def recommendation(name, heap_mib, hours=24, **changes):
    r = copy.deepcopy(TEMPLATE)
    r["subject"].update(name=name, host="host-" + name)
    r["generated_at"], r["recommendation"]["valid_until"] = time(hours - 24), time(hours)
    r["recommendation"].update(heap_bytes=heap_mib * MIB, verdict="shrink")
    for path, value in changes.items():
        *way, key = path.split("__")
        node = r
        for step in way:
            node = node[step]
        node[key] = value
    return r


class Directory:
    def __init__(self, **files):
        self.work = tempfile.TemporaryDirectory()
        for name, content in files.items():
            self.put("heapcast-%s.json" % name, content)

    def path(self, name=""):
        return os.path.join(self.work.name, name)

    def put(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))


def run(*arguments, code=0):
    done = subprocess.run([HEAPCAST, "merge", *arguments], capture_output=True, text=True, timeout=30)
    assert done.returncode == code, "exit %d, %s" % (done.returncode, done.stderr)
    return done


def merged(*arguments):
    return json.loads(run("--json", *arguments).stdout)


def job():
    return Directory(a=recommendation("wordcount-taskmanager-1-1", 300), b=recommendation("wordcount-taskmanager-1-2", 420),
                     c=recommendation("wordcount-taskmanager-1-3", 310))


def worst_decides_and_is_named():
    d = job()
    r = merged(d.path())
    assert r["recommendation"]["heap_bytes"] == 420 * MIB and r["subject"]["name"] == "wordcount", r["recommendation"]
    fleet = r["fleet"]
    assert fleet["members"] == 3 and fleet["worst"]["heap"] == "wordcount-taskmanager-1-2", fleet
    assert fleet["heap"] == {"min_bytes": 300 * MIB, "median_bytes": 310 * MIB, "max_bytes": 420 * MIB}, fleet
    assert fleet["total"] == {"current_heap_bytes": 3 * TEMPLATE["recommendation"]["current_heap_bytes"], "heap_bytes": 3 * 420 * MIB}
    assert "wordcount-taskmanager-1-2 needs the largest heap" in r["recommendation"]["reasons"][0]
    sums = dict(map(tuple, TEMPLATE["histogram"]["buckets"]))
    assert dict(map(tuple, r["histogram"]["buckets"])) == {k: 3 * v for k, v in sums.items()}
    assert r["window"]["collections"] == 3 * TEMPLATE["window"]["collections"]
    table = run(d.path()).stdout
    assert "MAX / MEDIAN" in table and " 1.35 " in table and "wordcount-taskmanager-1-2" in table, table


def order_does_not_matter():
    d = job()
    random.seed(7)
    d.put("heapcast-d.json", recommendation("wordcount-taskmanager-1-4", 420, observed__gc_share_ratio=0.0391))
    names = sorted(os.listdir(d.path()))
    texts = {run("--json", *(d.path(n) for n in order)).stdout for order in itertools.permutations(names)}
    assert len(texts) == 1, "%d different answers" % len(texts)


def one_alone_keeps_its_figures():
    d = Directory(a=recommendation("wordcount-taskmanager-1-1", 300))
    with open(d.path("heapcast-a.json")) as file:
        before = json.load(file)
    after = merged(d.path())
    for part in ("window", "observed", "model", "off_heap", "process", "histogram", "events"):
        assert before.get(part) == after.get(part), part


def groups_by_job_name_and_all():
    d = job()
    d.put("other/heapcast-x.json", recommendation("etl-taskmanager-2-1", 500))
    d.put("other/heapcast-jm.json", recommendation("etl-jobmanager", 200, subject__role="jobmanager"))
    d.put("yarn/heapcast-y.json", recommendation("container_e17_1700000000000_0042_01_000003", 256))
    d.put("bare/heapcast-z.json", recommendation("node-7-4f2a", 128))
    lines = run(d.path()).stdout.splitlines()
    groups = [tuple(line.split()[:3]) for line in lines[1:-1]]
    assert groups == [("application_1700000000000_0042", "TaskManager", "1"), ("etl", "TaskManager", "1"), ("etl", "JobManager", "1"),
                      ("job", "TaskManager", "1"), ("wordcount", "TaskManager", "3")], groups
    assert lines[-1].startswith("in all: 7 JVMs in 5 groups"), lines[-1]
    everything = [tuple(line.split()[:3]) for line in run("--by", "all", d.path()).stdout.splitlines()[1:-1]]
    assert everything == [("all", "TaskManager", "6"), ("all", "JobManager", "1")], everything
    assert len(run("--by", "name", d.path()).stdout.splitlines()) == 9


def what_is_left_out_is_named():
    d = job()
    d.put("heapcast-broken.json", "{ no json")
    d.put("heapcast-foreign.json", {"format": "something.else"})
    d.put("heapcast-newer.json", dict(recommendation("wordcount-taskmanager-9-9", 900), format_version=2))
    d.put("heapcast-stale.json", recommendation("wordcount-taskmanager-1-8", 800, hours=-1))
    d.put("heapcast-older.json", recommendation("wordcount-taskmanager-1-1", 700, hours=12))
    done = run("--json", d.path())
    assert json.loads(done.stdout)["fleet"]["members"] == 3 and json.loads(done.stdout)["recommendation"]["heap_bytes"] == 420 * MIB
    for name, why in (("broken", "not JSON"), ("foreign", "not a heapcast recommendation"), ("newer", "'format_version' is not 1"),
                      ("stale", "--stale takes it"), ("older", "there is a newer one")):
        assert any("heapcast-%s.json: left out: " % name in x and why in x for x in done.stderr.splitlines()), (name, done.stderr)
    assert merged("--stale", d.path())["recommendation"]["heap_bytes"] == 800 * MIB
    twice = merged(d.path(), d.path("heapcast-a.json"))
    assert twice["fleet"]["members"] == 3, twice["fleet"]


def nothing_left_is_a_failure():
    d = Directory(broken="{")
    assert "nothing is left to merge" in run(d.path(), code=1).stderr
    empty = Directory()
    assert "nothing is left to merge" in run(empty.path(), code=1).stderr
    assert "nothing is left" in run(d.path("nowhere"), code=1).stderr
    run(code=2)
    assert "--by is 'host'" in run("--by", "host", d.path(), code=2).stderr


def too_little_data():
    new = recommendation("wordcount-taskmanager-1-4", 0, recommendation__verdict="insufficient_data")
    del new["recommendation"]["heap_bytes"]
    d = Directory(new=new)
    assert "insufficient data" in run(d.path(), code=3).stdout
    d = job()
    d.put("heapcast-new.json", new)
    fleet = merged(d.path())["fleet"]
    assert fleet["members"] == 4 and fleet["without_number"] == 1 and fleet["total"]["heap_bytes"] == 4 * 420 * MIB, fleet


def files_of_groups():
    d, out = job(), Directory()
    d.put("heapcast-x.json", recommendation("etl-taskmanager-2-1", 500))
    assert "2 groups need a directory" in run("-o", out.path("one.json"), d.path(), code=1).stderr
    run("-o", out.path(), d.path())
    assert sorted(os.listdir(out.path())) == ["heapcast-etl.taskmanager.merged.json", "heapcast-wordcount.taskmanager.merged.json"]
    # what was merged is not merged again
    assert "it is merged already" in run(out.path(), d.path()).stderr
    run(out.path(), code=1)
    run("-o", out.path("one.json"), d.path("heapcast-x.json"))
    with open(out.path("one.json")) as file:
        assert json.load(file)["subject"]["name"] == "etl"


def obeys_the_schema():
    import jsonschema

    with open(os.path.join(jvm.ROOT, "docs/schema/recommendation-1.json")) as file:
        schema = json.load(file)
    schema["properties"]["fleet"]["additionalProperties"] = False
    d = job()
    jsonschema.Draft202012Validator(schema).validate(merged(d.path()))


def goes_on_to_resolve():
    d = job()
    text = run("--json", d.path()).stdout
    command = [HEAPCAST, "resolve", "--config", os.path.join(INPUTS, "config.yaml"), "--flink-version", "1.20.5", "--format", "json"]
    one = subprocess.run(command + ["--recommendation", "-"], input=text, capture_output=True, text=True, timeout=30)
    each = [x for n in "abc" for x in ("--recommendation", d.path("heapcast-%s.json" % n))]
    several = subprocess.run(command + each, capture_output=True, text=True, timeout=30)
    assert one.returncode == several.returncode == 0, one.stderr + several.stderr
    a, b = json.loads(one.stdout), json.loads(several.stdout)
    assert a["changes"] == b["changes"] if "changes" in a else a["after"] == b["after"], (a.keys(), b.keys())


def main():
    for test in (worst_decides_and_is_named, order_does_not_matter, one_alone_keeps_its_figures, groups_by_job_name_and_all,
                 what_is_left_out_is_named, nothing_left_is_a_failure, too_little_data, files_of_groups, goes_on_to_resolve):
        jvm.case("merge_" + test.__name__, test)
    try:
        import jsonschema
    except ImportError:
        return jvm.skip("merge_obeys_the_schema", "python's jsonschema (scripts/bootstrap.sh test)")
    jvm.case("merge_obeys_the_schema", obeys_the_schema)


main()
