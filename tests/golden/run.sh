#!/usr/bin/env bash
# Golden tests: the command, end to end. tests/golden/run.sh [--rewrite] [AREA/CASE...]
#
# A case is a folder AREA/CASE with
#   cmd             shell lines that call `heapcast`; they run in a copy of the folder, with tests/golden/inputs beside
#   stdin           standard input, empty without it
#   expected.out, expected.err, expected.code
# and whatever else cmd reads. --rewrite makes the expected files anew; review the diff. What the inputs are:
# inputs/README.md.
#
# HEAPCAST names another binary (build/sanitize/heapcast). Prints "ok golden/AREA/CASE" or "not ok golden/AREA/CASE: why".
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
heapcast=$(readlink -f "${HEAPCAST:-$here/../../build/heapcast}")
rewrite=0
if [ "${1:-}" = --rewrite ]; then
    rewrite=1
    shift
fi
if [ ! -x "$heapcast" ]; then
    echo "not ok golden: there is no build/heapcast; run 'make'"
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$heapcast" "$work/bin/heapcast"
export PATH=$work/bin:$PATH LC_ALL=C TZ=UTC
failed=0

# run_case AREA/CASE: leaves actual.out, actual.err and actual.code in $work.
run_case() {
    rm -rf "$work/case"
    cp -r "$here/$1" "$work/case"
    rm -f "$work"/case/expected.*
    ln -s "$here/inputs" "$work/case/inputs"
    local stdin=/dev/null
    [ ! -e "$here/$1/stdin" ] || stdin=$here/$1/stdin
    (cd "$work/case" && timeout 30 bash -u cmd) <"$stdin" >"$work/actual.out" 2>"$work/actual.err"
    echo $? >"$work/actual.code"
}

compare() {
    local kind difference
    for kind in code err out; do
        if ! difference=$(diff -u --label "expected.$kind" --label "actual.$kind" "$here/$1/expected.$kind" "$work/actual.$kind" 2>&1); then
            echo "not ok golden/$1: differs in $kind; repeat: tests/golden/run.sh $1"
            sed 's/^/    /' <<<"$difference" | head -n 40
            failed=1
            return
        fi
    done
    echo "ok golden/$1"
}

[ $# != 0 ] || set -- $(cd "$here" && ls -d */*/cmd | sed 's,/cmd$,,')
for name in "$@"; do
    run_case "$name"
    if [ $rewrite = 1 ]; then
        for kind in out err code; do
            cp "$work/actual.$kind" "$here/$name/expected.$kind"
        done
        echo "rewritten golden/$name: exit $(cat "$work/actual.code")"
    else
        compare "$name"
    fi
done
exit $failed
