#!/usr/bin/env bash
# What it costs to record every span: CPU time of the aggregator's process for an
# overview of 1 KB, its exporter included; at a traffic that leaves the machine
# time, and as 16 callers ask again as soon as they are answered. Three aggregators
# are measured in turn, round by round, so that a busy machine is the same for all:
# without traces, with --start_traces, and with spans sent to a collector. Who is
# not measured is stopped. Run run.sh once before: it builds.
#
#   [ROUNDS=10] [RATE=4000] tests/bench/spans.sh [PROGRAM [FLAG...]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
(($#)) || set -- build/release/bin/aggregator --log_level=warning --metrics_listen=

bin=${BIN:-$PWD/build/release/bin}
# shellcheck source=tests/bench/servers.sh
source tests/bench/servers.sh
start_backends 0
start collector "$bin/bench_collector"
collector=127.0.0.1:$port

names=(off headers spans)
flags=(--otlp_endpoint=none --start_traces "--otlp_endpoint=$collector")
ports=()
ids=()
for i in "${!names[@]}"; do
  start "${names[i]}" "$@" --event_loops=1 "${flags[i]}" "${targets[@]}"
  ports+=("$port")
  ids+=("$pid")
done
trap 'kill -CONT "${ids[@]}"; clean_up' EXIT
kill -STOP "${ids[@]}"

# rounds NAME FLAG...: what the load says, a file for each.
rounds() {
  local name=$1 round i
  shift
  for ((round = 0; round < ${ROUNDS:-10}; ++round)); do
    for i in "${!names[@]}"; do
      kill -CONT "${ids[i]}"
      "$bin/bench_load" --target="127.0.0.1:${ports[i]}" --pid="${ids[i]}" \
        --user_id=small --warm_up=500ms --duration=2s "$@" \
        >>"$work/$name.${names[i]}"
      kill -STOP "${ids[i]}"
    done
  done
  echo "$name:"
  /usr/bin/python3 - "$work/$name" "${names[@]}" <<'END'
import json
import statistics
import sys

work, names = sys.argv[1], sys.argv[2:]
cost = {}
for name in names:
    with open(f"{work}.{name}") as lines:
        rounds = [json.loads(line) for line in lines]
    assert not any(r["errors"] or r["wrong"] for r in rounds), name
    cost[name] = [1e6 * r["cpu_seconds"] / r["calls"] for r in rounds]
    print(f"  {name}: {statistics.median(cost[name]):.1f} us an overview")
for base in names[:-1]:
    more = [s / b - 1 for s, b in zip(cost[names[-1]], cost[base])]
    print(f"  spans against {base}: {100 * statistics.median(more):+.1f} % "
          f"(rounds from {100 * min(more):+.1f} to {100 * max(more):+.1f})")
END
}

rounds "at ${RATE:-4000} a second" --rate="${RATE:-4000}"
rounds "16 in flight" --in_flight=16
