#!/usr/bin/env bash
# Runs test suites and counts: tests/run.sh SUITE... with unit, golden, check, jvm, flink or all. The Makefile builds what
# they need and calls this; `make test` is the usual way in.
#
#   unit    build/tests/unit/* and the same under sanitizers (cmocka), the kept inputs of the fuzz targets,
#           tests/integration/oracle_*
#   golden  tests/golden/run.sh, tests/integration/cli_*
#   check   scripts/check.sh
#   jvm     tests/integration/jvm_*
#   flink   tests/integration/flink_*
#   unit-programs   the unit tests and kept inputs in $HEAPCAST_BUILD alone, each started by $HEAPCAST_LOADER: another
#           C library's loader, or the emulator of another architecture
#
# tests/integration/NAME runs that one, build/.../tests/unit/NAME too.
#
# Scripts print "ok NAME", "not ok NAME: why" or "skip NAME: what is missing" for each test; any other line is log, shown
# if the script fails. A cmocka test that skips prints "skip: what is missing". Exit status other than 0 without a "not ok" is a failure of the script itself. They run in the
# repository's root; *.py run under a Python that has what scripts/bootstrap.sh test installs.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
. scripts/places.sh

passed=0 failed=0 skipped=0
failures=()
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export PYTHON FLINK_VERSION=${FLINK_VERSION:-1.20.5}
PYTHON=$(python_tool)

# A list of words; nothing for this machine's own programs.
read -ra loader <<<"${HEAPCAST_LOADER:-}"

# run NAME COMMAND...: output to $log; sets status and seconds. Nothing here takes ten minutes unless it hangs.
run() {
    local start
    printf '%-44s ' "$1"
    shift
    start=${EPOCHREALTIME/./}
    timeout -k 10 600 "$@" >"$log" 2>&1 </dev/null
    status=$?
    seconds=$(((${EPOCHREALTIME/./} - start) / 100000))
    seconds=$((seconds / 10)).$((seconds % 10))
}

# report NAME OK FAILED SKIPPED: a line for what ran, and the log if something is wrong with it.
report() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    skipped=$((skipped + $4))
    printf '%4d ok %s%s %s s\n' "$2" "$([ "$3" = 0 ] || echo "$3 FAILED ")" "$([ "$4" = 0 ] || echo "$4 skipped ")" "$seconds"
    sed -nE 's/^skip(ped)?:? /    skipped /p' "$log"
    if [ "$3" != 0 ]; then
        failures+=("$1")
        sed 's/^/    /' "$log" | tail -n 150
    fi
}

count() { grep -cE "$1" "$log"; }

cmocka_count() { sed -nE "s/^\[  $1 \] ([0-9]+) test.*/\1/p" "$log" | awk '{ sum += $1 } END { print sum + 0 }'; }

run_cmocka() {
    local name=$1 good bad skips
    # ThreadSanitizer of older compilers does not find its place where addresses are random over more than 28 bits
    [[ $name != build/tsan/* ]] || loader=(setarch -R)
    run "$name" env LOCPATH="$PWD/build/locale" "${loader[@]}" "$name"
    good=$(cmocka_count 'PASSED ')
    bad=$(cmocka_count 'FAILED ')
    skips=$(cmocka_count 'SKIPPED')
    if [ "$bad" = 0 ] && { [ $status != 0 ] || [ $((good + skips)) = 0 ]; }; then
        echo "ended with status $status, $good tests passed" >>"$log"
        bad=1
    fi
    report "$name" "$good" "$bad" "$skips"
}

# The kept inputs of a fuzz target: one test, for they run in one process.
run_corpus() {
    run "$1" "${loader[@]}" "$@"
    if [ $status = 0 ]; then
        report "$1" 1 0 0
    else
        echo "ended with status $status at the last input named" >>"$log"
        report "$1" 0 1 0
    fi
}

run_script() {
    local name=$1 bad
    case $name in
        *.py) run "$name" "$PYTHON" "$name" ;;
        *) run "$name" bash "$name" ;;
    esac
    bad=$(count '^(not ok|FAILED) ')
    if [ "$bad" = 0 ] && { [ $status != 0 ] || [ "$(count '^(ok|skip) ')" = 0 ]; }; then
        echo "not ok $name: ended with status $status, $(count '^ok ') tests passed" >>"$log"
        bad=1
    fi
    report "$name" "$(count '^ok ')" "$bad" "$(count '^skip ')"
}

integration() {
    local script
    for script in tests/integration/"$1"_*.{sh,py}; do
        [ ! -e "$script" ] || run_script "$script"
    done
}

unit_programs() {
    local source stem
    for source in tests/unit/test_*.c; do
        run_cmocka "$1/tests/unit/$(basename "$source" .c)"
    done
    for source in tests/fuzz/fuzz_*.c; do
        stem=${source#tests/fuzz/fuzz_}
        stem=${stem%.c}
        run_corpus "$1/tests/fuzz/replay_$stem" "tests/fuzz/corpus/$stem"
    done
}

suite() {
    local source
    case $1 in
        unit)
            unit_programs build
            unit_programs build/sanitize
            integration oracle
            ;;
        golden)
            run_script tests/golden/run.sh
            integration cli
            ;;
        unit-programs) unit_programs "$HEAPCAST_BUILD" ;;
        build/*/tests/unit/*) run_cmocka "$1" ;;
        check) run_script scripts/check.sh ;;
        jvm | flink) integration "$1" ;;
        tests/integration/*) run_script "$1" ;;
        all) for source in unit golden check jvm flink; do suite $source; done ;;
        *)
            echo "usage: tests/run.sh unit|golden|check|jvm|flink|all..." >&2
            exit 2
            ;;
    esac
}

[ $# != 0 ] || set -- usage
for name in "$@"; do
    suite "$name"
done
[ ${#failures[@]} = 0 ] || printf '\nfailed: %s' "${failures[*]}"
printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed = 0 ]
