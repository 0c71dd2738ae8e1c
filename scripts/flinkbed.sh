#!/usr/bin/env bash
# The test bed: a real Flink of one JobManager and some TaskManagers, started through Flink's own scripts on 127.0.0.1
# with a configuration directory of its own. Every JVM runs under `timeout`, so a crashed test leaves nothing behind for
# long.
set -euo pipefail
calling_directory=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/places.sh

usage() {
    cat <<'U'
usage: scripts/flinkbed.sh COMMAND [OPTIONS]
  fetch                     get FLINK_VERSION if it is not there, print its home
  up [OPTIONS]              start a JobManager and TaskManagers, print the state file
      -m SIZE               taskmanager.memory.process.size (default 1728m)
      -o "JVM OPTIONS"      for the TaskManager, such as -agentpath:…; may be repeated
      -j "JVM OPTIONS"      for the JobManager; may be repeated
      -c key=value          any other Flink option, wins over the test bed's own; may be repeated
      -e NAME=VALUE         environment of the TaskManager; may be repeated
      -n COUNT              TaskManagers (default 1)
      -w SECONDS            wait so long for them at most (default 90)
  submit [--name value]...  start the job with a live set to order; arguments: tests/flink/job/LiveSetJob.java
  rest PATH                 ask the REST interface
  cancel                    end the last job
  restart [CONFIG_FILE]     stop the TaskManagers and start as many with that file as config.yaml
  env                       print the state file: REST_URL JM_PID TM_PIDS TM_IDS JOB_ID …
  down                      stop all that was started in RUN_DIR
environment: FLINK_VERSION (1.20.5), RUN_DIR (one cluster each), JAVA_HOME (11, 17 or 21), TTL (900: seconds after
which every process ends by itself)
U
}

die() {
    echo "flinkbed: $*" >&2
    exit 1
}

export USER=${USER:-$(id -un)}
FLINK_VERSION=${FLINK_VERSION:-1.20.5}
RUN_DIR=${RUN_DIR:-${TMPDIR:-/tmp}/heapcast-flinkbed-$USER}
case $RUN_DIR in /*) ;; *) RUN_DIR=$calling_directory/$RUN_DIR ;; esac
TTL=${TTL:-900}
flink=$(flink_home "$FLINK_VERSION")
# Flink's scripts take these before the configuration file; whatever the caller has set is not meant for the test bed.
unset FLINK_ENV_JAVA_OPTS FLINK_ENV_JAVA_OPTS_JM FLINK_ENV_JAVA_OPTS_TM FLINK_HOME FLINK_CONF_DIR FLINK_PROPERTIES

rest() { python3 scripts/flink_rest.py "$@"; }
put() { echo "$1='${2//\'/}'" >>"$RUN_DIR/state"; }
load_state() {
    [ -f "$RUN_DIR/state" ] || die "nothing runs in $RUN_DIR"
    . "$RUN_DIR/state"
}

# Flink's scripts add an option for JDK 18 and later that JDK 24 and later refuse, so 21 is the newest that works.
find_java() {
    case $(java_major "${JAVA_HOME:-/nowhere}") in
        11 | 17 | 21) ;;
        *) JAVA_HOME=$(java_home 17 21 11) || die "Flink needs Java 11, 17 or 21: set JAVA_HOME, or scripts/bootstrap.sh demo" ;;
    esac
    export JAVA_HOME
}

fetch() {
    [ -d "$flink" ] || FLINK_VERSION=$FLINK_VERSION scripts/bootstrap.sh demo
    [ -d "$flink" ] || die "Flink $FLINK_VERSION is not there and could not be fetched"
}

free_ports() {
    python3 - <<'P'
import socket
sockets = [socket.socket() for _ in range(2)]
for s in sockets:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))
P
}

# write_config PROCESS_SIZE TM_OPTIONS JM_OPTIONS RPC_PORT REST_PORT [key=value]...
write_config() {
    local config=$RUN_DIR/conf/config.yaml process_size=$1 tm_options=$2 jm_options=$3 rpc=$4 rest=$5 option
    shift 5
    cp "$flink"/conf/* "$RUN_DIR/conf/"
    # The shipped file opens the JDK's modules to Flink with a list that fits this version; the rest of it are defaults.
    sed -nE 's/^ +all: *(--add-.*)$/env.java.opts.all: \1/p' "$flink/conf/config.yaml" >"$config"
    cat >>"$config" <<Y
jobmanager.rpc.address: 127.0.0.1
jobmanager.rpc.port: $rpc
jobmanager.bind-host: 127.0.0.1
jobmanager.memory.process.size: 1024m
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
rest.port: $rest
rest.bind-port: $rest
taskmanager.host: 127.0.0.1
taskmanager.bind-host: 127.0.0.1
taskmanager.memory.process.size: $process_size
taskmanager.numberOfTaskSlots: 2
io.tmp.dirs: $RUN_DIR/tmp
Y
    [ -z "$tm_options" ] || echo "env.java.opts.taskmanager: $tm_options" >>"$config"
    [ -z "$jm_options" ] || echo "env.java.opts.jobmanager: $jm_options" >>"$config"
    for option in "$@"; do
        sed -i "/^${option%%=*}:/d" "$config"
        echo "${option%%=*}: ${option#*=}" >>"$config"
    done
}

# launch NAME COMMAND...: in a session of its own, so that Ctrl-C ends the caller and not half of the cluster. Flink's
# scripts exec one another and at last Java, so the pid written here stays that of the JVM.
launch() {
    local name=$1 console=$RUN_DIR/log/$1.console
    shift
    rm -f "$RUN_DIR/pid/$name"
    FLINK_CONF_DIR=$RUN_DIR/conf FLINK_LOG_DIR=$RUN_DIR/log FLINK_PID_DIR=$RUN_DIR/pid setsid timeout -k 5 "$TTL" \
        bash -c 'echo $$ >"$0"; exec "$@"' "$RUN_DIR/pid/$name" "$@" >>"$console" 2>&1 </dev/null &
    until [ -s "$RUN_DIR/pid/$name" ]; do sleep 0.02; done
}

start_jobmanager() {
    launch jobmanager "$flink/bin/jobmanager.sh" start-foreground
    JM_PID=$(cat "$RUN_DIR/pid/jobmanager")
    put JM_PID "$JM_PID"
}

# start_taskmanagers COUNT SECONDS: needs REST_URL and JM_PID
start_taskmanagers() {
    local i pids="" ids
    for ((i = 0; i < $1; i++)); do
        launch taskmanager-$i env "${tm_environment[@]}" "$flink/bin/taskmanager.sh" start-foreground
        pids+=" $(cat "$RUN_DIR/pid/taskmanager-$i")"
    done
    put TM_PIDS "${pids# }"
    # shellcheck disable=SC2086  # pids are words
    ids=$(rest await "$REST_URL" "$1" "$2" $JM_PID $pids) || {
        tail -n 5 "$RUN_DIR"/log/*.console >&2
        stop_everything
        die "Flink did not start; its logs are in $RUN_DIR/log"
    }
    put TM_IDS "$ids"
}

# stop PID...: only what was started here, which its environment tells even where a pid was given out again.
stop() {
    local pid group groups=()
    for pid in "$@"; do
        if grep -qzsF "FLINK_CONF_DIR=$RUN_DIR/conf" "/proc/$pid/environ"; then
            # The whole group: while Flink's scripts are still at work they have children of their own.
            group=$(sed -E 's/.*\) [A-Z] [0-9]+ ([0-9]+) .*/\1/' "/proc/$pid/stat" || true)
            [ -n "$group" ] || continue
            kill -- "-$group" 2>/dev/null || true
            groups+=("$group")
        fi
    done
    for group in "${groups[@]}"; do
        for _ in $(seq 100); do
            kill -0 -- "-$group" 2>/dev/null || continue 2
            sleep 0.1
        done
        kill -9 -- "-$group" 2>/dev/null || true
    done
}

stop_everything() {
    local files=("$RUN_DIR"/pid/taskmanager-* "$RUN_DIR/pid/jobmanager")
    # shellcheck disable=SC2046  # pids are words
    stop $(cat "${files[@]}" 2>/dev/null || true)
    rm -rf "$RUN_DIR/tmp" "$RUN_DIR/pid"
    [ ! -f "$RUN_DIR/state" ] || mv "$RUN_DIR/state" "$RUN_DIR/state.last"
}

up() {
    local size=1728m tm_options="" jm_options="" count=1 seconds=90 settings=() option ports
    while getopts m:o:j:c:e:n:w: option; do
        case $option in
            m) size=$OPTARG ;;
            o) tm_options+=" $OPTARG" ;;
            j) jm_options+=" $OPTARG" ;;
            c) settings+=("$OPTARG") ;;
            e) tm_environment+=("$OPTARG") ;;
            n) count=$OPTARG ;;
            w) seconds=$OPTARG ;;
            *)
                usage >&2
                exit 2
                ;;
        esac
    done
    fetch
    find_java
    [ ! -f "$RUN_DIR/state" ] || die "$RUN_DIR is in use: scripts/flinkbed.sh down, or another RUN_DIR"
    mkdir -p "$RUN_DIR"/{conf,log,pid,tmp}
    read -ra ports < <(free_ports)
    write_config "$size" "${tm_options# }" "${jm_options# }" "${ports[@]}" "${settings[@]}"
    REST_URL=http://127.0.0.1:${ports[1]}
    : >"$RUN_DIR/state"
    put FLINK_VERSION "$FLINK_VERSION"
    put FLINK_HOME "$flink"
    put RUN_DIR "$RUN_DIR"
    put REST_URL "$REST_URL"
    start_jobmanager
    start_taskmanagers "$count" "$seconds"
    cat "$RUN_DIR/state"
}

restart() {
    local count config=${1:-$RUN_DIR/conf/config.yaml}
    case $config in /*) ;; *) config=$calling_directory/$config ;; esac
    [ -r "$config" ] || die "$config can't be read"
    load_state
    flink=$FLINK_HOME
    find_java
    count=$(wc -w <<<"$TM_PIDS")
    # shellcheck disable=SC2086  # pids are words
    stop $TM_PIDS
    # As long as the JobManager believes in the old ones it would give their slots to the next job.
    rest await "$REST_URL" 0 90 "$JM_PID" >/dev/null
    [ "$config" -ef "$RUN_DIR/conf/config.yaml" ] || cp "$config" "$RUN_DIR/conf/config.yaml"
    start_taskmanagers "$count" 90
    cat "$RUN_DIR/state"
}

# job_jar: compiled against this Flink when the source is newer; prints its path.
job_jar() {
    local source=tests/flink/job/LiveSetJob.java build=build/flink-job/$FLINK_VERSION jdk
    if [ ! "$build/live-set-job.jar" -nt $source ]; then
        jdk=$(jdk_home) || die "no JDK with a compiler: scripts/bootstrap.sh build"
        rm -rf "$build"
        mkdir -p "$build/classes"
        "$jdk/bin/javac" --release 11 -cp "$flink/lib/*" -d "$build/classes" $source >&2
        "$jdk/bin/jar" --create --file "$build/new.jar" --main-class LiveSetJob -C "$build/classes" .
        mv "$build/new.jar" "$build/live-set-job.jar"
    fi
    echo "$build/live-set-job.jar"
}

submit() {
    local jar
    load_state
    flink=$FLINK_HOME
    jar=$(job_jar)
    put JOB_ID "$(rest run "$REST_URL" "$jar" LiveSetJob "$@")"
    tail -n 1 "$RUN_DIR/state"
}

tm_environment=()
command=${1:-}
[ $# = 0 ] || shift
case $command in
    fetch) fetch && echo "$flink" ;;
    up) up "$@" ;;
    submit) submit "$@" ;;
    rest) load_state && rest get "$REST_URL" "$1" ;;
    cancel) load_state && rest cancel "$REST_URL" "$JOB_ID" ;;
    restart) restart "$@" ;;
    env) load_state && cat "$RUN_DIR/state" ;;
    down) stop_everything ;;
    *)
        usage >&2
        exit 2
        ;;
esac
