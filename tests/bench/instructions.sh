#!/usr/bin/env bash
# Instructions of one overview, of 1 KB, counted under callgrind: they are the
# same on a busy machine, so a regression shows without noise. Run run.sh once
# before: it builds.
#
#   [SECTIONS=user,orders,...] tests/bench/instructions.sh [PROGRAM [FLAG...]]
#
# PROGRAM is the aggregator, or another contender in C++. The profile stays in
# build/bench, for callgrind_annotate.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
(($#)) || set -- build/release/bin/aggregator --log_level=warning

bin=$PWD/build/release/bin
out=$PWD/build/bench
mkdir -p "$out"
# shellcheck source=tests/bench/servers.sh
source tests/bench/servers.sh

# count CALLS COMMAND...: instructions of a process that serves so many calls,
# the first ones aside.
count() {
  local calls=$1 profile
  shift
  profile=$out/callgrind.${1##*/}.$calls
  start aggregator valgrind --tool=callgrind --trace-children=no \
    --callgrind-out-file="$profile" "$@" "${targets[@]}"
  "$bin/bench_load" --target="127.0.0.1:$port" --user_id=small \
    --calls="$calls" --timeout=30s --sections="${SECTIONS:-}" >"$work/load"
  grep -q '"errors": 0, "wrong": 0' "$work/load" || {
    cat "$work/load" >&2
    exit 1
  }
  kill -TERM "$pid"
  wait "$pid"
  instructions=$(awk '/^(summary|totals):/ {print $2; exit}' "$profile")
}

start_backends 0
count 100 "$@"
few=$instructions
count 1100 "$@"
echo "$(((instructions - few) / 1000)) instructions an overview: $*"
