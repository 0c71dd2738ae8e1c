#!/usr/bin/env bash
# jars.sh VERSION...: the few jars of a Flink release that its memory arithmetic lives in, from Maven into the cache
# (8 to 14 MB and a few seconds each, once). Prints a line "VERSION DIRECTORY" for each; fails with one line on stderr
# where Maven, a JDK or the network is missing and the cache has nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. scripts/places.sh
place=$cache/maven-jars

# dependency GROUP ARTIFACT VERSION: nothing that it depends on, which would be a hundred jars more
dependency() {
    echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version><exclusions><exclusion>"
    echo "<groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
}

# pom NAME: a project that has what standard input lists
pom() {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo "<groupId>heapcast.test</groupId><artifactId>$1</artifactId><version>1</version><packaging>pom</packaging>"
    echo '<dependencies>'
    cat
    echo '</dependencies></project>'
}

# from MAJOR.MINOR: is $version that or later?
from() { [ "$(printf '%s\n' "$1" "$version" | sort -V | head -n 1)" = "$1" ]; }

flink() {
    local artifact runtime=flink-runtime
    from 1.14 || runtime=flink-runtime_2.11
    for artifact in $runtime flink-core flink-annotations; do
        dependency org.apache.flink "$artifact" "$version"
    done
    ! from 1.20 || dependency org.apache.flink flink-core-api "$version"
    ! from 1.19 || dependency org.snakeyaml snakeyaml-engine 2.6
    dependency org.slf4j slf4j-api 1.7.36
}

harness() { dependency com.google.code.gson gson 2.10.1; }

# fill DIRECTORY CONTENT: CONTENT is flink or harness
fill() {
    local work log
    [ ! -d "$1" ] || return 0
    command -v mvn >/dev/null || { echo "no Maven (mvn)" >&2; return 1; }
    work=$(mktemp -d "$place/work.XXXXXX")
    log=$work/maven.log
    mkdir "$work/jars"
    "$2" | pom "$2" >"$work/pom.xml"
    if ! timeout 300 mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies -DoutputDirectory="$work/jars" >"$log" 2>&1 ||
        ! ls "$work"/jars/*.jar >/dev/null 2>&1; then
        echo "Maven could not fetch the jars of $(basename "$1"): $(grep -m 1 ERROR "$log" | cut -c 1-200)" >&2
        rm -rf "$work"
        return 1
    fi
    mv -T "$work/jars" "$1"
    rm -rf "$work"
}

mkdir -p "$place"
exec 9>"$place/lock"
flock 9
fill "$place/harness" harness
for version in "$@"; do
    fill "$place/$version" flink
done
echo "harness $place/harness"
for version in "$@"; do
    echo "$version $place/$version"
done
