"""Real JVMs for the integration tests: which are at hand, and how to run a Java program under the agent in one."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AGENT = os.environ.get("HEAPCAST_AGENT", os.path.join(ROOT, "build", "libheapcast.so"))
HEAPCAST = os.environ.get("HEAPCAST", os.path.join(ROOT, "build", "heapcast"))
WANTED = ("11", "17", "21", "25")


def ok(name):
    print("ok " + name, flush=True)


def not_ok(name, why):
    print("not ok %s: %s" % (name, str(why).replace("\n", " | ")[:1500]), flush=True)


def skip(name, missing):
    print("skip %s: %s" % (name, missing), flush=True)


def case(name, test):
    """Runs test(); an assertion or exception is the reason of `not ok`."""
    try:
        test()
        ok(name)
    except AssertionError as e:
        not_ok(name, e)
    except Exception as e:  # a broken tool is a failure of this case, not of the script
        not_ok(name, "%s: %s" % (type(e).__name__, e))


def release_of(home):
    try:
        text = open(os.path.join(home, "release")).read()
        return re.search(r'JAVA_VERSION="(\d+)', text).group(1)
    except (OSError, AttributeError):
        return None


def jdks():
    """version -> home, from build/jdks.env (scripts/bootstrap.sh), JAVA_HOME and the system's folder; or HEAPCAST_JAVA alone."""
    found = {}
    if "HEAPCAST_JAVA" in os.environ:
        return {release_of(os.environ["HEAPCAST_JAVA"]): os.environ["HEAPCAST_JAVA"]}
    listed = os.path.join(ROOT, "build", "jdks.env")
    if os.path.exists(listed):
        for line in open(listed):
            version, home = line.split(None, 1)
            found.setdefault(version, home.strip())
    for home in [os.environ.get("JAVA_HOME", "")] + sorted(glob.glob("/usr/lib/jvm/*")):
        if os.path.exists(os.path.join(home, "bin", "java")):
            version = release_of(home)
            if version:
                found.setdefault(version, home)
    return {v: h for v, h in found.items() if v in WANTED}


def classes():
    """The compiled test programs (any javac will do: they are compiled for Java 11)."""
    out = os.path.join(ROOT, "build", "tests", "java")
    sources = glob.glob(os.path.join(ROOT, "tests", "java", "*.java"))
    stamp = os.path.join(out, ".stamp")
    if not os.path.exists(stamp) or any(os.path.getmtime(s) > os.path.getmtime(stamp) for s in sources):
        os.makedirs(out, exist_ok=True)
        javac = shutil.which("javac") or next(iter(glob.glob("/usr/lib/jvm/*/bin/javac")))
        subprocess.run([javac, "-nowarn", "--release", "11", "-d", out] + sources, check=True, stderr=subprocess.DEVNULL)
        open(stamp, "w").close()
    return out


class Jvm:
    """One JVM run: its folder, log, recommendation and samples."""

    def __init__(self, home, name="t"):
        self.home, self.name = home, name
        self.dir = tempfile.mkdtemp(prefix="heapcast-test-")
        self.process = None

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def command(self, flags, program, options="", agent=AGENT, directory=None):
        text = "dir=%s,name=%s" % (directory or self.dir, self.name)
        text += "," + options if options else ""
        java = os.path.join(self.home, "bin", "java")
        return [java] + flags + ["-agentpath:%s=%s" % (agent, text), "-cp", classes()] + program

    def start(self, flags, program, options="", **more):
        self.process = subprocess.Popen(self.command(flags, program, options, **more), cwd=self.dir,
                                        stdout=open(self.path("out"), "w"), stderr=open(self.path("err"), "w"))
        return self.process

    def run(self, flags, program, options="", timeout=120, **more):
        self.start(flags, program, options, **more)
        try:
            return self.process.wait(timeout)
        finally:
            self.kill()

    def kill(self, how=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait()

    def err(self):
        return open(self.path("err")).read()

    def messages(self):
        return [line for line in self.err().splitlines() if line.startswith("heapcast: ")]

    def json_path(self, name=None):
        return self.path("heapcast-%s.json" % (name or self.name))

    def recommendation(self, name=None):
        return json.load(open(self.json_path(name)))

    def samples(self, name=None):
        path = self.path("heapcast-%s.hc" % (name or self.name))
        text = subprocess.run([HEAPCAST, "export", "--format", "jsonl", path], check=True, capture_output=True, text=True).stdout
        return [json.loads(line) for line in text.splitlines()]

    def wait_for(self, condition, seconds=30):
        end = time.time() + seconds
        while time.time() < end:
            try:
                value = condition()
                if value:
                    return value
            except (OSError, ValueError, KeyError, subprocess.CalledProcessError):
                pass
            if self.process.poll() is not None:
                raise AssertionError("the JVM ended early: " + self.err()[-500:])
            time.sleep(0.05)
        raise AssertionError("waited %d s in vain; stderr: %s" % (seconds, self.err()[-500:]))

    def clean(self):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.clean()


def finish():
    sys.stdout.flush()
