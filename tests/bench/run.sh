#!/usr/bin/env bash
# What heapcast costs, each figure beside a limit and a peer. `make bench`; about six minutes, on a quiet machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. scripts/places.sh

build=build/bench
mkdir -p $build
compile() { "${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -Iinclude -I. -o "$build/$1" "tests/bench/$1.c" "${@:2}" -lm -lpthread; }
compile bench_predictor build/libheapcast-core.a
compile bench_derive build/libheapcast-core.a
. <(sed 's/ := /=/' build/config.mk)
compile bench_callback "-I$JDK_INCLUDE" "-I$JDK_INCLUDE/linux" build/obj/agent/{gc_events,perf_counters,ring,tick}.o
compile bench_pause -shared -fPIC "-I$JDK_INCLUDE" "-I$JDK_INCLUDE/linux" -ldl && mv $build/bench_pause $build/bench_pause.so
exec "$(python_tool)" tests/bench/bench.py $build
