#!/usr/bin/env python3
"""`heapcast resolve --format k8s-patch` against the definition of FlinkDeployment that the operator itself installs: the
patched resource must be valid, and what the operator hands to Flink must give the recommended heap. The definition
comes from Maven; `make test-kubernetes` also applies the patches through a real Kubernetes API server."""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEAPCAST = os.environ.get("HEAPCAST", os.path.join(ROOT, "build", "heapcast"))
SERVER = os.path.join(ROOT, "build", "kubernetes-server")
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "heapcast", "flink-operator")
# The oldest that knows Flink 1.18, and a recent one.
VERSIONS = os.environ.get("OPERATOR_VERSIONS", "1.7.0 1.10.0").split()
MIB = 1 << 20
HEAP = 300 * MIB + 1
T = "taskmanager.memory."
failed = 0

# name, Flink's version, spec.flinkConfiguration, spec.taskManager.resource.memory (None: not set)
DEPLOYMENTS = [
    ("resource_only", "1.20.5", {"taskmanager.numberOfTaskSlots": "2"}, "4g"),
    ("quantity", "1.20.5", {}, "4Gi"),
    ("process_size_only", "1.18.1", {T + "process.size": "4g"}, None),
    ("both_differ", "1.20.5", {T + "process.size": "2g"}, "4096m"),
    ("odd_bytes", "1.20.5", {}, "1620044655b"),
    ("flink_size", "1.20.5", {T + "flink.size": "3g"}, None),
    ("flink_size_and_resource", "1.20.5", {T + "flink.size": "2048m"}, "2560m"),
    ("fine_grained", "2.0.2", {T + "task.heap.size": "2g", T + "managed.size": "1g"}, None),
    ("deprecated", "1.17.2", {"taskmanager.memory.size": "600m", "taskmanager.network.memory.max": "128m"}, "4g"),
    ("overhead_capped", "1.20.5", {T + "flink.size": "3g", T + "jvm-overhead.max": "256m"}, None),
    ("rule", "1.16.3", {T + "managed.fraction": "0.1", T + "network.fraction": "0.05"}, "8192m"),
]


def deployment(version, options, memory):
    manager = {"resource": {"cpu": 1}}
    if memory is not None:
        manager["resource"]["memory"] = memory
    major, minor = version.split(".")[:2]
    return {"apiVersion": "flink.apache.org/v1beta1", "kind": "FlinkDeployment", "metadata": {"name": "d", "namespace": "default"},
            "spec": {"image": f"flink:{version}", "flinkVersion": f"v{major}_{minor}", "serviceAccount": "flink",
                     "flinkConfiguration": options, "jobManager": {"resource": {"memory": "1600m", "cpu": 1}},
                     "taskManager": manager,
                     "job": {"jarURI": "local:///j.jar", "parallelism": 2, "upgradeMode": "stateless"}}}


def effective(object_):
    """What the operator makes of it: the resource is written over the process size. A quantity is binary there too."""
    spec = object_["spec"]
    options = dict(spec["flinkConfiguration"])
    memory = spec["taskManager"]["resource"].get("memory")
    if memory is not None:
        options[T + "process.size"] = memory[:-1] if memory.endswith("i") else memory
    return options


def run(*arguments, stdin=""):
    done = subprocess.run([HEAPCAST, *arguments], input=stdin, capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}: ended with {done.returncode}: {done.stderr.strip()}"
    return done.stdout


def lines(options):
    return "".join(f"{key}: {value}\n" for key, value in options.items())


def patch_of(version, options, memory):
    with open("rec.json", "w") as file:
        json.dump({"format": "heapcast.recommendation", "format_version": 1, "generated_at": "2026-01-01T00:00:00Z",
                   "subject": {"role": "taskmanager", "name": "tm", "host": "h", "pid": 1, "started_at": "2026-01-01T00:00:00Z",
                               "jvm": {"version": "17", "collector": "G1", "heap_max_bytes": 1 << 30}},
                   "window": {"collections": 100, "restarts": 0, "samples_dropped": 0},
                   "recommendation": {"verdict": "shrink", "heap_bytes": HEAP, "reasons": ["a test's own"]},
                   "off_heap": {"managed_consumers": []}}, file)
    return json.loads(run("resolve", "--recommendation", "rec.json", "--config", "-", "--config-format", "flink-conf.yaml",
                          "--flink-version", version, "--format", "k8s-patch",
                          stdin=lines(effective(deployment(version, options, memory)))))


def merge(target, patch):
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merge(target.get(key), value)
    return target


def check(name, version, patched):
    """The patched resource, read as the operator and Flink read it, has the recommended heap in whole MiB."""
    spec = patched["spec"]
    memory = spec["taskManager"]["resource"]["memory"]
    assert memory.endswith("m") and memory[:-1].isdigit(), memory
    assert spec["flinkConfiguration"][T + "process.size"] == memory, "the two places differ"
    answer = run("memory", "--config", "-", "--config-format", "flink-conf.yaml", "--flink-version", version, "--json",
                 stdin=lines(effective(patched)))
    size = json.loads(answer)["bytes"]
    assert size["jvm_heap"] == HEAP, f"{name}: heap {size['jvm_heap']}"
    assert size["total_process"] == int(memory[:-1]) * MIB
    for key in ("taskmanager.memory.size", "taskmanager.network.memory.max"):
        if key == "taskmanager.memory.size":
            assert key not in spec["flinkConfiguration"], f"{key} stays beside its new spelling"


# ---- the definition ---------------------------------------------------------------------------------------------------

def definition(version):
    """Path of the operator's own YAML, or None."""
    path = os.path.join(CACHE, f"flinkdeployments-{version}.yml")
    if os.path.exists(path):
        return path
    if shutil.which("mvn") is None:
        return None
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(["mvn", "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get", "-Dtransitive=false",
                               f"-Dartifact=org.apache.flink:flink-kubernetes-operator-api:{version}"],
                              capture_output=True, text=True, cwd=directory, timeout=200)
    jars = glob.glob(os.path.expanduser(f"~/.m2/repository/org/apache/flink/flink-kubernetes-operator-api/{version}/*-{version}.jar"))
    if done.returncode != 0 or not jars:
        return None
    os.makedirs(CACHE, exist_ok=True)
    with zipfile.ZipFile(jars[0]) as jar, open(path + ".tmp", "wb") as file:
        file.write(jar.read("META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml"))
    os.rename(path + ".tmp", path)
    return path


def strict(schema):
    """A Kubernetes structural schema as JSON Schema in which an unknown field is an error, as with strict validation."""
    if not isinstance(schema, dict):
        return schema
    out = {k: v for k, v in schema.items() if not k.startswith("x-kubernetes") and k not in ("nullable", "format", "description")}
    if "properties" in schema:
        out["properties"] = {k: strict(v) for k, v in schema["properties"].items()}
        if "additionalProperties" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            out["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if key in schema:
            out[key] = strict(schema[key])
    if schema.get("x-kubernetes-int-or-string"):
        out.pop("anyOf", None)
        out["type"] = ["integer", "string"]
    elif schema.get("nullable") and "type" in schema:
        out["type"] = [schema["type"], "null"]
    return out


def validator(path):
    import jsonschema
    import yaml
    with open(path) as file:
        root = strict(yaml.safe_load(file)["spec"]["versions"][-1]["schema"]["openAPIV3Schema"])
    root["properties"].update({"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}})
    return jsonschema.Draft7Validator(root)


def knows(path, version):
    major, minor = version.split(".")[:2]
    return f"v{major}_{minor}" in open(path).read()


def valid_by_schema(version, path, patches):
    try:
        check_valid = validator(path)
    except ImportError as error:
        print(f"skip cli_k8s_patch schema_{version}: no Python module {error.name}")
        return
    for (name, flink, options, memory), patch in patches:
        if not knows(path, flink):
            continue
        errors = [f"{'.'.join(map(str, e.absolute_path))}: {e.message}" for e in check_valid.iter_errors(merge(deployment(flink, options, memory), patch))]
        assert not errors, f"{name}: {errors[0]}"
    # the validator itself: these must be refused
    good = deployment("1.16.3", {}, "1g")
    for wrong in ({"spec": {"taskManager": {"resource": {"memory": 1024}}}}, {"spec": {"taskManager": {"resources": {"memry": "1g"}}}},
                  {"spec": {"flinkConfiguration": "a: b"}}):
        assert list(check_valid.iter_errors(merge(good, wrong))), f"the schema takes {wrong}"
    print(f"ok cli_k8s_patch schema_{version}")


def applied_by_server(version, path, patches):
    known = [p for p in patches if knows(path, p[0][1])]
    cases = [{"object": deployment(flink, options, memory), "patch": patch} for (_, flink, options, memory), patch in known]
    cases.append({"object": deployment("1.16.3", {}, "1g"), "patch": {"spec": {"taskManager": {"resource": {"memory": 1024}}}}})
    cases.append({"object": deployment("1.16.3", {}, "1g"), "patch": {"spec": {"taskManager": {"resource": {"memry": "1g"}}}}})
    done = subprocess.run([SERVER, path], input="".join(json.dumps(c) + "\n" for c in cases), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-800:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(cases), (len(answers), len(cases))
    assert "error" in answers[-1] and "error" in answers[-2], "the server takes a wrong patch"
    for ((name, flink, options, memory), patch), answer in zip(known, answers):
        assert "error" not in answer, f"{name}: {answer['error'][:500]}"
        check(name, flink, answer)
        assert answer["spec"] == merge(deployment(flink, options, memory), patch)["spec"], f"{name}: the server holds something else"
    print(f"ok cli_k8s_patch server_{version}")


def nothing_to_change():
    with open("keep.json", "w") as file:
        value = json.load(open("rec.json"))
        value["recommendation"] = {"verdict": "keep", "heap_bytes": HEAP, "reasons": []}
        value["off_heap"] = {"managed_consumers": ["rocksdb"]}
        json.dump(value, file)
    out = run("resolve", "--recommendation", "keep.json", "-D", T + "process.size=4g", "--format", "k8s-patch")
    assert json.loads(out) == {}, out


def attempt(name, test, *arguments):
    global failed
    try:
        test(*arguments)
        return True
    except (AssertionError, subprocess.TimeoutExpired, OSError) as error:
        failed += 1
        print(f"not ok cli_k8s_patch {name}: {error}")
        return False


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    patches = []
    for case in DEPLOYMENTS:
        def one():
            patch = patch_of(*case[1:])
            check(case[0], case[1], merge(deployment(*case[1:]), patch))
            patches.append((case, patch))
            print(f"ok cli_k8s_patch {case[0]}")
        attempt(case[0], one)
    if attempt("nothing_to_change", nothing_to_change):
        print("ok cli_k8s_patch nothing_to_change")
    for version in VERSIONS:
        path = definition(version)
        if path is None:
            print(f"skip cli_k8s_patch operator {version}: its definition could not be had through Maven")
            continue
        attempt(f"schema_{version}", valid_by_schema, version, path, patches)
        if os.path.exists(SERVER):
            attempt(f"server_{version}", applied_by_server, version, path, patches)
        else:
            print(f"skip cli_k8s_patch server_{version}: 'make test-kubernetes' builds a Kubernetes API server for it")
    os.chdir("/")
sys.exit(1 if failed else 0)
