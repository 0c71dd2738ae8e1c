#!/usr/bin/env python3
"""`heapcast fetch` against a small HTTP server that answers as a JobManager does when all is well, and when it is not:
metrics that are empty or old at first, an election, silence, something that is no Flink."""
import contextlib
import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEAPCAST = os.environ.get("HEAPCAST", os.path.join(ROOT, "build", "heapcast"))
TM = "10.0.0.1:6122-ab c1"  # a blank: it must be escaped
JOB = "0123456789abcdef0123456789abcdef"
failed = 0


class Cluster:
    """What the server says; tests change it."""

    def __init__(self):
        self.taskmanagers = [TM]
        self.cpu = 100          # of the metrics that are collected
        self.collected = None   # None: nothing yet
        self.metrics_asked = 0
        self.answers_until_new = 2
        self.managed = 1 << 28
        self.logs = {}          # {owner: {name: text}}
        self.override = {}      # {path: (status, text)}
        self.election = 0       # so many answers of 503
        self.silent = False
        self.asked = []

    def recollect(self):
        self.metrics_asked += 1
        if self.metrics_asked == self.answers_until_new:
            self.cpu += 1
            self.collected = {"Status.JVM.CPU.Time": self.cpu, "Status.Flink.Memory.Managed.Used": self.managed,
                              "Status.Flink.Memory.Managed.Total": 1 << 29, "Status.Shuffle.Netty.UsedMemory": 32768,
                              "Status.Shuffle.Netty.TotalMemory": 64 << 20, "Status.JVM.Memory.Heap.Max": 512 << 20,
                              "Status.JVM.Memory.Metaspace.Max": 9223372036854775807, "Status.JVM.Memory.Direct.MemoryUsed": "NaN"}
        return self.collected

    def answer(self, path):
        path, _, query = path.partition("?")
        self.asked.append(path)
        if path in self.override:
            return self.override[path]
        if self.election > 0:
            self.election -= 1
            return 503, '{"errors":["Service temporarily unavailable due to an ongoing leader election. Please refresh."]}'
        tm = "/taskmanagers/10.0.0.1:6122-ab%20c1"
        if path == "/overview":
            return {"taskmanagers": 1, "flink-version": "1.20.5"}
        if path == "/taskmanagers":
            return {"taskmanagers": [{"id": t, "slotsNumber": 2, "freeSlots": 1, "memoryConfiguration":
                    {"frameworkHeap": 134217728, "networkMemory": 68367156, "taskHeap": 9223372036854775807}} for t in self.taskmanagers]}
        if path == tm:
            return {"id": TM, "allocatedSlots": [{"index": 0, "jobId": JOB}]}
        if path == tm + "/metrics":
            values = self.recollect() or {}
            wanted = query.split("get=")[1].split(",")
            return [{"id": k, "value": str(v)} for k, v in values.items() if k in wanted]
        if path == "/jobs/overview":
            return {"jobs": [{"jid": JOB, "name": "j \"q\"", "state": "RUNNING"}, {"jid": "f" * 32, "name": "old", "state": "FINISHED"}]}
        if path == "/jobs/" + JOB:
            return {"jid": JOB, "job-type": "STREAMING",
                    "vertices": [{"id": "aa", "name": "s", "parallelism": 3, "tasks": {"RUNNING": 3}},
                                 {"id": "bb", "name": "t", "parallelism": 2, "tasks": {"RUNNING": 1}}],
                    "plan": {"nodes": [{"id": "bb", "inputs": [{"num": 0, "id": "aa", "ship_strategy": "HASH", "exchange": "pipelined_bounded"}]},
                                       {"id": "aa"}]}}
        if path == "/jobmanager/config":
            return [{"key": "taskmanager.numberOfTaskSlots", "value": "2"}]
        for owner, files in self.logs.items():
            if path == f"{owner}/logs":
                return {"logs": [{"name": n, "size": len(t)} for n, t in files.items()]}
            for name, text in files.items():
                if path == f"{owner}/logs/{name}":
                    return 200, text
        return 404, '{"errors":["Not found: ' + path + '"]}'


@contextlib.contextmanager
def serve(cluster, certificate=None):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if cluster.silent:
                time.sleep(3)
                return
            answer = cluster.answer(self.path)
            status, text = answer if isinstance(answer, tuple) else (200, json.dumps(answer))
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def run(*arguments, code=0):
    environment = {**os.environ, "http_proxy": "http://127.0.0.1:9"}  # must not be asked for this machine
    done = subprocess.run([HEAPCAST, "fetch", *arguments], capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == code, f"ended with {done.returncode} instead of {code}: {done.stderr.strip()}"
    return done.stdout, done.stderr


def recommendation(name, host="h", pid=1):
    return json.dumps({"format": "heapcast.recommendation", "format_version": 1, "generated_at": "2026-01-01T00:00:00Z",
                       "subject": {"role": "taskmanager", "name": name, "host": host, "pid": pid, "started_at": "2026-01-01T00:00:00Z",
                                   "jvm": {"version": "17", "collector": "G1", "heap_max_bytes": 1 << 30}},
                       "window": {"collections": 1, "restarts": 0, "samples_dropped": 0},
                       "recommendation": {"verdict": "shrink", "heap_bytes": 1 << 28, "reasons": []}})


def whole_record():
    cluster = Cluster()
    with serve(cluster) as url:
        out, err = run("--rest", url + "/")
    value = json.loads(out)
    assert value["format"] == "heapcast.flink" and value["flink_version"] == "1.20.5" and value["rest_url"] == url, out
    tm, = value["taskmanagers"]
    assert tm["id"] == TM and tm["slots"] == 2 and tm["free_slots"] == 1 and tm["jobs"] == [JOB], tm
    assert tm["plan"] == {"framework_heap_bytes": 134217728, "network_bytes": 68367156}, tm  # 2^63-1 is no size
    assert tm["managed"] == {"used_bytes": 1 << 28, "total_bytes": 1 << 29} and tm["jvm"] == {"heap_max_bytes": 512 << 20}, tm
    job, = value["jobs"]
    assert job["id"] == JOB and job["name"] == 'j "q"' and job["type"] == "STREAMING", job
    assert [(v["id"], v["parallelism"], v["running"]) for v in job["vertices"]] == [("aa", 3, 3), ("bb", 2, 1)], job
    assert job["vertices"][1]["inputs"] == [{"from": "aa", "ship_strategy": "HASH", "exchange": "pipelined_bounded"}], job
    # aa: 2 subpartitions, bb: 3 channels; two slots with both: 2 x (2*2+8 + 3*2+8)
    assert "2 slots for: 1.625mb (1703936 bytes) (52 buffers)" in err, err
    schema_check(value)


def schema_check(value):
    try:
        import jsonschema
    except ImportError:
        return
    with open(os.path.join(ROOT, "docs", "schema", "flink-1.json")) as file:
        jsonschema.Draft202012Validator(json.load(file)).validate(value)


def first_metrics_are_empty():
    cluster = Cluster()
    cluster.answers_until_new = 4
    with serve(cluster) as url:
        out, _ = run("--rest", url)
    assert cluster.metrics_asked >= 4
    assert json.loads(out)["taskmanagers"][0]["managed"]["used_bytes"] == 1 << 28


def old_metrics_do_not_count():
    cluster = Cluster()
    cluster.managed = 0
    cluster.answers_until_new = 1
    cluster.recollect()  # hours ago nothing was reserved
    cluster.managed, cluster.metrics_asked, cluster.answers_until_new = 1 << 27, 0, 3
    with serve(cluster) as url:
        out, _ = run("--rest", url)
        assert json.loads(out)["taskmanagers"][0]["managed"]["used_bytes"] == 1 << 27, out
        cluster.answers_until_new = -1  # and they are never collected again
        out, err = run("--rest", url, "--timeout", "4")
    assert "managed" not in json.loads(out)["taskmanagers"][0], out
    assert "has told no metrics" in err, err


def recommendations_from_logs():
    cluster = Cluster()
    tm = "/taskmanagers/10.0.0.1:6122-ab%20c1"
    cluster.logs = {tm: {"heapcast-a.json": recommendation("a"), "heapcast-bad.json": "{", "flink.log": "x",
                         "heapcast-..%2f..%2fx.json": recommendation("x"), "heapcast-a.hc": "binary"},
                    "/jobmanager": {"heapcast-a.json": recommendation("a"), "heapcast-jm.json": recommendation("jm", pid=7)}}
    with serve(cluster) as url:
        _, err = run("--rest", url, "--recommendations", "recs", "-o", "flink.json")
        assert sorted(os.listdir("recs")) == ["heapcast-a.json", "heapcast-jm.json"], os.listdir("recs")
        assert "2 recommendations in recs" in err and "heapcast-bad.json: left out" in err, err
        assert f"{tm}/logs/heapcast-a.hc" not in cluster.asked and f"{tm}/logs/flink.log" not in cluster.asked
        # the same name on another machine: both are kept
        cluster.logs["/jobmanager"]["heapcast-a.json"] = recommendation("a", host="other")
        cluster.metrics_asked = 0
        run("--rest", url, "--recommendations", "recs", "-o", "flink.json")
    assert sorted(os.listdir("recs")) == ["heapcast-a-2.json", "heapcast-a.json", "heapcast-jm.json"], os.listdir("recs")
    shown = subprocess.run([HEAPCAST, "show", "recs"], capture_output=True, text=True)
    assert shown.returncode == 0 and len(shown.stdout.splitlines()) >= 3, shown.stderr


def certificates_are_checked():
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                           "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "ca.pem"], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    with open("both.pem", "w") as both:
        both.write(open("key.pem").read() + open("ca.pem").read())
    with serve(Cluster(), "both.pem") as url:
        out, _ = run("--rest", url, "--ca", "ca.pem")
        assert json.loads(out)["flink_version"] == "1.20.5", out
        _, err = run("--rest", url, code=1)
        assert "certificate" in err and "--ca" in err, err
        _, err = run("--rest", url, "--ca", "none.pem", code=1)
        assert "none.pem" in err, err


def an_election_is_waited_for():
    cluster = Cluster()
    cluster.election = 2
    with serve(cluster) as url:
        run("--rest", url)
        cluster.election = 1 << 30
        start = time.monotonic()
        _, err = run("--rest", url, "--timeout", "2", "-o", "flink.json", code=1)
    assert 1 < time.monotonic() - start < 4
    assert "is not ready: Service temporarily unavailable due to an ongoing leader election" in err and "right would be to wait" in err, err
    assert not os.path.exists("flink.json")


def nobody_there():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    start = time.monotonic()
    _, err = run("--rest", f"http://user:secret@127.0.0.1:{port}", code=1)
    assert time.monotonic() - start < 3
    assert f"heapcast: http://127.0.0.1:{port} cannot be reached" in err and "kubectl port-forward" in err and "secret" not in err, err
    _, err = run("--rest", "http://no-such-host.invalid:8081", "--timeout", "5", code=1)
    assert "no-such-host.invalid" in err, err


def silence_ends():
    cluster = Cluster()
    cluster.silent = True
    with serve(cluster) as url:
        start = time.monotonic()
        _, err = run("--rest", url, "--timeout", "1", code=1)
    assert time.monotonic() - start < 3 and "gave no answer in time" in err and "--timeout" in err, err


def something_else():
    cluster = Cluster()
    with serve(cluster) as url:
        for answer, words in (((200, "<html>"), "something that is no JSON"), ((200, "{}"), "does not answer as Flink"),
                              ((404, "nothing"), "does not answer as Flink"), ((401, "who are you?\x1b[31m"), "status 401: who are you? [31m"),
                              ((200, '{"flink-version": 5}'), "does not answer as Flink")):
            cluster.override["/overview"] = answer
            _, err = run("--rest", url, code=1)
            assert words in err, (answer, err)
        cluster.override = {"/taskmanagers": (200, '{"taskmanagers": "many"}')}
        _, err = run("--rest", url, code=1)
        assert "does not answer as Flink" in err, err
        cluster.override = {}
        cluster.taskmanagers = []
        _, err = run("--rest", url, "-o", "flink.json", code=3)
        assert "no TaskManager registered" in err and not os.path.exists("flink.json"), err
        cluster.taskmanagers = [TM, "gone"]  # it went between two questions
        out, _ = run("--rest", url, "--timeout", "6")
        assert len(json.loads(out)["taskmanagers"]) == 2, out


def usage():
    for arguments in ([], ["--rest", "localhost:8081"], ["--rest", "ftp://x"], ["--rest", "http://"], ["--rest", "http://x", "--timeout", "0"],
                      ["--rest", "http://x", "--timeout", "soon"], ["--rest", "http://x", "more"]):
        run(*arguments, code=2)


for test in (whole_record, first_metrics_are_empty, old_metrics_do_not_count, recommendations_from_logs, certificates_are_checked, an_election_is_waited_for,
             nobody_there, silence_ends, something_else, usage):
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        try:
            test()
            print(f"ok cli_fetch {test.__name__}")
        except (AssertionError, KeyError, ValueError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"not ok cli_fetch {test.__name__}: {error!r}")
        os.chdir("/")
sys.exit(1 if failed else 0)
