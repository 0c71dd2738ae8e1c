#!/usr/bin/env bash
# gctoolkit.sh: GCToolKit (Maven, 20 MB, once) and our program for it, in the cache. Prints the java command that runs
# GcToolKitEvents; fails with one line on stderr where Maven, a JDK (11 or later) or the network is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. scripts/places.sh
version=3.5.0
place=$cache/gctoolkit-$version
source=tests/gclogs/GcToolKitEvents.java

home=$(java_home 17 21 25 11) || { echo "no JDK" >&2; exit 1; }
javac=$home/bin/javac
[ -x "$javac" ] || javac=$(command -v javac) || { echo "no javac" >&2; exit 1; }
mkdir -p "$cache"
exec 9>"$cache/gctoolkit.lock"
flock 9
if [ ! -d "$place" ]; then
    command -v mvn >/dev/null || { echo "no Maven (mvn)" >&2; exit 1; }
    work=$(mktemp -d "$cache/work.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    {
        echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        echo '<groupId>heapcast.test</groupId><artifactId>gctoolkit</artifactId><version>1</version><packaging>pom</packaging>'
        echo '<dependencies>'
        for artifact in api parser vertx; do
            echo "<dependency><groupId>com.microsoft.gctoolkit</groupId><artifactId>gctoolkit-$artifact</artifactId><version>$version</version></dependency>"
        done
        echo '</dependencies></project>'
    } >"$work/pom.xml"
    if ! timeout 300 mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies -DoutputDirectory="$work/lib" >"$work/log" 2>&1; then
        echo "Maven could not fetch GCToolKit: $(grep -m 1 ERROR "$work/log" | cut -c 1-200)" >&2
        exit 1
    fi
    mkdir "$work/done"
    mv "$work/lib" "$work/done/lib"
    mv -T "$work/done" "$place"
fi
if [ "$source" -nt "$place/classes/GcToolKitEvents.class" ]; then
    "$javac" -nowarn -d "$place/classes" --module-path "$place/lib" --add-modules ALL-MODULE-PATH "$source" >&2
fi
echo "$home/bin/java -Xmx2g --module-path $place/lib --add-modules ALL-MODULE-PATH -cp $place/classes GcToolKitEvents"
