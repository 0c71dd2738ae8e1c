#!/usr/bin/env bash
# The unified pool on a real TaskManager: a job whose live set swings up to a peak that the default split of a container
# cannot hold runs through in the pooled one, of the same size, and stays below it. About six minutes; `make test-pool`.
#
#   1  default split, a wave that fits (420 MB of values): the agent recommends
#   2  default split, the higher wave (620 MB): the TaskManager must stall (else the test shows nothing)
#   3  pooled by `heapcast resolve --model unified` within the same container: the higher wave must run through
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

container=1728 # MiB, the size that Flink ships
seconds=${SECONDS_EACH:-150}
export FLINK_VERSION=${FLINK_VERSION:-1.20.5} RUN_DIR=${RUN_DIR:-$(mktemp -d)} TTL=1200
out=$RUN_DIR/agent
bed=scripts/flinkbed.sh
mkdir -p "$out"
trap '$bed down >/dev/null 2>&1 || true' EXIT

say() { echo "# $(date +%T) $*"; }
fail() {
    echo "not ok pool_wave: $*"
    exit 1
}
state() { . "$RUN_DIR/state"; }
# The values of a record come at rate x value-bytes, which bounds how fast the live set can follow the curve.
submit() { $bed submit --profile wave --min-mb 20 --max-mb "$1" --period-s 50 --value-bytes 2048 --rate 24000 >/dev/null; }
job_state() { $bed rest "/jobs/$JOB_ID" 2>/dev/null | python3 -c 'import json,sys; print(json.load(sys.stdin)["state"])' || echo UNKNOWN; }
peak_mib() { echo $(($(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status") / 1024)); }
# watch SECONDS: until then, or the job is no longer RUNNING; sets ended (its state), lasted and peak (MiB)
watch() {
    local start=$SECONDS
    state
    ended=RUNNING
    peak=0
    while [ $((SECONDS - start)) -lt "$1" ]; do
        sleep 2
        peak=$(peak_mib "$TM_PIDS" 2>/dev/null || echo "$peak")
        ended=$(job_state)
        case $ended in RUNNING | CREATED | INITIALIZING) ;; *) break ;; esac
    done
    lasted=$((SECONDS - start))
}

say "default split of ${container}m: a wave up to 420 MB"
$bed up -m ${container}m -o "-XX:+UseG1GC -agentpath:$PWD/build/libheapcast.so=dir=$out,name=pool,warmup=20s,publish=5s" >/dev/null
submit 420
watch "$((seconds * 2 / 3))"
[ "$ended" = RUNNING ] || fail "the wave that fits ended as $ended after $lasted s"
cp "$out/heapcast-pool.json" "$RUN_DIR/recommendation.json"
say "job $ended after $lasted s, peak RSS $peak MiB of $container"
$bed cancel >/dev/null

build/heapcast resolve --recommendation "$RUN_DIR/recommendation.json" --config "$RUN_DIR/conf/config.yaml" --flink-version "$FLINK_VERSION" \
    --model unified --min ${container}m --max ${container}m -o "$RUN_DIR/pooled.yaml"
say "$(grep taskmanager: "$RUN_DIR/pooled.yaml" || true)"

say "default split again: the wave up to 620 MB"
$bed restart >/dev/null
submit 620
watch "$((seconds + 60))"
default="$ended after $lasted s, peak RSS $peak MiB"
default_ended=$ended
say "job $default"

say "pooled: the wave up to 620 MB"
[ "$ended" != RUNNING ] || $bed cancel >/dev/null || true
$bed restart "$RUN_DIR/pooled.yaml" >/dev/null
submit 620
watch "$seconds"
say "job $ended after $lasted s, peak RSS $peak MiB of $container"
[ "$default_ended" != RUNNING ] || fail "the default split held the higher wave too: nothing shown ($default)"
[ "$ended" = RUNNING ] || fail "pooled, the job ended as $ended after $lasted s"
[ "$peak" -lt $container ] || fail "pooled, the peak of $peak MiB is not below the container's $container"
echo "ok pool_wave: default split: $default; pooled: still RUNNING after $lasted s, peak RSS $peak of $container MiB"
