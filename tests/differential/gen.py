"""Random configurations for the comparison with the live Flink: cases(seed, count) gives the same ones for the same seed.

No text has a NUL: the line protocol is JSON in C strings, and neither a shell nor a Flink file carries one.

A case is what `heapcast memory --batch` takes: id, role (tm, jm, size), path, and conf, or file and text, or in. Half of them
are what a user could have meant, built from sizes that fit together and then put slightly out of place; the other half has
values, lines and files that are hardly anything that somebody would mean.
"""
import json
import random

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
TM, JM = "taskmanager.memory.", "jobmanager.memory."

TM_SIZES = ["process.size", "flink.size", "framework.heap.size", "framework.off-heap.size", "task.heap.size", "task.off-heap.size",
            "managed.size", "network.min", "network.max", "jvm-metaspace.size", "jvm-overhead.min", "jvm-overhead.max",
            "framework.off-heap.batch-shuffle.size", "segment-size"]
TM_FRACTIONS = ["managed.fraction", "network.fraction", "jvm-overhead.fraction"]
JM_SIZES = ["process.size", "flink.size", "heap.size", "off-heap.size", "jvm-metaspace.size", "jvm-overhead.min", "jvm-overhead.max"]
OLD_SIZES = ["taskmanager.heap.size", "taskmanager.memory.size", "taskmanager.network.memory.min", "taskmanager.network.memory.max",
             "jobmanager.heap.size"]
OLD_NUMBERS = ["taskmanager.heap.mb", "jobmanager.heap.mb", "taskmanager.network.numberOfBuffers"]

UNITS = [(1, ["", "b", "bytes"]), (KIB, ["k", "kb", "kibibytes"]), (MIB, ["m", "mb", "mebibytes"]), (GIB, ["g", "gb", "gibibytes"]),
         (1 << 40, ["t", "tb", "tebibytes"])]
BROKEN_SIZES = ["", " ", "b", "-1", "-5m", "+5m", "1.5g", ".5g", "1,5g", "1e3", "0x10", "1_0m", "12 q", "12mib", "12 MiB", "1 g b", "1gg", "m1",
                "1b2", "9223372036854775807", "9223372036854775808", "92233720368547758070", "9007199254740992k", "8796093022208m",
                "8589934592g", "8388607t", "8388608t", "18446744073709551616b", "00000000000000000000001m", "0", "0k", "00", "null", "'1g'",
                "\"1g\"", "1g;", "1g\\", "$1g", "%1g", "１g", "١m", "1 g", "1\u00a0g", "1\u2003m", "\u00a01g", "1\u212a", "1\u017f", "é",
                "1\tg", "\t1g\t", "1\ng", "1\rg", "1\x0bg", "\x7f1g", "😀", "1g😀", "1KİB", "1 tebıbytes", "1GB", "1gB", "1 Bytes"]
BROKEN_NUMBERS = ["", " ", "a", "-", "+", "+1", "-0", "-1", "1.0", "1e1", "0x2", "1L", " 1", "1 ", "2147483647", "2147483648", "-2147483648",
                  "-2147483649", "9223372036854775807", "9223372036854775808", "00000000002", "１", "٢", "true", "1,000", "NaN"]
BROKEN_FRACTIONS = ["", " ", "a", "-", ".", "-.", "e5", "1", "1.0", "-0", "-0.0", "-0.1", "1.0001", "NaN", "nan", "-NaN", "+NaN", "Infinity", "-Infinity",
                    "infinity", "1e-1", "1E-1", "1e-1f", "0.1F", "0.1d", "0.1D", "0.1l", "0x1p-2", "0x.8p0", "0X1P-3f", "0x1", "0x1p", "0x1.8p-1d",
                    ".5", "5.", "0.5.", "0,5", "50%", " 0.25 ", "\t0.25\n", "\u00a00.25", "0.25 f", "1e-45", "1e-46", "7e-46", "1e-400", "1e400",
                    "0.99999997", "0.999999970197678", "0.9999999701976776123046875", "0.9999999850988388", "0.99999998", "0.3333333333333333333333",
                    "0.1000000014901161193847656", "0.10000000149011612", "16777217e-8", "0." + "3" * 60, "0" * 40 + ".25", "1e-99999999999",
                    "1e99999999999", "1_0", "0.1_1", "٠.١", "+.1", "--0.1", "true"]
BROKEN_CORES = ["0", "-1", "-0.0", "NaN", "Infinity", "1e-9", "4.9e-324", "5e-9", "0.000000005", "0.123456785", "1e7", "1e8", "12345678.123456789", "1e22",
                "1e300", "1.7976931348623157e308", "1e309", "abc", "", " 2 ", "2d", "2f", "0x1p3", "1/2", "0.1e1", "2.", ".25", "1,5"]
BOOLEANS = ["true", "false", "TRUE", "False", "tRuE", "yes", "no", "on", "1", "0", "", " true", "true ", "truе", "null"]
# Characters that one of the readers on the way may treat in its own way
STRANGE = list(" \t\n\r:#;,=-+.'\"[]{}&*!|>%@`?~\\/$_0189abegkmtxXnN") + ["\u00a0", "\u0085", "\u2028", "\u3000", "\ufeff", "é", "１", "İ", "ſ", "K", "\x1f",
                                                                        "\x7f", "😀"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, probability):
        return self.random.random() < probability

    def pick(self, values):
        return self.random.choice(values)

    # ---- values --------------------------------------------------------------------------------------------------

    def spell(self, size):
        """One of the spellings of exactly so many bytes."""
        if self.chance(.6):
            multiple, names = self.pick([u for u in UNITS if size % u[0] == 0 and (size or u[0] == 1)])
        else:
            multiple, names = next(u for u in reversed(UNITS) if size % u[0] == 0)
        name = self.pick(names)
        if self.chance(.15):
            name = self.pick([name.upper(), name.title()])
        return "".join([self.pick(["", "", "", "", " "]), "0" * (self.chance(.02) * 3), str(size // multiple), self.pick(["", "", "", " ", "  "]), name,
                        self.pick(["", "", "", "", " "])])

    def size(self, low, high):
        """Bytes between so many MiB, small ones as likely as large ones, mostly round."""
        size = int(low * (high / low) ** self.random.random() * MIB)
        kind = self.random.random()
        if kind < .4:
            return max(1, round(size / (64 * MIB))) * 64 * MIB
        if kind < .6:
            return 1 << (size.bit_length() - 1)
        if kind < .8:
            return size // MIB * MIB
        return size

    def near(self, size, probability):
        """The size, or one that misses it."""
        if not self.chance(probability):
            return size
        step = self.pick([1, 1, 1, 2, 17, KIB, 32 * KIB, MIB, 64 * MIB, GIB, size or 1])
        return max(0, size + self.pick([-step, step]))

    def fraction(self):
        kind = self.random.random()
        if kind < .35:
            return self.pick(["0", "0.0", "0.1", "0.2", "0.25", "0.4", "0.5", "0.05", "0.001", "0.9"])
        if kind < .8:
            return "%.*f" % (self.random.randrange(1, 12), self.random.random() ** self.pick([1, 1, 3, 8]))
        if kind < .9:
            return repr(self.random.random() ** self.pick([1, 4, 20, 60]))
        return "%de-%d" % (self.random.randrange(1, 10 ** self.random.randrange(1, 12)), self.random.randrange(0, 50))

    def spoil(self, text):
        """A few characters out of place."""
        for _ in range(self.pick([1, 1, 1, 2, 3])):
            at = self.random.randrange(len(text) + 1)
            what = self.random.random()
            if what < .6:
                text = text[:at] + self.pick(STRANGE) + text[at:]
            elif what < .8:
                text = text[:at] + text[at + 1:]
            else:
                text = text[:at] + text[at:at + 3] + text[at:]
        return text

    def hostile(self, broken, good):
        return self.pick(broken) if self.chance(.6) else self.spoil(self.pick(broken) if self.chance(.2) else good)

    # ---- a TaskManager ---------------------------------------------------------------------------------------------

    def taskmanager_parts(self):
        parts = {"framework.heap.size": self.pick([128 * MIB, 128 * MIB, self.size(8, 1024), 0]),
                 "framework.off-heap.size": self.pick([128 * MIB, 128 * MIB, self.size(8, 1024), 0]),
                 "task.off-heap.size": self.pick([0, 0, self.size(1, 4096)]),
                 "task.heap.size": self.size(16, 65536),
                 "managed.size": self.pick([0, self.size(1, 65536), self.size(1, 65536)]),
                 "network": self.size(16, 8192),
                 "jvm-metaspace.size": self.pick([256 * MIB, self.size(16, 2048)]),
                 "overhead": self.size(32, 4096)}
        parts["flink.size"] = sum(v for k, v in parts.items() if k not in ("jvm-metaspace.size", "overhead"))
        parts["process.size"] = parts["flink.size"] + parts["jvm-metaspace.size"] + parts["overhead"]
        return parts

    def put_range(self, conf, prefix, size, whole):
        """min, max and fraction of a part that is meant to have `size`."""
        shape = self.random.random()
        if shape < .25:
            return
        low = self.pick([size, size, max(0, size - self.pick([1, MIB, size // 2])), 0])
        high = self.pick([size, size, size + self.pick([1, MIB, size]), (1 << 63) - 1])
        if shape < .85:
            conf[prefix + "min"] = self.spell(self.near(low, .2))
        if shape > .45:
            conf[prefix + "max"] = self.spell(self.near(high, .2) if high >> 63 == 0 else high)
        if self.chance(.35):
            exact = "%.*f" % (self.random.randrange(1, 10), min(size / whole, .999999999)) if whole else "0.5"
            conf[prefix + "fraction"] = self.pick([exact, self.fraction()])

    def taskmanager(self):
        """Parts that fit together, of which some are told; now and then one is wrong."""
        parts, conf = self.taskmanager_parts(), {}
        wrong = self.pick([0, 0, .1, .4])
        told = set(self.pick([["process.size"], ["process.size"], ["flink.size"], ["flink.size", "process.size"], ["task.heap.size", "managed.size"],
                              ["task.heap.size", "managed.size", "flink.size"], ["task.heap.size", "managed.size", "process.size"],
                              ["task.heap.size", "process.size"], ["task.heap.size", "flink.size"], ["managed.size", "flink.size"],
                              ["managed.size", "process.size"], ["task.heap.size"], [], ["task.heap.size", "managed.size", "flink.size", "process.size"]]))
        for key, default in (("framework.heap.size", 128 * MIB), ("framework.off-heap.size", 128 * MIB), ("task.off-heap.size", 0),
                             ("jvm-metaspace.size", 256 * MIB)):
            if parts[key] != default or self.chance(.1):
                told.add(key)
        keys = sorted(told)
        self.random.shuffle(keys)
        for key in keys:
            conf[TM + key] = self.spell(self.near(parts[key], wrong))
        if "managed.size" not in told and self.chance(.5):
            exact = "%.*f" % (self.random.randrange(1, 10), parts["managed.size"] / parts["flink.size"])
            conf[TM + "managed.fraction"] = self.pick([exact, self.fraction()])
        self.put_range(conf, TM + "network.", parts["network"], parts["flink.size"])
        self.put_range(conf, TM + "jvm-overhead.", parts["overhead"], parts["process.size"])
        self.put_resources(conf)
        return "tm", conf

    def put_resources(self, conf):
        if self.chance(.25):
            conf["taskmanager.numberOfTaskSlots"] = str(self.pick([1, 2, 3, 4, 8, 16, 100])) if self.chance(.85) else self.hostile(BROKEN_NUMBERS, "4")
        if self.chance(.12):
            cores = self.pick(["1", "2.5", "0.1", "16", repr(self.random.random() * 100), "%.9f" % self.random.random()])
            conf["taskmanager.cpu.cores"] = cores if self.chance(.6) else self.hostile(BROKEN_CORES, cores)
        if self.chance(.1):
            names = self.random.sample(["gpu", "fpga", "npu", "a.b", "x-y", "tpu%d" % self.random.randrange(40), "Ä", "g p u"], self.random.randrange(1, 6))
            names += [n for n in names if self.chance(.1)]
            conf["external-resources"] = self.pick([";", ";", ";", "; ", " ;", ",", ";;"]).join(names)
            if self.chance(.15):
                conf["external-resources"] = self.pick(["none", "", " ", ";", "none;gpu", "[gpu, fpga]", "[gpu;fpga]", "[]", "['gpu']", "[\"gpu\", x]", "'gpu'", "\"gpu\";x",
                                                        "gpu ", "'a;b';c", self.spoil(conf["external-resources"])])
            for name in names + ["gpu"]:
                if self.chance(.8):
                    amount = str(self.random.randrange(1, 10)) if self.chance(.75) else self.hostile(BROKEN_NUMBERS, "2")
                    # Beyond 2^53 the answer hangs on the JDK: before 19 Double.toString was not the shortest (JDK-4511638).
                    if not (amount.isascii() and amount.isdigit() and 2**53 < int(amount) < 2**63):
                        conf["external-resource.%s.amount" % name] = amount
                if self.chance(.05):
                    conf["external-resource.%s.param.x" % name] = "1"

    def taskmanager_scattered(self):
        """Any options with any sizes: what is derived first and refused first shows here."""
        conf = {}
        for key in self.random.sample(TM_SIZES, self.random.randrange(0, 8)):
            conf[TM + key] = self.spell(self.pick([self.size(1, 4096), self.size(256, 65536), self.pick([0, 1, 4096, 1 << 40, (1 << 62) + 3, (1 << 63) - 1])]))
        for key in TM_FRACTIONS:
            if self.chance(.3):
                conf[TM + key] = self.fraction()
        self.put_resources(conf)
        return "tm", conf

    def taskmanager_edge(self):
        """A derived size exactly on a limit of its own, or one byte beside it."""
        beside, conf = self.pick([-1, 0, 0, 1]), {}
        metaspace = self.pick([256, 1, 64, 100]) * MIB
        low, high = sorted([self.size(1, 512), self.size(1, 512)])
        kind = self.random.randrange(5)
        if metaspace != 256 * MIB:
            conf[TM + "jvm-metaspace.size"] = self.spell(metaspace)
        if kind == 0:  # the overhead is the rest of the process
            flink = self.size(512, 4096)
            conf.update({TM + "flink.size": self.spell(flink), TM + "process.size": self.spell(max(0, flink + metaspace + self.pick([low, high]) + beside)),
                         TM + "jvm-overhead.min": self.spell(low), TM + "jvm-overhead.max": self.spell(high)})
        elif kind == 1:  # network memory is the rest of total Flink memory
            heap, managed = self.size(16, 2048), self.size(1, 2048)
            conf.update({TM + "task.heap.size": self.spell(heap), TM + "flink.size": self.spell(max(0, heap + managed + 256 * MIB + self.pick([low, high]) + beside)),
                         TM + "managed.size": self.spell(managed), TM + "network.min": self.spell(low), TM + "network.max": self.spell(high)})
        elif kind == 2:  # nothing, or hardly anything, is left
            conf.update({TM + "process.size": self.spell(max(0, metaspace + 192 * MIB + self.pick([0, 0, 256 * MIB, 320 * MIB]) + beside)),
                         TM + "managed.fraction": self.pick(["0", "0.4", "0.999"]), TM + "network.min": self.pick(["0", "64m", "1"])})
        elif kind == 3:  # a fraction's product is on its limit
            part = self.pick([4, 8, 16, 32, 10])
            conf.update({TM + "process.size": self.spell(high * part + beside), TM + "jvm-overhead.fraction": repr(1 / part),
                         TM + "jvm-overhead." + self.pick(["min", "max"]): self.spell(high), TM + "network.min": "0b"})
        else:  # what is given is as much as there is
            heap = self.size(16, 2048)
            conf.update({TM + "task.heap.size": self.spell(heap), TM + "flink.size": self.spell(max(0, heap + 256 * MIB + low + beside)),
                         TM + "network.min": self.spell(low), TM + "managed.fraction": self.pick(["0", "0.0000001", "0.4"])})
        return "tm", conf

    # ---- a JobManager ----------------------------------------------------------------------------------------------

    def jobmanager(self):
        heap, off_heap = self.size(64, 32768), self.pick([128 * MIB, 128 * MIB, self.size(1, 2048), 0])
        metaspace, overhead = self.pick([256 * MIB, self.size(16, 1024)]), self.size(32, 4096)
        parts = {"heap.size": heap, "flink.size": heap + off_heap, "process.size": heap + off_heap + metaspace + overhead}
        wrong, conf = self.pick([0, 0, .1, .5]), {}
        for key in self.pick([["process.size"], ["process.size"], ["flink.size"], ["heap.size"], ["heap.size", "flink.size"], ["heap.size", "process.size"],
                              ["process.size", "flink.size"], list(parts), []]):
            conf[JM + key] = self.spell(self.near(parts[key], wrong))
        if off_heap != 128 * MIB or self.chance(.2):
            conf[JM + "off-heap.size"] = self.spell(self.near(off_heap, wrong))
        if metaspace != 256 * MIB or self.chance(.1):
            conf[JM + "jvm-metaspace.size"] = self.spell(self.near(metaspace, wrong))
        if self.chance(.5):
            self.put_range(conf, JM + "jvm-overhead.", overhead, parts["process.size"])
        if self.chance(.3):
            conf[JM + "enable-jvm-direct-memory-limit"] = self.pick(BOOLEANS) if self.chance(.5) else self.pick(["true", "false"])
        if self.chance(.05):
            conf["jobstore.cache-size"] = self.pick(["52428800", "0", "-1", "x", "99999999999"])
        return "jm", conf

    # ---- what is old, and what is broken ------------------------------------------------------------------------------

    def legacy(self):
        role, conf = self.pick(["tm", "tm", "jm"]), {}
        mine = "taskmanager." if role == "tm" else "jobmanager."
        for key in OLD_SIZES:
            if key.startswith(mine) and self.chance(.4):
                conf[key] = self.spell(self.size(64, 8192)) if self.chance(.9) else self.hostile(BROKEN_SIZES, "1g")
        for key in OLD_NUMBERS:
            if key.startswith(mine) and self.chance(.3):
                conf[key] = str(self.random.randrange(1, 9000)) if self.chance(.75) else self.hostile(BROKEN_NUMBERS, "1024")
        if role == "tm":
            if self.chance(.2):
                conf["taskmanager.network.memory.fraction"] = self.fraction() if self.chance(.8) else self.hostile(BROKEN_FRACTIONS, "0.1")
            if self.chance(.25):
                conf[TM + "segment-size"] = self.pick(["32kb", "64kb", "4k", "4096", "1k", "1m", "33000", "2g", "2147483648", "1073741824", "0", "x", " 32 kb"])
            if self.chance(.1):
                conf["taskmanager.memory.fraction"] = "0.7"
            if self.chance(.15):
                conf[TM + "task.heap.size"] = self.spell(self.size(16, 2048))
        if self.chance(.5):
            conf[(TM if role == "tm" else JM) + self.pick(["process.size", "flink.size"])] = self.spell(self.size(256, 8192))
        for key in (("managed.size", "network.min", "network.max") if role == "tm" else ("heap.size", "off-heap.size")):
            if self.chance(.12):
                conf[(TM if role == "tm" else JM) + key] = self.spell(self.size(16, 1024))
        return role, conf

    def broken(self):
        """A configuration that is well but for one to three values."""
        role, conf = self.pick([self.taskmanager, self.taskmanager, self.jobmanager])()
        prefix, sizes = (TM, TM_SIZES) if role == "tm" else (JM, JM_SIZES)
        for _ in range(self.pick([1, 1, 1, 2, 3])):
            if self.chance(.65):
                key = prefix + self.pick(sizes)
                conf[key] = self.hostile(BROKEN_SIZES, conf.get(key, "1024m"))
            else:
                key = prefix + self.pick(TM_FRACTIONS if role == "tm" else ["jvm-overhead.fraction"])
                conf[key] = self.hostile(BROKEN_FRACTIONS, conf.get(key, "0.25"))
        return role, conf

    def any_map(self):
        shapes = [(self.taskmanager, 40), (self.taskmanager_scattered, 10), (self.taskmanager_edge, 10), (self.jobmanager, 20), (self.legacy, 8), (self.broken, 12)]
        return self.random.choices([s for s, _ in shapes], [w for _, w in shapes])[0]()

    # ---- files -------------------------------------------------------------------------------------------------------

    def flink_conf(self):
        role, conf = self.any_map()
        lines = []
        for key, value in conf.items():
            if "\n" in value or "\r" in value:
                value = "1g"
            lines.append(self.pick(["%s: %s"] * 8 + ["  %s: %s  ", "%s : %s", "%s:%s", "%s:  %s", "%s: %s # note", "%s: %s#note", "#%s: %s", "%s: \"%s\"", "%s: '%s'",
                                    "%s:\t%s", "%s: %s: x", "\t%s: %s\t", "- %s: %s"]) % (key, value))
        for _ in range(self.pick([0, 0, 1, 3])):
            lines.insert(self.random.randrange(len(lines) + 1), self.pick(["", "# a comment", "no pair", "empty: ", ": value", ": ", "#", "a: b: c", "\t", "---", "key:",
                                                                           "taskmanager.numberOfTaskSlots: 3", TM + "process.size: 2g"]))
        text = self.pick(["\n", "\n", "\n", "\r\n", "\r"]).join(lines) + self.pick(["\n", "\n", ""])
        return role, "flink-conf.yaml", self.spoil(text) if self.chance(.25) else text

    def scalar(self, value):
        """The value as YAML, in one of the ways to write it."""
        plain = value != "" and value == value.strip() and not any(c in value for c in ":#\"'[]{},&*!|>%@`\\\t\n\r\x7f\x0b\x1f") and value[0] not in "-?~"
        kind = self.random.random()
        if plain and kind < .7:
            return value
        if kind < .8 and value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        if kind < .95 or not plain:
            return json.dumps(value, ensure_ascii=self.chance(.5))
        return self.pick(["!!str %s", "&anchor %s", "%s # note", "%s   ", "! %s", "!!int %s", "!!float %s", "!!bool %s", "&a !!str %s", ">-\n      %s", "|-\n      %s", ">\n      %s"]) % value

    def nest(self, conf):
        """Keys as a tree: cut at some of their dots."""
        tree = {}
        for key, value in conf.items():
            words, node, cut = key.split("."), tree, []
            for word in words:
                if cut and self.chance(.6):
                    cut[-1] += "." + word
                else:
                    cut.append(word)
            while len(cut) > 1 and isinstance(node.get(cut[0], {}), dict):
                node = node.setdefault(cut.pop(0), {})
            node[".".join(cut)] = value
        return tree

    def dump(self, tree, indent, lines):
        for key, value in tree.items():
            if self.chance(.02):
                key = self.pick(["\"%s\"", "'%s'", "? %s\n" + indent, "&k %s", "!!str %s"]) % key
            if not isinstance(value, dict):
                lines.append("%s%s: %s" % (indent, key, self.scalar(value)))
            elif self.chance(.1):
                lines.append("%s%s: %s" % (indent, key, self.flow(value)))
            else:
                lines.append("%s%s:%s" % (indent, key, self.pick(["", "", "", "  # note", " &node"])))
                self.dump(value, indent + self.pick(["  ", "  ", "    ", " "]), lines)

    def flow(self, tree):
        parts = ["%s: %s" % (k, self.flow(v) if isinstance(v, dict) else json.dumps(v)) for k, v in tree.items()]
        return "{" + self.pick([", ", ",", " , "]).join(parts) + self.pick(["", "", ","]) + "}"

    ODD_LINES = ["", "# comment", "---", "...", "a: 1", "a: [1, 2]", "a: {b: c}", "a: *node", "a: *anchor", "<<: *node", "a: ~", "a:", "- x", "a: [1", "a: 'x",
                 "a: \"x", "\ta: b", "a:\tb", "a: b\t", "%YAML 1.2", "? a", "a: b: c", "true: x", "1: x", "1.5: x", "null: x", "~: x", "a: !!foo x", "a: @x", "a: `x", "a: %x",
                 "a: |\n  x\n  y", "a: >\n  x\n\n  y", "a: &x &y z", "a: !!int x", "a: !!null x", "a: \"\\x41\\u00e9\\0\"", "a: \"\\q\"", "a: 2001-01-01", "a: 0x1F", "a: 1e3", "a: .inf",
                 "external-resources: [gpu, fpga]", "external-resources: [gpu]", "external-resources:\n- gpu\n- 'f;p'", "external-resources: []", "external-resources: {gpu: 1}",
                 "taskmanager.numberOfTaskSlots: 0x4", "taskmanager.numberOfTaskSlots: 4.0", "taskmanager.numberOfTaskSlots: 99999999999", "taskmanager.cpu.cores: 3", "taskmanager.cpu.cores: 1e1",
                 "taskmanager.cpu.cores: 99999999999", "taskmanager.memory.network.fraction: 0.3", "taskmanager.memory.network.fraction: 3e-1", "taskmanager.memory.network.fraction: 0",
                 "taskmanager.memory.network.fraction: .25", "taskmanager.memory.network.fraction: .nan", "taskmanager.memory.network.fraction: true", "taskmanager.memory.managed.size: 1073741824",
                 "taskmanager.memory.managed.size: 4294967296", "taskmanager.memory.managed.size: 0x40000000", "taskmanager.memory.managed.size: 0o17", "taskmanager.memory.managed.size: 1e9",
                 "taskmanager.memory.managed.size: true", "taskmanager.memory.managed.size: [1g]", "jobmanager.memory.enable-jvm-direct-memory-limit: yes",
                 "jobmanager.memory.enable-jvm-direct-memory-limit: TRUE", "jobmanager.memory.enable-jvm-direct-memory-limit: 1", "taskmanager: x", "taskmanager.memory: x", "env: {java: {opts: {all: -Dx=y}}}"]

    def config_yaml(self):
        role, conf = self.any_map()
        lines, flat = [], {k: v for k, v in conf.items() if self.chance(.5)}
        self.dump(flat, "", lines)
        self.dump(self.nest({k: v for k, v in conf.items() if k not in flat}), "", lines)
        for _ in range(self.pick([0, 0, 1, 1, 2])):
            lines.insert(self.random.randrange(len(lines) + 1), self.pick(self.ODD_LINES))
        if self.chance(.05):
            lines = [self.flow(self.nest(conf))]
        text = "\n".join(lines) + self.pick(["\n", "\n", "\n", ""])
        if self.chance(.05):
            text = text.replace("\n", self.pick(["\r\n", "\r", "\u2028", "\u0085"]))
        if self.chance(.03):
            text = self.pick(["\ufeff", "--- ", "---\n", "%YAML 1.2\n---\n", "\n\n", " "]) + text
        return role, "config.yaml", self.spoil(text) if self.chance(.2) else text

    def size_text(self):
        kind = self.random.random()
        if kind < .4:
            return self.hostile(BROKEN_SIZES, self.spell(self.size(1, 1 << 20)))
        if kind < .7:
            return self.spell(self.size(1, 1 << 30))
        size = self.random.randrange(1 << self.random.randrange(1, 64)) & ((1 << 63) - 1)
        if self.chance(.3):  # where the readable form rounds
            size = min(int(self.random.randrange(1, 2048) * (1 << self.pick([10, 20, 30, 40])) * self.pick([1, 1.0005, 1.0625, .9995, .99951])), (1 << 63) - 1)
        return self.spell(size)

    # ---- cases -------------------------------------------------------------------------------------------------------

    def case(self):
        kind = self.random.random()
        if kind < .05:
            return {"role": "size", "in": self.size_text()}
        path = self.pick(["standalone", "standalone", "container"])
        if kind < .75:
            role, conf = self.any_map()
            return {"role": role, "path": path, "conf": conf}
        role, file, text = self.flink_conf() if kind < .85 else self.config_yaml()
        return {"role": role, "path": path, "file": file, "text": text}


def cases(seed, count):
    """`count` different cases, each with an id of its own."""
    generator, seen = Generator(seed), set()
    while len(seen) < count:
        case = generator.case()
        line = json.dumps(case, ensure_ascii=True)
        if line not in seen:
            seen.add(line)
            yield {"id": "%s-%d" % (seed, len(seen)), **case}
