#!/usr/bin/env bash
# What hedging does to the tail, and what it costs: two replicas of each backend, of
# which one call in twenty takes 500 ms longer, at 200 calls a second; then one
# replica of the two that is slow as a whole, where the budget has to hold. Run
# run.sh once before: it builds.
#
#   tests/bench/hedging.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

bin=$PWD/build/release/bin
# shellcheck source=tests/bench/servers.sh
source tests/bench/servers.sh
failed=0
# The delay is three times what most calls take: where these take nearly the same, one
# in ten is over any such percentile by a little, and the budget would go there.
cat >"$work/hedged.json" <<<'{"defaults": {"hedging":
  {"enabled": true, "percentile": 90, "minDelay": "0.030s", "budgetPercent": 6}}}'

# replicas FLAGS FLAGS: two of each backend; sets targets.
replicas() {
  local role flags
  targets=()
  for role in user order product; do
    local ports=()
    for flags in "$@"; do
      # shellcheck disable=SC2086  # several flags, or none
      start "$role" "$bin/backend" --role="$role" --generated_users=100 \
        --latency=10ms --log_level=warning --event_loops=1 $flags
      ports+=("127.0.0.1:$port")
    done
    targets+=("--${role}_target=ipv4:${ports[0]},${ports[1]}")
  done
}

# measure FLAG...: 20 s of load on an aggregator; sets p50, p99 and calls, of
# backends for each overview.
measure() {
  start aggregator "$bin/aggregator" --log_level=error \
    --metrics_listen="unix:$work/metrics" "${targets[@]}" "$@"
  "$bin/bench_load" --target="127.0.0.1:$port" --user_id=user-1 --rate=200 \
    --warm_up=5s --duration=20s >"$work/load"
  read -r p50 p99 < <(/usr/bin/python3 -c 'import json, sys
d = json.load(sys.stdin)
assert d["errors"] == d["wrong"] == 0, d
print(d["p50_ms"], d["p99_ms"])' <"$work/load")
  calls=$(curl -sS --unix-socket "$work/metrics" http://localhost/metrics |
    awk '/^grpc_client_started_total/ {calls += $2}
      /^gather_section_results_total.*state="ok"/ {sections += $2}
      END {print calls / sections}')
  kill "$pid"
  wait "$pid" || :
}

# check WHAT CONDITION: in Python.
check() {
  if /usr/bin/python3 -c "import sys; sys.exit(not ($2))"; then
    echo "  good: $1"
  else
    echo "  BAD:  $1"
    failed=1
  fi
}

echo "two replicas, one call in twenty 500 ms slower, 200 calls/s:"
replicas --slow_every=20 --slow_every=20
measure
plain=$p99
echo "  without hedges: median $p50 ms, p99 $p99 ms, $calls calls a section"
measure --policies="$work/hedged.json"
echo "  with hedges:    median $p50 ms, p99 $p99 ms, $calls calls a section"
check "p99 at least 3 times lower" "$p99 * 3 <= $plain"
check "at most 6 % more calls" "$calls <= 1.06"

echo "the same, with one replica that is 100 ms slower as a whole:"
replicas "" "--slow_every=1 --slow_latency=100ms"
measure
echo "  without hedges: median $p50 ms, p99 $p99 ms, $calls calls a section"
measure --policies="$work/hedged.json"
echo "  with hedges:    median $p50 ms, p99 $p99 ms, $calls calls a section"
check "at most 6 % more calls" "$calls <= 1.06"
exit "$failed"
