#!/usr/bin/env bash
# Packs the portable build, an archive an architecture: scripts/release.sh VERSION ARCH... (`make release`). The same
# commit gives the same bytes: order, owners and times in the archives are fixed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$1
shift
place=build/release
rm -rf $place
time=$(git log -1 --format=%ct 2>/dev/null || echo 0)
for arch in "$@"; do
    name=heapcast-$version-linux-$arch
    tree=$place/$name
    install -Dm755 "build/portable/$arch/heapcast" "$tree/bin/heapcast"
    install -Dm755 "build/portable/$arch/libheapcast.so" "$tree/lib/libheapcast.so"
    install -Dm644 -t "$tree" README.md CHANGELOG.md LICENSE
    install -Dm644 -t "$tree/docs" docs/*.md
    install -Dm644 -t "$tree/docs/schema" docs/schema/*.json
    install -Dm644 build/third_party/cjson/LICENSE "$tree/LICENSE.cJSON"
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time" --mode=u=rwX,go=rX -C $place -cf - "$name" |
        gzip -9n >"$place/$name.tar.gz"
    rm -rf "$tree"
done
(cd $place && sha256sum ./*.tar.gz >SHA256SUMS && cat SHA256SUMS)
