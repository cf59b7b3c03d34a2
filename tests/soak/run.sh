#!/usr/bin/env bash
# Puts an aggregator under load for minutes while its backends fail, hang, are
# killed, stopped and started again, and holds every answer against the model.
# Afterwards the aggregator's memory, descriptors and threads must be where they
# were. Not a part of the test run.
#
#   tests/soak/run.sh [MINUTES] [SEED]
#
#   MINUTES   of faults: 10 by default
#   SEED      of the faults and of the requests: any by default
#
# Uses ports that the system chooses. The exit code is 0 where all was right.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

minutes=${1:-10}
seed=${2:-$RANDOM}
bin=build/release/bin
work=$(mktemp -d)
roles=(user order product)
declare -A pids=() ports=()

# What the aggregator may hold more than before: room for what the allocator
# keeps of the worst moment, for a connection that is being made, and for
# gRPC's timer threads, which come and go.
max_growth_kb=32768
max_more_descriptors=4
max_more_threads=4

[[ $minutes =~ ^[0-9]+$ && $seed =~ ^[0-9]+$ ]] || {
  echo "usage: tests/soak/run.sh [MINUTES] [SEED]" >&2
  exit 2
}
RANDOM=$seed

clean_up() {
  local status=$? pid
  trap '' INT TERM HUP
  for pid in "${pids[@]}"; do
    kill -CONT "$pid" 2>/dev/null || :
    kill -KILL "$pid" 2>/dev/null || :
  done
  wait
  ((status == 0)) || tail -n 20 "$work/aggregator.log" >&2 || :
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 143' INT TERM HUP

# await_port NAME: until it listens.
await_port() {
  local tries=200
  until [[ -s $work/$1.port ]]; do
    if ((tries-- == 0)) || ! kill -0 "${pids[$1]}"; then
      cat "$work/$1.log" >&2
      exit 1
    fi
    sleep 0.05
  done
}

# start_backend ROLE: on its old port, if it had one.
start_backend() {
  rm -f "$work/$1.port"
  "$bin/backend" --role="$1" --listen="127.0.0.1:${ports[$1]:-0}" \
    --port_file="$work/$1.port" --generated_users=50 --latency=2ms \
    --latency_jitter=2ms --error_rate=0.01 --hang_rate=0.002 \
    --event_loops=1 --log_level=error >>"$work/$1.log" 2>&1 &
  pids[$1]=$!
  await_port "$1"
  ports[$1]=$(<"$work/$1.port")
}

stop_backend() { # ROLE SIGNAL
  kill "-$2" "${pids[$1]}"
  wait "${pids[$1]}" 2>/dev/null || :
}

start_aggregator() {
  "$bin/aggregator" --listen=127.0.0.1:0 --port_file="$work/aggregator.port" \
    --metrics_listen=127.0.0.1:0 \
    --user_target="127.0.0.1:${ports[user]}" \
    --order_target="127.0.0.1:${ports[order]}" \
    --product_target="127.0.0.1:${ports[product]}" \
    --log_level=error >"$work/aggregator.log" 2>&1 &
  pids[aggregator]=$!
  await_port aggregator
}

failed=0
fail() {
  echo "soak: $*" >&2
  failed=1
}

load() { # TITLE DURATION SEED
  echo -n "$1: "
  "$bin/soak_load" --target="127.0.0.1:$(<"$work/aggregator.port")" \
    --duration="$2" --seed="$3"
}

# Something between 0.2 and 2.2 seconds.
pause() { sleep "$((RANDOM % 3)).$((2 + RANDOM % 8))"; }

# One fault, at one backend.
break_something() {
  local role=${roles[RANDOM % 3]}
  case $((RANDOM % 3)) in
    0)
      stop_backend "$role" KILL
      pause
      start_backend "$role"
      ;;
    1)
      kill -STOP "${pids[$role]}"
      pause
      kill -CONT "${pids[$role]}"
      ;;
    2)
      stop_backend "$role" TERM
      start_backend "$role"
      ;;
  esac
  ((faults += 1))
}

figures() {
  local proc=/proc/${pids[aggregator]}
  rss=$(awk '/^VmRSS/ {print $2}' "$proc/status")
  threads=$(awk '/^Threads/ {print $2}' "$proc/status")
  descriptors=$(find "$proc/fd" -mindepth 1 | wc -l)
  echo "$1: $rss kB resident, $descriptors descriptors, $threads threads"
}

cmake --preset release >/dev/null
cmake --build --preset release --target aggregator backend soak_load
for role in "${roles[@]}"; do start_backend "$role"; done
start_aggregator

echo "seed $seed"
load warm-up 30s "$seed" || fail "wrong before anything was broken"
sleep 15
figures before
before=("$rss" "$descriptors" "$threads")

load faults "${minutes}m" "$((seed + 1))" &
loader=$!
pids[load]=$loader
faults=0
while kill -0 "$loader" 2>/dev/null; do
  break_something
  pause
done
wait "$loader" || fail "wrong answers"
unset 'pids[load]'
echo "$faults faults at the backends"

# Healthy again, and connected.
load after 10s "$((seed + 2))" || fail "wrong after all was healed"
sleep 15
figures after
kill -TERM "${pids[aggregator]}"
wait "${pids[aggregator]}" || fail "the aggregator exited with $?"
unset 'pids[aggregator]'

((rss <= before[0] + max_growth_kb)) || fail "the memory grew"
((descriptors <= before[1] + max_more_descriptors)) || fail "descriptors leaked"
((threads <= before[2] + max_more_threads)) || fail "threads leaked"
((failed == 0))
