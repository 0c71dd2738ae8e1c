#!/usr/bin/env bash
# placeholder of the first minutes; see the next commit
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
jdk=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
cat > build/config.mk <<M
CJSON_DIR := $PWD/build/third_party/cjson
JDK_INCLUDE := $jdk/include
LIBYAML := -l:libyaml.a
M
