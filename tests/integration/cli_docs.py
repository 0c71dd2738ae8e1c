#!/usr/bin/env python3
"""docs/agent-options.md against agent/args.c and the agent's own words; its examples are tried in a JVM."""
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jvm

TEXT = open(os.path.join(jvm.ROOT, "docs", "agent-options.md")).read()
ARGS = open(os.path.join(jvm.ROOT, "agent", "args.c")).read()
HEADER = open(os.path.join(jvm.ROOT, "agent", "args.h")).read()
MS = {"SECOND": 1000, "MINUTE": 60000, "HOUR": 3600000, "DAY": 86400000}
UNITS = {"ms": 1, "s": 1000, "m": 60000, "h": 3600000, "d": 86400000}


def rows(heading):
    """The cells of the table whose first column is called `heading`."""
    lines = iter(TEXT.splitlines())
    for line in lines:
        if line.startswith("| %s |" % heading):
            next(lines)
            break
    found = []
    for line in lines:
        if not line.startswith("|"):
            return found
        found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return found


TABLE = {row[0].strip(" `"): row for row in rows("option")}


def array(name):
    return re.findall(r'"([^"]+)"', re.search(r"const %s\[\] = \{(.*?)\};" % name, ARGS, re.S).group(1))


def c_ms(expression):
    value = 1
    for factor in expression.replace("(", "").replace(")", "").split("*"):
        factor = factor.strip()
        value *= MS[factor] if factor in MS else int(factor)
    return value


def ms(text):
    number, unit = re.fullmatch(r"`?(\d+)(ms|s|m|h|d)`?", text).groups()
    return int(number) * UNITS[unit]


def default(name):
    return TABLE[name][1].strip("`")


def same_options_in_the_same_order():
    assert list(TABLE) == array("names"), "documented %s, known %s" % (list(TABLE), array("names"))


def defaults_are_those_of_the_code():
    initial = dict(re.findall(r"\.(\w+) = ([^,\n]+),", re.search(r"\*out = \(struct args\)\{(.*?)\};", ARGS, re.S).group(1)))
    for name in ("publish", "horizon", "warmup", "off_heap"):
        assert ms(default(name)) == c_ms(initial.pop(name + "_ms")), name
    assert default("gc_share") == initial.pop("gc_share")
    risks = re.search(r"risks\[\] = \{(.*?)\}", ARGS)[1].replace('"', "").split(", ")
    assert default("risk") == risks[int(initial.pop("risk")[len("risks["):-1])]
    assert default("history") == array("on_off")[int(initial.pop("history"))]
    assert (default("live_probe"), initial.pop("live_probe")) == ("auto", "1") and default("live_probe_pause") == "none"
    level = initial.pop("log")
    assert default("log") == array("levels")[int(re.search(level + r" = (\d)", open(os.path.join(jvm.ROOT, "agent", "log.h")).read()).group(1))]
    assert not initial, "defaults that this test does not know: %s" % initial
    # not in the initialiser, so 0
    assert default("role") == array("roles")[0] and default("strict") == array("false_true")[0]
    assert default("prometheus") == array("on_off")[0]


def ranges_are_those_of_the_code():
    for name, least, most in re.findall(r'strcmp\(name, "(\w+)"\) == 0\) \{\s*set_duration\(a, name, value, ([^,]+), ([^,]+), &', ARGS):
        low, high = re.findall(r"`(\w+)`", TABLE[name][2])
        assert ms(low) == (0 if least == "0" else c_ms(least)) and ms(high) == c_ms(most), (name, least, most)
    least, most = re.search(r'set_duration\(a, "off_heap", value, (\w+), (\w+),', ARGS).groups()
    assert TABLE["off_heap"][2] == "`1s` to `1d`, `off`" and (least, most) == ("SECOND", "DAY")
    assert re.findall(r"[\d.]+", TABLE["gc_share"][2]) == list(re.search(r"share < ([\d.]+) \|\| share > ([\d.]+)", ARGS).groups())
    for name, choices in (("role", "roles"), ("log", "levels"), ("history", "on_off"), ("prometheus", "on_off"), ("strict", "false_true")):
        assert sorted(re.findall(r"`(\w+)`", TABLE[name][2])) == sorted(array(choices)), name
    assert re.search(r"at most (\d+) bytes", TABLE["dir"][2]).group(1) == str(int(re.search(r"ARGS_PATH_SIZE = (\d+)", HEADER).group(1)) - 1)


def options_of_later_versions_are_marked():
    for name in ("prometheus",):
        assert "not in this version" in TABLE[name][3], name
        assert re.search(r'"%s=(on|%%s): [^"]*' % name, ARGS), name


def messages_are_in_the_source():
    source = ""
    for path in glob.glob(os.path.join(jvm.ROOT, "agent", "*.c")) + glob.glob(os.path.join(jvm.ROOT, "records", "*.c")):
        source += re.sub(r'"\s*\n\s*"', "", open(path).read())
    source = re.sub(r"%l*[a-z]", "\0", source)
    table = rows("level")
    assert len(table) >= 12, table
    for row in table:
        for message in re.findall(r"`([^`]*…[^`]*|[^`]{25,})`", " ".join(row[1:])):
            for part in re.split("…", message):
                assert part.strip() in source, "'%s' of '%s' is nowhere in the source" % (part, message)


def examples():
    """Option texts of the examples, as the agent gets them."""
    found = re.findall(r"-agentpath:\S*libheapcast\.so=(\S+)", TEXT) + re.findall(r"agent_load \S+libheapcast\.so (\S+)", TEXT)
    assert len(found) >= 4, found
    return [text for text in found if "…" not in text]


def examples_are_understood():
    java = os.path.join(next(iter(jvm.jdks().values())), "bin", "java")
    with tempfile.TemporaryDirectory() as directory:
        for text in examples():
            text = re.sub(r"dir([=:])[^,]*", r"dir\1" + directory, text)
            r = subprocess.run([java, "-agentpath:%s=%s" % (jvm.AGENT, text), "-version"], cwd=directory, capture_output=True,
                               text=True, timeout=60)
            assert r.returncode == 0 and "heapcast: info: version" in r.stderr and "heapcast: error" not in r.stderr, (text, r.stderr)


for test in (same_options_in_the_same_order, defaults_are_those_of_the_code, ranges_are_those_of_the_code,
             options_of_later_versions_are_marked, messages_are_in_the_source):
    jvm.case("agent_options_" + test.__name__, test)
if jvm.jdks() and os.path.exists(jvm.AGENT):
    jvm.case("agent_options_examples_are_understood", examples_are_understood)
else:
    jvm.skip("agent_options_examples_are_understood", "a JDK and build/libheapcast.so")
