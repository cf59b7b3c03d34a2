#!/usr/bin/env bash
# What it costs to record every span: CPU time of the aggregator's process for an
# overview of 1 KB, its exporter included; at two rates that leave the machine
# time, and as 16 callers ask again as soon as they are answered. Three aggregators
# are measured in turn: without traces, with --start_traces, and with spans sent to
# a collector. Who is not measured is stopped. All are started anew for each round:
# where its memory lies moves a process by 2 %, for as long as it lives. Run run.sh
# once before: it builds.
#
#   [ROUNDS=15] [RATES="4000 8000"] tests/bench/spans.sh [PROGRAM [FLAG...]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
(($#)) || set -- build/release/bin/aggregator --log_level=warning --metrics_listen=

rounds=${ROUNDS:-15}
((rounds > 1)) || { echo 'ROUNDS: at least 2, for quartiles' >&2; exit 2; }

bin=${BIN:-$PWD/build/release/bin}
# shellcheck source=tests/bench/servers.sh
source tests/bench/servers.sh
start_backends 0
start collector "$bin/bench_collector"
collector=127.0.0.1:$port

names=(off headers spans)
flags=(--otlp_endpoint=none --start_traces "--otlp_endpoint=$collector")

# measure NAME FLAG...: what the load says of each aggregator, a line a file.
measure() {
  local name=$1 i
  shift
  for i in "${!names[@]}"; do
    kill -CONT "${ids[i]}"
    "$bin/bench_load" --target="127.0.0.1:${ports[i]}" --pid="${ids[i]}" \
      --user_id=small --warm_up=300ms --duration=1s "$@" \
      >>"$work/$name.${names[i]}.json"
    kill -STOP "${ids[i]}"
  done
}

ids=()
# Who is stopped does not hear a TERM.
trap 'kill -CONT "${ids[@]}" 2>/dev/null || :; clean_up' EXIT
begun=${#pids[@]}
for ((round = 0; round < rounds; ++round)); do
  ports=()
  ids=()
  for i in "${!names[@]}"; do
    start "${names[i]}" "$@" --event_loops=1 "${flags[i]}" "${targets[@]}"
    ports+=("$port")
    ids+=("$pid")
    kill -STOP "$pid"
  done
  for rate in ${RATES:-4000 8000}; do
    measure "$rate a second" --rate="$rate"
  done
  measure "16 in flight" --in_flight=16
  kill -KILL "${ids[@]}"
  wait "${ids[@]}" 2>/dev/null || :
  pids=("${pids[@]:0:begun}")
done

/usr/bin/python3 - "$work" "${names[@]}" <<'END'
import json
import pathlib
import statistics
import sys

work, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
for load in sorted(work.glob(f"*.{names[0]}.json"),
                   key=lambda path: path.stat().st_ctime):
    load = load.name.removesuffix(f".{names[0]}.json")
    cost = {}
    for name in names:
        with open(work / f"{load}.{name}.json") as lines:
            rounds = [json.loads(line) for line in lines]
        assert not any(r["errors"] or r["wrong"] for r in rounds), (load, name)
        cost[name] = [1e6 * r["cpu_seconds"] / r["calls"] for r in rounds]
    print(f"{load}:", ", ".join(
        f"{name} {statistics.median(cost[name]):.1f} us" for name in names))
    for base in names[:-1]:
        more = [100 * (s / b - 1)
                for s, b in zip(cost[names[-1]], cost[base])]
        low, middle, high = statistics.quantiles(more, n=4)
        print(f"  spans against {base}: {middle:+.1f} % "
              f"(quartiles {low:+.1f} to {high:+.1f})")
END
