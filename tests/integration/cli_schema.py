#!/usr/bin/env python3
"""docs/schema/recommendation-1.json: it knows every field that the code has and no other, the agent's files obey it, and
it refuses what is wrong."""
import copy
import glob
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

SCHEMA = os.path.join(jvm.ROOT, "docs", "schema", "recommendation-1.json")
FIELDS = os.path.join(jvm.ROOT, "records", "recommendation_fields.h")
CODE = os.path.join(jvm.ROOT, "records", "recommendation_json.c")
INPUTS = sorted(glob.glob(os.path.join(jvm.ROOT, "tests", "golden", "inputs", "heapcast-*.json")))
# Written by recommendation_json.c itself, without the table.
LISTS = {"format", "format_version", "subject.role", "subject.name", "subject.host", "subject.pid", "subject.started_at",
         "subject.jvm.version", "subject.jvm.collector", "subject.jvm.heap_max_bytes", "subject.flink",
         "recommendation.reasons", "observed.live_probe.state", "off_heap.managed_consumers", "events", "histogram.scheme", "histogram.buckets"}

schema = json.load(open(SCHEMA))


def resolve(node):
    return dict(schema["$defs"][node["$ref"].split("/")[-1]], **{k: v for k, v in node.items() if k != "$ref"}) \
        if "$ref" in node else node


def leaves(node, path=""):
    """Dotted paths of all that is no object with properties of its own."""
    node = resolve(node)
    if node.get("type") == "object" and node.get("properties"):
        for key, value in node["properties"].items():
            yield from leaves(value, path + "." + key if path else key)
    else:
        yield path


def closed(node):
    """The same schema with unknown keys forbidden: the agent must not write what is not described."""
    if isinstance(node, list):
        return [closed(n) for n in node]
    if not isinstance(node, dict):
        return node
    node = {k: closed(v) for k, v in node.items()}
    if node.get("type") == "object" and node.get("properties"):
        node.setdefault("additionalProperties", False)
    return node


def coded_fields():
    text = open(FIELDS).read()
    parts = re.findall(r'"off_heap\." #name, "(\w+)"', text)
    found = {"off_heap.%s.%s" % (name, part) for name in re.findall(r"^\s*ADVICE\((\w+)\)", text, re.M) for part in parts}
    for place, key in re.findall(r'\{"([\w.]*)", "(\w+)", FIELD_', text):
        found.add(place + "." + key if place else key)
    return found


def names(table):
    body = re.search(r"%s\[\] = \{(.*?)\};" % table, open(CODE).read(), re.S).group(1)
    return re.findall(r'"(\w+)"', body)


def at(path):
    node = schema
    for key in path.split("."):
        node = resolve(resolve(node)["properties"][key])
    return node


def every_field_is_described():
    fields = coded_fields()
    assert len(fields) > 90, "only %d fields found in %s" % (len(fields), FIELDS)
    described = set(leaves(schema))
    assert fields | LISTS == described, "differ: %s" % sorted((fields | LISTS) ^ described)


def every_name_is_described():
    for path, table, unknown in (("recommendation.verdict", "verdict_names", None), ("subject.role", "role_names", None),
                                 ("observed.live_set_evidence", "evidence_names", "none"),
                                 ("model.binding", "term_names", "none"), ("subject.jvm.collector", "collector_names", None)):
        want = [n for n in names(table) if n != unknown]
        assert at(path)["enum"] == want, "%s: %s, the code has %s" % (path, at(path)["enum"], want)
    for description, table in ((at("off_heap.managed_consumers")["description"], "consumer_names"),
                               (at("events")["items"]["properties"]["kind"]["description"], "event_names")):
        for name in names(table):
            assert name in description or name == "unknown", "%s is not in: %s" % (name, description)


def everything_has_a_description():
    def walk(node, path):
        assert resolve(node).get("description") or "const" in node, "%s has no description" % path
        for key, value in node.get("properties", {}).items():
            walk(value, path + "." + key)
    walk(schema, "")


def bounds_are_the_code_s():
    exact = re.search(r"#define EXACT_MAX (\d+)\.0", open(CODE).read()).group(1)
    assert schema["$defs"]["bytes"]["maximum"] == int(exact)
    door = open(os.path.join(jvm.ROOT, "include", "heapcast", "recommendation.h")).read()
    for path, name in (("recommendation.reasons", "HC_REASONS_MAX"), ("events", "HC_EVENTS_MAX"),
                       ("histogram.buckets", "HC_HISTOGRAM_BUCKETS")):
        assert at(path)["maxItems"] == int(re.search(name + r" (\d+)", door).group(1)), path


def obeys(validator, path):
    errors = ["%s: %s" % (".".join(map(str, e.absolute_path)), e.message) for e in validator.iter_errors(json.load(open(path)))]
    assert not errors, errors[:5]


def mistakes_are_refused(validator):
    good = json.load(open(os.path.join(jvm.ROOT, "tests", "golden", "inputs", "heapcast-wordcount-taskmanager-1-1.json")))

    def refused(path, value):
        bad = copy.deepcopy(good)
        node = bad
        *way, key = path.split(".")
        for step in way:
            node = node[step]
        if value is None:
            del node[key]
        else:
            node[key] = value
        assert not validator.is_valid(bad), "taken with %s = %r" % (path, value)

    assert validator.is_valid(good)
    assert validator.is_valid(dict(good, a_later_key={"x": 1}))
    for path in ("format", "format_version", "subject", "recommendation", "recommendation.verdict", "recommendation.heap_bytes",
                 "recommendation.current_heap_bytes", "subject.role", "subject.name", "histogram.scheme"):
        refused(path, None)
    for path, value in (("format_version", 2), ("format", "other"), ("recommendation.verdict", "explode"),
                        ("recommendation.verdict", "insufficient_data"),  # and yet a heap size
                        ("recommendation.heap_bytes", "512m"), ("recommendation.heap_bytes", -1),
                        ("recommendation.heap_bytes", 1.5), ("recommendation.confidence_ratio", 2), ("generated_at", "today"),
                        ("generated_at", 1795235400), ("observed.live_set_evidence", "none"), ("subject.name", "a/b"),
                        ("subject.flink", {"taskmanager.memory.task.heap.size": 5}), ("events", [{"kind": "x"}]),
                        ("off_heap.managed_consumers", ["rocksdb", "rocksdb"]), ("off_heap.metaspace.now_bytes", "1"),
                        ("histogram.buckets", [[0, 1, 2]]), ("histogram.buckets", [[0]]), ("histogram.buckets", [[0, -1]]),
                        ("model.trend.significant", 1), ("recommendation.reasons", "because")):
        refused(path, value)


def agent_output(validator):
    home = jvm.jdks().get("17") or next(iter(jvm.jdks().values()), None)
    if home is None or not os.path.exists(jvm.AGENT):
        return jvm.skip("schema_of_what_the_agent_writes", "a JDK and build/libheapcast.so")

    def run():
        with jvm.Jvm(home) as j:
            flags = ["-Xmx96m", "-XX:+UseG1GC"]
            assert j.run(flags, ["Churn", "collections=30", "seconds=20", "live=20"], "publish=1s,warmup=0s,off_heap=1s") == 0, j.err()
            obeys(validator, j.json_path())
            assert j.run(flags, ["Churn", "collections=30", "seconds=20", "live=20", "oom=1"], "publish=1s,warmup=0s") == 0, j.err()
            obeys(validator, j.json_path())
            assert j.recommendation()["events"], "no event after an OutOfMemoryError"
    jvm.case("schema_of_what_the_agent_writes", run)


def main():
    for test in (every_field_is_described, every_name_is_described, everything_has_a_description, bounds_are_the_code_s):
        jvm.case("schema_" + test.__name__, test)
    try:
        import jsonschema
    except ImportError:
        return jvm.skip("schema_validation", "python's jsonschema (scripts/bootstrap.sh test)")
    jsonschema.Draft202012Validator.check_schema(schema)
    strict = jsonschema.Draft202012Validator(closed(schema))
    for path in INPUTS:
        jvm.case("schema_of_" + os.path.basename(path), lambda: obeys(strict, path))
    jvm.case("schema_mistakes_are_refused", lambda: mistakes_are_refused(jsonschema.Draft202012Validator(schema)))
    agent_output(strict)


main()
