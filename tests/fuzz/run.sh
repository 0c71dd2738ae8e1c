#!/usr/bin/env bash
# Fuzzes each target for FUZZ_SECONDS (600): tests/fuzz/run.sh TARGET... `make fuzz` builds them and calls this. What libFuzzer
# finds on the way is kept in build/fuzz/corpus; an input that breaks the target lies in build/fuzz/broken, and the line that
# repeats it is printed. With KEEP=1 the smallest set of inputs that reaches all that was reached goes to tests/fuzz/corpus.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${FUZZ_SECONDS:-600}
failed=0

for target in "$@"; do
    program=build/fuzz/tests/fuzz/fuzz_$target
    found=build/fuzz/corpus/$target
    kept=tests/fuzz/corpus/$target
    broken=build/fuzz/broken/$target-
    log=build/fuzz/$target.log
    options=(-max_len=2048 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1)
    [ ! -e "tests/fuzz/$target.dict" ] || options+=("-dict=tests/fuzz/$target.dict")
    mkdir -p "$found" "$kept" "$(dirname "$broken")"
    if nice "$program" "${options[@]}" -max_total_time="$seconds" -artifact_prefix="$broken" "$found" "$kept" >"$log" 2>&1; then
        echo "ok fuzz $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s"
    else
        failed=1
        echo "not ok fuzz $target: $(grep -m 1 -E 'ERROR|not so|SUMMARY|runtime error' "$log")"
        sed -n "s#^artifact_prefix.*Test unit written to \(.*\)#    repeat: $program \1#p" "$log"
    fi
    if [ -n "${KEEP:-}" ] && [ $failed = 0 ]; then
        new=$(mktemp -d)
        "$program" "${options[@]}" -use_counters=0 -set_cover_merge=1 "$new" "$kept" "$found" >>"$log" 2>&1 && rm -rf "$kept" && mv "$new" "$kept" && chmod 755 "$kept"
    fi
done
exit $failed
