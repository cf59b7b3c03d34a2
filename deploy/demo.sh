#!/usr/bin/env bash
# Shows what Gather does, from a bare machine on: installs packages, builds,
# starts three backends and the aggregator, asks for one user's overview, asks
# again with a backend that fails, and stops everything.
#
#   deploy/demo.sh
#
# Uses ports that the system chooses, and leaves nothing running or behind but
# the build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bin=build/release/bin
work=$(mktemp -d)
declare -A pids=() # of what runs now, by name
aggregator=        # its address

die() {
  echo "demo: $*" >&2
  exit 1
}

running() { kill -0 "$1" 2>/dev/null; }

# within SECONDS COMMAND...: runs the command until it is true, or fails.
within() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}

gone() { ! running "$1"; }

clean_up() {
  local status=$? name
  trap '' INT TERM HUP
  for name in "${!pids[@]}"; do
    kill -TERM "${pids[$name]}" 2>/dev/null || :
  done
  for name in "${!pids[@]}"; do
    within 5 gone "${pids[$name]}" || kill -KILL "${pids[$name]}" || :
    wait "${pids[$name]}" 2>/dev/null || :
  done
  if ((status > 0 && status < 128)); then
    find "$work" -name '*.log' -size +0 -exec tail -n 40 -v {} + >&2
  fi
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# quietly TITLE COMMAND...: shows the title and how far the command is; what it
# prints is shown only if it fails.
quietly() {
  local title=$1 log=$work/build.log progress
  shift
  [[ -t 1 ]] || echo "$title"
  : >"$log" # it is read before the command may have started
  "$@" >"$log" 2>&1 &
  pids[build]=$!
  while running "${pids[build]}"; do
    progress=$(grep -o '^\[[0-9]*/[0-9]*\]' "$log" | tail -n 1) || :
    [[ ! -t 1 ]] || printf '\r\e[K%s %s' "$title" "$progress"
    sleep 0.1
  done
  [[ ! -t 1 ]] || printf '\r\e[K%s\n' "$title"
  wait "${pids[build]}" || die "this failed: $*"
  unset 'pids[build]'
  rm "$log"
}

# start NAME PROGRAM [FLAG...]
start() {
  local name=$1 program=$2
  shift 2
  rm -f "$work/$name.port"
  "$bin/$program" --listen=127.0.0.1:0 --port_file="$work/$name.port" "$@" \
    >"$work/$name.log" 2>&1 &
  pids[$name]=$!
}

# Sets `address` to where the program of that name listens.
find_address() {
  within 10 has_port_or_ended "$1" || die "$1 did not start in time"
  [[ -s $work/$1.port ]] || die "$1 ended at its start"
  address=127.0.0.1:$(<"$work/$1.port")
}

has_port_or_ended() { [[ -s $work/$1.port ]] || gone "${pids[$1]}"; }

healthy() {
  "$bin/gatherctl" health --server="$1" --timeout=1s >"$work/health.log" 2>&1
}

# start_all USER_LATENCY ORDER_LATENCY PRODUCT_LATENCY [PRODUCT FLAG...]
start_all() {
  local address role targets=()
  start user backend --role=user --data=deploy/data/users.json --latency="$1"
  start order backend --role=order --data=deploy/data/orders.json --latency="$2"
  start product backend --role=product --data=deploy/data/products.json \
    --latency="$3" "${@:4}"
  for role in user order product; do
    find_address "$role"
    targets+=("--${role}_target=$address")
  done
  # Where metrics are served by default, somebody else may.
  start aggregator aggregator --metrics_listen=127.0.0.1:0 \
    --metrics_port_file="$work/metrics" "${targets[@]}"
  find_address aggregator
  aggregator=$address
  within 10 healthy "$aggregator" || die "the aggregator is not healthy"
}

# A clean stop is part of what is shown: each one has to end with 0.
stop_all() {
  local name status
  for name in aggregator user order product; do
    kill -TERM "${pids[$name]}"
    within 15 gone "${pids[$name]}" || die "$name did not stop in time"
    status=0
    wait "${pids[$name]}" || status=$?
    unset "pids[$name]"
    ((status == 0)) || die "$name ended with exit code $status"
  done
}

# overview EXPECTED_EXIT_CODE [FLAG...]
overview() {
  local status=0
  printf '$ gatherctl overview alice --server=%s%s\n' "$aggregator" "${2:+ $2}"
  "$bin/gatherctl" overview alice --server="$aggregator" "${@:2}" || status=$?
  ((status == $1)) || die "gatherctl ended with exit code $status, not $1"
}

# What the aggregator has counted, by section. A bare machine has no curl.
section_metrics() {
  exec 3<>"/dev/tcp/127.0.0.1/$(<"$work/metrics")"
  printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
  grep '^gather_section_results_total' <&3 | grep -v ' 0$' ||
    die "the metrics have no sections"
  exec 3>&-
}

deploy/install-deps.sh
quietly "Configuring" cmake --preset release
quietly "Building (minutes at first, seconds later)" \
  ninja -C build/release aggregator backend gatherctl

printf '\n1. All answer: user in 200 ms, orders in 150 ms, products in 100 ms; and the
   purchases, which are the products of the orders, once those are there.\n\n'
start_all 200ms 150ms 100ms
overview 0 --sections=user,orders,products,purchases
stop_all

printf '\n2. Products fail after 1 s; orders take 1.5 s, the user 2 s.\n\n'
start_all 2s 1500ms 1s --error_rate=1
overview 3
printf '\nOne section is lost, the others are whole: gatherctl ends with 3.\n'
printf '\n3. What the metrics say of that, at /metrics for Prometheus:\n\n'
section_metrics
stop_all

printf '\nEvery server has stopped cleanly. Next: README.md,\nand client/README.md for the tour\n'
