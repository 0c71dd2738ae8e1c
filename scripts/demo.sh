#!/usr/bin/env bash
# The main job, end to end: watch a real job in an over-provisioned TaskManager, size it by what was seen, run the same job
# again, compare. `make demo`; DEMO=jvm shows it on a plain JVM; KEEP=1 keeps the run's files; DEMO_SECONDS (150) is the
# length of each of the two runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/places.sh

FLINK_VERSION=${FLINK_VERSION:-1.20.5}
# Below two minutes a JVM's start is all that tells what collections cost, and the heap advised a third too large.
seconds=${DEMO_SECONDS:-150}
# Until the live set is filled (15 s) and the JIT compiler has calmed down, neither run is typical.
settle=30
live_mib=120 records_per_s=8000 garbage_bytes=8192
job=(--backend hashmap --profile plateau --max-mb $live_mib --value-bytes 1024 --rate $records_per_s
    --garbage-bytes $garbage_bytes --read 1)
heapcast=build/heapcast
run=$(mktemp -d "${TMPDIR:-/tmp}/heapcast-demo.XXXXXX")
recommendation=$run/heapcast/heapcast-demo.json
# In a demo this short the agent can't wait for 15 before it says something.
agent=-agentpath:$PWD/build/libheapcast.so=dir=$run/heapcast,name=demo,warmup=60s,publish=5s
gc_log=-Xlog:gc:file=$run/log/gc-%p.log:timemillis
children=()
export FLINK_VERSION RUN_DIR=$run TTL=$((2 * seconds + 600))

say() { printf '\n%s\n' "$*"; }
fail() {
    say "demo: FAILED: $*"
    exit 1
}

clean_up() {
    trap - EXIT
    trap '' INT TERM HUP
    [ ${#children[@]} = 0 ] || kill "${children[@]}" 2>/dev/null || true
    scripts/flinkbed.sh down || true
    wait
    if [ -n "${KEEP:-}" ]; then
        echo "kept: $run"
    else
        rm -rf "$run"
    fi
}
trap clean_up EXIT
trap 'echo; echo "demo: interrupted, cleaning up"; exit 130' INT TERM HUP

# watch RESULT PID WATCH-ARGUMENTS...: in the background, since bash handles a signal only after a foreground command.
watch() {
    local result=$1 pid=$2
    shift 2
    python3 scripts/demo/watch.py --pid "$pid" --gc-log "$run/log/gc-$pid.log" --recommendation "$recommendation" \
        --seconds "$seconds" --settle $settle --output "$run/$result.json" "$@" &
    children+=($!)
    wait $! || fail "the run $result could not be watched to its end"
}

tell_recommendation() {
    [ -s "$recommendation" ] || fail "the agent wrote no $recommendation"
    # The agent goes on writing; what is decided now must be what is shown.
    cp "$recommendation" "$run/recommendation.json"
    say "What the agent recommends (heapcast show):"
    $heapcast show "$run/recommendation.json"
}

# ---- on a real Flink --------------------------------------------------------------------------------------------

# run_flink RESULT: the job in the TaskManager that is up
run_flink() {
    local REST_URL JOB_ID TM_IDS TM_PIDS
    scripts/flinkbed.sh submit "${job[@]}" >/dev/null
    . "$run/state"
    watch "$1" "$TM_PIDS" --flink "$REST_URL" "$JOB_ID" "$TM_IDS"
    scripts/flinkbed.sh cancel
}

demo_flink() {
    local config=$run/config.yaml resolve
    cat <<T
heapcast demo: a job with $live_mib MiB of keyed state and $records_per_s records/s on Flink $FLINK_VERSION, first in a TaskManager of
4096 MiB, then in one that heapcast has sized by what it saw. About $((2 * seconds / 60 + 1)) minutes on two cores. Files: $run
T
    say "1. A JobManager and a TaskManager with taskmanager.memory.process.size: 4096m and, in env.java.opts.taskmanager:"
    echo "   $agent"
    scripts/flinkbed.sh up -m 4096m -o "-XX:+UseG1GC $gc_log $agent" -c metrics.fetcher.update-interval=1000 >/dev/null
    cp "$run/conf/config.yaml" "$config"
    say "2. The job runs for $seconds s:"
    run_flink before
    tell_recommendation

    resolve=(--recommendation "$run/recommendation.json" --config "$config" --flink-version "$FLINK_VERSION")
    say "3. What that means for Flink (heapcast explain):"
    $heapcast explain "${resolve[@]}" || fail "heapcast explain"
    # Its warnings stand above already, in what explain says.
    $heapcast resolve "${resolve[@]}" --format config.yaml -o "$run/right-sized.yaml" 2>"$run/log/resolve" ||
        fail "heapcast resolve: $(cat "$run/log/resolve")"
    say "   Written by heapcast resolve:"
    diff "$config" "$run/right-sized.yaml" | sed -n 's/^[<>]/  &/p' || true

    say "4. The TaskManager starts again with that file, and the same job runs for $seconds s:"
    scripts/flinkbed.sh restart "$run/right-sized.yaml" >/dev/null
    run_flink after

    say "5. The result:"
    python3 scripts/demo/verdict.py "process size" "$run/before.json" "$run/after.json"
}

# ---- on a plain JVM ---------------------------------------------------------------------------------------------

# run_plain RESULT HEAP_MIB
run_plain() {
    local pid
    # shellcheck disable=SC2016  # expanded by the inner shell
    timeout "$TTL" bash -c 'echo $$ >"$0"; exec "$@"' "$run/pid" "$java/bin/java" "-Xmx${2}m" -XX:+UseG1GC "$gc_log" "$agent" \
        -cp "$run" LiveSet $live_mib $records_per_s $garbage_bytes >"$run/records-$1" 2>"$run/log/$1.console" &
    until [ -s "$run/pid" ]; do sleep 0.05; done
    pid=$(cat "$run/pid")
    rm "$run/pid"
    children+=("$pid")
    watch "$1" "$pid" --plain "$run/records-$1" $(($2 * 1024 * 1024))
    kill "$pid"
    wait || true
}

demo_jvm() {
    local java heap_mib
    java=$(java_home 17 21 11 25) || fail "no Java is there"
    mkdir -p "$run/log"
    "$(jdk_home)/bin/javac" --release 11 -d "$run" scripts/demo/LiveSet.java
    cat <<T
heapcast demo: a plain JVM that holds $live_mib MiB and handles $records_per_s records/s, first with -Xmx2g, then with the heap that
heapcast recommends. About $((2 * seconds / 60 + 1)) minutes. Files: $run
T
    say "1. java -Xmx2048m $agent, for $seconds s:"
    run_plain before 2048
    tell_recommendation
    heap_mib=$(python3 -c 'import json, sys
heap = json.load(open(sys.argv[1]))["recommendation"].get("heap_bytes")
print("" if heap is None else -(-heap // 1048576))' "$run/recommendation.json")
    [ -n "$heap_mib" ] || fail "there was too little data for a recommendation"
    say "2. The same with -Xmx${heap_mib}m:"
    run_plain after "$heap_mib"
    say "3. The result:"
    python3 scripts/demo/verdict.py "heap (-Xmx)" "$run/before.json" "$run/after.json"
}

[ -x $heapcast ] && [ -e build/libheapcast.so ] || fail "build/heapcast or build/libheapcast.so is missing: run make"
if [ "${DEMO:-flink}" = flink ] && [ ! -d "$(flink_home "$FLINK_VERSION")" ]; then
    echo "Flink $FLINK_VERSION could not be fetched; the same is shown on a plain JVM instead (DEMO=jvm)."
    DEMO=jvm
fi
case ${DEMO:-flink} in
    flink) demo_flink ;;
    jvm) demo_jvm ;;
    *) fail "DEMO=$DEMO: flink or jvm" ;;
esac
