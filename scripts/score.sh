#!/usr/bin/env bash
# The predictor's score on the recorded traces; fails where a gate is missed. `make score` builds first and calls this.
# Arguments go to score.py: scripts/score.sh --per-trace
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 scripts/score.py --gate "$@"
