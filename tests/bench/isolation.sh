#!/usr/bin/env bash
# What a backend that hangs, and a burst on a cold aggregator, cost everybody else.
# Fails where a call fails, or an answer lacks what it need not lack. Run run.sh once
# before: it builds.
#
#   tests/bench/isolation.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

bin=$PWD/build/release/bin
# shellcheck source=tests/bench/servers.sh
source tests/bench/servers.sh
start_backends 10ms
failed=0

# load FLAG...: calls the aggregator; sets said, a line of JSON.
load() {
  said=$("$bin/bench_load" --target="127.0.0.1:$port" --user_id=small "$@")
}

# check WHAT CONDITION: in Python, over what `load` said last, as d.
check() {
  /usr/bin/python3 -c 'import json, sys
d, what, condition = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
good = eval(condition)
print("  good" if good else "  BAD ", what + ":", d["calls"], "calls,",
      d["errors"], "failed", d["codes"], "and", d["wrong"], "lack something,",
      "median", round(d["p50_ms"]), "ms, longest", round(d["max_ms"]), "ms")
sys.exit(not good)' "$said" "$1" "$2" || failed=1
}

aggregator() {
  start aggregator "$bin/aggregator" --log_level=error --metrics_listen= \
    "${targets[@]}" "$@"
}

stop() {
  kill "$pid"
  wait "$pid" || :
}

# hang RATE FLAG...: the product backend stops for 6 s under that load.
hang() {
  local rate=$1 product
  shift
  product=${pids[2]}
  echo "product backend hangs, $rate calls/s, ${*:-default flags}:"
  aggregator "$@"
  load --rate="$rate" --warm_up=1s --duration=1s
  check 'before' 'd["errors"] + d["wrong"] == 0'
  kill -STOP "$product"
  load --rate="$rate" --duration=2s --service=without_products
  check 'hanging for 2 s' 'd["errors"] + d["wrong"] == 0'
  load --rate="$rate" --duration=4s --service=without_products
  check 'hanging for 6 s' 'd["errors"] + d["wrong"] == 0 and d["p50_ms"] < 50'
  kill -CONT "$product"
  load --rate="$rate" --warm_up=2s --duration=1s
  check '2 s later' 'd["errors"] + d["wrong"] == 0'
  stop
}

# burst CONNECTIONS: 10,000 calls at once on an aggregator that has just started.
burst() {
  aggregator
  load --calls=10000 --in_flight=10000 --connections="$1" --timeout=60s
  check "$1 connections" 'd["errors"] + d["wrong"] == 0'
  stop
}

hang 400 --max_inflight=500
hang 450
echo "10,000 calls at once on a cold aggregator, backends of 10 ms:"
for connections in 1 2 16; do burst "$connections"; done
# Fewer connections have streams for 1,000 calls each, and so take longer.
echo "the same, with backends of 10 s:"
start_backends 10s
targets+=(--section_timeout=30s --total_timeout=40s)
burst 16
exit "$failed"
