#!/usr/bin/env python3
"""What the test bed asks of Flink's REST interface. Standard library only.

  flink_rest.py get URL PATH                    prints the answer
  flink_rest.py await URL COUNT SECONDS PID...  waits for COUNT TaskManagers, prints their ids; fails if a PID dies
  flink_rest.py run URL JAR CLASS ARGUMENT...   uploads the jar, starts the job, prints its id
  flink_rest.py cancel URL JOB                  and waits until it has ended
"""
import json
import os
import sys
import time
import urllib.request
import uuid

# The cluster is on this machine: a proxy of the environment must not be asked.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def request(url, data=None, content_type="application/json", method=None, timeout=10):
    headers = {"Content-Type": content_type} if data is not None else {}
    with _open(urllib.request.Request(url, data, headers, method=method), timeout=timeout) as answer:
        text = answer.read()
    return json.loads(text) if text else {}


def get(url, path):
    return request(url + "/" + path.lstrip("/"))


def metrics(url, path):
    """{name: number} for PATH/metrics?get=…; Flink answers [] until somebody has asked once."""
    return {m["id"]: float(m["value"]) for m in get(url, path) if m.get("value") not in (None, "NaN")}


def await_taskmanagers(url, count, seconds, pids):
    end = time.monotonic() + seconds
    while True:
        try:
            ids = [t["id"] for t in get(url, "taskmanagers")["taskmanagers"]]
        except OSError:  # the JobManager does not listen yet
            ids = None
        if ids is not None and len(ids) == count:
            return ids
        for pid in pids:
            if not os.path.exists(f"/proc/{pid}"):
                sys.exit(f"process {pid} ended while it was waited for")
        if time.monotonic() > end:
            sys.exit(f"{seconds} s went by, and {url} has {0 if ids is None else len(ids)} TaskManagers, not {count}")
        time.sleep(0.3)


def run(url, jar, entry_class, arguments):
    boundary = uuid.uuid4().hex
    with open(jar, "rb") as file:
        content = file.read()
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="jarfile"; filename="{os.path.basename(jar)}"\r\n'
        "Content-Type: application/java-archive\r\n\r\n"
    ).encode() + content + f"\r\n--{boundary}--\r\n".encode()
    uploaded = request(f"{url}/jars/upload", body, f"multipart/form-data; boundary={boundary}", timeout=60)
    body = json.dumps({"entryClass": entry_class, "programArgsList": arguments}).encode()
    return request(f"{url}/jars/{os.path.basename(uploaded['filename'])}/run", body, timeout=120)["jobid"]


def cancel(url, job):
    request(f"{url}/jobs/{job}?mode=cancel", b"", method="PATCH")
    for _ in range(100):
        if get(url, f"jobs/{job}")["state"] in ("CANCELED", "FAILED", "FINISHED"):
            return
        time.sleep(0.3)
    sys.exit(f"job {job} did not end in 30 s")


def main(command, url, *rest):
    if command == "get":
        print(json.dumps(get(url, rest[0])))
    elif command == "await":
        print(*await_taskmanagers(url, int(rest[0]), float(rest[1]), rest[2:]))
    elif command == "run":
        print(run(url, rest[0], rest[1], list(rest[2:])))
    elif command == "cancel":
        cancel(url, rest[0])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.url}: {error} {error.read(2000).decode(errors='replace')}")
    except OSError as error:
        sys.exit(f"{sys.argv[2]}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
