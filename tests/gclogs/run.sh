#!/usr/bin/env bash
# `make test-gclogs`: the logs in GCLOGS (a directory, searched) and those of tests/golden/inputs, read by heapcast and by GCToolKit; a
# table of what each finds, and exit 1 where they differ without a known reason. GCToolKit's own test logs are the ones meant:
# git clone https://github.com/microsoft/gctoolkit-testdata (Git LFS holds the largest); without GCLOGS only ours are read.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. scripts/places.sh
if ! java=$(tests/gclogs/gctoolkit.sh); then
    echo "skip gclogs: GCToolKit"
    exit 0
fi
out=build/gclogs
mkdir -p $out
# not: archives of several files, Git LFS pointers (some 130 bytes), parts of rotated logs, code and licences
{
    find tests/golden/inputs/gclogs -type f
    [ -z "${GCLOGS:-}" ] || find "$GCLOGS" -type f -size +1k -not -name '*.zip' -not -name '*.java' -not -name '*.md' -not -name '*.xml' \
        -not -path '*/.*' -not -path '*/rolling/*' -not -path '*/src/*' -not -name 'mvnw*' -not -name LICENSE
} | sort >$out/list
[ -n "${GCLOGS:-}" ] || echo "skip gclogs_public: GCLOGS names no directory of public logs; only our own are compared"
mapfile -t logs <$out/list
$java "${logs[@]}" >$out/events 2>$out/gctoolkit.log
exec "$(python_tool)" tests/gclogs/compare.py $out/events
