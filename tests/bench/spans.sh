#!/usr/bin/env bash
# What it costs to record every span: CPU time of the aggregator's process for an
# overview of 1 KB, its exporter included, as 16 callers ask again as soon as they
# are answered. Three aggregators are measured in turn, round by round, so that a
# busy machine is the same for all: without traces, with --start_traces, and with
# spans sent to a collector. Run run.sh once before: it builds.
#
#   [ROUNDS=10] tests/bench/spans.sh [PROGRAM [FLAG...]]
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

for ((round = 0; round < ${ROUNDS:-10}; ++round)); do
  for i in "${!names[@]}"; do
    "$bin/bench_load" --target="127.0.0.1:${ports[i]}" --pid="${ids[i]}" \
      --user_id=small --in_flight=16 --warm_up=500ms --duration=2s \
      >>"$work/${names[i]}.json"
  done
done

/usr/bin/python3 - "$work" "${names[@]}" <<'END'
import json
import pathlib
import statistics
import sys

work, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
cost = {}
for name in names:
    rounds = [json.loads(line)
              for line in (work / f"{name}.json").read_text().splitlines()]
    assert not any(r["errors"] or r["wrong"] for r in rounds), name
    cost[name] = [1e6 * r["cpu_seconds"] / r["calls"] for r in rounds]
    print(f"{name}: {statistics.median(cost[name]):.1f} us an overview")
for base in names[:-1]:
    more = [s / b - 1 for s, b in zip(cost[names[-1]], cost[base])]
    print(f"spans against {base}: {100 * statistics.median(more):+.1f} % "
          f"(rounds from {100 * min(more):+.1f} to {100 * max(more):+.1f})")
END
