#!/usr/bin/env bash
# Goodput under overload: answers in time, where calls come in an open loop at 1,
# 1.5 and 2 times the capacity for 8 s each, with deadlines of 500 ms; and what
# comes a second after. The capacity is that of 64 callers who ask again as soon
# as they are answered, just before. Run run.sh once before: it builds.
#
#   tests/bench/overload.sh [PROGRAM [FLAG...]]
#
# PROGRAM is the aggregator, or another contender.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
(($#)) || set -- build/release/bin/aggregator --log_level=error --metrics_listen=

bin=$PWD/build/release/bin
# shellcheck source=tests/bench/servers.sh
source tests/bench/servers.sh
start_backends 0
start aggregator "$@" "${targets[@]}"

# load FLAG...: one line of JSON.
load() {
  "$bin/bench_load" --target="127.0.0.1:$port" --user_id=small "$@"
}

# open_load RATE FLAG...: the same of two loads, each with half of the calls: at
# twice the capacity one thread is late with what it is to send.
open_load() {
  local half loads=() i
  half=$(/usr/bin/python3 -c 'import sys; print(float(sys.argv[1]) / 2)' "$1")
  shift
  for i in 1 2; do
    load --rate="$half" "$@" >"$work/load.$i" &
    loads+=("$!")
  done
  wait "${loads[@]}"
  /usr/bin/python3 -c 'import collections, json, sys
a, b = (json.loads(open(path).read()) for path in sys.argv[1:])
both = {key: a[key] + b[key] for key in ("calls", "errors", "wrong")}
both["codes"] = dict(collections.Counter(a["codes"]) +
                     collections.Counter(b["codes"]))
for key in ("seconds", "p50_ms"):
    both[key] = max(a[key], b[key])
print(json.dumps(both))' "$work/load.1" "$work/load.2"
}

# calc EXPRESSION: in Python, over what `load` said last, as d.
calc() {
  /usr/bin/python3 -c 'import json, sys
d = json.loads(sys.argv[1])
good = (d["calls"] - d["errors"] - d["wrong"]) / d["seconds"]
print(eval(sys.argv[2]))' "$said" "$1"
}

said=$(load --in_flight=64 --warm_up=2s --duration=5s)
capacity=$(calc 'good')
echo "$*: capacity $(calc 'round(good)')/s"
for times in 1 1.5 2; do
  rate=$(calc "$times * $capacity")
  said=$(open_load "$rate" --duration=8s --timeout=500ms)
  echo "$times x: $(calc "round(100 * good / $capacity)") % answered in time," \
    "median $(calc 'round(d["p50_ms"])') ms, $(calc 'd["codes"]')"
  said=$(open_load "$(calc "$capacity / 4")" --warm_up=1s --duration=1s \
    --timeout=500ms)
  echo "  a second later: $(calc 'd["errors"] + d["wrong"]') of" \
    "$(calc 'd["calls"]') fail, median $(calc 'd["p50_ms"]') ms"
done
