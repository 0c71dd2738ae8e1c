# Where things lie on this machine: the cache, the JDKs and Flink. Sourced by the other scripts, which stand in the
# repository's root. Nothing here downloads or changes anything; scripts/bootstrap.sh does that.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/heapcast
venv=$cache/venv

# java_major HOME: 17 for "17.0.15", 8 for "1.8.0_402"; nothing where HOME is no Java.
java_major() {
    local version
    [ -x "$1/bin/java" ] || return 0
    if ! version=$(sed -n 's/^JAVA_VERSION="\(.*\)"$/\1/p' "$1/release" 2>/dev/null) || [ -z "$version" ]; then
        version=$("$1/bin/java" -version 2>&1 | sed -n '1s/.*version "\([^"]*\)".*/\1/p')
    fi
    version=${version#1.}
    echo "${version%%[.-]*}"
}

# java_candidates: Java homes, the ones to prefer first. The cache comes last: what lies there has no compiler.
java_candidates() {
    local home
    if [ -n "${JAVA_HOME:-}" ]; then
        echo "$JAVA_HOME"
    fi
    if command -v javac >/dev/null; then
        home=$(readlink -f "$(command -v javac)")
        echo "${home%/bin/javac}"
    fi
    for home in /usr/lib/jvm/* "$cache"/jdk/*; do
        if [ -x "$home/bin/java" ] && [ ! -L "$home" ]; then
            echo "$home"
        fi
    done
}

# java_list: a line "MAJOR HOME" for each major version at hand, the first candidate of each.
java_list() {
    local home major seen=" "
    while read -r home; do
        major=$(java_major "$home")
        if [ -n "$major" ] && [[ $seen != *" $major "* ]]; then
            seen+="$major "
            echo "$major $home"
        fi
    done < <(java_candidates)
}

# java_home MAJOR...: the home of the first of these major versions that is at hand; fails if none is.
java_home() {
    local list major
    list=$(java_list)
    for major in "$@"; do
        sed -n "s/^$major //p;" <<<"$list" | grep . && return 0
    done
    return 1
}

# jdk_home: a JDK to build with, which means one that has JVMTI's header; fails if there is none.
jdk_home() {
    local home
    while read -r home; do
        if [ -r "$home/include/jvmti.h" ] && [ -x "$home/bin/javac" ]; then
            echo "$home"
            return 0
        fi
    done < <(java_candidates)
    return 1
}

# flink_home VERSION: where bootstrap.sh puts that Flink; the directory exists only if it is complete.
flink_home() {
    echo "$cache/flink/$1"
}

# python_tool: the Python that has the packages of the tests, or the system's where there is no such.
python_tool() {
    if [ -x "$venv/bin/python" ]; then
        echo "$venv/bin/python"
    else
        echo python3
    fi
}
