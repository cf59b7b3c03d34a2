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

# load FLAG...: one line of JSON. Calls of an open loop come in bunches, each
# millisecond: one by one they would take twice as much of two cores as the
# closed loop's, which the capacity is measured by. The load runs at a higher
# priority, where the user may say so, as if it were on a machine of its own.
first=(nice -n -10)
[[ $("${first[@]}" nice 2>/dev/null) == -10 ]] || first=()
load() {
  "${first[@]}" "$bin/bench_load" --target="127.0.0.1:$port" --user_id=small \
    --tick=1ms "$@"
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
  said=$(load --rate="$rate" --duration=8s --timeout=500ms)
  echo "$times x: $(calc "round(100 * good / $capacity)") % answered in time," \
    "median $(calc 'round(d["p50_ms"])') ms, $(calc 'd["codes"]')," \
    "$(calc 'd["unsent"]') never sent"
  said=$(load --rate="$(calc "$capacity / 4")" --warm_up=1s --duration=1s \
    --timeout=500ms)
  echo "  a second later: $(calc 'd["errors"] + d["wrong"]') of" \
    "$(calc 'd["calls"]') fail, median $(calc 'd["p50_ms"]') ms"
done
