#!/usr/bin/env bash
# What no test of behaviour sees: rooms, headers, format, exports, banned functions, warnings. `make check`.
# One line a check: "ok NAME", "FAILED NAME: why" or "skip NAME: what is missing".
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

rooms=(agent cli predictor records resolver)
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# check NAME COMMAND...: the command's output is shown if it fails.
check() {
    local name=$1
    shift
    if "$@" >"$log" 2>&1; then
        echo "ok $name"
    else
        failed=1
        echo "FAILED $name: $(wc -l <"$log") lines of reasons follow"
        head -n 40 "$log" | sed 's/^/    /'
    fi
}

skip() { echo "skip $1: $2"; }
have() { command -v "$1" >/dev/null; }

# A header that needs another one included before it is a trap for whoever includes it first.
headers_alone() {
    local header result=0
    for header in include/heapcast/*.h; do
        # The declaration is there because ISO C wants something in every file, which vocabulary may not be.
        "$@" -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -include "$header" - <<<"extern int any;" || result=1
    done
    return $result
}

formatted() {
    local files
    files=$(find "${rooms[@]}" include tests -name '*.[ch]')
    # shellcheck disable=SC2086  # a list of names without blanks
    [ -z "$files" ] || clang-format --dry-run --Werror $files
}

# A TaskManager shares its name space with us: what we export might be taken for somebody else's function.
exports() {
    local agent result=0
    for agent in "$@"; do
        diff <(printf '%s\n' Agent_OnAttach Agent_OnLoad Agent_OnUnload) \
            <(nm -D --defined-only "$agent" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort) || result=1
    done
    return $result
}

# needed_only PATTERN FILE...: a TaskManager's image has the C library and nothing else of ours.
needed_only() {
    local pattern=$1 file result=0
    shift
    for file in "$@"; do
        readelf -d "$file" | sed -n "s|.*(NEEDED).*\[\(.*\)\]|$file needs \1|p" | grep -vE " ($pattern)\$" && result=1
    done
    return $result
}

undefined() { readelf -W --dyn-syms "$1" | awk '$7 == "UND" && $5 == "GLOBAL" { print $8 }'; }

# 2.17 is the oldest that zig knows, and older than any image that Flink runs in.
glibc_floor() {
    local file newest result=0
    for file in "$@"; do
        newest=$(undefined "$file" | sed -n 's/.*@GLIBC_\([0-9.]*\).*/\1/p' | sort -V | tail -n 1)
        echo "$file needs glibc $newest: $(undefined "$file" | grep -F "@GLIBC_$newest" | xargs)"
        [ -n "$newest" ] && [ "$(printf '%s\n2.17\n' "$newest" | sort -V | tail -n 1)" = 2.17 ] || result=1
    done
    return $result
}

# The compiler's runtime library is one object: whoever takes one function from it (a division of 128 bits, say) gets its
# slow memcpy and its mathematics in place of the C library's.
memcpy_of_the_c_library() {
    local file result=0
    for file in "$@"; do
        undefined "$file" | grep -q '^memcpy@' || { echo "$file has a memcpy of its own" && result=1; }
    done
    return $result
}

# musl takes the names of glibc's libraries for itself, but lacks some functions; fts is Debian's addition to its musl.
musl_has_it_all() {
    local file result=0 loader
    loader=/lib/ld-musl-$(uname -m).so.1
    for file in "$@"; do
        undefined "$file" | sed 's/@.*//' | sort -u |
            grep -vxFf <(readelf -W --dyn-syms "$loader" | awk '$7 != "UND" { print $8 }' | grep -v '^fts_') |
            sed "s|^|$file: musl has no |" | grep . && result=1
    done
    return $result
}

banned_functions() {
    local object found result=0
    for object in $(for room in "${rooms[@]}"; do find "build/obj/$room" -name '*.o' 2>/dev/null; done); do
        found=$(nm -u "$object" | sed -E 's/^ *U //; s/@.*//; s/^__(.*)_chk$/\1/' |
            grep -Fxf <(grep -v '^#' scripts/banned.txt)) || continue
        echo "$object calls" $found
        result=1
    done
    return $result
}

objects_there() { [ -n "$(find build/obj -name '*.o' -print -quit 2>/dev/null)" ]; }

warnings_are_errors() { make --no-print-directory -s B=build/werror WERROR=1 all; }

# Whoever clones this has another machine.
own_paths() { ! git grep -nIE '(^|[^A-Za-z0-9_.$}])/(wor[k]|roo[t]|hom[e])/'; }

shell_scripts() {
    local script result=0
    for script in $(git ls-files '*.sh' .ci/run); do
        bash -n "$script" || result=1
    done
    return $result
}

check rooms python3 scripts/rooms.py
check rooms-self-test python3 scripts/rooms.py --self-test
check headers-alone-c headers_alone "${CC:-cc}" -std=c11 -x c
if have g++; then
    check headers-alone-c++ headers_alone g++ -std=c++11 -x c++
else
    skip headers-alone-c++ "g++"
fi
if have clang-format; then
    check format formatted
else
    skip format "clang-format"
fi
libraries='(libc|libm|libpthread|libdl)\.so\.[0-9]+'
check exports exports build/libheapcast.so
# A linker may list the loader, for it exports a symbol or two; musl has none of that name.
check needed-libraries needed_only "$libraries|ld-linux[a-z0-9_-]*\.so\.[0-9]+" build/libheapcast.so
portable=(build/portable/{x86_64,aarch64})
if [ -e "${portable[0]}/libheapcast.so" ] && [ -e "${portable[1]}/libheapcast.so" ]; then
    check portable-exports exports "${portable[@]/%//libheapcast.so}"
    check portable-needed-libraries needed_only "$libraries" "${portable[@]/%//libheapcast.so}" "${portable[@]/%//heapcast}"
    check portable-glibc-2.17 glibc_floor "${portable[@]/%//libheapcast.so}" "${portable[@]/%//heapcast}"
    check portable-memcpy memcpy_of_the_c_library "${portable[@]/%//libheapcast.so}" "${portable[@]/%//heapcast}"
    if [ -e "/lib/ld-musl-$(uname -m).so.1" ]; then
        check portable-musl musl_has_it_all "build/portable/$(uname -m)/"{libheapcast.so,heapcast}
    else
        skip portable-musl "musl (make test-musl)"
    fi
else
    skip portable "build/portable (make portable)"
fi
check banned-functions eval 'objects_there && banned_functions'
check warnings-as-errors warnings_are_errors
if have git && git rev-parse --git-dir >/dev/null 2>&1; then
    check no-paths-of-one-machine own_paths
    check shell-scripts shell_scripts
else
    skip no-paths-of-one-machine "git, or a clone"
    skip shell-scripts "git, or a clone"
fi
exit $failed
