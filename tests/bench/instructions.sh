#!/usr/bin/env bash
# Instructions of one overview, of 1 KB, counted under callgrind: they are the
# same on a busy machine, so a regression shows without noise. Run run.sh once
# before: it builds.
#
#   tests/bench/instructions.sh [PROGRAM [FLAG...]]
#
# PROGRAM is the aggregator, or another contender in C++. The profile stays in
# build/bench, for callgrind_annotate.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
(($#)) || set -- build/release/bin/aggregator --log_level=warning

bin=$PWD/build/release/bin
out=$PWD/build/bench
work=$(mktemp -d)
pids=()
mkdir -p "$out"

clean_up() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || :; done
  wait
  rm -rf "$work"
}
trap clean_up EXIT

# start NAME COMMAND...: a server; sets port and pid.
start() {
  local name=$1 tries=600
  shift
  rm -f "$work/$name"
  "$@" --listen=127.0.0.1:0 --port_file="$work/$name" 2>"$work/$name.log" &
  pid=$!
  pids+=("$pid")
  until [[ -s $work/$name ]]; do
    if ((tries-- == 0)) || ! kill -0 "$pid" 2>/dev/null; then
      cat "$work/$name.log" >&2
      exit 1
    fi
    sleep 0.05
  done
  port=$(<"$work/$name")
}

# count CALLS COMMAND...: instructions of a process that serves so many calls,
# the first ones aside.
count() {
  local calls=$1 profile
  shift
  profile=$out/callgrind.${1##*/}.$calls
  start aggregator valgrind --tool=callgrind --trace-children=no \
    --callgrind-out-file="$profile" "$@" "${targets[@]}"
  "$bin/bench_load" --target="127.0.0.1:$port" --user_id=small \
    --calls="$calls" --timeout=30s >"$work/load"
  grep -q '"errors": 0, "wrong": 0' "$work/load" || {
    cat "$work/load" >&2
    exit 1
  }
  kill -TERM "$pid"
  wait "$pid"
  instructions=$(awk '/^(summary|totals):/ {print $2; exit}' "$profile")
}

(cd tests/bench && /usr/bin/python3 -B -c \
  'import pathlib, sys; from runner import dataset
dataset.write(pathlib.Path(sys.argv[1]))' "$work")
targets=()
for role in user order product; do
  start "$role" "$bin/backend" --role="$role" --data="$work/$role.json" \
    --log_level=warning
  targets+=("--${role}_target=127.0.0.1:$port")
done

count 100 "$@"
few=$instructions
count 1100 "$@"
echo "$(((instructions - few) / 1000)) instructions an overview: $*"
