#!/usr/bin/env python3
"""Checks the house: which room may know which, read from the include lines. ARCHITECTURE.md says why.

  rooms.py               prints the arrows found; exit 1 and a line for each offence
  rooms.py --self-test   plants offences in a copy and checks that each is found

A header include/heapcast/x.h is a door if some room has an x.c, which then owns it; otherwise it is vocabulary.
"""
import os
import re
import shutil
import sys
import tempfile

ALLOWED = {
    "agent": {"predictor", "records", "resolver"},
    "cli": {"predictor", "records", "resolver"},
    "predictor": set(),
    "records": set(),
    "resolver": set(),
}
DOORS = "include/heapcast"
# Headers of others that only these rooms may know.
FOREIGN = {
    "jvmti.h": {"agent"},
    "jni.h": {"agent"},
    "cJSON.h": {"records", "cli"},
    "yaml.h": {"resolver"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def files(root, room, endings):
    for folder, _, names in os.walk(os.path.join(root, room)):
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.relpath(os.path.join(folder, name), root)


def includes(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if match:
                yield f"{path}:{number}", match[1] == '"', match[2]


def owners(root, offences):
    """{door: room}; a header without a .c of its name is not in it."""
    owner = {}
    for room in ALLOWED:
        for path in files(root, room, ".c"):
            door = os.path.basename(path)[:-2] + ".h"
            if os.path.exists(os.path.join(root, DOORS, door)):
                if door in owner:
                    offences.append(f"{path}: {DOORS}/{door} is already implemented in {owner[door]}; a door has one owner")
                owner[door] = room
    return owner


def check(root):
    offences, arrows = [], {room: set() for room in ALLOWED}
    owner = owners(root, offences)

    def cross(place, room, header):
        if not os.path.exists(os.path.join(root, DOORS, header)):
            offences.append(f"{place}: there is no {DOORS}/{header}")
        target = owner.get(header)
        if target is None or target == room:
            return
        if room is None:
            offences.append(f"{place}: vocabulary knows nothing that runs, but {header} is a door of {target}")
        elif target not in ALLOWED[room]:
            offences.append(f"{place}: {room} may not know {target} ({header})")
        else:
            arrows[room].add(target)

    for path in files(root, DOORS, ".h"):
        for place, quoted, header in includes(root, path):
            if quoted or header in FOREIGN:
                offences.append(f'{place}: {header}: a header of {DOORS} includes <heapcast/…> and the C library only')
            elif header.startswith("heapcast/"):
                cross(place, owner.get(os.path.basename(path)), header[len("heapcast/"):])
    for room in ALLOWED:
        for path in files(root, room, (".c", ".h")):
            for place, quoted, header in includes(root, path):
                if quoted:
                    beside = os.path.normpath(os.path.join(os.path.dirname(path), header))
                    if not beside.startswith(room + "/") or not os.path.exists(os.path.join(root, beside)):
                        offences.append(f'{place}: "{header}" is not in {room}; another room\'s door is <heapcast/…>')
                elif header.startswith("heapcast/"):
                    cross(place, room, header[len("heapcast/"):])
                elif room not in FOREIGN.get(os.path.basename(header), {room}):
                    offences.append(f"{place}: {room} may not know {header}")
    return offences, arrows


PLANTED = [  # file, text, what the offence says
    ("predictor/planted.c", "#include <heapcast/planted_door.h>\n", "predictor may not know records"),
    ("resolver/planted.c", '#include "../records/planted_door.c"\n', "is not in resolver"),
    ("agent/planted.c", "  #  include <heapcast/nowhere.h>\n", "there is no"),
    ("cli/planted_door.c", "\n", "a door has one owner"),
    ("predictor/planted.h", "#include <cJSON.h>\n", "predictor may not know cJSON.h"),
    (f"{DOORS}/planted_word.h", "#include <heapcast/planted_door.h>\n", "vocabulary knows nothing that runs"),
    (f"{DOORS}/planted_word.h", '#include "planted_door.h"\n', "C library only"),
]


def self_test(root):
    failed = 0
    for name, text, expected in PLANTED:
        with tempfile.TemporaryDirectory() as copy:
            for room in [*ALLOWED, DOORS]:
                shutil.copytree(os.path.join(root, room), os.path.join(copy, room))
            for path, content in ((f"{DOORS}/planted_door.h", ""), ("records/planted_door.c", ""), (name, text)):
                with open(os.path.join(copy, path), "w", encoding="utf-8") as file:
                    file.write(content)
            if not any(expected in offence for offence in check(copy)[0]):
                print(f"{name} with {text!r} was let through; expected: {expected}")
                failed = 1
    return failed


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    if sys.argv[1:] == ["--self-test"]:
        return self_test(root)
    if sys.argv[1:]:
        sys.exit(__doc__)
    offences, arrows = check(root)
    for room, targets in arrows.items():
        print(f"{room:9} -> {', '.join(sorted(targets)) or '(nothing)'}")
    print(*offences, sep="\n", end="\n" if offences else "")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
